/**
 * The certificates of a security context of suite 1 or 2 (Blue Book, class 64 attribute 6): DER in hidden values of its Security
 * setup object. First the trust anchors, which only provisioning puts there, then what has been provisioned or imported. Their octets
 * are parsed at each use; nothing is kept twice.
 */
import { Err } from "../base/err";
import { ELLIPTIC } from "../base/suites";
import { Meter } from "../store/block";
import { clockOffset } from "../store/clock_offset";
import { NONE } from "../store/template";
import { rowOf, valueAt, valueSize } from "../store/values";
import { Certificate, CertificateEntity } from "../wire/x509";
import { certificateParse } from "../wire/x509_parse";
import { asymmetric, contextCurve } from "./key_pair";
import { SecurityContext } from "./keys";

/** Parts of the hidden attribute 0: trust anchors, then other certificates. */
const CERTIFICATE_FIRST: u32 = 32;
export const TRUST_ANCHORS: u32 = 2;
export const CERTIFICATE_SLOTS: u32 = 16;

const found: Certificate = changetype<Certificate>(ELLIPTIC ? memory.data(offsetof<Certificate>(), 8) : 0);

/** Part of the hidden attribute 0 in which slot `slot` of the store stands. */
export function certificatePart(slot: u32): u32 {
  return CERTIFICATE_FIRST + slot;
}

/** Row of slot 0 of the store, NONE when the context has none. The rows of the other slots follow it. */
function firstRow(meter: Meter, context: u32): u32 {
  const c = SecurityContext.of(meter, context);
  return asymmetric(c) ? rowOf(c.object, 0, CERTIFICATE_FIRST) : NONE;
}

/** Row of a slot of the store, NONE when the context has no store. */
export function certificateRow(meter: Meter, context: u32, slot: u32): u32 {
  const first = firstRow(meter, context);
  return first == NONE || slot >= CERTIFICATE_SLOTS ? NONE : first + slot;
}

/** Parses the certificate in a slot; false when there is none that can be used. */
export function certificateLoad(meter: Meter, context: u32, slot: u32, out: Certificate): bool {
  const row = certificateRow(meter, context, slot);
  if (row == NONE || valueSize(meter, row) == 0) return false;
  return certificateParse(valueAt(meter, row), valueSize(meter, row), out) == Err.OK;
}

/** Whose it is, as attribute 6 says it. A certificate does not tell a client from a third party: both are CLIENT. */
export function certificateEntity(meter: Meter, context: u32, x: Certificate): u32 {
  if (x.certifies) return CertificateEntity.CERTIFICATION_AUTHORITY;
  if (x.titleKnown == 0) return CertificateEntity.OTHER;
  const own = x.title == SecurityContext.of(meter, context).title;
  return own ? CertificateEntity.SERVER : CertificateEntity.CLIENT;
}

/** Whether the clock stands within the validity. */
export function certificateTimely(meter: Meter, x: Certificate): bool {
  const ms = meter.meterTime + clockOffset(meter);
  const seconds = <i64>Math.floor(ms / 1000);
  return seconds >= x.notBefore && seconds <= x.notAfter;
}

/**
 * Whether a certificate is the one asked for. Authorities may be asked for without a title (0) and have no type of their own; a third
 * party may be asked for as CLIENT or OTHER.
 */
export function certificateIs(
  meter: Meter,
  context: u32,
  x: Certificate,
  entity: u32,
  type: u32,
  titleAt: usize,
): bool {
  const whose = certificateEntity(meter, context, x);
  const titled = x.titleKnown != 0 && titleAt != 0 && load<u64>(titleAt) == x.title;
  if (whose == CertificateEntity.CERTIFICATION_AUTHORITY) return whose == entity && (titleAt == 0 || titled);
  const other = entity == CertificateEntity.OTHER && whose == CertificateEntity.CLIENT;
  return (whose == entity || other) && x.type == type && titled;
}

/** Slot of the first certificate of an entity (CertificateEntity), type and title, parsed into `out`; NONE when there is none. */
export function certificateFind(
  meter: Meter,
  context: u32,
  entity: u32,
  type: u32,
  titleAt: usize,
  out: Certificate,
): u32 {
  for (let slot: u32 = 0; slot < CERTIFICATE_SLOTS; slot++) {
    if (!certificateLoad(meter, context, slot, out)) continue;
    if (certificateIs(meter, context, out, entity, type, titleAt)) return slot;
  }
  return NONE;
}

/**
 * The public key of a stored certificate that is valid now: x || y, 64 or 96 octets, to `out`. What is stored was checked when it came.
 * @param entity CertificateEntity; CLIENT and OTHER both find clients and third parties
 * @param type CertificateType: digital signature, key agreement or TLS
 * @param titleAt system title of the subject, 8 octets
 */
export function certificateKeyOf(meter: Meter, context: u32, entity: u32, type: u32, titleAt: usize, out: usize): bool {
  if (certificateFind(meter, context, entity, type, titleAt, found) == NONE) return false;
  const size = contextCurve(SecurityContext.of(meter, context)).size;
  if (found.keySize != size || !certificateTimely(meter, found)) return false;
  memory.copy(out, found.keyAt, <usize>(2 * size));
  return true;
}

/** The meter's own certificate for a purpose: row of its DER (store/values), NONE when there is none that is valid now. */
export function ownCertificateRow(meter: Meter, context: u32, type: u32): u32 {
  const c = SecurityContext.of(meter, context);
  const titleAt = changetype<usize>(c) + offsetof<SecurityContext>("title");
  const slot = certificateFind(meter, context, CertificateEntity.SERVER, type, titleAt, found);
  return slot != NONE && certificateTimely(meter, found) ? certificateRow(meter, context, slot) : NONE;
}
