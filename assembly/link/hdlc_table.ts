/** Every transition of a data link connection: kinds of state x kinds of event (GB9 8.4.5; ISO/IEC 13239, 5.6 and 6.11). */
import { HdlcLink, HdlcState } from "./hdlc_state";

export const enum LinkEvent {
  SNRM = 0,
  /** SNRM whose information field cannot be read. */
  SNRM_MALFORMED = 1,
  DISC = 2,
  /** I frame, N(S) = V(R). */
  I = 3,
  /** I frame with another N(S): a duplicate, or one was lost before it. */
  I_SEQUENCE = 4,
  RR = 5,
  RNR = 6,
  UI = 7,
  /** UA, DM or FRMR: a secondary station is never sent one. */
  RESPONSE = 8,
  UNDEFINED = 9,
  /** Information where none is permitted. */
  FORBIDDEN = 10,
  TOO_LONG = 11,
  INVALID_NR = 12,
  INACTIVE = 13,
}

export const enum Act {
  IGNORE = 0,
  /** DM when polled. */
  REFUSE = 1,
  /** Start again with negotiated limits, UA when polled. */
  CONNECT = 2,
  /** Let go, UA when polled. */
  RELEASE = 3,
  /** Take the information. */
  ACCEPT = 4,
  /** Acknowledge, and go on sending when polled. */
  PROCEED = 5,
  /** As PROCEED, but send no I frame. */
  WAIT = 6,
  /** Take the information of UI; no answer. */
  DELIVER = 7,
  REJECT_W = 8,
  REJECT_X = 9,
  REJECT_Y = 10,
  REJECT_Z = 11,
  /** FRMR once more when polled. */
  REPEAT = 12,
  /** Let go and say nothing. */
  EXPIRE = 13,
}

const STATES: u32 = 3;
const EVENTS: u32 = 14;

/** Next state << 4 | act: one row per event, one column per state. UI needs no connection, so FRMR delivers it too. */
// prettier-ignore
const STEP: usize = memory.data<i32>([
                      /* NDM */                            /* NRM */                            /* FRMR */
  /* SNRM */          HdlcState.NRM << 4 | Act.CONNECT,    HdlcState.NRM << 4 | Act.CONNECT,    HdlcState.NRM << 4 | Act.CONNECT,
  /* SNRM_MALFORMED */ HdlcState.NDM << 4 | Act.IGNORE,    HdlcState.NRM << 4 | Act.IGNORE,     HdlcState.FRMR << 4 | Act.IGNORE,
  /* DISC */          HdlcState.NDM << 4 | Act.REFUSE,     HdlcState.NDM << 4 | Act.RELEASE,    HdlcState.NDM << 4 | Act.RELEASE,
  /* I */             HdlcState.NDM << 4 | Act.REFUSE,     HdlcState.NRM << 4 | Act.ACCEPT,     HdlcState.FRMR << 4 | Act.REPEAT,
  /* I_SEQUENCE */    HdlcState.NDM << 4 | Act.REFUSE,     HdlcState.NRM << 4 | Act.PROCEED,    HdlcState.FRMR << 4 | Act.REPEAT,
  /* RR */            HdlcState.NDM << 4 | Act.REFUSE,     HdlcState.NRM << 4 | Act.PROCEED,    HdlcState.FRMR << 4 | Act.REPEAT,
  /* RNR */           HdlcState.NDM << 4 | Act.REFUSE,     HdlcState.NRM << 4 | Act.WAIT,       HdlcState.FRMR << 4 | Act.REPEAT,
  /* UI */            HdlcState.NDM << 4 | Act.DELIVER,    HdlcState.NRM << 4 | Act.DELIVER,    HdlcState.FRMR << 4 | Act.DELIVER,
  /* RESPONSE */      HdlcState.NDM << 4 | Act.IGNORE,     HdlcState.NRM << 4 | Act.IGNORE,     HdlcState.FRMR << 4 | Act.IGNORE,
  /* UNDEFINED */     HdlcState.NDM << 4 | Act.REFUSE,     HdlcState.FRMR << 4 | Act.REJECT_W,  HdlcState.FRMR << 4 | Act.REPEAT,
  /* FORBIDDEN */     HdlcState.NDM << 4 | Act.IGNORE,     HdlcState.FRMR << 4 | Act.REJECT_X,  HdlcState.FRMR << 4 | Act.REPEAT,
  /* TOO_LONG */      HdlcState.NDM << 4 | Act.IGNORE,     HdlcState.FRMR << 4 | Act.REJECT_Y,  HdlcState.FRMR << 4 | Act.REPEAT,
  /* INVALID_NR */    HdlcState.NDM << 4 | Act.REFUSE,     HdlcState.FRMR << 4 | Act.REJECT_Z,  HdlcState.FRMR << 4 | Act.REPEAT,
  /* INACTIVE */      HdlcState.NDM << 4 | Act.IGNORE,     HdlcState.NDM << 4 | Act.EXPIRE,     HdlcState.NDM << 4 | Act.EXPIRE,
]);

/** What to do in `state` at `event`, and the state that follows: next << 4 | act. */
export function hdlcStep(state: u32, event: LinkEvent): u32 {
  assert(state < STATES && <u32>event < EVENTS);
  return load<i32>(STEP + <usize>((<u32>event * STATES + state) << 2));
}

/** The one place where a connection changes state. */
export function hdlcStateSet(link: HdlcLink, state: u32): void {
  link.state = <u8>state;
}
