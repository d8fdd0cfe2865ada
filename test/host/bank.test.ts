import { describe, expect, it } from "vitest";
import { numberOf, toText } from "../../host/client/data.ts";
import { attribute, type Client } from "../../host/client/session.ts";
import { RunningClock } from "../../host/clock.ts";
import { backfill } from "../../host/cli/backfill.ts";
import { Core } from "../../host/core.ts";
import { meterIdentity, provisionRecords, type MeterIdentity } from "../../host/template/identity.ts";
import { templateLoad } from "../../host/template/load.ts";
import { MemoryPeer } from "../../host/transport/memory.ts";
import { GMAC, LLS, Rig, START } from "./rig.ts";

const HOUR = 3_600_000;
const ENERGY = attribute(3, "1-0:1.8.0.255", 2);
const NAME = attribute(1, "0-0:42.0.0.255", 2);
const CLOCK = attribute(8, "0-0:1.0.0.255", 2);
const ENTRIES = attribute(7, "1-0:99.1.0.255", 7);

async function associated(client: Client): Promise<Client> {
  await client.connect();
  await client.associate();
  return client;
}

const read = async (client: Client, what = ENERGY): Promise<number> => numberOf(await client.get(what), "value");

describe("meters of a bank", () => {
  it("count what they are given: 1 kW for an hour is 1 kWh, over the wrapper and over HDLC", async () => {
    const rig = new Rig();
    rig.pass(HOUR);
    for (const options of [LLS, { ...LLS, hdlc: {} }, GMAC]) {
      const client = await associated(rig.client(options));
      expect(await read(client)).toBe(1000);
      await client.release();
      await client.disconnect();
    }
    expect(rig.reports).toEqual([]);
  });

  it("are distinct: each has its own name, its own load and its own state", async () => {
    const rig = new Rig({ meters: 5, metrology: "household" });
    rig.pass(24 * HOUR);
    const energies = new Set<number>();
    const names = new Set<string>();
    for (let meter = 0; meter < 5; meter++) {
      const client = await associated(rig.client(LLS, meter));
      energies.add(await read(client));
      names.add(JSON.stringify(await client.get(attribute(1, "0-0:42.0.0.255", 2))));
    }
    expect(energies.size).toBe(5);
    expect(names.size).toBe(5);
  });

  it("have as many memories of 4 GiB as they need, whose pages cost nothing before they are touched", async () => {
    const { plan } = new Rig().bank;
    const [full, none] = [Core.seatsMax(plan), new Uint8Array(0)];
    expect(full).toBeGreaterThan(10_000);
    const places = [0, full - 1, full, 2 * full];
    const { model } = templateLoad();
    const identityOf = (index: number): MeterIdentity => meterIdentity(model.parts.identity, 1, index);
    const before = process.memoryUsage.rss();
    const rig = new Rig({
      meters: 2 * full + 1,
      off: true,
      provision: (index) => (places.includes(index) ? provisionRecords(identityOf(index), model) : none),
    });
    for (const place of places) rig.bank.seated(place)!.boot();
    const names = await Promise.all(
      places.map(async (place) => toText(await (await associated(rig.client(LLS, place))).get(NAME))),
    );
    expect(names).toEqual(places.map((place) => JSON.stringify(identityOf(place).logicalDeviceName)));
    // Hundreds of times less than the blocks of all.
    expect(process.memoryUsage.rss() - before).toBeLessThan((rig.bank.count * plan.blockSize) / 50);
  });

  it("serve two clients octet by octet in turn", async () => {
    const rig = new Rig({ meters: 2 });
    const aarq = Buffer.from(
      "00010010000100" + "1F601DA109060760857405080101BE10040E01000000065F1F0400007E1F04B0",
      "hex",
    );
    const peers = [rig.line("wrapper", 0), rig.line("wrapper", 1)];
    for (const octet of aarq) for (const peer of peers) peer.send(Uint8Array.of(octet));
    const answers = peers.map((peer) => Buffer.from(peer.take()).toString("hex"));
    expect(answers[0]).toMatch(/^000100010010/);
    expect(answers[1]).toBe(answers[0]);
  });

  it("answer one and the same with the same octets when everything is the same", async () => {
    const run = async (): Promise<string> => {
      const rig = new Rig({ metrology: "household" });
      rig.pass(5 * HOUR);
      const client = rig.client(LLS);
      const heard: string[] = [];
      client.hooks.received = (apdu) => heard.push(Buffer.from(apdu).toString("hex"));
      await associated(client);
      await read(client);
      await client.get(attribute(7, "1-0:99.1.0.255", 2));
      return heard.join("\n");
    };
    expect(await run()).toBe(await run());
  });
});

describe("connections", () => {
  it("are closed by the meter when they are silent for the time its TCP-UDP setup names, 180 s", () => {
    const rig = new Rig();
    const peer = rig.line("wrapper");
    rig.pass(179_999);
    expect(peer.open).toBe(true);
    rig.pass(1);
    expect(peer.open).toBe(false);
  });

  it("are refused when the port has no more, and taken again when one has gone", () => {
    const rig = new Rig();
    const port = rig.port("wrapper");
    const peers = Array.from({ length: 4 }, () => MemoryPeer.connect(port.accept));
    expect(peers.every((peer) => peer?.open)).toBe(true);
    expect(MemoryPeer.connect(port.accept)).toBeUndefined();
    peers[2]!.close();
    expect(MemoryPeer.connect(port.accept)?.open).toBe(true);
  });

  it("end when what they send is no WPDU", () => {
    const rig = new Rig();
    const peer = rig.line("wrapper");
    peer.send(Buffer.from("GET / HTTP/1.1\r\n\r\n"));
    expect(peer.open).toBe(false);
    expect(rig.reports).toEqual([]);
  });
});

describe("time", () => {
  it("captures a row at every quarter of an hour, each with the energy of exactly its period", async () => {
    const rig = new Rig();
    rig.pass(24 * HOUR + 60_000);
    const client = await associated(rig.client(LLS));
    expect(await read(client, ENTRIES)).toBe(96);
  });

  it("jumps in a backfill and leaves the same as living through it", async () => {
    const lived = new Rig();
    for (let i = 0; i < 48; i++) lived.pass(HOUR);
    const jumped = new Rig();
    await backfill(jumped.bank, jumped.bank.meters, START, START + 48 * HOUR);
    jumped.clock.meter = START + 48 * HOUR;
    const values: number[][] = [];
    for (const rig of [lived, jumped]) {
      const client = await associated(rig.client(LLS));
      values.push([await read(client), await read(client, ENTRIES)]);
    }
    expect(values[1]).toEqual(values[0]);
    expect(values[0]).toEqual([48000, 192]);
  });

  it("runs as fast as it is told, by one timer, without anybody asking", async () => {
    const rig = new Rig({ meters: 3 });
    rig.bank.start(new RunningClock(START, 36_000));
    await new Promise((resolve) => setTimeout(resolve, 400));
    const rows: number[] = [];
    for (let meter = 0; meter < 3; meter++) {
      const client = await associated(rig.client(LLS, meter));
      rows.push(await read(client, ENTRIES));
    }
    await rig.bank.powerFail();
    // 400 ms are four hours: sixteen rows, and some more until they are read.
    for (const count of rows) expect(count).toBeGreaterThanOrEqual(15);
    expect(rig.bank.meters.every((meter) => meter.state === "off")).toBe(true);
  });

  it("shows the clock that the host drives", async () => {
    const rig = new Rig();
    const client = await associated(rig.client(LLS));
    const first = JSON.stringify(await client.get(CLOCK));
    expect(JSON.stringify(await client.get(CLOCK))).toBe(first);
    rig.pass(1000);
    expect(JSON.stringify(await client.get(CLOCK))).not.toBe(first);
  });
});
