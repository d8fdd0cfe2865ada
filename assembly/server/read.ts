/**
 * Read service of short name referencing: attributes, selections of them, and methods with return data; long answers in blocks
 * (GB9 9.3.14, 9.4.6.8), whose raw data are the list with its count.
 */
import { Err } from "../base/err";
import { Reader } from "../base/reader";
import { Writer } from "../base/writer";
import { Ask } from "../cosem/ask";
import { dispatchMayInvoke, UNDER_PROTECTED } from "../cosem/dispatch";
import { Slot } from "../session/slot";
import { Meter } from "../store/block";
import { Axdr } from "../wire/axdr";
import { Conformance } from "../wire/conformance";
import { AttributeDescriptor, MethodDescriptor } from "../wire/descriptor";
import { ActionResult, DataAccessResult } from "../wire/results";
import {
  readBlockHeadEmit,
  readBlockHeadSize,
  shortNameErrorEmit,
  ShortNameRequest,
  ShortNameResult,
  VariableAccess,
  VariableAccessSpecification,
  variableAccessParse,
} from "../wire/short_name";
import { ApduTag } from "../wire/tags";
import { answerEmit, Transfer, TransferKind } from "./answer";
import { attributeRead, attributesRead, methodRun } from "./evaluate";
import { exceptionSend, Refusal } from "./exception";
import { inboxRelease } from "./inbox";
import { responseSizeMax } from "./protection";
import { answerSend, respond, responseBegin, Sending } from "./response";
import {
  isHlsVariable,
  listGood,
  requestGood,
  resultRefuse,
  serviceMalformed,
  serviceTooLong,
  serviceUnsupported,
  Variable,
  VariableKind,
  variableResolve,
  VARIABLE_SIZE,
} from "./short_name";
import { blockCollect } from "./short_name_blocks";

/** Class and method whose work is the Read service itself. */
const CLASS_ASSOCIATION_SN: u32 = 12;
const READ_BY_LOGICAL_NAME: i32 = 3;
/** Block numbers have 16 bits. */
const BLOCK_NUMBER_MAX: u32 = 0xffff;

const request: ShortNameRequest = changetype<ShortNameRequest>(memory.data(offsetof<ShortNameRequest>(), 8));
const item: VariableAccessSpecification = changetype<VariableAccessSpecification>(
  memory.data(offsetof<VariableAccessSpecification>(), 8),
);
const named: AttributeDescriptor = changetype<AttributeDescriptor>(memory.data(offsetof<AttributeDescriptor>(), 8));
const variable: Variable = changetype<Variable>(memory.data(64, 8));
const list: Reader = changetype<Reader>(memory.data(offsetof<Reader>(), 8));
const identifications: Reader = changetype<Reader>(memory.data(offsetof<Reader>(), 8));
const value: Writer = changetype<Writer>(memory.data(offsetof<Writer>(), 8));
const ask: Ask = changetype<Ask>(memory.data(offsetof<Ask>(), 8));

if (VARIABLE_SIZE != 64) ERROR("the scratch variable has VARIABLE_SIZE octets");

/** Whether the APDU reads nothing but reply_to_HLS_authentication of the current association: the only request while pending. */
export function isHlsRead(slot: Slot, r: Reader): bool {
  if (!requestGood(r, request) || request.tag != ApduTag.READ_REQUEST || request.count != 1) return false;
  variableAccessParse(list.over(request.listAt, request.listSize), item);
  return isHlsVariable(slot, item);
}

/** Answers the ReadRequest at `r` in an association with short names. */
export function readServe(meter: Meter, slotIndex: u32, r: Reader): void {
  const slot = Slot.of(meter, slotIndex);
  const x = request;
  if ((slot.conformance & Conformance.READ) == 0) {
    serviceUnsupported(meter, slot, ApduTag.READ_REQUEST);
    return;
  }
  if (!requestGood(r, x)) {
    serviceMalformed(meter, slot, ApduTag.READ_REQUEST);
    return;
  }
  if (x.count == 1) {
    variableAccessParse(list.over(x.listAt, x.listSize), item);
    if (item.choice == VariableAccess.BLOCK_NUMBER_ACCESS) {
      readNext(meter, slot);
      return;
    }
    if (item.choice == VariableAccess.READ_DATA_BLOCK_ACCESS) {
      readBlock(meter, slotIndex, slot);
      return;
    }
  }
  Transfer.of(slot).end();
  listRead(meter, slotIndex, slot);
}

/** Each name has its own result, and an earlier refusal does not stop later ones. */
function listRead(meter: Meter, slotIndex: u32, slot: Slot): void {
  const x = request;
  if (!listGood(meter, slot, ApduTag.READ_REQUEST, x)) return;
  const t = Transfer.of(slot);
  t.begin(slot, value);
  Axdr.length(value, x.count);
  const r = list.over(x.listAt, x.listSize);
  for (let i: u32 = 0; i < x.count; i++) {
    variableAccessParse(r, item);
    const before = value.size;
    value.u8(ShortNameResult.DATA);
    const result = variableRead(meter, slotIndex, slot, t);
    if (result == UNDER_PROTECTED) {
      exceptionSend(slot, Refusal.NOT_POSSIBLE);
      return;
    }
    if (result == DataAccessResult.SUCCESS) continue;
    value.rewind(before);
    shortNameErrorEmit(value, result);
  }
  if (value.err != Err.OK) {
    serviceTooLong(meter, slot, ApduTag.READ_REQUEST);
    return;
  }
  t.freeze(value);
  answer(meter, slotIndex, slot, t);
}

/** Reads what `item` names to `value`: a Data-Access-Result, or UNDER_PROTECTED. */
function variableRead(meter: Meter, slotIndex: u32, slot: Slot, t: Transfer): i32 {
  const v = variable;
  variableResolve(slot, item, v);
  if (v.kind == VariableKind.ATTRIBUTE) return attributeRead(meter, slotIndex, t, v.attribute, value);
  if (v.kind == VariableKind.NONE) return DataAccessResult.OBJECT_UNDEFINED;
  // A method runs by parameterized access alone, so that reading through all names changes nothing.
  if (item.choice != VariableAccess.PARAMETERIZED_ACCESS) return DataAccessResult.READ_WRITE_DENIED;
  if ((slot.conformance & Conformance.PARAMETERIZED_ACCESS) == 0) return DataAccessResult.SCOPE_OF_ACCESS_VIOLATED;
  const m = v.method;
  if (m.classId == CLASS_ASSOCIATION_SN && m.method == READ_BY_LOGICAL_NAME) return namedRead(meter, slotIndex, t, m);
  const before = value.size;
  const pins = t.pins;
  const result = methodRun(meter, slotIndex, t, m, item.parametersAt, item.parametersSize, value);
  // A method without return data answers null-data: the choice Data cannot be empty.
  if (result == ActionResult.SUCCESS && value.size == before && t.pins == pins) Axdr.nullData(value);
  return result;
}

/**
 * read_by_logicalname: for an array of {class_id, logical_name, attribute_index} the array of their values, null-data where one
 * is not to be had; index 0 is all attributes of an object.
 */
function namedRead(meter: Meter, slotIndex: u32, t: Transfer, m: MethodDescriptor): i32 {
  const allowed = dispatchMayInvoke(ask, meter, slotIndex, m.classId, m.logicalNameAt, m.method);
  if (allowed != DataAccessResult.SUCCESS) return allowed;
  const r = identifications.over(item.parametersAt, item.parametersSize);
  const count = Axdr.readArray(r);
  if (r.err == Err.OK) Axdr.array(value, count);
  for (let i: u32 = 0; i < count && r.err == Err.OK; i++) {
    identificationParse(r);
    if (r.err != Err.OK) break;
    const before = value.size;
    const result =
      named.attribute == 0
        ? attributesRead(meter, slotIndex, t, named, value)
        : attributeRead(meter, slotIndex, t, named, value);
    if (result == UNDER_PROTECTED) return result;
    if (result == DataAccessResult.SUCCESS) continue;
    value.rewind(before);
    Axdr.nullData(value);
  }
  return r.done ? <i32>DataAccessResult.SUCCESS : <i32>DataAccessResult.TYPE_UNMATCHED;
}

function identificationParse(r: Reader): void {
  Axdr.readStructure(r, 3);
  named.classId = Axdr.readLongUnsigned(r);
  named.logicalNameAt = Axdr.readLogicalName(r);
  named.attribute = Axdr.readInteger(r);
  named.selector = -1;
  named.parametersAt = 0;
  named.parametersSize = 0;
}

function refuse(meter: Meter, slot: Slot, result: DataAccessResult): void {
  resultRefuse(meter, slot, ApduTag.READ_REQUEST, result);
}

/** Sends the frozen list: at once where it fits, else in blocks. */
function answer(meter: Meter, slotIndex: u32, slot: Slot, t: Transfer): void {
  const w = responseBegin(slot);
  w.u8(ApduTag.READ_RESPONSE);
  const sent = answerSend(meter, slotIndex, slot, w, Conformance.BLOCK_TRANSFER_WITH_GET);
  if (sent == Sending.OWN_BLOCKS) {
    t.kind = TransferKind.READ;
    blockSend(meter, slot, t);
  } else if (sent == Sending.NO_BLOCKS) {
    serviceTooLong(meter, slot, ApduTag.READ_REQUEST);
  } else if (sent != Sending.DONE) {
    refuse(meter, slot, DataAccessResult.DATA_BLOCK_UNAVAILABLE);
  }
}

/** Sends the next block of the answer. */
function blockSend(meter: Meter, slot: Slot, t: Transfer): void {
  const sizeMax = responseSizeMax(meter, slot);
  const head = readBlockHeadSize(sizeMax);
  if (sizeMax <= head || t.block == BLOCK_NUMBER_MAX) {
    t.end();
    refuse(meter, slot, DataAccessResult.DATA_BLOCK_UNAVAILABLE);
    return;
  }
  const size = min<u32>(t.left, sizeMax - head);
  const last = size == t.left;
  t.block++;
  const w = responseBegin(slot);
  readBlockHeadEmit(w, last, t.block, size);
  if (answerEmit(meter, slot, t, w, size) != Err.OK) {
    // The rows are gone: the ring went over them, or the buffer was reset.
    t.end();
    refuse(meter, slot, DataAccessResult.DATA_BLOCK_UNAVAILABLE);
    return;
  }
  if (last) t.end();
  respond(meter, slot, w);
}

/** block-number-access names the block received last and asks for the one behind it. */
function readNext(meter: Meter, slot: Slot): void {
  const t = Transfer.of(slot);
  if (t.kind != TransferKind.READ) {
    refuse(meter, slot, DataAccessResult.NO_LONG_GET_IN_PROGRESS);
  } else if (item.blockNumber != t.block) {
    t.end();
    refuse(meter, slot, DataAccessResult.DATA_BLOCK_NUMBER_INVALID);
  } else {
    blockSend(meter, slot, t);
  }
}

/** Takes a block of a long request; the last one executes it. */
function readBlock(meter: Meter, slotIndex: u32, slot: Slot): void {
  const x = item;
  if (!blockCollect(meter, slotIndex, slot, ApduTag.READ_REQUEST, x, x.parametersAt, x.parametersSize)) return;
  if (requestGood(list.over(meter.inbox(), meter.inboxSize), request)) listRead(meter, slotIndex, slot);
  else serviceMalformed(meter, slot, ApduTag.READ_REQUEST);
  inboxRelease(meter, slotIndex);
}
