/** AARQ, the association request (GB9 9.4.2, ACSE). Fields stay where they are in the input. */
import { Err } from "../base/err";
import { Reader } from "../base/reader";
import { Writer } from "../base/writer";
import { Ber, BerTag } from "./ber";
import { ApduTag } from "./tags";

/** Tags of the fields, in the order of the standard. */
const enum Field {
  PROTOCOL_VERSION = 0x80,
  APPLICATION_CONTEXT_NAME = 0xa1,
  CALLED_AP_TITLE = 0xa2,
  CALLED_AE_QUALIFIER = 0xa3,
  CALLED_AP_INVOCATION_ID = 0xa4,
  CALLED_AE_INVOCATION_ID = 0xa5,
  CALLING_AP_TITLE = 0xa6,
  CALLING_AE_QUALIFIER = 0xa7,
  CALLING_AP_INVOCATION_ID = 0xa8,
  CALLING_AE_INVOCATION_ID = 0xa9,
  SENDER_ACSE_REQUIREMENTS = 0x8a,
  MECHANISM_NAME = 0x8b,
  CALLING_AUTHENTICATION_VALUE = 0xac,
  IMPLEMENTATION_INFORMATION = 0xbd,
  USER_INFORMATION = 0xbe,
}

/** Choices of the authentication value. */
export const enum AuthenticationValue {
  CHARSTRING = 0x80,
  BITSTRING = 0x81,
}

/** An address of 0 says that the field is absent; a field may be present with size 0. */
@unmanaged
export class Aarq {
  /** Unused-bits octet and bits. */
  protocolVersionAt: usize;
  protocolVersionSize: u32;
  /** Content of the object identifier. */
  contextNameAt: usize;
  contextNameSize: u32;
  // Content of the field, which is ignored.
  calledTitleAt: usize;
  calledTitleSize: u32;
  calledQualifierAt: usize;
  calledQualifierSize: u32;
  calledApInvocationAt: usize;
  calledApInvocationSize: u32;
  calledAeInvocationAt: usize;
  calledAeInvocationSize: u32;
  /** System title of the client. */
  callingTitleAt: usize;
  callingTitleSize: u32;
  /** Certificate of the client's signing key. */
  callingQualifierAt: usize;
  callingQualifierSize: u32;
  callingApInvocationAt: usize;
  callingApInvocationSize: u32;
  /** Content of the field: an INTEGER, see userId. */
  callingAeInvocationAt: usize;
  callingAeInvocationSize: u32;
  /** Unused-bits octet and bits. */
  requirementsAt: usize;
  requirementsSize: u32;
  /** Content of the object identifier. */
  mechanismNameAt: usize;
  mechanismNameSize: u32;
  /** Content of the choice below: the password or challenge of the client. */
  authenticationAt: usize;
  authenticationSize: u32;
  implementationAt: usize;
  implementationSize: u32;
  /** An InitiateRequest, plain or ciphered. */
  informationAt: usize;
  informationSize: u32;
  /** Tag of the authentication value (AuthenticationValue), 0 without one. */
  authenticationChoice: u32;

  /** True when protocol-version is absent or names version 1, bit 0. The other bits say nothing. */
  get versionSupported(): bool {
    if (this.protocolVersionAt == 0) return true;
    return this.protocolVersionSize >= 2 && (load<u8>(this.protocolVersionAt, 1) & 0x80) != 0;
  }

  /** True when the authentication functional unit is asked for: without it mechanism and value are not looked at. */
  get authenticationRequired(): bool {
    return this.requirementsSize >= 2 && (load<u8>(this.requirementsAt, 1) & 0x80) != 0;
  }

  /** The client user id, 0..255, or -1 when there is none or its coding is another one than `02 01 xx`. */
  get userId(): i32 {
    if (this.callingAeInvocationSize != 3) return -1;
    if (load<u8>(this.callingAeInvocationAt) != 2 || load<u8>(this.callingAeInvocationAt, 1) != 1) return -1;
    return <i32>load<u8>(this.callingAeInvocationAt, 2);
  }
}

const apdu = changetype<Reader>(memory.data(offsetof<Reader>(), 8));
const field = changetype<Reader>(memory.data(offsetof<Reader>(), 8));

function authenticationParse(r: Reader, out: Aarq, pair: usize): void {
  out.authenticationChoice = field.peek;
  if (field.remaining == 0) return r.fail(Err.MALFORMED);
  Ber.keepNested(r, field, out.authenticationChoice, pair);
}

function fieldParse(r: Reader, tag: u32, out: Aarq): void {
  const base = changetype<usize>(out);
  switch (tag) {
    case Field.PROTOCOL_VERSION:
      return Ber.keep(r, field, base + offsetof<Aarq>("protocolVersionAt"));
    case Field.APPLICATION_CONTEXT_NAME:
      return Ber.keepNested(r, field, BerTag.OBJECT_IDENTIFIER, base + offsetof<Aarq>("contextNameAt"));
    case Field.CALLED_AP_TITLE:
      return Ber.keep(r, field, base + offsetof<Aarq>("calledTitleAt"));
    case Field.CALLED_AE_QUALIFIER:
      return Ber.keep(r, field, base + offsetof<Aarq>("calledQualifierAt"));
    case Field.CALLED_AP_INVOCATION_ID:
      return Ber.keep(r, field, base + offsetof<Aarq>("calledApInvocationAt"));
    case Field.CALLED_AE_INVOCATION_ID:
      return Ber.keep(r, field, base + offsetof<Aarq>("calledAeInvocationAt"));
    case Field.CALLING_AP_TITLE:
      return Ber.keepNested(r, field, BerTag.OCTET_STRING, base + offsetof<Aarq>("callingTitleAt"));
    case Field.CALLING_AE_QUALIFIER:
      return Ber.keepNested(r, field, BerTag.OCTET_STRING, base + offsetof<Aarq>("callingQualifierAt"));
    case Field.CALLING_AP_INVOCATION_ID:
      return Ber.keep(r, field, base + offsetof<Aarq>("callingApInvocationAt"));
    case Field.CALLING_AE_INVOCATION_ID:
      return Ber.keep(r, field, base + offsetof<Aarq>("callingAeInvocationAt"));
    case Field.SENDER_ACSE_REQUIREMENTS:
      return Ber.keep(r, field, base + offsetof<Aarq>("requirementsAt"));
    case Field.MECHANISM_NAME:
      return Ber.keep(r, field, base + offsetof<Aarq>("mechanismNameAt"));
    case Field.CALLING_AUTHENTICATION_VALUE:
      return authenticationParse(r, out, base + offsetof<Aarq>("authenticationAt"));
    case Field.IMPLEMENTATION_INFORMATION:
      return Ber.keep(r, field, base + offsetof<Aarq>("implementationAt"));
    case Field.USER_INFORMATION:
      return Ber.keepNested(r, field, BerTag.OCTET_STRING, base + offsetof<Aarq>("informationAt"));
    default:
      return; // Unknown optional fields are skipped, not refused (CTT OPEN_7).
  }
}

/**
 * Parses an AARQ with its tag. Any order of fields and non-minimal lengths are accepted. Err.INCOMPLETE when the octets
 * end before the APDU does, Err.UNKNOWN for another tag, Err.MALFORMED otherwise. Absent fields are not an error here.
 */
export function aarqParse(r: Reader, out: Aarq): i32 {
  memory.fill(changetype<usize>(out), 0, offsetof<Aarq>());
  const tag = r.u8();
  Ber.content(r, apdu);
  if (r.err != Err.OK) return r.err;
  if (tag != ApduTag.AARQ) return Err.UNKNOWN;
  while (apdu.remaining != 0) {
    const fieldTag = apdu.u8();
    Ber.content(apdu, field);
    if (apdu.err == Err.OK) fieldParse(apdu, fieldTag, out);
  }
  return apdu.err == Err.OK ? Err.OK : Err.MALFORMED;
}

function fieldsEmit(w: Writer, x: Aarq): void {
  Ber.element(w, Field.PROTOCOL_VERSION, x.protocolVersionAt, x.protocolVersionSize);
  Ber.nested(w, Field.APPLICATION_CONTEXT_NAME, BerTag.OBJECT_IDENTIFIER, x.contextNameAt, x.contextNameSize);
  Ber.element(w, Field.CALLED_AP_TITLE, x.calledTitleAt, x.calledTitleSize);
  Ber.element(w, Field.CALLED_AE_QUALIFIER, x.calledQualifierAt, x.calledQualifierSize);
  Ber.element(w, Field.CALLED_AP_INVOCATION_ID, x.calledApInvocationAt, x.calledApInvocationSize);
  Ber.element(w, Field.CALLED_AE_INVOCATION_ID, x.calledAeInvocationAt, x.calledAeInvocationSize);
  Ber.nested(w, Field.CALLING_AP_TITLE, BerTag.OCTET_STRING, x.callingTitleAt, x.callingTitleSize);
  Ber.nested(w, Field.CALLING_AE_QUALIFIER, BerTag.OCTET_STRING, x.callingQualifierAt, x.callingQualifierSize);
  Ber.element(w, Field.CALLING_AP_INVOCATION_ID, x.callingApInvocationAt, x.callingApInvocationSize);
  Ber.element(w, Field.CALLING_AE_INVOCATION_ID, x.callingAeInvocationAt, x.callingAeInvocationSize);
  Ber.element(w, Field.SENDER_ACSE_REQUIREMENTS, x.requirementsAt, x.requirementsSize);
  Ber.element(w, Field.MECHANISM_NAME, x.mechanismNameAt, x.mechanismNameSize);
  const choice = x.authenticationChoice;
  Ber.nested(w, Field.CALLING_AUTHENTICATION_VALUE, choice, x.authenticationAt, x.authenticationSize);
  Ber.element(w, Field.IMPLEMENTATION_INFORMATION, x.implementationAt, x.implementationSize);
  Ber.nested(w, Field.USER_INFORMATION, BerTag.OCTET_STRING, x.informationAt, x.informationSize);
}

/** Emits what aarqParse() reads, in the order of the standard. */
export function aarqEmit(w: Writer, x: Aarq): void {
  const content = Ber.begin(w, ApduTag.AARQ);
  fieldsEmit(w, x);
  Ber.end(w, content);
}
