/**
 * Whether a certificate is to be believed: its signature, and the chain of its issuers up to a trust anchor (RFC 5280 6.1, in the
 * profile of GB9 9.2.6.5). Meters consult no revocation lists. Cost is bounded: CHAIN_MAX issuers, and at each step only
 * stored authorities whose name and key identifier fit.
 */
import { octetsSame } from "../base/octets";
import { Err } from "../base/err";
import { ELLIPTIC } from "../base/suites";
import { Curve, CurveKind } from "../crypto/curve";
import { EcKey } from "../crypto/ec_key";
import { Ecdsa } from "../crypto/ecdsa";
import { Hash, HashKind, HASH_SIZE } from "../crypto/hash";
import { Meter } from "../store/block";
import { CertificateEntity, CertificateType, Certificate } from "../wire/x509";
import { certificateParse } from "../wire/x509_parse";
import {
  certificateEntity,
  certificateIs,
  certificateLoad,
  CERTIFICATE_SLOTS,
  certificateTimely,
  TRUST_ANCHORS,
} from "./certificates";
import { contextCurve } from "./key_pair";
import { SecurityContext } from "./keys";

/** Issuers above a certificate: Sub-CA, Root-CA and one between. */
const CHAIN_MAX: u32 = 3;

const hash: Hash = changetype<Hash>(ELLIPTIC ? memory.data(208, 8) : 0);
const digest: usize = ELLIPTIC ? memory.data(48, 8) : 0;
const signature: usize = ELLIPTIC ? memory.data(96, 8) : 0;
const issuer: Certificate = changetype<Certificate>(ELLIPTIC ? memory.data(offsetof<Certificate>(), 8) : 0);
const subject: Certificate = changetype<Certificate>(ELLIPTIC ? memory.data(offsetof<Certificate>(), 8) : 0);
const offered: Certificate = changetype<Certificate>(ELLIPTIC ? memory.data(offsetof<Certificate>(), 8) : 0);

if (HASH_SIZE > 208) ERROR("scratch holds a hash");

/** Whether the key of `by` made the signature of `x`. A curve goes with its hash: P-256 SHA-256, P-384 SHA-384. */
function signedBy(x: Certificate, by: Certificate): bool {
  const size = x.signatureSize;
  if (by.keySize != size) return false;
  memory.fill(signature, 0, <usize>(2 * size));
  memory.copy(signature + <usize>(size - x.rSize), x.rAt, <usize>x.rSize);
  memory.copy(signature + <usize>(2 * size - x.sSize), x.sAt, <usize>x.sSize);
  hash.digest(size == 48 ? HashKind.SHA384 : HashKind.SHA256, x.tbsAt, x.tbsSize, digest);
  return Ecdsa.verify(Curve.of(size == 48 ? CurveKind.P384 : CurveKind.P256), by.keyAt, digest, signature) == Err.OK;
}

/** Whether names and key identifiers say that `by` issued `x`, `below` authorities above the end of the chain. */
function namedIssuer(x: Certificate, by: Certificate, below: u32): bool {
  if (!by.certifies || (by.pathLimit != 0 && below >= by.pathLimit)) return false;
  if (by.subjectSize != x.issuerSize || !octetsSame(by.subjectAt, x.issuerAt, x.issuerSize)) return false;
  if (x.authorityKeySize == 0 || by.subjectKeySize == 0) return true;
  return x.authorityKeySize == by.subjectKeySize && octetsSame(x.authorityKeyAt, by.subjectKeyAt, by.subjectKeySize);
}

/** Slot of the authority that issued `subject`, parsed into `issuer`; CERTIFICATE_SLOTS when none did. */
function issuerFind(meter: Meter, context: u32, below: u32): u32 {
  for (let slot: u32 = 0; slot < CERTIFICATE_SLOTS; slot++) {
    if (!certificateLoad(meter, context, slot, issuer)) continue;
    if (!namedIssuer(subject, issuer, below) || !certificateTimely(meter, issuer)) continue;
    if (signedBy(subject, issuer)) return slot;
  }
  return CERTIFICATE_SLOTS;
}

/** Whether a chain of valid certificates leads from `x` to a trust anchor, and `x` is valid now with a key of its curve. */
export function certificateTrusted(meter: Meter, context: u32, x: Certificate): bool {
  const curve = Curve.of(x.keySize == 48 ? CurveKind.P384 : CurveKind.P256);
  if (!certificateTimely(meter, x) || EcKey.check(curve, x.keyAt) != Err.OK) return false;
  memory.copy(changetype<usize>(subject), changetype<usize>(x), offsetof<Certificate>());
  for (let depth: u32 = 0; depth < CHAIN_MAX; depth++) {
    // An authority's own certificate counts as one below its issuer; the end device's does not.
    const slot = issuerFind(meter, context, depth + (x.certifies ? 1 : 0));
    if (slot < TRUST_ANCHORS) return true;
    if (slot == CERTIFICATE_SLOTS) return false;
    memory.copy(changetype<usize>(subject), changetype<usize>(issuer), offsetof<Certificate>());
  }
  return false;
}

/**
 * The public key of a certificate that a peer sends with its AARQ: x || y to `out`, when it is trusted, is of the type and names the
 * system title at `titleAt`.
 */
export function certificateOffered(
  meter: Meter,
  context: u32,
  at: usize,
  size: u32,
  type: CertificateType,
  titleAt: usize,
  out: usize,
): bool {
  if (certificateParse(at, size, offered) != Err.OK) return false;
  const keySize = contextCurve(SecurityContext.of(meter, context)).size;
  if (offered.keySize != keySize || certificateEntity(meter, context, offered) != CertificateEntity.CLIENT)
    return false;
  if (!certificateIs(meter, context, offered, CertificateEntity.CLIENT, type, titleAt)) return false;
  if (!certificateTrusted(meter, context, offered)) return false;
  memory.copy(out, offered.keyAt, <usize>(2 * keySize));
  return true;
}
