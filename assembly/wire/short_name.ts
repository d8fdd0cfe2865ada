/**
 * Services of short name referencing: read 05/0C, write 06/0D, unconfirmed write 16, information report 18 (GB9 9.5).
 */
import { Err } from "../base/err";
import { Reader } from "../base/reader";
import { Writer } from "../base/writer";
import { Axdr } from "./axdr";
import { dataListSkip, dataSkip } from "./data";
import { ApduTag } from "./tags";

/** Choice of a variable-access-specification. */
export const enum VariableAccess {
  VARIABLE_NAME = 2,
  PARAMETERIZED_ACCESS = 4,
  BLOCK_NUMBER_ACCESS = 5,
  READ_DATA_BLOCK_ACCESS = 6,
  WRITE_DATA_BLOCK_ACCESS = 7,
}

@unmanaged
export class VariableAccessSpecification {
  /** VariableAccess. */
  choice: u32;
  /** Short name, for the first two choices. */
  name: u32;
  selector: u32;
  /** Access parameters, one Data; or the raw data of READ_DATA_BLOCK_ACCESS. */
  parametersAt: usize;
  parametersSize: u32;
  last: u32;
  blockNumber: u32;
}

/** A request of any of the four: ReadRequest has no values, InformationReport may have a time. */
@unmanaged
export class ShortNameRequest {
  /** Tag of the APDU. */
  tag: u32;
  /** `count` specifications for variableAccessParse(), walked once. */
  count: u32;
  listAt: usize;
  listSize: u32;
  /** `valueCount` Data; the server answers when the counts differ. */
  valueCount: u32;
  valuesAt: usize;
  valuesSize: u32;
  /** InformationReport: address 0 = absent. */
  timeAt: usize;
  timeSize: u32;
}

const item = changetype<VariableAccessSpecification>(memory.data(offsetof<VariableAccessSpecification>(), 8));

/** Reads one specification. Err.UNKNOWN for another choice; detailed-access (3) is not used in COSEM. */
export function variableAccessParse(r: Reader, out: VariableAccessSpecification): i32 {
  memory.fill(changetype<usize>(out), 0, offsetof<VariableAccessSpecification>());
  out.choice = r.u8();
  if (r.err != Err.OK) return r.err;
  switch (out.choice) {
    case VariableAccess.VARIABLE_NAME:
      out.name = r.u16();
      return r.err;
    case VariableAccess.PARAMETERIZED_ACCESS:
      out.name = r.u16();
      out.selector = r.u8();
      out.parametersAt = r.pos;
      dataSkip(r);
      out.parametersSize = r.since(out.parametersAt);
      return r.err;
    case VariableAccess.BLOCK_NUMBER_ACCESS:
      out.blockNumber = r.u16();
      return r.err;
    case VariableAccess.READ_DATA_BLOCK_ACCESS:
    case VariableAccess.WRITE_DATA_BLOCK_ACCESS:
      return blockAccessParse(r, out);
    default:
      r.fail(Err.UNKNOWN);
      return r.err;
  }
}

function blockAccessParse(r: Reader, out: VariableAccessSpecification): i32 {
  out.last = r.u8() != 0 ? 1 : 0;
  out.blockNumber = r.u16();
  if (out.choice == VariableAccess.READ_DATA_BLOCK_ACCESS) {
    out.parametersSize = Axdr.readLength(r);
    out.parametersAt = r.take(out.parametersSize);
  }
  return r.err;
}

/** Emits what variableAccessParse() reads. */
export function variableAccessEmit(w: Writer, x: VariableAccessSpecification): void {
  w.u8(x.choice);
  if (x.choice <= <u32>VariableAccess.PARAMETERIZED_ACCESS) w.u16(x.name);
  if (x.choice == VariableAccess.PARAMETERIZED_ACCESS) {
    w.u8(x.selector);
    w.octets(x.parametersAt, x.parametersSize);
  }
  if (x.choice >= <u32>VariableAccess.READ_DATA_BLOCK_ACCESS) w.u8(x.last);
  if (x.choice >= <u32>VariableAccess.BLOCK_NUMBER_ACCESS) w.u16(x.blockNumber);
  if (x.choice == VariableAccess.READ_DATA_BLOCK_ACCESS) Axdr.octets(w, x.parametersAt, x.parametersSize);
}

function isRequest(tag: u32): bool {
  switch (tag) {
    case ApduTag.READ_REQUEST:
    case ApduTag.WRITE_REQUEST:
    case ApduTag.UNCONFIRMED_WRITE_REQUEST:
    case ApduTag.INFORMATION_REPORT_REQUEST:
      return true;
    default:
      return false;
  }
}

/** Parses a request with its tag and leaves `r` behind it. Err.UNKNOWN for another tag or choice. */
export function shortNameRequestParse(r: Reader, out: ShortNameRequest): i32 {
  memory.fill(changetype<usize>(out), 0, offsetof<ShortNameRequest>());
  out.tag = r.u8();
  if (r.err == Err.OK && !isRequest(out.tag)) r.fail(Err.UNKNOWN);
  if (out.tag == ApduTag.INFORMATION_REPORT_REQUEST) timeParse(r, out);
  out.count = Axdr.readCount(r);
  out.listAt = r.pos;
  for (let i: u32 = 0; i < out.count && r.err == Err.OK; i++) variableAccessParse(r, item);
  out.listSize = r.since(out.listAt);
  if (out.tag == ApduTag.READ_REQUEST) return r.err;
  out.valueCount = Axdr.readCount(r);
  out.valuesAt = r.pos;
  dataListSkip(r, out.valueCount);
  out.valuesSize = r.since(out.valuesAt);
  return r.err;
}

function timeParse(r: Reader, out: ShortNameRequest): void {
  if (!Axdr.readFlag(r)) return;
  out.timeSize = Axdr.readLength(r);
  out.timeAt = r.take(out.timeSize);
}

/** Emits what shortNameRequestParse() reads. */
export function shortNameRequestEmit(w: Writer, x: ShortNameRequest): void {
  w.u8(x.tag);
  if (x.tag == ApduTag.INFORMATION_REPORT_REQUEST) {
    w.u8(x.timeAt != 0 ? 1 : 0);
    if (x.timeAt != 0) Axdr.octets(w, x.timeAt, x.timeSize);
  }
  Axdr.length(w, x.count);
  w.octets(x.listAt, x.listSize);
  if (x.tag == ApduTag.READ_REQUEST) return;
  Axdr.length(w, x.valueCount);
  w.octets(x.valuesAt, x.valuesSize);
}

/** Choice of an item of ReadResponse and WriteResponse. */
export const enum ShortNameResult {
  /** Read: one Data; write: success. */
  DATA = 0,
  ERROR = 1,
  /** Read: last, block number, raw data; write: block number. */
  BLOCK = 2,
  /** Read: block number. */
  BLOCK_NUMBER = 3,
}

@unmanaged
export class ShortNameResponse {
  /** READ_RESPONSE or WRITE_RESPONSE. */
  tag: u32;
  /** `count` items for shortNameItemParse(), walked once. */
  count: u32;
  listAt: usize;
  listSize: u32;
}

@unmanaged
export class ShortNameItem {
  /** ShortNameResult. */
  choice: u32;
  /** DataAccessResult of ERROR. */
  result: u32;
  last: u32;
  blockNumber: u32;
  dataAt: usize;
  dataSize: u32;
}

const responseItem = changetype<ShortNameItem>(memory.data(offsetof<ShortNameItem>(), 8));

/** Reads one item of a response with `tag`. Err.UNKNOWN for another choice. */
export function shortNameItemParse(r: Reader, tag: u32, out: ShortNameItem): i32 {
  memory.fill(changetype<usize>(out), 0, offsetof<ShortNameItem>());
  const read = tag == ApduTag.READ_RESPONSE;
  out.choice = r.u8();
  if (out.choice == ShortNameResult.ERROR) {
    out.result = r.u8();
  } else if (out.choice == ShortNameResult.DATA && read) {
    out.dataAt = r.pos;
    dataSkip(r);
    out.dataSize = r.since(out.dataAt);
  } else if (out.choice == ShortNameResult.BLOCK || (out.choice == ShortNameResult.BLOCK_NUMBER && read)) {
    itemBlockParse(r, read && out.choice == ShortNameResult.BLOCK, out);
  } else if (out.choice != ShortNameResult.DATA && r.err == Err.OK) {
    r.fail(Err.UNKNOWN);
  }
  return r.err;
}

function itemBlockParse(r: Reader, withData: bool, out: ShortNameItem): void {
  if (withData) out.last = r.u8() != 0 ? 1 : 0;
  out.blockNumber = r.u16();
  if (!withData) return;
  out.dataSize = Axdr.readLength(r);
  out.dataAt = r.take(out.dataSize);
}

/** Emits what shortNameItemParse() reads. */
export function shortNameItemEmit(w: Writer, tag: u32, x: ShortNameItem): void {
  const withData = x.choice == ShortNameResult.BLOCK && tag == ApduTag.READ_RESPONSE;
  w.u8(x.choice);
  if (x.choice == ShortNameResult.ERROR) return w.u8(x.result);
  if (x.choice == ShortNameResult.DATA) return w.octets(x.dataAt, x.dataSize);
  if (withData) w.u8(x.last);
  w.u16(x.blockNumber);
  if (withData) Axdr.octets(w, x.dataAt, x.dataSize);
}

/** Parses a response with its tag and leaves `r` behind it. */
export function shortNameResponseParse(r: Reader, out: ShortNameResponse): i32 {
  memory.fill(changetype<usize>(out), 0, offsetof<ShortNameResponse>());
  out.tag = r.u8();
  if (r.err == Err.OK && out.tag != ApduTag.READ_RESPONSE && out.tag != ApduTag.WRITE_RESPONSE) r.fail(Err.UNKNOWN);
  out.count = Axdr.readCount(r);
  out.listAt = r.pos;
  for (let i: u32 = 0; i < out.count && r.err == Err.OK; i++) shortNameItemParse(r, out.tag, responseItem);
  out.listSize = r.since(out.listAt);
  return r.err;
}

/** Octets in front of the raw data of a ReadResponse with one block whose raw data have up to `size` octets. */
export function readBlockHeadSize(size: u32): u32 {
  return 6 + Axdr.lengthSize(size);
}

/** Begins a ReadResponse with one block: `size` octets of raw data follow. */
export function readBlockHeadEmit(w: Writer, last: bool, blockNumber: u32, size: u32): void {
  shortNameResponseHeadEmit(w, ApduTag.READ_RESPONSE, 1);
  w.u8(ShortNameResult.BLOCK);
  w.u8(last ? 1 : 0);
  w.u16(blockNumber);
  Axdr.length(w, size);
}

/** Emits the acknowledgement of a block of a long request, the only item of a response with `tag`. */
export function shortNameBlockAckEmit(w: Writer, tag: u32, blockNumber: u32): void {
  shortNameResponseHeadEmit(w, tag, 1);
  w.u8(tag == ApduTag.READ_RESPONSE ? ShortNameResult.BLOCK_NUMBER : ShortNameResult.BLOCK);
  w.u16(blockNumber);
}

/** Emits an item that is a Data-Access-Result other than success. */
export function shortNameErrorEmit(w: Writer, result: u32): void {
  w.u8(ShortNameResult.ERROR);
  w.u8(result);
}

/** Begins a response: `count` items for shortNameItemEmit() follow. */
export function shortNameResponseHeadEmit(w: Writer, tag: u32, count: u32): void {
  w.u8(tag);
  Axdr.length(w, count);
}

/** Emits what shortNameResponseParse() reads. */
export function shortNameResponseEmit(w: Writer, x: ShortNameResponse): void {
  shortNameResponseHeadEmit(w, x.tag, x.count);
  w.octets(x.listAt, x.listSize);
}
