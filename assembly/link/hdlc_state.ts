/**
 * State of an HDLC line and of the data link connections on it. All of it lies in the meter's block, holds offsets and
 * counters, and zeroed memory means: nothing collected, nobody connected. What holds addresses (HdlcConnection, HdlcEvent)
 * is filled for one call and lives outside the block.
 */
import { octetsClear } from "../base/octets";

/** States of a data link connection (GB9 8.4.5; ISO/IEC 13239, 5.6). */
export const enum HdlcState {
  /** Normal disconnected mode. */
  NDM = 0,
  /** Normal response mode. */
  NRM = 1,
  /** Frame reject exception condition: only SNRM and DISC lead out. */
  FRMR = 2,
}

export const enum HdlcFlag {
  /** Frames are octet-stuffed (RFC 1662, 4.2) and end at the flag, instead of being counted by their length. */
  STUFFED = 1,
  /** One meter on the line: the one-octet server address is answered too. */
  POINT_TO_POINT = 2,
  /** Address lengths follow the table of GB9 8.4.2.5 by `addressLength`. */
  STRICT = 4,
}

/** What the template and the IEC HDLC setup object say of a port; read at each call, limits count from the next SNRM. */
@unmanaged
export class HdlcParameters {
  infoSizeTransmitMax: u16;
  infoSizeReceiveMax: u16;
  windowTransmitMax: u8;
  windowReceiveMax: u8;
  /** 1, 2 or 4 octets; 0 = as the client does. */
  addressLength: u8;
  /** HdlcFlag. */
  flags: u8;
  lowerAddress: u16;
  /** Upper address of the management logical device. */
  upperAddress: u16;
  /** Longest gap inside a frame, ms; 0 = any. */
  interOctetTimeoutMs: u32;
  /** Longest time without a frame of a connection, seconds; 0 = any. */
  inactivityTimeoutSeconds: u32;
  /** Upper addresses of further logical devices: u16 each. */
  devices: usize;
  deviceCount: u32;

  /** Upper address of logical device `index`, 0 = the management logical device; `index` <= deviceCount. */
  device(index: u32): u32 {
    return index == 0 ? <u32>this.upperAddress : <u32>load<u16>(this.devices + ((<usize>(index - 1)) << 1));
  }

  /** Whether a logical device has this upper address. */
  hasDevice(upper: u32): bool {
    for (let i: u32 = 0; i <= this.deviceCount; i++) if (this.device(i) == upper) return true;
    return false;
  }
}

/** Who holds the token when it is not a link: an address that only gets DM. */
export const DM_TURN: u32 = 0xff;

/** What the holder of the token owes. */
export const enum Reply {
  NONE = 0,
  /** I frames, or RR when the caller had no answer or the client is busy; waits while the caller makes its answer. */
  DATA = 1,
  /** RR: nothing is to be sent, unless hdlcSendMore() says otherwise now. */
  SUPERVISORY = 2,
  /** UA with parameters (to SNRM) and without (to DISC). */
  UA_NEGOTIATED = 3,
  UA_PLAIN = 4,
  FRMR = 5,
  /** A UI frame if there is one, else silence: UI is never answered. */
  UNCONFIRMED = 6,
}

/**
 * One line. Framing:
 *
 *   HUNT --flag--> OPEN --octets--> collecting (count > 0) --end--> OPEN
 *     ^------------------ broken frame, gap ------------------'
 */
@unmanaged
export class HdlcLine {
  /** Line time of the last octets, ms. */
  lastOctet: f64;
  /** Octets behind the opening flag that stand in the frame buffer, or would if it were longer. */
  count: u32;
  /** Register over a frame that is longer than the frame buffer. */
  register: u32;
  /** An opening flag was seen. */
  open: u8;
  /** `register` runs. */
  oversize: u8;
  /** Stuffed lines: the last octet was 7D. */
  escape: u8;
  /** CALLING DEVICE: this device made the call, so it answers the CALLING address too. */
  calling: u8;
  /** Token: 0 = the client's, 1.. = link + 1, DM_TURN. */
  turn: u8;
  /** Reply. */
  reply: u8;
  /** Whom DM goes to, and as whom: address fields as the client wrote them. */
  dmClient: u8;
  dmServerSize: u8;
  dmServer: u32;
  /** Octets at the head of the frame buffer that have been judged; `count` more stand behind them. */
  skip: u32;
  /** Lower address in force: a new device_address counts when no link is connected. 0 = none yet. */
  lowerAddress: u32;

  /** Forgets what was collected; the next frame begins with a flag. */
  hunt(): void {
    this.count = 0;
    this.skip = 0;
    this.open = 0;
    this.oversize = 0;
    this.escape = 0;
  }

  /** Gives the token to `turn`, owing `reply`. */
  give(turn: u32, reply: Reply): void {
    this.turn = <u8>turn;
    this.reply = <u8>reply;
  }
}

/** Bits of HdlcLink.flags. */
export const enum LinkFlag {
  /** These addresses own the link, connected or not. */
  BOUND = 1,
  /** The caller has an APDU and owes hdlcSend(). */
  BUSY = 2,
  /** The client said RNR. */
  PEER_BUSY = 4,
  /** The LPDU being assembled outgrew the inbound buffer. */
  TOO_LONG = 8,
}

/**
 * One data link connection. Sequence variables: va <= vx <= vs (modulo 8), `va` oldest unacknowledged, `vx` next to send,
 * `vs` V(S), one behind the newest ever sent. Outbound LPDU: LLC and APDU; `acked` octets of it stand before frame `va`.
 */
@unmanaged
export class HdlcLink {
  /** Line time of the last frame of this connection, ms. */
  lastActivity: f64;
  /** Server address field as the client last wrote it. */
  server: u32;
  /** Upper address that names the logical device. */
  upper: u16;
  serverSize: u8;
  /** Client address field, one octet. */
  client: u8;
  infoTransmit: u16;
  infoReceive: u16;
  windowTransmit: u8;
  windowReceive: u8;
  /** HdlcState; only hdlcStateSet() writes it. */
  state: u8;
  /** LinkFlag. */
  flags: u8;
  vs: u8;
  vr: u8;
  va: u8;
  vx: u8;
  /** What FRMR repeats. */
  rejectControl: u8;
  rejectVs: u8;
  rejectVr: u8;
  rejectReason: u8;
  /** Octets of the inbound LPDU so far. */
  assembled: u32;
  /** Outbound APDU: offset in the slot, octets with LLC (0 = none), octets acknowledged. */
  outAt: u32;
  outSize: u32;
  acked: u32;
  /** Outbound APDU of a UI frame: offset in the slot, octets without LLC (0 = none). */
  unconfirmedAt: u32;
  unconfirmedSize: u32;

  @inline
  has(flag: LinkFlag): bool {
    return ((<u32>this.flags) & flag) != 0;
  }

  @inline
  set(flag: LinkFlag): void {
    this.flags = <u8>((<u32>this.flags) | flag);
  }

  @inline
  clear(flag: LinkFlag): void {
    this.flags = <u8>((<u32>this.flags) & ~(<u32>flag));
  }

  /** Forgets frames and LPDUs either way, and starts counting from 0. */
  dataReset(): void {
    this.flags = <u8>LinkFlag.BOUND;
    this.vs = 0;
    this.vr = 0;
    this.va = 0;
    this.vx = 0;
    this.assembled = 0;
    this.outSize = 0;
    this.acked = 0;
    this.unconfirmedSize = 0;
  }
}

/** Octets of the two states in a block, multiples of 8. */
export const HDLC_LINE_SIZE: u32 = 40;
export const HDLC_LINK_SIZE: u32 = 64;

if (offsetof<HdlcLine>() > HDLC_LINE_SIZE) ERROR("a line has HDLC_LINE_SIZE octets");
if (offsetof<HdlcLink>() > HDLC_LINK_SIZE) ERROR("a link has HDLC_LINK_SIZE octets");
if ((HDLC_LINK_SIZE & 7) != 0) ERROR("octetsClear() takes eight octets at once");

/** Shortest frame buffer: the header of any frame must fit. */
export const HDLC_FRAME_BUFFER_MIN: u32 = 64;

/** Where a connection lies. The caller fills it before each call. */
@unmanaged
export class HdlcConnection {
  parameters: HdlcParameters;
  line: HdlcLine;
  /** Buffer of the line for frames that arrive in pieces. */
  frame: usize;
  frameCapacity: u32;
  /** First slot, distance of the slots, how many. */
  slots: usize;
  stride: u32;
  links: u32;
  /** Within a slot: the HdlcLink, and the buffer for the inbound LPDU (LLC and APDU). */
  linkAt: u32;
  inboundAt: u32;
  inboundCapacity: u32;

  slot(k: u32): usize {
    return this.slots + <usize>(k * this.stride);
  }

  link(k: u32): HdlcLink {
    return changetype<HdlcLink>(this.slot(k) + <usize>this.linkAt);
  }

  flag(flag: HdlcFlag): bool {
    return ((<u32>this.parameters.flags) & flag) != 0;
  }
}

export const enum HdlcEventKind {
  NONE = 0,
  /** A whole APDU: confirmed (I) asks for hdlcSend(), unconfirmed (UI) is never answered. */
  APDU = 1,
  /** An LPDU outgrew the inbound buffer; its first octets are there. Asks for hdlcSend(). */
  TOO_LONG = 2,
  /** SNRM: associations of the link have ended, a new connection begins. */
  LINK_UP = 3,
  /** DISC or inactivity: associations of the link have ended. */
  LINK_DOWN = 4,
  /** The client gave the token with an empty UI frame: hdlcSendUnconfirmed() may speak (GB9 8.4.5.4.7). */
  TRIGGER = 5,
}

/** What a call has to tell. */
@unmanaged
export class HdlcEvent {
  kind: u32;
  /** Number of the link on the line. */
  link: u32;
  /** The APDU and its octets. */
  apdu: usize;
  size: u32;
  clientSap: u32;
  serverSap: u32;
  confirmed: u32;
  /** It came to an address of many stations. */
  broadcast: u32;
  /** The link was just given to these addresses; what was associated on it has ended. */
  rebound: u32;
  /** Octets that came earlier wait to be judged: call hdlcReceive() again, with none if there are none. */
  more: u32;
  /** Of an APDU in a UI frame: bit k = link k has it in its inbound buffer; bit k = link k was just given to these addresses. */
  links: u32;
  reboundLinks: u32;

  /** Nothing to tell. */
  clear(): void {
    this.kind = HdlcEventKind.NONE;
    this.link = 0;
    this.apdu = 0;
    this.size = 0;
    this.clientSap = 0;
    this.serverSap = 0;
    this.confirmed = 0;
    this.broadcast = 0;
    this.rebound = 0;
    this.more = 0;
    this.links = 0;
    this.reboundLinks = 0;
  }

  /** Tells of link `k`. */
  tell(kind: HdlcEventKind, k: u32, link: HdlcLink): void {
    this.kind = kind;
    this.link = k;
    this.clientSap = (<u32>link.client) >> 1;
    this.serverSap = link.upper;
  }
}

/** Empties a line and its links: it has been opened or closed. Every association on it ends. */
export function hdlcOpen(c: HdlcConnection): void {
  memory.fill(changetype<usize>(c.line), 0, HDLC_LINE_SIZE);
  for (let k: u32 = 0; k < c.links; k++) octetsClear(changetype<usize>(c.link(k)), HDLC_LINK_SIZE);
}

/** Whether any link of the line is connected. */
export function hdlcConnected(c: HdlcConnection): bool {
  for (let k: u32 = 0; k < c.links; k++) if (c.link(k).state != HdlcState.NDM) return true;
  return false;
}

/** HdlcState of link `k`. */
export function hdlcStateOf(c: HdlcConnection, k: u32): u32 {
  return c.link(k).state;
}
