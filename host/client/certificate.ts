/**
 * X.509 certificates of the DLMS profile: what they say, and whether a chain leads to a trust anchor. GB9 9.2.6.4;
 * RFC 5280. Parsed with @peculiar/asn1-x509; signatures are checked by node:crypto.
 */

import { X509Certificate } from "node:crypto";
import { AsnConvert } from "@peculiar/asn1-schema";
import * as asn from "@peculiar/asn1-x509";
import { publicKeyObject, publicKeyOctets } from "./ec.ts";
import { SecurityError } from "./errors.ts";
import { equal, fromHex, toHex } from "./octets.ts";
import type { Curve } from "./suite.ts";

/** certificate_type of class 64. */
export const CERTIFICATE_TYPE = { SIGNATURE: 0, AGREEMENT: 1, TLS: 2, OTHER: 3 } as const;
/** certificate_entity of class 64. */
export const CERTIFICATE_ENTITY = { SERVER: 0, CLIENT: 1, AUTHORITY: 2, OTHER: 3 } as const;

/** Bits of KeyUsage, as flags of @peculiar/asn1-x509. */
export const USAGE = asn.KeyUsageFlags;

export interface Certificate {
  readonly der: Uint8Array;
  readonly curve: Curve;
  /** x then y */
  readonly publicKey: Uint8Array;
  /** Names as DER */
  readonly issuer: Uint8Array;
  readonly subject: Uint8Array;
  readonly commonName: string;
  /** The system title that the common name spells, if it does */
  readonly title: Uint8Array | undefined;
  /** Content octets of the INTEGER */
  readonly serial: Uint8Array;
  /** KeyUsage bits, USAGE */
  readonly usage: number;
  readonly authority: boolean;
  readonly notBefore: Date;
  readonly notAfter: Date;
}

const COMMON_NAME = "2.5.4.3";
const KNOWN_EXTENSIONS: ReadonlySet<string> = new Set([
  asn.id_ce_keyUsage,
  asn.id_ce_basicConstraints,
  asn.id_ce_authorityKeyIdentifier,
  asn.id_ce_subjectKeyIdentifier,
  asn.id_ce_subjectAltName,
  asn.id_ce_extKeyUsage,
  asn.id_ce_certificatePolicies,
]);

/** Read one DER certificate; throws SecurityError if it is none, or not one of P-256 or P-384. */
export function certificateParse(der: Uint8Array): Certificate {
  try {
    return parse(der);
  } catch (cause) {
    if (cause instanceof SecurityError) throw cause;
    throw new SecurityError(`no X.509 certificate: ${(cause as Error).message}`, { cause });
  }
}

function parse(der: Uint8Array): Certificate {
  const { tbsCertificate: tbs } = AsnConvert.parse(der, asn.Certificate);
  const extensions = tbs.extensions ?? [];
  for (const { extnID, critical } of extensions) {
    if (critical && !KNOWN_EXTENSIONS.has(extnID)) throw new SecurityError(`critical extension ${extnID} is unknown`);
  }
  const valueOf = (id: string): ArrayBuffer | undefined =>
    extensions.find((e) => e.extnID === id)?.extnValue.buffer as ArrayBuffer | undefined;
  const usage = valueOf(asn.id_ce_keyUsage);
  const constraints = valueOf(asn.id_ce_basicConstraints);
  const commonName = commonNameOf(tbs.subject);
  return {
    der,
    ...publicKeyOctets(new X509Certificate(der).publicKey),
    issuer: octets(AsnConvert.serialize(tbs.issuer)),
    subject: octets(AsnConvert.serialize(tbs.subject)),
    commonName,
    title: /^[0-9A-Fa-f]{16}$/.test(commonName) ? fromHex(commonName) : undefined,
    serial: octets(tbs.serialNumber),
    usage: usage === undefined ? 0 : AsnConvert.parse(usage, asn.KeyUsage).toNumber(),
    authority: constraints !== undefined && AsnConvert.parse(constraints, asn.BasicConstraints).cA,
    notBefore: tbs.validity.notBefore.getTime(),
    notAfter: tbs.validity.notAfter.getTime(),
  };
}

function octets(buffer: ArrayBuffer): Uint8Array {
  return new Uint8Array(buffer.slice(0));
}

function commonNameOf(name: asn.Name): string {
  for (const set of name) {
    for (const { type, value } of set) if (type === COMMON_NAME) return value.toString();
  }
  return "";
}

/** Certificates of a file: PEM blocks, or one in DER. */
export function certificatesOf(file: Uint8Array): Certificate[] {
  const text = Buffer.from(file).toString("latin1");
  const blocks = text.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g);
  if (blocks === null) return [certificateParse(file)];
  return blocks.map((block) => certificateParse(Uint8Array.from(Buffer.from(block.split("-----")[2]!, "base64"))));
}

/** A certificate as PEM. */
export function certificatePem(der: Uint8Array): string {
  const lines =
    Buffer.from(der)
      .toString("base64")
      .match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join("\n")}\n-----END CERTIFICATE-----\n`;
}

export interface Trust {
  /** Certificates that are believed without a signature */
  anchors: readonly Certificate[];
  /** Sub-CAs that may stand between */
  authorities?: readonly Certificate[];
  /** The time that validity is judged at, default now */
  time?: Date;
}

const CHAIN_MAX = 4;

/** Throws SecurityError unless a chain of valid certificates leads from this one to an anchor. RFC 5280 6.1, GB9 9.2.6.3. */
export function trustCheck(certificate: Certificate, trust: Trust): void {
  const time = trust.time ?? new Date();
  let current = certificate;
  for (let depth = 0; depth < CHAIN_MAX; depth++) {
    if (time < current.notBefore || time > current.notAfter) {
      throw new SecurityError(`the certificate of ${current.commonName} is not valid at ${time.toISOString()}`);
    }
    if (trust.anchors.some((anchor) => equal(anchor.der, current.der))) return;
    const candidates = [...trust.anchors, ...(trust.authorities ?? [])];
    const issuer = candidates.find((candidate) => isIssuer(candidate, current));
    if (issuer === undefined) {
      throw new SecurityError(`no trusted authority has signed the certificate of ${current.commonName}`);
    }
    current = issuer;
  }
  throw new SecurityError(`the chain of ${certificate.commonName} is longer than ${CHAIN_MAX} certificates`);
}

function isIssuer(candidate: Certificate, subject: Certificate): boolean {
  const allowed = candidate.authority && (candidate.usage & USAGE.keyCertSign) !== 0;
  // GB9 9.2.6.4: a P-384 key is signed by P-384 authorities only.
  if (!allowed || candidate.curve.size < subject.curve.size || !equal(candidate.subject, subject.issuer)) return false;
  return new X509Certificate(subject.der).verify(publicKeyObject(candidate.curve, candidate.publicKey));
}

/** The certificate of an entity: title and purpose fit and it is trusted. Throws what is wrong. */
export function entityCheck(certificate: Certificate, title: Uint8Array, usage: number, trust: Trust): void {
  if (certificate.title === undefined || !equal(certificate.title, title)) {
    throw new SecurityError(`the certificate is of ${certificate.commonName}, not of ${toHex(title)}`);
  }
  if ((certificate.usage & usage) === 0 || certificate.authority) {
    throw new SecurityError(`the certificate of ${certificate.commonName} is for another use`);
  }
  trustCheck(certificate, trust);
}
