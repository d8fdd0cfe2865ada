import { createHmac } from "node:crypto";
import { expect, test } from "vitest";
import { Dice, hex } from "./core.ts";
import { CurveCore } from "./curve_core.ts";
import { CURVES, P256 } from "./curve_math.ts";

const ENTROPY = -10;
const LIMIT = -4;

class DrbgCore extends CurveCore {
  readonly state = this.room(this.call("drbgSize"));

  seed(entropy: Uint8Array): number {
    return this.call("drbgSeed", this.state, this.put(entropy), entropy.length);
  }

  generate(size: number): { code: number; out: Buffer } {
    const mark = this.mark();
    const at = this.room(size);
    const code = this.call("drbgGenerate", this.state, at, size);
    expect(this.intact(at, size)).toBe(true);
    this.reset(mark);
    return { code, out: this.read(at, size) };
  }
}

/** HMAC_DRBG as SP 800-90A 10.1.2 writes it, with SHA-256. */
class Oracle {
  private k = Buffer.alloc(32);
  private v = Buffer.alloc(32, 1);

  update(data: Buffer): void {
    for (const separator of data.length ? [0, 1] : [0]) {
      this.k = this.mac(Buffer.concat([this.v, Buffer.from([separator]), data]));
      this.v = this.mac(this.v);
    }
  }

  generate(size: number): Buffer {
    let out = Buffer.alloc(0);
    while (out.length < size) {
      this.v = this.mac(this.v);
      out = Buffer.concat([out, this.v]);
    }
    this.update(Buffer.alloc(0));
    return out.subarray(0, size);
  }

  private mac(message: Buffer): Buffer<ArrayBuffer> {
    return Buffer.from(createHmac("sha256", this.k).update(message).digest());
  }
}

test("unseeded it refuses, and too little entropy does not seed it", () => {
  const core = new DrbgCore(P256);
  expect(core.generate(16)).toEqual({ code: ENTROPY, out: Buffer.alloc(16) });
  for (const size of [0, 16, 32, 47]) {
    expect(core.seed(new Dice(size).octets(size))).toBe(ENTROPY);
    expect(core.generate(16)).toEqual({ code: ENTROPY, out: Buffer.alloc(16) });
  }
  expect(core.seed(new Dice(1).octets(48))).toBe(0);
  expect(core.generate(16).code).toBe(0);
  expect(core.seed(new Dice(1).octets(31))).toBe(ENTROPY);
  expect(core.generate(16).code).toBe(0);
});

test("NIST CAVP HMAC_DRBG, SHA-256, no reseed, first case: the second 1024 bits", () => {
  const core = new DrbgCore(P256);
  const entropy = "ca851911349384bffe89de1cbdc46e6831e44d34a4fb935ee285dd14b71a7488";
  core.seed(hex(`${entropy}659ba96c601dc69fc902940805ec0ca8`));
  core.generate(128);
  const expected =
    "e528e9abf2dece54d47c7e75e5fe302149f817ea9fb4bee6f4199697d04d5b89d54fbb978a15b5c443c9ec21036d2460" +
    "b6f73ebad0dc2aba6e624abf07745bc107694bb7547bb0995f70de25d6b29e2d3011bb19d27676c07162c8b5ccde0668" +
    "961df86803482cb37ed6d5c0bb8d50cf1f50d476aa0458bdaba806f48be9dcb8";
  expect(core.generate(128)).toEqual({ code: 0, out: hex(expected) });
});

test("requests of every size, with seeds between them, agree with SP 800-90A", () => {
  const core = new DrbgCore(P256);
  const oracle = new Oracle();
  const dice = new Dice(7);
  const first = dice.octets(64);
  core.seed(first);
  oracle.update(first);
  for (let size = 0; size <= 100; size++) {
    expect(core.generate(size)).toEqual({ code: 0, out: oracle.generate(size) });
    if (size % 10 !== 9) continue;
    const more = dice.octets(32 + dice.roll(30));
    expect(core.seed(more)).toBe(0);
    oracle.update(more);
  }
});

test("more than 2^16 octets at once are a limit", () => {
  const core = new DrbgCore(P256);
  core.seed(new Dice(2).octets(48));
  expect(core.call("drbgGenerate", core.state, core.room(8), 0x10001)).toBe(LIMIT);
});

test("wiped state refuses again", () => {
  const core = new DrbgCore(P256);
  core.seed(new Dice(3).octets(48));
  core.call("ctWipe", core.state, core.call("drbgSize"));
  expect(core.generate(1).code).toBe(ENTROPY);
});

test.each(CURVES)("key pairs of $name come from the generator, and none without a seed", (curve) => {
  const core = new DrbgCore(curve);
  const key = core.room(curve.size);
  const publicKey = core.room(2 * curve.size);
  expect(core.call("ecGenerate", curve.kind, core.state, key, publicKey)).toBe(ENTROPY);
  expect(core.read(key, curve.size)).toEqual(Buffer.alloc(curve.size));
  core.seed(hex("a5".repeat(48)));
  const seen = new Set<string>();
  for (let round = 0; round < 10; round++) {
    expect(core.call("ecGenerate", curve.kind, core.state, key, publicKey)).toBe(0);
    const pair = core.read(key, curve.size);
    expect(core.publicOf(pair)).toEqual({ code: 0, key: core.read(publicKey, 2 * curve.size) });
    seen.add(pair.toString("hex"));
  }
  expect(seen.size).toBe(10);
});
