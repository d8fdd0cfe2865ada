/**
 * Protection of xDLMS APDUs with AES-GCM and the security header. GB9 9.2.7 (suites, security control
 * octet, invocation counters), SP 800-38D. Suites 1 and 2 differ here only in SC and key size.
 */

import { createCipheriv, createDecipheriv } from "node:crypto";
import { SecurityError } from "./errors.ts";
import { concat, Reader, toHex, Writer } from "./octets.ts";

/** Bits of the security control octet. */
export const SC = { AUTHENTICATED: 0x10, ENCRYPTED: 0x20, BROADCAST_KEY: 0x40, COMPRESSED: 0x80 } as const;

const TAG_SIZE = 12;
const SYSTEM_TITLE_SIZE = 8;
const COUNTER_MAX = 0xffffffff;

/** What one protected octet string needs besides its text. */
export interface Protection {
  securityControl: number;
  invocationCounter: number;
  /** Of the originator, 8 octets */
  systemTitle: Uint8Array;
  /** 16 octets, 32 in suite 2 */
  encryptionKey: Uint8Array;
  authenticationKey: Uint8Array;
  /** transaction-id to other-information of a general-ciphering APDU, as transmitted; authenticated too. GB9 9.2.7.2.4.8 */
  header?: Uint8Array;
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

/** AAD = SC and authentication key, the header of a general APDU, and the text itself when it is only authenticated. */
function aadOf(p: Protection, text: Uint8Array): Uint8Array {
  const head = concat(Uint8Array.of(p.securityControl), p.authenticationKey, p.header ?? new Uint8Array(0));
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

/** An octet as two hexadecimal digits. */
export function hex(octet: number): string {
  return octet.toString(16).toUpperCase().padStart(2, "0");
}
