/** date-time, date and time of COSEM, and their ISO 8601 text. Blue Book Ed. 12, 4.1.6.1. */

import { DlmsError, MalformedError } from "./errors.ts";
import { Reader, Writer } from "./octets.ts";

export const UNSPECIFIED = 0xff;
export const YEAR_UNSPECIFIED = 0xffff;
/** Deviation 8000 hex. */
export const DEVIATION_UNSPECIFIED = -0x8000;

export const CLOCK_STATUS = {
  INVALID_VALUE: 0x01,
  DOUBTFUL_VALUE: 0x02,
  DIFFERENT_CLOCK_BASE: 0x04,
  INVALID_CLOCK_STATUS: 0x08,
  DAYLIGHT_SAVING: 0x80,
} as const;

/** Fields as they are on the wire: FF, FFFF and 8000 mean unspecified, FD and FE name last days or DST dates. */
export interface DateTime {
  year: number;
  month: number;
  dayOfMonth: number;
  /** 1 Monday .. 7 Sunday. */
  dayOfWeek: number;
  hour: number;
  minute: number;
  second: number;
  hundredths: number;
  /** Minutes to add to local time to obtain UTC: -60 for CET. */
  deviation: number;
  clockStatus: number;
}

/** Parse the 12 octets of a date-time. */
export function dateTimeParse(octets: Uint8Array): DateTime {
  if (octets.length !== 12) throw new MalformedError(`a date-time has 12 octets, not ${octets.length}`);
  const r = new Reader(octets);
  return {
    year: r.u16(),
    month: r.u8(),
    dayOfMonth: r.u8(),
    dayOfWeek: r.u8(),
    hour: r.u8(),
    minute: r.u8(),
    second: r.u8(),
    hundredths: r.u8(),
    deviation: r.i16(),
    clockStatus: r.u8(),
  };
}

/** Emit what dateTimeParse() reads. */
export function dateTimeEmit(t: DateTime): Uint8Array {
  const w = new Writer();
  w.u16(t.year).u8(t.month).u8(t.dayOfMonth).u8(t.dayOfWeek);
  w.u8(t.hour).u8(t.minute).u8(t.second).u8(t.hundredths);
  return w
    .u16(t.deviation & 0xffff)
    .u8(t.clockStatus)
    .octets();
}

/** Milliseconds since 1970 UTC, or undefined when date or time have wildcards. An unspecified deviation counts as 0. */
export function dateTimeToMilliseconds(t: DateTime): number | undefined {
  if (t.year === YEAR_UNSPECIFIED || t.month > 12 || t.dayOfMonth > 31 || t.hour > 23 || t.minute > 59)
    return undefined;
  const second = t.second === UNSPECIFIED ? 0 : t.second;
  const hundredths = t.hundredths === UNSPECIFIED ? 0 : t.hundredths;
  const local = Date.UTC(t.year, t.month - 1, t.dayOfMonth, t.hour, t.minute, second, hundredths * 10);
  return local + (t.deviation === DEVIATION_UNSPECIFIED ? 0 : t.deviation * 60_000);
}

/**
 * ISO 8601 with the offset, 2024-01-01T00:00:00+01:00; without offset when the deviation is unspecified.
 * Wildcards are shown as asterisks, last days and DST dates by name.
 */
export function dateTimeToIso(t: DateTime): string {
  const hundredths = t.hundredths === UNSPECIFIED || t.hundredths === 0 ? "" : `.${pad(t.hundredths)}`;
  const second = t.second === UNSPECIFIED ? "**" : pad(t.second);
  return `${dateToIso(t)}T${wild(t.hour)}:${wild(t.minute)}:${second}${hundredths}${offset(t.deviation)}${flags(t)}`;
}

function dateToIso(t: DateTime): string {
  const year = t.year === YEAR_UNSPECIFIED ? "****" : String(t.year).padStart(4, "0");
  const month = t.month === 0xfd ? "DST-end" : t.month === 0xfe ? "DST-begin" : wild(t.month);
  const day = t.dayOfMonth === 0xfd ? "second-last" : t.dayOfMonth === 0xfe ? "last" : wild(t.dayOfMonth);
  const complete = t.year !== YEAR_UNSPECIFIED && t.month <= 12 && t.dayOfMonth <= 31;
  const weekday = complete || t.dayOfWeek === UNSPECIFIED ? "" : `(weekday ${t.dayOfWeek})`;
  return `${year}-${month}-${day}${weekday}`;
}

const STATUS_NAMES: readonly (readonly [number, string])[] = [
  [CLOCK_STATUS.INVALID_VALUE, "invalid"],
  [CLOCK_STATUS.DOUBTFUL_VALUE, "doubtful"],
  [CLOCK_STATUS.DIFFERENT_CLOCK_BASE, "different base"],
  [CLOCK_STATUS.INVALID_CLOCK_STATUS, "invalid status"],
];

function flags(t: DateTime): string {
  if (t.clockStatus === UNSPECIFIED) return "";
  const names = STATUS_NAMES.filter(([bit]) => (t.clockStatus & bit) !== 0).map(([, name]) => name);
  return names.length === 0 ? "" : ` (${names.join(", ")})`;
}

function offset(deviation: number): string {
  if (deviation === DEVIATION_UNSPECIFIED) return "";
  if (deviation === 0) return "Z";
  const minutes = Math.abs(deviation);
  return `${deviation > 0 ? "-" : "+"}${pad(Math.trunc(minutes / 60))}:${pad(minutes % 60)}`;
}

function wild(value: number): string {
  return value === UNSPECIFIED ? "**" : pad(value);
}

function pad(value: number): string {
  return String(value).padStart(2, "0");
}

const ISO = /^(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2})(?:\.(\d{1,3}))?)?)?(Z|[+-]\d{2}:?\d{2})?$/;

/**
 * A date-time from ISO 8601 text. Without an offset the deviation is unspecified, which the meter
 * takes as its own local time. The clock status is 00, or unspecified together with the deviation.
 */
export function dateTimeFromIso(text: string): DateTime {
  const match = ISO.exec(text.trim());
  if (match === null)
    throw new DlmsError(`"${text}" is no ISO time; write 2024-01-31T23:45:00 or 2024-01-31T23:45:00+01:00`);
  const [year, month, dayOfMonth, hour, minute, second] = match
    .slice(1, 7)
    .map((part) => Number(part ?? 0)) as number[];
  const hundredths = Math.trunc(Number(`0.${match[7] ?? 0}`) * 100);
  const deviation = deviationFromIso(match[8]);
  const check = new Date(Date.UTC(year!, month! - 1, dayOfMonth!, hour, minute, second));
  if (
    check.getUTCMonth() !== month! - 1 ||
    check.getUTCDate() !== dayOfMonth ||
    hour! > 23 ||
    minute! > 59 ||
    second! > 59
  ) {
    throw new DlmsError(`"${text}" is not a time of the calendar`);
  }
  return {
    year: year!,
    month: month!,
    dayOfMonth: dayOfMonth!,
    dayOfWeek: check.getUTCDay() === 0 ? 7 : check.getUTCDay(),
    hour: hour!,
    minute: minute!,
    second: second!,
    hundredths,
    deviation,
    clockStatus: deviation === DEVIATION_UNSPECIFIED ? UNSPECIFIED : 0,
  };
}

function deviationFromIso(zone: string | undefined): number {
  if (zone === undefined) return DEVIATION_UNSPECIFIED;
  if (zone === "Z") return 0;
  const minutes = Number(zone.slice(1, 3)) * 60 + Number(zone.slice(-2));
  return zone.startsWith("+") ? -minutes || 0 : minutes;
}
