/** Security setup, class_id 64, version 1: its certificates, attribute 6 and methods 4 to 8. */
import { octetsSame } from "../../base/octets";
import { Err } from "../../base/err";
import { SYSTEM_TITLE_SIZE } from "../../base/limits";
import { Reader } from "../../base/reader";
import { ELLIPTIC } from "../../base/suites";
import { Writer } from "../../base/writer";
import { certificateImport, certificateRemove } from "../../session/certificate_import";
import { certificateRequest } from "../../session/certificate_request";
import {
  certificateEntity,
  certificateFind,
  certificateLoad,
  certificateRow,
  CERTIFICATE_SLOTS,
} from "../../session/certificates";
import { keyPairGenerate, PURPOSES } from "../../session/key_pair";
import { SecurityContext } from "../../session/keys";
import { SecurityOption, securityOption } from "../../session/options";
import { Meter } from "../../store/block";
import { valueAt, valueSize } from "../../store/values";
import { Axdr } from "../../wire/axdr";
import { ActionResult, DataAccessResult } from "../../wire/results";
import { Certificate, CertificateEntity } from "../../wire/x509";
import { Ask, Pin, PinKind } from "../ask";

/** certificate_identification_type. */
const enum Identification {
  BY_ENTITY = 0,
  BY_SERIAL = 1,
}

const counter: Writer = changetype<Writer>(ELLIPTIC ? memory.data(offsetof<Writer>(), 8) : 0);
const listed: Certificate = changetype<Certificate>(ELLIPTIC ? memory.data(offsetof<Certificate>(), 8) : 0);

/** certificates: an array pinned where it stands, for it may be longer than what an answer freezes. */
export function certificatesGet(ask: Ask, context: u32): i32 {
  const pin = ask.pin;
  pin.kind = PinKind.CERTIFICATES;
  pin.source = context;
  pin.generation = SecurityContext.of(ask.meter, context).certificateChanges;
  pin.items = 0;
  pin.itemSize = 0;
  counter.count();
  for (let slot: u32 = 0; slot < CERTIFICATE_SLOTS; slot++) {
    if (!certificateLoad(ask.meter, context, slot, listed)) continue;
    pin.items++;
    itemEmit(ask.meter, context, counter);
  }
  pin.size = counter.size;
  return DataAccessResult.SUCCESS;
}

/** Writes item `index` of a pinned list; Err.STATE when the certificates have changed since. */
export function certificatesItem(meter: Meter, pin: Pin, index: u32, w: Writer): i32 {
  if (SecurityContext.of(meter, pin.source).certificateChanges != pin.generation) return Err.STATE;
  let left = index;
  for (let slot: u32 = 0; slot < CERTIFICATE_SLOTS; slot++) {
    if (!certificateLoad(meter, pin.source, slot, listed)) continue;
    if (left-- != 0) continue;
    itemEmit(meter, pin.source, w);
    return Err.OK;
  }
  return Err.STATE;
}

/** structure { entity, type, serial number, issuer, subject, subject_alt_name } of `listed`. */
function itemEmit(meter: Meter, context: u32, w: Writer): void {
  Axdr.structure(w, 6);
  Axdr.enum_(w, certificateEntity(meter, context, listed));
  Axdr.enum_(w, listed.type);
  // The identifier and length octets of the INTEGER stand in front of its content.
  const head: u32 = securityOption(SecurityOption.SERIAL_DER) ? 2 : 0;
  Axdr.octetString(w, listed.serialAt - <usize>head, listed.serialSize + head);
  Axdr.octetString(w, listed.issuerAt, listed.issuerSize);
  Axdr.octetString(w, listed.subjectAt, listed.subjectSize);
  Axdr.octetString(w, listed.alternativeAt, listed.alternativeSize);
}

/** generate_key_pair: it waits for its certificate. */
export function keyPairRequested(ask: Ask, context: u32): i32 {
  const purpose = purposeOf(ask);
  if (purpose < 0) return -purpose;
  return resultOf(keyPairGenerate(ask.meter, context, purpose));
}

/** generate_certificate_request: octet-string of a PKCS#10 request. */
export function requestRequested(ask: Ask, context: u32, out: Writer): i32 {
  const purpose = purposeOf(ask);
  if (purpose < 0) return -purpose;
  return resultOf(certificateRequest(ask.meter, context, purpose, out));
}

/** The enum that says what a key pair is for; an ActionResult, negated, when it is none. */
function purposeOf(ask: Ask): i32 {
  const r = ask.data;
  const purpose = Axdr.readEnum(r);
  if (!r.done) return -(<i32>ActionResult.TYPE_UNMATCHED);
  return purpose < PURPOSES ? <i32>purpose : -(<i32>ActionResult.READ_WRITE_DENIED);
}

function resultOf(err: i32): i32 {
  switch (err) {
    case Err.OK:
      return ActionResult.SUCCESS;
    case Err.STATE: // no pair, or a suite without pairs
      return ActionResult.OBJECT_UNAVAILABLE;
    case Err.ENTROPY:
    case Err.NO_SPACE:
      return ActionResult.TEMPORARY_FAILURE;
    default:
      return ActionResult.OTHER_REASON;
  }
}

/** import_certificate. */
export function certificateImported(ask: Ask, context: u32): i32 {
  const r = ask.data;
  const size = Axdr.readOctetStringSize(r);
  const at = r.take(size);
  if (!r.done) return ActionResult.TYPE_UNMATCHED;
  return certificateImport(ask.meter, context, at, size);
}

/** export_certificate: octet-string of the DER. */
export function certificateExported(ask: Ask, context: u32, out: Writer): i32 {
  const slot = identified(ask, context);
  if (slot < 0) return -slot;
  const row = certificateRow(ask.meter, context, slot);
  Axdr.octetString(out, valueAt(ask.meter, row), valueSize(ask.meter, row));
  return ActionResult.SUCCESS;
}

/** remove_certificate. */
export function certificateRemoved(ask: Ask, context: u32): i32 {
  const slot = identified(ask, context);
  return slot < 0 ? -slot : certificateRemove(ask.meter, context, slot);
}

/** Slot of the certificate that structure { type of identification, structure } names; an ActionResult, negated, when none is. */
function identified(ask: Ask, context: u32): i32 {
  const r = ask.data;
  Axdr.readStructure(r, 2);
  const how = Axdr.readEnum(r);
  if (r.err == Err.OK && how > <u32>Identification.BY_SERIAL) return -(<i32>ActionResult.READ_WRITE_DENIED);
  return how == <u32>Identification.BY_ENTITY ? byEntity(ask.meter, context, r) : bySerial(ask.meter, context, r);
}

/** structure { entity, type, system title }; the title may be empty for an authority. */
function byEntity(meter: Meter, context: u32, r: Reader): i32 {
  Axdr.readStructure(r, 3);
  const entity = Axdr.readEnum(r);
  const type = Axdr.readEnum(r);
  const size = Axdr.readOctetStringSize(r);
  const title = r.take(size);
  if (!r.done) return -(<i32>ActionResult.TYPE_UNMATCHED);
  const untitled = size == 0 && entity == <u32>CertificateEntity.CERTIFICATION_AUTHORITY;
  if (size != SYSTEM_TITLE_SIZE && !untitled) return -(<i32>ActionResult.OBJECT_UNAVAILABLE);
  return slotOr(certificateFind(meter, context, entity, type, untitled ? 0 : title, listed));
}

/** structure { serial number, issuer }: the number as DER INTEGER or its content alone, the issuer as DER Name. */
function bySerial(meter: Meter, context: u32, r: Reader): i32 {
  Axdr.readStructure(r, 2);
  const serialSize = Axdr.readOctetStringSize(r);
  const serial = r.take(serialSize);
  const issuerSize = Axdr.readOctetStringSize(r);
  const issuer = r.take(issuerSize);
  if (!r.done) return -(<i32>ActionResult.TYPE_UNMATCHED);
  for (let slot: u32 = 0; slot < CERTIFICATE_SLOTS; slot++) {
    const known = certificateLoad(meter, context, slot, listed);
    if (!known || !same(listed.issuerAt, listed.issuerSize, issuer, issuerSize)) continue;
    const content = same(listed.serialAt, listed.serialSize, serial, serialSize);
    if (content || same(listed.serialAt - 2, listed.serialSize + 2, serial, serialSize)) return slot;
  }
  return -(<i32>ActionResult.OBJECT_UNAVAILABLE);
}

function same(a: usize, aSize: u32, b: usize, bSize: u32): bool {
  return aSize == bSize && octetsSame(a, b, aSize);
}

function slotOr(slot: u32): i32 {
  return slot < CERTIFICATE_SLOTS ? <i32>slot : -(<i32>ActionResult.OBJECT_UNAVAILABLE);
}
