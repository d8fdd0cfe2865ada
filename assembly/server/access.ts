/**
 * ACCESS service (GB9 9.3.10, 9.4.6.9): GET, SET and ACTION of many attributes and methods in one request, each with
 * its own result. Everything is executed once; long sources are pinned, the rest is frozen.
 */
import { Err } from "../base/err";
import { Reader } from "../base/reader";
import { Writer } from "../base/writer";
import { Ask, PinKind } from "../cosem/ask";
import { ATTRIBUTE_ZERO, dispatchGet, dispatchInvoke, dispatchSet, UNDER_PROTECTED } from "../cosem/dispatch";
import { Slot } from "../session/slot";
import { Meter } from "../store/block";
import {
  AccessChoice,
  AccessRequest,
  accessRequestParse,
  accessResponseHeadEmit,
  accessResultEmit,
  AccessSpecification,
  accessSpecificationParse,
} from "../wire/access";
import { Axdr } from "../wire/axdr";
import { Conformance } from "../wire/conformance";
import { dataSkip } from "../wire/data";
import { DataAccessResult } from "../wire/results";
import { LongInvoke } from "../wire/tags";
import { Transfer } from "./answer";
import { exceptionSend, Refusal } from "./exception";
import { answerSend, responseBegin, Sending } from "./response";

/** Specifications one request may hold: their results wait in scratch until the data are written. */
const ITEMS_MAX: u32 = 128;

const request: AccessRequest = changetype<AccessRequest>(memory.data(offsetof<AccessRequest>(), 8));
const item: AccessSpecification = changetype<AccessSpecification>(memory.data(offsetof<AccessSpecification>(), 8));
const names: Reader = changetype<Reader>(memory.data(offsetof<Reader>(), 8));
const values: Reader = changetype<Reader>(memory.data(offsetof<Reader>(), 8));
const value: Writer = changetype<Writer>(memory.data(offsetof<Writer>(), 8));
const ask: Ask = changetype<Ask>(memory.data(offsetof<Ask>(), 8));
/** {choice, result} of each specification. */
const results: usize = memory.data(256);

/** Answers the ACCESS request at `r`. */
export function accessServe(meter: Meter, slotIndex: u32, r: Reader): void {
  const slot = Slot.of(meter, slotIndex);
  const x = request;
  accessRequestParse(r, x);
  if ((x.invokeId & LongInvoke.CONFIRMED) == 0) slot.confirmed = 0;
  if (!r.done || (slot.conformance & Conformance.ACCESS) == 0) {
    exceptionSend(slot, Refusal.NOT_SUPPORTED);
    return;
  }
  if (x.count != x.valueCount) {
    exceptionSend(slot, Refusal.NOT_POSSIBLE);
    return;
  }
  if (x.count > ITEMS_MAX) {
    exceptionSend(slot, Refusal.TOO_LONG);
    return;
  }
  execute(meter, slotIndex, slot);
}

function execute(meter: Meter, slotIndex: u32, slot: Slot): void {
  const x = request;
  const t = Transfer.of(slot);
  t.begin(slot, value);
  const described = (x.invokeId & LongInvoke.SELF_DESCRIPTIVE) != 0;
  accessResponseHeadEmit(value, x.invokeId, x.count, described ? x.listAt : 0, x.listSize);
  Axdr.length(value, x.count);
  names.over(x.listAt, x.listSize);
  values.over(x.valuesAt, x.valuesSize);
  let broken = false;
  for (let i: u32 = 0; i < x.count; i++) {
    accessSpecificationParse(names, item);
    const at = values.pos;
    dataSkip(values);
    let result: i32 = DataAccessResult.OTHER_REASON;
    if (broken) Axdr.nullData(value);
    else result = itemRun(meter, slotIndex, t, at, <u32>(values.pos - at));
    store<u8>(results + <usize>i, <u8>result);
    // processing-option: the first failure ends the execution, the rest answers other-reason.
    if (result != DataAccessResult.SUCCESS && (x.invokeId & LongInvoke.BREAK_ON_ERROR) != 0) broken = true;
  }
  Axdr.length(value, x.count);
  names.over(x.listAt, x.listSize);
  for (let i: u32 = 0; i < x.count; i++) {
    accessSpecificationParse(names, item);
    accessResultEmit(value, item.choice, load<u8>(results + <usize>i));
  }
  if (value.err != Err.OK) {
    exceptionSend(slot, Refusal.TOO_LONG);
    return;
  }
  t.freeze(value);
  answer(meter, slotIndex, slot);
}

/** Runs one specification; its data, or null-data, go to the answer. */
function itemRun(meter: Meter, slotIndex: u32, t: Transfer, at: usize, size: u32): i32 {
  const before = value.size;
  ask.pin = t.pinNext();
  let result = specificationRun(meter, slotIndex, at, size);
  if (result == UNDER_PROTECTED) result = DataAccessResult.SCOPE_OF_ACCESS_VIOLATED;
  if (result == ATTRIBUTE_ZERO) result = DataAccessResult.READ_WRITE_DENIED;
  const lost = value.err != Err.OK || (ask.pin.kind != PinKind.NONE && !t.pinTake(value));
  if (result == DataAccessResult.SUCCESS && lost) result = DataAccessResult.OTHER_REASON;
  if (result != DataAccessResult.SUCCESS) value.rewind(before);
  const written = value.size != before || ask.pin.kind != PinKind.NONE;
  if (result != DataAccessResult.SUCCESS || !written) Axdr.nullData(value);
  return result;
}

function specificationRun(meter: Meter, slotIndex: u32, at: usize, size: u32): i32 {
  const x = item;
  const name = x.logicalNameAt;
  const selective = (Slot.of(meter, slotIndex).conformance & Conformance.SELECTIVE_ACCESS) != 0;
  switch (x.choice) {
    case AccessChoice.GET:
      return dispatchGet(ask, meter, slotIndex, x.classId, name, x.attribute, 0, 0, 0, value);
    case AccessChoice.GET_WITH_SELECTION: {
      if (!selective) return DataAccessResult.SCOPE_OF_ACCESS_VIOLATED;
      const selector: u32 = x.selector <= 0 ? 0xff : x.selector;
      const p = x.parametersAt;
      return dispatchGet(ask, meter, slotIndex, x.classId, name, x.attribute, selector, p, x.parametersSize, value);
    }
    case AccessChoice.SET:
      return dispatchSet(ask, meter, slotIndex, x.classId, name, x.attribute, 0, at, size);
    case AccessChoice.SET_WITH_SELECTION:
      return dispatchSet(ask, meter, slotIndex, x.classId, name, x.attribute, 0xff, at, size);
    default: {
      // null-data stands for "no parameter" and for a parameter that is null-data alike.
      const none = size == 1 && load<u8>(at) == 0;
      return dispatchInvoke(ask, meter, slotIndex, x.classId, name, x.attribute, at, none ? 0 : size, value);
    }
  }
}

/** ACCESS has no blocks of its own: what is too long goes out in general block transfer (GB9 9.4.6.9). */
function answer(meter: Meter, slotIndex: u32, slot: Slot): void {
  slot.outboundSize = 0;
  if (slot.confirmed == 0) return;
  const sent = answerSend(meter, slotIndex, slot, responseBegin(slot), 0);
  if (sent != Sending.DONE) exceptionSend(slot, sent == Sending.LOST ? Refusal.OTHER_REASON : Refusal.TOO_LONG);
}
