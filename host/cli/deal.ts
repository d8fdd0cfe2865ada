/** How the meters of a service are dealt out to its threads. */
import { SHARD_SHARE } from "../flash/shard.ts";

/** Meters of consecutive numbers. */
export interface MeterRange {
  readonly first: number;
  readonly count: number;
}

/** Meters that stay with one thread: those whose states share octets of a file. */
export const metersTogether = (state: string | undefined): number => (state === undefined ? 1 : SHARD_SHARE);

/** Contiguous ranges of meters, one for each of `workers` threads, as equal as they get when `together` meters stay with one thread. */
export function meterRanges(meters: number, workers: number, together: number): MeterRange[] {
  const groups = Math.ceil(meters / together);
  const edge = (worker: number): number => Math.min(meters, Math.floor((groups * worker) / workers) * together);
  return Array.from({ length: workers }, (_, worker) => ({
    first: edge(worker),
    count: edge(worker + 1) - edge(worker),
  }));
}

export const has = ({ first, count }: MeterRange, meter: number): boolean => meter >= first && meter < first + count;

/** "meter 3" or "meters 0 to 7" */
export function rangeText({ first, count }: MeterRange): string {
  return count === 1 ? `meter ${first}` : `meters ${first} to ${first + count - 1}`;
}
