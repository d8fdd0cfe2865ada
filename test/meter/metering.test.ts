/** Samples, accumulators and the registers that show them. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { ROOT } from "../tidy/sources.ts";
import { Dice } from "../wire/core.ts";
import { Err, MeterWorld, ms, type Sample } from "./world.ts";

const start = "2024-06-10T10:00:00Z";
const WH = 1_000_000;
const Quantity = { IMPORT: 1, EXPORT: 2, Q1: 3, R_IMPORT: 7, R_EXPORT: 8, ABSOLUTE: 9, NET: 10 } as const;

/** Number of total `base` at a rate. */
const rated = (rate: number, base: number) => 256 + 16 * (rate - 1) + base;

interface Group {
  quantities: Record<string, { id: number }>;
}

describe("the numbers of quantities", () => {
  const document = JSON.parse(readFileSync(join(ROOT, "host/template/quantities.json"), "utf8")) as { groups: Group[] };
  const source = readFileSync(join(ROOT, "assembly/meter/quantity.ts"), "utf8");
  const body = /const enum Quantity \{([^}]*)\}/.exec(source)![1]!;
  const members = [...body.matchAll(/^\s*([A-Z0-9_]+) = (\d+),/gm)].map(([, name, id]) => [name!, Number(id)] as const);

  test("are those of quantities.json, all of them", () => {
    const named = document.groups.flatMap(({ quantities }) =>
      Object.entries(quantities).map(([name, { id }]) => [name.toUpperCase().replaceAll("-", "_"), id] as const),
    );
    const byId = (a: readonly [string, number], b: readonly [string, number]) => a[1] - b[1];
    expect(members.length).toBeGreaterThan(50);
    expect([...members].sort(byId)).toEqual(named.sort(byId));
  });
});

describe("energies", () => {
  test("go into the quantity, its phases, sums and the active rate", () => {
    const world = new MeterWorld(start);
    const read = (id: number) => world.call("quantity", 0, id);
    world.call("tariffRate", 0, 1);
    expect(world.sample({ energies: [1000, 200, 1, 2, 3, 4, 500, 300, 200, 50, 60, 90] })).toBe(0);
    world.call("tariffRate", 0, 2);
    expect(world.sample({ energies: [7, 11, 10, 20, 30, 40, 1, 2, 4, 5, 6, 7] })).toBe(0);
    expect([Quantity.IMPORT, Quantity.EXPORT].map(read)).toEqual([1007, 211]);
    expect([3, 4, 5, 6].map(read)).toEqual([11, 22, 33, 44]);
    expect([Quantity.R_IMPORT, Quantity.R_EXPORT].map(read)).toEqual([33, 77]);
    expect([Quantity.ABSOLUTE, Quantity.NET].map(read)).toEqual([1218, 796]);
    expect([1, 2, 3, 4].map((rate) => read(rated(rate, Quantity.IMPORT)))).toEqual([1000, 7, 0, 0]);
    expect([1, 2, 3, 4].map((rate) => read(rated(rate, Quantity.EXPORT)))).toEqual([200, 11, 0, 0]);
    expect([49, 50, 51].map(read)).toEqual([501, 302, 204]);
    expect([53, 54, 55].map(read)).toEqual([55, 66, 97]);
  });

  test("of every total are kept by rate", () => {
    const world = new MeterWorld(start);
    const totals = [
      0,
      100,
      20,
      3,
      4,
      5,
      6,
      3 + 4,
      5 + 6,
      120,
      80,
      Math.floor(Math.hypot(100, 9)),
      Math.floor(Math.hypot(20, 9)),
    ];
    const energies = [100, 20, 3, 4, 5, 6];
    for (let rate = 1; rate <= 4; rate++) {
      world.call("tariffRate", 0, rate);
      for (let times = 0; times < rate; times++) world.sample({ energies });
    }
    for (let base = 1; base < totals.length; base++) {
      expect(world.call("quantity", 0, base), `total ${base}`).toBe(10 * totals[base]!);
      const rates = [1, 2, 3, 4].map((rate) => world.call("quantity", 0, rated(rate, base)));
      expect(rates, `rates of ${base}`).toEqual([1, 2, 3, 4].map((times) => times * totals[base]!));
    }
  });

  test("apparent: the root of the squares of each sample, rounded down, to the last unit", () => {
    const world = new MeterWorld(start);
    const dice = new Dice(7);
    const root = (square: bigint): bigint => {
      let [low, high] = [0n, 1n << 60n];
      while (high - low > 1n) {
        const middle = (low + high) / 2n;
        if (middle * middle <= square) low = middle;
        else high = middle;
      }
      return low;
    };
    const sum = [0n, 0n];
    const edges = [1e15, 999_999_999_999_999, 3e8, 4e8, 1, 0];
    for (let round = 0; round < 400; round++) {
      const one = () => (round < 100 ? edges[dice.roll(edges.length)]! : dice.roll(2_000_000_000));
      const energies = [one(), one(), one(), one(), one(), one()];
      if (world.sample({ energies }) !== 0) continue;
      const [imported, exported, q1, q2, q3, q4] = energies.map(BigInt) as [
        bigint,
        bigint,
        bigint,
        bigint,
        bigint,
        bigint,
      ];
      sum[0]! += root(imported * imported + (q1 + q4) * (q1 + q4));
      sum[1]! += root(exported * exported + (q2 + q3) * (q2 + q3));
    }
    expect([world.long("quantity", 0, 11), world.long("quantity", 0, 12)]).toEqual(sum);
  });

  test("are shown without the digits below the unit, rounded down", () => {
    const world = new MeterWorld(start);
    world.sample({ energies: [1_999_999, 2_000_001, 1_499_999_999_999, 0, 0, 0] });
    expect(world.number("1-0:1.8.0.255")).toBe(1);
    expect(world.number("1-0:2.8.0.255")).toBe(2);
    expect(world.number("1-0:3.8.0.255")).toBe(1499);
    expect(world.number("1-0:16.8.0.255")).toBe(-1);
  });

  test("roll over at the end of the register", () => {
    const world = new MeterWorld(start);
    for (let i = 0; i < 4; i++) world.sample({ energies: [1e15] });
    world.sample({ energies: [0.294967295e15] });
    expect(world.number("1-0:1.8.0.255")).toBe(0xffffffff);
    expect(world.number("1-0:16.8.0.255")).toBe(-1);
    world.sample({ energies: [1e6] });
    expect(world.number("1-0:1.8.0.255")).toBe(0);
    expect(world.number("1-0:16.8.0.255")).toBe(0);
    expect(world.call("quantity", 0, 1)).toBe(2 ** 32 * WH);
  });
});

describe("instantaneous values", () => {
  const whole: Sample = {
    voltages: [230_149, 231_000, 229_000],
    currents: [5_009, 1_000, 2_000],
    powers: [-900_000, 300_000, 200_000],
    reactives: [300_000, -100_000, -500_000],
    frequency: 49_987,
  };

  test("are those of the last sample", () => {
    const world = new MeterWorld(start);
    world.sample({ ...whole, voltages: [1, 2, 3] });
    world.sample(whole);
    const read = (...ids: number[]) => ids.map((id) => world.call("quantity", 0, id));
    expect(read(65, 66, 67)).toEqual([230_149, 231_000, 229_000]);
    expect(read(69, 70, 71, 72)).toEqual([5_009, 1_000, 2_000, 8_009]);
    expect(read(80, 81, 82, 83)).toEqual([0, 0, 300_000, 200_000]);
    expect(read(84, 85, 86, 87)).toEqual([400_000, 900_000, 0, 0]);
    expect(read(88, 89, 90, 91, 92)).toEqual([-400_000, -900_000, 300_000, 200_000, 400_000]);
    expect(read(96, 97, 98, 99)).toEqual([0, 300_000, 0, 0]);
    expect(read(100, 101, 102, 103)).toEqual([300_000, 0, 100_000, 500_000]);
    expect(read(112)).toEqual([49_987]);
    expect(read(116, 117)).toEqual([800, Math.floor(900 / Math.hypot(0.9, 0.3))]);
    expect(read(0, 64, 68, 74, 93, 113, 127, 200)).toEqual([0, 0, 0, 0, 0, 0, 0, 0]);
    expect(world.number("1-0:32.7.0.255")).toBe(2301);
    expect(world.number("1-0:31.7.0.255")).toBe(500);
    expect(world.number("1-0:16.7.0.255")).toBe(-400);
    expect(world.number("1-0:13.7.0.255")).toBe(800);
  });

  test("apparent power is imported or exported", () => {
    const world = new MeterWorld(start);
    world.sample(whole);
    expect([104, 108].map((id) => world.call("quantity", 0, id))).toEqual([0, 500_000]);
    world.sample({ powers: [100_000, 100_000, 100_000], reactives: [0, 0, 100_001] });
    expect([104, 108].map((id) => world.call("quantity", 0, id))).toEqual([Math.floor(Math.hypot(3e5, 100_001)), 0]);
    expect([105, 109].map((id) => world.call("quantity", 0, id))).toEqual([0, 0]);
  });

  test("neutral current is the sum of the phase currents as vectors", () => {
    const world = new MeterWorld(start);
    const neutral = (sample: Sample) => (world.sample(sample), world.call("quantity", 0, 73));
    const voltages = [230_000, 230_000, 230_000];
    const balanced = { voltages, powers: [690_000, 690_000, 690_000], reactives: [230_000, 230_000, 230_000] };
    expect(neutral(balanced)).toBe(0);
    // One phase alone: its own current.
    expect(neutral({ voltages, powers: [0, 690_000, 0], reactives: [0, 920_000, 0] })).toBe(5000);
    // Two equal currents 120° apart add up to one of their size, whichever phases they are in.
    expect(neutral({ voltages, powers: [460_000, 0, 460_000] })).toBeCloseTo(2000, -1);
    // 90° behind on L1 (pure inductive) and in phase on L2: -j·3 + 3·e^(-j120°), |.| = 3·√(2 + √3).
    const quarter = neutral({ voltages, powers: [0, 690_000, 0], reactives: [690_000, 0, 0] });
    expect(Math.abs(quarter - 3000 * Math.sqrt(2 + Math.sqrt(3)))).toBeLessThan(1.001);
    expect(neutral({ powers: [690_000, 0, 0] })).toBe(0);
  });

  test("power factor is 1000 at no load", () => {
    const world = new MeterWorld(start);
    world.sample({ voltages: [230_000, 230_000, 230_000] });
    expect(world.number("1-0:13.7.0.255")).toBe(1000);
  });

  test("stop at the end of their type", () => {
    const world = new MeterWorld(start);
    world.sample({ voltages: [1_000_000, 0, 0], currents: [10_000_000, 0, 0] });
    expect(world.number("1-0:32.7.0.255")).toBe(10_000);
    expect(world.number("1-0:31.7.0.255")).toBe(0xffff);
  });
});

describe("a sample no meter can have measured", () => {
  const fields: [string, Sample][] = [
    ...Array.from({ length: 12 }, (_, i): [string, Sample] => [
      `energy ${i} below 0`,
      {
        energies: Array(12)
          .fill(0)
          .map((_, k) => (k === i ? -1 : 5)),
      },
    ]),
    ["an energy above 1 GWh", { energies: [1e15 + 1] }],
    ["the largest energy there is", { energies: [2 ** 62] }],
    ["a voltage below 0", { voltages: [230_000, -1, 0] }],
    ["a voltage above 1 kV", { voltages: [0, 0, 1_000_001] }],
    ["a current below 0", { currents: [-1, 0, 0] }],
    ["a current above 10 kA", { currents: [0, 10_000_001, 0] }],
    ["a power above 2 MW", { powers: [0, 0, 2_000_000_001] }],
    ["a power below -2 MW", { powers: [-2_000_000_001, 0, 0] }],
    ["a reactive power above 2 Mvar", { reactives: [0, 2_000_000_001, 0] }],
    ["a frequency below 0", { frequency: -1 }],
    ["a frequency above 1 kHz", { frequency: 1_000_001 }],
  ];

  test.each(fields)("is refused and changes nothing: %s", (_, sample) => {
    const world = new MeterWorld(start);
    world.sample({ energies: [10, 20, 30], voltages: [230_000, 1, 2], frequency: 50_000 });
    const before = world.block();
    expect(world.sample(sample)).toBe(Err.LIMIT);
    expect(world.block().equals(before)).toBe(true);
  });

  test("is one before the last sample", () => {
    const world = new MeterWorld(start);
    world.timeSet(ms(start) + 1000);
    expect(world.sample({ energies: [10] })).toBe(0);
    world.timeSet(ms(start));
    expect(world.sample({ energies: [10] })).toBe(Err.STATE);
    expect(world.call("quantity", 0, 1)).toBe(10);
  });

  test("never takes an accumulator to its end", () => {
    const world = new MeterWorld(start);
    let taken = 0;
    while (world.sample({ energies: [1e15, 1e15] }) === 0 && taken < 5000) taken++;
    expect(taken).toBeGreaterThan(2000);
    expect(taken).toBeLessThan(2400);
    expect(world.call("quantity", 0, Quantity.ABSOLUTE)).toBe(taken * 2e15);
    expect(world.sample({ energies: [0] })).toBe(Err.LIMIT);
  });
});

test("a thousand random samples add up as a plain model does", () => {
  const world = new MeterWorld(start);
  const dice = new Dice(42);
  const sum = Array(12).fill(0n) as bigint[];
  for (let round = 0; round < 1000; round++) {
    const energies = sum.map(() => dice.roll(1_000_000_000));
    expect(world.sample({ energies })).toBe(0);
    energies.forEach((value, i) => (sum[i]! += BigInt(value)));
  }
  const ids = [1, 2, 3, 4, 5, 6, 49, 50, 51, 53, 54, 55];
  expect(ids.map((id) => world.long("quantity", 0, id))).toEqual(sum);
});
