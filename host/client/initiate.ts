/** xDLMS InitiateRequest (01), InitiateResponse (08) and the conformance block. GB9 9.4.6.2, 9.5. */

import { MalformedError } from "./errors.ts";
import { Reader, Writer } from "./octets.ts";

/** Masks of the conformance block: bit 0 is the most significant bit of 24. GB9 table 16 and the GB 8.3 ASN.1. */
export const CONFORMANCE = {
  "general-protection": 0x400000,
  "general-block-transfer": 0x200000,
  read: 0x100000,
  write: 0x080000,
  "unconfirmed-write": 0x040000,
  "delta-value-encoding": 0x020000,
  "attribute0-set": 0x008000,
  "priority-mgmt": 0x004000,
  "attribute0-get": 0x002000,
  "bt-get-read": 0x001000,
  "bt-set-write": 0x000800,
  "bt-action": 0x000400,
  "multiple-references": 0x000200,
  "information-report": 0x000100,
  "data-notification": 0x000080,
  access: 0x000040,
  "parameterized-access": 0x000020,
  get: 0x000010,
  set: 0x000008,
  "selective-access": 0x000004,
  "event-notification": 0x000002,
  action: 0x000001,
} as const;

export type ConformanceBit = keyof typeof CONFORMANCE;

/** Every service of logical name referencing that this client handles: general protection and GBT included. */
export const CONFORMANCE_OF_CLIENT = 0x60fedf;

/** Every service of short name referencing that this client handles. */
export const CONFORMANCE_OF_CLIENT_SN = 0x7c1ba0;

/** Names of the bits that are set, most significant first. */
export function conformanceNames(conformance: number): ConformanceBit[] {
  return (Object.keys(CONFORMANCE) as ConformanceBit[]).filter((name) => (conformance & CONFORMANCE[name]) !== 0);
}

export interface InitiateRequest {
  kind: "initiate-request";
  dedicatedKey?: Uint8Array;
  /** FALSE asks the server not to send an AARE. */
  responseAllowed: boolean;
  qualityOfService?: number;
  version: number;
  conformance: number;
  /** Some clients use the one-octet tag 5F instead of 5F1F. */
  shortConformanceTag?: boolean;
  /** client-max-receive-pdu-size; 0 = no limit */
  pduSizeMax: number;
}

export interface InitiateResponse {
  kind: "initiate-response";
  qualityOfService?: number;
  version: number;
  conformance: number;
  shortConformanceTag?: boolean;
  /** server-max-receive-pdu-size; 0 = no limit */
  pduSizeMax: number;
  /** 0007 for logical name referencing */
  vaaName: number;
}

interface Conformance {
  conformance: number;
  shortConformanceTag?: boolean;
}

/** The conformance block is the one BER value inside A-XDR: 5F1F 04 00 and three octets. */
function conformanceParse(r: Reader): Conformance {
  if (r.u8() !== 0x5f) throw new MalformedError("conformance block does not start with 5F");
  const short = r.peek() !== 0x1f;
  if (!short) r.u8();
  const size = r.u8();
  const unused = r.u8();
  if (size !== 4 || unused !== 0) throw new MalformedError("conformance block is not a BIT STRING of 24 bits");
  const conformance = (r.u8() << 16) | r.u16();
  return short ? { conformance, shortConformanceTag: true } : { conformance };
}

function conformanceEmit(w: Writer, c: Conformance): void {
  w.u8(0x5f);
  if (c.shortConformanceTag !== true) w.u8(0x1f);
  w.u8(4)
    .u8(0)
    .u8(c.conformance >>> 16);
  w.u16(c.conformance & 0xffff);
}

/** Parse what follows the tag 01. */
export function initiateRequestParse(r: Reader): InitiateRequest {
  const dedicatedKey = r.u8() === 0 ? undefined : r.octetString();
  const responseAllowed = r.u8() === 0 ? true : r.u8() !== 0;
  const qualityOfService = r.u8() === 0 ? undefined : r.i8();
  const version = r.u8();
  return {
    kind: "initiate-request",
    ...(dedicatedKey === undefined ? {} : { dedicatedKey }),
    responseAllowed,
    ...(qualityOfService === undefined ? {} : { qualityOfService }),
    version,
    ...conformanceParse(r),
    pduSizeMax: r.u16(),
  };
}

/** Emit what initiateRequestParse() reads. */
export function initiateRequestEmit(w: Writer, a: InitiateRequest): void {
  if (a.dedicatedKey === undefined) w.u8(0);
  else w.u8(1).octetString(a.dedicatedKey);
  // response-allowed has DEFAULT TRUE: flag 00 stands for TRUE.
  if (a.responseAllowed) w.u8(0);
  else w.u8(1).u8(0);
  if (a.qualityOfService === undefined) w.u8(0);
  else w.u8(1).u8(a.qualityOfService);
  w.u8(a.version);
  conformanceEmit(w, a);
  w.u16(a.pduSizeMax);
}

/** Parse what follows the tag 08. */
export function initiateResponseParse(r: Reader): InitiateResponse {
  const qualityOfService = r.u8() === 0 ? undefined : r.i8();
  return {
    kind: "initiate-response",
    ...(qualityOfService === undefined ? {} : { qualityOfService }),
    version: r.u8(),
    ...conformanceParse(r),
    pduSizeMax: r.u16(),
    vaaName: r.u16(),
  };
}

/** Emit what initiateResponseParse() reads. */
export function initiateResponseEmit(w: Writer, a: InitiateResponse): void {
  if (a.qualityOfService === undefined) w.u8(0);
  else w.u8(1).u8(a.qualityOfService);
  w.u8(a.version);
  conformanceEmit(w, a);
  w.u16(a.pduSizeMax).u16(a.vaaName);
}
