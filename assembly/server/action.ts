/** ACTION service in all its request choices but long lists (GB9 9.3.8, 9.4.6.6). */
import { Err } from "../base/err";
import { Reader } from "../base/reader";
import { Writer } from "../base/writer";
import { Ask, PinKind } from "../cosem/ask";
import { ATTRIBUTE_ZERO, dispatchInvoke, UNDER_PROTECTED } from "../cosem/dispatch";
import { Slot } from "../session/slot";
import { Meter } from "../store/block";
import { Template } from "../store/template";
import {
  actionItemDataEmit,
  actionItemEmit,
  ActionRequest,
  ActionRequestChoice,
  actionRequestParse,
  actionResponseDataEmit,
  actionResponseListEmit,
  actionResponseNextPblockEmit,
  actionResponseNormalEmit,
  actionResponsePblockEmit,
} from "../wire/action";
import { Conformance } from "../wire/conformance";
import { dataSkip } from "../wire/data";
import { MethodDescriptor, methodDescriptorEmit, methodDescriptorParse } from "../wire/descriptor";
import { ActionResult } from "../wire/results";
import { answerEmit, Transfer, TransferKind } from "./answer";
import { blocksBegin } from "./blocks";
import { exceptionNotPossible, exceptionNotSupported } from "./exception";
import { inboxAppend, inboxRelease, inboxTake } from "./inbox";
import { responseSizeMax } from "./protection";
import { respond, serviceConfirmed } from "./response";

/** Octets in front of the return Data of a response-normal: C7 01 iid result 01 00; of a pblock: C7 02 iid last number length. */
const NORMAL_HEAD_SIZE: u32 = 6;
const PBLOCK_HEAD_SIZE: u32 = 11;

const request: ActionRequest = changetype<ActionRequest>(memory.data(offsetof<ActionRequest>(), 8));
const item: MethodDescriptor = changetype<MethodDescriptor>(memory.data(offsetof<MethodDescriptor>(), 8));
const names: Reader = changetype<Reader>(memory.data(offsetof<Reader>(), 8));
const values: Reader = changetype<Reader>(memory.data(offsetof<Reader>(), 8));
const writer: Writer = changetype<Writer>(memory.data(offsetof<Writer>(), 8));
const value: Writer = changetype<Writer>(memory.data(offsetof<Writer>(), 8));
const head: Writer = changetype<Writer>(memory.data(offsetof<Writer>(), 8));
const headOctets: usize = memory.data(16, 8);
const ask: Ask = changetype<Ask>(memory.data(offsetof<Ask>(), 8));

/** Answers the ACTION request at `r`. */
export function actionServe(meter: Meter, slotIndex: u32, r: Reader): void {
  const slot = Slot.of(meter, slotIndex);
  const x = request;
  const err = actionRequestParse(r, x);
  serviceConfirmed(slot, x.invokeId);
  if (err != Err.OK || r.remaining != 0 || !choiceNegotiated(slot, x.choice)) {
    exceptionNotSupported(slot);
    return;
  }
  const goesOn = x.choice == ActionRequestChoice.WITH_PBLOCK || x.choice == ActionRequestChoice.NEXT_PBLOCK;
  if (!goesOn) Transfer.of(slot).end();
  switch (x.choice) {
    case ActionRequestChoice.NORMAL:
      methodRun(meter, slotIndex, slot, x, x.parametersAt, x.parametersSize);
      return;
    case ActionRequestChoice.WITH_LIST:
      actionList(meter, slotIndex, slot);
      return;
    case ActionRequestChoice.WITH_FIRST_PBLOCK:
      actionFirstBlock(meter, slotIndex, slot);
      return;
    case ActionRequestChoice.WITH_PBLOCK:
      actionBlock(meter, slotIndex, slot);
      return;
    case ActionRequestChoice.NEXT_PBLOCK:
      actionNext(meter, slot);
      return;
    default:
      // No source defines the raw data of a long list, so none is guessed.
      exceptionNotSupported(slot);
  }
}

function choiceNegotiated(slot: Slot, choice: u32): bool {
  const bits = slot.conformance;
  if ((bits & Conformance.ACTION) == 0) return false;
  if (choice == ActionRequestChoice.WITH_LIST) return (bits & Conformance.MULTIPLE_REFERENCES) != 0;
  return choice == ActionRequestChoice.NORMAL || (bits & Conformance.BLOCK_TRANSFER_WITH_ACTION) != 0;
}

function begin(slot: Slot): Writer {
  return writer.into(slot.plainOutbound, Template.of().apduSizeMax);
}

/** Answers a result without return data. */
function answer(meter: Meter, slot: Slot, result: i32): void {
  if (result == UNDER_PROTECTED) {
    exceptionNotPossible(slot);
    return;
  }
  const w = begin(slot);
  actionResponseNormalEmit(w, request.invokeId, result);
  respond(meter, slot, w);
}

/** Runs a method; its return data go to `value`. */
function invoke(meter: Meter, slotIndex: u32, t: Transfer, x: MethodDescriptor, at: usize, size: u32): i32 {
  ask.pin = t.pinNext();
  const result = dispatchInvoke(ask, meter, slotIndex, x.classId, x.logicalNameAt, x.method, at, size, value);
  if (result == ATTRIBUTE_ZERO) return ActionResult.READ_WRITE_DENIED;
  const lost = value.err != Err.OK || (ask.pin.kind != PinKind.NONE && !t.pinTake(value));
  return result == ActionResult.SUCCESS && lost ? <i32>ActionResult.OTHER_REASON : result;
}

/** Runs the method of a whole request and answers, in blocks where the return data are long. */
function methodRun(meter: Meter, slotIndex: u32, slot: Slot, x: MethodDescriptor, at: usize, size: u32): void {
  const t = Transfer.of(slot);
  t.begin(slot, value);
  const result = invoke(meter, slotIndex, t, x, at, size);
  t.freeze(value);
  if (result != ActionResult.SUCCESS || t.size == 0) {
    answer(meter, slot, result);
    return;
  }
  if (NORMAL_HEAD_SIZE + t.size <= responseSizeMax(meter, slot)) {
    const w = begin(slot);
    actionResponseDataEmit(w, request.invokeId, ActionResult.SUCCESS);
    answerEmit(meter, slot, t, w, t.size);
    respond(meter, slot, w);
    return;
  }
  const blockwise = (slot.conformance & Conformance.BLOCK_TRANSFER_WITH_ACTION) != 0;
  if (slot.viaBlocks != 0 || (!blockwise && (slot.conformance & Conformance.GENERAL_BLOCK_TRANSFER) != 0)) {
    const w = begin(slot);
    actionResponseDataEmit(w, request.invokeId, ActionResult.SUCCESS);
    const err = blocksBegin(meter, slotIndex, slot, slot.plainOutbound, w.size);
    if (err != Err.OK) answer(meter, slot, ActionResult.OTHER_REASON);
    return;
  }
  if (!blockwise) {
    answer(meter, slot, ActionResult.OTHER_REASON);
    return;
  }
  t.kind = TransferKind.ACTION;
  t.invoke = request.invokeId;
  blockSend(meter, slot, t);
}

/** Each method has its own result; an earlier failure does not stop later ones. */
function actionList(meter: Meter, slotIndex: u32, slot: Slot): void {
  const x = request;
  if (x.count != x.valueCount) {
    exceptionNotPossible(slot);
    return;
  }
  const t = Transfer.of(slot);
  t.begin(slot, value);
  const w = begin(slot);
  actionResponseListEmit(w, x.invokeId, x.count);
  names.over(x.listAt, x.listSize);
  values.over(x.valuesAt, x.valuesSize);
  for (let i: u32 = 0; i < x.count; i++) {
    methodDescriptorParse(names, item);
    const at = values.pos;
    dataSkip(values);
    value.into(slot.frozen, 1024);
    const result = invoke(meter, slotIndex, t, item, at, <u32>(values.pos - at));
    const denied = result == UNDER_PROTECTED ? <i32>ActionResult.SCOPE_OF_ACCESS_VIOLATED : result;
    const returned = denied == ActionResult.SUCCESS && value.size != 0;
    if (returned) actionItemDataEmit(w, denied);
    else actionItemEmit(w, denied);
    if (returned) w.octets(slot.frozen, value.size);
  }
  respond(meter, slot, w);
}

/** Sends the next block of long return data: the Data only. */
function blockSend(meter: Meter, slot: Slot, t: Transfer): void {
  const sizeMax = responseSizeMax(meter, slot);
  const room = sizeMax > PBLOCK_HEAD_SIZE ? sizeMax - PBLOCK_HEAD_SIZE : 0;
  const size = t.left < room ? t.left : room;
  t.block++;
  const w = begin(slot);
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

/** Takes the first block of a long parameter: the descriptor goes in front of it in the inbox. */
function actionFirstBlock(meter: Meter, slotIndex: u32, slot: Slot): void {
  const t = Transfer.of(slot);
  if (inboxTake(meter, slotIndex) != Err.OK) {
    answer(meter, slot, ActionResult.TEMPORARY_FAILURE);
    return;
  }
  const w = head.into(headOctets, 16);
  methodDescriptorEmit(w, request);
  t.kind = TransferKind.ACTION_REQUEST;
  t.invoke = request.invokeId;
  t.block = 0;
  t.frozenSize = w.size;
  inboxAppend(meter, slotIndex, headOctets, w.size);
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
    const w = begin(slot);
    actionResponseNextPblockEmit(w, x.invokeId, x.blockNumber);
    respond(meter, slot, w);
    return;
  }
  const at = meter.inbox() + <usize>t.frozenSize;
  const size = meter.inboxSize - t.frozenSize;
  methodDescriptorParse(names.over(meter.inbox(), t.frozenSize), item);
  values.over(at, size);
  if (dataSkip(values) != Err.OK || values.remaining != 0) {
    abort(meter, slotIndex, slot, ActionResult.TYPE_UNMATCHED);
    return;
  }
  methodRun(meter, slotIndex, slot, item, at, size);
  inboxRelease(meter, slotIndex);
}
