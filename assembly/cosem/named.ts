/**
 * Values that a function of the meter finds by the logical name the standard gives them (OBIS, IEC 62056-6-1). An object that
 * the template does not have is nothing to the function.
 */
import { Meter } from "../store/block";
import { NONE } from "../store/template";
import { objectNamed } from "../store/values";
import { scaled } from "./number";
import { numberPut } from "./put";
import { settingNumber } from "./setting";
import { SCALER_AT, scalerUnitOf } from "./shown";

const VALUE: i32 = 2;

const name: usize = memory.data(6);

/** Object a-0:c.d.e.255, NONE when there is none. */
export function named(a: u32, c: u32, d: u32, e: u32): u32 {
  store<u8>(name, <u8>a);
  store<u8>(name + 1, 0);
  store<u8>(name + 2, <u8>c);
  store<u8>(name + 3, <u8>d);
  store<u8>(name + 4, <u8>e);
  store<u8>(name + 5, 255);
  const object = objectNamed(name);
  return object < 0 ? NONE : <u32>object;
}

/** Decimal digits that the register `object` does not show of a number in thousandths of its unit. */
function digitsOf(meter: Meter, object: u32): u32 {
  const scalerUnit = scalerUnitOf(meter, object, VALUE);
  return scalerUnit == 0 ? 3 : max<i32>(3 + <i32>load<i8>(scalerUnit + SCALER_AT), 0);
}

/** The number in `object` in thousandths of its unit; `otherwise` without the object. */
export function namedMilli(meter: Meter, object: u32, otherwise: i32): i32 {
  if (object == NONE) return otherwise;
  let value = <i64>settingNumber(meter, object, VALUE, 0);
  for (let i = digitsOf(meter, object); i > 0; i--) value *= 10;
  return <i32>min<i64>(value, i32.MAX_VALUE);
}

/** Adds a number in thousandths of its unit to the open record as the value of `object`, NONE for no object. */
export function namedMilliPut(meter: Meter, object: u32, milli: i64): void {
  if (object != NONE) namedPut(meter, object, scaled(milli, digitsOf(meter, object)));
}

/** Adds `value` to the open record as the value of `object`, in the type it has; at the end of the type a number stops. */
export function namedPut(meter: Meter, object: u32, value: i64): void {
  numberPut(meter, object, VALUE, value, false);
}

/** Adds one to a counter, in the open record; behind the end of its type it begins at 0. */
export function namedCount(meter: Meter, object: u32): void {
  if (object != NONE) numberPut(meter, object, VALUE, <i64>settingNumber(meter, object, VALUE, 0) + 1, true);
}
