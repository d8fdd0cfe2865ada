/**
 * One side of general-ciphering and general-signing: keys are established by each APDU, signatures made and checked.
 * GB9 9.2.7.2.4.8 (key-info), 9.2.3.4.6 (C(1e,1s), C(0e,2s)), 9.2.7.2.4.9 (general-signing). The party may be the client
 * of the association or a third party that sends through it.
 */

import { randomBytes } from "node:crypto";
import { encodeApdu } from "./apdu.ts";
import { ecdsaSign, ecdsaVerify, keyPairGenerate, sharedSecret, type KeyPair } from "./ec.ts";
import { SecurityError } from "./errors.ts";
import {
  headerOctetsOf,
  type GeneralCiphering,
  type GeneralHeader,
  type GeneralSigning,
  type KeyInfo,
} from "./general.ts";
import { keyDerive, keyUnwrap, keyWrap } from "./key_derivation.ts";
import { concat, equal, toHex, Writer } from "./octets.ts";
import { protect, SC, unprotect, type Opened } from "./sealing.ts";
import { curveOf, suiteOf } from "./suite.ts";
import { VARIANTS_DEFAULT, type Variants } from "./variants.ts";

/** How the key of a general-ciphering APDU is agreed; "none" continues with the last one sent. */
export type KeyEstablishment = "identified" | "wrapped" | "one-pass" | "static" | "none";
export const KEY_ESTABLISHMENTS: readonly KeyEstablishment[] = ["identified", "wrapped", "one-pass", "static", "none"];

/** key-parameters of an agreed key. GB9 9.2.7.2.4.8. */
const ONE_PASS = 1;
const STATIC_UNIFIED = 2;
const TRANSACTION_ID_MAX = 2n ** 64n;

/** The global keys and their counters; Security is one. */
export interface GlobalKeys {
  readonly suite: number;
  readonly guek: Uint8Array;
  readonly gak: Uint8Array;
  /** Next counter to send with */
  counterTake(): number;
  counterCheck(key: "global", counter: number): void;
}

/** Own secrets beyond the global keys, and the public keys of the partner. */
export interface Credentials {
  masterKey?: Uint8Array;
  signing?: KeyPair;
  agreement?: KeyPair;
  /** x then y of the partner's digital signature key */
  partnerSigning?: Uint8Array;
  /** x then y of the partner's key agreement key */
  partnerAgreement?: Uint8Array;
}

export interface GeneralOptions extends Credentials {
  /** Whose title stands as originator of what is sent, 8 octets */
  ownTitle: Uint8Array;
  /** Known from the AARE on, or for a third party from the start */
  partnerTitle?: Uint8Array;
  /** Requests behind the first one go on with its key: they carry no key-info. */
  keyInfoOnce?: boolean;
  /** The first transaction-id; default: made of the time, so that none comes twice. GB9 9.2.3.4.6.4 */
  transactionId?: bigint;
  variants?: Partial<Variants>;
}

/** A key of one direction with the next counter to send, or the lowest to accept. */
interface SessionKey {
  key: Uint8Array;
  counter: number;
}

export class GeneralProtection {
  readonly credentials: Credentials;
  readonly variants: Variants;
  readonly ownTitle: Uint8Array;
  partnerTitle: Uint8Array | undefined;
  dateTime: Uint8Array = new Uint8Array(0);
  otherInformation: Uint8Array = new Uint8Array(0);
  /** Answers must carry the transaction-id of the request. */
  checkTransaction = true;
  transactionId: bigint;
  /** Whether a request has left whose transaction-id an answer must repeat. */
  private asked = false;
  private readonly keyInfoOnce: boolean;
  private sent: SessionKey | undefined;
  private received: SessionKey | undefined;
  private readonly global: GlobalKeys;

  constructor(global: GlobalKeys, o: GeneralOptions) {
    this.global = global;
    this.credentials = { ...o };
    this.keyInfoOnce = o.keyInfoOnce === true;
    this.ownTitle = o.ownTitle;
    this.partnerTitle = o.partnerTitle;
    this.variants = { ...VARIANTS_DEFAULT, ...o.variants };
    this.transactionId = o.transactionId ?? BigInt(Date.now()) << 20n;
  }

  /** A request begins: the layers put around it share a transaction-id that no other request has. */
  transactionNext(): void {
    if (this.asked) this.transactionId = (this.transactionId + 1n) % TRANSACTION_ID_MAX;
    this.asked = true;
  }

  /** Session keys end with their association. GB9 9.2.3.5, table of key life times. */
  forget(): void {
    this.sent = undefined;
    this.received = undefined;
  }

  header(): GeneralHeader {
    const recipient = this.partnerTitle;
    if (recipient === undefined) throw new SecurityError("the meter's system title is not known (no AARE yet)");
    const transactionId = new Writer().u64(this.transactionId).octets();
    const { ownTitle: originator, dateTime, otherInformation } = this;
    return { transactionId, originator, recipient, dateTime, otherInformation };
  }

  /** general-ciphering around an APDU. SC without authentication and encryption makes the empty layer. */
  seal(
    plain: Uint8Array,
    securityControl: number,
    establishment: KeyEstablishment,
    header = this.header(),
  ): Uint8Array {
    const goesOn = this.keyInfoOnce && this.sent !== undefined;
    const established = this.establish(goesOn ? "none" : establishment, header);
    const headerOctets = headerOctetsOf(header);
    const text = {
      securityControl,
      invocationCounter: established.counter,
      systemTitle: header.originator,
      encryptionKey: established.key,
      authenticationKey: this.global.gak,
      ...(this.variants.headerAuthenticated ? { header: headerOctets } : {}),
    };
    const keyInfo = established.keyInfo === undefined ? {} : { keyInfo: established.keyInfo };
    const body = protect(text, plain);
    return encodeApdu({ kind: "general-ciphering", header, headerOctets, ...keyInfo, body });
  }

  /** A key for one text with its counter, and how the partner learns of it. */
  establish(how: KeyEstablishment, header: GeneralHeader): SessionKey & { keyInfo?: KeyInfo } {
    if (how === "identified") {
      return { key: this.global.guek, counter: this.global.counterTake(), keyInfo: { choice: "identified", keyId: 0 } };
    }
    if (how === "none") {
      if (this.sent === undefined) throw new SecurityError("no session key is established yet; send key-info first");
      return { ...this.sent, counter: this.sent.counter++ };
    }
    const fresh =
      how === "wrapped" ? this.wrapped() : how === "one-pass" ? this.onePass(header) : this.staticUnified(header);
    const counter = 1;
    this.sent = { key: fresh.key, counter: counter + 1 };
    return { ...fresh, counter };
  }

  private wrapped(): { key: Uint8Array; keyInfo: KeyInfo } {
    const key = Uint8Array.from(randomBytes(suiteOf(this.global.suite).keySize));
    return { key, keyInfo: { choice: "wrapped", kekId: 0, wrapped: keyWrap(this.masterKey(), key) } };
  }

  private onePass(header: GeneralHeader): { key: Uint8Array; keyInfo: KeyInfo } {
    const ephemeral = keyPairGenerate(curveOf(this.global.suite));
    const signature = ecdsaSign(this.signing(), this.ephemeralSigned(ephemeral.publicKey));
    const z = sharedSecret(ephemeral, this.partnerAgreement());
    const key = this.derived(z, header);
    const data = concat(ephemeral.publicKey, signature);
    return { key, keyInfo: { choice: "agreed", parameters: Uint8Array.of(ONE_PASS), data } };
  }

  private staticUnified(header: GeneralHeader): { key: Uint8Array; keyInfo: KeyInfo } {
    const z = sharedSecret(this.agreement(), this.partnerAgreement());
    const key = this.derived(z, header, header.transactionId);
    return { key, keyInfo: { choice: "agreed", parameters: Uint8Array.of(STATIC_UNIFIED), data: new Uint8Array(0) } };
  }

  private ephemeralSigned(publicKey: Uint8Array): Uint8Array {
    return this.variants.ephemeralSigned === "key" ? publicKey : concat(Uint8Array.of(ONE_PASS), publicKey);
  }

  private derived(z: Uint8Array, header: GeneralHeader, transactionId?: Uint8Array): Uint8Array {
    const key = keyDerive({
      suite: this.global.suite,
      purpose: "gcm",
      z,
      partyU: header.originator,
      partyV: header.recipient,
      ...(transactionId === undefined ? {} : { transactionId }),
      variants: this.variants,
    });
    z.fill(0);
    return key;
  }

  /** Undo seal() of the partner. Titles, transaction-id, suite, tag and counter must all fit. */
  open(apdu: GeneralCiphering): Opened {
    const { header, keyInfo, body } = apdu;
    this.headerCheck(header);
    const securityControl = body[0] ?? 0;
    if ((securityControl & 0x0f) !== this.global.suite) {
      throw new SecurityError(`the meter answers in suite ${securityControl & 0x0f}, not ${this.global.suite}`);
    }
    // GB9 9.2.7.2.4.6: the key is told by key-info, never by the Key_Set bit.
    if ((securityControl & SC.BROADCAST_KEY) !== 0) throw new SecurityError("Key_Set is set in general-ciphering");
    if ((securityControl & (SC.AUTHENTICATED | SC.ENCRYPTED)) === 0) {
      const none = new Uint8Array(0);
      return unprotect({ systemTitle: header.originator, encryptionKey: none, authenticationKey: none }, body);
    }
    const key = this.keyOf(keyInfo, header);
    const opened = unprotect(
      {
        systemTitle: header.originator,
        encryptionKey: key,
        authenticationKey: this.global.gak,
        ...(this.variants.headerAuthenticated ? { header: apdu.headerOctets } : {}),
      },
      body,
    );
    // Only a tag that fits may move a counter or replace a session key.
    this.counterCheck(keyInfo, key, opened.invocationCounter);
    return opened;
  }

  /** The counter of a text under this key must be fresh; it is remembered. */
  counterCheck(keyInfo: KeyInfo | undefined, key: Uint8Array, counter: number): void {
    if (keyInfo?.choice === "identified") this.global.counterCheck("global", counter);
    else this.sessionCheck(key, counter);
  }

  /** Titles and transaction-id of what the partner sends. */
  headerCheck(header: GeneralHeader): void {
    const { originator, recipient, transactionId } = header;
    if (this.partnerTitle === undefined) throw new SecurityError("the meter's system title is not known");
    if (!equal(originator, this.partnerTitle)) {
      throw new SecurityError(`originator ${toHex(originator)} is not the meter ${toHex(this.partnerTitle)}`);
    }
    if (!equal(recipient, this.ownTitle)) {
      throw new SecurityError(`recipient ${toHex(recipient)} is not this client ${toHex(this.ownTitle)}`);
    }
    const expected = new Writer().u64(this.transactionId).octets();
    if (this.checkTransaction && this.asked && !equal(transactionId, expected)) {
      throw new SecurityError(`transaction-id ${toHex(transactionId)} is not that of the request, ${toHex(expected)}`);
    }
  }

  /** The key that the partner's key-info names. */
  keyOf(keyInfo: KeyInfo | undefined, header: GeneralHeader): Uint8Array {
    if (keyInfo === undefined) {
      if (this.received === undefined) throw new SecurityError("the meter names no key and has established none");
      return this.received.key;
    }
    if (keyInfo.choice === "identified") {
      if (keyInfo.keyId !== 0) throw new SecurityError(`the meter used the global key ${keyInfo.keyId}, not GUEK`);
      return this.global.guek;
    }
    if (keyInfo.choice === "wrapped") {
      if (keyInfo.kekId !== 0) throw new SecurityError(`there is no key encrypting key ${keyInfo.kekId}`);
      const key = keyUnwrap(this.masterKey(), keyInfo.wrapped);
      if (key.length !== suiteOf(this.global.suite).keySize)
        throw new SecurityError("the wrapped key has a wrong size");
      return key;
    }
    const scheme = keyInfo.parameters.length === 1 ? keyInfo.parameters[0] : undefined;
    if (scheme === ONE_PASS) return this.onePassKey(keyInfo.data, header);
    if (scheme !== STATIC_UNIFIED || keyInfo.data.length !== 0) {
      throw new SecurityError(`key-parameters ${toHex(keyInfo.parameters)} name no known key agreement`);
    }
    return this.derived(sharedSecret(this.agreement(), this.partnerAgreement()), header, header.transactionId);
  }

  private onePassKey(data: Uint8Array, header: GeneralHeader): Uint8Array {
    const curve = curveOf(this.global.suite);
    if (data.length !== 4 * curve.size) {
      throw new SecurityError(`key-ciphered-data has ${data.length} octets, not ${4 * curve.size}`);
    }
    const ephemeral = data.subarray(0, 2 * curve.size);
    const signature = data.subarray(2 * curve.size);
    if (!ecdsaVerify(curve, this.partnerSigning(), signature, this.ephemeralSigned(ephemeral))) {
      throw new SecurityError("the signature of the meter's ephemeral key does not fit");
    }
    return this.derived(sharedSecret(this.agreement(), ephemeral), header);
  }

  /** A new key begins with any counter; the same key never goes back. GB9 9.2.3.3.7.3. */
  private sessionCheck(key: Uint8Array, counter: number): void {
    const lowest = this.received !== undefined && equal(this.received.key, key) ? this.received.counter : 0;
    if (counter < lowest) throw new SecurityError(`the meter repeats a counter: ${counter} after ${lowest - 1}`);
    this.received = { key, counter: counter + 1 };
  }

  /** general-signing around an APDU. The signature covers everything between the tag and itself. */
  sign(content: Uint8Array, header = this.header()): Uint8Array {
    const headerOctets = headerOctetsOf(header);
    const lengthOctets = new Writer().length(content.length).octets();
    const signature = ecdsaSign(this.signing(), this.signedOctets(headerOctets, lengthOctets, content));
    return encodeApdu({ kind: "general-signing", header, headerOctets, lengthOctets, content, signature });
  }

  /** The content of a general-signing APDU of the partner. */
  verify(apdu: GeneralSigning): Uint8Array {
    this.headerCheck(apdu.header);
    const signed = this.signedOctets(apdu.headerOctets, apdu.lengthOctets, apdu.content);
    if (!ecdsaVerify(curveOf(this.global.suite), this.partnerSigning(), apdu.signature, signed)) {
      throw new SecurityError("the meter's signature does not fit");
    }
    return apdu.content;
  }

  private signedOctets(header: Uint8Array, length: Uint8Array, content: Uint8Array): Uint8Array {
    return this.variants.contentLengthSigned ? concat(header, length, content) : concat(header, content);
  }

  private masterKey(): Uint8Array {
    return need(this.credentials.masterKey, "the master key (--master-key)");
  }
  private signing(): KeyPair {
    return need(this.credentials.signing, "this client's digital signature key (--signing-key)");
  }
  private agreement(): KeyPair {
    return need(this.credentials.agreement, "this client's key agreement key (--agreement-key)");
  }
  private partnerSigning(): Uint8Array {
    return need(this.credentials.partnerSigning, "the meter's digital signature certificate (--meter-certificates)");
  }
  private partnerAgreement(): Uint8Array {
    return need(this.credentials.partnerAgreement, "the meter's key agreement certificate (--meter-certificates)");
  }
}

function need<T>(value: T | undefined, what: string): T {
  if (value === undefined) throw new SecurityError(`this needs ${what}`);
  return value;
}
