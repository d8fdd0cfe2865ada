/**
 * The secondary station: takes octets, judges frames, keeps the connections (GB9 8.4; ISO/IEC 13239, unbalanced operation,
 * normal response mode). What a frame leads to stands in hdlc_table.ts; what is sent, and when, in hdlc_transmit.ts.
 */
import { Err } from "../base/err";
import {
  HDLC_ALL_STATION_SHORT,
  HDLC_NO_STATION,
  hdlcAddressOctets,
  hdlcAddressUpper,
  hdlcUpperWiden,
} from "../wire/hdlc_address";
import { HDLC_POLL_FINAL, HdlcControl, hdlcControlKind, hdlcControlNr, hdlcControlNs } from "../wire/hdlc_control";
import { HdlcFrame } from "../wire/hdlc_frame";
import { HdlcReject } from "../wire/hdlc_frmr";
import { hdlcParametersParse } from "../wire/hdlc_parameters";
import { COLLECTED, COLLECTED_FRAME, hdlcCollect } from "./hdlc_collect";
import { NO_LINK, PROPOSED, hdlcLinkAllocate, hdlcLinkFind, hdlcNegotiate, hdlcServerRemember } from "./hdlc_connect";
import { hdlcAccept, hdlcAcknowledge, hdlcDeliver, hdlcNrValid, hdlcReject } from "./hdlc_data";
import { hdlcExpire } from "./hdlc_expire";
import { DM_TURN, HdlcConnection, HdlcEvent, HdlcEventKind, HdlcLink, HdlcState, LinkFlag, Reply } from "./hdlc_state";
import { Station, hdlcStation } from "./hdlc_station";
import { Act, LinkEvent, hdlcStateSet, hdlcStep } from "./hdlc_table";

// The rest of what a caller needs of a line.
export { hdlcOpen } from "./hdlc_state";
export { hdlcDeadline, hdlcExpire } from "./hdlc_expire";

/**
 * Takes `size` octets that came at line time `time` (ms). Stops behind the first frame that has something to tell in `event`
 * or makes an answer due, so the caller deals with `event`, drains hdlcTransmit() and offers the rest again, also while
 * `event.more`. @returns octets consumed
 */
export function hdlcReceive(c: HdlcConnection, at: usize, size: u32, time: f64, event: HdlcEvent): u32 {
  if (hdlcExpire(c, time, event)) {
    event.more = c.line.skip != 0 ? 1 : 0;
    return 0;
  }
  const line = c.line;
  const gap = c.parameters.interOctetTimeoutMs;
  if (size != 0) {
    if (line.count != 0 && line.skip == 0 && gap != 0 && time - line.lastOctet > <f64>gap) line.hunt();
    line.lastOctet = time;
  }
  const end = at + <usize>size;
  let next = at;
  do {
    next = hdlcCollect(c, next, end);
  } while (COLLECTED.found != 0 && !frameTake(c, COLLECTED_FRAME, time, event));
  event.more = line.skip != 0 ? 1 : 0;
  return <u32>(next - at);
}

/** Acts on a good frame. @returns whether the caller has to look before the next one */
function frameTake(c: HdlcConnection, f: HdlcFrame, time: f64, event: HdlcEvent): bool {
  if (f.sourceSize != 1) return false;
  const client = <u32>load<u8>(f.source);
  if (client >> 1 == HDLC_NO_STATION || client >> 1 == HDLC_ALL_STATION_SHORT) return false;
  const line = c.line;
  const station = hdlcStation(c.parameters, line.calling != 0, f.destination, f.destinationSize);
  if (station == Station.OTHER) return false;
  const kind = hdlcControlKind(f.control);
  // To many stations only UI may go, and it must not ask for an answer (GB9 8.4.2.5).
  const group = station == Station.GROUP;
  if (group && (kind != HdlcControl.UI || (f.control & HDLC_POLL_FINAL) != 0 || COLLECTED.truncated != 0)) return false;
  const upper = hdlcUpperWiden(hdlcAddressUpper(f.destination, f.destinationSize), f.destinationSize);
  const k = hdlcLinkFind(c, client, upper);
  const link = k != NO_LINK ? c.link(k) : null;
  const state: u32 = link !== null ? <u32>link.state : <u32>HdlcState.NDM;
  const step = hdlcStep(state, group ? LinkEvent.UI : classify(c, link, f, kind));
  const act: Act = step & 15;
  if (act == Act.IGNORE) return false;
  // The client speaks, so the token is its own again.
  line.give(0, Reply.NONE);
  if (link !== null) {
    if (!group) {
      link.lastActivity = time;
      hdlcServerRemember(link, f);
    }
    hdlcStateSet(link, step >> 4);
  }
  if (act == Act.DELIVER) hdlcDeliver(c, f, upper, group, time, event);
  else if (act == Act.CONNECT) connect(c, k, f, upper, time, event);
  else if (act == Act.REFUSE) refuse(c, f);
  else perform(c, k, f, act, event);
  return event.kind != HdlcEventKind.NONE || line.turn != 0;
}

/** Which event a frame is to its link, null = nobody has it. */
function classify(c: HdlcConnection, link: HdlcLink | null, f: HdlcFrame, kind: HdlcControl): LinkEvent {
  const long = COLLECTED.truncated != 0 || f.infoSize > infoLimit(c, link);
  switch (kind) {
    case HdlcControl.SNRM:
      if (COLLECTED.truncated != 0) return LinkEvent.SNRM_MALFORMED;
      return hdlcParametersParse(f.info, f.infoSize, PROPOSED) == Err.OK ? LinkEvent.SNRM : LinkEvent.SNRM_MALFORMED;
    case HdlcControl.DISC:
      return LinkEvent.DISC;
    case HdlcControl.UI:
      return long ? LinkEvent.TOO_LONG : LinkEvent.UI;
    case HdlcControl.I:
      if (long) return LinkEvent.TOO_LONG;
      break;
    case HdlcControl.RR:
    case HdlcControl.RNR:
      if (f.infoSize != 0) return LinkEvent.FORBIDDEN;
      break;
    case HdlcControl.UNDEFINED:
      return LinkEvent.UNDEFINED;
    default:
      return LinkEvent.RESPONSE;
  }
  if (link !== null && !hdlcNrValid(link, hdlcControlNr(f.control))) return LinkEvent.INVALID_NR;
  if (kind == HdlcControl.RR) return LinkEvent.RR;
  if (kind == HdlcControl.RNR) return LinkEvent.RNR;
  const vr: u32 = link !== null ? <u32>link.vr : 0;
  return hdlcControlNs(f.control) == vr ? LinkEvent.I : LinkEvent.I_SEQUENCE;
}

/** Longest information field the client may send. */
function infoLimit(c: HdlcConnection, link: HdlcLink | null): u32 {
  if (link !== null && link.state != HdlcState.NDM) return link.infoReceive;
  return c.parameters.infoSizeReceiveMax;
}

/** DM for a client that is not connected. */
function refuse(c: HdlcConnection, f: HdlcFrame): void {
  if ((f.control & HDLC_POLL_FINAL) == 0) return;
  const line = c.line;
  line.dmClient = load<u8>(f.source);
  line.dmServerSize = <u8>f.destinationSize;
  line.dmServer = hdlcAddressOctets(f.destination, f.destinationSize);
  line.give(DM_TURN, Reply.NONE);
}

/** SNRM: begins anew on the client's own link, or on one that is free; DM when there is none. */
function connect(c: HdlcConnection, known: u32, f: HdlcFrame, upper: u32, time: f64, event: HdlcEvent): void {
  const k = known != NO_LINK ? known : hdlcLinkAllocate(c, load<u8>(f.source), upper, time);
  if (k == NO_LINK) {
    refuse(c, f);
    return;
  }
  const link = c.link(k);
  hdlcServerRemember(link, f);
  hdlcStateSet(link, HdlcState.NRM);
  link.dataReset();
  hdlcNegotiate(c, link);
  event.tell(HdlcEventKind.LINK_UP, k, link);
  if (known == NO_LINK) event.reboundLinks = 1 << k;
  if (f.control & HDLC_POLL_FINAL) c.line.give(k + 1, Reply.UA_NEGOTIATED);
}

/** What only a connected link does. The client waits for an answer exactly when it polls. */
function perform(c: HdlcConnection, k: u32, f: HdlcFrame, act: Act, event: HdlcEvent): void {
  const link = c.link(k);
  let reply = Reply.FRMR;
  switch (act) {
    case Act.RELEASE:
      link.dataReset();
      event.tell(HdlcEventKind.LINK_DOWN, k, link);
      reply = Reply.UA_PLAIN;
      break;
    case Act.ACCEPT:
      link.clear(LinkFlag.PEER_BUSY);
      hdlcAcknowledge(link, hdlcControlNr(f.control));
      reply = hdlcAccept(c, k, f, event);
      break;
    case Act.PROCEED:
      link.clear(LinkFlag.PEER_BUSY);
      reply = hdlcAcknowledge(link, hdlcControlNr(f.control));
      break;
    case Act.WAIT:
      link.set(LinkFlag.PEER_BUSY);
      reply = hdlcAcknowledge(link, hdlcControlNr(f.control));
      break;
    case Act.REJECT_W:
      hdlcReject(link, f.control, HdlcReject.UNDEFINED);
      break;
    case Act.REJECT_X:
      hdlcReject(link, f.control, HdlcReject.FORBIDDEN);
      break;
    case Act.REJECT_Y:
      hdlcReject(link, f.control, HdlcReject.TOO_LONG);
      break;
    case Act.REJECT_Z:
      hdlcReject(link, f.control, HdlcReject.INVALID_NR);
      break;
    default:
      break; // REPEAT
  }
  if (f.control & HDLC_POLL_FINAL) c.line.give(k + 1, reply);
}
