/**
 * protection_parameters_element of Data protection (Blue Book, class 30) and Push setup: one layer of protection around data. Its
 * header and key-info are those of general-ciphering, in A-XDR Data; date-time is not among them.
 */
import { Err } from "../base/err";
import { Reader } from "../base/reader";
import { Writer } from "../base/writer";
import { Axdr, DataTag } from "./axdr";
import { GeneralCiphering, KeyInfo } from "./general_ciphering";

/** protection_type. */
export const enum ProtectionType {
  AUTHENTICATION = 0,
  ENCRYPTION = 1,
  AUTHENTICATION_ENCRYPTION = 2,
  SIGNATURE = 3,
}

@unmanaged
export class ProtectionElement extends GeneralCiphering {
  /** ProtectionType. */
  type: u32;
}

/** The next octet-string into the pair {address, size} at `pair`. */
function stringParse(r: Reader, pair: usize): void {
  const size = Axdr.readOctetStringSize(r);
  store<usize>(pair, r.take(size));
  store<u32>(pair, r.err == Err.OK ? size : 0, sizeof<usize>());
}

/** key_info: an identified key is a bare enum, or a structure of it as some write it. */
function keyInfoParse(r: Reader, out: ProtectionElement): void {
  const base = changetype<usize>(out);
  Axdr.readStructure(r, 2);
  out.keyInfo = <i32>Axdr.readEnum(r);
  switch (out.keyInfo) {
    case KeyInfo.IDENTIFIED:
      if (r.peek == <u32>DataTag.STRUCTURE) Axdr.readStructure(r, 1);
      out.keyId = Axdr.readEnum(r);
      return;
    case KeyInfo.WRAPPED:
      Axdr.readStructure(r, 2);
      out.keyId = Axdr.readEnum(r);
      stringParse(r, base + offsetof<ProtectionElement>("keyDataAt"));
      return;
    case KeyInfo.AGREED:
      Axdr.readStructure(r, 2);
      stringParse(r, base + offsetof<ProtectionElement>("keyParametersAt"));
      stringParse(r, base + offsetof<ProtectionElement>("keyDataAt"));
      return;
    default:
      r.fail(Err.UNKNOWN);
  }
}

/** Parses the next element. @returns 0 or the error of the reader; Err.UNKNOWN for another type, choice or kind of protection */
export function protectionElementParse(r: Reader, out: ProtectionElement): i32 {
  const base = changetype<usize>(out);
  memory.fill(base, 0, offsetof<ProtectionElement>());
  Axdr.readStructure(r, 2);
  out.type = Axdr.readEnum(r);
  if (r.err == Err.OK && out.type > <u32>ProtectionType.SIGNATURE) r.fail(Err.UNKNOWN);
  Axdr.readStructure(r, 5);
  stringParse(r, base + offsetof<ProtectionElement>("transactionAt"));
  stringParse(r, base + offsetof<ProtectionElement>("originatorAt"));
  stringParse(r, base + offsetof<ProtectionElement>("recipientAt"));
  stringParse(r, base + offsetof<ProtectionElement>("otherAt"));
  keyInfoParse(r, out);
  return r.err;
}

/** Emits what protectionElementParse() reads; an identified key as a bare enum or, `structured`, as a structure of it. */
export function protectionElementEmit(w: Writer, x: ProtectionElement, structured: bool): void {
  Axdr.structure(w, 2);
  Axdr.enum_(w, x.type);
  Axdr.structure(w, 5);
  Axdr.octetString(w, x.transactionAt, x.transactionSize);
  Axdr.octetString(w, x.originatorAt, x.originatorSize);
  Axdr.octetString(w, x.recipientAt, x.recipientSize);
  Axdr.octetString(w, x.otherAt, x.otherSize);
  Axdr.structure(w, 2);
  Axdr.enum_(w, <u32>x.keyInfo);
  if (x.keyInfo == KeyInfo.IDENTIFIED) {
    if (structured) Axdr.structure(w, 1);
    Axdr.enum_(w, x.keyId);
    return;
  }
  Axdr.structure(w, 2);
  if (x.keyInfo == KeyInfo.WRAPPED) Axdr.enum_(w, x.keyId);
  else Axdr.octetString(w, x.keyParametersAt, x.keyParametersSize);
  Axdr.octetString(w, x.keyDataAt, x.keyDataSize);
}
