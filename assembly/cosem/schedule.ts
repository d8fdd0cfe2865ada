/**
 * Duty SCHEDULE: single action schedules (class_id 22) and schedules (class_id 10) run scripts at instants of local time. What an
 * outage, or a clock set forward, has passed over is run once, afterwards; a clock set back lets instants come again (IDIS, schedules
 * over outage and clock change).
 */
import { SCHEDULES_MAX, SINGLE_ACTIONS_MAX } from "../base/limits";
import { Err } from "../base/err";
import { Reader } from "../base/reader";
import { clockSeconds, NEVER } from "../meter/clock";
import { recurrenceNext } from "../meter/recurrence";
import { Meter } from "../store/block";
import { journalHasRoom } from "../store/journal_state";
import { objectOfClass } from "../store/values";
import { Axdr, DataTag } from "../wire/axdr";
import { agendaSetClock, agendaSoon, Duty } from "./agenda";
import { timeTake } from "./array_value";
import { Caller } from "./ask";
import { billingIsOpen, billingLast, billingResume } from "./billing";
import { executeItem } from "./execute";
import { entriesNext, entriesRun } from "./schedule_entries";
import { ScheduleState } from "./schedule_state";
import { settingArray, settingOver } from "./setting";
import { timeIsAny } from "./time_pattern";

const CLASS_SCHEDULE: u32 = 10;
const CLASS_SINGLE_ACTION: u32 = 22;
/** Slots: single actions, then schedules. */
const SLOTS: u32 = SINGLE_ACTIONS_MAX + SCHEDULES_MAX;
/** Octets of date and time. */
const PATTERN_SIZE: u32 = 9;

/** Attributes of class 22. */
export const enum SingleAction {
  EXECUTED_SCRIPT = 2,
  TYPE = 3,
  EXECUTION_TIME = 4,
}

const reader: Reader = changetype<Reader>(memory.data(offsetof<Reader>(), 8));
const pattern: usize = memory.data(PATTERN_SIZE);

function objectOf(slot: u32): i32 {
  if (slot < SINGLE_ACTIONS_MAX) return objectOfClass(CLASS_SINGLE_ACTION, slot);
  return objectOfClass(CLASS_SCHEDULE, slot - SINGLE_ACTIONS_MAX);
}

/** First UTC second after `utc` of the execution_time of a single action. A time of wildcards alone switches an entry off. */
function actionNext(meter: Meter, object: u32, utc: i64): i64 {
  const count = settingArray(meter, object, SingleAction.EXECUTION_TIME, reader);
  let next = NEVER;
  for (let i: u32 = 0; i < count; i++) {
    Axdr.readStructure(reader, 2);
    const time = timeTake(reader, DataTag.TIME, 4);
    const date = timeTake(reader, DataTag.DATE, 5);
    if (reader.err != Err.OK || timeIsAny(time)) continue;
    memory.copy(pattern, date, 5);
    memory.copy(pattern + 5, time, 4);
    next = min<i64>(next, recurrenceNext(meter, pattern, utc));
  }
  return next;
}

function nextAfter(meter: Meter, slot: u32, utc: i64): i64 {
  const object = objectOf(slot);
  if (object < 0) return NEVER;
  return slot < SINGLE_ACTIONS_MAX ? actionNext(meter, object, utc) : entriesNext(meter, object, utc);
}

/** The slot that is due first. */
function earliest(state: ScheduleState): u32 {
  let found: u32 = 0;
  for (let slot: u32 = 1; slot < SLOTS; slot++) if (state.next(slot) < state.next(found)) found = slot;
  return found;
}

function plan(meter: Meter): void {
  const state = ScheduleState.of(meter);
  if (billingIsOpen(meter)) agendaSoon(meter, Duty.SCHEDULE);
  else agendaSetClock(meter, Duty.SCHEDULE, state.next(earliest(state)));
}

/** Looks up all instants anew from UTC second `utc` on. */
function lookUp(meter: Meter, utc: i64): void {
  const state = ScheduleState.of(meter);
  state.late = 0;
  for (let slot: u32 = 0; slot < SLOTS; slot++) state.setNext(slot, nextAfter(meter, slot, utc));
  plan(meter);
}

/** Makes the schedules ready, when the values are there. */
export function scheduleBoot(meter: Meter): void {
  ScheduleState.of(meter).fresh = 1;
  lookUp(meter, clockSeconds(meter));
}

/** Special days, zone or daylight saving have changed. */
export function scheduleRefresh(meter: Meter): void {
  lookUp(meter, clockSeconds(meter));
}

/** An object of class 10 or 22, number `instance` of it, has changed. */
export function scheduleChanged(meter: Meter, classId: u32, instance: u32): void {
  const slot = classId == CLASS_SINGLE_ACTION ? instance : SINGLE_ACTIONS_MAX + instance;
  if (slot >= SLOTS) return;
  const state = ScheduleState.of(meter);
  state.late &= ~(1 << slot);
  state.setNext(slot, nextAfter(meter, slot, clockSeconds(meter)));
  plan(meter);
}

/** The instants from UTC second `from` (not included) to `to` were passed over; what is due already stays due. */
export function scheduleMissed(meter: Meter, from: i64, to: i64): void {
  const state = ScheduleState.of(meter);
  // After a restart an instant at `from` itself counts too, unless the last billing period ended in it.
  const since = state.fresh != 0 && billingLast(meter) != from ? from - 1 : from;
  state.fresh = 0;
  for (let slot: u32 = 0; slot < SLOTS; slot++) {
    // At boot the instants were looked up from `to` on.
    if (state.next(slot) <= from) continue;
    const next = nextAfter(meter, slot, since);
    if (next > to) {
      state.setNext(slot, next);
      continue;
    }
    state.setNext(slot, to);
    state.late |= 1 << slot;
    if (slot >= SINGLE_ACTIONS_MAX) state.missed(slot - SINGLE_ACTIONS_MAX).begin(since, to);
  }
  plan(meter);
}

/** The clock was moved from UTC second `from` to `to`; `silently` where that was a correction. */
export function scheduleClockMoved(meter: Meter, from: i64, to: i64, silently: bool): void {
  if (to >= from) scheduleMissed(meter, from, to);
  else if (silently) plan(meter);
  else lookUp(meter, to);
}

/** Runs what is due first. The flash must have room for a whole script: one that is cut short is not run again. */
export function scheduleRun(meter: Meter): bool {
  if (!journalHasRoom(meter)) return false;
  const state = ScheduleState.of(meter);
  const slot = earliest(state);
  const at = state.next(slot);
  const now = clockSeconds(meter);
  if (billingIsOpen(meter)) billingResume(meter);
  else if (at <= now) slotRun(meter, slot, at, now);
  plan(meter);
  return true;
}

function slotRun(meter: Meter, slot: u32, at: i64, now: i64): void {
  const state = ScheduleState.of(meter);
  const late = (state.late & (1 << slot)) != 0;
  const object = <u32>objectOf(slot);
  let until = late ? now : at;
  if (slot < SINGLE_ACTIONS_MAX) {
    state.instant = until;
    actionRun(meter, object);
    state.instant = 0;
  } else {
    // Several entries may be due: one at a time, until none is left.
    const missed = state.missed(slot - SINGLE_ACTIONS_MAX);
    if (!late) missed.begin(at - 1, at);
    state.late |= 1 << slot;
    until = missed.to;
    state.instant = until;
    const ran = entriesRun(meter, object, missed);
    state.instant = 0;
    if (ran) return;
  }
  state.late &= ~(1 << slot);
  state.setNext(slot, nextAfter(meter, slot, until));
}

function actionRun(meter: Meter, object: u32): void {
  if (settingOver(meter, object, SingleAction.EXECUTED_SCRIPT, reader)) executeItem(meter, Caller.SCRIPT, 0, reader);
}
