/**
 * Elliptic curve keys as they travel in DLMS: a public key is x then y without the octet 04, a signature r then s,
 * each at full width. GB9 9.2.3.4.5 to 9.2.3.4.7; FIPS 186-4; SP 800-56A. The arithmetic is node:crypto's.
 */

import {
  createECDH,
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  generateKeyPairSync,
  sign,
  verify,
} from "node:crypto";
import type { KeyObject } from "node:crypto";
import { SecurityError } from "./errors.ts";
import { concat } from "./octets.ts";
import { CURVES, type Curve, type CurveName } from "./suite.ts";

export interface KeyPair {
  readonly curve: Curve;
  /** The scalar, full width */
  readonly privateKey: Uint8Array;
  /** x then y */
  readonly publicKey: Uint8Array;
}

const url = (octets: Uint8Array): string => Buffer.from(octets).toString("base64url");
const fromUrl = (text: string | undefined): Uint8Array => Uint8Array.from(Buffer.from(text ?? "", "base64url"));

/** The key pair of a scalar; refuses one outside 1 to n - 1. */
export function keyPairOf(curve: Curve, privateKey: Uint8Array): KeyPair {
  if (privateKey.length !== curve.size) {
    throw new SecurityError(`a private key on ${curve.name} has ${curve.size} octets, not ${privateKey.length}`);
  }
  const ecdh = createECDH(curve.openssl);
  try {
    ecdh.setPrivateKey(privateKey);
  } catch (cause) {
    throw new SecurityError(`the private key is no scalar of ${curve.name}`, { cause });
  }
  return { curve, privateKey, publicKey: Uint8Array.from(ecdh.getPublicKey().subarray(1)) };
}

/** A new random key pair. */
export function keyPairGenerate(curve: Curve): KeyPair {
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: curve.openssl });
  const jwk = privateKey.export({ format: "jwk" });
  return { curve, privateKey: fromUrl(jwk.d), publicKey: concat(fromUrl(jwk.x), fromUrl(jwk.y)) };
}

/** A public key as node:crypto takes it; refuses a wrong size and points that are not on the curve. SP 800-56A 5.6.2.3.3. */
export function publicKeyObject(curve: Curve, publicKey: Uint8Array): KeyObject {
  if (publicKey.length !== 2 * curve.size) {
    throw new SecurityError(`a public key on ${curve.name} has ${2 * curve.size} octets, not ${publicKey.length}`);
  }
  const [x, y] = [url(publicKey.subarray(0, curve.size)), url(publicKey.subarray(curve.size))];
  try {
    return createPublicKey({ key: { kty: "EC", crv: curve.name, x, y }, format: "jwk" });
  } catch (cause) {
    throw new SecurityError(`the public key is no point of ${curve.name}`, { cause });
  }
}

/** A private key as node:crypto takes it. */
export function privateKeyObject(pair: KeyPair): KeyObject {
  const { curve, privateKey, publicKey } = pair;
  const [x, y] = [url(publicKey.subarray(0, curve.size)), url(publicKey.subarray(curve.size))];
  return createPrivateKey({ key: { kty: "EC", crv: curve.name, d: url(privateKey), x, y }, format: "jwk" });
}

/** The key pair of an EC private key of node:crypto. */
export function keyPairOfObject(key: KeyObject): KeyPair {
  const jwk = key.asymmetricKeyType === "ec" && key.type === "private" ? key.export({ format: "jwk" }) : {};
  const curve = CURVES[jwk.crv as CurveName] as Curve | undefined;
  if (curve === undefined) throw new SecurityError("the private key is neither on P-256 nor on P-384");
  return keyPairOf(curve, fromUrl(jwk.d));
}

/** x then y, and the curve, of an EC public key of node:crypto. */
export function publicKeyOctets(key: KeyObject): { curve: Curve; publicKey: Uint8Array } {
  const jwk = key.asymmetricKeyType === "ec" ? key.export({ format: "jwk" }) : {};
  const curve = CURVES[jwk.crv as CurveName] as Curve | undefined;
  if (curve === undefined) throw new SecurityError("the public key is neither on P-256 nor on P-384");
  return { curve, publicKey: concat(fromUrl(jwk.x), fromUrl(jwk.y)) };
}

/** ECDSA with the hash of the curve: r then s. GB9 9.2.3.4.6.5. */
export function ecdsaSign(pair: KeyPair, ...parts: Uint8Array[]): Uint8Array {
  const key = { key: privateKeyObject(pair), dsaEncoding: "ieee-p1363" } as const;
  return Uint8Array.from(sign(pair.curve.hash, concat(...parts), key));
}

/** Whether a signature r then s is of these octets by this key. */
export function ecdsaVerify(
  curve: Curve,
  publicKey: Uint8Array,
  signature: Uint8Array,
  ...parts: Uint8Array[]
): boolean {
  if (signature.length !== 2 * curve.size) return false;
  const key = { key: publicKeyObject(curve, publicKey), dsaEncoding: "ieee-p1363" } as const;
  return verify(curve.hash, concat(...parts), key, signature);
}

/** Z: the x coordinate of the shared point, full width. SP 800-56A 5.7.1.2. */
export function sharedSecret(own: KeyPair, partner: Uint8Array): Uint8Array {
  const [privateKey, publicKey] = [privateKeyObject(own), publicKeyObject(own.curve, partner)];
  return Uint8Array.from(diffieHellman({ privateKey, publicKey }));
}
