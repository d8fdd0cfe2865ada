/** Methods of Security setup, class 64: keys, key pairs and certificates of a meter. Blue Book, class 64 version 1; GB9 9.2.3.4.6. */

import { CERTIFICATE_ENTITY, CERTIFICATE_TYPE } from "./certificate.ts";
import type { Data } from "./axdr.ts";
import * as d from "./data.ts";
import { ecdsaSign, ecdsaVerify, keyPairGenerate, sharedSecret, type KeyPair } from "./ec.ts";
import { SecurityError, UnexpectedAnswerError } from "./errors.ts";
import { keyDerive, keyWrap } from "./key_derivation.ts";
import { concat } from "./octets.ts";
import { KEY_ID, type Security } from "./security.ts";
import { attribute, method, type Client } from "./session.ts";
import { curveOf, suiteOf } from "./suite.ts";

export { CERTIFICATE_ENTITY, CERTIFICATE_TYPE, KEY_ID };

const CLASS_ID = 64;
const CERTIFICATES = 6;
const METHOD = {
  ACTIVATE: 1,
  TRANSFER: 2,
  AGREE: 3,
  KEY_PAIR: 4,
  REQUEST: 5,
  IMPORT: 6,
  EXPORT: 7,
  REMOVE: 8,
} as const;
/** The longest serial number of RFC 5280 4.1.2.2, shorter than any length that needs a second octet. */
const DER_INTEGER = 0x02;

/** How export_certificate and remove_certificate name a certificate. */
export type CertificateIdentification =
  | { by: "entity"; entity: number; type: number; title: Uint8Array }
  | { by: "serial"; /** content octets of the INTEGER */ serial: Uint8Array; /** Name as DER */ issuer: Uint8Array };

/** An element of attribute 6. */
export interface CertificateInfo {
  entity: number;
  type: number;
  serial: Uint8Array;
  issuer: Uint8Array;
  subject: Uint8Array;
  subjectAltName: Uint8Array;
}

/** Parameter of key_transfer: keys wrapped in the master key. */
export function keyTransferData(masterKey: Uint8Array, keys: readonly [number, Uint8Array][]): Data {
  const rows = keys.map(([id, key]) => d.structure(d.enumerated(id), d.octetString(keyWrap(masterKey, key))));
  return d.array(...rows);
}

/** One key under agreement: its id, and the ephemeral pair of the client. */
export interface Agreement {
  keyId: number;
  ephemeral: KeyPair;
}

/** Parameter of key_agreement, C(2e,0s): each element has an ephemeral key of its own. GB9 9.2.3.4.6.3. */
export function keyAgreementData(signing: KeyPair, agreements: readonly Agreement[]): Data {
  const rows = agreements.map(({ keyId, ephemeral }) => {
    const signature = ecdsaSign(signing, Uint8Array.of(keyId), ephemeral.publicKey);
    return d.structure(d.enumerated(keyId), d.octetString(concat(ephemeral.publicKey, signature)));
  });
  return d.array(...rows);
}

/** What key_agreement needs of both sides to come to a key. */
export interface AgreementParties {
  suite: number;
  clientTitle: Uint8Array;
  serverTitle: Uint8Array;
  partnerSigning: Uint8Array;
}

/** The keys that the answer to key_agreement gives, in the order asked for; every signature must fit. */
export function keyAgreementKeys(p: AgreementParties, agreements: readonly Agreement[], answer: Data): Uint8Array[] {
  const rows = d.elementsOf(answer, "key_agreement_data", agreements.length);
  return agreements.map((agreement, i) => {
    const [id, keyData] = d.elementsOf(rows[i]!, "key_agreement_data", 2);
    if (d.numberOf(id!, "key_id") !== agreement.keyId)
      throw new UnexpectedAnswerError("the meter answers another key_id");
    return agreedKey(p, agreement, d.octetsOf(keyData!, "key_data"));
  });
}

function agreedKey(p: AgreementParties, { keyId, ephemeral }: Agreement, keyData: Uint8Array): Uint8Array {
  const curve = curveOf(p.suite);
  if (keyData.length !== 4 * curve.size) {
    throw new SecurityError(`key_data has ${keyData.length} octets, not ${4 * curve.size}`);
  }
  const partner = keyData.subarray(0, 2 * curve.size);
  const signature = keyData.subarray(2 * curve.size);
  if (!ecdsaVerify(curve, p.partnerSigning, signature, Uint8Array.of(keyId), partner)) {
    throw new SecurityError("the meter's signature in key_agreement does not fit");
  }
  const z = sharedSecret(ephemeral, partner);
  // The AlgorithmID tells what the key is for; only the master key wraps others.
  const purpose = keyId === KEY_ID.MASTER ? "wrap" : "gcm";
  const key = keyDerive({ suite: p.suite, purpose, z, partyU: p.clientTitle, partyV: p.serverTitle });
  z.fill(0);
  return key;
}

/** certificate_identification; a serial number goes as the content octets of its INTEGER or as the whole of it. */
export function certificateIdentification(c: CertificateIdentification, serial: "content" | "der" = "content"): Data {
  if (c.by === "entity") {
    const { entity, type, title } = c;
    const options = d.structure(d.enumerated(entity), d.enumerated(type), d.octetString(title));
    return d.structure(d.enumerated(0), options);
  }
  const octets = serial === "der" ? concat(Uint8Array.of(DER_INTEGER, c.serial.length), c.serial) : c.serial;
  return d.structure(d.enumerated(1), d.structure(d.octetString(octets), d.octetString(c.issuer)));
}

/** Attribute 6 in names. */
export function certificateInfos(data: Data): CertificateInfo[] {
  return d.elementsOf(data, "certificates").map((row) => {
    const [entity, type, ...rest] = d.elementsOf(row, "certificate_info", 6);
    const [serial, issuer, subject, subjectAltName] = rest.map((part) => d.octetsOf(part, "certificate_info"));
    return {
      entity: d.numberOf(entity!, "certificate_entity"),
      type: d.numberOf(type!, "certificate_type"),
      serial: serial!,
      issuer: issuer!,
      subject: subject!,
      subjectAltName: subjectAltName!,
    };
  });
}

/** A Security setup object of a meter, through an open association. */
export class SecuritySetup {
  private readonly client: Client;
  private readonly logicalName: string;

  constructor(client: Client, logicalName = "0-0:43.0.0.255") {
    this.client = client;
    this.logicalName = logicalName;
  }

  /** security_activate: a stronger policy. */
  async activate(policy: number): Promise<void> {
    await this.call(METHOD.ACTIVATE, d.enumerated(policy));
  }

  /** key_transfer: from the next request on, both sides use the new keys. */
  async transfer(...keys: [number, Uint8Array][]): Promise<void> {
    const masterKey = this.security.general.credentials.masterKey;
    if (masterKey === undefined) throw new SecurityError("key_transfer needs the master key (--master-key)");
    const { keySize } = suiteOf(this.security.suite);
    for (const [, key] of keys) {
      if (key.length !== keySize) throw new SecurityError(`a key has ${keySize} octets here, not ${key.length}`);
    }
    await this.call(METHOD.TRANSFER, keyTransferData(masterKey, keys));
    for (const [id, key] of keys) this.security.keyReplace(id, key);
  }

  /** key_agreement: both sides compute the new keys and use them from the next request on. Returns them in order. */
  async agree(...keyIds: number[]): Promise<Uint8Array[]> {
    const { suite, clientTitle, serverTitle, general } = this.security;
    const { signing, partnerSigning } = general.credentials;
    if (signing === undefined || partnerSigning === undefined || serverTitle === undefined) {
      throw new SecurityError(
        "key_agreement needs the signing keys of both sides (--signing-key, --meter-certificates)",
      );
    }
    const agreements = keyIds.map((keyId) => ({ keyId, ephemeral: keyPairGenerate(curveOf(suite)) }));
    const answer = await this.call(METHOD.AGREE, keyAgreementData(signing, agreements));
    if (answer === undefined) throw new UnexpectedAnswerError("the meter answers key_agreement without its keys");
    const keys = keyAgreementKeys({ suite, clientTitle, serverTitle, partnerSigning }, agreements, answer);
    keyIds.forEach((id, i) => this.security.keyReplace(id, keys[i]!));
    return keys;
  }

  /** generate_key_pair for CERTIFICATE_TYPE 0, 1 or 2. */
  async generateKeyPair(type: number): Promise<void> {
    await this.call(METHOD.KEY_PAIR, d.enumerated(type));
  }

  /** generate_certificate_request: PKCS#10 as DER. */
  async generateCertificateRequest(type: number): Promise<Uint8Array> {
    return this.octets(METHOD.REQUEST, d.enumerated(type), "certificate request");
  }

  /** import_certificate: X.509 as DER. */
  async importCertificate(der: Uint8Array): Promise<void> {
    await this.call(METHOD.IMPORT, d.octetString(der));
  }

  async exportCertificate(which: CertificateIdentification): Promise<Uint8Array> {
    return this.octets(METHOD.EXPORT, this.identification(which), "certificate");
  }

  async removeCertificate(which: CertificateIdentification): Promise<void> {
    await this.call(METHOD.REMOVE, this.identification(which));
  }

  /** Attribute 6: what certificates the meter holds. */
  async certificates(): Promise<CertificateInfo[]> {
    return certificateInfos(await this.client.get(attribute(CLASS_ID, this.logicalName, CERTIFICATES)));
  }

  private get security(): Security {
    const { security } = this.client;
    if (security === undefined) throw new SecurityError("this needs an association with keys");
    return security;
  }

  private identification(which: CertificateIdentification): Data {
    return certificateIdentification(which, this.security.general.variants.serial);
  }

  private call(id: number, parameters: Data): Promise<Data | undefined> {
    return this.client.action(method(CLASS_ID, this.logicalName, id), parameters);
  }

  private async octets(id: number, parameters: Data, what: string): Promise<Uint8Array> {
    const answer = await this.call(id, parameters);
    if (answer === undefined) throw new UnexpectedAnswerError(`the meter answers without the ${what}`);
    return d.octetsOf(answer, what);
  }
}
