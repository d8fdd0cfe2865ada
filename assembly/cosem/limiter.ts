/**
 * Limiters (class_id 71): a value of the meter against a threshold, for how long, and what is done then. The value is looked at once
 * a sample; between two samples only the end of a duration is due. An emergency profile counts by the clock, whatever happens to
 * the power meanwhile.
 */
import { octetsSame } from "../base/octets";
import { Err } from "../base/err";
import { Reader } from "../base/reader";
import { clockMeterTime, clockSeconds, NEVER } from "../meter/clock";
import { EventCode } from "../meter/events";
import { Meter } from "../store/block";
import { changeCommit, changeOpen, changeValue } from "../store/change";
import { Layout, LIMITER_SIZE } from "../store/layout";
import { NONE, Template } from "../store/template";
import { objectOfClass, rowOf, valueAt, valueSize } from "../store/values";
import { Axdr, DataTag } from "../wire/axdr";
import { dataInteger } from "../wire/data";
import { DateTime, dateTimeDataParse, dateTimeIsSpecified } from "../wire/date_time";
import { DataAccessResult } from "../wire/results";
import { agendaSet, Duty } from "./agenda";
import { Caller } from "./ask";
import { captureEvent } from "./event_log";
import { executeItem, itemSkip } from "./execute";
import { dateTimeUtcMs } from "./instant";
import { monitored, monitoredFind, monitoredRead, monitoredReader } from "./monitored";
import { rowCapacity, settingArray, settingFlag, settingNumber, settingOver, valueKeep } from "./setting";

const CLASS_LIMITER: u32 = 71;

/** Attributes of the class. */
const MONITORED: i32 = 2;
const ACTIVE: i32 = 3;
const NORMAL: i32 = 4;
const EMERGENCY: i32 = 5;
const MIN_OVER: i32 = 6;
const MIN_UNDER: i32 = 7;
const PROFILE: i32 = 8;
const GROUP: i32 = 9;
const PROFILE_ACTIVE: i32 = 10;
const ACTIONS: i32 = 11;
/** Part of threshold_active: the threshold is exceeded and action_over_threshold has run. */
const EXCEEDED_PART: u32 = 1;

/** One limiter, 48 octets. */
@unmanaged
export class Limiter {
  /** Meter time since which the value is on the other side, ms; 0 = it is not. */
  since: f64;
  /** UTC second at which the emergency begins or ends next. */
  turns: i64;
  /** threshold_active as a number. */
  threshold: i64;
  object: u32;
  /** What is monitored: object and attribute, NONE = nothing. */
  monitored: u32;
  attribute: i32;
  /** The threshold is exceeded. */
  exceeded: u32;
  /** Its action is still to be done: the flash was behind. */
  acting: u32;
  reserved: u32;

  @inline
  static of(meter: Meter, index: u32): Limiter {
    return changetype<Limiter>(meter.area(Layout.of().limitersAt + index * LIMITER_SIZE));
  }
}

if (offsetof<Limiter>() != LIMITER_SIZE) ERROR("a limiter has LIMITER_SIZE octets");

const reader: Reader = changetype<Reader>(memory.data(offsetof<Reader>(), 8));
const items: Reader = changetype<Reader>(memory.data(offsetof<Reader>(), 8));
const date: DateTime = changetype<DateTime>(memory.data(offsetof<DateTime>(), 4));
/** A number as Data, longer values are no numbers. */
const NUMBER_SIZE: u32 = 64;
const number: usize = memory.data(64, 8);

function limiterCount(): u32 {
  return Layout.of().limiters;
}

/** Makes the limiters ready; the side on which a value was is kept, so that nothing is done twice over an outage. */
export function limitersBoot(meter: Meter): void {
  for (let i: u32 = 0; i < limiterCount(); i++) {
    const l = Limiter.of(meter, i);
    l.object = objectOfClass(CLASS_LIMITER, i);
    const row = rowOf(l.object, ACTIVE, EXCEEDED_PART);
    l.exceeded = row != NONE && valueSize(meter, row) == 1 ? <u32>load<u8>(valueAt(meter, row)) : 0;
    configure(meter, l);
  }
  deadlineSet(meter);
}

/** Takes what is monitored, and the threshold that counts now. */
function configure(meter: Meter, l: Limiter): void {
  const found = monitoredFind(meter, l.object, MONITORED);
  l.attribute = monitored.attribute;
  l.monitored = found >= 0 && Template.of().object(found).hasAttribute(l.attribute) ? found : NONE;
  thresholdTake(meter, l);
}

/** After a SET of an attribute: durations begin anew. */
export function limiterChanged(meter: Meter, object: u32): void {
  for (let i: u32 = 0; i < limiterCount(); i++) {
    const l = Limiter.of(meter, i);
    if (l.object != object) continue;
    l.since = 0;
    configure(meter, l);
    evaluate(meter, l);
  }
  deadlineSet(meter);
}

/** The clock or local time has moved: the emergency may begin or end. */
export function limitersClock(meter: Meter): void {
  for (let i: u32 = 0; i < limiterCount(); i++) {
    const l = Limiter.of(meter, i);
    thresholdTake(meter, l);
  }
  deadlineSet(meter);
}

/** Whether the id of the emergency profile is in emergency_profile_group_id_list. */
function isInGroup(meter: Meter, object: u32, id: u32): bool {
  const r = items;
  const count = settingArray(meter, object, GROUP, r);
  for (let i: u32 = 0; i < count; i++) if (Axdr.readLongUnsigned(r) == id && r.err == Err.OK) return true;
  return false;
}

/** Whether the emergency profile holds at UTC second `now`; `l.turns` is when that changes. */
function emergencyHolds(meter: Meter, l: Limiter, now: i64): bool {
  l.turns = NEVER;
  const r = reader;
  if (!settingOver(meter, l.object, PROFILE, r)) return false;
  Axdr.readStructure(r, 3);
  const id = Axdr.readLongUnsigned(r);
  if (r.err != Err.OK || dateTimeDataParse(r, date) != Err.OK || !dateTimeIsSpecified(date)) return false;
  const duration = Axdr.readDoubleLongUnsigned(r);
  if (r.err != Err.OK || !isInGroup(meter, l.object, id)) return false;
  const from = dateTimeUtcMs(meter, date) / 1000;
  const to = from + <i64>duration;
  if (now < from) l.turns = from;
  else if (now < to) l.turns = to;
  return now >= from && now < to;
}

/** Whole number in an attribute; 0 with false in `reader` when it has none. */
function numberOf(meter: Meter, object: u32, attribute: i32): i64 {
  return settingOver(meter, object, attribute, items) ? dataInteger(items) : 0;
}

/** Takes the threshold that counts: a change of it is kept, and logged. @returns 0 or the error of the record */
function thresholdTake(meter: Meter, l: Limiter): i32 {
  const active = emergencyHolds(meter, l, clockSeconds(meter));
  const from = rowOf(l.object, active ? EMERGENCY : NORMAL, 0);
  const to = rowOf(l.object, ACTIVE, 0);
  if (from == NONE || to == NONE) return Err.OK;
  const size = valueSize(meter, from);
  if (size > NUMBER_SIZE || size > rowCapacity(to)) return Err.OK;
  const same = valueSize(meter, to) == size && octetsSame(valueAt(meter, from), valueAt(meter, to), size);
  if (!same || active != settingFlag(meter, l.object, PROFILE_ACTIVE)) {
    memory.copy(number, valueAt(meter, from), <usize>size);
    changeOpen(meter);
    changeValue(meter, to, number, size);
    store<u8>(number, <u8>DataTag.BOOLEAN);
    store<u8>(number + 1, active ? 1 : 0);
    valueKeep(meter, rowOf(l.object, PROFILE_ACTIVE, 0), number, 2);
    const err = changeCommit(meter);
    if (err != Err.OK) {
      // The flash is behind: once more at the next tick.
      l.turns = clockSeconds(meter);
      return err;
    }
    l.since = 0;
  }
  l.threshold = numberOf(meter, l.object, ACTIVE);
  if (!same) {
    captureEvent(meter, EventCode.LIMITER_THRESHOLD_CHANGED);
  }
  return Err.OK;
}

/** Looks at the monitored value; a value on the other side begins the duration, one back on its side ends it. */
function evaluate(meter: Meter, l: Limiter): bool {
  const before = l.since;
  if (l.monitored == NONE) {
    l.since = 0;
    return before != 0;
  }
  const found = monitoredRead(meter, l.monitored, l.attribute);
  if (monitoredReader.err != Err.OK) return false;
  const other = found > l.threshold != (l.exceeded != 0);
  if (!other) l.since = 0;
  else if (l.since == 0) l.since = max<f64>(meter.meterTime, 1);
  return l.since != before;
}

/** A sample was taken. */
export function limitersSampled(meter: Meter): void {
  let changed = false;
  for (let i: u32 = 0; i < limiterCount(); i++) {
    const l = Limiter.of(meter, i);
    if (evaluate(meter, l)) changed = true;
  }
  if (changed) deadlineSet(meter);
}

/** Meter time at which a limiter has something to do, ms, 0 = none. */
function deadlineOf(meter: Meter, l: Limiter): f64 {
  if (l.acting != 0) return max<f64>(meter.meterTime, 1);
  let at: f64 = 0;
  if (l.since != 0)
    at = l.since + <f64>settingNumber(meter, l.object, l.exceeded != 0 ? MIN_UNDER : MIN_OVER, 0) * 1000;
  if (l.turns == NEVER) return at;
  const turns = max<f64>(clockMeterTime(meter, l.turns), 1);
  return at == 0 ? turns : min<f64>(at, turns);
}

function deadlineSet(meter: Meter): void {
  let earliest: f64 = 0;
  for (let i: u32 = 0; i < limiterCount(); i++) {
    const l = Limiter.of(meter, i);
    const at = deadlineOf(meter, l);
    if (at != 0 && (earliest == 0 || at < earliest)) earliest = at;
  }
  agendaSet(meter, Duty.CONTROL, earliest);
}

/** Does what is due at one limiter. @returns false when the flash is behind */
export function limitersRun(meter: Meter): bool {
  for (let i: u32 = 0; i < limiterCount(); i++) {
    const l = Limiter.of(meter, i);
    const at = deadlineOf(meter, l);
    if (at == 0 || at > meter.meterTime) continue;
    const done = run(meter, l);
    deadlineSet(meter);
    return done;
  }
  deadlineSet(meter);
  return true;
}

function run(meter: Meter, l: Limiter): bool {
  if (l.acting != 0) return act(meter, l);
  if (l.turns != NEVER && l.turns <= clockSeconds(meter)) {
    if (thresholdTake(meter, l) != Err.OK) return false;
    evaluate(meter, l);
    return true;
  }
  const exceeded: u32 = l.exceeded != 0 ? 0 : 1;
  const row = rowOf(l.object, ACTIVE, EXCEEDED_PART);
  store<u8>(number, <u8>exceeded);
  const kept = valueKeep(meter, row, number, 1);
  if (kept != Err.OK && kept != Err.LIMIT) return false;
  l.exceeded = exceeded;
  l.since = 0;
  l.acting = 1;
  captureEvent(meter, exceeded != 0 ? EventCode.LIMITER_THRESHOLD_EXCEEDED : EventCode.LIMITER_THRESHOLD_OK);
  return act(meter, l);
}

/** Runs action_over_threshold or action_under_threshold. @returns false when the flash is behind: it is tried again */
function act(meter: Meter, l: Limiter): bool {
  const r = items;
  if (settingOver(meter, l.object, ACTIONS, r)) {
    Axdr.readStructure(r, 2);
    if (l.exceeded == 0) itemSkip(r);
    const result = r.err == Err.OK ? executeItem(meter, Caller.MONITOR, 0, r) : 0;
    if (result == DataAccessResult.TEMPORARY_FAILURE) return false;
  }
  l.acting = 0;
  return true;
}
