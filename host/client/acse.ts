/** ACSE APDUs in BER: AARQ (60), AARE (61), RLRQ (62), RLRE (63). GB9 9.4.4, 9.5; ISO/IEC 8650-1. */

import { MalformedError } from "./errors.ts";
import { Reader, Writer } from "./octets.ts";

/** Last arc of 2.16.756.5.8.1: the application context. */
export const CONTEXT = { LN: 1, SN: 2, LN_CIPHERED: 3, SN_CIPHERED: 4 } as const;

/** Last arc of 2.16.756.5.8.2: the authentication mechanism. */
export const MECHANISM = {
  NONE: 0,
  LLS: 1,
  HLS: 2,
  HLS_MD5: 3,
  HLS_SHA1: 4,
  HLS_GMAC: 5,
  HLS_SHA256: 6,
  HLS_ECDSA: 7,
} as const;

const CONTEXT_ARCS = [2, 16, 756, 5, 8, 1] as const;
const MECHANISM_ARCS = [2, 16, 756, 5, 8, 2] as const;

/** Object identifier of an application context, as text. */
export function contextName(context: number): string {
  return [...CONTEXT_ARCS, context].join(".");
}

/** Object identifier of an authentication mechanism, as text. */
export function mechanismName(mechanism: number): string {
  return [...MECHANISM_ARCS, mechanism].join(".");
}

/** Authentication value: charstring [0], bitstring [1] or another choice, kept by its tag octet. */
export interface AuthenticationValue {
  tag: number;
  octets: Uint8Array;
}

export interface Aarq {
  kind: "aarq";
  /** Content octets of the BIT STRING: unused bits, then bits. */
  protocolVersion?: Uint8Array;
  applicationContextName: string;
  calledApTitle?: Uint8Array;
  calledAeQualifier?: Uint8Array;
  calledApInvocationId?: number;
  calledAeInvocationId?: number;
  /** System title of the client. */
  callingApTitle?: Uint8Array;
  /** Certificate of the client's signing key. */
  callingAeQualifier?: Uint8Array;
  callingApInvocationId?: number;
  /** User id of the client. */
  callingAeInvocationId?: number;
  /** Content octets of sender-acse-requirements: 07 80 = authentication. */
  acseRequirements?: Uint8Array;
  mechanismName?: string;
  authenticationValue?: AuthenticationValue;
  userInformation?: Uint8Array;
  /** Fields this client has no name for, as tag and content; written last. */
  others?: { tag: number; octets: Uint8Array }[];
}

export interface Aare {
  kind: "aare";
  protocolVersion?: Uint8Array;
  applicationContextName: string;
  /** 0 accepted, 1 rejected-permanent, 2 rejected-transient */
  result: number;
  /** 1 acse-service-user, 2 acse-service-provider */
  diagnosticSource: number;
  diagnostic: number;
  /** System title of the server. */
  respondingApTitle?: Uint8Array;
  /** Certificate of the server's signing key. */
  respondingAeQualifier?: Uint8Array;
  respondingApInvocationId?: number;
  respondingAeInvocationId?: number;
  acseRequirements?: Uint8Array;
  mechanismName?: string;
  authenticationValue?: AuthenticationValue;
  userInformation?: Uint8Array;
  others?: { tag: number; octets: Uint8Array }[];
}

export interface Release {
  kind: "rlrq" | "rlre";
  /** 0 normal, 1 urgent (request) or not-finished (response), 30 user-defined */
  reason?: number;
  userInformation?: Uint8Array;
}

export type Acse = Aarq | Aare | Release;

/** One field of an ACSE APDU: its property and how its content octets are read and written. */
interface Field {
  tag: number;
  name: string;
  parse: (r: Reader) => unknown;
  emit: (w: Writer, value: never) => void;
}

/** Content wrapped in one more tag and length, as EXPLICIT tagging has it. */
function inner(r: Reader, tag: number): Reader {
  const found = r.u8();
  if (found !== tag) throw new MalformedError(`ACSE field holds tag ${found.toString(16)}, not ${tag.toString(16)}`);
  const content = new Reader(r.octetString());
  r.done("the ACSE field");
  return content;
}

function innerEmit(w: Writer, tag: number, octets: Uint8Array): void {
  w.u8(tag).octetString(octets);
}

const octetsField = (tag: number, name: string): Field => ({
  tag,
  name,
  parse: (r) => inner(r, 0x04).rest(),
  emit: (w, value: Uint8Array) => innerEmit(w, 0x04, value),
});

const rawField = (tag: number, name: string): Field => ({
  tag,
  name,
  parse: (r) => r.rest(),
  emit: (w, value: Uint8Array) => void w.put(value),
});

const integerField = (tag: number, name: string): Field => ({
  tag,
  name,
  parse: integerParse,
  emit: (w, value: number) => innerEmit(w, 0x02, Uint8Array.of(value)),
});

const identifierField = (tag: number, name: string, explicit: boolean): Field => ({
  tag,
  name,
  parse: (r) => objectIdentifierText(explicit ? inner(r, 0x06).rest() : r.rest()),
  emit: (w, value: string) => {
    const octets = objectIdentifierOctets(value);
    if (explicit) innerEmit(w, 0x06, octets);
    else w.put(octets);
  },
});

const authenticationField = (tag: number): Field => ({
  tag,
  name: "authenticationValue",
  parse: (r): AuthenticationValue => ({ tag: r.u8(), octets: r.octetString() }),
  emit: (w, value: AuthenticationValue) => innerEmit(w, value.tag, value.octets),
});

const diagnosticField: Field = {
  tag: 0xa3,
  name: "diagnostic",
  parse: (r) => {
    const choice = r.u8();
    if (choice !== 0xa1 && choice !== 0xa2) throw new MalformedError("diagnostic is neither user nor provider");
    return { source: choice & 0x0f, value: integerParse(new Reader(r.octetString())) };
  },
  emit: (w, value: { source: number; value: number }) => {
    innerEmit(w, 0xa0 | value.source, Uint8Array.of(0x02, 0x01, value.value));
  },
};

function integerParse(r: Reader): number {
  const content = inner(r, 0x02);
  let value = 0;
  while (content.left > 0) value = value * 256 + content.u8();
  return value;
}

/** In the order of the standard; the order a peer sends does not matter. */
const AARQ_FIELDS: readonly Field[] = [
  rawField(0x80, "protocolVersion"),
  identifierField(0xa1, "applicationContextName", true),
  octetsField(0xa2, "calledApTitle"),
  octetsField(0xa3, "calledAeQualifier"),
  integerField(0xa4, "calledApInvocationId"),
  integerField(0xa5, "calledAeInvocationId"),
  octetsField(0xa6, "callingApTitle"),
  octetsField(0xa7, "callingAeQualifier"),
  integerField(0xa8, "callingApInvocationId"),
  integerField(0xa9, "callingAeInvocationId"),
  rawField(0x8a, "acseRequirements"),
  identifierField(0x8b, "mechanismName", false),
  authenticationField(0xac),
  octetsField(0xbe, "userInformation"),
];

const AARE_FIELDS: readonly Field[] = [
  rawField(0x80, "protocolVersion"),
  identifierField(0xa1, "applicationContextName", true),
  integerField(0xa2, "result"),
  diagnosticField,
  octetsField(0xa4, "respondingApTitle"),
  octetsField(0xa5, "respondingAeQualifier"),
  octetsField(0xa5, "respondingAeQualifier"),
  integerField(0xa6, "respondingApInvocationId"),
  integerField(0xa7, "respondingAeInvocationId"),
  rawField(0x88, "acseRequirements"),
  identifierField(0x89, "mechanismName", false),
  authenticationField(0xaa),
  octetsField(0xbe, "userInformation"),
];

const RELEASE_FIELDS: readonly Field[] = [
  {
    tag: 0x80,
    name: "reason",
    parse: (r) => r.u8(),
    emit: (w, value: number) => void w.u8(value),
  },
  octetsField(0xbe, "userInformation"),
];

type Fields = Record<string, unknown>;

function fieldsParse(r: Reader, table: readonly Field[]): Fields {
  const content = new Reader(r.octetString());
  const found: Fields = {};
  const others: { tag: number; octets: Uint8Array }[] = [];
  while (content.left > 0) {
    const tag = content.u8();
    const octets = content.octetString();
    const field = table.find((row) => row.tag === tag);
    if (field === undefined) others.push({ tag, octets });
    else found[field.name] = field.parse(new Reader(octets));
  }
  if (others.length > 0) found["others"] = others;
  return found;
}

function fieldsEmit(w: Writer, table: readonly Field[], values: Fields): void {
  const content = new Writer();
  for (const field of table) {
    const value = values[field.name];
    if (value === undefined) continue;
    const octets = new Writer();
    field.emit(octets, value as never);
    content.u8(field.tag).octetString(octets.octets());
  }
  for (const other of (values["others"] as { tag: number; octets: Uint8Array }[] | undefined) ?? []) {
    content.u8(other.tag).octetString(other.octets);
  }
  w.octetString(content.octets());
}

/** Parse what follows the tags 60, 61, 62 or 63. */
export function acseParse(tag: number, r: Reader): Acse {
  if (tag === 0x62 || tag === 0x63) {
    return { kind: tag === 0x62 ? "rlrq" : "rlre", ...fieldsParse(r, RELEASE_FIELDS) } as Release;
  }
  const fields = fieldsParse(r, tag === 0x60 ? AARQ_FIELDS : AARE_FIELDS);
  if (fields["applicationContextName"] === undefined) throw new MalformedError("no application-context-name");
  if (tag === 0x60) return { kind: "aarq", ...fields } as unknown as Aarq;
  const diagnostic = fields["diagnostic"] as { source: number; value: number } | undefined;
  if (fields["result"] === undefined || diagnostic === undefined) throw new MalformedError("AARE without result");
  return {
    kind: "aare",
    ...fields,
    diagnosticSource: diagnostic.source,
    diagnostic: diagnostic.value,
  } as unknown as Aare;
}

/** Emit what acseParse() reads, its tag included. */
export function acseEmit(w: Writer, a: Acse): void {
  switch (a.kind) {
    case "aarq":
      return fieldsEmit(w.u8(0x60), AARQ_FIELDS, a as unknown as Fields);
    case "aare": {
      const diagnostic = { source: a.diagnosticSource, value: a.diagnostic };
      return fieldsEmit(w.u8(0x61), AARE_FIELDS, { ...a, diagnostic } as unknown as Fields);
    }
    case "rlrq":
      return fieldsEmit(w.u8(0x62), RELEASE_FIELDS, a as unknown as Fields);
    case "rlre":
      return fieldsEmit(w.u8(0x63), RELEASE_FIELDS, a as unknown as Fields);
  }
}

/** Content octets of an object identifier as dotted text. ITU-T X.690, 8.19. */
export function objectIdentifierText(octets: Uint8Array): string {
  const subidentifiers: number[] = [];
  let value = 0;
  for (const octet of octets) {
    value = value * 128 + (octet & 0x7f);
    if ((octet & 0x80) !== 0) continue;
    subidentifiers.push(value);
    value = 0;
  }
  const first = subidentifiers.shift();
  if (first === undefined || (octets.at(-1)! & 0x80) !== 0) throw new MalformedError("incomplete object identifier");
  const top = Math.min(Math.trunc(first / 40), 2);
  return [top, first - top * 40, ...subidentifiers].join(".");
}

/** Content octets of a dotted object identifier. */
export function objectIdentifierOctets(text: string): Uint8Array {
  const arcs = text.split(".").map(Number);
  if (arcs.length < 2 || arcs.some((arc) => !Number.isSafeInteger(arc) || arc < 0)) {
    throw new MalformedError(`"${text}" is no object identifier`);
  }
  const subidentifiers = [arcs[0]! * 40 + arcs[1]!, ...arcs.slice(2)];
  return Uint8Array.from(subidentifiers.flatMap(base128));
}

function base128(value: number): number[] {
  const octets = [value & 0x7f];
  for (let rest = Math.trunc(value / 128); rest > 0; rest = Math.trunc(rest / 128))
    octets.unshift(0x80 | (rest & 0x7f));
  return octets;
}
