/**
 * Protection of xDLMS APDUs with AES-GCM and the security header. GB9 9.2.7 (suites, security control
 * octet, invocation counters), SP 800-38D. Suites 1 and 2 differ here only in SC and key size.
 */

import { createCipheriv, createDecipheriv } from "node:crypto";
import { cipheredTagOf, decodeApdu, encodeApdu, plainTagOf, TAG_OF, type Apdu } from "./apdu.ts";
import { SecurityError } from "./errors.ts";
import { concat, equal, Reader, toHex, Writer } from "./octets.ts";

/** Bits of the security control octet. */
export const SC = { AUTHENTICATED: 0x10, ENCRYPTED: 0x20, BROADCAST_KEY: 0x40, COMPRESSED: 0x80 } as const;

const TAG_SIZE = 12;
export const SYSTEM_TITLE_SIZE = 8;
export const COUNTER_MAX = 0xffffffff;

/** What one protected octet string needs besides its text. */
export interface Protection {
  securityControl: number;
  invocationCounter: number;
  /** Of the originator, 8 octets */
  systemTitle: Uint8Array;
  /** 16 octets, 32 in suite 2 */
  encryptionKey: Uint8Array;
  authenticationKey: Uint8Array;
}

function algorithmOf(key: Uint8Array): "aes-128-gcm" | "aes-256-gcm" {
  if (key.length === 16) return "aes-128-gcm";
  if (key.length === 32) return "aes-256-gcm";
  throw new SecurityError(`a key has 16 octets (32 in suite 2), not ${key.length}`);
}

/** IV = system title of the originator and invocation counter. SP 800-38D 8.2.1, GB9 9.2.3.3.7.3. */
function ivOf(systemTitle: Uint8Array, counter: number): Uint8Array {
  if (systemTitle.length !== SYSTEM_TITLE_SIZE) {
    throw new SecurityError(`a system title has 8 octets, not ${systemTitle.length}`);
  }
  return new Writer().put(systemTitle).u32(counter).octets();
}

/** AAD = SC and authentication key, and the text itself when it is only authenticated. */
function aadOf(p: Protection, text: Uint8Array): Uint8Array {
  const head = concat(Uint8Array.of(p.securityControl), p.authenticationKey);
  return (p.securityControl & SC.ENCRYPTED) !== 0 ? head : concat(head, text);
}

/** Protect a text: security header, text or ciphertext, and the tag if authenticated. */
export function protect(p: Protection, text: Uint8Array): Uint8Array {
  if (p.invocationCounter < 0 || p.invocationCounter >= COUNTER_MAX) {
    throw new SecurityError(`invocation counter ${p.invocationCounter} is used up; a new key is needed`);
  }
  const header = new Writer().u8(p.securityControl).u32(p.invocationCounter).octets();
  const authenticated = (p.securityControl & SC.AUTHENTICATED) !== 0;
  const encrypted = (p.securityControl & SC.ENCRYPTED) !== 0;
  if (!authenticated && !encrypted) return concat(header, text);
  const cipher = createCipheriv(
    algorithmOf(p.encryptionKey),
    p.encryptionKey,
    ivOf(p.systemTitle, p.invocationCounter),
    {
      authTagLength: TAG_SIZE,
    },
  );
  if (authenticated) cipher.setAAD(aadOf(p, text));
  const body = encrypted ? cipher.update(text) : text;
  cipher.final();
  return authenticated ? concat(header, body, cipher.getAuthTag()) : concat(header, body);
}

/** The keys and title to undo a protection with; SC and counter come from the header. */
export type Opening = Omit<Protection, "securityControl" | "invocationCounter">;

export interface Opened {
  securityControl: number;
  invocationCounter: number;
  text: Uint8Array;
}

/** Undo protect(). A tag that does not fit throws SecurityError; nothing of the text is given away then. */
export function unprotect(o: Opening, body: Uint8Array): Opened {
  const r = new Reader(body);
  const securityControl = r.u8();
  const invocationCounter = r.u32();
  const p: Protection = { ...o, securityControl, invocationCounter };
  const authenticated = (securityControl & SC.AUTHENTICATED) !== 0;
  const encrypted = (securityControl & SC.ENCRYPTED) !== 0;
  if ((securityControl & SC.COMPRESSED) !== 0) throw new SecurityError("compressed APDUs are not supported");
  if (authenticated && r.left < TAG_SIZE) throw new SecurityError("protected octets are shorter than the tag");
  const text = r.take(r.left - (authenticated ? TAG_SIZE : 0));
  if (!authenticated && !encrypted) return { securityControl, invocationCounter, text };
  const algorithm = algorithmOf(o.encryptionKey);
  const iv = ivOf(o.systemTitle, invocationCounter);
  const decipher = createDecipheriv(algorithm, o.encryptionKey, iv, { authTagLength: TAG_SIZE });
  if (authenticated) decipher.setAAD(aadOf(p, text)).setAuthTag(r.rest());
  const plain = encrypted ? Uint8Array.from(decipher.update(text)) : text;
  if (authenticated) {
    try {
      decipher.final();
    } catch (cause) {
      const title = toHex(o.systemTitle);
      throw new SecurityError(`authentication tag does not fit (SC ${hex(securityControl)}, title ${title})`, {
        cause,
      });
    }
  }
  return { securityControl, invocationCounter, text: plain };
}

function hex(octet: number): string {
  return octet.toString(16).toUpperCase().padStart(2, "0");
}

/** Which ciphered APDU carries a protected service. */
export type Family = "glo" | "ded" | "general-glo" | "general-ded";

export interface SecurityOptions {
  /** 0, 1 or 2; default 0 */
  suite?: number;
  authenticated: boolean;
  encrypted: boolean;
  /** Global unicast encryption key */
  guek: Uint8Array;
  /** Global authentication key */
  gak: Uint8Array;
  /** Global broadcast encryption key, for APDUs received under it */
  gbek?: Uint8Array;
  dedicatedKey?: Uint8Array;
  clientTitle: Uint8Array;
  /** Default "glo"; services without a glo- or ded- tag always travel in the general form. */
  family?: Family;
  /** The first invocation counter to send with */
  counter: number;
}

/** One side of a ciphered association: keys, titles and counters. */
export class Security {
  authenticated: boolean;
  encrypted: boolean;
  readonly suite: number;
  readonly guek: Uint8Array;
  readonly gak: Uint8Array;
  readonly gbek: Uint8Array | undefined;
  dedicatedKey: Uint8Array | undefined;
  readonly clientTitle: Uint8Array;
  /** Known from the AARE on. */
  serverTitle: Uint8Array | undefined;
  family: Family;
  /** Next counter to send with under the global key. */
  counter: number;
  /** Next counter to send with under the dedicated key. */
  dedicatedCounter = 0;
  /** Lowest counter accepted from the server, per key. Switch `checkCounters` off to look at what a meter does wrong. */
  lowestAcceptable = { global: 0, dedicated: 0 };
  checkCounters = true;

  constructor(o: SecurityOptions) {
    this.suite = o.suite ?? 0;
    this.authenticated = o.authenticated;
    this.encrypted = o.encrypted;
    this.guek = o.guek;
    this.gak = o.gak;
    this.gbek = o.gbek;
    this.dedicatedKey = o.dedicatedKey;
    this.clientTitle = o.clientTitle;
    this.family = o.family ?? "glo";
    this.counter = o.counter;
  }

  /** Security control octet for APDUs sent. */
  get securityControl(): number {
    return this.suite | (this.authenticated ? SC.AUTHENTICATED : 0) | (this.encrypted ? SC.ENCRYPTED : 0);
  }

  /** Take the next counter of the global key. */
  counterTake(): number {
    const counter = this.counter;
    this.counter += 1;
    return counter;
  }

  /** Protect a plain APDU in the given family; `securityControl` may be another than the usual one. */
  seal(plain: Uint8Array, family: Family = this.family, securityControl = this.securityControl): Uint8Array {
    const dedicated = family === "ded" || family === "general-ded";
    const encryptionKey = dedicated ? this.dedicatedKey : this.guek;
    if (encryptionKey === undefined) throw new SecurityError("no dedicated key is agreed");
    const invocationCounter = dedicated ? this.dedicatedCounter++ : this.counterTake();
    const body = protect(
      { securityControl, invocationCounter, systemTitle: this.clientTitle, encryptionKey, authenticationKey: this.gak },
      plain,
    );
    const general = family === "general-glo" || family === "general-ded";
    const tag = general ? undefined : cipheredTagOf(plain[0] ?? 0, dedicated);
    if (tag !== undefined) return encodeApdu({ kind: "service-ciphered", tag, body });
    const kind = dedicated ? "general-ded-ciphering" : "general-glo-ciphering";
    return encodeApdu({ kind, systemTitle: this.clientTitle, body });
  }

  /** Undo the protection of an APDU from the server. */
  open(octets: Uint8Array): Opened {
    const apdu = decodeApdu(octets);
    const { body, dedicated, systemTitle } = this.partsOf(apdu);
    const broadcast = ((body[0] ?? 0) & SC.BROADCAST_KEY) !== 0;
    const encryptionKey = dedicated ? this.dedicatedKey : broadcast ? this.gbek : this.guek;
    if (encryptionKey === undefined) throw new SecurityError("the meter used a key that is not known here");
    const opened = unprotect({ systemTitle, encryptionKey, authenticationKey: this.gak }, body);
    if ((opened.securityControl & 0x0f) !== this.suite) {
      throw new SecurityError(`the meter answers in suite ${opened.securityControl & 0x0f}, not ${this.suite}`);
    }
    if (apdu.kind === "service-ciphered" && opened.text[0] !== plainTagOf(apdu.tag)) {
      throw new SecurityError(`tag ${hex(apdu.tag)} hides an APDU with tag ${hex(opened.text[0] ?? 0)}`);
    }
    if (!broadcast) this.counterCheck(dedicated ? "dedicated" : "global", opened.invocationCounter);
    return opened;
  }

  /** A counter from the server must be fresh; it is remembered. GB9 9.2.3.3.7.3. */
  counterCheck(key: "global" | "dedicated", counter: number): void {
    const lowest = this.lowestAcceptable[key];
    if (this.checkCounters && counter < lowest) {
      throw new SecurityError(`the meter repeats a counter: ${counter} after ${lowest - 1}`);
    }
    this.lowestAcceptable[key] = Math.max(lowest, counter + 1);
  }

  private partsOf(apdu: Apdu): { body: Uint8Array; dedicated: boolean; systemTitle: Uint8Array } {
    if (apdu.kind === "service-ciphered") {
      const dedicated = (apdu.tag >= 0x41 && apdu.tag <= 0x5f) || apdu.tag >= 0xd0;
      if (this.serverTitle === undefined)
        throw new SecurityError("the meter's system title is not known (no AARE yet)");
      return { body: apdu.body, dedicated, systemTitle: this.serverTitle };
    }
    if (apdu.kind !== "general-glo-ciphering" && apdu.kind !== "general-ded-ciphering") {
      throw new SecurityError(`${apdu.kind} is not a ciphered APDU`);
    }
    const dedicated = apdu.kind === "general-ded-ciphering";
    const title = apdu.systemTitle;
    const known = this.serverTitle;
    if (title.length > 0 && known !== undefined && !equal(title, known)) {
      throw new SecurityError(`system title ${toHex(title)} is not the meter's ${toHex(known)}`);
    }
    const systemTitle = title.length > 0 ? title : known;
    if (systemTitle === undefined) throw new SecurityError("the meter's system title is not known");
    return { body: apdu.body, dedicated, systemTitle };
  }
}

/** Whether an APDU is a ciphered one that Security.open() can take. */
export function isCiphered(octets: Uint8Array): boolean {
  const tag = octets[0] ?? 0;
  return plainTagOf(tag) !== undefined || tag === TAG_OF.GENERAL_GLO_CIPHERING || tag === TAG_OF.GENERAL_DED_CIPHERING;
}
