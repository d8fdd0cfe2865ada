/**
 * The entries of a Schedule (Blue Book, class_id 10): when each is to be executed, by weekdays, special days and dates, and in which
 * order those are run that were passed over.
 */
import { Civil, CivilDate, SECONDS_PER_DAY } from "../base/civil";
import { Err } from "../base/err";
import { Reader } from "../base/reader";
import { clockLocal, dateStore, NEVER } from "../meter/clock";
import { recurrenceLast, recurrenceNext } from "../meter/recurrence";
import { Meter } from "../store/block";
import { Axdr, bitStringOctets, DataTag } from "../wire/axdr";
import { timeTake } from "./array_value";
import { Caller } from "./ask";
import { specialDay } from "./calendar";
import { executeScript } from "./execute";
import { Missed } from "./schedule_state";
import { settingArray } from "./setting";
import { dateIsWhole, timeIsAny } from "./time_pattern";

const ENTRIES: i32 = 2;
/** validity_window: made up for however late. */
const ALWAYS: u32 = 0xffff;
/** Days looked at for the next instant of an entry; when none holds, it is looked up again behind them. */
const DAYS_AHEAD: i32 = 400;
const PATTERN_SIZE: u32 = 9;

/** An entry as it stands in the table; addresses lead into its value. */
@unmanaged
export class ScheduleEntry {
  index: u32;
  enabled: bool;
  /** Logical name, script_selector; time, dates. */
  script: usize;
  selector: u32;
  time: usize;
  /** Minutes. */
  validity: u32;
  /** Bit-strings: octets and bits. */
  weekdays: usize;
  weekdayBits: u32;
  specialDays: usize;
  specialBits: u32;
  begin: usize;
  end: usize;
}

const reader: Reader = changetype<Reader>(memory.data(offsetof<Reader>(), 8));
const entry: ScheduleEntry = changetype<ScheduleEntry>(memory.data(offsetof<ScheduleEntry>(), 8));
const date: CivilDate = changetype<CivilDate>(memory.data(offsetof<CivilDate>(), 4));
const pattern: usize = memory.data(PATTERN_SIZE);

/** Bits of a bit-string; its octets are behind it. */
function bitsRead(r: Reader): u32 {
  Axdr.expect(r, DataTag.BIT_STRING);
  return Axdr.readLength(r);
}

/** Reads one entry of the table. */
export function scheduleEntryRead(r: Reader, out: ScheduleEntry): void {
  Axdr.readStructure(r, 10);
  out.index = Axdr.readLongUnsigned(r);
  out.enabled = Axdr.readBoolean(r);
  out.script = Axdr.readLogicalName(r);
  out.selector = Axdr.readLongUnsigned(r);
  out.time = timeTake(r, DataTag.TIME, 4);
  out.validity = Axdr.readLongUnsigned(r);
  out.weekdayBits = bitsRead(r);
  out.weekdays = r.take(bitStringOctets(out.weekdayBits));
  out.specialBits = bitsRead(r);
  out.specialDays = r.take(bitStringOctets(out.specialBits));
  out.begin = timeTake(r, DataTag.DATE, 5);
  out.end = timeTake(r, DataTag.DATE, 5);
}

function bit(at: usize, bits: u32, index: u32): bool {
  return index < bits && (((<u32>load<u8>(at + <usize>(index >> 3))) << (index & 7)) & 0x80) != 0;
}

/** Month and day of a date as one number that rises through the year, 0 when one of them is open. */
function dayOfYear(at: usize): u32 {
  const month = <u32>load<u8>(at + 2);
  const day = <u32>load<u8>(at + 3);
  return month <= 12 && day <= 31 ? month * 32 + day : 0;
}

/** Whether day `day` is not before begin_date and not after end_date; without years they bound a part of every year. */
function withinDates(e: ScheduleEntry, day: i32): bool {
  const begins = dayOfYear(e.begin);
  const ends = dayOfYear(e.end);
  Civil.date(day, date);
  const today = date.month * 32 + date.day;
  if (!dateIsWhole(e.begin) && !dateIsWhole(e.end)) {
    if (begins == 0 || ends == 0 || begins <= ends) return today >= begins && (ends == 0 || today <= ends);
    return today >= begins || today <= ends;
  }
  if (dateIsWhole(e.begin) ? day < daysOf(e.begin) : today < begins) return false;
  return dateIsWhole(e.end) ? day <= daysOf(e.end) : ends == 0 || today <= ends;
}

function daysOf(at: usize): i32 {
  return Civil.days(<i32>bswap<u16>(load<u16>(at)), load<u8>(at + 2), load<u8>(at + 3));
}

/** Whether an entry is executed on local day `day`. Special days have their own bits, day_id 1 first, and take the weekday's place. */
function dayHolds(meter: Meter, e: ScheduleEntry, day: i32): bool {
  if (!withinDates(e, day)) return false;
  const special = specialDay(meter, day);
  if (special >= 0) return bit(e.specialDays, e.specialBits, <u32>special - 1);
  return bit(e.weekdays, e.weekdayBits, Civil.weekday(day) - 1);
}

/** The pattern of the entry's time on local day `day`. */
function patternOf(e: ScheduleEntry, day: i32): usize {
  dateStore(day, pattern);
  memory.copy(pattern + 5, e.time, 4);
  return pattern;
}

function localDay(meter: Meter, utc: i64): i32 {
  return <i32>(clockLocal(meter, utc) / SECONDS_PER_DAY);
}

/** First instant of an entry after UTC second `utc`, or one at which to look again. */
function entryNext(meter: Meter, e: ScheduleEntry, utc: i64): i64 {
  if (!e.enabled || timeIsAny(e.time)) return NEVER;
  let day = localDay(meter, utc);
  if (dateIsWhole(e.begin)) day = max<i32>(day, daysOf(e.begin));
  const end = day + DAYS_AHEAD;
  for (; day < end; day++) {
    if (dateIsWhole(e.end) && day > daysOf(e.end)) return NEVER;
    if (!dayHolds(meter, e, day)) continue;
    const found = recurrenceNext(meter, patternOf(e, day), utc);
    if (found != NEVER) return found;
  }
  return recurrenceNext(meter, patternOf(e, end), utc);
}

/** Last instant of an entry behind `since` up to `utc`, both UTC seconds. */
function entryLast(meter: Meter, e: ScheduleEntry, since: i64, utc: i64): i64 {
  if (!e.enabled || timeIsAny(e.time)) return NEVER;
  const end = localDay(meter, since);
  for (let day = localDay(meter, utc); day >= end; day--) {
    if (!dayHolds(meter, e, day)) continue;
    const found = recurrenceLast(meter, patternOf(e, day), since, utc);
    if (found != NEVER) return found;
  }
  return NEVER;
}

/** First instant of any entry after UTC second `utc`. */
export function entriesNext(meter: Meter, object: u32, utc: i64): i64 {
  const count = settingArray(meter, object, ENTRIES, reader);
  let next = NEVER;
  for (let i: u32 = 0; i < count; i++) {
    scheduleEntryRead(reader, entry);
    if (reader.err != Err.OK) break;
    next = min<i64>(next, entryNext(meter, entry, utc));
  }
  return next;
}

/** Whether what was due at `at` may still be made up for at `now`. */
function isValid(e: ScheduleEntry, at: i64, now: i64): bool {
  return e.validity == ALWAYS || now - at <= <i64>e.validity * 60;
}

/**
 * Runs the next of the entries whose instants lie in what is to be made up for: each once, in the order of their last instants, so that
 * the last one has the last word. @returns whether one was run; false = all are
 */
export function entriesRun(meter: Meter, object: u32, missed: Missed): bool {
  const count = settingArray(meter, object, ENTRIES, reader);
  let first = NEVER;
  let position: u32 = 0;
  let script: usize = 0;
  let selector: u32 = 0;
  for (let i: u32 = 1; i <= count; i++) {
    scheduleEntryRead(reader, entry);
    if (reader.err != Err.OK) return false;
    const at = entryLast(meter, entry, missed.from, missed.to);
    const made = at < missed.instant || (at == missed.instant && i <= missed.position);
    if (at == NEVER || made || at >= first || !isValid(entry, at, missed.to)) continue;
    first = at;
    position = i;
    script = entry.script;
    selector = entry.selector;
  }
  if (script == 0) return false;
  missed.instant = first;
  missed.position = position;
  executeScript(meter, Caller.SCRIPT, 0, script, selector);
  return true;
}
