/** The content of Data types that hold no other Data (GB9 9.5, type Data). */
import { Err } from "../base/err";
import { Reader } from "../base/reader";
import { Axdr, bitStringOctets, DataTag } from "./axdr";

const TAGS_WITH_SIZE: u32 = 34;
/** Octets of the content for tags 0..33; 255 = on the wire, or no type. */
const SIZES = memory.data<u8>([
  0, 255, 255, 1, 255, 4, 4, 255, 255, 255, 255, 255, 255, 1, 255, 1, 2, 1, 2, 255, 8, 8, 1, 4, 8, 12, 5, 4, 1, 2, 4, 1,
  2, 4,
]);

/** Octets of the content of a Data of fixed size; -1 when the size is on the wire or the tag is not a Data tag. */
export function dataFixedSize(tag: u32): i32 {
  if (tag >= TAGS_WITH_SIZE) return tag == DataTag.DONT_CARE ? 0 : -1;
  const size = <i32>load<u8>(SIZES + <usize>tag);
  return size != 255 ? size : -1;
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
