/** The core's elliptic curves alone: one signature, one verification, one agreement, beside the same by others. */
import { p256, p384 } from "@noble/curves/nist.js";
import { createHash, createPrivateKey, diffieHellman, sign, verify, type KeyObject } from "node:crypto";
import type { Effort, Figure, Group } from "./figure.ts";
import { nativeReferences } from "./native.ts";
import { Primitives } from "./primitives.ts";
import { repeat, time, type Work } from "./timing.ts";

interface CurveCase {
  /** CurveKind of the core. */
  readonly kind: number;
  readonly name: string;
  readonly jwk: string;
  /** Octets of a coordinate. */
  readonly size: number;
  readonly hash: string;
  readonly noble: typeof p256;
}

const CURVES: readonly CurveCase[] = [
  { kind: 0, name: "P-256", jwk: "P-256", size: 32, hash: "sha256", noble: p256 },
  { kind: 1, name: "P-384", jwk: "P-384", size: 48, hash: "sha384", noble: p384 },
];

/** How many times as fast as @noble/curves P-256 shall be. */
const GOALS: Record<string, number> = { "P-256-sign": 2.5, "P-256-ecdh": 8, "P-256-verify": 4 };

const MESSAGE = Uint8Array.from({ length: 120 }, (_, i) => (i * 11) & 0xff);

/** A key pair in the core, and the same for the others. */
class Pair {
  readonly core: Primitives;
  readonly curve: CurveCase;
  readonly secret: Uint8Array;
  readonly privateAt: number;
  readonly publicAt: number;

  constructor(core: Primitives, curve: CurveCase, first: number) {
    this.core = core;
    this.curve = curve;
    this.secret = Uint8Array.from({ length: curve.size }, (_, i) => (first + i * 29) & 0xff);
    this.privateAt = core.put(this.secret);
    this.publicAt = core.room(2 * curve.size);
    if (core.call("ecPublicOf", curve.kind, this.privateAt, this.publicAt) !== 0) throw new Error("no key pair");
  }

  get point(): Uint8Array {
    return this.core.read(this.publicAt, 2 * this.curve.size);
  }

  get node(): KeyObject {
    const text = (octets: Uint8Array): string => Buffer.from(octets).toString("base64url");
    const { size, jwk } = this.curve;
    const [x, y] = [text(this.point.subarray(0, size)), text(this.point.subarray(size))];
    return createPrivateKey({ format: "jwk", key: { kty: "EC", crv: jwk, x, y, d: text(this.secret) } });
  }

  /** x and y behind 04, as noble takes it. */
  get uncompressed(): Uint8Array {
    return Buffer.concat([Uint8Array.of(4), this.point]);
  }
}

/** What one operation is, done by the core and by the others. */
interface Operation {
  readonly id: string;
  readonly what: string;
  readonly core: () => void;
  readonly node: () => void;
  readonly noble: () => void;
}

function right(what: string, good: boolean): void {
  if (!good) throw new Error(`${what}: results differ`);
}

function operations(core: Primitives, curve: CurveCase): Operation[] {
  const { kind, name, size, hash, noble } = curve;
  const own = new Pair(core, curve, 0x11);
  const other = new Pair(core, curve, 0x53);
  const digest = createHash(hash).update(MESSAGE).digest();
  const digestAt = core.put(digest);
  const signatureAt = core.room(2 * size);
  const zAt = core.room(size);
  const key = own.node;
  const sealed = { key, dsaEncoding: "ieee-p1363" } as const;
  const point = own.uncompressed;
  const partner = other.uncompressed;
  const agreement = { privateKey: key, publicKey: other.node };
  const { ecdsaSign, ecdsaVerify, ecdhAgree } = core.exports as Record<string, (...values: number[]) => number>;
  const options = { prehash: false, lowS: false } as const;

  right("ECDSA", ecdsaSign!(kind, own.privateAt, digestAt, signatureAt) === 0);
  const signature = core.read(signatureAt, 2 * size);
  right("ECDSA", verify(hash, MESSAGE, sealed, signature) && noble.verify(signature, digest, point, options));
  right("ECDSA", ecdsaVerify!(kind, own.publicAt, digestAt, signatureAt) === 0);
  right("ECDH", ecdhAgree!(kind, own.privateAt, other.publicAt, zAt) === 0);
  right("ECDH", diffieHellman(agreement).equals(core.read(zAt, size)));

  return [
    {
      id: "sign",
      what: `ECDSA ${name}, signatures made`,
      core: () => void ecdsaSign!(kind, own.privateAt, digestAt, signatureAt),
      node: () => void sign(hash, MESSAGE, sealed),
      noble: () => void noble.sign(digest, own.secret, options),
    },
    {
      id: "verify",
      what: `ECDSA ${name}, signatures verified`,
      core: () => void ecdsaVerify!(kind, own.publicAt, digestAt, signatureAt),
      node: () => void verify(hash, MESSAGE, sealed, signature),
      noble: () => void noble.verify(signature, digest, point, options),
    },
    {
      id: "ecdh",
      what: `ECDH ${name}, secrets agreed`,
      core: () => void ecdhAgree!(kind, own.privateAt, other.publicAt, zAt),
      node: () => void diffieHellman(agreement),
      noble: () => void noble.getSharedSecret(own.secret, partner),
    },
  ].map((operation) => ({ ...operation, id: `${name}-${operation.id}` }));
}

function curveFigures(effort: Effort, operation: Operation): Figure[] {
  const work = (run: () => void): Work => repeat(1, run);
  const timed = time(effort, work(operation.core), work(operation.node), work(operation.noble));
  const value = 1e9 / timed.ns;
  const others = ["node:crypto", "@noble/curves"].map((what, i) => {
    const { ns, ratio } = timed.references[i]!;
    return { what, value: 1e9 / ns, ratio: 1 / ratio };
  });
  const references = [...others, ...nativeReferences(operation.id, timed, (ns) => 1e9 / ns)];
  const { id, what } = operation;
  const figure: Figure = { id, what, value, unit: "1/s", references };
  const limit = GOALS[id];
  if (limit === undefined) return [figure];
  return [
    figure,
    {
      id: `${id}-noble`,
      what: `${what}: times @noble/curves`,
      value: others[1]!.ratio,
      unit: "×",
      goal: { limit, kind: "at least" },
      references: [],
    },
  ];
}

export const curvesGroup: Group = {
  title: "Elliptic curves",
  measure(effort) {
    const core = new Primitives();
    return CURVES.flatMap((curve) => operations(core, curve).flatMap((operation) => curveFigures(effort, operation)));
  },
};
