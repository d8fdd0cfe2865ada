/** Limiter (class_id 71): thresholds and durations, the emergency profile over outages and clock changes, what it does, what it logs. */
import { beforeEach, describe, expect, it } from "vitest";
import { data as d, type Data } from "../../host/client/index.ts";
import { logicalNameParse } from "../../host/client/index.ts";
import { actions, ControlRig, DISCONNECTOR, LIMITER, POWER, stampOf } from "./control_rig.ts";
import { template } from "./rig.ts";

const number = (value: number): Data => d.doubleLongUnsigned(value);
const NEVER = "FFFFFFFFFFFFFFFFFF8000FF";

/** A limiter of 2,000 W that disconnects locally; mode 5 lets it reconnect as well. In an emergency 500 W are left. */
const limited = template({
  objects: [
    { logicalName: DISCONNECTOR, attributes: { 4: { value: { enum: 5 } } } },
    {
      logicalName: LIMITER,
      attributes: {
        2: { value: { structure: [{ "long-unsigned": 3 }, { ln: POWER }, { integer: 2 }] } },
        3: { value: { "double-long-unsigned": 2000 } },
        4: { value: { "double-long-unsigned": 2000 } },
        5: { value: { "double-long-unsigned": 500 } },
      },
    },
  ],
});

let rig: ControlRig;

const durations = async (over: number, under: number): Promise<void> => {
  expect(await rig.set(71, LIMITER, 6, number(over))).toBe(0);
  expect(await rig.set(71, LIMITER, 7, number(under))).toBe(0);
};

const emergency = (id: number, iso: string | undefined, seconds: number): Promise<number> =>
  rig.set(
    71,
    LIMITER,
    8,
    d.structure(
      d.longUnsigned(id),
      iso === undefined ? d.octetString(Buffer.from(NEVER, "hex")) : stampOf(iso),
      number(seconds),
    ),
  );

const active = async (): Promise<[number, boolean]> => [
  await rig.number(71, LIMITER, 3),
  (await rig.number(71, LIMITER, 10)) === 1,
];

beforeEach(async () => {
  rig = await ControlRig.boot({ template: limited });
  expect(await rig.set(71, LIMITER, 11, actions(1, 2))).toBe(0);
});

describe("threshold", () => {
  it("exceeded disconnects locally, and below it reconnects", async () => {
    await rig.load(2001);
    expect(await rig.state()).toEqual([2, false]);
    expect(await rig.events()).toEqual([65, 64]);
    await rig.load(0);
    expect(await rig.state()).toEqual([1, true]);
    expect(await rig.events()).toEqual([65, 64, 66, 69]);
  });

  it("is not exceeded by a value that equals it", async () => {
    await rig.load(2000);
    await rig.pass(10);
    expect(await rig.events()).toEqual([]);
  });

  it("is exceeded only after its duration, counted anew when the value was below between", async () => {
    await durations(60, 30);
    await rig.load(3000);
    await rig.pass(50);
    await rig.load(100);
    await rig.load(3000);
    await rig.pass(59);
    expect(await rig.events()).toEqual([]);
    await rig.pass(1);
    expect(await rig.events()).toEqual([65, 64]);
    await rig.load(10);
    await rig.pass(28);
    await rig.load(3000);
    await rig.load(10);
    await rig.pass(29);
    expect(await rig.events()).toEqual([65, 64]);
    await rig.pass(1);
    expect(await rig.events()).toEqual([65, 64, 66, 69]);
  });

  it("ends exactly with its duration, without a sample at that time", async () => {
    await durations(3600, 0);
    await rig.load(3000);
    const begun = rig.raw.meterTime;
    rig.raw.bank.deadlinePoll(0);
    expect(rig.raw.bank.meterDeadline).toBeLessThanOrEqual(begun + 3_600_000);
    rig.raw.advance(3_599_000);
    expect(await rig.events()).toEqual([]);
    rig.raw.advance(1000);
    expect(await rig.events()).toEqual([65, 64]);
  });

  it("acts once, however long it is exceeded", async () => {
    await rig.load(2500);
    await rig.pass(20);
    expect(await rig.events()).toEqual([65, 64]);
  });

  it("set anew counts at once, is logged, and begins its duration anew", async () => {
    await durations(10, 0);
    await rig.load(1500);
    expect(await rig.set(71, LIMITER, 4, number(1000))).toBe(0);
    expect(await active()).toEqual([1000, false]);
    await rig.pass(9);
    expect(await rig.set(71, LIMITER, 4, number(1200))).toBe(0);
    await rig.pass(9);
    expect(await rig.events()).toEqual([67, 67]);
    await rig.pass(1);
    expect(await rig.events()).toEqual([67, 67, 65, 64]);
  });

  it("takes numbers of any type, and nothing else", async () => {
    expect(await rig.set(71, LIMITER, 4, d.longUnsigned(1000))).toBe(0);
    expect(await rig.get(71, LIMITER, 3)).toEqual(d.longUnsigned(1000));
    expect(await rig.set(71, LIMITER, 4, d.octetString(Buffer.from("1000")))).toBe(12);
    expect(await rig.set(71, LIMITER, 4, d.NULL_DATA)).toBe(12);
    expect(await rig.set(71, LIMITER, 3, number(1))).toBe(3);
  });

  it("may be for another value of the meter, not for one it does not have", async () => {
    const definition = (classId: number, name: string, id: number): Data =>
      d.structure(d.longUnsigned(classId), d.octetString(logicalNameParse(name)), d.integer(id));
    expect(await rig.set(71, LIMITER, 2, definition(3, "1-0:99.99.99.255", 2))).toBe(250);
    expect(await rig.set(71, LIMITER, 2, definition(3, POWER, 9))).toBe(250);
    expect(await rig.set(71, LIMITER, 2, d.integer(1))).toBe(12);
    expect(await rig.set(71, LIMITER, 2, definition(3, "1-0:32.7.0.255", 2))).toBe(0);
    await rig.load(0);
    // 2300 tenths of a volt are more than 2000.
    expect(await rig.events()).toEqual([65, 64]);
    expect(await rig.set(71, LIMITER, 2, definition(1, "0-0:96.1.1.255", 2))).toBe(0);
    await rig.pass(5);
    expect(await rig.events()).toEqual([65, 64]);
  });

  it("remembers over a power cut that it is exceeded", async () => {
    await rig.load(2500);
    await rig.outage(60_000);
    expect(await rig.events()).toEqual([65, 64]);
    await rig.pass(3);
    expect(await rig.events()).toEqual([65, 64]);
    await rig.load(0);
    expect(await rig.events()).toEqual([65, 64, 66, 69]);
  });
});

describe("emergency profile", () => {
  beforeEach(async () => {
    expect(await rig.set(71, LIMITER, 9, d.array(d.longUnsigned(7), d.longUnsigned(8)))).toBe(0);
  });

  it("holds from its activation time for its duration", async () => {
    expect(await emergency(8, "2026-01-05T13:10:00", 600)).toBe(0);
    expect(await active()).toEqual([2000, false]);
    await rig.pass(0);
    rig.raw.advance(599_000);
    expect(await active()).toEqual([2000, false]);
    rig.raw.advance(1000);
    expect(await active()).toEqual([500, true]);
    rig.raw.advance(599_000);
    expect(await active()).toEqual([500, true]);
    rig.raw.advance(1000);
    expect(await active()).toEqual([2000, false]);
    expect(await rig.events()).toEqual([67, 67]);
  });

  it("limits while it holds", async () => {
    await rig.load(1000);
    await emergency(7, "2026-01-05T13:10:00", 600);
    rig.raw.advance(600_000);
    await rig.pass(1);
    expect(await rig.events()).toEqual([67, 65, 64]);
    rig.raw.advance(600_000);
    await rig.pass(1);
    expect(await rig.events()).toEqual([67, 65, 64, 67, 66, 69]);
  });

  it("begins at once when its activation time is over but its end is not", async () => {
    await emergency(7, "2026-01-05T12:55:00", 600);
    expect(await active()).toEqual([500, true]);
    rig.raw.advance(300_000);
    expect(await active()).toEqual([2000, false]);
  });

  it.each([
    ["of another group", 9, "2026-01-05T12:55:00", 600],
    ["that is over", 7, "2026-01-05T12:00:00", 600],
    ["without activation time", 7, undefined, 600],
  ])("%s is not active", async (_, id, iso, seconds) => {
    expect(await emergency(id, iso, seconds)).toBe(0);
    expect(await active()).toEqual([2000, false]);
    rig.raw.advance(3_600_000);
    expect(await rig.events()).toEqual([]);
  });

  it("ends when its group is taken from the list", async () => {
    await emergency(7, "2026-01-05T12:55:00", 6000);
    expect(await rig.set(71, LIMITER, 9, d.array(d.longUnsigned(8)))).toBe(0);
    expect(await active()).toEqual([2000, false]);
  });

  it("goes on over an outage, by the clock", async () => {
    await emergency(7, "2026-01-05T13:10:00", 3600);
    await rig.outage(1_200_000);
    expect(await active()).toEqual([500, true]);
    await rig.outage(3_600_000);
    expect(await active()).toEqual([2000, false]);
    expect(await rig.events()).toEqual([67, 67]);
  });

  it("follows the clock when it is set", async () => {
    await emergency(7, "2026-01-05T15:00:00", 3600);
    expect(await rig.set(8, "0-0:1.0.0.255", 2, stampOf("2026-01-05T15:30:00"))).toBe(0);
    expect(await active()).toEqual([500, true]);
    expect(await rig.set(8, "0-0:1.0.0.255", 2, stampOf("2026-01-05T16:30:00"))).toBe(0);
    expect(await active()).toEqual([2000, false]);
    expect(await rig.set(8, "0-0:1.0.0.255", 2, stampOf("2026-01-05T15:59:50"))).toBe(0);
    expect(await active()).toEqual([500, true]);
    rig.raw.advance(10_000);
    expect(await active()).toEqual([2000, false]);
  });
});
