import { ELLIPTIC } from "../base/suites";
import { Ct } from "./ct";
import { Curve } from "./curve";
import { ELEMENT_SIZE, Field } from "./field";

/** Octets of a point: X, Y, Z. */
export const POINT_SIZE: u32 = 3 * ELEMENT_SIZE;

/** Offsets of Y and Z. */
const Y: usize = 112;
const Z: usize = 224;

/** Points 1, 3, 5 to 15 times the one to multiply. Holds nothing between calls. */
const TABLE: usize = ELLIPTIC ? memory.data(2688, 16) : 0;

/** The point taken from a table. Holds nothing between calls. */
const PICK: usize = ELLIPTIC ? memory.data(336, 16) : 0;

/** The point that grows. Holds nothing between calls. */
const SUM: usize = ELLIPTIC ? memory.data(336, 16) : 0;

/** The scalar as an odd number, and its octets. Hold nothing between calls. */
const SCALAR: usize = ELLIPTIC ? memory.data(112, 16) : 0;
const OTHER: usize = ELLIPTIC ? memory.data(112, 16) : 0;
const DIGITS: usize = ELLIPTIC ? memory.data(56, 8) : 0;

/** Elements of the formula that runs. Hold nothing between calls. */
const T: usize = ELLIPTIC ? memory.data(1120, 16) : 0;

/**
 * Points of a curve as {X, Y, Z} with x = X/Z and y = Y/Z. Sums follow the complete formulas of Renes, Costello and
 * Batina ("Complete addition formulas for prime order elliptic curves", 2016), which have no exceptions to leak.
 * Doubling is done in runs, on Jacobian coordinates where it is cheapest; it has no exception but infinity, which no
 * multiple that these loops pass through can be.
 */
export class Point {
  /**
   * r = a + b for any two points. RCB algorithm 4, a = -3, with the cross products taken from differences:
   * X1 Y2 + X2 Y1 = X1 X2 + Y1 Y2 - (X1 - Y1)(X2 - Y2). `r` may be `a` or `b`.
   */
  static add(curve: Curve, r: usize, a: usize, b: usize): void {
    const p = curve.p;
    const xx = T;
    const yy = T + 112;
    const zz = T + 224;
    const xy = T + 336;
    const yz = T + 448;
    const xz = T + 560;
    const u = T + 672;
    const v = T + 784;
    p.multiply(xx, a, b);
    p.multiply(yy, a + Y, b + Y);
    p.multiply(zz, a + Z, b + Z);
    Point.cross(p, xy, a, a + Y, b, b + Y, xx, yy);
    Point.cross(p, yz, a + Y, a + Z, b + Y, b + Z, yy, zz);
    Point.cross(p, xz, a, a + Z, b, b + Z, xx, zz);
    // w = 3 (xz - b zz), and from it yy + w and yy - w.
    p.multiply(u, curve.b, zz);
    p.combine(u, xz, 3, u, -3);
    const plus = T + 896;
    const minus = T + 1008;
    p.add(plus, yy, u);
    p.subtract(minus, yy, u);
    // v = 3 (b xz - 3 zz - xx) and u = 3 (xx - zz)
    p.multiply(v, curve.b, xz);
    p.combine(v, v, 3, zz, -9);
    p.combine(v, v, 1, xx, -3);
    p.combine(u, xx, 3, zz, -3);
    p.multiply(xx, xy, plus);
    p.multiply(yy, yz, v);
    p.combine(r, xx, 1, yy, -1);
    p.multiply(xx, plus, minus);
    p.multiply(yy, u, v);
    p.combine(r + Y, xx, 1, yy, 1);
    p.multiply(xx, yz, minus);
    p.multiply(yy, xy, u);
    p.combine(r + Z, xx, 1, yy, 1);
  }

  /** r = a1 b2 + a2 b1 from a1 b1 = `first` and a2 b2 = `second`. */
  private static cross(
    p: Field,
    r: usize,
    a1: usize,
    a2: usize,
    b1: usize,
    b2: usize,
    first: usize,
    second: usize,
  ): void {
    const s = T + 1008;
    p.subtract(r, a1, a2);
    p.subtract(s, b1, b2);
    p.multiply(r, r, s);
    p.add(s, first, second);
    p.combine(r, s, 1, r, -1);
  }

  /** a = 2^times a, for a point other than infinity. */
  static double(curve: Curve, a: usize, times: u32): void {
    const p = curve.p;
    const s = T;
    // {X, Y, Z} is {X Z, Y Z^2, Z} in Jacobian coordinates, x = X/Z^2 and y = Y/Z^3.
    p.square(s, a + Z);
    p.multiply(a, a, a + Z);
    p.multiply(a + Y, a + Y, s);
    for (let i: u32 = 0; i < times; i++) Point.doubleJacobian(p, a);
    p.square(s, a + Z);
    p.multiply(a, a, a + Z);
    p.multiply(a + Z, a + Z, s);
  }

  /** dbl-2001-b of the Explicit-Formulas Database (Bernstein), with factors moved so that sums stay small. */
  private static doubleJacobian(p: Field, a: usize): void {
    const delta = T;
    const gamma2 = T + 112;
    const beta4 = T + 224;
    const alpha = T + 336;
    const s = T + 448;
    p.square(delta, a + Z);
    p.square(gamma2, a + Y);
    p.combine(gamma2, gamma2, 1, gamma2, 1);
    p.add(s, gamma2, gamma2);
    p.multiply(beta4, a, s);
    p.subtract(alpha, a, delta);
    p.add(s, a, delta);
    p.multiply(alpha, alpha, s);
    p.combine(alpha, alpha, 2, alpha, 1);
    p.add(s, a + Y, a + Y);
    p.multiply(a + Z, a + Z, s);
    p.square(s, alpha);
    p.combine(a, s, 1, beta4, -2);
    p.subtract(s, beta4, a);
    p.multiply(s, alpha, s);
    p.square(gamma2, gamma2);
    p.combine(a + Y, s, 1, gamma2, -2);
  }

  /**
   * r = k a for a scalar k from 1 to n - 1, an integer of n's limbs, and a point with Z = 1 or any other but infinity.
   *
   * The multiplier is made odd (k or n - k) and written with the digits -15, -13 to 15, four bits each, none zero: with
   * c = (k + 2^N - 1)/2 each digit is twice the same four bits of c, less 15. Every digit costs the same, and the table
   * is read whole each time.
   */
  static multiply(curve: Curve, r: usize, k: usize, a: usize): void {
    const p = curve.p;
    const negate = Point.makeOdd(curve, k);
    memory.copy(TABLE, a, POINT_SIZE);
    memory.copy(PICK, a, POINT_SIZE);
    Point.double(curve, PICK, 1);
    for (let at = TABLE; at != TABLE + 7 * <usize>POINT_SIZE; at += POINT_SIZE) {
      Point.add(curve, at + <usize>POINT_SIZE, at, PICK);
    }
    const digits = curve.size << 1;
    // The highest digit is positive: c has its highest bit set.
    Point.pick(TABLE, Point.digit(curve, digits - 1));
    memory.copy(SUM, PICK, POINT_SIZE);
    for (let i = digits - 1; i > 0; i--) {
      Point.double(curve, SUM, 4);
      const digit = Point.digit(curve, i - 1);
      // 8 to 15 stand for 1 to 15, 7 to 0 for -1 to -15.
      const negative = (digit >> 3) - 1;
      Point.pick(TABLE, digit ^ negative);
      Point.negateIf(p, PICK, <i64>(<i32>negative));
      Point.add(curve, SUM, SUM, PICK);
    }
    Point.negateIf(p, SUM, negate);
    memory.copy(r, SUM, POINT_SIZE);
  }

  /**
   * r = k G for a scalar k from 1 to n - 1, an integer of n's limbs: the comb of Lim and Lee with five teeth, each bit of
   * c (as in multiply) being a sign. A scalar for which the sum meets infinity on the way, one in 2^200, ends there.
   */
  static multiplyBase(curve: Curve, r: usize, k: usize): void {
    const p = curve.p;
    const negate = Point.makeOdd(curve, k);
    const columns = curve.combColumns;
    memory.copy(PICK + Z, p.one, ELEMENT_SIZE);
    Point.pickComb(curve, Point.column(curve, columns - 1));
    memory.copy(SUM, PICK, POINT_SIZE);
    for (let i = columns - 1; i > 0; i--) {
      Point.double(curve, SUM, 1);
      Point.pickComb(curve, Point.column(curve, i - 1));
      Point.add(curve, SUM, SUM, PICK);
    }
    Point.negateIf(p, SUM, negate);
    memory.copy(r, SUM, POINT_SIZE);
  }

  /** x and y of a point other than infinity as integers; infinity gives 0 and 0. `y` may be 0 for x alone. */
  static affine(curve: Curve, x: usize, y: usize, a: usize): void {
    const p = curve.p;
    p.invert(T, a + Z);
    p.multiply(T + 112, a, T);
    p.leave(x, T + 112);
    if (y == 0) return;
    p.multiply(T + 112, a + Y, T);
    p.leave(y, T + 112);
  }

  /** Puts k or n - k, whichever is odd, into DIGITS, most significant octet last; all ones when it is n - k. */
  private static makeOdd(curve: Curve, k: usize): i64 {
    const n = curve.n;
    const even = (load<i64>(k) & 1) - 1;
    memory.copy(SCALAR, k, ELEMENT_SIZE);
    n.combine(OTHER, n.modulus, 1, k, -1);
    n.select(SCALAR, OTHER, even);
    const size = <usize>curve.size;
    Ct.wipe(DIGITS, 56);
    n.write(DIGITS, SCALAR);
    for (let i: usize = 0; i < size >> 1; i++) {
      const octet = load<u8>(DIGITS + i);
      store<u8>(DIGITS + i, load<u8>(DIGITS + size - 1 - i));
      store<u8>(DIGITS + size - 1 - i, octet);
    }
    return even;
  }

  /** Bits 4 i to 4 i + 3 of c, which is DIGITS moved down by one bit with the highest bit set. */
  @inline
  private static digit(curve: Curve, i: u32): u32 {
    const octets = <u32>load<u16>(DIGITS + <usize>(i >> 1));
    const top: u32 = i == (curve.size << 1) - 1 ? 8 : 0;
    return ((octets >> (((i & 1) << 2) + 1)) & 15) | top;
  }

  /** The bits of c in column `i` of the comb, the highest tooth last. */
  private static column(curve: Curve, i: u32): u32 {
    const columns = curve.combColumns;
    let bits: u32 = 0;
    for (let tooth: u32 = 0; tooth < 5; tooth++) {
      const position = tooth * columns + i + 1;
      bits |= (((<u32>load<u8>(DIGITS + <usize>(position >> 3))) >> (position & 7)) & 1) << tooth;
    }
    return bits | (i == columns - 1 ? 16 : 0);
  }

  /** PICK = point `index` & 7 of eight, read in the same way for every index. */
  private static pick(table: usize, index: u32): void {
    Ct.wipe(PICK, POINT_SIZE);
    for (let i: u32 = 0; i < 8; i++) {
      const mask = Point.equalMask(i, index & 7);
      for (let at: usize = 0; at < <usize>POINT_SIZE; at += 8) {
        store<u64>(PICK + at, load<u64>(PICK + at) | (load<u64>(table + at) & mask));
      }
      table += POINT_SIZE;
    }
  }

  /** PICK = the comb's point for a column, negated unless the highest tooth's bit is set; Z stays as it is. */
  private static pickComb(curve: Curve, column: u32): void {
    const limbs: usize = curve.size == 32 ? 9 : 14;
    const negative = (column >> 4) - 1;
    const index = (column ^ negative) & 15;
    for (let pair: usize = 0; pair < limbs; pair++) {
      let both: u64 = 0;
      let at = curve.comb + (pair << 3);
      for (let i: u32 = 0; i < 16; i++, at += limbs << 3) both |= load<u64>(at) & Point.equalMask(i, index);
      Point.placeLimb(limbs, pair << 1, both & 0xffffffff);
      Point.placeLimb(limbs, (pair << 1) + 1, both >> 32);
    }
    Point.negateIf(curve.p, PICK, <i64>(<i32>negative));
  }

  /** Limb `i` of {x, y} without gaps goes to its place in PICK. */
  @inline
  private static placeLimb(limbs: usize, i: usize, limb: u64): void {
    store<u64>(i < limbs ? PICK + (i << 3) : PICK + Y + ((i - limbs) << 3), limb);
  }

  /** All ones when a == b, else zero; both below 2^31. */
  @inline
  private static equalMask(a: u32, b: u32): u64 {
    return <u64>(<i64>((<i32>((a ^ b) - 1)) >> 31));
  }

  /** Changes the sign of Y where `mask` is all ones. */
  private static negateIf(p: Field, a: usize, mask: i64): void {
    p.combine(T, a + Y, -1, a + Y, 0);
    p.select(a + Y, T, mask);
  }

  /** Removes what the methods left in scratch. */
  static wipeScratch(): void {
    Ct.wipe(TABLE, 8 * POINT_SIZE);
    Ct.wipe(PICK, POINT_SIZE);
    Ct.wipe(SUM, POINT_SIZE);
    Ct.wipe(SCALAR, ELEMENT_SIZE);
    Ct.wipe(OTHER, ELEMENT_SIZE);
    Ct.wipe(DIGITS, 56);
    Ct.wipe(T, 1120);
    Field.wipeScratch();
  }
}
