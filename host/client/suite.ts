/** What a security suite fixes: algorithms and sizes. GB9 9.2.3.7, table of security suites. */

import { SecurityError } from "./errors.ts";

export type CurveName = "P-256" | "P-384";

/** A curve of suite 1 or 2, with the hash that goes with it. FIPS 186-4 D.1.2, GB9 9.2.3.4.6. */
export interface Curve {
  readonly name: CurveName;
  /** Octets of a scalar and of a coordinate */
  readonly size: number;
  readonly hash: "sha256" | "sha384";
  /** Name that node:crypto has for it */
  readonly openssl: "prime256v1" | "secp384r1";
}

export const CURVES: Readonly<Record<CurveName, Curve>> = {
  "P-256": { name: "P-256", size: 32, hash: "sha256", openssl: "prime256v1" },
  "P-384": { name: "P-384", size: 48, hash: "sha384", openssl: "secp384r1" },
};

export interface Suite {
  readonly id: number;
  /** Octets of GUEK, GBEK, GAK, dedicated, session and master key */
  readonly keySize: number;
  /** Suite 0 has no public key algorithms. */
  readonly curve: Curve | undefined;
  /** Last arc of the AlgorithmID of a derived key: for AES-GCM, and for AES key wrap. */
  readonly gcmAlgorithm: number;
  readonly wrapAlgorithm: number;
}

const SUITES: readonly Suite[] = [
  { id: 0, keySize: 16, curve: undefined, gcmAlgorithm: 0, wrapAlgorithm: 2 },
  { id: 1, keySize: 16, curve: CURVES["P-256"], gcmAlgorithm: 0, wrapAlgorithm: 2 },
  { id: 2, keySize: 32, curve: CURVES["P-384"], gcmAlgorithm: 1, wrapAlgorithm: 3 },
];

/** The suite of an id; throws for the reserved ones. */
export function suiteOf(id: number): Suite {
  const suite = SUITES[id];
  if (suite === undefined) throw new SecurityError(`there is no security suite ${id}; known are 0, 1 and 2`);
  return suite;
}

/** The curve of a suite; throws for suite 0. */
export function curveOf(id: number): Curve {
  const { curve } = suiteOf(id);
  if (curve === undefined)
    throw new SecurityError(`suite ${id} has no signatures and no key agreement; use suite 1 or 2`);
  return curve;
}
