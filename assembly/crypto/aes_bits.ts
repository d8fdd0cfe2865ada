/** Two round keys of zero. */
const ZERO = memory.data(32, 16);

/**
 * AES on bit planes: four blocks at once, one u64 for each bit of an octet, after the bitslicing of Käsper and
 * Schwabe ("Faster and Timing-Attack Resistant AES-GCM", CHES 2009) in the layout of BearSSL
 * (`src/symcipher/aes_ct64.c`). No table is indexed and nothing branches on data, so time and addresses tell nothing
 * about key or text.
 *
 * Plane i (i = 0 is the least significant bit of an octet) holds row r of the state in its bits 16r..16r+15; in a row
 * column c is the four bits 4c..4c+3, one for each block. The eight planes lie side by side in 64 octets.
 */
export class AesBits {
  /** Turns eight words of octets into eight bit planes, and back: transposes each 8 x 8 square of bits. */
  // prettier-ignore
  static ortho(q: usize): void {
    let q0 = load<u64>(q); let q1 = load<u64>(q, 8); let q2 = load<u64>(q, 16); let q3 = load<u64>(q, 24);
    let q4 = load<u64>(q, 32); let q5 = load<u64>(q, 40); let q6 = load<u64>(q, 48); let q7 = load<u64>(q, 56);
    // Each line exchanges the bits of the first word above the mask with the bits of the second under it.
    let t = ((q0 >> 1) ^ q1) & 0x5555555555555555; q1 ^= t; q0 ^= t << 1;
    t = ((q2 >> 1) ^ q3) & 0x5555555555555555; q3 ^= t; q2 ^= t << 1;
    t = ((q4 >> 1) ^ q5) & 0x5555555555555555; q5 ^= t; q4 ^= t << 1;
    t = ((q6 >> 1) ^ q7) & 0x5555555555555555; q7 ^= t; q6 ^= t << 1;
    t = ((q0 >> 2) ^ q2) & 0x3333333333333333; q2 ^= t; q0 ^= t << 2;
    t = ((q1 >> 2) ^ q3) & 0x3333333333333333; q3 ^= t; q1 ^= t << 2;
    t = ((q4 >> 2) ^ q6) & 0x3333333333333333; q6 ^= t; q4 ^= t << 2;
    t = ((q5 >> 2) ^ q7) & 0x3333333333333333; q7 ^= t; q5 ^= t << 2;
    t = ((q0 >> 4) ^ q4) & 0x0f0f0f0f0f0f0f0f; q4 ^= t; q0 ^= t << 4;
    t = ((q1 >> 4) ^ q5) & 0x0f0f0f0f0f0f0f0f; q5 ^= t; q1 ^= t << 4;
    t = ((q2 >> 4) ^ q6) & 0x0f0f0f0f0f0f0f0f; q6 ^= t; q2 ^= t << 4;
    t = ((q3 >> 4) ^ q7) & 0x0f0f0f0f0f0f0f0f; q7 ^= t; q3 ^= t << 4;
    store<u64>(q, q0); store<u64>(q, q1, 8); store<u64>(q, q2, 16); store<u64>(q, q3, 24);
    store<u64>(q, q4, 32); store<u64>(q, q5, 40); store<u64>(q, q6, 48); store<u64>(q, q7, 56);
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
    AesBits.ortho(q);
  }

  /** Writes the planes `q` back as four blocks; `q` is scratch afterwards. */
  static unpack(blocks: usize, q: usize): void {
    AesBits.ortho(q);
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

  /** ShiftRows of one plane: row r turns by r columns. Rows 2 and 3 turn by two first, then rows 1 and 3 by one. */
  @inline
  static shiftRows(x: u64): u64 {
    const t = ((x >> 8) ^ x) & 0x00ff00ff00000000;
    const y = x ^ t ^ (t << 8);
    return (y & 0x0000ffff0000ffff) | ((y >> 4) & 0x0fff00000fff0000) | ((y << 12) & 0xf0000000f0000000);
  }

  /** The round key bits of one plane: bit `plane` of each four in a packed word, repeated for the four blocks. */
  @inline
  static keyPlane(packed: u64, plane: u64): u64 {
    const bits = (packed >> plane) & 0x1111111111111111;
    return (bits << 4) - bits;
  }

  /** AddRoundKey alone. */
  static addRoundKey(q: usize, roundKey: usize): void {
    for (let i: usize = 0; i < 8; i++) {
      const packed = load<u64>(roundKey + ((i & 4) << 1));
      store<u64>(q + (i << 3), load<u64>(q + (i << 3)) ^ AesBits.keyPlane(packed, <u64>(i & 3)));
    }
  }

  /** SubBytes and ShiftRows: a cipher of one round under keys of zero. */
  static substituteAndShift(q: usize): void {
    AesBits.encrypt(q, ZERO, 1);
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
  static encrypt(q: usize, roundKey: usize, rounds: u32): void {
    let x0 = load<u64>(q, 56); let x1 = load<u64>(q, 48); let x2 = load<u64>(q, 40); let x3 = load<u64>(q, 32);
    let x4 = load<u64>(q, 24); let x5 = load<u64>(q, 16); let x6 = load<u64>(q, 8); let x7 = load<u64>(q);
    for (let at = roundKey, end = roundKey + (rounds << 4); ; ) {
      const low = load<u64>(at); const high = load<u64>(at, 8); at += 16;
      x7 ^= AesBits.keyPlane(low, 0); x6 ^= AesBits.keyPlane(low, 1);
      x5 ^= AesBits.keyPlane(low, 2); x4 ^= AesBits.keyPlane(low, 3);
      x3 ^= AesBits.keyPlane(high, 0); x2 ^= AesBits.keyPlane(high, 1);
      x1 ^= AesBits.keyPlane(high, 2); x0 ^= AesBits.keyPlane(high, 3);
      // top linear layer
      const y14 = x3 ^ x5; const y13 = x0 ^ x6; const y9 = x0 ^ x3; const y8 = x0 ^ x5; const t0 = x1 ^ x2;
      const y1 = t0 ^ x7; const y4 = y1 ^ x3; const y12 = y13 ^ y14; const y2 = y1 ^ x0; const y5 = y1 ^ x6;
      const y3 = y5 ^ y8; const t1 = x4 ^ y12; const y15 = t1 ^ x5; const y20 = t1 ^ x1; const y6 = y15 ^ x7;
      const y10 = y15 ^ t0; const y11 = y20 ^ y9; const y7 = x7 ^ y11; const y17 = y10 ^ y11; const y19 = y10 ^ y8;
      const y16 = t0 ^ y11; const y21 = y13 ^ y16; const y18 = x0 ^ y16;
      // inversion in GF(2^8), first products
      const t2 = y12 & y15; const t3 = y3 & y6; const t4 = t3 ^ t2; const t5 = y4 & x7; const t6 = t5 ^ t2;
      const t7 = y13 & y16; const t8 = y5 & y1; const t9 = t8 ^ t7; const t10 = y2 & y7; const t11 = t10 ^ t7;
      const t12 = y9 & y11; const t13 = y14 & y17; const t14 = t13 ^ t12; const t15 = y8 & y10; const t16 = t15 ^ t12;
      const t17 = t4 ^ t14; const t18 = t6 ^ t16; const t19 = t9 ^ t14; const t20 = t11 ^ t16; const t21 = t17 ^ y20;
      const t22 = t18 ^ y19; const t23 = t19 ^ y21; const t24 = t20 ^ y18;
      // inversion, GF(2^4) in the middle
      const t25 = t21 ^ t22; const t26 = t21 & t23; const t27 = t24 ^ t26; const t28 = t25 & t27; const t29 = t28 ^ t22;
      const t30 = t23 ^ t24; const t31 = t22 ^ t26; const t32 = t31 & t30; const t33 = t32 ^ t24; const t34 = t23 ^ t33;
      const t35 = t27 ^ t33; const t36 = t24 & t35; const t37 = t36 ^ t34; const t38 = t27 ^ t36; const t39 = t29 & t38;
      const t40 = t25 ^ t39; const t41 = t40 ^ t37; const t42 = t29 ^ t33; const t43 = t29 ^ t40; const t44 = t33 ^ t37;
      const t45 = t42 ^ t41;
      // inversion, last products
      const z0 = t44 & y15; const z1 = t37 & y6; const z2 = t33 & x7; const z3 = t43 & y16; const z4 = t40 & y1;
      const z5 = t29 & y7; const z6 = t42 & y11; const z7 = t45 & y17; const z8 = t41 & y10; const z9 = t44 & y12;
      const z10 = t37 & y3; const z11 = t33 & y4; const z12 = t43 & y13; const z13 = t40 & y5; const z14 = t29 & y2;
      const z15 = t42 & y9; const z16 = t45 & y14; const z17 = t41 & y8;
      // bottom linear layer with the constant 63
      const t46 = z15 ^ z16; const t47 = z10 ^ z11; const t48 = z5 ^ z13; const t49 = z9 ^ z10; const t50 = z2 ^ z12;
      const t51 = z2 ^ z5; const t52 = z7 ^ z8; const t53 = z0 ^ z3; const t54 = z6 ^ z7; const t55 = z16 ^ z17;
      const t56 = z12 ^ t48; const t57 = t50 ^ t53; const t58 = z4 ^ t46; const t59 = z3 ^ t54; const t60 = t46 ^ t57;
      const t61 = z14 ^ t57; const t62 = t52 ^ t58; const t63 = t49 ^ t58; const t64 = z4 ^ t59; const t65 = t61 ^ t62;
      const t66 = z1 ^ t63; x0 = t59 ^ t63; x6 = t56 ^ ~t62; x7 = t48 ^ ~t60; const t67 = t64 ^ t65;
      x3 = t53 ^ t66; x4 = t51 ^ t66; x5 = t47 ^ t65; x1 = t64 ^ ~x3; x2 = t55 ^ ~t67;
      x0 = AesBits.shiftRows(x0); x1 = AesBits.shiftRows(x1); x2 = AesBits.shiftRows(x2); x3 = AesBits.shiftRows(x3);
      x4 = AesBits.shiftRows(x4); x5 = AesBits.shiftRows(x5); x6 = AesBits.shiftRows(x6); x7 = AesBits.shiftRows(x7);
      if (at == end) break;
      const r0 = rotr<u64>(x0, 16); const r1 = rotr<u64>(x1, 16);
      const r2 = rotr<u64>(x2, 16); const r3 = rotr<u64>(x3, 16);
      const r4 = rotr<u64>(x4, 16); const r5 = rotr<u64>(x5, 16);
      const r6 = rotr<u64>(x6, 16); const r7 = rotr<u64>(x7, 16);
      x0 ^= r0; x1 ^= r1; x2 ^= r2; x3 ^= r3; x4 ^= r4; x5 ^= r5; x6 ^= r6; x7 ^= r7;
      const top = x0;
      x0 = x1 ^ r0 ^ rotr<u64>(x0, 32);
      x1 = x2 ^ r1 ^ rotr<u64>(x1, 32);
      x2 = x3 ^ r2 ^ rotr<u64>(x2, 32);
      x3 = x4 ^ top ^ r3 ^ rotr<u64>(x3, 32);
      x4 = x5 ^ top ^ r4 ^ rotr<u64>(x4, 32);
      x5 = x6 ^ r5 ^ rotr<u64>(x5, 32);
      x6 = x7 ^ top ^ r6 ^ rotr<u64>(x6, 32);
      x7 = top ^ r7 ^ rotr<u64>(x7, 32);
    }
    store<u64>(q, x0, 56); store<u64>(q, x1, 48); store<u64>(q, x2, 40); store<u64>(q, x3, 32);
    store<u64>(q, x4, 24); store<u64>(q, x5, 16); store<u64>(q, x6, 8); store<u64>(q, x7);
    AesBits.addRoundKey(q, roundKey + (rounds << 4));
  }
}
