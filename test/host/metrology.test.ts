import { describe, expect, it } from "vitest";
import { constantLoad } from "../../host/metrology/constant.ts";
import { Household } from "../../host/metrology/household.ts";
import type { Sample } from "../../host/metrology/metrology.ts";
import { Replay, ReplayError } from "../../host/metrology/replay.ts";
import { currentOf, quadrantOf, SteppedMetrology, type Step, type StepSource } from "../../host/metrology/steps.ts";

const START = Date.UTC(2026, 0, 15);
const HOUR = 3_600_000;
const DAY = 24 * HOUR;

const copy = (sample: Sample): { energies: number[]; values: number[] } => ({
  energies: [...sample.energies],
  values: [...sample.values],
});

/** A source that draws the given power on each phase, mW and mvar. */
function load(active: number[], reactive: number[] = [0, 0, 0]): StepSource {
  return {
    stepAt(_time: number, step: Step): number {
      step.active.set(active);
      step.reactive.set(reactive);
      step.voltage.fill(230_000);
      return Infinity;
    },
  };
}

describe("steps", () => {
  it("counts 1 kW for an hour as 1 kWh, in total and by phase", () => {
    const { energies, values } = copy(new SteppedMetrology(constantLoad).sample(START, START + HOUR));
    expect(energies).toEqual([1e9, 0, 2e8, 0, 0, 0, 5e8, 3e8, 2e8, 0, 0, 0]);
    expect(values.slice(0, 3)).toEqual([230_000, 230_000, 230_000]);
    expect(values.slice(3, 6)).toEqual([2217, 1330, 887]);
    expect(values.slice(6)).toEqual([500_000, 300_000, 200_000, 100_000, 60_000, 40_000, 50_000]);
  });

  it("loses nothing when an interval is cut anywhere: 1 mW makes 1 µWh every 3.6 s", () => {
    const cut = new SteppedMetrology(load([1, 0, 0]));
    let sum = 0;
    for (let at = START; at < START + 36_000; at += 7) {
      sum += cut.sample(at, Math.min(at + 7, START + 36_000)).energies[0]!;
    }
    expect(sum).toBe(10);
  });

  it("adds the phases before it tells import from export, and keeps each phase's own", () => {
    const sample = new SteppedMetrology(load([3_600_000, -1_800_000, 0])).sample(START, START + 1000);
    expect(sample.energies[0]).toBe(500_000);
    expect(sample.energies[1]).toBe(0);
    expect(sample.energies[6]).toBe(1_000_000);
    expect(sample.energies[10]).toBe(500_000);
  });

  it.each([
    [1000, 1000, 0],
    [-1000, 1000, 1],
    [-1000, -1000, 2],
    [1000, -1000, 3],
  ])("counts reactive energy at P %d, Q %d in one quadrant", (active, reactive, quadrant) => {
    expect(quadrantOf(active, reactive)).toBe(quadrant);
    const sample = new SteppedMetrology(load([active, 0, 0], [reactive, 0, 0])).sample(START, START + 3_600_000);
    const expected = [0, 0, 0, 0];
    expected[quadrant] = 1_000_000;
    expect([...sample.energies.slice(2, 6)]).toEqual(expected);
  });

  it("stays exact over a year of the largest load an i32 can name", () => {
    const sample = new SteppedMetrology(load([700_000_000, 700_000_000, 700_000_000])).sample(0, 365 * DAY);
    expect(sample.energies[0]).toBe((2_100_000_000 / 3600) * (365 * DAY));
  });

  it("derives the current from power and voltage", () => {
    expect(currentOf(230_000, 0, 230_000)).toBe(1000);
    expect(currentOf(300_000, 400_000, 250_000)).toBe(2000);
    expect(currentOf(1000, 0, 0)).toBe(0);
  });
});

describe("household", () => {
  const year = (seed: number, solarPeak = 0): number[] => [
    ...new SteppedMetrology(new Household({ seed, solarPeak })).sample(START, START + 365 * DAY).energies,
  ];

  it("gives the same for the same seed, however the time is cut", () => {
    const whole = new SteppedMetrology(new Household({ seed: 5 }));
    const cut = new SteppedMetrology(new Household({ seed: 5 }));
    const sum = new Array<number>(12).fill(0);
    for (let at = START; at < START + DAY; at += 777_777) {
      const part = cut.sample(at, Math.min(at + 777_777, START + DAY)).energies;
      part.forEach((energy, i) => (sum[i]! += energy));
    }
    expect(sum).toEqual([...whole.sample(START, START + DAY).energies]);
  });

  it("uses a plausible energy in a year, another one for every seed, and more on one phase than on another", () => {
    const energies = [1, 2, 3, 4, 5].map((seed) => year(seed));
    for (const [imported, exported, , , , , l1, l2, l3] of energies) {
      expect(imported).toBeGreaterThan(1.5e12);
      expect(imported).toBeLessThan(8e12);
      expect(exported).toBe(0);
      expect(new Set([l1, l2, l3]).size).toBe(3);
    }
    expect(new Set(energies.map(([imported]) => imported)).size).toBe(5);
  });

  it("uses more in the evening than at night, and feeds in at noon in summer with an inverter", () => {
    const power = (time: number, solarPeak: number): number => {
      const values = new SteppedMetrology(new Household({ seed: 7, solarPeak })).sample(time, time + HOUR).values;
      return values[6]! + values[7]! + values[8]!;
    };
    expect(power(START + 19 * HOUR, 0)).toBeGreaterThan(2 * power(START + 4 * HOUR + 1, 0));
    expect(power(Date.UTC(2026, 5, 21, 11), 8000)).toBeLessThan(-1_000_000);
    expect(year(7, 8000)[1]).toBeGreaterThan(5e11);
  });

  it("lets the voltage sag under the load of its phase", () => {
    const household = new SteppedMetrology(new Household({ seed: 3 }));
    let [light, heavy] = [0, 0];
    let [lights, heavies] = [0, 0];
    for (let at = START; at < START + 30 * DAY; at += 60_000) {
      const { values } = household.sample(at, at + 60_000);
      if (values[8]! > 2_000_000) {
        heavy += values[2]!;
        heavies++;
      } else if (values[8]! < 200_000) {
        light += values[2]!;
        lights++;
      }
    }
    expect(light / lights - heavy / heavies).toBeGreaterThan(1500);
  });
});

describe("replay", () => {
  const parse = (text: string): SteppedMetrology => new SteppedMetrology(Replay.parse(text, "load.csv", START));

  it("holds each row until the next, the first before it and the last after it", () => {
    const meter = parse("time,active_power_l1,voltage_l1\n0,3600,229.5\n10,7200,228\n");
    expect(meter.sample(START - 1000, START).energies[6]).toBe(1_000_000);
    const sample = meter.sample(START, START + 20_000);
    expect(sample.energies[6]).toBe(30_000_000);
    expect(sample.values[0]).toBe(228_000);
    expect(sample.values[1]).toBe(230_000);
  });

  it("takes ISO 8601 times with their zone, and splits a total into three phases that add up", () => {
    const meter = parse("time,active_power,frequency\n2026-01-15T01:00:00+01:00,100,49.98\n");
    const { values } = copy(meter.sample(START, START + 1000));
    expect(values.slice(6, 9)).toEqual([33_334, 33_333, 33_333]);
    expect(values[12]).toBe(49_980);
  });

  it.each([
    ["time,power\n0,1\n", 'load.csv:1: no quantity is called "power"'],
    ["zeit,active_power\n0,1\n", 'load.csv:1: the first column must be "time"'],
    ["time,active_power\n0,1\n\n5,two\n", 'load.csv:4: active_power: "two" is no number from -2000000 to 2000000'],
    ["time,active_power\n0,1\n1,\n", 'load.csv:3: active_power: "" is no number from'],
    ["time,active_power\n0,1\n0,2\n", "load.csv:3: the time is not after that of the row before"],
    ["time,active_power\n0,1\nsoon,2\n", 'load.csv:3: "soon" is no time'],
    ["time,active_power\n2026-01-01T00:00:00,1\n", 'load.csv:2: "2026-01-01T00:00:00" is no time'],
    ["time,active_power\n0,1\n1,2,3\n", "load.csv:3:"],
    ["time,active_power\n", "load.csv: a head line and a row are needed"],
    ["time,active_power\n0,1e12\n", "is no number from"],
    ["time,voltage_l2\n0,-1\n", 'load.csv:2: voltage_l2: "-1" is no number from 0 to 1000'],
    ["time,voltage\n0,1001\n", 'load.csv:2: voltage: "1001" is no number from 0 to 1000'],
  ])("reports a bad line with its number: %j", (text, message) => {
    expect(() => parse(text)).toThrow(ReplayError);
    expect(() => parse(text)).toThrow(message);
  });

  it("names a file that is not there", () => {
    expect(() => Replay.read("/nowhere/load.csv", START)).toThrow("/nowhere/load.csv");
  });
});
