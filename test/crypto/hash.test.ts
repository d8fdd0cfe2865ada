import { createHash, createHmac } from "node:crypto";
import { expect, test } from "vitest";
import { Crypto, Dice, hex } from "./core.ts";
import { vector } from "./vectors.ts";

/** Names of node:crypto in the order of HashKind. */
const KINDS = ["sha256", "sha384", "sha1", "md5"] as const;
type Kind = (typeof KINDS)[number];

class HashCore extends Crypto {
  digest(kind: Kind, message: Uint8Array): Buffer {
    const mark = this.mark();
    const hash = this.room(this.call("hashSize"));
    const out = this.room(64);
    const size = this.call("hashDigest", hash, KINDS.indexOf(kind), this.put(message), message.length, out);
    expect(this.intact(hash, this.call("hashSize"))).toBe(true);
    expect(this.read(out + size, 64 - size)).toEqual(Buffer.alloc(64 - size));
    this.reset(mark);
    return this.read(out, size);
  }

  /** Digest of the pieces, in rooms of their own. */
  pieces(kind: Kind, pieces: Uint8Array[]): Buffer {
    const mark = this.mark();
    const hash = this.room(this.call("hashSize"));
    const out = this.room(64);
    this.call("hashBegin", hash, KINDS.indexOf(kind));
    for (const piece of pieces) this.call("hashUpdate", hash, this.put(piece), piece.length);
    const size = this.call("hashFinish", hash, out);
    expect(this.read(hash, this.call("hashSize"))).toEqual(Buffer.alloc(this.call("hashSize")));
    this.reset(mark);
    return this.read(out, size);
  }

  hmac(kind: Kind, key: Uint8Array, message: Uint8Array, cut: number): Buffer {
    const mark = this.mark();
    const hmac = this.room(this.call("hmacSize"));
    const out = this.room(64);
    this.call("hmacBegin", hmac, KINDS.indexOf(kind), this.put(key), key.length);
    const at = this.put(message);
    this.call("hmacUpdate", hmac, at, cut);
    this.call("hmacUpdate", hmac, at + cut, message.length - cut);
    const size = this.call("hmacFinish", hmac, out);
    expect(this.intact(hmac, this.call("hmacSize"))).toBe(true);
    this.reset(mark);
    return this.read(out, size);
  }
}

const text = (value: string): Buffer => Buffer.from(value, "latin1");

test("FIPS 180-4 and RFC 1321 examples", () => {
  const core = new HashCore();
  expect(core.digest("sha256", text("abc"))).toEqual(hex(vector("prim-sha256-abc").output as unknown as string));
  expect(core.digest("sha384", text("abc"))).toEqual(hex(vector("prim-sha384-abc").output as unknown as string));
  expect(core.digest("sha1", text("abc")).toString("hex")).toBe("a9993e364706816aba3e25717850c26c9cd0d89d");
  expect(core.digest("md5", text("abc")).toString("hex")).toBe("900150983cd24fb0d6963f7d28e17f72");
  expect(core.digest("md5", text("")).toString("hex")).toBe("d41d8cd98f00b204e9800998ecf8427e");
});

test("RFC 4231 test case 2, and case 6 whose key is longer than a block", () => {
  const core = new HashCore();
  const short = core.hmac("sha256", text("Jefe"), text("what do ya want for nothing?"), 5);
  expect(short.toString("hex")).toBe("5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  const message = text("Test Using Larger Than Block-Size Key - Hash Key First");
  const long = core.hmac("sha256", Buffer.alloc(131, 0xaa), message, 0);
  expect(long.toString("hex")).toBe("60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
});

for (const kind of KINDS) {
  test(`${kind}: every length from 0 to 300 agrees with node:crypto`, () => {
    const core = new HashCore();
    const message = new Dice(1).octets(300);
    for (let size = 0; size <= 300; size++) {
      const part = message.subarray(0, size);
      expect(core.digest(kind, part), `${size}`).toEqual(createHash(kind).update(part).digest());
    }
  });

  test(`${kind}: any way to cut a message gives the same digest`, () => {
    const core = new HashCore();
    const dice = new Dice(2);
    for (let round = 0; round < 60; round++) {
      const pieces = Array.from({ length: dice.roll(9) }, () => dice.octets(dice.roll(dice.roll(3) ? 70 : 400)));
      expect(core.pieces(kind, pieces)).toEqual(createHash(kind).update(Buffer.concat(pieces)).digest());
    }
  });

  test(`HMAC-${kind}: keys of 0 to 200 octets agree with node:crypto`, () => {
    const core = new HashCore();
    const dice = new Dice(3);
    for (let size = 0; size <= 200; size++) {
      const key = dice.octets(size);
      const message = dice.octets(dice.roll(300));
      const expected = createHmac(kind, key).update(message).digest();
      expect(core.hmac(kind, key, message, dice.roll(message.length + 1)), `${size}`).toEqual(expected);
    }
  });
}

test("HLS mechanisms 3 and 4: digest of challenge and secret", () => {
  const core = new HashCore();
  for (const [id, kind] of [
    ["hls3-md5", "md5"],
    ["hls3-iskra-field", "md5"],
    ["hls4-sha1", "sha1"],
  ] as const) {
    const { inputs, output } = vector(id);
    for (const challenge of ["StoC", "CtoS"] as const) {
      if (inputs[challenge] === undefined) continue;
      const expected = hex(output[`f(${challenge})`]!);
      expect(core.pieces(kind, [hex(inputs[challenge]!), hex(inputs["secret"]!)])).toEqual(expected);
    }
  }
});

test("no word of a message stays in scratch", () => {
  const core = new HashCore();
  const scratch = (): string => core.read(0, core.call("freeFrom")).toString("hex");
  const before = scratch();
  for (const kind of KINDS) {
    core.digest(kind, new Dice(4).octets(500));
    core.hmac(kind, new Dice(5).octets(20), new Dice(6).octets(100), 7);
  }
  expect(scratch()).toBe(before);
});
