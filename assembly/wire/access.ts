/** ACCESS: request D9 and response DA (GB9 9.5, Access-Request, Access-Response). */
import { Err } from "../base/err";
import { Reader } from "../base/reader";
import { Writer } from "../base/writer";
import { Axdr } from "./axdr";
import { dataListSkip } from "./data";
import {
  AttributeDescriptor,
  attributeDescriptorEmit,
  attributeDescriptorParse,
  selectionEmit,
  selectionParse,
} from "./descriptor";
import { ApduTag } from "./tags";

export const enum AccessChoice {
  GET = 1,
  SET = 2,
  ACTION = 3,
  GET_WITH_SELECTION = 4,
  SET_WITH_SELECTION = 5,
}

/** One access-request-specification; for ACTION `attribute` is the method_id. */
@unmanaged
export class AccessSpecification extends AttributeDescriptor {
  /** AccessChoice. */
  choice: u32;
}

@unmanaged
export class AccessRequest {
  /** long-invoke-id-and-priority (LongInvoke). */
  invokeId: u32;
  /** 12 octets, or size 0. */
  dateTimeAt: usize;
  dateTimeSize: u32;
  /** `count` specifications for accessSpecificationParse(), walked once. */
  count: u32;
  listAt: usize;
  listSize: u32;
  /** `valueCount` Data, one for each specification; the server answers when the counts differ. */
  valueCount: u32;
  valuesAt: usize;
  valuesSize: u32;
}

@unmanaged
export class AccessResponse {
  invokeId: u32;
  dateTimeAt: usize;
  dateTimeSize: u32;
  /** The specifications of the request, repeated when it was self-descriptive; address 0 = absent. */
  count: u32;
  listAt: usize;
  listSize: u32;
  valueCount: u32;
  valuesAt: usize;
  valuesSize: u32;
  /** `resultCount` pairs of octets: choice 1..3, then DataAccessResult or ActionResult. */
  resultCount: u32;
  resultsAt: usize;
  resultsSize: u32;
}

const item = changetype<AccessSpecification>(memory.data(offsetof<AccessSpecification>(), 8));

/** Reads one specification. Choices 4 and 5 carry selector and parameters without a usage flag. */
export function accessSpecificationParse(r: Reader, out: AccessSpecification): i32 {
  out.choice = r.u8();
  const known = out.choice >= <u32>AccessChoice.GET && out.choice <= <u32>AccessChoice.SET_WITH_SELECTION;
  if (r.err == Err.OK && !known) r.fail(Err.UNKNOWN);
  attributeDescriptorParse(r, out);
  if (out.choice >= <u32>AccessChoice.GET_WITH_SELECTION) selectionParse(r, out);
  return r.err;
}

export function accessSpecificationEmit(w: Writer, x: AccessSpecification): void {
  w.u8(x.choice);
  attributeDescriptorEmit(w, x);
  if (x.choice >= <u32>AccessChoice.GET_WITH_SELECTION) selectionEmit(w, x);
}

/** Walks `count` specifications; the octets they take. */
function specificationsSkip(r: Reader, count: u32): u32 {
  const at = r.pos;
  for (let i: u32 = 0; i < count && r.err == Err.OK; i++) accessSpecificationParse(r, item);
  return r.since(at);
}

/** Walks `count` Data; the octets they take. */
function valuesSkip(r: Reader, count: u32): u32 {
  const at = r.pos;
  return dataListSkip(r, count) == Err.OK ? <u32>(r.pos - at) : 0;
}

/** Reads a date-time without Data tag: empty or 12 octets. */
function dateTimeSize(r: Reader): u32 {
  const size = Axdr.readLength(r);
  if (r.err == Err.OK && size != 0 && size != 12) r.fail(Err.MALFORMED);
  return size;
}

/** Parses an ACCESS request with its tag and leaves `r` behind it. Err.UNKNOWN for another tag or choice. */
export function accessRequestParse(r: Reader, out: AccessRequest): i32 {
  memory.fill(changetype<usize>(out), 0, offsetof<AccessRequest>());
  Axdr.expect(r, ApduTag.ACCESS_REQUEST);
  out.invokeId = r.u32();
  out.dateTimeSize = dateTimeSize(r);
  out.dateTimeAt = r.take(out.dateTimeSize);
  out.count = Axdr.readCount(r);
  out.listAt = r.pos;
  out.listSize = specificationsSkip(r, out.count);
  out.valueCount = Axdr.readCount(r);
  out.valuesAt = r.pos;
  out.valuesSize = valuesSkip(r, out.valueCount);
  return r.err;
}

/** Emits what accessRequestParse() reads. */
export function accessRequestEmit(w: Writer, x: AccessRequest): void {
  w.u8(ApduTag.ACCESS_REQUEST);
  w.u32(x.invokeId);
  Axdr.octets(w, x.dateTimeAt, x.dateTimeSize);
  Axdr.length(w, x.count);
  w.octets(x.listAt, x.listSize);
  Axdr.length(w, x.valueCount);
  w.octets(x.valuesAt, x.valuesSize);
}

/**
 * Begins a response without date-time: the specifications of the request when `listAt` is not 0. What follows is a
 * count and as many Data (Axdr.length()), then a count and as many results (accessResultEmit()).
 */
export function accessResponseHeadEmit(w: Writer, invokeId: u32, count: u32, listAt: usize, listSize: u32): void {
  w.u8(ApduTag.ACCESS_RESPONSE);
  w.u32(invokeId);
  w.u8(0);
  w.u8(listAt != 0 ? 1 : 0);
  if (listAt == 0) return;
  Axdr.length(w, count);
  w.octets(listAt, listSize);
}

/**
 * One access-response-specification; `choice` is the AccessChoice of the request, whose two selections answer as GET
 * and SET.
 */
export function accessResultEmit(w: Writer, choice: u32, result: u32): void {
  w.u8(choice > 3 ? choice - 3 : choice);
  w.u8(result);
}

/** Parses an ACCESS response with its tag and leaves `r` behind it. */
export function accessResponseParse(r: Reader, out: AccessResponse): i32 {
  memory.fill(changetype<usize>(out), 0, offsetof<AccessResponse>());
  Axdr.expect(r, ApduTag.ACCESS_RESPONSE);
  out.invokeId = r.u32();
  out.dateTimeSize = dateTimeSize(r);
  out.dateTimeAt = r.take(out.dateTimeSize);
  if (Axdr.readFlag(r)) {
    out.count = Axdr.readCount(r);
    out.listAt = r.pos;
    out.listSize = specificationsSkip(r, out.count);
  }
  out.valueCount = Axdr.readCount(r);
  out.valuesAt = r.pos;
  out.valuesSize = valuesSkip(r, out.valueCount);
  out.resultCount = Axdr.readCount(r);
  out.resultsSize = 2 * out.resultCount;
  out.resultsAt = r.take(out.resultsSize);
  return r.err;
}

/** Emits what accessResponseParse() reads. */
export function accessResponseEmit(w: Writer, x: AccessResponse): void {
  w.u8(ApduTag.ACCESS_RESPONSE);
  w.u32(x.invokeId);
  Axdr.octets(w, x.dateTimeAt, x.dateTimeSize);
  w.u8(x.listAt != 0 ? 1 : 0);
  if (x.listAt != 0) Axdr.length(w, x.count);
  w.octets(x.listAt, x.listSize);
  Axdr.length(w, x.valueCount);
  w.octets(x.valuesAt, x.valuesSize);
  Axdr.length(w, x.resultCount);
  w.octets(x.resultsAt, x.resultsSize);
}
