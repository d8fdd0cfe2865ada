/** Special days table, class_id 11, version 0. What the days do is cosem/calendar's. */
import { Err } from "../../base/err";
import { Reader } from "../../base/reader";
import { Axdr, DataTag } from "../../wire/axdr";
import { ActionResult } from "../../wire/results";
import { arraySplice, Stretch, timeTake } from "../array_value";
import { Ask } from "../ask";
import { changeResult, plainSetGood } from "../plain";
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
  let higher: usize = 0;
  for (let i: u32 = 0; i < count && list.err == Err.OK; i++) {
    const from = list.pos;
    const found = entryPass(list);
    if (found > index && higher == 0) higher = from;
    if (found != index) continue;
    stretch.empty(from);
    stretch.to = list.pos;
    stretch.count = 1;
    return true;
  }
  stretch.empty(higher != 0 ? higher : list.pos);
  return false;
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
  const size = inserts ? ask.dataSize : 0;
  return changed(ask, changeResult(arraySplice(ask.meter, row, stretch, ask.dataAt, size, inserts ? 1 : 0)));
}
