/** What is left after a power cut: rows, energies, events, the clock, from the octets in the flash alone. */
import { describe, expect, test } from "vitest";
import { doubleLongUnsigned, long, octetString } from "../../host/client/data.ts";
import { Dice } from "../wire/core.ts";
import { BILLING, FRAUD, LOG, LP1, LP2, WH } from "./shown.ts";
import { type Cell, Flash, MeterWorld, ms } from "./world.ts";

const START = "2024-01-09T20:00:00Z";
const PROFILES = [LP1, LP2, BILLING, FRAUD];

/** Lets a meter live: samples, captures, clock changes, texts, resets. `each` is called after every step. */
function live(world: MeterWorld, seed: number, steps: number, each: () => void = () => {}): number {
  const dice = new Dice(seed);
  let time = ms(START);
  for (let i = 0; i < steps; i++) {
    const until = time + dice.roll(3) * 300_000 + 60_000;
    while (time < until) {
      const deadline = world.call("deadline", 0);
      time = deadline !== 0 && deadline > time ? Math.min(deadline, until) : until;
      world.timeSet(time);
      expect(world.sample({ energies: [dice.roll(50) * WH, dice.roll(9) * WH] })).toBe(0);
      world.run(time);
    }
    const roll = dice.roll(40);
    if (roll === 0) world.clockSet(new Date(time + (dice.roll(4) - 2) * 1_000_000).toISOString().slice(0, 19) + "Z");
    if (roll === 1) world.invoke(LP1, 1);
    if (roll === 2) world.set("0-0:96.1.0.255", 2, octetString(dice.octets(dice.roll(9))));
    if (roll === 3) world.set("0-0:96.1.1.255", 2, long(dice.roll(1000)));
    if (roll === 4) world.call("raise", 0, 40);
    if (roll < 6) world.invoke(BILLING, 2);
    each();
  }
  return time;
}

const rowsOf = (world: MeterWorld, profile: string): Cell[][] => world.rows(profile) as Cell[][];

/** Everything a client could read, but for what a restart itself adds. */
function readable(world: MeterWorld): unknown[] {
  return [
    ...PROFILES.map((profile) => rowsOf(world, profile)),
    ...PROFILES.map((profile) => world.ring(profile, 2)),
    ...["0-0:96.1.0.255", "0-0:96.1.1.255", "0-0:96.11.1.255"].map((name) => world.get(name)),
    world.clock(),
  ];
}

describe("a replay of the journal", () => {
  test.each([1, 2, 3])("gives the rows and values that were there (seed %i)", (seed) => {
    const world = new MeterWorld(START, "new");
    const end = live(world, seed, 150);
    world.call("powerFails", 0);
    world.flashWork();
    expect(world.call("journalWaiting", 0)).toBe(0);
    const before = readable(world);
    const log = rowsOf(world, LOG);
    const again = new MeterWorld(new Date(end).toISOString(), world.flash!.copy());
    expect(readable(again)).toEqual(before);
    expect(rowsOf(again, LOG).slice(0, -1)).toEqual([...log].slice(log.length === 20 ? 1 : 0));
    expect(rowsOf(again, LOG).at(-1)![1]).toBe(2);
    for (let id = 1; id < 11; id++) {
      const kept = [1, 2, 7, 10].includes(id);
      expect(again.call("quantity", 0, id)).toBe(kept ? world.call("quantity", 0, id) : 0);
    }
  });

  test("goes through checkpoints", () => {
    const world = new MeterWorld(START, "new");
    world.set(LP1, 4, doubleLongUnsigned(60));
    const epochs = () =>
      new Set(
        [0, world.flash!.octets.length / 2].map((at) =>
          new DataView(world.flash!.octets.buffer).getUint32(at + 8, true),
        ),
      );
    const first = epochs();
    for (let i = 0; i < 6000; i++) {
      world.timeSet(ms(START) + i * 60_000);
      world.sample({ energies: [WH] });
      world.run(ms(START) + i * 60_000);
    }
    expect(epochs()).not.toEqual(first);
    const rows = rowsOf(world, LP1);
    expect(rows).toHaveLength(300);
    const again = new MeterWorld(new Date(ms(START) + 5999 * 60_000).toISOString(), world.flash!.copy());
    expect(rowsOf(again, LP1)).toEqual(rows);
    expect(rowsOf(again, LP2)).toEqual(rowsOf(world, LP2));
    expect(again.number("1-0:1.8.0.255")).toBe(Number(rows.at(-1)![2]));
  });
});

describe("a cut after any write", () => {
  test("leaves all rows that were written, and the energy of the last of them", () => {
    const world = new MeterWorld(START, "new");
    const cuts: { flash: Flash; rows: Cell[][]; time: number }[] = [];
    const dice = new Dice(77);
    for (let i = 1; i <= 60; i++) {
      world.timeSet(ms(START) + i * 900_000);
      world.sample({ energies: [dice.roll(100) * WH] });
      world.run(world.time);
      world.timeSet(world.time + 100_000);
      world.sample({ energies: [dice.roll(100) * WH] });
      cuts.push({ flash: world.flash!.copy(), rows: rowsOf(world, LP1), time: world.time });
    }
    expect(world.flash!.programs).toBeGreaterThan(50);
    for (const { flash, rows, time: at } of cuts) {
      const again = new MeterWorld(new Date(at).toISOString(), flash);
      expect(rowsOf(again, LP1)).toEqual(rows);
      expect(again.number("1-0:1.8.0.255")).toBe(rows.at(-1)![2]);
    }
  });

  test("inside a write leaves the state before it", () => {
    const world = new MeterWorld(START, "new");
    world.run("2024-01-09T20:59:59Z");
    const before = world.flash!.copy();
    const rows = rowsOf(world, LP1);
    world.timeSet(ms("2024-01-09T21:00:00Z"));
    world.sample({ energies: [5 * WH] });
    world.run("2024-01-09T21:00:00Z");
    const after = world.flash!.octets;
    const changed = [...after.keys()].filter((at) => after[at] !== before.octets[at]);
    const [first, last] = [changed[0]!, changed.at(-1)!];
    for (let cut = first; cut <= last + 1; cut++) {
      const torn = before.copy();
      torn.octets.set(after.subarray(first, cut), first);
      const again = new MeterWorld("2024-01-09T21:00:00Z", torn);
      const whole = cut > last;
      const found = rowsOf(again, LP1);
      expect(found.slice(0, rows.length), `cut at ${cut - first}`).toEqual(rows);
      const [energy, marked] = whole ? [5, 0] : [0, 0x80];
      expect(found[rows.length]).toEqual(["2024-01-09T22:00:00+01:00", marked, energy, 0]);
      expect(again.number("1-0:1.8.0.255")).toBe(energy);
      if (cut > first + 24 && !whole) cut += 6;
    }
  });
});

test("provisioned accumulators are where a register starts", () => {
  const entry = Buffer.alloc(20);
  entry.writeUInt16BE(3, 0);
  entry.set([1, 0, 1, 8, 0, 255, 2, 1], 2);
  entry.writeUInt16BE(8, 10);
  entry.writeBigInt64BE(1_234_567_890n, 12);
  const world = new MeterWorld(START, "new", entry);
  expect(world.number("1-0:1.8.0.255")).toBe(1234);
  world.sample({ energies: [432_110] });
  expect(world.number("1-0:1.8.0.255")).toBe(1235);
  entry.writeBigInt64BE(-(1n << 63n), 12);
  expect(new MeterWorld(START, undefined, entry).number("1-0:1.8.0.255")).toBe(0);
});
