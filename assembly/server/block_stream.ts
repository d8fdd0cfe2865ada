/**
 * The octets of one general block transfer, produced where they are wanted (docs/ARCHITECTURE.md, section 5). Protection comes
 * first and blocks after it (GB9 9.4.4, 9.4.6.13), so the stream is a whole response in its coat:
 *
 *   heads | APDU head | answer | tails
 *
 * Blocks leave in order the first time and are hashed then, once. A block sent again starts at the acknowledged cursor, seeks the
 * counter mode and hashes nothing: identical octets, and no IV ever covers two texts.
 */
import { Err } from "../base/err";
import { Writer } from "../base/writer";
import { Slot } from "../session/slot";
import { Meter } from "../store/block";
import { SLOT_BLOCKS_SIZE } from "../store/layout";
import { answerEmit, Transfer } from "./answer";
import { Coat, coatOpenOctets, coatProtect, COAT_SIZE } from "./coat";

/** Octets kept of the head of the APDU. */
const APDU_HEAD_SIZE: u32 = 16;

export const enum BlocksState {
  NONE = 0,
  /** A request arrives in blocks, in the inbox. */
  RECEIVING = 1,
  SENDING = 2,
  /** The key of the answer is gone; the client is told at its next report. */
  LOST = 3,
}

/** State of a general block transfer, in the slot; all numbers. */
@unmanaged
export class Blocks {
  /** Something has been kept here since the association began. */
  touched: u32;
  state: u32;
  apduHeadSize: u32;
  /** Octets of data in a block, and blocks of the stream. */
  blockSize: u32;
  count: u32;
  /** Our block number of the block in front of the stream's first: acknowledgements take numbers too. */
  base: u32;
  /** Next block of the stream, highest one sent, acknowledged ones: counted from 1. */
  next: u32;
  highest: u32;
  acknowledged: u32;
  /** Blocks still to go in the stream under way; window the client offers. */
  burst: u32;
  window: u32;
  /** Client's block number received in order; our last block number. */
  peer: u32;
  own: u32;
  /** Acknowledged cursor: octet of the stream, and the answer's cursor there. */
  ackOffset: u32;
  ackSent: u32;
  ackPart: u32;
  ackPiece: u32;
  ackPieceOffset: u32;
  /** Octet of the stream the send cursor stands at. */
  offset: u32;
  /** The client's request is unconfirmed: no answer, no acknowledgement. */
  unconfirmed: u32;
  /** Octets of a long request in front of the one received, in the inbox: this one brings the next block of it. */
  inboxFrom: u32;

  // APDU head[16], Coat follow.

  @inline
  static of(slot: Slot): Blocks {
    return changetype<Blocks>(slot.blocks);
  }

  @inline
  get apduHead(): usize {
    return changetype<usize>(this) + offsetof<Blocks>();
  }

  @inline
  get coat(): Coat {
    return changetype<Coat>(this.apduHead + <usize>APDU_HEAD_SIZE);
  }

  /** Octets of the stream. */
  @inline
  get size(): u32 {
    return this.coat.size;
  }

  /** Forgets everything. */
  clear(): void {
    memory.fill(changetype<usize>(this), 0, <usize>SLOT_BLOCKS_SIZE);
    this.touched = 1;
  }

  /** Remembers the send cursor as the acknowledged one. */
  acknowledge(t: Transfer): void {
    this.ackOffset = this.offset;
    this.ackSent = t.sent;
    this.ackPart = t.part;
    this.ackPiece = t.piece;
    this.ackPieceOffset = t.offset;
  }

  /** Puts the send cursor back to the acknowledged one. */
  rewind(t: Transfer): void {
    this.offset = this.ackOffset;
    t.sent = this.ackSent;
    t.part = this.ackPart;
    t.piece = this.ackPiece;
    t.offset = this.ackPieceOffset;
  }
}

if (offsetof<Blocks>() + APDU_HEAD_SIZE + COAT_SIZE > SLOT_BLOCKS_SIZE)
  ERROR("a general block transfer has SLOT_BLOCKS_SIZE octets");

/** Writes `size` octets of plain text from the send cursor: APDU head, then answer. */
function plainEmit(meter: Meter, slot: Slot, b: Blocks, t: Transfer, w: Writer, at: u32, size: u32): i32 {
  let left = size;
  if (at < b.apduHeadSize) {
    const count = min<u32>(left, b.apduHeadSize - at);
    w.octets(b.apduHead + <usize>at, count);
    left -= count;
  }
  return left != 0 ? answerEmit(meter, slot, t, w, left) : Err.OK;
}

/** Writes `size` octets that belong to one part of the stream, protected. */
function partEmit(meter: Meter, slot: Slot, b: Blocks, w: Writer, size: u32): i32 {
  const coat = b.coat;
  const at = b.offset - coat.headsSize;
  const text = w.pos;
  if (b.offset >= coat.headsSize && at < coat.plainSize) {
    const err = plainEmit(meter, slot, b, Transfer.of(slot), w, at, size);
    if (err != Err.OK) return err;
  } else {
    const out = w.take(size);
    if (out != 0) coatOpenOctets(coat, out, b.offset, size);
  }
  return w.counting != 0 ? <i32>Err.OK : coatProtect(meter, slot, coat, text, b.offset, size);
}

/**
 * Writes the next `size` octets of the stream from the send cursor and moves it.
 * @returns 0; Err.STATE when the answer's rows are gone, or another error when its signature could not be made
 */
export function streamEmit(meter: Meter, slot: Slot, b: Blocks, w: Writer, size: u32): i32 {
  const end = b.offset + size;
  while (b.offset < end) {
    const count = min<u32>(end, partEnd(b)) - b.offset;
    const err = partEmit(meter, slot, b, w, count);
    if (err != Err.OK) return err;
    b.offset += count;
  }
  return Err.OK;
}

/** Where the part of the stream ends that the send cursor stands in. */
function partEnd(b: Blocks): u32 {
  const coat = b.coat;
  const plainEnd = coat.headsSize + coat.plainSize;
  const next = coat.boundary(b.offset);
  if (b.offset < coat.headsSize) return min<u32>(next, coat.headsSize);
  return b.offset < plainEnd ? min<u32>(next, plainEnd) : next;
}
