/**
 * Write and UnconfirmedWrite services of short name referencing: attributes, and methods without return data; long requests
 * collected from blocks (GB9 9.3.15, 9.3.16, 9.4.6.8). The raw data of the blocks are the WriteRequest behind its tag.
 */
import { Err } from "../base/err";
import { FROZEN_SIZE } from "../base/limits";
import { Reader } from "../base/reader";
import { Writer } from "../base/writer";
import { Slot } from "../session/slot";
import { Meter } from "../store/block";
import { Template } from "../store/template";
import { Axdr } from "../wire/axdr";
import { Conformance } from "../wire/conformance";
import { dataSkip } from "../wire/data";
import { DataAccessResult } from "../wire/results";
import {
  shortNameBlockAckEmit,
  shortNameErrorEmit,
  ShortNameRequest,
  shortNameRequestParse,
  shortNameResponseHeadEmit,
  ShortNameResult,
  VariableAccess,
  VariableAccessSpecification,
  variableAccessParse,
} from "../wire/short_name";
import { ApduTag } from "../wire/tags";
import { Transfer, TransferKind } from "./answer";
import { attributeWrite, itemResult, methodRun } from "./evaluate";
import { inboxAppend, inboxRelease, inboxTake } from "./inbox";
import { responseSizeMax } from "./protection";
import { respond, respondLong } from "./response";
import {
  countGood,
  isBlockAccess,
  serviceMalformed,
  serviceTooLong,
  serviceUnsupported,
  Variable,
  VariableKind,
  variableResolve,
  VARIABLE_SIZE,
} from "./short_name";

const request: ShortNameRequest = changetype<ShortNameRequest>(memory.data(offsetof<ShortNameRequest>(), 8));
const item: VariableAccessSpecification = changetype<VariableAccessSpecification>(
  memory.data(offsetof<VariableAccessSpecification>(), 8),
);
const variable: Variable = changetype<Variable>(memory.data(64, 8));
const names: Reader = changetype<Reader>(memory.data(offsetof<Reader>(), 8));
const values: Reader = changetype<Reader>(memory.data(offsetof<Reader>(), 8));
const writer: Writer = changetype<Writer>(memory.data(offsetof<Writer>(), 8));
const returned: Writer = changetype<Writer>(memory.data(offsetof<Writer>(), 8));
const tagOctet: usize = memory.data<u8>([<u8>ApduTag.WRITE_REQUEST]);

if (VARIABLE_SIZE != 64) ERROR("the scratch variable has VARIABLE_SIZE octets");

/** Answers the WriteRequest at `r` in an association with short names, or executes an UnconfirmedWriteRequest in silence. */
export function writeServe(meter: Meter, slotIndex: u32, r: Reader): void {
  const slot = Slot.of(meter, slotIndex);
  const x = request;
  const err = shortNameRequestParse(r, x);
  const confirmed = x.tag == ApduTag.WRITE_REQUEST;
  const bit: u32 = confirmed ? Conformance.WRITE : Conformance.UNCONFIRMED_WRITE;
  if ((slot.conformance & bit) == 0) {
    serviceUnsupported(meter, slot, ApduTag.WRITE_REQUEST);
    return;
  }
  if (err != Err.OK || r.remaining != 0 || x.count == 0 || x.count != x.valueCount) {
    serviceMalformed(meter, slot, ApduTag.WRITE_REQUEST);
    return;
  }
  variableAccessParse(names.over(x.listAt, x.listSize), item);
  if (confirmed && x.count == 1 && item.choice == VariableAccess.WRITE_DATA_BLOCK_ACCESS) {
    writeBlock(meter, slotIndex, slot);
    return;
  }
  Transfer.of(slot).end();
  listWrite(meter, slotIndex, slot);
}

/** Whether a list has none but names. */
function namesOnly(x: ShortNameRequest): bool {
  const r = names.over(x.listAt, x.listSize);
  for (let i: u32 = 0; i < x.count; i++) {
    variableAccessParse(r, item);
    if (isBlockAccess(item)) return false;
  }
  return true;
}

/** Each name has its own result, and an earlier refusal does not stop later ones. */
function listWrite(meter: Meter, slotIndex: u32, slot: Slot): void {
  const x = request;
  if (!countGood(slot, x)) {
    serviceUnsupported(meter, slot, ApduTag.WRITE_REQUEST);
    return;
  }
  if (!namesOnly(x)) {
    serviceMalformed(meter, slot, ApduTag.WRITE_REQUEST);
    return;
  }
  // Nothing is written whose results could not be told.
  const longest: u32 = 1 + Axdr.lengthSize(x.count) + 2 * x.count;
  const blocks = slot.viaBlocks != 0 || (slot.conformance & Conformance.GENERAL_BLOCK_TRANSFER) != 0;
  const room = blocks ? <u32>Template.of().apduSizeMax : responseSizeMax(meter, slot);
  if (slot.confirmed != 0 && longest > room) {
    serviceTooLong(meter, slot, ApduTag.WRITE_REQUEST);
    return;
  }
  const w = begin(slot);
  shortNameResponseHeadEmit(w, ApduTag.WRITE_RESPONSE, x.count);
  names.over(x.listAt, x.listSize);
  values.over(x.valuesAt, x.valuesSize);
  for (let i: u32 = 0; i < x.count; i++) {
    variableAccessParse(names, item);
    const at = values.pos;
    dataSkip(values);
    const result = itemResult(variableWrite(meter, slotIndex, slot, at, <u32>(values.pos - at)));
    if (result == DataAccessResult.SUCCESS) w.u8(ShortNameResult.DATA);
    else shortNameErrorEmit(w, result);
  }
  respondLong(meter, slotIndex, slot, w);
}

/** Writes the Data at `at` to the attribute `item` names, or runs the method with it: a Data-Access-Result, or a refusal of dispatch. */
function variableWrite(meter: Meter, slotIndex: u32, slot: Slot, at: usize, size: u32): i32 {
  const v = variable;
  variableResolve(slot, item, v);
  if (v.kind == VariableKind.NONE) return DataAccessResult.OBJECT_UNDEFINED;
  if (v.kind == VariableKind.ATTRIBUTE) return attributeWrite(meter, slotIndex, v.attribute, at, size);
  // Return data have no place in a WriteResponse.
  const t = Transfer.of(slot);
  t.begin(slot, returned);
  returned.into(slot.frozen, FROZEN_SIZE);
  return methodRun(meter, slotIndex, t, v.method, at, size, returned);
}

function begin(slot: Slot): Writer {
  return writer.into(slot.plainOutbound, Template.of().apduSizeMax);
}

/** Answers one Data-Access-Result alone, as errors of block transfers do. */
function refuse(meter: Meter, slot: Slot, result: DataAccessResult): void {
  const w = begin(slot);
  shortNameResponseHeadEmit(w, ApduTag.WRITE_RESPONSE, 1);
  shortNameErrorEmit(w, result);
  respond(meter, slot, w);
}

/** Gives the long request up with a result. */
function abort(meter: Meter, slotIndex: u32, slot: Slot, result: DataAccessResult): void {
  Transfer.of(slot).end();
  inboxRelease(meter, slotIndex);
  refuse(meter, slot, result);
}

/** Takes a block of a long request, an octet-string among the values: number 1 begins one, the last one executes it. */
function writeBlock(meter: Meter, slotIndex: u32, slot: Slot): void {
  const t = Transfer.of(slot);
  const x = item;
  if ((slot.conformance & Conformance.BLOCK_TRANSFER_WITH_SET) == 0) {
    serviceUnsupported(meter, slot, ApduTag.WRITE_REQUEST);
    return;
  }
  const r = values.over(request.valuesAt, request.valuesSize);
  const size = Axdr.readOctetStringSize(r);
  const raw = r.take(size);
  if (r.err != Err.OK) {
    abort(meter, slotIndex, slot, DataAccessResult.TYPE_UNMATCHED);
    return;
  }
  if (x.blockNumber == 1) {
    t.end();
    if (inboxTake(meter, slotIndex) != Err.OK) {
      refuse(meter, slot, DataAccessResult.TEMPORARY_FAILURE);
      return;
    }
    t.kind = TransferKind.WRITE_REQUEST;
    t.block = 0;
    inboxAppend(meter, slotIndex, tagOctet, 1);
  }
  if (t.kind != TransferKind.WRITE_REQUEST) {
    refuse(meter, slot, DataAccessResult.NO_LONG_SET_IN_PROGRESS);
    return;
  }
  if (x.blockNumber != t.block + 1) {
    abort(meter, slotIndex, slot, DataAccessResult.DATA_BLOCK_NUMBER_INVALID);
    return;
  }
  if (inboxAppend(meter, slotIndex, raw, size) != Err.OK) {
    abort(meter, slotIndex, slot, DataAccessResult.LONG_SET_ABORTED);
    return;
  }
  t.block = x.blockNumber;
  if (x.last == 0) {
    const w = begin(slot);
    shortNameBlockAckEmit(w, ApduTag.WRITE_RESPONSE, t.block);
    respond(meter, slot, w);
    return;
  }
  t.end();
  execute(meter, slotIndex, slot);
  inboxRelease(meter, slotIndex);
}

/** The request is whole, in the inbox. */
function execute(meter: Meter, slotIndex: u32, slot: Slot): void {
  const x = request;
  const r = names.over(meter.inbox(), meter.inboxSize);
  const good = shortNameRequestParse(r, x) == Err.OK && r.remaining == 0;
  if (good && x.count != 0 && x.count == x.valueCount) listWrite(meter, slotIndex, slot);
  else serviceMalformed(meter, slot, ApduTag.WRITE_REQUEST);
}
