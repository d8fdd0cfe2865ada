/**
 * How notifications leave. Those for TCP and UDP are handed to the host, which opens the connection and tells how it went; those
 * for HDLC, and events of an association, leave on the connection of their client (docs/ARCHITECTURE.md, sections 3 and 10).
 */
import { Err } from "../base/err";
import { EXCHANGE_SIZE, LLC_SIZE } from "../base/limits";
import { captureStopped } from "../cosem/capture";
import { Destination, Message, Push, pushDeadline, pushDestination, pushDue, Transport } from "../cosem/push";
import { HdlcConnection, LinkFlag, Reply } from "../link/hdlc_state";
import { hdlcSendUnconfirmed } from "../link/hdlc_transmit";
import { wrapperDatagram, WrapperEvent, WrapperEventKind } from "../link/wrapper";
import { eventCompose } from "../server/event_notification";
import {
  notificationAnswered,
  notificationBegin,
  notificationDeadline,
  notificationFailed,
  notificationHanded,
  notificationSent,
  Outbox,
  outboxSlotIndex,
  OutboxState,
} from "../server/notification";
import { Slot } from "../session/slot";
import { Meter } from "../store/block";
import { Layout } from "../store/layout";
import { NONE, PortKind, PortRow, Template } from "../store/template";
import { wrapperHeaderEmit, WRAPPER_HEADER_SIZE } from "../wire/wrapper";
import { hdlcConnection } from "./connection";
import { IN, OUT, Status } from "./regions";
import { seatRunning, timesTake } from "./seat";

/** deliverPoll: the connection that carried the last delivery is to be closed. */
const DELIVER_CLOSE: i32 = 0x10000;

/** Kinds of deliverEvent. */
const enum DeliverEvent {
  SENT = 1,
  FAILED = 2,
  /** Region IN holds what came back. */
  RECEIVED = 3,
}

const destination: Destination = changetype<Destination>(memory.data(offsetof<Destination>(), 8));
const event: WrapperEvent = changetype<WrapperEvent>(memory.data(offsetof<WrapperEvent>(), 8));

/** Does what is due: expired deliveries, windows that open, the next push. @returns whether there was anything */
export function notifyDue(meter: Meter): bool {
  if (captureStopped(meter)) return false;
  const deadline = notificationDeadline(meter);
  if (deadline != 0 && deadline <= meter.lineTime) {
    notificationFailed(meter);
    return true;
  }
  const next = pushDeadline(meter, isBusy(meter));
  if (next == 0 || next > meter.meterTime) return false;
  const index = pushDue(meter, isBusy(meter));
  if (index == NONE) return true;
  pushDestination(meter, Push.of(meter, index).object, destination);
  notificationBegin(meter, index, destination.transport == Transport.HDLC ? frameSizeMax(meter) : 0);
  return true;
}

/** Whether no push can go out now. */
function isBusy(meter: Meter): bool {
  return Outbox.of(meter).state != OutboxState.EMPTY;
}

/** Meter time of the next thing to do, ms; 0 = none. */
export function notifyDeadline(meter: Meter): f64 {
  return captureStopped(meter) ? 0 : pushDeadline(meter, isBusy(meter));
}

/** Line time at which a delivery under way counts as failed, ms; 0 = none. */
export function notifyLineDeadline(meter: Meter): f64 {
  return captureStopped(meter) ? 0 : notificationDeadline(meter);
}

/** Octets of an APDU that one UI frame of any line carries: the default information field, which every client takes. */
function frameSizeMax(meter: Meter): u32 {
  let size: u32 = EXCHANGE_SIZE;
  const t = Template.of();
  for (let i: u32 = 0; i < <u32>t.portCount; i++) {
    const port = t.port(i);
    if (port.kind != PortKind.HDLC) continue;
    size = min<u32>(size, hdlcConnection(meter, port, port.firstSlot).parameters.infoSizeTransmitMax - LLC_SIZE);
  }
  return size;
}

/** Whether the host has something to take with deliverPoll(). */
export function deliverWaits(meter: Meter): bool {
  const o = Outbox.of(meter);
  return o.closing != 0 || (o.state == OutboxState.READY && o.transport != Transport.HDLC);
}

/**
 * Next APDU for the host to deliver, in region OUT, and behind it the octets of the destination. Status words: sequence it
 * depends on; transport_service | message << 8; octets of the destination.
 * @returns octets of the APDU with its wrapper header (without for XML), 0 = none, DELIVER_CLOSE, or Err.STATE
 */
export function deliverPollSeat(seat: u32, lineTime: f64): i32 {
  const err = seatRunning(seat);
  if (err != Err.OK) return err;
  const meter = Meter.at(seat);
  if (timesTake(meter, lineTime, meter.meterTime) != Err.OK) return Err.STATE;
  const o = Outbox.of(meter);
  if (o.closing != 0) {
    o.closing = 0;
    return DELIVER_CLOSE;
  }
  if (!deliverWaits(meter)) return 0;
  const slot = Slot.of(meter, outboxSlotIndex());
  const found = pushDestination(meter, Push.of(meter, o.push).object, destination);
  const headSize: u32 = o.message == Message.A_XDR ? WRAPPER_HEADER_SIZE : 0;
  const size = headSize + slot.outboundSize;
  if (found != Err.OK || destination.size > EXCHANGE_SIZE - size) {
    // The destination was changed while the notification waited.
    notificationFailed(meter);
    return 0;
  }
  if (headSize != 0) wrapperHeaderEmit(OUT, slot.serverSap, slot.clientSap, slot.outboundSize);
  memory.copy(OUT + <usize>headSize, slot.outbound + <usize>slot.outboundOffset, <usize>slot.outboundSize);
  memory.copy(OUT + <usize>size, destination.at, <usize>destination.size);
  const status = Status.of();
  status.sequence = slot.dependsOn;
  status.address = o.transport | (o.message << 8);
  status.size = destination.size;
  notificationHanded(meter);
  return <i32>size;
}

/** Takes news of the delivery under way; see DeliverEvent. @returns 0 or Err.STATE */
export function deliverEventSeat(seat: u32, kind: i32, size: u32, lineTime: f64, meterTime: f64): i32 {
  const err = seatRunning(seat);
  if (err != Err.OK) return err;
  const meter = Meter.at(seat);
  if (size > EXCHANGE_SIZE || timesTake(meter, lineTime, meterTime) != Err.OK) return Err.STATE;
  switch (kind) {
    case DeliverEvent.SENT:
      notificationSent(meter);
      return Err.OK;
    case DeliverEvent.FAILED:
      notificationFailed(meter);
      return Err.OK;
    case DeliverEvent.RECEIVED:
      answerTake(meter, size);
      return Err.OK;
    default:
      return Err.STATE;
  }
}

/** A WPDU from the receiver, its wPorts those of the push the other way round. */
function answerTake(meter: Meter, size: u32): void {
  wrapperDatagram(IN, size, event);
  const slot = Slot.of(meter, outboxSlotIndex());
  const ours = event.clientWPort == slot.clientSap && event.serverWPort == slot.serverSap;
  if (event.kind == WrapperEventKind.APDU && ours) notificationAnswered(meter, event.apdu, event.size);
}

/** Whether an event waits for the client of some connection. */
export function notifyWaits(meter: Meter): bool {
  return Outbox.of(meter).eventCount != 0;
}

/** The next event for a client of the wrapper connection that begins with slot `first`, in region OUT. @returns octets, 0 = none */
export function notifyWrapper(meter: Meter, port: PortRow, first: u32): i32 {
  if (!notifyWaits(meter)) return 0;
  for (let i: u32 = 0; i < <u32>port.links; i++) {
    if (!eventCompose(meter, first + i, 0)) continue;
    const slot = Slot.of(meter, outboxSlotIndex());
    wrapperHeaderEmit(OUT, slot.serverSap, slot.clientSap, slot.outboundSize);
    memory.copy(OUT + <usize>WRAPPER_HEADER_SIZE, slot.outbound + <usize>slot.outboundOffset, <usize>slot.outboundSize);
    Status.of().sequence = slot.dependsOn;
    return <i32>(slot.outboundSize + WRAPPER_HEADER_SIZE);
  }
  return 0;
}

/**
 * Gives the link that holds the token what waits for its client: an event of its association, or a push over HDLC. It leaves in
 * the same call as a UI frame, behind which the token goes on as it would have.
 * @returns journal sequence that the frame depends on, 0 = there is none
 */
export function notifyHdlc(meter: Meter, port: PortRow, first: u32, c: HdlcConnection): u32 {
  const turn = <u32>c.line.turn;
  const o = Outbox.of(meter);
  if ((o.eventCount == 0 && o.state != OutboxState.READY) || turn == 0 || turn > <u32>port.links) return 0;
  const link = c.link(turn - 1);
  const reply = <Reply>c.line.reply;
  const carries = reply == Reply.SUPERVISORY || reply == Reply.DATA || reply == Reply.UNCONFIRMED;
  if (!carries || link.has(LinkFlag.BUSY) || link.outSize != 0 || link.unconfirmedSize != 0) return 0;
  const index = first + turn - 1;
  const slot = Slot.of(meter, outboxSlotIndex());
  const client = (<u32>link.client) >> 1;
  const pushed = o.state == OutboxState.READY && o.transport == Transport.HDLC && slot.clientSap == client;
  if (!pushed && !eventCompose(meter, index, <u32>c.parameters.infoSizeTransmitMax - LLC_SIZE)) return 0;
  // The outbox stands behind the slot of the link in the same block.
  const at = (outboxSlotIndex() - index) * Layout.of().slotSize + Layout.of().outboundAt + slot.outboundOffset;
  const sent = hdlcSendUnconfirmed(c, turn - 1, at, slot.outboundSize) == Err.OK;
  if (pushed && sent) notificationHanded(meter);
  else if (pushed) notificationFailed(meter);
  return sent ? slot.dependsOn : 0;
}

/** The frame has been built: of a push over HDLC the next block may take its place. */
export function notifyFrameBuilt(meter: Meter): void {
  const o = Outbox.of(meter);
  if (o.state == OutboxState.UNDER_WAY && o.transport == Transport.HDLC) notificationSent(meter);
}
