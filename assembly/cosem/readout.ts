/** The data readout of mode C: the columns of a Profile generic as lines of text, as many at a time as fit. */
import { Err } from "../base/err";
import { Reader } from "../base/reader";
import { Writer } from "../base/writer";
import { Meter } from "../store/block";
import { Column, Ring } from "../store/rings";
import { ObjectRow, Template } from "../store/template";
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
import { Caller } from "./ask";
import { SCALER_AT, scalerUnitOf, shownEmit, UNIT_AT } from "./shown";

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
  const object = Template.of().object(column.object);
  readoutLineOpen(w, object.logicalName);
  value.into(octets, VALUE_SIZE_MAX);
  if (shownEmit(meter, column.object, column.attribute, Caller.CAPTURE, value)) valueEmit(meter, object, column, w);
  readoutLineClose(w);
}

/** Writes the Data in scratch as text; nothing for what has no text. */
function valueEmit(meter: Meter, object: ObjectRow, column: Column, w: Writer): void {
  const size = value.size;
  const r = reader.over(octets, size);
  const tag = <u32>load<u8>(octets);
  if (tag == DataTag.OCTET_STRING || tag == DataTag.VISIBLE_STRING || tag == DataTag.UTF8_STRING) {
    // Strings here are shorter than 128 octets: VALUE_SIZE_MAX, and a length in one octet.
    const length = size < 2 ? 0 : <u32>load<u8>(octets + 1);
    if (length + 2 != size) return;
    if (<u32>object.classId == CLASS_CLOCK && length == STAMP_SIZE) readoutTimeEmit(w, octets + 2);
    else readoutTextEmit(w, octets + 2, length);
    return;
  }
  if (tag == DataTag.BOOLEAN) return readoutNumberEmit(w, load<u8>(octets + 1) != 0 ? 1 : 0, 0);
  const number = dataInteger(r);
  if (r.err != Err.OK) return;
  const scaled = scalerUnitOf(meter, column.object, column.attribute);
  readoutNumberEmit(w, number, scaled != 0 ? load<i8>(scaled + SCALER_AT) : 0);
  if (scaled != 0) readoutUnitEmit(w, load<u8>(scaled + UNIT_AT));
}
