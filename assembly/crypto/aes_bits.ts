import { Plane as P } from "./plane";

/** Two round keys of zero. */
const ZERO = memory.data(32, 16);

/**
 * AES on bit planes: four blocks at once, one u64 for each bit of an octet, after the bitslicing of Käsper and
 * Schwabe ("Faster and Timing-Attack Resistant AES-GCM", CHES 2009) in the layout of BearSSL
 * (`src/symcipher/aes_ct64.c`). No table is indexed and nothing branches on data, so time and addresses tell nothing
 * about key or text. With SIMD a plane is a v128 and holds eight blocks, as Käsper and Schwabe have it: T says which.
 *
 * Plane i (i = 0 is the least significant bit of an octet) of four blocks holds row r of the state in its bits
 * 16r..16r+15; in a row column c is the four bits 4c..4c+3, one for each block. The eight planes lie side by side.
 */
export class AesBits {
  /** Turns eight words of octets into eight bit planes, and back: transposes each 8 x 8 square of bits. */
  // prettier-ignore
  static ortho<T>(q: usize): void {
    const size = sizeof<T>();
    let q0 = load<T>(q); let q1 = load<T>(q + size); let q2 = load<T>(q + 2 * size); let q3 = load<T>(q + 3 * size);
    q += 4 * size;
    let q4 = load<T>(q); let q5 = load<T>(q + size); let q6 = load<T>(q + 2 * size); let q7 = load<T>(q + 3 * size);
    // Each line exchanges the bits of the first word above the mask with the bits of the second under it.
    let mask = P.fill<T>(0x5555555555555555);
    let t = P.and(P.xor(P.down(q0, 1), q1), mask); q1 = P.xor(q1, t); q0 = P.xor(q0, P.up(t, 1));
    t = P.and(P.xor(P.down(q2, 1), q3), mask); q3 = P.xor(q3, t); q2 = P.xor(q2, P.up(t, 1));
    t = P.and(P.xor(P.down(q4, 1), q5), mask); q5 = P.xor(q5, t); q4 = P.xor(q4, P.up(t, 1));
    t = P.and(P.xor(P.down(q6, 1), q7), mask); q7 = P.xor(q7, t); q6 = P.xor(q6, P.up(t, 1));
    mask = P.fill<T>(0x3333333333333333);
    t = P.and(P.xor(P.down(q0, 2), q2), mask); q2 = P.xor(q2, t); q0 = P.xor(q0, P.up(t, 2));
    t = P.and(P.xor(P.down(q1, 2), q3), mask); q3 = P.xor(q3, t); q1 = P.xor(q1, P.up(t, 2));
    t = P.and(P.xor(P.down(q4, 2), q6), mask); q6 = P.xor(q6, t); q4 = P.xor(q4, P.up(t, 2));
    t = P.and(P.xor(P.down(q5, 2), q7), mask); q7 = P.xor(q7, t); q5 = P.xor(q5, P.up(t, 2));
    mask = P.fill<T>(0x0f0f0f0f0f0f0f0f);
    t = P.and(P.xor(P.down(q0, 4), q4), mask); q4 = P.xor(q4, t); q0 = P.xor(q0, P.up(t, 4));
    t = P.and(P.xor(P.down(q1, 4), q5), mask); q5 = P.xor(q5, t); q1 = P.xor(q1, P.up(t, 4));
    t = P.and(P.xor(P.down(q2, 4), q6), mask); q6 = P.xor(q6, t); q2 = P.xor(q2, P.up(t, 4));
    t = P.and(P.xor(P.down(q3, 4), q7), mask); q7 = P.xor(q7, t); q3 = P.xor(q3, P.up(t, 4));
    store<T>(q, q4); store<T>(q + size, q5); store<T>(q + 2 * size, q6); store<T>(q + 3 * size, q7);
    q -= 4 * size;
    store<T>(q, q0); store<T>(q + size, q1); store<T>(q + 2 * size, q2); store<T>(q + 3 * size, q3);
  }

  /** Spreads the four octets of a word over the even octets of a u64, the first half under the second. */
  @inline
  static spread(word: u32): u64 {
    let x = <u64>word;
    x = (x | (x << 16)) & 0x0000ffff0000ffff;
    return (x | (x << 8)) & 0x00ff00ff00ff00ff;
  }

  /** Undoes spread(). */
  @inline
  static gather(even: u64): u32 {
    let x = even & 0x00ff00ff00ff00ff;
    x = (x | (x >> 8)) & 0x0000ffff0000ffff;
    return <u32>(x | (x >> 16));
  }

  /** Lays the four blocks at `blocks` into the planes `q`. */
  static pack(q: usize, blocks: usize): void {
    for (let i: usize = 0; i < 4; i++) {
      const at = blocks + (i << 4);
      const to = q + (i << 3);
      store<u64>(to, AesBits.spread(load<u32>(at)) | (AesBits.spread(load<u32>(at, 8)) << 8));
      store<u64>(to, AesBits.spread(load<u32>(at, 4)) | (AesBits.spread(load<u32>(at, 12)) << 8), 32);
    }
    AesBits.ortho<u64>(q);
  }

  /** Writes the planes `q` back as four blocks; `q` is scratch afterwards. */
  static unpack(blocks: usize, q: usize): void {
    AesBits.ortho<u64>(q);
    for (let i: usize = 0; i < 4; i++) {
      const at = blocks + (i << 4);
      const a = load<u64>(q + (i << 3));
      const b = load<u64>(q + (i << 3), 32);
      store<u32>(at, AesBits.gather(a));
      store<u32>(at, AesBits.gather(b), 4);
      store<u32>(at, AesBits.gather(a >> 8), 8);
      store<u32>(at, AesBits.gather(b >> 8), 12);
    }
  }

  /** pack() of the eight blocks at `blocks` into planes of eight, whose octets stand row by row. */
  static pack8(q: usize, blocks: usize): void {
    for (let i: usize = 0; i < 128; i += 16) v128.store(q + i, AesBits.transposed(v128.load(blocks + i)));
    AesBits.ortho<v128>(q);
  }

  /** unpack() of planes of eight. */
  static unpack8(blocks: usize, q: usize): void {
    AesBits.ortho<v128>(q);
    for (let i: usize = 0; i < 128; i += 16) v128.store(blocks + i, AesBits.transposed(v128.load(q + i)));
  }

  /** The octets of a block row by row instead of column by column, FIPS 197 3.4, and back. */
  @inline
  private static transposed(block: v128): v128 {
    return i8x16.swizzle(block, i8x16(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15));
  }

  /** AddRoundKey alone. */
  static addRoundKey<T>(q: usize, roundKey: usize): void {
    const low = P.keyLow<T>(roundKey);
    const high = P.keyHigh<T>(roundKey);
    for (let i: u32 = 0; i < 4; i++) {
      const at = q + <usize>i * sizeof<T>();
      store<T>(at, P.keyed(load<T>(at), low, i));
      store<T>(at + 4 * sizeof<T>(), P.keyed(load<T>(at + 4 * sizeof<T>()), high, i));
    }
  }

  /** SubBytes and ShiftRows: a cipher of one round under keys of zero. */
  static substituteAndShift(q: usize): void {
    AesBits.encrypt<u64>(q, ZERO, 1);
  }

  /**
   * The cipher, FIPS 197 5.1, with `rounds` + 1 packed round keys at `roundKey`.
   *
   * SubBytes is the circuit of Boyar and Peralta ("A small depth-16 circuit for the AES S-box", 2012), x0 being the
   * most significant plane. In MixColumns, turning a plane by 16 bits moves each octet up one row, so a doubled octet
   * and its neighbour are one exclusive or, and the reduction by 1B feeds the top plane into planes 0, 1, 3 and 4.
   * Everything stands in one loop so that the planes stay in locals, several gates a line so that it stays in sight.
   */
  // prettier-ignore
  static encrypt<T>(q: usize, roundKey: usize, rounds: u32): void {
    const size = sizeof<T>();
    let x7 = load<T>(q); let x6 = load<T>(q + size); let x5 = load<T>(q + 2 * size); let x4 = load<T>(q + 3 * size);
    q += 4 * size;
    let x3 = load<T>(q); let x2 = load<T>(q + size); let x1 = load<T>(q + 2 * size); let x0 = load<T>(q + 3 * size);
    for (let at = roundKey, end = roundKey + (rounds << 4); ; ) {
      const low = P.keyLow<T>(at); const high = P.keyHigh<T>(at); at += 16;
      x7 = P.keyed(x7, low, 0); x6 = P.keyed(x6, low, 1); x5 = P.keyed(x5, low, 2); x4 = P.keyed(x4, low, 3);
      x3 = P.keyed(x3, high, 0); x2 = P.keyed(x2, high, 1); x1 = P.keyed(x1, high, 2); x0 = P.keyed(x0, high, 3);
      // top linear layer
      const y14 = P.xor(x3, x5); const y13 = P.xor(x0, x6); const y9 = P.xor(x0, x3); const y8 = P.xor(x0, x5);
      const t0 = P.xor(x1, x2); const y1 = P.xor(t0, x7); const y4 = P.xor(y1, x3); const y12 = P.xor(y13, y14);
      const y2 = P.xor(y1, x0); const y5 = P.xor(y1, x6); const y3 = P.xor(y5, y8); const t1 = P.xor(x4, y12);
      const y15 = P.xor(t1, x5); const y20 = P.xor(t1, x1); const y6 = P.xor(y15, x7); const y10 = P.xor(y15, t0);
      const y11 = P.xor(y20, y9); const y7 = P.xor(x7, y11); const y17 = P.xor(y10, y11); const y19 = P.xor(y10, y8);
      const y16 = P.xor(t0, y11); const y21 = P.xor(y13, y16); const y18 = P.xor(x0, y16);
      // inversion in GF(2^8), first products
      const t2 = P.and(y12, y15); const t3 = P.and(y3, y6); const t4 = P.xor(t3, t2); const t5 = P.and(y4, x7);
      const t6 = P.xor(t5, t2); const t7 = P.and(y13, y16); const t8 = P.and(y5, y1); const t9 = P.xor(t8, t7);
      const t10 = P.and(y2, y7); const t11 = P.xor(t10, t7); const t12 = P.and(y9, y11); const t13 = P.and(y14, y17);
      const t14 = P.xor(t13, t12); const t15 = P.and(y8, y10); const t16 = P.xor(t15, t12);
      const t17 = P.xor(t4, t14); const t18 = P.xor(t6, t16); const t19 = P.xor(t9, t14); const t20 = P.xor(t11, t16);
      const t21 = P.xor(t17, y20); const t22 = P.xor(t18, y19); const t23 = P.xor(t19, y21);
      const t24 = P.xor(t20, y18);
      // inversion, GF(2^4) in the middle
      const t25 = P.xor(t21, t22); const t26 = P.and(t21, t23); const t27 = P.xor(t24, t26);
      const t28 = P.and(t25, t27); const t29 = P.xor(t28, t22); const t30 = P.xor(t23, t24);
      const t31 = P.xor(t22, t26); const t32 = P.and(t31, t30); const t33 = P.xor(t32, t24);
      const t34 = P.xor(t23, t33); const t35 = P.xor(t27, t33); const t36 = P.and(t24, t35);
      const t37 = P.xor(t36, t34); const t38 = P.xor(t27, t36); const t39 = P.and(t29, t38);
      const t40 = P.xor(t25, t39); const t41 = P.xor(t40, t37); const t42 = P.xor(t29, t33);
      const t43 = P.xor(t29, t40); const t44 = P.xor(t33, t37); const t45 = P.xor(t42, t41);
      // inversion, last products
      const z0 = P.and(t44, y15); const z1 = P.and(t37, y6); const z2 = P.and(t33, x7); const z3 = P.and(t43, y16);
      const z4 = P.and(t40, y1); const z5 = P.and(t29, y7); const z6 = P.and(t42, y11); const z7 = P.and(t45, y17);
      const z8 = P.and(t41, y10); const z9 = P.and(t44, y12); const z10 = P.and(t37, y3); const z11 = P.and(t33, y4);
      const z12 = P.and(t43, y13); const z13 = P.and(t40, y5); const z14 = P.and(t29, y2); const z15 = P.and(t42, y9);
      const z16 = P.and(t45, y14); const z17 = P.and(t41, y8);
      // bottom linear layer with the constant 63
      const t46 = P.xor(z15, z16); const t47 = P.xor(z10, z11); const t48 = P.xor(z5, z13);
      const t49 = P.xor(z9, z10); const t50 = P.xor(z2, z12); const t51 = P.xor(z2, z5); const t52 = P.xor(z7, z8);
      const t53 = P.xor(z0, z3); const t54 = P.xor(z6, z7); const t55 = P.xor(z16, z17); const t56 = P.xor(z12, t48);
      const t57 = P.xor(t50, t53); const t58 = P.xor(z4, t46); const t59 = P.xor(z3, t54);
      const t60 = P.xor(t46, t57); const t61 = P.xor(z14, t57); const t62 = P.xor(t52, t58);
      const t63 = P.xor(t49, t58); const t64 = P.xor(z4, t59); const t65 = P.xor(t61, t62);
      const t66 = P.xor(z1, t63); x0 = P.xor(t59, t63); x6 = P.xnor(t56, t62); x7 = P.xnor(t48, t60);
      const t67 = P.xor(t64, t65); x3 = P.xor(t53, t66); x4 = P.xor(t51, t66); x5 = P.xor(t47, t65);
      x1 = P.xnor(t64, x3); x2 = P.xnor(t55, t67);
      x0 = P.shiftRows(x0); x1 = P.shiftRows(x1); x2 = P.shiftRows(x2); x3 = P.shiftRows(x3);
      x4 = P.shiftRows(x4); x5 = P.shiftRows(x5); x6 = P.shiftRows(x6); x7 = P.shiftRows(x7);
      if (at == end) break;
      const r0 = P.turn(x0); const r1 = P.turn(x1); const r2 = P.turn(x2); const r3 = P.turn(x3);
      const r4 = P.turn(x4); const r5 = P.turn(x5); const r6 = P.turn(x6); const r7 = P.turn(x7);
      x0 = P.xor(x0, r0); x1 = P.xor(x1, r1); x2 = P.xor(x2, r2); x3 = P.xor(x3, r3);
      x4 = P.xor(x4, r4); x5 = P.xor(x5, r5); x6 = P.xor(x6, r6); x7 = P.xor(x7, r7);
      const top = x0;
      x0 = P.xor(P.xor(x1, r0), P.turn2(x0));
      x1 = P.xor(P.xor(x2, r1), P.turn2(x1));
      x2 = P.xor(P.xor(x3, r2), P.turn2(x2));
      x3 = P.xor(P.xor(P.xor(x4, top), r3), P.turn2(x3));
      x4 = P.xor(P.xor(P.xor(x5, top), r4), P.turn2(x4));
      x5 = P.xor(P.xor(x6, r5), P.turn2(x5));
      x6 = P.xor(P.xor(P.xor(x7, top), r6), P.turn2(x6));
      x7 = P.xor(P.xor(top, r7), P.turn2(x7));
    }
    store<T>(q, x3); store<T>(q + size, x2); store<T>(q + 2 * size, x1); store<T>(q + 3 * size, x0);
    q -= 4 * size;
    store<T>(q, x7); store<T>(q + size, x6); store<T>(q + 2 * size, x5); store<T>(q + 3 * size, x4);
    AesBits.addRoundKey<T>(q, roundKey + (rounds << 4));
  }
}
