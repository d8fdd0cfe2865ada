/** Every transition of the sign-on of modes C and E (IEC 62056-21, 6.4.3 and Annex E), seen from the meter. */

export const enum SignOn {
  /** Waits for a request at the opening rate. */
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
  /** A piece of the data block is to leave; before the first one the reaction time runs. */
  READOUT = 7,
  READING = 8,
  /** Programming mode was asked for: the reaction time runs before the break that refuses it. */
  REFUSE = 9,
  REFUSING = 10,
}

export const enum SignOnEvent {
  /** A request to this device. */
  REQUEST = 0,
  /** A request to another one. */
  FOREIGN = 1,
  /** HDLC, the data readout or programming, at a rate that is offered. */
  SELECT_HDLC = 2,
  SELECT_READOUT = 3,
  SELECT_PROGRAMMING = 4,
  /** Something that is not offered. */
  SELECT_OTHER = 5,
  BREAK = 6,
  MALFORMED = 7,
  /** What is to leave may leave now. */
  DUE = 8,
  /** What was to be sent has left; of a data block, not its last piece. */
  SENT = 9,
  /** The last piece of a data block has left. */
  DONE = 10,
  /** Nothing has come for too long. */
  SILENT = 11,
  /** In place of SELECT_READOUT, SELECT_OTHER, MALFORMED and SILENT on a port without data readout. */
  NO_READOUT = 12,
  /** HDLC has disconnected, or was inactive. */
  END = 13,
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
  /** Back to the opening rate. */
  RESET = 6,
  /** Go on at once. */
  PROCEED = 7,
}

const STATES: u32 = 11;
const EVENTS: u32 = 14;

/** Cells by name, next state << 4 | act; STAY does nothing, and its state counts for nothing. */
const enum Cell {
  STAY = 0,
  RESET = (SignOn.REQUEST << 4) | SignOnAct.RESET,
  REACT = (SignOn.IDENTIFY << 4) | SignOnAct.REACT,
  SWITCH = (SignOn.CONFIRM << 4) | SignOnAct.SWITCH,
  READ = (SignOn.READOUT << 4) | SignOnAct.SWITCH,
  FALL = (SignOn.READOUT << 4) | SignOnAct.REACT,
  REFUSE = (SignOn.REFUSE << 4) | SignOnAct.SWITCH,
  SEND_2 = (SignOn.IDENTIFYING << 4) | SignOnAct.SEND,
  SEND_5 = (SignOn.CONFIRMING << 4) | SignOnAct.SEND,
  SEND_8 = (SignOn.READING << 4) | SignOnAct.SEND,
  SEND_A = (SignOn.REFUSING << 4) | SignOnAct.SEND,
  MORE = (SignOn.READOUT << 4) | SignOnAct.PROCEED,
  WAIT = (SignOn.SELECT << 4) | SignOnAct.WAIT,
  OPEN = (SignOn.HDLC << 4) | SignOnAct.OPEN,
}

/**
 * One row per event, one column per state. What is not offered, and silence, is answered as mode C wants it: with the data
 * readout at the opening rate (6.4.3).
 */
// prettier-ignore
const STEP: usize = memory.data<i32>([
                       /* REQUEST */ /* IDENTIFY */ /* 2 */    /* SELECT */  /* CONFIRM */ /* 5 */    /* HDLC */  /* READOUT */ /* READING */ /* REFUSE */ /* A */
  /* REQUEST */        Cell.REACT,   Cell.REACT,    Cell.STAY, Cell.REACT,   Cell.STAY,    Cell.STAY, Cell.STAY,  Cell.STAY,    Cell.STAY,    Cell.STAY,   Cell.STAY,
  /* FOREIGN */        Cell.STAY,    Cell.RESET,    Cell.STAY, Cell.RESET,   Cell.STAY,    Cell.STAY, Cell.STAY,  Cell.STAY,    Cell.STAY,    Cell.STAY,   Cell.STAY,
  /* SELECT_HDLC */    Cell.STAY,    Cell.STAY,     Cell.STAY, Cell.SWITCH,  Cell.STAY,    Cell.STAY, Cell.STAY,  Cell.STAY,    Cell.STAY,    Cell.STAY,   Cell.STAY,
  /* ..._READOUT */    Cell.STAY,    Cell.STAY,     Cell.STAY, Cell.READ,    Cell.STAY,    Cell.STAY, Cell.STAY,  Cell.STAY,    Cell.STAY,    Cell.STAY,   Cell.STAY,
  /* ..._PROGRAMMING */Cell.STAY,    Cell.STAY,     Cell.STAY, Cell.REFUSE,  Cell.STAY,    Cell.STAY, Cell.STAY,  Cell.STAY,    Cell.STAY,    Cell.STAY,   Cell.STAY,
  /* ..._OTHER */      Cell.STAY,    Cell.STAY,     Cell.STAY, Cell.FALL,    Cell.STAY,    Cell.STAY, Cell.STAY,  Cell.STAY,    Cell.STAY,    Cell.STAY,   Cell.STAY,
  /* BREAK */          Cell.STAY,    Cell.RESET,    Cell.STAY, Cell.RESET,   Cell.STAY,    Cell.STAY, Cell.STAY,  Cell.RESET,   Cell.RESET,   Cell.STAY,   Cell.STAY,
  /* MALFORMED */      Cell.STAY,    Cell.STAY,     Cell.STAY, Cell.FALL,    Cell.STAY,    Cell.STAY, Cell.STAY,  Cell.STAY,    Cell.STAY,    Cell.STAY,   Cell.STAY,
  /* DUE */            Cell.STAY,    Cell.SEND_2,   Cell.STAY, Cell.STAY,    Cell.SEND_5,  Cell.STAY, Cell.STAY,  Cell.SEND_8,  Cell.STAY,    Cell.SEND_A, Cell.STAY,
  /* SENT */           Cell.STAY,    Cell.STAY,     Cell.WAIT, Cell.STAY,    Cell.STAY,    Cell.OPEN, Cell.STAY,  Cell.STAY,    Cell.MORE,    Cell.STAY,   Cell.RESET,
  /* DONE */           Cell.STAY,    Cell.STAY,     Cell.STAY, Cell.STAY,    Cell.STAY,    Cell.STAY, Cell.STAY,  Cell.STAY,    Cell.RESET,   Cell.STAY,   Cell.STAY,
  /* SILENT */         Cell.STAY,    Cell.STAY,     Cell.STAY, Cell.FALL,    Cell.STAY,    Cell.STAY, Cell.RESET, Cell.STAY,    Cell.STAY,    Cell.STAY,   Cell.STAY,
  /* NO_READOUT */     Cell.STAY,    Cell.STAY,     Cell.STAY, Cell.RESET,   Cell.STAY,    Cell.STAY, Cell.STAY,  Cell.STAY,    Cell.STAY,    Cell.STAY,   Cell.STAY,
  /* END */            Cell.STAY,    Cell.STAY,     Cell.STAY, Cell.STAY,    Cell.STAY,    Cell.STAY, Cell.RESET, Cell.STAY,    Cell.STAY,    Cell.STAY,   Cell.STAY,
]);

/** What to do in `state` at `event`, and the state that follows: next << 4 | act. */
export function signOnStep(state: u32, event: SignOnEvent): u32 {
  assert(state < STATES && <u32>event < EVENTS);
  const cell = load<u32>(STEP + <usize>((<u32>event * STATES + state) << 2));
  return cell == Cell.STAY ? state << 4 : cell;
}
