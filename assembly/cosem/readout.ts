/** The data readout of mode C: the columns of a Profile generic as lines of text, as many at a time as fit. */
import { Err } from "../base/err";
import { Reader } from "../base/reader";
import { Writer } from "../base/writer";
import { Meter } from "../store/block";
import { Column, Ring } from "../store/rings";
import { NONE } from "../store/template";
import { rowOf, valueAt, valueSize } from "../store/values";
import { DataTag } from "../wire/axdr";
import { dataInteger } from "../wire/data";
import {
  READOUT_LINE_MAX,
  readoutLineClose,
  readoutLineOpen,
  readoutNumberEmit,
  readoutTextEmit,
  readoutTimeEmit,
  readoutUnitEmit,
} from "../wire/readout";
import { DataAccessResult } from "../wire/results";
import { Ask, Caller } from "./ask";
import { classGet } from "./classes";

const CLASS_REGISTER: u32 = 3;
const CLASS_EXTENDED_REGISTER: u32 = 4;
const CLASS_DEMAND_REGISTER: u32 = 5;
const CLASS_CLOCK: u32 = 8;
const STAMP_SIZE: u32 = 12;
const VALUE_SIZE_MAX: u32 = 160;

/** What readoutLines() wrote. */
@unmanaged
export class ReadoutPiece {
  /** Octets of the lines. */
  size: u32;
  /** Column the next piece begins with; 0 = there is none. */
  item: u32;
}

const piece: ReadoutPiece = changetype<ReadoutPiece>(memory.data(offsetof<ReadoutPiece>(), 8));
const ask: Ask = changetype<Ask>(memory.data(offsetof<Ask>(), 8));
const value: Writer = changetype<Writer>(memory.data(offsetof<Writer>(), 8));
const lines: Writer = changetype<Writer>(memory.data(offsetof<Writer>(), 8));
const reader: Reader = changetype<Reader>(memory.data(offsetof<Reader>(), 8));
const octets: usize = memory.data(160, 8);

/** Writes whole lines from column `item` of profile `profile` on, at `at`. @returns scratch that the next call overwrites */
export function readoutLines(meter: Meter, profile: u32, item: u32, at: usize, capacity: u32): ReadoutPiece {
  assert(capacity >= READOUT_LINE_MAX);
  const ring = Ring.of(meter, profile);
  const w = lines.into(at, capacity);
  while (item < ring.columns && w.remaining >= READOUT_LINE_MAX) lineEmit(meter, ring.column(item++), w);
  piece.size = w.size;
  piece.item = item < ring.columns ? item : 0;
  return piece;
}

function lineEmit(meter: Meter, column: Column, w: Writer): void {
  ask.about(meter, column.object, column.attribute, Caller.CAPTURE);
  readoutLineOpen(w, ask.row.logicalName);
  value.into(octets, VALUE_SIZE_MAX);
  const good = classGet(ask, value) == DataAccessResult.SUCCESS && value.err == Err.OK;
  if (good) valueEmit(meter, column, w, value.size);
  readoutLineClose(w);
}

/** Writes the Data of `size` octets in scratch as text; nothing for what has no text. */
function valueEmit(meter: Meter, column: Column, w: Writer, size: u32): void {
  const classId = <u32>ask.row.classId;
  const r = reader.over(octets, size);
  const tag = <u32>load<u8>(octets);
  if (tag == DataTag.OCTET_STRING || tag == DataTag.VISIBLE_STRING || tag == DataTag.UTF8_STRING) {
    // Strings here are shorter than 128 octets: VALUE_SIZE_MAX, and a length in one octet.
    const length = size < 2 ? 0 : <u32>load<u8>(octets + 1);
    if (length + 2 != size) return;
    if (classId == CLASS_CLOCK && length == STAMP_SIZE) readoutTimeEmit(w, octets + 2);
    else readoutTextEmit(w, octets + 2, length);
    return;
  }
  if (tag == DataTag.BOOLEAN) return readoutNumberEmit(w, load<u8>(octets + 1) != 0 ? 1 : 0, 0);
  const number = dataInteger(r);
  if (r.err != Err.OK) return;
  const scalerUnit = scalerUnitRow(classId, column);
  if (scalerUnit == NONE || valueSize(meter, scalerUnit) != 6) return readoutNumberEmit(w, number, 0);
  // structure {scaler integer, unit enum}: 02 02 0F ss 16 uu
  const at = valueAt(meter, scalerUnit);
  readoutNumberEmit(w, number, load<i8>(at + 3));
  readoutUnitEmit(w, load<u8>(at + 5));
}

/** Row of the scaler_unit that a number counts in, NONE = a plain number. */
function scalerUnitRow(classId: u32, column: Column): u32 {
  const attribute = <i32>column.attribute;
  const register = classId == CLASS_REGISTER || classId == CLASS_EXTENDED_REGISTER;
  if (register && attribute == 2) return rowOf(column.object, 3, 0);
  if (classId == CLASS_DEMAND_REGISTER && (attribute == 2 || attribute == 3)) return rowOf(column.object, 4, 0);
  return NONE;
}
