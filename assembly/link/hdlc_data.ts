/** Information either way: acknowledgement, assembly of LPDUs, UI (GB9 8.4.5.4), and frame rejection (GB9 8.4.5.4.6). */
import { LLC_SIZE } from "../base/limits";
import { HDLC_ALL_STATION } from "../wire/hdlc_address";
import { HDLC_POLL_FINAL } from "../wire/hdlc_control";
import { HdlcFrame } from "../wire/hdlc_frame";
import { NO_LINK, hdlcLinkAllocate, hdlcLinkFind, hdlcServerRemember } from "./hdlc_connect";
import { HdlcConnection, HdlcEvent, HdlcEventKind, HdlcLink, HdlcState, LinkFlag, Reply } from "./hdlc_state";

/** Modulo 8. */
const MODULO_MASK: u32 = 7;

/** Whether N(R) acknowledges only frames that were sent and were not acknowledged before. */
export function hdlcNrValid(link: HdlcLink, nr: u32): bool {
  return ((nr - link.va) & MODULO_MASK) <= ((<u32>link.vs - link.va) & MODULO_MASK);
}

/**
 * Takes N(R): frames before it are acknowledged, the one it names is sent next, whether it was lost or never sent.
 * @returns what the client gets when it polls
 */
export function hdlcAcknowledge(link: HdlcLink, nr: u32): Reply {
  const frames = (nr - <u32>link.va) & MODULO_MASK;
  link.va = <u8>nr;
  link.vx = <u8>nr;
  if (link.outSize != 0) {
    link.acked += frames * <u32>link.infoTransmit;
    if (link.acked >= link.outSize) link.outSize = 0;
  }
  // While the caller makes its answer the client may poll again: it learns that we are here, and polls once more.
  return link.has(LinkFlag.BUSY) || link.outSize == 0 ? Reply.SUPERVISORY : Reply.DATA;
}

/** Whether the LLC octets of a request stand at `at` (GB9 8.3.2): to us or to all, from a client. */
function llcValid(at: usize): bool {
  const destination = <u32>load<u8>(at);
  return (destination == 0xe6 || destination == 0xff) && load<u8>(at, 1) == 0xe6 && load<u8>(at, 2) == 0;
}

/**
 * Takes the information of the I frame expected next and, with its last segment, tells of the LPDU. An own LPDU that is still
 * to be sent or acknowledged goes first: the information is then not taken, N(R) says so, and the client sends it again.
 */
export function hdlcAccept(c: HdlcConnection, k: u32, f: HdlcFrame, event: HdlcEvent): Reply {
  const link = c.link(k);
  if (link.has(LinkFlag.BUSY)) return Reply.SUPERVISORY;
  if (link.outSize != 0) return Reply.DATA;
  link.vr = <u8>((link.vr + 1) & MODULO_MASK);
  const room = c.inboundCapacity - link.assembled;
  if (f.infoSize > room) link.set(LinkFlag.TOO_LONG);
  const size = min<u32>(f.infoSize, room);
  memory.copy(c.slot(k) + <usize>(c.inboundAt + link.assembled), f.info, <usize>size);
  link.assembled += size;
  if (f.segmented == 0) lpduTell(c, k, event);
  return Reply.DATA;
}

/** The last segment is there: tells of the APDU unless the LLC is not that of a request. */
function lpduTell(c: HdlcConnection, k: u32, event: HdlcEvent): void {
  const link = c.link(k);
  const lpdu = c.slot(k) + <usize>c.inboundAt;
  const size = link.assembled;
  const long = link.has(LinkFlag.TOO_LONG);
  link.assembled = 0;
  link.clear(LinkFlag.TOO_LONG);
  if (size <= LLC_SIZE || !llcValid(lpdu)) return;
  link.set(LinkFlag.BUSY);
  event.tell(long ? HdlcEventKind.TOO_LONG : HdlcEventKind.APDU, k, link);
  event.apdu = lpdu + <usize>LLC_SIZE;
  event.size = size - LLC_SIZE;
  event.confirmed = 1;
}

/**
 * UI: an LPDU in one frame, with or without a connection, never answered. Empty with P = 1 it lends the token for an event
 * notification (GB9 8.4.5.4.7). While an LPDU of I frames is in the buffer it is lost, as UI may be. To all stations it is for
 * every logical device.
 */
export function hdlcDeliver(
  c: HdlcConnection,
  f: HdlcFrame,
  upper: u32,
  group: bool,
  time: f64,
  event: HdlcEvent,
): void {
  if (upper != HDLC_ALL_STATION) {
    deliverTo(c, f, upper, group, time, event);
    return;
  }
  for (let i: u32 = 0; i <= c.parameters.deviceCount; i++) deliverTo(c, f, c.parameters.device(i), group, time, event);
}

/** Delivers a UI frame to one logical device. */
function deliverTo(c: HdlcConnection, f: HdlcFrame, upper: u32, group: bool, time: f64, event: HdlcEvent): void {
  const poll = (f.control & HDLC_POLL_FINAL) != 0;
  const trigger = f.infoSize == 0 && poll;
  const whole = f.segmented == 0 && f.infoSize > LLC_SIZE && f.infoSize <= c.inboundCapacity && llcValid(f.info);
  const known = hdlcLinkFind(c, load<u8>(f.source), upper);
  let k = known;
  if (k == NO_LINK && (trigger || whole)) k = hdlcLinkAllocate(c, load<u8>(f.source), upper, time);
  if (k == NO_LINK) return;
  const link = c.link(k);
  if (!group) hdlcServerRemember(link, f);
  if (trigger) {
    event.tell(HdlcEventKind.TRIGGER, k, link);
  } else if (whole && link.assembled == 0 && !link.has(LinkFlag.BUSY)) {
    const lpdu = c.slot(k) + <usize>c.inboundAt;
    memory.copy(lpdu, f.info, <usize>f.infoSize);
    event.tell(HdlcEventKind.APDU, k, link);
    event.apdu = lpdu + <usize>LLC_SIZE;
    event.size = f.infoSize - LLC_SIZE;
    event.broadcast = group ? 1 : 0;
    event.links |= 1 << k;
  }
  event.rebound = known == NO_LINK ? 1 : 0;
  event.reboundLinks |= event.rebound << k;
  if (poll) c.line.give(k + 1, link.state == HdlcState.FRMR ? Reply.FRMR : Reply.UNCONFIRMED);
}

/** Enters the frame reject condition: what was under way is given up, FRMR says what and why. */
export function hdlcReject(link: HdlcLink, control: u32, reason: u32): void {
  link.rejectControl = <u8>control;
  link.rejectVs = link.vs;
  link.rejectVr = link.vr;
  link.rejectReason = <u8>reason;
  link.dataReset();
}
