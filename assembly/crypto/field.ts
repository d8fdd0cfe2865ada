import { ELLIPTIC } from "../base/suites";
import { Ct } from "./ct";
import { FieldP256 } from "./field_p256";
import { FieldP384 } from "./field_p384";
import { Montgomery } from "./montgomery";

/** Octets of an element of either curve: fourteen limbs of 8 octets, of which P-256 uses nine. */
export const ELEMENT_SIZE: u32 = 112;

/** Octets of a `Field`. */
export const FIELD_SIZE: u32 = 368;

/** How a field multiplies. */
const enum FieldKind {
  P256 = 0,
  P384 = 1,
  OTHER = 2,
}

/** The integer one. */
// prettier-ignore
const ONE: usize = ELLIPTIC ? memory.data<u64>([1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]) : 0;

/** A difference with the modulus. Holds nothing between calls. */
const DIFFERENCE: usize = ELLIPTIC ? memory.data(112, 16) : 0;

/** Powers 0 to 15 of the element to invert. Holds nothing between calls. */
const POWERS: usize = ELLIPTIC ? memory.data(1792, 16) : 0;

/** The power that grows. Holds nothing between calls. */
const POWER: usize = ELLIPTIC ? memory.data(112, 16) : 0;

/**
 * Integers modulo a prime m: the coordinates or the scalars of P-256 or P-384. Nothing branches on an element.
 *
 * An element is {limbs} signed limbs i64 of {bits} bits in an ELEMENT_SIZE area, times R = 2^(limbs * bits) modulo m
 * between enter() and leave(). It may stand for any value from -32 m to 32 m. multiply(), square() and combine() give
 * limbs from 0 to 2^bits - 1 (the last one signed) and values from about 0 to m; add() and subtract() only add limbs, and
 * a product takes at most one operand that is a sum of two: so much room do eight full limbs of 29 bits leave in 64.
 *
 *   0   kind    u32, FieldKind
 *   4   limbs   u32
 *   8   bits    u32
 *   12  octets  u32, of an integer as it travels
 *   16  topBits i64, bits of m in its last limb
 *   24  inverse i64, -1/m mod 2^bits
 *   32  modulus 112 octets
 *   144 one     112 octets, R mod m
 *   256 square  112 octets, R^2 mod m
 */
@unmanaged
export class Field {
  private kind: u32;
  private limbs: u32;
  private bits: u32;
  /** Octets of an integer as it travels. */
  octets: u32;
  private topBits: i64;
  private inverse: i64;

  @inline
  get modulus(): usize {
    return changetype<usize>(this) + 32;
  }

  /** The element one. */
  @inline
  get one(): usize {
    return changetype<usize>(this) + 144;
  }

  @inline
  private get radixSquared(): usize {
    return changetype<usize>(this) + 256;
  }

  @inline
  private get last(): usize {
    return <usize>((this.limbs - 1) << 3);
  }

  /** r = a * b. */
  multiply(r: usize, a: usize, b: usize): void {
    if (this.kind == FieldKind.P256) FieldP256.multiply(r, a, b);
    else if (this.kind == FieldKind.P384) FieldP384.multiply(r, a, b);
    else Montgomery.multiply(r, a, b, this.modulus, this.limbs, <i64>this.bits, this.inverse);
  }

  /** r = a * a; `a` is no sum of two. */
  square(r: usize, a: usize): void {
    if (this.kind == FieldKind.P256) FieldP256.square(r, a);
    else if (this.kind == FieldKind.P384) FieldP384.square(r, a);
    else Montgomery.multiply(r, a, a, this.modulus, this.limbs, <i64>this.bits, this.inverse);
  }

  /** r = a + b, limb by limb. */
  add(r: usize, a: usize, b: usize): void {
    const last = this.last;
    for (let i: usize = 0; i <= last; i += 8) store<i64>(r + i, load<i64>(a + i) + load<i64>(b + i));
  }

  /** r = a - b, limb by limb. */
  subtract(r: usize, a: usize, b: usize): void {
    const last = this.last;
    for (let i: usize = 0; i <= last; i += 8) store<i64>(r + i, load<i64>(a + i) - load<i64>(b + i));
  }

  /** r = x a + y b with small factors, carried, and brought to about 0 to m. */
  combine(r: usize, a: usize, x: i64, b: usize, y: i64): void {
    const last = this.last;
    const bits = <i64>this.bits;
    const mask = ((<i64>1) << bits) - 1;
    const m = this.modulus;
    // m is just below a power of two, so what the last limb has beyond m's bits counts how many m to take away.
    const quotient = (x * load<i64>(a + last) + y * load<i64>(b + last)) >> this.topBits;
    let c: i64 = 0;
    for (let i: usize = 0; i < last; i += 8) {
      c += x * load<i64>(a + i) + y * load<i64>(b + i) - quotient * load<i64>(m + i);
      store<i64>(r + i, c & mask);
      c >>= bits;
    }
    c += x * load<i64>(a + last) + y * load<i64>(b + last) - quotient * load<i64>(m + last);
    store<i64>(r + last, c);
  }

  /** r = a where `mask` is all ones, unchanged where it is zero. */
  select(r: usize, a: usize, mask: i64): void {
    const last = this.last;
    for (let i: usize = 0; i <= last; i += 8) {
      const was = load<i64>(r + i);
      store<i64>(r + i, was ^ ((was ^ load<i64>(a + i)) & mask));
    }
  }

  /** Reads `octets` octets, most significant first, as an integer. */
  read(r: usize, at: usize): void {
    const bits = this.bits;
    const mask = ((<i64>1) << (<i64>bits)) - 1;
    const last = this.last;
    let value: i64 = 0;
    let have: u32 = 0;
    let to = r;
    for (let i = this.octets; i > 0; i--) {
      value |= (<i64>load<u8>(at + i - 1)) << (<i64>have);
      have += 8;
      if (have < bits) continue;
      store<i64>(to, value & mask);
      to += 8;
      value >>= <i64>bits;
      have -= bits;
    }
    for (; to <= r + last; to += 8) {
      store<i64>(to, value);
      value = 0;
    }
  }

  /** Writes an integer from 0 to m - 1 as `octets` octets, most significant first. */
  write(at: usize, a: usize): void {
    const bits = this.bits;
    let value: i64 = 0;
    let have: u32 = 0;
    let from = a;
    for (let i = this.octets; i > 0; i--) {
      if (have < 8) {
        value |= load<i64>(from) << (<i64>have);
        from += 8;
        have += bits;
      }
      store<u8>(at + i - 1, <u8>value);
      value >>= 8;
      have -= 8;
    }
  }

  /** 1 when the integer read() gave is below m, else 0. Leaves a - m in DIFFERENCE. */
  isBelow(a: usize): i32 {
    const last = this.last;
    const bits = <i64>this.bits;
    const mask = ((<i64>1) << bits) - 1;
    let c: i64 = 0;
    for (let i: usize = 0; i <= last; i += 8) {
      c += load<i64>(a + i) - load<i64>(this.modulus + i);
      store<i64>(DIFFERENCE + i, i == last ? c : c & mask);
      if (i != last) c >>= bits;
    }
    return <i32>((<u64>c) >> 63);
  }

  /** 1 when an integer from 0 to m - 1 is zero, else 0. */
  isZero(a: usize): i32 {
    let any: u64 = 0;
    for (let i: usize = 0; i <= this.last; i += 8) any |= load<u64>(a + i);
    return <i32>(1 ^ ((any | (0 - any)) >> 63));
  }

  /** Integer to element: r = a * R mod m. */
  @inline
  enter(r: usize, a: usize): void {
    this.multiply(r, a, this.radixSquared);
  }

  /** Element to integer, from 0 to m - 1. */
  leave(r: usize, a: usize): void {
    // (a + f m) / R with f < R lies from 0 to m: one subtraction at most remains.
    this.multiply(r, a, ONE);
    const below = this.isBelow(r);
    this.select(r, DIFFERENCE, <i64>below - 1);
  }

  /** r = 1/a by Fermat: a^(m - 2), four bits of the exponent at a time. The exponent is public. 1/0 gives 0. */
  invert(r: usize, a: usize): void {
    memory.copy(POWERS, this.one, ELEMENT_SIZE);
    for (let at = POWERS; at != POWERS + 15 * <usize>ELEMENT_SIZE; at += ELEMENT_SIZE) {
      this.multiply(at + ELEMENT_SIZE, at, a);
    }
    const start = (this.octets << 3) - 4;
    memory.copy(POWER, POWERS + this.exponent(start) * ELEMENT_SIZE, ELEMENT_SIZE);
    for (let position = start; position > 0;) {
      position -= 4;
      for (let i = 0; i < 4; i++) this.square(POWER, POWER);
      const digit = this.exponent(position);
      if (digit != 0) this.multiply(POWER, POWER, POWERS + digit * ELEMENT_SIZE);
    }
    memory.copy(r, POWER, ELEMENT_SIZE);
  }

  /** Bits `position` to `position` + 3 of m - 2; the first limb of every m here is 2 or more. */
  private exponent(position: u32): u32 {
    const bits = this.bits;
    const limb = position / bits;
    const shift = <u64>(position % bits);
    let value = load<u64>(this.modulus + <usize>(limb << 3)) - <u64>(limb == 0 ? 2 : 0);
    if (limb + 1 < this.limbs) value |= load<u64>(this.modulus + <usize>((limb + 1) << 3)) << (<u64>bits);
    return (<u32>(value >> shift)) & 15;
  }

  /** Removes what the methods left in scratch. */
  static wipeScratch(): void {
    Ct.wipe(DIFFERENCE, ELEMENT_SIZE);
    Ct.wipe(POWERS, 16 * ELEMENT_SIZE);
    Ct.wipe(POWER, ELEMENT_SIZE);
    Montgomery.wipeScratch();
  }
}
