/**
 * What a meter has measured, in its block. Each quantity that counts has its own accumulator, the sums as well as the parts,
 * in the order of the numbers of host/template/quantities.json: totals and phases first, then those of each rate.
 */
import { METERING_AT, METERING_SIZE } from "../store/layout";
import { Meter } from "../store/block";

/** Totals and phases have numbers below this, the rates the same number of numbers from RATED on. */
export const TOTALS: u32 = 64;
export const RATED: u32 = 256;
export const RATES: u32 = 4;
/** Totals that rates can have, numbers below this; total `q` at rate `r` has the number RATED + (r - 1) * BASES + q. */
export const BASES: u32 = 16;
/** Accumulators: TOTALS, then BASES of each rate. */
export const ACCUMULATORS: u32 = 128;
/** No accumulator. */
export const UNCOUNTED: u32 = ACCUMULATORS;
/** Instantaneous values of a sample: 3 voltages mV, 3 currents mA, 3 powers mW, 3 reactive powers mvar, frequency mHz. */
export const INSTANTS: u32 = 13;
/** Events that wait to be logged. */
export const EVENTS_WAITING: u32 = 16;
/** Event code objects the core computes: one per log. */
export const EVENT_CODES: u32 = 8;

/** Registers that events set bits in: 0 error register, 1 to 3 alarm registers. */
export const EVENT_REGISTERS: u32 = 4;

/** Which instantaneous values begin where. */
export const enum Instant {
  VOLTAGE = 0,
  CURRENT = 3,
  POWER = 6,
  REACTIVE = 9,
  FREQUENCY = 12,
}

/** Accumulator of a quantity, UNCOUNTED for one that does not count. */
export function accumulatorOf(quantity: u32): u32 {
  if (quantity < TOTALS) return quantity;
  return quantity - RATED < RATES * BASES ? quantity - RATED + TOTALS : UNCOUNTED;
}

/** An event that waits to be logged, 16 octets. */
@unmanaged
export class EventSignal {
  /** Its row in the template. */
  row: u16;
  /** How the stamp shows daylight saving: meter/clock.ts, Season. */
  season: u8;
  /** Its record keeps `inputs`, the state of the inputs that it comes from (meter/inputs.ts). */
  keepsInputs: u8;
  inputs: u16;
  reserved: u16;
  /** UTC seconds of the stamp. */
  seconds: i64;
}

@unmanaged
export class Metering {
  /** Meter time of the last sample, ms. */
  sampled: f64;
  /** First of the waiting events, how many wait, how many found no room. */
  eventFirst: u32;
  eventCount: u32;
  eventsLost: u32;
  /** Bits of the error register and the alarm registers whose events found no room. */
  errors: u32;
  alarms1: u32;
  alarms2: u32;
  alarms3: u32;
  /** State of the inputs: meter/inputs.ts. */
  inputs: u32;
  /** Last event code of each log: octet k belongs to quantity 136 + k. */
  eventCodes: u64;
  /** Which accumulators count now: bit i of the first word accumulator i, of the second accumulator TOTALS + i. */
  countsTotal: u64;
  countsRated: u64;
  /** Meter time at which the last sample began, ms. */
  began: f64;
  /** Meter time at which rows took the accumulators along last, ms. */
  kept: f64;
  /** Samples that every accumulator has room for, whatever they hold. */
  room: u32;
  reserved: u32;

  @inline
  static of(meter: Meter): Metering {
    return changetype<Metering>(meter.area(METERING_AT));
  }

  @inline
  private accumulatorAt(index: u32): usize {
    return changetype<usize>(this) + ACCUMULATORS_AT + <usize>(index << 3);
  }

  /** What accumulator `index` has counted, µWh, µvarh or µVAh. */
  @inline
  accumulator(index: u32): i64 {
    return load<i64>(this.accumulatorAt(index));
  }

  @inline
  setAccumulator(index: u32, value: i64): void {
    store<i64>(this.accumulatorAt(index), value);
  }

  @inline
  add(index: u32, delta: i64): void {
    this.setAccumulator(index, this.accumulator(index) + delta);
  }

  /** Lets every accumulator count. */
  countAll(): void {
    this.countsTotal = u64.MAX_VALUE;
    this.countsRated = u64.MAX_VALUE;
  }

  /** Accumulator `index` counts no longer: a register activation stops the rates that are not active. */
  countStop(index: u32): void {
    const shift = <u64>(index & 63);
    const bit = (<u64>1) << shift;
    if (index < TOTALS) this.countsTotal &= ~bit;
    else this.countsRated &= ~bit;
  }

  /** Whether accumulator `index` counts. */
  counts(index: u32): bool {
    const word = index < TOTALS ? this.countsTotal : this.countsRated;
    const shift = <u64>(index & 63);
    return ((word >> shift) & 1) != 0;
  }

  /** What total `base` has taken since the meter was switched on, whatever tariff holds and whoever resets registers. */
  @inline
  flow(base: u32): i64 {
    return load<i64>(changetype<usize>(this) + FLOWS_AT + <usize>(base << 3));
  }

  @inline
  addFlow(base: u32, delta: i64): void {
    store<i64>(changetype<usize>(this) + FLOWS_AT + <usize>(base << 3), this.flow(base) + delta);
  }

  /** Attribute row of the hidden value that keeps an accumulator, NONE when no object shows it. */
  @inline
  keepRow(index: u32): u32 {
    return load<u16>(changetype<usize>(this) + ROWS_AT + <usize>(index << 1));
  }

  @inline
  setKeepRow(index: u32, row: u32): void {
    store<u16>(changetype<usize>(this) + ROWS_AT + <usize>(index << 1), <u16>row);
  }

  /** Instantaneous value `index` of the last sample. */
  @inline
  instant(index: u32): i32 {
    return load<i32>(changetype<usize>(this) + INSTANTS_AT + <usize>(index << 2));
  }

  @inline
  instants(): usize {
    return changetype<usize>(this) + INSTANTS_AT;
  }

  @inline
  event(index: u32): EventSignal {
    return changetype<EventSignal>(
      changetype<usize>(this) + EVENTS_AT + <usize>((index % EVENTS_WAITING) * offsetof<EventSignal>()),
    );
  }

  /** Bits of register `register` whose events found no room. */
  @inline
  bits(register: u32): u32 {
    return load<u32>(changetype<usize>(this) + offsetof<Metering>("errors") + <usize>(register << 2));
  }

  @inline
  setBits(register: u32, bits: u32): void {
    store<u32>(changetype<usize>(this) + offsetof<Metering>("errors") + <usize>(register << 2), bits);
  }

  @inline
  eventCode(log: u32): u32 {
    return load<u8>(changetype<usize>(this) + offsetof<Metering>("eventCodes") + <usize>log);
  }

  @inline
  setEventCode(log: u32, code: u32): void {
    store<u8>(changetype<usize>(this) + offsetof<Metering>("eventCodes") + <usize>log, <u8>code);
  }
}

const ACCUMULATORS_AT: usize = offsetof<Metering>();
const FLOWS_AT: usize = ACCUMULATORS_AT + ACCUMULATORS * 8;
const ROWS_AT: usize = FLOWS_AT + BASES * 8;
const INSTANTS_AT: usize = ROWS_AT + ACCUMULATORS * 2;
const EVENTS_AT: usize = (INSTANTS_AT + INSTANTS * 4 + 7) & ~7;

if (EVENTS_AT + EVENTS_WAITING * offsetof<EventSignal>() > METERING_SIZE) ERROR("metering has METERING_SIZE octets");
if (TOTALS + RATES * BASES != ACCUMULATORS) ERROR("each quantity that counts has an accumulator");
if ((ACCUMULATORS_AT & 7) != 0 || offsetof<EventSignal>() != 16) ERROR("accumulators are aligned");
