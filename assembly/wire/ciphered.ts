/**
 * Ciphered APDUs with the global or the dedicated key: service-specific (tag, octet-string) and general (DB or DC,
 * system title, octet-string); the string is security control, invocation counter, text, tag (GB9 9.2.7.2, 9.5).
 */
import { Err } from "../base/err";
import { Reader } from "../base/reader";
import { Writer } from "../base/writer";
import { Axdr } from "./axdr";
import { Secured, SECURITY_HEADER_SIZE, securedEmit, securedHeadEmit, securedParse, securedSize } from "./secured";
import { ApduTag } from "./tags";

export { SecurityControl } from "./secured";

/** How an APDU is protected, and with which key. */
export const enum CipherFamily {
  NONE = 0,
  /** Service-specific, global key. */
  GLO = 1,
  /** Service-specific, dedicated key. */
  DED = 2,
  GENERAL_GLO = 3,
  GENERAL_DED = 4,
  GENERAL = 5,
}

/** Plain, global, dedicated tag of each service with a ciphered form (GB9 9.5). */
const TAGS = memory.data<u8>([
  0x01, 0x21, 0x41, 0x05, 0x25, 0x45, 0x06, 0x26, 0x46, 0x08, 0x28, 0x48, 0x0c, 0x2c, 0x4c, 0x0d, 0x2d, 0x4d, 0x0e,
  0x2e, 0x4e, 0x16, 0x36, 0x56, 0x18, 0x38, 0x58, 0xc0, 0xc8, 0xd0, 0xc1, 0xc9, 0xd1, 0xc2, 0xca, 0xd2, 0xc3, 0xcb,
  0xd3, 0xc4, 0xcc, 0xd4, 0xc5, 0xcd, 0xd5, 0xc7, 0xcf, 0xd7,
]);
const TAG_ROWS: u32 = 16;

class Tags {
  /** Cell of the table: column 0 plain, then CipherFamily.GLO, CipherFamily.DED. Every APDU looks its tag up. */
  @inline
  static cell(row: u32, column: u32): u32 {
    return load<u8>(TAGS + <usize>(3 * row + column));
  }
}

/** GLO or DED for a service-specific tag, the GENERAL families for DB, DC, DD, else NONE. */
export function cipherFamily(tag: u32): CipherFamily {
  if (tag == ApduTag.GENERAL_GLO_CIPHERING) return CipherFamily.GENERAL_GLO;
  if (tag == ApduTag.GENERAL_DED_CIPHERING) return CipherFamily.GENERAL_DED;
  if (tag == ApduTag.GENERAL_CIPHERING) return CipherFamily.GENERAL;
  for (let row: u32 = 0; row < TAG_ROWS; row++) {
    if (Tags.cell(row, CipherFamily.GLO) == tag) return CipherFamily.GLO;
    if (Tags.cell(row, CipherFamily.DED) == tag) return CipherFamily.DED;
  }
  return CipherFamily.NONE;
}

/** The plain tag behind a service-specific ciphered one, or 0. */
export function cipheredTagPlain(tag: u32): u32 {
  for (let row: u32 = 0; row < TAG_ROWS; row++) {
    if (Tags.cell(row, CipherFamily.GLO) == tag || Tags.cell(row, CipherFamily.DED) == tag) return Tags.cell(row, 0);
  }
  return 0;
}

/** The tag that carries the plain one in `family`; 0 when the service has no service-specific form (D8, DA, 0F, E0). */
export function cipheredTag(plain: u32, family: CipherFamily): u32 {
  if (family == CipherFamily.GENERAL_GLO) return ApduTag.GENERAL_GLO_CIPHERING;
  if (family == CipherFamily.GENERAL_DED) return ApduTag.GENERAL_DED_CIPHERING;
  if (family == CipherFamily.GENERAL) return ApduTag.GENERAL_CIPHERING;
  if (family != CipherFamily.GLO && family != CipherFamily.DED) return 0;
  for (let row: u32 = 0; row < TAG_ROWS; row++) {
    if (Tags.cell(row, 0) == plain) return Tags.cell(row, family);
  }
  return 0;
}

@unmanaged
export class Ciphered extends Secured {
  /** Tag of the APDU. */
  tag: u32;
  /** System title of the sender; address 0 for service-specific ciphering, size 0 for "the one known". */
  titleAt: usize;
  titleSize: u32;

  @inline
  get isGeneral(): bool {
    return this.tag == ApduTag.GENERAL_GLO_CIPHERING || this.tag == ApduTag.GENERAL_DED_CIPHERING;
  }
}

/**
 * Parses a service-specific, general-glo or general-ded ciphered APDU with its tag. Err.UNKNOWN for another tag,
 * Err.MALFORMED when header or tag do not fit, or octets follow. Meaning of the control octet is the session's to
 * judge.
 */
export function cipheredParse(r: Reader, out: Ciphered): i32 {
  memory.fill(changetype<usize>(out), 0, offsetof<Ciphered>());
  out.tag = r.u8();
  const family = cipherFamily(out.tag);
  if (r.err == Err.OK && (family == CipherFamily.NONE || family == CipherFamily.GENERAL)) r.fail(Err.UNKNOWN);
  if (out.isGeneral) {
    out.titleSize = Axdr.readLength(r);
    out.titleAt = r.take(out.titleSize);
  }
  securedParse(r, out);
  r.close();
  return r.err;
}

/** Octets in front of the text: what cipheredHeadEmit() writes. `titleSize` counts for the two general tags only. */
export function cipheredHeadSize(tag: u32, titleSize: u32, control: u32, textSize: u32): u32 {
  const general = tag == ApduTag.GENERAL_GLO_CIPHERING || tag == ApduTag.GENERAL_DED_CIPHERING;
  const title: u32 = general ? Axdr.lengthSize(titleSize) + titleSize : 0;
  return 1 + title + Axdr.lengthSize(securedSize(control, textSize)) + SECURITY_HEADER_SIZE;
}

/** Octets of the whole APDU around `textSize` octets. */
export function cipheredSize(tag: u32, titleSize: u32, control: u32, textSize: u32): u32 {
  return cipheredHeadSize(tag, titleSize, control, textSize) - SECURITY_HEADER_SIZE + securedSize(control, textSize);
}

/** Writes all octets in front of the text; the text, and 12 octets of tag when authenticated, follow. */
export function cipheredHeadEmit(w: Writer, x: Ciphered): void {
  w.u8(x.tag);
  if (x.isGeneral) Axdr.octets(w, x.titleAt, x.titleSize);
  securedHeadEmit(w, x);
}

/** Emits what cipheredParse() reads. */
export function cipheredEmit(w: Writer, x: Ciphered): void {
  w.u8(x.tag);
  if (x.isGeneral) Axdr.octets(w, x.titleAt, x.titleSize);
  securedEmit(w, x);
}
