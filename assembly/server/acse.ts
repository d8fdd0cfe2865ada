/**
 * Opening associations (GB9 9.4.4). The steps run in order; each failure has
 * its diagnostic, leaves the slot non-associated and the connection as it is.
 */
import { Err } from "../base/err";
import { CHALLENGE_SIZE_MAX, SYSTEM_TITLE_SIZE } from "../base/limits";
import { Reader } from "../base/reader";
import { ELLIPTIC } from "../base/suites";
import { certificateOffered } from "../session/certificate_trust";
import { entropyTake } from "../session/entropy";
import { functionMechanismOff } from "../cosem/function_control";
import { guardWaits } from "../session/guard";
import { asymmetric } from "../session/key_pair";
import { contextOf, SecurityContext } from "../session/keys";
import { llsSecretIs } from "../session/secret";
import { signingKeyOf, signs } from "../session/signature";
import { AssociationState, Slot, Unconfirmed } from "../session/slot";
import { SlotSession } from "../session/slot_session";
import { userCount, userFind } from "../session/users";
import { Meter } from "../store/block";
import { AssociationFlag, AssociationRow, NONE, Template } from "../store/template";
import { Aarq, aarqParse, AuthenticationValue } from "../wire/acse_aarq";
import { InitiateRequest, initiateRequestParse, DLMS_VERSION, PDU_SIZE_MIN } from "../wire/initiate";
import { contextCiphered, Mechanism, NameKind, objectIdentifierParse } from "../wire/names";
import { CertificateType } from "../wire/x509";
import { AssociationResult, InitiateError, UserDiagnostic } from "../wire/results";
import { aareAccepted, aareInitiateError, aareProviderRefused, aareRefused } from "./aare";
import { exceptionSend, Refusal } from "./exception";
import { isProtected, Opened, protectionOpen, REQUEST_AUTHENTICATED, REQUEST_ENCRYPTED } from "./layer_open";
import { policyMetByUserInformation } from "./protection";
import { authenticationPassed, authenticationRefused, openRefused } from "./refused";

/** Octets of the challenges accepted and of the one made (GB9 9.2.7.4); HLS-ECDSA has longer ones. */
const CHALLENGE_SIZE_MIN: u32 = 8;
const STOC_SIZE: u32 = 16;
const ECDSA_CHALLENGE_SIZE: u32 = 32;
/** First octet of a certificate. */
const DER_SEQUENCE: u32 = 0x30;
/** Protection without which a dedicated key is no secret. */
const DEDICATED_KEY_COVER: u32 = REQUEST_AUTHENTICATED | REQUEST_ENCRYPTED;

const reader: Reader = changetype<Reader>(memory.data(offsetof<Reader>(), 8));
const aarq: Aarq = changetype<Aarq>(memory.data(offsetof<Aarq>(), 8));
const initiate: InitiateRequest = changetype<InitiateRequest>(memory.data(offsetof<InitiateRequest>(), 8));
const opened: Opened = changetype<Opened>(memory.data(offsetof<Opened>(), 8));
const titleOctets: usize = memory.data(8, 8);
const partnerKey: usize = ELLIPTIC ? memory.data(96, 8) : 0;

/** Template row of the association {client SAP, server SAP}, NONE when there is none that an AARQ opens. */
export function associationFind(clientSap: u32, serverSap: u32): u32 {
  const t = Template.of();
  for (let i: u32 = 0; i < <u32>t.associationCount; i++) {
    const a = t.association(i);
    if (<u32>a.clientSap == clientSap && <u32>a.serverSap == serverSap) return i;
  }
  return NONE;
}

/** Answers the AARQ of `size` octets at `at`. An association the slot had is over, whatever comes of this one. */
export function aarqServe(meter: Meter, slot: Slot, clientSap: u32, serverSap: u32, at: usize, size: u32): void {
  const framed = slot.confirmed == 0;
  slot.disassociate();
  slot.clientSap = clientSap;
  slot.serverSap = serverSap;
  const x = aarq;
  const r = reader.over(at, size);
  if (aarqParse(r, x) != Err.OK || r.remaining != 0 || x.informationAt == 0 || x.contextNameAt == 0) {
    aareProviderRefused(meter, slot, false);
    return;
  }
  if (!x.versionSupported) {
    aareProviderRefused(meter, slot, true);
    return;
  }
  slot.association = associationFind(clientSap, serverSap);
  const known = slot.association != NONE;
  // A pre-established association is there already; an AARQ for it changes nothing.
  if (!known || ((<u32>Template.of().association(slot.association).flags) & AssociationFlag.PRE_ESTABLISHED) != 0) {
    aareRefused(meter, slot, UserDiagnostic.NO_REASON_GIVEN, AssociationResult.REJECTED_PERMANENT);
    return;
  }
  if (x.authenticationRequired && guardWaits(meter, slot.association)) {
    aareRefused(meter, slot, UserDiagnostic.NO_REASON_GIVEN, AssociationResult.REJECTED_TRANSIENT);
    return;
  }
  const diagnostic = namesCheck(meter, slot, x);
  if (diagnostic == UserDiagnostic.AUTHENTICATION_FAILURE) authenticationRefused(meter, slot, slot.association);
  if (diagnostic != UserDiagnostic.NULL) {
    aareRefused(meter, slot, diagnostic, AssociationResult.REJECTED_PERMANENT);
    return;
  }
  if (!initiateOpen(meter, slot, x)) return;
  const error = initiateCheck(meter, slot);
  if (error >= 0) {
    aareInitiateError(meter, slot, error);
    return;
  }
  if (slot.confirmed == 0) slot.unconfirmed = framed ? Unconfirmed.FRAME : Unconfirmed.NO_RESPONSE;
  associate(meter, slot);
}

/** Steps 4 to 9 of opening an association: names, titles, mechanism, password or challenge. */
function namesCheck(meter: Meter, slot: Slot, x: Aarq): UserDiagnostic {
  const row = Template.of().association(slot.association);
  const context = objectIdentifierParse(x.contextNameAt, x.contextNameSize, NameKind.APPLICATION_CONTEXT);
  if (context < 0 || context > 7 || (((<u32>row.contexts) >> (<u32>context)) & 1) == 0)
    return UserDiagnostic.APPLICATION_CONTEXT_NAME_NOT_SUPPORTED;
  slot.context = context;
  const security = contextOf(slot.securitySetup(row));
  slot.security = security == NONE ? 0 : security;
  const mechanism = x.authenticationRequired ? mechanismOf(x) : <i32>Mechanism.LOWEST;
  const titleNeeded = contextCiphered(context) || mechanism >= <i32>Mechanism.HLS_GMAC;
  if (x.callingTitleAt != 0 && x.callingTitleSize == SYSTEM_TITLE_SIZE) {
    slot.clientTitle = load<u64>(x.callingTitleAt);
    slot.clientTitleKnown = 1;
  } else if (titleNeeded) {
    return UserDiagnostic.CALLING_AP_TITLE_NOT_RECOGNIZED;
  }
  if (!userCheck(meter, slot, row, x)) return UserDiagnostic.CALLING_AE_INVOCATION_ID_NOT_RECOGNIZED;
  const certified = !ELLIPTIC || certificateTake(meter, slot, x);
  const diagnostic = mechanismCheck(meter, slot, row, x, mechanism);
  return diagnostic == UserDiagnostic.NULL && !certified ? UserDiagnostic.AUTHENTICATION_FAILURE : diagnostic;
}

/** Takes the client's signing certificate where the AARQ brings one; false when it is not to be believed (GB9 9.4.2.2). */
function certificateTake(meter: Meter, slot: Slot, x: Aarq): bool {
  const brought =
    x.callingQualifierAt != 0 && x.callingQualifierSize != 0 && load<u8>(x.callingQualifierAt) == DER_SEQUENCE;
  if (!brought || !asymmetric(SecurityContext.of(meter, slot.security))) return true;
  const session = SlotSession.of(slot);
  session.touched = 1;
  store<u64>(titleOctets, slot.clientTitle);
  const at = x.callingQualifierAt;
  const type = CertificateType.DIGITAL_SIGNATURE;
  const size = x.callingQualifierSize;
  if (!certificateOffered(meter, slot.security, at, size, type, titleOctets, session.signingKey)) return false;
  session.signingKeyKnown = 1;
  return true;
}

/** Whether HLS-ECDSA can be done: the meter has a key to sign with, and knows the client's. */
function ecdsaReady(meter: Meter, slot: Slot): bool {
  if (ELLIPTIC) return signs(meter, slot.security) && signingKeyOf(meter, slot, slot.clientTitle, partnerKey);
  return false;
}

/** Step 6: where the association lists users, the AARQ must name one of them. */
function userCheck(meter: Meter, slot: Slot, row: AssociationRow, x: Aarq): bool {
  if (userCount(meter, row.object) == 0) return true;
  if (userFind(meter, row.object, x.userId) === null) return false;
  slot.user = <u32>(x.userId + 1);
  return true;
}

/** The mechanism named; Err.STATE when the name is missing, Err.UNKNOWN when it is no such name. */
function mechanismOf(x: Aarq): i32 {
  if (x.mechanismNameAt == 0) return Err.STATE;
  return objectIdentifierParse(x.mechanismNameAt, x.mechanismNameSize, NameKind.AUTHENTICATION_MECHANISM);
}

function mechanismCheck(meter: Meter, slot: Slot, row: AssociationRow, x: Aarq, mechanism: i32): UserDiagnostic {
  const lowestTaken = (row.mechanisms & 1) != 0;
  if (!x.authenticationRequired && !lowestTaken) return UserDiagnostic.AUTHENTICATION_REQUIRED;
  if (mechanism == <i32>Err.STATE) return UserDiagnostic.AUTHENTICATION_MECHANISM_NAME_REQUIRED;
  const offered = mechanism >= 0 && mechanism <= 7 && (((<u32>row.mechanisms) >> (<u32>mechanism)) & 1) != 0;
  if (!offered || functionMechanismOff(meter, mechanism))
    return UserDiagnostic.AUTHENTICATION_MECHANISM_NAME_NOT_RECOGNISED;
  slot.mechanism = mechanism;
  if (mechanism == <i32>Mechanism.LOWEST) return UserDiagnostic.NULL;
  const charstring = x.authenticationAt != 0 && x.authenticationChoice == AuthenticationValue.CHARSTRING;
  if (!charstring) return UserDiagnostic.AUTHENTICATION_FAILURE;
  if (mechanism == <i32>Mechanism.LLS)
    return llsSecretIs(meter, row, x.authenticationAt, x.authenticationSize)
      ? UserDiagnostic.NULL
      : UserDiagnostic.AUTHENTICATION_FAILURE;
  const ecdsa = mechanism == <i32>Mechanism.HLS_ECDSA;
  const least = ecdsa ? ECDSA_CHALLENGE_SIZE : CHALLENGE_SIZE_MIN;
  if (x.authenticationSize < least || x.authenticationSize > CHALLENGE_SIZE_MAX)
    return UserDiagnostic.AUTHENTICATION_FAILURE;
  if (ecdsa && !ecdsaReady(meter, slot)) return UserDiagnostic.AUTHENTICATION_FAILURE;
  memory.copy(slot.ctos, x.authenticationAt, <usize>x.authenticationSize);
  slot.ctosSize = x.authenticationSize;
  return UserDiagnostic.NULL;
}

/** Step 10: opens a ciphered InitiateRequest and parses it; false when the answer (an exception) has been given. */
function initiateOpen(meter: Meter, slot: Slot, x: Aarq): bool {
  let at = x.informationAt;
  let size = x.informationSize;
  if (size != 0 && isProtected(load<u8>(at))) {
    // No dedicated key is known before the InitiateRequest: those families find none.
    if (!contextCiphered(slot.context)) {
      refuseOpened(slot);
      return false;
    }
    const err = protectionOpen(meter, slot, at, size, opened);
    if (err != Err.OK) {
      openRefused(meter, slot, err);
      return false;
    }
    at = opened.at;
    size = opened.size;
  }
  if (!policyMetByUserInformation(meter, slot)) {
    refuseOpened(slot);
    return false;
  }
  if (initiateRequestParse(reader.over(at, size), initiate) != Err.OK) {
    aareInitiateError(meter, slot, InitiateError.OTHER);
    return false;
  }
  if (initiate.responseAllowed == 0) slot.confirmed = 0;
  return true;
}

function refuseOpened(slot: Slot): void {
  exceptionSend(slot, Refusal.NOT_POSSIBLE);
  slot.disassociate();
}

/** Step 11: version, dedicated key, conformance, sizes; the InitiateError, or -1 when all is well. */
function initiateCheck(meter: Meter, slot: Slot): i32 {
  const row = Template.of().association(slot.association);
  const x = initiate;
  if (x.version < DLMS_VERSION) return InitiateError.DLMS_VERSION_TOO_LOW;
  if (x.dedicatedKeyAt != 0) {
    // A key in clear is no key: the request must be authenticated and encrypted (GB9 9.2.3.3.7, CTT OPEN_9).
    const covered = (slot.protection & DEDICATED_KEY_COVER) == DEDICATED_KEY_COVER;
    const size = SecurityContext.of(meter, slot.security).keySize;
    if (!covered || x.dedicatedKeySize != size) return InitiateError.REFUSED_BY_VDE_HANDLER;
    memory.copy(slot.dedicatedKey, x.dedicatedKeyAt, <usize>x.dedicatedKeySize);
    slot.dedicatedSize = x.dedicatedKeySize;
  }
  slot.conformance = x.conformance & row.conformance;
  if (slot.conformance == 0) return InitiateError.INCOMPATIBLE_CONFORMANCE;
  if (x.pduSizeMax != 0 && x.pduSizeMax < PDU_SIZE_MIN) return InitiateError.PDU_SIZE_TOO_SHORT;
  const own = <u32>Template.of().apduSizeMax;
  slot.serverSizeMax = own;
  slot.clientSizeProposed = x.pduSizeMax;
  slot.clientSizeMax = x.pduSizeMax == 0 || x.pduSizeMax > own ? own : x.pduSizeMax;
  return -1;
}

/** Step 12: the association is up, or pending until pass 3 of HLS. */
function associate(meter: Meter, slot: Slot): void {
  const hls = slot.mechanism > <u32>Mechanism.LLS;
  if (hls && slot.unconfirmed != Unconfirmed.NO) {
    // Without an AARE there is no challenge to answer.
    slot.disassociate();
    return;
  }
  if (hls) {
    const size = slot.mechanism == <u32>Mechanism.HLS_ECDSA ? ECDSA_CHALLENGE_SIZE : STOC_SIZE;
    if (entropyTake(meter, slot.stoc, size) != Err.OK) {
      aareRefused(meter, slot, UserDiagnostic.NO_REASON_GIVEN, AssociationResult.REJECTED_TRANSIENT);
      return;
    }
    slot.stocSize = size;
  } else if (slot.mechanism == <u32>Mechanism.LLS) {
    authenticationPassed(meter, slot, slot.association);
  }
  slot.state = hls ? AssociationState.ASSOCIATION_PENDING : AssociationState.ASSOCIATED;
  aareAccepted(meter, slot, initiate.qualityOfService, initiate.shortTag);
}
