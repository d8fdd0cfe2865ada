/** From a date-time that a client wrote to the instant it means on the meter's clock. */
import { clockUtc, Season, Side } from "../meter/clock";
import { Meter } from "../store/block";
import { DateTime, dateTimeToLocalMs, DEVIATION_UNSPECIFIED, UNSPECIFIED } from "../wire/date_time";

/** Season a clock status octet speaks of. */
export function seasonOf(status: u32): Season {
  return status == UNSPECIFIED ? Season.UNKNOWN : (status & 0x80) != 0 ? Season.SAVING : Season.NORMAL;
}

/**
 * UTC of a date-time whose date and time are specified (dateTimeIsSpecified), ms since 1970. Without a deviation it is local time; a
 * reading that occurs twice in autumn is the one its status speaks of, else the earlier.
 */
export function dateTimeUtcMs(meter: Meter, x: DateTime): i64 {
  const local = dateTimeToLocalMs(x);
  if (x.deviation != DEVIATION_UNSPECIFIED) return local + <i64>x.deviation * 60000;
  return clockUtc(meter, local / 1000, Side.EARLIEST, seasonOf(x.status)) * 1000 + (local % 1000);
}
