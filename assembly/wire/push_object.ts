/** Elements of a push_object_list (Blue Book, class_id 40): each class version adds a field. */
import { Err } from "../base/err";
import { Reader } from "../base/reader";
import { Axdr } from "./axdr";
import { dataSkip } from "./data";
import { CaptureObject } from "./selective";

/** restriction_type. */
export const enum Restriction {
  NONE = 0,
  /** {from_date, to_date}, octet-strings */
  DATE = 1,
  /** {from_entry, to_entry}, double-long-unsigned */
  ENTRY = 2,
}

@unmanaged
export class PushObject extends CaptureObject {
  /** Restriction, and its value as Data; version 1. */
  restriction: u32;
  restrictionAt: usize;
  restrictionSize: u32;
  /** Columns for captureObjectParse(); 0 = all; version 2. */
  columnCount: u32;
  columnsAt: usize;
  columnsSize: u32;
}

/** Steps over one Data and returns its size. */
function dataSize(r: Reader): u32 {
  const at = r.pos;
  return dataSkip(r) == Err.OK ? <u32>(r.pos - at) : 0;
}

/** Reads an element as class `version` (0..3) has it. Err.UNKNOWN when its structure is another one. */
export function pushObjectParse(r: Reader, version: u32, out: PushObject): i32 {
  memory.fill(changetype<usize>(out), 0, offsetof<PushObject>());
  Axdr.readStructure(r, version == 0 ? 4 : version == 1 ? 5 : 6);
  out.classId = Axdr.readLongUnsigned(r);
  out.logicalNameAt = Axdr.readLogicalName(r);
  out.attribute = Axdr.readInteger(r);
  out.dataIndex = Axdr.readLongUnsigned(r);
  if (version == 0) return r.err;
  Axdr.readStructure(r, 2);
  out.restriction = Axdr.readEnum(r);
  out.restrictionAt = r.pos;
  out.restrictionSize = dataSize(r);
  if (version == 1) return r.err;
  out.columnCount = Axdr.readArray(r);
  out.columnsAt = r.pos;
  for (let i: u32 = 0; i < out.columnCount && r.err == Err.OK; i++) dataSkip(r);
  out.columnsSize = r.since(out.columnsAt);
  return r.err;
}
