/**
 * General block transfer (GB9 9.4.6.13): requests collected in the inbox, answers sent as streams with a window, lost
 * blocks sent again from the acknowledged cursor.
 */
import { Err } from "../base/err";
import { Reader } from "../base/reader";
import { Writer } from "../base/writer";
import { Slot } from "../session/slot";
import { Meter } from "../store/block";
import { Layout, PROTECTION_ROOM } from "../store/layout";
import { BlockControl, GeneralBlockTransfer, gbtHeadEmit, gbtHeadSize, gbtParse } from "../wire/gbt";
import { Transfer } from "./answer";
import { Blocks, BlocksState, streamEmit } from "./block_stream";
import { exceptionSend, Refusal } from "./exception";
import { KeySource } from "./layers";
import { inboxAppend, inboxOwned, inboxRelease, inboxTake } from "./inbox";
import { coatMake } from "./coat_make";
import { coatUnder } from "./coat";

/** Blocks this server takes in one stream. */
const OWN_WINDOW: u32 = 4;
/** Block numbers have 16 bits. */
const COUNT_MAX: u32 = 0xffff;

const block: GeneralBlockTransfer = changetype<GeneralBlockTransfer>(memory.data(offsetof<GeneralBlockTransfer>(), 8));
const writer: Writer = changetype<Writer>(memory.data(offsetof<Writer>(), 8));
const skipper: Writer = changetype<Writer>(memory.data(offsetof<Writer>(), 8));

/** What blockTake() found. */
export const enum BlockEvent {
  /** The answer, if any, is in the slot. */
  DONE = 0,
  /** A request is whole: the inbox holds it, from Blocks.inboxFrom on. */
  REQUEST = 1,
}

/** Makes the E0 APDU with `size` octets of data behind its head the slot's outbound APDU; returns a writer for the data. */
function blockOpen(slot: Slot, control: u32, number: u32, acknowledged: u32, size: u32): Writer {
  const w = writer.into(slot.plainOutbound, gbtHeadSize(size) + size);
  gbtHeadEmit(w, control, number, acknowledged, size);
  slot.outboundOffset = PROTECTION_ROOM;
  slot.outboundSize = gbtHeadSize(size) + size;
  return w;
}

/** Ends the transfer and tells the client. */
function abort(meter: Meter, slotIndex: u32, slot: Slot): void {
  const silent = Blocks.of(slot).unconfirmed != 0;
  Blocks.of(slot).state = BlocksState.NONE;
  inboxRelease(meter, slotIndex);
  slot.outboundSize = 0;
  if (!silent) blockOpen(slot, BlockControl.LAST_BLOCK, 0, 0, 0);
}

/** Ends an exchange of blocks; nothing is written where there is none. A long request keeps what whole APDUs brought of it. */
export function blocksEnd(meter: Meter, slotIndex: u32, slot: Slot): void {
  const b = Blocks.of(slot);
  if (b.state == BlocksState.NONE) return;
  if (b.state == BlocksState.RECEIVING && inboxOwned(meter, slotIndex)) meter.inboxSize = b.inboxFrom;
  b.state = BlocksState.NONE;
}

/** Takes the E0 APDU at `r`. */
export function blockTake(meter: Meter, slotIndex: u32, slot: Slot, r: Reader): BlockEvent {
  const x = block;
  const b = Blocks.of(slot);
  if (gbtParse(r, x) != Err.OK) {
    exceptionSend(slot, Refusal.NOT_SUPPORTED);
    return BlockEvent.DONE;
  }
  const window = x.control & BlockControl.WINDOW_MASK;
  const streaming = (x.control & BlockControl.STREAMING) != 0;
  if (x.blockNumber == 0) {
    b.state = BlocksState.NONE;
    inboxRelease(meter, slotIndex);
    return BlockEvent.DONE;
  }
  if (x.blockNumber == 1 && x.blockNumberAcknowledged == 0 && !repeated(b, x)) {
    if (!receiveBegin(meter, slotIndex, slot, !streaming && window == 0)) return BlockEvent.DONE;
  }
  if (b.state == BlocksState.RECEIVING) return receive(meter, slotIndex, slot, window, streaming);
  if (b.state == BlocksState.SENDING) {
    if (!streaming) acknowledged(meter, slotIndex, slot, window);
    return BlockEvent.DONE;
  }
  if (b.state == BlocksState.LOST) {
    abort(meter, slotIndex, slot);
    return BlockEvent.DONE;
  }
  // No exchange is under way: a late acknowledgement needs no answer, data do.
  if (x.dataSize != 0) abort(meter, slotIndex, slot);
  return BlockEvent.DONE;
}

/** The first block of the request under way came once more. */
function repeated(b: Blocks, x: GeneralBlockTransfer): bool {
  return b.state == BlocksState.RECEIVING && b.peer == 1 && (x.control & BlockControl.LAST_BLOCK) == 0;
}

function receiveBegin(meter: Meter, slotIndex: u32, slot: Slot, unconfirmed: bool): bool {
  const b = Blocks.of(slot);
  blocksEnd(meter, slotIndex, slot);
  b.clear();
  b.unconfirmed = unconfirmed ? 1 : 0;
  const t = Transfer.of(slot);
  // The next block of a long request comes behind what the inbox has of it.
  if (t.collects && inboxOwned(meter, slotIndex)) {
    b.inboxFrom = meter.inboxSize;
    b.state = BlocksState.RECEIVING;
    return true;
  }
  t.end();
  if (inboxTake(meter, slotIndex) != Err.OK) {
    abort(meter, slotIndex, slot);
    return false;
  }
  b.state = BlocksState.RECEIVING;
  return true;
}

/** Takes a block of a request: in order it is kept, else it comes again after our report. */
function receive(meter: Meter, slotIndex: u32, slot: Slot, window: u32, streaming: bool): BlockEvent {
  const x = block;
  const b = Blocks.of(slot);
  const inOrder = x.blockNumber == b.peer + 1;
  if (inOrder) {
    if (inboxAppend(meter, slotIndex, x.dataAt, x.dataSize) != Err.OK) {
      abort(meter, slotIndex, slot);
      return BlockEvent.DONE;
    }
    b.peer = x.blockNumber;
  }
  if (inOrder && x.last) {
    b.window = window;
    b.base = b.own;
    b.state = BlocksState.NONE;
    slot.viaBlocks = 1;
    if (b.unconfirmed != 0) slot.confirmed = 0;
    return BlockEvent.REQUEST;
  }
  if (!streaming && b.unconfirmed == 0) {
    b.own++;
    blockOpen(slot, OWN_WINDOW, b.own, b.peer, 0);
  }
  return BlockEvent.DONE;
}

/** Takes the client's report while an answer is being sent, and goes on behind what it has. */
function acknowledged(meter: Meter, slotIndex: u32, slot: Slot, window: u32): void {
  const x = block;
  const b = Blocks.of(slot);
  const t = Transfer.of(slot);
  const count = x.blockNumberAcknowledged - b.base;
  if (count > b.highest || count < b.acknowledged) {
    abort(meter, slotIndex, slot);
    return;
  }
  if (x.blockNumber > b.peer) b.peer = x.blockNumber;
  const offset = min<u32>(count * b.blockSize, b.size);
  if (b.offset != offset) {
    // Blocks were lost: the cursor walks from the acknowledged one, at most a window.
    b.rewind(t);
    const err = streamEmit(meter, slot, b, skipper.count(), offset - b.offset);
    if (err != Err.OK) {
      abort(meter, slotIndex, slot);
      return;
    }
  }
  b.acknowledge(t);
  b.acknowledged = count;
  if (count == b.count) {
    b.state = BlocksState.NONE;
    return;
  }
  b.next = count + 1;
  b.burst = min<u32>(window == 0 ? 1 : window, b.count - count);
  blockNext(meter, slotIndex, slot);
}

/**
 * Ends answers under way whose unicast key has been replaced (bit n of `contexts`): they are ciphered block by block, and one
 * message is never ciphered under two keys.
 */
export function blocksLose(meter: Meter, contexts: u32): void {
  // The outbox stands behind the slots of the connections.
  const outbox = Layout.of().slotCount;
  for (let i: u32 = 0; i <= outbox; i++) {
    const slot = Slot.of(meter, i);
    const b = Blocks.of(slot);
    const ciphered = b.state == BlocksState.SENDING && coatUnder(b.coat, KeySource.UNICAST);
    if (ciphered && ((contexts >> slot.security) & 1) != 0) b.state = BlocksState.LOST;
  }
}

/** Makes the next block of the stream under way the outbound APDU; false when none is to be sent now. */
export function blockNext(meter: Meter, slotIndex: u32, slot: Slot): bool {
  const b = Blocks.of(slot);
  if (b.state != BlocksState.SENDING || b.burst == 0) return false;
  const size = min<u32>(b.blockSize, b.size - b.offset);
  // The unconfirmed procedure, of a push: window 0 and no streaming bit (GB9 9.4.6.13).
  let control = b.unconfirmed != 0 ? 0 : OWN_WINDOW;
  if (b.next == b.count) control |= BlockControl.LAST_BLOCK;
  if (b.burst > 1 && b.unconfirmed == 0) control |= BlockControl.STREAMING;
  const w = blockOpen(slot, control, b.base + b.next, b.peer, size);
  if (streamEmit(meter, slot, b, w, size) != Err.OK) {
    abort(meter, slotIndex, slot);
    return true;
  }
  if (b.next > b.highest) b.highest = b.next;
  b.next++;
  b.burst--;
  b.own = b.base + b.highest;
  return true;
}

/** Prepares the state for the stream whose coat stands in b.coat already. */
function streamBegin(slot: Slot, b: Blocks): bool {
  const head = gbtHeadSize(slot.clientSizeMax);
  if (slot.clientSizeMax <= head) return false;
  b.blockSize = slot.clientSizeMax - head;
  const count = (b.size + b.blockSize - 1) / b.blockSize;
  if (count > COUNT_MAX - b.base) return false;
  b.count = count;
  b.offset = 0;
  b.highest = 0;
  b.acknowledged = 0;
  b.next = 1;
  b.acknowledge(Transfer.of(slot));
  // A client whose window is not known yet gets one block alone.
  b.burst = slot.viaBlocks != 0 && b.window != 0 ? min<u32>(b.window, count) : 1;
  b.state = BlocksState.SENDING;
  return true;
}

/** Forgets what an earlier exchange left, but the block numbers of the request just received. */
function stateReset(slot: Slot, b: Blocks): void {
  const window = b.window;
  const base = b.base;
  const peer = b.peer;
  b.clear();
  if (slot.viaBlocks == 0) return;
  b.window = window;
  b.base = base;
  b.peer = peer;
}

/**
 * Sends the answer of the slot's transfer behind the `headSize` octets of APDU at `head`, protected as a response, in blocks.
 * @returns 0; Err.LIMIT (too many blocks, key used up), Err.NO_SPACE (the journal is behind)
 */
export function blocksBegin(meter: Meter, slotIndex: u32, slot: Slot, head: usize, headSize: u32): i32 {
  const b = Blocks.of(slot);
  const t = Transfer.of(slot);
  stateReset(slot, b);
  memory.copy(b.apduHead, head, <usize>headSize);
  b.apduHeadSize = headSize;
  const plainSize = headSize + t.size;
  const tag = headSize != 0 ? <u32>load<u8>(head) : <u32>load<u8>(slot.frozen);
  const err = coatMake(meter, slot, b.coat, tag, plainSize);
  if (err != Err.OK) return err;
  if (!streamBegin(slot, b)) return Err.LIMIT;
  blockNext(meter, slotIndex, slot);
  return Err.OK;
}

/**
 * Begins to send the slot's transfer, a whole APDU, in blocks that nobody acknowledges. The first one is made; blockNext() makes
 * the others. Errors as blocksBegin().
 */
export function blocksBeginUnconfirmed(meter: Meter, slotIndex: u32, slot: Slot): i32 {
  const b = Blocks.of(slot);
  stateReset(slot, b);
  b.unconfirmed = 1;
  const err = coatMake(meter, slot, b.coat, load<u8>(slot.frozen), Transfer.of(slot).size);
  if (err != Err.OK) return err;
  if (!streamBegin(slot, b)) return Err.LIMIT;
  b.burst = b.count;
  blockNext(meter, slotIndex, slot);
  return Err.OK;
}

/** An answer that fits one APDU goes back in blocks all the same when its request came so. */
export function blocksWrap(meter: Meter, slotIndex: u32, slot: Slot): void {
  const b = Blocks.of(slot);
  const t = Transfer.of(slot);
  const size = slot.outboundSize;
  if (size == 0 || b.state == BlocksState.SENDING) return;
  assert(size <= Layout.of().frozenSize);
  stateReset(slot, b);
  t.beginBeside(slot, skipper);
  skipper.octets(slot.outbound + <usize>slot.outboundOffset, size);
  t.freeze(skipper);
  // What is sent has its protection already.
  b.coat.plainSize = size;
  if (!streamBegin(slot, b)) {
    abort(meter, slotIndex, slot);
    return;
  }
  blockNext(meter, slotIndex, slot);
}
