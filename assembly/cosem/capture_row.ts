/** Building rows of profiles: each cell is asked of its object, stripped of its tag and put into the row of an open record. */
import { Err } from "../base/err";
import { COLUMNS_MAX, RECORD_SIZE_MAX } from "../base/limits";
import { Writer } from "../base/writer";
import { clockSaving, clockStampIn, MeterClock, Season } from "../meter/clock";
import { meteringKeep } from "../meter/metering";
import { accumulatorOf, EVENT_CODES, Metering, UNCOUNTED } from "../meter/metering_state";
import { Quantity } from "../meter/quantity";
import { Meter } from "../store/block";
import { changeCommitRows, changeOpen, changeReserve, ENTRY_HEAD_SIZE, RowPart } from "../store/change";
import { Journal } from "../store/journal_state";
import { CellKind, Column, Ring, ringRow } from "../store/rings";
import { NONE, Template } from "../store/template";
import { rowOf } from "../store/values";
import { DataTag } from "../wire/axdr";
import { DataAccessResult } from "../wire/results";
import { Ask, Caller } from "./ask";
import { classGet } from "./classes";
import { numberPut } from "./put";

/** Bits of the status of a row. */
export const enum RowStatus {
  /** CIV: the clock is invalid. */
  CLOCK_INVALID = 0x02,
  /** DNV: not for billing without validation. */
  DATA_NOT_VALID = 0x04,
  /** DST: daylight saving holds at the stamp. */
  DAYLIGHT_SAVING = 0x08,
  /** CAD: the clock was set in the period. */
  CLOCK_ADJUSTED = 0x20,
  /** PDN: a power outage touched the period. */
  POWER_DOWN = 0x80,
}

/** No event code to put into a row. */
export const NO_CODE: i32 = -1;

const BUFFER: i32 = 2;
const VALUE: i32 = 2;
const CELL_SIZE_MAX: u32 = 160;

/** What a row is made from, besides the attributes it asks for. Scratch of one row. */
@unmanaged
class RowSource {
  seconds: i64;
  season: u32;
  status: u32;
  code: i32;
  /** Column of the event code, COLUMNS_MAX = none. */
  codeColumn: u32;
}

const source: RowSource = changetype<RowSource>(memory.data(offsetof<RowSource>(), 8));
const ask: Ask = changetype<Ask>(memory.data(offsetof<Ask>(), 8));
const cell: Writer = changetype<Writer>(memory.data(offsetof<Writer>(), 8));
const cellOctets: usize = memory.data(160, 8);

/** Quantity a column shows, 0 = none. */
function quantityOf(column: Column): u32 {
  const row = rowOf(column.object, column.attribute, 0);
  return row == NONE ? 0 : Template.of().attribute(row).quantity;
}

function isStatus(quantity: u32): bool {
  return quantity == Quantity.PROFILE_STATUS_1 || quantity == Quantity.PROFILE_STATUS_2;
}

/** Whether a column holds the status of a load profile. */
export function columnIsStatus(column: Column): bool {
  return isStatus(quantityOf(column));
}

function isEventCode(quantity: u32): bool {
  return quantity - Quantity.EVENT_CODE_STANDARD < EVENT_CODES;
}

/** Column of the event code in a log: the computed one, else the first unsigned value. COLUMNS_MAX when there is none. */
export function eventColumn(ring: Ring): u32 {
  let plain = COLUMNS_MAX;
  for (let i: u32 = 0; i < ring.columns; i++) {
    const c = ring.column(i);
    const quantity = quantityOf(c);
    if (isEventCode(quantity)) return i;
    const number = c.tag == DataTag.UNSIGNED || c.tag == DataTag.LONG_UNSIGNED;
    if (plain == COLUMNS_MAX && number && quantity == 0 && <i32>c.attribute == VALUE) plain = i;
  }
  return plain;
}

/** Event code in the newest row of a log, NO_CODE when there is none. */
export function eventCodeNewest(meter: Meter, profile: u32): i32 {
  const ring = Ring.of(meter, profile);
  const index = eventColumn(ring);
  if (index == COLUMNS_MAX || ring.count == 0) return NO_CODE;
  const c = ring.column(index);
  const end = ringRow(meter, profile, ring.next - 1) + <usize>(<u32>c.offset + <u32>c.width);
  return <i32>load<u8>(end - 1);
}

/** A computed event code object shows the code of its log's newest row: after a restart it is taken from there. */
export function eventCodeRestore(meter: Meter, profile: u32): void {
  const code = eventCodeNewest(meter, profile);
  if (code == NO_CODE) return;
  const ring = Ring.of(meter, profile);
  const quantity = quantityOf(ring.column(eventColumn(ring)));
  if (isEventCode(quantity)) Metering.of(meter).setEventCode(quantity - Quantity.EVENT_CODE_STANDARD, code);
}

/** Whether a column of the ring shows what an accumulator has counted. */
export function showsEnergy(ring: Ring): bool {
  for (let i: u32 = 0; i < ring.columns; i++) {
    const quantity = quantityOf(ring.column(i));
    if (quantity != 0 && accumulatorOf(quantity) != UNCOUNTED) return true;
  }
  return false;
}

/** Whether the ring has the column of status quantity `quantity`. */
export function statusColumnOf(ring: Ring, quantity: u32): bool {
  for (let i: u32 = 0; i < ring.columns; i++) {
    if (quantityOf(ring.column(i)) == quantity) return true;
  }
  return false;
}

/** The whole status octet of a row with that stamp. */
export function rowStatus(meter: Meter, seconds: i64, bits: u32): u32 {
  const invalid = MeterClock.of(meter).status & 1;
  const saving = clockSaving(meter, seconds) ? RowStatus.DAYLIGHT_SAVING : 0;
  return bits | saving | (invalid != 0 ? RowStatus.CLOCK_INVALID | RowStatus.DATA_NOT_VALID : 0);
}

/** Asks the attribute of a column; what cannot be had, or does not fit the cell, stays zeros. */
function cellAsk(meter: Meter, column: Column, to: usize): void {
  const width = <u32>column.width;
  cell.into(cellOctets, CELL_SIZE_MAX);
  ask.about(meter, column.object, column.attribute, Caller.CAPTURE);
  const result = classGet(ask, cell);
  const size = cell.size - 1;
  const good = result == DataAccessResult.SUCCESS && cell.err == Err.OK && <i32>size > 0;
  const fits = column.kind == CellKind.FIXED ? size == width : size <= width;
  if (good && load<u8>(cellOctets) == column.tag && fits) memory.copy(to, cellOctets + 1, <usize>size);
}

/** Fills the cell of a column in a row of zeros. */
function cellFill(meter: Meter, column: Column, index: u32, to: usize): void {
  if (column.kind == CellKind.STAMP) {
    clockStampIn(meter, source.seconds, source.season, to);
    return;
  }
  const width = <u32>column.width;
  if (index == source.codeColumn) {
    store<u8>(to + <usize>(width - 1), <u8>source.code);
    return;
  }
  if (width == 1 && isStatus(quantityOf(column))) store<u8>(to, <u8>source.status);
  else cellAsk(meter, column, to);
}

/** Adds the code of the row to the record where its object stores it, and tells the meter where the core computes it. */
function codeKeep(meter: Meter, ring: Ring): void {
  if (source.codeColumn == COLUMNS_MAX) return;
  const c = ring.column(source.codeColumn);
  const quantity = quantityOf(c);
  if (isEventCode(quantity)) {
    Metering.of(meter).setEventCode(quantity - Quantity.EVENT_CODE_STANDARD, source.code);
    return;
  }
  numberPut(meter, c.object, c.attribute, source.code, false);
}

/** Whether the open record has room for a row of the ring. */
export function rowFits(meter: Meter, ring: Ring): bool {
  return Journal.of(meter).openSize + 2 * ENTRY_HEAD_SIZE + 16 + ring.rowSize <= RECORD_SIZE_MAX;
}

/**
 * Adds a row with the stamp of UTC second `seconds` to the open record. `generation` is the ring's own, or the one that a
 * reset in the same record begins. A profile can have one row in a record.
 */
export function rowAdd(
  meter: Meter,
  profile: u32,
  generation: u32,
  seconds: i64,
  season: u32,
  status: u32,
  code: i32,
): void {
  const ring = Ring.of(meter, profile);
  if (ring.entries == 0) return;
  const t = Template.of();
  const to = changeReserve(meter, t.object(t.profile(profile).object), BUFFER, RowPart.ROW, 8 + ring.rowSize);
  if (to == 0) return;
  store<u32>(to, bswap<u32>(generation));
  store<u32>(to + 4, bswap<u32>(ring.next));
  source.seconds = seconds;
  source.season = season;
  source.status = rowStatus(meter, seconds, status);
  source.code = code;
  source.codeColumn = code == NO_CODE ? COLUMNS_MAX : eventColumn(ring);
  memory.fill(to + 8, 0, <usize>ring.rowSize);
  for (let i: u32 = 0; i < ring.columns; i++) {
    const column = ring.column(i);
    cellFill(meter, column, i, to + 8 + <usize>column.offset);
  }
  codeKeep(meter, ring);
}

/**
 * Captures one row of a profile, in one record with the accumulators, so that a power cut leaves both or neither.
 * @param status bits of RowStatus; those that follow from stamp and clock are added
 * @returns 0; Err.STATE for a profile without columns; Err.NO_SPACE when the flash is behind: try later
 */
export function captureRow(meter: Meter, profile: u32, seconds: i64, status: u32): i32 {
  const ring = Ring.of(meter, profile);
  if (ring.entries == 0) return Err.STATE;
  changeOpen(meter);
  meteringKeep(meter);
  rowAdd(meter, profile, ring.generation, seconds, Season.UNKNOWN, status, NO_CODE);
  return changeCommitRows(meter);
}
