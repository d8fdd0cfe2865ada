/**
 * A-XDR (IEC 61334-6) as DLMS/COSEM uses it: lengths, and the Data choices of fixed shape both ways (GB9 9.5, type
 * Data). Writers emit tag and content; readers expect a tag and fail with Err.UNKNOWN when another one stands there, so
 * that "wrong type" differs from Err.INCOMPLETE and Err.MALFORMED.
 */
import { Err } from "../base/err";
import { Reader } from "../base/reader";
import { Writer } from "../base/writer";

/** Tags of the Data choice. */
export const enum DataTag {
  NULL_DATA = 0,
  ARRAY = 1,
  STRUCTURE = 2,
  BOOLEAN = 3,
  BIT_STRING = 4,
  DOUBLE_LONG = 5,
  DOUBLE_LONG_UNSIGNED = 6,
  OCTET_STRING = 9,
  VISIBLE_STRING = 10,
  UTF8_STRING = 12,
  BCD = 13,
  INTEGER = 15,
  LONG = 16,
  UNSIGNED = 17,
  LONG_UNSIGNED = 18,
  COMPACT_ARRAY = 19,
  LONG64 = 20,
  LONG64_UNSIGNED = 21,
  ENUM = 22,
  FLOAT32 = 23,
  FLOAT64 = 24,
  DATE_TIME = 25,
  DATE = 26,
  TIME = 27,
  DELTA_INTEGER = 28,
  DELTA_LONG = 29,
  DELTA_DOUBLE_LONG = 30,
  DELTA_UNSIGNED = 31,
  DELTA_LONG_UNSIGNED = 32,
  DELTA_DOUBLE_LONG_UNSIGNED = 33,
  DONT_CARE = 255,
}

/** Octets that hold `bits` bits; the last one is padded with zeros. */
export function bitStringOctets(bits: u32): u32 {
  return (bits >> 3) + ((bits & 7) != 0 ? 1 : 0);
}

export class Axdr {
  /** A length or count in the shortest form that peers read: some know 81, 82 and 84 only. */
  static length(w: Writer, size: u32): void {
    if (size < 0x80) {
      w.u8(size);
    } else if (size < 0x100) {
      w.u16(0x8100 | size);
    } else if (size < 0x10000) {
      w.u8(0x82);
      w.u16(size);
    } else {
      w.u8(0x84);
      w.u32(size);
    }
  }

  /** Octets length() takes for `size`. */
  static lengthSize(size: u32): u32 {
    return size < 0x80 ? 1 : size < 0x100 ? 2 : size < 0x10000 ? 3 : 5;
  }

  /** A length or count; longer forms than needed are accepted, 80 and 85..FF are malformed. */
  static readLength(r: Reader): u32 {
    const first = r.u8();
    if (first < 0x80) return first;
    switch (first) {
      case 0x81:
        return r.u8();
      case 0x82:
        return r.u16();
      case 0x83: {
        const high = r.u8();
        return (high << 16) | r.u16();
      }
      case 0x84:
        return r.u32();
      default:
        r.fail(Err.MALFORMED);
        return 0;
    }
  }

  /**
   * A count of elements of which each takes at least one octet: where there are more of them than octets left, the
   * input ends too early, and saying so at once keeps a hostile count from costing anything.
   */
  static readCount(r: Reader): u32 {
    const count = Axdr.readLength(r);
    if (count <= r.remaining) return count;
    r.fail(Err.INCOMPLETE);
    return 0;
  }

  /** An octet string without tag: its length, then its octets. */
  static octets(w: Writer, at: usize, size: u32): void {
    Axdr.length(w, size);
    w.octets(at, size);
  }

  // Data, tag and content.

  static nullData(w: Writer): void {
    w.u8(DataTag.NULL_DATA);
  }

  /** `count` Data follow. */
  static array(w: Writer, count: u32): void {
    w.u8(DataTag.ARRAY);
    Axdr.length(w, count);
  }

  /** `count` Data follow. */
  static structure(w: Writer, count: u32): void {
    w.u8(DataTag.STRUCTURE);
    Axdr.length(w, count);
  }

  static boolean(w: Writer, value: bool): void {
    w.u16((DataTag.BOOLEAN << 8) | (value ? 1 : 0));
  }

  /** `at` holds bitStringOctets(bits) octets, first bit in the most significant place. */
  static bitString(w: Writer, at: usize, bits: u32): void {
    w.u8(DataTag.BIT_STRING);
    Axdr.length(w, bits);
    w.octets(at, bitStringOctets(bits));
  }

  static integer(w: Writer, value: i32): void {
    w.u16((DataTag.INTEGER << 8) | (value & 0xff));
  }

  static long(w: Writer, value: i32): void {
    w.u8(DataTag.LONG);
    w.u16(<u32>value);
  }

  static doubleLong(w: Writer, value: i32): void {
    w.u8(DataTag.DOUBLE_LONG);
    w.u32(<u32>value);
  }

  static long64(w: Writer, value: i64): void {
    w.u8(DataTag.LONG64);
    w.u64(<u64>value);
  }

  static unsigned(w: Writer, value: u32): void {
    w.u16((DataTag.UNSIGNED << 8) | (value & 0xff));
  }

  static longUnsigned(w: Writer, value: u32): void {
    w.u8(DataTag.LONG_UNSIGNED);
    w.u16(value);
  }

  static doubleLongUnsigned(w: Writer, value: u32): void {
    w.u8(DataTag.DOUBLE_LONG_UNSIGNED);
    w.u32(value);
  }

  static long64Unsigned(w: Writer, value: u64): void {
    w.u8(DataTag.LONG64_UNSIGNED);
    w.u64(value);
  }

  static enum_(w: Writer, value: u32): void {
    w.u16((DataTag.ENUM << 8) | (value & 0xff));
  }

  /** Two decimal digits in one octet. */
  static bcd(w: Writer, value: u32): void {
    w.u16((DataTag.BCD << 8) | (value & 0xff));
  }

  static float32(w: Writer, value: f32): void {
    w.u8(DataTag.FLOAT32);
    w.u32(reinterpret<u32>(value));
  }

  static float64(w: Writer, value: f64): void {
    w.u8(DataTag.FLOAT64);
    w.u64(reinterpret<u64>(value));
  }

  static octetString(w: Writer, at: usize, size: u32): void {
    w.u8(DataTag.OCTET_STRING);
    Axdr.octets(w, at, size);
  }

  static visibleString(w: Writer, at: usize, size: u32): void {
    w.u8(DataTag.VISIBLE_STRING);
    Axdr.octets(w, at, size);
  }

  static utf8String(w: Writer, at: usize, size: u32): void {
    w.u8(DataTag.UTF8_STRING);
    Axdr.octets(w, at, size);
  }

  /** A logical name: octet-string of 6 octets. */
  static logicalName(w: Writer, at: usize): void {
    w.u16((DataTag.OCTET_STRING << 8) | 6);
    w.octets(at, 6);
  }

  /** Tag 25 with its 12 octets; attributes of the meter use octetString() instead. */
  static dateTime(w: Writer, at: usize): void {
    w.u8(DataTag.DATE_TIME);
    w.octets(at, 12);
  }

  static date(w: Writer, at: usize): void {
    w.u8(DataTag.DATE);
    w.octets(at, 5);
  }

  static time(w: Writer, at: usize): void {
    w.u8(DataTag.TIME);
    w.octets(at, 4);
  }

  /** scaler_unit: structure {integer, enum}. */
  static scalerUnit(w: Writer, scaler: i32, unit: u32): void {
    Axdr.structure(w, 2);
    Axdr.integer(w, scaler);
    Axdr.enum_(w, unit);
  }

  // Readers of one Data of a known type.

  /** Steps over `tag`, or fails with Err.UNKNOWN. */
  static expect(r: Reader, tag: u32): void {
    const found = r.u8();
    if (r.err == Err.OK && found != tag) r.fail(Err.UNKNOWN);
  }

  /** Whether an optional part follows: 00 or 01, all else is malformed. */
  static readFlag(r: Reader): bool {
    const flag = r.u8();
    if (flag > 1) r.fail(Err.MALFORMED);
    return flag == 1;
  }

  /** A structure of exactly `count` elements; another count is another type. */
  static readStructure(r: Reader, count: u32): void {
    Axdr.expect(r, DataTag.STRUCTURE);
    const found = Axdr.readLength(r);
    if (r.err == Err.OK && found != count) r.fail(Err.UNKNOWN);
  }

  /** The number of elements of an array. */
  static readArray(r: Reader): u32 {
    Axdr.expect(r, DataTag.ARRAY);
    return Axdr.readCount(r);
  }

  static readBoolean(r: Reader): bool {
    Axdr.expect(r, DataTag.BOOLEAN);
    return r.u8() != 0;
  }

  static readInteger(r: Reader): i32 {
    Axdr.expect(r, DataTag.INTEGER);
    return r.i8();
  }

  static readLong(r: Reader): i32 {
    Axdr.expect(r, DataTag.LONG);
    return (<i32>(r.u16() << 16)) >> 16;
  }

  static readDoubleLong(r: Reader): i32 {
    Axdr.expect(r, DataTag.DOUBLE_LONG);
    return <i32>r.u32();
  }

  static readUnsigned(r: Reader): u32 {
    Axdr.expect(r, DataTag.UNSIGNED);
    return r.u8();
  }

  static readLongUnsigned(r: Reader): u32 {
    Axdr.expect(r, DataTag.LONG_UNSIGNED);
    return r.u16();
  }

  static readDoubleLongUnsigned(r: Reader): u32 {
    Axdr.expect(r, DataTag.DOUBLE_LONG_UNSIGNED);
    return r.u32();
  }

  static readEnum(r: Reader): u32 {
    Axdr.expect(r, DataTag.ENUM);
    return r.u8();
  }

  /** The length of an octet-string; its octets are next (`r.take(size)`). */
  static readOctetStringSize(r: Reader): u32 {
    Axdr.expect(r, DataTag.OCTET_STRING);
    return Axdr.readLength(r);
  }

  /** An octet-string of exactly `size` octets: its address, or 0 with an error; another size is another type. */
  static readOctetString(r: Reader, size: u32): usize {
    const found = Axdr.readOctetStringSize(r);
    if (r.err == Err.OK && found != size) r.fail(Err.UNKNOWN);
    return r.err == Err.OK ? r.take(size) : 0;
  }

  /** Address of the 6 octets of a logical name, or 0 with an error. */
  static readLogicalName(r: Reader): usize {
    return Axdr.readOctetString(r, 6);
  }
}
