/** Key pairs and serial numbers: random ones, or such that a seed brings back. Whoever knows a seed knows its keys. */
import { createHmac, randomBytes } from "node:crypto";
import { keyPairGenerate, keyPairOf, type KeyPair } from "../client/ec.ts";
import type { Curve, CurveName } from "../client/suite.ts";

/** Where key pairs and serial numbers come from, each for a purpose that names it. */
export interface KeySource {
  pair(curve: Curve, purpose: string): KeyPair;
  /** Content octets of a positive INTEGER */
  serial(purpose: string): Uint8Array;
  /** `size` octets of a symmetric key */
  key(size: number, purpose: string): Uint8Array;
}

/** Orders of the base points. FIPS 186-4 D.1.2.3, D.1.2.4. */
const ORDER: Readonly<Record<CurveName, bigint>> = {
  "P-256": 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n,
  "P-384": 0xffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973n,
};

const SERIAL_SIZE = 16;

/** Positive, and of its full length: the first octet is from 40 to 7F. */
function serialOf(octets: Uint8Array): Uint8Array {
  const serial = octets.slice(0, SERIAL_SIZE);
  serial[0] = (serial[0]! & 0x3f) | 0x40;
  return serial;
}

/** Everything from a seed: 64 octets of HMAC-SHA-512 for each purpose. */
export function seededSource(seed: number): KeySource {
  const octets = (purpose: string): Buffer => createHmac("sha512", `dlms-meter seed ${seed}`).update(purpose).digest();
  return {
    pair: (curve, purpose) => {
      // FIPS 186-4 B.4.1: 64 octets are more than enough extra bits for P-256, and 128 extra bits for P-384.
      const value = BigInt(`0x${octets(`${purpose} ${curve.name}`).toString("hex")}`);
      const scalar = (value % (ORDER[curve.name] - 1n)) + 1n;
      return keyPairOf(curve, Uint8Array.from(Buffer.from(scalar.toString(16).padStart(2 * curve.size, "0"), "hex")));
    },
    serial: (purpose) => serialOf(octets(`${purpose} serial`)),
    key: (size, purpose) => Uint8Array.from(octets(purpose).subarray(0, size)),
  };
}

export const RANDOM_SOURCE: KeySource = {
  pair: (curve) => keyPairGenerate(curve),
  serial: () => serialOf(randomBytes(SERIAL_SIZE)),
  key: (size) => Uint8Array.from(randomBytes(size)),
};
