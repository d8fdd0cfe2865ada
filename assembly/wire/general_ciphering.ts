/** general-ciphering DD: header, key-info, secured octets (GB9 9.2.7.2, 9.5). */
import { Err } from "../base/err";
import { Reader } from "../base/reader";
import { Writer } from "../base/writer";
import { Axdr } from "./axdr";
import { GeneralHeader, generalHeaderEmit, generalHeaderParse } from "./general_header";
import { Secured, securedEmit, securedHeadEmit, securedParse } from "./secured";
import { ApduTag } from "./tags";

/** Choice of key-info. */
export const enum KeyInfo {
  /** Absent: the key of the exchange before. */
  NONE = -1,
  IDENTIFIED = 0,
  WRAPPED = 1,
  AGREED = 2,
}

@unmanaged
export class GeneralCiphering extends GeneralHeader {
  /** KeyInfo. */
  keyInfo: i32;
  /** IDENTIFIED: 0 unicast, 1 broadcast; WRAPPED: key encrypting key, 0 master. */
  keyId: u32;
  /** AGREED: key-parameters, the agreement scheme. */
  keyParametersAt: usize;
  keyParametersSize: u32;
  /** WRAPPED: wrapped key; AGREED: key-ciphered-data. */
  keyDataAt: usize;
  keyDataSize: u32;
  // Secured
  control: u32;
  invocationCounter: u32;
  textAt: usize;
  textSize: u32;
  tagAt: usize;

  /** Control octet, counter, text and tag. */
  @inline
  get secured(): Secured {
    return changetype<Secured>(changetype<usize>(this) + offsetof<GeneralCiphering>("control"));
  }
}

function keyInfoParse(r: Reader, out: GeneralCiphering): void {
  out.keyInfo = KeyInfo.NONE;
  if (!Axdr.readFlag(r)) return;
  out.keyInfo = <i32>r.u8();
  if (out.keyInfo == KeyInfo.IDENTIFIED || out.keyInfo == KeyInfo.WRAPPED) {
    out.keyId = r.u8();
  } else if (out.keyInfo == KeyInfo.AGREED) {
    out.keyParametersSize = Axdr.readLength(r);
    out.keyParametersAt = r.take(out.keyParametersSize);
  } else if (r.err == Err.OK) {
    r.fail(Err.UNKNOWN);
  }
  if (out.keyInfo == KeyInfo.IDENTIFIED) return;
  out.keyDataSize = Axdr.readLength(r);
  out.keyDataAt = r.take(out.keyDataSize);
}

/**
 * Parses a general-ciphering APDU with its tag. Err.UNKNOWN for another tag or key-info choice; octets behind it are
 * malformed.
 */
export function generalCipheringParse(r: Reader, out: GeneralCiphering): i32 {
  memory.fill(changetype<usize>(out), 0, offsetof<GeneralCiphering>());
  Axdr.expect(r, ApduTag.GENERAL_CIPHERING);
  generalHeaderParse(r, out);
  keyInfoParse(r, out);
  securedParse(r, out.secured);
  r.close();
  return r.err;
}

/** Writes all octets in front of the text; the text, and 12 octets of tag when authenticated, follow. */
export function generalCipheringHeadEmit(w: Writer, x: GeneralCiphering): void {
  frontEmit(w, x);
  securedHeadEmit(w, x.secured);
}

function frontEmit(w: Writer, x: GeneralCiphering): void {
  w.u8(ApduTag.GENERAL_CIPHERING);
  generalHeaderEmit(w, x);
  w.u8(x.keyInfo != KeyInfo.NONE ? 1 : 0);
  if (x.keyInfo == KeyInfo.NONE) return;
  w.u8(<u32>x.keyInfo);
  if (x.keyInfo != KeyInfo.AGREED) w.u8(x.keyId);
  else Axdr.octets(w, x.keyParametersAt, x.keyParametersSize);
  if (x.keyInfo != KeyInfo.IDENTIFIED) Axdr.octets(w, x.keyDataAt, x.keyDataSize);
}

/** Emits what generalCipheringParse() reads. */
export function generalCipheringEmit(w: Writer, x: GeneralCiphering): void {
  frontEmit(w, x);
  securedEmit(w, x.secured);
}
