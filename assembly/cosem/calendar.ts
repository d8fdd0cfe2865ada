/**
 * What an Activity calendar (class_id 20) and the special days (class_id 11) say about an instant: the season that began last, its
 * week, the profile of the day, in it the action that was started last, and when that changes next (IDIS, tariff switching).
 */
import { SECONDS_PER_DAY } from "../base/civil";
import { Civil } from "../base/civil";
import { Err } from "../base/err";
import { Reader } from "../base/reader";
import { clockLocal, clockUtcFirst, NEVER, secondOf } from "../meter/clock";
import { dayMatches, recurrenceLast, recurrenceNext } from "../meter/recurrence";
import { Meter } from "../store/block";
import { objectFind, objectOfClass } from "../store/values";
import { Axdr, DataTag } from "../wire/axdr";
import { dataSkip } from "../wire/data";
import { nameEquals, nameTake, timeTake } from "./array_value";
import { ACTIVE, Calendar, calendarArray } from "./calendar_halves";
import { settingArray } from "./setting";

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

/** A season_profile's element. */
@unmanaged
class Season {
  /** Its date-time; the name of its week (nameTake()), 0 with an error. */
  start: usize;
  week: usize;

  read(r: Reader): this {
    Axdr.readStructure(r, 3);
    nameTake(r);
    this.start = timeTake(r, DataTag.DATE_TIME, 12);
    this.week = nameTake(r);
    return this;
  }
}

/** A day_profile_action. */
@unmanaged
class DayAction {
  time: usize;
  script: usize;
  selector: u32;

  /** Reads one; false with an error. */
  read(r: Reader): bool {
    Axdr.readStructure(r, 3);
    this.time = timeTake(r, DataTag.TIME, 4);
    this.script = Axdr.readLogicalName(r);
    this.selector = Axdr.readLongUnsigned(r);
    return r.err == Err.OK;
  }
}

const season: Season = changetype<Season>(memory.data(offsetof<Season>(), 4));
const dayAction: DayAction = changetype<DayAction>(memory.data(offsetof<DayAction>(), 4));
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
  const count = calendarArray(meter, object, Calendar.WEEKS + half, weeks);
  for (let i: u32 = 0; i < count; i++) {
    Axdr.readStructure(weeks, 8);
    const name = nameTake(weeks);
    const id = weekDay(weeks, weekday);
    if (id != NO_DAY && nameEquals(name, week)) return id;
  }
  return NO_DAY;
}

/** Puts `days` before the day_schedule of day `id`; false without such a day. */
function dayFind(meter: Meter, object: u32, half: i32, id: i32): bool {
  const count = calendarArray(meter, object, Calendar.DAYS + half, days);
  for (let i: u32 = 0; i < count; i++) {
    Axdr.readStructure(days, 2);
    if (<i32>Axdr.readUnsigned(days) == id) return days.err == Err.OK;
    dataSkip(days);
  }
  return false;
}

/** Name of the week of the season that began last before or at `utc`, 0 when none has. */
function seasonWeek(meter: Meter, object: u32, utc: i64): usize {
  const count = calendarArray(meter, object, Calendar.SEASONS, seasons);
  let week: usize = 0;
  let latest: i64 = -1;
  for (let i: u32 = 0; i < count; i++) {
    season.read(seasons);
    if (season.week == 0) return 0;
    const began = recurrenceLast(meter, season.start, utc - SEASON_SECONDS, utc);
    if (began == NEVER || began <= latest) continue;
    latest = began;
    week = season.week;
  }
  return week;
}

/** When a season begins next after `utc`. */
function seasonNext(meter: Meter, object: u32, utc: i64): i64 {
  const count = calendarArray(meter, object, Calendar.SEASONS, seasons);
  let next = NEVER;
  for (let i: u32 = 0; i < count; i++) {
    season.read(seasons);
    if (season.week != 0) next = min<i64>(next, recurrenceNext(meter, season.start, utc));
  }
  return next;
}

/** day_id of a special day, of several that match the one of the lowest index; NO_DAY on any other day. */
export function specialDay(meter: Meter, day: i32): i32 {
  const table = objectOfClass(CLASS_SPECIAL_DAYS, 0);
  const count: u32 = table < 0 ? 0 : settingArray(meter, table, ENTRIES, specials);
  let found = NO_DAY;
  let lowest: u32 = u32.MAX_VALUE;
  for (let i: u32 = 0; i < count; i++) {
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

/** Looks through the schedule that `days` stands before: the last action begun at `utc`, and when the next one begins. */
function scheduleRead(meter: Meter, day: i32, utc: i64, out: CalendarAction): void {
  const count = Axdr.readArray(days);
  let latest: i64 = i64.MIN_VALUE;
  for (let i: u32 = 0; i < count && dayAction.read(days); i++) {
    const begins = clockUtcFirst(meter, <i64>day * SECONDS_PER_DAY + secondOf(dayAction.time));
    if (begins > utc) out.next = min<i64>(out.next, begins);
    if (begins > utc || begins < latest) continue;
    latest = begins;
    out.script = dayAction.script;
    out.selector = dayAction.selector;
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
  out.next = clockUtcFirst(meter, (<i64>today + 1) * SECONDS_PER_DAY);
  if (whole) out.next = min<i64>(out.next, seasonNext(meter, object, utc));
  let at = utc;
  for (let day = today; day > today - DAYS_BACK && day >= 0 && out.script == 0; day--) {
    const id = dayOf(meter, object, day, at, whole);
    if (id != NO_DAY && dayFind(meter, object, ACTIVE, id)) scheduleRead(meter, day, utc, out);
    // Before the first action of a day the last one of the day before holds. An inconsistent calendar has special days alone.
    if (!whole) return;
    at = clockUtcFirst(meter, <i64>day * SECONDS_PER_DAY) - 1;
  }
}

/** Whether each week that a season names is there. */
function seasonsGood(meter: Meter, object: u32, half: i32): bool {
  const count = calendarArray(meter, object, Calendar.SEASONS + half, seasons);
  for (let i: u32 = 0; i < count; i++) {
    season.read(seasons);
    if (season.week == 0 || weekFind(meter, object, half, season.week, 1) == NO_DAY) return false;
  }
  return count != 0;
}

/** Whether each day that a week names is there; of weeks that seasons name, so that there are some. */
function weeksGood(meter: Meter, object: u32, half: i32): bool {
  const count = calendarArray(meter, object, Calendar.WEEKS + half, weeks);
  for (let i: u32 = 0; i < count; i++) {
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
  const count = calendarArray(meter, object, Calendar.DAYS + half, days);
  let actions: u32 = 0;
  for (let i: u32 = 0; i < count; i++) {
    Axdr.readStructure(days, 2);
    Axdr.readUnsigned(days);
    const size = Axdr.readArray(days);
    actions += size;
    for (let k: u32 = 0; k < size; k++) {
      if (!dayAction.read(days) || objectFind(CLASS_SCRIPT_TABLE, dayAction.script) < 0) return false;
    }
  }
  return actions != 0 && days.err == Err.OK;
}

/** Whether everything that the active or passive half of a calendar names is there: its weeks, days and script tables. */
export function calendarIsConsistent(meter: Meter, object: u32, half: i32): bool {
  return seasonsGood(meter, object, half) && weeksGood(meter, object, half) && daysGood(meter, object, half);
}
