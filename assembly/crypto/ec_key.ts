import { Err } from "../base/err";
import { ELLIPTIC } from "../base/suites";
import { Ct } from "./ct";
import { Curve } from "./curve";
import { Drbg } from "./drbg";
import { ELEMENT_SIZE } from "./field";
import { Point, POINT_SIZE } from "./point";

/** The private scalar and its point. Hold nothing between calls. */
const SCALAR: usize = ELLIPTIC ? memory.data(112, 16) : 0;
const POINT: usize = ELLIPTIC ? memory.data(336, 16) : 0;
const X: usize = ELLIPTIC ? memory.data(112, 16) : 0;
const Y: usize = ELLIPTIC ? memory.data(112, 16) : 0;

/** Candidates for a private key before the generator counts as broken; one fails with less than one in 2^31. */
const CANDIDATES_MAX: i32 = 8;

/** Key pairs of a curve. A private key is an integer of `curve.size` octets, a public key {x, y} without prefix. */
export class EcKey {
  /** Reads a private key; 1 when it is from 1 to n - 1, else 0. That much may be known of it. */
  static read(curve: Curve, scalar: usize, privateKey: usize): i32 {
    const n = curve.n;
    n.read(scalar, privateKey);
    return Ct.declassify(n.isBelow(scalar) & (n.isZero(scalar) ^ 1));
  }

  /** Writes the public key that belongs to a private one. Err.MALFORMED when the private key is out of range. */
  static publicOf(curve: Curve, privateKey: usize, publicKey: usize): i32 {
    if (EcKey.read(curve, SCALAR, privateKey) == 0) return Err.MALFORMED;
    Point.multiplyBase(curve, POINT, SCALAR);
    Point.affine(curve, X, Y, POINT);
    curve.p.write(publicKey, X);
    curve.p.write(publicKey + curve.size, Y);
    EcKey.wipeScratch();
    return Err.OK;
  }

  /** Whether {x, y} at `publicKey` is a point of the curve: Err.OK or Err.MALFORMED. */
  static check(curve: Curve, publicKey: usize): i32 {
    return curve.readPoint(X, Y, publicKey) != 0 ? Err.OK : Err.MALFORMED;
  }

  /**
   * Makes a key pair from the generator by testing candidates, FIPS 186-4 B.4.2. Err.ENTROPY when the generator is not
   * seeded, and then both keys are left as they were.
   */
  static generate(curve: Curve, drbg: Drbg, privateKey: usize, publicKey: usize): i32 {
    for (let i = 0; i < CANDIDATES_MAX; i++) {
      const err = drbg.generate(privateKey, curve.size);
      if (err != Err.OK) return err;
      if (EcKey.publicOf(curve, privateKey, publicKey) == Err.OK) return Err.OK;
    }
    Ct.wipe(privateKey, curve.size);
    return Err.ENTROPY;
  }

  private static wipeScratch(): void {
    Ct.wipe(SCALAR, ELEMENT_SIZE);
    Ct.wipe(POINT, POINT_SIZE);
    Point.wipeScratch();
  }
}
