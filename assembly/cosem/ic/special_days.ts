/** Special days table, class_id 11, version 0. What the days do is cosem/calendar's. */
import { Err } from "../../base/err";
import { Reader } from "../../base/reader";
import { Axdr, DataTag } from "../../wire/axdr";
import { ActionResult } from "../../wire/results";
import { Stretch, timeTake } from "../array_value";
import { Ask } from "../ask";
import { plainSetGood, plainSplice } from "../plain";
import { scheduleRefresh } from "../schedule";
import { rowCapacity } from "../setting";
import { tariffRefresh } from "../tariff";
import { dateIsGood } from "../time_pattern";

const ENTRIES: i32 = 2;

const list: Reader = changetype<Reader>(memory.data(offsetof<Reader>(), 8));
const stretch: Stretch = changetype<Stretch>(memory.data(offsetof<Stretch>(), 8));

/** Reads one {index, specialday_date, day_id}. @returns its index, -1 when the date is none */
function entryPass(r: Reader): i32 {
  Axdr.readStructure(r, 3);
  const index = Axdr.readLongUnsigned(r);
  const date = timeTake(r, DataTag.DATE, 5);
  Axdr.readUnsigned(r);
  return r.err == Err.OK && dateIsGood(date) ? <i32>index : -1;
}

/** Finds the entry of `index`, else the place in front of the first higher one. */
function entryFind(index: i32): bool {
  const count = Axdr.readArray(list);
  stretch.empty(0);
  for (let i: u32 = 0; i < count && stretch.count == 0; i++) {
    const from = list.pos;
    stretch.look(entryPass(list), index, index, from, list.pos);
  }
  stretch.settle(list.pos);
  return stretch.count != 0;
}

/** Whether the dates of the entries are such. */
function entriesGood(ask: Ask): bool {
  const r = ask.data;
  const count = Axdr.readArray(r);
  for (let i: u32 = 0; i < count; i++) if (entryPass(r) < 0) return false;
  return true;
}

/** Calendar and schedules go by the special days. */
function changed(ask: Ask, result: i32): i32 {
  if (result != ActionResult.SUCCESS) return result;
  tariffRefresh(ask.meter);
  scheduleRefresh(ask.meter);
  return result;
}

export function specialDaysSet(ask: Ask): i32 {
  return changed(ask, plainSetGood(ask, entriesGood(ask)));
}

export function specialDaysInvoke(ask: Ask): i32 {
  const row = ask.rowOf(ENTRIES);
  if (rowCapacity(row) == 0) return ActionResult.READ_WRITE_DENIED;
  const r = ask.data;
  const inserts = ask.attribute == 1;
  if (!inserts && ask.attribute != 2) return ActionResult.OBJECT_UNAVAILABLE;
  // insert(entry), which replaces an entry of its index; delete(index)
  const index = inserts ? entryPass(r) : <i32>Axdr.readLongUnsigned(r);
  if (!r.done) return ActionResult.TYPE_UNMATCHED;
  if (index < 0 || !ask.over(ENTRIES, list)) return ActionResult.OTHER_REASON;
  if (!entryFind(index) && !inserts) return ActionResult.OTHER_REASON;
  return changed(ask, plainSplice(ask, row, stretch, inserts ? 1 : 0));
}
