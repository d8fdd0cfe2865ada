/** What time costs: ticks, samples, captured rows, and a simulated day through the host's loop. */
import { Bank } from "../host/bank.ts";
import { ManualClock } from "../host/clock.ts";
import type { Sample } from "../host/core.ts";
import { MemoryFlash } from "../host/flash/memory.ts";
import { metrologyMaker } from "../host/metrology/source.ts";
import { templateLoad } from "../host/template/load.ts";
import type { Effort, Figure, Group } from "./figure.ts";
import { core, provisionOf, Seat, START } from "./seat.ts";
import { repeat, time, type Work } from "./timing.ts";

const BATCH = 2000;
const CAPTURES = 40;
const DAY_MS = 86_400_000;
const PERIOD_MS = 900_000;
/** Longest simulated year that the project accepts, s. */
const YEAR_MAX = 60;

const NOTHING = "a call that does nothing";

/** A quarter of an hour of 1 kW. */
function sampleOf(): Sample {
  const energies = new Float64Array(12);
  energies[0] = 250_000_000;
  energies[2] = 50_000_000;
  energies.fill(83_000_000, 6, 9);
  const values = new Int32Array(13);
  values.fill(230_000, 0, 3);
  values.fill(1450, 3, 6);
  values.fill(333_000, 6, 9);
  values[12] = 50_000;
  return { energies, values };
}

function idleFigures(effort: Effort): Figure[] {
  const seat = new Seat(templateLoad());
  seat.step();
  const { bank, lineTime } = seat;
  let { meterTime } = seat;
  const sample = sampleOf();
  const nothing = repeat(BATCH, () => bank.outputPoll(0));
  const tick = repeat(BATCH, () => {
    bank.deadlinePoll(0);
    bank.tick(0, lineTime, meterTime);
  });
  // A millisecond for each sample; accumulators take years of them.
  const samples = repeat(BATCH, () => bank.sample(0, sample, (meterTime += 1)));
  const idle = time(effort, tick, nothing);
  const sampled = time(effort, samples, nothing);
  const other = (what: string, one: { ns: number; ratio: number } | undefined) => [
    { what, value: one!.ns / 1000, ratio: one!.ratio },
  ];
  return [
    {
      id: "tick-idle",
      what: "deadline and tick of an idle meter",
      value: idle.ns / 1000,
      unit: "µs",
      references: other(NOTHING, idle.references[0]),
    },
    {
      id: "sample",
      what: "a sample: 12 energies, 13 values",
      value: sampled.ns / 1000,
      unit: "µs",
      references: other(NOTHING, sampled.references[0]),
    },
    {
      id: "samples",
      what: "samples in a second",
      value: 1e9 / sampled.ns,
      unit: "1/s",
      references: sampled.references.map((one) => ({ what: NOTHING, value: 1e9 / one.ns, ratio: 1 / one.ratio })),
    },
  ];
}

/** Whole quarters of an hour: deadline, sample, tick with the captured row, its record to the flash twin. */
function captureFigure(effort: Effort): Figure {
  const seat = new Seat(templateLoad());
  const { bank, lineTime } = seat;
  const sample = sampleOf();
  let meterTime = START;
  const captures = repeat(CAPTURES, () => {
    bank.deadlinePoll(0);
    meterTime = bank.meterDeadline;
    bank.sample(0, sample, meterTime);
    bank.tick(0, lineTime, meterTime);
    seat.settle();
  });
  const idle = repeat(CAPTURES * 20, () => {
    bank.deadlinePoll(0);
    bank.tick(0, lineTime, meterTime);
  });
  const timed = time(effort, captures, idle);
  const [other] = timed.references;
  return {
    id: "tick-capture",
    what: "a period of a load profile: sample, tick with row, flash",
    value: timed.ns / 1000,
    unit: "µs",
    references: [{ what: "deadline and tick, nothing due", value: other!.ns / 1000, ratio: other!.ratio }],
  };
}

/** One meter of a bank of the host, a day at a time in virtual time. */
function dayWork(metrology: string): Work {
  const template = templateLoad();
  const make = metrologyMaker(metrology, 1, START);
  const bank = new Bank(core(), template.image, 1, {
    clock: new ManualClock(START),
    setup: (index, plan) => ({
      provision: provisionOf(template, index),
      flash: new MemoryFlash(plan.flashSize),
      metrology: make(index),
    }),
  });
  const [meter] = bank.meters;
  meter!.boot();
  let at = START;
  return repeat(1, () => void bank.advance(meter!, (at += DAY_MS)));
}

/** What the source of the load itself costs for the same day. */
function loadWork(): Work {
  const metrology = metrologyMaker("household", 1, START)(0);
  let at = START;
  return repeat(1, () => {
    for (const end = at + DAY_MS; at < end; at += PERIOD_MS) metrology.sample(at, at + PERIOD_MS);
  });
}

function dayFigures(effort: Effort): Figure[] {
  const household = time(effort, dayWork("household"), loadWork(), dayWork("constant"));
  const [load, constant] = household.references;
  const day: Figure = {
    id: "day",
    what: "a day of one meter with a household's load",
    value: household.ns / 1e6,
    unit: "ms",
    references: [
      { what: "the source of the load alone", value: load!.ns / 1e6, ratio: load!.ratio },
      { what: "a day with a constant load", value: constant!.ns / 1e6, ratio: constant!.ratio },
    ],
  };
  const years = (ns: number): number => (ns * 365) / 1e9;
  const year: Figure = {
    id: "year",
    what: "a year of one meter, derived",
    value: years(household.ns),
    unit: "s",
    goal: { limit: YEAR_MAX, kind: "at most" },
    references: [{ what: "the source of the load alone", value: years(load!.ns), ratio: load!.ratio }],
  };
  return [day, year];
}

export const ticksGroup: Group = {
  title: "Time",
  measure: (effort) => [...idleFigures(effort), captureFigure(effort), ...dayFigures(effort)],
};
