/** ACTION service in all its request choices (GB9 9.3.8, 9.4.6.6). */
import { Err } from "../base/err";
import { Reader } from "../base/reader";
import { Writer } from "../base/writer";
import { UNDER_PROTECTED } from "../cosem/dispatch";
import { Slot } from "../session/slot";
import { Meter } from "../store/block";
import {
  actionItemDataEmit,
  actionItemEmit,
  ActionRequest,
  ActionRequestChoice,
  actionRequestParse,
  actionResponseDataEmit,
  actionResponseListHeadEmit,
  actionResponseNextPblockEmit,
  actionResponseNormalEmit,
  actionResponsePblockEmit,
} from "../wire/action";
import { Axdr } from "../wire/axdr";
import { Conformance } from "../wire/conformance";
import { dataListSkip, dataSkip } from "../wire/data";
import { MethodDescriptor, methodDescriptorEmit, methodDescriptorParse } from "../wire/descriptor";
import { ActionResult } from "../wire/results";
import { answerEmit, Transfer, TransferKind } from "./answer";
import { methodRun } from "./evaluate";
import { exceptionSend, Refusal } from "./exception";
import { inboxAppend, inboxRelease, inboxTake } from "./inbox";
import { responseSizeMax } from "./protection";
import { answerSend, canAnswer, respond, responseBegin, Sending, serviceConfirmed } from "./response";

/**
 * Octets in front of the return Data of a response-normal: C7 01 iid result 01 00; of the list of a response-with-list: C7 03 iid;
 * of the raw data of a pblock: C7 02 iid last number length.
 */
const NORMAL_HEAD_SIZE: u32 = 6;
const LIST_HEAD_SIZE: u32 = 3;
const PBLOCK_HEAD_SIZE: u32 = 11;

const request: ActionRequest = changetype<ActionRequest>(memory.data(offsetof<ActionRequest>(), 8));
const item: MethodDescriptor = changetype<MethodDescriptor>(memory.data(offsetof<MethodDescriptor>(), 8));
const names: Reader = changetype<Reader>(memory.data(offsetof<Reader>(), 8));
const values: Reader = changetype<Reader>(memory.data(offsetof<Reader>(), 8));
const value: Writer = changetype<Writer>(memory.data(offsetof<Writer>(), 8));
const head: Writer = changetype<Writer>(memory.data(offsetof<Writer>(), 8));
const headOctets: usize = memory.data(16, 8);

/** Answers the ACTION request at `r`. */
export function actionServe(meter: Meter, slotIndex: u32, r: Reader): void {
  const slot = Slot.of(meter, slotIndex);
  const x = request;
  actionRequestParse(r, x);
  serviceConfirmed(slot, x.invokeId);
  if (!r.done || !choiceNegotiated(slot, x.choice)) {
    exceptionSend(slot, Refusal.NOT_SUPPORTED);
    return;
  }
  const goesOn = x.choice == ActionRequestChoice.WITH_PBLOCK || x.choice == ActionRequestChoice.NEXT_PBLOCK;
  if (!goesOn) Transfer.of(slot).end();
  switch (x.choice) {
    case ActionRequestChoice.NORMAL:
      requestRun(meter, slotIndex, slot, x, x.parametersAt, x.parametersSize);
      return;
    case ActionRequestChoice.WITH_LIST:
      actionList(meter, slotIndex, slot);
      return;
    case ActionRequestChoice.WITH_FIRST_PBLOCK:
    case ActionRequestChoice.WITH_LIST_AND_FIRST_PBLOCK:
      actionFirstBlock(meter, slotIndex, slot);
      return;
    case ActionRequestChoice.WITH_PBLOCK:
      actionBlock(meter, slotIndex, slot);
      return;
    default:
      actionNext(meter, slot);
  }
}

function choiceNegotiated(slot: Slot, choice: u32): bool {
  const bits = slot.conformance;
  if ((bits & Conformance.ACTION) == 0) return false;
  const list = choice == ActionRequestChoice.WITH_LIST || choice == ActionRequestChoice.WITH_LIST_AND_FIRST_PBLOCK;
  if (list && (bits & Conformance.MULTIPLE_REFERENCES) == 0) return false;
  const whole = choice == ActionRequestChoice.NORMAL || choice == ActionRequestChoice.WITH_LIST;
  return whole || (bits & Conformance.BLOCK_TRANSFER_WITH_ACTION) != 0;
}

/** Answers a result without return data. */
function answer(meter: Meter, slot: Slot, result: i32): void {
  if (result == UNDER_PROTECTED) {
    exceptionSend(slot, Refusal.NOT_POSSIBLE);
    return;
  }
  const w = responseBegin(slot);
  actionResponseNormalEmit(w, request.invokeId, result);
  respond(meter, slot, w);
}

/** Runs the method of a whole request and answers, in blocks where the return data are long. */
function requestRun(meter: Meter, slotIndex: u32, slot: Slot, x: MethodDescriptor, at: usize, size: u32): void {
  const t = Transfer.of(slot);
  t.begin(slot, value);
  const result = methodRun(meter, slotIndex, t, x, at, size, value);
  t.freeze(value);
  if (result != ActionResult.SUCCESS || t.size == 0) answer(meter, slot, result);
  else answerLong(meter, slotIndex, slot, t, NORMAL_HEAD_SIZE);
}

/** Writes the head of a response-normal with return data, or of a response-with-list, to slot.plainOutbound. */
function headEmit(slot: Slot, headSize: u32): Writer {
  const w = responseBegin(slot);
  if (headSize == NORMAL_HEAD_SIZE) actionResponseDataEmit(w, request.invokeId, ActionResult.SUCCESS);
  else actionResponseListHeadEmit(w, request.invokeId);
  return w;
}

/** Sends the frozen answer: at once behind a head of `headSize` octets where it fits, else in blocks. */
function answerLong(meter: Meter, slotIndex: u32, slot: Slot, t: Transfer, headSize: u32): void {
  const sent = answerSend(meter, slotIndex, slot, headEmit(slot, headSize), Conformance.BLOCK_TRANSFER_WITH_ACTION);
  if (sent == Sending.DONE) return;
  if (sent != Sending.OWN_BLOCKS) {
    answer(meter, slot, ActionResult.OTHER_REASON);
    return;
  }
  t.kind = TransferKind.ACTION;
  t.invoke = request.invokeId;
  blockSend(meter, slot, t);
}

/** A list that comes whole. */
function actionList(meter: Meter, slotIndex: u32, slot: Slot): void {
  const x = request;
  if (x.count != x.valueCount) {
    exceptionSend(slot, Refusal.NOT_POSSIBLE);
    return;
  }
  names.over(x.listAt, x.listSize);
  values.over(x.valuesAt, x.valuesSize);
  listRun(meter, slotIndex, slot, x.count);
}

/**
 * Runs the `count` methods at `names` with the parameters at `values`, null-data for none, and answers. Each has its own
 * result; an earlier failure does not stop later ones. Results that no answer could carry back are not begun.
 */
function listRun(meter: Meter, slotIndex: u32, slot: Slot, count: u32): void {
  const least = LIST_HEAD_SIZE + Axdr.lengthSize(count) + 2 * count;
  if (!canAnswer(meter, slot, least, Conformance.BLOCK_TRANSFER_WITH_ACTION)) return;
  const t = Transfer.of(slot);
  t.begin(slot, value);
  Axdr.length(value, count);
  for (let i: u32 = 0; i < count; i++) {
    methodDescriptorParse(names, item);
    const at = values.pos;
    dataSkip(values);
    itemRun(meter, slotIndex, t, at, <u32>(values.pos - at));
  }
  const whole = value.err == Err.OK;
  t.freeze(value);
  if (whole) answerLong(meter, slotIndex, slot, t, LIST_HEAD_SIZE);
  else answer(meter, slot, ActionResult.OTHER_REASON);
}

/** Runs the method of `item`; its action-result and return data go behind what `value` holds. */
function itemRun(meter: Meter, slotIndex: u32, t: Transfer, at: usize, size: u32): void {
  const before = value.size;
  actionItemDataEmit(value, ActionResult.SUCCESS);
  const empty = value.size;
  const pins = t.pins;
  const result = methodRun(meter, slotIndex, t, item, at, size, value);
  if (result == ActionResult.SUCCESS && (value.size != empty || t.pins != pins)) return;
  value.rewind(before);
  actionItemEmit(value, result == UNDER_PROTECTED ? <i32>ActionResult.SCOPE_OF_ACCESS_VIOLATED : result);
}

/** Sends the next block of a long answer: of one method the return Data only, of a list its count and items. */
function blockSend(meter: Meter, slot: Slot, t: Transfer): void {
  const sizeMax = responseSizeMax(meter, slot);
  const room = sizeMax > PBLOCK_HEAD_SIZE ? sizeMax - PBLOCK_HEAD_SIZE : 0;
  const size = t.left < room ? t.left : room;
  t.block++;
  const w = responseBegin(slot);
  actionResponsePblockEmit(w, t.invoke, size == t.left, t.block, size);
  if (size == 0 || answerEmit(meter, slot, t, w, size) != Err.OK) {
    t.end();
    answer(meter, slot, ActionResult.LONG_ACTION_ABORTED);
    return;
  }
  if (t.left == 0) t.end();
  respond(meter, slot, w);
}

function actionNext(meter: Meter, slot: Slot): void {
  const t = Transfer.of(slot);
  if (t.kind != TransferKind.ACTION || t.invoke != request.invokeId) {
    answer(meter, slot, ActionResult.NO_LONG_ACTION_IN_PROGRESS);
    return;
  }
  if (request.blockNumber != t.block) {
    t.end();
    answer(meter, slot, ActionResult.DATA_BLOCK_UNAVAILABLE);
    return;
  }
  blockSend(meter, slot, t);
}

/**
 * Takes the first block of a long request: its descriptor, or the count of a list and its descriptors, go in front of the raw
 * data in the inbox. A request that came in general block transfer lies in the inbox itself, further behind.
 */
function actionFirstBlock(meter: Meter, slotIndex: u32, slot: Slot): void {
  const x = request;
  const t = Transfer.of(slot);
  if (inboxTake(meter, slotIndex) != Err.OK) {
    answer(meter, slot, ActionResult.TEMPORARY_FAILURE);
    return;
  }
  const w = head.into(headOctets, 16);
  if (x.choice == ActionRequestChoice.WITH_FIRST_PBLOCK) methodDescriptorEmit(w, x);
  else Axdr.length(w, x.count);
  t.kind = TransferKind.ACTION_REQUEST;
  t.invoke = x.invokeId;
  t.choice = <u16>x.choice;
  t.receiveFloor = slot.receiveFloor;
  t.block = 0;
  t.headSize = <u16>(w.size + x.listSize);
  inboxAppend(meter, slotIndex, headOctets, w.size);
  inboxAppend(meter, slotIndex, x.listAt, x.listSize);
  actionBlock(meter, slotIndex, slot);
}

function abort(meter: Meter, slotIndex: u32, slot: Slot, result: ActionResult): void {
  Transfer.of(slot).end();
  inboxRelease(meter, slotIndex);
  answer(meter, slot, result);
}

/** Takes a block of a long parameter; the last one runs the method. */
function actionBlock(meter: Meter, slotIndex: u32, slot: Slot): void {
  const x = request;
  const t = Transfer.of(slot);
  if (t.kind != TransferKind.ACTION_REQUEST || (t.invoke & 0x0f) != (x.invokeId & 0x0f)) {
    answer(meter, slot, ActionResult.NO_LONG_ACTION_IN_PROGRESS);
    return;
  }
  if (x.blockNumber != t.block + 1) {
    abort(meter, slotIndex, slot, ActionResult.DATA_BLOCK_UNAVAILABLE);
    return;
  }
  if (inboxAppend(meter, slotIndex, x.rawAt, x.rawSize) != Err.OK) {
    abort(meter, slotIndex, slot, ActionResult.LONG_ACTION_ABORTED);
    return;
  }
  t.block = x.blockNumber;
  if (x.last == 0) {
    const w = responseBegin(slot);
    actionResponseNextPblockEmit(w, x.invokeId, x.blockNumber);
    respond(meter, slot, w);
    return;
  }
  execute(meter, slotIndex, slot, t);
  inboxRelease(meter, slotIndex);
}

/** The request is whole: descriptors, then parameters, in the inbox. */
function execute(meter: Meter, slotIndex: u32, slot: Slot, t: Transfer): void {
  const at = meter.inbox() + <usize>t.headSize;
  const size = meter.inboxSize - t.headSize;
  names.over(meter.inbox(), t.headSize);
  values.over(at, size);
  const list = t.choice == ActionRequestChoice.WITH_LIST_AND_FIRST_PBLOCK;
  slot.receiveFloor = t.receiveFloor;
  t.end();
  if (!list) {
    methodDescriptorParse(names, item);
    const whole = dataSkip(values) == Err.OK && values.remaining == 0;
    if (whole) requestRun(meter, slotIndex, slot, item, at, size);
    else answer(meter, slot, ActionResult.TYPE_UNMATCHED);
    return;
  }
  // The standard leaves the raw data of lists open: as in SET, the list of parameters with its count.
  const count = Axdr.readCount(names);
  const valueCount = Axdr.readCount(values);
  const from = values.pos;
  dataListSkip(values, valueCount);
  if (!values.done || count != valueCount) {
    answer(meter, slot, ActionResult.TYPE_UNMATCHED);
    return;
  }
  values.over(from, size - <u32>(from - at));
  listRun(meter, slotIndex, slot, count);
}
