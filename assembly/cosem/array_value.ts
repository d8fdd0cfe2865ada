/** Arrays that methods edit element by element: entries of tables, masks, registers. */
import { octetsSame } from "../base/octets";
import { Err } from "../base/err";
import { Reader } from "../base/reader";
import { Writer } from "../base/writer";
import { Meter } from "../store/block";
import { changeCommit, changeOpen, changeReserve } from "../store/change";
import { Template } from "../store/template";
import { valueAt, valueSize } from "../store/values";
import { Axdr, DataTag } from "../wire/axdr";

/** A stretch of elements of an array, between two addresses within the value. */
@unmanaged
export class Stretch {
  from: usize;
  to: usize;
  /** Elements in it. */
  count: u32;

  /** No element yet, in front of `at`. */
  empty(at: usize): this {
    this.from = at;
    this.to = at;
    this.count = 0;
    return this;
  }

  /**
   * Looks at the next element of a table, number `index` between two addresses: elements from number `first` to `last` are in the
   * stretch. Without any it stands in front of the first higher one.
   */
  look(index: i32, first: i32, last: i32, at: usize, end: usize): void {
    if (index < first || (index > last && this.from != 0)) return;
    if (this.count == 0) this.from = at;
    if (index > last) return;
    this.to = end;
    this.count++;
  }

  /** All elements have been looked at, up to `end`. */
  settle(end: usize): void {
    if (this.count == 0) this.empty(this.from != 0 ? this.from : end);
  }
}

const reader: Reader = changetype<Reader>(memory.data(offsetof<Reader>(), 8));
const writer: Writer = changetype<Writer>(memory.data(offsetof<Writer>(), 8));

/**
 * Puts `added` elements, `size` octets at `at`, in the place of a stretch of the array that attribute row `row` holds, durably.
 * @returns 0; Err.LIMIT when the array would not fit its value; the error of the commit
 */
export function arraySplice(meter: Meter, row: u32, stretch: Stretch, at: usize, size: u32, added: u32): i32 {
  const value = valueAt(meter, row);
  const end = value + <usize>valueSize(meter, row);
  const r = reader.over(value, <u32>(end - value));
  const count = Axdr.readArray(r) - stretch.count + added;
  assert(r.err == Err.OK && stretch.from >= r.pos && stretch.to <= end);
  const before = <u32>(stretch.from - r.pos);
  const behind = <u32>(end - stretch.to);
  const whole: u32 = 1 + Axdr.lengthSize(count) + before + size + behind;
  const a = Template.of().attribute(row);
  if (<u32>a.capacity < whole) return Err.LIMIT;
  changeOpen(meter);
  const to = changeReserve(meter, Template.of().object(a.object), a.id, a.part, whole);
  if (to != 0) {
    const w = writer.into(to, whole);
    Axdr.array(w, count);
    w.octets(r.pos, before);
    w.octets(at, size);
    w.octets(stretch.to, behind);
  }
  return changeCommit(meter);
}

/** The address of 4 octets of a time, 5 of a date or 12 of a date-time, as octet-string or with the tag of their own. */
export function timeTake(r: Reader, tag: DataTag, size: u32): usize {
  if (r.peek != <u32>tag) return Axdr.readOctetString(r, size);
  r.u8();
  return r.take(size);
}

/** Address of the octets of an octet-string, its length in front of them; 0 with an error. */
export function nameTake(r: Reader): usize {
  const size = Axdr.readOctetStringSize(r);
  if (size > 0x7f) r.fail(Err.LIMIT);
  const at = r.take(size);
  return r.err == Err.OK ? at - 1 : 0;
}

/** Whether two names of nameTake() are one. */
export function nameEquals(a: usize, b: usize): bool {
  const size = load<u8>(a);
  return size == load<u8>(b) && octetsSame(a + 1, b + 1, size);
}
