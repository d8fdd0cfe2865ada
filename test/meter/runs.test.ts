/**
 * A meter whose clock is set at random against a plain model of the rules: which rows there are, what a range of them
 * holds, whether the clock went back a little, often, or more often than a ring remembers.
 */
import { describe, expect, test } from "vitest";
import { doubleLongUnsigned } from "../../host/client/data.ts";
import { Dice } from "../wire/core.ts";
import { LP1, Status } from "./shown.ts";
import { entriesOf, MeterWorld, ms, rangeOf, Result } from "./world.ts";
import { localOf } from "./zones.ts";

const PERIOD = 60;
const ENTRIES = 300;
const LIMIT = 10;
const ROUNDS = 12;
/** Runs a ring remembers (limits.ts). */
const RUNS_MAX = 8;

interface Row {
  utc: number;
  status: number;
}

const nextAfter = (utc: number): number => (Math.floor(utc / PERIOD) + 1) * PERIOD;
const saving = (utc: number): number => (localOf("Europe/Berlin", utc) - utc === 7200 ? Status.DST : 0);

/** The rules of the sheet for an unsorted buffer, on whole seconds of UTC. */
class Model {
  rows: Row[] = [];
  time: number;
  clock: number;
  due: number;
  status = 0;

  constructor(time: number) {
    this.time = time;
    this.clock = time;
    this.due = nextAfter(time);
  }

  private capture(bits: number): void {
    this.rows.push({ utc: this.due, status: this.status | bits | saving(this.due) });
    if (this.rows.length > ENTRIES) this.rows.shift();
    this.status = 0;
  }

  advance(seconds: number): void {
    this.time += seconds;
    this.clock += seconds;
    while (this.due <= this.clock) {
      this.capture(0);
      this.due += PERIOD;
    }
  }

  set(clock: number): void {
    const silent = Math.abs(clock - this.clock) <= LIMIT;
    this.clock = clock;
    if (silent) return this.advance(0);
    if (nextAfter(clock) !== this.due) {
      this.capture(Status.CAD);
      this.due = nextAfter(clock);
    }
    this.status |= Status.CAD;
  }

  reset(): void {
    this.rows = [];
    this.status = 0;
    this.due = nextAfter(this.clock);
  }

  /** Stretches of stamps that do not fall. */
  get runs(): number {
    return this.rows.filter((row, i) => i > 0 && row.utc < this.rows[i - 1]!.utc).length;
  }
}

const iso = (utc: number): string => `${new Date(utc * 1000).toISOString().slice(0, 19)}Z`;

function rowsOf(world: MeterWorld, selector = 0, parameter?: Parameters<MeterWorld["rows"]>[2]): Row[] {
  const rows = world.rows(LP1, selector, parameter) as [string, number][];
  return rows.map(([stamp, status]) => ({ utc: ms(stamp) / 1000, status }));
}

function rangesAgree(world: MeterWorld, model: Model, dice: Dice): void {
  for (let i = 0; i < 6; i++) {
    const at = () => {
      const row = model.rows[dice.roll(Math.max(1, model.rows.length))];
      return (row?.utc ?? model.clock) + [-1, 0, 0, 1, 30, -3000, 3000][dice.roll(7)]!;
    };
    const [from, to] = [at(), at()];
    const wanted = model.rows.filter(({ utc }) => from <= utc && utc <= to);
    expect(rowsOf(world, 1, rangeOf(iso(from), iso(to))), `${iso(from)} to ${iso(to)}`).toEqual(wanted);
  }
  const first = 1 + dice.roll(ENTRIES);
  const last = dice.roll(ENTRIES + 1);
  const wanted = model.rows.slice(first - 1, last === 0 ? undefined : last);
  expect(rowsOf(world, 2, entriesOf(first, last))).toEqual(wanted);
}

/** One random input to both. */
function step(world: MeterWorld, model: Model, dice: Dice, often: number, backSeconds: number): void {
  const roll = dice.roll(20);
  if (roll === 0 && dice.roll(10) === 0) {
    model.reset();
    expect(world.invoke(LP1, 1)).toBe(Result.SUCCESS);
  } else if (roll < often) {
    const back = dice.roll(2) === 0;
    const by = back ? -dice.roll(backSeconds) : dice.roll([12, 65, 400, 5000][dice.roll(4)]!);
    const clock = model.clock + by;
    expect(world.clockSet(iso(clock))).toBe(Result.SUCCESS);
    model.set(clock);
  } else {
    model.advance(dice.roll([30, 90, 600, 3000][dice.roll(4)]!));
  }
  world.run(model.time * 1000);
}

describe.each([
  ["seldom and a little", 1, 3, 100],
  ["often", 2, 6, 2000],
  ["most of the time and far", 3, 14, 40_000],
  ["around the end of summer time", 4, 6, 5000],
])("a clock set back %s", (_, seed, often, backSeconds) => {
  test("keeps the rows of the model", () => {
    const seen = { ordered: 0, runs: 0, scans: 0 };
    for (let round = 0; round < ROUNDS; round++) {
      const dice = new Dice(seed * 1000 + round);
      const start = ms(seed === 4 ? "2024-10-26T23:00:00Z" : "2024-05-05T05:05:05Z") / 1000;
      const world = new MeterWorld(iso(start));
      expect(world.set(LP1, 4, doubleLongUnsigned(PERIOD))).toBe(Result.SUCCESS);
      world.run(start * 1000);
      const model = new Model(start);
      for (let i = 0; i < 60; i++) {
        step(world, model, dice, often, backSeconds);
        const runs = world.ring(LP1, 3);
        if (runs <= RUNS_MAX) expect(runs).toBe(model.runs);
        if (runs === 0) seen.ordered++;
        else if (runs <= RUNS_MAX) seen.runs++;
        else seen.scans++;
        if (i % 3 !== 2) continue;
        expect(rowsOf(world), `round ${round} step ${i}`).toEqual(model.rows);
        rangesAgree(world, model, dice);
      }
    }
    expect(seen.ordered).toBeGreaterThan(50);
    expect(seen.runs).toBeGreaterThan(50);
    if (seed === 3) expect(seen.scans).toBeGreaterThan(50);
  });
});
