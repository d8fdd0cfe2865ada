/** The inactivity time-out (GB9 8.4.5.6): no frame of a connection for too long ends it, and nothing is sent. Line time, ms. */
import { HdlcConnection, HdlcEvent, HdlcEventKind, HdlcState, Reply } from "./hdlc_state";
import { Act, LinkEvent, hdlcStateSet, hdlcStep } from "./hdlc_table";

/** Line time at which link `k` expires, 0 = never. */
function linkDeadline(c: HdlcConnection, k: u32): f64 {
  const seconds = c.parameters.inactivityTimeoutSeconds;
  if (seconds == 0) return 0;
  const link = c.link(k);
  if (link.state == HdlcState.NDM) return 0;
  return link.lastActivity + <f64>seconds * 1000;
}

/** The next line time at which hdlcExpire() has something to do, 0 = none. */
export function hdlcDeadline(c: HdlcConnection): f64 {
  let next: f64 = 0;
  for (let k: u32 = 0; k < c.links; k++) {
    const at = linkDeadline(c, k);
    if (at != 0 && (next == 0 || at < next)) next = at;
  }
  return next;
}

/** Ends at most one connection whose time is up, and tells of it. Clears `event` in any case. */
export function hdlcExpire(c: HdlcConnection, time: f64, event: HdlcEvent): bool {
  event.clear();
  for (let k: u32 = 0; k < c.links; k++) {
    const at = linkDeadline(c, k);
    if (at == 0 || time < at) continue;
    const link = c.link(k);
    const step = hdlcStep(link.state, LinkEvent.INACTIVE);
    assert((step & 15) == Act.EXPIRE);
    hdlcStateSet(link, step >> 4);
    link.dataReset();
    if (<u32>c.line.turn == k + 1) c.line.give(0, Reply.NONE);
    event.tell(HdlcEventKind.LINK_DOWN, k, link);
    return true;
  }
  return false;
}
