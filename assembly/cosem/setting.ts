/** Numbers that a behaviour takes from the attributes of its setup object. */
import { Err } from "../base/err";
import { Reader } from "../base/reader";
import { Writer } from "../base/writer";
import { Meter } from "../store/block";
import { changeValue } from "../store/change";
import { NONE, Template } from "../store/template";
import { objectFind, rowOf, valueAt, valueSize } from "../store/values";
import { Axdr } from "../wire/axdr";
import { dataInteger } from "../wire/data";

const reader: Reader = changetype<Reader>(memory.data(offsetof<Reader>(), 8));

/** Row of an attribute of the object {class, logical name}; NONE without it. */
export function rowNamed(classId: u32, logicalName: usize, attribute: i32): u32 {
  const object = objectFind(classId, logicalName);
  return object < 0 ? NONE : rowOf(object, attribute, 0);
}

/** Octets that the value of a row can have; 0 for NONE, and where none is stored. */
export function rowCapacity(row: u32): u32 {
  return row == NONE ? 0 : <u32>Template.of().attribute(row).capacity;
}

/** Changes the value of a row, as a record of its own or part of the open one. @returns 0, Err.LIMIT without room for it, or the error of the record */
export function valueKeep(meter: Meter, row: u32, at: usize, size: u32): i32 {
  return size > rowCapacity(row) ? <i32>Err.LIMIT : changeValue(meter, row, at, size);
}

/** Points `r` at the value of a row. */
export function valueOver(meter: Meter, row: u32, r: Reader): Reader {
  return r.over(valueAt(meter, row), valueSize(meter, row));
}

/** Writes the value of a row as it stands; false where it has none. */
export function valueEmit(meter: Meter, row: u32, w: Writer): bool {
  const size = valueSize(meter, row);
  w.octets(valueAt(meter, row), size);
  return size != 0;
}

/** A number from 0 on in an attribute of `object`; `otherwise` where it has none. */
export function settingNumber(meter: Meter, object: u32, attribute: i32, otherwise: u32): u32 {
  const row = rowOf(object, attribute, 0);
  if (row == NONE) return otherwise;
  const value = dataInteger(valueOver(meter, row, reader));
  return reader.err == Err.OK && value >= 0 && value <= 0xffffffff ? <u32>value : otherwise;
}

/** Whether a boolean attribute of `object` is TRUE. */
export function settingFlag(meter: Meter, object: u32, attribute: i32): bool {
  const row = rowOf(object, attribute, 0);
  return row != NONE && valueSize(meter, row) == 2 && load<u8>(valueAt(meter, row) + 1) != 0;
}

/** Points `r` at the elements of the array in an attribute of `object`. @returns how many there are, 0 where it has none */
export function settingArray(meter: Meter, object: u32, attribute: i32, r: Reader): u32 {
  return settingOver(meter, object, attribute, r) ? Axdr.readArray(r) : 0;
}

/** Points `r` at the Data in an attribute of `object`; false where it has none. */
export function settingOver(meter: Meter, object: u32, attribute: i32, r: Reader): bool {
  const row = rowOf(object, attribute, 0);
  if (row == NONE) return false;
  valueOver(meter, row, r);
  return r.remaining != 0;
}
