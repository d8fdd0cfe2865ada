/**
 * Date-times with wildcards as instants that recur (Blue Book 4.1.6.1), for windows. A wildcard stands for every value; behind
 * the last field of the time that is given, wildcards are zero: "02:*:*" is two o'clock and not each second of that hour.
 */
import { Civil, CivilDate, SECONDS_PER_DAY } from "../base/civil";
import { Meter } from "../store/block";
import { clockLocal, clockUtc, NEVER, Season, Side } from "./clock";

/** Days looked at for a match: a 29 February lies at most eight years ahead. */
const DAYS_MAX: i32 = 8 * 366 + 1;
const ANY: u32 = 0xff;
const ANY_YEAR: u32 = 0xffff;
const LAST_DAY: u32 = 0xfe;
const SECOND_LAST_DAY: u32 = 0xfd;
const SECONDS: i32 = 86400;

const date: CivilDate = changetype<CivilDate>(memory.data(offsetof<CivilDate>(), 4));

/** Whether day `days` since 1970 is one the pattern names. */
function dayMatches(pattern: usize, days: i32): bool {
  const weekday = <u32>load<u8>(pattern + 4);
  if (weekday != ANY && weekday != Civil.weekday(days)) return false;
  Civil.date(days, date);
  const year = <u32>bswap<u16>(load<u16>(pattern));
  const month = <u32>load<u8>(pattern + 2);
  if ((year != ANY_YEAR && year != date.year) || (month != ANY && month != date.month)) return false;
  const day = <u32>load<u8>(pattern + 3);
  const last = Civil.monthDays(date.year, date.month);
  if (day == LAST_DAY) return date.day == last;
  if (day == SECOND_LAST_DAY) return date.day == last - 1;
  return day == ANY || day == date.day;
}

/** Whether no later day can match: the year is given and over. */
function isOver(pattern: usize): bool {
  const year = <u32>bswap<u16>(load<u16>(pattern));
  return year != ANY_YEAR && date.year > year;
}

/** First second of a day, above `after`, that the pattern names; -1 when there is none. */
function timeAfter(pattern: usize, after: i32): i32 {
  const hour = <u32>load<u8>(pattern + 5);
  const minute = <u32>load<u8>(pattern + 6);
  const second = <u32>load<u8>(pattern + 7);
  if ((hour != ANY && hour > 23) || (minute != ANY && minute > 59) || (second != ANY && second > 59)) return -1;
  const s = second != ANY ? <i32>second : 0;
  const m = minute != ANY ? <i32>minute : 0;
  if (hour != ANY) {
    const everyMinute = minute == ANY && second != ANY;
    const first = <i32>hour * 3600 + m * 60 + s;
    if (first > after) return first;
    if (!everyMinute) return -1;
    const next = first + ((after - first) / 60 + 1) * 60;
    return next < (<i32>hour + 1) * 3600 ? next : -1;
  }
  // No hour is given: it recurs every hour, every minute, or, with nothing given, at midnight.
  const step = minute != ANY ? 3600 : second != ANY ? 60 : SECONDS;
  const first = minute != ANY ? m * 60 + s : s;
  if (first > after) return first;
  const next = first + ((after - first) / step + 1) * step;
  return next < SECONDS ? next : -1;
}

/** First local second (since 1970-01-01 00:00 local) above `local` that the 12 octets at `pattern` name; NEVER without one. */
export function recurrenceAfter(pattern: usize, local: i64): i64 {
  const today = <i32>(local / SECONDS_PER_DAY);
  let after = <i32>(local - <i64>today * SECONDS_PER_DAY);
  for (let i = 0; i < DAYS_MAX; i++) {
    if (dayMatches(pattern, today + i)) {
      const second = timeAfter(pattern, after);
      if (second >= 0) return <i64>(today + i) * SECONDS_PER_DAY + <i64>second;
    }
    Civil.date(today + i, date);
    if (isOver(pattern)) return NEVER;
    after = -1;
  }
  return NEVER;
}

/**
 * When the window from `start` to `end` (12 octets each) is open next, seen from UTC second `utc`.
 * @returns `utc` while it is open, else the UTC second at which it opens, NEVER when it does not open any more
 */
export function windowOpens(meter: Meter, start: usize, end: usize, utc: i64): i64 {
  const local = clockLocal(meter, utc);
  const closes = recurrenceAfter(end, local);
  // The start counts from its own second on, the end is no longer inside.
  const opens = recurrenceAfter(start, local - 1);
  if (closes == NEVER && opens == NEVER) return NEVER;
  // The end comes before the next start: this is the inside. All wildcards in both are the whole day, every day.
  if (opens == local || closes <= recurrenceAfter(start, local)) return closes == NEVER ? NEVER : utc;
  return opens == NEVER ? NEVER : clockUtc(meter, opens, Side.EARLIEST, Season.UNKNOWN);
}
