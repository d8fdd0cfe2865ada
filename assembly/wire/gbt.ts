/** General block transfer E0 (GB9 9.4.6.13, 9.5). */
import { Reader } from "../base/reader";
import { Writer } from "../base/writer";
import { Axdr } from "./axdr";
import { ApduTag } from "./tags";

/** Parts of the block-control octet. */
export const enum BlockControl {
  LAST_BLOCK = 0x80,
  STREAMING = 0x40,
  WINDOW_MASK = 0x3f,
}

@unmanaged
export class GeneralBlockTransfer {
  /** BlockControl: last block, streaming, and how many blocks the sender can receive in a stream. */
  control: u32;
  /** Number of this block, and of the last one received in order. */
  blockNumber: u32;
  blockNumberAcknowledged: u32;
  dataAt: usize;
  dataSize: u32;

  @inline
  get last(): bool {
    return (this.control & BlockControl.LAST_BLOCK) != 0;
  }

  @inline
  get streaming(): bool {
    return (this.control & BlockControl.STREAMING) != 0;
  }

  @inline
  get window(): u32 {
    return this.control & BlockControl.WINDOW_MASK;
  }
}

/** Octets in front of a block of `size` octets. */
export function gbtHeadSize(size: u32): u32 {
  return 6 + Axdr.lengthSize(size);
}

/** Parses a block with its tag. Err.UNKNOWN for another tag, Err.MALFORMED for octets behind it. */
export function gbtParse(r: Reader, out: GeneralBlockTransfer): i32 {
  Axdr.expect(r, ApduTag.GENERAL_BLOCK_TRANSFER);
  out.control = r.u8();
  out.blockNumber = r.u16();
  out.blockNumberAcknowledged = r.u16();
  out.dataSize = Axdr.readLength(r);
  out.dataAt = r.take(out.dataSize);
  r.close();
  return r.err;
}

/** Begins a block: `size` octets follow. */
export function gbtHeadEmit(w: Writer, control: u32, blockNumber: u32, acknowledged: u32, size: u32): void {
  w.u8(ApduTag.GENERAL_BLOCK_TRANSFER);
  w.u8(control);
  w.u16(blockNumber);
  w.u16(acknowledged);
  Axdr.length(w, size);
}

/** Emits what gbtParse() reads. */
export function gbtEmit(w: Writer, x: GeneralBlockTransfer): void {
  gbtHeadEmit(w, x.control, x.blockNumber, x.blockNumberAcknowledged, x.dataSize);
  w.octets(x.dataAt, x.dataSize);
}
