/** Names in certificates: the subject and issuer as DER, and the system title of a subject (GB9 9.2.6.3). */
import { Err } from "../base/err";
import { SYSTEM_TITLE_SIZE } from "../base/limits";
import { Reader } from "../base/reader";
import { ELLIPTIC } from "../base/suites";
import { Der, DerTag } from "./der";
import { Certificate } from "./x509";
import { COMMON_NAME, COMMON_NAME_SIZE, HARDWARE_MODULE_NAME, HARDWARE_MODULE_NAME_SIZE } from "./x509_rom";

const name: Reader = changetype<Reader>(ELLIPTIC ? memory.data(offsetof<Reader>(), 8) : 0);
const set: Reader = changetype<Reader>(ELLIPTIC ? memory.data(offsetof<Reader>(), 8) : 0);
const pair: Reader = changetype<Reader>(ELLIPTIC ? memory.data(offsetof<Reader>(), 8) : 0);
const value: Reader = changetype<Reader>(ELLIPTIC ? memory.data(offsetof<Reader>(), 8) : 0);
const serial: Reader = changetype<Reader>(ELLIPTIC ? memory.data(offsetof<Reader>(), 8) : 0);

/** Records a system title; two different ones in a certificate are malformed. */
function titleKeep(r: Reader, out: Certificate, title: u64): void {
  if (out.titleKnown != 0 && out.title != title) r.fail(Err.MALFORMED);
  out.titleKnown = 1;
  out.title = title;
}

/** The next Name: RDNSequence of SETs of {OID, string}. Returns where it begins; with `out`, its common name may be a title. */
export function nameParse(r: Reader, out: Certificate, isSubject: bool): usize {
  const at = r.pos;
  Der.enter(r, DerTag.SEQUENCE, name);
  while (r.err == Err.OK && name.remaining != 0) {
    Der.enter(name, DerTag.SET, set);
    if (name.err != Err.OK || set.remaining == 0) r.fail(Err.MALFORMED);
    while (r.err == Err.OK && set.remaining != 0) attributeParse(r, out, isSubject);
  }
  return at;
}

/** One AttributeTypeAndValue of `set`. */
function attributeParse(r: Reader, out: Certificate, isSubject: bool): void {
  Der.enter(set, DerTag.SEQUENCE, pair);
  const common = isSubject && Der.starts(pair, COMMON_NAME, COMMON_NAME_SIZE);
  if (!common) Der.skip(pair, DerTag.OBJECT_IDENTIFIER);
  const tag = pair.peek;
  Der.enter(pair, tag, value);
  Der.end(pair);
  if (set.err != Err.OK || pair.err != Err.OK) {
    r.fail(Err.MALFORMED);
    return;
  }
  const text = tag == <u32>DerTag.UTF8_STRING || tag == <u32>DerTag.PRINTABLE_STRING;
  if (!common || !text || value.remaining != 2 * SYSTEM_TITLE_SIZE) return;
  const title = hexTitle(value);
  if (value.err == Err.OK) titleKeep(r, out, title);
}

/** 16 hexadecimal digits as the octets of a system title in memory order; fails where one is none. */
function hexTitle(r: Reader): u64 {
  let title: u64 = 0;
  while (r.remaining != 0) {
    const digit = r.u8();
    const letter = (digit | 0x20) - 0x61;
    const number = digit - 0x30;
    if (letter > 5 && number > 9) r.fail(Err.MALFORMED);
    title = (title << 4) | (<u64>(number <= 9 ? number : letter + 10));
  }
  return bswap<u64>(title);
}

/**
 * The GeneralNames of a SubjectAltName that fill `r`. An otherName id-on-hardwareModuleName (RFC 4108) whose hwSerialNum has 8
 * octets names the system title, as meters of some countries do; other names are passed over.
 */
export function alternativeParse(r: Reader, out: Certificate): void {
  Der.enter(r, DerTag.SEQUENCE, name);
  if (r.err == Err.OK && name.remaining == 0) r.fail(Err.MALFORMED);
  while (r.err == Err.OK && name.remaining != 0) {
    const tag = name.peek;
    Der.enter(name, tag, set);
    if (name.err != Err.OK) r.fail(Err.MALFORMED);
    else if (tag == <u32>DerTag.CONTEXT_0) hardwareNameParse(r, out);
  }
  Der.end(r);
}

/** An otherName in `set`: OID, then [0] EXPLICIT of the value. */
function hardwareNameParse(r: Reader, out: Certificate): void {
  if (!Der.starts(set, HARDWARE_MODULE_NAME, HARDWARE_MODULE_NAME_SIZE)) return;
  Der.enter(set, DerTag.CONTEXT_0, pair);
  Der.end(set);
  Der.enter(pair, DerTag.SEQUENCE, value);
  Der.end(pair);
  Der.skip(value, DerTag.OBJECT_IDENTIFIER);
  Der.enter(value, DerTag.OCTET_STRING, serial);
  Der.end(value);
  if (set.err != Err.OK || value.err != Err.OK || pair.err != Err.OK) r.fail(Err.MALFORMED);
  else if (serial.remaining == SYSTEM_TITLE_SIZE) titleKeep(r, out, load<u64>(serial.pos));
}
