/**
 * Certificates for tests: a DER writer and a builder whose every field can be changed, signed with node:crypto. It shares nothing
 * with the core. Keys come from a seed, so a test makes the same certificates each time (but for their signatures).
 */
import { createECDH, createHash, createPrivateKey, type KeyObject, sign } from "node:crypto";

export type Octets = Uint8Array;

/** One element: identifier octet, shortest length, content. */
export function tlv(tag: number, ...parts: Octets[]): Buffer {
  const content = Buffer.concat(parts);
  const size = content.length;
  const length = size < 0x80 ? [size] : size < 0x100 ? [0x81, size] : [0x82, size >> 8, size & 0xff];
  return Buffer.concat([Buffer.from([tag, ...length]), content]);
}

export const seq = (...parts: Octets[]): Buffer => tlv(0x30, ...parts);
export const oid = (text: string): Buffer => tlv(0x06, oidContent(text));
export const octetString = (content: Octets): Buffer => tlv(0x04, content);
export const bitString = (content: Octets, unused = 0): Buffer => tlv(0x03, Buffer.from([unused]), content);
export const TRUE = Buffer.from("0101ff", "hex");

function oidContent(text: string): Buffer {
  const [first, second, ...rest] = text.split(".").map(Number);
  const octets = [first! * 40 + second!];
  for (const arc of rest) {
    const digits = [arc & 0x7f];
    for (let left = arc >> 7; left > 0; left >>= 7) digits.unshift(0x80 | (left & 0x7f));
    octets.push(...digits);
  }
  return Buffer.from(octets);
}

/** A positive INTEGER from octets. */
export function integer(octets: Octets): Buffer {
  let from = 0;
  while (from < octets.length - 1 && octets[from] === 0) from++;
  const content = Buffer.from(octets.subarray(from));
  return tlv(0x02, content[0]! & 0x80 ? Buffer.concat([Buffer.from([0]), content]) : content);
}

/** RDNSequence of one common name. */
export const commonName = (text: string, tag = 0x0c): Buffer =>
  seq(tlv(0x31, seq(oid("2.5.4.3"), tlv(tag, Buffer.from(text)))));

export function time(date: Date): Buffer {
  const digits = date.toISOString().replaceAll(/[-:T]|\.\d+/g, "");
  const utc = date.getUTCFullYear() >= 1950 && date.getUTCFullYear() < 2050;
  return utc ? tlv(0x17, Buffer.from(digits.slice(2))) : tlv(0x18, Buffer.from(digits));
}

export interface Pair {
  curve: "P-256" | "P-384";
  privateKey: Buffer;
  /** x || y */
  publicKey: Buffer;
  key: KeyObject;
}

/** The key pair of a seed. */
export function pair(seed: string, curve: Pair["curve"] = "P-256"): Pair {
  const size = curve === "P-256" ? 32 : 48;
  const privateKey = createHash("sha384").update(seed).digest().subarray(0, size);
  // The first octet keeps the number below the order of either curve.
  privateKey[0] = 0x7f & privateKey[0]!;
  return pairOf(privateKey, curve);
}

export function pairOf(privateKey: Buffer, curve: Pair["curve"]): Pair {
  const ecdh = createECDH(curve === "P-256" ? "prime256v1" : "secp384r1");
  ecdh.setPrivateKey(privateKey);
  const publicKey = ecdh.getPublicKey().subarray(1);
  const half = publicKey.length / 2;
  const part = (octets: Buffer): string => octets.toString("base64url");
  const jwk = { kty: "EC", crv: curve, d: part(privateKey), x: part(publicKey.subarray(0, half)) };
  const key = createPrivateKey({ key: { ...jwk, y: part(publicKey.subarray(half)) }, format: "jwk" });
  return { curve, privateKey, publicKey, key };
}

export function publicKeyInfo(p: Pair): Buffer {
  const curve = p.curve === "P-256" ? "1.2.840.10045.3.1.7" : "1.3.132.0.34";
  const point = Buffer.concat([Buffer.from([4]), p.publicKey]);
  return seq(seq(oid("1.2.840.10045.2.1"), oid(curve)), bitString(point));
}

export const algorithm = (curve: Pair["curve"]): Buffer =>
  seq(oid(curve === "P-256" ? "1.2.840.10045.4.3.2" : "1.2.840.10045.4.3.3"));

export const extension = (id: string, content: Octets, critical = false): Buffer =>
  seq(oid(id), ...(critical ? [TRUE] : []), octetString(content));

export const keyIdentifier = (p: Pair): Buffer => createHash("sha1").update(p.publicKey).digest();

/** KeyUsage by the names of its bits. */
export function keyUsage(...names: ("sign" | "agree" | "certify" | "crl")[]): Buffer {
  const bit = { sign: 0x80, agree: 0x08, certify: 0x04, crl: 0x02 };
  const bits = names.reduce((all, name) => all | bit[name], 0);
  const unused = bits === 0 ? 0 : 31 - Math.clz32(bits & -bits);
  return extension("2.5.29.15", bitString(Buffer.from([bits]), unused), true);
}

export const authority = (pathLength?: number): Buffer =>
  extension("2.5.29.19", seq(TRUE, ...(pathLength === undefined ? [] : [integer(Buffer.from([pathLength]))])), true);

export const tlsPurposes = (): Buffer =>
  extension("2.5.29.37", seq(oid("1.3.6.1.5.5.7.3.1"), oid("1.3.6.1.5.5.7.3.2")));

export const subjectKey = (p: Pair): Buffer => extension("2.5.29.14", octetString(keyIdentifier(p)));
export const authorityKey = (p: Pair): Buffer => extension("2.5.29.35", seq(tlv(0x80, keyIdentifier(p))));

/** SubjectAltName with a hardware module name (RFC 4108). */
export const hardwareName = (serial: Octets, critical = false): Buffer => {
  const name = seq(oid("1.2.826.0.1.8641679.1.2.1"), octetString(serial));
  return extension("2.5.29.17", seq(tlv(0xa0, oid("1.3.6.1.5.5.7.8.4"), tlv(0xa0, name))), critical);
};

export interface Fields {
  version: Octets;
  serial: Octets;
  algorithm: Octets;
  issuer: Octets;
  validity: Octets;
  subject: Octets;
  publicKey: Octets;
  extensions: Octets[];
  /** Behind the extensions, and in front of them: what version 3 or 2 may have there. */
  uniqueId: Octets;
  outerAlgorithm: Octets;
  /** Changes the signature before it is written. */
  signature: (der: Buffer) => Buffer;
}

export interface Made {
  der: Buffer;
  pair: Pair;
  subject: Buffer;
}

export interface Wanted {
  subject: string;
  pair: Pair;
  /** Default: itself */
  issuer?: { pair: Pair; subject: Buffer };
  usage?: "ca" | "sign" | "agree" | "tls";
  serial?: number;
  notBefore?: Date;
  notAfter?: Date;
  pathLength?: number;
  over?: Partial<Fields>;
}

function extensionsOf(wanted: Wanted, issuer: Pair): Buffer[] {
  const { pair: own, usage = "sign", pathLength } = wanted;
  const ids = [subjectKey(own), authorityKey(issuer)];
  if (usage === "ca") return [keyUsage("certify", "crl"), authority(pathLength), ...ids];
  if (usage === "tls") return [keyUsage("sign", "agree"), tlsPurposes(), ...ids];
  return [keyUsage(usage), ...ids];
}

/** A certificate in the DLMS profile (GB9 9.2.6.3), but for what `over` puts in place of its fields. */
export function certificate(wanted: Wanted): Made {
  const subject = commonName(wanted.subject);
  const issuer = wanted.issuer ?? { pair: wanted.pair, subject };
  const { notBefore = new Date(Date.UTC(2025, 0)), notAfter = new Date(Date.UTC(9999, 11, 31, 23, 59, 59)) } = wanted;
  const fields: Fields = {
    version: tlv(0xa0, integer(Buffer.from([2]))),
    serial: integer(Buffer.from([0x20, wanted.serial ?? 1])),
    algorithm: algorithm(issuer.pair.curve),
    issuer: issuer.subject,
    validity: seq(time(notBefore), time(notAfter)),
    subject,
    publicKey: publicKeyInfo(wanted.pair),
    uniqueId: Buffer.alloc(0),
    extensions: extensionsOf(wanted, issuer.pair),
    outerAlgorithm: algorithm(issuer.pair.curve),
    signature: (der) => der,
    ...wanted.over,
  };
  const tbs = seq(
    ...[fields.version, fields.serial, fields.algorithm, fields.issuer, fields.validity, fields.subject],
    ...[
      fields.publicKey,
      fields.uniqueId,
      ...(fields.extensions.length > 0 ? [tlv(0xa3, seq(...fields.extensions))] : []),
    ],
  );
  const made = sign(issuer.pair.curve === "P-256" ? "sha256" : "sha384", tbs, issuer.pair.key);
  return {
    der: seq(tbs, fields.outerAlgorithm, bitString(fields.signature(made))),
    pair: wanted.pair,
    subject: Buffer.from(fields.subject),
  };
}
