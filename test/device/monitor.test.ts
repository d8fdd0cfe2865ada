/** Register monitors (class_id 21): edges of values that samples, clients and scripts change; actions, events, power cuts. */
import { describe, expect, it } from "vitest";
import { attribute, data } from "../../host/client/index.ts";
import type { ObjectDocument, ValueDocument } from "../../host/template/document.ts";
import { Currents, quietTemplate, Watched } from "./watching.ts";

const MONITOR = "1-0:31.4.0.255";
const SECOND = "1-0:51.4.0.255";
const TABLE = "0-0:10.0.103.255";
const TEXT = "0-0:96.1.1.255";
const DISCONNECTOR_LOG = "0-0:99.98.2.255";
/** A number a client may set: the clock time shift limit, 0 to 900 s. */
const LIMIT = "1-0:0.9.11.255";
const dlu = (value: number): ValueDocument => ({ "double-long-unsigned": value });

/** Script k appends nothing: it writes the digit k; what ran is seen in what is written, and how often in the events. */
function script(id: number, actions: ValueDocument[]): ValueDocument {
  return { structure: [{ "long-unsigned": id }, { array: actions }] };
}

function write(classId: number, name: string, value: ValueDocument): ValueDocument {
  return {
    structure: [{ enum: 1 }, { "long-unsigned": classId }, { ln: name }, { integer: 2 }, value],
  };
}

const action = (selector: number): ValueDocument => ({ structure: [{ ln: TABLE }, { "long-unsigned": selector }] });

interface Watch {
  thresholds: ValueDocument[];
  monitored?: [number, string];
  actions: [number, number][];
}

function monitor(logicalName: string, { thresholds, monitored, actions }: Watch): ObjectDocument {
  const [classId, name] = monitored ?? [3, "1-0:31.7.0.255"];
  return {
    logicalName,
    attributes: {
      2: { value: { array: thresholds }, type: "array(4) of double-long-unsigned" },
      3: { value: { structure: [{ "long-unsigned": classId }, { ln: name }, { integer: 2 }] } },
      4: {
        value: { array: actions.map(([up, down]) => ({ structure: [action(up), action(down)] })) },
        type: "array(4) of $action_set",
      },
    },
  };
}

const scripts = (...list: ValueDocument[]): ObjectDocument => ({
  logicalName: TABLE,
  attributes: { 2: { value: { array: list } } },
});
const texts = scripts(
  ...[1, 2, 3, 4].map((id) => script(id, [write(1, TEXT, { text: String(id) })])),
  script(5, [write(3, LIMIT, dlu(20))]),
  script(6, [write(3, LIMIT, dlu(5))]),
);

/** A meter whose monitor of L1 has a threshold at 16 A: script 1 above it, 2 below. */
async function fuse(currents: Currents): Promise<Watched> {
  const watch = monitor(MONITOR, { thresholds: [dlu(1600)], actions: [[1, 2]] });
  return Watched.boot({ template: quietTemplate(watch, texts), metrology: currents });
}

const text = async (meter: Watched): Promise<string> =>
  Buffer.from(((await meter.client.get(attribute(1, TEXT, 2))) as { value: Uint8Array }).value).toString();

const events = (meter: Watched): Promise<number[]> => meter.codes(DISCONNECTOR_LOG);

describe("a value that samples change", () => {
  it("runs action_up when it rises above the threshold, action_down when it is back, each once, with their events", async () => {
    const currents = new Currents().set(10_000);
    const meter = await fuse(currents);
    meter.raw.advance(1000);
    meter.raw.advance(0);
    expect([await text(meter), await events(meter)]).toEqual(["", []]);
    currents.set(16_000);
    meter.raw.advance(1000);
    meter.raw.advance(0);
    expect(await text(meter)).toBe("");
    currents.set(16_010);
    meter.raw.advance(1000);
    meter.raw.advance(0);
    expect([await text(meter), await events(meter)]).toEqual(["1", [70]]);
    meter.raw.advance(60_000);
    currents.set(20_000);
    meter.raw.advance(1000);
    meter.raw.advance(0);
    expect(await events(meter)).toEqual([70]);
    currents.set(16_000);
    meter.raw.advance(1000);
    meter.raw.advance(0);
    expect([await text(meter), await events(meter)]).toEqual(["2", [70, 71]]);
  });

  it("may be a value out of the newest row of a buffer, looked at when that is captured", async () => {
    const name = "1-0:1.8.0.101";
    const past: ObjectDocument = {
      ...{ logicalName: name, class: 3, unit: "Wh", access: "read" },
      attributes: {
        2: {
          type: "double-long-unsigned",
          history: { profile: "1-0:99.1.0.255", column: "1-0:1.8.0.255:2", back: 1 },
        },
      },
    };
    const watch = monitor(MONITOR, { thresholds: [dlu(250)], monitored: [3, name], actions: [[1, 2]] });
    const meter = await Watched.boot({ template: quietTemplate(past, watch, texts) });
    meter.raw.advance(29 * 60_000);
    expect([await text(meter), await meter.number(3, name)]).toEqual(["", 250]);
    meter.raw.advance(60_000);
    expect([await text(meter), await meter.number(3, name)]).toEqual(["1", 500]);
  });

  it("is only remembered by its first sample, after a power cut too", async () => {
    const currents = new Currents().set(20_000);
    const meter = await fuse(currents);
    meter.raw.advance(1000);
    meter.raw.advance(0);
    expect([await text(meter), await events(meter)]).toEqual(["", []]);
    await meter.reboot();
    meter.raw.advance(1000);
    meter.raw.advance(0);
    expect([await text(meter), await events(meter)]).toEqual(["", []]);
    currents.set(1_000);
    meter.raw.advance(1000);
    meter.raw.advance(0);
    expect([await text(meter), await events(meter)]).toEqual(["2", [71]]);
  });

  it("is only remembered by the first sample after an outage, and not looked at in it", async () => {
    const currents = new Currents().set(1_000);
    const meter = await fuse(currents);
    meter.raw.advance(1000);
    meter.raw.advance(0);
    meter.raw.powerFails();
    currents.set(20_000);
    meter.raw.advance(60_000);
    meter.input(2, 0);
    meter.raw.advance(1000);
    meter.raw.advance(0);
    expect([await text(meter), await events(meter)]).toEqual(["", []]);
    currents.set(1_000);
    meter.raw.advance(1000);
    meter.raw.advance(0);
    expect([await text(meter), await events(meter)]).toEqual(["2", [71]]);
  });

  it("is only remembered by a new threshold", async () => {
    const currents = new Currents().set(10_000);
    const meter = await fuse(currents);
    meter.raw.advance(1000);
    meter.raw.advance(0);
    await meter.set(21, MONITOR, 2, data.array(data.doubleLongUnsigned(500)));
    meter.raw.advance(1000);
    meter.raw.advance(0);
    expect([await text(meter), await events(meter)]).toEqual(["", []]);
    currents.set(4_000);
    meter.raw.advance(1000);
    meter.raw.advance(0);
    expect([await text(meter), await events(meter)]).toEqual(["2", [71]]);
  });

  it("each phase has events of its own", async () => {
    const currents = new Currents().set(0, 0, 0);
    const at = (name: string, current: string): ObjectDocument =>
      monitor(name, { thresholds: [dlu(100)], monitored: [3, current], actions: [[0, 0]] });
    const compiled = quietTemplate(at("1-0:51.4.0.255", "1-0:51.7.0.255"), at("1-0:71.4.0.255", "1-0:71.7.0.255"));
    const meter = await Watched.boot({ template: compiled, metrology: currents });
    meter.raw.advance(1000);
    meter.raw.advance(0);
    currents.set(0, 2000, 2000);
    meter.raw.advance(1000);
    meter.raw.advance(0);
    currents.set(0, 2000, 0);
    meter.raw.advance(1000);
    meter.raw.advance(0);
    expect(await events(meter)).toEqual([72, 74, 75]);
  });
});

describe("a value that clients and scripts change", () => {
  const limit = (thresholds: number[], actions: [number, number][]): ObjectDocument =>
    monitor(MONITOR, { thresholds: thresholds.map(dlu), monitored: [3, LIMIT], actions });
  const set = (meter: Watched, value: number): Promise<void> => meter.set(3, LIMIT, 2, data.doubleLongUnsigned(value));

  it("is looked at when it was set", async () => {
    const meter = await Watched.boot({ template: quietTemplate(limit([50], [[1, 2]]), texts) });
    meter.raw.advance(0);
    await set(meter, 51);
    expect(await text(meter)).toBe("1");
    await set(meter, 50);
    expect(await text(meter)).toBe("2");
  });

  it("has an action for each threshold that it crosses", async () => {
    const compiled = quietTemplate(
      limit(
        [20, 50],
        [
          [1, 2],
          [3, 4],
        ],
      ),
      texts,
    );
    const meter = await Watched.boot({ template: compiled });
    meter.raw.advance(0);
    await set(meter, 30);
    expect([await text(meter), await events(meter)]).toEqual(["1", [70]]);
    await set(meter, 60);
    expect([await text(meter), await events(meter)]).toEqual(["3", [70, 70]]);
    await set(meter, 1);
    // Both fall: the actions run in the order of the thresholds.
    expect([await text(meter), await events(meter)]).toEqual(["4", [70, 70, 71, 71]]);
  });

  it("without an object, an action or a script nothing happens", async () => {
    const nowhere = monitor(MONITOR, { thresholds: [dlu(1)], monitored: [3, "1-2:3.4.5.6"], actions: [[1, 2]] });
    const unknown = monitor(SECOND, { thresholds: [dlu(20)], monitored: [3, LIMIT], actions: [[77, 0]] });
    const meter = await Watched.boot({ template: quietTemplate(nowhere, unknown, texts) });
    meter.raw.advance(0);
    await set(meter, 30);
    expect([await text(meter), await events(meter)]).toEqual(["", [72]]);
  });

  it("monitors that drive one another do not hold the meter up", async () => {
    const low = limit([10], [[6, 5]]);
    const meter = await Watched.boot({ template: quietTemplate(low, texts) });
    meter.raw.advance(0);
    await set(meter, 30);
    const before = (await events(meter)).length;
    expect(before).toBeGreaterThan(10);
    expect(before).toBeLessThan(50);
    meter.raw.advance(1000);
    meter.raw.advance(0);
    expect((await events(meter)).length).toBeGreaterThan(before - 1);
    expect(await meter.number(3, LIMIT)).toBeLessThan(31);
  });
});
