/**
 * Answers of any length, evaluated once. What is written whole becomes frozen octets of the slot; long sources are pinned and
 * stand between them. Any stretch of the answer is written through a window from a cursor, so block k costs what
 * block k holds, and a block sent again is the same.
 *
 *   frozen[0..split 0) | pin 0 | frozen[split 0..split 1) | pin 1 | … | frozen[last split..frozenSize)
 *
 * A pin is an array, or a compact-array: piece 0 is its head, piece n its n-th item.
 */
import { Err } from "../base/err";
import { Writer } from "../base/writer";
import { ITEM_SIZE_MAX, Pin, PinKind, PIN_SIZE } from "../cosem/ask";
import { profileRowEmit } from "../cosem/ic/profile_generic";
import { pinPieceEmit } from "../cosem/pin_emit";
import { Slot, SLOT_TRANSFER_SIZE } from "../session/slot";
import { Meter } from "../store/block";
import { Layout } from "../store/layout";

/** Long sources one answer may hold; a list with more answers the rest with data-block-unavailable. */
export const PINS_MAX: u32 = 4;

/** Which service goes on with the answer. */
export const enum TransferKind {
  NONE = 0,
  GET = 1,
  ACTION = 2,
  /** A request that arrives in blocks; the inbox holds it. */
  SET_REQUEST = 3,
  ACTION_REQUEST = 4,
  READ_REQUEST = 5,
  WRITE_REQUEST = 6,
  READ = 7,
}

/** State of a long answer, or of a long request, in the slot. Offsets and numbers only. */
@unmanaged
export class Transfer {
  kind: u32;
  /** invoke-id-and-priority of the request. */
  invoke: u32;
  /** Number of the block sent or received last. */
  block: u32;
  /** Long request: choice of its first APDU, and octets of the descriptors in front of the raw data, in the inbox. */
  choice: u16;
  headSize: u16;
  /** Long request: lowest acceptable counter before its first APDU was opened; what it protects itself has older ones. */
  receiveFloor: u32;
  /** Octets of the answer, and of those sent. */
  size: u32;
  sent: u32;
  frozenSize: u32;
  pins: u32;
  /** Cursor: part 2n is the n-th frozen stretch, part 2n + 1 the n-th pin; piece and offset lie in the part. */
  part: u32;
  piece: u32;
  offset: u32;
  /** Where the pins stand among the frozen octets. */
  split0: u32;
  split1: u32;
  split2: u32;
  split3: u32;

  @inline
  static of(slot: Slot): Transfer {
    return changetype<Transfer>(slot.transfer);
  }

  @inline
  pin(index: u32): Pin {
    return changetype<Pin>(changetype<usize>(this) + offsetof<Transfer>() + <usize>(index * PIN_SIZE));
  }

  @inline
  private splitAt(index: u32): usize {
    return changetype<usize>(this) + offsetof<Transfer>("split0") + <usize>(index << 2);
  }

  /** Frozen octets in front of pin `index`; behind the last pin: all of them. */
  split(index: u32): u32 {
    return index < this.pins ? load<u32>(this.splitAt(index)) : this.frozenSize;
  }

  /** Begins an answer: nothing is pinned, the writer stands at the start of the frozen octets. */
  begin(slot: Slot, w: Writer): void {
    memory.fill(changetype<usize>(this), 0, offsetof<Transfer>());
    w.into(slot.frozen, Layout.of().frozenSize);
  }

  /** As begin(), but a long request that is being collected goes on behind this answer. */
  beginBeside(slot: Slot, w: Writer): void {
    if (!this.collects) this.end();
    const from = offsetof<Transfer>("size");
    memory.fill(changetype<usize>(this) + from, 0, offsetof<Transfer>() - from);
    w.into(slot.frozen, Layout.of().frozenSize);
  }

  /** The pin the next question may use; its kind says afterwards whether it did. */
  pinNext(): Pin {
    const pin = this.pin(this.pins < PINS_MAX ? this.pins : PINS_MAX);
    pin.kind = PinKind.NONE;
    return pin;
  }

  /** Takes the pin of pinNext() into the answer, behind the octets `w` has written; false when there are too many. */
  pinTake(w: Writer): bool {
    if (this.pins == PINS_MAX) return false;
    store<u32>(this.splitAt(this.pins), w.size);
    const pin = this.pin(this.pins);
    this.size += pin.headSize + pin.size;
    this.pins++;
    return true;
  }

  /** Closes the evaluation; the cursor stands at the start. */
  freeze(w: Writer): void {
    this.frozenSize = w.size;
    this.size += w.size;
  }

  /** Whether a request is being collected, block by block, in the inbox. */
  get collects(): bool {
    return this.kind >= <u32>TransferKind.SET_REQUEST && this.kind <= <u32>TransferKind.WRITE_REQUEST;
  }

  @inline
  get left(): u32 {
    return this.size - this.sent;
  }

  end(): void {
    this.kind = TransferKind.NONE;
  }
}

// One pin more than are taken: pinNext() hands it out when the answer is full.
if (offsetof<Transfer>() + (PINS_MAX + 1) * PIN_SIZE > SLOT_TRANSFER_SIZE)
  ERROR("a transfer has SLOT_TRANSFER_SIZE octets");

const pieceOctets: usize = memory.data(1024, 8);
const pieceWriter: Writer = changetype<Writer>(memory.data(offsetof<Writer>(), 8));

if (ITEM_SIZE_MAX > 1024) ERROR("an item must fit the scratch piece");

/** Steps the cursor to the next part. */
function partNext(t: Transfer): void {
  t.part++;
  t.piece = 0;
  t.offset = 0;
}

/** Writes at most `size` frozen octets from the cursor. */
function frozenEmit(slot: Slot, t: Transfer, w: Writer, size: u32): void {
  const index = t.part >> 1;
  const from = index == 0 ? 0 : t.split(index - 1);
  const left = t.split(index) - from - t.offset;
  const count = left < size ? left : size;
  w.octets(slot.frozen + <usize>(from + t.offset), count);
  t.sent += count;
  t.offset += count;
  if (count == left) partNext(t);
}

/** Writes at most `size` octets of the piece at the cursor, by way of the scratch piece. */
function windowEmit(meter: Meter, t: Transfer, pin: Pin, w: Writer, size: u32): i32 {
  const piece = pieceWriter.into(pieceOctets, ITEM_SIZE_MAX);
  const err = pinPieceEmit(meter, pin, t.piece, piece);
  if (err != Err.OK) return err;
  if (piece.err != Err.OK || t.offset > piece.size) return Err.STATE;
  const left = piece.size - t.offset;
  const count = left < size ? left : size;
  w.octets(pieceOctets + <usize>t.offset, count);
  t.sent += count;
  t.offset = count == left ? 0 : t.offset + count;
  if (count == left) t.piece++;
  return Err.OK;
}

/** Writes whole items while they fit, then the part of one that lies at the edge. */
function pinEmit(meter: Meter, t: Transfer, w: Writer, end: u32): i32 {
  const pin = t.pin(t.part >> 1);
  while (t.sent < end && t.piece <= pin.items) {
    const left = end - t.sent;
    let err: i32;
    if (pin.itemSize != 0 && t.piece != 0 && t.offset == 0 && left >= pin.itemSize) {
      err = profileRowEmit(meter, pin, t.piece - 1, w);
      t.sent += pin.itemSize;
      t.piece++;
    } else {
      err = windowEmit(meter, t, pin, w, left);
    }
    if (err != Err.OK) return err;
  }
  if (t.piece > pin.items) partNext(t);
  return Err.OK;
}

/**
 * Writes the next `size` octets of the answer and moves the cursor. The caller has made sure that they fit and are left.
 * @returns 0, or Err.STATE when a pinned row was overwritten or its buffer reset
 */
export function answerEmit(meter: Meter, slot: Slot, t: Transfer, w: Writer, size: u32): i32 {
  const end = t.sent + size;
  while (t.sent < end) {
    if ((t.part & 1) == 0) {
      frozenEmit(slot, t, w, end - t.sent);
      continue;
    }
    const err = pinEmit(meter, t, w, end);
    if (err != Err.OK) return err;
  }
  return Err.OK;
}
