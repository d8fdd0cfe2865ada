/** Octet strings in and out: bounded reading, growing writing, hexadecimal text. */

import { MalformedError } from "./errors.ts";

/** Octets from hexadecimal text; blanks and colons are allowed between octets. */
export function fromHex(text: string): Uint8Array {
  const digits = text.replace(/[\s:]/g, "");
  if (digits.length % 2 !== 0 || !/^[0-9a-fA-F]*$/.test(digits)) {
    throw new MalformedError(`not hexadecimal octets: "${text}"`);
  }
  return Uint8Array.from(Buffer.from(digits, "hex"));
}

/** Hexadecimal text in capitals, without blanks. */
export function toHex(octets: Uint8Array): string {
  return Buffer.from(octets.buffer, octets.byteOffset, octets.length).toString("hex").toUpperCase();
}

/** One octet string out of several. */
export function concat(...parts: Uint8Array[]): Uint8Array {
  return Uint8Array.from(Buffer.concat(parts));
}

/** Whether two octet strings are equal. */
export function equal(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && Buffer.compare(a, b) === 0;
}

/** A cursor over received octets. Every read is checked: octets of a peer never lead beyond the end. */
export class Reader {
  readonly octets: Uint8Array;
  readonly end: number;
  at: number;
  private readonly view: DataView;

  constructor(octets: Uint8Array) {
    this.octets = octets;
    this.view = new DataView(octets.buffer, octets.byteOffset, octets.length);
    this.at = 0;
    this.end = octets.length;
  }

  get left(): number {
    return this.end - this.at;
  }

  private step(size: number): number {
    const at = this.at;
    if (size > this.end - at) throw new MalformedError(`octets end at ${this.end}, ${size} more wanted at ${at}`);
    this.at = at + size;
    return at;
  }

  /** The next octet without taking it. */
  peek(): number {
    const octet = this.octets[this.at];
    if (octet === undefined) throw new MalformedError(`octets end at ${this.end}, one more wanted`);
    return octet;
  }

  u8(): number {
    return this.view.getUint8(this.step(1));
  }
  u16(): number {
    return this.view.getUint16(this.step(2));
  }
  u32(): number {
    return this.view.getUint32(this.step(4));
  }
  u64(): bigint {
    return this.view.getBigUint64(this.step(8));
  }
  i8(): number {
    return this.view.getInt8(this.step(1));
  }
  i16(): number {
    return this.view.getInt16(this.step(2));
  }
  i32(): number {
    return this.view.getInt32(this.step(4));
  }
  i64(): bigint {
    return this.view.getBigInt64(this.step(8));
  }
  f32(): number {
    return this.view.getFloat32(this.step(4));
  }
  f64(): number {
    return this.view.getFloat64(this.step(8));
  }

  /** The next `size` octets, as a copy. */
  take(size: number): Uint8Array {
    const at = this.step(size);
    return this.octets.slice(at, at + size);
  }

  /** Everything that is left. */
  rest(): Uint8Array {
    return this.take(this.left);
  }

  /** A length or count: 00..7F, or 81..84 and that many octets (A-XDR and BER alike). */
  length(): number {
    const first = this.u8();
    if (first < 0x80) return first;
    const count = first & 0x7f;
    if (count < 1 || count > 4) throw new MalformedError(`length octet ${first.toString(16)} is not allowed`);
    let length = 0;
    for (let i = 0; i < count; i++) length = length * 256 + this.u8();
    return length;
  }

  /** A length and that many octets. */
  octetString(): Uint8Array {
    return this.take(this.length());
  }

  /** Refuse octets that follow a complete value. */
  done(what: string): void {
    if (this.left > 0) throw new MalformedError(`${this.left} octets too many after ${what}`);
  }
}

/** Octets to be sent, growing as needed. */
export class Writer {
  private store = new Uint8Array(64);
  private view = new DataView(this.store.buffer);
  size = 0;

  /** Makes room, possibly in a new store: take `store` and `view` only afterwards. */
  private step(size: number): number {
    const at = this.size;
    if (at + size > this.store.length) {
      const grown = new Uint8Array(Math.max(at + size, this.store.length * 2));
      grown.set(this.store);
      this.store = grown;
      this.view = new DataView(grown.buffer);
    }
    this.size = at + size;
    return at;
  }

  u8(value: number): this {
    const at = this.step(1);
    this.view.setUint8(at, value);
    return this;
  }
  u16(value: number): this {
    const at = this.step(2);
    this.view.setUint16(at, value);
    return this;
  }
  u32(value: number): this {
    const at = this.step(4);
    this.view.setUint32(at, value);
    return this;
  }
  u64(value: bigint): this {
    const at = this.step(8);
    this.view.setBigUint64(at, value);
    return this;
  }
  f32(value: number): this {
    const at = this.step(4);
    this.view.setFloat32(at, value);
    return this;
  }
  f64(value: number): this {
    const at = this.step(8);
    this.view.setFloat64(at, value);
    return this;
  }

  put(octets: Uint8Array): this {
    const at = this.step(octets.length);
    this.store.set(octets, at);
    return this;
  }

  /** A length in its shortest form. */
  length(value: number): this {
    if (value < 0x80) return this.u8(value);
    if (value < 0x100) return this.u8(0x81).u8(value);
    if (value < 0x10000) return this.u8(0x82).u16(value);
    return this.u8(0x84).u32(value);
  }

  octetString(octets: Uint8Array): this {
    return this.length(octets.length).put(octets);
  }

  octets(): Uint8Array {
    return this.store.slice(0, this.size);
  }
}
