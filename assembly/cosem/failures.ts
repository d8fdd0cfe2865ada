/**
 * Power failures 0-0:96.7: of all phases at once, of a phase whose voltage is missing, and of any phase. One that lasts longer than
 * 0-0:96.7.20 says is long, and those of any phase stand in the power failure log 1-0:99.97.0.
 */
import { Err } from "../base/err";
import { clockStamp, STAMP_SIZE } from "../meter/clock";
import { PHASES, Quality } from "../meter/quality";
import { Meter } from "../store/block";
import { changeAdd, changeCommit, changeOpen } from "../store/change";
import { NONE, Template } from "../store/template";
import { rowOf } from "../store/values";
import { DataTag } from "../wire/axdr";
import { captureRow } from "./capture_row";
import { named, namedCount, namedPut } from "./named";
import { settingNumber } from "./setting";

const VALUE: i32 = 2;
const CLASS_PROFILE: u32 = 7;
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

const octets: usize = memory.data(14, 4);

function object(e: u32): u32 {
  return named(0, 96, D, e);
}

/** Adds a failure of `what` from UTC second `down` on, which lasted `seconds`, to the open record. */
export function failureAdd(meter: Meter, what: u32, down: i64, seconds: i64): void {
  namedCount(meter, object(what == Failure.ANY ? ANY_COUNT : what));
  momentPut(meter, object(TIME + what), down);
  if (!isLong(meter, seconds)) return;
  namedCount(meter, object(LONG + what));
  const duration = object(DURATION + what);
  if (duration != NONE) namedPut(meter, duration, seconds);
}

/** Adds the time of a failure to the open record. */
function momentPut(meter: Meter, o: u32, utc: i64): void {
  const row = rowOf(o, VALUE, 0);
  if (row == NONE || <u32>Template.of().attribute(row).capacity < STAMP_SIZE + 2) return;
  store<u8>(octets, <u8>DataTag.OCTET_STRING);
  store<u8>(octets + 1, <u8>STAMP_SIZE);
  clockStamp(meter, utc, octets + 2);
  changeAdd(meter, Template.of().object(o), VALUE, 0, octets, STAMP_SIZE + 2);
}

/** The record with a failure of any phase is closed: a long one is due in the log, with the second of the return. */
export function failureLogWait(meter: Meter, seconds: i64, up: i64): void {
  if (isLong(meter, seconds)) Quality.of(meter).returned = up;
}

function isLong(meter: Meter, seconds: i64): bool {
  const threshold = object(THRESHOLD);
  const limit = threshold == NONE ? THRESHOLD_DEFAULT : settingNumber(meter, threshold, VALUE, THRESHOLD_DEFAULT);
  return seconds > <i64>limit;
}

/** Writes the row that the power failure log waits for. @returns false when the flash is behind */
export function failureLog(meter: Meter): bool {
  const q = Quality.of(meter);
  const log = named(1, 99, 97, 0);
  if (log != NONE && <u32>Template.of().object(log).classId == CLASS_PROFILE) {
    if (captureRow(meter, Template.of().object(log).instance, q.returned, 0) == Err.NO_SPACE) return false;
  }
  q.returned = 0;
  return true;
}

/** Keeps the outage that has ended: it was a failure of all phases, of each of them, and of any. @returns false when the flash is behind */
export function outageKeep(meter: Meter): bool {
  const q = Quality.of(meter);
  const seconds = max<i64>(q.up - q.down, 0);
  changeOpen(meter);
  failureAdd(meter, Failure.ALL, q.down, seconds);
  for (let p: u32 = 1; p <= PHASES; p++) {
    if (((q.phases >> (p - 1)) & 1) != 0) failureAdd(meter, p, q.down, seconds);
  }
  failureAdd(meter, Failure.ANY, q.down, seconds);
  if (changeCommit(meter) != Err.OK) return false;
  failureLogWait(meter, seconds, q.up);
  q.up = 0;
  return true;
}
