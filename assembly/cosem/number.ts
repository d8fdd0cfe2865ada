/** Whole numbers as Data: which types hold them, and how a value goes into one (GB9 9.5, type Data). */
import { Writer } from "../base/writer";
import { fixedWidth } from "../store/rings";
import { Axdr, DataTag } from "../wire/axdr";

/** Bit t: Data of tag t is a whole number that may be below 0; a whole number at all. */
const SIGNED: u32 = (1 << DataTag.INTEGER) | (1 << DataTag.LONG) | (1 << DataTag.DOUBLE_LONG) | (1 << DataTag.LONG64);
const UNSIGNED: u32 =
  (1 << DataTag.BOOLEAN) |
  (1 << DataTag.UNSIGNED) |
  (1 << DataTag.ENUM) |
  (1 << DataTag.LONG_UNSIGNED) |
  (1 << DataTag.DOUBLE_LONG_UNSIGNED) |
  (1 << DataTag.LONG64_UNSIGNED);

/** 1 where Data of type `tag` may be below 0, else 0. */
export function tagIsSigned(tag: u32): u32 {
  return tag < 32 ? (SIGNED >> tag) & 1 : 0;
}

/** Whether Data of type `tag` is a whole number. */
export function tagIsNumber(tag: u32): bool {
  return tag < 32 && (((SIGNED | UNSIGNED) >> tag) & 1) != 0;
}

/** `value` without its last `digits` decimal digits, rounded down. */
export function scaled(value: i64, digits: u32): i64 {
  let unit: i64 = 1;
  for (let i: u32 = 0; i < digits && i < 18; i++) unit *= 10;
  const quotient = value / unit;
  return value - quotient * unit < 0 ? quotient - 1 : quotient;
}

/** The number nearest to `value` that so many octets hold, fewer than eight. */
function held(value: i64, width: u32, signed: u32): i64 {
  const high = <i64>(u64.MAX_VALUE >> (64 - (width << 3) + signed));
  const low = signed != 0 ? ~high : 0;
  return value < low ? low : value > high ? high : value;
}

/**
 * A number as Data of type `tag`; null-data where that is no number. What counts rolls over at the end of the type, as the register of a
 * meter does; any other value stops there.
 */
export function numberEmit(w: Writer, tag: u32, value: i64, rolls: bool): void {
  if (!tagIsNumber(tag)) return Axdr.nullData(w);
  if (tag == DataTag.BOOLEAN) return Axdr.boolean(w, value != 0);
  const width = fixedWidth(tag);
  const shown = rolls || width == 8 ? value : held(value, width, tagIsSigned(tag));
  w.u8(tag);
  switch (width) {
    case 1:
      return w.u8(<u32>shown);
    case 2:
      return w.u16(<u32>shown);
    case 4:
      return w.u32(<u32>shown);
    default:
      return w.u64(shown);
  }
}
