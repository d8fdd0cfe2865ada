/**
 * Civil time by integer arithmetic (proleptic Gregorian, no leap seconds), after Howard Hinnant's days_from_civil.
 * Seconds count from 1970-01-01T00:00:00Z as i64; valid for the years 1970..9999.
 */
export const SECONDS_PER_DAY: i64 = 86400;

/** Fields of a day, 12 octets. */
@unmanaged
export class CivilDate {
  year: u32;
  /** 1..12 and 1..31. */
  month: u32;
  day: u32;
}

export class Civil {
  /** Days since 1970-01-01 of a date; month 1..12, day 1..31. */
  static days(year: i32, month: i32, day: i32): i32 {
    const y = month <= 2 ? year - 1 : year;
    const era = y / 400;
    const yearOfEra = y - era * 400;
    const dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    const dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear;
    return era * 146097 + dayOfEra - 719468;
  }

  /** The date `days` after 1970-01-01. */
  static date(days: i32, out: CivilDate): void {
    const z = days + 719468;
    const era = z / 146097;
    const dayOfEra = z - era * 146097;
    const yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36524 - dayOfEra / 146096) / 365;
    const dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100);
    const shifted = (5 * dayOfYear + 2) / 153;
    out.day = dayOfYear - (153 * shifted + 2) / 5 + 1;
    out.month = shifted < 10 ? shifted + 3 : shifted - 9;
    out.year = yearOfEra + era * 400 + (out.month <= 2 ? 1 : 0);
  }

  /** 1 Monday .. 7 Sunday. 1970-01-01 was a Thursday. */
  static weekday(days: i32): u32 {
    return <u32>((days + 3) % 7) + 1;
  }

  /** Days of a month. */
  static monthDays(year: u32, month: u32): u32 {
    if (month == 2) return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0 ? 29 : 28;
    return month == 4 || month == 6 || month == 9 || month == 11 ? 30 : 31;
  }

  /**
   * UTC seconds of a COSEM date-time of 12 octets whose fields are specified (Blue Book, date-time). A deviation of
   * 0x8000 counts as `deviation` minutes; wildcards in hour, minute or second count as zero.
   */
  static stampSeconds(at: usize, deviation: i32): i64 {
    const year = <i32>bswap<u16>(load<u16>(at));
    const hour = <i64>Civil.specified(at + 5);
    const minute = <i64>Civil.specified(at + 6);
    const second = <i64>Civil.specified(at + 7);
    const raw = <i32>bswap<u16>(load<u16>(at + 9));
    const minutes = raw == 0x8000 ? deviation : raw < 0x8000 ? raw : raw - 0x10000;
    const days = <i64>Civil.days(year, load<u8>(at + 2), load<u8>(at + 3));
    return days * SECONDS_PER_DAY + hour * 3600 + minute * 60 + second + <i64>minutes * 60;
  }

  @inline
  private static specified(at: usize): u32 {
    const octet = <u32>load<u8>(at);
    return octet == 0xff ? 0 : octet;
  }
}
