import { createCipheriv } from "node:crypto";
import { expect, test } from "vitest";
import { Crypto, Dice, hex } from "./core.ts";
import { vector, wycheproof } from "./vectors.ts";

const AUTHENTICATION = -6;
const MALFORMED = -2;

class WrapCore extends Crypto {
  private kek(octets: Uint8Array): number {
    const kek = this.room(this.call("aesKeySize"));
    this.call("aesExpand", kek, this.put(octets), octets.length);
    return kek;
  }

  wrap(kek: Uint8Array, key: Uint8Array): Buffer {
    const mark = this.mark();
    const out = this.room(key.length + 8);
    const size = this.call("keyWrap", this.kek(kek), this.put(key), key.length, out);
    expect(this.intact(out, key.length + 8)).toBe(true);
    this.reset(mark);
    return this.read(out, size);
  }

  /** The result code and what stands in the output, which was full of 77 before. */
  unwrap(kek: Uint8Array, wrapped: Uint8Array): { code: number; out: Buffer } {
    const mark = this.mark();
    const size = Math.max(0, wrapped.length - 8);
    const out = this.put(Buffer.alloc(size, 0x77));
    const code = this.call("keyUnwrap", this.kek(kek), this.put(wrapped), wrapped.length, out);
    expect(this.intact(out, size)).toBe(true);
    this.reset(mark);
    return { code, out: this.read(out, size) };
  }
}

for (const [id, kek, key] of [
  ["prim-kw-rfc3394-4.1", "kek", "key"],
  ["prim-kw-rfc3394-4.6", "kek", "key"],
  ["key-transfer-kek", "master_key", "new_master_key"],
  ["key-transfer-suite2", "master_key", "guek"],
] as const) {
  test(`known answer both ways: ${id}`, () => {
    const { inputs, output } = vector(id);
    const core = new WrapCore();
    const wrapped = core.wrap(hex(inputs[kek]!), hex(inputs[key]!));
    // In key_transfer the wrapped key stands at the end of the method's data.
    const known = hex(typeof output === "string" ? output : output["data"]!);
    expect(known.subarray(-wrapped.length)).toEqual(wrapped);
    expect(core.unwrap(hex(inputs[kek]!), wrapped)).toEqual({ code: wrapped.length - 8, out: hex(inputs[key]!) });
  });
}

test("the session key of a general-ciphering APDU", () => {
  const { inputs } = vector("gc-wrapped");
  const core = new WrapCore();
  expect(core.wrap(hex(inputs["master_key"]!), hex(inputs["session_key"]!))).toEqual(hex(inputs["wrapped_key"]!));
});

test("a tampered key_transfer is refused and nothing of it stays", () => {
  const { inputs } = vector("neg-key-transfer-tampered");
  const refused = new WrapCore().unwrap(hex(inputs["master_key"]!), hex(inputs["wrapped"]!));
  expect(refused).toEqual({ code: AUTHENTICATION, out: Buffer.alloc(16) });
});

test("every single changed bit is refused", () => {
  const core = new WrapCore();
  const dice = new Dice(1);
  for (const [kekSize, keySize] of [
    [16, 16],
    [32, 32],
  ] as const) {
    const kek = dice.octets(kekSize);
    const wrapped = core.wrap(kek, dice.octets(keySize));
    for (let bit = 0; bit < wrapped.length * 8; bit++) {
      const changed = Buffer.from(wrapped);
      changed[bit >> 3]! ^= 1 << (bit & 7);
      expect(core.unwrap(kek, changed)).toEqual({ code: AUTHENTICATION, out: Buffer.alloc(keySize) });
    }
  }
});

test("every size: those that are no wrapped key are malformed, the others agree with node:crypto", () => {
  const core = new WrapCore();
  const dice = new Dice(2);
  const kek = dice.octets(32);
  for (let size = 0; size <= 100; size++) {
    const isWrapped = size >= 24 && size % 8 === 0;
    if (isWrapped) {
      const key = dice.octets(size - 8);
      const oracle = createCipheriv("id-aes256-wrap", kek, Buffer.alloc(8, 0xa6));
      const wrapped = Buffer.concat([oracle.update(key), oracle.final()]);
      expect(core.wrap(kek, key)).toEqual(wrapped);
      expect(core.unwrap(kek, wrapped)).toEqual({ code: size - 8, out: key });
    } else {
      expect(core.unwrap(kek, dice.octets(size)).code).toBe(MALFORMED);
    }
  }
});

interface WrapCase {
  tcId: number;
  key: string;
  msg: string;
  ct: string;
  result: "valid" | "invalid" | "acceptable";
}

test("Wycheproof AES-WRAP, 128 and 256-bit keys", (context) => {
  const groups = wycheproof<WrapCase>("aes_wrap");
  if (groups === undefined) return context.skip();
  const core = new WrapCore();
  const ran = { valid: 0, invalid: 0, acceptable: 0 };
  const cases = groups.filter((group) => group["keySize"] !== 192).flatMap((group) => group.tests);
  for (const it of cases) {
    const unwrapped = core.unwrap(hex(it.key), hex(it.ct));
    if (it.result === "invalid") {
      expect(unwrapped.code, `${it.tcId}`).toBeLessThan(0);
    } else if (it.msg.length === 16) {
      // A key of 8 octets, which RFC 3394 leaves out and no suite has.
      expect(unwrapped.code, `${it.tcId}`).toBe(MALFORMED);
    } else {
      expect(core.wrap(hex(it.key), hex(it.msg)), `${it.tcId}`).toEqual(hex(it.ct));
      expect(unwrapped, `${it.tcId}`).toEqual({ code: it.msg.length / 2, out: hex(it.msg) });
    }
    ran[it.result]++;
  }
  console.log(`Wycheproof aes_wrap: ${JSON.stringify(ran)} of ${cases.length}`);
  expect(cases.length).toBe(42 + 68);
  expect(ran.valid).toBeGreaterThan(20);
});
