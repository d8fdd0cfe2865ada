/**
 * COSEM data protection, class 30: attribute values and method parameters protected end to end, inside any APDU. Blue
 * Book, class 30 version 0. Layers stand in the order they are put on, the innermost first; the AAD is that of
 * general-ciphering without date-time. No public source shows such data on the wire (docs/CONFORMANCE.md).
 */

import { decodeData, encodeData, type Data } from "./axdr.ts";
import * as d from "./data.ts";
import { SecurityError, UnexpectedAnswerError } from "./errors.ts";
import { headerOctetsOf, type GeneralHeader, type KeyInfo } from "./general.ts";
import { type KeyEstablishment } from "./general_protection.ts";
import { decodeApdu } from "./apdu.ts";
import { logicalNameParse } from "./logical_name.ts";
import { concat } from "./octets.ts";
import { protect, SC, unprotect } from "./sealing.ts";
import { type Security } from "./security.ts";
import { method, type Client } from "./session.ts";

export const PROTECTION_TYPE = { AUTHENTICATION: 0, ENCRYPTION: 1, BOTH: 2, SIGNATURE: 3 } as const;
const SC_OF: readonly number[] = [SC.AUTHENTICATED, SC.ENCRYPTED, SC.AUTHENTICATED | SC.ENCRYPTED];

const CLASS_ID = 30;
const METHOD = { GET: 1, SET: 2, INVOKE: 3 } as const;

/** What one layer is to be: its type, and for ciphering how the key is told. */
export interface ProtectionLayer {
  type: number;
  establishment?: KeyEstablishment;
}

/** One attribute of a protected list. */
export interface ProtectedObject {
  classId: number;
  logicalName: string;
  attribute: number;
  /** Element of an array or structure, from 1; 0 or nothing: the whole */
  dataIndex?: number;
  /** Rows of a buffer: dates as date-times or dates, entries from 1 */
  restriction?: { dates: [Uint8Array, Uint8Array] } | { entries: [number, number] };
}

function restrictionData(r: ProtectedObject["restriction"]): Data {
  if (r === undefined) return d.structure(d.enumerated(0), d.NULL_DATA);
  if ("dates" in r) return d.structure(d.enumerated(1), d.structure(...r.dates.map((date) => d.octetString(date))));
  return d.structure(d.enumerated(2), d.structure(...r.entries.map((entry) => d.doubleLongUnsigned(entry))));
}

/** object_definition. */
export function objectDefinition(o: ProtectedObject): Data {
  return d.structure(
    d.longUnsigned(o.classId),
    d.octetString(logicalNameParse(o.logicalName)),
    d.integer(o.attribute),
    d.longUnsigned(o.dataIndex ?? 0),
    restrictionData(o.restriction),
  );
}

/** A layer as its protection_parameters say it. */
export interface LayerParameters {
  type: number;
  header: GeneralHeader;
  keyInfo: KeyInfo;
}

function keyInfoData(k: KeyInfo, identified: "enum" | "structure"): Data {
  if (k.choice === "identified") {
    const id = d.enumerated(k.keyId);
    return d.structure(d.enumerated(0), identified === "enum" ? id : d.structure(id));
  }
  if (k.choice === "wrapped") {
    return d.structure(d.enumerated(1), d.structure(d.enumerated(k.kekId), d.octetString(k.wrapped)));
  }
  return d.structure(d.enumerated(2), d.structure(d.octetString(k.parameters), d.octetString(k.data)));
}

/** An identified key is a bare enum, or a structure of it: both are understood. */
function keyInfoOf(data: Data): KeyInfo {
  const [type, options] = d.elementsOf(data, "key_info", 2);
  const choice = d.numberOf(type!, "key_info_type");
  if (choice === 0) {
    const id = options!.type === "structure" ? d.elementsOf(options!, "identified_key", 1)[0]! : options!;
    return { choice: "identified", keyId: d.numberOf(id, "key_id") };
  }
  const [first, second] = d.elementsOf(options!, "key_info_options", 2);
  const octets = d.octetsOf(second!, "key_ciphered_data");
  if (choice === 1) return { choice: "wrapped", kekId: d.numberOf(first!, "kek_id"), wrapped: octets };
  if (choice === 2) return { choice: "agreed", parameters: d.octetsOf(first!, "key_parameters"), data: octets };
  throw new UnexpectedAnswerError(`key_info_type ${choice} is none`);
}

/** One element of protection_parameters. */
export function parametersData(p: LayerParameters, identified: "enum" | "structure" = "enum"): Data {
  const { transactionId, originator, recipient, otherInformation } = p.header;
  const octets = [transactionId, originator, recipient, otherInformation].map((one) => d.octetString(one));
  return d.structure(d.enumerated(p.type), d.structure(...octets, keyInfoData(p.keyInfo, identified)));
}

/** Read what parametersData() makes. */
export function parametersOf(data: Data): LayerParameters {
  const [type, options] = d.elementsOf(data, "protection_parameters", 2);
  const [transactionId, originator, recipient, otherInformation, keyInfo] = d.elementsOf(
    options!,
    "protection_options",
    5,
  );
  const octets = (part: Data | undefined): Uint8Array => d.octetsOf(part!, "protection_options");
  return {
    type: d.numberOf(type!, "protection_type"),
    header: {
      transactionId: octets(transactionId),
      originator: octets(originator),
      recipient: octets(recipient),
      dateTime: new Uint8Array(0),
      otherInformation: octets(otherInformation),
    },
    keyInfo: keyInfoOf(keyInfo!),
  };
}

/** A signature has no key-info, but its place must be filled. */
const KEY_INFO_NONE: KeyInfo = { choice: "identified", keyId: 0 };

/** Put layers around octets; what the partner needs to undo them comes with them. */
export function dataProtect(
  s: Security,
  layers: readonly ProtectionLayer[],
  octets: Uint8Array,
): { parameters: Data; octets: Uint8Array } {
  let text = octets;
  const parameters = layers.map((layer) => {
    const header = s.general.header();
    if (layer.type === PROTECTION_TYPE.SIGNATURE) {
      text = s.general.sign(text, signingHeader(header));
      return parametersData({ type: layer.type, header, keyInfo: KEY_INFO_NONE }, s.general.variants.identifiedKey);
    }
    const { key, counter, keyInfo } = s.general.establish(layer.establishment ?? "identified", header);
    if (keyInfo === undefined) throw new SecurityError("data protection names its key each time");
    text = protect(
      {
        securityControl: securityControlOf(s, layer.type),
        invocationCounter: counter,
        systemTitle: header.originator,
        encryptionKey: key,
        authenticationKey: s.gak,
        header: headerOctetsOf(header),
      },
      text,
    );
    return parametersData({ type: layer.type, header, keyInfo }, s.general.variants.identifiedKey);
  });
  return { parameters: d.array(...parameters), octets: text };
}

/** Undo dataProtect() of the meter, outermost layer first. */
export function dataUnprotect(s: Security, parameters: Data, octets: Uint8Array): Uint8Array {
  const layers = d.elementsOf(parameters, "protection_parameters").map(parametersOf);
  return layers.reduceRight((text, layer) => layerUndo(s, layer, text), octets);
}

/** Where transaction-ids and counters stood when something was asked for. */
interface Asked {
  transactionId: bigint;
  lowest: number;
}

/** Begin a request: its transaction-id is a new one. */
function askedNow(s: Security): Asked {
  s.general.transactionNext();
  return { transactionId: s.general.transactionId, lowest: s.lowestAcceptable.global };
}

/**
 * Undo the layers of an answer by what held when it was asked for: the APDUs that carried both have moved the transaction-id and the
 * counter of the global key on.
 */
function answerUnprotect(s: Security, asked: Asked, parameters: Data, octets: Uint8Array): Uint8Array {
  const { transactionId } = s.general;
  const { global } = s.lowestAcceptable;
  s.general.transactionId = asked.transactionId;
  s.lowestAcceptable.global = asked.lowest;
  try {
    return dataUnprotect(s, parameters, octets);
  } finally {
    s.general.transactionId = transactionId;
    s.lowestAcceptable.global = Math.max(global, s.lowestAcceptable.global);
  }
}

function layerUndo(s: Security, layer: LayerParameters, text: Uint8Array): Uint8Array {
  const { general } = s;
  general.headerCheck(layer.header);
  if (layer.type === PROTECTION_TYPE.SIGNATURE) {
    const apdu = decodeApdu(text);
    if (apdu.kind !== "general-signing") throw new SecurityError("the protected data are not signed");
    return general.verify(apdu);
  }
  const key = general.keyOf(layer.keyInfo, layer.header);
  const opening = {
    systemTitle: layer.header.originator,
    encryptionKey: key,
    authenticationKey: s.gak,
    header: headerOctetsOf(layer.header),
  };
  const opened = unprotect(opening, text);
  if (opened.securityControl !== securityControlOf(s, layer.type)) {
    throw new SecurityError("the security control octet is not what the protection parameters say");
  }
  general.counterCheck(layer.keyInfo, key, opened.invocationCounter);
  return opened.text;
}

function securityControlOf(s: Security, type: number): number {
  const bits = SC_OF[type];
  if (bits === undefined) throw new SecurityError(`protection_type ${type} is none`);
  return bits | s.suite;
}

/** Head-ends in the field sign data with one zero octet for date-time and for other-information. */
function signingHeader(header: GeneralHeader): GeneralHeader {
  return { ...header, dateTime: Uint8Array.of(0), otherInformation: Uint8Array.of(0) };
}

/** A Data protection object of a meter, through an open association. */
export class DataProtection {
  private readonly client: Client;
  private readonly logicalName: string;

  constructor(client: Client, logicalName = "0-0:43.2.0.255") {
    this.client = client;
    this.logicalName = logicalName;
  }

  /**
   * get_protected_attributes: the parameters say how the meter is to protect the answer; each layer travels back with
   * the titles swapped. Returns the A-XDR octets of the values, one after the other.
   */
  async get(objects: readonly ProtectedObject[], layers: readonly ProtectionLayer[]): Promise<Uint8Array> {
    const security = this.security();
    const asked = askedNow(security);
    const { parameters } = dataProtect(security, layers, new Uint8Array(0));
    const list = d.array(...objects.map(objectDefinition));
    const answer = await this.call(METHOD.GET, d.structure(list, parameters));
    const [used, octets] = d.elementsOf(answer, "get_protected_attributes", 2);
    return answerUnprotect(security, asked, used!, d.octetsOf(octets!, "protected_attributes"));
  }

  /** set_protected_attributes: the values in the order of the objects. */
  async set(
    objects: readonly ProtectedObject[],
    values: readonly Data[],
    layers: readonly ProtectionLayer[],
  ): Promise<void> {
    const security = this.security();
    askedNow(security);
    const { parameters, octets } = dataProtect(security, layers, concat(...values.map(encodeData)));
    const list = d.array(...objects.map(objectDefinition));
    await this.client.action(
      method(CLASS_ID, this.logicalName, METHOD.SET),
      d.structure(list, parameters, d.octetString(octets)),
    );
  }

  /** invoke_protected_method: its parameter goes protected, and so does what it returns. */
  async invoke(target: ProtectedObject, parameter: Data, layers: readonly ProtectionLayer[]): Promise<Data> {
    const security = this.security();
    const asked = askedNow(security);
    const { parameters, octets } = dataProtect(security, layers, encodeData(parameter));
    const { classId, logicalName, attribute: id } = target;
    const definition = d.structure(
      d.longUnsigned(classId),
      d.octetString(logicalNameParse(logicalName)),
      d.integer(id),
    );
    const answer = await this.call(METHOD.INVOKE, d.structure(definition, parameters, d.octetString(octets)));
    const [used, returned] = d.elementsOf(answer, "invoke_protected_method", 2);
    return decodeData(answerUnprotect(security, asked, used!, d.octetsOf(returned!, "protected_method_return")));
  }

  private security(): Security {
    const { security } = this.client;
    if (security === undefined) throw new SecurityError("data protection needs an association with keys");
    return security;
  }

  private async call(id: number, parameters: Data): Promise<Data> {
    const answer = await this.client.action(method(CLASS_ID, this.logicalName, id), parameters);
    if (answer === undefined) throw new UnexpectedAnswerError("the meter answers without protected data");
    return answer;
  }
}
