/**
 * Tells whether this processor is all ours. A virtual processor is often one of two threads of a real one, and what the other does,
 * which may be somebody else's work, slows this one by a factor of up to two. The system counts none of that. A probe shows it: additions
 * that wait for nothing but a free adder take the same time whenever they have all adders, to a few in a hundred, and up to twice
 * as long when they share them. The probe is the judge, never the work that is timed: of that nothing is dropped for having been slow.
 */
import { Primitives } from "./primitives.ts";

/** Rounds of a probe, which takes some 10 µs. */
const ROUNDS = 9000;
/** Probes until the better compiler has done its work. */
const WARM_UP = 3000;
/** How much longer than the shortest one a probe may take. */
const QUIET_MAX = 1.05;
/**
 * A shortest probe is to be believed once so many were as short, to one in fifty: those of a quiet processor are, those of another one differ.
 * How long they are looked for at most, ms, within the patience.
 */
const CONFIRMATIONS = 1000;
const ALIKE_MAX = 1.02;
const CONFIRM_MS = 20_000;
/** Part of its time that the process must have had a processor. */
const OWN_TIME_MIN = 0.95;
/** At most so much of the patience goes to one sample, ms, and so many tries: what takes long is seldom left alone. */
const SAMPLE_PATIENCE_MS = 500;
export const TRIES_MAX = 10;

let add: ((rounds: number) => number) | undefined;
let shortest = Infinity;
/** Probes that were as short. */
let alike = 0;
let patience = 0;
const counts = { samples: 0, disturbed: 0 };

function probe(): number {
  const begin = performance.now();
  add!(ROUNDS);
  const time = performance.now() - begin;
  if (time * ALIKE_MAX < shortest) alike = 0;
  if (time <= shortest * ALIKE_MAX) alike++;
  shortest = Math.min(shortest, time);
  return time;
}

/** One probe: whether nothing else ran on the processor meanwhile, as far as the shortest probe of this process can tell. */
export function isQuiet(): boolean {
  if (add === undefined) {
    add = new Primitives().exports["additions"]!;
    for (let i = 0; i < WARM_UP; i++) probe();
  }
  return probe() <= shortest * QUIET_MAX;
}

/** Probes until the processor is quiet, or until performance.now() passes `end`. @returns whether it is quiet */
function quietWait(end: number): boolean {
  while (!isQuiet()) if (performance.now() > end) return false;
  return true;
}

/** Processor time of this process, ms. */
function ownTime(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/**
 * From now on samples wait for a quiet processor, all of them together at most so long, ms. Before this is called none does. Takes the time to
 * learn how long a probe takes on a quiet processor.
 */
export function patienceGive(ms: number): void {
  patience = ms;
  isQuiet();
  for (const end = performance.now() + Math.min(ms, CONFIRM_MS); alike < CONFIRMATIONS && performance.now() < end;)
    probe();
}

/** Goes on with `work` until it says that it has what it needs, at most so long, ms, and as the patience lasts. */
export function patiently(ms: number, work: () => boolean): void {
  const begin = performance.now();
  const end = begin + Math.min(ms, patience);
  while (performance.now() < end && !work());
  patience = Math.max(0, patience - (performance.now() - begin));
}

/** What `run` gave at first, whatever else the processor did, and what it gave while the processor was quiet. */
export interface Tried<T> {
  readonly first: T;
  readonly result: T;
  /** False where the patience came to its end before: then the result is that of the last try. */
  readonly quiet: boolean;
}

/**
 * Runs until a run was undisturbed: the probes before and behind it were short, and the process kept its processor. `prepare` comes before
 * each run and does not count.
 */
export function quietly<T>(prepare: () => void, run: () => T): Tried<T> {
  const begin = performance.now();
  const end = begin + Math.min(patience, SAMPLE_PATIENCE_MS);
  let first: { readonly value: T } | undefined;
  for (let tries = 1; ; tries++) {
    prepare();
    const before = first === undefined ? isQuiet() : quietWait(end);
    const [ownBegin, runBegin] = [ownTime(), performance.now()];
    const result = run();
    const kept = ownTime() - ownBegin >= (performance.now() - runBegin) * OWN_TIME_MIN;
    const quiet = isQuiet() && before && kept;
    first ??= { value: result };
    if (!quiet && tries < TRIES_MAX && performance.now() < end) continue;
    patience = Math.max(0, patience - (runBegin - begin));
    sampleCount(quiet);
    return { first: first.value, result, quiet };
  }
}

/** Counts a sample that is kept. */
export function sampleCount(quiet: boolean): void {
  counts.samples++;
  if (!quiet) counts.disturbed++;
}

/** Samples, and those for which no quiet processor was found. */
export interface Samples {
  readonly samples: number;
  readonly disturbed: number;
}

/** Samples of this run so far. */
export function samplesSoFar(): Samples {
  return { ...counts };
}
