/** What follows when protection does not open or authentication fails: the standard's answer, an event, and nothing else. */
import { Err } from "../base/err";
import { EventCode, eventRaise, eventTimes } from "../meter/events";
import { portFailed, portPassed } from "../cosem/port_protection";
import { GuardEvent, guardEvent, guardFailed, guardPassed } from "../session/guard";
import { SecurityOption, securityOption } from "../session/options";
import { Slot } from "../session/slot";
import { Meter } from "../store/block";
import { exceptionCounter, exceptionSend, Refusal } from "./exception";
import { Layers } from "./layers";

function raise(meter: Meter, kind: GuardEvent, code: EventCode): void {
  if (guardEvent(meter, kind, eventTimes(code))) eventRaise(meter, code);
}

/** Answers an APDU whose protection did not open with `err`; the template may choose silence. */
export function openRefused(meter: Meter, slot: Slot, err: i32): void {
  const later = err == Err.NO_SPACE || err == Err.ENTROPY;
  if (later) {
    exceptionSend(slot, Refusal.OTHER_REASON);
    return;
  }
  const replayed = err == Err.REPLAY || err == Err.REPEATED;
  if (replayed) raise(meter, GuardEvent.REPLAY, EventCode.REPLAY_ATTACK);
  else raise(meter, GuardEvent.DECIPHERING, EventCode.DECIPHERING_FAILURE);
  slot.outboundSize = 0;
  if (securityOption(SecurityOption.SILENT)) return;
  // The counter named is that of the key the APDU was under.
  if (err == Err.REPLAY) exceptionCounter(slot, Refusal.COUNTER, Layers.refused);
  else exceptionSend(slot, Refusal.DECIPHERING);
}

/** A client has proved who it is. */
export function authenticationPassed(meter: Meter, slot: Slot, association: u32): void {
  guardPassed(meter, association);
  portPassed(meter, slot);
}

/** A wrong password, or a wrong answer to a challenge, in a slot that wanted `association`. */
export function authenticationRefused(meter: Meter, slot: Slot, association: u32): void {
  guardFailed(meter, association);
  portFailed(meter, slot);
  raise(meter, GuardEvent.AUTHENTICATION, EventCode.AUTHENTICATION_FAILURE);
}
