/**
 * What an Activity calendar (class_id 20) and the special days (class_id 11) say about an instant: the season that began last, its
 * week, the profile of the day, in it the action that was started last, and when that changes next (IDIS, tariff switching).
 */
import { SECONDS_PER_DAY } from "../base/civil";
import { Civil } from "../base/civil";
import { Err } from "../base/err";
import { Reader } from "../base/reader";
import { clockLocal, clockUtc, NEVER, Season, Side } from "../meter/clock";
import { dayMatches, recurrenceLast, recurrenceNext } from "../meter/recurrence";
import { Meter } from "../store/block";
import { objectFind, objectOfClass } from "../store/values";
import { Axdr, DataTag } from "../wire/axdr";
import { dataSkip } from "../wire/data";
import { nameEquals, nameTake, timeTake } from "./array_value";
import { ACTIVE, Calendar, calendarOver } from "./calendar_halves";
import { settingOver } from "./setting";

const CLASS_SCRIPT_TABLE: u32 = 9;
const CLASS_SPECIAL_DAYS: u32 = 11;
const ENTRIES: i32 = 2;
/** A day may begin with the last action of the days before it, which may have none. */
const DAYS_BACK: i32 = 8;
/** A season of 29 February began eight years ago at most. */
const SEASON_SECONDS: i64 = 8 * 366 * 86400;
const NO_DAY: i32 = -1;

/** The action that holds, and when to ask again. */
@unmanaged
export class CalendarAction {
  /** Logical name of the script table, 0 = the calendar names none. */
  script: usize;
  selector: u32;
  /** UTC second, NEVER = it stays as it is. */
  next: i64;
}

const seasons: Reader = changetype<Reader>(memory.data(offsetof<Reader>(), 8));
const weeks: Reader = changetype<Reader>(memory.data(offsetof<Reader>(), 8));
const days: Reader = changetype<Reader>(memory.data(offsetof<Reader>(), 8));
const specials: Reader = changetype<Reader>(memory.data(offsetof<Reader>(), 8));

/** Passes a week behind its name; day_id of `weekday` (1 Monday). */
function weekDay(r: Reader, weekday: u32): i32 {
  let found = NO_DAY;
  for (let i: u32 = 1; i <= 7; i++) {
    const id = Axdr.readUnsigned(r);
    if (i == weekday) found = <i32>id;
  }
  return r.err == Err.OK ? found : NO_DAY;
}

/** day_id that the week of name `week` has for `weekday`, NO_DAY without such a week. */
function weekFind(meter: Meter, object: u32, half: i32, week: usize, weekday: u32): i32 {
  if (!calendarOver(meter, object, Calendar.WEEKS + half, weeks)) return NO_DAY;
  const count = Axdr.readArray(weeks);
  for (let i: u32 = 0; i < count && weeks.err == Err.OK; i++) {
    Axdr.readStructure(weeks, 8);
    const name = nameTake(weeks);
    const id = weekDay(weeks, weekday);
    if (name != 0 && id != NO_DAY && nameEquals(name, week)) return id;
  }
  return NO_DAY;
}

/** Puts `days` before the day_schedule of day `id`; false without such a day. */
function dayFind(meter: Meter, object: u32, half: i32, id: i32): bool {
  if (!calendarOver(meter, object, Calendar.DAYS + half, days)) return false;
  const count = Axdr.readArray(days);
  for (let i: u32 = 0; i < count && days.err == Err.OK; i++) {
    Axdr.readStructure(days, 2);
    if (<i32>Axdr.readUnsigned(days) == id) return days.err == Err.OK;
    dataSkip(days);
  }
  return false;
}

/** Name of the week of the season that began last before or at `utc`, 0 when none has. */
function seasonWeek(meter: Meter, object: u32, utc: i64): usize {
  if (!calendarOver(meter, object, Calendar.SEASONS, seasons)) return 0;
  const count = Axdr.readArray(seasons);
  let week: usize = 0;
  let latest: i64 = -1;
  for (let i: u32 = 0; i < count && seasons.err == Err.OK; i++) {
    Axdr.readStructure(seasons, 3);
    nameTake(seasons);
    const start = timeTake(seasons, DataTag.DATE_TIME, 12);
    const name = nameTake(seasons);
    if (seasons.err != Err.OK) return 0;
    const began = recurrenceLast(meter, start, utc - SEASON_SECONDS, utc);
    if (began == NEVER || began <= latest) continue;
    latest = began;
    week = name;
  }
  return week;
}

/** When a season begins next after `utc`. */
function seasonNext(meter: Meter, object: u32, utc: i64): i64 {
  if (!calendarOver(meter, object, Calendar.SEASONS, seasons)) return NEVER;
  const count = Axdr.readArray(seasons);
  let next = NEVER;
  for (let i: u32 = 0; i < count && seasons.err == Err.OK; i++) {
    Axdr.readStructure(seasons, 3);
    nameTake(seasons);
    const start = timeTake(seasons, DataTag.DATE_TIME, 12);
    nameTake(seasons);
    if (seasons.err == Err.OK) next = min<i64>(next, recurrenceNext(meter, start, utc));
  }
  return next;
}

/** day_id of a special day, of several that match the one of the lowest index; NO_DAY on any other day. */
export function specialDay(meter: Meter, day: i32): i32 {
  const table = objectOfClass(CLASS_SPECIAL_DAYS, 0);
  if (table < 0 || !settingOver(meter, table, ENTRIES, specials)) return NO_DAY;
  const count = Axdr.readArray(specials);
  let found = NO_DAY;
  let lowest: u32 = u32.MAX_VALUE;
  for (let i: u32 = 0; i < count && specials.err == Err.OK; i++) {
    Axdr.readStructure(specials, 3);
    const index = Axdr.readLongUnsigned(specials);
    const date = timeTake(specials, DataTag.DATE, 5);
    const id = Axdr.readUnsigned(specials);
    if (specials.err != Err.OK || index >= lowest || !dayMatches(meter, date, day)) continue;
    lowest = index;
    found = <i32>id;
  }
  return found;
}

/** UTC second of a local one; what occurs twice counts the first time, what a switch skips is the switch. */
function utcOf(meter: Meter, local: i64): i64 {
  return clockUtc(meter, local, Side.EARLIEST, Season.UNKNOWN);
}

/** Second of a day that a time names; wildcards are zero. */
function secondOf(time: usize): i64 {
  const hour = <i64>load<u8>(time);
  const minute = <i64>load<u8>(time + 1);
  const second = <i64>load<u8>(time + 2);
  return (hour < 24 ? hour * 3600 : 0) + (minute < 60 ? minute * 60 : 0) + (second < 60 ? second : 0);
}

/** Looks through the schedule that `days` stands before: the last action begun at `utc`, and when the next one begins. */
function scheduleRead(meter: Meter, day: i32, utc: i64, out: CalendarAction): void {
  const count = Axdr.readArray(days);
  let latest: i64 = i64.MIN_VALUE;
  for (let i: u32 = 0; i < count && days.err == Err.OK; i++) {
    Axdr.readStructure(days, 3);
    const time = timeTake(days, DataTag.TIME, 4);
    const script = Axdr.readLogicalName(days);
    const selector = Axdr.readLongUnsigned(days);
    if (days.err != Err.OK) return;
    const begins = utcOf(meter, <i64>day * SECONDS_PER_DAY + secondOf(time));
    if (begins > utc) out.next = min<i64>(out.next, begins);
    if (begins > utc || begins < latest) continue;
    latest = begins;
    out.script = script;
    out.selector = selector;
  }
}

/** day_id of local day `day`: of a special day that has a profile, else of the season that holds at `utc` when `whole`. */
function dayOf(meter: Meter, object: u32, day: i32, utc: i64, whole: bool): i32 {
  const special = specialDay(meter, day);
  if (special != NO_DAY && dayFind(meter, object, ACTIVE, special)) return special;
  const week = whole ? seasonWeek(meter, object, utc) : 0;
  return week == 0 ? NO_DAY : weekFind(meter, object, ACTIVE, week, Civil.weekday(day));
}

/** What the active calendar of `object` says at UTC second `utc`. */
export function calendarAction(meter: Meter, object: u32, utc: i64, out: CalendarAction): void {
  const whole = calendarIsConsistent(meter, object, ACTIVE);
  const today = <i32>(clockLocal(meter, utc) / SECONDS_PER_DAY);
  out.script = 0;
  out.selector = 0;
  out.next = utcOf(meter, (<i64>today + 1) * SECONDS_PER_DAY);
  if (whole) out.next = min<i64>(out.next, seasonNext(meter, object, utc));
  let at = utc;
  for (let day = today; day > today - DAYS_BACK && day >= 0 && out.script == 0; day--) {
    const id = dayOf(meter, object, day, at, whole);
    if (id != NO_DAY && dayFind(meter, object, ACTIVE, id)) scheduleRead(meter, day, utc, out);
    // Before the first action of a day the last one of the day before holds. An inconsistent calendar has special days alone.
    if (!whole) return;
    at = utcOf(meter, <i64>day * SECONDS_PER_DAY) - 1;
  }
}

/** Whether each week that a season names is there. */
function seasonsGood(meter: Meter, object: u32, half: i32): bool {
  if (!calendarOver(meter, object, Calendar.SEASONS + half, seasons)) return false;
  const count = Axdr.readArray(seasons);
  for (let i: u32 = 0; i < count && seasons.err == Err.OK; i++) {
    Axdr.readStructure(seasons, 3);
    nameTake(seasons);
    timeTake(seasons, DataTag.DATE_TIME, 12);
    const week = nameTake(seasons);
    if (week == 0 || weekFind(meter, object, half, week, 1) == NO_DAY) return false;
  }
  return count != 0 && seasons.err == Err.OK;
}

/** Whether each day that a week names is there. */
function weeksGood(meter: Meter, object: u32, half: i32): bool {
  if (!calendarOver(meter, object, Calendar.WEEKS + half, weeks)) return false;
  const count = Axdr.readArray(weeks);
  for (let i: u32 = 0; i < count && weeks.err == Err.OK; i++) {
    Axdr.readStructure(weeks, 8);
    nameTake(weeks);
    for (let k = 0; k < 7; k++) {
      if (!dayFind(meter, object, half, Axdr.readUnsigned(weeks))) return false;
    }
  }
  return weeks.err == Err.OK;
}

/** Whether each action of each day names a script table of the meter, and some day has an action. */
function daysGood(meter: Meter, object: u32, half: i32): bool {
  if (!calendarOver(meter, object, Calendar.DAYS + half, days)) return false;
  const count = Axdr.readArray(days);
  let actions: u32 = 0;
  for (let i: u32 = 0; i < count && days.err == Err.OK; i++) {
    Axdr.readStructure(days, 2);
    Axdr.readUnsigned(days);
    const size = Axdr.readArray(days);
    actions += size;
    for (let k: u32 = 0; k < size && days.err == Err.OK; k++) {
      Axdr.readStructure(days, 3);
      timeTake(days, DataTag.TIME, 4);
      const script = Axdr.readLogicalName(days);
      Axdr.readLongUnsigned(days);
      if (days.err != Err.OK || objectFind(CLASS_SCRIPT_TABLE, script) < 0) return false;
    }
  }
  return actions != 0 && days.err == Err.OK;
}

/** Whether everything that the active or passive half of a calendar names is there: its weeks, days and script tables. */
export function calendarIsConsistent(meter: Meter, object: u32, half: i32): bool {
  return seasonsGood(meter, object, half) && weeksGood(meter, object, half) && daysGood(meter, object, half);
}
