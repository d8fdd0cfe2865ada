/** Every APDU this client knows, by its tag. GB9 9.5; table in GB9 9.3. */

import { acseEmit, acseParse, type Acse } from "./acse.ts";
import * as action from "./apdu_action.ts";
import * as get from "./apdu_get.ts";
import * as other from "./apdu_other.ts";
import * as set from "./apdu_set.ts";
import { isShortNameApdu, shortNameEmit, SHORT_NAME_PARSE, type ShortNameApdu } from "./apdu_short.ts";
import { MalformedError } from "./errors.ts";
import * as general from "./general.ts";
import * as initiate from "./initiate.ts";
import { Reader, Writer } from "./octets.ts";

/** An APDU this client does not take apart. */
export interface UnknownApdu {
  kind: "unknown";
  octets: Uint8Array;
}

export type Apdu =
  | Acse
  | initiate.InitiateRequest
  | initiate.InitiateResponse
  | get.GetRequest
  | get.GetResponse
  | set.SetRequest
  | set.SetResponse
  | action.ActionRequest
  | action.ActionResponse
  | other.OtherApdu
  | general.GeneralCiphering
  | general.GeneralSigning
  | ShortNameApdu
  | UnknownApdu;

/** The APDU of one kind. */
export type ApduOf<K extends Apdu["kind"]> = Extract<Apdu, { kind: K }>;

export const TAG_OF = {
  INITIATE_REQUEST: 0x01,
  INITIATE_RESPONSE: 0x08,
  CONFIRMED_SERVICE_ERROR: 0x0e,
  DATA_NOTIFICATION: 0x0f,
  DATA_NOTIFICATION_CONFIRM: 0x10,
  INFORMATION_REPORT: 0x18,
  AARQ: 0x60,
  AARE: 0x61,
  RLRQ: 0x62,
  RLRE: 0x63,
  GET_REQUEST: 0xc0,
  SET_REQUEST: 0xc1,
  EVENT_NOTIFICATION: 0xc2,
  ACTION_REQUEST: 0xc3,
  GET_RESPONSE: 0xc4,
  SET_RESPONSE: 0xc5,
  ACTION_RESPONSE: 0xc7,
  EXCEPTION_RESPONSE: 0xd8,
  ACCESS_REQUEST: 0xd9,
  ACCESS_RESPONSE: 0xda,
  GENERAL_GLO_CIPHERING: 0xdb,
  GENERAL_DED_CIPHERING: 0xdc,
  GENERAL_CIPHERING: 0xdd,
  GENERAL_SIGNING: 0xdf,
  GENERAL_BLOCK_TRANSFER: 0xe0,
} as const;

const PARSE: Readonly<Record<number, (r: Reader) => Apdu>> = {
  ...SHORT_NAME_PARSE,
  [TAG_OF.INITIATE_REQUEST]: initiate.initiateRequestParse,
  [TAG_OF.INITIATE_RESPONSE]: initiate.initiateResponseParse,
  [TAG_OF.CONFIRMED_SERVICE_ERROR]: other.serviceErrorParse,
  [TAG_OF.DATA_NOTIFICATION]: other.dataNotificationParse,
  [TAG_OF.DATA_NOTIFICATION_CONFIRM]: other.dataNotificationConfirmParse,
  [TAG_OF.AARQ]: (r) => acseParse(TAG_OF.AARQ, r),
  [TAG_OF.AARE]: (r) => acseParse(TAG_OF.AARE, r),
  [TAG_OF.RLRQ]: (r) => acseParse(TAG_OF.RLRQ, r),
  [TAG_OF.RLRE]: (r) => acseParse(TAG_OF.RLRE, r),
  [TAG_OF.GET_REQUEST]: get.getRequestParse,
  [TAG_OF.SET_REQUEST]: set.setRequestParse,
  [TAG_OF.EVENT_NOTIFICATION]: other.eventNotificationParse,
  [TAG_OF.ACTION_REQUEST]: action.actionRequestParse,
  [TAG_OF.GET_RESPONSE]: get.getResponseParse,
  [TAG_OF.SET_RESPONSE]: set.setResponseParse,
  [TAG_OF.ACTION_RESPONSE]: action.actionResponseParse,
  [TAG_OF.EXCEPTION_RESPONSE]: other.exceptionParse,
  [TAG_OF.ACCESS_REQUEST]: other.accessRequestParse,
  [TAG_OF.ACCESS_RESPONSE]: other.accessResponseParse,
  [TAG_OF.GENERAL_CIPHERING]: general.generalCipheringParse,
  [TAG_OF.GENERAL_SIGNING]: general.generalSigningParse,
  [TAG_OF.GENERAL_BLOCK_TRANSFER]: other.gbtParse,
};

/** Whether a tag names a glo- or ded- ciphered service: the tag table of GB9 9.5. */
export function isServiceCiphered(tag: number): boolean {
  return plainTagOf(tag) !== undefined;
}

/** Plain tags below 0x20 get +0x20 (glo) and +0x40 (ded); C0..C7 get +8 and +16. */
export function plainTagOf(tag: number): number | undefined {
  if (tag >= 0x21 && tag <= 0x3f && SN_AND_INITIATE.has(tag - 0x20)) return tag - 0x20;
  if (tag >= 0x41 && tag <= 0x5f && SN_AND_INITIATE.has(tag - 0x40)) return tag - 0x40;
  if (tag >= 0xc8 && tag <= 0xcf && tag !== 0xce) return tag - 8;
  if (tag >= 0xd0 && tag <= 0xd7 && tag !== 0xd6) return tag - 16;
  return undefined;
}

const SN_AND_INITIATE: ReadonlySet<number> = new Set([0x01, 0x05, 0x06, 0x08, 0x0c, 0x0d, 0x0e, 0x16, 0x18]);

/** The glo- (or ded-) tag of a plain service; undefined where only general protection exists. */
export function cipheredTagOf(tag: number, dedicated: boolean): number | undefined {
  if (SN_AND_INITIATE.has(tag)) return tag + (dedicated ? 0x40 : 0x20);
  if (tag >= 0xc0 && tag <= 0xc7 && tag !== 0xc6) return tag + (dedicated ? 16 : 8);
  return undefined;
}

/** Decode one complete APDU; octets that follow it are refused. Unknown tags give kind "unknown". */
export function decodeApdu(octets: Uint8Array): Apdu {
  const r = new Reader(octets);
  const tag = r.u8();
  const apdu = parseTagged(tag, r, octets);
  r.done(`the ${apdu.kind}`);
  return apdu;
}

function parseTagged(tag: number, r: Reader, octets: Uint8Array): Apdu {
  const parse = PARSE[tag];
  if (parse !== undefined) return parse(r);
  if (tag === TAG_OF.GENERAL_GLO_CIPHERING || tag === TAG_OF.GENERAL_DED_CIPHERING) {
    const kind = tag === TAG_OF.GENERAL_GLO_CIPHERING ? "general-glo-ciphering" : "general-ded-ciphering";
    return { kind, systemTitle: r.octetString(), body: r.octetString() };
  }
  if (isServiceCiphered(tag)) return { kind: "service-ciphered", tag, body: r.octetString() };
  r.rest();
  return { kind: "unknown", octets };
}

/** Encode one APDU. */
export function encodeApdu(a: Apdu): Uint8Array {
  const w = new Writer();
  apduEmit(w, a);
  return w.octets();
}

function apduEmit(w: Writer, a: Apdu): void {
  if (isShortNameApdu(a)) return shortNameEmit(w, a);
  switch (a.kind) {
    case "aarq":
    case "aare":
    case "rlrq":
    case "rlre":
      return acseEmit(w, a);
    case "initiate-request":
      return initiate.initiateRequestEmit(w.u8(TAG_OF.INITIATE_REQUEST), a);
    case "initiate-response":
      return initiate.initiateResponseEmit(w.u8(TAG_OF.INITIATE_RESPONSE), a);
    case "confirmed-service-error":
      return other.serviceErrorEmit(w.u8(TAG_OF.CONFIRMED_SERVICE_ERROR), a);
    case "data-notification":
      return other.dataNotificationEmit(w.u8(TAG_OF.DATA_NOTIFICATION), a);
    case "data-notification-confirm":
      return other.dataNotificationConfirmEmit(w.u8(TAG_OF.DATA_NOTIFICATION_CONFIRM), a);
    case "event-notification-request":
      return other.eventNotificationEmit(w.u8(TAG_OF.EVENT_NOTIFICATION), a);
    case "exception-response":
      return other.exceptionEmit(w.u8(TAG_OF.EXCEPTION_RESPONSE), a);
    case "access-request":
      return other.accessRequestEmit(w.u8(TAG_OF.ACCESS_REQUEST), a);
    case "access-response":
      return other.accessResponseEmit(w.u8(TAG_OF.ACCESS_RESPONSE), a);
    case "general-block-transfer":
      return other.gbtEmit(w.u8(TAG_OF.GENERAL_BLOCK_TRANSFER), a);
    case "service-ciphered":
      return void w.u8(a.tag).octetString(a.body);
    case "general-glo-ciphering":
      return void w.u8(TAG_OF.GENERAL_GLO_CIPHERING).octetString(a.systemTitle).octetString(a.body);
    case "general-ded-ciphering":
      return void w.u8(TAG_OF.GENERAL_DED_CIPHERING).octetString(a.systemTitle).octetString(a.body);
    case "general-ciphering":
      return general.generalCipheringEmit(w.u8(TAG_OF.GENERAL_CIPHERING), a);
    case "general-signing":
      return general.generalSigningEmit(w.u8(TAG_OF.GENERAL_SIGNING), a);
    case "unknown":
      return void w.put(a.octets);
    default:
      return serviceEmit(w, a);
  }
}

type Service =
  get.GetRequest | get.GetResponse | set.SetRequest | set.SetResponse | action.ActionRequest | action.ActionResponse;

function serviceEmit(w: Writer, a: Service): void {
  if (a.kind.startsWith("get-request")) return get.getRequestEmit(w.u8(TAG_OF.GET_REQUEST), a as get.GetRequest);
  if (a.kind.startsWith("get-response")) return get.getResponseEmit(w.u8(TAG_OF.GET_RESPONSE), a as get.GetResponse);
  if (a.kind.startsWith("set-request")) return set.setRequestEmit(w.u8(TAG_OF.SET_REQUEST), a as set.SetRequest);
  if (a.kind.startsWith("set-response")) return set.setResponseEmit(w.u8(TAG_OF.SET_RESPONSE), a as set.SetResponse);
  if (a.kind.startsWith("action-request")) {
    return action.actionRequestEmit(w.u8(TAG_OF.ACTION_REQUEST), a as action.ActionRequest);
  }
  if (a.kind.startsWith("action-response")) {
    return action.actionResponseEmit(w.u8(TAG_OF.ACTION_RESPONSE), a as action.ActionResponse);
  }
  throw new MalformedError(`no encoding for ${a.kind}`);
}
