/** What handles secrets without telling them: no branch and no address here depends on an octet. */
export class Ct {
  /** 1 when the `size` octets at `a` and `b` are equal, else 0; reads all of them either way. */
  static equal(a: usize, b: usize, size: u32): i32 {
    let difference: u32 = 0;
    for (let i: u32 = 0; i < size; i++) difference |= (<u32>load<u8>(a + i)) ^ (<u32>load<u8>(b + i));
    return <i32>((difference - 1) >> 31);
  }

  /** Overwrites `size` octets with zero. */
  @inline
  static wipe(at: usize, size: u32): void {
    memory.fill(at, 0, size);
  }

  /** Writes a XOR b over `size` octets to `out`, which may be `a` or `b` itself. */
  static xor(out: usize, a: usize, b: usize, size: u32): void {
    let i: u32 = 0;
    for (; i + 8 <= size; i += 8) store<u64>(out + i, load<u64>(a + i) ^ load<u64>(b + i));
    for (; i < size; i++) store<u8>(out + i, load<u8>(a + i) ^ load<u8>(b + i));
  }
}
