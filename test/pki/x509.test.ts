/** The certificate parser: the profile of DLMS (GB9 9.2.6), node:crypto as oracle, and everything that is not the one encoding. */
import { X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { Dice, hex, ROOT } from "../testing.ts";
import { type Parsed, Pki, Type } from "./core.ts";
import {
  algorithm,
  authority,
  bitString,
  certificate,
  commonName,
  extension,
  type Fields,
  hardwareName,
  integer,
  keyIdentifier,
  keyUsage,
  octetString,
  oid,
  pair,
  seq,
  subjectKey,
  tlv,
  TRUE,
  type Wanted,
} from "./der.ts";

const MALFORMED = -2;
const UNKNOWN = -5;
const TITLE = "4D4D4D0000000001";

const pki = new Pki();
const parsed = (der: Uint8Array): Parsed => {
  const result = pki.parse(der);
  if (typeof result === "number") throw new Error(`refused with ${result}`);
  return result;
};

interface Vector {
  id: string;
  output: { der: string };
}

const file = join(ROOT, "test/vectors/security-vectors.json");
const vectors = (JSON.parse(readFileSync(file, "utf8")) as Vector[]).filter(({ id }) => id.startsWith("x509-"));

const root = certificate({ subject: "Root", pair: pair("root"), usage: "ca", pathLength: 1 });
const made = (wanted: Partial<Wanted> = {}): Buffer =>
  certificate({ subject: TITLE, pair: pair("own"), issuer: root, ...wanted }).der;
const over = (fields: Partial<Fields>): Buffer => made({ over: fields });

/** What node reads from the same octets. */
function agrees(der: Uint8Array): void {
  const own = parsed(der);
  const other = new X509Certificate(der);
  expect(own.serial.toString("hex").replace(/^(00)+/, "")).toBe(other.serialNumber.toLowerCase());
  expect(own.notBefore * 1000).toBe(Date.parse(other.validFrom));
  expect(own.notAfter * 1000).toBe(Date.parse(other.validTo));
  expect(own.certifies === 1).toBe(other.ca);
  const jwk = other.publicKey.export({ format: "jwk" });
  const point = Buffer.concat([Buffer.from(jwk.x!, "base64url"), Buffer.from(jwk.y!, "base64url")]);
  expect(own.key).toEqual(point);
  if (own.titleKnown === 1) expect(other.subject).toBe(`CN=${own.title.toString("hex").toUpperCase()}`);
}

describe("what is accepted", () => {
  it.each(vectors)("$id", ({ id, output }) => {
    const der = hex(output.der);
    agrees(der);
    const { type, certifies, titleKnown } = parsed(der);
    const kind = /sign|ka|tls/.exec(id)?.[0];
    const types = { sign: Type.SIGNATURE, ka: Type.AGREEMENT, tls: Type.TLS } as const;
    expect({ type, certifies, titleKnown }).toEqual(
      kind === undefined
        ? { type: Type.OTHER, certifies: 1, titleKnown: 0 }
        : { type: types[kind as keyof typeof types], certifies: 0, titleKnown: 1 },
    );
  });

  it("has vectors to look at", () => expect(vectors.length).toBe(7));

  for (const curve of ["P-256", "P-384"] as const) {
    for (const usage of ["ca", "sign", "agree", "tls"] as const) {
      it(`${curve}, ${usage}`, () => {
        const der = made({ pair: pair("x", curve), usage });
        agrees(der);
        const own = parsed(der);
        expect(own.subjectKey).toEqual(keyIdentifier(pair("x", curve)));
        expect(own.authorityKey).toEqual(keyIdentifier(root.pair));
        expect(own.issuer).toEqual(root.subject);
        expect(own.subject).toEqual(commonName(TITLE));
      });
    }
  }

  it("a title in small letters, as a printable string, as hardware serial number with an empty subject", () => {
    for (const subject of [commonName(TITLE.toLowerCase()), commonName(TITLE, 0x13)]) {
      expect(parsed(over({ subject })).title).toEqual(hex(TITLE));
    }
    const extensions = [keyUsage("sign"), hardwareName(hex(TITLE), true)];
    expect(parsed(over({ subject: seq(), extensions })).title).toEqual(hex(TITLE));
  });

  it("names that are no title are just names", () => {
    for (const name of ["DLMS Sub-CA", `${TITLE}0`, "4D4D4D000000000", "XYZ"]) {
      expect(parsed(over({ subject: commonName(name) })).titleKnown).toBe(0);
    }
    expect(parsed(over({ subject: seq() })).titleKnown).toBe(0);
  });

  it("an unknown extension that is not critical", () => {
    const extensions = [keyUsage("sign"), extension("2.5.29.32", seq(seq(oid("1.2.3")))), extension("1.2.3.4", seq())];
    expect(parsed(over({ extensions })).type).toBe(Type.SIGNATURE);
  });

  it("times: years before 1950 of UTCTime are those after 2000", () => {
    const validity = seq(tlv(0x17, Buffer.from("991231235959Z")), tlv(0x17, Buffer.from("491231235959Z")));
    const own = parsed(over({ validity }));
    expect(own.notBefore * 1000).toBe(Date.UTC(1999, 11, 31, 23, 59, 59));
    expect(own.notAfter * 1000).toBe(Date.UTC(2049, 11, 31, 23, 59, 59));
  });
});

describe("types by key usage: what fits no row is OTHER", () => {
  const usage = (bits: Buffer, critical: boolean) => extension("2.5.29.15", bits, critical);
  const cases: [string, Buffer[]][] = [
    ["none", [subjectKey(pair("own"))]],
    ["not critical", [usage(bitString(Buffer.from([0x80]), 7), false)]],
    ["signature with a purpose", [keyUsage("sign"), extension("2.5.29.37", seq(oid("1.3.6.1.5.5.7.3.1")))]],
    ["certify without CA", [keyUsage("certify", "crl")]],
    ["signature and certify", [keyUsage("sign", "certify")]],
  ];
  it.each(cases)("%s", (_, extensions) => {
    const own = parsed(over({ extensions }));
    expect([own.type, own.certifies]).toEqual([Type.OTHER, 0]);
  });

  it("an authority needs both, critical", () => {
    const constraint = extension("2.5.29.19", seq(TRUE), false);
    for (const extensions of [[authority()], [keyUsage("certify"), constraint], [keyUsage("sign"), authority()]]) {
      expect(parsed(over({ extensions })).certifies).toBe(0);
    }
    expect(parsed(over({ extensions: [keyUsage("certify"), authority(0)] })).pathLimit).toBe(1);
  });
});

describe("what is refused", () => {
  const usage = (bits: string) => [extension("2.5.29.15", hex(bits), true)];
  const times = (from: string, to: string, tag = 0x18) =>
    ({ validity: seq(tlv(tag, Buffer.from(from)), tlv(tag, Buffer.from(to))) }) as const;
  const cases: [name: string, fields: Partial<Fields>, err: number][] = [
    ["version 1", { version: Buffer.alloc(0) }, UNKNOWN],
    ["version 2", { version: hex("A003020101") }, UNKNOWN],
    ["a serial number of zero", { serial: hex("020100") }, MALFORMED],
    ["a negative serial number", { serial: hex("020180") }, MALFORMED],
    ["a serial number not in its shortest form", { serial: hex("02020001") }, MALFORMED],
    ["a serial number of 21 octets", { serial: integer(Buffer.alloc(21, 1)) }, MALFORMED],
    ["an empty serial number", { serial: hex("0200") }, MALFORMED],
    ["RSA", { algorithm: seq(oid("1.2.840.113549.1.1.11"), hex("0500")) }, UNKNOWN],
    ["algorithm with parameters", { algorithm: seq(oid("1.2.840.10045.4.3.2"), hex("0500")) }, UNKNOWN],
    ["two different algorithms", { algorithm: algorithm("P-384") }, MALFORMED],
    ["another algorithm outside", { outerAlgorithm: algorithm("P-384") }, MALFORMED],
    ["ends before it begins", times("20300101000000Z", "20250101000000Z"), MALFORMED],
    ["February 30", times("20250230000000Z", "20300101000000Z"), MALFORMED],
    ["month 13", times("20251301000000Z", "20300101000000Z"), MALFORMED],
    ["hour 24", times("20250101240000Z", "20300101000000Z"), MALFORMED],
    ["second 60", times("20250101000060Z", "20300101000000Z"), MALFORMED],
    ["no seconds", times("202501010000Z", "20300101000000Z"), MALFORMED],
    ["local time", times("20250101000000+0100", "20300101000000Z"), MALFORMED],
    ["no digit", times("2025010100000/Z", "20300101000000Z"), MALFORMED],
    ["UTCTime with a century", times("20250101000000Z", "20300101000000Z", 0x17), MALFORMED],
    [
      "another curve",
      { publicKey: seq(seq(oid("1.2.840.10045.2.1"), oid("1.3.132.0.35")), bitString(hex("04"))) },
      UNKNOWN,
    ],
    ["unique identifier", { uniqueId: tlv(0x81, hex("0001")) }, MALFORMED],
    ["no extensions", { extensions: [] }, -1],
    ["an extension twice", { extensions: [keyUsage("sign"), keyUsage("sign")] }, MALFORMED],
    ["an unknown critical extension", { extensions: [extension("2.5.29.54", integer(hex("01")), true)] }, UNKNOWN],
    ["an unknown critical extension of another arc", { extensions: [extension("1.2.3", seq(), true)] }, UNKNOWN],
    ["critical FALSE", { extensions: [seq(oid("2.5.29.15"), hex("010100"), octetString(hex("03020780")))] }, MALFORMED],
    [
      "critical neither",
      { extensions: [seq(oid("2.5.29.15"), hex("010101"), octetString(hex("03020780")))] },
      MALFORMED,
    ],
    ["key usage with trailing zero bits", { extensions: usage("03020080") }, MALFORMED],
    ["key usage with bits behind its end", { extensions: usage("03020781") }, MALFORMED],
    ["key usage with no bit", { extensions: usage("030100") }, MALFORMED],
    ["key usage of three octets", { extensions: usage("030400808080") }, MALFORMED],
    ["path length without CA", { extensions: [extension("2.5.29.19", seq(integer(hex("01"))), true)] }, MALFORMED],
    ["CA FALSE written", { extensions: [extension("2.5.29.19", seq(hex("010100")), true)] }, MALFORMED],
    ["octets behind an extension", { extensions: [extension("2.5.29.15", hex("0302078000"), true)] }, MALFORMED],
    ["two titles", { extensions: [keyUsage("sign"), hardwareName(hex("4D4D4D0000000002"))] }, MALFORMED],
    ["signature of zero", { signature: () => hex("3006020100020101") }, MALFORMED],
    ["signature too long", { signature: () => seq(integer(Buffer.alloc(33, 1)), integer(hex("01"))) }, MALFORMED],
    ["signature with more behind", { signature: (der) => Buffer.concat([der, hex("00")]) }, MALFORMED],
    ["signature r || s", { signature: () => Buffer.alloc(64, 1) }, MALFORMED],
  ];
  it.each(cases)("%s", (_, fields, err) => {
    expect(pki.parse(over(fields))).toBe(err);
  });

  it("lengths not in their shortest form", () => {
    const der = made();
    const long = Buffer.concat([hex("308300"), der.subarray(2)]);
    expect(pki.judge(long)).toBe(MALFORMED);
    const small = certificate({ subject: TITLE, pair: pair("own"), issuer: root, over: { serial: hex("02810101") } });
    expect(pki.judge(small.der)).toBe(MALFORMED);
    expect(pki.judge(hex("3080"))).toBe(MALFORMED);
  });
});

describe("hostile octets", () => {
  const all = [root.der, made(), made({ usage: "tls" }), made({ pair: pair("x", "P-384") })];
  const hardware = over({ subject: seq(), extensions: [keyUsage("agree"), hardwareName(hex(TITLE), true)] });

  it("every truncation is refused, and one octet more", () => {
    for (const der of [...all, hardware]) {
      for (let size = 0; size < der.length; size++) expect(pki.judge(der.subarray(0, size)), `${size}`).toBeLessThan(0);
      expect(pki.judge(Buffer.concat([der, hex("00")]))).toBe(MALFORMED);
    }
  });

  it("every change of one octet is refused, or seen in the octets that are signed or in the signature", () => {
    for (const der of [all[1]!, hardware]) {
      const before = parsed(der);
      const changes = Array.from(der, (_, at) => [0x01, 0x80, 0xff].map((flip) => [at, flip] as const)).flat();
      for (const [at, flip] of changes) {
        const changed = Buffer.from(der);
        changed[at]! ^= flip;
        const after = pki.parse(changed);
        const inside = at >= 4 && at < 4 + before.signed.length;
        if (typeof after === "number") expect(after).toBeLessThan(0);
        else expect(inside ? !after.signed.equals(before.signed) : at > der.length - 72).toBe(true);
      }
    }
  });

  it("random changes end in an answer", () => {
    const dice = new Dice(7);
    for (let run = 0; run < 20_000; run++) {
      const der = Buffer.from(all[run % all.length]!);
      for (let i = dice.roll(4); i >= 0; i--) der[dice.roll(der.length)] = dice.roll(256);
      const err = pki.judge(der.subarray(0, dice.roll(8) === 0 ? dice.roll(der.length) : der.length));
      expect([0, -1, MALFORMED, UNKNOWN]).toContain(err);
    }
  });
});
