/** AARE, the association response (GB9 9.4.2, ACSE). Its tag numbers differ from those of the AARQ. */
import { Err } from "../base/err";
import { Reader } from "../base/reader";
import { Writer } from "../base/writer";
import { Ber, BerTag } from "./ber";
import { ApduTag } from "./tags";

/** Tags of the fields, in the order of the standard. */
const enum Field {
  PROTOCOL_VERSION = 0x80,
  APPLICATION_CONTEXT_NAME = 0xa1,
  RESULT = 0xa2,
  RESULT_SOURCE_DIAGNOSTIC = 0xa3,
  RESPONDING_AP_TITLE = 0xa4,
  RESPONDING_AE_QUALIFIER = 0xa5,
  RESPONDING_AP_INVOCATION_ID = 0xa6,
  RESPONDING_AE_INVOCATION_ID = 0xa7,
  RESPONDER_ACSE_REQUIREMENTS = 0x88,
  MECHANISM_NAME = 0x89,
  RESPONDING_AUTHENTICATION_VALUE = 0xaa,
  IMPLEMENTATION_INFORMATION = 0xbd,
  USER_INFORMATION = 0xbe,
}

/** Tag of the source inside the diagnostic: A0 plus DiagnosticSource. */
const SOURCE_TAG: u32 = 0xa0;

/** An address of 0 says that the field is absent. */
@unmanaged
export class Aare {
  /** Unused-bits octet and bits; normally absent. */
  protocolVersionAt: usize;
  protocolVersionSize: u32;
  /** Content of the object identifier. */
  contextNameAt: usize;
  contextNameSize: u32;
  /** System title of the server. */
  respondingTitleAt: usize;
  respondingTitleSize: u32;
  /** Certificate of the server's signing key. */
  respondingQualifierAt: usize;
  respondingQualifierSize: u32;
  // Content of the field.
  respondingApInvocationAt: usize;
  respondingApInvocationSize: u32;
  respondingAeInvocationAt: usize;
  respondingAeInvocationSize: u32;
  /** Content of the object identifier, as responding-authentication-value only in an HLS association. */
  mechanismNameAt: usize;
  mechanismNameSize: u32;
  /** The challenge of the server, a charstring. */
  authenticationAt: usize;
  authenticationSize: u32;
  implementationAt: usize;
  implementationSize: u32;
  /** An InitiateResponse or confirmedServiceError, plain or ciphered. */
  informationAt: usize;
  informationSize: u32;
  /** AssociationResult. */
  result: i32;
  /** DiagnosticSource, and UserDiagnostic or ProviderDiagnostic. */
  source: i32;
  diagnostic: i32;
  /** Not 0: the authentication functional unit is named. */
  authenticationRequired: u32;

  /** All fields absent. */
  clear(): this {
    memory.fill(changetype<usize>(this), 0, offsetof<Aare>());
    return this;
  }
}

const apdu = changetype<Reader>(memory.data(offsetof<Reader>(), 8));
const field = changetype<Reader>(memory.data(offsetof<Reader>(), 8));
const inner = changetype<Reader>(memory.data(offsetof<Reader>(), 8));

/** `A3 05 A1 03 02 01 d`: the source is the tag around the number. */
function diagnosticParse(r: Reader, out: Aare): void {
  out.source = <i32>(field.u8() - SOURCE_TAG);
  Ber.content(field, inner);
  out.diagnostic = Ber.readNumber(inner);
  if (out.source != 1 && out.source != 2) return r.fail(Err.MALFORMED);
  if (inner.err != Err.OK || !field.done) r.fail(Err.MALFORMED);
}

function numbersParse(r: Reader, tag: u32, out: Aare): void {
  if (tag == Field.RESULT) {
    out.result = Ber.readNumber(field);
    if (field.err != Err.OK) r.fail(Err.MALFORMED);
  } else if (tag == Field.RESULT_SOURCE_DIAGNOSTIC) {
    diagnosticParse(r, out);
  } else if (tag == Field.RESPONDER_ACSE_REQUIREMENTS) {
    field.u8();
    out.authenticationRequired = field.u8() >> 7;
    if (field.err != Err.OK) r.fail(Err.MALFORMED);
  }
}

function fieldParse(r: Reader, tag: u32, out: Aare): void {
  const base = changetype<usize>(out);
  switch (tag) {
    case Field.PROTOCOL_VERSION:
      return Ber.keep(r, field, base + offsetof<Aare>("protocolVersionAt"));
    case Field.APPLICATION_CONTEXT_NAME:
      return Ber.keepNested(r, field, BerTag.OBJECT_IDENTIFIER, base + offsetof<Aare>("contextNameAt"));
    case Field.RESPONDING_AP_TITLE:
      return Ber.keepNested(r, field, BerTag.OCTET_STRING, base + offsetof<Aare>("respondingTitleAt"));
    case Field.RESPONDING_AE_QUALIFIER:
      return Ber.keepNested(r, field, BerTag.OCTET_STRING, base + offsetof<Aare>("respondingQualifierAt"));
    case Field.RESPONDING_AP_INVOCATION_ID:
      return Ber.keep(r, field, base + offsetof<Aare>("respondingApInvocationAt"));
    case Field.RESPONDING_AE_INVOCATION_ID:
      return Ber.keep(r, field, base + offsetof<Aare>("respondingAeInvocationAt"));
    case Field.MECHANISM_NAME:
      return Ber.keep(r, field, base + offsetof<Aare>("mechanismNameAt"));
    case Field.RESPONDING_AUTHENTICATION_VALUE:
      return Ber.keepNested(r, field, 0x80, base + offsetof<Aare>("authenticationAt"));
    case Field.IMPLEMENTATION_INFORMATION:
      return Ber.keep(r, field, base + offsetof<Aare>("implementationAt"));
    case Field.USER_INFORMATION:
      return Ber.keepNested(r, field, BerTag.OCTET_STRING, base + offsetof<Aare>("informationAt"));
    default:
      return numbersParse(r, tag, out);
  }
}

/** Parses an AARE with its tag, as liberally as aarqParse(). Result and diagnostic must be there. */
export function aareParse(r: Reader, out: Aare): i32 {
  out.clear();
  out.result = -1;
  out.source = -1;
  const tag = r.u8();
  Ber.content(r, apdu);
  if (r.err != Err.OK) return r.err;
  if (tag != ApduTag.AARE) return Err.UNKNOWN;
  while (apdu.remaining != 0) {
    const fieldTag = apdu.u8();
    Ber.content(apdu, field);
    if (apdu.err == Err.OK) fieldParse(apdu, fieldTag, out);
  }
  return apdu.err == Err.OK && out.result >= 0 && out.source >= 0 ? Err.OK : Err.MALFORMED;
}

function fieldsEmit(w: Writer, x: Aare): void {
  Ber.element(w, Field.PROTOCOL_VERSION, x.protocolVersionAt, x.protocolVersionSize);
  Ber.nested(w, Field.APPLICATION_CONTEXT_NAME, BerTag.OBJECT_IDENTIFIER, x.contextNameAt, x.contextNameSize);
  Ber.number(w, Field.RESULT, x.result);
  w.u16((Field.RESULT_SOURCE_DIAGNOSTIC << 8) | 5);
  Ber.number(w, SOURCE_TAG + <u32>x.source, x.diagnostic);
  Ber.nested(w, Field.RESPONDING_AP_TITLE, BerTag.OCTET_STRING, x.respondingTitleAt, x.respondingTitleSize);
  Ber.nested(w, Field.RESPONDING_AE_QUALIFIER, BerTag.OCTET_STRING, x.respondingQualifierAt, x.respondingQualifierSize);
  Ber.element(w, Field.RESPONDING_AP_INVOCATION_ID, x.respondingApInvocationAt, x.respondingApInvocationSize);
  Ber.element(w, Field.RESPONDING_AE_INVOCATION_ID, x.respondingAeInvocationAt, x.respondingAeInvocationSize);
  if (x.authenticationRequired != 0) {
    w.u16((Field.RESPONDER_ACSE_REQUIREMENTS << 8) | 2);
    w.u16(0x0780);
  }
  Ber.element(w, Field.MECHANISM_NAME, x.mechanismNameAt, x.mechanismNameSize);
  Ber.nested(w, Field.RESPONDING_AUTHENTICATION_VALUE, 0x80, x.authenticationAt, x.authenticationSize);
  Ber.element(w, Field.IMPLEMENTATION_INFORMATION, x.implementationAt, x.implementationSize);
  Ber.nested(w, Field.USER_INFORMATION, BerTag.OCTET_STRING, x.informationAt, x.informationSize);
}

/** Emits what aareParse() reads, in the order of the standard; result, source and diagnostic must be set. */
export function aareEmit(w: Writer, x: Aare): void {
  assert(x.source == 1 || x.source == 2);
  const content = Ber.begin(w, ApduTag.AARE);
  fieldsEmit(w, x);
  Ber.end(w, content);
}
