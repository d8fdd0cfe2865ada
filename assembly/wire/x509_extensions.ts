/**
 * Extensions of a certificate (RFC 5280 4.2). Those of the DLMS profile are read; others are passed over unless they are
 * critical, and then the certificate is refused. None may come twice.
 */
import { Err } from "../base/err";
import { Reader } from "../base/reader";
import { ELLIPTIC } from "../base/suites";
import { Der, DerTag } from "./der";
import { Certificate, Extension } from "./x509";
import { alternativeParse } from "./x509_name";
import { EXTENSION_ARC, EXTENSION_ARC_SIZE } from "./x509_rom";

/** KeyIdentifiers longer than this are nobody's: a SHA-384 hash has 48 octets. */
const KEY_IDENTIFIER_SIZE_MAX: u32 = 64;

/** Context tags of AuthorityKeyIdentifier: keyIdentifier, authorityCertIssuer, authorityCertSerialNumber. */
const KEY_IDENTIFIER: u32 = 0x80;
const CERTIFICATE_ISSUER: u32 = 0xa1;
const CERTIFICATE_SERIAL: u32 = 0x82;

const list: Reader = changetype<Reader>(ELLIPTIC ? memory.data(offsetof<Reader>(), 8) : 0);
const item: Reader = changetype<Reader>(ELLIPTIC ? memory.data(offsetof<Reader>(), 8) : 0);
const content: Reader = changetype<Reader>(ELLIPTIC ? memory.data(offsetof<Reader>(), 8) : 0);
const inner: Reader = changetype<Reader>(ELLIPTIC ? memory.data(offsetof<Reader>(), 8) : 0);

/** The extensions, which fill `r`. */
export function extensionsParse(r: Reader, out: Certificate): void {
  Der.enter(r, DerTag.SEQUENCE, list);
  Der.end(r);
  if (r.err == Err.OK && list.remaining == 0) r.fail(Err.MALFORMED);
  while (r.err == Err.OK && list.remaining != 0) {
    const err = extensionParse(out);
    if (err != Err.OK) r.fail(err);
  }
}

/** Extension ::= SEQUENCE { OID, critical BOOLEAN DEFAULT FALSE, OCTET STRING } */
function extensionParse(out: Certificate): i32 {
  Der.enter(list, DerTag.SEQUENCE, item);
  let id: u32 = 0;
  if (Der.starts(item, EXTENSION_ARC, EXTENSION_ARC_SIZE)) id = item.u8();
  else Der.skip(item, DerTag.OBJECT_IDENTIFIER);
  const critical = Der.readTrue(item);
  Der.enter(item, DerTag.OCTET_STRING, content);
  Der.end(item);
  if (list.err != Err.OK || item.err != Err.OK) return Err.MALFORMED;
  const bit: u64 = id < 64 ? (<u64>1) << id : 0;
  // Bit 0 stands for every other arc, of which there may be several.
  if (id != 0 && (out.present & bit) != 0) return Err.MALFORMED;
  out.present |= bit;
  if (critical) out.critical |= bit;
  if (!known(id, out)) return critical ? Err.UNKNOWN : Err.OK;
  return content.done ? Err.OK : Err.MALFORMED;
}

/** Reads `content` as extension `id`; false when it is none of the profile's. */
function known(id: u32, out: Certificate): bool {
  switch (id) {
    case Extension.SUBJECT_KEY_IDENTIFIER:
      subjectKeyRead(out);
      return true;
    case Extension.KEY_USAGE:
      out.keyUsage = Der.readNamedBits(content, inner);
      return true;
    case Extension.SUBJECT_ALT_NAME:
      out.alternativeAt = content.pos;
      out.alternativeSize = content.remaining;
      alternativeParse(content, out);
      return true;
    case Extension.BASIC_CONSTRAINTS:
      constraintsRead(out);
      return true;
    case Extension.AUTHORITY_KEY_IDENTIFIER:
      authorityKeyRead(out);
      return true;
    case Extension.EXTENDED_KEY_USAGE:
      purposesRead();
      return true;
    default:
      return false;
  }
}

/** KeyIdentifier of any length from 1 on: 8 or 20 octets in practice. */
function keyIdentifierCheck(size: u32): void {
  if (size == 0 || size > KEY_IDENTIFIER_SIZE_MAX) content.fail(Err.MALFORMED);
}

function subjectKeyRead(out: Certificate): void {
  Der.enter(content, DerTag.OCTET_STRING, inner);
  keyIdentifierCheck(inner.remaining);
  out.subjectKeyAt = inner.pos;
  out.subjectKeySize = inner.remaining;
}

/** SEQUENCE { [0] keyIdentifier, [1] issuer, [2] serial }, all optional; only the first is used. */
function authorityKeyRead(out: Certificate): void {
  Der.enter(content, DerTag.SEQUENCE, inner);
  if (inner.peek == KEY_IDENTIFIER && inner.remaining != 0) {
    inner.u8();
    const size = Der.readLength(inner);
    out.authorityKeyAt = inner.take(size);
    out.authorityKeySize = inner.err == Err.OK ? size : 0;
    keyIdentifierCheck(out.authorityKeySize);
  }
  if (inner.peek == CERTIFICATE_ISSUER && inner.remaining != 0) Der.skip(inner, CERTIFICATE_ISSUER);
  if (inner.peek == CERTIFICATE_SERIAL && inner.remaining != 0) Der.skip(inner, CERTIFICATE_SERIAL);
  if (!inner.done) content.fail(Err.MALFORMED);
}

/** SEQUENCE { cA BOOLEAN DEFAULT FALSE, pathLenConstraint INTEGER OPTIONAL }; a limit is one octet, and only a CA has it. */
function constraintsRead(out: Certificate): void {
  Der.enter(content, DerTag.SEQUENCE, inner);
  if (Der.readTrue(inner)) out.authority = 1;
  if (inner.remaining != 0) {
    const head = inner.u16();
    const limit = inner.u8();
    if (head != 0x0201 || limit > 0x7f || out.authority == 0) inner.fail(Err.MALFORMED);
    out.pathLimit = limit + 1;
  }
  if (!inner.done) content.fail(Err.MALFORMED);
}

/** SEQUENCE OF OID: what it names does not matter here, only that it limits the key to it. */
function purposesRead(): void {
  Der.enter(content, DerTag.SEQUENCE, inner);
  if (inner.remaining == 0) content.fail(Err.MALFORMED);
  while (inner.err == Err.OK && inner.remaining != 0) Der.skip(inner, DerTag.OBJECT_IDENTIFIER);
  if (inner.err != Err.OK) content.fail(Err.MALFORMED);
}
