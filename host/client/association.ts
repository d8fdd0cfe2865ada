/** Opening and releasing an association: AARQ, AARE, HLS passes 3 and 4, RLRQ, RLRE. GB9 9.4.4, 9.2.7.4. */

import { randomBytes } from "node:crypto";
import { CONTEXT, contextName, MECHANISM, mechanismName, type Aare, type Aarq } from "./acse.ts";
import { decodeApdu, encodeApdu, type Apdu } from "./apdu.ts";
import { certificateParse, entityCheck, trustCheck, USAGE, type Certificate, type Trust } from "./certificate.ts";
import { octetsOf, octetString } from "./data.ts";
import { AssociationError, DlmsError, SecurityError, UnexpectedAnswerError } from "./errors.ts";
import { type Credentials, type KeyEstablishment } from "./general_protection.ts";
import { hlsAnswer, hlsCheck, type Handshake } from "./hls.ts";
import {
  CONFORMANCE_OF_CLIENT,
  CONFORMANCE_OF_CLIENT_SN,
  type InitiateRequest,
  type InitiateResponse,
} from "./initiate.ts";
import { equal, fromHex } from "./octets.ts";
import { confirmedServiceErrorName } from "./results.ts";
import { isProtected, Security, type Family, type Layer } from "./security.ts";
import { throwIfError } from "./services.ts";
import { type Client } from "./session.ts";
import { suiteOf } from "./suite.ts";
import { type Variants } from "./variants.ts";
import { ASSOCIATION_CURRENT, CLASS_ASSOCIATION_SN } from "./short_names.ts";

export type Authentication = "none" | "lls" | "md5" | "sha1" | "gmac" | "sha256" | "ecdsa";
export type SecurityLevel = "none" | "auth" | "enc" | "authenc";

const MECHANISM_OF: Readonly<Record<Authentication, number>> = {
  none: MECHANISM.NONE,
  lls: MECHANISM.LLS,
  md5: MECHANISM.HLS_MD5,
  sha1: MECHANISM.HLS_SHA1,
  gmac: MECHANISM.HLS_GMAC,
  sha256: MECHANISM.HLS_SHA256,
  ecdsa: MECHANISM.HLS_ECDSA,
};

/** Octets of a challenge: 8 to 64, and 32 to 64 in mechanism 7. GB9 9.2.7.4. */
const CHALLENGE_SIZE = 16;
const CHALLENGE_SIZE_ECDSA = 32;

export const CLIENT_TITLE_DEFAULT: Uint8Array = fromHex("4D4D4D0000BC614E");

export interface AssociationOptions extends Credentials {
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
  /** First counter to send with under the broadcast key, default 1 */
  broadcastCounter?: number;
  /** Client system title */
  systemTitle?: Uint8Array;
  /** First invocation counter to send, default 1 */
  counter?: number;
  /** Proposed in the ciphered initiate; requests then use it */
  dedicatedKey?: Uint8Array;
  family?: Family;
  /** What requests are wrapped in, innermost first; default: ciphered as `security` has it */
  layers?: readonly Layer[];
  /** How family "general" establishes its keys */
  keyEstablishment?: KeyEstablishment;
  /** Requests behind the first one go on with its key, without key-info */
  keyInfoOnce?: boolean;
  /** Answers without a signature are an error */
  answerSigned?: boolean;
  /** The first transaction-id of general-ciphering and general-signing */
  transactionId?: bigint;
  /** Certificate of the signing key as DER, sent in the AARQ */
  certificate?: Uint8Array;
  /** Certificates of meters; those of the one that answers are used */
  certificates?: readonly Certificate[];
  /** What the certificates of a meter must lead back to, in the AARE and here */
  trust?: Trust;
  variants?: Partial<Variants>;
  /** Refer to attributes and methods by short names; the services stay the same to the caller. */
  shortNames?: boolean;
  conformance?: number;
  /** client-max-receive-pdu-size, default 65535 */
  pduSizeMax?: number;
  /** CtoS, default 16 random octets, 32 for ecdsa */
  challenge?: Uint8Array;
  userId?: number;
  /** Alter the AARQ before it is encoded, for negative tests. */
  aarq?: (aarq: Aarq) => Aarq;
  /** Alter the InitiateRequest before it is encoded and protected. */
  initiate?: (request: InitiateRequest) => InitiateRequest;
}

function isCiphering(o: AssociationOptions): boolean {
  return (o.security ?? "none") !== "none";
}

/** Signed APDUs need a ciphered context as well. GB9 9.4.2.2.2 */
function isCipheredContext(o: AssociationOptions): boolean {
  return isCiphering(o) || o.layers?.includes("sign") === true;
}

function keyCheck(name: string, key: Uint8Array | undefined, size: number, suite: number): void {
  if (key !== undefined && key.length !== size) {
    throw new SecurityError(`${name} has ${size} octets in suite ${suite}, not ${key.length}`);
  }
}

/** Keys and counters of the options, or undefined when no keys are given. */
export function securityOf(o: AssociationOptions): Security | undefined {
  const level = o.security ?? "none";
  const symmetric = o.guek !== undefined && o.gak !== undefined;
  if (!symmetric && (level !== "none" || o.authentication === "gmac")) {
    throw new SecurityError("ciphering and GMAC need both keys, GUEK and GAK (--guek, --gak or --keys)");
  }
  if (!symmetric && o.signing === undefined) return undefined;
  if (level === "none" && (o.layers?.includes("cipher") === true || o.family !== undefined)) {
    throw new SecurityError("to cipher, say how: auth, enc or authenc (--security)");
  }
  const suite = suiteOf(o.suite ?? 0);
  const keys = {
    GUEK: o.guek,
    GAK: o.gak,
    GBEK: o.gbek,
    "the master key": o.masterKey,
  };
  // The dedicated key goes as it is given: what a meter says to a wrong one is worth seeing.
  for (const [name, key] of Object.entries(keys)) keyCheck(name, key, suite.keySize, suite.id);
  const none = new Uint8Array(0);
  return new Security({
    ...o,
    suite: suite.id,
    authenticated: level === "auth" || level === "authenc",
    encrypted: level === "enc" || level === "authenc",
    guek: o.guek ?? none,
    gak: o.gak ?? none,
    layers: o.layers ?? (level === "none" ? [] : ["cipher"]),
    clientTitle: o.systemTitle ?? CLIENT_TITLE_DEFAULT,
    counter: o.counter ?? 1,
  });
}

function contextOf(shortNames: boolean, ciphered: boolean): number {
  if (shortNames) return ciphered ? CONTEXT.SN_CIPHERED : CONTEXT.SN;
  return ciphered ? CONTEXT.LN_CIPHERED : CONTEXT.LN;
}

/** The AARQ as these options have it. `challenge` is CtoS for HLS. */
function aarqOf(o: AssociationOptions, userInformation: Uint8Array, challenge: Uint8Array): Aarq {
  const ciphered = isCipheredContext(o);
  const mechanism = MECHANISM_OF[o.authentication ?? "none"];
  const aarq: Aarq = {
    kind: "aarq",
    applicationContextName: contextName(contextOf(o.shortNames === true, ciphered)),
    userInformation,
  };
  // GB9 9.2.7.2.4: the title is needed for ciphering and for the mechanisms that compute with it.
  if (ciphered || mechanism >= MECHANISM.HLS_GMAC) aarq.callingApTitle = o.systemTitle ?? CLIENT_TITLE_DEFAULT;
  if (o.certificate !== undefined && mechanism === MECHANISM.HLS_ECDSA) aarq.callingAeQualifier = o.certificate;
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
    conformance: o.conformance ?? (o.shortNames === true ? CONFORMANCE_OF_CLIENT_SN : CONFORMANCE_OF_CLIENT),
    pduSizeMax: o.pduSizeMax ?? 0xffff,
  };
  if (o.dedicatedKey !== undefined) request.dedicatedKey = o.dedicatedKey;
  return o.initiate === undefined ? request : o.initiate(request);
}

/** Initiate and release protection: in the clear, or glo- under the global keys. */
function userInformationOf(client: Client, request: InitiateRequest): Uint8Array {
  const plain = encodeApdu(request);
  if (!isCiphering(client.options)) return plain;
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
  client.security?.general.forget();
  const size = o.authentication === "ecdsa" ? CHALLENGE_SIZE_ECDSA : CHALLENGE_SIZE;
  const challenge = o.challenge ?? Uint8Array.from(randomBytes(size));
  const aarq = aarqOf(o, userInformationOf(client, initiateOf(o)), challenge);
  await client.post(encodeApdu(aarq));
  const answer = decodeApdu(await client.answer(false));
  throwIfError(answer, "AARQ");
  if (answer.kind !== "aare") throw new UnexpectedAnswerError(`the meter answers the AARQ with ${answer.kind}`);
  client.aare = answer;
  if (client.security !== undefined && answer.respondingApTitle !== undefined) {
    client.security.serverTitle = answer.respondingApTitle;
  }
  certificatesTake(client, answer);
  const initiate = initiateOfAare(client, answer);
  if (answer.result !== 0) {
    throw new AssociationError(answer.result, answer.diagnosticSource, answer.diagnostic, detailOf(initiate));
  }
  if (initiate?.kind !== "initiate-response") throw new UnexpectedAnswerError("the AARE holds no InitiateResponse");
  agreed(client, initiate);
  if (MECHANISM_OF[o.authentication ?? "none"] >= MECHANISM.HLS) await hls(client, answer, challenge);
  return answer;
}

/** The public keys of the meter that answers: from certificates that are known, and the one in the AARE. */
function certificatesTake(client: Client, aare: Aare): void {
  const credentials = client.security?.general.credentials;
  const title = aare.respondingApTitle;
  if (credentials === undefined || title === undefined) return;
  const { certificates = [], trust } = client.options;
  for (const certificate of certificates) {
    if (certificate.title === undefined || !equal(certificate.title, title)) continue;
    if (trust !== undefined) trustCheck(certificate, trust);
    if ((certificate.usage & USAGE.digitalSignature) !== 0) credentials.partnerSigning ??= certificate.publicKey;
    if ((certificate.usage & USAGE.keyAgreement) !== 0) credentials.partnerAgreement ??= certificate.publicKey;
  }
  if (aare.respondingAeQualifier !== undefined) carriedTake(client, aare.respondingAeQualifier, title, credentials);
}

/** A signing certificate in the AARE must be the meter's and trusted, or hold the key that is known already. */
function carriedTake(client: Client, der: Uint8Array, title: Uint8Array, credentials: Credentials): void {
  const certificate = certificateParse(der);
  const known = credentials.partnerSigning;
  const { trust } = client.options;
  if (trust !== undefined) {
    entityCheck(certificate, title, USAGE.digitalSignature, trust);
  } else if (known === undefined || !equal(known, certificate.publicKey)) {
    throw new SecurityError("the meter sends a certificate, but no authority is trusted (--trust)");
  }
  credentials.partnerSigning = certificate.publicKey;
}

/** What the AARE's user information says; undefined if there is none or it stays closed in a refusal. */
function initiateOfAare(client: Client, aare: Aare): Apdu | undefined {
  const octets = aare.userInformation;
  if (octets === undefined) return undefined;
  if (!isProtected(octets)) {
    const demanded = isCiphering(client.options) && aare.result === 0;
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
  client.protecting = isCipheredContext(o);
  client.associated = true;
  if (client.security === undefined) return;
  client.security.family = o.family ?? (o.dedicatedKey === undefined ? "glo" : "ded");
}

/** Passes 3 and 4: reply_to_HLS_authentication of the current association, class 15 method 1 or class 12 method 8. */
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
    ...client.security?.general.credentials,
  };
  const counter = handshake.mechanism === MECHANISM.HLS_GMAC ? client.security!.counterTake() : 0;
  const answer = octetString(hlsAnswer(handshake, counter));
  const own = o.shortNames === true ? { classId: CLASS_ASSOCIATION_SN, method: 8 } : { classId: 15, method: 1 };
  const method = { ...own, logicalName: ASSOCIATION_CURRENT };
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
  const ciphered = isCiphering(o);
  const request: Apdu = { kind: "rlrq", reason: 0 };
  if (ciphered) request.userInformation = userInformationOf(client, initiateOf(o));
  await client.post(encodeApdu(request));
  const answer = decodeApdu(await client.answer(false));
  throwIfError(answer, "RLRQ");
  if (answer.kind !== "rlre") throw new UnexpectedAnswerError(`the meter answers the RLRQ with ${answer.kind}`);
  const closing = answer.userInformation;
  if (ciphered && closing !== undefined && isProtected(closing)) client.security!.open(closing);
  client.associated = false;
  client.protecting = false;
  client.security?.general.forget();
  if (answer.reason !== undefined && answer.reason !== 0) {
    throw new DlmsError(`the meter answers the release with reason ${answer.reason}`);
  }
}
