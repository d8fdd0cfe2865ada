/**
 * The meter's clock: meter time plus an offset, shown as local time with zone and daylight saving (Blue Book, class 8).
 * The deviation of a date-time is UTC minus local, in minutes: -60 is CET, -120 CEST. Daylight saving begins and ends at
 * patterns; between two switches the deviation is constant, and the span last asked for is remembered.
 */
import { Civil, CivilDate, SECONDS_PER_DAY } from "../base/civil";
import { Meter } from "../store/block";
import { clockInvalidKeep, clockInvalidKept, clockOffset, clockOffsetKeep } from "../store/clock_offset";
import { CLOCK_AT, CLOCK_SIZE } from "../store/layout";
import { NONE, Template } from "../store/template";
import { rowOf, valueAt, valueSize } from "../store/values";
import { Err } from "../base/err";

/** Octets of a date-time. */
export const STAMP_SIZE: u32 = 12;
/** No switch: the clock never leaves the season it is in. */
export const NEVER: i64 = i64.MAX_VALUE;
const ALWAYS: i64 = i64.MIN_VALUE;

/** Bit 7 of the clock status; the others stand in MeterClock.status. */
export const DAYLIGHT_SAVING: u32 = 0x80;
const DEVIATION_MAX: i32 = 840;
/** Bit 0 of the clock status. */
const INVALID_VALUE: u32 = 0x01;

/** Which time a local reading that occurs twice means, and how a stamp is to be shown. */
export const enum Season {
  /** Not known, or as the rules say. */
  UNKNOWN = 0,
  NORMAL = 1,
  SAVING = 2,
}

/** Which instant a local reading stands for that occurs twice or never. */
export const enum Side {
  EARLIEST = 0,
  LATEST = 1,
}

@unmanaged
export class MeterClock {
  /** Clock minus meter time, ms. */
  offset: f64;
  /** UTC seconds from and before which `saving` holds; equal = nothing remembered. */
  spanFrom: i64;
  spanTo: i64;
  saving: u32;
  /** time_zone: deviation of normal time, minutes; daylight_savings_deviation, minutes; daylight_savings_enabled. */
  zone: i32;
  shift: i32;
  enabled: u32;
  /** Clock status but for bit 7. */
  status: u32;
  /** preset_adjusting_time: UTC seconds of the preset time and of its validity interval; 0 = none. */
  preset: u32;
  presetFrom: u32;
  presetTo: u32;
  /** daylight_savings_begin and _end, 12 octets each. */
  begin0: u32;
  begin1: u32;
  begin2: u32;
  end0: u32;
  end1: u32;
  end2: u32;

  @inline
  static of(meter: Meter): MeterClock {
    return changetype<MeterClock>(meter.area(CLOCK_AT));
  }

  @inline
  get begin(): usize {
    return changetype<usize>(this) + offsetof<MeterClock>("begin0");
  }

  @inline
  get end(): usize {
    return changetype<usize>(this) + offsetof<MeterClock>("end0");
  }

  /** Deviation of daylight saving time, or of normal time, minutes. */
  deviation(saving: bool): i32 {
    return saving ? this.zone - this.shift : this.zone;
  }
}

if (offsetof<MeterClock>() > CLOCK_SIZE) ERROR("the clock has CLOCK_SIZE octets");

const date: CivilDate = changetype<CivilDate>(memory.data(offsetof<CivilDate>(), 4));

/** Quotient rounded down; `b` > 0. */
function floorDivide(a: i64, b: i64): i64 {
  const q = a / b;
  return a - q * b < 0 ? q - 1 : q;
}

/** The clock, ms since 1970 UTC. */
export function clockNow(meter: Meter): f64 {
  return meter.meterTime + MeterClock.of(meter).offset;
}

/** The clock in whole seconds. */
export function clockSeconds(meter: Meter): i64 {
  return <i64>Math.floor(clockNow(meter) / 1000);
}

/** Meter time at which the clock will show UTC second `seconds`, ms. */
export function clockMeterTime(meter: Meter, seconds: i64): f64 {
  return <f64>(seconds * 1000) - MeterClock.of(meter).offset;
}

/** Deviation a date-time carries, or `otherwise`. */
function deviationOf(at: usize, otherwise: i32): i32 {
  const raw = <i32>bswap<u16>(load<u16>(at + 9));
  const deviation = raw < 0x8000 ? raw : raw - 0x10000;
  return abs(deviation) <= DEVIATION_MAX ? deviation : otherwise;
}

/** Day of the month a pattern names (Blue Book, date): fixed, last, second last, or a weekday on or after a day; 0 = none. */
function patternDay(at: usize, year: i32, month: i32): i32 {
  const day = <i32>load<u8>(at + 3);
  const weekday = <i32>load<u8>(at + 4);
  const count = <i32>Civil.monthDays(year, month);
  const fromEnd = day == 0xfe || day == 0xfd;
  if (!fromEnd && day != 0xff && (day == 0 || day > count)) return 0;
  if (weekday == 0xff) return day == 0xff ? 0 : day == 0xfe ? count : day == 0xfd ? count - 1 : day;
  if (weekday < 1 || weekday > 7) return 0;
  if (fromEnd) {
    const last = <i32>Civil.weekday(Civil.days(year, month, count));
    return count - ((last - weekday + 7) % 7) - (day == 0xfd ? 7 : 0);
  }
  const from = day == 0xff ? 1 : day;
  const first = from + ((weekday - <i32>Civil.weekday(Civil.days(year, month, from)) + 7) % 7);
  return first <= count ? first : 0;
}

/** Year of a pattern, 0 = every year. */
function patternYear(at: usize): i32 {
  const year = <i32>bswap<u16>(load<u16>(at));
  return year == 0xffff ? 0 : year;
}

/** Second of a day that a time (hour, minute, second) names; wildcards are zero. */
export function secondOf(time: usize): i64 {
  const hour = <i64>load<u8>(time);
  const minute = <i64>load<u8>(time + 1);
  const second = <i64>load<u8>(time + 2);
  return (hour < 24 ? hour * 3600 : 0) + (minute < 60 ? minute * 60 : 0) + (second < 60 ? second : 0);
}

/** UTC second of the switch a pattern names in `year`, when local time has `deviation`; NEVER when it names none. */
function patternSeconds(at: usize, year: i32, deviation: i32): i64 {
  const month = <i32>load<u8>(at + 2);
  if (month < 1 || month > 12) return NEVER;
  const day = patternDay(at, year, month);
  if (day == 0) return NEVER;
  const local = <i64>Civil.days(year, month, day) * SECONDS_PER_DAY + secondOf(at + 5);
  return local + <i64>deviationOf(at, deviation) * 60;
}

/** Remembers the span without a switch around `utc`. Both patterns are read in the local time that ends at them. */
function spanFind(c: MeterClock, utc: i64): void {
  c.spanFrom = ALWAYS;
  c.spanTo = NEVER;
  c.saving = 0;
  if (c.enabled == 0) return;
  Civil.date(<i32>floorDivide(utc - <i64>c.zone * 60, SECONDS_PER_DAY), date);
  const year = <i32>date.year;
  for (let i = 0; i < 6; i++) {
    const begins = i < 3;
    const pattern = begins ? c.begin : c.end;
    const fixed = patternYear(pattern);
    const deviation = c.deviation(!begins);
    const at = patternSeconds(pattern, fixed != 0 ? fixed : year + (i % 3) - 1, deviation);
    if (at == NEVER) continue;
    if (at > utc) {
      if (at < c.spanTo) c.spanTo = at;
    } else if (at > c.spanFrom) {
      c.spanFrom = at;
      c.saving = begins ? 1 : 0;
    }
  }
}

/** Whether daylight saving holds at UTC second `utc`. */
export function clockSaving(meter: Meter, utc: i64): bool {
  const c = MeterClock.of(meter);
  if (utc < c.spanFrom || utc >= c.spanTo) spanFind(c, utc);
  return c.saving != 0;
}

/** First switch of daylight saving after UTC second `utc`, NEVER when there is none. */
export function clockSwitchAfter(meter: Meter, utc: i64): i64 {
  clockSaving(meter, utc);
  return MeterClock.of(meter).spanTo;
}

/** Deviation at UTC second `utc`, minutes. */
export function clockDeviation(meter: Meter, utc: i64): i32 {
  return MeterClock.of(meter).deviation(clockSaving(meter, utc));
}

/** Local time of UTC second `utc` in seconds since 1970-01-01 00:00 local. */
export function clockLocal(meter: Meter, utc: i64): i64 {
  return utc - <i64>clockDeviation(meter, utc) * 60;
}

/** Whether the clock shows an invalid value: its reserve was exhausted, and it has not been set since. */
export function clockIsInvalid(meter: Meter): bool {
  return (MeterClock.of(meter).status & INVALID_VALUE) != 0;
}

/** Clock status octet (attribute 4). */
export function clockStatus(meter: Meter): u32 {
  const saving = clockSaving(meter, clockSeconds(meter));
  return MeterClock.of(meter).status | (saving ? DAYLIGHT_SAVING : 0);
}

/** Writes the local date-time of UTC second `utc` to `out`, 12 octets: weekday, hundredths 0, deviation and status set. */
export function clockStamp(meter: Meter, utc: i64, out: usize): void {
  clockStampIn(meter, utc, Season.UNKNOWN, out);
}

/** Writes the date of local day `days` to `out`, 5 octets. */
export function dateStore(days: i32, out: usize): void {
  Civil.date(days, date);
  store<u16>(out, bswap<u16>(<u16>date.year));
  store<u8>(out + 2, <u8>date.month);
  store<u8>(out + 3, <u8>date.day);
  store<u8>(out + 4, <u8>Civil.weekday(days));
}

/** As clockStamp(), but shown in `season`: the switch itself is logged with the time before it. */
export function clockStampIn(meter: Meter, utc: i64, season: u32, out: usize): void {
  const c = MeterClock.of(meter);
  const saving = season == Season.UNKNOWN ? clockSaving(meter, utc) : season == Season.SAVING;
  const deviation = c.deviation(saving);
  const local = utc - <i64>deviation * 60;
  const days = <i32>floorDivide(local, SECONDS_PER_DAY);
  const rest = <u32>(local - <i64>days * SECONDS_PER_DAY);
  dateStore(days, out);
  store<u8>(out + 5, <u8>(rest / 3600));
  store<u8>(out + 6, <u8>((rest / 60) % 60));
  store<u8>(out + 7, <u8>(rest % 60));
  store<u8>(out + 8, 0);
  store<u16>(out + 9, bswap<u16>(<u16>deviation));
  store<u8>(out + 11, <u8>(c.status | (saving ? DAYLIGHT_SAVING : 0)));
}

/**
 * UTC second of a local reading (seconds since 1970-01-01 00:00 local). A reading that occurs twice in autumn is what
 * `season` says, else its earliest or latest instant. One that never occurs in spring is the switch, or the second before.
 */
export function clockUtc(meter: Meter, local: i64, side: u32, season: u32): i64 {
  const c = MeterClock.of(meter);
  const normal = local + <i64>c.zone * 60;
  const saving = normal - <i64>c.shift * 60;
  const normalHolds = !clockSaving(meter, normal);
  const savingHolds = clockSaving(meter, saving);
  if (normalHolds && savingHolds) {
    if (season == Season.NORMAL) return normal;
    if (season == Season.SAVING) return saving;
    return side == Side.EARLIEST ? min(normal, saving) : max(normal, saving);
  }
  if (normalHolds) return normal;
  if (savingHolds) return saving;
  const change = clockSwitchAfter(meter, min(normal, saving));
  return side == Side.EARLIEST ? change : change - 1;
}

/** UTC second of a local reading; what occurs twice counts the first time, what a switch skips is the switch. */
export function clockUtcFirst(meter: Meter, local: i64): i64 {
  return clockUtc(meter, local, Side.EARLIEST, Season.UNKNOWN);
}

/** First multiple of `period` after `local`. */
function multipleAfter(local: i64, period: i64): i64 {
  return (floorDivide(local, period) + 1) * period;
}

/**
 * First instant after `utc` at which local time is a multiple of `period` seconds: periods begin on the full hour, and
 * one of 86400 at midnight whatever the length of the day. A midnight that a switch skips is the switch itself.
 */
export function clockAlignedAfter(meter: Meter, utc: i64, period: u32): i64 {
  const deviation = <i64>clockDeviation(meter, utc) * 60;
  const end = clockSwitchAfter(meter, utc);
  const next = multipleAfter(utc - deviation, period) + deviation;
  if (next < end) return next;
  const later = <i64>clockDeviation(meter, end) * 60;
  if (next == end && later < deviation) return next;
  return multipleAfter(end - later - 1, period) + later;
}

/** Content of a value whose A-XDR tag is `tag` and whose content has `size` octets; 0 when there is none. */
function content(meter: Meter, object: u32, attribute: i32, tag: u32, size: u32): usize {
  const row = rowOf(object, attribute, 0);
  if (row == NONE || valueSize(meter, row) != size + 1) return 0;
  const at = valueAt(meter, row);
  return <u32>load<u8>(at) == tag ? at + 1 : 0;
}

/** Takes a switch pattern, octet-string(12), from attribute `attribute`; without one there is no switch. */
function patternTake(meter: Meter, object: u32, attribute: i32, to: usize): void {
  const at = content(meter, object, attribute, 9, 1 + STAMP_SIZE);
  if (at != 0 && <u32>load<u8>(at) == STAMP_SIZE) memory.copy(to, at + 1, STAMP_SIZE);
  else memory.fill(to, 0xff, STAMP_SIZE);
}

/** Takes offset, time_zone and daylight saving from the values of the Clock object: at boot and after each SET of them. */
export function clockConfigure(meter: Meter): void {
  const c = MeterClock.of(meter);
  const object = <u32>Template.of().clockObject;
  c.offset = clockOffset(meter);
  c.status = clockInvalidKept(meter) ? INVALID_VALUE : 0;
  const zone = content(meter, object, 3, 16, 2);
  c.zone = zone != 0 ? ((<i32>bswap<u16>(load<u16>(zone))) << 16) >> 16 : 0;
  const shift = content(meter, object, 7, 15, 1);
  c.shift = shift != 0 ? ((<i32>load<u8>(shift)) << 24) >> 24 : 0;
  const enabled = content(meter, object, 8, 3, 1);
  c.enabled = enabled != 0 && load<u8>(enabled) != 0 ? 1 : 0;
  patternTake(meter, object, 5, c.begin);
  patternTake(meter, object, 6, c.end);
  c.spanFrom = 0;
  c.spanTo = 0;
}

/** The clock shows an invalid value from now on, or a valid one again, durably. @returns 0 or the error of the commit */
export function clockInvalidSet(meter: Meter, invalid: bool): i32 {
  const err = clockInvalidKeep(meter, invalid);
  if (err == Err.OK) MeterClock.of(meter).status = invalid ? INVALID_VALUE : 0;
  return err;
}

/** Moves the clock to `ms` since 1970 UTC, durably. @returns 0 or the error of the commit */
export function clockMove(meter: Meter, ms: f64): i32 {
  const offset = Math.round(ms - meter.meterTime);
  const err = clockOffsetKeep(meter, offset);
  if (err == Err.OK) MeterClock.of(meter).offset = offset;
  return err;
}
