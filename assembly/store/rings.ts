/**
 * Profile rows: a ring of rows of fixed width. Rows are numbered for ever; the ring holds the last of them. A cell is
 * what follows the tag of the value on the wire: raw for fixed types, 12 octets for a date-time, {length, octets,
 * padding} for strings. The shape follows capture_objects; a reset (another generation) empties the ring.
 */
import { Err } from "../base/err";
import { Civil } from "../base/civil";
import { COLUMNS_MAX, ROW_SIZE_MAX, RUNS_MAX } from "../base/limits";
import { Reader } from "../base/reader";
import { Meter } from "./block";
import { COLUMN_SIZE, Layout, RING_HEAD_SIZE } from "./layout";
import { AttributeFlag, NONE, Template } from "./template";
import { attributeFind, objectFind, rowOf, valueAt, valueSize } from "./values";

/** How a cell stands in a row and on the wire. */
export const enum CellKind {
  /** Tag, then `width` octets. */
  FIXED = 0,
  /** Tag 09, length 12, then the date-time. */
  STAMP = 1,
  /** Tag, then {length, octets}; padded to `width` in the row. */
  TEXT = 2,
}

/** A column, COLUMN_SIZE octets. */
@unmanaged
export class Column {
  object: u16;
  attribute: i8;
  tag: u8;
  kind: u8;
  /** Octets of the cell in the row, and where it begins. */
  width: u8;
  offset: u16;
}

/** State of a ring: this head, then the first row number of each run, then as many columns as capture_objects can name. */
@unmanaged
export class Ring {
  generation: u32;
  /** Numbers of the oldest row and of the one to come. */
  first: u32;
  next: u32;
  rowSize: u32;
  /** Rows the ring holds at most. */
  entries: u32;
  columns: u32;
  /** Backward steps of the clock among the rows held; above RUNS_MAX a range is a scan. */
  runs: u32;
  /** UTC seconds of the newest row's stamp, 0 = none. */
  newest: u32;
  /** Column of the clock, or COLUMNS_MAX. */
  stampColumn: u32;
  /** Seconds from capture to capture, 0 = none; UTC seconds of the next one, 0 = none; status bits of the running period. */
  period: u32;
  due: u32;
  status: u32;
  /** How many rows a replay of a damaged journal has missed: the rows behind them have closed up. */
  missed: u32;

  @inline
  static of(meter: Meter, profile: u32): Ring {
    return changetype<Ring>(meter.ring(profile));
  }

  @inline
  get count(): u32 {
    return this.next - this.first;
  }

  @inline
  column(index: u32): Column {
    return changetype<Column>(changetype<usize>(this) + <usize>(RING_HEAD_SIZE + index * COLUMN_SIZE));
  }

  @inline
  private runAt(index: u32): usize {
    return changetype<usize>(this) + offsetof<Ring>() + <usize>(index << 2);
  }

  /** Number of the first row of run `index` (run 0 begins with the oldest row). */
  run(index: u32): u32 {
    return index == 0 ? this.first : load<u32>(this.runAt(index - 1));
  }

  /** The rows from `number` on have stamps before those in front of them. */
  runBegin(number: u32): void {
    if (this.runs < RUNS_MAX) store<u32>(this.runAt(this.runs), number);
    this.runs++;
  }

  /** Forgets runs that begin with row `next` or later; of more than RUNS_MAX none is known. */
  runsCut(next: u32): void {
    while (this.runs != 0 && this.runs <= RUNS_MAX && <i32>(load<u32>(this.runAt(this.runs - 1)) - next) >= 0)
      this.runs--;
  }

  /** Forgets runs whose first row has been overwritten. */
  runsTrim(): void {
    while (this.runs != 0 && this.runs <= RUNS_MAX && load<u32>(this.runAt(0)) <= this.first) {
      this.runs--;
      memory.copy(this.runAt(0), this.runAt(1), <usize>(this.runs * 4));
    }
  }
}

if (offsetof<Column>() != COLUMN_SIZE) ERROR("a column has COLUMN_SIZE octets");
if (offsetof<Ring>() + RUNS_MAX * 4 != RING_HEAD_SIZE) ERROR("columns stand behind RING_HEAD_SIZE octets");

/** Where row `number` stands. */
export function ringRow(meter: Meter, profile: u32, number: u32): usize {
  const ring = Ring.of(meter, profile);
  return meter.area(Layout.of().rows(profile)) + <usize>((number % ring.entries) * ring.rowSize);
}

/** Octets of content of a fixed-size type, 0 for others (Data CHOICE of the COSEM PDU module). */
export function fixedWidth(tag: u32): u32 {
  switch (tag) {
    case 3: // boolean
    case 13: // bcd
    case 15: // integer
    case 17: // unsigned
    case 22: // enum
      return 1;
    case 16: // long
    case 18: // long-unsigned
      return 2;
    case 5: // double-long
    case 6: // double-long-unsigned
    case 23: // float32
    case 27: // time
      return 4;
    case 26: // date
      return 5;
    case 20: // long64
    case 21: // long64-unsigned
    case 24: // float64
      return 8;
    case 25: // date-time
      return 12;
    default:
      return 0;
  }
}

const reader: Reader = changetype<Reader>(memory.data(offsetof<Reader>(), 8));

/** Fills a column from a capture_object_definition; Err.UNKNOWN when the attribute cannot stand in a row. */
function columnRead(r: Reader, column: Column): i32 {
  if (r.u16() != 0x0204 || r.u8() != 18) return Err.MALFORMED;
  const classId = r.u16();
  if (r.u16() != 0x0906) return Err.MALFORMED;
  const name = r.take(6);
  if (r.u8() != 15) return Err.MALFORMED;
  const attribute = r.i8();
  if (r.u8() != 18) return Err.MALFORMED;
  const dataIndex = r.u16();
  if (r.err != Err.OK) return Err.MALFORMED;
  const object = objectFind(classId, name);
  if (object < 0 || dataIndex != 0) return Err.UNKNOWN;
  const row = attributeFind(Template.of().object(object), attribute, 0);
  if (row < 0) return Err.UNKNOWN;
  const a = Template.of().attribute(row);
  column.object = <u16>object;
  column.attribute = <i8>attribute;
  column.tag = <u8>a.tag;
  return columnWidth(column, a.tag, a.capacity, classId == 8 && attribute == 2, (a.flags & AttributeFlag.HIDDEN) != 0);
}

function columnWidth(column: Column, tag: u32, capacity: u32, stamp: bool, hidden: bool): i32 {
  const width = fixedWidth(tag);
  if (hidden) return Err.UNKNOWN;
  if (stamp) {
    column.kind = <u8>CellKind.STAMP;
    column.width = 12;
    return Err.OK;
  }
  if (width != 0) {
    column.kind = <u8>CellKind.FIXED;
    column.width = <u8>width;
    return Err.OK;
  }
  if ((tag != 9 && tag != 10 && tag != 12) || capacity < 2 || capacity > 129) return Err.UNKNOWN;
  column.kind = <u8>CellKind.TEXT;
  column.width = <u8>(capacity - 1);
  return Err.OK;
}

/** Reads capture_objects (Data at `at`) into the columns of `ring`; the ring's rows are not touched. */
function columnsRead(ring: Ring, at: usize, size: u32): i32 {
  const r = reader.over(at, size);
  if (r.u8() != 1) return Err.MALFORMED;
  const count = r.u8();
  if (count > COLUMNS_MAX) return Err.LIMIT;
  let offset: u32 = 0;
  ring.stampColumn = COLUMNS_MAX;
  for (let i: u32 = 0; i < count; i++) {
    const column = ring.column(i);
    const err = columnRead(r, column);
    if (err != Err.OK) return err;
    column.offset = <u16>offset;
    offset += <u32>column.width;
    if (column.kind == CellKind.STAMP && ring.stampColumn == COLUMNS_MAX) ring.stampColumn = i;
  }
  if (r.remaining != 0) return Err.MALFORMED;
  if (offset > ROW_SIZE_MAX) return Err.LIMIT;
  ring.columns = count;
  ring.rowSize = offset;
  return Err.OK;
}

const probe: Ring = changetype<Ring>(memory.data(RING_HEAD_SIZE + COLUMNS_MAX * COLUMN_SIZE, 8));

/**
 * Whether capture_objects at `at` can be captured.
 * @returns 0, Err.MALFORMED, Err.UNKNOWN (no such attribute, or one that cannot stand in a row) or Err.LIMIT
 */
export function columnsCheck(at: usize, size: u32): i32 {
  return columnsRead(probe, at, size);
}

/** Octets of a row with the columns that columnsCheck() saw last. */
export function columnsRowSize(): u32 {
  return probe.rowSize;
}

/** Index of the column {object, attribute} in the ring, -1 when it is not captured. */
export function columnFind(ring: Ring, object: i32, attribute: i32): i32 {
  for (let i: u32 = 0; i < ring.columns; i++) {
    const c = ring.column(i);
    if (<i32>c.object == object && <i32>c.attribute == attribute) return <i32>i;
  }
  return -1;
}

/** An unsigned from a stored profile attribute {tag 06, u32}; `otherwise` when it is absent. */
function valueU32(meter: Meter, object: u32, attribute: i32, otherwise: u32): u32 {
  const row = rowOf(object, attribute, 0);
  if (row == NONE || valueSize(meter, row) != 5) return otherwise;
  return bswap<u32>(load<u32>(valueAt(meter, row) + 1));
}

/** Takes columns and entries from the profile's attributes 3 and 8. The ring is empty afterwards where the shape changed. */
export function ringShape(meter: Meter, profile: u32): void {
  const t = Template.of();
  const p = t.profile(profile);
  const ring = Ring.of(meter, profile);
  const rowSize = ring.rowSize;
  const entries = ring.entries;
  const row = rowOf(p.object, 3, 0);
  if (row == NONE || columnsRead(ring, valueAt(meter, row), valueSize(meter, row)) != Err.OK) {
    ring.columns = 0;
    ring.rowSize = 0;
  }
  const wanted = valueU32(meter, p.object, 8, p.depth);
  const fitting = ring.rowSize != 0 ? p.areaSize / ring.rowSize : 0;
  ring.entries = wanted < fitting ? wanted : fitting;
  if (ring.rowSize != rowSize || ring.entries != entries) ringEmpty(ring, ring.generation);
}

/** Empties the ring: row numbers go on, the generation tells readers that their rows are gone. */
export function ringEmpty(ring: Ring, generation: u32): void {
  ring.generation = generation;
  ring.first = ring.next;
  ring.runs = 0;
  ring.newest = 0;
}

/**
 * Takes the rows from number `next` on away and gives the others to `generation`; their numbers come again. A ring of that generation
 * has been cut already.
 */
export function ringCut(meter: Meter, profile: u32, generation: u32, next: u32): void {
  const ring = Ring.of(meter, profile);
  if (ring.generation == generation) return;
  ring.generation = generation;
  if (<i32>(next - ring.first) < 0) next = ring.first;
  if (<i32>(next - ring.next) >= 0) return;
  ring.next = next;
  ring.runsCut(next);
  ring.newest = ring.count != 0 ? <u32>ringSeconds(meter, profile, next - 1) : 0;
}

/** UTC seconds of the stamp of row `number`; 0 when the row has none. */
export function ringSeconds(meter: Meter, profile: u32, number: u32): i64 {
  const ring = Ring.of(meter, profile);
  if (ring.stampColumn >= COLUMNS_MAX) return 0;
  return Civil.stampSeconds(ringRow(meter, profile, number) + <usize>ring.column(ring.stampColumn).offset, 0);
}

/**
 * Puts row `written` of `generation` into the ring, over the oldest one when it is full. A row of another generation, or
 * one the ring has already, is what a replay meets and is passed over.
 */
export function ringAppend(meter: Meter, profile: u32, generation: u32, written: u32, at: usize): void {
  const ring = Ring.of(meter, profile);
  let number = written - ring.missed;
  if (ring.entries == 0 || generation != ring.generation || <i32>(number - ring.next) < 0) return;
  if (number != ring.next && ring.count != 0) {
    ring.missed += number - ring.next;
    number = ring.next;
  }
  if (number != ring.next) {
    ring.first = number;
    ring.next = number;
    ring.runs = 0;
  }
  if (ring.count == ring.entries) ring.first++;
  memory.copy(ringRow(meter, profile, number), at, <usize>ring.rowSize);
  ring.next = number + 1;
  ring.runsTrim();
  const seconds = <u32>ringSeconds(meter, profile, number);
  if (ring.count > 1 && seconds < ring.newest) ring.runBegin(number);
  ring.newest = seconds;
}

/** The replay is over: rows are numbered as they stand from now on. */
export function ringsSettle(meter: Meter): void {
  for (let p: u32 = 0; p < <u32>Template.of().profileCount; p++) Ring.of(meter, p).missed = 0;
}
