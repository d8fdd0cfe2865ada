/** Bits of a limb, and their mask. */
const S: i64 = 29;
const M: i64 = (1 << 29) - 1;

/**
 * Montgomery multiplication modulo p = 2^256 - 2^224 + 2^192 + 2^96 - 1 (FIPS 186-4 D.1.2.3) on nine signed limbs of
 * 29 bits, column by column. p ends in 29 ones, so the factor that clears a column is the column itself, m, and adding
 * m * p means to drop it and to add m at the four other powers of two of p: 96 = 3 * 29 + 9, 192 = 6 * 29 + 18,
 * 224 = 7 * 29 + 21, 256 = 8 * 29 + 24. What operands may be is said at `Field`.
 */
export class FieldP256 {
  /** r = a * b / 2^261 mod p. `r` may be `a` or `b`. */
  // prettier-ignore
  static multiply(r: usize, a: usize, b: usize): void {
    const a0 = load<i64>(a); const a1 = load<i64>(a, 8); const a2 = load<i64>(a, 16);
    const a3 = load<i64>(a, 24); const a4 = load<i64>(a, 32); const a5 = load<i64>(a, 40);
    const a6 = load<i64>(a, 48); const a7 = load<i64>(a, 56); const a8 = load<i64>(a, 64);
    const b0 = load<i64>(b); const b1 = load<i64>(b, 8); const b2 = load<i64>(b, 16);
    const b3 = load<i64>(b, 24); const b4 = load<i64>(b, 32); const b5 = load<i64>(b, 40);
    const b6 = load<i64>(b, 48); const b7 = load<i64>(b, 56); const b8 = load<i64>(b, 64);
    let c = a0 * b0; const m0 = c & M;
    c = a0 * b1 + a1 * b0 + (c >> S); const m1 = c & M;
    c = a0 * b2 + a1 * b1 + a2 * b0 + (c >> S); const m2 = c & M;
    c = a0 * b3 + a1 * b2 + a2 * b1 + a3 * b0 + (m0 << 9) + (c >> S); const m3 = c & M;
    c = a0 * b4 + a1 * b3 + a2 * b2 + a3 * b1 + a4 * b0 + (m1 << 9) + (c >> S); const m4 = c & M;
    c = a0 * b5 + a1 * b4 + a2 * b3 + a3 * b2 + a4 * b1 + a5 * b0 + (m2 << 9) + (c >> S); const m5 = c & M;
    c = a0 * b6 + a1 * b5 + a2 * b4 + a3 * b3 + a4 * b2 + a5 * b1 + a6 * b0 + (m0 << 18) + (m3 << 9) + (c >> S);
    const m6 = c & M;
    c = a0 * b7 + a1 * b6 + a2 * b5 + a3 * b4 + a4 * b3 + a5 * b2 + a6 * b1 + a7 * b0 - (m0 << 21) + (m1 << 18)
      + (m4 << 9) + (c >> S); const m7 = c & M;
    c = a0 * b8 + a1 * b7 + a2 * b6 + a3 * b5 + a4 * b4 + a5 * b3 + a6 * b2 + a7 * b1 + a8 * b0 + (m0 << 24)
      - (m1 << 21) + (m2 << 18) + (m5 << 9) + (c >> S); const m8 = c & M;
    c = a1 * b8 + a2 * b7 + a3 * b6 + a4 * b5 + a5 * b4 + a6 * b3 + a7 * b2 + a8 * b1 + (m1 << 24) - (m2 << 21)
      + (m3 << 18) + (m6 << 9) + (c >> S); store<i64>(r, c & M);
    c = a2 * b8 + a3 * b7 + a4 * b6 + a5 * b5 + a6 * b4 + a7 * b3 + a8 * b2 + (m2 << 24) - (m3 << 21) + (m4 << 18)
      + (m7 << 9) + (c >> S); store<i64>(r, c & M, 8);
    c = a3 * b8 + a4 * b7 + a5 * b6 + a6 * b5 + a7 * b4 + a8 * b3 + (m3 << 24) - (m4 << 21) + (m5 << 18) + (m8 << 9)
      + (c >> S); store<i64>(r, c & M, 16);
    c = a4 * b8 + a5 * b7 + a6 * b6 + a7 * b5 + a8 * b4 + (m4 << 24) - (m5 << 21) + (m6 << 18) + (c >> S);
    store<i64>(r, c & M, 24);
    c = a5 * b8 + a6 * b7 + a7 * b6 + a8 * b5 + (m5 << 24) - (m6 << 21) + (m7 << 18) + (c >> S);
    store<i64>(r, c & M, 32);
    c = a6 * b8 + a7 * b7 + a8 * b6 + (m6 << 24) - (m7 << 21) + (m8 << 18) + (c >> S); store<i64>(r, c & M, 40);
    c = a7 * b8 + a8 * b7 + (m7 << 24) - (m8 << 21) + (c >> S); store<i64>(r, c & M, 48);
    c = a8 * b8 + (m8 << 24) + (c >> S); store<i64>(r, c & M, 56);
    c = c >> S; store<i64>(r, c, 64);
  }

  /** r = a * a / 2^261 mod p. `r` may be `a`. */
  // prettier-ignore
  static square(r: usize, a: usize): void {
    const a0 = load<i64>(a); const a1 = load<i64>(a, 8); const a2 = load<i64>(a, 16);
    const a3 = load<i64>(a, 24); const a4 = load<i64>(a, 32); const a5 = load<i64>(a, 40);
    const a6 = load<i64>(a, 48); const a7 = load<i64>(a, 56); const a8 = load<i64>(a, 64);
    const d0 = a0 << 1; const d1 = a1 << 1; const d2 = a2 << 1; const d3 = a3 << 1; const d4 = a4 << 1;
    const d5 = a5 << 1; const d6 = a6 << 1; const d7 = a7 << 1;
    let c = a0 * a0; const m0 = c & M;
    c = d0 * a1 + (c >> S); const m1 = c & M;
    c = d0 * a2 + a1 * a1 + (c >> S); const m2 = c & M;
    c = d0 * a3 + d1 * a2 + (m0 << 9) + (c >> S); const m3 = c & M;
    c = d0 * a4 + d1 * a3 + a2 * a2 + (m1 << 9) + (c >> S); const m4 = c & M;
    c = d0 * a5 + d1 * a4 + d2 * a3 + (m2 << 9) + (c >> S); const m5 = c & M;
    c = d0 * a6 + d1 * a5 + d2 * a4 + a3 * a3 + (m0 << 18) + (m3 << 9) + (c >> S); const m6 = c & M;
    c = d0 * a7 + d1 * a6 + d2 * a5 + d3 * a4 - (m0 << 21) + (m1 << 18) + (m4 << 9) + (c >> S); const m7 = c & M;
    c = d0 * a8 + d1 * a7 + d2 * a6 + d3 * a5 + a4 * a4 + (m0 << 24) - (m1 << 21) + (m2 << 18) + (m5 << 9)
      + (c >> S); const m8 = c & M;
    c = d1 * a8 + d2 * a7 + d3 * a6 + d4 * a5 + (m1 << 24) - (m2 << 21) + (m3 << 18) + (m6 << 9) + (c >> S);
    store<i64>(r, c & M);
    c = d2 * a8 + d3 * a7 + d4 * a6 + a5 * a5 + (m2 << 24) - (m3 << 21) + (m4 << 18) + (m7 << 9) + (c >> S);
    store<i64>(r, c & M, 8);
    c = d3 * a8 + d4 * a7 + d5 * a6 + (m3 << 24) - (m4 << 21) + (m5 << 18) + (m8 << 9) + (c >> S);
    store<i64>(r, c & M, 16);
    c = d4 * a8 + d5 * a7 + a6 * a6 + (m4 << 24) - (m5 << 21) + (m6 << 18) + (c >> S); store<i64>(r, c & M, 24);
    c = d5 * a8 + d6 * a7 + (m5 << 24) - (m6 << 21) + (m7 << 18) + (c >> S); store<i64>(r, c & M, 32);
    c = d6 * a8 + a7 * a7 + (m6 << 24) - (m7 << 21) + (m8 << 18) + (c >> S); store<i64>(r, c & M, 40);
    c = d7 * a8 + (m7 << 24) - (m8 << 21) + (c >> S); store<i64>(r, c & M, 48);
    c = a8 * a8 + (m8 << 24) + (c >> S); store<i64>(r, c & M, 56);
    c = c >> S; store<i64>(r, c, 64);
  }
}
