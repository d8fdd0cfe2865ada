/** The core's AES-128-GCM and CRC-16 alone, called from outside one message or frame at a time. */
import { gcm } from "@noble/ciphers/aes.js";
import { createCipheriv } from "node:crypto";
import { fcsRegister } from "../host/client/hdlc_frame.ts";
import type { Effort, Figure, Group } from "./figure.ts";
import { nativeReferences } from "./native.ts";
import { Primitives } from "./primitives.ts";
import { repeat, time } from "./timing.ts";

const KEY = Uint8Array.from({ length: 16 }, (_, i) => i);
const IV = Uint8Array.from({ length: 12 }, (_, i) => 0x40 + i);
/** Security control octet and authentication key. */
const AAD = Uint8Array.from({ length: 17 }, (_, i) => 0xd0 + i);
const TAG_SIZE = 12;
const MESSAGES = [16, 64, 512, 1024];
const FRAMES = [32, 128, 1024];
/** Octets that one batch handles. */
const BATCH_OCTETS = 60_000;

/** Calls of assembly/testing_bench.ts with a key, a nonce and additional data in place. */
class Cipher extends Primitives {
  readonly key = this.room(this.call("gcmKeySize"));
  readonly gcm = this.room(this.call("gcmSize"));
  readonly iv = this.put(IV);
  readonly aad = this.put(AAD);
  readonly at = this.room(Math.max(...MESSAGES, ...FRAMES) + TAG_SIZE);

  constructor() {
    super();
    this.call("gcmExpand", this.key, this.put(KEY), KEY.length);
  }

  /** Copies the text in, seals it, copies text and tag out: what a caller of any library has to do. */
  seal(text: Uint8Array): Uint8Array {
    this.memory.set(text, this.at);
    this.exports.gcmSeal!(this.gcm, this.key, this.iv, this.aad, AAD.length, this.at, text.length);
    return this.memory.slice(this.at, this.at + text.length + TAG_SIZE);
  }

  crc(octets: Uint8Array): number {
    this.memory.set(octets, this.at);
    return this.exports.crc16!(this.at, octets.length);
  }
}

function sealNode(text: Uint8Array): Uint8Array {
  const cipher = createCipheriv("aes-128-gcm", KEY, IV, { authTagLength: TAG_SIZE }).setAAD(AAD);
  const sealed = cipher.update(text);
  cipher.final();
  return Buffer.concat([sealed, cipher.getAuthTag()]);
}

/** Its tag has 16 octets always; no time goes into cutting it. */
function sealNoble(text: Uint8Array): Uint8Array {
  return gcm(KEY, IV, AAD).encrypt(text);
}

/** CRC-16/X-25 by a table of 256 entries, as it is written everywhere. */
const TABLE = Uint16Array.from({ length: 256 }, (_, octet) => {
  let crc = octet;
  for (let bit = 0; bit < 8; bit++) crc = (crc & 1) !== 0 ? (crc >>> 1) ^ 0x8408 : crc >>> 1;
  return crc;
});

function crcTable(octets: Uint8Array): number {
  let crc = 0xffff;
  for (let i = 0; i < octets.length; i++) crc = (crc >>> 8) ^ TABLE[(crc ^ octets[i]!) & 0xff]!;
  return crc ^ 0xffff;
}

function textOf(size: number): Uint8Array {
  return Uint8Array.from({ length: size }, (_, i) => (i * 7) & 0xff);
}

function equalOrThrow(what: string, a: ArrayLike<number>, b: ArrayLike<number>): void {
  if (Buffer.compare(Uint8Array.from(a), Uint8Array.from(b)) !== 0) throw new Error(`${what}: two results differ`);
}

function sealFigure(effort: Effort, primitives: Cipher, size: number): Figure {
  const text = textOf(size);
  equalOrThrow("AES-GCM", primitives.seal(text), sealNode(text));
  equalOrThrow("AES-GCM", primitives.seal(text), sealNoble(text).subarray(0, size + TAG_SIZE));
  const count = Math.max(20, Math.round(BATCH_OCTETS / (size + 200)));
  const core = repeat(count, () => void primitives.seal(text));
  const node = repeat(count, () => void sealNode(text));
  const noble = repeat(count, () => void sealNoble(text));
  const timed = time(effort, core, node, noble);
  const id = `gcm-seal-${size}`;
  const others = ["node:crypto aes-128-gcm", "@noble/ciphers gcm"].map((what, i) => {
    const { ns, ratio } = timed.references[i]!;
    return { what, value: ns / 1000, ratio };
  });
  return {
    id,
    what: `AES-128-GCM, ${size} octets sealed`,
    value: timed.ns / 1000,
    unit: "µs",
    references: [...others, ...nativeReferences(id, timed, (ns) => ns / 1000)],
  };
}

function crcFigure(effort: Effort, primitives: Cipher, size: number): Figure {
  const octets = textOf(size);
  const result = primitives.crc(octets);
  if (result !== crcTable(octets) || result !== (fcsRegister(octets) ^ 0xffff))
    throw new Error("CRC-16: results differ");
  const count = Math.max(20, Math.round(BATCH_OCTETS / size));
  const core = repeat(count, () => void primitives.crc(octets));
  const table = repeat(count, () => void crcTable(octets));
  const timed = time(effort, core, table);
  const [other] = timed.references;
  return {
    id: `crc16-${size}`,
    what: `CRC-16/X-25 of ${size} octets, copied in`,
    value: timed.ns / 1000,
    unit: "µs",
    references: [{ what: "a table of 256 entries in JavaScript", value: other!.ns / 1000, ratio: other!.ratio }],
  };
}

export const cipherGroup: Group = {
  title: "Cipher and check sequence",
  measure(effort) {
    const primitives = new Cipher();
    return [
      ...MESSAGES.map((size) => sealFigure(effort, primitives, size)),
      ...FRAMES.map((size) => crcFigure(effort, primitives, size)),
    ];
  },
};
