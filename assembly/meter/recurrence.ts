/**
 * Date-times with wildcards as instants that recur (Blue Book 4.1.6.1), for windows, schedules and seasons. A wildcard stands for
 * every value; behind the last field of the time that is given, wildcards are zero: "02:*:*" is two o'clock and not each second of
 * that hour. A pattern is a date (5 octets) and a time (4), as a date-time begins.
 */
import { Civil, CivilDate, SECONDS_PER_DAY } from "../base/civil";
import { Meter } from "../store/block";
import {
  clockDeviation,
  clockLocal,
  clockSaving,
  clockSwitchAfter,
  clockUtc,
  clockUtcFirst,
  NEVER,
  Season,
  Side,
} from "./clock";

/** Days looked at for a match: a 29 February lies at most eight years away. */
const DAYS_MAX: i32 = 8 * 366 + 1;
const ANY: u32 = 0xff;
const ANY_YEAR: u32 = 0xffff;
const LAST_DAY: u32 = 0xfe;
const SECOND_LAST_DAY: u32 = 0xfd;
/** Months that stand for the day on which daylight saving begins or ends. */
const SAVING_BEGINS: u32 = 0xfe;
const SAVING_ENDS: u32 = 0xfd;
const SECONDS: i32 = 86400;

/** Seconds of a day that the time of a pattern names: `first`, then every `step` seconds to `last`; step 0 = once. */
@unmanaged
class DayTimes {
  first: i32;
  step: i32;
  last: i32;
}

const date: CivilDate = changetype<CivilDate>(memory.data(offsetof<CivilDate>(), 4));
const times: DayTimes = changetype<DayTimes>(memory.data(offsetof<DayTimes>(), 4));

/** Whether daylight saving begins, or ends, on local day `days`. */
function switchesOn(meter: Meter, days: i32, begins: bool): bool {
  const start = <i64>days * SECONDS_PER_DAY;
  const before = clockSaving(meter, clockUtcFirst(meter, start));
  const after = clockSaving(meter, clockUtcFirst(meter, start + SECONDS_PER_DAY));
  return before != begins && after == begins;
}

/** Whether local day `days` since 1970 is one that the date pattern (5 octets) names. */
export function dayMatches(meter: Meter, pattern: usize, days: i32): bool {
  const weekday = <u32>load<u8>(pattern + 4);
  if (weekday != ANY && weekday != Civil.weekday(days)) return false;
  Civil.date(days, date);
  const year = <u32>bswap<u16>(load<u16>(pattern));
  const month = <u32>load<u8>(pattern + 2);
  if (year != ANY_YEAR && year != date.year) return false;
  const last = Civil.monthDays(date.year, date.month);
  const today = date.day;
  if (month == SAVING_BEGINS || month == SAVING_ENDS) {
    if (!switchesOn(meter, days, month == SAVING_BEGINS)) return false;
  } else if (month != ANY && month != date.month) return false;
  const day = <u32>load<u8>(pattern + 3);
  if (day == ANY) return true;
  // With a weekday: the last, the second last of the month, or in a year that is not given the first one from that day on.
  const span: u32 = weekday == ANY ? 1 : 7;
  if (day == LAST_DAY) return today + span > last;
  if (day == SECOND_LAST_DAY) return today + span <= last && today + 2 * span > last;
  return today >= day && today < day + (year == ANY_YEAR ? span : 1);
}

/** Reads the time of a pattern; false when it names none. */
function timesRead(pattern: usize): bool {
  const hour = <u32>load<u8>(pattern + 5);
  const minute = <u32>load<u8>(pattern + 6);
  const second = <u32>load<u8>(pattern + 7);
  if ((hour != ANY && hour > 23) || (minute != ANY && minute > 59) || (second != ANY && second > 59)) return false;
  const s = second != ANY ? <i32>second : 0;
  const m = minute != ANY ? <i32>minute * 60 : 0;
  const everyMinute = minute == ANY && second != ANY;
  if (hour != ANY) {
    times.first = <i32>hour * 3600 + m + s;
    times.step = everyMinute ? 60 : 0;
    times.last = times.first + (everyMinute ? 59 * 60 : 0);
    return true;
  }
  // No hour is given: it recurs every hour, every minute, or, with nothing given, at midnight.
  times.first = minute != ANY ? m + s : s;
  times.step = minute != ANY ? 3600 : everyMinute ? 60 : 0;
  times.last = times.step != 0 ? SECONDS - 1 : times.first;
  return true;
}

/** First second of a day, above `after`, that the pattern names; -1 when there is none. */
function timeAfter(pattern: usize, after: i32): i32 {
  if (!timesRead(pattern)) return -1;
  if (times.first > after) return times.first;
  if (times.step == 0) return -1;
  const next = times.first + ((after - times.first) / times.step + 1) * times.step;
  return next <= times.last ? next : -1;
}

/** Last second of a day, not above `until`, that the pattern names; -1 when there is none. */
function timeUntil(pattern: usize, until: i32): i32 {
  if (!timesRead(pattern) || times.first > until) return -1;
  if (times.step == 0) return times.first;
  const end = min<i32>(until, times.last);
  return times.first + ((end - times.first) / times.step) * times.step;
}

/** First local second (since 1970-01-01 00:00 local) above `local` that the pattern (date 5, time 4) names; NEVER without one. */
function recurrenceAfter(meter: Meter, pattern: usize, local: i64): i64 {
  let today = <i32>(local / SECONDS_PER_DAY);
  let after = <i32>(local - <i64>today * SECONDS_PER_DAY);
  const year = <u32>bswap<u16>(load<u16>(pattern));
  if (year != ANY_YEAR) {
    Civil.date(today, date);
    if (date.year > year) return NEVER;
    if (date.year < year) {
      today = Civil.days(year, 1, 1);
      after = -1;
    }
  }
  for (let i = 0; i < DAYS_MAX; i++) {
    if (dayMatches(meter, pattern, today + i)) {
      const second = timeAfter(pattern, after);
      if (second >= 0) return <i64>(today + i) * SECONDS_PER_DAY + <i64>second;
    }
    if (year != ANY_YEAR && i > 366) return NEVER;
    after = -1;
  }
  return NEVER;
}

/**
 * First UTC second above `utc` that the pattern (date 5, time 4) names in local time; NEVER without one. A time that occurs twice in
 * autumn counts once, the first time, unless it recurs every hour; one that a switch skips in spring is the switch.
 */
export function recurrenceNext(meter: Meter, pattern: usize, utc: i64): i64 {
  const hourly = <u32>load<u8>(pattern + 5) == ANY && timesRead(pattern) && times.step != 0;
  const deviation = <i64>clockDeviation(meter, utc) * 60;
  let local = utc - deviation;
  if (hourly) {
    const end = clockSwitchAfter(meter, utc);
    const at = recurrenceAfter(meter, pattern, local);
    if (at == NEVER || at + deviation < end) return at == NEVER ? NEVER : at + deviation;
    // Behind the switch local time begins again, with another deviation.
    const later = <i64>clockDeviation(meter, end) * 60;
    const season = clockSaving(meter, end) ? Season.SAVING : Season.NORMAL;
    const next = recurrenceAfter(meter, pattern, end - later - 1);
    return next == NEVER ? NEVER : clockUtc(meter, next, Side.EARLIEST, season);
  }
  let found = utc;
  while (found <= utc) {
    local = recurrenceAfter(meter, pattern, local);
    if (local == NEVER) return NEVER;
    found = clockUtcFirst(meter, local);
  }
  return found;
}

/** Last UTC second from `since` (not included) to `utc` that the pattern names in local time; NEVER without one. */
export function recurrenceLast(meter: Meter, pattern: usize, since: i64, utc: i64): i64 {
  // In the hour that occurs twice, later readings of the first time are over as well.
  const reading = max<i64>(clockLocal(meter, utc), clockLocal(meter, utc - 3600) + 3600);
  let day = <i32>(reading / SECONDS_PER_DAY);
  let until = <i32>(reading - <i64>day * SECONDS_PER_DAY);
  const end = max<i32>(<i32>(clockLocal(meter, since) / SECONDS_PER_DAY) - 1, 0);
  for (; day >= end; day--) {
    while (until >= 0 && dayMatches(meter, pattern, day)) {
      until = timeUntil(pattern, until);
      if (until < 0) break;
      const found = clockUtcFirst(meter, <i64>day * SECONDS_PER_DAY + <i64>until);
      if (found <= since) return NEVER;
      if (found <= utc) return found;
      until--;
    }
    until = SECONDS - 1;
  }
  return NEVER;
}

/**
 * When the window from `start` to `end` (12 octets each) is open next, seen from UTC second `utc`.
 * @returns `utc` while it is open, else the UTC second at which it opens, NEVER when it does not open any more
 */
export function windowOpens(meter: Meter, start: usize, end: usize, utc: i64): i64 {
  const local = clockLocal(meter, utc);
  const closes = recurrenceAfter(meter, end, local);
  // The start counts from its own second on, the end is no longer inside.
  const opens = recurrenceAfter(meter, start, local - 1);
  if (closes == NEVER && opens == NEVER) return NEVER;
  // The end comes before the next start: this is the inside. All wildcards in both are the whole day, every day.
  if (opens == local || closes <= recurrenceAfter(meter, start, local)) return closes == NEVER ? NEVER : utc;
  return opens == NEVER ? NEVER : clockUtcFirst(meter, opens);
}
