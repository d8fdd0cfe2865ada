/** Who owns which link of a line, and what SNRM and UA agree upon (GB9 8.4.5.3). */
import { HDLC_INFO_SIZE_MAX, HDLC_INFO_SIZE_MIN, HDLC_OVERHEAD_MAX } from "../base/limits";
import { hdlcAddressOctets } from "../wire/hdlc_address";
import { HdlcFrame } from "../wire/hdlc_frame";
import { HDLC_WINDOW_MAX, HdlcLimits } from "../wire/hdlc_parameters";
import { HDLC_LINK_SIZE, HdlcConnection, HdlcLink, HdlcState, LinkFlag } from "./hdlc_state";

/** No link of the line. */
export const NO_LINK: u32 = 0xffff;

/** What the SNRM at hand proposes. */
export const PROPOSED = changetype<HdlcLimits>(memory.data(offsetof<HdlcLimits>(), 8));

/** The link of the client with the address octet `client` to the logical device `upper`, or NO_LINK. */
export function hdlcLinkFind(c: HdlcConnection, client: u32, upper: u32): u32 {
  for (let k: u32 = 0; k < c.links; k++) {
    const link = c.link(k);
    if (<u32>link.client == client && link.has(LinkFlag.BOUND) && <u32>link.upper == upper) return k;
  }
  return NO_LINK;
}

/** Gives a link to `client` and the logical device `upper`: one that nobody had, else the disconnected one that was silent longest. */
export function hdlcLinkAllocate(c: HdlcConnection, client: u32, upper: u32, time: f64): u32 {
  let best = NO_LINK;
  for (let k: u32 = 0; k < c.links; k++) {
    const link = c.link(k);
    if (!link.has(LinkFlag.BOUND)) {
      best = k;
      break;
    }
    if (link.state != HdlcState.NDM) continue;
    if (best == NO_LINK || link.lastActivity < c.link(best).lastActivity) best = k;
  }
  if (best == NO_LINK) return best;
  const link = c.link(best);
  memory.fill(changetype<usize>(link), 0, HDLC_LINK_SIZE);
  link.client = <u8>client;
  link.upper = <u16>upper;
  link.lastActivity = time;
  link.set(LinkFlag.BOUND);
  return best;
}

/** Answers go out with the address that the client used last, in its length. */
export function hdlcServerRemember(link: HdlcLink, f: HdlcFrame): void {
  link.serverSize = <u8>f.destinationSize;
  link.server = hdlcAddressOctets(f.destination, f.destinationSize);
}

/** The smaller of an own limit and the client's, inside what the standard allows. */
function agree(own: u32, proposed: u32, least: u32, most: u32): u32 {
  return max(least, min(min(own, proposed), most));
}

/** Settles the limits of a link: what the client sends is what we receive. */
export function hdlcNegotiate(c: HdlcConnection, link: HdlcLink): void {
  const p = c.parameters;
  const least = HDLC_INFO_SIZE_MIN;
  const most = HDLC_INFO_SIZE_MAX;
  // A frame must fit the line's buffer with its closing flag, whatever the setup object says.
  const room = c.frameCapacity - HDLC_OVERHEAD_MAX - 1;
  link.infoTransmit = <u16>agree(p.infoSizeTransmitMax, PROPOSED.infoReceive, least, most);
  link.infoReceive = <u16>agree(min<u32>(p.infoSizeReceiveMax, room), PROPOSED.infoTransmit, least, most);
  link.windowTransmit = <u8>agree(p.windowTransmitMax, PROPOSED.windowReceive, 1, HDLC_WINDOW_MAX);
  link.windowReceive = <u8>agree(p.windowReceiveMax, PROPOSED.windowTransmit, 1, HDLC_WINDOW_MAX);
}
