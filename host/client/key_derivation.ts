/** Keys out of a shared secret, and keys wrapped in others. GB9 9.2.3.4.6, SP 800-56A 5.8.1; RFC 3394. */

import { createCipheriv, createDecipheriv, createHash } from "node:crypto";
import { SecurityError } from "./errors.ts";
import { concat, Writer } from "./octets.ts";
import { curveOf, suiteOf } from "./suite.ts";
import { VARIANTS_DEFAULT, type Variants } from "./variants.ts";

/** What a derived key is for. */
export type Purpose = "gcm" | "wrap";

export interface Derivation {
  suite: number;
  purpose: Purpose;
  /** Shared secret Z */
  z: Uint8Array;
  /** Title of the originator; in C(2e,0s) of the client */
  partyU: Uint8Array;
  partyV: Uint8Array;
  /** Only in C(0e,2s): stands behind the title of party U, with its length */
  transactionId?: Uint8Array;
  variants?: Variants;
}

/** AlgorithmID, PartyUInfo, PartyVInfo. GB9 9.2.3.4.6.5, table of AlgorithmIDs. */
export function otherInfo(d: Derivation): Uint8Array {
  const suite = suiteOf(d.suite);
  const arc = (d.variants ?? VARIANTS_DEFAULT).algorithmArc;
  const w = new Writer().put(Uint8Array.of(0x60, 0x85, 0x74, arc, 0x08, 0x03));
  w.u8(d.purpose === "gcm" ? suite.gcmAlgorithm : suite.wrapAlgorithm).put(d.partyU);
  if (d.transactionId !== undefined) w.octetString(d.transactionId);
  return w.put(d.partyV).octets();
}

/** The single-step concatenation KDF; one round gives every key of the suites. SP 800-56A 5.8.1.1. */
export function keyDerive(d: Derivation): Uint8Array {
  const counter = (d.variants ?? VARIANTS_DEFAULT).kdfCounter ? Uint8Array.of(0, 0, 0, 1) : new Uint8Array(0);
  const hash = createHash(curveOf(d.suite).hash)
    .update(concat(counter, d.z, otherInfo(d)))
    .digest();
  return Uint8Array.from(hash.subarray(0, suiteOf(d.suite).keySize));
}

const WRAP_IV = Buffer.alloc(8, 0xa6);

function wrapAlgorithm(kek: Uint8Array): string {
  if (kek.length !== 16 && kek.length !== 32) {
    throw new SecurityError(`a master key has 16 octets (32 in suite 2), not ${kek.length}`);
  }
  return `id-aes${kek.length * 8}-wrap`;
}

/** AES key wrap: 8 octets more than the key. RFC 3394 2.2.1. */
export function keyWrap(kek: Uint8Array, key: Uint8Array): Uint8Array {
  const cipher = createCipheriv(wrapAlgorithm(kek), kek, WRAP_IV);
  return concat(cipher.update(key), cipher.final());
}

/** Undo keyWrap(); throws SecurityError when the integrity check fails. RFC 3394 2.2.2. */
export function keyUnwrap(kek: Uint8Array, wrapped: Uint8Array): Uint8Array {
  const decipher = createDecipheriv(wrapAlgorithm(kek), kek, WRAP_IV);
  try {
    return concat(decipher.update(wrapped), decipher.final());
  } catch (cause) {
    throw new SecurityError("the wrapped key does not fit the master key", { cause });
  }
}
