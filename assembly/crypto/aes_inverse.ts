import { AesBits } from "./aes_bits";
import { Plane } from "./plane";

/** Planes of the step that runs. Holds nothing between calls. */
const OTHER = memory.data(64, 16);

/**
 * The inverse cipher of FIPS 197 5.3 on the planes of `AesBits`. Only key unwrapping needs it, so it is short rather than
 * fast: each inverse step is made of the forward one.
 */
export class AesInverse {
  /** Decrypts the planes `q` with `rounds` + 1 packed round keys at `roundKey`. FIPS 197 5.3. */
  static decrypt(q: usize, roundKey: usize, rounds: u32): void {
    AesBits.addRoundKey<u64>(q, roundKey + (rounds << 4));
    for (let round = rounds - 1; round > 0; round--) {
      AesInverse.unsubstituteAndUnshift(q);
      AesBits.addRoundKey<u64>(q, roundKey + (round << 4));
      AesInverse.unmixColumns(q);
    }
    AesInverse.unsubstituteAndUnshift(q);
    AesBits.addRoundKey<u64>(q, roundKey);
    memory.fill(OTHER, 0, 64);
  }

  /**
   * InvSubBytes and InvShiftRows. The S-box is S(x) = A(1/x); with B the inverse of A, 1/x = B(S(x)), and the inverse
   * S-box is 1/B(x) = B(S(B(x))). B works on octets alone, so the rows may turn in the middle; three turns undo one.
   */
  private static unsubstituteAndUnshift(q: usize): void {
    AesInverse.unaffine(q);
    AesBits.substituteAndShift(q);
    AesInverse.unaffine(q);
    for (let at = q; at != q + 64; at += 8) store<u64>(at, Plane.shiftRows(Plane.shiftRows(load<u64>(at))));
  }

  /** B: bit i becomes the sum of bits i + 2, i + 5 and i + 7 modulo 8, and 05 is added. */
  private static unaffine(q: usize): void {
    memory.copy(OTHER, q, 64);
    for (let i: usize = 0; i < 8; i++) {
      const sum =
        load<u64>(OTHER + (((i + 2) & 7) << 3)) ^
        load<u64>(OTHER + (((i + 5) & 7) << 3)) ^
        load<u64>(OTHER + (((i + 7) & 7) << 3));
      store<u64>(q + (i << 3), sum ^ (0 - ((0x05 >> (<u64>i)) & 1)));
    }
  }

  /**
   * InvMixColumns, FIPS 197 5.3.3. Its polynomial is that of MixColumns times 4 x^2 + 5: add to each octet four times
   * the sum of itself and the octet two rows on, then mix as in the cipher.
   */
  private static unmixColumns(q: usize): void {
    for (let i: usize = 0; i < 64; i += 8) {
      const x = load<u64>(q + i);
      store<u64>(OTHER + i, x ^ rotr<u64>(x, 32));
    }
    AesInverse.double(OTHER);
    AesInverse.double(OTHER);
    for (let i: usize = 0; i < 64; i += 8) {
      const x = load<u64>(q + i) ^ load<u64>(OTHER + i);
      store<u64>(q + i, x);
      store<u64>(OTHER + i, x ^ rotr<u64>(x, 16));
    }
    // MixColumns: twice the sum with the next octet, the next octet itself, and the two after it.
    for (let i: usize = 0; i < 64; i += 8) {
      const x = load<u64>(q + i);
      store<u64>(q + i, rotr<u64>(x, 16) ^ rotr<u64>(load<u64>(OTHER + i), 32));
    }
    AesInverse.double(OTHER);
    for (let i: usize = 0; i < 64; i += 8) store<u64>(q + i, load<u64>(q + i) ^ load<u64>(OTHER + i));
  }

  /** Doubles every octet in GF(2^8): each plane moves up by one and the top plane is added where 1B has its bits. */
  private static double(q: usize): void {
    const top = load<u64>(q, 56);
    for (let i: usize = 7; i > 0; i--) {
      const carry = top & (0 - ((0x1b >> (<u64>i)) & 1));
      store<u64>(q + (i << 3), load<u64>(q + ((i - 1) << 3)) ^ carry);
    }
    store<u64>(q, top);
  }
}
