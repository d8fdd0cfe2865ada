/** GET service: normal, next and with-list, with service-specific block transfer (GB9 9.3.6, 9.4.6.4). */
import { Err } from "../base/err";
import { Reader } from "../base/reader";
import { Writer } from "../base/writer";
import { ATTRIBUTE_ZERO, UNDER_PROTECTED } from "../cosem/dispatch";
import { Slot } from "../session/slot";
import { Meter } from "../store/block";
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
  getResponseDataEmit,
  getResponseErrorEmit,
  getResponseHeadEmit,
  GetResponseChoice,
} from "../wire/get";
import { DataAccessResult } from "../wire/results";
import { answerEmit, Transfer, TransferKind } from "./answer";
import { attributeRead, attributesRead } from "./evaluate";
import { exceptionSend, Refusal } from "./exception";
import { responseSizeMax } from "./protection";
import { answerSend, respond, responseBegin, Sending, serviceConfirmed } from "./response";

const request: GetRequest = changetype<GetRequest>(memory.data(offsetof<GetRequest>(), 8));
const item: AttributeDescriptor = changetype<AttributeDescriptor>(memory.data(offsetof<AttributeDescriptor>(), 8));
const list: Reader = changetype<Reader>(memory.data(offsetof<Reader>(), 8));
const value: Writer = changetype<Writer>(memory.data(offsetof<Writer>(), 8));

/** Answers the GET request at `r`. */
export function getServe(meter: Meter, slotIndex: u32, r: Reader): void {
  const slot = Slot.of(meter, slotIndex);
  getRequestParse(r, request);
  serviceConfirmed(slot, request.invokeId);
  if (!r.done || (slot.conformance & Conformance.GET) == 0) {
    exceptionSend(slot, Refusal.NOT_SUPPORTED);
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
  answer(meter, slotIndex, slot, t, GetResponseChoice.NORMAL);
}

/** Refusals that answer the whole request instead of one attribute. */
function refusedWhole(slot: Slot, result: i32): bool {
  if (result == UNDER_PROTECTED) exceptionSend(slot, Refusal.NOT_POSSIBLE);
  else if (result == ATTRIBUTE_ZERO) exceptionSend(slot, Refusal.NOT_SUPPORTED);
  else return false;
  return true;
}

/** Each attribute has its own result, and an earlier refusal does not stop later ones. */
function getList(meter: Meter, slotIndex: u32, slot: Slot): void {
  if ((slot.conformance & Conformance.MULTIPLE_REFERENCES) == 0) {
    exceptionSend(slot, Refusal.NOT_SUPPORTED);
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
  answer(meter, slotIndex, slot, t, GetResponseChoice.WITH_LIST);
}

/** Sends a Data-Access-Result. */
function refuse(meter: Meter, slot: Slot, result: i32): void {
  Transfer.of(slot).end();
  const w = responseBegin(slot);
  getResponseErrorEmit(w, request.invokeId, result);
  respond(meter, slot, w);
}

/** Sends the frozen answer: a response-normal or response-with-list where it fits, else blocks. */
function answer(meter: Meter, slotIndex: u32, slot: Slot, t: Transfer, choice: GetResponseChoice): void {
  const w = responseBegin(slot);
  if (choice == GetResponseChoice.NORMAL) getResponseDataEmit(w, request.invokeId);
  else getResponseHeadEmit(w, choice, request.invokeId);
  const sent = answerSend(meter, slotIndex, slot, w, Conformance.BLOCK_TRANSFER_WITH_GET);
  if (sent == Sending.DONE) return;
  if (sent != Sending.OWN_BLOCKS) {
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
  const w = responseBegin(slot);
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
  const w = responseBegin(slot);
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
