/** Values that a function of the meter adds to the open record, in the type that their attribute has. */
import { Writer } from "../base/writer";
import { clockStamp, STAMP_SIZE } from "../meter/clock";
import { Meter } from "../store/block";
import { changeAdd, changeValue } from "../store/change";
import { NONE, Template } from "../store/template";
import { rowOf } from "../store/values";
import { Axdr } from "../wire/axdr";
import { numberEmit } from "./number";
import { rowCapacity } from "./setting";

const writer: Writer = changetype<Writer>(memory.data(offsetof<Writer>(), 8));
const octets: usize = memory.data(16, 4);
const stamp: usize = memory.data(12, 4);

/** Adds what `writer` holds as the value of an attribute, where that has room for it. */
function put(meter: Meter, object: u32, attribute: i32): void {
  const size = writer.size;
  if (size > rowCapacity(rowOf(object, attribute, 0))) return;
  changeAdd(meter, Template.of().object(object), attribute, 0, octets, size);
}

/** Adds a number; one beyond its type begins again (`rolls`), or stops at the end. Nothing without such an attribute. */
export function numberPut(meter: Meter, object: u32, attribute: i32, value: i64, rolls: bool): void {
  const row = rowOf(object, attribute, 0);
  if (row == NONE) return;
  numberEmit(writer.into(octets, 16), Template.of().attribute(row).tag, value, rolls);
  put(meter, object, attribute);
}

/** Adds UTC second `utc` as date-time of local time. Nothing without such an attribute. */
export function momentPut(meter: Meter, object: u32, attribute: i32, utc: i64): void {
  momentEmit(meter, utc, writer.into(octets, 16));
  put(meter, object, attribute);
}

/** Gives a row the value that the template has. @returns 0 or the error of the commit */
export function defaultPut(meter: Meter, row: u32): i32 {
  const t = Template.of();
  const a = t.attribute(row);
  return changeValue(meter, row, t.at(a.defaultAt), a.defaultSize);
}

/** Writes UTC second `utc` as date-time of local time, an octet-string. */
export function momentEmit(meter: Meter, utc: i64, w: Writer): void {
  clockStamp(meter, utc, stamp);
  Axdr.octetString(w, stamp, STAMP_SIZE);
}
