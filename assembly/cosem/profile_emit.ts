/** Emitting rows of a pinned profile buffer: structures of the wanted cells, straight from the ring. */
import { Err } from "../base/err";
import { Writer } from "../base/writer";
import { Meter } from "../store/block";
import { CellKind, Column, Ring, ringRow, ringSeconds } from "../store/rings";
import { Axdr, DataTag } from "../wire/axdr";
import { Pin } from "./ask";

/** Octets of a date-time cell on the wire: tag, length, 12 octets. */
const STAMP_WIRE_SIZE: u32 = 14;
const STAMP_HEAD: u32 = (12 << 8) | 9;

/** Octets of a cell on the wire; of a text at most. */
function cellSize(column: Column, at: usize): u32 {
  switch (column.kind) {
    case CellKind.FIXED:
      return 1 + <u32>column.width;
    case CellKind.STAMP:
      return STAMP_WIRE_SIZE;
    default:
      return 2 + textSize(column, at);
  }
}

/** Octets of the text in a cell; a length that the cell cannot hold counts as what it can. */
function textSize(column: Column, at: usize): u32 {
  const size = <u32>load<u8>(at);
  const most = <u32>column.width - 1;
  return size < most ? size : most;
}

/** Octets of each row with the columns of `mask` where all rows are alike, else 0. */
export function rowItemSize(ring: Ring, mask: u32): u32 {
  let size: u32 = 0;
  for (let i: u32 = 0; i < ring.columns; i++) {
    if (((mask >> i) & 1) == 0) continue;
    const column = ring.column(i);
    if (column.kind == CellKind.TEXT) return 0;
    size += cellSize(column, 0);
  }
  return size + 1 + Axdr.lengthSize(popcnt<u32>(mask));
}

/** Octets of one row. */
function rowSize(ring: Ring, row: usize, mask: u32): u32 {
  let size = 1 + Axdr.lengthSize(popcnt<u32>(mask));
  for (let i: u32 = 0; i < ring.columns; i++) {
    const column = ring.column(i);
    if (((mask >> i) & 1) != 0) size += cellSize(column, row + <usize>column.offset);
  }
  return size;
}

/** Copies the content of a fixed cell: the widths that occur are single loads. */
function fixedCopy(to: usize, from: usize, width: u32): void {
  switch (width) {
    case 1:
      store<u8>(to, load<u8>(from));
      return;
    case 2:
      store<u16>(to, load<u16>(from));
      return;
    case 4:
      store<u32>(to, load<u32>(from));
      return;
    case 8:
      store<u64>(to, load<u64>(from));
      return;
    default:
      memory.copy(to, from, <usize>width);
  }
}

/** Writes the cells of `mask` behind each other; the room has been checked. */
function cellsWrite(ring: Ring, row: usize, mask: u32, to: usize): void {
  let at = to;
  for (let i: u32 = 0; i < ring.columns; i++) {
    if (((mask >> i) & 1) == 0) continue;
    const column = ring.column(i);
    const from = row + <usize>column.offset;
    if (column.kind == CellKind.FIXED) {
      const width = <u32>column.width;
      store<u8>(at, column.tag);
      fixedCopy(at + 1, from, width);
      at += 1 + <usize>width;
    } else if (column.kind == CellKind.STAMP) {
      store<u16>(at, <u16>STAMP_HEAD);
      store<u64>(at + 2, load<u64>(from));
      store<u32>(at + 10, load<u32>(from + 8));
      at += STAMP_WIRE_SIZE;
    } else {
      const size = textSize(column, from);
      store<u8>(at, column.tag);
      store<u8>(at + 1, <u8>size);
      memory.copy(at + 2, from + 1, <usize>size);
      at += 2 + <usize>size;
    }
  }
}

/** The number in a cell, for comparing. */
export function cellNumber(column: Column, at: usize): i64 {
  switch (column.tag) {
    case DataTag.BOOLEAN:
    case DataTag.UNSIGNED:
    case DataTag.ENUM:
    case DataTag.BCD:
      return <i64>load<u8>(at);
    case DataTag.INTEGER:
      return <i64>(((<i32>load<u8>(at)) << 24) >> 24);
    case DataTag.LONG_UNSIGNED:
      return <i64>bswap<u16>(load<u16>(at));
    case DataTag.LONG:
      return <i64>(((<i32>bswap<u16>(load<u16>(at))) << 16) >> 16);
    case DataTag.DOUBLE_LONG_UNSIGNED:
      return <i64>bswap<u32>(load<u32>(at));
    case DataTag.DOUBLE_LONG:
      return <i64>(<i32>bswap<u32>(load<u32>(at)));
    default:
      return <i64>bswap<u64>(load<u64>(at));
  }
}

/** Whether a column holds numbers that can restrict a range. */
export function cellIsNumber(column: Column): bool {
  switch (column.tag) {
    case DataTag.BOOLEAN:
    case DataTag.BCD:
    case DataTag.UNSIGNED:
    case DataTag.ENUM:
    case DataTag.INTEGER:
    case DataTag.LONG_UNSIGNED:
    case DataTag.LONG:
    case DataTag.DOUBLE_LONG_UNSIGNED:
    case DataTag.DOUBLE_LONG:
    case DataTag.LONG64:
    case DataTag.LONG64_UNSIGNED:
      return true;
    default:
      return false;
  }
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

/** Octets of the items of a pin, by looking at each row. */
export function rowsCount(meter: Meter, ring: Ring, pin: Pin): u32 {
  let size: u32 = 0;
  for (let item: u32 = 0; item < pin.items; item++) {
    if (pin.spans == 0) scanFind(meter, ring, pin, item);
    const number = pin.spans == 0 ? pin.foundRow : spanFind(pin, item);
    size += rowSize(ring, ringRow(meter, pin.source, number), pin.columns);
  }
  return size;
}

/**
 * Emits row `item` of a pinned buffer as a structure of its wanted cells.
 * @returns 0; Err.STATE when the buffer was reset or the row overwritten; Err.NO_SPACE when `w` has no room
 */
export function profileRowEmit(meter: Meter, pin: Pin, item: u32, w: Writer): i32 {
  const ring = Ring.of(meter, pin.source);
  if (ring.generation != pin.generation || item >= pin.items) return Err.STATE;
  if (pin.spans == 0 && !scanFind(meter, ring, pin, item)) return Err.STATE;
  const number = pin.spans == 0 ? pin.foundRow : spanFind(pin, item);
  if (<i32>(number - ring.first) < 0) return Err.STATE;
  const row = ringRow(meter, pin.source, number);
  const size = pin.itemSize != 0 ? pin.itemSize : rowSize(ring, row, pin.columns);
  const counting = w.counting != 0;
  const at = w.take(size);
  if (at == 0) return counting ? Err.OK : Err.NO_SPACE;
  store<u16>(at, <u16>(DataTag.STRUCTURE | (popcnt<u32>(pin.columns) << 8)));
  cellsWrite(ring, row, pin.columns, at + 2);
  return Err.OK;
}
