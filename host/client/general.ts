/** general-ciphering (DD) and general-signing (DF): what surrounds an APDU, not the cryptography. GB9 9.5, 9.2.7.2.4.8, 9.2.7.2.4.9. */

import { MalformedError } from "./errors.ts";
import { Reader, Writer } from "./octets.ts";

/** The five fields that both APDUs begin with. */
export interface GeneralHeader {
  transactionId: Uint8Array;
  /** System titles, 8 octets */
  originator: Uint8Array;
  recipient: Uint8Array;
  /** 12 octets, or none */
  dateTime: Uint8Array;
  otherInformation: Uint8Array;
}

export type KeyInfo =
  | { choice: "identified"; /** 0 GUEK, 1 GBEK */ keyId: number }
  | { choice: "wrapped"; /** 0 master key */ kekId: number; wrapped: Uint8Array }
  | { choice: "agreed"; /** 01 C(1e,1s), 02 C(0e,2s) */ parameters: Uint8Array; data: Uint8Array };

export interface GeneralCiphering {
  kind: "general-ciphering";
  header: GeneralHeader;
  /** The header as it was transmitted: the authenticated data holds these octets. */
  headerOctets: Uint8Array;
  keyInfo?: KeyInfo;
  /** SC, IC, text, tag */
  body: Uint8Array;
}

export interface GeneralSigning {
  kind: "general-signing";
  header: GeneralHeader;
  /** The header and the length of the content as they were transmitted: the signature covers them and the content. */
  headerOctets: Uint8Array;
  lengthOctets: Uint8Array;
  content: Uint8Array;
  /** r then s */
  signature: Uint8Array;
}

function headerParse(r: Reader): { header: GeneralHeader; headerOctets: Uint8Array } {
  const from = r.at;
  const header = {
    transactionId: r.octetString(),
    originator: r.octetString(),
    recipient: r.octetString(),
    dateTime: r.octetString(),
    otherInformation: r.octetString(),
  };
  return { header, headerOctets: r.octets.slice(from, r.at) };
}

/** The five fields as they are sent. */
export function headerOctetsOf(h: GeneralHeader): Uint8Array {
  const w = new Writer().octetString(h.transactionId).octetString(h.originator).octetString(h.recipient);
  return w.octetString(h.dateTime).octetString(h.otherInformation).octets();
}

function keyInfoParse(r: Reader): KeyInfo {
  const choice = r.u8();
  if (choice === 0) return { choice: "identified", keyId: r.u8() };
  if (choice === 1) return { choice: "wrapped", kekId: r.u8(), wrapped: r.octetString() };
  if (choice === 2) return { choice: "agreed", parameters: r.octetString(), data: r.octetString() };
  throw new MalformedError(`key-info has no choice ${choice}`);
}

export function keyInfoEmit(w: Writer, k: KeyInfo): void {
  if (k.choice === "identified") return void w.u8(0).u8(k.keyId);
  if (k.choice === "wrapped") return void w.u8(1).u8(k.kekId).octetString(k.wrapped);
  w.u8(2).octetString(k.parameters).octetString(k.data);
}

/** What follows the tag DD. */
export function generalCipheringParse(r: Reader): GeneralCiphering {
  const head = headerParse(r);
  const present = r.u8();
  if (present > 1) throw new MalformedError(`key-info is present or not, ${present} is neither`);
  const keyInfo = present === 1 ? { keyInfo: keyInfoParse(r) } : {};
  return { kind: "general-ciphering", ...head, ...keyInfo, body: r.octetString() };
}

export function generalCipheringEmit(w: Writer, a: GeneralCiphering): void {
  w.put(a.headerOctets);
  if (a.keyInfo === undefined) w.u8(0);
  else keyInfoEmit(w.u8(1), a.keyInfo);
  w.octetString(a.body);
}

/** What follows the tag DF. */
export function generalSigningParse(r: Reader): GeneralSigning {
  const head = headerParse(r);
  const from = r.at;
  const size = r.length();
  const lengthOctets = r.octets.slice(from, r.at);
  return { kind: "general-signing", ...head, lengthOctets, content: r.take(size), signature: r.octetString() };
}

export function generalSigningEmit(w: Writer, a: GeneralSigning): void {
  w.put(a.headerOctets).put(a.lengthOctets).put(a.content).octetString(a.signature);
}
