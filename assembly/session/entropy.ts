/** The entropy pool of a meter: octets the host gave, each used once. An empty pool refuses, it never repeats. */
import { Err } from "../base/err";
import { Meter } from "../store/block";

/** Octets the pool holds; below half of it the meter asks for more. */
export const ENTROPY_SIZE: u32 = 64;

/** Where the pool stands in the block. */
function pool(meter: Meter): usize {
  return changetype<usize>(meter) + offsetof<Meter>("entropy0");
}

/** Adds up to ENTROPY_SIZE octets; returns how many were taken. */
export function entropyAdd(meter: Meter, at: usize, size: u32): u32 {
  const room = ENTROPY_SIZE - meter.entropySize;
  const taken = size < room ? size : room;
  memory.copy(pool(meter) + <usize>meter.entropySize, at, <usize>taken);
  meter.entropySize += taken;
  return taken;
}

/** Takes `size` octets, which leave the pool. @returns 0 or Err.ENTROPY */
export function entropyTake(meter: Meter, out: usize, size: u32): i32 {
  if (size > meter.entropySize) return Err.ENTROPY;
  meter.entropySize -= size;
  const from = pool(meter) + <usize>meter.entropySize;
  memory.copy(out, from, <usize>size);
  memory.fill(from, 0, <usize>size);
  return Err.OK;
}

export function entropyWanted(meter: Meter): bool {
  return meter.entropySize < ENTROPY_SIZE / 2;
}
