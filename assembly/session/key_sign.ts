/**
 * Signing with a private key of the meter. The nonce follows RFC 6979, hedged with fresh randomness where there is any (3.6), and a
 * signature is verified before it leaves: one made under a fault would tell the private key.
 */
import { Err } from "../base/err";
import { ELLIPTIC } from "../base/suites";
import { Ct } from "../crypto/ct";
import { Curve, SCALAR_SIZE_MAX } from "../crypto/curve";
import { EcKey } from "../crypto/ec_key";
import { Ecdsa } from "../crypto/ecdsa";
import { Meter } from "../store/block";
import { entropyTake } from "./entropy";

/** Octets of randomness that hedge the nonce. */
const HEDGE_SIZE: u32 = 32;

const hedge: usize = ELLIPTIC ? memory.data(32, 8) : 0;
const publicKey: usize = ELLIPTIC ? memory.data(96, 8) : 0;

if (SCALAR_SIZE_MAX != 48) ERROR("scratch holds a point");

/**
 * Signs a digest of the curve's hash: r || s to `out`.
 * @returns 0; Err.MALFORMED for a key out of range; Err.AUTHENTICATION when what came out does not verify: then `out` is wiped
 */
export function keySign(meter: Meter, curve: Curve, privateKey: usize, digestAt: usize, out: usize): i32 {
  const extra: u32 = entropyTake(meter, hedge, HEDGE_SIZE) == Err.OK ? HEDGE_SIZE : 0;
  let err = Ecdsa.sign(curve, privateKey, digestAt, hedge, extra, out);
  if (err == Err.OK) err = EcKey.publicOf(curve, privateKey, publicKey);
  if (err == Err.OK) err = Ecdsa.verify(curve, publicKey, digestAt, out);
  if (err != Err.OK) Ct.wipe(out, 2 * curve.size);
  Ct.wipe(hedge, HEDGE_SIZE);
  return err;
}
