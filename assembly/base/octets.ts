/**
 * Octets compared, as a call: memory.compare() of the compiler stands whole, some 130 octets, wherever it is used. How long it takes
 * depends on what it compares, so secrets are compared by crypto/ct.ts.
 */

/** Below 0, 0 or above 0 as the `size` octets at `a` come before those at `b`, are the same, or come behind them. */
export function octetsCompare(a: usize, b: usize, size: u32): i32 {
  for (let i: usize = 0; i < <usize>size; i++) {
    const difference = <i32>load<u8>(a + i) - <i32>load<u8>(b + i);
    if (difference != 0) return difference;
  }
  return 0;
}

/** Whether the `size` octets at `a` and at `b` are the same. */
export function octetsSame(a: usize, b: usize, size: u32): bool {
  return octetsCompare(a, b, size) == 0;
}
