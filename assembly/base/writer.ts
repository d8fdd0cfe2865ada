/**
 * A bounded forward cursor that writes. A write that does not fit sets `err` and writes nothing more. Over no region it
 * only counts, so every emitter also tells its size (as nanopb's pb_get_encoded_size).
 *
 * Lies over any 24 octets: {pos u32, end u32, start u32, err i32, counting u32, limit u32}.
 */
import { Err } from "./err";

@unmanaged
export class Writer {
  pos: usize;
  end: usize;
  start: usize;
  err: i32;
  counting: u32;
  /** The end as it was before an error. */
  private limit: usize;

  /** Points the cursor at `capacity` octets from `start` and clears the error. */
  into(start: usize, capacity: u32): this {
    this.start = start;
    this.pos = start;
    this.end = start + <usize>capacity;
    this.limit = this.end;
    this.err = 0;
    this.counting = 0;
    return this;
  }

  /** Counts octets without storing them. */
  count(): this {
    this.start = 0;
    this.pos = 0;
    this.end = 0x7fffffff;
    this.limit = this.end;
    this.err = 0;
    this.counting = 1;
    return this;
  }

  /** Octets written, or counted, so far. */
  get size(): u32 {
    return <u32>(this.pos - this.start);
  }

  get remaining(): u32 {
    return <u32>(this.end - this.pos);
  }

  fail(err: i32): void {
    if (this.err == 0) this.err = err;
    this.end = this.pos;
  }

  /** Reserves `size` octets and returns where they begin; 0 when counting or, with Err.NO_SPACE, when they do not fit. */
  take(size: u32): usize {
    const at = this.pos;
    if (size > <u32>(this.end - at)) {
      this.fail(Err.NO_SPACE);
      return 0;
    }
    this.pos = at + <usize>size;
    return this.counting ? 0 : at;
  }

  /** Forgets what was written after `size` octets; an error that came later goes with it. */
  rewind(size: u32): void {
    this.pos = this.start + <usize>size;
    this.end = this.limit;
    this.err = 0;
  }

  u8(value: u32): void {
    const at = this.take(1);
    if (at != 0) store<u8>(at, <u8>value);
  }

  u16(value: u32): void {
    const at = this.take(2);
    if (at != 0) store<u16>(at, bswap<u16>(<u16>value));
  }

  u32(value: u32): void {
    const at = this.take(4);
    if (at != 0) store<u32>(at, bswap<u32>(value));
  }

  u64(value: u64): void {
    const at = this.take(8);
    if (at != 0) store<u64>(at, bswap<u64>(value));
  }

  /** Appends `size` octets from `source`. */
  octets(source: usize, size: u32): void {
    const at = this.take(size);
    if (at != 0) memory.copy(at, source, <usize>size);
  }
}
