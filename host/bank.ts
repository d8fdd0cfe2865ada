/** Meters in one process: seats them in as few instances of the core as hold them, and wakes each when it is due. */
import { randomBytes } from "node:crypto";
import type { Clock } from "./clock.ts";
import { ManualClock } from "./clock.ts";
import { Core, type Plan } from "./core.ts";
import type { Flash } from "./flash/flash.ts";
import type { Metrology } from "./metrology/metrology.ts";
import { Pump, type PumpHost } from "./pump.ts";
import type { Courier } from "./push.ts";

/** How long meters that are due together may keep the process from its sockets, ms. */
const TURN_MS = 20;
/** A timer never waits longer than this, ms; setTimeout() takes 31 bits. */
const WAIT_MAX_MS = 3_600_000;

/** What one meter is made of. */
export interface MeterSetup {
  readonly provision: Uint8Array;
  readonly flash: Flash;
  readonly metrology: Metrology;
  /** Carries what the meter pushes. */
  readonly courier?: Courier;
  /** How often the energies are kept between captured rows, ms of meter time; 0 or absent: not. */
  readonly keepMs?: number;
}

export interface BankOptions {
  readonly clock: Clock;
  /** Makes meter `index`, counted from 0. */
  readonly setup: (index: number, plan: Plan) => MeterSetup;
  /** Octets nobody can guess; the system's by default. */
  readonly entropy?: (size: number) => Uint8Array;
  readonly report?: (meter: number, text: string) => void;
  /** A meter wants its time server asked. */
  readonly timeWanted?: (meter: Pump) => void;
}

export class Bank implements PumpHost {
  readonly meters: Pump[] = [];
  readonly plan: Plan;
  clock: Clock;
  private readonly options: BankOptions;
  private timer: NodeJS.Timeout | NodeJS.Immediate | undefined;
  private timerAt = Infinity;
  private started = false;

  /** Seats `count` meters, switched off; throws PlanRefused. */
  constructor(core: Core, image: Uint8Array, count: number, options: BankOptions) {
    this.options = options;
    this.clock = options.clock;
    this.plan = core.plan(image);
    const perInstance = Core.seatsMax(this.plan);
    for (let first = 0; first < count; first += perInstance) {
      const seats = Math.min(perInstance, count - first);
      const instance = core.bank(image, seats);
      for (let seat = 0; seat < seats; seat++) {
        const index = first + seat;
        const setup = options.setup(index, this.plan);
        this.meters.push(new Pump(index, this, { core: instance, seat, ...setup }));
      }
    }
  }

  /** Starts the one timer; from now on the clock drives the meters. */
  start(clock: Clock): void {
    this.clock = clock;
    this.started = true;
    for (const meter of this.meters) meter.run();
    this.arm();
  }

  /** Lets every meter look at its surroundings and at the clock again, which have changed. */
  rouse(): void {
    for (const meter of this.meters) meter.run();
    if (this.started) this.arm();
  }

  /** Brings a meter to `meterTime` through every instant between, in virtual time. Not while the bank is started. */
  async advance(meter: Pump, meterTime: number): Promise<void> {
    this.clock = new ManualClock(meterTime, this.clock.lineTime());
    meter.run();
    while (meter.settling !== undefined) await meter.settling;
  }

  /** Stops the timer and fails the power of every meter, which makes everything durable. */
  async powerFail(): Promise<void> {
    this.started = false;
    this.disarm();
    await Promise.all(this.meters.map((meter) => meter.powerFail()));
  }

  entropy(size: number): Uint8Array {
    return (this.options.entropy ?? randomBytes)(size);
  }

  report(pump: Pump, text: string): void {
    this.options.report?.(pump.index, text);
  }

  timeWanted(pump: Pump): void {
    this.options.timeWanted?.(pump);
  }

  wake(pump: Pump): void {
    if (this.started && pump.wakeAt < this.timerAt) this.arm(pump.wakeAt);
  }

  private disarm(): void {
    if (this.timer !== undefined) clearTimeout(this.timer as NodeJS.Timeout);
    this.timer = undefined;
    this.timerAt = Infinity;
  }

  /** Sets the timer to `at`, or to the earliest deadline of all meters. A scan is enough: 10,000 of them take microseconds. */
  private arm(at?: number): void {
    this.disarm();
    let earliest = at ?? Infinity;
    if (at === undefined) {
      // A meter whose flash is busy wakes by itself when that is over.
      for (const meter of this.meters) if (meter.settling === undefined) earliest = Math.min(earliest, meter.wakeAt);
    }
    if (earliest === Infinity) return;
    this.timerAt = earliest;
    const wait = Math.min(Math.max(0, earliest - this.clock.lineTime()), WAIT_MAX_MS);
    this.timer = setTimeout(() => this.fire(), Math.ceil(wait));
  }

  private fire(): void {
    this.timer = undefined;
    // Whatever wakes meanwhile is found by the scan at the end.
    this.timerAt = -Infinity;
    const begin = performance.now();
    for (const meter of this.meters) {
      if (meter.wakeAt > this.clock.lineTime()) continue;
      meter.run();
      if (performance.now() - begin > TURN_MS) break;
    }
    this.arm();
  }
}
