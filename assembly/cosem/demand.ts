/**
 * When demand periods end, and the maxima of their demands. A sub-period that the clock leaves, or in which the power went and did not
 * return, ends at its nominal end with what was measured.
 */
import { Err } from "../base/err";
import { DEMAND_PERIODS_MAX, RECORD_SIZE_MAX } from "../base/limits";
import { Reader } from "../base/reader";
import { Writer } from "../base/writer";
import { AVERAGE_PERIOD, averagesBegin, averagesEnd } from "../meter/averages";
import { clockAlignedAfter, clockSeconds, NEVER } from "../meter/clock";
import {
  Demand,
  demandAverage,
  demandBegin,
  demandEnd,
  demandNext,
  demandCount,
  demandResume,
  Demands,
  periodAfter,
} from "../meter/demand";
import { BASES, Metering } from "../meter/metering_state";
import { Meter } from "../store/block";
import { changeCommit, changeOpen, changeReserve, ENTRY_HEAD_SIZE } from "../store/change";
import { Journal } from "../store/journal_state";
import { NONE, Template } from "../store/template";
import { classPlace, objectAtPlace, objectOfClass, rowOf } from "../store/values";
import { Duty, agendaSetClock, agendaSoon } from "./agenda";
import { RowStatus, rowStatus } from "./capture_row";
import { scaled } from "./number";
import { defaultPut, momentPut, numberPut } from "./put";
import { qualityAveraged } from "./quality";
import { registerCounts } from "./register_activation";
import { rowCapacity, settingNumber, valueOver } from "./setting";

const CLASS_EXTENDED_REGISTER: u32 = 4;
const CLASS_DEMAND_REGISTER: u32 = 5;

/** Attributes of class 4. */
const enum Extended {
  VALUE = 2,
  STATUS = 4,
  CAPTURE_TIME = 5,
}

/** Attributes of class 5. */
const enum Register {
  CURRENT_AVERAGE = 2,
  PERIOD = 8,
  NUMBER_OF_PERIODS = 9,
}

const SECONDS_PER_HOUR: u32 = 3600;
/** Part of current_average_value that keeps a register while there is no power. */
const KEPT: u32 = 1;
const KEPT_HEAD: u32 = 28;
/** Octets of a record that one maximum takes. */
const MAXIMUM_SIZE: u32 = 3 * ENTRY_HEAD_SIZE + 9 + 9 + 14;

const writer: Writer = changetype<Writer>(memory.data(offsetof<Writer>(), 8));
const reader: Reader = changetype<Reader>(memory.data(offsetof<Reader>(), 8));

/** Whether a register of this period can integrate: periods begin on the full hour, and a window has so many at most. */
export function demandPeriodsValid(period: u32, periods: u32): bool {
  return period != 0 && SECONDS_PER_HOUR % period == 0 && periods - 1 < DEMAND_PERIODS_MAX;
}

/** Takes the attributes of a demand register; one without an energy, or with a period that cannot be, does not integrate. */
function configure(meter: Meter, object: u32, d: Demand): bool {
  d.due = 0;
  d.period = 0;
  const row = rowOf(object, Register.CURRENT_AVERAGE, 0);
  if (row == NONE) return false;
  const quantity = Template.of().attribute(row).quantity;
  if (quantity == 0 || quantity >= BASES) return false;
  const period = settingNumber(meter, object, Register.PERIOD, 0);
  const periods = settingNumber(meter, object, Register.NUMBER_OF_PERIODS, 0);
  if (!demandPeriodsValid(period, periods)) return false;
  d.base = <u8>quantity;
  d.period = period;
  d.periods = periods;
  return true;
}

/** Makes the registers ready: what the last gasp kept goes on, until demandPowerReturned() says how long ago it was. */
export function demandBoot(meter: Meter): void {
  const now = clockSeconds(meter);
  for (let i: u32 = 0; i < demandCount(); i++) {
    const object = objectOfClass(CLASS_DEMAND_REGISTER, i);
    if (object < 0) break;
    const d = Demand.of(meter, i);
    d.place(i);
    if (configure(meter, object, d) && !restore(meter, object, d)) demandBegin(meter, d, now, 0);
  }
  averagesStart(meter);
  schedule(meter);
}

/** Begins anew after a SET of period or number_of_periods, or a reset: averages are 0, capture_time is now. */
export function demandRestart(meter: Meter, object: u32): void {
  const instance = <u32>Template.of().object(object).instance;
  if (instance >= demandCount()) return;
  const d = Demand.of(meter, instance);
  if (!configure(meter, object, d)) return schedule(meter);
  const now = clockSeconds(meter);
  forget(d);
  d.captured = <u32>now;
  demandBegin(meter, d, now, 0);
  schedule(meter);
}

/** No window has ended yet. */
function forget(d: Demand): void {
  d.last = 0;
  d.captured = 0;
  d.lastStatus = 0;
}

/** The running window of register `instance` ends at UTC second `utc`. */
function end(meter: Meter, instance: u32, d: Demand, utc: u32): void {
  demandEnd(meter, instance, utc, rowStatus(meter, utc, d.status));
}

/** Ends the running period of a register now (next_period); another integration begins. False: it does not integrate. */
export function demandClose(meter: Meter, object: u32): bool {
  const instance = <u32>Template.of().object(object).instance;
  if (instance >= demandCount() || Demand.of(meter, instance).due == 0) return false;
  const d = Demand.of(meter, instance);
  const now = clockSeconds(meter);
  end(meter, instance, d, <u32>now);
  demandBegin(meter, d, now, 0);
  schedule(meter);
  return true;
}

/** The next instant: the end of the first sub-period, or at once while maxima wait for the flash. */
function schedule(meter: Meter): void {
  const shared = Demands.of(meter);
  if (shared.ended != 0) return agendaSoon(meter, Duty.DEMAND);
  let next: i64 = shared.averagesDue != 0 ? <i64>shared.averagesDue : NEVER;
  for (let i: u32 = 0; i < demandCount(); i++) {
    const due = <i64>Demand.of(meter, i).due;
    if (due != 0 && due < next) next = due;
  }
  agendaSetClock(meter, Duty.DEMAND, next);
}

/** Ends the sub-periods that are due, then keeps the maxima. @returns false when the flash is behind */
export function demandRun(meter: Meter): bool {
  if (!maximaKeep(meter)) return false;
  const now = clockSeconds(meter);
  for (let i: u32 = 0; i < demandCount(); i++) {
    const d = Demand.of(meter, i);
    if (d.due == 0 || <i64>d.due > now) continue;
    end(meter, i, d, d.due);
    demandNext(meter, d);
  }
  const shared = Demands.of(meter);
  if (shared.averagesDue != 0 && <i64>shared.averagesDue <= now) {
    qualityAveraged(meter, shared.averagesDue, averagesEnd(meter));
    shared.averagesDue = periodAfter(meter, shared.averagesDue, AVERAGE_PERIOD);
  }
  maximaKeep(meter);
  schedule(meter);
  return true;
}

/** Another interval of the averages begins, at the time that is now. */
function averagesStart(meter: Meter): void {
  averagesBegin(meter);
  Demands.of(meter).averagesDue = periodAfter(meter, clockSeconds(meter), AVERAGE_PERIOD);
}

/**
 * What interrupts integrations: the power was away, or the clock was set. A sub-period that still runs at UTC second `now` goes on and
 * is marked with `status`; another ends with its nominal end, and the one that runs now is marked. Windows move over an outage, but
 * not with the clock: there an integration begins anew.
 */
function interrupt(meter: Meter, now: i64, status: u32): void {
  for (let i: u32 = 0; i < demandCount(); i++) {
    const d = Demand.of(meter, i);
    if (d.due == 0) continue;
    d.status |= <u8>status;
    if (clockAlignedAfter(meter, now, d.period) == <i64>d.due) continue;
    end(meter, i, d, d.due);
    if (status == RowStatus.POWER_DOWN) demandResume(meter, d, now, status);
    else demandBegin(meter, d, now, status);
  }
  averagesStart(meter);
  schedule(meter);
}

/** The clock was moved. A silent correction only moves the ends of the sub-periods. */
export function demandClockMoved(meter: Meter, to: i64, silent: bool): void {
  if (silent) schedule(meter);
  else interrupt(meter, to, RowStatus.CLOCK_ADJUSTED);
}

/** Local time has moved: sub-periods end where it is a multiple of them. */
export function demandZoneSet(meter: Meter): void {
  const now = clockSeconds(meter);
  for (let i: u32 = 0; i < demandCount(); i++) {
    const d = Demand.of(meter, i);
    if (d.due != 0) d.due = periodAfter(meter, now, d.period);
  }
  Demands.of(meter).averagesDue = periodAfter(meter, now, AVERAGE_PERIOD);
  schedule(meter);
}

/** The power is back: it went at UTC second `down`. Registers of an older outage than the one that ends now begin anew. */
export function demandPowerReturned(meter: Meter, down: i64, up: i64): void {
  for (let i: u32 = 0; i < demandCount(); i++) {
    const d = Demand.of(meter, i);
    if (d.due == 0 || d.saved == 0 || <i64>d.saved >= down) continue;
    forget(d);
    demandBegin(meter, d, up, 0);
  }
  interrupt(meter, up, RowStatus.POWER_DOWN);
}

/** The power fails: keeps the registers as they are, in as many records as they take. */
export function demandPowerFails(meter: Meter): void {
  const now = <u32>clockSeconds(meter);
  for (let i: u32 = 0; i < demandCount(); i++) {
    const d = Demand.of(meter, i);
    if (d.due == 0) continue;
    d.saved = now;
    keep(meter, objectOfClass(CLASS_DEMAND_REGISTER, i), d);
  }
}

/** {saved, due, begin, captured u32; status, last status, count, 0; last i64; energy since each flow i64}, in a record of its own. */
function keep(meter: Meter, object: u32, d: Demand): void {
  if (rowOf(object, Register.CURRENT_AVERAGE, KEPT) == NONE) return;
  changeOpen(meter);
  const size = KEPT_HEAD + ((<u32>d.count) << 3);
  const to = changeReserve(meter, Template.of().object(object), Register.CURRENT_AVERAGE, KEPT, size);
  if (to != 0) {
    const w = writer.into(to, size);
    w.u32(d.saved);
    w.u32(d.due);
    w.u32(d.begin);
    w.u32(d.captured);
    w.u8(d.status);
    w.u8(d.lastStatus);
    w.u8(d.count);
    w.u8(0);
    w.u64(d.last);
    const flow = Metering.of(meter).flow(d.base);
    for (let i: u32 = 0; i < <u32>d.count; i++) w.u64(flow - d.flow(i));
  }
  changeCommit(meter);
}

/** What keep() has written; false when nothing that fits was. */
function restore(meter: Meter, object: u32, d: Demand): bool {
  const row = rowOf(object, Register.CURRENT_AVERAGE, KEPT);
  if (row == NONE) return false;
  const r = valueOver(meter, row, reader);
  d.saved = r.u32();
  const due = r.u32();
  d.begin = r.u32();
  d.captured = r.u32();
  d.status = <u8>r.u8();
  d.lastStatus = <u8>r.u8();
  const count = r.u8();
  r.u8();
  d.last = r.u64();
  if (r.err != Err.OK || count == 0 || count > d.periods || r.remaining != count << 3) {
    d.saved = 0;
    forget(d);
    return false;
  }
  const flow = Metering.of(meter).flow(d.base);
  d.count = 0;
  for (let i: u32 = 0; i < count; i++) d.flowAdd(flow - <i64>r.u64());
  d.due = due;
  return true;
}

/** Looks at the maxima of the registers whose windows have ended. False: the flash is behind, they are looked at again. */
function maximaKeep(meter: Meter): bool {
  const shared = Demands.of(meter);
  if (shared.ended == 0) return true;
  const t = Template.of();
  changeOpen(meter);
  for (let place = classPlace(CLASS_EXTENDED_REGISTER); ; place++) {
    const found = objectAtPlace(CLASS_EXTENDED_REGISTER, place);
    if (found < 0) break;
    const i = <u32>found;
    const row = rowOf(i, Extended.VALUE, 0);
    const source: u32 = row == NONE ? 0 : t.object(i).extra;
    if (source == 0 || source > <u32>t.objectCount) continue;
    const instance = <u32>t.object(source - 1).instance;
    if (instance >= demandCount() || ((shared.ended >> instance) & 1) == 0 || !registerCounts(meter, i)) continue;
    if (Journal.of(meter).openSize + MAXIMUM_SIZE > RECORD_SIZE_MAX) {
      if (changeCommit(meter) != Err.OK) return false;
      changeOpen(meter);
    }
    maximumTake(meter, i, source - 1, Demand.of(meter, instance));
  }
  if (changeCommit(meter) != Err.OK) return false;
  shared.ended = 0;
  return true;
}

/** Adds a new maximum to the open record when the demand exceeds the one that stands. */
function maximumTake(meter: Meter, object: u32, source: u32, d: Demand): void {
  const t = Template.of();
  const from = rowOf(source, Register.CURRENT_AVERAGE, 0);
  if (from == NONE) return;
  const average = scaled(demandAverage(d, d.last), t.attribute(from).digits);
  if (average <= <i64>settingNumber(meter, object, Extended.VALUE, 0)) return;
  numberPut(meter, object, Extended.VALUE, average, false);
  numberPut(meter, object, Extended.STATUS, d.lastStatus, false);
  momentPut(meter, object, Extended.CAPTURE_TIME, d.captured);
}

/** Sets an extended register to its default, with the status of the template and the time of now. @returns 0 or the error of the commit */
export function extendedReset(meter: Meter, object: u32): i32 {
  changeOpen(meter);
  for (let id: i32 = Extended.VALUE; id <= Extended.STATUS; id += 2) {
    const row = rowOf(object, id, 0);
    if (rowCapacity(row) != 0) defaultPut(meter, row);
  }
  momentPut(meter, object, Extended.CAPTURE_TIME, clockSeconds(meter));
  return changeCommit(meter);
}
