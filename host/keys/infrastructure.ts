/** A public key infrastructure in small: a Root-CA, a Sub-CA, and the certificates of clients and servers. GB9 9.2.6.3. */
import type { Certificate } from "../client/certificate.ts";
import { USAGE } from "../client/certificate.ts";
import type { KeyPair } from "../client/ec.ts";
import { toHex } from "../client/octets.ts";
import { curveOf } from "../client/suite.ts";
import type { KeySource } from "./derive.ts";
import { certificateIssue, type Issuer } from "./issue.ts";

export interface Authority extends Issuer {
  certificate: Certificate;
}

export interface Infrastructure {
  suite: number;
  root: Authority;
  sub: Authority;
}

/** Key pair and certificate for one use. */
export interface Certified {
  pair: KeyPair;
  certificate: Certificate;
}

/** A client or server with its two certificates. */
export interface Entity {
  title: Uint8Array;
  signing: Certified;
  agreement: Certified;
}

const AUTHORITY_USAGE = USAGE.keyCertSign | USAGE.cRLSign;

function authorityOf(commonName: string, suite: number, source: KeySource, issuer?: Issuer): Authority {
  const curve = curveOf(suite);
  const pair = source.pair(curve, commonName);
  const serial = source.serial(commonName);
  const subject = { commonName, curve, publicKey: pair.publicKey, usage: AUTHORITY_USAGE, authority: true, serial };
  return { commonName, pair, certificate: certificateIssue(subject, issuer ?? { commonName, pair }) };
}

/** A new Root-CA and a Sub-CA below it. */
export function infrastructureOf(suite: number, source: KeySource, name = "DLMS-METER TEST"): Infrastructure {
  const root = authorityOf(`${name} ROOT-CA`, suite, source);
  return { suite, root, sub: authorityOf(`${name} SUB-CA`, suite, source, root) };
}

/** A key pair of an entity, certified by the Sub-CA for one use. */
export function certify(suite: number, issuer: Issuer, title: Uint8Array, usage: number, source: KeySource): Certified {
  const curve = curveOf(suite);
  const commonName = toHex(title);
  const purpose = `${commonName} ${usage}`;
  const pair = source.pair(curve, purpose);
  const serial = source.serial(purpose);
  const certificate = certificateIssue({ commonName, curve, publicKey: pair.publicKey, usage, serial }, issuer);
  return { pair, certificate };
}

/** A client or a server: the system title is its name. */
export function entityOf(suite: number, issuer: Issuer, title: Uint8Array, source: KeySource): Entity {
  return {
    title,
    signing: certify(suite, issuer, title, USAGE.digitalSignature, source),
    agreement: certify(suite, issuer, title, USAGE.keyAgreement, source),
  };
}
