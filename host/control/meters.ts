/** The meters that an operator acts on: those of one thread, or of several as if they were one's. */
import type { Bank } from "../bank.ts";
import type { Simulation } from "../metrology/player.ts";
import { scenarioFrom } from "../metrology/scenario.ts";
import type { Simulations } from "../metrology/simulations.ts";

export interface MeterStatus {
  meter: number;
  /** off, booting, running, outage, fault */
  state: string;
  /** Steps that last, with the instants between which they do. */
  lasting: { do: string; since: string; until?: string }[];
}

/** How many steps were ended, and how many meters wait for their first contact: of those nobody knows yet. */
export interface Ended {
  readonly ended: number;
  readonly waiting: number;
}

/** Those that have a seat, and how many nobody has reached yet. */
export interface Seated {
  readonly meters: MeterStatus[];
  readonly waiting: number;
}

type Later<T> = T | Promise<T>;

/** Meter times are ms since 1970 UTC; `meters` are numbers of meters, which take their seats for it, by default all. */
export interface OperatedMeters {
  /** They are numbered from 0. */
  readonly count: number;
  /** A scenario as JSON, which has been checked. */
  inject(scenario: unknown, time: number, meters?: readonly number[]): Later<void>;
  end(step: string | undefined, time: number, meters?: readonly number[]): Later<Ended>;
  /** Whether a step of this name lasts on the first meter, which takes its seat for that. */
  lasts(step: string, time: number): Later<boolean>;
  status(time: number): Later<Seated>;
  /** All look at the clock again, which has changed. */
  rouse(): Later<void>;
  /** Brings all that have a seat to where the clock is. */
  pass(): Promise<void>;
}

const iso = (time: number): string => new Date(time).toISOString();

/** The meters of a bank. */
export class BankMeters implements OperatedMeters {
  private readonly bank: Bank;
  private readonly surroundings: Simulations;

  constructor(bank: Bank, surroundings: Simulations) {
    this.bank = bank;
    this.surroundings = surroundings;
  }

  get count(): number {
    return this.bank.count;
  }

  inject(json: unknown, time: number, meters?: readonly number[]): void {
    const scenario = scenarioFrom(json, "inject", time);
    this.each(meters, (simulation) => simulation.inject(scenario, time));
    this.bank.rouse();
  }

  end(step: string | undefined, time: number, meters?: readonly number[]): Ended {
    let ended = 0;
    this.each(meters, (simulation) => (ended += simulation.end(step, time)));
    this.bank.rouse();
    return { ended, waiting: this.surroundings.missing };
  }

  lasts(step: string, time: number): boolean {
    return this.reached(this.bank.first)
      .signals.lastingAt(time)
      .some((found) => found.do === step);
  }

  status(time: number): Seated {
    const meters = this.bank.meters.map(({ index, state }) => this.meter(index, state, time));
    return { meters, waiting: this.surroundings.missing };
  }

  rouse(): void {
    this.bank.rouse();
  }

  async pass(): Promise<void> {
    for (const meter of this.bank.meters) {
      meter.run();
      while (meter.settling !== undefined) await meter.settling;
    }
    // The process looks at its sockets.
    await new Promise((resolve) => setImmediate(resolve));
  }

  /** The surroundings of a meter, which takes its seat now where it has none. */
  private reached(meter: number): Simulation {
    this.bank.reach(meter);
    return this.surroundings.of(meter)!;
  }

  private each(meters: readonly number[] | undefined, act: (simulation: Simulation) => void): void {
    if (meters === undefined) return this.surroundings.all(act);
    for (const meter of meters) act(this.reached(meter));
  }

  private meter(meter: number, state: string, time: number): MeterStatus {
    const lasting = this.surroundings
      .of(meter)!
      .signals.lastingAt(time)
      .map(({ do: step, since, until }) => ({
        do: step,
        since: iso(since),
        ...(until === undefined ? {} : { until: iso(until) }),
      }));
    return { meter, state, lasting };
  }
}
