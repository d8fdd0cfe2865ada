/** Selective access to a profile's buffer: which rows and columns an answer pins (Blue Book, class_id 7). */
import { Civil, SECONDS_PER_DAY } from "../base/civil";
import { RUNS_MAX } from "../base/limits";
import { Reader } from "../base/reader";
import { clockUtc, Side } from "../meter/clock";
import { Meter } from "../store/block";
import { CellKind, columnFind, Ring, ringSeconds } from "../store/rings";
import { ProfileForm, ProfileNull, Template } from "../store/template";
import { objectFind } from "../store/values";
import { dataInteger } from "../wire/data";
import {
  DateTime,
  dateTimeDataParse,
  dateTimeIsValid,
  DEVIATION_UNSPECIFIED,
  UNSPECIFIED,
  YEAR_UNSPECIFIED,
} from "../wire/date_time";
import { DataAccessResult } from "../wire/results";
import {
  CaptureObject,
  captureObjectParse,
  EntryDescriptor,
  entryDescriptorParse,
  RangeDescriptor,
  rangeDescriptorParse,
} from "../wire/selective";
import { Pin, PinKind } from "./ask";
import { columnIsStatus } from "./capture_row";
import { seasonOf } from "./instant";
import { cellIsNumber } from "./profile_cells";
import { rowItemSize, rowsCount, scanMatches } from "./profile_emit";

const reader: Reader = changetype<Reader>(memory.data(offsetof<Reader>(), 8));
const range: RangeDescriptor = changetype<RangeDescriptor>(memory.data(offsetof<RangeDescriptor>(), 8));
const entry: EntryDescriptor = changetype<EntryDescriptor>(memory.data(offsetof<EntryDescriptor>(), 8));
const object: CaptureObject = changetype<CaptureObject>(memory.data(offsetof<CaptureObject>(), 8));
const time: DateTime = changetype<DateTime>(memory.data(offsetof<DateTime>(), 4));

/** How many entries stand before entry 0, which there is not. */
const NONE_BEFORE: u32 = 0xffffffff;
const LOWEST: i64 = i64.MIN_VALUE;
const HIGHEST: i64 = i64.MAX_VALUE;

/** Mask of the first `count` columns. */
function columnsBelow(count: u32): u32 {
  return count < 32 ? (1 << count) - 1 : 0xffffffff;
}

function pinBegin(pin: Pin, profile: u32, ring: Ring): void {
  memory.fill(changetype<usize>(pin), 0, offsetof<Pin>());
  pin.kind = PinKind.ROWS;
  pin.source = profile;
  pin.generation = ring.generation;
  pin.columns = columnsBelow(ring.columns);
}

/** Of the wanted columns, those whose cells may go as null-data. A stamp follows from the one above where captures have a period. */
function nullableOf(ring: Ring, columns: u32, nulls: u32): u32 {
  let mask: u32 = 0;
  for (let left = columns; left != 0; left &= left - 1) {
    const column = ring.column(ctz<u32>(left));
    let bit: u32 = ProfileNull.VALUES;
    if (column.kind == CellKind.STAMP) bit = ring.period != 0 ? <u32>ProfileNull.TIME : 0;
    else if (columnIsStatus(column)) bit = ProfileNull.STATUS;
    if ((nulls & bit) != 0) mask |= left & -left;
  }
  return mask;
}

/** Items, form and sizes, when the rows and columns of the pin are known. */
function pinEnd(meter: Meter, ring: Ring, pin: Pin): void {
  for (let i: u32 = 0; i < pin.spans; i++) pin.items += pin.spanCount(i);
  const p = Template.of().profile(pin.source);
  if (p.form == ProfileForm.COMPACT_ARRAY) pin.kind = PinKind.COMPACT_ROWS;
  if (p.form == ProfileForm.NULL_DATA) pin.nullable = nullableOf(ring, pin.columns, p.nulls);
  pin.itemSize = rowItemSize(ring, pin);
  pin.size = pin.itemSize != 0 ? pin.items * pin.itemSize : rowsCount(meter, ring, pin);
}

/** Pins all rows. */
export function selectAll(meter: Meter, profile: u32, pin: Pin): i32 {
  const ring = Ring.of(meter, profile);
  pinBegin(pin, profile, ring);
  pin.spanAdd(ring.first, ring.count);
  pinEnd(meter, ring, pin);
  return DataAccessResult.SUCCESS;
}

/** Pins rows and columns by number; entries from 0 are refused (decision 10), those beyond the last are none. */
export function selectEntries(meter: Meter, profile: u32, at: usize, size: u32, pin: Pin): i32 {
  const r = reader.over(at, size);
  entryDescriptorParse(r, entry);
  if (!r.done) return DataAccessResult.TYPE_UNMATCHED;
  const ring = Ring.of(meter, profile);
  const before = entry.fromEntry - 1;
  const columnsBefore = entry.fromColumn - 1;
  const columns = entry.toColumn == 0 ? ring.columns : entry.toColumn;
  // From 0 is none: it is behind all others here.
  if (before == NONE_BEFORE || columnsBefore >= columns || columns > ring.columns) return DataAccessResult.OTHER_REASON;
  pinBegin(pin, profile, ring);
  const entries = entry.toEntry == 0 ? ring.count : min<u32>(entry.toEntry, ring.count);
  pin.spanAdd(ring.first + before, entries > before ? entries - before : 0);
  pin.columns = columnsBelow(columns) & ~columnsBelow(columnsBefore);
  pinEnd(meter, ring, pin);
  return DataAccessResult.SUCCESS;
}

/** Column index of a capture object of the ring, -1 when it is not captured. */
function columnOf(ring: Ring, x: CaptureObject): i32 {
  if (x.dataIndex != 0) return -1;
  const found = objectFind(x.classId, x.logicalNameAt);
  return found < 0 ? -1 : columnFind(ring, found, x.attribute);
}

/**
 * Keeps of a pin of rows only the `count` columns that the capture objects at `at` name.
 * @returns false when one of them is not captured, or the pin is no pin of rows
 */
export function pinColumns(meter: Meter, pin: Pin, count: u32, at: usize, size: u32): bool {
  if (pin.kind != PinKind.ROWS) return false;
  const ring = Ring.of(meter, pin.source);
  range.columnCount = count;
  range.columnsAt = at;
  range.columnsSize = size;
  pin.columns &= columnsOf(ring);
  if (pin.spans != 0) pin.items = 0;
  pinEnd(meter, ring, pin);
  return pin.columns != 0;
}

/** Mask of the columns that selected_values names, 0 when one of them is not captured. */
function columnsOf(ring: Ring): u32 {
  if (range.columnCount == 0) return columnsBelow(ring.columns);
  const r = reader.over(range.columnsAt, range.columnsSize);
  let mask: u32 = 0;
  for (let i: u32 = 0; i < range.columnCount; i++) {
    captureObjectParse(r, object);
    const column = columnOf(ring, object);
    if (column < 0) return 0;
    mask |= 1 << column;
  }
  return mask;
}

/** A field of a bound: an unspecified one is the lowest or the highest it can be. */
function field(value: u32, low: i32, high: i32, side: Side): i32 {
  if (<i32>value >= low && <i32>value <= high) return value;
  return side == Side.EARLIEST ? low : high;
}

/** Local seconds of a valid date-time whose year is given; patterns become the lowest or the highest instant they name. */
function boundLocal(x: DateTime, side: Side): i64 {
  const month = field(x.month, 1, 12, side);
  const count = Civil.monthDays(x.year, month);
  let day = field(x.day, 1, count, side);
  if (x.day == 0xfe) day = count;
  if (x.day == 0xfd) day = count - 1;
  const second = field(x.hour, 0, 23, side) * 3600 + field(x.minute, 0, 59, side) * 60 + field(x.second, 0, 59, side);
  const hundredths = side == Side.EARLIEST && x.hundredths != UNSPECIFIED && x.hundredths != 0 ? 1 : 0;
  return <i64>Civil.days(<i32>x.year, month, day) * SECONDS_PER_DAY + <i64>(second + hundredths);
}

/** UTC seconds of the instant that a valid date-time names. */
function boundUtc(meter: Meter, x: DateTime, side: Side): i64 {
  if (x.year == YEAR_UNSPECIFIED) return side == Side.EARLIEST ? LOWEST : HIGHEST;
  const local = boundLocal(x, side);
  if (x.deviation != DEVIATION_UNSPECIFIED) return local + <i64>x.deviation * 60;
  return clockUtc(meter, local, side, seasonOf(x.status));
}

/** Takes a bound into pin.low or pin.high: a date-time as UTC seconds, of other columns a number. */
function boundTake(meter: Meter, at: usize, size: u32, side: Side, stamp: bool, pin: Pin): i32 {
  const r = reader.over(at, size);
  let bound: i64 = 0;
  if (stamp) dateTimeDataParse(r, time);
  else bound = dataInteger(r);
  if (!r.done) return DataAccessResult.TYPE_UNMATCHED;
  if (stamp) {
    if (!dateTimeIsValid(time)) return DataAccessResult.OTHER_REASON;
    bound = boundUtc(meter, time, side);
  }
  if (side == Side.EARLIEST) pin.low = bound;
  else pin.high = bound;
  return DataAccessResult.SUCCESS;
}

/** First row of [low, end) whose stamp is not below `seconds`; stamps of the stretch do not fall. */
function lowerRow(meter: Meter, profile: u32, first: u32, end: u32, seconds: i64): u32 {
  let low: u32 = 0;
  let high = end - first;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (ringSeconds(meter, profile, first + middle) < seconds) low = middle + 1;
    else high = middle;
  }
  return first + low;
}

/** Pins the matches of each run of the clock: one binary search for either bound. */
function runsSelect(meter: Meter, profile: u32, ring: Ring, pin: Pin): void {
  const low = pin.low;
  const high = pin.high;
  for (let run: u32 = 0; run <= ring.runs; run++) {
    const first = ring.run(run);
    const end = run == ring.runs ? ring.next : ring.run(run + 1);
    const from = lowerRow(meter, profile, first, end, low);
    const to = high == HIGHEST ? end : lowerRow(meter, profile, first, end, high + 1);
    if (<i32>(to - from) > 0) pin.spanAdd(from, to - from);
  }
  if (pin.spans == 0) pin.spanAdd(ring.first, 0);
}

/** Pins by looking at every row: restricting columns other than the clock, or a clock set back too often. */
function scanSelect(meter: Meter, ring: Ring, pin: Pin): void {
  const first = ring.first;
  pin.first = first;
  pin.end = ring.next;
  pin.foundRow = first;
  for (let number = first; number != ring.next; number++) {
    if (scanMatches(meter, ring, pin, number)) pin.items++;
  }
}

/** Pins the rows whose restricting column lies between two bounds, both inclusive, with the selected columns. */
export function selectRange(meter: Meter, profile: u32, at: usize, size: u32, pin: Pin): i32 {
  const r = reader.over(at, size);
  rangeDescriptorParse(r, range);
  if (!r.done) return DataAccessResult.TYPE_UNMATCHED;
  const ring = Ring.of(meter, profile);
  const column = columnOf(ring, range);
  const mask = columnsOf(ring);
  if (column < 0 || mask == 0) return DataAccessResult.OTHER_REASON;
  pinBegin(pin, profile, ring);
  pin.columns = mask;
  pin.column = column;
  const stamp = pin.column == ring.stampColumn;
  if (!stamp && !cellIsNumber(ring.column(column))) return DataAccessResult.OTHER_REASON;
  let result = boundTake(meter, range.fromAt, range.fromSize, Side.EARLIEST, stamp, pin);
  if (result == DataAccessResult.SUCCESS) result = boundTake(meter, range.toAt, range.toSize, Side.LATEST, stamp, pin);
  if (result != DataAccessResult.SUCCESS) return result;
  if (stamp && ring.runs <= RUNS_MAX) runsSelect(meter, profile, ring, pin);
  else scanSelect(meter, ring, pin);
  pinEnd(meter, ring, pin);
  return DataAccessResult.SUCCESS;
}
