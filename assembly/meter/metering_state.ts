/**
 * What a meter has measured, in its block. Accumulators and hidden rows are indexed by the number of the quantity
 * (host/template/quantities.json), so each quantity that counts has its own accumulator, the sums as well as the parts.
 */
import { METERING_AT, METERING_SIZE } from "../store/layout";
import { Meter } from "../store/block";

/** Numbers of the quantities that count are below this. */
export const ACCUMULATORS: u32 = 64;
/** Instantaneous values of a sample: 3 voltages mV, 3 currents mA, 3 powers mW, 3 reactive powers mvar, frequency mHz. */
export const INSTANTS: u32 = 13;
/** Events that wait to be logged. */
export const EVENTS_WAITING: u32 = 16;
/** Event code objects the core computes: one per log. */
export const EVENT_CODES: u32 = 8;

/** Which instantaneous values begin where. */
export const enum Instant {
  VOLTAGE = 0,
  CURRENT = 3,
  POWER = 6,
  REACTIVE = 9,
  FREQUENCY = 12,
}

/** An event that waits to be logged, 16 octets. */
@unmanaged
export class EventSignal {
  code: u16;
  /** Profile that logs it. */
  profile: u16;
  /** How the stamp shows daylight saving: meter/clock.ts, Season. */
  season: u32;
  /** UTC seconds of the stamp. */
  seconds: i64;
}

@unmanaged
export class Metering {
  /** Meter time of the last sample, ms. */
  sampled: f64;
  /** Active rate, 1..4. */
  tariffRate: u32;
  /** First of the waiting events, how many wait, how many found no room. */
  eventFirst: u32;
  eventCount: u32;
  eventsLost: u32;
  /** Bits raised in the alarm registers and the error register and not taken over yet. */
  alarms1: u32;
  alarms2: u32;
  errors: u32;
  reserved: u32;
  /** Last event code of each log: octet k belongs to quantity 136 + k. */
  eventCodes: u64;

  @inline
  static of(meter: Meter): Metering {
    return changetype<Metering>(meter.area(METERING_AT));
  }

  @inline
  private accumulatorAt(quantity: u32): usize {
    return changetype<usize>(this) + ACCUMULATORS_AT + <usize>(quantity << 3);
  }

  /** What quantity `quantity` has counted, µWh or µvarh. */
  @inline
  accumulator(quantity: u32): i64 {
    return load<i64>(this.accumulatorAt(quantity));
  }

  @inline
  setAccumulator(quantity: u32, value: i64): void {
    store<i64>(this.accumulatorAt(quantity), value);
  }

  @inline
  add(quantity: u32, delta: i64): void {
    this.setAccumulator(quantity, this.accumulator(quantity) + delta);
  }

  /** Attribute row of the hidden value that keeps an accumulator, NONE when no object shows it. */
  @inline
  keepRow(quantity: u32): u32 {
    return load<u16>(changetype<usize>(this) + ROWS_AT + <usize>(quantity << 1));
  }

  @inline
  setKeepRow(quantity: u32, row: u32): void {
    store<u16>(changetype<usize>(this) + ROWS_AT + <usize>(quantity << 1), <u16>row);
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
const ROWS_AT: usize = ACCUMULATORS_AT + ACCUMULATORS * 8;
const INSTANTS_AT: usize = ROWS_AT + ACCUMULATORS * 2;
const EVENTS_AT: usize = (INSTANTS_AT + INSTANTS * 4 + 7) & ~7;

if (EVENTS_AT + EVENTS_WAITING * offsetof<EventSignal>() > METERING_SIZE) ERROR("metering has METERING_SIZE octets");
if ((ACCUMULATORS_AT & 7) != 0 || offsetof<EventSignal>() != 16) ERROR("accumulators are aligned");
