/** Octets in, octets out: the connections of a meter (docs/ARCHITECTURE.md, section 3). */
import { Err } from "../base/err";
import { EXCHANGE_SIZE, LLC_SIZE } from "../base/limits";
import { octetsClear } from "../base/octets";
import { portClosed } from "../cosem/port_protection";
import { HdlcConnection, HdlcEventKind, Reply } from "../link/hdlc_state";
import { hdlcOpen, hdlcReceive } from "../link/hdlc_receive";
import { hdlcSend, hdlcSendMore, hdlcTransmit } from "../link/hdlc_transmit";
import { wrapperDatagramReceive, WrapperEventKind, wrapperOpen, wrapperReceive } from "../link/wrapper";
import { apduMore, apduNoSlot, apduOutside, apduTooLong, blockStreaming } from "../server/apdu";
import { entropyWanted } from "../session/entropy";
import { AssociationState, Slot, SLOT_LINK_SIZE, Unconfirmed } from "../session/slot";
import { Meter } from "../store/block";
import { journalSequence } from "../store/journal";
import { Layout, SLOT_SIGN_ON_SIZE } from "../store/layout";
import { NONE, PortFlag, PortKind, PortRow, Template } from "../store/template";
import { ApduTag } from "../wire/tags";
import { wrapperHeaderEmit, WRAPPER_HEADER_SIZE } from "../wire/wrapper";
import { communicationEnd, communicationServe } from "./communication";
import { notifyFrameBuilt, notifyHdlc, notifyWaits, notifyWrapper } from "./notify";
import { hdlcConnection, hdlcEvent, wrapperEvent, wrapperLine } from "./connection";
import { identificationTake, identificationTransmit } from "./identification";
import { opticalFollow, opticalOwns, opticalReceive, opticalSent, opticalTransmit } from "./optical";
import { Optical } from "./optical_state";
import { IN, News, OUT, Status } from "./regions";
import { portOf, portRow, seatRunning, timesTake, timeValid } from "./seat";

/** What transmitPoll returns beside octets. */
export const TRANSMIT_CLOSE: i32 = 0x10000;

/** Kinds of lineEvent. */
const enum LineEvent {
  OPENED = 1,
  CLOSED = 2,
  SENT = 3,
  REFUSED = 4,
  /** Opened by this device, which so answers the CALLING address too (GB9 8.4.2.5). */
  CALLED = 5,
}

/** Slot.open: the host shall close the connection. */
const OPEN: u32 = 1;
const CLOSING: u32 = 2;

/** Empties the slots of a connection; `open` is their new state. */
function slotsReset(meter: Meter, port: PortRow, first: u32, open: u32): void {
  for (let i: u32 = 0; i < <u32>port.links; i++) {
    const slot = Slot.of(meter, first + i);
    communicationEnd(meter, first + i);
    slot.disassociate();
    // What no client has used stays unwritten: only the first slot says whether the connection is open.
    if (slot.outboundSize != 0) slot.outboundSize = 0;
    if (((<u32>port.flags) & PortFlag.LOCAL) != 0) slot.local = 1;
    octetsClear(slot.link, SLOT_LINK_SIZE);
  }
  Slot.of(meter, first).open = open;
  octetsClear(changetype<usize>(Optical.of(meter, first)), SLOT_SIGN_ON_SIZE);
}

/** Ends a connection from this side: its associations are over, the host is told to close it. */
export function connectionClose(meter: Meter, port: PortRow, first: u32): void {
  slotsReset(meter, port, first, CLOSING);
}

/** Takes news of a connection. @returns 0 or Err.STATE */
export function lineEventSeat(seat: u32, first: u32, kind: i32, lineTime: f64, meterTime: f64): i32 {
  const err = seatRunning(seat);
  if (err != Err.OK) return err;
  const meter = Meter.at(seat);
  const port = portOf(first);
  if (port == NONE || timesTake(meter, lineTime, meterTime) != Err.OK) return Err.STATE;
  switch (kind) {
    case LineEvent.OPENED:
    case LineEvent.CALLED:
      slotsReset(meter, portRow(port), first, OPEN);
      if (portRow(port).kind == PortKind.HDLC) hdlcOpen(hdlcConnection(meter, portRow(port), first));
      else wrapperOpen(wrapperLine(meter, first), meter.lineTime);
      if (kind == LineEvent.CALLED && portRow(port).kind == PortKind.HDLC)
        hdlcConnection(meter, portRow(port), first).line.calling = 1;
      return Err.OK;
    case LineEvent.CLOSED:
      slotsReset(meter, portRow(port), first, 0);
      return Err.OK;
    case LineEvent.SENT:
      if (portRow(port).kind == PortKind.HDLC && Slot.of(meter, first).open == OPEN)
        opticalSent(meter, portRow(port), first, hdlcConnection(meter, portRow(port), first));
      return Err.OK;
    case LineEvent.REFUSED:
      return Err.OK;
    default:
      return Err.STATE;
  }
}

/** Takes octets of a connection from region IN. @returns octets consumed, or Err.STATE */
export function receiveSeat(seat: u32, first: u32, size: u32, lineTime: f64, meterTime: f64): i32 {
  const err = seatRunning(seat);
  if (err != Err.OK) return err;
  const meter = Meter.at(seat);
  const port = portOf(first);
  Status.of().news = News.EVERYTHING;
  if (port == NONE || size > EXCHANGE_SIZE || timesTake(meter, lineTime, meterTime) != Err.OK) return Err.STATE;
  const open = Slot.of(meter, first).open;
  if (open == CLOSING) return size;
  if (open != OPEN) return Err.STATE;
  if (portClosed(meter, port)) {
    // Nobody is heard on it; what the meter sends unasked goes out all the same.
    if (portRow(port).kind == PortKind.WRAPPER) connectionClose(meter, portRow(port), first);
    return size;
  }
  return portRow(port).kind == PortKind.HDLC
    ? <i32>hdlcTake(meter, portRow(port), first, size)
    : <i32>wrapperTake(meter, portRow(port), first, size);
}

function hdlcTake(meter: Meter, port: PortRow, first: u32, size: u32): u32 {
  const c = hdlcConnection(meter, port, first);
  if (opticalOwns(meter, port, first, c)) return opticalReceive(meter, port, first, size);
  if (identificationTake(meter, port, first, c, size)) return size;
  const consumed = hdlcReceive(c, IN, size, meter.lineTime, hdlcEvent);
  hdlcHandle(meter, c, first);
  opticalFollow(meter, port, first, c, hdlcEvent);
  return consumed;
}

/** Does what the event of the link asks for; false when there was none. */
function hdlcHandle(meter: Meter, c: HdlcConnection, first: u32): bool {
  const e = hdlcEvent;
  if (e.kind == HdlcEventKind.NONE) return false;
  const index = first + e.link;
  const slot = Slot.of(meter, index);
  // Whoever had a link that was given to another pair of addresses has lost it with all that was associated.
  for (let k: u32 = 0; k < c.links; k++) {
    if (((e.reboundLinks >> k) & 1) != 0) associationEnd(meter, first + k);
  }
  if (e.kind == HdlcEventKind.LINK_UP || e.kind == HdlcEventKind.LINK_DOWN) linkEnd(meter, index);
  if (e.kind == HdlcEventKind.APDU && e.confirmed == 0) {
    hdlcUnconfirmed(meter, c, first);
  } else if (e.kind == HdlcEventKind.APDU) {
    communicationServe(meter, index, e.clientSap, e.serverSap, e.apdu, e.size, 1);
    hdlcAnswer(c, e.link, slot);
  } else if (e.kind == HdlcEventKind.TOO_LONG) {
    apduTooLong(meter, index, e.confirmed != 0 ? 1 : 0);
    if (e.confirmed != 0) hdlcAnswer(c, e.link, slot);
  }
  return true;
}

/** The data link connection of a slot has begun or ended: an association opened in a UI frame does not depend on it. */
export function linkEnd(meter: Meter, index: u32): void {
  if (Slot.of(meter, index).unconfirmed != Unconfirmed.FRAME) associationEnd(meter, index);
}

function associationEnd(meter: Meter, index: u32): void {
  communicationEnd(meter, index);
  Slot.of(meter, index).disassociate();
}

/** Serves the APDU of a UI frame to each logical device that it was for; none of them answers (GB9 8.4.5.4.7). */
function hdlcUnconfirmed(meter: Meter, c: HdlcConnection, first: u32): void {
  const e = hdlcEvent;
  for (let k: u32 = 0; k < c.links; k++) {
    if (((e.links >> k) & 1) == 0) continue;
    const apdu = c.slot(k) + <usize>(c.inboundAt + LLC_SIZE);
    communicationServe(meter, first + k, e.clientSap, c.link(k).upper, apdu, e.size, 0);
  }
}

function hdlcAnswer(c: HdlcConnection, link: u32, slot: Slot): void {
  hdlcSend(c, link, Layout.of().outboundAt + slot.outboundOffset, slot.outboundSize);
}

function wrapperTake(meter: Meter, port: PortRow, first: u32, size: u32): u32 {
  const head = Slot.of(meter, first);
  const capacity = <u32>Template.of().apduSizeMax;
  const e = wrapperEvent;
  const line = wrapperLine(meter, first);
  let consumed = size;
  if (port.kind == PortKind.WRAPPER_UDP)
    wrapperDatagramReceive(line, IN, size, head.inbound, capacity, meter.lineTime, e);
  else consumed = wrapperReceive(line, IN, size, head.inbound, capacity, meter.lineTime, e);
  if (e.kind == WrapperEventKind.CLOSE) {
    connectionClose(meter, port, first);
    return size;
  }
  if (e.kind == WrapperEventKind.NONE || !associationServed(e.serverWPort)) return consumed;
  const index = wrapperSlot(meter, port, first, e.clientWPort, e.serverWPort);
  const slot = Slot.of(meter, index);
  slot.wireClient = e.clientWPort;
  slot.wireServer = e.serverWPort;
  if (e.kind == WrapperEventKind.TOO_LONG) {
    apduTooLong(meter, index, 1);
    return consumed;
  }
  const foreign = slot.state != AssociationState.NON_ASSOCIATED && !pairIs(slot, e.clientWPort, e.serverWPort);
  if (foreign) {
    // A connection with one association gives it to whoever asks last; one with several keeps what it has.
    const opens = e.size != 0 && load<u8>(head.inbound) == ApduTag.AARQ;
    if (!opens) apduOutside(meter, index);
    else if (port.links > 1) apduNoSlot(meter, index);
    if (!opens || port.links > 1) return consumed;
  }
  const sequence = journalSequence(meter);
  const read = communicationServe(meter, index, e.clientWPort, e.serverWPort, head.inbound, e.size, 1);
  // A reading leaves its answer and, by what it drew of the seed, a wish: the line's deadline can only be later. One that used up counters left a record.
  if (read && journalSequence(meter) == sequence)
    Status.of().news = News.TRANSMIT | (entropyWanted(meter) ? News.OUTPUT : 0);
  return consumed;
}

/** Whether any association is offered on a server SAP; a WPDU to another one is dropped. */
function associationServed(serverSap: u32): bool {
  const t = Template.of();
  for (let i: u32 = 0; i < <u32>t.associationCount; i++) {
    if (<u32>t.association(i).serverSap == serverSap) return true;
  }
  return false;
}

function pairIs(slot: Slot, client: u32, server: u32): bool {
  return slot.clientSap == client && slot.serverSap == server;
}

/** The connection's slot of a pair of wPorts: its own, else a free one, else the first. */
function wrapperSlot(meter: Meter, port: PortRow, first: u32, client: u32, server: u32): u32 {
  let free = NONE;
  for (let i: u32 = 0; i < <u32>port.links; i++) {
    const slot = Slot.of(meter, first + i);
    const up = slot.state != AssociationState.NON_ASSOCIATED;
    if (up && pairIs(slot, client, server)) return first + i;
    if (!up && free == NONE) free = first + i;
  }
  return free == NONE ? first : free;
}

/** Next item of a connection, in region OUT. @returns octets, 0 = none, TRANSMIT_CLOSE, or Err.STATE */
export function transmitPollSeat(seat: u32, first: u32, lineTime: f64): i32 {
  const err = seatRunning(seat);
  if (err != Err.OK) return err;
  const meter = Meter.at(seat);
  const port = portOf(first);
  if (port == NONE || !timeValid(lineTime)) return Err.STATE;
  const open = Slot.of(meter, first).open;
  Status.of().sequence = 0;
  Status.of().news = News.EVERYTHING;
  if (open == CLOSING) {
    slotsReset(meter, portRow(port), first, 0);
    return TRANSMIT_CLOSE;
  }
  if (open != OPEN) return 0;
  return portRow(port).kind == PortKind.HDLC
    ? hdlcNext(meter, portRow(port), first, lineTime)
    : wrapperNext(meter, portRow(port), first);
}

/** The next frame; octets the line has collected but not judged are judged when nothing else is to be sent. */
function hdlcNext(meter: Meter, port: PortRow, first: u32, lineTime: f64): i32 {
  const c = hdlcConnection(meter, port, first);
  if (opticalOwns(meter, port, first, c)) return opticalTransmit(meter, port, first, lineTime);
  const identified = identificationTransmit(meter, first);
  if (identified != 0) return identified;
  hdlcStream(meter, port, first, c);
  // A frame may carry any link's APDU: it waits for the newest change any of them shows.
  let sequence = notifyHdlc(meter, port, first, c);
  let size = hdlcTransmit(c, OUT, EXCHANGE_SIZE);
  notifyFrameBuilt(meter);
  if (size == 0) {
    hdlcReceive(c, IN, 0, meter.lineTime, hdlcEvent);
    if (!hdlcHandle(meter, c, first)) return 0;
    sequence = notifyHdlc(meter, port, first, c);
    size = hdlcTransmit(c, OUT, EXCHANGE_SIZE);
    notifyFrameBuilt(meter);
  }
  for (let i: u32 = 0; i < <u32>port.links; i++) {
    const depends = Slot.of(meter, first + i).dependsOn;
    if (depends > sequence) sequence = depends;
  }
  Status.of().sequence = sequence;
  return size;
}

/** A link whose client has acknowledged a block of a stream sends the next one instead of RR. */
function hdlcStream(meter: Meter, port: PortRow, first: u32, c: HdlcConnection): void {
  const turn = <u32>c.line.turn;
  if (turn == 0 || turn > <u32>port.links || c.link(turn - 1).outSize != 0) return;
  const index = first + turn - 1;
  const slot = Slot.of(meter, index);
  if (!blockStreaming(slot) || <Reply>c.line.reply != Reply.SUPERVISORY) return;
  apduMore(meter, index);
  hdlcSendMore(c, turn - 1, Layout.of().outboundAt + slot.outboundOffset, slot.outboundSize);
}

function wrapperNext(meter: Meter, port: PortRow, first: u32): i32 {
  for (let i: u32 = 0; i < <u32>port.links; i++) {
    const slot = Slot.of(meter, first + i);
    const waits = slot.outboundSize != 0;
    if (!waits && blockStreaming(slot)) apduMore(meter, first + i);
    const size = slot.outboundSize;
    if (size == 0) continue;
    // Nothing is made here, and nothing waits behind it.
    if (waits && port.links == 1 && !blockStreaming(slot) && !notifyWaits(meter)) Status.of().news = 0;
    wrapperHeaderEmit(OUT, slot.wireServer, slot.wireClient, size);
    memory.copy(OUT + <usize>WRAPPER_HEADER_SIZE, slot.outbound + <usize>slot.outboundOffset, <usize>size);
    slot.outboundSize = 0;
    Status.of().sequence = slot.dependsOn;
    return <i32>(size + WRAPPER_HEADER_SIZE);
  }
  return notifyWrapper(meter, port, first);
}
