/**
 * Octets compared and cleared. Comparing is a call: memory.compare() of the compiler stands whole, some 130 octets, wherever it is used.
 * How long it takes depends on what it compares, so secrets are compared by crypto/ct.ts.
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

/**
 * Makes `size` octets zero, a multiple of 8. What is zero already for 32 octets on end is not written: memory of a host that has never been
 * written costs nothing as long as it is only read.
 */
export function octetsClear(at: usize, size: u32): void {
  const end = at + <usize>size;
  let to = at;
  // Most of it is zero already: four words with one look.
  for (; to + 32 <= end; to += 32) {
    if ((load<u64>(to) | load<u64>(to, 8) | load<u64>(to, 16) | load<u64>(to, 24)) == 0) continue;
    store<u64>(to, 0);
    store<u64>(to, 0, 8);
    store<u64>(to, 0, 16);
    store<u64>(to, 0, 24);
  }
  for (; to < end; to += 8) if (load<u64>(to) != 0) store<u64>(to, 0);
}
