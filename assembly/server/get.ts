/** GET service: normal, next and with-list, with service-specific block transfer (GB9 9.3.6, 9.4.6.4). */
import { Err } from "../base/err";
import { Reader } from "../base/reader";
import { Writer } from "../base/writer";
import { ATTRIBUTE_ZERO, UNDER_PROTECTED } from "../cosem/dispatch";
import { Slot } from "../session/slot";
import { Meter } from "../store/block";
import { Template } from "../store/template";
import { Axdr } from "../wire/axdr";
import { Conformance } from "../wire/conformance";
import { AttributeDescriptor, attributeDescriptorWithSelectionParse } from "../wire/descriptor";
import {
  getDataResultDataEmit,
  getDataResultErrorEmit,
  GetRequest,
  GetRequestChoice,
  getRequestParse,
  getResponseDatablockEmit,
  getResponseDatablockErrorEmit,
  getResponseDatablockHeadSize,
  getResponseErrorEmit,
  GetResponseChoice,
} from "../wire/get";
import { DataAccessResult } from "../wire/results";
import { ApduTag } from "../wire/tags";
import { answerEmit, Transfer, TransferKind } from "./answer";
import { blocksBegin } from "./blocks";
import { attributeRead, attributesRead } from "./evaluate";
import { exceptionNotPossible, exceptionNotSupported } from "./exception";
import { responseSizeMax } from "./protection";
import { respond, serviceConfirmed } from "./response";

/** Octets in front of the Data of a response-normal, and of the list of a response-with-list. */
const NORMAL_HEAD_SIZE: u32 = 4;
const LIST_HEAD_SIZE: u32 = 3;

const request: GetRequest = changetype<GetRequest>(memory.data(offsetof<GetRequest>(), 8));
const item: AttributeDescriptor = changetype<AttributeDescriptor>(memory.data(offsetof<AttributeDescriptor>(), 8));
const list: Reader = changetype<Reader>(memory.data(offsetof<Reader>(), 8));
const writer: Writer = changetype<Writer>(memory.data(offsetof<Writer>(), 8));
const value: Writer = changetype<Writer>(memory.data(offsetof<Writer>(), 8));

/** Answers the GET request at `r`. */
export function getServe(meter: Meter, slotIndex: u32, r: Reader): void {
  const slot = Slot.of(meter, slotIndex);
  const err = getRequestParse(r, request);
  serviceConfirmed(slot, request.invokeId);
  const supported = (slot.conformance & Conformance.GET) != 0;
  if (err != Err.OK || r.remaining != 0 || !supported) {
    exceptionNotSupported(slot);
    return;
  }
  if (request.choice == GetRequestChoice.NORMAL) getNormal(meter, slotIndex, slot);
  else if (request.choice == GetRequestChoice.NEXT) getNext(meter, slot);
  else getList(meter, slotIndex, slot);
}

/** Reads what a descriptor names, attribute 0 included where it was negotiated. */
function descriptorRead(meter: Meter, slotIndex: u32, slot: Slot, t: Transfer, x: AttributeDescriptor): i32 {
  const all = x.attribute == 0 && (slot.conformance & Conformance.ATTRIBUTE0_WITH_GET) != 0;
  return all ? attributesRead(meter, slotIndex, t, x, value) : attributeRead(meter, slotIndex, t, x, value);
}

function getNormal(meter: Meter, slotIndex: u32, slot: Slot): void {
  const t = Transfer.of(slot);
  t.begin(slot, value);
  const result = descriptorRead(meter, slotIndex, slot, t, request);
  if (refusedWhole(slot, result)) return;
  if (result != DataAccessResult.SUCCESS) {
    refuse(meter, slot, result);
    return;
  }
  t.freeze(value);
  answer(meter, slotIndex, slot, t, NORMAL_HEAD_SIZE);
}

/** Refusals that answer the whole request instead of one attribute. */
function refusedWhole(slot: Slot, result: i32): bool {
  if (result == UNDER_PROTECTED) exceptionNotPossible(slot);
  else if (result == ATTRIBUTE_ZERO) exceptionNotSupported(slot);
  else return false;
  return true;
}

/** Each attribute has its own result, and an earlier refusal does not stop later ones. */
function getList(meter: Meter, slotIndex: u32, slot: Slot): void {
  if ((slot.conformance & Conformance.MULTIPLE_REFERENCES) == 0) {
    exceptionNotSupported(slot);
    return;
  }
  const t = Transfer.of(slot);
  t.begin(slot, value);
  const r = list.over(request.listAt, request.listSize);
  Axdr.length(value, request.count);
  for (let i: u32 = 0; i < request.count; i++) {
    attributeDescriptorWithSelectionParse(r, item);
    const before = value.size;
    getDataResultDataEmit(value);
    const result = descriptorRead(meter, slotIndex, slot, t, item);
    if (refusedWhole(slot, result)) return;
    if (result == DataAccessResult.SUCCESS) continue;
    value.rewind(before);
    getDataResultErrorEmit(value, result);
  }
  if (value.err != Err.OK) {
    refuse(meter, slot, DataAccessResult.OTHER_REASON);
    return;
  }
  t.freeze(value);
  answer(meter, slotIndex, slot, t, LIST_HEAD_SIZE);
}

/** Sends a Data-Access-Result. */
function refuse(meter: Meter, slot: Slot, result: i32): void {
  Transfer.of(slot).end();
  const w = writer.into(slot.plainOutbound, Template.of().apduSizeMax);
  getResponseErrorEmit(w, request.invokeId, result);
  respond(meter, slot, w);
}

/** Writes the head of a response-normal or response-with-list to slot.plainOutbound. */
function headEmit(slot: Slot, headSize: u32): Writer {
  const w = writer.into(slot.plainOutbound, Template.of().apduSizeMax);
  w.u8(ApduTag.GET_RESPONSE);
  w.u8(headSize == NORMAL_HEAD_SIZE ? GetResponseChoice.NORMAL : GetResponseChoice.WITH_LIST);
  w.u8(request.invokeId);
  if (headSize == NORMAL_HEAD_SIZE) getDataResultDataEmit(w);
  return w;
}

/** Sends the frozen answer: at once behind a head of `headSize` octets where it fits, else in blocks. */
function answer(meter: Meter, slotIndex: u32, slot: Slot, t: Transfer, headSize: u32): void {
  if (headSize + t.size <= responseSizeMax(meter, slot)) {
    const w = headEmit(slot, headSize);
    if (answerEmit(meter, slot, t, w, t.size) != Err.OK) refuse(meter, slot, DataAccessResult.DATA_BLOCK_UNAVAILABLE);
    else respond(meter, slot, w);
    return;
  }
  const bits = slot.conformance;
  const blockwise = (bits & Conformance.BLOCK_TRANSFER_WITH_GET) != 0;
  // An answer to blocks goes back in blocks; else the service's own transfer comes first.
  if (slot.viaBlocks != 0 || (!blockwise && (bits & Conformance.GENERAL_BLOCK_TRANSFER) != 0)) {
    const w = headEmit(slot, headSize);
    const err = blocksBegin(meter, slotIndex, slot, slot.plainOutbound, w.size);
    if (err != Err.OK) refuse(meter, slot, DataAccessResult.DATA_BLOCK_UNAVAILABLE);
    return;
  }
  if (!blockwise) {
    refuse(meter, slot, DataAccessResult.DATA_BLOCK_UNAVAILABLE);
    return;
  }
  t.kind = TransferKind.GET;
  t.invoke = request.invokeId;
  blockSend(meter, slot, t);
}

/** Sends the next block of the transfer. */
function blockSend(meter: Meter, slot: Slot, t: Transfer): void {
  const sizeMax = responseSizeMax(meter, slot);
  const head = getResponseDatablockHeadSize(sizeMax);
  const left = t.left;
  if (sizeMax <= head) {
    // A client that takes fewer octets than a block's head cannot be served in blocks.
    refuse(meter, slot, DataAccessResult.DATA_BLOCK_UNAVAILABLE);
    return;
  }
  const size = left < sizeMax - head ? left : sizeMax - head;
  const last = size == left;
  t.block++;
  const w = writer.into(slot.plainOutbound, Template.of().apduSizeMax);
  getResponseDatablockEmit(w, t.invoke, last, t.block, size);
  if (answerEmit(meter, slot, t, w, size) != Err.OK) {
    // The rows are gone: the ring went over them, or the buffer was reset.
    t.end();
    blockRefuse(meter, slot, t.invoke, t.block, DataAccessResult.DATA_BLOCK_UNAVAILABLE);
    return;
  }
  if (last) t.end();
  respond(meter, slot, w);
}

/** Errors of a long GET go out as a last datablock. */
function blockRefuse(meter: Meter, slot: Slot, invoke: u32, block: u32, result: DataAccessResult): void {
  const w = writer.into(slot.plainOutbound, Template.of().apduSizeMax);
  getResponseDatablockErrorEmit(w, invoke, block, result);
  respond(meter, slot, w);
}

function getNext(meter: Meter, slot: Slot): void {
  const t = Transfer.of(slot);
  const x = request;
  if (t.kind != TransferKind.GET || x.invokeId != t.invoke) {
    blockRefuse(meter, slot, x.invokeId, x.blockNumber, DataAccessResult.NO_LONG_GET_IN_PROGRESS);
    return;
  }
  if (x.blockNumber != t.block) {
    t.end();
    blockRefuse(meter, slot, x.invokeId, x.blockNumber, DataAccessResult.DATA_BLOCK_NUMBER_INVALID);
    return;
  }
  blockSend(meter, slot, t);
}
