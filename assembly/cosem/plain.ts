/** Attributes without a class behaviour: a computed quantity, else the meter's own value, else the template's default. */
import { Err } from "../base/err";
import { Reader } from "../base/reader";
import { Writer } from "../base/writer";
import { clockSeconds, clockStamp, STAMP_SIZE } from "../meter/clock";
import { Quantity, quantityCounts, quantityRead } from "../meter/quantity";
import { contextOf, SecurityContext } from "../session/keys";
import { Meter } from "../store/block";
import { changeValue } from "../store/change";
import { AttributeFlag, AttributeRow, NONE, Template } from "../store/template";
import { attributeFind, objectFind } from "../store/values";
import { Axdr, DataTag } from "../wire/axdr";
import { dataInteger, dataMatches } from "../wire/data";
import { DataAccessResult } from "../wire/results";
import { arraySplice, Stretch } from "./array_value";
import { Ask } from "./ask";
import { captureStatus } from "./capture";
import { historyEmit } from "./history";
import { numberEmit, scaled } from "./number";
import { Activation, CLASS_ACTIVATION } from "./register_activation";
import { rowCapacity, rowNamed, valueEmit } from "./setting";

/** Register activations of energies and of maximum demands. */
const ENERGY_ACTIVATION: usize = memory.data<u8>([0, 0, 14, 0, 1, 255]);
const DEMAND_ACTIVATION: usize = memory.data<u8>([0, 0, 14, 0, 2, 255]);

const reader: Reader = changetype<Reader>(memory.data(offsetof<Reader>(), 8));
const setupName: usize = memory.data(6);
const stamp: usize = memory.data(12, 4);
/** A date-time with the head of an octet-string. */
const normal: usize = memory.data(16, 4);

/** Row of the asked attribute that a service may see, -1 when the template gives none. */
export function plainRow(ask: Ask): i32 {
  const row = attributeFind(ask.row, ask.attribute, 0);
  if (row < 0 || (Template.of().attribute(row).flags & AttributeFlag.HIDDEN) != 0) return -1;
  return row;
}

/** Row of the asked attribute that a client may set, -1 when there is none. */
export function settableRow(ask: Ask): i32 {
  const row = plainRow(ask);
  return row < 0 || (Template.of().attribute(row).flags & AttributeFlag.SETTABLE) == 0 ? -1 : row;
}

/** Answers GET of an attribute that no class computes. */
export function plainGet(ask: Ask, out: Writer): i32 {
  if (ask.attribute == 1) {
    Axdr.logicalName(out, ask.row.logicalName);
    return DataAccessResult.SUCCESS;
  }
  const row = plainRow(ask);
  if (row < 0) return DataAccessResult.OBJECT_UNAVAILABLE;
  const a = Template.of().attribute(row);
  if ((a.flags & AttributeFlag.COMPUTED) != 0 && computedGet(ask, a, out)) return DataAccessResult.SUCCESS;
  return valueGet(ask, row, out);
}

/** Answers GET with the value of a row, NONE = there is none. */
export function valueGet(ask: Ask, row: u32, out: Writer): i32 {
  return row != NONE && valueEmit(ask.meter, row, out) ? DataAccessResult.SUCCESS : DataAccessResult.OBJECT_UNAVAILABLE;
}

/** Writes a computed quantity; false for one whose value is stored after all (system title, logical device name). */
function computedGet(ask: Ask, a: AttributeRow, out: Writer): bool {
  const meter = ask.meter;
  const quantity = <u32>a.quantity;
  switch (quantity) {
    case Quantity.CLOCK_TIME:
      return nowEmit(meter, 0, STAMP_SIZE, out);
    case Quantity.ACTIVE_TARIFF:
      return maskEmit(meter, ENERGY_ACTIVATION, out);
    case Quantity.ACTIVE_DEMAND_TARIFF:
      return maskEmit(meter, DEMAND_ACTIVATION, out);
    case Quantity.HISTORY:
      historyEmit(meter, a, out);
      return true;
    case Quantity.LOCAL_TIME:
      return nowEmit(meter, 5, 4, out);
    case Quantity.LOCAL_DATE:
      return nowEmit(meter, 0, 5, out);
    case Quantity.PROFILE_STATUS_1:
    case Quantity.PROFILE_STATUS_2:
      numberEmit(out, a.tag, captureStatus(meter, quantity), false);
      return true;
    case Quantity.INVOCATION_COUNTER:
      return counterEmit(ask, a.tag, out);
    case Quantity.SYSTEM_TITLE:
    case Quantity.LOGICAL_DEVICE_NAME:
      return false;
    default:
      numberEmit(out, a.tag, scaled(quantityRead(meter, quantity), a.digits), quantityCounts(quantity));
      return true;
  }
}

/** Writes `size` octets of the date-time of now, the first of them at `from`. */
function nowEmit(meter: Meter, from: usize, size: u32, out: Writer): bool {
  clockStamp(meter, clockSeconds(meter), stamp);
  Axdr.octetString(out, stamp + from, size);
  return true;
}

/** The active mask of a register activation; false in a template without it. */
function maskEmit(meter: Meter, name: usize, out: Writer): bool {
  const row = rowNamed(CLASS_ACTIVATION, name, Activation.ACTIVE_MASK);
  return row != NONE && valueEmit(meter, row, out);
}

/** Lowest acceptable counter of the Security setup 0-0:43.0.e for the object 0-0:43.1.e (decision 15); false without one. */
function counterEmit(ask: Ask, tag: u32, out: Writer): bool {
  memory.copy(setupName, ask.row.logicalName, 6);
  store<u8>(setupName + 3, 0);
  const object = objectFind(64, setupName);
  const context = object < 0 ? NONE : contextOf(object);
  if (context == NONE) return false;
  numberEmit(out, tag, SecurityContext.of(ask.meter, context).receiveLowest, false);
  return true;
}

/**
 * Whether the value of a SET has the type of the row and lies in its range.
 * @returns 0, type-unmatched or other-reason
 */
export function plainCheck(a: AttributeRow, at: usize, size: u32): i32 {
  const r = reader.over(at, size);
  dataMatches(r, Template.of().at(a.typeAt), a.typeSize);
  if (!r.done) return DataAccessResult.TYPE_UNMATCHED;
  if ((a.flags & AttributeFlag.RANGED) == 0) return DataAccessResult.SUCCESS;
  const value = dataInteger(reader.over(at, size));
  if (reader.err != Err.OK || value < a.min || value > a.max) return DataAccessResult.OTHER_REASON;
  return DataAccessResult.SUCCESS;
}

/** Result of a SET whose record could not be closed. */
export function changeResult(err: i32): i32 {
  if (err == Err.OK) return DataAccessResult.SUCCESS;
  return err == Err.NO_SPACE ? DataAccessResult.TEMPORARY_FAILURE : DataAccessResult.OTHER_REASON;
}

/** Whether plainSet() would take the value, room aside: for classes that ask more of it. */
export function plainSettable(ask: Ask): i32 {
  const row = settableRow(ask);
  if (row < 0) return DataAccessResult.READ_WRITE_DENIED;
  return plainCheck(Template.of().attribute(row), ask.dataAt, ask.dataSize);
}

/** Answers SET of an attribute that no class looks after. */
export function plainSet(ask: Ask): i32 {
  return plainSetGood(ask, true);
}

/** As plainSet(); a value of the right type that is not `good` to its class is refused. */
export function plainSetGood(ask: Ask, good: bool): i32 {
  const result = plainSettable(ask);
  if (result != DataAccessResult.SUCCESS) return result;
  if (!good) return DataAccessResult.OTHER_REASON;
  const row = <u32>plainRow(ask);
  const a = Template.of().attribute(row);
  const tag = <i32>load<u8>(ask.dataAt);
  // Date and time attributes are octet-strings in the Blue Book and read as such, in whatever form they were set.
  if (a.tag == DataTag.OCTET_STRING && tag >= DataTag.DATE_TIME && tag <= DataTag.TIME) {
    store<u8>(normal, <u8>DataTag.OCTET_STRING);
    store<u8>(normal + 1, <u8>(ask.dataSize - 1));
    memory.copy(normal + 2, ask.dataAt + 1, <usize>(ask.dataSize - 1));
    return valueSet(ask, row, normal, ask.dataSize + 1);
  }
  return valueSet(ask, row, ask.dataAt, ask.dataSize);
}

/** Puts `added` elements, the parameter of a method, in the place of a stretch of the array in a row. */
export function plainSplice(ask: Ask, row: u32, stretch: Stretch, added: u32): i32 {
  const size = added != 0 ? ask.dataSize : 0;
  return changeResult(arraySplice(ask.meter, row, stretch, ask.dataAt, size, added));
}

/** Answers SET of a row with a value that has been checked, room aside. */
export function valueSet(ask: Ask, row: u32, at: usize, size: u32): i32 {
  if (size > rowCapacity(row)) return DataAccessResult.OTHER_REASON;
  return changeResult(changeValue(ask.meter, row, at, size));
}
