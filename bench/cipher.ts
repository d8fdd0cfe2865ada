/** The core's AES-128-GCM and CRC-16 alone, called from outside one message or frame at a time. */
import { createCipheriv } from "node:crypto";
import { readFileSync } from "node:fs";
import { fcsRegister } from "../host/client/hdlc_frame.ts";
import { packageFile } from "../host/files.ts";
import type { Effort, Figure, Group } from "./figure.ts";
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
const PAGES = 4;

interface Exports {
  freeFrom(): number;
  gcmKeySize(): number;
  gcmSize(): number;
  gcmExpand(key: number, octets: number, size: number): void;
  gcmSeal(gcm: number, key: number, iv: number, aad: number, aadSize: number, at: number, size: number): void;
  crc16(at: number, size: number): number;
}

/** The entry assembly/testing_bench.ts with addresses for what it works on. */
class Primitives {
  readonly exports: Exports;
  readonly memory: Uint8Array;
  readonly key: number;
  readonly gcm: number;
  readonly iv: number;
  readonly aad: number;
  readonly at: number;

  constructor() {
    const module = new WebAssembly.Module(readFileSync(packageFile("build/testing_bench.wasm")));
    const memory = new WebAssembly.Memory({ initial: PAGES, maximum: PAGES });
    this.exports = new WebAssembly.Instance(module, { env: { memory } }).exports as unknown as Exports;
    this.memory = new Uint8Array(memory.buffer);
    const aligned = (address: number): number => (address + 15) & ~15;
    this.key = aligned(this.exports.freeFrom());
    this.gcm = aligned(this.key + this.exports.gcmKeySize());
    this.iv = aligned(this.gcm + this.exports.gcmSize());
    this.aad = aligned(this.iv + IV.length);
    this.at = aligned(this.aad + AAD.length);
    this.memory.set(KEY, this.at);
    this.exports.gcmExpand(this.key, this.at, KEY.length);
    this.memory.set(IV, this.iv);
    this.memory.set(AAD, this.aad);
  }

  /** Copies the text in, seals it, copies text and tag out: what a caller of any library has to do. */
  seal(text: Uint8Array): Uint8Array {
    this.memory.set(text, this.at);
    this.exports.gcmSeal(this.gcm, this.key, this.iv, this.aad, AAD.length, this.at, text.length);
    return this.memory.slice(this.at, this.at + text.length + TAG_SIZE);
  }

  crc(octets: Uint8Array): number {
    this.memory.set(octets, this.at);
    return this.exports.crc16(this.at, octets.length);
  }
}

function sealNode(text: Uint8Array): Uint8Array {
  const cipher = createCipheriv("aes-128-gcm", KEY, IV, { authTagLength: TAG_SIZE }).setAAD(AAD);
  const sealed = cipher.update(text);
  cipher.final();
  return Buffer.concat([sealed, cipher.getAuthTag()]);
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

function sealFigure(effort: Effort, primitives: Primitives, size: number): Figure {
  const text = textOf(size);
  equalOrThrow("AES-GCM", primitives.seal(text), sealNode(text));
  const count = Math.max(20, Math.round(BATCH_OCTETS / (size + 200)));
  const core = repeat(count, () => void primitives.seal(text));
  const node = repeat(count, () => void sealNode(text));
  const timed = time(effort, core, node);
  const [other] = timed.references;
  return {
    id: `gcm-seal-${size}`,
    what: `AES-128-GCM, ${size} octets sealed`,
    value: timed.ns / 1000,
    unit: "µs",
    references: [{ what: "node:crypto aes-128-gcm", value: other!.ns / 1000, ratio: other!.ratio }],
  };
}

function crcFigure(effort: Effort, primitives: Primitives, size: number): Figure {
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
    const primitives = new Primitives();
    return [
      ...MESSAGES.map((size) => sealFigure(effort, primitives, size)),
      ...FRAMES.map((size) => crcFigure(effort, primitives, size)),
    ];
  },
};
