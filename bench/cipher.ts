/** The core's AES-128-GCM and CRC-16 alone, called from outside one message or frame at a time; with SIMD and without, in turns. */
import { gcm } from "@noble/ciphers/aes.js";
import { createCipheriv } from "node:crypto";
import { fcsRegister } from "../host/client/hdlc_frame.ts";
import { type CoreKind, simdSupported } from "../host/core_kind.ts";
import { reference, type Effort, type Figure, type Group } from "./figure.ts";
import { nativeReferences } from "./native.ts";
import { Primitives } from "./primitives.ts";
import { repeat, time, type Work } from "./timing.ts";

const KEY = Uint8Array.from({ length: 16 }, (_, i) => i);
const IV = Uint8Array.from({ length: 12 }, (_, i) => 0x40 + i);
/** Security control octet and authentication key. */
const AAD = Uint8Array.from({ length: 17 }, (_, i) => 0xd0 + i);
const TAG_SIZE = 12;
const MESSAGES = [16, 64, 512, 1024];
const FRAMES = [32, 128, 1024];
/** Where and how much quicker AES-GCM has to be with SIMD. */
const GAIN = { size: 512, limit: 1.4 };
const SCALAR = "the core without SIMD";
/** Octets that one batch handles. */
const BATCH_OCTETS = 15_000;

/** Calls of assembly/testing_bench.ts with a key, a nonce and additional data in place. */
class Cipher extends Primitives {
  readonly key = this.room(this.call("gcmKeySize"));
  readonly gcm = this.room(this.call("gcmSize"));
  readonly iv = this.put(IV);
  readonly aad = this.put(AAD);
  readonly at = this.room(Math.max(...MESSAGES, ...FRAMES) + TAG_SIZE);

  constructor(kind: CoreKind) {
    super(kind);
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

/** The builds of the core that this engine runs, the one without SIMD first. */
interface Builds {
  readonly scalar: Cipher;
  readonly simd: Cipher | undefined;
}

/** A figure of the build with SIMD beside the one without, both timed in turns. */
function simdFigure(scalar: Figure, simd: { ns: number; ratio: number } | undefined): Figure[] {
  if (simd === undefined) return [];
  const value = simd.ns / 1000;
  const beside = { what: SCALAR, value: scalar.value, ratio: 1 / simd.ratio };
  const others = scalar.references.map((other) => reference(other.what, other.value, value));
  const { id, what, unit } = scalar;
  return [{ id: `${id}-simd`, what: `${what}, with SIMD`, value, unit, references: [beside, ...others] }];
}

/** How many times as fast it is with SIMD. */
function gainFigure(size: number, simd: { ratio: number } | undefined): Figure[] {
  if (simd === undefined || size !== GAIN.size) return [];
  const goal = { limit: GAIN.limit, kind: "at least" } as const;
  const what = `AES-128-GCM, ${size} octets sealed: gain by SIMD`;
  return [{ id: `gcm-simd-gain-${size}`, what, value: simd.ratio, unit: "×", goal, references: [] }];
}

function sealFigures(effort: Effort, { scalar, simd }: Builds, size: number): Figure[] {
  const text = textOf(size);
  const expected = sealNode(text);
  equalOrThrow("AES-GCM", sealNoble(text).subarray(0, size + TAG_SIZE), expected);
  for (const build of [scalar, simd]) if (build !== undefined) equalOrThrow("AES-GCM", build.seal(text), expected);
  const count = Math.max(5, Math.round(BATCH_OCTETS / (size + 200)));
  const workOf = (seal: () => unknown): Work => repeat(count, () => void seal());
  const others = [() => sealNode(text), () => sealNoble(text)].map(workOf);
  const timed = time(
    effort,
    workOf(() => scalar.seal(text)),
    ...others,
    ...(simd === undefined ? [] : [workOf(() => simd.seal(text))]),
  );
  const [node, noble, withSimd] = timed.references;
  const id = `gcm-seal-${size}`;
  const figure: Figure = {
    id,
    what: `AES-128-GCM, ${size} octets sealed`,
    value: timed.ns / 1000,
    unit: "µs",
    references: [
      { what: "node:crypto aes-128-gcm", value: node!.ns / 1000, ratio: node!.ratio },
      { what: "@noble/ciphers gcm", value: noble!.ns / 1000, ratio: noble!.ratio },
    ],
  };
  const native = nativeReferences(id, timed, (ns) => ns / 1000);
  return [
    { ...figure, references: [...figure.references, ...native] },
    ...simdFigure(figure, withSimd),
    ...gainFigure(size, withSimd),
  ];
}

function crcFigures(effort: Effort, { scalar, simd }: Builds, size: number): Figure[] {
  const octets = textOf(size);
  const expected = crcTable(octets);
  const results = [fcsRegister(octets) ^ 0xffff, scalar.crc(octets), simd?.crc(octets) ?? expected];
  if (results.some((result) => result !== expected)) throw new Error("CRC-16: results differ");
  const count = Math.max(20, Math.round(BATCH_OCTETS / size));
  const workOf = (crc: () => unknown): Work => repeat(count, () => void crc());
  const timed = time(
    effort,
    workOf(() => scalar.crc(octets)),
    workOf(() => crcTable(octets)),
    ...(simd === undefined ? [] : [workOf(() => simd.crc(octets))]),
  );
  const [table, withSimd] = timed.references;
  const figure: Figure = {
    id: `crc16-${size}`,
    what: `CRC-16/X-25 of ${size} octets, copied in`,
    value: timed.ns / 1000,
    unit: "µs",
    references: [{ what: "a table of 256 entries in JavaScript", value: table!.ns / 1000, ratio: table!.ratio }],
  };
  return [figure, ...simdFigure(figure, withSimd)];
}

export const cipherGroup: Group = {
  title: "Cipher and check sequence",
  measure(effort) {
    const builds = { scalar: new Cipher("scalar"), simd: simdSupported() ? new Cipher("simd") : undefined };
    return [
      ...MESSAGES.flatMap((size) => sealFigures(effort, builds, size)),
      ...FRAMES.flatMap((size) => crcFigures(effort, builds, size)),
    ];
  },
};
