/** What surrounds a meter: what it measures, and what else happens to it. The pump asks; what it gets goes to the core as it is. */
import type { Sample } from "../core.ts";

export type { Sample };

/** An input of the core (`Input` of core.ts) at an instant: the power and all contacts of the meter. */
export interface Signal {
  readonly kind: number;
  readonly value: number;
}

/** What reaches a meter beside its measurements, in the order of time. */
export interface Signals {
  /** Meter time of the next one, ms; Infinity = none is known. */
  readonly nextAt: number;
  /** Takes what happens at `nextAt`, which moves on. */
  take(): Signal[];
  /** The meter begins anew at `time`, and knows of no contact any more. @returns those that are not at rest */
  restart(time: number): Signal[];
}

export interface Metrology {
  /**
   * What was measured over [from, to), ms since 1970 UTC, whole numbers, `from` being the `to` of the call before. The energies are exact: those of two
   * intervals add up to those of both. The values are those at the end, before what changes at `to`; over an interval of no length they are those from
   * then on. The sample is the metrology's own and holds until the next call.
   */
  sample(from: number, to: number): Sample;
  /** Until when the values of the last sample hold, ms; Infinity = for ever. Up to then one sample tells everything. */
  readonly changesAt: number;
  readonly signals?: Signals;
  /** The meter has switched: bit 0 the main disconnector is closed, bit k relay k is. Holds from the end of the last sample on. */
  outputs?(state: number): void;
}
