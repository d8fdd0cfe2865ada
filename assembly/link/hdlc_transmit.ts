/**
 * What the secondary station sends, and only while it holds the token: two-way alternate, the last frame carries F = 1
 * (GB9 8.4.3; ISO/IEC 13239, 6.11). Frames are built when they are asked for; I frames are cut, and cut again, from the
 * outbound APDU in the slot.
 */
import { Err } from "../base/err";
import { LLC_SIZE } from "../base/limits";
import { HDLC_FLAG, HdlcFrame, hdlcFrameClose, hdlcFrameOpen, hdlcFrameSize } from "../wire/hdlc_frame";
import { HDLC_POLL_FINAL, HdlcControl, hdlcControlOf } from "../wire/hdlc_control";
import { HDLC_FRMR_SIZE, hdlcFrmrEmit } from "../wire/hdlc_frmr";
import { HDLC_PARAMETERS_SIZE, HdlcLimits, hdlcParametersEmit } from "../wire/hdlc_parameters";
import { DM_TURN, HdlcConnection, HdlcFlag, HdlcLine, HdlcLink, HdlcState, LinkFlag, Reply } from "./hdlc_state";

const FRAME = changetype<HdlcFrame>(memory.data(offsetof<HdlcFrame>(), 8));
const LIMITS = changetype<HdlcLimits>(memory.data(offsetof<HdlcLimits>(), 8));
/** Information fields that are made here. */
const INFO: usize = memory.data(HDLC_PARAMETERS_SIZE, 8);
/** LLC of a response: to LSAP E6 from E7 (GB9 8.3.2). */
const LLC: usize = memory.data<u8>([0xe6, 0xe7, 0x00]);

const ESCAPE: u32 = 0x7d;
const ESCAPE_BIT: u32 = 0x20;

/**
 * The outbound APDU of `size` octets at offset `at` of the slot of link `k` is ready; it must stay there until the next APDU
 * of that link. 0 octets: there is no answer, and a client that polled gets RR.
 * @returns 0, or Err.STATE: not connected, or an APDU is still being sent
 */
export function hdlcSend(c: HdlcConnection, k: u32, at: u32, size: u32): i32 {
  const link = c.link(k);
  link.clear(LinkFlag.BUSY);
  if (size == 0) return Err.OK;
  if (link.state != HdlcState.NRM || link.outSize != 0) return Err.STATE;
  link.outAt = at;
  link.outSize = LLC_SIZE + size;
  link.acked = 0;
  return Err.OK;
}

/**
 * As hdlcSend(), for an APDU that follows one the client has acknowledged, in place of the RR it would get: blocks of a stream.
 * @returns 0, or Err.STATE: the link does not hold the token for it now
 */
export function hdlcSendMore(c: HdlcConnection, k: u32, at: u32, size: u32): i32 {
  const line = c.line;
  if (<u32>line.turn != k + 1 || <Reply>line.reply != Reply.SUPERVISORY) return Err.STATE;
  const err = hdlcSend(c, k, at, size);
  if (err == Err.OK) line.reply = <u8>Reply.DATA;
  return err;
}

/**
 * As hdlcSend(), for one UI frame; it leaves as soon as link `k` holds the token.
 * @returns 0, Err.LIMIT when it does not fit one frame, or Err.STATE: an APDU is still being sent
 */
export function hdlcSendUnconfirmed(c: HdlcConnection, k: u32, at: u32, size: u32): i32 {
  const link = c.link(k);
  const limit = link.state == HdlcState.NRM ? <u32>link.infoTransmit : <u32>c.parameters.infoSizeTransmitMax;
  if (size == 0 || LLC_SIZE + size > limit) return Err.LIMIT;
  if (!link.has(LinkFlag.BOUND) || link.outSize != 0 || link.unconfirmedSize != 0) return Err.STATE;
  link.unconfirmedAt = at;
  link.unconfirmedSize = size;
  return Err.OK;
}

/**
 * Builds the next frame, with its flags, at `out`. Call it until it returns 0.
 * @returns octets, 0 = nothing (more) to send now, Err.NO_SPACE: 2049 octets always do, 4096 on stuffed lines
 */
export function hdlcTransmit(c: HdlcConnection, out: usize, capacity: u32): i32 {
  const line = c.line;
  const turn = <u32>line.turn;
  if (turn == 0) return 0;
  if (turn == DM_TURN) {
    const at = changetype<usize>(line);
    frameAddress(at + offsetof<HdlcLine>("dmClient"), at + offsetof<HdlcLine>("dmServer"), line.dmServerSize);
    return finalTransmit(c, HdlcControl.DM, 0, 0, out, capacity);
  }
  const k = turn - 1;
  assert(k < c.links);
  const link = c.link(k);
  const at = changetype<usize>(link);
  frameAddress(at + offsetof<HdlcLink>("client"), at + offsetof<HdlcLink>("server"), link.serverSize);
  switch (<Reply>line.reply) {
    case Reply.UA_NEGOTIATED:
      limitsEmit(link);
      return finalTransmit(c, HdlcControl.UA, 0, HDLC_PARAMETERS_SIZE, out, capacity);
    case Reply.UA_PLAIN:
      return finalTransmit(c, HdlcControl.UA, 0, 0, out, capacity);
    case Reply.FRMR:
      hdlcFrmrEmit(INFO, link.rejectControl, link.rejectVs, link.rejectVr, link.rejectReason);
      return finalTransmit(c, HdlcControl.FRMR, 0, HDLC_FRMR_SIZE, out, capacity);
    case Reply.UNCONFIRMED:
      return link.unconfirmedSize != 0 ? unconfirmedTransmit(c, k, true, out, capacity) : 0;
    case Reply.SUPERVISORY:
      if (link.unconfirmedSize != 0) return unconfirmedTransmit(c, k, false, out, capacity);
      return finalTransmit(c, HdlcControl.RR, link.vr, 0, out, capacity);
    case Reply.DATA:
      if (link.has(LinkFlag.BUSY)) return 0;
      if (link.unconfirmedSize != 0) return unconfirmedTransmit(c, k, false, out, capacity);
      return dataTransmit(c, k, out, capacity);
    default:
      return 0;
  }
}

/** The frame at hand goes to the address field of one octet at `client`, from the one of `serverSize` octets at `server`. */
function frameAddress(client: usize, server: usize, serverSize: u32): void {
  FRAME.destination = client;
  FRAME.destinationSize = 1;
  FRAME.source = server;
  FRAME.sourceSize = serverSize;
}

/** Octets that escapes could double are built at the end of the room and move to its start while they are stuffed. */
function framePlace(c: HdlcConnection, out: usize, capacity: u32): usize {
  const size = hdlcFrameSize(FRAME);
  if (!c.flag(HdlcFlag.STUFFED)) return size + 2 <= capacity ? out + 1 : 0;
  return size * 2 + 2 <= capacity ? out + <usize>(capacity - size) : 0;
}

/** Completes the frame at `at`, whose information stands at `info`, with FCS and flags. @returns octets at `out` */
function frameEnd(c: HdlcConnection, at: usize, info: usize, out: usize): i32 {
  hdlcFrameClose(FRAME, at, info);
  const size = hdlcFrameSize(FRAME);
  store<u8>(out, <u8>HDLC_FLAG);
  const end = c.flag(HdlcFlag.STUFFED) ? stuff(at, size, out + 1) : out + 1 + <usize>size;
  store<u8>(end, <u8>HDLC_FLAG);
  return <i32>(end + 1 - out);
}

/** Copies `size` octets from `at` to `to`, flags and escapes escaped (RFC 1662, 4.2). @returns the end of the copy */
function stuff(at: usize, size: u32, to: usize): usize {
  const end = at + <usize>size;
  while (at < end) {
    const octet = <u32>load<u8>(at++);
    if (octet == HDLC_FLAG || octet == ESCAPE) {
      store<u8>(to++, <u8>ESCAPE);
      store<u8>(to++, <u8>(octet ^ ESCAPE_BIT));
    } else {
      store<u8>(to++, <u8>octet);
    }
  }
  return to;
}

/**
 * Builds the frame whose information are the `size` octets of the LPDU {LLC, APDU at `apdu`} from its octet `offset` on. With F = 1 it
 * gives the token back. @returns octets at `out`, or Err.NO_SPACE
 */
function frameTransmit(
  c: HdlcConnection,
  control: u32,
  segmented: bool,
  apdu: usize,
  offset: u32,
  size: u32,
  out: usize,
  capacity: u32,
): i32 {
  FRAME.segmented = segmented ? 1 : 0;
  FRAME.control = control;
  FRAME.infoSize = size;
  const at = framePlace(c, out, capacity);
  if (at == 0) return Err.NO_SPACE;
  const info = hdlcFrameOpen(FRAME, at);
  lpduCopy(info, apdu, offset, size);
  if ((control & HDLC_POLL_FINAL) != 0) c.line.give(0, Reply.NONE);
  return frameEnd(c, at, info, out);
}

/** A frame whose information, `infoSize` octets at INFO, is no LPDU: it stands where an APDU behind its LLC would. */
function finalTransmit(c: HdlcConnection, kind: HdlcControl, nr: u32, infoSize: u32, out: usize, capacity: u32): i32 {
  return frameTransmit(c, hdlcControlOf(kind, true, nr, 0), false, INFO, LLC_SIZE, infoSize, out, capacity);
}

/** Writes the limits of a link to INFO, as a UA says them. */
function limitsEmit(link: HdlcLink): void {
  LIMITS.infoTransmit = link.infoTransmit;
  LIMITS.infoReceive = link.infoReceive;
  LIMITS.windowTransmit = link.windowTransmit;
  LIMITS.windowReceive = link.windowReceive;
  hdlcParametersEmit(INFO, LIMITS);
}

function unconfirmedTransmit(c: HdlcConnection, k: u32, final: bool, out: usize, capacity: u32): i32 {
  const link = c.link(k);
  const control = hdlcControlOf(HdlcControl.UI, final, 0, 0);
  const apdu = c.slot(k) + <usize>link.unconfirmedAt;
  const size = frameTransmit(c, control, false, apdu, 0, LLC_SIZE + link.unconfirmedSize, out, capacity);
  if (size > 0) link.unconfirmedSize = 0;
  return size;
}

/** Copies `size` octets of the LPDU {LLC, APDU at `apdu`} from its octet `offset` on. */
function lpduCopy(to: usize, apdu: usize, offset: u32, size: u32): void {
  while (offset < LLC_SIZE && size != 0) {
    store<u8>(to++, load<u8>(LLC + <usize>offset));
    offset++;
    size--;
  }
  memory.copy(to, apdu + <usize>offset - <usize>LLC_SIZE, <usize>size);
}

/**
 * The next I frame of the window, or RR when there is nothing to send. F = 1 on the last frame of the window or of the LPDU:
 * then the client has the token.
 */
function dataTransmit(c: HdlcConnection, k: u32, out: usize, capacity: u32): i32 {
  const link = c.link(k);
  const ahead = (<u32>link.vx - link.va) & 7;
  const offset = link.acked + ahead * <u32>link.infoTransmit;
  if (link.has(LinkFlag.PEER_BUSY) || offset >= link.outSize)
    return finalTransmit(c, HdlcControl.RR, link.vr, 0, out, capacity);
  const size = min<u32>(link.infoTransmit, link.outSize - offset);
  const segmented = offset + size < link.outSize;
  const final = !segmented || ahead + 1 == <u32>link.windowTransmit;
  const control = hdlcControlOf(HdlcControl.I, final, link.vr, link.vx);
  const sent = frameTransmit(c, control, segmented, c.slot(k) + <usize>link.outAt, offset, size, out, capacity);
  if (sent < 0) return sent;
  link.vx = <u8>((link.vx + 1) & 7);
  if (((<u32>link.vs - link.va) & 7) < ahead + 1) link.vs = link.vx;
  return sent;
}
