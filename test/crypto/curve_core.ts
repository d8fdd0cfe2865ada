/** Elements and points of the core as BigInt, and its key pairs, secrets and signatures as buffers. */
import { Crypto, type Dice } from "./core.ts";
import { type Affine, type CurveNumbers, inverse, mod, number } from "./curve_math.ts";

export const ELEMENT = 112;

export class CurveCore extends Crypto {
  readonly curve: CurveNumbers;

  constructor(curve: CurveNumbers) {
    super();
    this.curve = curve;
  }

  /** Writes limbs as they are. */
  limbs(values: bigint[]): number {
    const at = this.room(ELEMENT);
    const octets = Buffer.alloc(8 * values.length);
    values.forEach((value, i) => octets.writeBigInt64LE(value, 8 * i));
    this.write(at, octets);
    return at;
  }

  /** An integer from 0 to 2^(limbs * bits) - 1 as an element area. */
  integer(value: bigint): number {
    const { limbs, bits } = this.curve;
    const mask = (1n << BigInt(bits)) - 1n;
    return this.limbs(Array.from({ length: limbs }, (_, i) => (value >> BigInt(i * bits)) & mask));
  }

  readLimbs(at: number): bigint[] {
    const octets = this.read(at, 8 * this.curve.limbs);
    return Array.from({ length: this.curve.limbs }, (_, i) => octets.readBigInt64LE(8 * i));
  }

  /** The integer that limbs stand for, whatever their signs. */
  value(at: number): bigint {
    return this.readLimbs(at).reduceRight((sum, limb) => (sum << BigInt(this.curve.bits)) + limb, 0n);
  }

  /** Montgomery's R. */
  get radix(): bigint {
    return 1n << BigInt(this.curve.limbs * this.curve.bits);
  }

  /** A point times `z` in the three coordinates, in the form of the core. */
  point(a: Affine, z = 1n): number {
    const { p } = this.curve;
    const coordinates = a === undefined ? [0n, z, 0n] : [a.x * z, a.y * z, z];
    const at = this.room(3 * ELEMENT);
    coordinates.forEach((value, i) => {
      this.write(at + i * ELEMENT, this.read(this.integer(mod(value * this.radix, p)), ELEMENT));
    });
    return at;
  }

  readPoint(at: number): Affine {
    const { p } = this.curve;
    const [x, y, z] = [0, 1, 2].map((i) => mod(this.value(at + i * ELEMENT) * inverse(this.radix, p), p));
    if (z === 0n) return undefined;
    return { x: mod(x! * inverse(z!, p), p), y: mod(y! * inverse(z!, p), p) };
  }

  /** A number below `limit`, often near an end of the range or full of runs of ones and zeros. */
  wild(dice: Dice, limit: bigint): bigint {
    const size = this.curve.size + 8;
    const random = number(dice.octets(size)) % limit;
    switch (dice.roll(6)) {
      case 0:
        return BigInt(dice.roll(5));
      case 1:
        return limit - 1n - BigInt(dice.roll(5));
      case 2:
        return (((1n << BigInt(dice.roll(8 * size))) - 1n) << BigInt(dice.roll(64))) % limit;
      default:
        return random;
    }
  }

  publicOf(key: Uint8Array): { code: number; key: Buffer } {
    const mark = this.mark();
    const out = this.room(2 * this.curve.size);
    const code = this.call("ecPublicOf", this.curve.kind, this.put(key), out);
    if (!this.intact(out, 2 * this.curve.size)) throw new Error("publicOf wrote too far");
    this.reset(mark);
    return { code, key: this.read(out, 2 * this.curve.size) };
  }

  agree(key: Uint8Array, partner: Uint8Array): { code: number; z: Buffer } {
    const mark = this.mark();
    const { kind, size } = this.curve;
    const out = this.room(size);
    const code = this.call("ecdhAgree", kind, this.put(key), this.put(partner), out);
    if (!this.intact(out, size)) throw new Error("agree wrote too far");
    this.reset(mark);
    return { code, z: this.read(out, size) };
  }

  sign(key: Uint8Array, digest: Uint8Array, extra: Uint8Array = Buffer.alloc(0)): { code: number; signature: Buffer } {
    const mark = this.mark();
    const { kind, size } = this.curve;
    const out = this.room(2 * size);
    const code = this.call("ecdsaSign", kind, this.put(key), this.put(digest), this.put(extra), extra.length, out);
    if (!this.intact(out, 2 * size)) throw new Error("sign wrote too far");
    this.reset(mark);
    return { code, signature: this.read(out, 2 * size) };
  }

  verify(key: Uint8Array, digest: Uint8Array, signature: Uint8Array): number {
    const mark = this.mark();
    const code = this.call("ecdsaVerify", this.curve.kind, this.put(key), this.put(digest), this.put(signature));
    this.reset(mark);
    return code;
  }
}
