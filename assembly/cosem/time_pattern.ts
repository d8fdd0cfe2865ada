/** Which dates and times a client may set as patterns: each field a value the standard gives a meaning, wildcards included. */
import { Civil } from "../base/civil";
import { DateTime, UNSPECIFIED, YEAR_UNSPECIFIED } from "../wire/date_time";

/** Octets of date and time, as they stand in front of a date-time. */
const ANY: u32 = 0xff;

function within(octet: u32, low: u32, high: u32): bool {
  return octet == ANY || (octet >= low && octet <= high);
}

/** Whether 5 octets are a date: a day that exists, or wildcards, the days of the switch, the last days of a month. */
export function dateIsGood(at: usize): bool {
  const year = <u32>bswap<u16>(load<u16>(at));
  const month = <u32>load<u8>(at + 2);
  const day = <u32>load<u8>(at + 3);
  if (!within(load<u8>(at + 4), 1, 7) || !(within(month, 1, 12) || month >= 0xfd)) return false;
  if (!(within(day, 1, 31) || day >= 0xfd)) return false;
  if (month > 12 || day > 31) return true;
  return day <= (year == YEAR_UNSPECIFIED && month == 2 ? 29 : Civil.monthDays(year, month));
}

/** Whether 4 octets are a time of a day, wildcards included. */
export function timeIsGood(at: usize): bool {
  return (
    within(load<u8>(at), 0, 23) &&
    within(load<u8>(at + 1), 0, 59) &&
    within(load<u8>(at + 2), 0, 59) &&
    within(load<u8>(at + 3), 0, 99)
  );
}

/** Whether a date names one day of one year. */
export function dateIsWhole(at: usize): bool {
  return load<u16>(at) != 0xffff && load<u8>(at + 2) <= 12 && load<u8>(at + 3) <= 31;
}

/** Whether a time says nothing: the notation of what is switched off. */
export function timeIsAny(at: usize): bool {
  return load<u16>(at) == 0xffff && load<u8>(at + 2) == 0xff;
}

/** Whether a date-time says nothing of date and time. */
export function dateTimeIsAny(x: DateTime): bool {
  const day = x.year == YEAR_UNSPECIFIED && x.month == UNSPECIFIED && x.day == UNSPECIFIED;
  return day && x.hour == UNSPECIFIED && x.minute == UNSPECIFIED && x.second == UNSPECIFIED;
}
