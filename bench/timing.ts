/**
 * Times work by medians. A figure and its references are sampled in turns, so that whatever else the machine does falls on
 * all of them alike, and their ratio says more than either time. Each is a sample of a quiet processor, where quiet.ts finds it quiet.
 */
import type { Effort } from "./figure.ts";
import { quietly, type Tried } from "./quiet.ts";

/** Work in batches. `prepare` is not timed; `run` does one batch and says how many operations it held. */
export interface Work {
  prepare?(): void;
  run(): number;
}

export interface Timed {
  /** Nanoseconds of one operation, median. */
  readonly ns: number;
  /** The same of the fastest sample: what to compare with work that could not be sampled in turns. */
  readonly bestNs: number;
  /** The median of first tries, whatever else the processor did. */
  readonly firstNs: number;
  /** Of each reference: nanoseconds of one operation, and the median ratio of the work to it. */
  readonly references: readonly { readonly ns: number; readonly ratio: number }[];
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** Nanoseconds of one operation over one batch. */
export function sample(work: Work): Tried<number> {
  const once = (): number => {
    const begin = performance.now();
    const operations = work.run();
    return ((performance.now() - begin) * 1e6) / operations;
  };
  return quietly(() => work.prepare?.(), once);
}

/** Runs the work until it has been compiled by the better compiler, as far as a time can tell; preparing does not count. */
function warmUp(work: Work, milliseconds: number): void {
  for (let spent = 0; spent < milliseconds;) {
    work.prepare?.();
    const begin = performance.now();
    work.run();
    spent += performance.now() - begin;
  }
}

/** Times `work` and its references in turns. */
export function time(effort: Effort, work: Work, ...references: Work[]): Timed {
  const all = [work, ...references];
  for (const one of all) warmUp(one, effort.warmUpMs);
  const samples = all.map((): Tried<number>[] => []);
  for (let round = 0; round < effort.rounds; round++) all.forEach((one, i) => samples[i]!.push(sample(one)));
  const [own, ...others] = samples.map((tried) => tried.map(({ result }) => result));
  return {
    ns: median(own!),
    bestNs: Math.min(...own!),
    firstNs: median(samples[0]!.map(({ first }) => first)),
    references: others.map((other) => ({
      ns: median(other),
      ratio: median(own!.map((value, round) => value / other[round]!)),
    })),
  };
}

/** Work that repeats one operation. */
export function repeat(count: number, operation: () => void): Work {
  return {
    run() {
      for (let i = 0; i < count; i++) operation();
      return count;
    },
  };
}
