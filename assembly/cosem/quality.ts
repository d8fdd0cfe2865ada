/**
 * What the meter keeps of the quality of supply: counters, durations and magnitudes of sags, swells and cuts (1-0:12/32/52/72.31 to
 * .45), power failures, the means of ten minutes judged after EN 50160, and the events of all of it. What belongs together is one
 * record, the row of the log with its counter.
 */
import { Err } from "../base/err";
import { averageRead, AVERAGE_PERIOD, AVERAGES } from "../meter/averages";
import { clockLocal, clockNow, Season } from "../meter/clock";
import { eventDone, eventRaiseAt } from "../meter/events";
import {
  Condition,
  Disturbance,
  NEVER_ABOVE,
  NEVER_BELOW,
  PHASES,
  Quality,
  qualityDeadline,
  qualityEnd,
  qualityTake,
  Tracker,
  TRACKERS,
  TrackerState,
} from "../meter/quality";
import { Metering } from "../meter/metering_state";
import { Quantity } from "../meter/quantity";
import { Meter } from "../store/block";
import { changeCommit, changeOpen, changeReserve } from "../store/change";
import { Journal } from "../store/journal_state";
import { AttributeFlag, NONE, Template } from "../store/template";
import { rowOf, valueAt, valueSize } from "../store/values";
import { agendaSet, agendaSoon, Duty } from "./agenda";
import { captureEvents } from "./capture";
import { outputConnected } from "./control";
import { Failure, failureAdd, failureKeep, failureLogDue, failuresFinish, failuresWait } from "./failures";
import { named, namedCount, namedMilli, namedMilliPut } from "./named";

const CLASS_REGISTER: u32 = 3;

/** Group C of voltages: any phase, L1 to L3. */
const C_VOLTAGE: u32 = 12;
const C_STEP: u32 = 20;
/** Group D: thresholds and time thresholds; counters, durations and magnitudes of sags, the others 4 further on each. */
const D_SAG: u32 = 31;
const D_SWELL: u32 = 35;
const D_CUT: u32 = 39;
const D_SAG_TIME: u32 = 43;
const D_SWELL_TIME: u32 = 44;
const D_CUT_TIME: u32 = 45;
const D_COUNT: u32 = 32;
const D_STEP: u32 = 4;

/** Events of L1, those of L2 and L3 follow: of a sag, a swell and a cut; a voltage that is normal again; bad quality. */
const EVENT_SAG: u32 = 76;
const EVENT_NORMAL: u32 = 85;
const EVENT_BAD_QUALITY: u32 = 92;
/** Events of the conditions, in their order. */
const EVENT_CONDITION: usize = memory.data<u8>([90, 89, 91, 52]);

/** Part of the Clock's time that keeps how many means of L1 were outside the band: {week u32, count u16}; L2 and L3 follow. */
const OUTSIDE_PART: u32 = 4;
const OUTSIDE_SIZE: u32 = 6;
const CLOCK_TIME: i32 = 2;
/** EN 50160 (supply voltage variations): 95 % of the means of a week are within 10 % of the nominal voltage. A week has 1008. */
const BAND_PERCENT: i64 = 10;
const OUTSIDE_MAX: u32 = 50;
/** Part of an interval that must have been measured for its mean to be judged, ms. */
const JUDGED_MS: i64 = <i64>AVERAGE_PERIOD * 900;
const SECONDS_PER_WEEK: i64 = 604800;
/** From Thursday 1970-01-01 back to the Monday before it. */
const MONDAY: i64 = 259200;

/** Makes the trackers ready. */
export function qualityBoot(meter: Meter): void {
  const q = Quality.of(meter);
  const t = Template.of();
  q.importOnly = 1;
  for (let i: u32 = 0; i < <u32>t.attributeCount; i++) {
    const a = t.attribute(i);
    if ((a.flags & AttributeFlag.COMPUTED) == 0) continue;
    const phase = <u32>a.quantity - Quantity.VOLTAGE_L1;
    if (phase < PHASES) q.phases |= 1 << phase;
    const register = <u32>t.object(a.object).classId == CLASS_REGISTER;
    if (register && <u32>a.quantity == Quantity.ACTIVE_ENERGY_EXPORT) q.importOnly = 0;
  }
}

/** Takes the thresholds again when a setting may have changed. */
function thresholdsTake(meter: Meter, q: Quality): void {
  const sequence = Journal.of(meter).settings + 1;
  if (q.taken == sequence) return;
  q.taken = sequence;
  q.sag = thresholdOf(meter, D_SAG, NEVER_BELOW);
  q.swell = thresholdOf(meter, D_SWELL, NEVER_ABOVE);
  q.cut = thresholdOf(meter, D_CUT, NEVER_BELOW);
  q.sagMs = thresholdOf(meter, D_SAG_TIME, 0);
  q.swellMs = thresholdOf(meter, D_SWELL_TIME, 0);
  q.cutMs = thresholdOf(meter, D_CUT_TIME, 0);
}

/** A threshold in mV or ms, `otherwise` without it. */
function thresholdOf(meter: Meter, d: u32, otherwise: i32): i32 {
  return namedMilli(meter, named(1, C_VOLTAGE, d, 0), otherwise);
}

/** A sample was taken. */
export function qualitySampled(meter: Meter): void {
  const q = Quality.of(meter);
  thresholdsTake(meter, q);
  q.open = outputConnected(meter) ? 0 : 1;
  if (qualityTake(meter)) schedule(meter);
}

function schedule(meter: Meter): void {
  const q = Quality.of(meter);
  if (failuresWait(meter) || q.judged != 0) return agendaSoon(meter, Duty.QUALITY);
  agendaSet(meter, Duty.QUALITY, qualityDeadline(meter));
}

/**
 * Ten minutes have ended at UTC second `utc`; of them `measured` ms were measured. Their means are judged after EN 50160: one outside the
 * band waits to be counted.
 */
export function qualityAveraged(meter: Meter, utc: u32, measured: i64): void {
  const q = Quality.of(meter);
  if (measured < JUDGED_MS) return;
  q.averaged = utc;
  q.judged = 0;
  const nominal = <i64>namedMilli(meter, named(1, 0, 6, 4), 0);
  for (let p: u32 = 0; p < PHASES && nominal != 0; p++) {
    const off = abs(averageRead(meter, AVERAGES + p) - nominal);
    if (off * 100 > nominal * BAND_PERCENT) q.judged |= q.phases & (1 << p);
  }
  if (q.judged != 0) schedule(meter);
}

/** The power fails: what goes on is over, and kept. */
export function qualityPowerFails(meter: Meter): void {
  qualityEnd(meter);
  failuresFinish(meter);
  for (let i: u32 = 0; i < TRACKERS; i++) {
    if (!trackerKeep(meter, i) || !trackerKeep(meter, i)) break;
  }
  const q = Quality.of(meter);
  for (let i: u32 = 0; i < TRACKERS; i++) q.tracker(i).state = 0;
  schedule(meter);
}

/** The power is back: the outage, which has been noted (outageNote), is a power failure. */
export function qualityPowerReturned(meter: Meter): void {
  // What was measured before the outage does not last through it.
  Metering.of(meter).sampled = meter.meterTime;
  schedule(meter);
}

/** Keeps one thing that has happened. @returns false when the flash is behind */
export function qualityRun(meter: Meter): bool {
  const q = Quality.of(meter);
  let kept: bool = true;
  if (failuresWait(meter)) kept = failureKeep(meter);
  else if (q.judged != 0) kept = meanCount(meter, q);
  else kept = trackersKeep(meter);
  if (kept) schedule(meter);
  return kept;
}

/** Keeps what the first tracker with news has seen. */
function trackersKeep(meter: Meter): bool {
  const q = Quality.of(meter);
  for (let i: u32 = 0; i < TRACKERS; i++) {
    const before = q.tracker(i).state;
    if (!trackerKeep(meter, i)) return false;
    if (q.tracker(i).state != before) return true;
  }
  return true;
}

/** Counts what a tracker follows when it has lasted long enough; else, when it is over, keeps how long and how deep it was. */
function trackerKeep(meter: Meter, index: u32): bool {
  const q = Quality.of(meter);
  const t = q.tracker(index);
  const ended = (t.state & TrackerState.ENDED) != 0;
  if (t.state == 0) return true;
  const until = ended ? t.until : meter.meterTime;
  const limit = q.limit(index);
  if ((t.state & TrackerState.COUNTED) == 0 && until - t.since >= limit) return trackerCount(meter, q, index, limit);
  return ended ? trackerEnd(meter, q, index) : true;
}

/** UTC second at which the clock showed, as it stands now, meter time `at`. */
function utcOf(meter: Meter, at: f64): i64 {
  return <i64>Math.floor((clockNow(meter) - (meter.meterTime - at)) / 1000);
}

/** Adds the event to the open record. It is the only one of its record: those that waited have been logged. */
function eventAdd(meter: Meter, code: u32, seconds: i64): void {
  eventRaiseAt(meter, code, seconds, Season.UNKNOWN);
  // Where the record has no room it fails as a whole, and the event comes again with the next one.
  if (!captureEvents(meter)) eventDone(meter);
}

/** Object of tracker `index` in group D `d` of its disturbance. */
function objectOf(index: u32, d: u32): u32 {
  return named(1, C_VOLTAGE + C_STEP * (index & 3), D_COUNT + D_STEP * (index >> 2) + d, 0);
}

/** Event of tracker `index`, 0 = none: that any phase has a disturbance is counted only. */
function eventOf(index: u32): u32 {
  if (index >= <u32>Condition.ASYMMETRY) return load<u8>(EVENT_CONDITION + <usize>(index - Condition.ASYMMETRY));
  const phase = index & 3;
  return phase == 0 ? 0 : EVENT_SAG + PHASES * (index >> 2) + phase - 1;
}

function trackerCount(meter: Meter, q: Quality, index: u32, limit: f64): bool {
  if (!captureEvents(meter)) return false;
  const t = q.tracker(index);
  const code = eventOf(index);
  changeOpen(meter);
  if (index < <u32>Condition.ASYMMETRY) namedCount(meter, objectOf(index, 0));
  if (code != 0) eventAdd(meter, code, utcOf(meter, t.since + limit));
  if (changeCommit(meter) != Err.OK) return false;
  t.state |= TrackerState.COUNTED;
  if (index < <u32>Condition.ASYMMETRY) q.disturbed |= 1 << (index & 3);
  return true;
}

/** Whether the voltage of phase `phase` is disturbed but for what tracker `index` follows. */
function othersOn(q: Quality, phase: u32, index: u32): bool {
  for (let i = phase; i < <u32>Condition.ASYMMETRY; i += 4) {
    if (i != index && q.tracker(i).state != 0) return true;
  }
  return false;
}

function trackerEnd(meter: Meter, q: Quality, index: u32): bool {
  const t = q.tracker(index);
  if (index >= <u32>Condition.ASYMMETRY) {
    t.state = 0;
    return true;
  }
  if (!captureEvents(meter)) return false;
  const phase = index & 3;
  const cut = index >> 2 == Disturbance.CUT;
  const seconds = utcOf(meter, t.until) - utcOf(meter, t.since);
  const normal = ((q.disturbed >> phase) & 1) != 0 && !othersOn(q, phase, index);
  changeOpen(meter);
  if ((t.state & TrackerState.COUNTED) != 0) valuesAdd(meter, t, index);
  if (cut) failureAdd(meter, phase == 0 ? <u32>Failure.ANY : phase, utcOf(meter, t.since), seconds);
  if (normal && phase != 0) eventAdd(meter, EVENT_NORMAL + phase - 1, utcOf(meter, t.until));
  if (cut && phase == 0) failureLogDue(meter, seconds, utcOf(meter, t.until));
  if (changeCommit(meter) != Err.OK) return false;
  if (normal) q.disturbed &= ~(1 << phase);
  t.state = 0;
  return true;
}

/** Adds duration and magnitude of a disturbance to the open record: the lowest voltage, of a swell the highest. */
function valuesAdd(meter: Meter, t: Tracker, index: u32): void {
  namedMilliPut(meter, objectOf(index, 1), <i64>(t.until - t.since));
  namedMilliPut(meter, objectOf(index, 2), t.extreme);
}

/**
 * Counts the mean of the first phase that waits. Too many in one week, Monday to Sunday of local time, are bad quality, which is an event
 * once.
 */
function meanCount(meter: Meter, q: Quality): bool {
  const phase = <u32>ctz<u32>(q.judged);
  const row = rowOf(Template.of().clockObject, CLOCK_TIME, OUTSIDE_PART + phase);
  if (row != NONE && !outsideCount(meter, q, phase, row)) return false;
  q.judged &= q.judged - 1;
  return true;
}

function outsideCount(meter: Meter, q: Quality, phase: u32, row: u32): bool {
  if (!captureEvents(meter)) return false;
  // The interval belongs to the week in which it lies, not to the one that begins with its end.
  const week = <u32>((clockLocal(meter, <i64>q.averaged - 1) + MONDAY) / SECONDS_PER_WEEK);
  const at = valueAt(meter, row);
  const same = valueSize(meter, row) == OUTSIDE_SIZE && bswap<u32>(load<u32>(at)) == week;
  const count = same ? <u32>bswap<u16>(load<u16>(at + 4)) + 1 : 1;
  changeOpen(meter);
  const a = Template.of().attribute(row);
  const to = changeReserve(meter, Template.of().object(a.object), a.id, a.part, OUTSIDE_SIZE);
  if (to != 0) {
    store<u32>(to, bswap<u32>(week));
    store<u16>(to + 4, bswap<u16>(<u16>count));
  }
  if (count == OUTSIDE_MAX + 1) eventAdd(meter, EVENT_BAD_QUALITY + phase, q.averaged);
  return changeCommit(meter) == Err.OK;
}
