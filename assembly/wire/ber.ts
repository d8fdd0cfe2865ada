/** The BER subset of the ACSE APDUs: tags of one octet, definite lengths of up to two octets (ITU-T X.690, as
 * far as GB9 9.4.2 uses it).
 */
import { Err } from "../base/err";
import { Reader } from "../base/reader";
import { Writer } from "../base/writer";

/** Universal tags inside the fields. */
export const enum BerTag {
  INTEGER = 0x02,
  OCTET_STRING = 0x04,
  OBJECT_IDENTIFIER = 0x06,
}

const inner = changetype<Reader>(memory.data(offsetof<Reader>(), 8));

export class Ber {
  /** Points `out` at the content of the next element, whose tag was read, and steps over it. */
  static content(r: Reader, out: Reader): void {
    const size = Ber.readLength(r);
    const at = r.take(size);
    if (r.err == Err.OK) out.over(at, size);
    else out.over(r.end, 0);
  }

  /** Lengths 00..7F, 81 xx, 82 xxxx; longer forms than needed are accepted, all else is malformed. */
  static readLength(r: Reader): u32 {
    const first = r.u8();
    if (first < 0x80) return first;
    if (first == 0x81) return r.u8();
    if (first == 0x82) return r.u16();
    r.fail(Err.MALFORMED);
    return 0;
  }

  static length(w: Writer, size: u32): void {
    if (size < 0x80) {
      w.u8(size);
    } else if (size < 0x100) {
      w.u16(0x8100 | size);
    } else {
      assert(size < 0x10000);
      w.u8(0x82);
      w.u16(size);
    }
  }

  static lengthSize(size: u32): u32 {
    return size < 0x80 ? 1 : size < 0x100 ? 2 : 3;
  }

  /** Begins an element whose length is not known yet. @returns where its content begins, for end() */
  static begin(w: Writer, tag: u32): usize {
    w.u16(tag << 8);
    return w.pos;
  }

  /** Ends the element whose content began at `content`, which moves where its length takes more than the octet left for it. */
  static end(w: Writer, content: usize): void {
    const size = <u32>(w.pos - content);
    const more = Ber.lengthSize(size) - 1;
    w.take(more);
    if (w.err != Err.OK || w.counting != 0) return;
    if (more != 0) memory.copy(content + <usize>more, content, <usize>size);
    const end = w.pos;
    w.pos = content - 1;
    Ber.length(w, size);
    w.pos = end;
  }

  /** The number of a field whose content is an INTEGER of one octet: `02 01 xx`; other shapes are malformed. */
  static readNumber(r: Reader): i32 {
    const head = r.u16();
    const value = r.u8();
    if (r.err == Err.OK && (head != 0x0201 || r.remaining != 0)) r.fail(Err.MALFORMED);
    return <i32>value;
  }

  /** Tag, `03 02 01`, number. */
  static number(w: Writer, tag: u32, value: i32): void {
    w.u8(tag);
    w.u8(3);
    w.u16(0x0201);
    w.u8(<u32>value);
  }

  /** An element with the content at `at`; nothing when `at` is 0. */
  static element(w: Writer, tag: u32, at: usize, size: u32): void {
    if (at == 0) return;
    w.u8(tag);
    Ber.length(w, size);
    w.octets(at, size);
  }

  /** An element that holds one element; nothing when `at` is 0. */
  static nested(w: Writer, tag: u32, innerTag: u32, at: usize, size: u32): void {
    if (at == 0) return;
    w.u8(tag);
    Ber.length(w, 1 + Ber.lengthSize(size) + size);
    Ber.element(w, innerTag, at, size);
  }

  /**
   * Stores {address, size} of all octets of `field` in the pair at `pair`. A field that comes twice is malformed: which
   * of the two counts would be a matter of taste, and one of them may be a password.
   */
  static keep(r: Reader, field: Reader, pair: usize): void {
    if (load<usize>(pair) != 0) return r.fail(Err.MALFORMED);
    store<usize>(pair, field.pos);
    store<u32>(pair, field.remaining, sizeof<usize>());
    field.pos = field.end;
  }

  /**
   * As keep() for the one element with `innerTag` that fills `field`; another tag or octets behind it are malformed.
   */
  static keepNested(r: Reader, field: Reader, innerTag: u32, pair: usize): void {
    const tag = field.u8();
    Ber.content(field, inner);
    if (field.err != Err.OK || tag != innerTag || field.remaining != 0) return r.fail(Err.MALFORMED);
    Ber.keep(r, inner, pair);
  }
}
