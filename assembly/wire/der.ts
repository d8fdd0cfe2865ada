/**
 * DER as X.509 and PKCS#10 use it (ITU-T X.690, clause 10): tags of one octet, definite lengths in their shortest form.
 * Readers are strict and total: what is not the one encoding of a value is malformed. Elements are read into a Reader of
 * their own, so the depth of the input is the depth of the code that reads it.
 */
import { octetsSame } from "../base/octets";
import { Civil, SECONDS_PER_DAY } from "../base/civil";
import { Err } from "../base/err";
import { Reader } from "../base/reader";

/** Identifier octets. */
export const enum DerTag {
  BOOLEAN = 0x01,
  INTEGER = 0x02,
  BIT_STRING = 0x03,
  OCTET_STRING = 0x04,
  OBJECT_IDENTIFIER = 0x06,
  UTF8_STRING = 0x0c,
  PRINTABLE_STRING = 0x13,
  UTC_TIME = 0x17,
  GENERALIZED_TIME = 0x18,
  SEQUENCE = 0x30,
  SET = 0x31,
  CONTEXT_0 = 0xa0,
  CONTEXT_3 = 0xa3,
}

/** Digits of GeneralizedTime, YYYYMMDDHHMMSS. */
const DIGITS: u32 = 14;

export class Der {
  /** A length in its shortest form, of up to two octets; all else is malformed (X.690 10.1). */
  static readLength(r: Reader): u32 {
    const first = r.u8();
    if (first < 0x80) return first;
    const size = first == 0x81 ? r.u8() : first == 0x82 ? r.u16() : 0;
    if (r.err == Err.OK && size < (first == 0x81 ? 0x80 : 0x100)) r.fail(Err.MALFORMED);
    return size;
  }

  /** Points `out` at the content of the next element, which must have `tag`, and steps over it. */
  static enter(r: Reader, tag: u32, out: Reader): void {
    const found = r.u8();
    if (r.err == Err.OK && found != tag) r.fail(Err.MALFORMED);
    const size = Der.readLength(r);
    const at = r.take(size);
    if (r.err == Err.OK) out.over(at, size);
    else out.over(r.end, 0);
  }

  /** Steps over the next element, which must have `tag`; returns where its identifier octet stands, 0 with an error. */
  static skip(r: Reader, tag: u32): usize {
    const at = r.pos;
    const found = r.u8();
    if (r.err == Err.OK && found != tag) r.fail(Err.MALFORMED);
    r.take(Der.readLength(r));
    return r.err == Err.OK ? at : 0;
  }

  /** Fails unless everything has been read. */
  static end(r: Reader): void {
    r.close();
  }

  /** Whether the next `size` octets are those at `known`; steps over them if so. */
  static starts(r: Reader, known: usize, size: u32): bool {
    if (r.err != Err.OK || r.remaining < size || !octetsSame(r.pos, known, size)) return false;
    r.pos += <usize>size;
    return true;
  }

  /** A positive INTEGER: its content, at most `sizeMax` octets, goes to `out`. Zero is malformed, as is a sign. */
  static enterPositive(r: Reader, sizeMax: u32, out: Reader): void {
    Der.enter(r, DerTag.INTEGER, out);
    if (r.err != Err.OK) return;
    const first = out.peek;
    const padded = first == 0 && out.remaining > 1;
    const minimal = padded ? ((<u32>load<u8>(out.pos + 1)) & 0x80) != 0 : first != 0 && first < 0x80;
    if (!minimal || out.remaining > sizeMax) r.fail(Err.MALFORMED);
  }

  /** A BOOLEAN that is TRUE: DEFAULT FALSE is never written (X.690 11.5). False when another element stands there. */
  static readTrue(r: Reader): bool {
    if (r.peek != <u32>DerTag.BOOLEAN) return false;
    const head = r.u16();
    const value = r.u8();
    if (r.err == Err.OK && (head != 0x0101 || value != 0xff)) r.fail(Err.MALFORMED);
    return r.err == Err.OK;
  }

  /** A BIT STRING of named bits, at most 16: bit 0 is the highest. Trailing zero bits are never written (X.690 11.2.2). */
  static readNamedBits(r: Reader, inner: Reader): u32 {
    Der.enter(r, DerTag.BIT_STRING, inner);
    const unused = inner.u8();
    const size = inner.remaining;
    if (r.err != Err.OK || inner.err != Err.OK || size < 1 || size > 2 || unused > 7) {
      r.fail(Err.MALFORMED);
      return 0;
    }
    const bits = size == 2 ? inner.u16() : inner.u8() << 8;
    const last = size == 2 ? bits : bits >> 8;
    if ((last & ((2 << unused) - 1)) != <u32>(1 << unused)) r.fail(Err.MALFORMED);
    return bits;
  }

  /** UTCTime or GeneralizedTime in the form of RFC 5280 4.1.2.5, to seconds since 1970; years before it count as 1970. */
  static readTime(r: Reader, inner: Reader): i64 {
    const generalized = r.peek == <u32>DerTag.GENERALIZED_TIME;
    Der.enter(r, generalized ? DerTag.GENERALIZED_TIME : DerTag.UTC_TIME, inner);
    const digits: u32 = generalized ? DIGITS : DIGITS - 2;
    if (r.err != Err.OK || inner.remaining != digits + 1 || load<u8>(inner.end - 1) != 0x5a) {
      r.fail(Err.MALFORMED);
      return 0;
    }
    let year = Der.readDigits(inner);
    if (generalized) year = year * 100 + Der.readDigits(inner);
    else year += year < 50 ? 2000 : 1900;
    const month = Der.readDigits(inner);
    const day = Der.readDigits(inner);
    const hour = Der.readDigits(inner);
    const minute = Der.readDigits(inner);
    const second = Der.readDigits(inner);
    const dated = inner.err == Err.OK && month >= 1 && month <= 12 && day >= 1;
    if (!dated || day > Civil.monthDays(year, month) || hour > 23 || minute > 59 || second > 59) {
      r.fail(Err.MALFORMED);
      return 0;
    }
    if (year < 1970) return 0;
    return <i64>Civil.days(year, month, day) * SECONDS_PER_DAY + <i64>(hour * 3600 + minute * 60 + second);
  }

  /** Two decimal digits. */
  private static readDigits(r: Reader): u32 {
    const tens = r.u8() - 0x30;
    const ones = r.u8() - 0x30;
    if (tens > 9 || ones > 9) r.fail(Err.MALFORMED);
    return r.err == Err.OK ? tens * 10 + ones : 0;
  }
}
