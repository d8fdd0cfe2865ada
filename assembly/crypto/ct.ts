/** What handles secrets without telling them: no branch and no address here depends on an octet. */
export class Ct {
  /**
   * Lets `value`, which was made from secrets, be known: whether a tag was right, a key in range. Only what has passed
   * here may decide a branch. `test/ct` puts a mark in its place and looks for any other way out.
   */
  @inline
  static declassify(value: i32): i32 {
    return value;
  }

  /** 1 when the `size` octets at `a` and `b` are equal, else 0; reads all of them either way. The answer may be known. */
  static equal(a: usize, b: usize, size: u32): i32 {
    let difference: u32 = 0;
    for (let i: u32 = 0; i < size; i++) difference |= (<u32>load<u8>(a + i)) ^ (<u32>load<u8>(b + i));
    return Ct.declassify(<i32>((difference - 1) >> 31));
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
