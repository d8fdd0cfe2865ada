/** RLRQ and RLRE, the release of an association (GB9 9.4.2, ACSE). */
import { Err } from "../base/err";
import { Reader } from "../base/reader";
import { Writer } from "../base/writer";
import { Ber, BerTag } from "./ber";
import { ApduTag } from "./tags";

const enum Field {
  REASON = 0x80,
  USER_INFORMATION = 0xbe,
}

/** Either of the two; all fields are optional. */
@unmanaged
export class Release {
  /** InitiateRequest or InitiateResponse, plain or ciphered; address 0 = absent. */
  informationAt: usize;
  informationSize: u32;
  /** ReleaseReason, -1 = absent. */
  reason: i32;
}

const apdu = changetype<Reader>(memory.data(offsetof<Reader>(), 8));
const field = changetype<Reader>(memory.data(offsetof<Reader>(), 8));

function fieldParse(r: Reader, tag: u32, out: Release): void {
  if (tag == Field.USER_INFORMATION) {
    const pair = changetype<usize>(out) + offsetof<Release>("informationAt");
    return Ber.keepNested(r, field, BerTag.OCTET_STRING, pair);
  }
  if (tag != Field.REASON) return;
  if (out.reason >= 0 || field.remaining != 1) return r.fail(Err.MALFORMED);
  out.reason = <i32>field.u8();
}

function parse(r: Reader, wanted: u32, out: Release): i32 {
  out.informationAt = 0;
  out.informationSize = 0;
  out.reason = -1;
  const tag = r.u8();
  Ber.content(r, apdu);
  if (r.err != Err.OK) return r.err;
  if (tag != wanted) return Err.UNKNOWN;
  while (apdu.remaining != 0) {
    const fieldTag = apdu.u8();
    Ber.content(apdu, field);
    if (apdu.err == Err.OK) fieldParse(apdu, fieldTag, out);
  }
  return apdu.err == Err.OK ? Err.OK : Err.MALFORMED;
}

function fieldsEmit(w: Writer, x: Release): void {
  if (x.reason >= 0) {
    w.u16((Field.REASON << 8) | 1);
    w.u8(<u32>x.reason);
  }
  Ber.nested(w, Field.USER_INFORMATION, BerTag.OCTET_STRING, x.informationAt, x.informationSize);
}

function emit(w: Writer, tag: u32, x: Release): void {
  const content = Ber.begin(w, tag);
  fieldsEmit(w, x);
  Ber.end(w, content);
}

/** Parses an RLRQ with its tag; `62 00` is whole. Errors as aarqParse(). */
export function rlrqParse(r: Reader, out: Release): i32 {
  return parse(r, ApduTag.RLRQ, out);
}

export function rlrqEmit(w: Writer, x: Release): void {
  emit(w, ApduTag.RLRQ, x);
}

/** Parses an RLRE with its tag. */
export function rlreParse(r: Reader, out: Release): i32 {
  return parse(r, ApduTag.RLRE, out);
}

export function rlreEmit(w: Writer, x: Release): void {
  emit(w, ApduTag.RLRE, x);
}
