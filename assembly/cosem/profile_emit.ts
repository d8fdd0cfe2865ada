/** Emitting rows of a pinned profile buffer, straight from the ring, in the form of its pin. */
import { Err } from "../base/err";
import { COLUMNS_MAX } from "../base/limits";
import { Writer } from "../base/writer";
import { Meter } from "../store/block";
import { CellKind, Ring, ringRow, ringSeconds } from "../store/rings";
import { ProfileNull, Template } from "../store/template";
import { Axdr, DataTag } from "../wire/axdr";
import { Pin, PinKind } from "./ask";
import { cellNumber, cellsFollowing, cellSize, cellsWrite, cellTag, stampIsMidnight } from "./profile_cells";

/** Tag and count of the structure that a row is; its count has one octet, since a ring has COLUMNS_MAX columns. */
const STRUCTURE_HEAD_SIZE: u32 = 2;
if (COLUMNS_MAX > 0x7f) ERROR("the count of a row's cells has one octet");

/** Octets of a whole row in the form of the pin, from those of its cells with tags. */
function formSize(pin: Pin, cells: u32): u32 {
  return pin.kind == PinKind.COMPACT_ROWS ? cells - <u32>popcnt<u32>(pin.columns) : STRUCTURE_HEAD_SIZE + cells;
}

/** Octets of each row of the pin where all rows are alike, else 0. */
export function rowItemSize(ring: Ring, pin: Pin): u32 {
  if (pin.nullable != 0) return 0;
  let size: u32 = 0;
  for (let left = pin.columns; left != 0; left &= left - 1) {
    const column = ring.column(ctz<u32>(left));
    if (column.kind == CellKind.TEXT) return 0;
    size += cellSize(column, 0);
  }
  return formSize(pin, size);
}

/** Octets of one row whose cells of `nulls` are null-data. */
function rowSize(ring: Ring, pin: Pin, row: usize, nulls: u32): u32 {
  const whole = pin.columns & ~nulls;
  let size = <u32>popcnt<u32>(nulls);
  for (let left = whole; left != 0; left &= left - 1) {
    const column = ring.column(ctz<u32>(left));
    size += cellSize(column, row + <usize>column.offset);
  }
  return formSize(pin, size);
}

/** Columns of a row that go as null-data, given the row above it; `above` 0 = the first row of an answer, which is whole. */
function rowNulls(ring: Ring, pin: Pin, row: usize, above: usize): u32 {
  if (above == 0 || pin.nullable == 0) return 0;
  const whole = (Template.of().profile(pin.source).nulls & ProfileNull.MIDNIGHT_WHOLE) != 0;
  if (whole && ring.stampColumn < COLUMNS_MAX && stampIsMidnight(ring, row)) return 0;
  return cellsFollowing(ring, row, above, pin.nullable);
}

/** Whether row `number` lies within the bounds of a scan. */
export function scanMatches(meter: Meter, ring: Ring, pin: Pin, number: u32): bool {
  const column = ring.column(pin.column);
  const value =
    pin.column == ring.stampColumn
      ? ringSeconds(meter, pin.source, number)
      : cellNumber(column, ringRow(meter, pin.source, number) + <usize>column.offset);
  return value >= pin.low && value <= pin.high;
}

/** Row of item `item` of a scan, going on from the one found last; false when the ring no longer has it. */
function scanFind(meter: Meter, ring: Ring, pin: Pin, item: u32): bool {
  let number = pin.foundRow;
  let index = pin.foundItem;
  if (item < index) {
    number = pin.first;
    index = 0;
  }
  for (; number != pin.end; number++) {
    if (<i32>(number - ring.first) < 0) return false;
    if (!scanMatches(meter, ring, pin, number)) continue;
    if (index == item) {
      pin.foundRow = number;
      pin.foundItem = item;
      return true;
    }
    index++;
  }
  return false;
}

/** Number of the row of item `item` of a pin made of spans. */
function spanFind(pin: Pin, item: u32): u32 {
  let left = item;
  let span: u32 = 0;
  while (left >= pin.spanCount(span)) {
    left -= pin.spanCount(span);
    span++;
    assert(span < pin.spans);
  }
  return pin.spanFirst(span) + left;
}

/** Where row `number` stands, 0 when the ring no longer has it. */
function rowAt(meter: Meter, ring: Ring, pin: Pin, number: u32): usize {
  return <i32>(number - ring.first) < 0 ? 0 : ringRow(meter, pin.source, number);
}

/** Where the row of item `item` stands, 0 when the ring no longer has it. */
function itemAt(meter: Meter, ring: Ring, pin: Pin, item: u32): usize {
  if (pin.spans != 0) return rowAt(meter, ring, pin, spanFind(pin, item));
  return scanFind(meter, ring, pin, item) ? rowAt(meter, ring, pin, pin.foundRow) : 0;
}

/** Where the match of a scan in front of the one found last stands, 0 when the ring no longer has it. */
function scanAbove(meter: Meter, ring: Ring, pin: Pin): usize {
  let number = pin.foundRow;
  while (number != pin.first) {
    number--;
    const row = rowAt(meter, ring, pin, number);
    if (row == 0 || scanMatches(meter, ring, pin, number)) return row;
  }
  return 0;
}

/** Octets of the items of a pin, by looking at each row. */
export function rowsCount(meter: Meter, ring: Ring, pin: Pin): u32 {
  let size: u32 = 0;
  let above: usize = 0;
  for (let item: u32 = 0; item < pin.items; item++) {
    const row = itemAt(meter, ring, pin, item);
    size += rowSize(ring, pin, row, rowNulls(ring, pin, row, above));
    above = row;
  }
  return size;
}

/** Emits what stands in front of the rows: the head of an array, or of a compact-array with its type description. */
export function profileHeadEmit(meter: Meter, pin: Pin, w: Writer): i32 {
  if (pin.kind != PinKind.COMPACT_ROWS) {
    Axdr.array(w, pin.items);
    return Err.OK;
  }
  const ring = Ring.of(meter, pin.source);
  if (ring.generation != pin.generation) return Err.STATE;
  w.u8(DataTag.COMPACT_ARRAY);
  w.u8(DataTag.STRUCTURE);
  Axdr.length(w, <u32>popcnt<u32>(pin.columns));
  for (let left = pin.columns; left != 0; left &= left - 1) w.u8(cellTag(ring.column(ctz<u32>(left))));
  Axdr.length(w, pin.size);
  return Err.OK;
}

/**
 * Emits row `item` of a pinned buffer: a structure of its wanted cells, or their contents alone in a compact-array.
 * @returns 0; Err.STATE when the buffer was reset or the row, or the one it follows from, overwritten; Err.NO_SPACE when `w` has
 * no room
 */
export function profileRowEmit(meter: Meter, pin: Pin, item: u32, w: Writer): i32 {
  const ring = Ring.of(meter, pin.source);
  if (ring.generation != pin.generation || item >= pin.items) return Err.STATE;
  const row = itemAt(meter, ring, pin, item);
  if (row == 0) return Err.STATE;
  let above: usize = 0;
  if (pin.nullable != 0 && item != 0) {
    above = pin.spans == 0 ? scanAbove(meter, ring, pin) : rowAt(meter, ring, pin, spanFind(pin, item - 1));
    if (above == 0) return Err.STATE;
  }
  const nulls = rowNulls(ring, pin, row, above);
  const size = pin.itemSize != 0 ? pin.itemSize : rowSize(ring, pin, row, nulls);
  const counting = w.counting != 0;
  const at = w.take(size);
  if (at == 0) return counting ? Err.OK : Err.NO_SPACE;
  let to = at;
  let tags: usize = 0;
  if (pin.kind != PinKind.COMPACT_ROWS) {
    store<u16>(at, <u16>(DataTag.STRUCTURE | (popcnt<u32>(pin.columns) << 8)));
    to += STRUCTURE_HEAD_SIZE;
    tags = 1;
  }
  cellsWrite(ring, row, pin.columns, nulls, tags, to);
  return Err.OK;
}
