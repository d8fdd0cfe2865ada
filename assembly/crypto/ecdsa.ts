import { Err } from "../base/err";
import { ELLIPTIC } from "../base/suites";
import { Ct } from "./ct";
import { Curve, SCALAR_SIZE_MAX } from "./curve";
import { EcKey } from "./ec_key";
import { ELEMENT_SIZE } from "./field";
import { HashKind } from "./hash";
import { HmacDrbg, HMAC_DRBG_SIZE } from "./hmac_drbg";
import { Point, POINT_SIZE } from "./point";

/** Most octets of fresh randomness that sign() takes. */
export const SIGN_EXTRA_SIZE_MAX: u32 = 64;

/** Nonces tried before sign() gives up; each fails with less than one in 2^31. */
const NONCES_MAX: i32 = 8;

/** Scalars: private key, nonce, digest, r, s. Hold nothing between calls. */
const PRIVATE: usize = ELLIPTIC ? memory.data(112, 16) : 0;
const NONCE: usize = ELLIPTIC ? memory.data(112, 16) : 0;
const DIGEST: usize = ELLIPTIC ? memory.data(112, 16) : 0;
const R: usize = ELLIPTIC ? memory.data(112, 16) : 0;
const S: usize = ELLIPTIC ? memory.data(112, 16) : 0;
const U: usize = ELLIPTIC ? memory.data(112, 16) : 0;

/** Points of the verification, of which the signature needs one. Hold nothing between calls. */
const POINT: usize = ELLIPTIC ? memory.data(336, 16) : 0;
const OTHER: usize = ELLIPTIC ? memory.data(336, 16) : 0;

/** Generator of nonces, its seed {private key, digest, extra} and its octets. Hold nothing between calls. */
const GENERATOR: usize = ELLIPTIC ? memory.data(112, 16) : 0;
const SEED: usize = ELLIPTIC ? memory.data(160, 16) : 0;
const OCTETS: usize = ELLIPTIC ? memory.data(48, 16) : 0;

/**
 * ECDSA, FIPS 186-4 6, as DLMS sends it: {r, s}, each in `curve.size` octets. The digest is that of the suite, SHA-256
 * with P-256 and SHA-384 with P-384, so it has `curve.size` octets too.
 */
export class Ecdsa {
  /**
   * Signs `digest` and writes 2 * curve.size octets to `signature`. The nonce follows RFC 6979 3.2; `extraSize` octets of
   * randomness at `extra`, which may be none, are added to its seed (3.6) so that a fault cannot be repeated to learn the
   * key. Err.MALFORMED when the private key is out of range, Err.LIMIT for too much extra.
   */
  static sign(curve: Curve, privateKey: usize, digest: usize, extra: usize, extraSize: u32, signature: usize): i32 {
    if (extraSize > SIGN_EXTRA_SIZE_MAX) return Err.LIMIT;
    if (EcKey.read(curve, PRIVATE, privateKey) == 0) return Err.MALFORMED;
    const generator = changetype<HmacDrbg>(GENERATOR);
    Ecdsa.seedNonce(curve, generator, privateKey, digest, extra, extraSize);
    let err: i32 = Err.ENTROPY;
    for (let i = 0; i < NONCES_MAX && err != Err.OK; i++) {
      if (i != 0) generator.update(0, 0);
      generator.fill(OCTETS, curve.size);
      err = Ecdsa.signWith(curve, signature);
    }
    Ecdsa.wipeScratch();
    return err;
  }

  /** RFC 6979 3.2 steps a to f: K and V from the private key, the digest modulo n and what is extra. */
  private static seedNonce(
    curve: Curve,
    generator: HmacDrbg,
    privateKey: usize,
    digest: usize,
    extra: usize,
    extraSize: u32,
  ): void {
    const n = curve.n;
    const size = curve.size;
    n.read(DIGEST, digest);
    n.enter(DIGEST, DIGEST);
    n.leave(S, DIGEST);
    memory.copy(SEED, privateKey, size);
    n.write(SEED + size, S);
    memory.copy(SEED + 2 * size, extra, extraSize);
    generator.instantiate(size == 32 ? HashKind.SHA256 : HashKind.SHA384, SEED, 2 * size + extraSize);
  }

  /** The signature with the nonce in OCTETS: FIPS 186-4 6.4. Err.ENTROPY when this nonce will not do. */
  private static signWith(curve: Curve, signature: usize): i32 {
    const n = curve.n;
    if (EcKey.read(curve, NONCE, OCTETS) == 0) return Err.ENTROPY;
    Point.multiplyBase(curve, POINT, NONCE);
    Point.affine(curve, U, 0, POINT);
    n.enter(R, U);
    n.leave(U, R);
    if (Ct.declassify(n.isZero(U)) != 0) return Err.ENTROPY;
    n.write(signature, U);
    // s = (e + r d) / k
    n.enter(S, PRIVATE);
    n.multiply(S, S, R);
    n.add(S, S, DIGEST);
    n.enter(NONCE, NONCE);
    n.invert(NONCE, NONCE);
    n.multiply(S, S, NONCE);
    n.leave(S, S);
    if (Ct.declassify(n.isZero(S)) != 0) return Err.ENTROPY;
    n.write(signature + curve.size, S);
    return Err.OK;
  }

  /**
   * Checks the signature of 2 * curve.size octets at `signature` over `digest` with the public key {x, y}. Err.OK;
   * Err.MALFORMED when the key is no point of the curve; Err.AUTHENTICATION when the signature is not right. All of it
   * is public, so this may branch. s and n - s are both right, as everywhere in DLMS.
   */
  static verify(curve: Curve, publicKey: usize, digest: usize, signature: usize): i32 {
    const n = curve.n;
    if (curve.readPoint(OTHER, OTHER + 112, publicKey) == 0) return Err.MALFORMED;
    memory.copy(OTHER + 224, curve.p.one, ELEMENT_SIZE);
    if (EcKey.read(curve, R, signature) == 0) return Err.AUTHENTICATION;
    if (EcKey.read(curve, S, signature + curve.size) == 0) return Err.AUTHENTICATION;
    n.enter(S, S);
    n.invert(S, S);
    // u2 Q = (r / s) Q
    n.enter(U, R);
    n.multiply(U, U, S);
    n.leave(U, U);
    Point.multiply(curve, OTHER, U, OTHER);
    // u1 G = (e / s) G, nothing at all when the digest is 0
    n.read(DIGEST, digest);
    n.enter(U, DIGEST);
    n.multiply(U, U, S);
    n.leave(U, U);
    if (n.isZero(U) == 0) {
      Point.multiplyBase(curve, POINT, U);
      Point.add(curve, OTHER, OTHER, POINT);
    }
    // Infinity comes out as x = 0, which no r from 1 on equals.
    Point.affine(curve, U, 0, OTHER);
    n.enter(U, U);
    n.leave(U, U);
    n.write(OCTETS, U);
    return Ct.equal(OCTETS, signature, curve.size) != 0 ? Err.OK : Err.AUTHENTICATION;
  }

  private static wipeScratch(): void {
    Ct.wipe(PRIVATE, ELEMENT_SIZE);
    Ct.wipe(NONCE, ELEMENT_SIZE);
    Ct.wipe(S, ELEMENT_SIZE);
    Ct.wipe(POINT, POINT_SIZE);
    Ct.wipe(GENERATOR, HMAC_DRBG_SIZE);
    Ct.wipe(SEED, 160);
    Ct.wipe(OCTETS, SCALAR_SIZE_MAX);
    Point.wipeScratch();
  }
}
