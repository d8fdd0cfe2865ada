import { describe, expect, test } from "vitest";
import { Dice } from "./core.ts";
import { CurveCore } from "./curve_core.ts";
import { add, CURVES, type CurveNumbers, inverse, mod, multiply, negate, octets } from "./curve_math.ts";

const FIELD = 368;

describe.each(CURVES)("ROM of $name", (curve) => {
  test("both fields and b follow from p, n and b", () => {
    const core = new CurveCore(curve);
    const at = core.call("curveAt", curve.kind);
    [curve.p, curve.n].forEach((m, scalars) => {
      const head = core.read(at + scalars * FIELD, 32);
      const bits = BigInt(curve.bits);
      expect([head.readUInt32LE(0), head.readUInt32LE(4)]).toEqual([scalars ? 2 : curve.kind, curve.limbs]);
      expect([head.readUInt32LE(8), head.readUInt32LE(12)]).toEqual([curve.bits, curve.size]);
      expect(head.readBigInt64LE(16)).toBe(BigInt(8 * curve.size) - bits * BigInt(curve.limbs - 1));
      expect(mod(head.readBigInt64LE(24) * m, 1n << bits)).toBe((1n << bits) - 1n);
      expect(core.value(at + scalars * FIELD + 32)).toBe(m);
      expect(core.value(at + scalars * FIELD + 144)).toBe(core.radix % m);
      expect(core.value(at + scalars * FIELD + 256)).toBe((core.radix * core.radix) % m);
    });
    expect(core.value(at + 2 * FIELD)).toBe((curve.b * core.radix) % curve.p);
  });

  test("the comb holds the sixteen signed sums of the multiples of G", () => {
    const core = new CurveCore(curve);
    const comb = core.call("curveComb", curve.kind);
    const teeth = [0, 1, 2, 3, 4].map((i) => multiply(curve, 1n << BigInt(i * curve.columns), curve.g));
    const unpack = (at: number): bigint => {
      const limbs = core.read(at, 4 * curve.limbs);
      const values = Array.from({ length: curve.limbs }, (_, i) => BigInt(limbs.readUInt32LE(4 * i)));
      const value = values.reduceRight((sum, limb) => (sum << BigInt(curve.bits)) + limb, 0n);
      return mod(value * inverse(core.radix, curve.p), curve.p);
    };
    for (let entry = 0; entry < 16; entry++) {
      let sum = teeth[4];
      for (let i = 0; i < 4; i++) sum = add(curve, sum, (entry >> i) & 1 ? teeth[i] : negate(curve, teeth[i]));
      const at = comb + entry * 8 * curve.limbs;
      expect({ x: unpack(at), y: unpack(at + 4 * curve.limbs) }).toEqual(sum);
    }
  });
});

const FIELDS = CURVES.flatMap((curve) => [
  { curve, scalars: 0, label: `${curve.name} p`, m: curve.p },
  { curve, scalars: 1, label: `${curve.name} n`, m: curve.n },
]);

/** Limbs of any sign up to `sums` times a full limb, the last one small. */
function roughLimbs(curve: CurveNumbers, dice: Dice, sums: number): bigint[] {
  const full = BigInt(sums) * ((1n << BigInt(curve.bits)) - 1n);
  return Array.from({ length: curve.limbs }, (_, i) => {
    const most = i === curve.limbs - 1 ? 1n << 27n : full;
    const random = BigInt(dice.roll(2 ** 31)) % (most + 1n);
    return [most, -most, 0n, random, -random][dice.roll(5)]!;
  });
}

describe.each(FIELDS)("field of $label", ({ curve, scalars, m }) => {
  const core = new CurveCore(curve);
  const dice = new Dice(curve.kind * 2 + scalars + 1);
  const { kind } = curve;

  /** Limbs are in range but for the last, which may be negative by a little. */
  function expectCarried(at: number): void {
    for (const limb of core.readLimbs(at).slice(0, -1)) expect(limb >> BigInt(curve.bits)).toBe(0n);
  }

  test("multiply and square: extreme limbs, also in place", () => {
    for (let round = 0; round < 600; round++) {
      const mark = core.mark();
      const a = core.limbs(roughLimbs(curve, dice, 1 + (scalars ? 0 : round & 1)));
      const b = core.limbs(roughLimbs(curve, dice, 1));
      const product = mod(core.value(a) * core.value(b), m);
      const square = mod(core.value(b) * core.value(b), m);
      const r = [core.room(112), a, b][round % 3]!;
      core.call("fieldMultiply", kind, scalars, r, a, b);
      expect(mod(core.value(r) * core.radix, m)).toBe(product);
      expectCarried(r);
      if (r !== b) {
        core.call("fieldSquare", kind, scalars, b, b);
        expect(mod(core.value(b) * core.radix, m)).toBe(square);
        expectCarried(b);
      }
      core.reset(mark);
    }
  });

  test("combine: right modulo m, and brought to about 0 to m", () => {
    for (let round = 0; round < 400; round++) {
      const mark = core.mark();
      const a = core.limbs(roughLimbs(curve, dice, 2));
      const b = core.limbs(roughLimbs(curve, dice, 2));
      const x = dice.roll(19) - 9;
      const y = dice.roll(19) - 9;
      const expected = mod(BigInt(x) * core.value(a) + BigInt(y) * core.value(b), m);
      const r = [core.room(112), a, b][round % 3]!;
      core.call("fieldCombine", kind, scalars, r, a, x, b, y);
      expect(mod(core.value(r), m)).toBe(expected);
      expect(core.value(r) > -m / 100n && core.value(r) < m + m / 100n).toBe(true);
      expectCarried(r);
      core.reset(mark);
    }
  });

  test("read, enter, leave and write are each other's inverses; isBelow and isZero tell the truth", () => {
    const limit = 1n << BigInt(8 * curve.size);
    const edges = [0n, 1n, 2n, m - 2n, m - 1n, m, m + 1n, limit - 1n];
    for (let round = 0; round < 200; round++) {
      const mark = core.mark();
      const value = edges[round] ?? core.wild(dice, limit);
      const a = core.room(112);
      core.call("fieldRead", kind, scalars, a, core.put(octets(value, curve.size)));
      expect(core.value(a)).toBe(value);
      expect(core.call("fieldIsBelow", kind, scalars, a)).toBe(value < m ? 1 : 0);
      expect(core.call("fieldIsZero", kind, scalars, a)).toBe(value === 0n ? 1 : 0);
      core.call("fieldEnter", kind, scalars, a, a);
      expect(mod(core.value(a), m)).toBe(mod(value * core.radix, m));
      core.call("fieldLeave", kind, scalars, a, a);
      expect(core.value(a)).toBe(mod(value, m));
      const out = core.room(curve.size);
      core.call("fieldWrite", kind, scalars, out, a);
      expect(core.read(out, curve.size)).toEqual(octets(mod(value, m), curve.size));
      expect(core.intact(out, curve.size)).toBe(true);
      core.reset(mark);
    }
  });

  test("leave takes any value from -32 m to 32 m to 0 to m - 1", () => {
    for (let times = -32n; times <= 32n; times++) {
      for (const offset of [-1n, 0n, 1n, m / 3n]) {
        const mark = core.mark();
        const value = times * m + offset;
        // The sign goes into the last limb.
        const bits = BigInt(curve.bits);
        const limbs = Array.from(
          { length: curve.limbs - 1 },
          (_, i) => (value >> (BigInt(i) * bits)) & ((1n << bits) - 1n),
        );
        const a = core.limbs([...limbs, value >> (BigInt(curve.limbs - 1) * bits)]);
        expect(core.value(a)).toBe(value);
        core.call("fieldLeave", kind, scalars, a, a);
        expect(core.value(a)).toBe(mod(value * inverse(core.radix, m), m));
        core.reset(mark);
      }
    }
  });

  test("invert: a times 1/a is one, and 1/0 is 0", () => {
    for (let round = 0; round < 40; round++) {
      const mark = core.mark();
      const value = round === 0 ? 0n : core.wild(dice, m);
      const a = core.integer(mod(value * core.radix, m));
      core.call("fieldInvert", kind, scalars, a, a);
      core.call("fieldLeave", kind, scalars, a, a);
      expect(core.value(a)).toBe(value === 0n ? 0n : inverse(value, m));
      core.reset(mark);
    }
  });
});
