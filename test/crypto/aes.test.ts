import { createCipheriv } from "node:crypto";
import { expect, test } from "vitest";
import { Crypto, Dice, hex } from "./core.ts";
import { vector } from "./vectors.ts";

/** Encrypts the 64 octets `blocks` under `key`. */
function encrypt4(core: Crypto, key: Uint8Array, blocks: Uint8Array): Buffer {
  const mark = core.mark();
  const schedule = core.room(core.call("aesKeySize"));
  core.call("aesExpand", schedule, core.put(key), key.length);
  expect(core.intact(schedule, core.call("aesKeySize"))).toBe(true);
  const at = core.put(blocks);
  core.call("aesEncrypt4", schedule, at);
  expect(core.intact(at, 64)).toBe(true);
  core.reset(mark);
  return core.read(at, 64);
}

for (const id of ["prim-aes128-fips197", "prim-aes256-fips197"]) {
  test(`FIPS 197 example, in each of the four places: ${id}`, () => {
    const core = new Crypto();
    const { inputs, output } = vector(id);
    const block = hex(inputs["block"]!);
    const expected = hex(output as unknown as string);
    for (let place = 0; place < 4; place++) {
      const blocks = new Dice(place + 1).octets(64);
      blocks.set(block, 16 * place);
      const result = encrypt4(core, hex(inputs["key"]!), blocks);
      expect(result.subarray(16 * place, 16 * place + 16)).toEqual(expected);
    }
  });
}

test("random keys and blocks agree with node:crypto", () => {
  const core = new Crypto();
  const dice = new Dice(0xae5);
  for (let round = 0; round < 300; round++) {
    const key = dice.octets(round & 1 ? 16 : 32);
    const blocks = dice.octets(64);
    const oracle = createCipheriv(`aes-${key.length * 8}-ecb`, key, null).setAutoPadding(false);
    expect(encrypt4(core, key, blocks)).toEqual(oracle.update(blocks));
  }
});

test("every octet value passes the S-box in the cipher and in the key schedule", () => {
  const core = new Crypto();
  for (let value = 0; value < 256; value++) {
    const key = Buffer.alloc(value & 1 ? 16 : 32, value);
    const blocks = Buffer.alloc(64, 255 - value);
    const oracle = createCipheriv(`aes-${key.length * 8}-ecb`, key, null).setAutoPadding(false);
    expect(encrypt4(core, key, blocks)).toEqual(oracle.update(blocks));
  }
});

test("decrypt undoes what node:crypto encrypted, and leaves no plane behind in the block", () => {
  const core = new Crypto();
  const dice = new Dice(0xdec);
  for (let round = 0; round < 300; round++) {
    const mark = core.mark();
    const key = dice.octets(round & 1 ? 16 : 32);
    const block = round < 256 ? Buffer.alloc(16, round) : dice.octets(16);
    const oracle = createCipheriv(`aes-${key.length * 8}-ecb`, key, null).setAutoPadding(false);
    const schedule = core.room(core.call("aesKeySize"));
    core.call("aesExpand", schedule, core.put(key), key.length);
    const at = core.put(oracle.update(block));
    core.call("aesDecrypt", schedule, at);
    expect(core.read(at, 16)).toEqual(block);
    expect(core.intact(at, 16)).toBe(true);
    core.reset(mark);
  }
});

test("a key that was never expanded, or of another size, is our own mistake", () => {
  const core = new Crypto();
  const schedule = core.room(core.call("aesKeySize"));
  expect(() => core.call("aesEncrypt4", schedule, core.room(64))).toThrow(WebAssembly.RuntimeError);
  expect(() => core.call("aesExpand", schedule, core.room(32), 24)).toThrow(WebAssembly.RuntimeError);
});
