import { ELLIPTIC } from "../base/suites";
import { P256, P256_COMB, P384, P384_COMB } from "./curve_rom";
import { ELEMENT_SIZE, Field, FIELD_SIZE } from "./field";

/** The curves of security suites 1 and 2. */
export const enum CurveKind {
  P256 = 0,
  P384 = 1,
}

/** Most octets of a private key, a coordinate or a shared secret. */
export const SCALAR_SIZE_MAX: u32 = 48;

/** Scratch for the equation of the curve. Holds nothing between calls, and only what is public. */
const LEFT: usize = ELLIPTIC ? memory.data(112, 16) : 0;
const RIGHT: usize = ELLIPTIC ? memory.data(112, 16) : 0;
const X: usize = ELLIPTIC ? memory.data(112, 16) : 0;
const Y: usize = ELLIPTIC ? memory.data(112, 16) : 0;

/**
 * One curve y^2 = x^3 - 3 x + b over p with a base point G of prime order n, SP 800-186 3.2.1. In ROM.
 *
 *   0   p Field of coordinates
 *   368 n Field of scalars
 *   736 b element
 */
@unmanaged
export class Curve {
  /** The curve of a kind. */
  static of(kind: CurveKind): Curve {
    return changetype<Curve>(kind == CurveKind.P384 ? P384 : P256);
  }

  @inline
  get p(): Field {
    return changetype<Field>(this);
  }

  @inline
  get n(): Field {
    return changetype<Field>(changetype<usize>(this) + <usize>FIELD_SIZE);
  }

  @inline
  get b(): usize {
    return changetype<usize>(this) + 2 * <usize>FIELD_SIZE;
  }

  /** Octets of a private key, a coordinate, or a half of a signature. */
  @inline
  get size(): u32 {
    return this.p.octets;
  }

  /** Columns of the comb of the base point, and its table. */
  @inline
  get combColumns(): u32 {
    return this.size == 32 ? 52 : 77;
  }

  @inline
  get comb(): usize {
    return this.size == 32 ? P256_COMB : P384_COMB;
  }

  /**
   * Reads a public key {x, y} without prefix into the elements `x` and `y`. Full validation, SP 800-56A 5.6.2.3.3: both
   * below p and on the curve; the cofactor is 1. (0, 0) is not on the curve, and infinity has no such form. Returns 1 or
   * 0. A public key is no secret: this may branch.
   */
  readPoint(x: usize, y: usize, octets: usize): i32 {
    const p = this.p;
    p.read(X, octets);
    p.read(Y, octets + this.size);
    if (p.isBelow(X) == 0 || p.isBelow(Y) == 0) return 0;
    p.enter(X, X);
    p.enter(Y, Y);
    p.square(LEFT, Y);
    // x^3 - 3 x + b = x (x^2 - 3) + b
    p.square(RIGHT, X);
    p.combine(RIGHT, RIGHT, 1, p.one, -3);
    p.multiply(RIGHT, RIGHT, X);
    p.combine(RIGHT, RIGHT, 1, this.b, 1);
    p.subtract(LEFT, LEFT, RIGHT);
    p.leave(LEFT, LEFT);
    if (p.isZero(LEFT) == 0) return 0;
    memory.copy(x, X, ELEMENT_SIZE);
    memory.copy(y, Y, ELEMENT_SIZE);
    return 1;
  }
}
