import { describe, expect, test } from "vitest";
import { Dice } from "./core.ts";
import { CurveCore } from "./curve_core.ts";
import { add, type Affine, CURVES, multiply, negate, number } from "./curve_math.ts";

describe.each(CURVES)("points of $name", (curve) => {
  const core = new CurveCore(curve);
  const dice = new Dice(curve.kind + 11);
  const { kind, g, n } = curve;
  const scalar = (): bigint => 1n + (number(dice.octets(curve.size + 8)) % (n - 1n));
  const randomZ = (): bigint => 1n + (number(dice.octets(curve.size)) % (curve.p - 1n));

  test("add is complete: distinct, equal and opposite points, and infinity on either side", () => {
    for (let round = 0; round < 9; round++) {
      const mark = core.mark();
      const p = multiply(curve, scalar(), g);
      const q = multiply(curve, scalar(), g);
      const pairs: [Affine, Affine][] = [
        [p, q],
        [p, p],
        [p, negate(curve, p)],
        [p, undefined],
        [undefined, q],
        [undefined, undefined],
      ];
      for (const [a, b] of pairs) {
        const left = core.point(a, randomZ());
        const right = core.point(b, randomZ());
        const r = [core.room(336), left, right][round % 3]!;
        core.call("pointAdd", kind, r, left, right);
        expect(core.readPoint(r)).toEqual(add(curve, a, b));
        expect(core.intact(r, 336)).toBe(true);
        core.reset(mark);
      }
    }
  });

  test("double: 1 to 6 times", () => {
    for (let times = 1; times <= 6; times++) {
      const mark = core.mark();
      const a = multiply(curve, scalar(), g);
      const at = core.point(a, randomZ());
      core.call("pointDouble", kind, at, times);
      expect(core.readPoint(at)).toEqual(multiply(curve, 1n << BigInt(times), a));
      core.reset(mark);
    }
  });

  /** Small and great scalars, single bits, all ones, runs, and random ones. */
  const scalars = [
    ...Array.from({ length: 17 }, (_, i) => BigInt(i + 1)),
    ...Array.from({ length: 17 }, (_, i) => n - 1n - BigInt(i)),
    ...[n / 2n, n / 2n + 1n, (1n << BigInt(8 * curve.size - 1)) - 1n],
    ...[52, 77, 104, 154, 156, 208, 231].map((bit) => 1n << BigInt(bit)),
    ...Array.from({ length: 8 }, scalar),
  ];

  test("multiply: small, great, sparse and random multiples of any point", () => {
    const base = multiply(curve, scalar(), g);
    for (const k of scalars) {
      const mark = core.mark();
      const at = core.point(base, randomZ());
      core.call("pointMultiply", kind, at, core.integer(k), at);
      expect(core.readPoint(at), `${k}`).toEqual(multiply(curve, k, base));
      core.reset(mark);
    }
  });

  test("multiplyBase: the same multiples of G by the comb", () => {
    for (const k of scalars) {
      const mark = core.mark();
      const at = core.room(336);
      core.call("pointMultiplyBase", kind, at, core.integer(k));
      expect(core.readPoint(at), `${k}`).toEqual(multiply(curve, k, g));
      core.reset(mark);
    }
  });
});
