/** Demand registers and their maxima: exact averages, windows, and what interrupts them. START is 13:00 of local winter time. */
import { describe, expect, it } from "vitest";
import { doubleLongUnsigned, longUnsigned, octetString } from "../../host/client/data.ts";
import { dateTimeEmit, dateTimeFromIso } from "../../host/client/date_time.ts";
import { type Drawn, HOUR, MINUTE, SECOND, World } from "./grid.ts";
import { CLOCK } from "./rig.ts";

const IMPORT = "1-0:1.4.0.255";
const SLIDING = "1-0:1.24.0.255";
const MAXIMUM = "1-0:1.6.0.255";
const [CURRENT, LAST, STATUS, CAPTURED, BEGUN] = [2, 3, 5, 6, 7];
const PDN = 0x80;
const CAD = 0x20;

/** Local time of the day of START. */
const at = (time: string): string => `2026-01-05T${time}+01:00`;

/** Energy of steps of constant power over a span, W·ms: the model, which knows nothing of sub-periods. */
function energy(steps: [number, Drawn][], from: number, to: number): number {
  return steps.reduce((sum, [start, { active = [] }], i) => {
    const span = Math.min(to, steps[i + 1]?.[0] ?? Infinity) - Math.max(from, start);
    return sum + Math.max(0, span) * active.reduce((a, b) => a + b, 0);
  }, 0);
}

describe("block demand", () => {
  it("is the energy since the last quarter of an hour, over a quarter of an hour", async () => {
    const world = await World.on([[0, { active: [500, 300, 200] }]]);
    await world.to(7.5 * MINUTE);
    expect(await world.values(5, IMPORT, CURRENT, LAST, STATUS, CAPTURED, BEGUN)).toEqual([
      500,
      0,
      0,
      "never",
      at("13:00:00"),
    ]);
    await world.to(15 * MINUTE);
    expect(await world.values(5, IMPORT, CURRENT, LAST, CAPTURED, BEGUN)).toEqual([
      0,
      1000,
      at("13:15:00"),
      at("13:15:00"),
    ]);
    await world.to(24 * MINUTE);
    expect(await world.values(5, IMPORT, CURRENT, LAST, CAPTURED)).toEqual([600, 1000, at("13:15:00")]);
  });

  it("is rounded down once, and its maximum stays with the time of its period", async () => {
    const steps: [number, Drawn][] = [
      [0, { active: [1000, 0, 0] }],
      [15 * MINUTE, { active: [3000.1, 0, 0] }],
      [20 * MINUTE + 1, { active: [1000, 0, 0] }],
    ];
    const world = await World.on(steps);
    await world.to(30 * MINUTE);
    const peak = Math.floor(energy(steps, 15 * MINUTE, 30 * MINUTE) / (15 * MINUTE));
    expect(peak).toBe(1666);
    expect(await world.get(5, IMPORT, LAST)).toBe(peak);
    await world.to(2 * HOUR);
    expect(await world.get(5, IMPORT, LAST)).toBe(1000);
    expect(await world.values(4, MAXIMUM, 2, 4, 5)).toEqual([peak, 0, at("13:30:00")]);
  });

  it("of every quantity follows its own energy", async () => {
    // L1 takes 900 W and 400 var, L2 feeds 200 W: 700 W and 400 var into the sum.
    const world = await World.on([
      [0, { active: [900, -200, 0], reactive: [400, 0, 0] }],
      [30 * MINUTE, { active: [-270, 0, 0], reactive: [0, -360, 0] }],
    ]);
    const last = async () => {
      const names = ["1", "2", "3", "4", "9", "10", "15"];
      return Promise.all(names.map((c) => world.get(5, `1-0:${c}.4.0.255`, LAST)));
    };
    await world.to(30 * MINUTE);
    expect(await last()).toEqual([700, 0, 400, 0, Math.floor(Math.hypot(700, 400)), 0, 700]);
    await world.to(HOUR);
    expect(await last()).toEqual([0, 270, 0, 360, 0, 450, 270]);
    const maxima = ["1", "2", "3", "4", "9", "15"].map((c) => world.get(4, `1-0:${c}.6.0.255`));
    expect(await Promise.all(maxima)).toEqual([700, 270, 400, 360, Math.floor(Math.hypot(700, 400)), 700]);
  });
});

describe("sliding demand", () => {
  const steps: [number, Drawn][] = [
    [0, { active: [1234, 0, 0] }],
    [4 * MINUTE, { active: [200, 0, 0] }],
    [11 * MINUTE, { active: [5000, 0, 0] }],
    [13 * MINUTE, { active: [777, 0, 0] }],
    [28 * MINUTE, { active: [10, 0, 0] }],
  ];
  const window = 15 * MINUTE;
  const average = (from: number, to: number) => Math.floor(energy(steps, from, to) / window);

  it("moves by one sub-period at the end of each", async () => {
    const world = await World.on(steps);
    for (let end = 5 * MINUTE; end <= HOUR; end += 5 * MINUTE) {
      await world.to(end - 100 * SECOND);
      const since = Math.max(0, end - window);
      expect(await world.get(5, SLIDING, CURRENT)).toBe(average(since, end - 100 * SECOND));
      await world.to(end);
      expect(await world.get(5, SLIDING, LAST)).toBe(average(since, end));
      const begun = new Date(Date.UTC(2026, 0, 5, 13) + Math.max(0, end - window + 5 * MINUTE)).toISOString();
      expect(await world.get(5, SLIDING, BEGUN)).toBe(`${begun.slice(0, 19)}+01:00`);
    }
  });

  it("takes other periods by SET, and begins anew with them", async () => {
    const world = await World.on([[0, { active: [1200, 0, 0] }]]);
    await world.to(20 * MINUTE);
    await world.set(5, SLIDING, 8, doubleLongUnsigned(60));
    await world.set(5, SLIDING, 9, longUnsigned(15));
    await world.to(20 * MINUTE + 30 * SECOND);
    expect(await world.values(5, SLIDING, CURRENT, LAST, CAPTURED, BEGUN)).toEqual([
      40,
      0,
      at("13:20:00"),
      at("13:20:00"),
    ]);
    await world.to(22 * MINUTE);
    expect(await world.values(5, SLIDING, LAST, CAPTURED)).toEqual([160, at("13:22:00")]);
    await world.to(40 * MINUTE);
    expect(await world.values(5, SLIDING, LAST, BEGUN)).toEqual([1200, at("13:26:00")]);
  });

  it("refuses periods that do not fill an hour, and windows of no or too many of them", async () => {
    const world = await World.on([[0, {}]]);
    const refused = async (id: number, value: ReturnType<typeof longUnsigned>) =>
      world.set(5, SLIDING, id, value).then(
        () => 0,
        (error: { code?: number; result?: number }) => error.code ?? error.result,
      );
    for (const period of [0, 7, 7200, 0xffffffff])
      expect(await refused(8, doubleLongUnsigned(period)), `${period}`).toBe(250);
    for (const periods of [0, 16, 65535]) expect(await refused(9, longUnsigned(periods)), `${periods}`).toBe(250);
    expect(await refused(8, longUnsigned(60))).toBe(12);
    expect(await refused(8, doubleLongUnsigned(3600))).toBe(0);
  });
});

describe("methods", () => {
  it("reset: averages are 0, and the rest of the period is measured alone", async () => {
    const world = await World.on([[0, { active: [1800, 0, 0] }]]);
    await world.to(20 * MINUTE);
    await world.act(5, IMPORT, 1);
    expect(await world.values(5, IMPORT, CURRENT, LAST, CAPTURED, BEGUN)).toEqual([
      0,
      0,
      at("13:20:00"),
      at("13:20:00"),
    ]);
    await world.to(30 * MINUTE);
    expect(await world.values(5, IMPORT, LAST, CAPTURED)).toEqual([1200, at("13:30:00")]);
  });

  it("next_period: the period ends now, and what follows up to the quarter is one of its own", async () => {
    const world = await World.on([[0, { active: [1800, 0, 0] }]]);
    await world.to(20 * MINUTE);
    await world.act(5, IMPORT, 2);
    expect(await world.values(5, IMPORT, CURRENT, LAST, CAPTURED, BEGUN)).toEqual([
      0,
      600,
      at("13:20:00"),
      at("13:20:00"),
    ]);
    await world.to(30 * MINUTE);
    expect(await world.values(5, IMPORT, LAST, CAPTURED)).toEqual([1200, at("13:30:00")]);
    await world.to(45 * MINUTE);
    expect(await world.get(5, IMPORT, LAST)).toBe(1800);
  });

  it("reset of a maximum: its value is 0, its time is now, and the next period is measured against that", async () => {
    const world = await World.on([
      [0, { active: [1800, 0, 0] }],
      [HOUR, { active: [50, 0, 0] }],
    ]);
    await world.to(HOUR + MINUTE);
    expect(await world.values(4, MAXIMUM, 2, 5)).toEqual([1800, at("13:15:00")]);
    await world.act(4, MAXIMUM, 1);
    expect(await world.values(4, MAXIMUM, 2, 4, 5)).toEqual([0, 0, at("14:01:00")]);
    await world.to(HOUR + 15 * MINUTE);
    expect(await world.values(4, MAXIMUM, 2, 5)).toEqual([50, at("14:15:00")]);
  });
});

describe("maxima of rates", () => {
  const mask = (name: number) => octetString(Uint8Array.of(name));

  it("follow the demand mask that holds when a period ends; the total always counts", async () => {
    const world = await World.on([
      [0, { active: [400, 0, 0] }],
      [15 * MINUTE, { active: [1000, 0, 0] }],
      [30 * MINUTE, { active: [700, 0, 0] }],
    ]);
    const maxima = async () => Promise.all([0, 1, 2, 3].map((rate) => world.get(4, `1-0:1.6.${rate}.255`)));
    await world.to(20 * MINUTE);
    expect(await maxima()).toEqual([400, 400, 0, 0]);
    await world.set(6, "0-0:14.0.2.255", 4, mask(2));
    await world.to(30 * MINUTE);
    expect(await maxima()).toEqual([1000, 400, 1000, 0]);
    await world.set(6, "0-0:14.0.2.255", 4, mask(3));
    await world.to(45 * MINUTE);
    expect(await maxima()).toEqual([1000, 400, 1000, 700]);
    expect(await world.get(4, "1-0:1.6.3.255", 5)).toBe(at("13:45:00"));
  });
});

describe("the clock", () => {
  const set = (world: World, time: string) =>
    world.set(8, CLOCK, 2, octetString(dateTimeEmit(dateTimeFromIso(at(time)))));

  it("set within the period: the period goes on and is marked", async () => {
    const world = await World.on([[0, { active: [900, 0, 0] }]]);
    await world.to(2 * MINUTE);
    await set(world, "13:12:00");
    await world.pass(3 * MINUTE);
    expect(await world.values(5, IMPORT, LAST, STATUS, CAPTURED)).toEqual([300, CAD, at("13:15:00")]);
    await world.pass(15 * MINUTE);
    expect(await world.values(5, IMPORT, LAST, STATUS, CAPTURED)).toEqual([900, 0, at("13:30:00")]);
  });

  it("set out of the period: it ends with its nominal end, marked, and so is the one that begins", async () => {
    const world = await World.on([[0, { active: [900, 0, 0] }]]);
    await world.to(20 * MINUTE);
    await set(world, "15:05:00");
    expect(await world.values(5, IMPORT, CURRENT, LAST, STATUS, CAPTURED, BEGUN)).toEqual([
      ...[0, 300, CAD],
      ...[at("13:30:00"), at("15:05:00")],
    ]);
    await world.pass(10 * MINUTE);
    expect(await world.values(5, IMPORT, LAST, STATUS, CAPTURED)).toEqual([600, CAD, at("15:15:00")]);
  });

  it("corrected silently: nothing is marked, and the period ends with the clock", async () => {
    const world = await World.on([[0, { active: [900, 0, 0] }]]);
    await world.to(10 * MINUTE);
    await set(world, "13:10:09");
    await world.pass(5 * MINUTE - 9 * SECOND);
    expect(await world.values(5, IMPORT, LAST, STATUS, CAPTURED)).toEqual([891, 0, at("13:15:00")]);
  });
});

describe("an outage", () => {
  it("within the period: what was measured before counts, and the period is marked", async () => {
    const world = await World.on([[0, { active: [900, 0, 0] }]]);
    await world.to(20 * MINUTE);
    await world.outage(5 * MINUTE);
    expect(await world.values(5, IMPORT, CURRENT, LAST, CAPTURED, BEGUN)).toEqual([
      ...[300, 900],
      ...[at("13:15:00"), at("13:15:00")],
    ]);
    await world.to(30 * MINUTE);
    expect(await world.values(5, IMPORT, LAST, STATUS, CAPTURED)).toEqual([600, PDN, at("13:30:00")]);
    expect(await world.get(5, SLIDING, LAST)).toBe(600);
    await world.to(45 * MINUTE);
    expect(await world.values(5, IMPORT, LAST, STATUS)).toEqual([900, 0]);
  });

  it("over several periods: the one in which the power went ends with its nominal end, the one of its return is marked", async () => {
    const world = await World.on([[0, { active: [900, 0, 0] }]]);
    await world.to(20 * MINUTE);
    await world.outage(2 * HOUR);
    expect(await world.values(5, IMPORT, CURRENT, LAST, STATUS, CAPTURED, BEGUN)).toEqual([
      ...[0, 300, PDN],
      ...[at("13:30:00"), at("15:15:00")],
    ]);
    await world.to(2 * HOUR + 30 * MINUTE);
    expect(await world.values(5, IMPORT, LAST, STATUS, CAPTURED)).toEqual([600, PDN, at("15:30:00")]);
    expect(await world.values(4, MAXIMUM, 2, 5)).toEqual([900, at("13:15:00")]);
  });

  it("that did not announce itself: registers begin anew, maxima have stayed", async () => {
    const world = await World.on([[0, { active: [900, 0, 0] }]]);
    await world.to(20 * MINUTE);
    await world.outage(MINUTE);
    await world.to(50 * MINUTE);
    await world.outage(MINUTE, true);
    expect(await world.values(5, IMPORT, CURRENT, LAST, CAPTURED, BEGUN)).toEqual([0, 0, "never", at("13:51:00")]);
    await world.to(HOUR);
    expect(await world.values(5, IMPORT, LAST, STATUS)).toEqual([540, PDN]);
    expect(await world.values(4, MAXIMUM, 2, 5)).toEqual([900, at("13:15:00")]);
  });
});

it("a random load: every quarter and its maximum as a plain model has them, to the last watt", async () => {
  let seed = 99;
  const dice = (sides: number) => (seed = (Math.imul(seed, 1103515245) + 12345) >>> 0) % sides;
  const steps: [number, Drawn][] = [[0, { active: [100, 0, 0] }]];
  for (let time = dice(400_000); time < 6 * HOUR; time += 1 + dice(400_000)) {
    steps.push([time, { active: [dice(4000), dice(4000), dice(4000)] }]);
  }
  const world = await World.on(steps);
  let maximum = 0;
  for (let end = 15 * MINUTE; end <= 6 * HOUR; end += 15 * MINUTE) {
    await world.to(end);
    const expected = Math.floor(energy(steps, end - 15 * MINUTE, end) / (15 * MINUTE));
    maximum = Math.max(maximum, expected);
    expect(await world.get(5, IMPORT, LAST)).toBe(expected);
    expect(await world.get(4, MAXIMUM)).toBe(maximum);
  }
});
