/** Bits of a limb, and their mask. */
const S: i64 = 28;
const M: i64 = (1 << 28) - 1;

/**
 * Montgomery multiplication modulo p = 2^384 - 2^128 - 2^96 + 2^32 - 1 (FIPS 186-4 D.1.2.4) on fourteen signed limbs of
 * 28 bits, in the way of `FieldP256`: 32 = 28 + 4, 96 = 3 * 28 + 12, 128 = 4 * 28 + 16, 384 = 13 * 28 + 20.
 */
export class FieldP384 {
  /** r = a * b / 2^392 mod p. `r` may be `a` or `b`. */
  // prettier-ignore
  static multiply(r: usize, a: usize, b: usize): void {
    const a0 = load<i64>(a); const a1 = load<i64>(a, 8); const a2 = load<i64>(a, 16);
    const a3 = load<i64>(a, 24); const a4 = load<i64>(a, 32); const a5 = load<i64>(a, 40);
    const a6 = load<i64>(a, 48); const a7 = load<i64>(a, 56); const a8 = load<i64>(a, 64);
    const a9 = load<i64>(a, 72); const a10 = load<i64>(a, 80); const a11 = load<i64>(a, 88);
    const a12 = load<i64>(a, 96); const a13 = load<i64>(a, 104);
    const b0 = load<i64>(b); const b1 = load<i64>(b, 8); const b2 = load<i64>(b, 16);
    const b3 = load<i64>(b, 24); const b4 = load<i64>(b, 32); const b5 = load<i64>(b, 40);
    const b6 = load<i64>(b, 48); const b7 = load<i64>(b, 56); const b8 = load<i64>(b, 64);
    const b9 = load<i64>(b, 72); const b10 = load<i64>(b, 80); const b11 = load<i64>(b, 88);
    const b12 = load<i64>(b, 96); const b13 = load<i64>(b, 104);
    let c = a0 * b0; const m0 = c & M;
    c = a0 * b1 + a1 * b0 + (m0 << 4) + (c >> S); const m1 = c & M;
    c = a0 * b2 + a1 * b1 + a2 * b0 + (m1 << 4) + (c >> S); const m2 = c & M;
    c = a0 * b3 + a1 * b2 + a2 * b1 + a3 * b0 - (m0 << 12) + (m2 << 4) + (c >> S); const m3 = c & M;
    c = a0 * b4 + a1 * b3 + a2 * b2 + a3 * b1 + a4 * b0 - (m0 << 16) - (m1 << 12) + (m3 << 4) + (c >> S);
    const m4 = c & M;
    c = a0 * b5 + a1 * b4 + a2 * b3 + a3 * b2 + a4 * b1 + a5 * b0 - (m1 << 16) - (m2 << 12) + (m4 << 4) + (c >> S);
    const m5 = c & M;
    c = a0 * b6 + a1 * b5 + a2 * b4 + a3 * b3 + a4 * b2 + a5 * b1 + a6 * b0 - (m2 << 16) - (m3 << 12) + (m5 << 4)
      + (c >> S); const m6 = c & M;
    c = a0 * b7 + a1 * b6 + a2 * b5 + a3 * b4 + a4 * b3 + a5 * b2 + a6 * b1 + a7 * b0 - (m3 << 16) - (m4 << 12)
      + (m6 << 4) + (c >> S); const m7 = c & M;
    c = a0 * b8 + a1 * b7 + a2 * b6 + a3 * b5 + a4 * b4 + a5 * b3 + a6 * b2 + a7 * b1 + a8 * b0 - (m4 << 16)
      - (m5 << 12) + (m7 << 4) + (c >> S); const m8 = c & M;
    c = a0 * b9 + a1 * b8 + a2 * b7 + a3 * b6 + a4 * b5 + a5 * b4 + a6 * b3 + a7 * b2 + a8 * b1 + a9 * b0
      - (m5 << 16) - (m6 << 12) + (m8 << 4) + (c >> S); const m9 = c & M;
    c = a0 * b10 + a1 * b9 + a2 * b8 + a3 * b7 + a4 * b6 + a5 * b5 + a6 * b4 + a7 * b3 + a8 * b2 + a9 * b1
      + a10 * b0 - (m6 << 16) - (m7 << 12) + (m9 << 4) + (c >> S); const m10 = c & M;
    c = a0 * b11 + a1 * b10 + a2 * b9 + a3 * b8 + a4 * b7 + a5 * b6 + a6 * b5 + a7 * b4 + a8 * b3 + a9 * b2
      + a10 * b1 + a11 * b0 - (m7 << 16) - (m8 << 12) + (m10 << 4) + (c >> S); const m11 = c & M;
    c = a0 * b12 + a1 * b11 + a2 * b10 + a3 * b9 + a4 * b8 + a5 * b7 + a6 * b6 + a7 * b5 + a8 * b4 + a9 * b3
      + a10 * b2 + a11 * b1 + a12 * b0 - (m8 << 16) - (m9 << 12) + (m11 << 4) + (c >> S); const m12 = c & M;
    c = a0 * b13 + a1 * b12 + a2 * b11 + a3 * b10 + a4 * b9 + a5 * b8 + a6 * b7 + a7 * b6 + a8 * b5 + a9 * b4
      + a10 * b3 + a11 * b2 + a12 * b1 + a13 * b0 + (m0 << 20) - (m9 << 16) - (m10 << 12) + (m12 << 4) + (c >> S);
    const m13 = c & M;
    c = a1 * b13 + a2 * b12 + a3 * b11 + a4 * b10 + a5 * b9 + a6 * b8 + a7 * b7 + a8 * b6 + a9 * b5 + a10 * b4
      + a11 * b3 + a12 * b2 + a13 * b1 + (m1 << 20) - (m10 << 16) - (m11 << 12) + (m13 << 4) + (c >> S);
    store<i64>(r, c & M);
    c = a2 * b13 + a3 * b12 + a4 * b11 + a5 * b10 + a6 * b9 + a7 * b8 + a8 * b7 + a9 * b6 + a10 * b5 + a11 * b4
      + a12 * b3 + a13 * b2 + (m2 << 20) - (m11 << 16) - (m12 << 12) + (c >> S); store<i64>(r, c & M, 8);
    c = a3 * b13 + a4 * b12 + a5 * b11 + a6 * b10 + a7 * b9 + a8 * b8 + a9 * b7 + a10 * b6 + a11 * b5 + a12 * b4
      + a13 * b3 + (m3 << 20) - (m12 << 16) - (m13 << 12) + (c >> S); store<i64>(r, c & M, 16);
    c = a4 * b13 + a5 * b12 + a6 * b11 + a7 * b10 + a8 * b9 + a9 * b8 + a10 * b7 + a11 * b6 + a12 * b5 + a13 * b4
      + (m4 << 20) - (m13 << 16) + (c >> S); store<i64>(r, c & M, 24);
    c = a5 * b13 + a6 * b12 + a7 * b11 + a8 * b10 + a9 * b9 + a10 * b8 + a11 * b7 + a12 * b6 + a13 * b5 + (m5 << 20)
      + (c >> S); store<i64>(r, c & M, 32);
    c = a6 * b13 + a7 * b12 + a8 * b11 + a9 * b10 + a10 * b9 + a11 * b8 + a12 * b7 + a13 * b6 + (m6 << 20)
      + (c >> S); store<i64>(r, c & M, 40);
    c = a7 * b13 + a8 * b12 + a9 * b11 + a10 * b10 + a11 * b9 + a12 * b8 + a13 * b7 + (m7 << 20) + (c >> S);
    store<i64>(r, c & M, 48);
    c = a8 * b13 + a9 * b12 + a10 * b11 + a11 * b10 + a12 * b9 + a13 * b8 + (m8 << 20) + (c >> S);
    store<i64>(r, c & M, 56);
    c = a9 * b13 + a10 * b12 + a11 * b11 + a12 * b10 + a13 * b9 + (m9 << 20) + (c >> S); store<i64>(r, c & M, 64);
    c = a10 * b13 + a11 * b12 + a12 * b11 + a13 * b10 + (m10 << 20) + (c >> S); store<i64>(r, c & M, 72);
    c = a11 * b13 + a12 * b12 + a13 * b11 + (m11 << 20) + (c >> S); store<i64>(r, c & M, 80);
    c = a12 * b13 + a13 * b12 + (m12 << 20) + (c >> S); store<i64>(r, c & M, 88);
    c = a13 * b13 + (m13 << 20) + (c >> S); store<i64>(r, c & M, 96);
    c = c >> S; store<i64>(r, c, 104);
  }

  /** r = a * a / 2^392 mod p. `r` may be `a`. */
  // prettier-ignore
  static square(r: usize, a: usize): void {
    const a0 = load<i64>(a); const a1 = load<i64>(a, 8); const a2 = load<i64>(a, 16);
    const a3 = load<i64>(a, 24); const a4 = load<i64>(a, 32); const a5 = load<i64>(a, 40);
    const a6 = load<i64>(a, 48); const a7 = load<i64>(a, 56); const a8 = load<i64>(a, 64);
    const a9 = load<i64>(a, 72); const a10 = load<i64>(a, 80); const a11 = load<i64>(a, 88);
    const a12 = load<i64>(a, 96); const a13 = load<i64>(a, 104);
    const d0 = a0 << 1; const d1 = a1 << 1; const d2 = a2 << 1; const d3 = a3 << 1; const d4 = a4 << 1;
    const d5 = a5 << 1; const d6 = a6 << 1; const d7 = a7 << 1; const d8 = a8 << 1; const d9 = a9 << 1;
    const d10 = a10 << 1; const d11 = a11 << 1; const d12 = a12 << 1;
    let c = a0 * a0; const m0 = c & M;
    c = d0 * a1 + (m0 << 4) + (c >> S); const m1 = c & M;
    c = d0 * a2 + a1 * a1 + (m1 << 4) + (c >> S); const m2 = c & M;
    c = d0 * a3 + d1 * a2 - (m0 << 12) + (m2 << 4) + (c >> S); const m3 = c & M;
    c = d0 * a4 + d1 * a3 + a2 * a2 - (m0 << 16) - (m1 << 12) + (m3 << 4) + (c >> S); const m4 = c & M;
    c = d0 * a5 + d1 * a4 + d2 * a3 - (m1 << 16) - (m2 << 12) + (m4 << 4) + (c >> S); const m5 = c & M;
    c = d0 * a6 + d1 * a5 + d2 * a4 + a3 * a3 - (m2 << 16) - (m3 << 12) + (m5 << 4) + (c >> S); const m6 = c & M;
    c = d0 * a7 + d1 * a6 + d2 * a5 + d3 * a4 - (m3 << 16) - (m4 << 12) + (m6 << 4) + (c >> S); const m7 = c & M;
    c = d0 * a8 + d1 * a7 + d2 * a6 + d3 * a5 + a4 * a4 - (m4 << 16) - (m5 << 12) + (m7 << 4) + (c >> S);
    const m8 = c & M;
    c = d0 * a9 + d1 * a8 + d2 * a7 + d3 * a6 + d4 * a5 - (m5 << 16) - (m6 << 12) + (m8 << 4) + (c >> S);
    const m9 = c & M;
    c = d0 * a10 + d1 * a9 + d2 * a8 + d3 * a7 + d4 * a6 + a5 * a5 - (m6 << 16) - (m7 << 12) + (m9 << 4) + (c >> S);
    const m10 = c & M;
    c = d0 * a11 + d1 * a10 + d2 * a9 + d3 * a8 + d4 * a7 + d5 * a6 - (m7 << 16) - (m8 << 12) + (m10 << 4)
      + (c >> S); const m11 = c & M;
    c = d0 * a12 + d1 * a11 + d2 * a10 + d3 * a9 + d4 * a8 + d5 * a7 + a6 * a6 - (m8 << 16) - (m9 << 12)
      + (m11 << 4) + (c >> S); const m12 = c & M;
    c = d0 * a13 + d1 * a12 + d2 * a11 + d3 * a10 + d4 * a9 + d5 * a8 + d6 * a7 + (m0 << 20) - (m9 << 16)
      - (m10 << 12) + (m12 << 4) + (c >> S); const m13 = c & M;
    c = d1 * a13 + d2 * a12 + d3 * a11 + d4 * a10 + d5 * a9 + d6 * a8 + a7 * a7 + (m1 << 20) - (m10 << 16)
      - (m11 << 12) + (m13 << 4) + (c >> S); store<i64>(r, c & M);
    c = d2 * a13 + d3 * a12 + d4 * a11 + d5 * a10 + d6 * a9 + d7 * a8 + (m2 << 20) - (m11 << 16) - (m12 << 12)
      + (c >> S); store<i64>(r, c & M, 8);
    c = d3 * a13 + d4 * a12 + d5 * a11 + d6 * a10 + d7 * a9 + a8 * a8 + (m3 << 20) - (m12 << 16) - (m13 << 12)
      + (c >> S); store<i64>(r, c & M, 16);
    c = d4 * a13 + d5 * a12 + d6 * a11 + d7 * a10 + d8 * a9 + (m4 << 20) - (m13 << 16) + (c >> S);
    store<i64>(r, c & M, 24);
    c = d5 * a13 + d6 * a12 + d7 * a11 + d8 * a10 + a9 * a9 + (m5 << 20) + (c >> S); store<i64>(r, c & M, 32);
    c = d6 * a13 + d7 * a12 + d8 * a11 + d9 * a10 + (m6 << 20) + (c >> S); store<i64>(r, c & M, 40);
    c = d7 * a13 + d8 * a12 + d9 * a11 + a10 * a10 + (m7 << 20) + (c >> S); store<i64>(r, c & M, 48);
    c = d8 * a13 + d9 * a12 + d10 * a11 + (m8 << 20) + (c >> S); store<i64>(r, c & M, 56);
    c = d9 * a13 + d10 * a12 + a11 * a11 + (m9 << 20) + (c >> S); store<i64>(r, c & M, 64);
    c = d10 * a13 + d11 * a12 + (m10 << 20) + (c >> S); store<i64>(r, c & M, 72);
    c = d11 * a13 + a12 * a12 + (m11 << 20) + (c >> S); store<i64>(r, c & M, 80);
    c = d12 * a13 + (m12 << 20) + (c >> S); store<i64>(r, c & M, 88);
    c = a13 * a13 + (m13 << 20) + (c >> S); store<i64>(r, c & M, 96);
    c = c >> S; store<i64>(r, c, 104);
  }
}
