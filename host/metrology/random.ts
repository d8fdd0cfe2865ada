/** Reproducible chance: a number that depends on its arguments alone, so any instant can be asked for in any order. */

/** Mixes 32 bits (the finalizer of MurmurHash3, public domain). */
function mix(value: number): number {
  let h = value;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/** A u32 for a seed and two numbers. */
export function hash(seed: number, a: number, b: number): number {
  return mix(mix(mix(seed ^ 0x9e3779b9) ^ (a | 0)) ^ (b | 0));
}

/** The same as a number in [0, 1). */
export function chance(seed: number, a: number, b: number): number {
  return hash(seed, a, b) / 0x100000000;
}
