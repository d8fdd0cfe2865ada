/** What every service does to one attribute or method: ask dispatch, and take what it writes or pins into the answer. */
import { Err } from "../base/err";
import { Writer } from "../base/writer";
import { Ask, PinKind } from "../cosem/ask";
import {
  ATTRIBUTE_ZERO,
  attributeZeroCount,
  dispatchGet,
  dispatchInvoke,
  dispatchSet,
  UNDER_PROTECTED,
} from "../cosem/dispatch";
import { Slot } from "../session/slot";
import { Meter } from "../store/block";
import { Axdr } from "../wire/axdr";
import { Conformance } from "../wire/conformance";
import { AttributeDescriptor, MethodDescriptor } from "../wire/descriptor";
import { contextShortNames } from "../wire/names";
import { ActionResult, DataAccessResult } from "../wire/results";
import { Transfer } from "./answer";

/** A selector no class knows: selector 0 must not read as "no selection". */
const SELECTOR_UNKNOWN: u32 = 0xff;

const ask: Ask = changetype<Ask>(memory.data(offsetof<Ask>(), 8));

/** Selector as the classes know it: 0 = none. */
function selectorOf(x: AttributeDescriptor): u32 {
  if (x.selector < 0) return 0;
  return x.selector == 0 ? SELECTOR_UNKNOWN : <u32>x.selector;
}

/** Whether the association may select: with short names by parameterized access, else by selective access. */
function selectionOffered(slot: Slot): bool {
  const short = contextShortNames(slot.context);
  const bit: u32 = short ? Conformance.PARAMETERIZED_ACCESS : Conformance.SELECTIVE_ACCESS;
  return (slot.conformance & bit) != 0;
}

/** Reads one attribute: its value goes to `w` or is pinned in the answer. A Data-Access-Result, or a refusal of dispatch. */
export function attributeRead(meter: Meter, slotIndex: u32, t: Transfer, x: AttributeDescriptor, w: Writer): i32 {
  const selector = selectorOf(x);
  if (selector != 0 && !selectionOffered(Slot.of(meter, slotIndex))) return DataAccessResult.SCOPE_OF_ACCESS_VIOLATED;
  ask.pin = t.pinNext();
  const name = x.logicalNameAt;
  const at = x.parametersAt;
  const size = x.parametersSize;
  const result = dispatchGet(ask, meter, slotIndex, x.classId, name, x.attribute, selector, at, size, w);
  if (result != DataAccessResult.SUCCESS) return result;
  if (w.err != Err.OK) return DataAccessResult.OTHER_REASON;
  if (ask.pin.kind != PinKind.NONE && !t.pinTake(w)) return DataAccessResult.DATA_BLOCK_UNAVAILABLE;
  return DataAccessResult.SUCCESS;
}

/** Attribute 0: a structure of all attributes in order, null-data for those that are not to be had. */
export function attributesRead(meter: Meter, slotIndex: u32, t: Transfer, x: AttributeDescriptor, w: Writer): i32 {
  const count = attributeZeroCount(meter, slotIndex, x.classId, x.logicalNameAt);
  if (count < 0) return -count;
  Axdr.structure(w, count);
  for (let id: i32 = 1; id <= count; id++) {
    const before = w.size;
    x.attribute = id;
    const result = attributeRead(meter, slotIndex, t, x, w);
    if (result == UNDER_PROTECTED) return result;
    if (result == DataAccessResult.SUCCESS) continue;
    w.rewind(before);
    Axdr.nullData(w);
  }
  return w.err == Err.OK ? <i32>DataAccessResult.SUCCESS : <i32>DataAccessResult.OTHER_REASON;
}

/** Sets one attribute to the Data at `at`; a Data-Access-Result, or a refusal of dispatch. */
export function attributeWrite(meter: Meter, slotIndex: u32, x: AttributeDescriptor, at: usize, size: u32): i32 {
  ask.pin = Transfer.of(Slot.of(meter, slotIndex)).pinNext();
  const selector: u32 = x.selector < 0 ? 0 : SELECTOR_UNKNOWN;
  return dispatchSet(ask, meter, slotIndex, x.classId, x.logicalNameAt, x.attribute, selector, at, size);
}

/** Runs a method with the parameter Data at `at` (size 0 = none); its return data go to `w` or are pinned. An Action-Result, or UNDER_PROTECTED. */
export function methodRun(
  meter: Meter,
  slotIndex: u32,
  t: Transfer,
  x: MethodDescriptor,
  at: usize,
  size: u32,
  w: Writer,
): i32 {
  ask.pin = t.pinNext();
  const result = dispatchInvoke(ask, meter, slotIndex, x.classId, x.logicalNameAt, x.method, at, size, w);
  if (result == ATTRIBUTE_ZERO) return ActionResult.READ_WRITE_DENIED;
  const lost = w.err != Err.OK || (ask.pin.kind != PinKind.NONE && !t.pinTake(w));
  return result == ActionResult.SUCCESS && lost ? <i32>ActionResult.OTHER_REASON : result;
}

/** A refusal of dispatch as the result of one item of a list: the other items go on. */
export function itemResult(result: i32): u32 {
  if (result == UNDER_PROTECTED) return DataAccessResult.SCOPE_OF_ACCESS_VIOLATED;
  return result == ATTRIBUTE_ZERO ? DataAccessResult.READ_WRITE_DENIED : result;
}
