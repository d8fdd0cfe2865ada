/**
 * Functions of the meter that a client switches off and on (class_id 122): capturing of profiles, display, interfaces, mechanisms of
 * authentication. What a function is, its specifications say: a profile is captured, a display list shown, an interface (its
 * setup object) listens; and its name where no object says it: "mechanism n" is authentication mechanism n.
 */
import { octetsSame } from "../base/octets";
import { Err } from "../base/err";
import { Reader } from "../base/reader";
import { Writer } from "../base/writer";
import { EventCode, eventRaise } from "../meter/events";
import { Meter } from "../store/block";
import { FUNCTIONS_AT, TIME_SOURCE_AT } from "../store/layout";
import { NONE, Template } from "../store/template";
import { objectFind, objectOfClass, rowOf } from "../store/values";
import { Axdr, DataTag } from "../wire/axdr";
import { dataSkip } from "../wire/data";
import { ActionResult } from "../wire/results";
import { arraySplice, Stretch } from "./array_value";
import { captureEnable, captureEvents } from "./capture";
import { captureEvent } from "./event_log";
import { changeResult } from "./plain";
import { settingArray, settingOver, valueKeep } from "./setting";

const CLASS_FUNCTION_CONTROL: u32 = 122;
const STATUS: i32 = 2;
const LIST: i32 = 3;
const STATUS_SIZE: u32 = 640;
const NAME_SIZE_MAX: u32 = 32;

const CLASS_PROFILE: u32 = 7;
/** "mechanism " in front of the number of one. */
const MECHANISM: usize = memory.data<u8>([109, 101, 99, 104, 97, 110, 105, 115, 109, 32]);
const MECHANISM_SIZE: u32 = 10;

/** What is off: bit p port p, bit m mechanism m, bit k profile k. */
@unmanaged
class Functions {
  ports: u32;
  mechanisms: u32;
  profiles: u32;

  @inline
  static of(meter: Meter): Functions {
    return changetype<Functions>(meter.area(FUNCTIONS_AT));
  }
}

if (FUNCTIONS_AT + offsetof<Functions>() > TIME_SOURCE_AT) ERROR("functions stand in front of the time source");

/** The name of a function, in front of its specifications in function_list, of its status in activation_status and in requests. */
@unmanaged
class Name {
  at: usize;
  size: u32;

  /** Reads the name alone. */
  take(r: Reader): void {
    this.size = Axdr.readOctetStringSize(r);
    this.at = r.take(this.size);
  }

  /** Reads the head of an element {name, …} and its name; `r.start` is where the element begins from now on. */
  read(r: Reader): void {
    r.start = r.pos;
    Axdr.readStructure(r, 2);
    this.take(r);
  }
}

/** The name that something is asked or done for, and the one that elementFind() has come past last. */
const named: Name = changetype<Name>(memory.data(offsetof<Name>(), 4));
const passed: Name = changetype<Name>(memory.data(offsetof<Name>(), 4));
const stretch: Stretch = changetype<Stretch>(memory.data(offsetof<Stretch>(), 4));
const reader: Reader = changetype<Reader>(memory.data(offsetof<Reader>(), 8));
const statuses: Reader = changetype<Reader>(memory.data(offsetof<Reader>(), 8));
const wanted: Reader = changetype<Reader>(memory.data(offsetof<Reader>(), 8));
const off: Functions = changetype<Functions>(memory.data(offsetof<Functions>(), 4));
const writer: Writer = changetype<Writer>(memory.data(offsetof<Writer>(), 8));
const value: usize = memory.data(640, 8);

/** Whether the meter does not listen on a port now. */
export function functionPortOff(meter: Meter, port: u32): bool {
  return ((Functions.of(meter).ports >> port) & 1) != 0;
}

/** Whether an authentication mechanism is switched off. */
export function functionMechanismOff(meter: Meter, mechanism: u32): bool {
  return ((Functions.of(meter).mechanisms >> mechanism) & 1) != 0;
}

/** Whether a display list is not shown now. */
export function functionProfileOff(meter: Meter, profile: u32): bool {
  return ((Functions.of(meter).profiles >> profile) & 1) != 0;
}

/** Takes what is off from the values, when they are there. */
export function functionsBoot(meter: Meter): void {
  apply(meter, false);
}

/**
 * Looks for the element {name, …} of a name among the `left` ones that `r` stands in front of; then `r` stands behind the name, and
 * `r.start` is where the element begins. @returns how many are left with this one, 0 = there is none
 */
function elementFind(r: Reader, left: u32, name: Name): u32 {
  for (; left != 0; left--) {
    passed.read(r);
    if (r.err == Err.OK && passed.size == name.size && octetsSame(passed.at, name.at, name.size)) return left;
    dataSkip(r);
  }
  return 0;
}

/** Whether function_list has a function; `reader` stands behind its name. */
function functionFind(meter: Meter, object: u32, name: Name): bool {
  return elementFind(reader, settingArray(meter, object, LIST, reader), name) != 0;
}

/** Status of a function; one that activation_status does not name is on. */
function isOn(meter: Meter, object: u32, name: Name): bool {
  const r = statuses;
  if (elementFind(r, settingArray(meter, object, STATUS, r), name) == 0) return true;
  const on = Axdr.readBoolean(r);
  return on || r.err != Err.OK;
}

/** Adds what the object {class, name} stands for to what is off. */
function specificationOff(classId: u32, name: usize): void {
  const found = objectFind(classId, name);
  if (found < 0) return;
  const t = Template.of();
  if (classId == CLASS_PROFILE) {
    off.profiles |= (<u32>1) << (<u32>t.object(found).instance);
    return;
  }
  for (let p: u32 = 0; p < <u32>t.portCount; p++) {
    const port = t.port(p);
    // A local port setup stands for the line it signs on, the setup of a link for the ports that have no such object.
    const own = <u32>port.localObject != NONE ? <u32>port.localObject : <u32>port.setupObject;
    if (own == <u32>found) off.ports |= (<u32>1) << p;
  }
}

/** Adds what a name says by itself. */
function nameOff(name: Name): void {
  if (name.size != MECHANISM_SIZE + 1 || !octetsSame(name.at, MECHANISM, MECHANISM_SIZE)) return;
  const digit = <u32>load<u8>(name.at + MECHANISM_SIZE) - 0x30;
  if (digit < 8) off.mechanisms |= (<u32>1) << digit;
}

/** Computes what is off and lets it take effect. @returns how many profiles have said so in the log, which they do when it is `told` */
function apply(meter: Meter, told: bool): i32 {
  memory.fill(changetype<usize>(off), 0, offsetof<Functions>());
  const object = objectOfClass(CLASS_FUNCTION_CONTROL, 0);
  const count: u32 = object < 0 ? 0 : settingArray(meter, object, LIST, reader);
  for (let i: u32 = 0; i < count; i++) functionTake(meter, object, reader);
  const state = Functions.of(meter);
  const changed = state.profiles ^ off.profiles;
  memory.copy(changetype<usize>(state), changetype<usize>(off), offsetof<Functions>());
  let logged = 0;
  for (let p: u32 = 0; p < <u32>Template.of().profileCount; p++) {
    if (((changed >> p) & 1) != 0 && captureEnable(meter, p, ((state.profiles >> p) & 1) == 0, told)) logged++;
  }
  return logged;
}

/** Reads an element of function_list, and takes it when it is off. */
function functionTake(meter: Meter, object: u32, r: Reader): void {
  named.read(r);
  const count = Axdr.readArray(r);
  if (r.err != Err.OK) return;
  const isOff = !isOn(meter, object, named);
  if (isOff) nameOff(named);
  for (let i: u32 = 0; i < count; i++) {
    Axdr.readStructure(r, 2);
    const classId = Axdr.readLongUnsigned(r);
    const logicalName = Axdr.readLogicalName(r);
    if (isOff && r.err == Err.OK) specificationOff(classId, logicalName);
  }
}

/** Status that a request {name, status} … at `at` wants for a function, else the one it has. */
function statusWanted(meter: Meter, object: u32, at: usize, size: u32, name: Name): bool {
  const r = wanted.over(at, size);
  let on = isOn(meter, object, name);
  // Of several the last one counts.
  for (let left = Axdr.readArray(r); (left = elementFind(r, left, name)) != 0; left--) on = Axdr.readBoolean(r);
  return on;
}

/** Writes activation_status anew: each function of the list with the status a request wants. @returns 0 or Err */
function statusKeep(meter: Meter, object: u32, requestAt: usize, requestSize: u32): i32 {
  const r = reader;
  const w = writer.into(value, STATUS_SIZE);
  const count = settingArray(meter, object, LIST, r);
  Axdr.array(w, count);
  for (let i: u32 = 0; i < count; i++) {
    named.read(r);
    dataSkip(r);
    if (r.err != Err.OK) return Err.LIMIT;
    Axdr.structure(w, 2);
    Axdr.octetString(w, named.at, named.size);
    Axdr.boolean(w, statusWanted(meter, object, requestAt, requestSize, named));
  }
  return w.err == Err.OK ? valueKeep(meter, rowOf(object, STATUS, 0), value, w.size) : <i32>Err.LIMIT;
}

/** Functions whose status a request changes; Err.UNKNOWN for another type, Err.LIMIT for a name that is not in the list. */
function requestCheck(meter: Meter, object: u32, at: usize, size: u32): i32 {
  const r = wanted.over(at, size);
  const count = Axdr.readArray(r);
  let changes: i32 = 0;
  let unknown = false;
  for (let i: u32 = 0; i < count; i++) {
    named.read(r);
    const status = Axdr.readBoolean(r);
    if (r.err != Err.OK) break;
    if (!functionFind(meter, object, named)) unknown = true;
    else if (isOn(meter, object, named) != status) changes++;
  }
  if (!r.done) return Err.UNKNOWN;
  return unknown ? <i32>Err.LIMIT : changes;
}

/** Method 1, set_function_status: all of them, or none when one is not known. */
export function functionStatusSet(meter: Meter, object: u32, at: usize, size: u32): i32 {
  const changes = requestCheck(meter, object, at, size);
  if (changes == <i32>Err.UNKNOWN) return ActionResult.TYPE_UNMATCHED;
  if (changes < 0) return ActionResult.OTHER_REASON;
  if (changes == 0) return ActionResult.SUCCESS;
  const err = statusKeep(meter, object, at, size);
  if (err != Err.OK) return changeResult(err);
  // Each switch is logged: load profiles have events of their own, for others parameters have changed.
  if (changes > apply(meter, true)) eventRaise(meter, EventCode.PARAMETERS_CHANGED);
  captureEvents(meter);
  return ActionResult.SUCCESS;
}

/** Puts `added` functions, `size` octets at `at`, in the place of a stretch of the list, with their statuses, and lets both take effect. */
function listChange(meter: Meter, object: u32, at: usize, size: u32, added: u32): i32 {
  let err = arraySplice(meter, rowOf(object, LIST, 0), stretch, at, size, added);
  if (err == Err.OK) err = statusKeep(meter, object, 0, 0);
  if (err != Err.OK) return changeResult(err);
  apply(meter, true);
  captureEvent(meter, EventCode.PARAMETERS_CHANGED);
  return ActionResult.SUCCESS;
}

/** Method 2, add_function: {name, specifications}; it is on. */
export function functionAdd(meter: Meter, object: u32, at: usize, size: u32): i32 {
  const r = wanted.over(at, size);
  named.read(r);
  const count = Axdr.readArray(r);
  for (let i: u32 = 0; i < count; i++) {
    Axdr.readStructure(r, 2);
    Axdr.readLongUnsigned(r);
    Axdr.readLogicalName(r);
  }
  if (!r.done) return ActionResult.TYPE_UNMATCHED;
  if (named.size - 1 >= NAME_SIZE_MAX || !settingOver(meter, object, LIST, reader)) return ActionResult.OTHER_REASON;
  const found = elementFind(reader, Axdr.readArray(reader), named);
  if (found != 0 || reader.err != Err.OK) return ActionResult.OTHER_REASON;
  stretch.empty(reader.pos);
  return listChange(meter, object, at, size, 1);
}

/** Method 3, remove_function: its name, or the structure that begins with it. What it had switched off is on again. */
export function functionRemove(meter: Meter, object: u32, at: usize, size: u32): i32 {
  const r = wanted.over(at, size);
  if (r.peek == <u32>DataTag.STRUCTURE) {
    named.read(r);
    dataSkip(r);
  } else named.take(r);
  if (!r.done) return ActionResult.TYPE_UNMATCHED;
  if (!functionFind(meter, object, named) || dataSkip(reader) != Err.OK) return ActionResult.OTHER_REASON;
  stretch.from = reader.start;
  stretch.to = reader.pos;
  stretch.count = 1;
  return listChange(meter, object, 0, 0, 0);
}
