/**
 * The type description and the contents of a compact-array (GB9 9.5, type Data). A description is a simple type's tag, or 01
 * count(u16) type, or 02 count types; the contents are the elements one after another without tags, their number is not
 * sent.
 */
import { Err } from "../base/err";
import { NESTING_MAX } from "../base/limits";
import { Reader } from "../base/reader";
import { Axdr, DataTag } from "./axdr";
import { dataContentSkip, dataFixedSize } from "./data_simple";

const description = changetype<Reader>(memory.data(offsetof<Reader>(), 8));
const contents = changetype<Reader>(memory.data(offsetof<Reader>(), 8));

/**
 * True for the types a description may name directly: those whose elements are not themselves described, and no deltas.
 */
function isSimple(tag: u32): bool {
  switch (tag) {
    case DataTag.BIT_STRING:
    case DataTag.OCTET_STRING:
    case DataTag.VISIBLE_STRING:
    case DataTag.UTF8_STRING:
      return true;
    default:
      return dataFixedSize(tag) >= 0 && (tag < <u32>DataTag.DELTA_INTEGER || tag == DataTag.DONT_CARE);
  }
}

/** Steps over one type description that lies `depth` levels deep; unknown tags and deeper nesting are malformed. */
export function typeSkip(t: Reader, depth: u32): void {
  const tag = t.u8();
  if (t.err != Err.OK) return;
  if (tag != DataTag.ARRAY && tag != DataTag.STRUCTURE) {
    if (!isSimple(tag)) t.fail(Err.MALFORMED);
    return;
  }
  if (depth >= NESTING_MAX) return t.fail(Err.MALFORMED);
  if (tag == DataTag.ARRAY) {
    t.u16();
    return typeSkip(t, depth + 1);
  }
  const members = Axdr.readCount(t);
  for (let i: u32 = 0; i < members && t.err == Err.OK; i++) typeSkip(t, depth + 1);
}

/**
 * Members that may be walked for each octet of contents. Members without octets (null-data, arrays of none) cost a step
 * and use up nothing, and nobody honest has many of them; without a bound 4 KiB could demand a million steps.
 */
const STEPS_PER_OCTET: u32 = 8;
const STEPS_FREE: u32 = 256;

/** Steps left for the contents at hand. */
const steps = memory.data(4, 4);

function spend(r: Reader, count: u32): void {
  const left = load<u32>(steps);
  if (count > left) return r.fail(Err.LIMIT);
  store<u32>(steps, left - count);
}

/**
 * Steps over one element of the description at `t`, which has passed typeSkip(), and moves `t` behind that description.
 */
function elementSkip(r: Reader, t: Reader): void {
  spend(r, 1);
  const tag = t.u8();
  if (tag == DataTag.ARRAY) return arraySkip(r, t);
  if (tag != DataTag.STRUCTURE) return dataContentSkip(r, tag);
  const members = Axdr.readLength(t);
  for (let i: u32 = 0; i < members && r.err == Err.OK; i++) elementSkip(r, t);
}

function arraySkip(r: Reader, t: Reader): void {
  const count = t.u16();
  const elementAt = t.pos;
  if (count == 0) {
    typeSkip(t, 0);
    return spend(r, <u32>(t.pos - elementAt));
  }
  for (let i: u32 = 0; i < count && r.err == Err.OK; i++) {
    const before = r.pos;
    t.pos = elementAt;
    elementSkip(r, t);
    // An element without octets is one of null-data only: all the others are like it, and counting them would be work
    // for nothing.
    if (r.pos == before) break;
  }
}

/**
 * Checks that the contents are a whole number of elements of the description. A description whose element takes no
 * octets admits empty contents only. Err.OK, Err.MALFORMED, or Err.LIMIT when the description costs too many steps for
 * these contents.
 */
export function compactArrayContents(typeAt: usize, typeSize: u32, at: usize, size: u32): i32 {
  const r = contents.over(at, size);
  store<u32>(steps, STEPS_FREE + STEPS_PER_OCTET * size);
  while (r.remaining != 0) {
    const before = r.pos;
    elementSkip(r, description.over(typeAt, typeSize));
    if (r.err == Err.LIMIT) return Err.LIMIT;
    if (r.err != Err.OK || r.pos == before) return Err.MALFORMED;
  }
  return Err.OK;
}
