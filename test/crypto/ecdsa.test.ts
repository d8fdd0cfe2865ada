import { createHash, generateKeyPairSync, type KeyObject, sign, verify } from "node:crypto";
import { describe, expect, test } from "vitest";
import { Dice, hex } from "./core.ts";
import { CurveCore } from "./curve_core.ts";
import { CURVES, type CurveNumbers, inverse, mod, multiply, number, octets, P256, P384 } from "./curve_math.ts";
import { vector, wycheproof } from "./vectors.ts";

const AUTHENTICATION = -6;
const MALFORMED = -2;
const LIMIT = -4;

const digestOf = (curve: CurveNumbers, message: Uint8Array): Buffer => createHash(curve.hash).update(message).digest();

/** {vector, curve, private key, message, signature}: signatures with the nonce of RFC 6979. */
function deterministic(): [string, CurveNumbers, string, Buffer, string][] {
  const rows: [string, CurveNumbers, string, Buffer, string][] = [];
  for (const id of ["prim-rfc6979-p256-sample", "prim-rfc6979-p256-test", "prim-rfc6979-p384-sample"]) {
    const { inputs, output } = vector(id);
    const curve = inputs["curve"] === "P-256" ? P256 : P384;
    rows.push([id, curve, inputs["private"]!, Buffer.from(inputs["message_ascii"]!), output as unknown as string]);
  }
  for (const [id, curve] of [
    ["gs-get-p256", P256],
    ["gs-get-p384", P384],
  ] as const) {
    const { inputs, output } = vector(id);
    rows.push([id, curve, inputs["client_sign_private"]!, hex(inputs["TBS"]!), output["signature"]!]);
  }
  for (const [id, curve] of [
    ["hls7-p256", P256],
    ["hls7-p384", P384],
  ] as const) {
    const { inputs: i, output } = vector(id);
    const pass3 = hex(i["SysT_C"]! + i["SysT_S"]! + i["StoC"]! + i["CtoS"]!);
    const pass4 = hex(i["SysT_S"]! + i["SysT_C"]! + i["CtoS"]! + i["StoC"]!);
    rows.push([`${id} pass 3`, curve, i["client_sign_private"]!, pass3, output["f(StoC)"]!]);
    rows.push([`${id} pass 4`, curve, i["server_sign_private"]!, pass4, output["f(CtoS)"]!]);
  }
  return rows;
}

test.each(deterministic())("known answer both ways: %s", (_, curve, key, message, signature) => {
  const core = new CurveCore(curve);
  const digest = digestOf(curve, message);
  expect(core.sign(hex(key), digest)).toEqual({ code: 0, signature: hex(signature) });
  expect(core.verify(core.publicOf(hex(key)).key, digest, hex(signature))).toBe(0);
});

test("published signatures over an ephemeral key and over key_id with it, and one of Suite B", () => {
  const core = new CurveCore(P256);
  const oneE = vector("gb-1e1s-ephemeral-signature").inputs;
  const publicKey = hex(oneE["client_sign_public"]!);
  expect(core.verify(publicKey, digestOf(P256, hex(oneE["Qe_U"]!)), hex(oneE["signature"]!))).toBe(0);
  const prefixed = digestOf(P256, hex(`01${oneE["Qe_U"]}`));
  expect(core.verify(publicKey, prefixed, hex(oneE["signature"]!))).toBe(AUTHENTICATION);
  const twoE = vector("gb-2e0s-client-signature").inputs;
  const message = hex(twoE["key_id"]! + twoE["Q_client"]!);
  expect(core.verify(hex(twoE["client_sign_public"]!), digestOf(P256, message), hex(twoE["signature"]!))).toBe(0);
  const suiteB = vector("prim-ecdsa-p384-suiteb").inputs;
  const digest = digestOf(P384, hex(suiteB["message"]!));
  expect(new CurveCore(P384).verify(hex(suiteB["public_xy"]!), digest, hex(suiteB["signature"]!))).toBe(0);
});

test("negative vectors: r or s zero, s = n, and a tampered general-signing APDU", () => {
  const core = new CurveCore(P256);
  for (const id of ["neg-ecdsa-r0", "neg-ecdsa-s0", "neg-ecdsa-s_eq_n", "neg-ecdsa-rs_zero"]) {
    const { inputs } = vector(id);
    const digest = digestOf(P256, hex(inputs["message"]!));
    expect(core.verify(hex(inputs["public"]!), digest, hex(inputs["signature"]!)), id).toBe(AUTHENTICATION);
  }
  const { inputs } = vector("neg-gs-tampered");
  const apdu = hex(inputs["apdu"]!);
  const digest = digestOf(P256, apdu.subarray(1, -65));
  expect(core.verify(hex(inputs["client_sign_public"]!), digest, apdu.subarray(-64))).toBe(AUTHENTICATION);
});

/** {x, y} of a public key of node:crypto. */
function coordinates(key: KeyObject): Buffer {
  const { x, y } = key.export({ format: "jwk" });
  return Buffer.concat([Buffer.from(x!, "base64url"), Buffer.from(y!, "base64url")]);
}

describe.each(CURVES)("$name", (curve) => {
  const core = new CurveCore(curve);
  const dice = new Dice(curve.kind + 31);
  const { n, size } = curve;

  test("signatures go both ways with node:crypto", () => {
    for (let round = 0; round < 40; round++) {
      const pair = generateKeyPairSync("ec", { namedCurve: curve.node });
      const key = Buffer.from(pair.privateKey.export({ format: "jwk" }).d!, "base64url");
      const message = dice.octets(dice.roll(200));
      const digest = digestOf(curve, message);
      const publicKey = coordinates(pair.publicKey);
      expect(core.publicOf(key).key).toEqual(publicKey);
      const own = core.sign(key, digest, round & 1 ? dice.octets(dice.roll(65)) : Buffer.alloc(0));
      expect(own.code).toBe(0);
      const encoding = { key: pair.publicKey, dsaEncoding: "ieee-p1363" } as const;
      expect(verify(curve.hash, message, encoding, own.signature)).toBe(true);
      const theirs = sign(curve.hash, message, { key: pair.privateKey, dsaEncoding: "ieee-p1363" });
      expect(core.verify(publicKey, digest, theirs)).toBe(0);
      expect(core.verify(publicKey, digestOf(curve, Buffer.concat([message, message, hex("00")])), theirs)).toBe(
        AUTHENTICATION,
      );
    }
  });

  test("extra randomness changes the nonce and leaves the signature right; too much is a limit", () => {
    const key = octets(777n, size);
    const digest = digestOf(curve, hex("00"));
    const plain = core.sign(key, digest).signature;
    expect(core.sign(key, digest).signature).toEqual(plain);
    const extra = core.sign(key, digest, dice.octets(32)).signature;
    expect(extra.subarray(0, size)).not.toEqual(plain.subarray(0, size));
    expect(core.verify(core.publicOf(key).key, digest, extra)).toBe(0);
    expect(core.sign(key, digest, Buffer.alloc(64)).code).toBe(0);
    expect(core.sign(key, digest, Buffer.alloc(65)).code).toBe(LIMIT);
  });

  test("every changed bit of signature, digest and key is refused", () => {
    const key = octets(4242n, size);
    const parts: Record<"publicKey" | "digest" | "signature", Buffer> = {
      publicKey: core.publicOf(key).key,
      digest: digestOf(curve, hex("01")),
      signature: Buffer.alloc(0),
    };
    parts.signature = core.sign(key, parts.digest).signature;
    for (const name of ["publicKey", "digest", "signature"] as const) {
      for (let bit = 0; bit < parts[name].length * 8; bit += curve.kind === 0 ? 1 : 3) {
        const changed = { ...parts, [name]: Buffer.from(parts[name]) };
        changed[name][bit >> 3]! ^= 1 << (bit & 7);
        const code = core.verify(changed.publicKey, changed.digest, changed.signature);
        expect(code, `${name} ${bit}`).toBe(name === "publicKey" ? MALFORMED : AUTHENTICATION);
      }
    }
  });

  test("s and n - s are both right; r and s of n or more are not", () => {
    const key = octets(31337n, size);
    const digest = digestOf(curve, hex("02"));
    const publicKey = core.publicOf(key).key;
    const { signature } = core.sign(key, digest);
    const [r, s] = [number(signature.subarray(0, size)), number(signature.subarray(size))];
    const check = (a: bigint, b: bigint): number =>
      core.verify(publicKey, digest, Buffer.concat([octets(a, size), octets(b, size)]));
    expect(check(r, n - s)).toBe(0);
    for (const [a, b] of [
      [0n, s],
      [r, 0n],
      [n, s],
      [r, n],
      [r, (1n << BigInt(8 * size)) - 1n],
      [n - r, s],
    ] as const) {
      expect(check(a, b)).toBe(AUTHENTICATION);
    }
  });

  test("sums that meet in the verification: u1 G = u2 Q is right, u1 G = -u2 Q is refused", () => {
    const d = 987654321987654321n;
    const publicKey = core.publicOf(octets(d, size)).key;
    const u1 = 1234567890123n;
    const u2 = mod(u1 * inverse(d, n), n);
    const r = mod(multiply(curve, 2n * u1, curve.g)!.x, n);
    const s = mod(r * inverse(u2, n), n);
    const digest = octets(mod(u1 * s, n), size);
    expect(core.verify(publicKey, digest, Buffer.concat([octets(r, size), octets(s, size)]))).toBe(0);
    const opposite = octets(mod(-r * d, n), size);
    expect(core.verify(publicKey, opposite, Buffer.concat([octets(r, size), octets(s, size)]))).toBe(AUTHENTICATION);
  });

  test("digests of zero, n and all ones sign and verify as FIPS 186-4 6.4 says", () => {
    const d = 5n;
    const publicKey = core.publicOf(octets(d, size)).key;
    for (const value of [0n, n, n + 1n, (1n << BigInt(8 * size)) - 1n]) {
      const digest = octets(value, size);
      const { code, signature } = core.sign(octets(d, size), digest);
      expect(code).toBe(0);
      expect(core.verify(publicKey, digest, signature)).toBe(0);
      const [r, s] = [number(signature.subarray(0, size)), number(signature.subarray(size))];
      // With the private key at hand, u1 G + u2 Q is one multiple of G.
      const nonce = mod((value + r * d) * inverse(s, n), n);
      expect(mod(multiply(curve, nonce, curve.g)!.x, n)).toBe(r);
    }
  });

  test("a private key outside 1 to n - 1 signs nothing, and what is no point verifies nothing", () => {
    for (const key of [0n, n, n + 5n]) {
      expect(core.sign(octets(key, size), Buffer.alloc(size, 1))).toEqual({
        code: MALFORMED,
        signature: Buffer.alloc(2 * size),
      });
    }
    const digest = Buffer.alloc(size, 1);
    expect(core.verify(Buffer.alloc(2 * size), digest, core.sign(octets(1n, size), digest).signature)).toBe(MALFORMED);
  });

  test("Wycheproof ECDSA, r and s side by side", (context) => {
    const file = `ecdsa_secp${8 * size}r1_${curve.hash}_p1363`;
    const groups = wycheproof<{ tcId: number; msg: string; sig: string; result: string }>(file);
    if (groups === undefined) return context.skip();
    const ran = { valid: 0, invalid: 0, refusedByLength: 0 };
    for (const group of groups) {
      const publicKey = hex((group["publicKey"] as { uncompressed: string }).uncompressed).subarray(1);
      for (const it of group.tests) {
        if (it.sig.length !== 4 * size) {
          expect(it.result, `${it.tcId}`).toBe("invalid");
          ran.refusedByLength++;
          continue;
        }
        const code = core.verify(publicKey, digestOf(curve, hex(it.msg)), hex(it.sig));
        expect(code === 0, `${it.tcId}`).toBe(it.result === "valid");
        ran[it.result as "valid" | "invalid"]++;
      }
    }
    console.log(`Wycheproof ${file}: ${JSON.stringify(ran)}`);
    expect(ran.valid).toBe(curve.kind === 0 ? 173 : 193);
    expect(ran.valid + ran.invalid + ran.refusedByLength).toBe(curve.kind === 0 ? 262 : 280);
  });
});

test("no private key or nonce stays in scratch", () => {
  const core = new CurveCore(P256);
  const key = new Dice(1).octets(32);
  const digest = new Dice(2).octets(32);
  const { signature } = core.sign(key, digest);
  const after = core.read(0, core.call("freeFrom")).toString("hex");
  const [r, s] = [number(signature.subarray(0, 32)), number(signature.subarray(32))];
  const nonce = octets(mod((number(digest) + r * number(key)) * inverse(s, P256.n), P256.n), 32);
  expect(multiply(P256, number(nonce), P256.g)!.x % P256.n).toBe(r);
  for (const secret of [key, nonce, Buffer.from(key).reverse(), Buffer.from(nonce).reverse()]) {
    for (let i = 0; i + 8 <= secret.length; i++) expect(after).not.toContain(secret.subarray(i, i + 8).toString("hex"));
  }
});
