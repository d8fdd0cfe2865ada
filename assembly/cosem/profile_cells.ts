/**
 * Cells of rows on the wire, in the forms a buffer can have (GB9 9.5, type Data; Blue Book, class_id 7): with tags; with
 * null-data in place of cells that follow from the row above; without tags, as contents of a compact-array.
 */
import { octetsSame } from "../base/octets";
import { Civil } from "../base/civil";
import { CellKind, Column, Ring } from "../store/rings";
import { DataTag } from "../wire/axdr";
import { tagIsNumber, tagIsSigned } from "./number";

/** Octets of a date-time cell on the wire: tag, length, 12 octets. */
const STAMP_SIZE: u32 = 14;
const STAMP_LENGTH: u32 = 12;

/** Octets of the text in a cell; a length that the cell cannot hold counts as what it can. */
function textSize(column: Column, at: usize): u32 {
  const size = <u32>load<u8>(at);
  const most = <u32>column.width - 1;
  return size < most ? size : most;
}

/** Octets of a cell on the wire, its tag included. */
export function cellSize(column: Column, at: usize): u32 {
  switch (column.kind) {
    case CellKind.FIXED:
      return 1 + <u32>column.width;
    case CellKind.STAMP:
      return STAMP_SIZE;
    default:
      return 2 + textSize(column, at);
  }
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

/**
 * Writes the cells of `mask` behind each other, those of `nulls` as null-data; the room has been checked. Each has `tags` octets of tag:
 * 1, or 0 as contents of a compact-array, where a tag is written over by what follows it.
 */
export function cellsWrite(ring: Ring, row: usize, mask: u32, nulls: u32, tags: usize, to: usize): void {
  let at = to;
  for (let left = mask; left != 0; left &= left - 1) {
    const i = ctz<u32>(left);
    if (((nulls >> i) & 1) != 0) {
      store<u8>(at++, <u8>DataTag.NULL_DATA);
      continue;
    }
    const column = ring.column(i);
    const from = row + <usize>column.offset;
    store<u8>(at, <u8>cellTag(column));
    at += tags;
    if (column.kind == CellKind.FIXED) {
      const width = <u32>column.width;
      fixedCopy(at, from, width);
      at += <usize>width;
    } else if (column.kind == CellKind.STAMP) {
      store<u8>(at, <u8>STAMP_LENGTH);
      store<u64>(at + 1, load<u64>(from));
      store<u32>(at + 9, load<u32>(from + 8));
      at += STAMP_LENGTH + 1;
    } else {
      const size = textSize(column, from);
      store<u8>(at, <u8>size);
      memory.copy(at + 1, from + 1, <usize>size);
      at += 1 + <usize>size;
    }
  }
}

/** Tag that describes a column in a compact-array. */
export function cellTag(column: Column): u32 {
  return column.kind == CellKind.STAMP ? <u32>DataTag.OCTET_STRING : <u32>column.tag;
}

/** Hour, minute and second of a stamp as a second of its day. */
function daySecond(at: usize): i32 {
  return <i32>load<u8>(at + 5) * 3600 + <i32>load<u8>(at + 6) * 60 + <i32>load<u8>(at + 7);
}

/**
 * Whether a client that adds `period` seconds to the stamp above has this one to the octet: same deviation and status, so
 * not across a switch of daylight saving, and no gap.
 */
function stampFollows(at: usize, above: usize, period: u32): bool {
  if (load<u32>(at + 8) != load<u32>(above + 8)) return false;
  const sameDay = load<u32>(at) == load<u32>(above) && load<u8>(at + 4) == load<u8>(above + 4);
  if (sameDay) return daySecond(at) - daySecond(above) == <i32>period;
  return Civil.stampSeconds(at, 0) - Civil.stampSeconds(above, 0) == <i64>period;
}

/** Whether the stamp of a row is midnight of local time. */
export function stampIsMidnight(ring: Ring, row: usize): bool {
  return daySecond(row + <usize>ring.column(ring.stampColumn).offset) == 0;
}

/** Of the columns of `mask`, those whose cell follows from the row above: a stamp one period later, any other cell unchanged. */
export function cellsFollowing(ring: Ring, row: usize, above: usize, mask: u32): u32 {
  let following: u32 = 0;
  for (let left = mask; left != 0; left &= left - 1) {
    const i = ctz<u32>(left);
    const column = ring.column(i);
    const at = row + <usize>column.offset;
    const before = above + <usize>column.offset;
    const follows =
      column.kind == CellKind.STAMP ? stampFollows(at, before, ring.period) : octetsSame(at, before, column.width);
    if (follows) following |= 1 << i;
  }
  return following;
}

/** The number in a cell, for comparing: as many octets as the cell has, the last of the eight that end with it. */
export function cellNumber(column: Column, at: usize): i64 {
  const width = <u32>column.width;
  const unused = <i64>(64 - (width << 3));
  const value = (<i64>bswap<u64>(load<u64>(at + <usize>width - 8))) << unused;
  return tagIsSigned(column.tag) != 0 ? value >> unused : <i64>((<u64>value) >> unused);
}

/** Whether a column holds numbers that can restrict a range. */
export function cellIsNumber(column: Column): bool {
  return tagIsNumber(column.tag) || column.tag == DataTag.BCD;
}
