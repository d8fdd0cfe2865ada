/** The AARE, for each outcome of an AARQ. */
import { Err } from "../base/err";
import { SYSTEM_TITLE_SIZE } from "../base/limits";
import { Writer } from "../base/writer";
import { ELLIPTIC } from "../base/suites";
import { ownCertificateRow } from "../session/certificates";
import { SecurityContext } from "../session/keys";
import { SecurityOption, securityOption } from "../session/options";
import { AssociationState, Slot } from "../session/slot";
import { SlotSession } from "../session/slot_session";
import { Meter } from "../store/block";
import { PROTECTION_ROOM } from "../store/layout";
import { NONE, Template } from "../store/template";
import { valueAt, valueSize } from "../store/values";
import { Aare, aareEmit } from "../wire/acse_aare";
import { confirmedServiceErrorEmit } from "../wire/exception";
import { DLMS_VERSION, InitiateResponse, initiateResponseEmit, VAA_NAME_LN, VAA_NAME_SN } from "../wire/initiate";
import {
  ApplicationContext,
  contextCiphered,
  contextShortNames,
  Mechanism,
  NameKind,
  objectIdentifierEmit,
} from "../wire/names";
import {
  AssociationResult,
  DiagnosticSource,
  InitiateError,
  ProviderDiagnostic,
  ServiceErrorChoice,
  ServiceErrorService,
  UserDiagnostic,
} from "../wire/results";
import { CertificateType } from "../wire/x509";
import { exceptionSend, Refusal } from "./exception";
import { protectionSend } from "./protection";
import { responseBegin } from "./response";

/** Octets of user-information: an InitiateResponse under all the protection there is room for. */
const INFORMATION_SIZE: u32 = 512;

const writer: Writer = changetype<Writer>(memory.data(offsetof<Writer>(), 8));
const aare: Aare = changetype<Aare>(memory.data(offsetof<Aare>(), 8));
const response: InitiateResponse = changetype<InitiateResponse>(memory.data(offsetof<InitiateResponse>(), 8));
const contextName: usize = memory.data(8);
const mechanismName: usize = memory.data(8);
const title: usize = memory.data(8, 8);
/** The user-information of the answer at hand. */
export const information: usize = memory.data(512, 8);

/** The context an AARE names: the negotiated one, or the plainest one the association supports. */
function contextNamed(slot: Slot): u32 {
  if (slot.context != 0) return slot.context;
  const known = slot.association != NONE && slot.association < <u32>Template.of().associationCount;
  const offered = known ? <u32>Template.of().association(slot.association).contexts : 0;
  return offered == 0 ? ApplicationContext.LOGICAL_NAME : ctz<u32>(offered);
}

/** Begins an AARE with a result. */
function begin(slot: Slot, result: AssociationResult, source: DiagnosticSource, diagnostic: u32): Aare {
  const x = aare.clear();
  objectIdentifierEmit(writer.into(contextName, 7), NameKind.APPLICATION_CONTEXT, contextNamed(slot));
  x.contextNameAt = contextName;
  x.contextNameSize = 7;
  x.result = result;
  x.source = source;
  x.diagnostic = diagnostic;
  return x;
}

/** Writes the AARE to the slot, plain: only user-information is ever protected. */
function send(slot: Slot, x: Aare): void {
  slot.outboundSize = 0;
  if (slot.confirmed == 0) return;
  const w = responseBegin(slot);
  aareEmit(w, x);
  slot.outboundOffset = PROTECTION_ROOM;
  slot.outboundSize = w.size;
}

/** Writes an InitiateResponse to `information`; returns its octets. */
function initiateResponse(slot: Slot, qualityOfService: i32, shortTag: u32): u32 {
  const x = response;
  x.qualityOfService = qualityOfService;
  x.version = DLMS_VERSION;
  x.conformance = slot.conformance;
  x.shortTag = shortTag;
  x.pduSizeMax = Template.of().apduSizeMax;
  x.vaaName = contextShortNames(contextNamed(slot)) ? VAA_NAME_SN : VAA_NAME_LN;
  const w = writer.into(information, INFORMATION_SIZE);
  initiateResponseEmit(w, x);
  return w.size;
}

/** Accepted. With HLS the diagnostic asks for authentication and the challenge goes along. */
export function aareAccepted(meter: Meter, slot: Slot, qualityOfService: i32, shortTag: u32): void {
  const hls = slot.state == AssociationState.ASSOCIATION_PENDING;
  const diagnostic = hls ? UserDiagnostic.AUTHENTICATION_REQUIRED : UserDiagnostic.NULL;
  let size = initiateResponse(slot, qualityOfService, shortTag);
  if (contextCiphered(slot.context)) {
    size = seal(meter, slot, size);
    if (size == 0) {
      exceptionSend(slot, Refusal.OTHER_REASON);
      slot.disassociate();
      return;
    }
  }
  const x = begin(slot, AssociationResult.ACCEPTED, DiagnosticSource.ACSE_SERVICE_USER, diagnostic);
  if (contextCiphered(slot.context) || slot.mechanism >= <u32>Mechanism.HLS_GMAC) {
    store<u64>(title, SecurityContext.of(meter, slot.security).title);
    x.respondingTitleAt = title;
    x.respondingTitleSize = SYSTEM_TITLE_SIZE;
  }
  if (hls) {
    objectIdentifierEmit(writer.into(mechanismName, 7), NameKind.AUTHENTICATION_MECHANISM, slot.mechanism);
    x.authenticationRequired = 1;
    x.mechanismNameAt = mechanismName;
    x.mechanismNameSize = 7;
    x.authenticationAt = slot.stoc;
    x.authenticationSize = slot.stocSize;
  }
  x.informationAt = information;
  x.informationSize = size;
  if (ELLIPTIC && slot.mechanism == <u32>Mechanism.HLS_ECDSA) certificateAdd(meter, slot, x);
  send(slot, x);
}

/** The meter's signing certificate goes along when the client sent its own, or always, as the template says (GB9 9.4.2.2). */
function certificateAdd(meter: Meter, slot: Slot, x: Aare): void {
  const asked = SlotSession.of(slot).signingKeyKnown != 0;
  if (!asked && !securityOption(SecurityOption.CERTIFICATE_ALWAYS)) return;
  const row = ownCertificateRow(meter, slot.security, CertificateType.DIGITAL_SIGNATURE);
  if (row == NONE) return;
  x.respondingQualifierAt = valueAt(meter, row);
  x.respondingQualifierSize = valueSize(meter, row);
}

/** Protects the InitiateResponse as its request was; returns the octets in `information`, 0 when that cannot be done. */
function seal(meter: Meter, slot: Slot, size: u32): u32 {
  memory.copy(slot.plainOutbound, information, <usize>size);
  const err = protectionSend(meter, slot, size);
  const sealed = slot.outboundSize;
  slot.outboundSize = 0;
  if (err != Err.OK || sealed > INFORMATION_SIZE) return 0;
  memory.copy(information, slot.outbound + <usize>slot.outboundOffset, <usize>sealed);
  return sealed;
}

/** The InitiateResponse of an RLRE, protected as its RLRQ was; returns its octets, 0 when no counter is left. */
export function informationSealed(meter: Meter, slot: Slot): u32 {
  return seal(meter, slot, initiateResponse(slot, -1, 0));
}

/** Refused by the ACSE user; user-information says what the association would offer. */
export function aareRefused(meter: Meter, slot: Slot, diagnostic: UserDiagnostic, result: AssociationResult): void {
  if (slot.association != NONE) slot.conformance = Template.of().association(slot.association).conformance;
  const x = begin(slot, result, DiagnosticSource.ACSE_SERVICE_USER, diagnostic);
  x.informationSize = initiateResponse(slot, -1, 0);
  x.informationAt = information;
  send(slot, x);
  slot.disassociate();
}

/** Refused by the ACSE provider: not understood, or no common version. */
export function aareProviderRefused(meter: Meter, slot: Slot, version: bool): void {
  slot.association = NONE;
  const diagnostic = version ? ProviderDiagnostic.NO_COMMON_ACSE_VERSION : ProviderDiagnostic.NO_REASON_GIVEN;
  send(slot, begin(slot, AssociationResult.REJECTED_PERMANENT, DiagnosticSource.ACSE_SERVICE_PROVIDER, diagnostic));
  slot.disassociate();
}

/** The xDLMS context is refused: user-information carries the confirmedServiceError. */
export function aareInitiateError(meter: Meter, slot: Slot, error: InitiateError): void {
  const user = DiagnosticSource.ACSE_SERVICE_USER;
  const x = begin(slot, AssociationResult.REJECTED_PERMANENT, user, UserDiagnostic.NO_REASON_GIVEN);
  const w = writer.into(information, INFORMATION_SIZE);
  confirmedServiceErrorEmit(w, ServiceErrorService.INITIATE, ServiceErrorChoice.INITIATE, error);
  x.informationAt = information;
  x.informationSize = w.size;
  send(slot, x);
  slot.disassociate();
}

/** Rejected-transient for another client's AARQ: the association in the slot stays, and nothing of it is told. */
export function aareNoSlot(slot: Slot): void {
  const x = aare.clear();
  objectIdentifierEmit(writer.into(contextName, 7), NameKind.APPLICATION_CONTEXT, ApplicationContext.LOGICAL_NAME);
  x.contextNameAt = contextName;
  x.contextNameSize = 7;
  x.result = AssociationResult.REJECTED_TRANSIENT;
  x.source = DiagnosticSource.ACSE_SERVICE_USER;
  x.diagnostic = UserDiagnostic.NO_REASON_GIVEN;
  send(slot, x);
}
