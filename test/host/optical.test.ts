/** An optical head as people have it: two ends of a line, the built program, our client, speeds as they are asked for. */
import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { SerialPort } from "serialport";
import { afterEach, describe, expect, it, vi } from "vitest";
import { Bank } from "../../host/bank.ts";
import { numberOf } from "../../host/client/data.ts";
import { readout, signOn } from "../../host/client/mode_e.ts";
import { attribute, Client } from "../../host/client/session.ts";
import { openSerial, type Transport } from "../../host/client/transport.ts";
import { RunningClock } from "../../host/clock.ts";
import { MemoryFlash } from "../../host/flash/memory.ts";
import { metrologyMaker } from "../../host/metrology/source.ts";
import { MeterPort, portFor, portsOf } from "../../host/ports.ts";
import { meterIdentity, provisionRecords } from "../../host/template/identity.ts";
import { templateLoad } from "../../host/template/load.ts";
import { modeEApply } from "../../host/template/mode_e.ts";
import { SerialLine } from "../../host/transport/serial.ts";
import { ROOT } from "../tidy/sources.ts";
import { coreLoaded, LLS, START } from "./rig.ts";
import { hasSocat, terminals } from "./terminals.ts";

const MAIN = join(ROOT, "dist/cli/main.js");
const ENERGY = attribute(3, "1-0:1.8.0.255", 2);
const IDENTIFICATION = "/MMM5\\21030300000001";

const endings: (() => unknown)[] = [];
afterEach(async () => {
  vi.restoreAllMocks();
  for (const end of endings.splice(0).reverse()) await end();
});

/** Waits until a line has had these rates, Bd. */
const rated = (updates: readonly number[], rates: string): Promise<void> =>
  vi.waitFor(() => expect(updates.join(" ")).toBe(rates), 20_000);

/** A running meter with sign-on on a terminal. */
async function meterOn(path: string, echo = false): Promise<{ updates: number[] }> {
  const updates: number[] = [];
  const update = SerialPort.prototype.update;
  vi.spyOn(SerialPort.prototype, "update").mockImplementation(function (this: SerialPort, options, callback) {
    return update.call(this, options, (error) => {
      if (this.path === path) updates.push(options.baudRate!);
      callback?.(error);
    });
  });
  const template = templateLoad(undefined, [], modeEApply);
  const metrology = metrologyMaker("constant", 1, START);
  const clock = new RunningClock(START, 1);
  const bank = new Bank(coreLoaded(), template.image, 1, {
    clock,
    setup: (index, plan) => ({
      provision: provisionRecords(meterIdentity(template.model.parts.identity, 1, index), template.model),
      flash: new MemoryFlash(plan.flashSize),
      metrology: metrology(index),
    }),
  });
  bank.meters[0]!.boot();
  bank.start(clock);
  endings.push(() => bank.powerFail());
  const port = new MeterPort(bank.meters[0]!, portFor(portsOf(template.image), "serial")!);
  const line = await SerialLine.open(path, 9600, port.accept, (text) => updates.push(NaN, text.length), echo);
  endings.push(() => line.end());
  // A change of rate drops what has come: nobody calls a meter before it is at its opening rate.
  await rated(updates, "300");
  return { updates };
}

async function clientOn(path: string): Promise<Transport> {
  const transport = await openSerial(path, 300);
  endings.push(() => transport.close());
  return transport;
}

/** The driver's rate change drops octets that are on their way; where a busy machine makes it late, a sign-on has to begin anew. */
const AGAIN = { retry: 3, timeout: 120_000 };

describe.runIf(hasSocat)("a meter at an optical head", () => {
  it("signs on, hands over to HDLC, reads a register, and is back; then it gives its readout", AGAIN, async () => {
    const { near, far } = await terminals(endings);
    const { updates } = await meterOn(near);
    const transport = await clientOn(far);
    expect((await signOn(transport)).text).toBe(IDENTIFICATION);
    const client = new Client({ ...transport, close: async () => undefined }, { ...LLS, hdlc: {} });
    await client.connect();
    await client.associate();
    expect(numberOf(await client.get(ENERGY), "value")).toBe(0);
    await client.disconnect();
    await rated(updates, "300 9600 300");
    const { lines } = await readout(transport, { baud: 2400 });
    expect(lines).toContain("0-0:96.1.0*255(00000001)");
    await rated(updates, "300 9600 300 2400 300");
  });

  it("drops its own echo, which would be no option select message", AGAIN, async () => {
    const { near, far } = await terminals(endings);
    await meterOn(near, true);
    const port = new SerialPort({ path: far, baudRate: 300 });
    endings.push(() => new Promise<void>((done) => port.close(() => done())));
    // The head: what the meter says goes to the client, and back.
    const heard: Uint8Array[] = [];
    let listener = (octets: Uint8Array): void => void heard.push(octets);
    port.on("data", (octets: Uint8Array) => {
      port.write(octets);
      listener(octets);
    });
    const transport: Transport = {
      write: (octets) => void port.write(octets),
      onData: (hear) => {
        listener = hear;
        heard.splice(0).forEach(hear);
      },
      onClose: () => undefined,
      close: async () => undefined,
    };
    expect((await signOn(transport)).text).toBe(IDENTIFICATION);
    const client = new Client(transport, { ...LLS, hdlc: {} });
    await client.connect();
    await client.associate();
    expect(numberOf(await client.get(ENERGY), "value")).toBe(0);
    await client.disconnect();
  });
});

/** Runs a command that ends by itself. */
function run(...words: string[]): { status: number | null; stdout: string; stderr: string } {
  return spawnSync(process.execPath, [MAIN, ...words], { encoding: "utf8", timeout: 30_000 });
}

async function serve(...words: string[]): Promise<ChildProcess> {
  const child = spawn(process.execPath, [MAIN, "serve", "--tcp", "0", "--metrology", "constant", ...words]);
  endings.push(() => child.kill("SIGKILL"));
  let text = "";
  child.stdout.on("data", (chunk) => (text += chunk));
  child.stderr.on("data", (chunk) => (text += chunk));
  await vi.waitFor(() => expect(text).toContain("Ctrl-C"), 10_000);
  expect(text).toContain("mode E on");
  return child;
}

describe.runIf(hasSocat && existsSync(MAIN))("the commands", () => {
  it("read --mode-e and readout reach a meter of serve --mode-e", AGAIN, async () => {
    const { near, far } = await terminals(endings);
    await serve("--serial", near, "--mode-e", "--backfill", "1");
    const words = ["--mode-e", "--client", "1", "--auth", "lls", "--password", "00000000", "1.8.0"];
    expect(run("read", "--serial", far, ...words)).toMatchObject({
      status: 0,
      stderr: `${IDENTIFICATION}\n`,
      stdout: expect.stringMatching(/^1-0:1\.8\.0\.255 {2}240\d\d Wh\n$/),
    });
    // At the opening rate: a driver drops what comes before it has changed the rate, and here nothing waits for a late process.
    const slow = ["--baud", "300"];
    const text = run("readout", "--serial", far, ...slow, "--meter-address", "1");
    expect(text.stderr).toBe("");
    expect(text.stdout.split("\n").slice(0, 2)).toEqual([IDENTIFICATION, "0-0:96.1.0*255(00000001)"]);
    const json = run("readout", "--serial", far, ...slow, "--json");
    expect(json.stderr).toBe("");
    const { data } = JSON.parse(json.stdout) as { data: unknown[] };
    expect(data).toContainEqual({
      name: "1-0:1.8.0*255",
      value: expect.stringMatching(/^240\d\d$/),
      unit: "Wh",
    });
    const nobody = run("readout", "--serial", far, "--meter-address", "2", "--timeout", "1");
    expect([nobody.status, nobody.stderr]).toEqual([1, expect.stringContaining("the identification did not come")]);
  });

  it("refuse what does not go together in one line", () => {
    const one = (words: string[], text: string): void => {
      const { status, stderr } = run(...words);
      expect([status === 0, stderr.trim().split("\n").length, stderr]).toEqual([
        false,
        1,
        expect.stringContaining(text),
      ]);
    };
    one(["serve", "--mode-e"], "--serial");
    one(["serve", "--echo"], "--serial");
    one(["serve", "--serial", "/dev/null", "--mode-e", "--meters", "2"], "one meter on the line");
    one(["read", "--mode-e", "1.8.0"], "--serial");
    one(["readout", "--serial", "/dev/null", "--meter-address", "a!b"], "--meter-address");
  }, 60_000);
});
