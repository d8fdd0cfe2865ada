/** ACTION: request C3 and response C7 (GB9 9.5, Action-Request, Action-Response). */
import { Err } from "../base/err";
import { Reader } from "../base/reader";
import { Writer } from "../base/writer";
import { Axdr } from "./axdr";
import { dataListSkip, dataSkip } from "./data";
import { Datablock, datablockEmit, datablockHeadEmit, datablockParse } from "./datablock";
import { DESCRIPTOR_SIZE, MethodDescriptor, methodDescriptorEmit, methodDescriptorParse } from "./descriptor";
import { GetDataResult, getDataResultParse } from "./get";
import { ApduTag } from "./tags";

export const enum ActionRequestChoice {
  NORMAL = 1,
  NEXT_PBLOCK = 2,
  WITH_LIST = 3,
  WITH_FIRST_PBLOCK = 4,
  WITH_LIST_AND_FIRST_PBLOCK = 5,
  WITH_PBLOCK = 6,
}

export const enum ActionResponseChoice {
  NORMAL = 1,
  WITH_PBLOCK = 2,
  WITH_LIST = 3,
  NEXT_PBLOCK = 4,
}

/**
 * A request: the descriptor for NORMAL and WITH_FIRST_PBLOCK, the list of descriptors for the two list forms, the block
 * for the three forms that carry one; of the block only blockNumber for NEXT_PBLOCK.
 */
@unmanaged
export class ActionRequest extends MethodDescriptor {
  /** ActionRequestChoice. */
  choice: u32;
  /** The whole octet invoke-id-and-priority, which the response repeats. */
  invokeId: u32;
  /** One Data; address 0 = no parameters. */
  parametersAt: usize;
  parametersSize: u32;
  /** `count` descriptors of 9 octets for methodDescriptorParse(). */
  count: u32;
  listAt: usize;
  listSize: u32;
  /** `valueCount` Data, walked once; the count may differ from `count`, which the server answers. */
  valueCount: u32;
  valuesAt: usize;
  valuesSize: u32;
  // Datablock
  last: u32;
  blockNumber: u32;
  rawAt: usize;
  rawSize: u32;

  /** The block inside this request. */
  @inline
  get datablock(): Datablock {
    return changetype<Datablock>(changetype<usize>(this) + offsetof<ActionRequest>("last"));
  }
}

/** A response: result and return parameters for NORMAL, block for WITH_PBLOCK and NEXT_PBLOCK, list for WITH_LIST. */
@unmanaged
export class ActionResponse {
  choice: u32;
  invokeId: u32;
  /** ActionResult. */
  result: u32;
  /** Not 0: return parameters are there, as data or as the DataAccessResult that follows. */
  returned: u32;
  returnResult: u32;
  dataAt: usize;
  dataSize: u32;
  /** `count` items for actionItemParse(), walked once. */
  count: u32;
  listAt: usize;
  listSize: u32;
  // Datablock
  last: u32;
  blockNumber: u32;
  rawAt: usize;
  rawSize: u32;

  /** The block inside this response. */
  @inline
  get datablock(): Datablock {
    return changetype<Datablock>(changetype<usize>(this) + offsetof<ActionResponse>("last"));
  }
}

/** An action-result with optional return parameters. */
@unmanaged
export class ActionItem {
  /** ActionResult. */
  result: u32;
  /** Not 0: return parameters are there, as data or as the DataAccessResult that follows. */
  returned: u32;
  returnResult: u32;
  dataAt: usize;
  dataSize: u32;
}

const item = changetype<ActionItem>(memory.data(offsetof<ActionItem>(), 8));
const returnParameters = changetype<GetDataResult>(memory.data(offsetof<GetDataResult>(), 8));

/**
 * Parses an ACTION request with its tag and leaves `r` behind it. Err.UNKNOWN for another tag or choice, else
 * Err.INCOMPLETE or Err.MALFORMED; `invokeId` is set whenever its octet is there.
 */
export function actionRequestParse(r: Reader, out: ActionRequest): i32 {
  memory.fill(changetype<usize>(out), 0, offsetof<ActionRequest>());
  Axdr.expect(r, ApduTag.ACTION_REQUEST);
  out.choice = r.u8();
  out.invokeId = r.u8();
  if (r.err != Err.OK) return r.err;
  switch (out.choice) {
    case ActionRequestChoice.NORMAL:
      methodDescriptorParse(r, out);
      return parametersParse(r, out);
    case ActionRequestChoice.NEXT_PBLOCK:
      out.blockNumber = r.u32();
      return r.err;
    case ActionRequestChoice.WITH_LIST:
      listParse(r, out);
      return valuesParse(r, out);
    case ActionRequestChoice.WITH_FIRST_PBLOCK:
      methodDescriptorParse(r, out);
      return datablockParse(r, out.datablock);
    case ActionRequestChoice.WITH_LIST_AND_FIRST_PBLOCK:
      listParse(r, out);
      return datablockParse(r, out.datablock);
    case ActionRequestChoice.WITH_PBLOCK:
      return datablockParse(r, out.datablock);
    default:
      r.fail(Err.UNKNOWN);
      return r.err;
  }
}

function parametersParse(r: Reader, out: ActionRequest): i32 {
  if (!Axdr.readFlag(r)) return r.err;
  out.parametersAt = r.pos;
  dataSkip(r);
  out.parametersSize = r.since(out.parametersAt);
  return r.err;
}

function listParse(r: Reader, out: ActionRequest): void {
  out.count = Axdr.readCount(r); // At most the octets left, so the product below cannot wrap.
  out.listSize = out.count * DESCRIPTOR_SIZE;
  out.listAt = r.take(out.listSize);
}

function valuesParse(r: Reader, out: ActionRequest): i32 {
  out.valueCount = Axdr.readCount(r);
  out.valuesAt = r.pos;
  dataListSkip(r, out.valueCount);
  out.valuesSize = r.since(out.valuesAt);
  return r.err;
}

function listEmit(w: Writer, x: ActionRequest): void {
  Axdr.length(w, x.count);
  w.octets(x.listAt, x.listSize);
}

/** Emits what actionRequestParse() reads. */
export function actionRequestEmit(w: Writer, x: ActionRequest): void {
  w.u8(ApduTag.ACTION_REQUEST);
  w.u8(x.choice);
  w.u8(x.invokeId);
  switch (x.choice) {
    case ActionRequestChoice.NORMAL:
      methodDescriptorEmit(w, x);
      w.u8(x.parametersAt != 0 ? 1 : 0);
      return w.octets(x.parametersAt, x.parametersSize);
    case ActionRequestChoice.NEXT_PBLOCK:
      return w.u32(x.blockNumber);
    case ActionRequestChoice.WITH_LIST:
      listEmit(w, x);
      Axdr.length(w, x.valueCount);
      return w.octets(x.valuesAt, x.valuesSize);
    case ActionRequestChoice.WITH_FIRST_PBLOCK:
      methodDescriptorEmit(w, x);
      return datablockEmit(w, x.datablock);
    case ActionRequestChoice.WITH_LIST_AND_FIRST_PBLOCK:
      listEmit(w, x);
      return datablockEmit(w, x.datablock);
    default:
      assert(x.choice == ActionRequestChoice.WITH_PBLOCK);
      datablockEmit(w, x.datablock);
  }
}

function headEmit(w: Writer, choice: u32, invokeId: u32): void {
  w.u8(ApduTag.ACTION_RESPONSE);
  w.u8(choice);
  w.u8(invokeId);
}

/** A response-normal, or an item of a list, without return parameters: result and flag 00. */
export function actionItemEmit(w: Writer, result: u32): void {
  w.u8(result);
  w.u8(0);
}

/** As actionItemEmit() with return data: one Data follows. */
export function actionItemDataEmit(w: Writer, result: u32): void {
  w.u8(result);
  w.u16(0x0100);
}

/** As actionItemEmit() with a DataAccessResult in place of return data. */
export function actionItemErrorEmit(w: Writer, result: u32, returnResult: u32): void {
  w.u8(result);
  w.u16(0x0101);
  w.u8(returnResult);
}

/** A response-normal without return parameters. */
export function actionResponseNormalEmit(w: Writer, invokeId: u32, result: u32): void {
  headEmit(w, ActionResponseChoice.NORMAL, invokeId);
  actionItemEmit(w, result);
}

/** Begins a response-normal with return data: one Data follows. */
export function actionResponseDataEmit(w: Writer, invokeId: u32, result: u32): void {
  headEmit(w, ActionResponseChoice.NORMAL, invokeId);
  actionItemDataEmit(w, result);
}

/** Begins a response-with-pblock: `size` octets of raw data follow. */
export function actionResponsePblockEmit(w: Writer, invokeId: u32, last: bool, blockNumber: u32, size: u32): void {
  headEmit(w, ActionResponseChoice.WITH_PBLOCK, invokeId);
  datablockHeadEmit(w, last, blockNumber, size);
}

/** The head of a response-with-list; the count and the items follow. */
export function actionResponseListHeadEmit(w: Writer, invokeId: u32): void {
  headEmit(w, ActionResponseChoice.WITH_LIST, invokeId);
}

/** Begins a response-with-list: `count` items of actionItemEmit() and its siblings follow. */
export function actionResponseListEmit(w: Writer, invokeId: u32, count: u32): void {
  actionResponseListHeadEmit(w, invokeId);
  Axdr.length(w, count);
}

/** Acknowledges a block of a long request. */
export function actionResponseNextPblockEmit(w: Writer, invokeId: u32, blockNumber: u32): void {
  headEmit(w, ActionResponseChoice.NEXT_PBLOCK, invokeId);
  w.u32(blockNumber);
}

/** Reads an action-result with its optional return parameters. */
export function actionItemParse(r: Reader, out: ActionItem): i32 {
  out.result = r.u8();
  out.returned = r.u8();
  out.returnResult = 0;
  out.dataAt = 0;
  out.dataSize = 0;
  if (out.returned > 1) r.fail(Err.MALFORMED);
  if (r.err != Err.OK || out.returned == 0) return r.err;
  getDataResultParse(r, returnParameters);
  out.returnResult = returnParameters.result;
  out.dataAt = returnParameters.dataAt;
  out.dataSize = returnParameters.dataSize;
  return r.err;
}

/** Parses an ACTION response with its tag; errors as actionRequestParse(). */
export function actionResponseParse(r: Reader, out: ActionResponse): i32 {
  memory.fill(changetype<usize>(out), 0, offsetof<ActionResponse>());
  Axdr.expect(r, ApduTag.ACTION_RESPONSE);
  out.choice = r.u8();
  out.invokeId = r.u8();
  if (r.err != Err.OK) return r.err;
  switch (out.choice) {
    case ActionResponseChoice.NORMAL:
      return actionItemParse(r, changetype<ActionItem>(changetype<usize>(out) + offsetof<ActionResponse>("result")));
    case ActionResponseChoice.WITH_PBLOCK:
      return datablockParse(r, out.datablock);
    case ActionResponseChoice.WITH_LIST:
      return itemsParse(r, out);
    case ActionResponseChoice.NEXT_PBLOCK:
      out.blockNumber = r.u32();
      return r.err;
    default:
      r.fail(Err.UNKNOWN);
      return r.err;
  }
}

function itemsParse(r: Reader, out: ActionResponse): i32 {
  out.count = Axdr.readCount(r);
  out.listAt = r.pos;
  for (let i: u32 = 0; i < out.count && r.err == Err.OK; i++) actionItemParse(r, item);
  out.listSize = r.since(out.listAt);
  return r.err;
}

function normalEmit(w: Writer, x: ActionResponse): void {
  headEmit(w, ActionResponseChoice.NORMAL, x.invokeId);
  if (x.returned == 0) return actionItemEmit(w, x.result);
  if (x.dataAt == 0) return actionItemErrorEmit(w, x.result, x.returnResult);
  actionItemDataEmit(w, x.result);
  w.octets(x.dataAt, x.dataSize);
}

/** Emits what actionResponseParse() reads. */
export function actionResponseEmit(w: Writer, x: ActionResponse): void {
  switch (x.choice) {
    case ActionResponseChoice.NORMAL:
      return normalEmit(w, x);
    case ActionResponseChoice.WITH_PBLOCK:
      headEmit(w, ActionResponseChoice.WITH_PBLOCK, x.invokeId);
      return datablockEmit(w, x.datablock);
    case ActionResponseChoice.WITH_LIST:
      actionResponseListEmit(w, x.invokeId, x.count);
      return w.octets(x.listAt, x.listSize);
    default:
      assert(x.choice == ActionResponseChoice.NEXT_PBLOCK);
      actionResponseNextPblockEmit(w, x.invokeId, x.blockNumber);
  }
}

if (offsetof<ActionResponse>("dataSize") - offsetof<ActionResponse>("result") != offsetof<ActionItem>("dataSize"))
  ERROR("a response holds an item");
