/**
 * Data lines of a readout in mode C (IEC 62056-21, 6.6): `A-B:C.D.E*F(value*unit) CR LF`. A value has at most 32 characters,
 * all printable and none of `( ) * / !`; what cannot be written so stands as `()`.
 */
import { Writer } from "../base/writer";
import { Reader } from "../base/reader";
import { Err } from "../base/err";
import { ClockStatus, DATE_TIME_SIZE, DateTime, dateTimeParse, UNSPECIFIED, YEAR_UNSPECIFIED } from "./date_time";

export const READOUT_VALUE_MAX: u32 = 32;
/** Octets of the longest line: identification 23, parentheses 2, value, `*` and unit 5, CR LF. */
export const READOUT_LINE_MAX: u32 = 23 + 2 + READOUT_VALUE_MAX + 5 + 2;

/** Largest power of ten either way that a number is written with. */
const SCALER_MAX: i32 = 9;
/** Code of the unit (Blue Book, class 3) and up to 4 characters; units of other codes are not written. */
// prettier-ignore
const UNITS: usize = memory.data<u8>([
  27, 0x57, 0, 0, 0, // W
  28, 0x56, 0x41, 0, 0, // VA
  29, 0x76, 0x61, 0x72, 0, // var
  30, 0x57, 0x68, 0, 0, // Wh
  31, 0x56, 0x41, 0x68, 0, // VAh
  32, 0x76, 0x61, 0x72, 0x68, // varh
  33, 0x41, 0, 0, 0, // A
  35, 0x56, 0, 0, 0, // V
  44, 0x48, 0x7a, 0, 0, // Hz
]);
const UNIT_COUNT: u32 = 9;
const UNIT_SIZE: u32 = 5;

const reader: Reader = changetype<Reader>(memory.data(offsetof<Reader>(), 8));
const time: DateTime = changetype<DateTime>(memory.data(offsetof<DateTime>(), 8));

const ZERO: u32 = 0x30;
const OPEN: u32 = 0x28;
const CLOSE: u32 = 0x29;
const STAR: u32 = 0x2a;

/** Writes a whole number from 0 on with at least `digits` digits. */
function decimalEmit(w: Writer, value: u64, digits: u32): void {
  let count: u32 = 1;
  let unit: u64 = 1;
  while (count < digits || value / unit >= 10) {
    if (count == 20) break;
    unit *= 10;
    count++;
  }
  for (; count > 0; count--) {
    w.u8(ZERO + <u32>((value / unit) % 10));
    unit /= 10;
  }
}

/** Opens a line: the logical name of 6 octets at `name`, and the parenthesis. */
export function readoutLineOpen(w: Writer, name: usize): void {
  for (let i: u32 = 0; i < 6; i++) {
    decimalEmit(w, load<u8>(name + <usize>i), 1);
    w.u8(<u32>load<u8>(SEPARATORS + <usize>i));
  }
}

/** What follows each value group: A-B:C.D.E*F( */
const SEPARATORS: usize = memory.data<u8>([0x2d, 0x3a, 0x2e, 0x2e, 0x2a, 0x28]);

/** Closes a line. */
export function readoutLineClose(w: Writer): void {
  w.u8(CLOSE);
  w.u16(0x0d0a);
}

/** Writes value times ten to the power of `scaler`, with a decimal point where it has decimals. A scaler beyond 9 writes nothing. */
export function readoutNumberEmit(w: Writer, value: i64, scaler: i32): void {
  if (scaler > SCALER_MAX || scaler < -SCALER_MAX) return;
  // The negation of the most negative number is right as an unsigned one.
  const size: u64 = value < 0 ? <u64>-value : <u64>value;
  if (value < 0) w.u8(0x2d);
  if (scaler >= 0) {
    decimalEmit(w, size, 1);
    for (let i: i32 = 0; i < scaler && size != 0; i++) w.u8(ZERO);
    return;
  }
  let unit: u64 = 1;
  for (let i: i32 = 0; i > scaler; i--) unit *= 10;
  decimalEmit(w, size / unit, 1);
  w.u8(0x2e);
  decimalEmit(w, size % unit, <u32>-scaler);
}

/** Writes `*` and the name of a unit, if it has one here. */
export function readoutUnitEmit(w: Writer, code: u32): void {
  for (let i: u32 = 0; i < UNIT_COUNT; i++) {
    const at = UNITS + <usize>(i * UNIT_SIZE);
    if (<u32>load<u8>(at) != code) continue;
    w.u8(STAR);
    for (let c: u32 = 1; c < UNIT_SIZE && load<u8>(at + <usize>c) != 0; c++) w.u8(load<u8>(at + <usize>c));
  }
}

/** Whether a character may stand in a value. */
function isValue(character: u32): bool {
  if (character < 0x20 || character > 0x7e) return false;
  return character != OPEN && character != CLOSE && character != STAR && character != 0x2f && character != 0x21;
}

function areValue(at: usize, size: u32): bool {
  for (let i: u32 = 0; i < size; i++) if (!isValue(load<u8>(at + <usize>i))) return false;
  return true;
}

/** Writes a string: as it is where every character may stand in a value, else as hexadecimal digits. */
export function readoutTextEmit(w: Writer, at: usize, size: u32): void {
  const plain = areValue(at, size);
  if ((plain ? size : size * 2) > READOUT_VALUE_MAX) return;
  if (plain) return w.octets(at, size);
  for (let i: u32 = 0; i < size; i++) {
    const octet = <u32>load<u8>(at + <usize>i);
    w.u8(hexDigit(octet >> 4));
    w.u8(hexDigit(octet & 15));
  }
}

function hexDigit(value: u32): u32 {
  return value < 10 ? ZERO + value : 0x37 + value;
}

/** Writes the date-time of 12 octets at `at` as YYMMDDhhmmss and S (daylight saving) or W; one with wildcards not at all. */
export function readoutTimeEmit(w: Writer, at: usize): void {
  const t = time;
  if (dateTimeParse(reader.over(at, DATE_TIME_SIZE), t) != Err.OK || t.year == YEAR_UNSPECIFIED) return;
  if (t.month > 12 || t.day > 31 || t.hour > 23 || t.minute > 59 || t.second > 59) return;
  decimalEmit(w, t.year % 100, 2);
  decimalEmit(w, t.month, 2);
  decimalEmit(w, t.day, 2);
  decimalEmit(w, t.hour, 2);
  decimalEmit(w, t.minute, 2);
  decimalEmit(w, t.second, 2);
  const summer = t.status != UNSPECIFIED && (t.status & ClockStatus.DAYLIGHT_SAVING_ACTIVE) != 0;
  w.u8(summer ? 0x53 : 0x57);
}
