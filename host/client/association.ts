/** Opening and releasing an association: AARQ, AARE, HLS passes 3 and 4, RLRQ, RLRE. GB9 9.4.4, 9.2.7.4. */

import { randomBytes } from "node:crypto";
import { CONTEXT, contextName, MECHANISM, mechanismName, type Aare, type Aarq } from "./acse.ts";
import { decodeApdu, encodeApdu, type Apdu } from "./apdu.ts";
import { octetsOf, octetString } from "./data.ts";
import { AssociationError, DlmsError, SecurityError, UnexpectedAnswerError } from "./errors.ts";
import { hlsAnswer, hlsCheck, type Handshake } from "./hls.ts";
import { CONFORMANCE_OF_CLIENT, type InitiateRequest, type InitiateResponse } from "./initiate.ts";
import { equal, fromHex } from "./octets.ts";
import { confirmedServiceErrorName } from "./results.ts";
import { isCiphered, Security, type Family } from "./security.ts";
import { throwIfError } from "./services.ts";
import { type Client } from "./session.ts";

export type Authentication = "none" | "lls" | "md5" | "sha1" | "gmac" | "sha256";
export type SecurityLevel = "none" | "auth" | "enc" | "authenc";

const MECHANISM_OF: Readonly<Record<Authentication, number>> = {
  none: MECHANISM.NONE,
  lls: MECHANISM.LLS,
  md5: MECHANISM.HLS_MD5,
  sha1: MECHANISM.HLS_SHA1,
  gmac: MECHANISM.HLS_GMAC,
  sha256: MECHANISM.HLS_SHA256,
};

export const CLIENT_TITLE_DEFAULT: Uint8Array = fromHex("4D4D4D0000BC614E");

export interface AssociationOptions {
  authentication?: Authentication;
  /** LLS password, or HLS secret of md5, sha1 and sha256 */
  password?: Uint8Array;
  security?: SecurityLevel;
  suite?: number;
  /** Global unicast encryption key */
  guek?: Uint8Array;
  /** Global authentication key */
  gak?: Uint8Array;
  gbek?: Uint8Array;
  /** Client system title */
  systemTitle?: Uint8Array;
  /** First invocation counter to send, default 1 */
  counter?: number;
  /** Proposed in the ciphered initiate; requests then use it */
  dedicatedKey?: Uint8Array;
  family?: Family;
  conformance?: number;
  /** client-max-receive-pdu-size, default 65535 */
  pduSizeMax?: number;
  /** CtoS, default 16 random octets */
  challenge?: Uint8Array;
  userId?: number;
  /** Alter the AARQ before it is encoded, for negative tests. */
  aarq?: (aarq: Aarq) => Aarq;
  /** Alter the InitiateRequest before it is encoded and protected. */
  initiate?: (request: InitiateRequest) => InitiateRequest;
}

const ASSOCIATION_CURRENT = "0-0:40.0.0.255";

/** Keys and counters of the options, or undefined when no keys are given. */
export function securityOf(o: AssociationOptions): Security | undefined {
  const level = o.security ?? "none";
  if (o.guek === undefined || o.gak === undefined) {
    if (level !== "none" || o.authentication === "gmac") {
      throw new SecurityError("ciphering and GMAC need both keys, GUEK and GAK (--guek, --gak or --keys)");
    }
    return undefined;
  }
  return new Security({
    suite: o.suite ?? 0,
    authenticated: level === "auth" || level === "authenc",
    encrypted: level === "enc" || level === "authenc",
    guek: o.guek,
    gak: o.gak,
    ...(o.gbek === undefined ? {} : { gbek: o.gbek }),
    ...(o.dedicatedKey === undefined ? {} : { dedicatedKey: o.dedicatedKey }),
    clientTitle: o.systemTitle ?? CLIENT_TITLE_DEFAULT,
    counter: o.counter ?? 1,
  });
}

/** The AARQ as these options have it. `challenge` is CtoS for HLS. */
function aarqOf(o: AssociationOptions, userInformation: Uint8Array, challenge: Uint8Array): Aarq {
  const ciphered = (o.security ?? "none") !== "none";
  const mechanism = MECHANISM_OF[o.authentication ?? "none"];
  const aarq: Aarq = {
    kind: "aarq",
    applicationContextName: contextName(ciphered ? CONTEXT.LN_CIPHERED : CONTEXT.LN),
    userInformation,
  };
  // GB9 9.2.7.2.4: the title is needed for ciphering and for the mechanisms that compute with it.
  if (ciphered || mechanism >= MECHANISM.HLS_GMAC) aarq.callingApTitle = o.systemTitle ?? CLIENT_TITLE_DEFAULT;
  if (o.userId !== undefined) aarq.callingAeInvocationId = o.userId;
  if (mechanism !== MECHANISM.NONE) {
    const octets = mechanism === MECHANISM.LLS ? passwordOf(o) : challenge;
    aarq.acseRequirements = Uint8Array.of(0x07, 0x80);
    aarq.mechanismName = mechanismName(mechanism);
    aarq.authenticationValue = { tag: 0x80, octets };
  }
  return o.aarq === undefined ? aarq : o.aarq(aarq);
}

function passwordOf(o: AssociationOptions): Uint8Array {
  if (o.password === undefined) throw new SecurityError("low level security needs the password (--password or --keys)");
  return o.password;
}

function initiateOf(o: AssociationOptions): InitiateRequest {
  const request: InitiateRequest = {
    kind: "initiate-request",
    responseAllowed: true,
    version: 6,
    conformance: o.conformance ?? CONFORMANCE_OF_CLIENT,
    pduSizeMax: o.pduSizeMax ?? 0xffff,
  };
  if (o.dedicatedKey !== undefined) request.dedicatedKey = o.dedicatedKey;
  return o.initiate === undefined ? request : o.initiate(request);
}

/** Initiate and release protection: in the clear, or glo- under the global keys. */
function userInformationOf(client: Client, request: InitiateRequest): Uint8Array {
  const plain = encodeApdu(request);
  if ((client.options.security ?? "none") === "none") return plain;
  // GB9 9.2.7.4: a dedicated key must be authenticated and encrypted, whatever the level of the association.
  const security = client.security!;
  const full = security.suite | 0x30;
  return security.seal(plain, "glo", request.dedicatedKey === undefined ? security.securityControl : full);
}

/** AARQ and AARE, then HLS if the mechanism asks for it. */
export async function associationOpen(client: Client): Promise<Aare> {
  const o = client.options;
  client.associated = false;
  client.protecting = false;
  client.security ??= securityOf(o);
  const challenge = o.challenge ?? Uint8Array.from(randomBytes(16));
  const aarq = aarqOf(o, userInformationOf(client, initiateOf(o)), challenge);
  await client.post(encodeApdu(aarq));
  const answer = decodeApdu(await client.answer(false));
  throwIfError(answer, "AARQ");
  if (answer.kind !== "aare") throw new UnexpectedAnswerError(`the meter answers the AARQ with ${answer.kind}`);
  client.aare = answer;
  if (client.security !== undefined && answer.respondingApTitle !== undefined) {
    client.security.serverTitle = answer.respondingApTitle;
  }
  const initiate = initiateOfAare(client, answer);
  if (answer.result !== 0) {
    throw new AssociationError(answer.result, answer.diagnosticSource, answer.diagnostic, detailOf(initiate));
  }
  if (initiate?.kind !== "initiate-response") throw new UnexpectedAnswerError("the AARE holds no InitiateResponse");
  agreed(client, initiate);
  if (MECHANISM_OF[o.authentication ?? "none"] >= MECHANISM.HLS) await hls(client, answer, challenge);
  return answer;
}

/** What the AARE's user information says; undefined if there is none or it stays closed in a refusal. */
function initiateOfAare(client: Client, aare: Aare): Apdu | undefined {
  const octets = aare.userInformation;
  if (octets === undefined) return undefined;
  if (!isCiphered(octets)) {
    const demanded = (client.options.security ?? "none") !== "none" && aare.result === 0;
    if (demanded && client.options.acceptPlain !== true) {
      throw new SecurityError("the meter accepts the ciphered association without protecting its InitiateResponse");
    }
    return decodeApdu(octets);
  }
  if (client.security === undefined) throw new SecurityError("the AARE is ciphered, but no keys are given");
  return decodeApdu(client.security.open(octets).text);
}

function detailOf(initiate: Apdu | undefined): string {
  if (initiate?.kind !== "confirmed-service-error") return "";
  return `, ${confirmedServiceErrorName(initiate.service, initiate.choice, initiate.value)}`;
}

function agreed(client: Client, initiate: InitiateResponse): void {
  const o = client.options;
  client.initiateResponse = initiate;
  client.conformance = initiate.conformance;
  client.serverPduSizeMax = initiate.pduSizeMax;
  client.protecting = (o.security ?? "none") !== "none";
  client.associated = true;
  if (client.security === undefined) return;
  client.security.family = o.family ?? (o.dedicatedKey === undefined ? "glo" : "ded");
}

/** Passes 3 and 4: reply_to_HLS_authentication of the current association, class 15 method 1. */
async function hls(client: Client, aare: Aare, challenge: Uint8Array): Promise<void> {
  const o = client.options;
  const partnerChallenge = aare.authenticationValue?.octets;
  if (partnerChallenge === undefined) throw new UnexpectedAnswerError("the AARE holds no challenge StoC");
  // A meter that echoes the client's own challenge could replay its answer.
  if (equal(partnerChallenge, challenge)) throw new SecurityError("the meter's challenge equals ours");
  const handshake: Handshake = {
    mechanism: MECHANISM_OF[o.authentication ?? "none"],
    ownTitle: o.systemTitle ?? CLIENT_TITLE_DEFAULT,
    partnerTitle: aare.respondingApTitle ?? new Uint8Array(0),
    ownChallenge: challenge,
    partnerChallenge,
    suite: o.suite ?? 0,
    ...(o.password === undefined ? {} : { secret: o.password }),
    ...(o.guek === undefined ? {} : { guek: o.guek }),
    ...(o.gak === undefined ? {} : { gak: o.gak }),
  };
  const counter = handshake.mechanism === MECHANISM.HLS_GMAC ? client.security!.counterTake() : 0;
  const answer = octetString(hlsAnswer(handshake, counter));
  const method = { classId: 15, logicalName: ASSOCIATION_CURRENT, method: 1 };
  try {
    const returned = await client.action(method, answer);
    if (returned === undefined) throw new UnexpectedAnswerError("the meter does not authenticate itself (no f(CtoS))");
    hlsCheck(handshake, octetsOf(returned, "f(CtoS)"));
  } catch (error) {
    client.associated = false;
    throw error;
  }
}

/** RLRQ, ciphered like the initiate in a ciphered association, and RLRE. */
export async function associationRelease(client: Client): Promise<void> {
  const o = client.options;
  const ciphered = (o.security ?? "none") !== "none";
  const request: Apdu = { kind: "rlrq", reason: 0 };
  if (ciphered) request.userInformation = userInformationOf(client, initiateOf(o));
  await client.post(encodeApdu(request));
  const answer = decodeApdu(await client.answer(false));
  throwIfError(answer, "RLRQ");
  if (answer.kind !== "rlre") throw new UnexpectedAnswerError(`the meter answers the RLRQ with ${answer.kind}`);
  const closing = answer.userInformation;
  if (ciphered && closing !== undefined && isCiphered(closing)) client.security!.open(closing);
  client.associated = false;
  client.protecting = false;
  if (answer.reason !== undefined && answer.reason !== 0) {
    throw new DlmsError(`the meter answers the release with reason ${answer.reason}`);
  }
}
