import { createCipheriv, type CipherGCM } from "node:crypto";
import { expect, test } from "vitest";
import { Dice } from "./core.ts";
import { AUTHENTICATION, GcmCore, type Message, TAG } from "./gcm_core.ts";

function oracle(message: Message, plain: Uint8Array): { cipher: Buffer; tag: Buffer } {
  const name = `aes-${message.key.length * 8}-gcm`;
  const cipher = createCipheriv(name, message.key, message.iv) as CipherGCM;
  cipher.setAAD(message.aad);
  return { cipher: Buffer.concat([cipher.update(plain), cipher.final()]), tag: cipher.getAuthTag() };
}

function randomMessage(dice: Dice, aadSize: number): Message {
  return { key: dice.octets(dice.roll(2) ? 16 : 32), iv: dice.octets(12), aad: dice.octets(aadSize) };
}

/** Mostly small pieces, some long ones. */
const cutter = (dice: Dice) => (): number => 1 + dice.roll(dice.roll(4) === 0 ? 700 : 40);

test("every size from 0 to 200, sealed and opened, agrees with node:crypto", () => {
  const core = new GcmCore();
  const dice = new Dice(1);
  for (let size = 0; size <= 200; size++) {
    const message = randomMessage(dice, dice.roll(50));
    const plain = dice.octets(size);
    const expected = oracle(message, plain);
    const sealed = core.seal(message, plain);
    expect(sealed).toEqual({ cipher: expected.cipher, tag: expected.tag.subarray(0, TAG) });
    expect(core.open(message, sealed.cipher, sealed.tag)).toEqual({ code: 0, out: plain });
  }
});

test("random sizes to 5000 in random pieces, in place and apart, agree with node:crypto", () => {
  const core = new GcmCore();
  const dice = new Dice(2);
  for (let round = 0; round < 120; round++) {
    const mark = core.mark();
    const message = randomMessage(dice, dice.roll(300));
    const plain = dice.octets(dice.roll(5001));
    const expected = oracle(message, plain);
    const { gcm, key } = core.begin(message, cutter(dice));
    const at = core.put(plain);
    const out = dice.roll(2) ? at : core.room(plain.length);
    core.pieces(plain.length, cutter(dice), (from, size) =>
      core.call("gcmEncrypt", gcm, key, at + from, out + from, size),
    );
    const tag = core.room(16);
    core.call("gcmTag", gcm, key, tag);
    expect(core.read(out, plain.length)).toEqual(expected.cipher);
    expect(core.read(tag, 16)).toEqual(expected.tag);

    const back = core.begin(message, cutter(dice));
    const to = dice.roll(2) ? out : core.room(plain.length);
    core.pieces(plain.length, cutter(dice), (from, size) =>
      core.call("gcmDecrypt", back.gcm, back.key, out + from, to + from, size),
    );
    expect(core.call("gcmVerify", back.gcm, back.key, tag)).toBe(0);
    expect(core.read(to, plain.length)).toEqual(plain);
    core.reset(mark);
  }
});

test("the keystream can be sought: any piece deciphers alone, and hashing goes on where it was", () => {
  const core = new GcmCore();
  const dice = new Dice(3);
  const message = randomMessage(dice, 17);
  const plain = dice.octets(1500);
  const expected = oracle(message, plain);
  const { gcm, key } = core.begin(message);
  const at = core.put(plain);
  const out = core.room(1500);
  core.call("gcmEncrypt", gcm, key, at, out, 700);
  const again = core.room(1500);
  for (let round = 0; round < 300; round++) {
    const from = dice.roll(1500);
    const size = dice.roll(1500 - from + 1);
    core.call("gcmSeek", gcm, from);
    core.call("gcmCrypt", gcm, key, at + from, again, size);
    expect(core.read(again, size)).toEqual(expected.cipher.subarray(from, from + size));
  }
  core.call("gcmSeek", gcm, 700);
  core.call("gcmEncrypt", gcm, key, at + 700, out + 700, 800);
  const tag = core.room(16);
  core.call("gcmTag", gcm, key, tag);
  expect(core.read(out, 1500)).toEqual(expected.cipher);
  expect(core.read(tag, 16)).toEqual(expected.tag);
});

test("a tag can be had from ciphertext hashed without deciphering it", () => {
  const core = new GcmCore();
  const dice = new Dice(4);
  const message = randomMessage(dice, 40);
  const expected = oracle(message, dice.octets(333));
  const { gcm, key } = core.begin(message);
  const at = core.put(expected.cipher);
  core.pieces(333, cutter(dice), (from, size) => core.call("gcmHash", gcm, key, at + from, size));
  expect(core.call("gcmVerify", gcm, key, core.put(expected.tag))).toBe(0);
  expect(core.read(at, 333)).toEqual(expected.cipher);
});

test("a context copied in mid-message goes on in the copy, beside a key copied elsewhere", () => {
  const core = new GcmCore();
  const dice = new Dice(5);
  for (const cut of [0, 1, 15, 16, 47, 48, 49, 64, 333]) {
    const mark = core.mark();
    const message = randomMessage(dice, 17);
    const plain = dice.octets(400);
    const expected = oracle(message, plain);
    const { gcm, key } = core.begin(message);
    const at = core.put(plain);
    core.call("gcmEncrypt", gcm, key, at, at, cut);
    const copy = core.put(core.read(gcm, core.call("gcmSize")));
    const keyCopy = core.put(core.read(key, core.call("gcmKeySize")));
    core.call("ctWipe", gcm, core.call("gcmSize"));
    core.call("ctWipe", key, core.call("gcmKeySize"));
    core.call("gcmEncrypt", copy, keyCopy, at + cut, at + cut, 400 - cut);
    const tag = core.room(16);
    core.call("gcmTag", copy, keyCopy, tag);
    expect(core.read(at, 400)).toEqual(expected.cipher);
    expect(core.read(tag, 16)).toEqual(expected.tag);
    core.reset(mark);
  }
});

test("two messages in turns do not disturb each other", () => {
  const core = new GcmCore();
  const dice = new Dice(6);
  const messages = [randomMessage(dice, 17), randomMessage(dice, 33)];
  const plains = [dice.octets(300), dice.octets(300)];
  const contexts = messages.map((message) => core.begin(message));
  const places = plains.map((plain) => core.put(plain));
  for (let from = 0; from < 300; from += 7) {
    const size = Math.min(7, 300 - from);
    contexts.forEach(({ gcm, key }, i) =>
      core.call("gcmEncrypt", gcm, key, places[i]! + from, places[i]! + from, size),
    );
  }
  messages.forEach((message, i) => expect(core.read(places[i]!, 300)).toEqual(oracle(message, plains[i]!).cipher));
});

test("open refuses every changed bit of tag, text, data, IV and key, and shows nothing", () => {
  const core = new GcmCore();
  const dice = new Dice(7);
  const message = { key: dice.octets(16), iv: dice.octets(12), aad: dice.octets(17) };
  const plain = dice.octets(35);
  const { cipher, tag } = core.seal(message, plain);
  const parts: Record<string, Buffer> = { ...message, cipher, tag };
  let refused = 0;
  for (const name of Object.keys(parts)) {
    for (let bit = 0; bit < parts[name]!.length * 8; bit++) {
      const changed = { ...parts, [name]: Buffer.from(parts[name]!) };
      changed[name]![bit >> 3]! ^= 1 << (bit & 7);
      const got = core.open(changed as unknown as Message, changed["cipher"]!, changed["tag"]!);
      expect(got).toEqual({ code: AUTHENTICATION, out: Buffer.alloc(35) });
      refused++;
    }
  }
  expect(refused).toBe(8 * (16 + 12 + 17 + 35 + 12));
  for (let size = 0; size < 35; size++) {
    expect(core.open(message, cipher.subarray(0, size), tag).code).toBe(AUTHENTICATION);
    if (size < 17)
      expect(core.open({ ...message, aad: message.aad.subarray(0, size) }, cipher, tag).code).toBe(AUTHENTICATION);
  }
});

test("open in place that fails wipes the text", () => {
  const core = new GcmCore();
  const dice = new Dice(8);
  const message = randomMessage(dice, 17);
  const { gcm, key } = core.begin(message);
  const at = core.put(dice.octets(100));
  expect(core.call("gcmOpen", gcm, key, at, at, 100, core.room(12))).toBe(AUTHENTICATION);
  expect(core.read(at, 100)).toEqual(Buffer.alloc(100));
  expect(core.read(gcm, core.call("gcmSize"))).toEqual(Buffer.alloc(core.call("gcmSize")));
});

test("no key, keystream or tag stays in scratch", () => {
  const core = new GcmCore();
  const dice = new Dice(9);
  const scratchEnd = core.call("freeFrom");
  const scratch = (): string => core.read(0, scratchEnd).toString("hex");
  const before = scratch();
  const message = randomMessage(dice, 17);
  const { cipher, tag } = core.seal(message, dice.octets(100));
  core.open(message, cipher, tag);
  core.open(message, cipher, Buffer.alloc(12));
  expect(scratch()).toBe(before);
});
