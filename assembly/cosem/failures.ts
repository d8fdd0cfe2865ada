/**
 * Power failures 0-0:96.7: of all phases at once, of a phase whose voltage is missing, and of any phase. One that lasts longer than
 * 0-0:96.7.20 says is long, and those of any phase stand in the power failure log 1-0:99.97.0. The row shows what the record of the
 * failure counted, so it is a record behind that one. A hidden value of the Clock says what is due: each record sets it for the next
 * and clears its own, so that a power cut between them neither loses nor repeats one.
 */
import { Err } from "../base/err";
import { PHASES, Quality } from "../meter/quality";
import { Meter } from "../store/block";
import { changeCommit, changeOpen, changeReserve } from "../store/change";
import { NONE, Template } from "../store/template";
import { rowOf, valueAt, valueSize } from "../store/values";
import { captureRow } from "./capture_row";
import { named, namedCount, namedPut } from "./named";
import { momentPut } from "./put";
import { settingNumber } from "./setting";

const VALUE: i32 = 2;
const CLASS_PROFILE: u32 = 7;
/**
 * Part of the Clock's time that holds what is due: the second of the return for which the log wants a row, beginning and end of an
 * outage that is not counted yet; UTC, 0 = none.
 */
const DUE_PART: u32 = 7;
const LOGGED_AT: usize = 0;
const DOWN_AT: usize = 4;
const UP_AT: usize = 8;
const DUE_SIZE: u32 = 12;
/** Group D of power failures, and E of the counter of any phase, of the threshold. */
const D: u32 = 7;
const ANY_COUNT: u32 = 21;
const THRESHOLD: u32 = 20;
/** First E of long failures, of times, and of durations. */
const LONG: u32 = 5;
const TIME: u32 = 10;
const DURATION: u32 = 15;
const THRESHOLD_DEFAULT: u32 = 180;

/** Of which phases a failure was: phase n has number n. */
export const enum Failure {
  ALL = 0,
  ANY = 4,
}

function object(e: u32): u32 {
  return named(0, 96, D, e);
}

/** Adds a failure of `what` from UTC second `down` on, which lasted `seconds`, to the open record. */
export function failureAdd(meter: Meter, what: u32, down: i64, seconds: i64): void {
  namedCount(meter, object(what == Failure.ANY ? ANY_COUNT : what));
  momentPut(meter, object(TIME + what), VALUE, down);
  if (!isLong(meter, seconds)) return;
  namedCount(meter, object(LONG + what));
  namedPut(meter, object(DURATION + what), seconds);
}

/** Row of the hidden value that says what is due. */
function dueRow(): u32 {
  return rowOf(Template.of().clockObject, VALUE, DUE_PART);
}

/** One of the seconds of the hidden value, 0 = none. */
function due(meter: Meter, offset: usize): u32 {
  const row = dueRow();
  return row == NONE || valueSize(meter, row) != DUE_SIZE ? 0 : bswap<u32>(load<u32>(valueAt(meter, row) + offset));
}

/** Puts what is due from now on into the open record. */
function duePut(meter: Meter, logged: i64, down: i64, up: i64): void {
  if (dueRow() == NONE) return;
  const to = changeReserve(meter, Template.of().object(Template.of().clockObject), VALUE, DUE_PART, DUE_SIZE);
  if (to == 0) return;
  store<u32>(to, bswap<u32>(<u32>logged), LOGGED_AT);
  store<u32>(to, bswap<u32>(<u32>down), DOWN_AT);
  store<u32>(to, bswap<u32>(<u32>up), UP_AT);
}

/** Profile number of the power failure log, NONE without one. */
function logProfile(): u32 {
  const log = named(1, 99, 97, 0);
  return log != NONE && <u32>Template.of().object(log).classId == CLASS_PROFILE
    ? <u32>Template.of().object(log).instance
    : NONE;
}

/** Adds to the record of a failure of any phase that the log is due, with the second of the return, if the failure was a long one. */
export function failureLogDue(meter: Meter, seconds: i64, up: i64): void {
  const long = isLong(meter, seconds) && logProfile() != NONE;
  duePut(meter, long ? up : 0, 0, 0);
}

/** Whether an outage or the row of a failure waits to be kept. */
export function failuresWait(meter: Meter): bool {
  return due(meter, UP_AT) != 0 || due(meter, LOGGED_AT) != 0;
}

/** Keeps what waits, one record. @returns false when the flash is behind */
export function failureKeep(meter: Meter): bool {
  return due(meter, UP_AT) != 0 ? outageKeep(meter) : failureLog(meter);
}

/** The meter was without power from UTC second `down` to `up`: noted before anything else says so, that no cut can hide it. */
export function outageNote(meter: Meter, down: i64, up: i64): void {
  // Where the log does not know of the return either, the outage has gone on.
  if (due(meter, UP_AT) == 0 || <i64>due(meter, DOWN_AT) != down) failuresFinish(meter);
  changeOpen(meter);
  duePut(meter, 0, down, up);
  changeCommit(meter);
}

/** Keeps what waits, when something new is to come: what the return from an outage has left undone when the power went again. */
export function failuresFinish(meter: Meter): void {
  while (failuresWait(meter)) if (!failureKeep(meter)) return;
}

function isLong(meter: Meter, seconds: i64): bool {
  return seconds > <i64>settingNumber(meter, object(THRESHOLD), VALUE, THRESHOLD_DEFAULT);
}

/** Writes the row that the power failure log waits for. The template may have changed meanwhile, and have no log any more. */
function failureLog(meter: Meter): bool {
  const log = logProfile();
  changeOpen(meter);
  if (log != NONE) captureRow(meter, log, due(meter, LOGGED_AT), 0);
  duePut(meter, 0, 0, 0);
  return changeCommit(meter) == Err.OK;
}

/** Keeps the outage that has ended: it was a failure of all phases, of each of them, and of any. */
function outageKeep(meter: Meter): bool {
  const phases = Quality.of(meter).phases;
  const down: i64 = due(meter, DOWN_AT);
  const up: i64 = due(meter, UP_AT);
  const seconds = max<i64>(up - down, 0);
  changeOpen(meter);
  failureAdd(meter, Failure.ALL, down, seconds);
  for (let p: u32 = 1; p <= PHASES; p++) {
    if (((phases >> (p - 1)) & 1) != 0) failureAdd(meter, p, down, seconds);
  }
  failureAdd(meter, Failure.ANY, down, seconds);
  failureLogDue(meter, seconds, up);
  return changeCommit(meter) == Err.OK;
}
