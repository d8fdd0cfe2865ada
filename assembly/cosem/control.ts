/**
 * Disconnectors and relays (class_id 70): their outputs, who switches them, and what the log says. A switch is one record
 * {control_state, output_state}. Which output it is says B of the logical name: 0 the supply, k relay k.
 */
import { Err } from "../base/err";
import { disconnectorEvent, disconnectorNext, ControlState, REFUSED, Trigger } from "../meter/disconnector";
import { EventCode } from "../meter/events";
import { Meter } from "../store/block";
import { changeCommit, changeOpen } from "../store/change";
import { CONTROL_AT, FUNCTIONS_AT } from "../store/layout";
import { NONE, ObjectRow, Template } from "../store/template";
import { objectOfClass, rowOf } from "../store/values";
import { DataTag } from "../wire/axdr";
import { ActionResult } from "../wire/results";
import { Caller } from "./ask";
import { captureEvent } from "./event_log";
import { limitersBoot, limitersClock, limitersRun, limitersSampled } from "./limiter";
import { changeResult } from "./plain";
import { settingFlag, settingNumber, valueKeep } from "./setting";

const CLASS_DISCONNECT: u32 = 70;
const OUTPUT_STATE: i32 = 2;
const CONTROL_STATE: i32 = 3;
const CONTROL_MODE: i32 = 4;
/** C, D and E of a disconnector's or relay's logical name (0-b:96.3.10); other objects of the class are valves of M-Bus devices. */
const DISCONNECTOR_CDE: u32 = 0x0a0360;
const OUTPUTS_MAX: u32 = 32;
const NOT_TOLD: u32 = 0xffffffff;

@unmanaged
class Control {
  /** Bit b: output b is closed; as the host knows it; does not follow. */
  outputs: u32;
  told: u32;
  stuck: u32;

  @inline
  static of(meter: Meter): Control {
    return changetype<Control>(meter.area(CONTROL_AT));
  }
}

if (CONTROL_AT + offsetof<Control>() > FUNCTIONS_AT) ERROR("outputs stand in front of function control");

/** Two octets: tag and content. */
const value: usize = memory.data(4, 4);

/** Number of the output of an object of the class; OUTPUTS_MAX when it is none of the meter's own. */
function outputOf(row: ObjectRow): u32 {
  const cde = load<u32>(row.logicalName + 2) & 0xffffff;
  return cde == DISCONNECTOR_CDE && <u32>row.ln1 < OUTPUTS_MAX - 1 ? <u32>row.ln1 : OUTPUTS_MAX;
}

/** Outputs and limiters as they were kept. */
export function controlBoot(meter: Meter): void {
  const c = Control.of(meter);
  c.told = NOT_TOLD;
  // Without a disconnector the supply is connected.
  c.outputs = 1;
  for (let i: u32 = 0; i < OUTPUTS_MAX; i++) {
    const object = objectOfClass(CLASS_DISCONNECT, i);
    if (object < 0) break;
    outputTake(meter, <u32>object);
  }
  limitersBoot(meter);
}

/** Takes an output as output_state says. */
function outputTake(meter: Meter, object: u32): void {
  const c = Control.of(meter);
  const output = outputOf(Template.of().object(object));
  if (output == OUTPUTS_MAX) return;
  const bit = (<u32>1) << output;
  c.outputs = settingFlag(meter, object, OUTPUT_STATE) ? c.outputs | bit : c.outputs & ~bit;
}

/** One instant of the duty. @returns false when the flash is behind */
export function controlRun(meter: Meter): bool {
  return limitersRun(meter);
}

export function controlSampled(meter: Meter): void {
  limitersSampled(meter);
}

/** The clock or local time has moved. */
export function controlClock(meter: Meter): void {
  limitersClock(meter);
}

/** Whether the supply is connected. */
export function outputConnected(meter: Meter): bool {
  return (Control.of(meter).outputs & 1) != 0;
}

/** The outputs, bit b = output b is closed, when the host does not know them yet; -1 when it does. */
export function outputsTell(meter: Meter): i32 {
  const c = Control.of(meter);
  if (c.told == c.outputs) return -1;
  c.told = c.outputs;
  return <i32>c.outputs;
}

function octetKeep(meter: Meter, object: u32, attribute: i32, tag: u32, octet: u32): void {
  store<u8>(value, <u8>tag);
  store<u8>(value + 1, <u8>octet);
  valueKeep(meter, rowOf(object, attribute, 0), value, 2);
}

/** Adds a state and the output that follows from it, where it follows, to the open record. */
function stateAdd(meter: Meter, object: u32, state: u32, follows: bool): void {
  octetKeep(meter, object, CONTROL_STATE, DataTag.ENUM, state);
  if (follows) octetKeep(meter, object, OUTPUT_STATE, DataTag.BOOLEAN, state == ControlState.CONNECTED ? 1 : 0);
}

/** What has happened to the supply is logged; relays have no events of IDIS. */
function tell(meter: Meter, output: u32, code: u32): void {
  if (output != 0) return;
  captureEvent(meter, code);
}

/**
 * A trigger on a disconnector or relay.
 * @returns an Action-Result: other-reason when control_mode has no such transition
 */
export function controlTrigger(meter: Meter, object: u32, trigger: u32): i32 {
  const state = settingNumber(meter, object, CONTROL_STATE, ControlState.CONNECTED);
  const next = disconnectorNext(settingNumber(meter, object, CONTROL_MODE, 0), state, trigger);
  if (next == REFUSED) return ActionResult.OTHER_REASON;
  if (<u32>next == state) return ActionResult.SUCCESS;
  const output = outputOf(Template.of().object(object));
  const follows = output == OUTPUTS_MAX || (Control.of(meter).stuck & ((<u32>1) << output)) == 0;
  changeOpen(meter);
  stateAdd(meter, object, next, follows);
  const err = changeCommit(meter);
  if (err != Err.OK) return changeResult(err);
  outputTake(meter, object);
  tell(meter, output, follows ? disconnectorEvent(trigger, next) : EventCode.DISCONNECTOR_FAILURE);
  return ActionResult.SUCCESS;
}

/**
 * A method of class 70. A script that a limiter or a monitor runs acts on the supply as the meter itself: locally. On relays, which
 * nobody reconnects by hand, it acts as a schedule or a client does: remotely.
 */
export function controlInvoke(meter: Meter, object: u32, caller: u32, reconnect: bool): i32 {
  const local = caller == <u32>Caller.MONITOR && outputOf(Template.of().object(object)) == 0;
  if (reconnect) return controlTrigger(meter, object, local ? Trigger.LOCAL_RECONNECT : Trigger.REMOTE_RECONNECT);
  return controlTrigger(meter, object, local ? Trigger.LOCAL_DISCONNECT : Trigger.REMOTE_DISCONNECT);
}

/** After a SET of control_mode to 0, "always connected", in the open record. */
export function controlAlwaysAdd(meter: Meter, object: u32): void {
  stateAdd(meter, object, ControlState.CONNECTED, true);
}

/** The record of controlAlwaysAdd() is closed; `before` is the state that was. */
export function controlAlways(meter: Meter, object: u32, before: u32): void {
  outputTake(meter, object);
  const output = outputOf(Template.of().object(object));
  if (before != <u32>ControlState.CONNECTED)
    tell(meter, output, disconnectorEvent(Trigger.REMOTE_RECONNECT, ControlState.CONNECTED));
}

/** The disconnector of the supply, NONE without one. */
function supply(): u32 {
  let index: u32 = 0;
  let object = objectOfClass(CLASS_DISCONNECT, index);
  while (object >= 0 && outputOf(Template.of().object(object)) != 0) object = objectOfClass(CLASS_DISCONNECT, ++index);
  return object < 0 ? NONE : <u32>object;
}

/** The push button of the meter: a short press reconnects, a long one (2) disconnects, where the mode lets a person do so. */
export function controlButton(meter: Meter, press: i32): void {
  const object = supply();
  if (object == NONE) return;
  const state = settingNumber(meter, object, CONTROL_STATE, ControlState.CONNECTED);
  if (press == 1 && state == <u32>ControlState.READY_FOR_RECONNECTION)
    controlTrigger(meter, object, Trigger.MANUAL_RECONNECT);
  if (press == 2 && state == <u32>ControlState.CONNECTED) controlTrigger(meter, object, Trigger.MANUAL_DISCONNECT);
}

/** The output of the supply does not follow (1), or does again (0): then it takes the state that control_state has. */
export function controlFailure(meter: Meter, failed: i32): void {
  const c = Control.of(meter);
  const object = supply();
  const was = (c.stuck & 1) != 0;
  if (object == NONE || was == (failed != 0)) return;
  c.stuck = failed != 0 ? c.stuck | 1 : c.stuck & ~1;
  if (failed != 0) {
    tell(meter, 0, EventCode.DISCONNECTOR_FAILURE);
    return;
  }
  changeOpen(meter);
  stateAdd(meter, object, settingNumber(meter, object, CONTROL_STATE, ControlState.CONNECTED), true);
  if (changeCommit(meter) == Err.OK) outputTake(meter, object);
}
