/** Numbers that a behaviour takes from the attributes of its setup object. */
import { Err } from "../base/err";
import { Reader } from "../base/reader";
import { Meter } from "../store/block";
import { NONE } from "../store/template";
import { rowOf, valueAt, valueSize } from "../store/values";
import { dataInteger } from "../wire/data";

const reader: Reader = changetype<Reader>(memory.data(offsetof<Reader>(), 8));

/** A number from 0 on in an attribute of `object`; `otherwise` where it has none. */
export function settingNumber(meter: Meter, object: u32, attribute: i32, otherwise: u32): u32 {
  const row = rowOf(object, attribute, 0);
  if (row == NONE) return otherwise;
  const r = reader.over(valueAt(meter, row), valueSize(meter, row));
  const value = dataInteger(r);
  return r.err == Err.OK && value >= 0 && value <= 0xffffffff ? <u32>value : otherwise;
}

/** Whether a boolean attribute of `object` is TRUE. */
export function settingFlag(meter: Meter, object: u32, attribute: i32): bool {
  const row = rowOf(object, attribute, 0);
  return row != NONE && valueSize(meter, row) == 2 && load<u8>(valueAt(meter, row) + 1) != 0;
}

/** Points `r` at the Data in an attribute of `object`; false where it has none. */
export function settingOver(meter: Meter, object: u32, attribute: i32, r: Reader): bool {
  const row = rowOf(object, attribute, 0);
  if (row == NONE || valueSize(meter, row) == 0) return false;
  r.over(valueAt(meter, row), valueSize(meter, row));
  return true;
}
