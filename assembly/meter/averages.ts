/**
 * Averages of voltages and currents over AVERAGE_PERIOD seconds of the clock: of the running interval and of the last one. A
 * value of a sample holds from the sample before it on, so an average is weighted by time; it is rounded down to 1 mV or 1 mA.
 */
import { Meter } from "../store/block";
import { AVERAGES_AT, AVERAGES_SIZE } from "../store/layout";
import { Metering } from "./metering_state";

/** Interval of the supply quality of EN 50160: ten minutes. */
export const AVERAGE_PERIOD: u32 = 600;
/** Three voltages, then three currents: the first instantaneous values of a sample. */
export const AVERAGES: u32 = 6;
/** One sample does not weigh more than a day, so that no sum can overflow. */
const WEIGHT_MAX: f64 = 86400000;

@unmanaged
class Averages {
  /** Time measured in the running interval, ms. */
  measured: i64;

  @inline
  static of(meter: Meter): Averages {
    return changetype<Averages>(meter.area(AVERAGES_AT));
  }

  /** Value times ms of the running interval. */
  @inline
  sumAt(index: u32): usize {
    return changetype<usize>(this) + offsetof<Averages>() + <usize>(index << 3);
  }

  /** Average of the last interval. */
  @inline
  lastAt(index: u32): usize {
    return changetype<usize>(this) + offsetof<Averages>() + <usize>(AVERAGES * 8 + (index << 2));
  }
}

if (offsetof<Averages>() + AVERAGES * 12 > AVERAGES_SIZE) ERROR("averages have AVERAGES_SIZE octets");

/** Adds the sample that Metering holds now, which lasted `ms`. */
export function averagesAdd(meter: Meter, ms: f64): void {
  const a = Averages.of(meter);
  const m = Metering.of(meter);
  const weight = <i64>Math.min(ms, WEIGHT_MAX);
  for (let i: u32 = 0; i < AVERAGES; i++) {
    store<i64>(a.sumAt(i), load<i64>(a.sumAt(i)) + <i64>m.instant(i) * weight);
  }
  a.measured += weight;
}

/** Average `index` of the running interval, or AVERAGES further on of the last one. */
export function averageRead(meter: Meter, index: u32): i64 {
  const a = Averages.of(meter);
  if (index >= AVERAGES) return load<i32>(a.lastAt(index - AVERAGES));
  return a.measured != 0 ? load<i64>(a.sumAt(index)) / a.measured : <i64>Metering.of(meter).instant(index);
}

/** Begins another interval; what the running one has measured is lost. */
export function averagesBegin(meter: Meter): void {
  const a = Averages.of(meter);
  memory.fill(a.sumAt(0), 0, AVERAGES * 8);
  a.measured = 0;
}

/** Ends the running interval: its averages are the last ones. @returns the time it has measured, ms */
export function averagesEnd(meter: Meter): i64 {
  const a = Averages.of(meter);
  const measured = a.measured;
  for (let i: u32 = 0; i < AVERAGES; i++) store<i32>(a.lastAt(i), <i32>averageRead(meter, i));
  averagesBegin(meter);
  return measured;
}
