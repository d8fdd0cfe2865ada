import { createECDH } from "node:crypto";
import { describe, expect, test } from "vitest";
import { Crypto, Dice, hex } from "./core.ts";
import { CurveCore } from "./curve_core.ts";
import { CURVES, octets, P256, P384 } from "./curve_math.ts";
import { vector, wycheproof } from "./vectors.ts";

const MALFORMED = -2;

for (const [id, curve] of [
  ["prim-ecdh-p256-rfc5903", P256],
  ["prim-ecdh-p384-rfc5903", P384],
] as const) {
  test(`known answer: ${id}`, () => {
    const { inputs, output } = vector(id);
    const core = new CurveCore(curve);
    expect(core.agree(hex(inputs["d_i"]!), hex(inputs["Q_r"]!))).toEqual({
      code: 0,
      z: hex(output as unknown as string),
    });
  });
}

test("Green Book agreements: the shared secrets of C(1e,1s), C(0e,2s) and C(2e,0s)", () => {
  const core = new CurveCore(P256);
  const response = vector("gb-1e1s-kdf-s2c").inputs;
  const secret = core.agree(hex(response["client_KA_private"]!), hex(response["Qe_U(server ephemeral)"]!));
  expect(secret).toEqual({ code: 0, z: hex(response["Z"]!) });
  const fixed = vector("gb-0e2s-kdf").inputs;
  const server = core.publicOf(hex(fixed["server_KA_private"]!)).key;
  expect(core.agree(hex(fixed["client_KA_private"]!), server)).toEqual({ code: 0, z: hex(fixed["Z"]!) });
  const agreed = vector("gb-2e0s-kdf-guek").inputs;
  expect(core.publicOf(hex(agreed["server_ephemeral_private"]!)).key).toEqual(hex(agreed["server_ephemeral_public"]!));
  const both = core.agree(hex(agreed["server_ephemeral_private"]!), hex(agreed["Q_client"]!));
  expect(both).toEqual({ code: 0, z: hex(agreed["Z"]!) });
});

test("points off the curve and (0, 0) are refused before anything is done with them", () => {
  const core = new CurveCore(P256);
  for (const id of ["neg-point-off-curve", "neg-point-zero"]) {
    const q = hex(vector(id).inputs["Q"]!);
    expect(core.call("ecCheck", 0, core.put(q)), id).toBe(MALFORMED);
    expect(core.agree(Buffer.alloc(32, 1), q), id).toEqual({ code: MALFORMED, z: Buffer.alloc(32) });
  }
});

describe.each(CURVES)("$name", (curve) => {
  const core = new CurveCore(curve);
  const dice = new Dice(curve.kind + 21);

  test("public keys and secrets agree with node:crypto", () => {
    for (let round = 0; round < 60; round++) {
      const own = createECDH(curve.node);
      const partner = createECDH(curve.node);
      own.setPrivateKey(octets(1n + core.wild(dice, curve.n - 1n), curve.size));
      partner.setPrivateKey(octets(1n + core.wild(dice, curve.n - 1n), curve.size));
      const key = Buffer.concat([Buffer.alloc(curve.size), own.getPrivateKey()]).subarray(-curve.size);
      expect(core.publicOf(key)).toEqual({ code: 0, key: own.getPublicKey().subarray(1) });
      const q = partner.getPublicKey().subarray(1);
      expect(core.agree(key, q)).toEqual({ code: 0, z: own.computeSecret(partner.getPublicKey()) });
    }
  });

  test("private keys outside 1 to n - 1 are refused", () => {
    const g = Buffer.concat([octets(curve.g!.x, curve.size), octets(curve.g!.y, curve.size)]);
    for (const key of [0n, curve.n, curve.n + 1n, (1n << BigInt(8 * curve.size)) - 1n]) {
      expect(core.publicOf(octets(key, curve.size)).code).toBe(MALFORMED);
      expect(core.agree(octets(key, curve.size), g).code).toBe(MALFORMED);
    }
    for (const key of [1n, curve.n - 1n]) expect(core.publicOf(octets(key, curve.size)).code).toBe(0);
  });

  test("coordinates of p or more are refused though the point they stand for is on the curve", () => {
    // x = 0 gives a point on either curve: y^2 = b has a root.
    const oracle = createECDH(curve.node);
    oracle.generateKeys();
    const [y] = [rootOfB(curve.p, curve.b)];
    const good = Buffer.concat([octets(0n, curve.size), octets(y!, curve.size)]);
    expect(core.call("ecCheck", curve.kind, core.put(good))).toBe(0);
    const raised = Buffer.concat([octets(curve.p, curve.size), octets(y!, curve.size)]);
    expect(core.call("ecCheck", curve.kind, core.put(raised))).toBe(MALFORMED);
  });

  test("every changed bit of a public key takes it off the curve", () => {
    const q = core.publicOf(octets(1234567n, curve.size)).key;
    for (let bit = 0; bit < q.length * 8; bit++) {
      const mark = core.mark();
      const changed = Buffer.from(q);
      changed[bit >> 3]! ^= 1 << (bit & 7);
      expect(core.call("ecCheck", curve.kind, core.put(changed))).toBe(MALFORMED);
      core.reset(mark);
    }
  });

  test("Wycheproof ECDH, raw points", (context) => {
    const file = `ecdh_secp${8 * curve.size}r1_ecpoint`;
    const groups = wycheproof<{ tcId: number; public: string; private: string; shared: string; result: string }>(file);
    if (groups === undefined) return context.skip();
    const ran = { valid: 0, invalid: 0, refusedByLength: 0 };
    const cases = groups.flatMap((group) => group.tests);
    for (const it of cases) {
      // A public key has no other form in DLMS than {x, y}; what has another length never gets here.
      if (it.public.length !== 2 + 4 * curve.size) {
        expect(it.result, `${it.tcId}`).not.toBe("valid");
        ran.refusedByLength++;
        continue;
      }
      const key = Buffer.concat([Buffer.alloc(curve.size), hex(it.private)]).subarray(-curve.size);
      const result = core.agree(key, hex(it.public).subarray(1));
      if (it.result === "valid") expect(result, `${it.tcId}`).toEqual({ code: 0, z: hex(it.shared) });
      else expect(result.code, `${it.tcId}`).toBe(MALFORMED);
      ran[it.result as "valid" | "invalid"]++;
    }
    console.log(`Wycheproof ${file}: ${JSON.stringify(ran)} of ${cases.length}`);
    expect(cases.length).toBe(curve.kind === 0 ? 355 : 790);
    expect(ran.valid).toBe(curve.kind === 0 ? 330 : 771);
  });
});

/** A square root of b; p is 3 mod 4 for both curves. */
function rootOfB(p: bigint, b: bigint): bigint {
  let root = 1n;
  for (let exponent = (p + 1n) / 4n, power = b; exponent > 0n; exponent >>= 1n, power = (power * power) % p) {
    if (exponent & 1n) root = (root * power) % p;
  }
  return root;
}

test("no secret stays in scratch", () => {
  const core = new CurveCore(P256);
  const partner = core.publicOf(octets(99n, 32)).key;
  const key = new Dice(1).octets(32);
  const before = scratchOf(core);
  const { z } = core.agree(key, partner);
  const { key: own } = core.publicOf(key);
  const after = scratchOf(core);
  expect(before).not.toContain(z.toString("hex"));
  for (const secret of [z, key, Buffer.from(key).reverse()]) {
    for (let i = 0; i + 8 <= secret.length; i++) expect(after).not.toContain(secret.subarray(i, i + 8).toString("hex"));
  }
  expect(own.length).toBe(64);
});

function scratchOf(core: Crypto): string {
  return core.read(0, core.call("freeFrom")).toString("hex");
}
