/** Quality of supply: sags, swells and cuts, power failures, what samples tell of the network, EN 50160. START is 13:00 of local winter time. */
import { describe, expect, it } from "vitest";
import { longUnsigned } from "../../host/client/data.ts";
import type { TemplateDocument } from "../../host/template/document.ts";
import { type Drawn, HOUR, MINUTE, SECOND, type Shown, World } from "./grid.ts";
import { template } from "./rig.ts";

const LOG = "0-0:99.98.4.255";
const FRAUD_LOG = "0-0:99.98.1.255";
const STANDARD_LOG = "0-0:99.98.0.255";
const FAILURE_LOG = "1-0:99.97.0.255";
const PQ_PROFILE = "1-0:99.14.0.255";
const DAY = 24 * HOUR;

/** Local time of the day of START. */
const at = (time: string): string => `2026-01-05T${time}+01:00`;

/** Counter, duration and magnitude of sags, swells and cuts of any phase (12), L1 (32), L2 (52), L3 (72). */
const SAG = 32;
const SWELL = 36;
const CUT = 40;
const kept = async (world: World, c: number, d: number): Promise<Shown[]> => [
  await world.get(1, `1-0:${c}.${d}.0.255`),
  await world.get(3, `1-0:${c}.${d + 1}.0.255`),
  await world.get(3, `1-0:${c}.${d + 2}.0.255`),
];

/** Number, long ones, time of the last, duration of the last long one: all phases (0), L1 to L3, any phase (4). */
const failures = async (world: World, what: number): Promise<Shown[]> => [
  await world.get(1, `0-0:96.7.${what === 4 ? 21 : what}.255`),
  await world.get(1, `0-0:96.7.${5 + what}.255`),
  await world.get(1, `0-0:96.7.${10 + what}.255`),
  await world.get(3, `0-0:96.7.${15 + what}.255`),
];

/** What the power quality log says of voltages: a deep sag also makes the phases asymmetric. */
const voltageEvents = async (world: World): Promise<string[]> =>
  (await world.events(LOG)).filter((text) => !text.startsWith("90 "));

const onL2 = (volts: number): Drawn => ({ voltage: [230, volts, 230] });

describe("a sag", () => {
  it("is counted when it has lasted for its time threshold, and kept with its lowest voltage when it is over", async () => {
    const world = await World.on([
      [0, {}],
      [10 * MINUTE, onL2(206.9)],
      [12 * MINUTE, onL2(190.55)],
      [13 * MINUTE, onL2(200)],
      [15 * MINUTE + 500, onL2(207)],
    ]);
    await world.to(11 * MINUTE - 1);
    expect(await kept(world, 52, SAG)).toEqual([0, 0, 0]);
    await world.to(11 * MINUTE);
    expect(await kept(world, 52, SAG)).toEqual([1, 0, 0]);
    expect((await voltageEvents(world)).slice(-1)).toEqual(["77 13:11:00"]);
    await world.to(20 * MINUTE);
    expect(await kept(world, 52, SAG)).toEqual([1, 300, 1905]);
    expect(await kept(world, 12, SAG)).toEqual([1, 300, 1905]);
    expect(await kept(world, 32, SAG)).toEqual([0, 0, 0]);
    expect((await voltageEvents(world)).slice(-2)).toEqual(["77 13:11:00", "86 13:15:00"]);
  });

  it("shorter than that is nothing", async () => {
    const world = await World.on([
      [0, {}],
      [10 * MINUTE, onL2(150)],
      [11 * MINUTE - 1, onL2(230)],
      [20 * MINUTE, onL2(150)],
      [21 * MINUTE, onL2(230)],
    ]);
    await world.to(20 * MINUTE);
    expect(await kept(world, 52, SAG)).toEqual([0, 0, 0]);
    await world.to(30 * MINUTE);
    expect(await kept(world, 52, SAG)).toEqual([1, 60, 1500]);
  });

  it("of several phases is one of any phase, from the first to the last", async () => {
    const world = await World.on([
      [0, {}],
      [10 * MINUTE, { voltage: [200, 230, 230] }],
      [12 * MINUTE, { voltage: [200, 230, 180] }],
      [13 * MINUTE, { voltage: [230, 230, 185] }],
      [20 * MINUTE, { voltage: [230, 230, 230] }],
    ]);
    await world.to(30 * MINUTE);
    expect(await kept(world, 32, SAG)).toEqual([1, 180, 2000]);
    expect(await kept(world, 72, SAG)).toEqual([1, 480, 1800]);
    expect(await kept(world, 12, SAG)).toEqual([1, 600, 1800]);
    expect((await voltageEvents(world)).slice(-4)).toEqual([
      "76 13:11:00",
      "78 13:13:00",
      "85 13:13:00",
      "87 13:20:00",
    ]);
  });

  it("has the thresholds that a client sets, from then on", async () => {
    const world = await World.on([
      [0, {}],
      [10 * MINUTE, onL2(220)],
    ]);
    await world.to(20 * MINUTE);
    expect((await kept(world, 52, SAG))[0]).toBe(0);
    await world.set(3, "1-0:12.31.0.255", 2, longUnsigned(225));
    await world.set(3, "1-0:12.43.0.255", 2, longUnsigned(5));
    await world.to(30 * MINUTE);
    expect((await kept(world, 52, SAG))[0]).toBe(1);
  });

  it("that goes on when the power fails is over then; counters outlive a cut", async () => {
    const world = await World.on([
      [0, {}],
      [10 * MINUTE, onL2(200)],
    ]);
    await world.to(20 * MINUTE);
    await world.outage(HOUR);
    expect(await kept(world, 52, SAG)).toEqual([1, 600, 2000]);
    await world.pass(10 * MINUTE);
    expect((await kept(world, 52, SAG))[0]).toBe(2);
    await world.outage(SECOND, true);
    expect((await kept(world, 52, SAG))[0]).toBe(2);
  });
});

describe("a swell", () => {
  it("is counted, and kept with its highest voltage", async () => {
    const world = await World.on([
      [0, {}],
      [10 * MINUTE, { voltage: [253.001, 260, 253] }],
      [12 * MINUTE, { voltage: [270.29, 260, 253] }],
      [14 * MINUTE, { voltage: [230, 230, 230] }],
    ]);
    await world.to(20 * MINUTE);
    expect(await kept(world, 32, SWELL)).toEqual([1, 240, 2702]);
    expect(await kept(world, 52, SWELL)).toEqual([1, 240, 2600]);
    expect(await kept(world, 72, SWELL)).toEqual([0, 0, 0]);
    expect(await kept(world, 12, SWELL)).toEqual([1, 240, 2702]);
    const events = (await voltageEvents(world)).slice(-4);
    expect(events).toEqual(["79 13:11:00", "80 13:11:00", "85 13:14:00", "86 13:14:00"]);
  });
});

describe("a cut", () => {
  it("is no sag, and a failure of its phase from its first moment", async () => {
    const world = await World.on([
      [0, {}],
      [10 * MINUTE, onL2(200)],
      [12 * MINUTE, onL2(10)],
      [20 * MINUTE, onL2(200)],
      [21 * MINUTE, onL2(230)],
      [30 * MINUTE, onL2(0)],
      [30 * MINUTE + 10 * SECOND, onL2(230)],
    ]);
    await world.to(21 * MINUTE + 1);
    expect(await kept(world, 52, SAG)).toEqual([2, 60, 2000]);
    expect(await kept(world, 52, CUT)).toEqual([1, 480, 100]);
    expect((await voltageEvents(world)).slice(-4)).toEqual([
      "77 13:11:00",
      "83 13:13:00",
      "77 13:21:00",
      "86 13:21:00",
    ]);
    expect(await failures(world, 2)).toEqual([1, 1, at("13:12:00"), 480]);
    expect(await failures(world, 4)).toEqual([1, 1, at("13:12:00"), 480]);
    expect(await failures(world, 0)).toEqual([0, 0, "never", 0]);
    expect(await failures(world, 1)).toEqual([0, 0, "never", 0]);
    expect(await world.rows(FAILURE_LOG)).toEqual([[at("13:20:00"), 480]]);
    await world.to(HOUR);
    expect(await failures(world, 2)).toEqual([2, 1, at("13:30:00"), 480]);
    expect((await kept(world, 52, CUT))[0]).toBe(1);
  });
});

describe("an outage", () => {
  it("is a failure of all phases, of each and of any; a long one has a row of its return and duration", async () => {
    const world = await World.on([[0, {}]]);
    await world.to(10 * MINUTE);
    await world.outage(180 * SECOND);
    for (const what of [0, 1, 2, 3, 4]) expect(await failures(world, what)).toEqual([1, 0, at("13:10:00"), 0]);
    expect(await world.rows(FAILURE_LOG)).toEqual([]);
    await world.to(30 * MINUTE);
    await world.outage(181 * SECOND);
    for (const what of [0, 1, 2, 3, 4]) expect(await failures(world, what)).toEqual([2, 1, at("13:30:00"), 181]);
    expect(await world.rows(FAILURE_LOG)).toEqual([[at("13:33:01"), 181]]);
  });

  it("is long by the threshold that a client sets", async () => {
    const world = await World.on([[0, {}]]);
    await world.set(3, "0-0:96.7.20.255", 2, longUnsigned(10));
    await world.to(10 * MINUTE);
    await world.outage(11 * SECOND);
    expect(await failures(world, 4)).toEqual([1, 1, at("13:10:00"), 11]);
  });
});

describe("what samples tell of the network", () => {
  const logged = async (steps: [number, Drawn][], log: string, over?: Partial<TemplateDocument>): Promise<string[]> => {
    const world = await World.on(steps, over === undefined ? undefined : template(over));
    await world.to(40 * MINUTE);
    return world.events(log);
  };
  const times = (events: string[], code: number) => events.filter((text) => text.startsWith(`${code} `));

  it("phase asymmetry: one voltage further than 10 % from the mean of all, for a minute, once", async () => {
    // The mean is 220.667 V, and 198.6 V is 10 % below it.
    const events = await logged(
      [
        [0, { voltage: [250, 205, 205] }],
        [10 * MINUTE, { voltage: [231.65, 231.65, 198.7] }],
        [20 * MINUTE, { voltage: [231.65, 231.65, 198.4] }],
        [30 * MINUTE, { voltage: [230, 230, 230] }],
      ],
      LOG,
    );
    expect(times(events, 90)).toEqual(["90 13:01:00", "90 13:21:00"]);
  });

  it("missing neutral: one phase above the swell, another below the sag", async () => {
    const steps: [number, Drawn][] = [
      [5 * MINUTE, { voltage: [260, 230, 195] }],
      [10 * MINUTE, { voltage: [260, 230, 210] }],
    ];
    expect(times(await logged([[0, {}], ...steps], STANDARD_LOG), 89)).toEqual(["89 13:06:00"]);
  });

  it("current reversal: a phase feeds, at a meter that counts no export", async () => {
    const steps: [number, Drawn][] = [
      [0, { active: [-19, 500, 500] }],
      [10 * MINUTE, { active: [-21, 500, 500] }],
    ];
    expect(times(await logged(steps, FRAUD_LOG), 91)).toEqual([]);
    const blind = { value: { "double-long-unsigned": 0 } };
    const importOnly = {
      logicalName: "1-0:2.8.0.255",
      replace: true,
      class: 3,
      access: "read",
      attributes: { 2: blind },
    };
    expect(times(await logged(steps, FRAUD_LOG, { objects: [{ ...importOnly, unit: "Wh" }] }), 91)).toEqual([
      "91 13:11:00",
    ]);
  });
});

describe("unexpected consumption", () => {
  it("is load behind an open output for a minute, once", async () => {
    const world = await World.on([[0, { active: [0, 100, 0] }]]);
    await world.to(10 * MINUTE);
    await world.act(70, "0-0:96.3.10.255", 1);
    await world.to(40 * MINUTE);
    expect((await world.events(STANDARD_LOG)).filter((text) => text.startsWith("52 "))).toEqual(["52 13:11:00"]);
  });
});

describe("averages of ten minutes", () => {
  it("are weighted by time, and the power quality profile has those that end at its stamps", async () => {
    const world = await World.on([
      [0, { voltage: [231, 230, 229], current: [1, 2, 3] }],
      [5 * MINUTE, { voltage: [221, 230, 229] }],
      [9 * MINUTE + 1234, { voltage: [221, 190.5, 229], current: [10, 2, 3] }],
    ]);
    await world.to(9 * MINUTE);
    expect(await world.get(3, "1-0:32.24.0.255")).toBe(Math.floor((2310 * 5 + 2210 * 4) / 9));
    await world.to(10 * MINUTE);
    const rest = 10 * MINUTE - (9 * MINUTE + 1234);
    const l2 = Math.floor((2300 * (10 * MINUTE - rest) + 1905 * rest) / (10 * MINUTE));
    expect(await world.get(3, "1-0:32.25.0.255")).toBe(2260);
    expect(await world.get(3, "1-0:52.25.0.255")).toBe(l2);
    expect(await world.get(3, "1-0:31.25.0.255")).toBe(
      Math.floor((100 * (10 * MINUTE - rest) + 1000 * rest) / (10 * MINUTE)),
    );
    expect(await world.rows(PQ_PROFILE)).toEqual([[at("13:10:00"), 2260, l2, 2290]]);
    await world.to(30 * MINUTE);
    expect((await world.rows(PQ_PROFILE)).slice(1)).toEqual([
      [at("13:20:00"), 2210, 1905, 2290],
      [at("13:30:00"), 2210, 1905, 2290],
    ]);
  });
});

describe("EN 50160: means outside 10 % of the nominal voltage", () => {
  const bad: Drawn = { voltage: [253.1, 253, 206.9] };
  const badQuality = async (world: World) => (await world.events(LOG)).filter((text) => /^9[234] /.test(text));

  it("are bad quality when there are more than 50 in a week, once", async () => {
    const world = await World.on([[0, bad]]);
    await world.to(500 * MINUTE);
    expect(await badQuality(world)).toEqual([]);
    await world.outage(MINUTE);
    await world.to(520 * MINUTE);
    expect((await badQuality(world)).map((text) => text.slice(0, 2))).toEqual(["92", "94"]);
    await world.to(DAY);
    expect((await badQuality(world)).length).toBe(2);
  });

  it("are counted by the week of local time, and a client says what is nominal", async () => {
    // 50 means up to Monday 00:00 of local time, which is Sunday 23:00 UTC, and 50 more behind it.
    const monday = 6 * DAY + 11 * HOUR;
    const world = await World.on([
      [0, {}],
      [monday - 500 * MINUTE, bad],
      [monday + 500 * MINUTE, {}],
      [monday + 500 * MINUTE + 1, { voltage: [230, 230, 230] }],
    ]);
    await world.to(monday + DAY);
    expect(await badQuality(world)).toEqual([]);
    await world.set(3, "1-0:0.6.4.255", 2, longUnsigned(300));
    await world.pass(10 * MINUTE);
    const codes = (await badQuality(world)).map((text) => text.slice(0, 2));
    expect(codes).toEqual(["92", "94"]);
  });
});
