/**
 * import_certificate and remove_certificate of Security setup (Blue Book, class 64 methods 6 and 8). What is refused changes nothing;
 * what is taken is one record with the key pair it makes the one in use.
 */
import { octetsSame } from "../base/octets";
import { Err } from "../base/err";
import { ELLIPTIC } from "../base/suites";
import { Curve } from "../crypto/curve";
import { Meter } from "../store/block";
import { changeAdd, changeCommit, changeOpen } from "../store/change";
import { NONE, Template } from "../store/template";
import { valueSize } from "../store/values";
import { Certificate, CertificateEntity, CertificateType } from "../wire/x509";
import { certificateParse } from "../wire/x509_parse";
import { ActionResult } from "../wire/results";
import { certificateTrusted } from "./certificate_trust";
import {
  certificateEntity,
  certificateLoad,
  certificatePart,
  certificateRow,
  CERTIFICATE_SLOTS,
  TRUST_ANCHORS,
} from "./certificates";
import { contextCurve, keyPairActivate, keyPairMatches, pendingKeyOf, privateKeyOf } from "./key_pair";
import { SecurityContext } from "./keys";

const imported: Certificate = changetype<Certificate>(ELLIPTIC ? memory.data(offsetof<Certificate>(), 8) : 0);
const stored: Certificate = changetype<Certificate>(ELLIPTIC ? memory.data(offsetof<Certificate>(), 8) : 0);

/** Whether two certificates stand for the same: an authority's key, or a purpose of a title. The newer one takes the place. */
function replaces(meter: Meter, context: u32, x: Certificate, old: Certificate): bool {
  const entity = certificateEntity(meter, context, x);
  if (entity != certificateEntity(meter, context, old)) return false;
  if (entity != CertificateEntity.CERTIFICATION_AUTHORITY) return x.type == old.type && x.title == old.title;
  return (
    x.subjectSize == old.subjectSize &&
    x.keySize == old.keySize &&
    octetsSame(x.subjectAt, old.subjectAt, x.subjectSize) &&
    octetsSame(x.keyAt, old.keyAt, 2 * x.keySize)
  );
}

/** Slot for a certificate: that of the one it replaces, else a free one; CERTIFICATE_SLOTS when there is none. */
function slotFor(meter: Meter, context: u32, x: Certificate): u32 {
  let free = CERTIFICATE_SLOTS;
  for (let slot = TRUST_ANCHORS; slot < CERTIFICATE_SLOTS; slot++) {
    if (certificateLoad(meter, context, slot, stored)) {
      if (replaces(meter, context, x, stored)) return slot;
    } else if (free == CERTIFICATE_SLOTS && valueSize(meter, certificateRow(meter, context, slot)) == 0) {
      free = slot;
    }
  }
  return free;
}

/** Whether a certificate may be kept at all: a Sub-CA, or an end device with a key for one purpose on the curve of the suite. */
function acceptable(meter: Meter, context: u32, x: Certificate, curve: Curve): bool {
  const sameName = x.subjectSize == x.issuerSize;
  const selfIssued = sameName && octetsSame(x.subjectAt, x.issuerAt, x.subjectSize);
  if (selfIssued) return false;
  if (x.certifies) return true;
  return x.titleKnown != 0 && x.type != CertificateType.OTHER && x.keySize == curve.size;
}

/**
 * Takes the certificate of `size` octets at `at`. The meter's own must belong to the key pair that waits for it, which it puts
 * in use, or to the one in use.
 */
export function certificateImport(meter: Meter, context: u32, at: usize, size: u32): ActionResult {
  const c = SecurityContext.of(meter, context);
  const row = certificateRow(meter, context, TRUST_ANCHORS);
  if (row == NONE) return ActionResult.OBJECT_UNAVAILABLE;
  if (size > <u32>Template.of().attribute(row).capacity) return ActionResult.OTHER_REASON;
  const x = imported;
  const curve = contextCurve(c);
  if (certificateParse(at, size, x) != Err.OK) return ActionResult.READ_WRITE_DENIED;
  if (!acceptable(meter, context, x, curve)) return ActionResult.READ_WRITE_DENIED;
  const own = certificateEntity(meter, context, x) == CertificateEntity.SERVER;
  const fresh = own && keyPairMatches(curve, pendingKeyOf(meter, context, x.type), x.keyAt);
  const known = own && !fresh && keyPairMatches(curve, privateKeyOf(meter, context, x.type), x.keyAt);
  if (own && !fresh && !known) return ActionResult.READ_WRITE_DENIED;
  if (!certificateTrusted(meter, context, x)) return ActionResult.READ_WRITE_DENIED;
  const slot = slotFor(meter, context, x);
  if (slot == CERTIFICATE_SLOTS) return ActionResult.OTHER_REASON;
  changeOpen(meter);
  changeAdd(meter, Template.of().object(c.object), 0, certificatePart(slot), at, size);
  if (fresh) keyPairActivate(meter, context, x.type);
  return committed(meter, c);
}

/** Empties a slot. Trust anchors stay, and so do the meter's own certificates, without which it could not prove itself. */
export function certificateRemove(meter: Meter, context: u32, slot: u32): ActionResult {
  const c = SecurityContext.of(meter, context);
  if (slot >= CERTIFICATE_SLOTS || !certificateLoad(meter, context, slot, stored))
    return ActionResult.OBJECT_UNAVAILABLE;
  const own = certificateEntity(meter, context, stored) == CertificateEntity.SERVER;
  if (slot < TRUST_ANCHORS || own) return ActionResult.READ_WRITE_DENIED;
  changeOpen(meter);
  changeAdd(meter, Template.of().object(c.object), 0, certificatePart(slot), 0, 0);
  return committed(meter, c);
}

function committed(meter: Meter, c: SecurityContext): ActionResult {
  if (changeCommit(meter) != Err.OK) return ActionResult.TEMPORARY_FAILURE;
  c.certificateChanges++;
  return ActionResult.SUCCESS;
}
