/** SET: request C1 and response C5 (GB9 9.5, Set-Request, Set-Response). */
import { Err } from "../base/err";
import { Reader } from "../base/reader";
import { Writer } from "../base/writer";
import { Axdr } from "./axdr";
import { dataListSkip, dataSkip } from "./data";
import { Datablock, datablockEmit, datablockParse } from "./datablock";
import {
  AttributeDescriptor,
  attributeDescriptorWithSelectionEmit,
  attributeDescriptorWithSelectionParse,
} from "./descriptor";
import { ApduTag } from "./tags";

export const enum SetRequestChoice {
  NORMAL = 1,
  WITH_FIRST_DATABLOCK = 2,
  WITH_DATABLOCK = 3,
  WITH_LIST = 4,
  WITH_LIST_AND_FIRST_DATABLOCK = 5,
}

export const enum SetResponseChoice {
  NORMAL = 1,
  DATABLOCK = 2,
  LAST_DATABLOCK = 3,
  LAST_DATABLOCK_WITH_LIST = 4,
  WITH_LIST = 5,
}

/**
 * A request: the descriptor for NORMAL and WITH_FIRST_DATABLOCK, the list of descriptors for the two list forms, the
 * value for NORMAL, the values for WITH_LIST, the block for the three datablock forms.
 */
@unmanaged
export class SetRequest extends AttributeDescriptor {
  /** SetRequestChoice. */
  choice: u32;
  /** The whole octet invoke-id-and-priority, which the response repeats. */
  invokeId: u32;
  /** One Data. */
  valueAt: usize;
  valueSize: u32;
  /** `count` descriptors for attributeDescriptorWithSelectionParse(); they have been walked once. */
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
    return changetype<Datablock>(changetype<usize>(this) + offsetof<SetRequest>("last"));
  }
}

/**
 * A response: result for NORMAL and LAST_DATABLOCK, block number for the three block forms, results for the two list
 * forms.
 */
@unmanaged
export class SetResponse {
  choice: u32;
  invokeId: u32;
  /** DataAccessResult. */
  result: u32;
  blockNumber: u32;
  /** `count` octets, a DataAccessResult each. */
  count: u32;
  resultsAt: usize;
}

const item = changetype<AttributeDescriptor>(memory.data(offsetof<AttributeDescriptor>(), 8));

/**
 * Parses a SET request with its tag and leaves `r` behind it. Err.UNKNOWN for another tag or choice, else
 * Err.INCOMPLETE or Err.MALFORMED; `invokeId` is set whenever its octet is there.
 */
export function setRequestParse(r: Reader, out: SetRequest): i32 {
  memory.fill(changetype<usize>(out), 0, offsetof<SetRequest>());
  out.selector = -1;
  Axdr.expect(r, ApduTag.SET_REQUEST);
  out.choice = r.u8();
  out.invokeId = r.u8();
  if (r.err != Err.OK) return r.err;
  switch (out.choice) {
    case SetRequestChoice.NORMAL:
      attributeDescriptorWithSelectionParse(r, out);
      return valueParse(r, out);
    case SetRequestChoice.WITH_FIRST_DATABLOCK:
      attributeDescriptorWithSelectionParse(r, out);
      return datablockParse(r, out.datablock);
    case SetRequestChoice.WITH_DATABLOCK:
      return datablockParse(r, out.datablock);
    case SetRequestChoice.WITH_LIST:
      listParse(r, out);
      return valuesParse(r, out);
    case SetRequestChoice.WITH_LIST_AND_FIRST_DATABLOCK:
      listParse(r, out);
      return datablockParse(r, out.datablock);
    default:
      r.fail(Err.UNKNOWN);
      return r.err;
  }
}

function valueParse(r: Reader, out: SetRequest): i32 {
  out.valueAt = r.pos;
  dataSkip(r);
  out.valueSize = r.since(out.valueAt);
  return r.err;
}

function listParse(r: Reader, out: SetRequest): void {
  out.count = Axdr.readCount(r);
  out.listAt = r.pos;
  for (let i: u32 = 0; i < out.count && r.err == Err.OK; i++) attributeDescriptorWithSelectionParse(r, item);
  out.listSize = r.since(out.listAt);
}

function valuesParse(r: Reader, out: SetRequest): i32 {
  out.valueCount = Axdr.readCount(r);
  out.valuesAt = r.pos;
  dataListSkip(r, out.valueCount);
  out.valuesSize = r.since(out.valuesAt);
  return r.err;
}

function listEmit(w: Writer, x: SetRequest): void {
  Axdr.length(w, x.count);
  w.octets(x.listAt, x.listSize);
}

/** Emits what setRequestParse() reads. */
export function setRequestEmit(w: Writer, x: SetRequest): void {
  w.u8(ApduTag.SET_REQUEST);
  w.u8(x.choice);
  w.u8(x.invokeId);
  switch (x.choice) {
    case SetRequestChoice.NORMAL:
      attributeDescriptorWithSelectionEmit(w, x);
      return w.octets(x.valueAt, x.valueSize);
    case SetRequestChoice.WITH_FIRST_DATABLOCK:
      attributeDescriptorWithSelectionEmit(w, x);
      return datablockEmit(w, x.datablock);
    case SetRequestChoice.WITH_DATABLOCK:
      return datablockEmit(w, x.datablock);
    case SetRequestChoice.WITH_LIST:
      listEmit(w, x);
      Axdr.length(w, x.valueCount);
      return w.octets(x.valuesAt, x.valuesSize);
    default:
      assert(x.choice == SetRequestChoice.WITH_LIST_AND_FIRST_DATABLOCK);
      listEmit(w, x);
      datablockEmit(w, x.datablock);
  }
}

function headEmit(w: Writer, choice: u32, invokeId: u32): void {
  w.u8(ApduTag.SET_RESPONSE);
  w.u8(choice);
  w.u8(invokeId);
}

/** A response-normal with a DataAccessResult. */
export function setResponseNormalEmit(w: Writer, invokeId: u32, result: u32): void {
  headEmit(w, SetResponseChoice.NORMAL, invokeId);
  w.u8(result);
}

/** Acknowledges a block that is not the last one. */
export function setResponseDatablockEmit(w: Writer, invokeId: u32, blockNumber: u32): void {
  headEmit(w, SetResponseChoice.DATABLOCK, invokeId);
  w.u32(blockNumber);
}

/** The result after the last block, or of a transfer that ends early. */
export function setResponseLastDatablockEmit(w: Writer, invokeId: u32, result: u32, blockNumber: u32): void {
  headEmit(w, SetResponseChoice.LAST_DATABLOCK, invokeId);
  w.u8(result);
  w.u32(blockNumber);
}

/** Begins a last-datablock-with-list: `count` results of one octet follow, then the block number, 4 octets. */
export function setResponseLastDatablockListEmit(w: Writer, invokeId: u32, count: u32): void {
  headEmit(w, SetResponseChoice.LAST_DATABLOCK_WITH_LIST, invokeId);
  Axdr.length(w, count);
}

/** Begins a response-with-list: `count` results of one octet follow. */
export function setResponseListEmit(w: Writer, invokeId: u32, count: u32): void {
  headEmit(w, SetResponseChoice.WITH_LIST, invokeId);
  Axdr.length(w, count);
}

/** Parses a SET response with its tag; errors as setRequestParse(). */
export function setResponseParse(r: Reader, out: SetResponse): i32 {
  memory.fill(changetype<usize>(out), 0, offsetof<SetResponse>());
  Axdr.expect(r, ApduTag.SET_RESPONSE);
  out.choice = r.u8();
  out.invokeId = r.u8();
  if (r.err != Err.OK) return r.err;
  const choice = out.choice;
  if (choice < <u32>SetResponseChoice.NORMAL || choice > <u32>SetResponseChoice.WITH_LIST) r.fail(Err.UNKNOWN);
  if (choice == SetResponseChoice.NORMAL || choice == SetResponseChoice.LAST_DATABLOCK) out.result = r.u8();
  if (choice >= <u32>SetResponseChoice.LAST_DATABLOCK_WITH_LIST) {
    out.count = Axdr.readCount(r);
    out.resultsAt = r.take(out.count);
  }
  if (choice != SetResponseChoice.NORMAL && choice != SetResponseChoice.WITH_LIST) out.blockNumber = r.u32();
  return r.err;
}

/** Emits what setResponseParse() reads. */
export function setResponseEmit(w: Writer, x: SetResponse): void {
  switch (x.choice) {
    case SetResponseChoice.NORMAL:
      return setResponseNormalEmit(w, x.invokeId, x.result);
    case SetResponseChoice.DATABLOCK:
      return setResponseDatablockEmit(w, x.invokeId, x.blockNumber);
    case SetResponseChoice.LAST_DATABLOCK:
      return setResponseLastDatablockEmit(w, x.invokeId, x.result, x.blockNumber);
    case SetResponseChoice.LAST_DATABLOCK_WITH_LIST:
      setResponseLastDatablockListEmit(w, x.invokeId, x.count);
      w.octets(x.resultsAt, x.count);
      return w.u32(x.blockNumber);
    default:
      assert(x.choice == SetResponseChoice.WITH_LIST);
      setResponseListEmit(w, x.invokeId, x.count);
      w.octets(x.resultsAt, x.count);
  }
}
