/** What the meter itself reads of its objects: values to compare and to show, which are short. */
import { Err } from "../base/err";
import { Writer } from "../base/writer";
import { Meter } from "../store/block";
import { NONE, Template } from "../store/template";
import { rowOf, valueAt, valueSize } from "../store/values";
import { DataAccessResult } from "../wire/results";
import { Ask, Caller, Pin, PinKind, PIN_SIZE } from "./ask";
import { classGet } from "./classes";

const CLASS_REGISTER: u32 = 3;
const CLASS_EXTENDED_REGISTER: u32 = 4;
const CLASS_DEMAND_REGISTER: u32 = 5;
/** Octets of a scaler_unit: structure {scaler integer, unit enum}, 02 02 0F ss 16 uu; where its scaler and its unit stand. */
const SCALER_UNIT_SIZE: u32 = 6;
export const SCALER_AT: usize = 3;
export const UNIT_AT: usize = 5;

const ask: Ask = changetype<Ask>(memory.data(offsetof<Ask>(), 8));
const pin: Pin = changetype<Pin>(memory.data(128, 8));

if (PIN_SIZE != 128) ERROR("a pin has 128 octets");

/** Writes an attribute as Data. @returns false where it has no value, a long one or one without room: what was written does not count */
export function shownEmit(meter: Meter, object: u32, attribute: i32, caller: Caller, out: Writer): bool {
  ask.about(meter, object, attribute, caller);
  ask.pin = pin;
  pin.kind = PinKind.NONE;
  return classGet(ask, out) == DataAccessResult.SUCCESS && out.err == Err.OK && pin.kind == PinKind.NONE;
}

/** Where the scaler_unit stands in which the number of an attribute counts, 0 = a plain number (Blue Book, class_id 3, 4 and 5). */
export function scalerUnitOf(meter: Meter, object: u32, attribute: i32): usize {
  const classId = <u32>Template.of().object(object).classId;
  const demand = classId == CLASS_DEMAND_REGISTER;
  if (!demand && classId != CLASS_REGISTER && classId != CLASS_EXTENDED_REGISTER) return 0;
  if (attribute != 2 && !(demand && attribute == 3)) return 0;
  const row = rowOf(object, demand ? 4 : 3, 0);
  return row != NONE && valueSize(meter, row) == SCALER_UNIT_SIZE ? valueAt(meter, row) : 0;
}
