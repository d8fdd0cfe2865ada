/** Copies a Data as the attributes of a meter hold it. */
import { Err } from "../base/err";
import { NESTING_MAX } from "../base/limits";
import { Reader } from "../base/reader";
import { Writer } from "../base/writer";
import { Axdr, DataTag } from "./axdr";
import { dataSkip } from "./data";
import { dataFixedSize } from "./data_simple";

function copy(r: Reader, w: Writer, depth: u32): void {
  const tag = r.peek;
  const at = r.pos;
  if (tag == DataTag.ARRAY || tag == DataTag.STRUCTURE) {
    if (depth == NESTING_MAX) return r.fail(Err.MALFORMED);
    r.u8();
    const count = Axdr.readCount(r);
    w.u8(tag);
    Axdr.length(w, count);
    for (let i: u32 = 0; i < count && r.err == Err.OK; i++) copy(r, w, depth + 1);
    return;
  }
  if (dataSkip(r) != Err.OK) return;
  const size = <u32>(r.pos - at);
  if (tag == DataTag.DATE_TIME || tag == DataTag.DATE || tag == DataTag.TIME) {
    w.u8(DataTag.OCTET_STRING);
    Axdr.octets(w, at + 1, <u32>dataFixedSize(tag));
  } else {
    w.octets(at, size);
  }
}

/**
 * Copies one Data. Tags 25, 26 and 27, which a client may send, become the octet-strings that the Blue Book gives the
 * attributes, so that a later GET answers in that form; counts take their shortest form. Errors as
 * dataSkip(), or of `w`.
 */
export function dataCopy(r: Reader, w: Writer): i32 {
  copy(r, w, 0);
  return r.err != Err.OK ? r.err : w.err;
}
