/**
 * Demand: energy of a window of time divided by its length (Blue Book, class_id 5). The window of a register is number_of_periods
 * sub-periods of `period` seconds, each of which ends where local time is a multiple of it. What is kept is the flow of its energy
 * at the beginnings of the sub-periods in the window, so a sample costs the same however many registers there are, and a
 * demand is exact: a difference of whole µWh, rounded down once when it is shown.
 */
import { DEMANDS_MAX } from "../base/limits";
import { Meter } from "../store/block";
import {
  DEMAND_AT,
  DEMAND_FLOWS_NEAR,
  DEMAND_FLOWS_SIZE,
  DEMAND_REGISTER_SIZE,
  DEMAND_SIZE,
  Layout,
} from "../store/layout";
import { clockAlignedAfter } from "./clock";
import { Metering } from "./metering_state";

/** Last second that clocks of 32 bits can show. */
const SECONDS_MAX: i64 = 0xffffffff;
const SECONDS_PER_HOUR: i64 = 3600;

/**
 * A demand register, DEMAND_REGISTER_SIZE octets: this head, then the oldest of its flows. The others, which only a window of many
 * sub-periods has, stand where little is touched.
 */
@unmanaged
export class Demand {
  /** Energy of the window that ended last, µWh. */
  last: i64;
  /** UTC second at which the running sub-period ends, 0 = nothing is integrated. */
  due: u32;
  /** UTC second at which the integration began: a window does not reach beyond it. */
  begin: u32;
  /** UTC second at which the last window ended (capture_time), 0 = none has. */
  captured: u32;
  /** period, s, and number_of_periods. */
  period: u32;
  periods: u32;
  /** UTC second of the last gasp that kept this, 0 = none has. */
  saved: u32;
  /** How far behind this flow 0 would stand if all stood with the others. */
  further: u32;
  /** Total it integrates (a base, see metering_state.ts). */
  base: u8;
  /** Flows that are kept. */
  count: u8;
  /** Status bits of the running sub-period, and whole status of the last window. */
  status: u8;
  lastStatus: u8;

  /** Register number `instance` of class 5. */
  @inline
  static of(meter: Meter, instance: u32): Demand {
    return changetype<Demand>(meter.area(placeOf(instance)));
  }

  /** Makes the places of its flows known. */
  place(instance: u32): void {
    this.further = Layout.of().flowsAt + instance * DEMAND_FLOWS_SIZE - placeOf(instance) - DEMAND_FLOWS_NEAR * 8;
  }

  private flowAt(index: u32): usize {
    const from = index < DEMAND_FLOWS_NEAR ? <u32>offsetof<Demand>() : this.further;
    return changetype<usize>(this) + <usize>(from + (index << 3));
  }

  /** Flow at the beginning of sub-period `index` of the window. */
  @inline
  flow(index: u32): i64 {
    return load<i64>(this.flowAt(index));
  }

  /** A sub-period begins with this flow; one that has left the window is forgotten. */
  flowAdd(flow: i64): void {
    if (<u32>this.count >= this.periods) {
      for (let i: u32 = 1; i < this.periods; i++) store<i64>(this.flowAt(i - 1), this.flow(i));
      this.count = <u8>(this.periods - 1);
    }
    store<i64>(this.flowAt(this.count), flow);
    this.count++;
  }

  /** Length of a whole window, s. */
  @inline
  get window(): u32 {
    return this.period * this.periods;
  }

  /** UTC second at which the running window began (start_time_current). */
  get start(): u32 {
    const whole = this.due - this.window;
    return this.due > this.window && whole > this.begin ? whole : this.begin;
  }
}

/** Where register number `instance` stands in the block. */
function placeOf(instance: u32): u32 {
  return DEMAND_AT + DEMAND_SIZE + instance * DEMAND_REGISTER_SIZE;
}

/** What all registers share. */
@unmanaged
export class Demands {
  /** Bit i: the window of register i has ended and its maxima have not been looked at. */
  ended: u32;
  /** UTC second at which the running interval of the averages ends. */
  averagesDue: u32;

  @inline
  static of(meter: Meter): Demands {
    return changetype<Demands>(meter.area(DEMAND_AT));
  }
}

if (offsetof<Demands>() != DEMAND_SIZE) ERROR("what registers share has DEMAND_SIZE octets");
if (offsetof<Demand>() + DEMAND_FLOWS_NEAR * 8 != DEMAND_REGISTER_SIZE)
  ERROR("a register has DEMAND_REGISTER_SIZE octets");
if ((DEMAND_AT & 7) != 0 || (DEMAND_REGISTER_SIZE & 7) != 0 || DEMANDS_MAX > 32)
  ERROR("registers are aligned, and bits of a word");

/** Demand registers the template has. */
export function demandCount(): u32 {
  return Layout.of().demands;
}

/** First end of a period of `period` seconds after UTC second `utc`, 0 = none a clock can show. */
export function periodAfter(meter: Meter, utc: i64, period: u32): u32 {
  const at = clockAlignedAfter(meter, utc, period);
  return at > 0 && at <= SECONDS_MAX ? <u32>at : 0;
}

/** Energy of the running window so far, µWh. */
export function demandRunning(meter: Meter, d: Demand): i64 {
  return d.due == 0 ? 0 : Metering.of(meter).flow(d.base) - d.flow(0);
}

/** Power of a window with `energy`: 10^-6 W, rounded down. */
export function demandAverage(d: Demand, energy: i64): i64 {
  const window = <i64>d.window;
  if (window == 0) return 0;
  // Energy that no meter measures in a window is shown as the largest that can be multiplied.
  return (min<i64>(energy, i64.MAX_VALUE / SECONDS_PER_HOUR) * SECONDS_PER_HOUR) / window;
}

/** Begins an integration at UTC second `utc`; what was integrated before is left out. */
export function demandBegin(meter: Meter, d: Demand, utc: i64, status: u32): void {
  d.count = 0;
  d.flowAdd(Metering.of(meter).flow(d.base));
  d.begin = <u32>utc;
  d.status = <u8>status;
  d.due = periodAfter(meter, utc, d.period);
}

/** Goes on at UTC second `utc` after an outage, in which sub-periods passed without energy: the window has moved over them. */
export function demandResume(meter: Meter, d: Demand, utc: i64, status: u32): void {
  const due = periodAfter(meter, utc, d.period);
  const missed = due > d.due ? (due - d.due) / d.period : 0;
  const flow = Metering.of(meter).flow(d.base);
  for (let i: u32 = 0; i < missed && i < d.periods; i++) d.flowAdd(flow);
  d.status = <u8>status;
  d.due = due;
}

/** The running window ends at UTC second `utc`: it is the last one, with the whole status `status`. */
export function demandEnd(meter: Meter, instance: u32, utc: u32, status: u32): void {
  const d = Demand.of(meter, instance);
  d.last = demandRunning(meter, d);
  d.captured = utc;
  d.lastStatus = <u8>status;
  Demands.of(meter).ended |= 1 << instance;
}

/** The sub-period ends where it should, and the next one begins with it. */
export function demandNext(meter: Meter, d: Demand): void {
  d.flowAdd(Metering.of(meter).flow(d.base));
  d.status = 0;
  d.due = periodAfter(meter, d.due, d.period);
}
