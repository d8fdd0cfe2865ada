/**
 * Error register and alarms (IDIS): an event sets its bits in the alarm registers, which stay until a client clears them. A bit that the
 * filter lets pass is set in the descriptor when it rises, and the alarm monitor reports the descriptor (cosem/monitor). The objects
 * are found by their names: register r 0-0:97.98.(r-1), its filter .(10+r-1), its descriptor .(20+r-1); error register 0-0:97.97.0.
 */
import { Err } from "../base/err";
import { EventCode, eventBits, eventRaise } from "../meter/events";
import { EVENT_REGISTERS, Metering } from "../meter/metering_state";
import { Meter } from "../store/block";
import { changeCommit, changeOpen } from "../store/change";
import { EventRow, NONE, ObjectRow, Template } from "../store/template";
import { rowOf } from "../store/values";
import { DataAccessResult } from "../wire/results";
import { Ask } from "./ask";
import { captureEvents } from "./event_log";
import { monitorForget } from "./monitor";
import { named, namedPut } from "./named";
import { changeResult, plainSettable } from "./plain";
import { alarmsForget } from "./push_marks";
import { settingNumber } from "./setting";

const CLASS_DATA: u32 = 1;
const VALUE: i32 = 2;
const ABNORMAL: u32 = 97;
const ERRORS: u32 = 97;
const ALARMS: u32 = 98;
/** A to D of both as they stand in a logical name. */
const ERRORS_NAME: u32 = (ERRORS << 24) | (ABNORMAL << 16);
const ALARMS_NAME: u32 = (ALARMS << 24) | (ABNORMAL << 16);
/** Group E of the first filter and the first descriptor, and how many of each there may be. */
const FILTER: u32 = 10;
const DESCRIPTOR: u32 = 20;
const REGISTERS: u32 = 3;

/** What an object of group C = 97 is: parts of alarms in the order of their E, FILTER apart. */
const enum Part {
  NONE = 0,
  ERROR = 1,
  REGISTER = 2,
  FILTER = 3,
  DESCRIPTOR = 4,
}

/** Object 0-0:97.98.`e`, NONE when the meter has none. */
function alarmObject(e: u32): u32 {
  return named(0, ABNORMAL, ALARMS, e);
}

/** Sets bits of an object in the open record; the bits that rise. */
function bitsSet(meter: Meter, object: u32, bits: u32): u32 {
  if (rowOf(object, VALUE, 0) == NONE) return 0;
  const old = settingNumber(meter, object, VALUE, 0);
  const rising = bits & ~old;
  if (rising != 0) namedPut(meter, object, old | rising);
  return rising;
}

/** Sets the bits of an event, and those that found no room before, in the open record. */
export function alarmsAdd(meter: Meter, event: EventRow): void {
  const m = Metering.of(meter);
  for (let r: u32 = 0; r < EVENT_REGISTERS; r++) {
    const bits = eventBits(event, r) | m.bits(r);
    if (bits == 0) continue;
    if (r == 0) {
      bitsSet(meter, named(0, ABNORMAL, ERRORS, 0), bits);
      continue;
    }
    const rising = bitsSet(meter, alarmObject(r - 1), bits);
    // Without a filter all pass.
    passed(meter, r - 1, rising & settingNumber(meter, alarmObject(FILTER + r - 1), VALUE, rising));
  }
}

/** Sets bits that a filter lets pass in the descriptor of register `index`, from 0, in the open record. */
function passed(meter: Meter, index: u32, bits: u32): void {
  bitsSet(meter, alarmObject(DESCRIPTOR + index), bits);
}

/** What part of the alarm process an object is. */
function partOf(object: ObjectRow): Part {
  if (<u32>object.classId != CLASS_DATA) return Part.NONE;
  const name = load<u32>(object.logicalName);
  const e = <u32>object.ln4;
  if (name == ERRORS_NAME && e == 0) return Part.ERROR;
  if (name != ALARMS_NAME || e >= DESCRIPTOR + REGISTERS || indexOf(object) >= REGISTERS) return Part.NONE;
  return Part.REGISTER + e / FILTER;
}

/** Number of the register that a register, filter or descriptor belongs to, from 0. */
function indexOf(object: ObjectRow): u32 {
  return <u32>object.ln4 % FILTER;
}

/** Number of the descriptor that an object is, from 0; NONE when it is none. */
export function alarmDescriptor(object: u32): u32 {
  const row = Template.of().object(object);
  return partOf(row) == Part.DESCRIPTOR ? indexOf(row) : NONE;
}

/** Value of descriptor `index`, from 0. */
export function alarmDescribed(meter: Meter, index: u32): u32 {
  return settingNumber(meter, alarmObject(DESCRIPTOR + index), VALUE, 0);
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
  const checked = plainSettable(ask);
  if (checked != DataAccessResult.SUCCESS) return checked;
  if (ask.dataSize != 5) return DataAccessResult.TYPE_UNMATCHED;
  const meter = ask.meter;
  // What happened before is in the register that is cleared.
  if (!captureEvents(meter)) return DataAccessResult.TEMPORARY_FAILURE;
  const part = partOf(ask.row);
  const index = indexOf(ask.row);
  const old = settingNumber(meter, ask.object, VALUE, 0);
  const bits = bswap<u32>(load<u32>(ask.dataAt + 1));
  if (part != Part.FILTER && (bits & ~old) != 0) return DataAccessResult.OTHER_REASON;
  if (bits == old) return DataAccessResult.SUCCESS;
  changeOpen(meter);
  namedPut(meter, ask.object, bits);
  if (part == Part.DESCRIPTOR) alarmsForget(meter, index, bits);
  // What the register has of the bits that pass from now on.
  if (part == Part.FILTER) passed(meter, index, bits & ~old & settingNumber(meter, alarmObject(index), VALUE, 0));
  const err = changeCommit(meter);
  if (err != Err.OK) return changeResult(err);
  if (part == Part.DESCRIPTOR) monitorForget(meter, index, bits);
  if (part == Part.ERROR) eventRaise(meter, EventCode.ERROR_REGISTER_CLEARED);
  if (part == Part.REGISTER) eventRaise(meter, EventCode.ALARM_REGISTER_CLEARED);
  captureEvents(meter);
  return DataAccessResult.SUCCESS;
}
