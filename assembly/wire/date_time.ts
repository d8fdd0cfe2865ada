/** date-time, 12 octets, with wildcards and clock status (Blue Book 4.1.6.1). */
import { Civil, CivilDate, SECONDS_PER_DAY } from "../base/civil";
import { Err } from "../base/err";
import { Reader } from "../base/reader";
import { Writer } from "../base/writer";
import { Axdr, DataTag } from "./axdr";

export const DATE_TIME_SIZE: u32 = 12;
/** Any field of one octet, and the year, that is not specified. */
export const UNSPECIFIED: u32 = 0xff;
export const YEAR_UNSPECIFIED: u32 = 0xffff;
export const DEVIATION_UNSPECIFIED: i32 = -0x8000;
/** Editions quote -720..720 and -720..840; both signs of the larger number are accepted. */
export const DEVIATION_MAX: i32 = 840;

export const enum Month {
  DAYLIGHT_SAVINGS_END = 0xfd,
  DAYLIGHT_SAVINGS_BEGIN = 0xfe,
}

export const enum DayOfMonth {
  SECOND_LAST = 0xfd,
  LAST = 0xfe,
}

export const enum ClockStatus {
  INVALID_VALUE = 0x01,
  DOUBTFUL_VALUE = 0x02,
  DIFFERENT_CLOCK_BASE = 0x04,
  INVALID_CLOCK_STATUS = 0x08,
  DAYLIGHT_SAVING_ACTIVE = 0x80,
}

/** Local time; every field may be a wildcard. */
@unmanaged
export class DateTime {
  year: u32;
  month: u32;
  day: u32;
  /** 1 = Monday .. 7 = Sunday. */
  weekday: u32;
  hour: u32;
  minute: u32;
  second: u32;
  hundredths: u32;
  /** Minutes to add to local time for UTC: -60 in winter in Central Europe. */
  deviation: i32;
  /** ClockStatus, 0xFF = not specified. */
  status: u32;
}

/** Reads 12 octets without a tag. Ranges are for dateTimeIsValid(). */
export function dateTimeParse(r: Reader, out: DateTime): i32 {
  out.year = r.u16();
  out.month = r.u8();
  out.day = r.u8();
  out.weekday = r.u8();
  out.hour = r.u8();
  out.minute = r.u8();
  out.second = r.u8();
  out.hundredths = r.u8();
  out.deviation = (<i32>(r.u16() << 16)) >> 16;
  out.status = r.u8();
  return r.err;
}

/** Emits the 12 octets dateTimeParse() reads. */
export function dateTimeEmit(w: Writer, x: DateTime): void {
  w.u16(x.year);
  w.u8(x.month);
  w.u8(x.day);
  w.u8(x.weekday);
  w.u8(x.hour);
  w.u8(x.minute);
  w.u8(x.second);
  w.u8(x.hundredths);
  w.u16(<u32>x.deviation);
  w.u8(x.status);
}

/** Reads one Data: octet-string(12) or tag 25; another type fails with Err.UNKNOWN. */
export function dateTimeDataParse(r: Reader, out: DateTime): i32 {
  if (r.peek == DataTag.DATE_TIME) {
    r.u8();
    return dateTimeParse(r, out);
  }
  Axdr.expect(r, DataTag.OCTET_STRING);
  const size = Axdr.readLength(r);
  if (r.err == Err.OK && size != DATE_TIME_SIZE) r.fail(Err.UNKNOWN);
  return dateTimeParse(r, out);
}

/** Emits one Data, octet-string(12), as the attributes of a meter have it. */
export function dateTimeDataEmit(w: Writer, x: DateTime): void {
  w.u16((DataTag.OCTET_STRING << 8) | DATE_TIME_SIZE);
  dateTimeEmit(w, x);
}

function inRange(value: u32, low: u32, high: u32): bool {
  return (value >= low && value <= high) || value == UNSPECIFIED;
}

/** True when every field has a value the standard gives a meaning, wildcards and patterns included. */
export function dateTimeIsValid(x: DateTime): bool {
  if (!inRange(x.month, 1, 12) && x.month < <u32>Month.DAYLIGHT_SAVINGS_END) return false;
  if (!inRange(x.day, 1, 31) && x.day < <u32>DayOfMonth.SECOND_LAST) return false;
  if (!inRange(x.weekday, 1, 7) || !inRange(x.hour, 0, 23) || !inRange(x.minute, 0, 59)) return false;
  if (!inRange(x.second, 0, 59) || !inRange(x.hundredths, 0, 99)) return false;
  if (x.deviation != DEVIATION_UNSPECIFIED && abs(x.deviation) > DEVIATION_MAX) return false;
  return !dateIsSpecified(x) || x.day <= Civil.monthDays(x.year, x.month);
}

/** True when year, month and day name one day (which may not exist: see dateTimeIsValid). */
function dateIsSpecified(x: DateTime): bool {
  return x.year != YEAR_UNSPECIFIED && x.month >= 1 && x.month <= 12 && x.day >= 1 && x.day <= 31;
}

/**
 * True for a valid date-time that names one instant of local time: hundredths, weekday, deviation and status may be
 * wildcards.
 */
export function dateTimeIsSpecified(x: DateTime): bool {
  if (!dateTimeIsValid(x) || !dateIsSpecified(x)) return false;
  return x.hour != UNSPECIFIED && x.minute != UNSPECIFIED && x.second != UNSPECIFIED;
}

/** Local time in ms since 1970-01-01 00:00 local; the value must be specified. Unspecified hundredths count as 0. */
export function dateTimeToLocalMs(x: DateTime): i64 {
  assert(dateTimeIsSpecified(x));
  const days = <i64>Civil.days(<i32>x.year, <i32>x.month, <i32>x.day);
  const seconds = days * SECONDS_PER_DAY + <i64>(x.hour * 3600 + x.minute * 60 + x.second);
  return seconds * 1000 + (x.hundredths == UNSPECIFIED ? 0 : <i64>x.hundredths * 10);
}

/** UTC in ms since 1970; `defaultDeviation` (minutes) stands in for an unspecified one. The value must be specified. */
export function dateTimeToMs(x: DateTime, defaultDeviation: i32): i64 {
  const deviation = x.deviation == DEVIATION_UNSPECIFIED ? defaultDeviation : x.deviation;
  return dateTimeToLocalMs(x) + <i64>deviation * 60000;
}

/** UTC in whole seconds since 1970, rounded down; otherwise as dateTimeToMs(). */
export function dateTimeToSeconds(x: DateTime, defaultDeviation: i32): i64 {
  const ms = dateTimeToMs(x, defaultDeviation);
  const seconds = ms / 1000;
  return ms % 1000 < 0 ? seconds - 1 : seconds;
}

const date = changetype<CivilDate>(memory.data(offsetof<CivilDate>(), 8));

/**
 * All fields from UTC `ms` since 1970 for a place whose deviation is `deviation` minutes then. Local times before 1970
 * become 1970-01-01 00:00; years beyond 9999 do not occur (times are checked at the ABI).
 */
export function dateTimeFromMs(ms: i64, deviation: i32, status: u32, out: DateTime): void {
  const local = max<i64>(ms - <i64>deviation * 60000, 0);
  const days = <i32>(local / (SECONDS_PER_DAY * 1000));
  const rest = <u32>(local % (SECONDS_PER_DAY * 1000));
  Civil.date(days, date);
  out.year = date.year;
  out.month = date.month;
  out.day = date.day;
  out.weekday = Civil.weekday(days);
  out.hour = rest / 3600000;
  out.minute = (rest / 60000) % 60;
  out.second = (rest / 1000) % 60;
  out.hundredths = (rest % 1000) / 10;
  out.deviation = deviation;
  out.status = status;
}
