/**
 * The octets of one general block transfer, produced where they are wanted (docs/ARCHITECTURE.md, section 5). Protection comes
 * first and blocks after it (GB9 9.4.4, 9.4.6.13), so the stream is
 *
 *   protection head | APDU head | answer | tag          the middle two as ciphertext when encrypted
 *
 * Blocks leave in order the first time and are hashed then, once. A block sent again starts at the acknowledged cursor, seeks the
 * counter mode and hashes nothing: identical octets, and no IV ever covers two texts.
 */
import { Err } from "../base/err";
import { TAG_SIZE } from "../base/limits";
import { Writer } from "../base/writer";
import { Gcm, GcmKey, GCM_SIZE } from "../crypto/gcm";
import { Slot } from "../session/slot";
import { Meter } from "../store/block";
import { SLOT_BLOCKS_SIZE } from "../store/layout";
import { SecurityControl } from "../wire/ciphered";
import { answerEmit, Transfer } from "./answer";

/** Octets kept of the head of the protection and of the APDU. */
const HEAD_SIZE: u32 = 32;
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
  state: u32;
  /** Octets of the stream and its parts. */
  size: u32;
  headSize: u32;
  apduHeadSize: u32;
  plainSize: u32;
  /** Security control octet of the answer, 0 = plain; whether the dedicated key is used. */
  control: u32;
  dedicated: u32;
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
  /** Octets of plain text hashed. */
  hashed: u32;
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
  reserved: u32;

  // head[32], APDU head[16], tag[16], Gcm[64] follow.

  @inline
  static of(slot: Slot): Blocks {
    return changetype<Blocks>(slot.blocks);
  }

  @inline
  get head(): usize {
    return changetype<usize>(this) + offsetof<Blocks>();
  }

  @inline
  get apduHead(): usize {
    return this.head + <usize>HEAD_SIZE;
  }

  @inline
  get tag(): usize {
    return this.apduHead + <usize>APDU_HEAD_SIZE;
  }

  @inline
  get gcm(): Gcm {
    return changetype<Gcm>(this.tag + 16);
  }

  @inline
  get tagSize(): u32 {
    return this.control & SecurityControl.AUTHENTICATED ? TAG_SIZE : 0;
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

if (offsetof<Blocks>() + HEAD_SIZE + APDU_HEAD_SIZE + 16 + GCM_SIZE > SLOT_BLOCKS_SIZE)
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

/** Protects `size` octets of the text in place; they are hashed the first time only. */
function protect(b: Blocks, key: GcmKey, text: usize, at: u32, size: u32): void {
  const encrypted = (b.control & SecurityControl.ENCRYPTED) != 0;
  const gcm = b.gcm;
  if (encrypted) {
    gcm.seek(at);
    gcm.crypt(key, text, text, size);
  }
  if (b.hashed != at || b.tagSize == 0) return;
  if (encrypted) gcm.hash(key, text, size);
  else gcm.aad(key, text, size);
  b.hashed += size;
  if (b.hashed == b.plainSize) gcm.tag(key, b.tag);
}

/**
 * Writes the next `size` octets of the stream from the send cursor and moves it.
 * @returns 0, or Err.STATE when the answer's rows are gone
 */
export function streamEmit(meter: Meter, slot: Slot, b: Blocks, key: GcmKey, w: Writer, size: u32): i32 {
  const t = Transfer.of(slot);
  const plainEnd = b.headSize + b.plainSize;
  const end = b.offset + size;
  while (b.offset < end) {
    const left = end - b.offset;
    let count = left;
    if (b.offset < b.headSize) {
      count = min<u32>(left, b.headSize - b.offset);
      w.octets(b.head + <usize>b.offset, count);
    } else if (b.offset < plainEnd) {
      const at = b.offset - b.headSize;
      count = min<u32>(left, plainEnd - b.offset);
      const text = w.pos;
      const err = plainEmit(meter, slot, b, t, w, at, count);
      if (err != Err.OK) return err;
      if (b.control != 0 && w.counting == 0) protect(b, key, text, at, count);
    } else {
      w.octets(b.tag + <usize>(b.offset - plainEnd), count);
    }
    b.offset += count;
  }
  return Err.OK;
}
