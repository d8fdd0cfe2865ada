/** The command as people run it: the built program, real sockets, real signals. */
import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { once } from "node:events";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { numberOf, toText } from "../../host/client/data.ts";
import { attribute, Client, type ClientOptions } from "../../host/client/session.ts";
import { connectTcp, connectUdp, openSerial } from "../../host/client/transport.ts";
import { ROOT } from "../tidy/sources.ts";
import { GMAC, LLS } from "./rig.ts";
import { end, killAll, lineOf, MAIN, running, serve } from "./served.ts";
import { SharedLine } from "./shared_line.ts";
import { hasSocat, terminals } from "./terminals.ts";

const ENERGY = attribute(3, "1-0:1.8.0.255", 2);
const ENTRIES = attribute(7, "1-0:99.1.0.255", 7);

const endings: (() => unknown)[] = [];
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "serve-"));
});

afterEach(() => {
  killAll();
  for (const ending of endings.splice(0)) ending();
  rmSync(folder, { recursive: true });
});

async function read(port: number, options: ClientOptions, what = ENERGY): Promise<number> {
  const client = new Client(await connectTcp("127.0.0.1", port), options);
  await client.connect();
  await client.associate();
  const value = numberOf(await client.get(what), "value");
  await client.disconnect();
  return value;
}

/** Runs a command that ends by itself. */
function run(...words: string[]): { status: number | null; stdout: string; stderr: string } {
  return spawnSync(process.execPath, [MAIN, ...words], { encoding: "utf8", cwd: folder, timeout: 20_000 });
}

function oneLine(result: { status: number | null; stderr: string }, message: string): void {
  expect(result.stderr).toContain(message);
  expect(result.stderr.trim().split("\n")).toHaveLength(1);
  expect(result.status).toBe(1);
}

describe.runIf(existsSync(MAIN))("serve", () => {
  it("serves the wrapper and HDLC, in plain and ciphered associations, and ends with 0", async () => {
    const { child, ready } = await serve("--metrology", "constant", "--backfill", "1");
    expect(await read(ready.tcp[0]!, LLS)).toBe(24000);
    expect(await read(ready.tcp[0]!, GMAC)).toBe(24000);
    expect(await read(ready.hdlcTcp[0]!, { ...LLS, hdlc: {} })).toBe(24000);
    expect(await read(ready.tcp[0]!, LLS, ENTRIES)).toBe(96);
    expect(await end(child, "SIGINT")).toBe(0);
  });

  it("serves the wrapper over UDP, on the same numbers as TCP or on none", async () => {
    const free = createServer().listen(0, "127.0.0.1");
    await once(free, "listening");
    const { port } = free.address() as AddressInfo;
    free.close();
    const { child, ready } = await serve("--tcp", String(port), "--hdlc-tcp", "0");
    expect([ready.tcp, ready.udp]).toEqual([[port], [port]]);
    const client = new Client(await connectUdp("127.0.0.1", port), LLS);
    await client.associate();
    expect(numberOf(await client.get(ENERGY), "value")).toBe(0);
    await client.disconnect();
    oneLine(run("serve", "--tcp", "0", "--udp", String(port)), `port ${port} on 127.0.0.1 is in use`);
    await end(child, "SIGTERM");
    const { child: other, ready: without } = await serve("--udp", "none");
    expect(without.udp).toEqual([]);
    expect(await read(without.tcp[0]!, LLS)).toBe(0);
    await end(other, "SIGTERM");
  });

  it.each(["null-data", "compact-array"])("reads a profile sent as %s as the same table", async (form) => {
    const file = join(folder, "form.json");
    const profile = { logicalName: "1-0:99.1.0.255", profile: { form } };
    writeFileSync(file, JSON.stringify({ name: "form", extends: "idis-p3", objects: [profile] }));
    const times = ["--start", "2026-03-29T21:00:00Z", "--backfill", "1", "--metrology", "household"];
    const table = async (...words: string[]): Promise<string> => {
      const { ready } = await serve(...times, ...words);
      const client = ["--client", "1", "--auth", "lls", "--password", "00000000"];
      const where = ["--tcp", `127.0.0.1:${ready.tcp[0]}`, ...client];
      return spawnSync(process.execPath, [MAIN, "read", "1-0:99.1.0", ...where], { encoding: "utf8" }).stdout;
    };
    const plain = await table();
    // A title, and the rows of a day.
    expect(plain.trim().split("\n")).toHaveLength(1 + 96);
    expect(await table("--template", file)).toBe(plain);
  });

  it("gives each of many meters its own ports", async () => {
    const { child, ready } = await serve("--meters", "20");
    expect(new Set([...ready.tcp, ...ready.hdlcTcp]).size).toBe(40);
    for (const port of [ready.tcp[0]!, ready.tcp[19]!]) expect(await read(port, LLS)).toBe(0);
    expect(await end(child, "SIGTERM")).toBe(0);
  });

  it("goes on where it was when its state is kept, and also after a kill", async () => {
    const words = ["--metrology", "constant", "--state", join(folder, "state"), "--start"];
    const first = await serve(...words, "2026-01-01", "--backfill", "2");
    expect(await read(first.ready.tcp[0]!, LLS)).toBe(48000);
    const files = ["meters-0.shard", expect.stringMatching(/^template-[0-9a-f]{8}\.image$/)];
    expect(readdirSync(join(folder, "state")).sort()).toEqual(["lock", ...files]);
    expect(run("serve", "--tcp", "0", "--state", join(folder, "state")).stderr).toContain("is used by process");
    await end(first.child, "SIGKILL");
    const second = await serve(...words, "2026-01-01T00:01");
    expect(await read(second.ready.tcp[0]!, LLS, ENTRIES)).toBe(192);
    expect(await end(second.child, "SIGTERM")).toBe(0);
    expect(readdirSync(join(folder, "state")).sort()).toEqual(files);
  });

  it("replays a file, and moves only the meter's time when it is told to hurry", async () => {
    writeFileSync(join(folder, "load.csv"), "time,active_power\n0,2000\n");
    const { child, ready } = await serve("--metrology", join(folder, "load.csv"), "--speed", "36000");
    await new Promise((resolve) => setTimeout(resolve, 500));
    // At least half a second at ten hours a second, at 2 kW.
    expect(await read(ready.tcp[0]!, LLS)).toBeGreaterThanOrEqual(10_000);
    await end(child, "SIGTERM");
  });

  it("runs the build of the core that it is told, and says which; one that is not there is an error", async () => {
    const scalar = await serve("--core", "scalar");
    expect(scalar.ready.core).toBe("scalar");
    await end(scalar.child, "SIGTERM");
    if (!existsSync(join(ROOT, "build/core.simd.wasm"))) {
      const { status, stderr } = run("serve", "--tcp", "0", "--core", "simd");
      expect({ status, stderr }).toEqual({
        status: 1,
        stderr: expect.stringMatching(/^error: build\/core\.simd\.wasm is missing; .*\n$/),
      });
      return;
    }
    const simd = await serve("--core", "simd");
    expect(simd.ready.core).toBe("simd");
    expect(await read(simd.ready.tcp[0]!, GMAC)).toBe(0);
    await end(simd.child, "SIGTERM");
  });

  it("prints exactly one line with the word ready, the keys and commands of three clients", async () => {
    const child = spawn(process.execPath, [MAIN, "serve", "--tcp", "0"]);
    running.push(child);
    let text = "";
    child.stdout.on("data", (chunk) => (text += chunk));
    while (!text.includes("Ctrl-C")) await once(child.stdout, "data");
    expect(text.split("\n").filter((line) => line.includes("ready"))).toHaveLength(1);
    for (const word of ["000102030405060708090A0B0C0D0E0F", "D0D1D2D3D4D5D6D7D8D9DADBDCDDDEDF", "00000000"]) {
      expect(text).toContain(word);
    }
    for (const word of ["read --tcp 127.0.0.1:", "main.py -h 127.0.0.1 -p", "TcpTransport(", "published"]) {
      expect(text).toContain(word);
    }
    await end(child, "SIGINT");
  });

  it("prints commands of its own client that work when they are pasted", async () => {
    const { child, text } = await serve("--metrology", "constant", "--backfill", "1");
    const { commands } = JSON.parse(lineOf(text(), "credentials")!) as {
      commands: Record<string, string[]>;
    };
    for (const command of commands["own"]!) {
      const words = command.split(" ");
      const result = run(...words.slice(words.indexOf("read")));
      expect(result).toMatchObject({ status: 0, stderr: "" });
    }
    await end(child, "SIGTERM");
  });

  it("ends with 0 while it still makes history, and keeps what there is of it", async () => {
    const state = join(folder, "state");
    const words = ["serve", "--tcp", "0", "--backfill", "3660", "--meters", "20", "--state", state];
    const child = spawn(process.execPath, [MAIN, ...words]);
    running.push(child);
    while (!existsSync(join(state, "meters-0.shard"))) await new Promise((resolve) => setTimeout(resolve, 10));
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(await end(child, "SIGINT")).toBe(0);
    expect(readdirSync(state)).not.toContain("lock");
    const { child: again, ready } = await serve("--state", state);
    expect(await read(ready.tcp[0]!, LLS)).toBeGreaterThan(0);
    await end(again, "SIGTERM");
  });

  it("warns when others can reach it", async () => {
    const { child, text } = await serve("--host", "0.0.0.0");
    expect(text()).toContain("their keys are public");
    await end(child, "SIGTERM");
  });
});

describe.runIf(existsSync(MAIN))("serve refuses in one line", () => {
  it("a port that is taken", async () => {
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    oneLine(run("serve", "--tcp", String(port), "--hdlc-tcp", "0"), `port ${port} on 127.0.0.1 is in use`);
    server.close();
  });

  it.each([
    ["overlapping ranges", ["--tcp", "5000", "--hdlc-tcp", "5000"], "overlap"],
    ["an address of another machine", ["--tcp", "0", "--host", "192.0.2.1"], "--host"],
    ["a template that is not there", ["--template", "nothing.json"], "nothing.json"],
    ["an override of nothing", ["--override", "9-9:9.9.9.255:2=1"], "9-9:9.9.9.255"],
    ["a CSV file that is not there", ["--metrology", "nothing.csv"], "nothing.csv"],
    ["a scenario that is not there", ["--scenario", "nothing.json"], "nothing.json"],
    ["a serial line that is not there", ["--tcp", "0", "--serial", "/dev/no-such-line"], "no-such-line"],
    ["a state folder that is a file", ["--state", MAIN], "--state"],
  ])("%s", (_what, words, message) => {
    oneLine(run("serve", ...words), message);
  });

  it("a bad line of a CSV file, with its number", () => {
    writeFileSync(join(folder, "load.csv"), "time,active_power\n0,1\n1,much\n");
    oneLine(run("serve", "--metrology", "load.csv"), "load.csv:3: active_power");
  });

  it("a step of a scenario that is none, and text that is no JSON", () => {
    writeFileSync(join(folder, "day.json"), JSON.stringify({ steps: [{ do: "sag", percent: 170 }] }));
    oneLine(run("serve", "--scenario", "day.json"), "day.json: step 1 (sag): percent: must be <= 99");
    writeFileSync(join(folder, "day.json"), "{ steps: }");
    oneLine(run("serve", "--scenario", "day.json"), "day.json: ");
  });

  it("options it does not know, and values that are none", () => {
    expect(run("serve", "--speed", "fast")).toMatchObject({ status: 1, stderr: expect.stringContaining("--speed") });
    expect(run("serve", "--sped", "1")).toMatchObject({ status: 1, stderr: expect.stringContaining("--speed") });
    expect(run("serve", "--help")).toMatchObject({ status: 0, stdout: expect.stringContaining("--hdlc-tcp") });
  });
});

describe.runIf(existsSync(MAIN) && hasSocat)("serve on a serial line", () => {
  it("speaks HDLC there", async () => {
    const [near, far] = [join(folder, "near"), join(folder, "far")];
    const socat = spawn("socat", [`pty,raw,echo=0,link=${near}`, `pty,raw,echo=0,link=${far}`]);
    running.push(socat);
    while (!existsSync(near) || !existsSync(far)) await new Promise((resolve) => setTimeout(resolve, 10));
    const { child } = await serve("--serial", near, "--metrology", "constant", "--backfill", "1");
    const client = new Client(await openSerial(far), { ...LLS, hdlc: {} });
    await client.connect();
    await client.associate();
    expect(numberOf(await client.get(ENERGY), "value")).toBe(24000);
    await client.disconnect();
    expect(await end(child, "SIGTERM")).toBe(0);
  });

  it("has 40 meters on one line, read interleaved, and the same over TCP", async () => {
    const { near, far } = await terminals(endings);
    const { child, ready } = await serve("--meters", "40", "--serial", near, "--multi-drop");
    expect(ready.hdlcTcp.length).toBe(1);
    for (const transport of [await openSerial(far), await connectTcp("127.0.0.1", ready.hdlcTcp[0]!)]) {
      const line = new SharedLine(transport);
      const clients = Array.from(
        { length: 40 },
        (_, i) => new Client(line.share(), { ...LLS, hdlc: { lower: 16 + i } }),
      );
      for (const client of clients) await client.connect();
      for (const client of clients) await client.associate();
      const names = new Set<string>();
      for (const client of clients) names.add(toText(await client.get(attribute(1, "0-0:42.0.0.255", 2))));
      expect(names.size).toBe(40);
      for (const client of clients) await client.disconnect();
      await transport.close();
    }
    expect(await end(child, "SIGTERM")).toBe(0);
  });
});
