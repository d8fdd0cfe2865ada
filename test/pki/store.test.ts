/** Stored key pairs and certificates: whose they are, when they count, and which certificates of peers are believed. */
import { describe, expect, it } from "vitest";
import { hex } from "../testing.ts";
import { Pki, Type } from "./core.ts";
import { authorityKey, certificate, keyUsage, type Made, pair, type Wanted } from "./der.ts";
import { hidden, ownTitle, Part, suiteTemplate } from "./meter.ts";

const OWN = hex("4D4D4D6700000001");
const CLIENT = hex("4D4D4D0000BC614E");
const THIRD = hex("4D4D4D0000000003");
const NOW = Date.UTC(2026, 0, 5);
const Entity = { SERVER: 0, CLIENT: 1, AUTHORITY: 2, OTHER: 3 } as const;

const name = (title: Buffer): string => title.toString("hex").toUpperCase();

interface Stage {
  pki: Pki;
  curve: "P-256" | "P-384";
  /** Octets of a public key. */
  size: number;
  root: Made;
  sub: Made;
  certificates: Record<string, Made>;
}

/** A meter of a suite with one trust anchor, a Sub-CA and certificates below it; `more` records come last. */
function stage(suite: 1 | 2, more: Buffer[] = [], now = NOW): Stage {
  const curve = suite === 1 ? "P-256" : "P-384";
  const root = certificate({ subject: "Root-CA", pair: pair("root", curve), usage: "ca" });
  const sub = certificate({ subject: "Sub-CA", pair: pair("sub", curve), usage: "ca", issuer: root, pathLength: 0 });
  const below = (subject: Buffer, seed: string, usage: NonNullable<Wanted["usage"]>) =>
    certificate({
      subject: name(subject),
      pair: pair(seed, curve),
      usage,
      issuer: sub,
      notAfter: new Date("2030-01-01T00:00:00Z"),
    });
  const certificates = {
    sign: below(OWN, "own sign", "sign"),
    agree: below(OWN, "own agree", "agree"),
    client: below(CLIENT, "client sign", "sign"),
    clientAgree: below(CLIENT, "client agree", "agree"),
    third: below(THIRD, "third sign", "sign"),
  };
  const provision = Buffer.concat([
    ownTitle(OWN),
    hidden(Part.PRIVATE_KEY, certificates.sign.pair.privateKey),
    hidden(Part.PRIVATE_KEY + 1, certificates.agree.pair.privateKey),
    hidden(Part.TRUST_ANCHOR, root.der),
    ...[sub, ...Object.values(certificates)].map(({ der }, i) => hidden(Part.CERTIFICATE + i, der)),
    ...more,
  ]);
  const pki = new Pki();
  pki.boot(suiteTemplate(suite).image, provision, now);
  return { pki, curve, size: suite === 1 ? 64 : 96, root, sub, certificates };
}

describe.each([1, 2] as const)("suite %i", (suite) => {
  it("gives keys by context, purpose, entity and title", () => {
    const { pki, size, certificates } = stage(suite);
    expect(pki.privateKey(0, Type.SIGNATURE, size / 2)).toEqual(certificates.sign!.pair.privateKey);
    expect(pki.privateKey(0, Type.AGREEMENT, size / 2)).toEqual(certificates.agree!.pair.privateKey);
    for (const none of [Type.TLS, Type.OTHER, 99]) expect(pki.privateKey(0, none, size / 2)).toBeUndefined();
    const known: [number, number, Buffer, string][] = [
      [Entity.SERVER, Type.SIGNATURE, OWN, "sign"],
      [Entity.SERVER, Type.AGREEMENT, OWN, "agree"],
      [Entity.CLIENT, Type.SIGNATURE, CLIENT, "client"],
      [Entity.CLIENT, Type.AGREEMENT, CLIENT, "clientAgree"],
      [Entity.OTHER, Type.SIGNATURE, THIRD, "third"],
    ];
    for (const [entity, type, title, whose] of known) {
      expect(pki.certificateKey(0, entity, type, title, size), whose).toEqual(certificates[whose]!.pair.publicKey);
    }
    const unknown: [number, number, Buffer][] = [
      [Entity.CLIENT, Type.SIGNATURE, OWN],
      [Entity.SERVER, Type.SIGNATURE, CLIENT],
      [Entity.CLIENT, Type.AGREEMENT, THIRD],
      [Entity.CLIENT, Type.TLS, CLIENT],
      [Entity.CLIENT, Type.SIGNATURE, hex("0000000000000000")],
    ];
    for (const [entity, type, title] of unknown) {
      expect(pki.certificateKey(0, entity, type, title, size)).toBeUndefined();
    }
    expect(pki.ownCertificate(0, Type.AGREEMENT, 4)).toEqual(certificates.agree!.der.subarray(0, 4));
    expect(pki.ownCertificate(0, Type.TLS, 4)).toBeUndefined();
  });

  it("a certificate counts within its validity by the meter's clock, to the second", () => {
    const keyAt = (now: number) => {
      const { pki, size } = stage(suite, [], now);
      return pki.certificateKey(0, Entity.CLIENT, Type.SIGNATURE, CLIENT, size) !== undefined;
    };
    expect(keyAt(Date.UTC(2024, 11, 31, 23, 59, 59, 999))).toBe(false);
    expect(keyAt(Date.UTC(2025, 0, 1))).toBe(true);
    expect(keyAt(Date.UTC(2030, 0, 1, 0, 0, 0, 999))).toBe(true);
    expect(keyAt(Date.UTC(2030, 0, 1, 0, 0, 1))).toBe(false);
  });

  it("the clock's offset moves what is valid", () => {
    const year = Buffer.alloc(8);
    year.writeBigInt64BE(5n * 366n * 86_400_000n);
    const clock = Buffer.concat([hex("0008" + "0000010000FF" + "02" + "01" + "0008"), year]);
    const { pki, size } = stage(suite, [clock]);
    expect(pki.certificateKey(0, Entity.CLIENT, Type.SIGNATURE, CLIENT, size)).toBeUndefined();
  });

  it("an empty or broken stored value is no key and no certificate", () => {
    for (const broken of [Buffer.alloc(0), Buffer.alloc(5, 1)]) {
      const { pki, size } = stage(suite, [hidden(Part.PRIVATE_KEY, broken), hidden(Part.CERTIFICATE + 3, broken)]);
      expect(pki.privateKey(0, Type.SIGNATURE, size / 2)).toBeUndefined();
      expect(pki.certificateKey(0, Entity.CLIENT, Type.SIGNATURE, CLIENT, size)).toBeUndefined();
    }
  });

  describe("certificates that a client sends", () => {
    const { pki, size, curve, root, sub } = stage(suite);
    const own = pair("offered", curve);
    const offered = (wanted: Partial<Wanted>, type: number = Type.SIGNATURE): Buffer | undefined => {
      const { der } = certificate({ subject: name(CLIENT), pair: own, issuer: sub, ...wanted });
      return pki.offered(0, der, type, CLIENT, size);
    };
    const stranger = certificate({ subject: "Sub-CA", pair: pair("stranger", curve), usage: "ca" });

    it("are believed below a Sub-CA and directly below a trust anchor", () => {
      expect(offered({})).toEqual(own.publicKey);
      expect(offered({ issuer: root })).toEqual(own.publicKey);
      expect(offered({ usage: "agree" }, Type.AGREEMENT)).toEqual(own.publicKey);
    });

    const refused: [string, Partial<Wanted>][] = [
      ["signed by itself", { issuer: undefined as never }],
      ["signed by a stranger with the name of the Sub-CA", { issuer: stranger }],
      [
        "signed by a stranger who copies the key identifier",
        {
          issuer: stranger,
          over: { extensions: [keyUsage("sign"), authorityKey(sub.pair)] },
        },
      ],
      ["signed by an end device", { issuer: stage(suite).certificates["client"]! }],
      ["of another key usage", { usage: "agree" }],
      ["of an authority", { usage: "ca" }],
      ["of another title", { subject: name(THIRD) }],
      ["of the meter itself", { subject: name(OWN) }],
      ["of no title", { subject: "Client" }],
      ["not valid yet", { notBefore: new Date(NOW + 1000) }],
      ["not valid any more", { notAfter: new Date(NOW - 1000) }],
      ["on the other curve", { pair: pair("x", curve === "P-256" ? "P-384" : "P-256") }],
      ["with a signature of another text", { over: { signature: (der) => certificateSignature(der) } }],
    ];
    it.each(refused)("%s: refused", (_, wanted) => {
      expect(offered(wanted)).toBeUndefined();
    });

    it("a point that is not on the curve is refused", () => {
      const bad = { ...own, publicKey: Buffer.from(own.publicKey) };
      bad.publicKey[5]! ^= 1;
      expect(offered({ pair: bad })).toBeUndefined();
    });

    it("every change of one octet is refused", () => {
      const { der } = certificate({ subject: name(CLIENT), pair: own, issuer: sub });
      for (let at = 0; at < der.length; at += suite === 1 ? 3 : 11) {
        const changed = Buffer.from(der);
        changed[at]! ^= 1;
        expect(pki.offered(0, changed, Type.SIGNATURE, CLIENT, size), `octet ${at}`).toBeUndefined();
      }
    });
  });

  it("a path length of 0 allows no authority below", () => {
    const { pki, size, curve, sub } = stage(suite);
    const third = certificate({ subject: "Third", pair: pair("third", curve), usage: "ca", issuer: sub });
    const leaf = certificate({ subject: name(CLIENT), pair: pair("leaf", curve), issuer: third });
    expect(pki.offered(0, leaf.der, Type.SIGNATURE, CLIENT, size)).toBeUndefined();
    const chained = stage(suite, [hidden(Part.CERTIFICATE + 8, third.der)]);
    expect(chained.pki.offered(0, leaf.der, Type.SIGNATURE, CLIENT, size)).toBeUndefined();
  });
});

/** A signature of the right form over something else. */
function certificateSignature(der: Buffer): Buffer {
  const changed = Buffer.from(der);
  changed[changed.length - 1]! ^= 1;
  return changed;
}

it("a P-384 authority may certify P-256 keys, not the other way round", () => {
  const root = certificate({ subject: "Root-384", pair: pair("root", "P-384"), usage: "ca" });
  const { pki } = stage(1, [hidden(Part.TRUST_ANCHOR + 1, root.der)]);
  const leaf = certificate({ subject: name(CLIENT), pair: pair("leaf"), issuer: root });
  expect(pki.offered(0, leaf.der, Type.SIGNATURE, CLIENT, 64)).toEqual(pair("leaf").publicKey);
});

it("suite 0 keeps nothing of it, and costs nothing", () => {
  const compiled = suiteTemplate(0);
  const parts = compiled.model.parts.rows.filter(({ id, part }) => id === 0 && part >= Part.PRIVATE_KEY);
  expect(parts).toEqual([]);
  const pki = new Pki();
  pki.boot(compiled.image, ownTitle(OWN), NOW);
  expect(pki.privateKey(0, Type.SIGNATURE, 32)).toBeUndefined();
  expect(pki.certificateKey(0, Entity.CLIENT, Type.SIGNATURE, CLIENT, 64)).toBeUndefined();
});
