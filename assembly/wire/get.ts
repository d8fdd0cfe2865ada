/** GET: request C0 and response C4 (GB9 9.5, Get-Request, Get-Response). */
import { Err } from "../base/err";
import { Reader } from "../base/reader";
import { Writer } from "../base/writer";
import { Axdr } from "./axdr";
import { dataSkip } from "./data";
import {
  AttributeDescriptor,
  attributeDescriptorWithSelectionEmit,
  attributeDescriptorWithSelectionParse,
} from "./descriptor";
import { ApduTag } from "./tags";

export const enum GetRequestChoice {
  NORMAL = 1,
  NEXT = 2,
  WITH_LIST = 3,
}

export const enum GetResponseChoice {
  NORMAL = 1,
  WITH_DATABLOCK = 2,
  WITH_LIST = 3,
}

/** A request; the descriptor is set for NORMAL, blockNumber for NEXT, the list for WITH_LIST. */
@unmanaged
export class GetRequest extends AttributeDescriptor {
  /** GetRequestChoice. */
  choice: u32;
  /** The whole octet invoke-id-and-priority, which the response repeats. */
  invokeId: u32;
  /** The block just received by the client. */
  blockNumber: u32;
  /** `count` descriptors, each for attributeDescriptorWithSelectionParse(); they have been walked once. */
  count: u32;
  listAt: usize;
  listSize: u32;
}

/** A response; dataAt and result for NORMAL and, as raw data, for WITH_DATABLOCK; the list for WITH_LIST. */
@unmanaged
export class GetResponse {
  choice: u32;
  invokeId: u32;
  /** DataAccessResult; SUCCESS means that data are there. */
  result: u32;
  dataAt: usize;
  dataSize: u32;
  last: u32;
  blockNumber: u32;
  count: u32;
  listAt: usize;
  listSize: u32;
}

const item = changetype<AttributeDescriptor>(memory.data(offsetof<AttributeDescriptor>(), 8));
const result = changetype<GetDataResult>(memory.data(offsetof<GetDataResult>(), 8));

/**
 * Parses a GET request with its tag and leaves `r` behind it. Err.UNKNOWN for another tag or choice, else
 * Err.INCOMPLETE or Err.MALFORMED; `invokeId` is set whenever its octet is there.
 */
export function getRequestParse(r: Reader, out: GetRequest): i32 {
  memory.fill(changetype<usize>(out), 0, offsetof<GetRequest>());
  out.selector = -1;
  Axdr.expect(r, ApduTag.GET_REQUEST);
  out.choice = r.u8();
  out.invokeId = r.u8();
  if (r.err != Err.OK) return r.err;
  switch (out.choice) {
    case GetRequestChoice.NORMAL:
      return attributeDescriptorWithSelectionParse(r, out);
    case GetRequestChoice.NEXT:
      out.blockNumber = r.u32();
      return r.err;
    case GetRequestChoice.WITH_LIST:
      return listParse(r, out);
    default:
      r.fail(Err.UNKNOWN);
      return r.err;
  }
}

function listParse(r: Reader, out: GetRequest): i32 {
  out.count = Axdr.readCount(r);
  out.listAt = r.pos;
  for (let i: u32 = 0; i < out.count && r.err == Err.OK; i++) attributeDescriptorWithSelectionParse(r, item);
  out.listSize = r.since(out.listAt);
  return r.err;
}

/** Emits what getRequestParse() reads. */
export function getRequestEmit(w: Writer, x: GetRequest): void {
  w.u8(ApduTag.GET_REQUEST);
  w.u8(x.choice);
  w.u8(x.invokeId);
  if (x.choice == GetRequestChoice.NORMAL) return attributeDescriptorWithSelectionEmit(w, x);
  if (x.choice == GetRequestChoice.NEXT) return w.u32(x.blockNumber);
  assert(x.choice == GetRequestChoice.WITH_LIST);
  Axdr.length(w, x.count);
  w.octets(x.listAt, x.listSize);
}

/** Get-Data-Result: data or a refusal. */
@unmanaged
export class GetDataResult {
  /** DataAccessResult. */
  result: u32;
  dataAt: usize;
  dataSize: u32;
}

/** Reads `00 Data` or `01 Data-Access-Result`. */
export function getDataResultParse(r: Reader, out: GetDataResult): i32 {
  out.result = 0;
  out.dataSize = 0;
  const choice = r.u8();
  out.dataAt = r.pos;
  if (choice == 0) {
    dataSkip(r);
    out.dataSize = r.since(out.dataAt);
  } else {
    if (choice != 1) r.fail(Err.MALFORMED);
    out.dataAt = 0;
    out.result = r.u8();
  }
  return r.err;
}

/** Begins a Get-Data-Result with data: one Data follows. */
export function getDataResultDataEmit(w: Writer): void {
  w.u8(0);
}

/** A Get-Data-Result that refuses. */
export function getDataResultErrorEmit(w: Writer, result: u32): void {
  w.u16(0x0100 | result);
}

/** Begins a response-normal with data: one Data follows. */
export function getResponseDataEmit(w: Writer, invokeId: u32): void {
  getResponseHeadEmit(w, GetResponseChoice.NORMAL, invokeId);
  getDataResultDataEmit(w);
}

/** A response-normal that refuses. */
export function getResponseErrorEmit(w: Writer, invokeId: u32, result: u32): void {
  getResponseHeadEmit(w, GetResponseChoice.NORMAL, invokeId);
  getDataResultErrorEmit(w, result);
}

/** Octets in front of the raw data of a response-with-datablock of `size` octets. */
export function getResponseDatablockHeadSize(size: u32): u32 {
  return 9 + Axdr.lengthSize(size);
}

/** Begins a response-with-datablock: `size` octets of raw data follow. */
export function getResponseDatablockEmit(w: Writer, invokeId: u32, last: bool, blockNumber: u32, size: u32): void {
  getResponseHeadEmit(w, GetResponseChoice.WITH_DATABLOCK, invokeId);
  w.u8(last ? 1 : 0);
  w.u32(blockNumber);
  w.u8(0);
  Axdr.length(w, size);
}

/** A response-with-datablock that ends the transfer with a refusal; it is always the last block. A field
 * habit: the text does not say in which form the refusal comes.
 */
export function getResponseDatablockErrorEmit(w: Writer, invokeId: u32, blockNumber: u32, result: u32): void {
  datablockErrorEmit(w, invokeId, true, blockNumber, result);
}

function datablockErrorEmit(w: Writer, invokeId: u32, last: bool, blockNumber: u32, result: u32): void {
  getResponseHeadEmit(w, GetResponseChoice.WITH_DATABLOCK, invokeId);
  w.u8(last ? 1 : 0);
  w.u32(blockNumber);
  getDataResultErrorEmit(w, result);
}

/** Begins a response-with-list: `count` Get-Data-Results follow. */
export function getResponseListEmit(w: Writer, invokeId: u32, count: u32): void {
  getResponseHeadEmit(w, GetResponseChoice.WITH_LIST, invokeId);
  Axdr.length(w, count);
}

/** Tag, choice and invoke-id-and-priority of a response: the list of a response-with-list follows. */
export function getResponseHeadEmit(w: Writer, choice: u32, invokeId: u32): void {
  w.u8(ApduTag.GET_RESPONSE);
  w.u8(choice);
  w.u8(invokeId);
}

/** Parses a GET response with its tag; errors as getRequestParse(). */
export function getResponseParse(r: Reader, out: GetResponse): i32 {
  memory.fill(changetype<usize>(out), 0, offsetof<GetResponse>());
  Axdr.expect(r, ApduTag.GET_RESPONSE);
  out.choice = r.u8();
  out.invokeId = r.u8();
  if (r.err != Err.OK) return r.err;
  if (out.choice == GetResponseChoice.NORMAL) return normalResultParse(r, out);
  if (out.choice == GetResponseChoice.WITH_DATABLOCK) return datablockParse(r, out);
  if (out.choice != GetResponseChoice.WITH_LIST) r.fail(Err.UNKNOWN);
  out.count = Axdr.readCount(r);
  out.listAt = r.pos;
  for (let i: u32 = 0; i < out.count && r.err == Err.OK; i++) getDataResultParse(r, result);
  out.listSize = r.since(out.listAt);
  return r.err;
}

function normalResultParse(r: Reader, out: GetResponse): i32 {
  getDataResultParse(r, result);
  out.result = result.result;
  out.dataAt = result.dataAt;
  out.dataSize = result.dataSize;
  return r.err;
}

function datablockParse(r: Reader, out: GetResponse): i32 {
  out.last = r.u8() != 0 ? 1 : 0;
  out.blockNumber = r.u32();
  const choice = r.u8();
  if (choice > 1) r.fail(Err.MALFORMED);
  if (choice == 1) {
    out.result = r.u8();
  } else {
    out.dataSize = Axdr.readLength(r);
    out.dataAt = r.take(out.dataSize);
  }
  return r.err;
}

/** Emits what getResponseParse() reads. */
export function getResponseEmit(w: Writer, x: GetResponse): void {
  const refused = x.dataAt == 0;
  if (x.choice == GetResponseChoice.NORMAL) {
    if (refused) return getResponseErrorEmit(w, x.invokeId, x.result);
    getResponseDataEmit(w, x.invokeId);
    w.octets(x.dataAt, x.dataSize);
  } else if (x.choice == GetResponseChoice.WITH_DATABLOCK) {
    if (refused) return datablockErrorEmit(w, x.invokeId, x.last != 0, x.blockNumber, x.result);
    getResponseDatablockEmit(w, x.invokeId, x.last != 0, x.blockNumber, x.dataSize);
    w.octets(x.dataAt, x.dataSize);
  } else {
    assert(x.choice == GetResponseChoice.WITH_LIST);
    getResponseListEmit(w, x.invokeId, x.count);
    w.octets(x.listAt, x.listSize);
  }
}
