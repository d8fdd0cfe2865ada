import { Ct } from "./ct";

/** Blocks from which on the tables of GhashVector are made sooner than the products of GhashKey. */
export const GHASH_VECTOR_BLOCKS_MIN: u32 = 4;

/** H times x^0 to x^7, 16 octets each as they travel. Holds nothing between calls. */
const MULTIPLES: usize = ASC_FEATURE_SIMD ? memory.data(128, 16) : 0;

/**
 * For each octet k of a product two tables of 16 octets: octet k of n * H for a nibble n in the upper and in the lower half of an
 * octet. Holds nothing between calls.
 */
const TABLES: usize = ASC_FEATURE_SIMD ? memory.data(512, 16) : 0;

/**
 * GHASH by vector permutation, SP 800-38D 6.4, for builds with SIMD: all 16 octets of a block look up octet k of their product with H at
 * once. The tables stand in registers when a secret indexes them, so no address depends on it (docs/SECURITY.md).
 *
 * It is a second way to the same sums, about twice as fast from a few blocks on. Its tables are 512 octets: too much to keep beside
 * each key and quick enough to be made for each call, so that a key looks the same in every build.
 */
export class GhashVector {
  /** GhashKey.absorb() with the subkey {high, low}. */
  static absorb(high: u64, low: u64, y: usize, at: usize, count: u32): void {
    GhashVector.multiples(high, low);
    GhashVector.tables();
    let sum = v128.load(y);
    for (const end = at + <usize>(count << 4); at != end; at += 16) {
      sum = GhashVector.multiply(v128.xor(sum, v128.load(at)));
    }
    v128.store(y, sum);
    Ct.wipe(MULTIPLES, 128);
    Ct.wipe(TABLES, 512);
  }

  /** Fills MULTIPLES. GHASH counts bits from the most significant one of the first octet, so x moves them down. */
  private static multiples(high: u64, low: u64): void {
    for (let to = MULTIPLES; to != MULTIPLES + 128; to += 16) {
      store<u64>(to, bswap<u64>(high));
      store<u64>(to, bswap<u64>(low), 8);
      // x^128 = 1 + x + x^2 + x^7 comes back where a bit falls out.
      const carry: u64 = 0 - (low & 1);
      low = (low >> 1) | (high << 63);
      high = (high >> 1) ^ (carry & 0xe100000000000000);
    }
  }

  /** Fills TABLES from MULTIPLES: n * H is the sum of the multiples whose bits are set in n. */
  private static tables(): void {
    const bit3 = i8x16(0, 0, 0, 0, 0, 0, 0, 0, -1, -1, -1, -1, -1, -1, -1, -1);
    const bit2 = i8x16(0, 0, 0, 0, -1, -1, -1, -1, 0, 0, 0, 0, -1, -1, -1, -1);
    const bit1 = i8x16(0, 0, -1, -1, 0, 0, -1, -1, 0, 0, -1, -1, 0, 0, -1, -1);
    const bit0 = i8x16(0, -1, 0, -1, 0, -1, 0, -1, 0, -1, 0, -1, 0, -1, 0, -1);
    for (let k: usize = 0; k < 16; k++) {
      for (let half: usize = 0; half < 2; half++) {
        const from = MULTIPLES + (half << 6) + k;
        const upper = v128.xor(
          v128.and(v128.load_splat<u8>(from), bit3),
          v128.and(v128.load_splat<u8>(from, 16), bit2),
        );
        const lower = v128.xor(
          v128.and(v128.load_splat<u8>(from, 32), bit1),
          v128.and(v128.load_splat<u8>(from, 48), bit0),
        );
        v128.store(TABLES + (k << 5) + (half << 4), v128.xor(upper, lower));
      }
    }
  }

  /**
   * The product of x and H. Octet j of x gives octets j to j + 15 of 31: those of the same k are one vector, and Horner's rule over k
   * adds them up, moving the sum up by an octet each time.
   */
  @inline
  private static multiply(x: v128): v128 {
    const mask = i8x16.splat(0x0f);
    const upper = v128.and(i16x8.shr_u(x, 4), mask);
    const lower = v128.and(x, mask);
    const zero = i8x16.splat(0);
    let sum = zero;
    let over = zero;
    for (let at = TABLES + 480; at >= TABLES; at -= 32) {
      over = v128.shuffle<i8>(sum, over, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30);
      sum = v128.shuffle<i8>(zero, sum, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30);
      const product = v128.xor(i8x16.swizzle(v128.load(at), upper), i8x16.swizzle(v128.load(at, 16), lower));
      sum = v128.xor(sum, product);
    }
    // Octets 16 to 30 come back times 1 + x + x^2 + x^7; what moves out of an octet goes into the next.
    const next = v128.shuffle<i8>(zero, over, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30);
    const within = v128.xor(v128.xor(over, i8x16.shr_u(over, 1)), v128.xor(i8x16.shr_u(over, 2), i8x16.shr_u(over, 7)));
    const across = v128.xor(v128.xor(i8x16.shl(next, 7), i8x16.shl(next, 6)), i8x16.shl(next, 1));
    return v128.xor(sum, v128.xor(within, across));
  }
}
