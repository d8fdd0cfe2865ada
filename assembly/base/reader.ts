/**
 * A bounded forward cursor over octets. It keeps its first error, returns zero after it and never moves past the end,
 * so a codec reads straight down and looks at `err` once (as nanopb's PB_SET_ERROR).
 *
 * Lies over any 16 octets: {pos u32, end u32, start u32, err i32}.
 */
import { Err } from "./err";

@unmanaged
export class Reader {
  pos: usize;
  end: usize;
  start: usize;
  err: i32;

  /** Points the cursor at `size` octets from `start` and clears the error. */
  over(start: usize, size: u32): this {
    this.start = start;
    this.pos = start;
    this.end = start + <usize>size;
    this.err = 0;
    return this;
  }

  /** Octets not read yet. */
  get remaining(): u32 {
    return <u32>(this.end - this.pos);
  }

  /** Octets read so far. */
  @inline
  get consumed(): u32 {
    return <u32>(this.pos - this.start);
  }

  /** Octets read from `at` on; 0 with an error. */
  since(at: usize): u32 {
    return this.err == 0 ? <u32>(this.pos - at) : 0;
  }

  /** Whether all octets were read, and without an error. */
  get done(): bool {
    return this.err == 0 && this.pos == this.end;
  }

  /** Records `err` unless an earlier error stands, and ends the reading. */
  fail(err: i32): void {
    if (this.err == 0) this.err = err;
    this.pos = this.end;
  }

  /** Fails with Err.MALFORMED where octets are left, unless an earlier error stands. */
  close(): void {
    if (this.pos != this.end) this.fail(Err.MALFORMED);
  }

  /** Steps over `size` octets and returns where they begin, or 0 with Err.INCOMPLETE. */
  take(size: u32): usize {
    const at = this.pos;
    if (size > <u32>(this.end - at)) {
      this.fail(Err.INCOMPLETE);
      return 0;
    }
    this.pos = at + <usize>size;
    return at;
  }

  /** The next octet without reading it; 0 at the end. */
  get peek(): u32 {
    return this.pos < this.end ? <u32>load<u8>(this.pos) : 0;
  }

  u8(): u32 {
    const at = this.take(1);
    return at != 0 ? <u32>load<u8>(at) : 0;
  }

  i8(): i32 {
    const octet = <i32>this.u8();
    return octet < 0x80 ? octet : octet - 0x100;
  }

  u16(): u32 {
    const at = this.take(2);
    return at != 0 ? <u32>bswap<u16>(load<u16>(at)) : 0;
  }

  u32(): u32 {
    const at = this.take(4);
    return at != 0 ? bswap<u32>(load<u32>(at)) : 0;
  }

  u64(): u64 {
    const at = this.take(8);
    return at != 0 ? bswap<u64>(load<u64>(at)) : 0;
  }
}
