/** Schedule, class_id 10, version 0. When its entries run is cosem/schedule_entries'. */
import { Err } from "../../base/err";
import { Reader } from "../../base/reader";
import { changeCommit, changeOpen, changeReserve } from "../../store/change";
import { valueAt, valueSize } from "../../store/values";
import { Axdr } from "../../wire/axdr";
import { ActionResult } from "../../wire/results";
import { Stretch } from "../array_value";
import { Ask } from "../ask";
import { changeResult, plainSetGood, plainSplice } from "../plain";
import { scheduleChanged } from "../schedule";
import { ScheduleEntry, scheduleEntryRead } from "../schedule_entries";
import { rowCapacity } from "../setting";
import { dateIsGood, timeIsGood } from "../time_pattern";

const ENTRIES: i32 = 2;
/** Octets from the head of an entry to the value of enable: structure, index, tag of the boolean. */
const ENABLE_OFFSET: u32 = 6;

const list: Reader = changetype<Reader>(memory.data(offsetof<Reader>(), 8));
const entry: ScheduleEntry = changetype<ScheduleEntry>(memory.data(offsetof<ScheduleEntry>(), 8));
const stretch: Stretch = changetype<Stretch>(memory.data(offsetof<Stretch>(), 8));

/** Reads an entry; whether its time and dates are such. */
function entryGood(r: Reader): bool {
  scheduleEntryRead(r, entry);
  return r.err == Err.OK && timeIsGood(entry.time) && dateIsGood(entry.begin) && dateIsGood(entry.end);
}

/** After a change that was made. */
export function changed(ask: Ask, result: i32): i32 {
  if (result == ActionResult.SUCCESS) scheduleChanged(ask.meter, ask.classId, ask.row.instance);
  return result;
}

/** Whether the entries are such. Ranges of indices are ranges of the table: they rise. */
function entriesGood(r: Reader): bool {
  const count = Axdr.readArray(r);
  let last: u32 = 0;
  for (let i: u32 = 0; i < count; i++) {
    if (!entryGood(r) || entry.index <= last) return false;
    last = entry.index;
  }
  return true;
}

export function scheduleSet(ask: Ask): i32 {
  return changed(ask, plainSetGood(ask, entriesGood(ask.data)));
}

export function scheduleInvoke(ask: Ask): i32 {
  const row = ask.rowOf(ENTRIES);
  if (rowCapacity(row) == 0) return ActionResult.READ_WRITE_DENIED;
  if (!ask.over(ENTRIES, list)) return ActionResult.OTHER_REASON;
  const r = ask.data;
  switch (ask.attribute) {
    case 1: // enable/disable
      return enable(ask, r, row);
    case 2: // insert
      return insert(ask, r, row);
    case 3: // delete
      return remove(ask, r, row);
    default:
      return ActionResult.OBJECT_UNAVAILABLE;
  }
}

/** Disables the entries from firstIndexA to lastIndexA, then enables those from firstIndexB to lastIndexB; a range may be empty. */
function enable(ask: Ask, r: Reader, row: u32): i32 {
  Axdr.readStructure(r, 4);
  const firstA = Axdr.readLongUnsigned(r);
  const lastA = Axdr.readLongUnsigned(r);
  const firstB = Axdr.readLongUnsigned(r);
  const lastB = Axdr.readLongUnsigned(r);
  if (!r.done) return ActionResult.TYPE_UNMATCHED;
  const value = valueAt(ask.meter, row);
  const size = valueSize(ask.meter, row);
  changeOpen(ask.meter);
  const to = changeReserve(ask.meter, ask.row, ENTRIES, 0, size);
  if (to != 0) memory.copy(to, value, <usize>size);
  const count = Axdr.readArray(list);
  for (let i: u32 = 0; i < count && to != 0; i++) {
    const at = <u32>(list.pos - value);
    scheduleEntryRead(list, entry);
    const index = entry.index;
    const disables = index >= firstA && index <= lastA;
    const enables = index >= firstB && index <= lastB;
    if (disables || enables) store<u8>(to + <usize>(at + ENABLE_OFFSET), <u8>(enables ? 1 : 0));
  }
  return changed(ask, changeResult(changeCommit(ask.meter)));
}

/** Puts `stretch` around the entries from `first` to `last`, which stand side by side; without any before the first higher one. */
function entriesFind(first: u32, last: u32): bool {
  const count = Axdr.readArray(list);
  stretch.empty(0);
  for (let i: u32 = 0; i < count; i++) {
    const from = list.pos;
    scheduleEntryRead(list, entry);
    if (list.err != Err.OK) return false;
    stretch.look(entry.index, first, last, from, list.pos);
  }
  stretch.settle(list.pos);
  return true;
}

/** Inserts an entry in the order of the indices; one of the same index is replaced. */
function insert(ask: Ask, r: Reader, row: u32): i32 {
  const good = entryGood(r);
  if (!r.done) return ActionResult.TYPE_UNMATCHED;
  const index = entry.index;
  if (!good || !entriesFind(index, index)) return ActionResult.OTHER_REASON;
  return changed(ask, plainSplice(ask, row, stretch, 1));
}

/** Deletes the entries from firstIndex to lastIndex. */
function remove(ask: Ask, r: Reader, row: u32): i32 {
  Axdr.readStructure(r, 2);
  const first = Axdr.readLongUnsigned(r);
  const last = Axdr.readLongUnsigned(r);
  if (!r.done) return ActionResult.TYPE_UNMATCHED;
  if (!entriesFind(first, last) || stretch.count == 0) return ActionResult.OTHER_REASON;
  return changed(ask, plainSplice(ask, row, stretch, 0));
}
