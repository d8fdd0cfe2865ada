/** APDUs for a RawMeter's channels, with every field open to change; codecs are the client's. */
import {
  CLIENT_TITLE_DEFAULT,
  CONTEXT,
  contextName,
  decodeApdu,
  encodeApdu,
  hlsAnswer,
  MECHANISM,
  mechanismName,
  Security,
  type Aare,
  type Aarq,
  type Apdu,
  type ApduOf,
  type Data,
  type Handshake,
  type Selection,
} from "../../host/client/index.ts";
import type { InitiateRequest } from "../../host/client/initiate.ts";
import type { MeterIdentity } from "../../host/template/identity.ts";
import { CHALLENGE, CURRENT_ASSOCIATION } from "./rig.ts";

/** Every service of logical name referencing. */
export const CONFORMANCE_ALL = 0x60fedf;
/** authentication functional unit of sender-acse-requirements. */
export const AUTHENTICATION = Uint8Array.of(0x07, 0x80);

/** What a channel of a RawMeter offers. */
export interface Exchange {
  exchange(apdu: Uint8Array): Uint8Array | undefined;
}

export function initiate(more: Partial<InitiateRequest> = {}): Uint8Array {
  return encodeApdu({
    kind: "initiate-request",
    responseAllowed: true,
    version: 6,
    conformance: CONFORMANCE_ALL,
    pduSizeMax: 1224,
    ...more,
  });
}

/** An AARQ of the public client: no authentication. A field that is undefined stays away. */
export function aarq(more: { [K in keyof Aarq]?: Aarq[K] | undefined } = {}): Uint8Array {
  const whole = {
    kind: "aarq",
    applicationContextName: contextName(CONTEXT.LN),
    userInformation: initiate(),
    ...more,
  };
  return encodeApdu(Object.fromEntries(Object.entries(whole).filter(([, v]) => v !== undefined)) as unknown as Aarq);
}

/** The fields that name a mechanism and bring its value. */
export function authentication(mechanism: number, octets: Uint8Array): Partial<Aarq> {
  return {
    acseRequirements: AUTHENTICATION,
    mechanismName: mechanismName(mechanism),
    authenticationValue: { tag: 0x80, octets },
  };
}

export function aarqLls(password: Uint8Array, more: { [K in keyof Aarq]?: Aarq[K] | undefined } = {}): Uint8Array {
  return aarq({ ...authentication(MECHANISM.LLS, password), ...more });
}

/** Keys and counters of a client that has not associated yet. */
export function securityOf(meter: MeterIdentity, counter = 1): Security {
  const security = new Security({
    authenticated: true,
    encrypted: true,
    guek: meter.keys.guek,
    gak: meter.keys.gak,
    clientTitle: CLIENT_TITLE_DEFAULT,
    counter,
  });
  security.serverTitle = meter.systemTitle;
  return security;
}

/** An AARQ of the ciphered context with HLS-GMAC; `plain` leaves its InitiateRequest open. */
export function aarqGmac(
  security: Security,
  more: { [K in keyof Aarq]?: Aarq[K] | undefined } = {},
  request: Uint8Array = initiate(),
): Uint8Array {
  return aarq({
    applicationContextName: contextName(CONTEXT.LN_CIPHERED),
    callingApTitle: CLIENT_TITLE_DEFAULT,
    ...authentication(MECHANISM.HLS_GMAC, CHALLENGE),
    userInformation: security.seal(request, "glo"),
    ...more,
  });
}

/** The handshake after an AARE, as the client sees it. */
export function handshakeOf(meter: MeterIdentity, aare: Aare): Handshake {
  return {
    mechanism: MECHANISM.HLS_GMAC,
    ownTitle: CLIENT_TITLE_DEFAULT,
    partnerTitle: meter.systemTitle,
    ownChallenge: CHALLENGE,
    partnerChallenge: aare.authenticationValue!.octets,
    guek: meter.keys.guek,
    gak: meter.keys.gak,
  };
}

/** reply_to_HLS_authentication with the given octets, plain. */
export function hlsReply(octets: Uint8Array): Uint8Array {
  const parameters: Data = { type: "octet-string", value: octets };
  return act(15, CURRENT_ASSOCIATION, 1, parameters);
}

export interface Ciphered {
  security: Security;
  /** Plain APDU in, plain answer out; both are protected on the way. An exception comes as it is. */
  exchange(plain: Uint8Array): Uint8Array | undefined;
}

/** Associates over a channel with HLS-GMAC, authenticated and encrypted. Throws when the meter refuses. */
export function associateGmac(channel: Exchange, meter: MeterIdentity, counter = 1, request?: Uint8Array): Ciphered {
  const security = securityOf(meter, counter);
  const aare = decodeApdu(channel.exchange(aarqGmac(security, {}, request))!);
  if (aare.kind !== "aare" || aare.result !== 0) throw new Error(`no association: ${JSON.stringify(aare)}`);
  const ciphered: Ciphered = {
    security,
    exchange: (plain) => {
      const answer = channel.exchange(security.seal(plain));
      return answer === undefined || answer[0] === 0xd8 ? answer : security.open(answer).text;
    },
  };
  const reply = ciphered.exchange(hlsReply(hlsAnswer(handshakeOf(meter, aare), security.counterTake())))!;
  const answer = apduOf("action-response-normal", reply);
  if (answer.result !== 0) throw new Error(`pass 3 is refused with ${answer.result}`);
  return ciphered;
}

/** Associates over a channel with the password. */
export function associateLls(channel: Exchange, meter: MeterIdentity, request?: Uint8Array): void {
  const more = request === undefined ? {} : { userInformation: request };
  const aare = decodeApdu(channel.exchange(aarqLls(meter.keys.lls, more))!);
  if (aare.kind !== "aare" || aare.result !== 0) throw new Error(`no association: ${JSON.stringify(aare)}`);
}

const INVOKE = { id: 1, confirmed: true, high: true };

export function get(classId: number, logicalName: string, attribute: number, selection?: Selection): Uint8Array {
  const descriptor = { classId, logicalName, attribute, ...(selection === undefined ? {} : { selection }) };
  return encodeApdu({ kind: "get-request-normal", invoke: INVOKE, descriptor });
}

export function getNext(block: number, id = 1): Uint8Array {
  return encodeApdu({ kind: "get-request-next", invoke: { ...INVOKE, id }, block });
}

export function set(classId: number, logicalName: string, attribute: number, value: Data): Uint8Array {
  const descriptor = { classId, logicalName, attribute };
  return encodeApdu({ kind: "set-request-normal", invoke: INVOKE, descriptor, value });
}

export function act(classId: number, logicalName: string, method: number, parameters?: Data): Uint8Array {
  const given = parameters === undefined ? {} : { parameters };
  return encodeApdu({
    kind: "action-request-normal",
    invoke: INVOKE,
    method: { classId, logicalName, method },
    ...given,
  });
}

/** Decodes an answer that must be of one kind. */
export function apduOf<K extends Apdu["kind"]>(kind: K, octets: Uint8Array | undefined): ApduOf<K> {
  if (octets === undefined) throw new Error(`no answer, ${kind} was expected`);
  const apdu = decodeApdu(octets);
  if (apdu.kind !== kind) throw new Error(`${Buffer.from(octets).toString("hex")} is ${apdu.kind}, not ${kind}`);
  return apdu as ApduOf<K>;
}

/** Hexadecimal, in capitals; silence for no answer. */
export const hex = (octets: Uint8Array | undefined): string =>
  octets === undefined ? "silence" : Buffer.from(octets).toString("hex").toUpperCase();
