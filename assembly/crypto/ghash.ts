import { GhashVector, GHASH_VECTOR_BLOCKS_MIN } from "./ghash_vector";

/** Octets of a `GhashKey`. */
export const GHASH_KEY_SIZE: u32 = 32;

/**
 * GHASH, SP 800-38D 6.4, without tables: carry-less products come from integer multiplications of every fourth bit,
 * with holes wide enough for the carries (BearSSL `src/hash/ghash_ctmul64.c` explains the idea).
 *
 * A 64 x 64 product needs 128 bits and an integer multiplication gives 64, so the upper half is the lower half of the
 * product of the reversed operands, reversed. Karatsuba over the halves makes three such pairs per block.
 *
 *   0  high         u64, first 8 octets of H as a big endian number
 *   8  low          u64, last 8 octets
 *   16 highReversed u64, `high` with its bits in the other order
 *   24 lowReversed  u64
 */
@unmanaged
export class GhashKey {
  high: u64;
  low: u64;
  highReversed: u64;
  lowReversed: u64;

  /** Takes the hash subkey H from 16 octets. */
  take(octets: usize): void {
    this.high = bswap<u64>(load<u64>(octets));
    this.low = bswap<u64>(load<u64>(octets, 8));
    this.highReversed = GhashKey.reverse(this.high);
    this.lowReversed = GhashKey.reverse(this.low);
  }

  /** The lower 64 bits of the carry-less product of x and y. */
  // prettier-ignore
  private static multiply(x: u64, y: u64): u64 {
    const x0 = x & 0x1111111111111111; const x1 = x & 0x2222222222222222;
    const x2 = x & 0x4444444444444444; const x3 = x & 0x8888888888888888;
    const y0 = y & 0x1111111111111111; const y1 = y & 0x2222222222222222;
    const y2 = y & 0x4444444444444444; const y3 = y & 0x8888888888888888;
    return (
      (((x0 * y0) ^ (x1 * y3) ^ (x2 * y2) ^ (x3 * y1)) & 0x1111111111111111) |
      (((x0 * y1) ^ (x1 * y0) ^ (x2 * y3) ^ (x3 * y2)) & 0x2222222222222222) |
      (((x0 * y2) ^ (x1 * y1) ^ (x2 * y0) ^ (x3 * y3)) & 0x4444444444444444) |
      (((x0 * y3) ^ (x1 * y2) ^ (x2 * y1) ^ (x3 * y0)) & 0x8888888888888888)
    );
  }

  /** The 64 bits of x in the other order. */
  @inline
  private static reverse(x: u64): u64 {
    let y = ((x & 0x5555555555555555) << 1) | ((x >> 1) & 0x5555555555555555);
    y = ((y & 0x3333333333333333) << 2) | ((y >> 2) & 0x3333333333333333);
    y = ((y & 0x0f0f0f0f0f0f0f0f) << 4) | ((y >> 4) & 0x0f0f0f0f0f0f0f0f);
    return bswap<u64>(y);
  }

  /**
   * Y = (Y ^ X) * H for each of the `count` blocks X at `at`. Y is the 16 octets at `y`, in the order they travel.
   * With no block at all it does nothing.
   */
  absorb(y: usize, at: usize, count: u32): void {
    if (ASC_FEATURE_SIMD) {
      if (count >= GHASH_VECTOR_BLOCKS_MIN) {
        GhashVector.absorb(this.high, this.low, y, at, count);
        return;
      }
    }
    const h1 = this.high;
    const h0 = this.low;
    const h1r = this.highReversed;
    const h0r = this.lowReversed;
    let y1 = bswap<u64>(load<u64>(y));
    let y0 = bswap<u64>(load<u64>(y, 8));
    for (const end = at + <usize>(count << 4); at != end; at += 16) {
      y1 ^= bswap<u64>(load<u64>(at));
      y0 ^= bswap<u64>(load<u64>(at, 8));
      const y1r = GhashKey.reverse(y1);
      const y0r = GhashKey.reverse(y0);
      const low = GhashKey.multiply(y0, h0);
      const high = GhashKey.multiply(y1, h1);
      const middle = GhashKey.multiply(y0 ^ y1, h0 ^ h1) ^ low ^ high;
      const lowR = GhashKey.multiply(y0r, h0r);
      const highR = GhashKey.multiply(y1r, h1r);
      const middleR = GhashKey.multiply(y0r ^ y1r, h0r ^ h1r) ^ lowR ^ highR;
      // 255 bits in four words, the lowest first, moved up by one since GHASH counts bits from the other end.
      let v0 = low;
      let v1 = (GhashKey.reverse(lowR) >> 1) ^ middle;
      let v2 = (GhashKey.reverse(middleR) >> 1) ^ high;
      let v3 = GhashKey.reverse(highR) >> 1;
      v3 = (v3 << 1) | (v2 >> 63);
      v2 = (v2 << 1) | (v1 >> 63);
      v1 = (v1 << 1) | (v0 >> 63);
      v0 = v0 << 1;
      // Reduction by x^128 + x^7 + x^2 + x + 1, one word at a time.
      v2 ^= v0 ^ (v0 >> 1) ^ (v0 >> 2) ^ (v0 >> 7);
      v1 ^= (v0 << 63) ^ (v0 << 62) ^ (v0 << 57);
      y1 = v3 ^ v1 ^ (v1 >> 1) ^ (v1 >> 2) ^ (v1 >> 7);
      y0 = v2 ^ (v1 << 63) ^ (v1 << 62) ^ (v1 << 57);
    }
    store<u64>(y, bswap<u64>(y1));
    store<u64>(y, bswap<u64>(y0), 8);
  }
}
