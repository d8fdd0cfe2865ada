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
import { changeValue } from "../store/change";
import { FUNCTIONS_AT, TIME_SOURCE_AT } from "../store/layout";
import { NONE, Template } from "../store/template";
import { objectFind, objectOfClass, rowOf, valueAt, valueSize } from "../store/values";
import { Axdr, DataTag } from "../wire/axdr";
import { dataSkip } from "../wire/data";
import { ActionResult } from "../wire/results";
import { captureEnable, captureEvents } from "./capture";
import { settingOver } from "./setting";

const CLASS_FUNCTION_CONTROL: u32 = 122;
const STATUS: i32 = 2;
const LIST: i32 = 3;
const STATUS_SIZE: u32 = 640;
const LIST_SIZE: u32 = 1280;
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

const reader: Reader = changetype<Reader>(memory.data(offsetof<Reader>(), 8));
const statuses: Reader = changetype<Reader>(memory.data(offsetof<Reader>(), 8));
const wanted: Reader = changetype<Reader>(memory.data(offsetof<Reader>(), 8));
const off: Functions = changetype<Functions>(memory.data(offsetof<Functions>(), 4));
const writer: Writer = changetype<Writer>(memory.data(offsetof<Writer>(), 8));
const value: usize = memory.data(1280, 8);

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

/** Status of the function whose name has `size` octets at `at`; one that activation_status does not name is on. */
function isOn(meter: Meter, object: u32, at: usize, size: u32): bool {
  const r = statuses;
  if (!settingOver(meter, object, STATUS, r)) return true;
  const count = Axdr.readArray(r);
  for (let i: u32 = 0; i < count && r.err == Err.OK; i++) {
    Axdr.readStructure(r, 2);
    const nameSize = Axdr.readOctetStringSize(r);
    const name = r.take(nameSize);
    const on = Axdr.readBoolean(r);
    if (r.err == Err.OK && nameSize == size && octetsSame(name, at, size)) return on;
  }
  return true;
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
function nameOff(at: usize, size: u32): void {
  if (size != MECHANISM_SIZE + 1 || !octetsSame(at, MECHANISM, MECHANISM_SIZE)) return;
  const digit = <u32>load<u8>(at + MECHANISM_SIZE) - 0x30;
  if (digit < 8) off.mechanisms |= (<u32>1) << digit;
}

/** Computes what is off and lets it take effect. @returns how many profiles have said so in the log, which they do when it is `told` */
function apply(meter: Meter, told: bool): i32 {
  memory.fill(changetype<usize>(off), 0, offsetof<Functions>());
  const object = objectOfClass(CLASS_FUNCTION_CONTROL, 0);
  const r = reader;
  if (object >= 0 && settingOver(meter, object, LIST, r)) {
    const count = Axdr.readArray(r);
    for (let i: u32 = 0; i < count && r.err == Err.OK; i++) functionTake(meter, object, r);
  }
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
  Axdr.readStructure(r, 2);
  const size = Axdr.readOctetStringSize(r);
  const name = r.take(size);
  const count = Axdr.readArray(r);
  if (r.err != Err.OK) return;
  const isOff = !isOn(meter, object, name, size);
  if (isOff) nameOff(name, size);
  for (let i: u32 = 0; i < count && r.err == Err.OK; i++) {
    Axdr.readStructure(r, 2);
    const classId = Axdr.readLongUnsigned(r);
    const logicalName = Axdr.readLogicalName(r);
    if (isOff && r.err == Err.OK) specificationOff(classId, logicalName);
  }
}

/** Where an element of function_list of that name begins in `r`'s value, 0 = there is none; `r` stands behind it. */
function functionFind(meter: Meter, object: u32, r: Reader, at: usize, size: u32): usize {
  if (!settingOver(meter, object, LIST, r)) return 0;
  const count = Axdr.readArray(r);
  for (let i: u32 = 0; i < count && r.err == Err.OK; i++) {
    const begins = r.pos;
    Axdr.readStructure(r, 2);
    const nameSize = Axdr.readOctetStringSize(r);
    const name = r.take(nameSize);
    dataSkip(r);
    if (r.err == Err.OK && nameSize == size && octetsSame(name, at, size)) return begins;
  }
  return 0;
}

function resultOf(err: i32): i32 {
  if (err == Err.OK) return ActionResult.SUCCESS;
  return err == Err.NO_SPACE ? ActionResult.TEMPORARY_FAILURE : ActionResult.OTHER_REASON;
}

/** Status that a request {name, status} … at `r` wants for a name, else the one it has. */
function statusWanted(meter: Meter, object: u32, requestAt: usize, requestSize: u32, at: usize, size: u32): bool {
  const r = wanted.over(requestAt, requestSize);
  let on = isOn(meter, object, at, size);
  const count = Axdr.readArray(r);
  for (let i: u32 = 0; i < count && r.err == Err.OK; i++) {
    Axdr.readStructure(r, 2);
    const nameSize = Axdr.readOctetStringSize(r);
    const name = r.take(nameSize);
    const status = Axdr.readBoolean(r);
    if (r.err == Err.OK && nameSize == size && octetsSame(name, at, size)) on = status;
  }
  return on;
}

/** Writes activation_status anew: each function of the list with the status a request wants; counts those that change. */
function statusKeep(meter: Meter, object: u32, requestAt: usize, requestSize: u32): i32 {
  const row = rowOf(object, STATUS, 0);
  const r = reader;
  const w = writer.into(value, STATUS_SIZE);
  const count = settingOver(meter, object, LIST, r) ? Axdr.readArray(r) : 0;
  Axdr.array(w, count);
  for (let i: u32 = 0; i < count && r.err == Err.OK; i++) {
    Axdr.readStructure(r, 2);
    const size = Axdr.readOctetStringSize(r);
    const name = r.take(size);
    dataSkip(r);
    if (r.err != Err.OK) break;
    Axdr.structure(w, 2);
    Axdr.octetString(w, name, size);
    Axdr.boolean(w, statusWanted(meter, object, requestAt, requestSize, name, size));
  }
  if (row == NONE || r.err != Err.OK || w.err != Err.OK || w.size > <u32>Template.of().attribute(row).capacity)
    return Err.LIMIT;
  return changeValue(meter, row, value, w.size);
}

/** Functions whose status a request changes; Err.UNKNOWN for another type, Err.LIMIT for a name that is not in the list. */
function requestCheck(meter: Meter, object: u32, at: usize, size: u32): i32 {
  const r = wanted.over(at, size);
  const count = Axdr.readArray(r);
  let changes: i32 = 0;
  let unknown = false;
  for (let i: u32 = 0; i < count && r.err == Err.OK; i++) {
    Axdr.readStructure(r, 2);
    const nameSize = Axdr.readOctetStringSize(r);
    const name = r.take(nameSize);
    const status = Axdr.readBoolean(r);
    if (r.err != Err.OK) break;
    if (functionFind(meter, object, reader, name, nameSize) == 0) unknown = true;
    else if (isOn(meter, object, name, nameSize) != status) changes++;
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
  if (err != Err.OK) return resultOf(err);
  // Each switch is logged: load profiles have events of their own, for others parameters have changed.
  if (changes > apply(meter, true)) eventRaise(meter, EventCode.PARAMETERS_CHANGED);
  captureEvents(meter);
  return ActionResult.SUCCESS;
}

/** The value of function_list without the `left` octets at `from`, with `size` octets at `at` behind it. */
function listKeep(meter: Meter, object: u32, from: usize, left: u32, at: usize, size: u32, delta: i32): i32 {
  const row = rowOf(object, LIST, 0);
  const r = reader.over(valueAt(meter, row), valueSize(meter, row));
  const count = Axdr.readArray(r);
  const w = writer.into(value, LIST_SIZE);
  Axdr.array(w, count + delta);
  if (left == 0) {
    w.octets(r.pos, r.remaining);
    w.octets(at, size);
  } else {
    w.octets(r.pos, <u32>(from - r.pos));
    w.octets(from + <usize>left, <u32>(r.end - from) - left);
  }
  if (r.err != Err.OK || w.err != Err.OK || w.size > <u32>Template.of().attribute(row).capacity) return Err.LIMIT;
  return changeValue(meter, row, value, w.size);
}

/** Writes a new list, the statuses that go with it, and lets both take effect. */
function listChange(meter: Meter, object: u32, from: usize, left: u32, at: usize, size: u32, delta: i32): i32 {
  let err = listKeep(meter, object, from, left, at, size, delta);
  if (err == Err.OK) err = statusKeep(meter, object, 0, 0);
  if (err != Err.OK) return resultOf(err);
  apply(meter, true);
  eventRaise(meter, EventCode.PARAMETERS_CHANGED);
  captureEvents(meter);
  return ActionResult.SUCCESS;
}

/** Method 2, add_function: {name, specifications}; it is on. */
export function functionAdd(meter: Meter, object: u32, at: usize, size: u32): i32 {
  const r = wanted.over(at, size);
  Axdr.readStructure(r, 2);
  const nameSize = Axdr.readOctetStringSize(r);
  const name = r.take(nameSize);
  const count = Axdr.readArray(r);
  for (let i: u32 = 0; i < count && r.err == Err.OK; i++) {
    Axdr.readStructure(r, 2);
    Axdr.readLongUnsigned(r);
    Axdr.readLogicalName(r);
  }
  if (!r.done) return ActionResult.TYPE_UNMATCHED;
  const named = nameSize != 0 && nameSize <= NAME_SIZE_MAX;
  if (!named || rowOf(object, LIST, 0) == NONE || functionFind(meter, object, reader, name, nameSize) != 0)
    return ActionResult.OTHER_REASON;
  return listChange(meter, object, 0, 0, at, size, 1);
}

/** Method 3, remove_function: its name, or the structure that begins with it. What it had switched off is on again. */
export function functionRemove(meter: Meter, object: u32, at: usize, size: u32): i32 {
  const r = wanted.over(at, size);
  const whole = r.peek == <u32>DataTag.STRUCTURE;
  if (whole) Axdr.readStructure(r, 2);
  const nameSize = Axdr.readOctetStringSize(r);
  const name = r.take(nameSize);
  if (whole) dataSkip(r);
  if (!r.done) return ActionResult.TYPE_UNMATCHED;
  const from = functionFind(meter, object, reader, name, nameSize);
  if (from == 0) return ActionResult.OTHER_REASON;
  return listChange(meter, object, from, <u32>(reader.pos - from), 0, 0, -1);
}
