/**
 * Register monitors (Blue Book, class_id 21): a value that rises above a threshold runs its action_up, one that falls back to it or
 * below its action_down. Where a value stands when the power returns or a threshold is set is only remembered. Monitored values are
 * looked at after each sample and each durable change.
 *
 * The monitor of an alarm descriptor also acts on each further bit of it: an alarm that joins others is a new alarm (IDIS).
 */
import { Err } from "../base/err";
import { MONITORS_MAX, THRESHOLDS_MAX } from "../base/limits";
import { Reader } from "../base/reader";
import { eventRaise } from "../meter/events";
import { Quantity } from "../meter/quantity";
import { Meter } from "../store/block";
import { journalSequence } from "../store/journal";
import { Journal } from "../store/journal_state";
import { MONITOR_AT, MONITOR_SIZE } from "../store/layout";
import { AttributeFlag, NONE, Template } from "../store/template";
import { objectOfClass, rowOf } from "../store/values";
import { Axdr } from "../wire/axdr";
import { dataInteger, dataSkip } from "../wire/data";
import { DataAccessResult } from "../wire/results";
import { agendaSoon, Duty } from "./agenda";
import { alarmDescriptor } from "./alarms";
import { Caller } from "./ask";
import { executeItem, itemSkip } from "./execute";
import { monitored, monitoredFind, monitoredRead, monitoredReader } from "./monitored";
import { alarmsReported } from "./push_marks";
import { settingArray, settingOver } from "./setting";

const CLASS_MONITOR: u32 = 21;
const CLASS_DEMAND: u32 = 5;
const THRESHOLDS: i32 = 2;
const MONITORED: i32 = 3;
const ACTIONS: i32 = 4;
/** Actions that may follow one another at one instant; then monitors that drive each other wait a second. */
const ACTIONS_AT_ONCE: u32 = 32;
const PAUSE_MS: f64 = 1000;
/** The largest double-long-unsigned: a threshold that nobody has set. */
const UNREACHABLE: i64 = 0xffffffff;

@unmanaged
class Monitors {
  /** Meter time of the last action, ms, and how many there were at it. */
  acted: f64;
  actions: u32;
  /** Newest durable change that was looked at. */
  sequence: u32;
  /** A sample was taken since the power came. */
  sampled: u32;
  /** Bit i: what monitor i monitors changes with captured rows. */
  rows: u32;

  @inline
  static of(meter: Meter): Monitors {
    return changetype<Monitors>(meter.area(MONITOR_AT));
  }
}

/** One monitor, 32 octets. */
@unmanaged
class Monitor {
  /** What is monitored: object (NONE = nothing) and attribute. */
  object: u16;
  attribute: i8;
  /** Samples change it. */
  live: u8;
  /** Bit k: the value was above threshold k; `known`: it has been looked at. */
  above: u16;
  known: u8;
  /** Number of the alarm descriptor monitored + 1, 0 = none. */
  descriptor: u8;
  /** Bits of the descriptor that have had their action. */
  seen: u32;
  /** The monitor itself. */
  setup: u32;
  /** While low < value <= high no threshold is crossed. */
  low: i64;
  high: i64;

  @inline
  static of(meter: Meter, index: u32): Monitor {
    return changetype<Monitor>(meter.area(MONITOR_AT + offsetof<Monitors>() + index * offsetof<Monitor>()));
  }
}

if (offsetof<Monitors>() + MONITORS_MAX * offsetof<Monitor>() > MONITOR_SIZE)
  ERROR("monitors have MONITOR_SIZE octets");

const reader: Reader = changetype<Reader>(memory.data(offsetof<Reader>(), 8));
const thresholds: Reader = changetype<Reader>(memory.data(offsetof<Reader>(), 8));

/** Whether a computed quantity shows something of a buffer. */
function followsRows(quantity: u32): bool {
  return quantity == Quantity.HISTORY || quantity == Quantity.PROFILE_STATUS_1 || quantity == Quantity.PROFILE_STATUS_2;
}

/** Takes what a monitor monitors from its object; where the value stands is looked at anew. */
function resolve(meter: Meter, index: u32, object: u32): void {
  const m = Monitor.of(meter, index);
  memory.fill(changetype<usize>(m), 0, offsetof<Monitor>());
  m.object = <u16>NONE;
  m.setup = object;
  Monitors.of(meter).rows &= ~(1 << index);
  const found = monitoredFind(meter, object, MONITORED);
  const attribute = monitored.attribute;
  const row = found < 0 ? NONE : rowOf(found, attribute, 0);
  if (row == NONE) return;
  m.object = <u16>found;
  m.attribute = <i8>attribute;
  const a = Template.of().attribute(row);
  const computed = (a.flags & AttributeFlag.COMPUTED) != 0;
  m.live = computed || monitored.classId == CLASS_DEMAND ? 1 : 0;
  if (computed && followsRows(a.quantity)) Monitors.of(meter).rows |= 1 << index;
  const descriptor = attribute == 2 ? alarmDescriptor(found) : NONE;
  if (descriptor == NONE) return;
  m.descriptor = <u8>(descriptor + 1);
  m.seen = alarmsReported(meter, descriptor);
}

/** Makes the monitors ready. Alarms that were not reported before the power went are reported now. */
export function monitorBoot(meter: Meter): void {
  for (let i: u32 = 0; i < MONITORS_MAX; i++) {
    const object = objectOfClass(CLASS_MONITOR, i);
    if (object >= 0) resolve(meter, i, object);
    else Monitor.of(meter, i).object = <u16>NONE;
  }
  agendaSoon(meter, Duty.MONITOR);
}

/** After a SET of an attribute of a monitor. */
export function monitorSet(meter: Meter, object: u32): void {
  const index = <u32>Template.of().object(object).instance;
  if (index >= MONITORS_MAX) return;
  resolve(meter, index, object);
  agendaSoon(meter, Duty.MONITOR);
}

/** A client left `bits` in alarm descriptor `index`: those that rise again are new. */
export function monitorForget(meter: Meter, index: u32, bits: u32): void {
  for (let i: u32 = 0; i < MONITORS_MAX; i++) {
    const m = Monitor.of(meter, i);
    if (<u32>m.descriptor == index + 1) m.seen &= bits;
  }
}

/** The power is back: where the values stand now is only remembered. */
export function monitorPowerReturned(meter: Meter): void {
  Monitors.of(meter).sampled = 0;
  for (let i: u32 = 0; i < MONITORS_MAX; i++) Monitor.of(meter, i).known = 0;
  agendaSoon(meter, Duty.MONITOR);
}

/** Newest durable change that can have changed a monitored value. */
function newest(meter: Meter): u32 {
  return Monitors.of(meter).rows != 0 ? journalSequence(meter) : Journal.of(meter).settings;
}

/** When the monitors look next: meter time, ms; 0 = not. `asked`: somebody wants them to. */
export function monitorDeadline(meter: Meter, asked: bool): f64 {
  const all = Monitors.of(meter);
  if (!asked && all.sequence == newest(meter)) return 0;
  const many = all.acted == meter.meterTime && all.actions >= ACTIONS_AT_ONCE;
  return max<f64>(many ? meter.meterTime + PAUSE_MS : meter.meterTime, 1);
}

/** A sample was taken: values that it may have changed are compared with the thresholds around them. */
export function monitorSampled(meter: Meter): void {
  Monitors.of(meter).sampled = 1;
  for (let i: u32 = 0; i < MONITORS_MAX; i++) {
    const m = Monitor.of(meter, i);
    if (<u32>m.object == NONE || m.live == 0) continue;
    // As delivered: no measured value reaches it.
    if (m.known != 0 && m.high == UNREACHABLE && m.low == i64.MIN_VALUE) continue;
    const value = monitoredRead(meter, m.object, m.attribute);
    if (monitoredReader.err != Err.OK || (m.known != 0 && value > m.low && value <= m.high)) continue;
    agendaSoon(meter, Duty.MONITOR);
    return;
  }
}

/** Looks at all monitored values and runs what follows. @returns false when the flash is behind: call again */
export function monitorRun(meter: Meter): bool {
  const all = Monitors.of(meter);
  const sequence = newest(meter);
  for (let i: u32 = 0; i < MONITORS_MAX; i++) {
    if (<u32>Monitor.of(meter, i).object != NONE && !look(meter, i)) return false;
  }
  all.sequence = sequence;
  return true;
}

/** Counts an action; false when there were so many at this instant that the rest waits. */
function actionCount(meter: Meter): bool {
  const all = Monitors.of(meter);
  if (all.acted != meter.meterTime) all.actions = 0;
  if (all.actions >= ACTIONS_AT_ONCE) return false;
  all.acted = meter.meterTime;
  all.actions++;
  return true;
}

/** Compares one value with its thresholds. @returns false when an action could not be taken yet */
function look(meter: Meter, index: u32): bool {
  const m = Monitor.of(meter, index);
  if (m.live != 0 && Monitors.of(meter).sampled == 0) return true;
  const value = monitoredRead(meter, m.object, m.attribute);
  const object = m.setup;
  if (monitoredReader.err != Err.OK || !settingOver(meter, object, THRESHOLDS, thresholds)) return true;
  const count = min<u32>(Axdr.readArray(thresholds), THRESHOLDS_MAX);
  m.low = i64.MIN_VALUE;
  m.high = i64.MAX_VALUE;
  const fresh = m.descriptor != 0 && ((<u32>value) & ~m.seen) != 0;
  for (let k: u32 = 0; k < count; k++) {
    const threshold = dataInteger(thresholds);
    if (thresholds.err != Err.OK) break;
    const bit: u32 = 1 << k;
    const was = ((<u32>m.above) & bit) != 0 && !fresh;
    const is = value > threshold;
    if ((m.known != 0 || fresh) && is != was && !act(meter, object, k, is)) return false;
    m.above = <u16>(is ? (<u32>m.above) | bit : (<u32>m.above) & ~bit);
    if (is) m.low = max<i64>(m.low, threshold);
    else m.high = min<i64>(m.high, threshold);
  }
  m.known = 1;
  m.seen = <u32>value;
  return true;
}

/** Runs the action of threshold `k` of a monitor. @returns false when it has to be tried again */
function act(meter: Meter, object: u32, k: u32, up: bool): bool {
  if (!actionCount(meter)) return false;
  const first = <u32>Template.of().object(object).extra;
  const r = reader;
  if (k < settingArray(meter, object, ACTIONS, r)) {
    for (let i: u32 = 0; i < k; i++) dataSkip(r);
    Axdr.readStructure(r, 2);
    if (!up) itemSkip(r);
    if (r.err == Err.OK && executeItem(meter, Caller.MONITOR, 0, r) == DataAccessResult.TEMPORARY_FAILURE) return false;
  }
  if (first != 0) eventRaise(meter, up ? first : first + 1);
  return true;
}
