/**
 * Write and UnconfirmedWrite services of short name referencing: attributes, and methods without return data
 * (GB9 9.3.15, 9.3.16).
 */
import { Err } from "../base/err";
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
  shortNameErrorEmit,
  ShortNameRequest,
  shortNameResponseHeadEmit,
  ShortNameResult,
  VariableAccess,
  VariableAccessSpecification,
  variableAccessParse,
} from "../wire/short_name";
import { ApduTag } from "../wire/tags";
import { Layout } from "../store/layout";
import { Transfer } from "./answer";
import { attributeWrite, itemResult, methodRun } from "./evaluate";
import { inboxRelease } from "./inbox";
import { responseSizeMax } from "./protection";
import { respondLong, responseBegin } from "./response";
import {
  listGood,
  requestGood,
  serviceMalformed,
  serviceTooLong,
  serviceUnsupported,
  Variable,
  VariableKind,
  variableResolve,
  VARIABLE_SIZE,
} from "./short_name";
import { blockCollect } from "./short_name_blocks";

const request: ShortNameRequest = changetype<ShortNameRequest>(memory.data(offsetof<ShortNameRequest>(), 8));
const item: VariableAccessSpecification = changetype<VariableAccessSpecification>(
  memory.data(offsetof<VariableAccessSpecification>(), 8),
);
const variable: Variable = changetype<Variable>(memory.data(64, 8));
const names: Reader = changetype<Reader>(memory.data(offsetof<Reader>(), 8));
const values: Reader = changetype<Reader>(memory.data(offsetof<Reader>(), 8));
const returned: Writer = changetype<Writer>(memory.data(offsetof<Writer>(), 8));

if (VARIABLE_SIZE != 64) ERROR("the scratch variable has VARIABLE_SIZE octets");

/** Answers the WriteRequest at `r` in an association with short names, or executes an UnconfirmedWriteRequest in silence. */
export function writeServe(meter: Meter, slotIndex: u32, r: Reader): void {
  const slot = Slot.of(meter, slotIndex);
  const x = request;
  const good = requestGood(r, x);
  const confirmed = x.tag == ApduTag.WRITE_REQUEST;
  const bit: u32 = confirmed ? Conformance.WRITE : Conformance.UNCONFIRMED_WRITE;
  if ((slot.conformance & bit) == 0) {
    serviceUnsupported(meter, slot, ApduTag.WRITE_REQUEST);
    return;
  }
  if (!good) {
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

/** Each name has its own result, and an earlier refusal does not stop later ones. */
function listWrite(meter: Meter, slotIndex: u32, slot: Slot): void {
  const x = request;
  if (!listGood(meter, slot, ApduTag.WRITE_REQUEST, x)) return;
  // Nothing is written whose results could not be told.
  const longest: u32 = 1 + Axdr.lengthSize(x.count) + 2 * x.count;
  const blocks = slot.viaBlocks != 0 || (slot.conformance & Conformance.GENERAL_BLOCK_TRANSFER) != 0;
  const room = blocks ? <u32>Template.of().apduSizeMax : responseSizeMax(meter, slot);
  if (slot.confirmed != 0 && longest > room) {
    serviceTooLong(meter, slot, ApduTag.WRITE_REQUEST);
    return;
  }
  const w = responseBegin(slot);
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
  returned.into(slot.frozen, Layout.of().frozenSize);
  return methodRun(meter, slotIndex, t, v.method, at, size, returned);
}

/** Takes a block of a long request, an octet-string among the values; the last one executes it. */
function writeBlock(meter: Meter, slotIndex: u32, slot: Slot): void {
  const r = values.over(request.valuesAt, request.valuesSize);
  const size = Axdr.readOctetStringSize(r);
  const raw = r.take(size);
  if (!blockCollect(meter, slotIndex, slot, ApduTag.WRITE_REQUEST, item, r.err == Err.OK ? raw : 0, size)) return;
  if (requestGood(names.over(meter.inbox(), meter.inboxSize), request)) listWrite(meter, slotIndex, slot);
  else serviceMalformed(meter, slot, ApduTag.WRITE_REQUEST);
  inboxRelease(meter, slotIndex);
}
