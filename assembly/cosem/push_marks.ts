/**
 * How far the pushes of a Push setup object got: of each buffer in its list the rows that were delivered, so that the next push carries
 * those since; of each alarm descriptor the bits that were, so that an alarm which a power cut kept from its client is pushed again.
 * Kept in a hidden value of the object, written when a push was delivered.
 */
import { Meter } from "../store/block";
import { changeReserve, changeValue } from "../store/change";
import { MARKS_AT, MARKS_SIZE } from "../store/layout";
import { Ring } from "../store/rings";
import { NONE, ObjectRow, PushFlag, ROWS_ALL, ROWS_SINCE_LAST, Template } from "../store/template";
import { objectOfClass, rowOf, valueAt, valueSize } from "../store/values";

const CLASS_PUSH_SETUP: u32 = 40;
/** The hidden value (host/template/hidden.json): row numbers of buffers, then bits of descriptors, u32 each, big-endian. */
const LIST: i32 = 2;
const PART: u32 = 1;
const BUFFERS: u32 = 8;
const DESCRIPTORS: u32 = 3;
const KEPT_SIZE: u32 = (BUFFERS + DESCRIPTORS) * 4;

/** Of the push under way, and of the alarm push. */
@unmanaged
export class PushMarks {
  /** Buffers of the list under way so far, and the number behind the last row of each. */
  buffers: u32;
  end0: u32;
  end1: u32;
  end2: u32;
  end3: u32;
  end4: u32;
  end5: u32;
  end6: u32;
  end7: u32;
  /** Number + 1 of the alarm push whose content stands here, 0 = none; its octets; the descriptors it was started for. */
  frozen: u32;
  frozenSize: u32;
  alarms0: u32;
  alarms1: u32;
  alarms2: u32;

  @inline
  static of(meter: Meter): PushMarks {
    return changetype<PushMarks>(meter.seldom(MARKS_AT));
  }

  @inline
  end(index: u32): u32 {
    return load<u32>(changetype<usize>(this) + offsetof<PushMarks>("end0") + <usize>(index << 2));
  }

  @inline
  setEnd(index: u32, row: u32): void {
    store<u32>(changetype<usize>(this) + offsetof<PushMarks>("end0") + <usize>(index << 2), row);
  }

  @inline
  alarms(index: u32): u32 {
    return load<u32>(changetype<usize>(this) + offsetof<PushMarks>("alarms0") + <usize>(index << 2));
  }

  @inline
  setAlarms(index: u32, bits: u32): void {
    store<u32>(changetype<usize>(this) + offsetof<PushMarks>("alarms0") + <usize>(index << 2), bits);
  }

  @inline
  get content(): usize {
    return changetype<usize>(this) + offsetof<PushMarks>();
  }
}

/** Octets of frozen content. */
export const PUSH_FROZEN_SIZE: u32 = 200;

if (offsetof<PushMarks>() + PUSH_FROZEN_SIZE > MARKS_SIZE) ERROR("marks have MARKS_SIZE octets");

const kept: usize = memory.data(44, 4);

function flagsOf(object: u32): u32 {
  return Template.of().object(object).flags;
}

/** Where the object keeps what was delivered, 0 when nothing was yet. */
function keptOf(meter: Meter, object: u32): usize {
  const row = rowOf(object, LIST, PART);
  return row != NONE && valueSize(meter, row) == KEPT_SIZE ? valueAt(meter, row) : 0;
}

/** What the object keeps at `index`, 0 when nothing was delivered yet. */
function keptAt(meter: Meter, object: u32, index: u32): u32 {
  const at = keptOf(meter, object);
  return at == 0 ? 0 : bswap<u32>(load<u32>(at + <usize>(index << 2)));
}

/** Adds what the object keeps, which keptOf() has found, to the open record, to be changed there. @returns where it stands, 0 = there is no room */
function keptReserve(meter: Meter, object: u32): usize {
  const to = changeReserve(meter, Template.of().object(object), LIST, PART, KEPT_SIZE);
  if (to != 0) memory.copy(to, keptOf(meter, object), <usize>KEPT_SIZE);
  return to;
}

/** Whether a push of the object was ever delivered that had to be. */
export function pushWasDelivered(meter: Meter, object: u32): bool {
  return keptOf(meter, object) != 0;
}

/** A list is about to be evaluated. */
export function marksBegin(meter: Meter): void {
  PushMarks.of(meter).buffers = 0;
}

/** Which entry, from 1, is the first that a push of `object` carries of the next buffer in its list; 0 = there is none. */
export function markFirst(meter: Meter, object: u32, profile: u32): u32 {
  const m = PushMarks.of(meter);
  const ring = Ring.of(meter, profile);
  const rows = <u32>Template.of().object(object).extra;
  if (rows == ROWS_ALL) return 1;
  if (rows != ROWS_SINCE_LAST) return ring.count > rows ? ring.count - rows + 1 : 1;
  if (m.buffers == BUFFERS) return 1;
  const delivered = keptAt(meter, object, m.buffers);
  m.setEnd(m.buffers++, ring.next);
  if (delivered <= ring.first || delivered > ring.next) return 1;
  return delivered == ring.next ? 0 : delivered - ring.first + 1;
}

/** The push of an object, number `index`, was delivered. */
export function marksDelivered(meter: Meter, object: u32, index: u32): void {
  const m = PushMarks.of(meter);
  const row = rowOf(object, LIST, PART);
  const wanted = (flagsOf(object) & (PushFlag.ALARM | PushFlag.INSTALLATION)) != 0 || m.buffers != 0;
  if (row == NONE || !wanted) return;
  for (let i: u32 = 0; i < BUFFERS; i++) store<u32>(kept + <usize>(i << 2), i < m.buffers ? bswap<u32>(m.end(i)) : 0);
  for (let i: u32 = 0; i < DESCRIPTORS; i++) {
    const fresh = m.frozen == index + 1 ? m.alarms(i) : 0;
    store<u32>(kept + <usize>((BUFFERS + i) << 2), bswap<u32>(keptAt(meter, object, BUFFERS + i) | fresh));
  }
  changeValue(meter, row, kept, KEPT_SIZE);
}

/** The list of an object is another one: nothing of it was delivered. What descriptors say stays. Part of the open record. */
export function marksForget(meter: Meter, object: u32): void {
  if (!pushWasDelivered(meter, object)) return;
  const to = keptReserve(meter, object);
  if (to != 0) memory.fill(to, 0, <usize>(BUFFERS * 4));
}

function isAlarmPush(object: ObjectRow): bool {
  return ((<u32>object.flags) & PushFlag.ALARM) != 0;
}

/** Bits of alarm descriptor `index`, from 0, that were delivered; all where no push says so. */
export function alarmsReported(meter: Meter, index: u32): u32 {
  let bits: u32 = 0;
  let pushes: u32 = 0;
  for (let i: u32 = 0; ; i++) {
    const object = objectOfClass(CLASS_PUSH_SETUP, i);
    if (object < 0) break;
    if (!isAlarmPush(Template.of().object(object))) continue;
    bits |= keptAt(meter, object, BUFFERS + index);
    pushes++;
  }
  return pushes == 0 ? 0xffffffff : bits;
}

/** Bits of a descriptor were cleared, `bits` are left: if one rises again it is to be delivered again. Part of the open record. */
export function alarmsForget(meter: Meter, index: u32, bits: u32): void {
  for (let i: u32 = 0; ; i++) {
    const object = objectOfClass(CLASS_PUSH_SETUP, i);
    if (object < 0) return;
    const delivered = keptAt(meter, object, BUFFERS + index);
    if (!isAlarmPush(Template.of().object(object)) || (delivered & ~bits) == 0) continue;
    const to = keptReserve(meter, object);
    if (to == 0) return;
    store<u32>(to + <usize>((BUFFERS + index) << 2), bswap<u32>(delivered & bits));
  }
}
