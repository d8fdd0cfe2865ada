/** One APDU in, at most one out: ACSE, protection, service (GB9 9.4). */
import { octetsSame } from "../base/octets";
import { Err } from "../base/err";
import { Reader } from "../base/reader";
import { contextsRefresh, contextsStale, SecurityContext } from "../session/keys";
import { AccessKind, AssociationState, Slot, Unconfirmed } from "../session/slot";
import { Meter } from "../store/block";
import { journalSequence } from "../store/journal";
import { Layout } from "../store/layout";
import { cipheredTagPlain } from "../wire/ciphered";
import { contextCiphered, contextShortNames } from "../wire/names";
import { ApduTag, Invoke } from "../wire/tags";
import { aareNoSlot } from "./aare";
import { aarqServe } from "./acse";
import { Transfer, TransferKind } from "./answer";
import { Blocks, BlocksState } from "./block_stream";
import { BlockEvent, blockNext, blocksEnd, blocksLose, blocksWrap, blockTake } from "./blocks";
import { inboxRelease } from "./inbox";
import { Conformance } from "../wire/conformance";
import { accessServe } from "./access";
import { actionServe } from "./action";
import { exceptionSend, Refusal } from "./exception";
import { getServe } from "./get";
import { isProtected, Opened, protectionOpen } from "./layer_open";
import { Layers, layersBegin, layersBroadcast } from "./layers";
import { policyMet } from "./protection";
import { preEstablish } from "./pre_established";
import { isHlsRead, readServe } from "./read";
import { authenticationPassed, authenticationRefused, openRefused } from "./refused";
import { rlrqServe } from "./release";
import { setServe } from "./set";
import { serviceOutside } from "./short_name";
import { writeServe } from "./write";

const reader: Reader = changetype<Reader>(memory.data(offsetof<Reader>(), 8));
const opened: Opened = changetype<Opened>(memory.data(offsetof<Opened>(), 8));

/** Tag of the service that the APDU at hand has come to, 0 = none. Scratch of one call. */
const ran: usize = memory.data(4);

/**
 * Serves the APDU of `size` octets at `at`, in the slot's inbound buffer. Afterwards the slot holds the answer,
 * outboundSize 0 = none.
 * @param confirmed 1 when the layer below can carry an answer (an I frame, a WPDU)
 * @returns whether it was a GET: a reading changes nothing that others wait for
 */
export function apduServe(
  meter: Meter,
  slotIndex: u32,
  clientSap: u32,
  serverSap: u32,
  at: usize,
  size: u32,
  confirmed: u32,
): bool {
  const slot = Slot.of(meter, slotIndex);
  store<u32>(ran, 0);
  slot.outboundSize = 0;
  slot.confirmed = confirmed;
  layersBegin(slot, SecurityContext.of(meter, slot.security).receiveLowest);
  slot.responseMode = 0;
  slot.viaBlocks = 0;
  slot.lastHeard = meter.lineTime;
  if (size != 0) {
    const tag = <u32>load<u8>(at);
    // Another APDU ends the exchange of blocks under way.
    if (tag != ApduTag.GENERAL_BLOCK_TRANSFER) blocksEnd(meter, slotIndex, slot);
    if (tag == ApduTag.AARQ) aarqServe(meter, slot, clientSap, serverSap, at, size);
    else if (tag == ApduTag.RLRQ) rlrqServe(meter, slot, at, size);
    else if (slot.state == AssociationState.NON_ASSOCIATED) preEstablish(meter, slot, clientSap, serverSap);
    if (tag != ApduTag.AARQ && tag != ApduTag.RLRQ) xdlmsServe(meter, slotIndex, slot, at, size);
  }
  Layers.reset();
  if (contextsStale(meter) && !actionAnswering(meter)) blocksLose(meter, contextsRefresh(meter));
  slot.dependsOn = journalSequence(meter);
  return load<u32>(ran) == ApduTag.GET_REQUEST;
}

/** Whether an answer to an ACTION still goes out in blocks: it may hold what its client needs for the new keys (key_agreement). */
function actionAnswering(meter: Meter): bool {
  const slots = Layout.of().slotCount;
  for (let i: u32 = 0; i < slots; i++) {
    const slot = Slot.of(meter, i);
    if (slot.state == AssociationState.NON_ASSOCIATED) continue;
    if (Transfer.of(slot).kind == TransferKind.ACTION) return true;
    const b = Blocks.of(slot);
    if (b.state == BlocksState.SENDING && load<u8>(b.apduHead) == ApduTag.ACTION_RESPONSE) return true;
  }
  return false;
}

/** An APDU that outgrew the inbound buffer. */
export function apduTooLong(meter: Meter, slotIndex: u32, confirmed: u32): void {
  const slot = Slot.of(meter, slotIndex);
  slot.confirmed = confirmed;
  exceptionSend(slot, Refusal.TOO_LONG);
  slot.dependsOn = journalSequence(meter);
}

/** Whether more blocks of an answer follow without a request. */
export function blockStreaming(slot: Slot): bool {
  const b = Blocks.of(slot);
  return b.state == BlocksState.SENDING && b.burst != 0;
}

/** Makes the next block of a stream the slot's outbound APDU. */
export function apduMore(meter: Meter, slotIndex: u32): void {
  const slot = Slot.of(meter, slotIndex);
  blockNext(meter, slotIndex, slot);
  slot.dependsOn = journalSequence(meter);
}

/** A service request of a client that has no association, while another one has the slot. */
export function apduOutside(meter: Meter, slotIndex: u32): void {
  const slot = Slot.of(meter, slotIndex);
  slot.confirmed = 1;
  exceptionSend(slot, Refusal.NOT_SUPPORTED);
  slot.dependsOn = journalSequence(meter);
}

/** An AARQ for which the connection has no slot left: refused for now, and nothing changes (GB9 9.4.2, result). */
export function apduNoSlot(meter: Meter, slotIndex: u32): void {
  const slot = Slot.of(meter, slotIndex);
  slot.confirmed = 1;
  aareNoSlot(slot);
  slot.dependsOn = journalSequence(meter);
}

/** Services of an open association, after their protection. */
function xdlmsServe(meter: Meter, slotIndex: u32, slot: Slot, at: usize, size: u32): void {
  if (load<u8>(at) == ApduTag.GENERAL_BLOCK_TRANSFER) {
    blocksServe(meter, slotIndex, slot, at, size);
    return;
  }
  const tag = <u32>load<u8>(at);
  if (!isProtected(tag)) {
    plainServe(meter, slotIndex, slot, at, size);
    return;
  }
  // An unconfirmed service is never answered, not even where its protection is wrong.
  if (cipheredTagPlain(tag) == ApduTag.UNCONFIRMED_WRITE_REQUEST) slot.confirmed = 0;
  const refusal = protectedRefusal(slot, tag);
  if (refusal != Refusal.NONE) {
    exceptionSend(slot, refusal);
    return;
  }
  const err = protectionOpen(meter, slot, at, size, opened);
  if (layersBroadcast()) slot.confirmed = 0;
  if (err != Err.OK) {
    openRefused(meter, slot, err);
    return;
  }
  plainServe(meter, slotIndex, slot, opened.at, opened.size);
}

/** Why a protected APDU is not even opened; NONE = it is. */
function protectedRefusal(slot: Slot, tag: u32): Refusal {
  if (slot.state == AssociationState.NON_ASSOCIATED) return Refusal.NOT_SUPPORTED;
  if (!contextCiphered(slot.context)) return Refusal.NOT_POSSIBLE;
  const general = tag == ApduTag.GENERAL_CIPHERING || tag == ApduTag.GENERAL_SIGNING;
  const offered = (slot.conformance & Conformance.GENERAL_PROTECTION) != 0;
  return general && !offered ? Refusal.NOT_SUPPORTED : Refusal.NONE;
}

/** A block of a general block transfer; the last one of a request brings the request itself, with its protection. */
function blocksServe(meter: Meter, slotIndex: u32, slot: Slot, at: usize, size: u32): void {
  const offered = (slot.conformance & Conformance.GENERAL_BLOCK_TRANSFER) != 0;
  if (slot.state != AssociationState.ASSOCIATED || !offered || slot.viaBlocks != 0) {
    const pending = slot.state == AssociationState.ASSOCIATION_PENDING;
    exceptionSend(slot, pending ? Refusal.NOT_POSSIBLE : Refusal.NOT_SUPPORTED);
    return;
  }
  if (blockTake(meter, slotIndex, slot, reader.over(at, size)) == BlockEvent.DONE) return;
  const from = Blocks.of(slot).inboxFrom;
  const requestSize = meter.inboxSize - from;
  // What is kept of the request moves down to what is there of a long one.
  meter.inboxSize = from;
  if (requestSize != 0) xdlmsServe(meter, slotIndex, slot, meter.inbox() + <usize>from, requestSize);
  const collects = Transfer.of(slot).collects;
  blocksWrap(meter, slotIndex, slot);
  if (!collects) inboxRelease(meter, slotIndex);
}

function plainServe(meter: Meter, slotIndex: u32, slot: Slot, at: usize, size: u32): void {
  const tag = <u32>load<u8>(at);
  if (tag == ApduTag.UNCONFIRMED_WRITE_REQUEST) slot.confirmed = 0;
  if (slot.state == AssociationState.NON_ASSOCIATED) {
    if (tag == ApduTag.READ_REQUEST || tag == ApduTag.WRITE_REQUEST) serviceOutside(slot);
    else exceptionSend(slot, Refusal.NOT_SUPPORTED);
    return;
  }
  const refusal = plainRefusal(meter, slot, tag, at, size);
  if (refusal != Refusal.NONE) {
    exceptionSend(slot, refusal);
    return;
  }
  accessCount(slot, tag);
  store<u32>(ran, tag);
  const r = reader.over(at, size);
  switch (tag) {
    case ApduTag.GET_REQUEST:
      getServe(meter, slotIndex, r);
      return;
    case ApduTag.SET_REQUEST:
      setServe(meter, slotIndex, r);
      return;
    case ApduTag.ACTION_REQUEST:
      actionRun(meter, slotIndex, slot, r);
      return;
    case ApduTag.ACCESS_REQUEST:
      accessServe(meter, slotIndex, r);
      return;
    default:
      if (contextShortNames(slot.context) && shortNameServe(meter, slotIndex, slot, tag, r)) return;
      unknownServe(slot, tag);
  }
}

/** Why a request of an association is not even read; NONE = it is. */
function plainRefusal(meter: Meter, slot: Slot, tag: u32, at: usize, size: u32): Refusal {
  if (!policyMet(meter, slot)) return Refusal.NOT_POSSIBLE;
  // Until pass 3 has succeeded nothing but reply_to_HLS_authentication is served.
  if (slot.state == AssociationState.ASSOCIATION_PENDING && !isHlsReply(slot, at, size)) return Refusal.NOT_POSSIBLE;
  if (isHeadless(tag, size)) return Refusal.NOT_SUPPORTED;
  return slot.unconfirmed != Unconfirmed.NO && asksConfirmation(tag, at) ? Refusal.NOT_POSSIBLE : Refusal.NONE;
}

/** Counts a request of an association. */
function accessCount(slot: Slot, tag: u32): void {
  let kind: u32 = AccessKind.WRITE;
  if (tag == ApduTag.GET_REQUEST || tag == ApduTag.READ_REQUEST) kind = AccessKind.READ;
  else if (tag == ApduTag.ACTION_REQUEST) kind = AccessKind.METHOD;
  else if (tag == ApduTag.ACCESS_REQUEST) kind = AccessKind.ANY;
  if (slot.state != AssociationState.ASSOCIATED) return;
  slot.accessKinds |= kind;
  slot.accesses = min<u32>(slot.accesses + 1, 0xffff);
}

/** Services of short name referencing; false for an APDU that is none of them. */
function shortNameServe(meter: Meter, slotIndex: u32, slot: Slot, tag: u32, r: Reader): bool {
  if (tag == ApduTag.READ_REQUEST) readRun(meter, slotIndex, slot, r);
  else if (tag == ApduTag.WRITE_REQUEST || tag == ApduTag.UNCONFIRMED_WRITE_REQUEST) writeServe(meter, slotIndex, r);
  else return false;
  return true;
}

/** Runs an ACTION, which may be pass 3 of HLS. */
function actionRun(meter: Meter, slotIndex: u32, slot: Slot, r: Reader): void {
  const association = slot.association;
  const pending = slot.state == AssociationState.ASSOCIATION_PENDING;
  actionServe(meter, slotIndex, r);
  if (pending) passThreeDone(meter, slot, association);
}

/** Runs a Read, which may be pass 3 of HLS. */
function readRun(meter: Meter, slotIndex: u32, slot: Slot, r: Reader): void {
  const association = slot.association;
  const pending = slot.state == AssociationState.ASSOCIATION_PENDING;
  readServe(meter, slotIndex, r);
  if (pending) passThreeDone(meter, slot, association);
}

/** What pass 3 of HLS has come to shows in the state of the association. */
function passThreeDone(meter: Meter, slot: Slot, association: u32): void {
  if (slot.state == AssociationState.ASSOCIATED) authenticationPassed(meter, slot, association);
  if (slot.state != AssociationState.NON_ASSOCIATED) return;
  authenticationRefused(meter, slot, association);
  slot.disassociate();
}

/** `C3 01 iid 000F 0000280000FF 01`: method 1 of the current association; with short names a Read of its name. */
const HLS_REPLY: usize = memory.data<u8>([0x00, 0x0f, 0x00, 0x00, 0x28, 0x00, 0x00, 0xff, 0x01]);

function isHlsReply(slot: Slot, at: usize, size: u32): bool {
  if (contextShortNames(slot.context)) return isHlsRead(slot, reader.over(at, size));
  if (size < 13 || load<u8>(at) != ApduTag.ACTION_REQUEST || load<u8>(at + 1) != 1) return false;
  return octetsSame(at + 3, HLS_REPLY, 9);
}

/** Whether a request is cut short before it says its service class: then it is answered like any other broken one. */
function isHeadless(tag: u32, size: u32): bool {
  switch (tag) {
    case ApduTag.GET_REQUEST:
    case ApduTag.SET_REQUEST:
    case ApduTag.ACTION_REQUEST:
      return size < 3;
    case ApduTag.ACCESS_REQUEST:
      return size < 5;
    default:
      return false;
  }
}

/** Whether a request is of service class confirmed. */
function asksConfirmation(tag: u32, at: usize): bool {
  switch (tag) {
    case ApduTag.GET_REQUEST:
    case ApduTag.SET_REQUEST:
    case ApduTag.ACTION_REQUEST:
      return ((<u32>load<u8>(at + 2)) & Invoke.CONFIRMED) != 0;
    case ApduTag.ACCESS_REQUEST:
      // The first octet of long-invoke-id-and-priority has the bit in the same place.
      return ((<u32>load<u8>(at + 1)) & Invoke.CONFIRMED) != 0;
    case ApduTag.READ_REQUEST:
    case ApduTag.WRITE_REQUEST:
      return true;
    default:
      return false;
  }
}

/** APDUs that exist but are not offered, and octets that are no APDU tag. */
function unknownServe(slot: Slot, tag: u32): void {
  switch (tag) {
    case ApduTag.READ_REQUEST:
    case ApduTag.WRITE_REQUEST:
      exceptionSend(slot, Refusal.NOT_SUPPORTED);
      return;
    // Responses and unconfirmed services that this server does not take: silence.
    case ApduTag.UNCONFIRMED_WRITE_REQUEST:
    case ApduTag.AARE:
    case ApduTag.RLRE:
    case ApduTag.EXCEPTION_RESPONSE:
    case ApduTag.CONFIRMED_SERVICE_ERROR:
    case ApduTag.GET_RESPONSE:
    case ApduTag.SET_RESPONSE:
    case ApduTag.ACTION_RESPONSE:
    case ApduTag.DATA_NOTIFICATION:
      slot.outboundSize = 0;
      return;
    default:
      exceptionSend(slot, Refusal.UNKNOWN);
  }
}
