/**
 * Parses certificates (RFC 5280 4.1), strictly and to the last octet. Parsing says what stands there; whether anybody should believe
 * it is the session room's to say.
 */
import { Err } from "../base/err";
import { Reader } from "../base/reader";
import { ELLIPTIC } from "../base/suites";
import { Der, DerTag } from "./der";
import { Certificate } from "./x509";
import { extensionsParse } from "./x509_extensions";
import { nameParse } from "./x509_name";
import {
  ECDSA_ALGORITHM_SIZE,
  ECDSA_SHA256,
  ECDSA_SHA384,
  SPKI_P256,
  SPKI_P256_SIZE,
  SPKI_P384,
  SPKI_P384_SIZE,
  VERSION_3,
  VERSION_3_SIZE,
} from "./x509_rom";

/** Octets of the serial number (RFC 5280 4.1.2.2). */
const SERIAL_SIZE_MAX: u32 = 20;

const whole: Reader = changetype<Reader>(ELLIPTIC ? memory.data(offsetof<Reader>(), 8) : 0);
const body: Reader = changetype<Reader>(ELLIPTIC ? memory.data(offsetof<Reader>(), 8) : 0);
const part: Reader = changetype<Reader>(ELLIPTIC ? memory.data(offsetof<Reader>(), 8) : 0);
const leaf: Reader = changetype<Reader>(ELLIPTIC ? memory.data(offsetof<Reader>(), 8) : 0);

/**
 * Parses the certificate that fills `size` octets at `at`.
 * @returns 0; Err.INCOMPLETE or Err.MALFORMED; Err.UNKNOWN for an algorithm or critical extension the profile does not have
 */
export function certificateParse(at: usize, size: u32, out: Certificate): i32 {
  memory.fill(changetype<usize>(out), 0, offsetof<Certificate>());
  whole.over(at, size);
  Der.enter(whole, DerTag.SEQUENCE, body);
  Der.end(whole);
  if (whole.err != Err.OK) return whole.err;
  out.tbsAt = body.pos;
  Der.enter(body, DerTag.SEQUENCE, whole);
  out.tbsSize = <u32>(body.pos - out.tbsAt);
  out.signatureSize = algorithmRead(body);
  signatureRead(body, out);
  if (body.err != Err.OK) return body.err;
  tbsRead(whole, out);
  return whole.err;
}

/** Octets of a half of the signature that the next AlgorithmIdentifier makes. */
function algorithmRead(r: Reader): u32 {
  if (Der.starts(r, ECDSA_SHA256, ECDSA_ALGORITHM_SIZE)) return 32;
  if (Der.starts(r, ECDSA_SHA384, ECDSA_ALGORITHM_SIZE)) return 48;
  r.fail(Err.UNKNOWN);
  return 0;
}

/** BIT STRING { SEQUENCE { INTEGER r, INTEGER s } }, the end of `r` (RFC 3279 2.2.3). */
function signatureRead(r: Reader, out: Certificate): void {
  Der.enter(r, DerTag.BIT_STRING, part);
  Der.end(r);
  if (part.u8() != 0) part.fail(Err.MALFORMED);
  Der.enter(part, DerTag.SEQUENCE, leaf);
  Der.end(part);
  if (part.err != Err.OK) {
    r.fail(Err.MALFORMED);
    return;
  }
  part.over(leaf.pos, leaf.remaining);
  numberRead(part, out.signatureSize);
  out.rAt = leaf.pos;
  out.rSize = leaf.remaining;
  numberRead(part, out.signatureSize);
  out.sAt = leaf.pos;
  out.sSize = leaf.remaining;
  Der.end(part);
  if (part.err != Err.OK) r.fail(Err.MALFORMED);
}

/** The next INTEGER from 1 on into `leaf`, without the zero in front of a number whose first bit is set. */
function numberRead(r: Reader, sizeMax: u32): void {
  Der.enterPositive(r, sizeMax + 1, leaf);
  if (leaf.remaining != 0 && leaf.peek == 0) leaf.u8();
  if (leaf.remaining > sizeMax) r.fail(Err.MALFORMED);
}

/** TBSCertificate; the unique identifiers of version 2 are not in the profile. */
function tbsRead(r: Reader, out: Certificate): void {
  if (!Der.starts(r, VERSION_3, VERSION_3_SIZE)) r.fail(Err.UNKNOWN);
  Der.enterPositive(r, SERIAL_SIZE_MAX, part);
  out.serialAt = part.pos;
  out.serialSize = part.remaining;
  if (algorithmRead(r) != out.signatureSize) r.fail(Err.MALFORMED);
  out.issuerAt = nameParse(r, out, false);
  out.issuerSize = <u32>(r.pos - out.issuerAt);
  Der.enter(r, DerTag.SEQUENCE, part);
  out.notBefore = Der.readTime(part, leaf);
  out.notAfter = Der.readTime(part, leaf);
  Der.end(part);
  if (part.err != Err.OK || out.notAfter < out.notBefore) r.fail(Err.MALFORMED);
  out.subjectAt = nameParse(r, out, true);
  out.subjectSize = <u32>(r.pos - out.subjectAt);
  keyRead(r, out);
  Der.enter(r, DerTag.CONTEXT_3, part);
  Der.end(r);
  if (r.err != Err.OK) return;
  extensionsParse(part, out);
  if (part.err != Err.OK) r.fail(part.err);
}

/** SubjectPublicKeyInfo: one of two prefixes, then x || y. Whether that is a point is not looked at here. */
function keyRead(r: Reader, out: Certificate): void {
  if (Der.starts(r, SPKI_P256, SPKI_P256_SIZE)) out.keySize = 32;
  else if (Der.starts(r, SPKI_P384, SPKI_P384_SIZE)) out.keySize = 48;
  else r.fail(Err.UNKNOWN);
  out.keyAt = r.take(2 * out.keySize);
}
