import { Err } from "../base/err";
import { ELLIPTIC } from "../base/suites";
import { Ct } from "./ct";
import { Curve } from "./curve";
import { EcKey } from "./ec_key";
import { ELEMENT_SIZE } from "./field";
import { Point, POINT_SIZE } from "./point";

/** The private scalar, the partner's point and the shared one. Hold nothing between calls. */
const SCALAR: usize = ELLIPTIC ? memory.data(112, 16) : 0;
const POINT: usize = ELLIPTIC ? memory.data(336, 16) : 0;

/** Elliptic curve Diffie-Hellman, SP 800-56A 5.7.1.2 (cofactor 1). */
export class Ecdh {
  /**
   * Writes the shared secret Z, the x coordinate in `curve.size` octets with its leading zeros, to `z`. Err.MALFORMED
   * when the public key is no point of the curve or the private key is out of range; then `z` is untouched. The caller
   * wipes Z as soon as the key is derived.
   */
  static agree(curve: Curve, privateKey: usize, publicKey: usize, z: usize): i32 {
    const p = curve.p;
    if (curve.readPoint(POINT, POINT + 112, publicKey) == 0) return Err.MALFORMED;
    memory.copy(POINT + 224, p.one, ELEMENT_SIZE);
    if (EcKey.read(curve, SCALAR, privateKey) == 0) return Err.MALFORMED;
    Point.multiply(curve, POINT, SCALAR, POINT);
    Point.affine(curve, SCALAR, 0, POINT);
    p.write(z, SCALAR);
    Ct.wipe(SCALAR, ELEMENT_SIZE);
    Ct.wipe(POINT, POINT_SIZE);
    Point.wipeScratch();
    return Err.OK;
  }
}
