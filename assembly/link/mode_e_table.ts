/** Every transition of the mode E sign-on (IEC 62056-21, 6.4.5 and Annex E), seen from the meter. */

export const enum SignOn {
  /** Waits for a request at 300 Bd. */
  REQUEST = 0,
  /** The reaction time runs before the identification. */
  IDENTIFY = 1,
  /** The identification is leaving. */
  IDENTIFYING = 2,
  /** Waits for the option select message. */
  SELECT = 3,
  /** At the new rate; the reaction time runs before the confirmation. */
  CONFIRM = 4,
  CONFIRMING = 5,
  /** The line belongs to HDLC. */
  HDLC = 6,
}

export const enum SignOnEvent {
  /** A request to this device. */
  REQUEST = 0,
  /** A request to another one. */
  FOREIGN = 1,
  /** HDLC at a rate that is offered. */
  SELECT_HDLC = 2,
  /** Something that is not offered. */
  SELECT_OTHER = 3,
  BREAK = 4,
  MALFORMED = 5,
  /** The reaction time is over. */
  DUE = 6,
  /** What was to be sent has left. */
  SENT = 7,
  /** Nothing has come for too long. */
  SILENT = 8,
  /** HDLC has disconnected, or was inactive. */
  END = 9,
}

export const enum SignOnAct {
  IGNORE = 0,
  /** Start the reaction time. */
  REACT = 1,
  /** Start the reaction time at the selected rate. */
  SWITCH = 2,
  SEND = 3,
  /** Start the time-out of an answer. */
  WAIT = 4,
  /** Hand the line over. */
  OPEN = 5,
  /** Back to 300 Bd. */
  RESET = 6,
}

const STATES: u32 = 7;
const EVENTS: u32 = 10;

/** Cells by name, next state << 4 | act; IN_n leaves the line in state n and does nothing. */
const enum Cell {
  RESET = (SignOn.REQUEST << 4) | SignOnAct.RESET,
  REACT = (SignOn.IDENTIFY << 4) | SignOnAct.REACT,
  IN_1 = SignOn.IDENTIFY << 4,
  IN_2 = SignOn.IDENTIFYING << 4,
  IN_3 = SignOn.SELECT << 4,
  IN_4 = SignOn.CONFIRM << 4,
  IN_5 = SignOn.CONFIRMING << 4,
  IN_6 = SignOn.HDLC << 4,
  SWITCH = (SignOn.CONFIRM << 4) | SignOnAct.SWITCH,
  SEND_2 = (SignOn.IDENTIFYING << 4) | SignOnAct.SEND,
  SEND_5 = (SignOn.CONFIRMING << 4) | SignOnAct.SEND,
  WAIT = (SignOn.SELECT << 4) | SignOnAct.WAIT,
  OPEN = (SignOn.HDLC << 4) | SignOnAct.OPEN,
}

/**
 * Next state << 4 | act: one row per event, one column per state. Modes A to C would answer what is not offered, or silence,
 * with a data readout at 300 Bd; this meter has none and waits for the next request.
 */
// prettier-ignore
const STEP: usize = memory.data<i32>([
                      /* REQUEST */   /* IDENTIFY */ /* IDENTIFYING */ /* SELECT */  /* CONFIRM */ /* CONFIRMING */ /* HDLC */
  /* REQUEST */       Cell.REACT,     Cell.REACT,    Cell.IN_2,        Cell.REACT,   Cell.IN_4,    Cell.IN_5,       Cell.IN_6,
  /* FOREIGN */       0,              Cell.RESET,    Cell.IN_2,        Cell.RESET,   Cell.IN_4,    Cell.IN_5,       Cell.IN_6,
  /* SELECT_HDLC */   0,              Cell.IN_1,     Cell.IN_2,        Cell.SWITCH,  Cell.IN_4,    Cell.IN_5,       Cell.IN_6,
  /* SELECT_OTHER */  0,              Cell.IN_1,     Cell.IN_2,        Cell.RESET,   Cell.IN_4,    Cell.IN_5,       Cell.IN_6,
  /* BREAK */         0,              Cell.RESET,    Cell.IN_2,        Cell.RESET,   Cell.IN_4,    Cell.IN_5,       Cell.IN_6,
  /* MALFORMED */     0,              Cell.IN_1,     Cell.IN_2,        Cell.RESET,   Cell.IN_4,    Cell.IN_5,       Cell.IN_6,
  /* DUE */           0,              Cell.SEND_2,   Cell.IN_2,        Cell.IN_3,    Cell.SEND_5,  Cell.IN_5,       Cell.IN_6,
  /* SENT */          0,              Cell.IN_1,     Cell.WAIT,        Cell.IN_3,    Cell.IN_4,    Cell.OPEN,       Cell.IN_6,
  /* SILENT */        0,              Cell.IN_1,     Cell.IN_2,        Cell.RESET,   Cell.IN_4,    Cell.IN_5,       Cell.IN_6,
  /* END */           0,              Cell.IN_1,     Cell.IN_2,        Cell.IN_3,    Cell.IN_4,    Cell.IN_5,       Cell.RESET,
]);

/** What to do in `state` at `event`, and the state that follows: next << 4 | act. */
export function signOnStep(state: u32, event: SignOnEvent): u32 {
  assert(state < STATES && <u32>event < EVENTS);
  return load<i32>(STEP + <usize>((<u32>event * STATES + state) << 2));
}
