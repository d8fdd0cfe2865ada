/** The state machine of a disconnector (Blue Book, class_id 70): what each trigger does in each state, by control_mode. */

/** control_state. */
export const enum ControlState {
  DISCONNECTED = 0,
  CONNECTED = 1,
  READY_FOR_RECONNECTION = 2,
}

/** Who wants what. Local is the meter itself: a limiter, a monitor. */
export const enum Trigger {
  REMOTE_DISCONNECT = 0,
  MANUAL_DISCONNECT = 1,
  LOCAL_DISCONNECT = 2,
  REMOTE_RECONNECT = 3,
  MANUAL_RECONNECT = 4,
  LOCAL_RECONNECT = 5,
}

/** control_mode 7 belongs to version 1 of the class. */
export const CONTROL_MODE_MAX: u32 = 7;
/** The mode has no such transition from this state. */
export const REFUSED: i32 = -1;

const STATES: u32 = 3;
const TRIGGERS: u32 = 6;
/** A cell of the table: refused; others are the next state. */
const NO: u32 = 9;

/**
 * Next state: a row for each control_mode and control_state, a column for each trigger. A trigger whose end is reached already
 * changes nothing and succeeds: remote_disconnect of what is disconnected. The letters are the transitions of the class.
 */
// prettier-ignore
const NEXT: usize = memory.data<u8>([
  // disconnect:           reconnect:
  // remote manual local   remote manual local
  /* 0, 0 */ 9, 9, 9,      9, 9, 9,
  /* 0, 1 */ 9, 9, 9,      9, 9, 9,
  /* 0, 2 */ 9, 9, 9,      9, 9, 9,
  /* 1, 0 */ 0, 9, 9,      2, 9, 9, // d
  /* 1, 1 */ 0, 2, 2,      1, 1, 9, // b f g
  /* 1, 2 */ 0, 2, 2,      2, 1, 9, // c e
  /* 2, 0 */ 0, 9, 9,      1, 9, 9, // a
  /* 2, 1 */ 0, 2, 2,      1, 1, 9, // b f g
  /* 2, 2 */ 0, 2, 2,      9, 1, 9, // c e
  /* 3, 0 */ 0, 9, 9,      2, 9, 9, // d
  /* 3, 1 */ 0, 9, 2,      1, 1, 9, // b g
  /* 3, 2 */ 0, 9, 2,      2, 1, 9, // c e
  /* 4, 0 */ 0, 9, 9,      1, 9, 9, // a
  /* 4, 1 */ 0, 9, 2,      1, 1, 9, // b g
  /* 4, 2 */ 0, 9, 2,      9, 1, 9, // c e
  /* 5, 0 */ 0, 9, 9,      2, 9, 9, // d
  /* 5, 1 */ 0, 2, 2,      1, 1, 1, // b f g
  /* 5, 2 */ 0, 2, 2,      2, 1, 1, // c e h
  /* 6, 0 */ 0, 9, 9,      2, 9, 9, // d
  /* 6, 1 */ 0, 9, 2,      1, 1, 1, // b g
  /* 6, 2 */ 0, 9, 2,      2, 1, 1, // c e h
  /* 7, 0 */ 0, 9, 9,      1, 9, 9, // a
  /* 7, 1 */ 0, 9, 2,      1, 1, 1, // b g
  /* 7, 2 */ 0, 9, 2,      1, 1, 1, // c i e h
]);

/** State after `trigger`, REFUSED when the mode has no such transition. */
export function disconnectorNext(mode: u32, state: u32, trigger: u32): i32 {
  if (mode > CONTROL_MODE_MAX || state >= STATES || trigger >= TRIGGERS) return REFUSED;
  const cell = <u32>load<u8>(NEXT + <usize>((mode * STATES + state) * TRIGGERS + trigger));
  return cell == NO ? REFUSED : <i32>cell;
}

/** Event codes of the disconnector control log, by trigger; 59 is the remote reconnection that leaves the last step to a person. */
const EVENTS: usize = memory.data<u8>([62, 60, 64, 63, 61, 69]);
const READY_FOR_MANUAL_RECONNECTION: u32 = 59;

/** Event of a transition to `next`. */
export function disconnectorEvent(trigger: u32, next: u32): u32 {
  const ready = trigger == Trigger.REMOTE_RECONNECT && next == ControlState.READY_FOR_RECONNECTION;
  return ready ? READY_FOR_MANUAL_RECONNECTION : <u32>load<u8>(EVENTS + <usize>trigger);
}
