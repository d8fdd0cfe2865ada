/** DataBlock-SA, a piece of a long SET or ACTION: last-block, block-number, raw data (GB9 9.5). */
import { Reader } from "../base/reader";
import { Writer } from "../base/writer";
import { Axdr } from "./axdr";

@unmanaged
export class Datablock {
  last: u32;
  blockNumber: u32;
  rawAt: usize;
  rawSize: u32;
}

export function datablockParse(r: Reader, out: Datablock): i32 {
  out.last = r.u8() != 0 ? 1 : 0;
  out.blockNumber = r.u32();
  out.rawSize = Axdr.readLength(r);
  out.rawAt = r.take(out.rawSize);
  return r.err;
}

/** Begins a block: `size` octets of raw data follow. */
export function datablockHeadEmit(w: Writer, last: bool, blockNumber: u32, size: u32): void {
  w.u8(last ? 1 : 0);
  w.u32(blockNumber);
  Axdr.length(w, size);
}

export function datablockEmit(w: Writer, x: Datablock): void {
  datablockHeadEmit(w, x.last != 0, x.blockNumber, x.rawSize);
  w.octets(x.rawAt, x.rawSize);
}
