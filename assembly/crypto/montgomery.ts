import { ELLIPTIC } from "../base/suites";

/** The factors that cleared the lower columns. Holds nothing between calls. */
const FACTORS: usize = ELLIPTIC ? memory.data(112, 16) : 0;

/**
 * Montgomery multiplication modulo any odd m, column by column in loops: what the scalars of a curve need, whose modulus
 * has no shape to use. `FieldP256` and `FieldP384` do the same written out.
 */
export class Montgomery {
  /**
   * r = a * b / 2^(limbs * bits) mod m for limbs of `bits` bits and `inverse` = -1/m mod 2^bits. Limbs of a times limbs
   * of b stay below 2^60. `r` may be `a` or `b`.
   */
  static multiply(r: usize, a: usize, b: usize, m: usize, limbs: u32, bits: i64, inverse: i64): void {
    const mask = ((<i64>1) << bits) - 1;
    const size = <usize>(limbs << 3);
    let c: i64 = 0;
    for (let k: usize = 0; k < size; k += 8) {
      for (let i: usize = 0; i <= k; i += 8) c += load<i64>(a + i) * load<i64>(b + k - i);
      for (let i: usize = 0; i < k; i += 8) c += load<i64>(FACTORS + i) * load<i64>(m + k - i);
      const factor = ((c & mask) * inverse) & mask;
      store<i64>(FACTORS + k, factor);
      c = (c + factor * load<i64>(m)) >> bits;
    }
    for (let k: usize = 0; k < size - 8; k += 8) {
      for (let i = k + 8; i < size; i += 8) {
        c += load<i64>(a + i) * load<i64>(b + size + k - i) + load<i64>(FACTORS + i) * load<i64>(m + size + k - i);
      }
      // Limb k of the operands has been read for the last time.
      store<i64>(r + k, c & mask);
      c >>= bits;
    }
    store<i64>(r + size - 8, c);
  }

  /** Removes what is left in scratch. */
  @inline
  static wipeScratch(): void {
    memory.fill(FACTORS, 0, 112);
  }
}
