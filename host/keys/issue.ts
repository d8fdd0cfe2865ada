/**
 * Certificates and certificate requests in the DLMS profile. GB9 9.2.6.4; RFC 5280, RFC 2986. The DER comes from
 * @peculiar/asn1-x509, signatures from node:crypto. ECDSA takes a random nonce there: a certificate made twice differs in
 * its signature, and in nothing else.
 */
import { createHash, createPublicKey, sign, verify } from "node:crypto";
import { CertificationRequest } from "@peculiar/asn1-csr";
import { AsnConvert, OctetString } from "@peculiar/asn1-schema";
import * as asn from "@peculiar/asn1-x509";
import { type Certificate, certificateParse, USAGE } from "../client/certificate.ts";
import { type KeyPair, privateKeyObject, publicKeyObject, publicKeyOctets } from "../client/ec.ts";
import { SecurityError } from "../client/errors.ts";
import { equal } from "../client/octets.ts";
import type { Curve } from "../client/suite.ts";

/** Validity of test certificates: from 2000 on, and to the date of RFC 5280 4.1.2.5 that means no end. */
export const VALID_FROM = new Date("2000-01-01T00:00:00Z");
export const VALID_TO = new Date("9999-12-31T23:59:59Z");

const COMMON_NAME = "2.5.4.3";
const SIGNATURE_OID = { "P-256": "1.2.840.10045.4.3.2", "P-384": "1.2.840.10045.4.3.3" } as const;

/** What a certificate is to say. */
export interface Subject {
  /** System title in hexadecimal, or the name of an authority */
  commonName: string;
  curve: Curve;
  /** x then y */
  publicKey: Uint8Array;
  /** USAGE bits */
  usage: number;
  authority?: boolean;
  /** Content octets of the INTEGER: positive, at most 20 */
  serial: Uint8Array;
  notBefore?: Date;
  notAfter?: Date;
}

/** Who signs: a name and a key pair. */
export interface Issuer {
  commonName: string;
  /** Name as DER, where it holds more than the common name */
  name?: Uint8Array;
  pair: KeyPair;
}

function nameOf(commonName: string): asn.Name {
  const value = new asn.AttributeValue({ utf8String: commonName });
  return new asn.Name([
    new asn.RelativeDistinguishedName([new asn.AttributeTypeAndValue({ type: COMMON_NAME, value })]),
  ]);
}

const buffer = (octets: Uint8Array): ArrayBuffer => Uint8Array.from(octets).buffer;

/** Key identifier: SHA-1 of the public key, as RFC 5280 4.2.1.2 (1) has it. */
function keyIdentifier(publicKey: Uint8Array): OctetString {
  const digest = createHash("sha1").update(Uint8Array.of(4)).update(publicKey).digest();
  return new OctetString(buffer(digest));
}

function extension(extnID: string, critical: boolean, value: unknown): asn.Extension {
  return new asn.Extension({ extnID, critical, extnValue: new OctetString(AsnConvert.serialize(value)) });
}

function extensionsOf(subject: Subject, issuer: Issuer): asn.Extensions {
  const authorityKey = new asn.AuthorityKeyIdentifier({ keyIdentifier: keyIdentifier(issuer.pair.publicKey) });
  const list = [
    extension(asn.id_ce_authorityKeyIdentifier, false, authorityKey),
    extension(asn.id_ce_subjectKeyIdentifier, false, keyIdentifier(subject.publicKey)),
    extension(asn.id_ce_keyUsage, true, new asn.KeyUsage(subject.usage)),
  ];
  if (subject.authority === true) {
    list.push(extension(asn.id_ce_basicConstraints, true, new asn.BasicConstraints({ cA: true })));
  }
  return new asn.Extensions(list);
}

/** TBSCertificate as DER: everything but the signature. */
export function certificateBody(subject: Subject, issuer: Issuer): Uint8Array {
  const spki = publicKeyObject(subject.curve, subject.publicKey).export({ format: "der", type: "spki" });
  const validity = { notBefore: subject.notBefore ?? VALID_FROM, notAfter: subject.notAfter ?? VALID_TO };
  const tbs = new asn.TBSCertificate({
    version: asn.Version.v3,
    serialNumber: buffer(subject.serial),
    signature: new asn.AlgorithmIdentifier({ algorithm: SIGNATURE_OID[issuer.pair.curve.name] }),
    issuer: issuer.name === undefined ? nameOf(issuer.commonName) : AsnConvert.parse(issuer.name, asn.Name),
    validity: new asn.Validity(validity),
    subject: nameOf(subject.commonName),
    subjectPublicKeyInfo: AsnConvert.parse(spki, asn.SubjectPublicKeyInfo),
    extensions: extensionsOf(subject, issuer),
  });
  return new Uint8Array(AsnConvert.serialize(tbs));
}

/** A certificate as DER. */
export function certificateIssue(subject: Subject, issuer: Issuer): Certificate {
  if (subject.curve.size > issuer.pair.curve.size) {
    throw new SecurityError("a key on P-384 is certified by an authority on P-384 only");
  }
  const body = certificateBody(subject, issuer);
  const algorithm = new asn.AlgorithmIdentifier({ algorithm: SIGNATURE_OID[issuer.pair.curve.name] });
  const certificate = new asn.Certificate({
    tbsCertificate: AsnConvert.parse(body, asn.TBSCertificate),
    signatureAlgorithm: algorithm,
    signatureValue: buffer(sign(issuer.pair.curve.hash, body, privateKeyObject(issuer.pair))),
  });
  return certificateParse(new Uint8Array(AsnConvert.serialize(certificate)));
}

/** What a PKCS#10 request asks for. */
export interface Request {
  commonName: string;
  curve: Curve;
  publicKey: Uint8Array;
}

/** Read a request and check that its own key has signed it. RFC 2986 4.2. */
export function requestParse(der: Uint8Array): Request {
  try {
    return requestCheck(der);
  } catch (cause) {
    if (cause instanceof SecurityError) throw cause;
    throw new SecurityError(`no certificate request (PKCS#10): ${(cause as Error).message}`, { cause });
  }
}

function requestCheck(der: Uint8Array): Request {
  const request = AsnConvert.parse(der, CertificationRequest);
  if (!equal(new Uint8Array(AsnConvert.serialize(request)), der)) throw new SecurityError("the request is not in DER");
  const info = request.certificationRequestInfo;
  const spki = Buffer.from(AsnConvert.serialize(info.subjectPKInfo));
  const { curve, publicKey } = publicKeyOctets(createPublicKey({ key: spki, format: "der", type: "spki" }));
  const signed = Buffer.from(request.certificationRequestInfoRaw ?? AsnConvert.serialize(info));
  const key = publicKeyObject(curve, publicKey);
  if (request.signatureAlgorithm.algorithm !== SIGNATURE_OID[curve.name]) {
    throw new SecurityError(
      `the request is signed with ${request.signatureAlgorithm.algorithm}, which does not fit its key`,
    );
  }
  if (!verify(curve.hash, signed, key, Buffer.from(request.signature))) {
    throw new SecurityError("the request is not signed by the key that it names");
  }
  const names = info.subject.flatMap((set) => [...set]).filter(({ type }) => type === COMMON_NAME);
  return { commonName: names[0]?.value.toString() ?? "", curve, publicKey };
}

/** USAGE bits by the names of the command line, in the order of certificate_type. */
export const USES: Readonly<Record<string, number>> = {
  sign: USAGE.digitalSignature,
  agree: USAGE.keyAgreement,
  tls: USAGE.digitalSignature | USAGE.keyAgreement,
};
