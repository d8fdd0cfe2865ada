/** Parameter monitor (class_id 65): what was changed last, and when; event 47. */
import { describe, expect, it } from "vitest";
import { ActionError, attribute, data, logicalNameParse, method, toHex, type Data } from "../../host/client/index.ts";
import { quietTemplate, Watched } from "./watching.ts";

const MONITOR = "0-0:16.2.0.255";
const LIMIT = "1-0:0.9.11.255";
const TEXT = "0-0:96.1.1.255";
const LOG = "0-0:99.98.0.255";
const ASSOCIATION = "0-0:40.0.1.255";

const parameter = (classId: number, name: string, id: number): Data =>
  data.structure(data.longUnsigned(classId), data.octetString(logicalNameParse(name)), data.integer(id));

async function booted(...parameters: Data[]): Promise<Watched> {
  const meter = await Watched.boot({ template: quietTemplate() });
  for (const value of parameters) await meter.client.action(method(65, MONITOR, 1), value);
  return meter;
}

const changed = async (meter: Watched): Promise<Data[]> =>
  ((await meter.client.get(attribute(65, MONITOR, 2))) as { value: Data[] }).value;
const time = async (meter: Watched): Promise<string> =>
  toHex(((await meter.client.get(attribute(65, MONITOR, 3))) as { value: Uint8Array }).value);
const changes = async (meter: Watched): Promise<number> =>
  (await meter.codes(LOG)).filter((code) => code === 47).length;

async function resultOf(call: Promise<unknown>): Promise<number> {
  try {
    await call;
    return 0;
  } catch (error) {
    if (error instanceof ActionError) return error.code;
    throw error;
  }
}

describe("a parameter in the list", () => {
  it("that is set to another value is told, with its value and the time, and is event 47", async () => {
    const meter = await booted(parameter(3, LIMIT, 2));
    meter.raw.advance(60_000);
    await meter.set(3, LIMIT, 2, data.doubleLongUnsigned(77));
    const [classId, name, id, value] = await changed(meter);
    expect([classId, name, id]).toEqual((parameter(3, LIMIT, 2) as { value: Data[] }).value);
    expect(value).toEqual(data.doubleLongUnsigned(77));
    expect(await time(meter)).toBe("07EA0105010D010000FFC400");
    expect(await changes(meter)).toBe(1);
  });

  it("that is set to what it is, or refused, has not changed", async () => {
    const meter = await booted(parameter(3, LIMIT, 2));
    await meter.set(3, LIMIT, 2, data.doubleLongUnsigned(77));
    await meter.set(3, LIMIT, 2, data.doubleLongUnsigned(77));
    await expect(meter.set(3, LIMIT, 2, data.doubleLongUnsigned(901))).rejects.toThrow();
    expect(await changes(meter)).toBe(1);
  });

  it("survives a power cut", async () => {
    const meter = await booted(parameter(3, LIMIT, 2));
    await meter.set(3, LIMIT, 2, data.doubleLongUnsigned(77));
    const before = [await changed(meter), await time(meter)];
    await meter.reboot();
    expect([await changed(meter), await time(meter)]).toEqual(before);
  });

  it("whose value no client may read is told without it", async () => {
    const meter = await booted(parameter(15, ASSOCIATION, 7));
    await meter.set(15, ASSOCIATION, 7, data.octetString(Buffer.from("other password")));
    const [classId, , , value] = await changed(meter);
    expect(classId).toEqual(data.longUnsigned(15));
    expect(value).toEqual({ type: "null-data" });
  });
});

it("another parameter is nobody's business", async () => {
  const meter = await booted(parameter(3, LIMIT, 2));
  await meter.set(1, TEXT, 2, data.octetString(Buffer.from("new")));
  expect(await changes(meter)).toBe(0);
  expect((await changed(meter))[0]).toEqual(data.longUnsigned(0));
});

describe("the list", () => {
  it("is added to once for each, and taken from", async () => {
    const meter = await booted(parameter(3, LIMIT, 2), parameter(1, TEXT, 2), parameter(3, LIMIT, 2));
    const list = (): Promise<Data> => meter.client.get(attribute(65, MONITOR, 4));
    expect(await list()).toEqual(data.array(parameter(1, TEXT, 2), parameter(3, LIMIT, 2)));
    await meter.client.action(method(65, MONITOR, 2), parameter(1, TEXT, 2));
    expect(await list()).toEqual(data.array(parameter(3, LIMIT, 2)));
    expect(await resultOf(meter.client.action(method(65, MONITOR, 2), parameter(1, TEXT, 2)))).toBe(250);
  });

  it("takes sixteen, of objects there are, and nothing of another type", async () => {
    const meter = await booted();
    const add = (value: Data): Promise<number> => resultOf(meter.client.action(method(65, MONITOR, 1), value));
    expect(await add(parameter(3, "1-2:3.4.5.6", 2))).toBe(250);
    expect(await add(parameter(3, LIMIT, 9))).toBe(250);
    expect(await add(data.integer(0))).toBe(12);
    const names = Array.from(
      { length: 17 },
      (_, i) => `1-0:${[1, 2, 3, 4, 15, 16, 21, 41, 61][i % 9]}.${i < 9 ? 8 : 7}.0.255`,
    );
    const results = [];
    for (const name of names) results.push(await add(parameter(3, name, 2)));
    expect(results.filter((result) => result === 0)).toHaveLength(16);
  });
});
