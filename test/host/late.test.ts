/** Meters that take a seat when somebody reaches them. */
import type { ChildProcess } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { toText } from "../../host/client/data.ts";
import { attribute, Client } from "../../host/client/session.ts";
import { connectTcp } from "../../host/client/transport.ts";
import { controlAsk } from "../../host/control/socket.ts";
import { DELIVER_CLOSE, DeliverEvent, type CoreCalls } from "../../host/core.ts";
import { MemoryFlash } from "../../host/flash/memory.ts";
import { constantLoad } from "../../host/metrology/constant.ts";
import { Simulation } from "../../host/metrology/player.ts";
import { scenarioFrom } from "../../host/metrology/scenario.ts";
import { Simulations } from "../../host/metrology/simulations.ts";
import { Pushes, type Courier } from "../../host/push.ts";
import { ipv4Parse, ipv4Text } from "../../host/transport/ipv4.ts";
import { LLS, Rig, START } from "./rig.ts";
import { end, killAll, serve } from "./served.ts";

const HOUR = 3_600_000;
const ENERGY = attribute(3, "1-0:1.8.0.255", 2);
const ENTRIES = attribute(7, "1-0:99.1.0.255", 7);
const PROFILE = attribute(7, "1-0:99.1.0.255", 2);
const LOG = attribute(7, "0-0:99.98.0.255", 2);
const NAME = attribute(1, "0-0:42.0.0.255", 2);

async function values(client: Client, ...what: ReturnType<typeof attribute>[]): Promise<string[]> {
  await client.connect();
  await client.associate();
  const found: string[] = [];
  for (const one of what) found.push(toText(await client.get(one)));
  await client.release();
  await client.disconnect();
  return found;
}

/** A flash whose syncs end when the test says so. */
class SlowFlash extends MemoryFlash {
  readonly syncs: (() => void)[] = [];

  override sync(): Promise<void> {
    return new Promise((resolve) => this.syncs.push(resolve));
  }
}

describe("a meter that is reached late", () => {
  it("has no seat before, takes one once, and others stay without", () => {
    const rig = new Rig({ meters: 50_000, late: true });
    expect([rig.bank.count, rig.bank.meters.length, rig.bank.seated(49_999)]).toEqual([50_000, 0, undefined]);
    const meter = rig.bank.reach(49_999);
    expect([meter.index, meter.state, rig.bank.meters.length]).toEqual([49_999, "running", 1]);
    expect(rig.bank.reach(49_999)).toBe(meter);
    expect(rig.bank.seated(49_999)).toBe(meter);
    expect(() => rig.bank.reach(50_000)).toThrow("meters 0 to 49999");
  });

  it("holds what it would hold, had it been there all the time: energies, rows, events of a scenario", async () => {
    const options = {
      meters: 2,
      metrology: "household",
      steps: [
        { do: "outage", at: "3h", for: "20min" },
        { do: "cover-open", at: "30h", for: "1h" },
      ],
    };
    const [late, early] = [new Rig({ ...options, late: true }), new Rig(options)];
    for (const rig of [late, early]) for (let hour = 0; hour < 50; hour++) rig.pass(HOUR);
    expect(late.bank.meters).toHaveLength(0);
    late.bank.reach(1);
    while (late.bank.seated(1)!.past !== undefined) await new Promise((resolve) => setImmediate(resolve));
    const [a, b] = await Promise.all(
      [late, early].map((rig) => values(rig.client(LLS, 1), ENERGY, ENTRIES, PROFILE, LOG)),
    );
    expect(a).toEqual(b);
    expect(a![1]).toBe("200");
  });

  it("has lines wait until it has lived up to now, over days", async () => {
    const rig = new Rig({ late: true });
    rig.pass(72 * HOUR);
    const client = rig.client(LLS);
    // The first day is over at once; the process looks at its sockets between the days.
    expect(rig.bank.meters[0]!.past).toBeDefined();
    expect(await values(client, ENERGY, ENTRIES)).toEqual(["72000", "288"]);
    expect(rig.bank.meters[0]!.past).toBeUndefined();
  });

  it("answers when what it lived through is durable, which takes one sync", async () => {
    let flash: SlowFlash | undefined;
    const rig = new Rig({ late: true, flash: (_, size) => (flash = new SlowFlash(size)) });
    rig.pass(5 * HOUR);
    const peer = rig.line("wrapper");
    peer.send(
      Buffer.from("00010010000100" + "1F601DA109060760857405080101BE10040E01000000065F1F0400007E1F04B0", "hex"),
    );
    await new Promise((resolve) => setImmediate(resolve));
    expect(peer.octets).toHaveLength(0);
    expect(flash!.syncs).toHaveLength(1);
    flash!.syncs[0]!();
    await new Promise((resolve) => setImmediate(resolve));
    expect(Buffer.from(peer.take()).toString("hex")).toMatch(/^000100010010/);
  });

  it("finds a seat in the next memory when one is full", async () => {
    const rig = new Rig({ meters: 100, late: true, seatsMax: 2 });
    const names: string[] = [];
    for (const meter of [99, 5, 40, 7, 0]) names.push(...(await values(rig.client(LLS, meter), NAME)));
    expect(new Set(names).size).toBe(5);
    const early = new Rig({ meters: 6 });
    expect(names[1]).toBe((await values(early.client(LLS, 5), NAME))[0]);
  });
});

describe("what is done to all meters", () => {
  it("reaches those too that take their seats later, at the instants at which it was done", () => {
    const all = new Simulations(3, (index) => new Simulation(constantLoad, index));
    const first = all.make(0);
    const scenario = scenarioFrom({ steps: [{ do: "magnet", at: "0s" }] }, "test", START);
    all.all((simulation) => simulation.inject(scenario, START));
    all.all((simulation) => simulation.end("magnet", START + HOUR));
    const second = all.make(2);
    for (const simulation of [first, second]) {
      expect(simulation.signals.lastingAt(START + 1)).toMatchObject([{ do: "magnet", until: START + HOUR }]);
      expect(simulation.signals.lastingAt(START + HOUR)).toEqual([]);
    }
    expect([all.missing, all.of(1), all.of(2)]).toEqual([1, undefined, second]);
  });
});

describe("a push", () => {
  it("of the past counts as received and goes nowhere; one of now is carried", () => {
    const carried: string[] = [];
    const courier: Courier = {
      deliver: (_transport, destination) => carried.push(destination),
      close: () => undefined,
      drop: () => undefined,
    };
    let past = true;
    const pushes = new Pushes(courier, { changed: () => undefined, isPast: () => past, report: () => undefined });
    const told: number[] = [];
    const delivery = {
      transport: 0,
      message: 0,
      destination: Buffer.from("there:1"),
      octets: new Uint8Array(1),
      sequence: 0,
    };
    const core = {
      deliverPoll: () => 1,
      delivery: () => delivery,
      deliverEvent: (_seat: number, kind: number) => told.push(kind),
    } as unknown as CoreCalls;
    for (past of [true, false]) {
      expect(pushes.poll(core, 0, 0)).toBe(true);
      pushes.release(0);
      pushes.tell(core, 0, 0, 0);
    }
    expect(DELIVER_CLOSE).not.toBe(1);
    expect([told, carried]).toEqual([[DeliverEvent.SENT], ["there:1"]]);
  });
});

describe("IPv4 addresses as numbers", () => {
  it.each([
    ["127.0.0.1", 0x7f000001],
    ["255.255.255.255", 0xffffffff],
    ["0.0.0.0", 0],
  ])("%s is %d, and back", (text, number) => {
    expect([ipv4Parse(text), ipv4Text(number)]).toEqual([number, text]);
  });

  it("are no names, no IPv6, nothing beyond", () => {
    expect([ipv4Parse("localhost"), ipv4Parse("::1"), ipv4Parse(undefined)]).toEqual([undefined, undefined, undefined]);
    expect(() => ipv4Text(2 ** 32)).toThrow(RangeError);
  });
});

describe("serve --each-address --seat contact", () => {
  const folder = mkdtempSync(join(tmpdir(), "late-"));
  afterEach(killAll);

  const served = async (): Promise<{ child: ChildProcess; port: number; hdlc: number }> => {
    const words = ["--meters", "100000", "--each-address", "--metrology", "constant", "--start", "2026-03-01"];
    const own = ["--speed", "0.001", "--backfill", "1", "--state", join(folder, "state")];
    const { child, ready } = await serve(...words, ...own, "--control", join(folder, "s"));
    expect(ready.lastHost).toBe("127.1.134.160");
    return { child, port: ready.tcp[0]!, hdlc: ready.hdlcTcp[0]! };
  };

  const ask = async (host: string, port: number, options = {}): Promise<string[]> =>
    values(new Client(await connectTcp(host, port), { ...LLS, ...options }), NAME, ENERGY, ENTRIES);

  it("has 100,000 meters on one port, each with its own address, which begin when they are reached and keep their state", async () => {
    const first = await served();
    const waiting = async (): Promise<unknown> =>
      ((await controlAsk(join(folder, "s"), { do: "status" })) as { waiting?: number }).waiting;
    expect(await waiting()).toBe(100_000);
    const found = await ask("127.1.134.160", first.port);
    expect(found.slice(1)).toEqual(["24000", "96"]);
    expect(await ask("127.1.134.160", first.hdlc, { hdlc: {} })).toEqual(found);
    const other = await ask("127.0.0.1", first.port);
    expect([other[0] === found[0], other[1]]).toEqual([false, "24000"]);
    expect(await waiting()).toBe(99_998);
    // An address behind the last meter is nobody's.
    await expect(ask("127.1.134.161", first.port)).rejects.toThrow();
    const step = { scenario: { steps: [{ do: "magnet", at: "0s" }] }, meters: [7] };
    await controlAsk(join(folder, "s"), { do: "inject", ...step });
    expect(await waiting()).toBe(99_997);
    expect(await end(first.child, "SIGTERM")).toBe(0);
    const second = await served();
    expect(await ask("127.1.134.160", second.port)).toEqual(found);
    rmSync(folder, { recursive: true });
  });
});
