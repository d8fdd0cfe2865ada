/**
 * Access selectors of Profile generic: range_descriptor (1) and entry_descriptor (2) (Blue Book, class_id 7).
 */
import { Err } from "../base/err";
import { Reader } from "../base/reader";
import { Writer } from "../base/writer";
import { Axdr } from "./axdr";
import { dataSkip } from "./data";

export const enum Selector {
  RANGE = 1,
  ENTRY = 2,
}

/** capture_object_definition: structure {class_id, logical_name, attribute_index, data_index}. */
@unmanaged
export class CaptureObject {
  classId: u32;
  /** 6 octets in the input. */
  logicalNameAt: usize;
  attribute: i32;
  /** 0 = the whole attribute. */
  dataIndex: u32;
}

/** Reads a capture object; another shape or type fails with Err.UNKNOWN (type-unmatched). */
export function captureObjectParse(r: Reader, out: CaptureObject): i32 {
  Axdr.readStructure(r, 4);
  out.classId = Axdr.readLongUnsigned(r);
  out.logicalNameAt = Axdr.readLogicalName(r);
  out.attribute = Axdr.readInteger(r);
  out.dataIndex = Axdr.readLongUnsigned(r);
  return r.err;
}

export function captureObjectEmit(w: Writer, x: CaptureObject): void {
  Axdr.structure(w, 4);
  Axdr.longUnsigned(w, x.classId);
  Axdr.logicalName(w, x.logicalNameAt);
  Axdr.integer(w, x.attribute);
  Axdr.longUnsigned(w, x.dataIndex);
}

/** Rows whose restricting column lies between two values, both inclusive. */
@unmanaged
export class RangeDescriptor extends CaptureObject {
  /** One Data each, of the type of the restricting column. */
  fromAt: usize;
  fromSize: u32;
  toAt: usize;
  toSize: u32;
  /** Selected columns for captureObjectParse(), walked once; 0 = all columns. */
  columnCount: u32;
  columnsAt: usize;
  columnsSize: u32;
}

const column = changetype<CaptureObject>(memory.data(offsetof<CaptureObject>(), 8));

/** Steps over one Data and returns its size, 0 with an error. */
function dataSize(r: Reader): u32 {
  const at = r.pos;
  return dataSkip(r) == Err.OK ? <u32>(r.pos - at) : 0;
}

/** Reads a range_descriptor. Err.UNKNOWN when its structure is another one (type-unmatched). */
export function rangeDescriptorParse(r: Reader, out: RangeDescriptor): i32 {
  Axdr.readStructure(r, 4);
  captureObjectParse(r, out);
  out.fromAt = r.pos;
  out.fromSize = dataSize(r);
  out.toAt = r.pos;
  out.toSize = dataSize(r);
  out.columnCount = Axdr.readArray(r);
  out.columnsAt = r.pos;
  for (let i: u32 = 0; i < out.columnCount && r.err == Err.OK; i++) captureObjectParse(r, column);
  out.columnsSize = r.since(out.columnsAt);
  return r.err;
}

export function rangeDescriptorEmit(w: Writer, x: RangeDescriptor): void {
  Axdr.structure(w, 4);
  captureObjectEmit(w, x);
  w.octets(x.fromAt, x.fromSize);
  w.octets(x.toAt, x.toSize);
  Axdr.array(w, x.columnCount);
  w.octets(x.columnsAt, x.columnsSize);
}

/** Rows and columns by number, both from 1 = oldest, first; as upper bound 0 = the last one. */
@unmanaged
export class EntryDescriptor {
  fromEntry: u32;
  toEntry: u32;
  fromColumn: u32;
  toColumn: u32;
}

/** Reads an entry_descriptor. Err.UNKNOWN when its structure is another one (type-unmatched). */
export function entryDescriptorParse(r: Reader, out: EntryDescriptor): i32 {
  Axdr.readStructure(r, 4);
  out.fromEntry = Axdr.readDoubleLongUnsigned(r);
  out.toEntry = Axdr.readDoubleLongUnsigned(r);
  out.fromColumn = Axdr.readLongUnsigned(r);
  out.toColumn = Axdr.readLongUnsigned(r);
  return r.err;
}

export function entryDescriptorEmit(w: Writer, x: EntryDescriptor): void {
  Axdr.structure(w, 4);
  Axdr.doubleLongUnsigned(w, x.fromEntry);
  Axdr.doubleLongUnsigned(w, x.toEntry);
  Axdr.longUnsigned(w, x.fromColumn);
  Axdr.longUnsigned(w, x.toColumn);
}
