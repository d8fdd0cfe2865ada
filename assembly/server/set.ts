/** SET service in all its request choices (GB9 9.3.7, 9.4.6.5). */
import { Err } from "../base/err";
import { Reader } from "../base/reader";
import { Writer } from "../base/writer";
import { ATTRIBUTE_ZERO, attributeZeroCount, UNDER_PROTECTED } from "../cosem/dispatch";
import { Slot } from "../session/slot";
import { Meter } from "../store/block";
import { Axdr } from "../wire/axdr";
import { Conformance } from "../wire/conformance";
import { dataSkip } from "../wire/data";
import {
  AttributeDescriptor,
  attributeDescriptorWithSelectionEmit,
  attributeDescriptorWithSelectionParse,
} from "../wire/descriptor";
import { DataAccessResult } from "../wire/results";
import {
  SetRequest,
  SetRequestChoice,
  setRequestParse,
  setResponseDatablockEmit,
  setResponseLastDatablockEmit,
  setResponseLastDatablockListEmit,
  setResponseListEmit,
  setResponseNormalEmit,
} from "../wire/set";
import { Transfer, TransferKind } from "./answer";
import { attributeWrite, itemResult } from "./evaluate";
import { exceptionSend, Refusal } from "./exception";
import { inboxAppend, inboxRelease, inboxTake } from "./inbox";
import { canAnswer, respond, respondLong, responseBegin, serviceConfirmed } from "./response";

const request: SetRequest = changetype<SetRequest>(memory.data(offsetof<SetRequest>(), 8));
const item: AttributeDescriptor = changetype<AttributeDescriptor>(memory.data(offsetof<AttributeDescriptor>(), 8));
const names: Reader = changetype<Reader>(memory.data(offsetof<Reader>(), 8));
const values: Reader = changetype<Reader>(memory.data(offsetof<Reader>(), 8));
const elements: Reader = changetype<Reader>(memory.data(offsetof<Reader>(), 8));
const head: Writer = changetype<Writer>(memory.data(offsetof<Writer>(), 8));
/** The descriptor, or list of them, of a long request, as it goes into the inbox. */
const headOctets: usize = memory.data(1280, 8);
const HEAD_SIZE: u32 = 1280;
/** Octets around the list of results: C5, choice, invoke-id; the block number of a long request. */
const LIST_HEAD_SIZE: u32 = 3;
const BLOCK_NUMBER_SIZE: u32 = 4;

/** Answers the SET request at `r`. */
export function setServe(meter: Meter, slotIndex: u32, r: Reader): void {
  const slot = Slot.of(meter, slotIndex);
  const x = request;
  setRequestParse(r, x);
  serviceConfirmed(slot, x.invokeId);
  if (!r.done || !choiceNegotiated(slot, x.choice)) {
    exceptionSend(slot, Refusal.NOT_SUPPORTED);
    return;
  }
  if (x.choice != SetRequestChoice.WITH_DATABLOCK) Transfer.of(slot).end();
  switch (x.choice) {
    case SetRequestChoice.NORMAL:
      setNormal(meter, slotIndex, slot);
      return;
    case SetRequestChoice.WITH_LIST:
      setList(meter, slotIndex, slot);
      return;
    case SetRequestChoice.WITH_DATABLOCK:
      setBlock(meter, slotIndex, slot);
      return;
    default:
      setFirstBlock(meter, slotIndex, slot);
  }
}

/** Only what was negotiated is served: decision 7. */
function choiceNegotiated(slot: Slot, choice: u32): bool {
  const bits = slot.conformance;
  if ((bits & Conformance.SET) == 0) return false;
  const list = choice == SetRequestChoice.WITH_LIST || choice == SetRequestChoice.WITH_LIST_AND_FIRST_DATABLOCK;
  if (list && (bits & Conformance.MULTIPLE_REFERENCES) == 0) return false;
  const whole = choice == SetRequestChoice.NORMAL || choice == SetRequestChoice.WITH_LIST;
  return whole || (bits & Conformance.BLOCK_TRANSFER_WITH_SET) != 0;
}

/**
 * Attribute 0: a structure with one element per attribute, null-data for those that stay. They are set in
 * order; the first refusal ends it and is the result, as if the client had set them one by one.
 */
function allWrite(meter: Meter, slotIndex: u32, x: AttributeDescriptor, at: usize, size: u32): i32 {
  const count = attributeZeroCount(meter, slotIndex, x.classId, x.logicalNameAt);
  if (count < 0) return -count;
  const r = elements.over(at, size);
  Axdr.readStructure(r, count);
  if (r.err != Err.OK) return DataAccessResult.TYPE_UNMATCHED;
  let result: i32 = DataAccessResult.SUCCESS;
  for (let id: i32 = 1; id <= count && result == DataAccessResult.SUCCESS; id++) {
    const from = r.pos;
    const stays = r.peek == 0;
    dataSkip(r);
    x.attribute = id;
    if (!stays) result = attributeWrite(meter, slotIndex, x, from, <u32>(r.pos - from));
  }
  return result;
}

/** Sets what a descriptor names, attribute 0 included where it was negotiated. */
function descriptorWrite(meter: Meter, slotIndex: u32, x: AttributeDescriptor, at: usize, size: u32): i32 {
  const offered = (Slot.of(meter, slotIndex).conformance & Conformance.ATTRIBUTE0_WITH_SET) != 0;
  const all = x.attribute == 0 && offered && x.selector < 0;
  return all ? allWrite(meter, slotIndex, x, at, size) : attributeWrite(meter, slotIndex, x, at, size);
}

/** Answers one result; the block number is that of a long request, 0 = response-normal. */
function answer(meter: Meter, slot: Slot, result: i32, block: u32): void {
  if (result == UNDER_PROTECTED) {
    exceptionSend(slot, Refusal.NOT_POSSIBLE);
  } else if (result == ATTRIBUTE_ZERO) {
    exceptionSend(slot, Refusal.NOT_SUPPORTED);
  } else {
    const w = responseBegin(slot);
    if (block == 0) setResponseNormalEmit(w, request.invokeId, result);
    else setResponseLastDatablockEmit(w, request.invokeId, result, block);
    respond(meter, slot, w);
  }
}

function setNormal(meter: Meter, slotIndex: u32, slot: Slot): void {
  const result = descriptorWrite(meter, slotIndex, request, request.valueAt, request.valueSize);
  answer(meter, slot, result, 0);
}

/** Sets `count` attributes named at `namesAt` to the values at `valuesAt`, one result octet each. */
function listWrite(meter: Meter, slotIndex: u32, count: u32, w: Writer): void {
  for (let i: u32 = 0; i < count; i++) {
    attributeDescriptorWithSelectionParse(names, item);
    const at = values.pos;
    dataSkip(values);
    w.u8(itemResult(descriptorWrite(meter, slotIndex, item, at, <u32>(values.pos - at))));
  }
}

function setList(meter: Meter, slotIndex: u32, slot: Slot): void {
  const x = request;
  if (x.count != x.valueCount) {
    exceptionSend(slot, Refusal.NOT_POSSIBLE);
    return;
  }
  if (!canAnswer(meter, slot, LIST_HEAD_SIZE + Axdr.lengthSize(x.count) + x.count, 0)) return;
  names.over(x.listAt, x.listSize);
  values.over(x.valuesAt, x.valuesSize);
  const w = responseBegin(slot);
  setResponseListEmit(w, x.invokeId, x.count);
  listWrite(meter, slotIndex, x.count, w);
  respondLong(meter, slotIndex, slot, w);
}

/** Takes the first block of a long request: the descriptors go in front of the raw data in the inbox. */
function setFirstBlock(meter: Meter, slotIndex: u32, slot: Slot): void {
  const x = request;
  const t = Transfer.of(slot);
  if (inboxTake(meter, slotIndex) != Err.OK) {
    answer(meter, slot, DataAccessResult.TEMPORARY_FAILURE, x.blockNumber);
    return;
  }
  const w = head.into(headOctets, HEAD_SIZE);
  if (x.choice == SetRequestChoice.WITH_FIRST_DATABLOCK) {
    attributeDescriptorWithSelectionEmit(w, x);
  } else {
    Axdr.length(w, x.count);
    w.octets(x.listAt, x.listSize);
  }
  t.kind = TransferKind.SET_REQUEST;
  t.invoke = x.invokeId;
  t.choice = <u16>x.choice;
  t.block = 0;
  t.headSize = <u16>w.size;
  if (w.err != Err.OK || inboxAppend(meter, slotIndex, headOctets, w.size) != Err.OK) {
    abort(meter, slotIndex, slot, DataAccessResult.LONG_SET_ABORTED);
    return;
  }
  setBlock(meter, slotIndex, slot);
}

/** Gives the long request up with a result. */
function abort(meter: Meter, slotIndex: u32, slot: Slot, result: DataAccessResult): void {
  Transfer.of(slot).end();
  inboxRelease(meter, slotIndex);
  answer(meter, slot, result, request.blockNumber == 0 ? 1 : request.blockNumber);
}

/** Takes a block; the last one executes the request. */
function setBlock(meter: Meter, slotIndex: u32, slot: Slot): void {
  const x = request;
  const t = Transfer.of(slot);
  if (t.kind != TransferKind.SET_REQUEST || (t.invoke & 0x0f) != (x.invokeId & 0x0f)) {
    answer(meter, slot, DataAccessResult.NO_LONG_SET_IN_PROGRESS, x.blockNumber == 0 ? 1 : x.blockNumber);
    return;
  }
  if (x.blockNumber != t.block + 1) {
    abort(meter, slotIndex, slot, DataAccessResult.DATA_BLOCK_NUMBER_INVALID);
    return;
  }
  if (inboxAppend(meter, slotIndex, x.rawAt, x.rawSize) != Err.OK) {
    abort(meter, slotIndex, slot, DataAccessResult.LONG_SET_ABORTED);
    return;
  }
  t.block = x.blockNumber;
  if (x.last == 0) {
    const w = responseBegin(slot);
    setResponseDatablockEmit(w, x.invokeId, x.blockNumber);
    respond(meter, slot, w);
    return;
  }
  t.end();
  execute(meter, slotIndex, slot, t);
  inboxRelease(meter, slotIndex);
}

/** The request is whole: descriptors, then values, in the inbox. */
function execute(meter: Meter, slotIndex: u32, slot: Slot, t: Transfer): void {
  const rawAt = meter.inbox() + <usize>t.headSize;
  names.over(meter.inbox(), t.headSize);
  values.over(rawAt, meter.inboxSize - t.headSize);
  if (t.choice == SetRequestChoice.WITH_FIRST_DATABLOCK) {
    attributeDescriptorWithSelectionParse(names, item);
    const whole = dataSkip(values) == Err.OK && values.remaining == 0;
    const size = meter.inboxSize - t.headSize;
    const result = whole ? descriptorWrite(meter, slotIndex, item, rawAt, size) : <i32>DataAccessResult.TYPE_UNMATCHED;
    answer(meter, slot, result, t.block);
    return;
  }
  const count = Axdr.readCount(names);
  const valueCount = Axdr.readCount(values);
  const from = values.pos;
  for (let i: u32 = 0; i < valueCount && values.err == Err.OK; i++) dataSkip(values);
  const whole = values.done && count == valueCount;
  const size = LIST_HEAD_SIZE + Axdr.lengthSize(count) + count + BLOCK_NUMBER_SIZE;
  if (!canAnswer(meter, slot, size, 0)) return;
  const w = responseBegin(slot);
  setResponseLastDatablockListEmit(w, request.invokeId, count);
  if (whole) {
    values.over(from, meter.inboxSize - t.headSize - <u32>(from - rawAt));
    listWrite(meter, slotIndex, count, w);
  } else {
    for (let i: u32 = 0; i < count; i++) w.u8(DataAccessResult.TYPE_UNMATCHED);
  }
  w.u32(t.block);
  respondLong(meter, slotIndex, slot, w);
}
