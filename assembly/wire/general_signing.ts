/** general-signing DF: header, content, signature (GB9 9.2.7.2, 9.5). */
import { Reader } from "../base/reader";
import { Writer } from "../base/writer";
import { Axdr } from "./axdr";
import { GeneralHeader, generalHeaderEmit, generalHeaderParse } from "./general_header";
import { ApduTag } from "./tags";

@unmanaged
export class GeneralSigning extends GeneralHeader {
  /** An APDU, plain or protected. */
  contentAt: usize;
  contentSize: u32;
  signatureAt: usize;
  signatureSize: u32;
  /** What is signed, as received: header and content with all their lengths. */
  signedAt: usize;
  signedSize: u32;
}

/** Parses a general-signing APDU with its tag. Err.UNKNOWN for another tag; octets behind it are malformed. */
export function generalSigningParse(r: Reader, out: GeneralSigning): i32 {
  memory.fill(changetype<usize>(out), 0, offsetof<GeneralSigning>());
  Axdr.expect(r, ApduTag.GENERAL_SIGNING);
  out.signedAt = r.pos;
  generalHeaderParse(r, out);
  out.contentSize = Axdr.readLength(r);
  out.contentAt = r.take(out.contentSize);
  out.signedSize = r.since(out.signedAt);
  out.signatureSize = Axdr.readLength(r);
  out.signatureAt = r.take(out.signatureSize);
  r.close();
  return r.err;
}

/** Emits what generalSigningParse() reads. */
export function generalSigningEmit(w: Writer, x: GeneralSigning): void {
  w.u8(ApduTag.GENERAL_SIGNING);
  generalHeaderEmit(w, x);
  Axdr.octets(w, x.contentAt, x.contentSize);
  Axdr.octets(w, x.signatureAt, x.signatureSize);
}
