/** Metering: samples of the measuring unit become accumulators and instantaneous values. */
import { Err } from "../base/err";
import { Meter } from "../store/block";
import { changeReserve } from "../store/change";
import { AttributeFlag, NONE, Template } from "../store/template";
import { attributeFind, valueAt, valueSize } from "../store/values";
import { ACCUMULATORS, Instant, INSTANTS, Metering } from "./metering_state";
import { Quantity } from "./quantity";

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

export const RATES: u32 = 4;

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

function sampleCheck(m: Metering, at: usize): bool {
  for (let i: u32 = 0; i < ENERGIES; i++) {
    const value = energy(at, i);
    if (value < 0 || value > ENERGY_MAX) return false;
  }
  for (let i: u32 = 0; i < ACCUMULATORS; i++) {
    if (abs(m.accumulator(i)) > ACCUMULATOR_MAX - 2 * ENERGY_MAX) return false;
  }
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
  m.sampled = time;
  const active = energy(at, Energy.IMPORT);
  const fed = energy(at, Energy.EXPORT);
  m.add(Quantity.ACTIVE_ENERGY_IMPORT, active);
  m.add(Quantity.ACTIVE_ENERGY_EXPORT, fed);
  m.add(Quantity.ACTIVE_ENERGY_ABSOLUTE, active + fed);
  m.add(Quantity.ACTIVE_ENERGY_NET, active - fed);
  for (let i: u32 = 0; i < 4; i++) m.add(Quantity.REACTIVE_ENERGY_Q1 + i, energy(at, Energy.Q1 + i));
  m.add(Quantity.REACTIVE_ENERGY_IMPORT, energy(at, Energy.Q1) + energy(at, Energy.Q1 + 1));
  m.add(Quantity.REACTIVE_ENERGY_EXPORT, energy(at, Energy.Q1 + 2) + energy(at, Energy.Q1 + 3));
  for (let i: u32 = 0; i < 3; i++) {
    m.add(Quantity.ACTIVE_ENERGY_IMPORT_L1 + i, energy(at, Energy.IMPORT_L1 + i));
    m.add(Quantity.ACTIVE_ENERGY_EXPORT_L1 + i, energy(at, Energy.EXPORT_L1 + i));
  }
  const rate = m.tariffRate - 1;
  if (rate < RATES) {
    m.add(Quantity.ACTIVE_ENERGY_IMPORT_RATE_1 + rate, active);
    m.add(Quantity.ACTIVE_ENERGY_EXPORT_RATE_1 + rate, fed);
  }
  memory.copy(m.instants(), at + INSTANTS_OFFSET, <usize>(INSTANTS * 4));
  return Err.OK;
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
  m.tariffRate = 1;
  for (let q: u32 = 0; q < ACCUMULATORS; q++) m.setKeepRow(q, NONE);
  for (let i: u32 = 0; i < <u32>t.attributeCount; i++) {
    const a = t.attribute(i);
    const quantity = <u32>a.quantity;
    if ((a.flags & AttributeFlag.COMPUTED) == 0 || a.part != 0 || quantity == 0 || quantity >= ACCUMULATORS) continue;
    const row = attributeFind(t.object(a.object), a.id, 1);
    if (row < 0 || t.attribute(row).capacity < 8 || m.keepRow(quantity) != NONE) continue;
    m.setKeepRow(quantity, row);
    m.setAccumulator(quantity, keptRead(meter, row));
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

/** The active tariff rate, 1..4; another one is Err.LIMIT. */
export function tariffRateSet(meter: Meter, rate: u32): i32 {
  if (rate - 1 >= RATES) return Err.LIMIT;
  Metering.of(meter).tariffRate = rate;
  return Err.OK;
}
