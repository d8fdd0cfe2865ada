/**
 * Signatures of a meter and of its partners (GB9 9.2.3.4.4): ECDSA with the curve and the hash of the suite, r || s in full width.
 */
import { Err } from "../base/err";
import { SYSTEM_TITLE_SIZE } from "../base/limits";
import { ELLIPTIC } from "../base/suites";
import { Ecdsa } from "../crypto/ecdsa";
import { Hash, HASH_SIZE } from "../crypto/hash";
import { Meter } from "../store/block";
import { CertificateEntity, CertificateType } from "../wire/x509";
import { certificateKeyOf } from "./certificates";
import { contextCurve, contextHash, privateKeyOf } from "./key_pair";
import { keySign } from "./key_sign";
import { SecurityContext } from "./keys";
import { Slot } from "./slot";
import { SlotSession } from "./slot_session";

const digest: usize = ELLIPTIC ? memory.data(48, 8) : 0;
const publicKey: usize = ELLIPTIC ? memory.data(96, 8) : 0;
const hash: Hash = changetype<Hash>(ELLIPTIC ? memory.data(208, 8) : 0);
const titleOctets: usize = ELLIPTIC ? memory.data(8, 8) : 0;

if (HASH_SIZE > 208) ERROR("scratch holds a hash");

/** Octets of a signature of the context's suite. */
export function signatureSize(c: SecurityContext): u32 {
  return c.suite == 2 ? 96 : 64;
}

/** Whether the meter can sign in a context. */
export function signs(meter: Meter, context: u32): bool {
  return privateKeyOf(meter, context, CertificateType.DIGITAL_SIGNATURE) != 0;
}

/**
 * Signs a digest of the suite with the meter's own key.
 * @returns 0; Err.STATE without a key; errors of keySign()
 */
export function digestSign(meter: Meter, context: u32, digestAt: usize, out: usize): i32 {
  const c = SecurityContext.of(meter, context);
  const curve = contextCurve(c);
  const key = privateKeyOf(meter, context, CertificateType.DIGITAL_SIGNATURE);
  if (key == 0) return Err.STATE;
  return keySign(meter, curve, key, digestAt, out);
}

/** Signs the `size` octets at `at`; errors of digestSign(). */
export function octetsSign(meter: Meter, context: u32, at: usize, size: u32, out: usize): i32 {
  hash.digest(contextHash(SecurityContext.of(meter, context)), at, size, digest);
  return digestSign(meter, context, digest, out);
}

/**
 * The signing key of a partner, x || y to `out`: of the client as its AARQ brought it, else of a stored certificate. A title
 * without a certificate is nobody's.
 */
export function signingKeyOf(meter: Meter, slot: Slot, title: u64, out: usize): bool {
  const session = SlotSession.of(slot);
  if (title == slot.clientTitle && session.signingKeyKnown != 0) {
    memory.copy(out, session.signingKey, <usize>signatureSize(SecurityContext.of(meter, slot.security)));
    return true;
  }
  store<u64>(titleOctets, title);
  const type = CertificateType.DIGITAL_SIGNATURE;
  return certificateKeyOf(meter, slot.security, CertificateEntity.CLIENT, type, titleOctets, out);
}

/** The static key agreement key of a partner, from its certificate. */
export function agreementKeyOf(meter: Meter, context: u32, title: u64, out: usize): bool {
  store<u64>(titleOctets, title);
  return certificateKeyOf(meter, context, CertificateEntity.CLIENT, CertificateType.KEY_AGREEMENT, titleOctets, out);
}

/** Whether the partner `title` signed the digest. */
export function digestVerified(meter: Meter, slot: Slot, title: u64, digestAt: usize, signature: usize): bool {
  if (!signingKeyOf(meter, slot, title, publicKey)) return false;
  const curve = contextCurve(SecurityContext.of(meter, slot.security));
  return Ecdsa.verify(curve, publicKey, digestAt, signature) == Err.OK;
}

/** Whether the partner `title` signed the `size` octets at `at`. */
export function octetsVerified(meter: Meter, slot: Slot, title: u64, at: usize, size: u32, signature: usize): bool {
  hash.digest(contextHash(SecurityContext.of(meter, slot.security)), at, size, digest);
  return digestVerified(meter, slot, title, digest, signature);
}

if (SYSTEM_TITLE_SIZE != 8) ERROR("a system title has 8 octets");
