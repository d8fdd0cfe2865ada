/**
 * The one way a durable change is made: open, add …, commit. A commit is one journal record of 1..n changes, all or
 * nothing. A change is keyed by class, logical name, attribute and part, never by an index, so that a record outlives a
 * template. Twin tells apart what several logical devices have under one name, 0 first. The same entries, without record, provision a meter.
 *
 *   entry:  class u16 | logical name 6 | attribute i8 | part u8 | twin 4 bits, size 12 bits | octets   (big-endian)
 *   record: size u16 | ~size u16 | sequence u32 | entries | CRC-32 over all before            (padded to 4)
 */
import { octetsSame } from "../base/octets";
import { Crc32 } from "../base/crc32";
import { Err } from "../base/err";
import { RECORD_SIZE_MAX } from "../base/limits";
import { Reader } from "../base/reader";
import { Writer } from "../base/writer";
import { Meter, SeatState } from "./block";
import { Journal, JournalState } from "./journal_state";
import { Layout } from "./layout";
import { Ring, ringAppend, ringCut, ringEmpty, ringShape } from "./rings";
import { NONE, ObjectRow, Template } from "./template";
import { attributeFind, objectFind, objectOrdinal, objectTwin, valueAt, valueSize, valueStore } from "./values";

export const ENTRY_HEAD_SIZE: u32 = 12;
export const RECORD_HEAD_SIZE: u32 = 8;
export const RECORD_OVERHEAD: u32 = 12;
/** Room for a packed row group in a snapshot record. */
export const ENTRY_SIZE_MAX: u32 = RECORD_SIZE_MAX - RECORD_OVERHEAD - ENTRY_HEAD_SIZE;

/** The last field of the head: twin above, size below. */
const TWIN_SHIFT: u32 = 12;
const SIZE_MASK: u32 = 0xfff;

if (RECORD_SIZE_MAX > SIZE_MASK) ERROR("the size of an entry has 12 bits");

const CLASS_PROFILE: u32 = 7;
const CLASS_SECURITY_SETUP: u16 = 64;
const BUFFER: i32 = 2;

/** Parts of a profile's buffer attribute in a change. */
export const enum RowPart {
  /** {generation, number, row} */
  ROW = 0,
  /** {generation}: the buffer was emptied. */
  RESET = 1,
  /** {generation, number of the first row, rows}: how a snapshot packs rows. */
  ROWS = 2,
  /** {generation, number}: rows from that number on were taken away. */
  CUT = 3,
}

const writer: Writer = changetype<Writer>(memory.data(offsetof<Writer>(), 8));
const reader: Reader = changetype<Reader>(memory.data(offsetof<Reader>(), 8));

/** Opens a record. Nested changes belong to the record already open. */
export function changeOpen(meter: Meter): void {
  const j = Journal.of(meter);
  if (j.depth++ != 0) return;
  j.openSize = RECORD_HEAD_SIZE;
  j.openError = Err.OK;
}

/** Adds a change of `size` octets to the open record. */
export function changeAdd(meter: Meter, object: ObjectRow, attribute: i32, part: u32, at: usize, size: u32): void {
  const to = changeReserve(meter, object, attribute, part, size);
  if (to != 0) memory.copy(to, at, <usize>size);
}

/** Adds a change whose octets the caller writes at the address returned; 0 when the journal has no room (commit then fails). */
export function changeReserve(meter: Meter, object: ObjectRow, attribute: i32, part: u32, size: u32): usize {
  const j = Journal.of(meter);
  assert(j.depth != 0);
  const total = j.openSize + ENTRY_HEAD_SIZE + size + 4;
  if (total > RECORD_SIZE_MAX || j.tailEnd + total + 3 > Layout.of().tailSize) j.openError = Err.NO_SPACE;
  if (j.openError != Err.OK) return 0;
  const head = meter.area(Layout.of().tailAt + j.tailEnd + j.openSize);
  entryHeadEmit(writer.into(head, ENTRY_HEAD_SIZE), object, attribute, part, size);
  j.openSize += ENTRY_HEAD_SIZE + size;
  return head + <usize>ENTRY_HEAD_SIZE;
}

/** Writes the head of an entry. */
export function entryHeadEmit(w: Writer, object: ObjectRow, attribute: i32, part: u32, size: u32): void {
  w.u16(object.classId);
  w.octets(object.logicalName, 6);
  w.u8(attribute);
  w.u8(part);
  w.u16((objectOrdinal(object) << TWIN_SHIFT) | size);
}

/** Gives up the open record, whoever opened it. */
export function changeAbort(meter: Meter): void {
  Journal.of(meter).openError = Err.STATE;
}

/**
 * Closes the record: its changes hold from now on, and the journal has it in line for the flash.
 * @returns 0, or the first error; then nothing has changed (Err.NO_SPACE: the flash is behind, try later)
 */
export function changeCommit(meter: Meter): i32 {
  const j = Journal.of(meter);
  assert(j.depth != 0);
  if (--j.depth != 0) return j.openError;
  if (j.openError != Err.OK || j.openSize == RECORD_HEAD_SIZE) return j.openError;
  const record = meter.area(Layout.of().tailAt + j.tailEnd);
  j.settings = ++j.sequence;
  const size = recordSeal(record, j.openSize, j.sequence);
  entriesApply(meter, record + <usize>RECORD_HEAD_SIZE, j.openSize - RECORD_HEAD_SIZE);
  if (j.state != JournalState.NONE) j.tailEnd += size;
  return Err.OK;
}

/** Closes a record of captured rows and kept energies, which is all it holds unless it stands in another one. As changeCommit(). */
export function changeCommitRows(meter: Meter): i32 {
  const j = Journal.of(meter);
  const settings = j.settings;
  const err = changeCommit(meter);
  if (j.depth == 0) j.settings = settings;
  return err;
}

/** Writes head and check sequence around the entries; returns the octets of the whole record. */
export function recordSeal(record: usize, openSize: u32, sequence: u32): u32 {
  const entries = openSize - RECORD_HEAD_SIZE;
  const w = writer.into(record, RECORD_HEAD_SIZE);
  w.u16(entries);
  w.u16(~entries);
  w.u32(sequence);
  store<u32>(record + <usize>openSize, bswap<u32>(Crc32.of(record, openSize)));
  const padded = (openSize + 4 + 3) & ~3;
  memory.fill(record + <usize>(openSize + 4), 0xff, <usize>(padded - openSize - 4));
  return padded;
}

/** Applies entries to the block; entries of objects the template no longer has are passed over. */
export function entriesApply(meter: Meter, at: usize, size: u32): i32 {
  const r = reader.over(at, size);
  while (r.remaining != 0) {
    const classId = r.u16();
    const name = r.take(6);
    const attribute = r.i8();
    const part = r.u8();
    const field = r.u16();
    const octets = field & SIZE_MASK;
    const content = r.take(octets);
    if (r.err != Err.OK) return Err.MALFORMED;
    let object = objectFind(classId, name);
    for (let twin = field >> TWIN_SHIFT; twin != 0 && object >= 0; twin--) object = objectTwin(object);
    if (object >= 0) entryApply(meter, Template.of().object(object), attribute, part, content, octets);
  }
  return Err.OK;
}

function entryApply(meter: Meter, object: ObjectRow, attribute: i32, part: u32, at: usize, size: u32): void {
  const profile = <u32>object.classId == CLASS_PROFILE ? <u32>object.instance : NONE;
  if (profile != NONE && attribute == BUFFER) {
    rowsApply(meter, profile, part, at, size);
    return;
  }
  const row = attributeFind(object, attribute, part);
  if (row < 0) return;
  // A row without capacity has no place in the block: not even a value of no octets is stored for it.
  const capacity = <u32>Template.of().attribute(row).capacity;
  if (capacity == 0 || size > capacity || counterFalls(meter, row, at, size)) return;
  valueStore(meter, row, at, size);
  if (profile != NONE && (attribute == 3 || attribute == 8)) ringShape(meter, profile);
}

/**
 * Whether a replay that has missed records meets an invocation counter below the one it has: the change of its key may be among those
 * that are lost, and under the old key no counter may come twice.
 */
function counterFalls(meter: Meter, row: i32, at: usize, size: u32): bool {
  if (Journal.of(meter).damaged == 0 || meter.state != SeatState.BOOTING) return false;
  const a = Template.of().attribute(row);
  const counter = Template.of().object(a.object).classId == CLASS_SECURITY_SETUP && a.id == 0 && size == 4;
  if (!counter || valueSize(meter, row) != 4) return false;
  return bswap<u32>(load<u32>(at)) < bswap<u32>(load<u32>(valueAt(meter, row)));
}

function rowsApply(meter: Meter, profile: u32, part: u32, at: usize, size: u32): void {
  if (size < 4) return;
  const ring = Ring.of(meter, profile);
  const generation = bswap<u32>(load<u32>(at));
  if (part == RowPart.RESET) {
    // A snapshot may hold rows of behind the reset already.
    if (ring.generation != generation) ringEmpty(ring, generation);
    return;
  }
  // Rows of other columns come where the record that changed them is lost.
  if (size < 8 || ring.rowSize == 0 || (size - 8) % ring.rowSize != 0) return;
  if (part == RowPart.CUT) {
    // A snapshot that had this profile under way begins again with it: its rows belong to another generation now.
    const j = Journal.of(meter);
    if (ring.generation != generation && j.snapshotProfile == profile) j.snapshotNumber = 0;
    ringCut(meter, profile, generation, bswap<u32>(load<u32>(at + 4)));
    return;
  }
  let number = bswap<u32>(load<u32>(at + 4));
  // The reset, or the cut, in front of rows of a newer generation is lost, or is in the snapshot they belong to.
  if (<i32>(generation - ring.generation) > 0) {
    if (part == RowPart.ROW && <i32>(number - ring.next) < 0) ringCut(meter, profile, generation, number);
    else ringEmpty(ring, generation);
  }
  for (let offset: u32 = 8; offset + ring.rowSize <= size; offset += ring.rowSize) {
    ringAppend(meter, profile, generation, number++, at + <usize>offset);
  }
}

/** Changes the value of attribute row `row` to the `size` octets at `at`, as a record of its own or part of the open one. */
export function changeValue(meter: Meter, row: u32, at: usize, size: u32): i32 {
  const a = Template.of().attribute(row);
  assert(size <= <u32>a.capacity);
  if (valueSize(meter, row) == size && octetsSame(valueAt(meter, row), at, size)) return Err.OK;
  changeOpen(meter);
  changeAdd(meter, Template.of().object(a.object), a.id, a.part, at, size);
  return changeCommit(meter);
}

/** Empties the buffer of a profile. */
export function changeRowsReset(meter: Meter, profile: u32): i32 {
  const object = Template.of().object(Template.of().profile(profile).object);
  changeOpen(meter);
  const to = changeReserve(meter, object, BUFFER, RowPart.RESET, 4);
  if (to != 0) store<u32>(to, bswap<u32>(Ring.of(meter, profile).generation + 1));
  return changeCommit(meter);
}

/** Takes the rows of a profile from number `next` on away. Readers under way have lost their rows, as by a reset. */
export function changeRowsCut(meter: Meter, profile: u32, next: u32): i32 {
  const object = Template.of().object(Template.of().profile(profile).object);
  changeOpen(meter);
  const to = changeReserve(meter, object, BUFFER, RowPart.CUT, 8);
  if (to != 0) {
    store<u32>(to, bswap<u32>(Ring.of(meter, profile).generation + 1));
    store<u32>(to + 4, bswap<u32>(next));
  }
  return changeCommit(meter);
}

/** Reserves a row: returns where its cells go, 0 when there is no room. The record must be open. */
export function changeRowReserve(meter: Meter, profile: u32): usize {
  const ring = Ring.of(meter, profile);
  const object = Template.of().object(Template.of().profile(profile).object);
  const to = changeReserve(meter, object, BUFFER, RowPart.ROW, 8 + ring.rowSize);
  if (to == 0) return 0;
  store<u32>(to, bswap<u32>(ring.generation));
  store<u32>(to + 4, bswap<u32>(ring.next));
  return to + 8;
}
