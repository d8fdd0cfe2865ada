/** The five octet strings in front of general-ciphering and general-signing (GB9 9.2.7.2, 9.5). */
import { Reader } from "../base/reader";
import { Writer } from "../base/writer";
import { Axdr } from "./axdr";

@unmanaged
export class GeneralHeader {
  transactionAt: usize;
  transactionSize: u32;
  /** System titles of sender and receiver. */
  originatorAt: usize;
  originatorSize: u32;
  recipientAt: usize;
  recipientSize: u32;
  /** Empty or 12 octets. */
  dateTimeAt: usize;
  dateTimeSize: u32;
  otherAt: usize;
  otherSize: u32;
  /** All five as received, with their lengths: part of the additional authenticated data. */
  headerAt: usize;
  headerSize: u32;
}

function stringParse(r: Reader, pair: usize): void {
  const size = Axdr.readLength(r);
  store<usize>(pair, r.take(size));
  store<u32>(pair, size, sizeof<usize>());
}

export function generalHeaderParse(r: Reader, out: GeneralHeader): i32 {
  const base = changetype<usize>(out);
  out.headerAt = r.pos;
  stringParse(r, base + offsetof<GeneralHeader>("transactionAt"));
  stringParse(r, base + offsetof<GeneralHeader>("originatorAt"));
  stringParse(r, base + offsetof<GeneralHeader>("recipientAt"));
  stringParse(r, base + offsetof<GeneralHeader>("dateTimeAt"));
  stringParse(r, base + offsetof<GeneralHeader>("otherAt"));
  out.headerSize = r.since(out.headerAt);
  return r.err;
}

export function generalHeaderEmit(w: Writer, x: GeneralHeader): void {
  Axdr.octets(w, x.transactionAt, x.transactionSize);
  Axdr.octets(w, x.originatorAt, x.originatorSize);
  Axdr.octets(w, x.recipientAt, x.recipientSize);
  Axdr.octets(w, x.dateTimeAt, x.dateTimeSize);
  Axdr.octets(w, x.otherAt, x.otherSize);
}
