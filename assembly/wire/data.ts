/**
 * Any Data from the wire: stepping over it, comparing it with a type description, reading numbers of any width
 * (GB9 9.5, type Data). Work is bounded by the octets read, nesting is bounded by NESTING_MAX.
 */
import { Err } from "../base/err";
import { NESTING_MAX } from "../base/limits";
import { Reader } from "../base/reader";
import { Axdr, DataTag } from "./axdr";
import { compactArrayContents, typeSkip } from "./compact_array";
import { dataContentSkip, dataFixedSize } from "./data_simple";

export { dataFixedSize } from "./data_simple";

function skip(r: Reader, depth: u32): void {
  const tag = r.u8();
  if (r.err != Err.OK) return;
  if (tag == DataTag.COMPACT_ARRAY) return compactArraySkip(r, depth);
  if (tag != DataTag.ARRAY && tag != DataTag.STRUCTURE) return dataContentSkip(r, tag);
  if (depth == NESTING_MAX) return r.fail(Err.MALFORMED);
  const count = Axdr.readCount(r);
  for (let i: u32 = 0; i < count && r.err == Err.OK; i++) skip(r, depth + 1);
}

/** Steps over a compact-array behind its tag: description, length, contents. */
function compactArraySkip(r: Reader, depth: u32): void {
  const typeAt = r.pos;
  typeSkip(r, depth);
  const typeSize = <u32>(r.pos - typeAt);
  const size = Axdr.readLength(r);
  const at = r.take(size);
  if (r.err != Err.OK) return;
  const err = compactArrayContents(typeAt, typeSize, at, size);
  if (err != Err.OK) r.fail(err);
}

/**
 * Steps over one Data of any type. Err.INCOMPLETE when the octets end early; Err.MALFORMED for an unknown tag, an
 * impossible length, nesting deeper than NESTING_MAX, or contents that do not fit a compact-array's description;
 * Err.LIMIT for a compact-array whose description is out of proportion to its contents (compactArrayContents).
 */
export function dataSkip(r: Reader): i32 {
  skip(r, 0);
  return r.err;
}

/** Steps over `count` Data, as the list of values of a request. Errors as dataSkip(). */
export function dataListSkip(r: Reader, count: u32): i32 {
  for (let i: u32 = 0; i < count && r.err == Err.OK; i++) skip(r, 0);
  return r.err;
}

/** True for date-time, date and time. */
function isTime(tag: u32): bool {
  return tag >= <u32>DataTag.DATE_TIME && tag <= <u32>DataTag.TIME;
}

/** True when a value with tag `found` may stand where the description says `wanted`. */
function timeMatches(r: Reader, wanted: u32, found: u32): bool {
  // Date-time attributes are octet-string(12) in the Blue Book; clients also send tag 25, and both are accepted.
  if (wanted == DataTag.OCTET_STRING) return isTime(found);
  if (found != DataTag.OCTET_STRING || !isTime(wanted)) return false;
  return r.peek == <u32>dataFixedSize(wanted);
}

function matches(r: Reader, t: Reader, depth: u32): void {
  const wanted = t.u8();
  if (t.err != Err.OK) return r.fail(Err.UNKNOWN); // A description that ends early describes nothing.
  if (wanted == DataTag.DONT_CARE) return skip(r, depth);
  const found = r.u8();
  if (r.err != Err.OK) return;
  if (wanted != found) {
    if (timeMatches(r, wanted, found)) dataContentSkip(r, found);
    else r.fail(Err.UNKNOWN);
    return;
  }
  if (wanted == DataTag.ARRAY) arrayMatches(r, t, depth);
  else if (wanted == DataTag.STRUCTURE) structureMatches(r, t, depth);
  else dataContentSkip(r, found);
}

function arrayMatches(r: Reader, t: Reader, depth: u32): void {
  const countMax = t.u16();
  const elementAt = t.pos;
  const count = Axdr.readCount(r);
  if (r.err != Err.OK) return;
  if (depth >= NESTING_MAX) return r.fail(Err.MALFORMED);
  if (countMax != 0 && count > countMax) return r.fail(Err.UNKNOWN);
  for (let i: u32 = 0; i < count && r.err == Err.OK; i++) {
    t.pos = elementAt;
    matches(r, t, depth + 1);
  }
  if (count == 0) typeSkip(t, depth + 1);
}

function structureMatches(r: Reader, t: Reader, depth: u32): void {
  const members = Axdr.readLength(t);
  const count = Axdr.readCount(r);
  if (r.err != Err.OK) return;
  if (depth >= NESTING_MAX) return r.fail(Err.MALFORMED);
  if (count != members) return r.fail(Err.UNKNOWN);
  for (let i: u32 = 0; i < count && r.err == Err.OK; i++) matches(r, t, depth + 1);
}

const types = changetype<Reader>(memory.data(offsetof<Reader>(), 8));

/**
 * Steps over one Data and compares it with a type description in the grammar of compact-array (ARCHITECTURE, section
 * 4): in an array the count is the largest allowed, 0 = any; FF = any type. Tags 25, 26, 27 and octet-strings of 12, 5
 * and 4 octets stand for each other. Returns Err.OK, Err.UNKNOWN when the type differs (type-unmatched), or the error
 * of dataSkip().
 */
export function dataMatches(r: Reader, typeAt: usize, typeSize: u32): i32 {
  matches(r, types.over(typeAt, typeSize), 0);
  return r.err;
}

/**
 * The value of one Data of any whole-number type: integer, long, double-long, long64, their unsigned forms, enum. A
 * long64-unsigned above 2^63 - 1 fails with Err.LIMIT, another type with Err.UNKNOWN.
 */
export function dataInteger(r: Reader): i64 {
  switch (r.u8()) {
    case DataTag.INTEGER:
      return <i64>r.i8();
    case DataTag.UNSIGNED:
    case DataTag.ENUM:
      return <i64>r.u8();
    case DataTag.LONG:
      return <i64>((<i32>(r.u16() << 16)) >> 16);
    case DataTag.LONG_UNSIGNED:
      return <i64>r.u16();
    case DataTag.DOUBLE_LONG:
      return <i64>(<i32>r.u32());
    case DataTag.DOUBLE_LONG_UNSIGNED:
      return <i64>r.u32();
    case DataTag.LONG64:
      return <i64>r.u64();
    case DataTag.LONG64_UNSIGNED: {
      const value = <i64>r.u64();
      if (value < 0) r.fail(Err.LIMIT);
      return value < 0 ? 0 : value;
    }
    default:
      r.fail(Err.UNKNOWN);
      return 0;
  }
}
