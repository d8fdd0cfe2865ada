/**
 * Error register and alarms (IDIS): an event sets its bits in the alarm registers, which stay until a client clears them. A bit that the
 * filter lets pass is set in the descriptor when it rises, and the alarm monitor reports the descriptor (cosem/monitor). The objects
 * are found by their names: register r 0-0:97.98.(r-1), its filter .(10+r-1), its descriptor .(20+r-1); error register 0-0:97.97.0.
 */
import { Err } from "../base/err";
import { EventCode, eventBits, eventRaise } from "../meter/events";
import { EVENT_REGISTERS, Metering } from "../meter/metering_state";
import { Meter } from "../store/block";
import { changeCommit, changeOpen, changeReserve } from "../store/change";
import { AttributeFlag, EventRow, NONE, ObjectRow, Template } from "../store/template";
import { objectFind, rowOf } from "../store/values";
import { DataTag } from "../wire/axdr";
import { DataAccessResult } from "../wire/results";
import { Ask } from "./ask";
import { captureEvents } from "./event_log";
import { changeResult, plainCheck, plainRow } from "./plain";
import { monitorForget } from "./monitor";
import { alarmsForget } from "./push_marks";
import { settingNumber } from "./setting";

const CLASS_DATA: u32 = 1;
const VALUE: i32 = 2;
const ABNORMAL: u32 = 97;
const ERRORS: u32 = 97;
const ALARMS: u32 = 98;
/** Group E of the first filter and the first descriptor, and how many of each there may be. */
const FILTER: u32 = 10;
const DESCRIPTOR: u32 = 20;
const REGISTERS: u32 = 3;

const name: usize = memory.data<u8>([0, 0, 97, 98, 0, 255]);

/** What an object of group C = 97 is. */
const enum Part {
  NONE = 0,
  ERROR = 1,
  REGISTER = 2,
  FILTER = 3,
  DESCRIPTOR = 4,
}

/** Object 0-0:97.98.`e`, NONE when the meter has none. */
function alarmObject(e: u32): u32 {
  store<u8>(name + 3, <u8>ALARMS);
  store<u8>(name + 4, <u8>e);
  const found = objectFind(CLASS_DATA, name);
  return found < 0 ? NONE : <u32>found;
}

function errorObject(): u32 {
  store<u8>(name + 3, <u8>ERRORS);
  store<u8>(name + 4, 0);
  const found = objectFind(CLASS_DATA, name);
  return found < 0 ? NONE : <u32>found;
}

/** Adds a value to the open record. */
function bitsPut(meter: Meter, object: u32, bits: u32): void {
  const to = changeReserve(meter, Template.of().object(object), VALUE, 0, 5);
  if (to == 0) return;
  store<u8>(to, <u8>DataTag.DOUBLE_LONG_UNSIGNED);
  store<u32>(to + 1, bswap<u32>(bits));
}

/** Sets bits of an object in the open record; the bits that rise. */
function bitsSet(meter: Meter, object: u32, bits: u32): u32 {
  if (object == NONE || rowOf(object, VALUE, 0) == NONE) return 0;
  const old = settingNumber(meter, object, VALUE, 0);
  const rising = bits & ~old;
  if (rising != 0) bitsPut(meter, object, old | rising);
  return rising;
}

/** Sets the bits of an event, and those that found no room before, in the open record. */
export function alarmsAdd(meter: Meter, event: EventRow): void {
  const m = Metering.of(meter);
  for (let r: u32 = 0; r < EVENT_REGISTERS; r++) {
    const bits = eventBits(event, r) | m.bits(r);
    if (bits == 0) continue;
    if (r == 0) {
      bitsSet(meter, errorObject(), bits);
      continue;
    }
    const rising = bitsSet(meter, alarmObject(r - 1), bits);
    const filter = alarmObject(FILTER + r - 1);
    if (rising != 0) describe(meter, r, filter == NONE ? rising : rising & settingNumber(meter, filter, VALUE, 0));
  }
}

/** Sets bits in the descriptor of register `r` in the open record. */
function describe(meter: Meter, r: u32, bits: u32): void {
  bitsSet(meter, alarmObject(DESCRIPTOR + r - 1), bits);
}

/** What part of the alarm process an object is. */
function partOf(object: ObjectRow): Part {
  if (<u32>object.classId != CLASS_DATA || <u32>object.ln2 != ABNORMAL || object.ln0 != 0 || object.ln1 != 0)
    return Part.NONE;
  const e = <u32>object.ln4;
  if (<u32>object.ln3 == ERRORS) return e == 0 ? Part.ERROR : Part.NONE;
  if (<u32>object.ln3 != ALARMS) return Part.NONE;
  if (e < REGISTERS) return Part.REGISTER;
  if (e - FILTER < REGISTERS) return Part.FILTER;
  return e - DESCRIPTOR < REGISTERS ? Part.DESCRIPTOR : Part.NONE;
}

/** Number of the descriptor that an object is, from 0; NONE when it is none. */
export function alarmDescriptor(object: u32): u32 {
  const row = Template.of().object(object);
  return partOf(row) == Part.DESCRIPTOR ? <u32>row.ln4 - DESCRIPTOR : NONE;
}

/** Value of descriptor `index`, from 0. */
export function alarmDescribed(meter: Meter, index: u32): u32 {
  const object = alarmObject(DESCRIPTOR + index);
  return object == NONE ? 0 : settingNumber(meter, object, VALUE, 0);
}

/** Whether SET of the object's value is alarmSet()'s. */
export function alarmOwns(ask: Ask): bool {
  return ask.attribute == VALUE && partOf(ask.row) != Part.NONE;
}

/**
 * SET of a register, descriptor or filter. A client clears bits of the first two, it cannot set one: other-reason. Clearing an alarm
 * or error register is an event. A filter that lets a bit pass which its register has raises it: AR AND AF rises.
 */
export function alarmSet(ask: Ask): i32 {
  const row = plainRow(ask);
  if (row < 0 || (Template.of().attribute(row).flags & AttributeFlag.SETTABLE) == 0)
    return DataAccessResult.READ_WRITE_DENIED;
  const checked = plainCheck(Template.of().attribute(row), ask.dataAt, ask.dataSize);
  if (checked != DataAccessResult.SUCCESS) return checked;
  if (ask.dataSize != 5) return DataAccessResult.TYPE_UNMATCHED;
  const meter = ask.meter;
  // What happened before is in the register that is cleared.
  if (!captureEvents(meter)) return DataAccessResult.TEMPORARY_FAILURE;
  const part = partOf(ask.row);
  const old = settingNumber(meter, ask.object, VALUE, 0);
  const bits = bswap<u32>(load<u32>(ask.dataAt + 1));
  if (part != Part.FILTER && (bits & ~old) != 0) return DataAccessResult.OTHER_REASON;
  if (bits == old) return DataAccessResult.SUCCESS;
  changeOpen(meter);
  bitsPut(meter, ask.object, bits);
  if (part == Part.DESCRIPTOR) alarmsForget(meter, <u32>ask.row.ln4 - DESCRIPTOR, bits);
  if (part == Part.FILTER) passed(meter, <u32>ask.row.ln4 - FILTER, bits & ~old);
  const err = changeCommit(meter);
  if (err != Err.OK) return changeResult(err);
  if (part == Part.DESCRIPTOR) monitorForget(meter, <u32>ask.row.ln4 - DESCRIPTOR, bits);
  if (part == Part.ERROR) eventRaise(meter, EventCode.ERROR_REGISTER_CLEARED);
  if (part == Part.REGISTER) eventRaise(meter, EventCode.ALARM_REGISTER_CLEARED);
  captureEvents(meter);
  return DataAccessResult.SUCCESS;
}

/** Bits that a filter has begun to let pass. */
function passed(meter: Meter, register: u32, bits: u32): void {
  const object = alarmObject(register);
  if (object != NONE) describe(meter, register + 1, bits & settingNumber(meter, object, VALUE, 0));
}
