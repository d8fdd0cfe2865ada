/**
 * From {class, logical name, id} to the class file: directory, access rights, then the one call into the class. Access
 * modes are the bit fields of Association LN version 3, in the template's access rows.
 */
import { Writer } from "../base/writer";
import { Slot } from "../session/slot";
import { Meter } from "../store/block";
import { NONE, ObjectRow, Template } from "../store/template";
import { objectFind, objectTwin, OBJECT_OTHER_CLASS } from "../store/values";
import { contextCiphered } from "../wire/names";
import { DataAccessResult } from "../wire/results";
import { Ask, Caller, PinKind } from "./ask";
import { classGet, classInvoke, classSet } from "./classes";

/** Bits of access_mode: 0 read or method access, 1 write; 2..4 and 5..7 as the security policy (class 64). */
export const enum AccessMode {
  READ = 0x01,
  WRITE = 0x02,
  REQUEST_MASK = 0x1c,
  RESPONSE_MASK = 0xe0,
}

/** Bit 0 of a method's mode. */
const METHOD_ACCESS: u32 = 0x01;

/** Not a Data-Access-Result: the request lacks protection and gets exception-response 1/1 (decision 14). */
export const UNDER_PROTECTED: i32 = 0x100;
/** Not a Data-Access-Result: attribute 0 without its conformance bit gets exception-response 1/2 (decision 10). */
export const ATTRIBUTE_ZERO: i32 = 0x101;

/** Access row of an object in an association, as accessMode() reads it; 0 = the object is not visible. */
export function accessRow(association: u32, object: u32): usize {
  const t = Template.of();
  const offset = t.access(t.object(object).accessSet, association);
  return offset == 0 ? 0 : t.at(t.accessAt + offset);
}

/**
 * access_mode of an attribute or method that the object has, out of its access row: attributes 1..n, methods 1..m, then the
 * manufacturer attributes -1, -2, ….
 */
export function accessMode(o: ObjectRow, row: usize, id: i32, method: bool): u32 {
  let at = id - 1;
  if (method) at += <i32>o.attributeCount;
  else if (id < 0) at = <i32>o.attributeCount + <i32>o.methodCount - id - 1;
  return load<u8>(row + <usize>at);
}

/**
 * Index of the object {class, logical name} that an association sees; a Data-Access-Result, negated, when it sees none. Logical devices
 * may have objects of one name, such as their logical device names; an association sees one of them.
 */
export function objectSeen(association: u32, classId: u32, name: usize): i32 {
  let found = objectFind(classId, name);
  if (found == OBJECT_OTHER_CLASS) return -(<i32>DataAccessResult.OBJECT_CLASS_INCONSISTENT);
  while (found >= 0 && accessRow(association, found) == 0) found = objectTwin(found);
  return found < 0 ? -(<i32>DataAccessResult.OBJECT_UNDEFINED) : found;
}

/**
 * Attributes that attribute 0 of {class, logical name} stands for: 1..n, for the association of the slot; a
 * Data-Access-Result, negated, when the object cannot be named.
 */
export function attributeZeroCount(meter: Meter, slotIndex: u32, classId: u32, name: usize): i32 {
  const found = objectSeen(Slot.of(meter, slotIndex).association, classId, name);
  return found < 0 ? found : <i32>Template.of().object(found).attributeCount;
}

/** Fills `ask` for the attribute or method an association names, and checks its right and protection; 0 or the refusal. */
function resolve(
  ask: Ask,
  meter: Meter,
  slotIndex: u32,
  classId: u32,
  name: usize,
  id: i32,
  method: bool,
  right: u32,
): i32 {
  const slot = Slot.of(meter, slotIndex);
  const found = objectSeen(slot.association, classId, name);
  if (found < 0) return -found;
  ask.about(meter, found, id, Caller.ASSOCIATION);
  ask.association = slot.association;
  ask.slot = slotIndex;
  if (!ask.isThere(method)) return DataAccessResult.READ_WRITE_DENIED;
  return permit(slot, accessMode(ask.row, accessRow(slot.association, found), id, method), right);
}

/** Checks right and protection, and remembers what the response needs. */
function permit(slot: Slot, mode: u32, right: u32): i32 {
  if ((mode & right) == 0) return DataAccessResult.READ_WRITE_DENIED;
  if ((mode & AccessMode.REQUEST_MASK & ~slot.protection) != 0) return UNDER_PROTECTED;
  // An unciphered context has no way to protect the response.
  const plain = !contextCiphered(slot.context);
  if (plain && (mode & AccessMode.RESPONSE_MASK) != 0) return UNDER_PROTECTED;
  slot.responseMode |= mode & AccessMode.RESPONSE_MASK;
  return DataAccessResult.SUCCESS;
}

/** Reads an attribute for an association. The selector and its parameters are in `ask` before. */
export function dispatchGet(
  ask: Ask,
  meter: Meter,
  slot: u32,
  classId: u32,
  name: usize,
  attribute: i32,
  selector: u32,
  dataAt: usize,
  dataSize: u32,
  out: Writer,
): i32 {
  if (attribute == 0) return ATTRIBUTE_ZERO;
  const result = resolve(ask, meter, slot, classId, name, attribute, false, AccessMode.READ);
  if (result != DataAccessResult.SUCCESS) return result;
  ask.pin.kind = PinKind.NONE;
  return selectedGet(ask, selector, dataAt, dataSize, out);
}

/** Reads with a selector, 0 = none, and its parameters. */
function selectedGet(ask: Ask, selector: u32, dataAt: usize, dataSize: u32, out: Writer): i32 {
  ask.selector = selector;
  ask.dataAt = dataAt;
  ask.dataSize = dataSize;
  if (selector != 0 && !selectable(ask)) return DataAccessResult.SCOPE_OF_ACCESS_VIOLATED;
  return classGet(ask, out);
}

/**
 * Reads an attribute for a notification of the outbox slot, or (slot NONE) for one that is made ready before. It is read on behalf of the meter: the receiver needs no right to
 * it, but what no client may read (keys, secrets) is not pushed either. Rights of the receiver's association to it say how the
 * notification is protected.
 */
export function dispatchNotify(
  ask: Ask,
  meter: Meter,
  slotIndex: u32,
  object: u32,
  attribute: i32,
  selector: u32,
  dataAt: usize,
  dataSize: u32,
  out: Writer,
): i32 {
  ask.about(meter, object, attribute, Caller.PUSH);
  ask.slot = slotIndex;
  ask.pin.kind = PinKind.NONE;
  if (!ask.row.hasAttribute(attribute)) return DataAccessResult.OBJECT_UNDEFINED;
  if (!readableBySome(object, attribute)) return DataAccessResult.READ_WRITE_DENIED;
  if (slotIndex == NONE && isPersonal(ask.classId)) return DataAccessResult.READ_WRITE_DENIED;
  if (slotIndex != NONE) notifyProtect(ask, meter, slotIndex);
  return selectedGet(ask, selector, dataAt, dataSize, out);
}

/** Classes whose attributes depend on the association that asks. */
export function isPersonal(classId: u32): bool {
  return classId == 12 || classId == 15 || classId == 17 || classId == 64;
}

/** Takes the protection of the receiver's association for what is read. */
function notifyProtect(ask: Ask, meter: Meter, slotIndex: u32): void {
  const slot = Slot.of(meter, slotIndex);
  ask.association = slot.association;
  const row = accessRow(slot.association, ask.object);
  if (row != 0) slot.responseMode |= accessMode(ask.row, row, ask.attribute, false) & AccessMode.RESPONSE_MASK;
}

/** Whether some association may read an attribute. */
function readableBySome(object: u32, attribute: i32): bool {
  const o = Template.of().object(object);
  for (let i: u32 = 0; i < <u32>Template.of().associationCount; i++) {
    const row = accessRow(i, object);
    if (row != 0 && (accessMode(o, row, attribute, false) & AccessMode.READ) != 0) return true;
  }
  return false;
}

/** Attributes that know selective access: the buffer of a profile. */
function selectable(ask: Ask): bool {
  return ask.classId == 7 && ask.attribute == 2;
}

/** Sets an attribute for an association to the Data at `dataAt`. */
export function dispatchSet(
  ask: Ask,
  meter: Meter,
  slot: u32,
  classId: u32,
  name: usize,
  attribute: i32,
  selector: u32,
  dataAt: usize,
  dataSize: u32,
): i32 {
  if (attribute == 0) return ATTRIBUTE_ZERO;
  const result = resolve(ask, meter, slot, classId, name, attribute, false, AccessMode.WRITE);
  if (result != DataAccessResult.SUCCESS) return result;
  if (selector != 0) return DataAccessResult.SCOPE_OF_ACCESS_VIOLATED;
  ask.dataAt = dataAt;
  ask.dataSize = dataSize;
  return classSet(ask);
}

/** Whether an association may run a method that the server itself performs, `ask` pointing at its object; 0 or the refusal. */
export function dispatchMayInvoke(ask: Ask, meter: Meter, slot: u32, classId: u32, name: usize, method: i32): i32 {
  return resolve(ask, meter, slot, classId, name, method, true, METHOD_ACCESS);
}

/** Runs a method for an association; `dataSize` 0 = no parameter. */
export function dispatchInvoke(
  ask: Ask,
  meter: Meter,
  slot: u32,
  classId: u32,
  name: usize,
  method: i32,
  dataAt: usize,
  dataSize: u32,
  out: Writer,
): i32 {
  const result = dispatchMayInvoke(ask, meter, slot, classId, name, method);
  if (result != DataAccessResult.SUCCESS) return result;
  ask.dataAt = dataAt;
  ask.dataSize = dataSize;
  return classInvoke(ask, out);
}
