/** The content of Data types that hold no other Data (GB9 9.5, type Data; sheet E.2). */
import { Err } from "../base/err";
import { Reader } from "../base/reader";
import { Axdr, bitStringOctets, DataTag } from "./axdr";

/** Octets of the content of a Data of fixed size; -1 when the size is on the wire or the tag is not a Data tag. */
export function dataFixedSize(tag: u32): i32 {
  switch (tag) {
    case DataTag.NULL_DATA:
    case DataTag.DONT_CARE:
      return 0;
    case DataTag.BOOLEAN:
    case DataTag.BCD:
    case DataTag.INTEGER:
    case DataTag.UNSIGNED:
    case DataTag.ENUM:
    case DataTag.DELTA_INTEGER:
    case DataTag.DELTA_UNSIGNED:
      return 1;
    case DataTag.LONG:
    case DataTag.LONG_UNSIGNED:
    case DataTag.DELTA_LONG:
    case DataTag.DELTA_LONG_UNSIGNED:
      return 2;
    case DataTag.DOUBLE_LONG:
    case DataTag.DOUBLE_LONG_UNSIGNED:
    case DataTag.FLOAT32:
    case DataTag.TIME:
    case DataTag.DELTA_DOUBLE_LONG:
    case DataTag.DELTA_DOUBLE_LONG_UNSIGNED:
      return 4;
    case DataTag.DATE:
      return 5;
    case DataTag.LONG64:
    case DataTag.LONG64_UNSIGNED:
    case DataTag.FLOAT64:
      return 8;
    case DataTag.DATE_TIME:
      return 12;
    default:
      return -1;
  }
}

/** Steps over the content of a simple type; a tag that is not one is malformed. */
export function dataContentSkip(r: Reader, tag: u32): void {
  const size = dataFixedSize(tag);
  if (size >= 0) {
    r.take(<u32>size);
    return;
  }
  switch (tag) {
    case DataTag.BIT_STRING:
      r.take(bitStringOctets(Axdr.readLength(r)));
      return;
    case DataTag.OCTET_STRING:
    case DataTag.VISIBLE_STRING:
    case DataTag.UTF8_STRING:
      r.take(Axdr.readLength(r));
      return;
    default:
      r.fail(Err.MALFORMED);
  }
}
