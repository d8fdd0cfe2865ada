/** High level security: f(challenge) of passes 3 and 4. GB9 9.2.7.4, table of authentication mechanisms. */

import { createHash, timingSafeEqual } from "node:crypto";
import { MECHANISM } from "./acse.ts";
import { ecdsaSign, ecdsaVerify, type KeyPair } from "./ec.ts";
import { SecurityError } from "./errors.ts";
import { concat, Reader } from "./octets.ts";
import { protect, SC } from "./sealing.ts";
import { curveOf } from "./suite.ts";

/** One party's view of the handshake. `own` is the party that computes, `partner` the one that checks. */
export interface Handshake {
  mechanism: number;
  ownTitle: Uint8Array;
  partnerTitle: Uint8Array;
  /** The challenge that the own party sent. */
  ownChallenge: Uint8Array;
  /** The challenge that the partner sent; f() answers it. */
  partnerChallenge: Uint8Array;
  /** Secret of mechanisms 3, 4 and 6 */
  secret?: Uint8Array;
  /** For GMAC */
  guek?: Uint8Array;
  gak?: Uint8Array;
  suite?: number;
  /** For ECDSA: the own key pair, and the partner's public key */
  signing?: KeyPair;
  partnerSigning?: Uint8Array;
}

/** f(partner's challenge). `invocationCounter` is used by GMAC only. */
export function hlsAnswer(h: Handshake, invocationCounter: number): Uint8Array {
  switch (h.mechanism) {
    case MECHANISM.HLS_MD5:
      return hash("md5", h.partnerChallenge, secretOf(h));
    case MECHANISM.HLS_SHA1:
      return hash("sha1", h.partnerChallenge, secretOf(h));
    case MECHANISM.HLS_GMAC:
      return gmac(h, invocationCounter);
    case MECHANISM.HLS_SHA256:
      return hash("sha256", secretOf(h), h.ownTitle, h.partnerTitle, h.partnerChallenge, h.ownChallenge);
    case MECHANISM.HLS_ECDSA:
      return ecdsaSign(signingOf(h), ...challengesOf(h));
    default:
      throw new SecurityError(`authentication mechanism ${h.mechanism} is not supported`);
  }
}

/** Check the partner's answer to the own challenge; returns the counter of a GMAC answer. */
export function hlsCheck(h: Handshake, answer: Uint8Array): number | undefined {
  const partner: Handshake = {
    ...h,
    ownTitle: h.partnerTitle,
    partnerTitle: h.ownTitle,
    ownChallenge: h.partnerChallenge,
    partnerChallenge: h.ownChallenge,
  };
  if (h.mechanism === MECHANISM.HLS_ECDSA) return signatureCheck(h, partner, answer);
  const counter = h.mechanism === MECHANISM.HLS_GMAC ? counterOf(answer) : undefined;
  const expected = hlsAnswer(partner, counter ?? 0);
  if (answer.length !== expected.length || !timingSafeEqual(answer, expected)) {
    throw new SecurityError(NOT_AUTHENTIC);
  }
  return counter;
}

const NOT_AUTHENTIC = "the meter failed to authenticate itself: f(CtoS) does not fit; check the keys or the secret";

/** What mechanism 7 signs: titles and challenges, those of the signer's view. GB9 9.2.7.4. */
function challengesOf(h: Handshake): [Uint8Array, Uint8Array, Uint8Array, Uint8Array] {
  return [h.ownTitle, h.partnerTitle, h.partnerChallenge, h.ownChallenge];
}

function signatureCheck(h: Handshake, partner: Handshake, answer: Uint8Array): undefined {
  if (h.partnerSigning === undefined) throw new SecurityError("the meter's digital signature key is not known");
  const authentic = ecdsaVerify(curveOf(h.suite ?? 0), h.partnerSigning, answer, ...challengesOf(partner));
  if (!authentic) throw new SecurityError(NOT_AUTHENTIC);
}

function signingOf(h: Handshake): KeyPair {
  if (h.signing === undefined) throw new SecurityError("HLS ECDSA needs a digital signature key (--signing-key)");
  return h.signing;
}

function counterOf(answer: Uint8Array): number {
  const r = new Reader(answer);
  r.u8();
  return r.u32();
}

/** SC, IC and the tag over SC, AK and the challenge: a protection of type "authenticated only" without its text. */
function gmac(h: Handshake, invocationCounter: number): Uint8Array {
  if (h.guek === undefined || h.gak === undefined) throw new SecurityError("GMAC needs the keys GUEK and GAK");
  const body = protect(
    {
      securityControl: SC.AUTHENTICATED | (h.suite ?? 0),
      invocationCounter,
      systemTitle: h.ownTitle,
      encryptionKey: h.guek,
      authenticationKey: h.gak,
    },
    h.partnerChallenge,
  );
  return concat(body.subarray(0, 5), body.subarray(5 + h.partnerChallenge.length));
}

function secretOf(h: Handshake): Uint8Array {
  if (h.secret === undefined) throw new SecurityError("this authentication mechanism needs the HLS secret (password)");
  return h.secret;
}

function hash(algorithm: string, ...parts: Uint8Array[]): Uint8Array {
  const digest = createHash(algorithm);
  for (const part of parts) digest.update(part);
  return Uint8Array.from(digest.digest());
}
