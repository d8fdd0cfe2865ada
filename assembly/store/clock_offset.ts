/** Where the clock's offset to meter time is kept (a hidden value of the Clock object, ms as i64, big-endian), and whether it is valid. */
import { Err } from "../base/err";
import { Meter } from "./block";
import { changeValue } from "./change";
import { NONE, Template } from "./template";
import { rowOf, valueAt, valueSize } from "./values";

/** The last instant that stamps can compare (32-bit seconds), ms since 1970 UTC. */
const CLOCK_MAX: f64 = 4294967295000;

const octets: usize = memory.data(8, 8);

/** Row of the hidden offset, NONE when the template has no clock. */
function offsetRow(): u32 {
  return rowOf(Template.of().clockObject, 2, 1);
}

/** Clock minus meter time, ms. One with which the clock would stand before 1970 or behind 2105 was never set, and counts as none. */
export function clockOffset(meter: Meter): f64 {
  const row = offsetRow();
  if (row == NONE || valueSize(meter, row) != 8) return 0;
  const offset = <f64>(<i64>bswap<u64>(load<u64>(valueAt(meter, row))));
  const clock = meter.meterTime + offset;
  return clock >= 0 && clock <= CLOCK_MAX ? offset : 0;
}

/** Keeps another offset, a whole number of ms. @returns 0 or the error of the commit */
export function clockOffsetKeep(meter: Meter, offset: f64): i32 {
  const row = offsetRow();
  if (row == NONE) return Err.OK;
  store<u64>(octets, bswap<u64>(<u64>(<i64>offset)));
  return changeValue(meter, row, octets, 8);
}

/** Row of the hidden octet that is 1 while the clock is invalid. */
function invalidRow(): u32 {
  return rowOf(Template.of().clockObject, 4, 1);
}

/** Whether the clock's reserve was exhausted, and it has not been set since. */
export function clockInvalidKept(meter: Meter): bool {
  const row = invalidRow();
  return row != NONE && valueSize(meter, row) == 1 && load<u8>(valueAt(meter, row)) != 0;
}

/** Keeps whether the clock is invalid. @returns 0 or the error of the commit */
export function clockInvalidKeep(meter: Meter, invalid: bool): i32 {
  const row = invalidRow();
  if (row == NONE || invalid == clockInvalidKept(meter)) return Err.OK;
  store<u8>(octets, invalid ? 1 : 0);
  return changeValue(meter, row, octets, 1);
}
