/** Metering: samples of the measuring unit become accumulators and instantaneous values. */
import { Err } from "../base/err";
import { Meter } from "../store/block";
import { changeCommit, changeOpen, changeReserve } from "../store/change";
import { AttributeFlag, NONE, Template } from "../store/template";
import { attributeFind, valueAt, valueSize } from "../store/values";
import { averagesAdd } from "./averages";
import { accumulatorOf, ACCUMULATORS, BASES, Instant, INSTANTS, Metering, TOTALS, UNCOUNTED } from "./metering_state";
import { Quantity } from "./quantity";
import { rootFloor } from "./root";

/** Octets of the sample region (docs/ARCHITECTURE.md, section 3). */
export const SAMPLE_SIZE: u32 = 148;
const ENERGIES: u32 = 12;
const INSTANTS_OFFSET: usize = 96;

/** Largest energy of one sample, and the end of an accumulator: 1 GWh and 2^62 µWh (4.6 TWh). */
const ENERGY_MAX: i64 = 1000000000000000;
const ACCUMULATOR_MAX: i64 = 0x4000000000000000;
/** 1 kV, 10 kA, 2 MW or Mvar a phase, 1 kHz, in thousandths. */
const VOLTAGE_MAX: i32 = 1000000;
const CURRENT_MAX: i32 = 10000000;
const POWER_MAX: i32 = 2000000000;
const FREQUENCY_MAX: i32 = 1000000;

/** Class whose value 2 counts, and keeps its accumulator in a hidden row. */
const REGISTER: u32 = 3;

/** Energies of a sample in their order. */
const enum Energy {
  IMPORT = 0,
  EXPORT = 1,
  Q1 = 2,
  IMPORT_L1 = 6,
  EXPORT_L1 = 9,
}

function energy(at: usize, index: u32): i64 {
  return load<i64>(at + <usize>(index << 3));
}

/** Whether a sample has any energy. */
function flows(at: usize): bool {
  let any: i64 = 0;
  for (let i: u32 = 0; i < ENERGIES; i++) any |= energy(at, i);
  return any != 0;
}

function instant(at: usize, index: u32): i32 {
  return load<i32>(at + INSTANTS_OFFSET + <usize>(index << 2));
}

function within(at: usize, first: Instant, low: i32, high: i32): bool {
  for (let i: u32 = 0; i < 3; i++) {
    const value = instant(at, first + i);
    if (value < low || value > high) return false;
  }
  return true;
}

/** Counts the samples that the accumulators have room for, so that not each sample looks at all of them. */
function roomTake(m: Metering): bool {
  let most: i64 = 0;
  for (let i: u32 = 0; i < ACCUMULATORS; i++) most = max<i64>(most, abs(m.accumulator(i)));
  // A sum of two energies grows by both.
  m.room = <u32>((ACCUMULATOR_MAX - min<i64>(most, ACCUMULATOR_MAX)) / (2 * ENERGY_MAX));
  return m.room != 0;
}

function sampleCheck(m: Metering, at: usize): bool {
  for (let i: u32 = 0; i < ENERGIES; i++) {
    const value = energy(at, i);
    if (value < 0 || value > ENERGY_MAX) return false;
  }
  if (m.room == 0 && !roomTake(m)) return false;
  const frequency = instant(at, Instant.FREQUENCY);
  return (
    within(at, Instant.VOLTAGE, 0, VOLTAGE_MAX) &&
    within(at, Instant.CURRENT, 0, CURRENT_MAX) &&
    within(at, Instant.POWER, -POWER_MAX, POWER_MAX) &&
    within(at, Instant.REACTIVE, -POWER_MAX, POWER_MAX) &&
    frequency >= 0 &&
    frequency <= FREQUENCY_MAX
  );
}

/**
 * Takes what was measured since the last sample, SAMPLE_SIZE octets at `at`; `time` is the meter time of its end, ms.
 * @returns 0; Err.STATE for a time before the last sample; Err.LIMIT for a number no meter can measure. Then nothing changes.
 */
export function meteringSample(meter: Meter, at: usize, time: f64): i32 {
  const m = Metering.of(meter);
  if (!(time >= m.sampled)) return Err.STATE;
  if (!sampleCheck(m, at)) return Err.LIMIT;
  m.room--;
  // The values alone change at an instant.
  if (time > m.sampled || flows(at)) {
    totalsOf(at);
    for (let base: u32 = Quantity.ACTIVE_ENERGY_IMPORT; base < BASES; base++) m.addFlow(base, total(base));
    totalsAdd(m, at);
    ratedAdd(m);
  }
  memory.copy(m.instants(), at + INSTANTS_OFFSET, <usize>(INSTANTS * 4));
  averagesAdd(meter, time - m.sampled);
  m.began = m.sampled;
  m.sampled = time;
  return Err.OK;
}

/** What each total has taken in one sample, BASES of i64. Scratch of a call. */
const totals: usize = memory.data(128, 8);

if (BASES * 8 != 128) ERROR("totals has BASES values");

function total(base: u32): i64 {
  return load<i64>(totals + <usize>(base << 3));
}

function totalPut(base: u32, value: i64): void {
  store<i64>(totals + <usize>(base << 3), value);
}

/**
 * All totals of a sample. Apparent energy is not measured but follows from active and reactive energy of the sample, which
 * the host cuts where the load changes: import is the root of (+A)² + (QI + QIV)², export that of (-A)² + (QII + QIII)²,
 * each rounded down to 1 µVAh.
 */
function totalsOf(at: usize): void {
  const active = energy(at, Energy.IMPORT);
  const fed = energy(at, Energy.EXPORT);
  const q1 = energy(at, Energy.Q1);
  const q2 = energy(at, Energy.Q1 + 1);
  const q3 = energy(at, Energy.Q1 + 2);
  const q4 = energy(at, Energy.Q1 + 3);
  totalPut(Quantity.ACTIVE_ENERGY_IMPORT, active);
  totalPut(Quantity.ACTIVE_ENERGY_EXPORT, fed);
  totalPut(Quantity.REACTIVE_ENERGY_Q1, q1);
  totalPut(Quantity.REACTIVE_ENERGY_Q2, q2);
  totalPut(Quantity.REACTIVE_ENERGY_Q3, q3);
  totalPut(Quantity.REACTIVE_ENERGY_Q4, q4);
  totalPut(Quantity.REACTIVE_ENERGY_IMPORT, q1 + q2);
  totalPut(Quantity.REACTIVE_ENERGY_EXPORT, q3 + q4);
  totalPut(Quantity.ACTIVE_ENERGY_ABSOLUTE, active + fed);
  totalPut(Quantity.ACTIVE_ENERGY_NET, active - fed);
  totalPut(Quantity.APPARENT_ENERGY_IMPORT, rootFloor(active, q1 + q4));
  totalPut(Quantity.APPARENT_ENERGY_EXPORT, rootFloor(fed, q2 + q3));
}

/** Adds a sample to the totals and phases that count. */
function totalsAdd(m: Metering, at: usize): void {
  for (let base: u32 = Quantity.ACTIVE_ENERGY_IMPORT; base < BASES; base++) {
    if (m.counts(base)) m.add(base, total(base));
  }
  for (let i: u32 = 0; i < 3; i++) {
    const imported = Quantity.ACTIVE_ENERGY_IMPORT_L1 + i;
    if (m.counts(imported)) m.add(imported, energy(at, Energy.IMPORT_L1 + i));
    const exported = Quantity.ACTIVE_ENERGY_EXPORT_L1 + i;
    if (m.counts(exported)) m.add(exported, energy(at, Energy.EXPORT_L1 + i));
  }
}

/** Adds a sample to the accumulators of rates that count. */
function ratedAdd(m: Metering): void {
  for (let left = m.countsRated; left != 0; left &= left - 1) {
    const i = <u32>ctz<u64>(left);
    m.add(TOTALS + i, total(i % BASES));
  }
}

/** A kept accumulator: i64, big-endian as everything in a record; what no meter can have counted reads as 0. */
function keptRead(meter: Meter, row: u32): i64 {
  if (valueSize(meter, row) != 8) return 0;
  const value = <i64>bswap<u64>(load<u64>(valueAt(meter, row)));
  return value >= -ACCUMULATOR_MAX && value <= ACCUMULATOR_MAX ? value : 0;
}

/** Takes the accumulators from their hidden values, when provisioning and replay are over. */
export function meteringBoot(meter: Meter): void {
  const m = Metering.of(meter);
  const t = Template.of();
  m.sampled = meter.meterTime;
  m.countAll();
  for (let i: u32 = 0; i < ACCUMULATORS; i++) m.setKeepRow(i, NONE);
  for (let i: u32 = 0; i < <u32>t.attributeCount; i++) {
    const a = t.attribute(i);
    const index = accumulatorOf(a.quantity);
    if ((a.flags & AttributeFlag.COMPUTED) == 0 || a.quantity == 0 || index == UNCOUNTED) continue;
    if (t.object(a.object).classId != REGISTER) continue;
    const row = attributeFind(t.object(a.object), a.id, 1);
    if (row < 0 || t.attribute(row).capacity < 8 || m.keepRow(index) != NONE) continue;
    m.setKeepRow(index, row);
    m.setAccumulator(index, keptRead(meter, row));
  }
}

/** Adds the accumulators that have changed since they were kept to the open record. */
export function meteringKeep(meter: Meter): void {
  const m = Metering.of(meter);
  const t = Template.of();
  for (let q: u32 = 1; q < ACCUMULATORS; q++) {
    const row = m.keepRow(q);
    if (row == NONE) continue;
    const value = bswap<u64>(<u64>m.accumulator(q));
    if (valueSize(meter, row) == 8 && load<u64>(valueAt(meter, row)) == value) continue;
    const a = t.attribute(row);
    const to = changeReserve(meter, t.object(a.object), a.id, a.part, 8);
    if (to != 0) store<u64>(to, value);
  }
}

/** Keeps the accumulators in a record of their own. @returns 0 or the error of the commit */
export function meteringCheckpoint(meter: Meter): i32 {
  changeOpen(meter);
  meteringKeep(meter);
  return changeCommit(meter);
}

/** Sets what quantity `id` has counted back to 0, durably. @returns 0 or the error of the commit */
export function meteringReset(meter: Meter, id: u32): i32 {
  const index = accumulatorOf(id);
  if (index == UNCOUNTED) return Err.UNKNOWN;
  const m = Metering.of(meter);
  const counted = m.accumulator(index);
  m.setAccumulator(index, 0);
  changeOpen(meter);
  meteringKeep(meter);
  const err = changeCommit(meter);
  if (err != Err.OK) m.setAccumulator(index, counted);
  return err;
}
