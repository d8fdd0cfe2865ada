/**
 * What a bit-sliced cipher does with a plane of bits, whatever holds it: a u64 for four blocks or, where the engine has
 * SIMD, a v128 for eight. The cipher is written once over these and compiled for either.
 *
 * A plane holds one bit of each octet of the states of its blocks, ordered by row, column and block: as u64 (4r + c) * 4 +
 * block, as v128 (4r + c) * 8 + block. Each octet of a v128 is then one place of the state, and rows and columns move by
 * one instruction whose indices are constants.
 */
export class Plane {
  @inline
  static xor<T>(a: T, b: T): T {
    if (isVector<T>()) return changetype<T>(v128.xor(changetype<v128>(a), changetype<v128>(b)));
    return changetype<T>(changetype<u64>(a) ^ changetype<u64>(b));
  }

  @inline
  static and<T>(a: T, b: T): T {
    if (isVector<T>()) return changetype<T>(v128.and(changetype<v128>(a), changetype<v128>(b)));
    return changetype<T>(changetype<u64>(a) & changetype<u64>(b));
  }

  /** a XOR NOT b. */
  @inline
  static xnor<T>(a: T, b: T): T {
    if (isVector<T>()) return changetype<T>(v128.xor(changetype<v128>(a), v128.not(changetype<v128>(b))));
    return changetype<T>(changetype<u64>(a) ^ ~changetype<u64>(b));
  }

  /** The bits of each 64 moved by `count` towards the most significant one. */
  @inline
  static up<T>(a: T, count: u32): T {
    if (isVector<T>()) return changetype<T>(i64x2.shl(changetype<v128>(a), <i32>count));
    return changetype<T>(changetype<u64>(a) << (<u64>count));
  }

  /** The bits of each 64 moved by `count` towards the least significant one. */
  @inline
  static down<T>(a: T, count: u32): T {
    if (isVector<T>()) return changetype<T>(i64x2.shr_u(changetype<v128>(a), <i32>count));
    return changetype<T>(changetype<u64>(a) >> (<u64>count));
  }

  /** `bits` in each 64. */
  @inline
  static fill<T>(bits: u64): T {
    if (isVector<T>()) return changetype<T>(i64x2.splat(<i64>bits));
    return changetype<T>(bits);
  }

  /** Each octet of the state in the place of the one a row above it. */
  @inline
  static turn<T>(a: T): T {
    if (isVector<T>()) {
      return changetype<T>(v128.shuffle<i32>(changetype<v128>(a), changetype<v128>(a), 1, 2, 3, 0));
    }
    return changetype<T>(rotr<u64>(changetype<u64>(a), 16));
  }

  /** The same by two rows. */
  @inline
  static turn2<T>(a: T): T {
    if (isVector<T>()) {
      return changetype<T>(v128.shuffle<i32>(changetype<v128>(a), changetype<v128>(a), 2, 3, 0, 1));
    }
    return changetype<T>(rotr<u64>(changetype<u64>(a), 32));
  }

  /** ShiftRows, FIPS 197 5.1.2: row r turns by r columns. In a u64 rows 2 and 3 turn by two first, then rows 1 and 3 by one. */
  @inline
  static shiftRows<T>(a: T): T {
    if (isVector<T>()) {
      const from = i8x16(0, 1, 2, 3, 5, 6, 7, 4, 10, 11, 8, 9, 15, 12, 13, 14);
      return changetype<T>(i8x16.swizzle(changetype<v128>(a), from));
    }
    const x = changetype<u64>(a);
    const t = ((x >> 8) ^ x) & 0x00ff00ff00000000;
    const y = x ^ t ^ (t << 8);
    return changetype<T>((y & 0x0000ffff0000ffff) | ((y >> 4) & 0x0fff00000fff0000) | ((y << 12) & 0xf0000000f0000000));
  }

  /** Planes 0 to 3 of the round key that `AesKey` keeps at `at`, for keyed(). */
  @inline
  static keyLow<T>(at: usize): T {
    if (isVector<T>()) {
      const x = v128.load(at);
      const odd = i64x2.shr_u(x, 4);
      return changetype<T>(v128.shuffle<i8>(x, odd, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23));
    }
    return changetype<T>(load<u64>(at));
  }

  /** Planes 4 to 7 of it. */
  @inline
  static keyHigh<T>(at: usize): T {
    if (isVector<T>()) {
      const x = v128.load(at);
      const odd = i64x2.shr_u(x, 4);
      return changetype<T>(v128.shuffle<i8>(x, odd, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31));
    }
    return changetype<T>(load<u64>(at, 8));
  }

  /** Plane `a` plus plane `index`, 0 to 3, of the half of a round key, whose bits are repeated for all blocks. */
  @inline
  static keyed<T>(a: T, half: T, index: u32): T {
    if (isVector<T>()) {
      const bit = i8x16.splat((<i8>1) << (<i8>index));
      return changetype<T>(v128.xor(changetype<v128>(a), i8x16.eq(v128.and(changetype<v128>(half), bit), bit)));
    }
    const bits = (changetype<u64>(half) >> (<u64>index)) & 0x1111111111111111;
    return changetype<T>(changetype<u64>(a) ^ ((bits << 4) - bits));
  }
}
