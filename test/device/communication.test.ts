/** What is logged of communication: event 158 on local ports, and the details log, a row for each association that was used. */
import { describe, expect, it } from "vitest";
import { attribute, Client, data } from "../../host/client/index.ts";
import type { Compiled } from "../../host/template/compile.ts";
import { templateRead } from "../../host/template/load.ts";
import { RawMeter } from "./raw.ts";
import { CLOCK, lls, template, TEXT } from "./rig.ts";

const DETAILS = "0-0:99.98.6.255";
const COMMUNICATION_LOG = "0-0:99.98.5.255";
const ALARM_REGISTER_2 = "0-0:97.98.1.255";
const LOCAL_COMMUNICATION = 0x40000;

class Visited {
  readonly raw: RawMeter;

  constructor(compiled?: Compiled) {
    this.raw = RawMeter.boot(compiled === undefined ? {} : { template: compiled });
  }

  async client(index: number, clientSap = 1): Promise<Client> {
    const slot = this.raw.slotOf("wrapper", index);
    this.raw.open(slot);
    const options = clientSap === 1 ? lls(this.raw.identity) : { clientSap };
    const client = new Client(this.raw.transport(slot), options);
    await client.connect();
    await client.associate();
    return client;
  }

  close(index: number): void {
    this.raw.close(this.raw.slotOf("wrapper", index));
  }

  /** Rows of a log without their stamps, read over connection 3. */
  async rows(log: string): Promise<number[][]> {
    this.raw.advance(0);
    const reader = await this.client(3);
    const buffer = (await reader.get(attribute(7, log, 2))) as { value: { value: { value: number }[] }[] };
    return buffer.value.map((row) => row.value.slice(1).map((cell) => cell.value));
  }
}

describe("the communication details log", () => {
  it("has a row when an association is released: client, port, kinds of access, how many, user", async () => {
    const meter = new Visited();
    const client = await meter.client(0);
    await client.get(attribute(8, CLOCK, 2));
    await client.get(attribute(1, TEXT, 2));
    await client.set(attribute(1, TEXT, 2), data.octetString(Uint8Array.of(1)));
    await client.release();
    meter.close(0);
    expect(await meter.rows(DETAILS)).toEqual([[1, 0, 3, 3, 0]]);
  });

  it("has one when the connection ends, and when another association takes its place", async () => {
    const meter = new Visited();
    const first = await meter.client(0, 16);
    await first.get(attribute(8, CLOCK, 2));
    meter.close(0);
    const second = await meter.client(1);
    await second.get(attribute(8, CLOCK, 2));
    await second.associate();
    meter.close(1);
    expect(await meter.rows(DETAILS)).toEqual([
      [16, 0, 1, 1, 0],
      [1, 0, 1, 1, 0],
    ]);
  });

  it("has none for an association that was not used", async () => {
    const meter = new Visited();
    await (await meter.client(0)).release();
    meter.close(0);
    expect(await meter.rows(DETAILS)).toEqual([]);
  });
});

describe("communication on a port", () => {
  const { ports } = templateRead();
  const local = template({ ports: { tcp: { ...ports.tcp!, reach: "local" } } });

  it("that is local is event 158 and an alarm each time it begins", async () => {
    const meter = new Visited(local);
    await meter.client(0, 16);
    expect(await meter.rows(COMMUNICATION_LOG)).toEqual([[158]]);
    const reader = await meter.client(2);
    const alarms = (await reader.get(attribute(1, ALARM_REGISTER_2, 2))) as { value: number };
    expect(alarms.value & LOCAL_COMMUNICATION).toBe(LOCAL_COMMUNICATION);
    expect(await meter.rows(COMMUNICATION_LOG)).toEqual([[158], [158], [158]]);
  });

  it("that fails to begin, or is remote, is none", async () => {
    const meter = new Visited(local);
    const slot = meter.raw.slotOf("wrapper", 0);
    meter.raw.open(slot);
    const client = new Client(meter.raw.transport(slot), {
      ...lls(meter.raw.identity),
      password: new TextEncoder().encode("wrong"),
    });
    await client.connect();
    await expect(client.associate()).rejects.toThrow();
    expect(await meter.rows(COMMUNICATION_LOG)).toEqual([]);
    const remote = new Visited();
    await remote.client(0);
    expect(await remote.rows(COMMUNICATION_LOG)).toEqual([]);
  });
});
