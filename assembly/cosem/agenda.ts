/**
 * What a meter has to do at instants of its own. Each duty belongs to one function, which says when it is due next; the deadline
 * is kept here, so that a meter with nothing to do costs nothing. Functions learn here that the clock was moved, that local time
 * has changed, that the power is back, that a sample was taken.
 */
import { Err } from "../base/err";
import { clockInvalidSet, clockIsInvalid, clockMeterTime, clockMove, clockSeconds, NEVER } from "../meter/clock";
import { EventCode, eventRaise } from "../meter/events";
import { Meter } from "../store/block";
import { journalSequence } from "../store/journal";
import { AGENDA_AT, AGENDA_SIZE } from "../store/layout";
import {
  captureBoot,
  captureClockSet,
  captureDeadline,
  captureDown,
  captureDue,
  capturePowerFails,
  capturePowerReturns,
  captureStopped,
  captureZoneSet,
  GIVEN,
} from "./capture";
import { controlBoot, controlClock, controlRun, controlSampled } from "./control";
import { functionsBoot } from "./function_control";
import { imageBoot } from "./image";
import { monitorBoot, monitorDeadline, monitorPowerReturned, monitorRun, monitorSampled } from "./monitor";
import {
  demandBoot,
  demandClockMoved,
  demandPowerFails,
  demandPowerReturned,
  demandRun,
  demandZoneSet,
} from "./demand";
import { qualityBoot, qualityPowerFails, qualityPowerReturned, qualityRun, qualitySampled } from "./quality";
import { protectionsBoot } from "./port_protection";
import { scheduleBoot, scheduleClockMoved, scheduleMissed, scheduleRefresh, scheduleRun } from "./schedule";
import { tariffBoot, tariffRefresh, tariffRun } from "./tariff";

/** The duties, in the order in which those due at one instant are done: a demand period ends before its maximum is billed. */
export const enum Duty {
  DEMAND = 0,
  CAPTURE = 1,
  SCHEDULE = 2,
  TARIFF = 3,
  CONTROL = 4,
  MONITOR = 5,
  QUALITY = 6,
}

const DUTIES: u32 = 7;

if (DUTIES * 8 > AGENDA_SIZE) ERROR("the agenda has AGENDA_SIZE octets");

function entryAt(meter: Meter, duty: u32): usize {
  return meter.area(AGENDA_AT + (duty << 3));
}

/** When a duty is due: meter time, ms; 0 = it is not. */
export function agendaAt(meter: Meter, duty: u32): f64 {
  if (duty == Duty.CAPTURE) return captureDeadline(meter);
  const at = load<f64>(entryAt(meter, duty));
  return duty == Duty.MONITOR ? monitorDeadline(meter, at != 0) : at;
}

/** Sets when a duty is due: meter time, ms; 0 = it is not. */
export function agendaSet(meter: Meter, duty: u32, at: f64): void {
  store<f64>(entryAt(meter, duty), at);
}

/** Sets when a duty is due by the clock: UTC second, NEVER = it is not. */
export function agendaSetClock(meter: Meter, duty: u32, utc: i64): void {
  agendaSet(meter, duty, utc == NEVER ? 0 : max<f64>(clockMeterTime(meter, utc), 1));
}

/** A duty is due at the next tick. */
export function agendaSoon(meter: Meter, duty: u32): void {
  agendaSet(meter, duty, max<f64>(meter.meterTime, 1));
}

/** The duty that is due first, DUTIES when none is; of those at one instant the one that is named first. */
function earliest(meter: Meter): u32 {
  let found = DUTIES;
  let first: f64 = 0;
  for (let duty: u32 = 0; duty < DUTIES; duty++) {
    const at = agendaAt(meter, duty);
    if (at == 0 || (found != DUTIES && at >= first)) continue;
    found = duty;
    first = at;
  }
  return found;
}

/** Meter time at which something is due, ms; 0 = nothing is. Without power nothing is. */
export function agendaDeadline(meter: Meter): f64 {
  if (captureStopped(meter)) return 0;
  const duty = earliest(meter);
  return duty == DUTIES ? 0 : agendaAt(meter, duty);
}

/**
 * Handles the first duty that is due, at most one instant of it, and those behind it as long as nothing becomes durable: what is has to
 * reach the flash, and may have switched an output.
 * @returns whether one was handled; false when nothing is due, or the flash is behind
 */
export function agendaDue(meter: Meter): bool {
  if (captureStopped(meter)) return false;
  const sequence = journalSequence(meter);
  let handled = false;
  // Duties that wake each other end here, and the host sees them turn.
  for (let i: u32 = 0; i < DUTIES && journalSequence(meter) == sequence; i++) {
    const duty = earliest(meter);
    if (duty == DUTIES || agendaAt(meter, duty) > meter.meterTime || !run(meter, duty)) break;
    handled = true;
  }
  return handled;
}

/** One instant of a duty. The function sets when it is due next; false = the flash is behind, and it stays due. */
function run(meter: Meter, duty: u32): bool {
  switch (duty) {
    case Duty.DEMAND:
      return demandRun(meter);
    case Duty.CAPTURE:
      return captureDue(meter, meter.meterTime);
    case Duty.CONTROL:
      return controlRun(meter);
    case Duty.MONITOR:
      agendaSet(meter, duty, 0);
      if (monitorRun(meter)) return true;
      agendaSoon(meter, duty);
      return false;
    case Duty.QUALITY:
      return qualityRun(meter);
    case Duty.SCHEDULE:
      return scheduleRun(meter);
    case Duty.TARIFF:
      return tariffRun(meter);
    default:
      agendaSet(meter, duty, 0);
      return true;
  }
}

/** Makes the functions ready, when the values are there. @returns whether the meter has a past */
export function agendaBoot(meter: Meter): bool {
  functionsBoot(meter);
  protectionsBoot(meter);
  qualityBoot(meter);
  const down = captureBoot(meter);
  imageBoot(meter);
  demandBoot(meter);
  controlBoot(meter);
  monitorBoot(meter);
  scheduleBoot(meter);
  tariffBoot(meter);
  // A meter that was delivered with an exhausted reserve says so once.
  if (down == 0 && clockIsInvalid(meter)) eventRaise(meter, EventCode.CLOCK_INVALID);
  if (down != 0) powerReturned(meter, down, clockSeconds(meter));
  return down != 0;
}

/** A sample was taken. Called often: functions compare, and become due. */
export function agendaSampled(meter: Meter): void {
  if (captureStopped(meter)) return;
  qualitySampled(meter);
  controlSampled(meter);
  monitorSampled(meter);
}

/** The power fails: what is under way is kept as it stands, with event 1. Until it returns nothing is done. */
export function agendaPowerFails(meter: Meter): void {
  if (captureStopped(meter)) return;
  demandPowerFails(meter);
  qualityPowerFails(meter);
  capturePowerFails(meter);
}

/** The power is back after captureStopped(). */
export function agendaPowerReturns(meter: Meter): void {
  const down = captureDown(meter);
  if (down == 0) return;
  capturePowerReturns(meter);
  powerReturned(meter, down, clockSeconds(meter));
}

/** The meter was without power from UTC second `down` to `up` (of the clock). */
function powerReturned(meter: Meter, down: i64, up: i64): void {
  demandPowerReturned(meter, down, up);
  qualityPowerReturned(meter);
  controlClock(meter);
  monitorPowerReturned(meter);
  scheduleMissed(meter, down, up);
  tariffRefresh(meter);
}

/**
 * The power is back, and the reserve of the clock was exhausted: it goes on from the time at which the power went, invalid until it is
 * set (event 6).
 */
export function agendaReserveExhausted(meter: Meter): void {
  const down = captureDown(meter);
  if (down == 0) return;
  clockMove(meter, <f64>down * 1000);
  clockInvalidSet(meter, true);
  eventRaise(meter, EventCode.CLOCK_INVALID);
  agendaPowerReturns(meter);
}

/**
 * Sets the clock to `ms` since 1970 UTC, which makes an invalid one valid, however near it was; see captureClockSet(). Deadlines by the
 * clock move with it.
 * @returns 0, or the error for which the clock has not moved
 */
export function agendaClockSet(meter: Meter, ms: f64, limit: i64): i32 {
  if (!clockIsInvalid(meter)) return agendaClockShift(meter, ms, limit);
  return agendaClockShift(meter, ms, GIVEN);
}

/** Moves the clock from where it is: one that is invalid stays so. Otherwise as agendaClockSet(). */
export function agendaClockShift(meter: Meter, ms: f64, limit: i64): i32 {
  const from = clockSeconds(meter);
  const err = captureClockSet(meter, ms, limit);
  if (err == Err.OK) clockMoved(meter, from, clockSeconds(meter), limit);
  return err;
}

/** The clock was moved from UTC second `from` to `to`, silently corrected within `limit` seconds or set. */
function clockMoved(meter: Meter, from: i64, to: i64, limit: i64): void {
  demandClockMoved(meter, to, abs(to - from) <= limit);
  controlClock(meter);
  scheduleClockMoved(meter, from, to, abs(to - from) <= limit);
  tariffRefresh(meter);
}

/** After a change of time zone or daylight saving: local time has moved. */
export function agendaZoneSet(meter: Meter): void {
  captureZoneSet(meter);
  controlClock(meter);
  demandZoneSet(meter);
  scheduleRefresh(meter);
  tariffRefresh(meter);
}
