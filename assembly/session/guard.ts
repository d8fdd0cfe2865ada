/**
 * Slowing guesses down. After FREE failures in a row an association takes no further attempt for 1 s, then 2, 4 … up to 60 s of meter
 * time, each counted from the failure; a success ends it. Attempts within the wait are refused unread and do not lengthen it. Tags and
 * signatures cannot be guessed and wait for nobody. Kept in the block, not in the flash: a restart forgets it.
 */
import { ASSOCIATIONS_MAX } from "../base/limits";
import { Meter } from "../store/block";
import { SessionState } from "./state";

const FREE: u32 = 5;
const WAIT_MAX: u32 = 60;
/** Events of one kind are at least so far apart, ms of meter time: a flood of bad APDUs shall not wear the log out. */
const EVENT_APART_MS: f64 = 60000;

/** Failures of an association since its last success, and when it listens again. */
@unmanaged
export class Guard {
  failures: u32;
  /** Meter time, s since 1970. */
  until: u32;

  @inline
  static of(meter: Meter, association: u32): Guard {
    const at = SessionState.of(meter).guards + <usize>(association * offsetof<Guard>());
    return changetype<Guard>(at);
  }
}

function secondsOf(meter: Meter): u32 {
  const seconds = meter.meterTime / 1000;
  return seconds < 4294967295 ? <u32>(<i64>seconds) : 0xffffffff;
}

/** Whether an association takes no attempt now. */
export function guardWaits(meter: Meter, association: u32): bool {
  if (association >= ASSOCIATIONS_MAX) return false;
  return secondsOf(meter) < Guard.of(meter, association).until;
}

/** Counts a failed authentication. */
export function guardFailed(meter: Meter, association: u32): void {
  if (association >= ASSOCIATIONS_MAX) return;
  const g = Guard.of(meter, association);
  g.failures++;
  if (g.failures < FREE) return;
  const doubled = g.failures - FREE;
  const wait: u32 = doubled > 5 ? WAIT_MAX : min<u32>(1 << doubled, WAIT_MAX);
  g.until = secondsOf(meter) + wait;
}

/** A success: guesses begin anew. */
export function guardPassed(meter: Meter, association: u32): void {
  if (association >= ASSOCIATIONS_MAX) return;
  const g = Guard.of(meter, association);
  if (g.failures == 0) return;
  g.failures = 0;
  g.until = 0;
}

/** Kinds of events that are kept apart. */
export const enum GuardEvent {
  AUTHENTICATION = 0,
  DECIPHERING = 1,
  REPLAY = 2,
}

/**
 * The cause of an event of a kind has come. Whether the event is to be raised: the cause came `times` times since the last one, and
 * that is long enough ago.
 */
export function guardEvent(meter: Meter, kind: GuardEvent, times: u32): bool {
  const countAt = SessionState.of(meter).eventCounts + <usize>kind;
  const count = min<u32>(<u32>load<u8>(countAt) + 1, 255);
  store<u8>(countAt, <u8>count);
  if (count < times) return false;
  const at = SessionState.of(meter).eventTimes + <usize>(kind << 3);
  const last = load<f64>(at);
  if (last != 0 && meter.meterTime < last + EVENT_APART_MS) return false;
  store<f64>(at, meter.meterTime);
  store<u8>(countAt, 0);
  return true;
}
