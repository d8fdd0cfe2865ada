/**
 * Meters in one process: seats them in as few instances of the core as hold them, and wakes each when it is due. A meter that has no seat
 * yet is a number and nothing else; it takes one when somebody reaches it, and lives through what it has missed.
 */
import { randomBytes } from "node:crypto";
import type { Clock } from "./clock.ts";
import { ManualClock } from "./clock.ts";
import { Core, type CoreBank, type Plan } from "./core.ts";
import { Pump } from "./pump.ts";
import type { PumpHost, PumpParts } from "./pump_parts.ts";

/** How long meters that are due together may keep the process from its sockets, ms. */
const TURN_MS = 20;
/** A timer never waits longer than this, ms; setTimeout() takes 31 bits. */
const WAIT_MAX_MS = 3_600_000;
/** What a meter lives through at once, ms of meter time: a day takes some tens of milliseconds. */
export const STRIDE_MS = 86_400_000;

/** What one meter is made of, beside its seat. */
export interface MeterSetup extends Omit<PumpParts, "core" | "seat"> {
  /** Meter time at which the meter was switched on, ms since 1970 UTC, where it is reached only later; by default now. */
  readonly since?: number;
}

export interface BankOptions {
  readonly clock: Clock;
  /** Number of the first meter, where other banks have those before it; 0 by default. */
  readonly first?: number;
  /** Makes meter `index`, one of first to first + count - 1. */
  readonly setup: (index: number, plan: Plan) => MeterSetup;
  /** Seats are taken by reach() only. */
  readonly late?: boolean;
  /** Seats of one instance of the core at most; by default as many as its memory can have. */
  readonly seatsMax?: number;
  /** Octets nobody can guess; the system's by default. */
  readonly entropy?: (size: number) => Uint8Array;
  readonly report?: (meter: number, text: string) => void;
  /** A meter wants its time server asked. */
  readonly timeWanted?: (meter: Pump) => void;
  /** A meter that was reached late has lived up to now. */
  readonly arrived?: (meter: Pump) => void;
}

export class Bank implements PumpHost {
  /** Number of the first meter. */
  readonly first: number;
  /** How many meters there are, with and without a seat. */
  readonly count: number;
  /** Those that have a seat, in the order in which they took it: that of their numbers unless it was late. */
  readonly meters: Pump[] = [];
  readonly plan: Plan;
  clock: Clock;
  private readonly options: BankOptions;
  private readonly core: Core;
  private readonly image: Uint8Array;
  private readonly byIndex = new Map<number, Pump>();
  /** Seats of one instance, and the instance whose seats are being taken. */
  private readonly seatsMax: number;
  private instance: CoreBank | undefined;
  private timer: NodeJS.Timeout | undefined;
  private timerAt = Infinity;
  private started = false;
  /** The meter that fire() looks at first. */
  private turn = 0;

  /** Seats `count` meters, switched off, or makes room for them; throws PlanRefused. */
  constructor(core: Core, image: Uint8Array, count: number, options: BankOptions) {
    this.options = options;
    this.clock = options.clock;
    this.core = core;
    this.image = image;
    this.first = options.first ?? 0;
    this.count = count;
    this.plan = core.plan(image);
    this.seatsMax = options.seatsMax ?? Core.seatsMax(this.plan);
    if (options.late === true) return;
    for (const index of this.numbers()) this.seat(index, this.setupOf(index));
  }

  /** Whether meter `index` is one of these. */
  has(index: number): boolean {
    return Number.isInteger(index) && index >= this.first && index < this.first + this.count;
  }

  /** The numbers of the meters. */
  *numbers(): Generator<number> {
    for (let index = this.first; index < this.first + this.count; index++) yield index;
  }

  /** Meter `index`, undefined while it has no seat. */
  seated(index: number): Pump | undefined {
    return this.byIndex.get(index);
  }

  /** Meter `index`, which takes a seat where it has none and lives up to now; lines that are opened meanwhile wait for that. */
  reach(index: number): Pump {
    const found = this.byIndex.get(index);
    if (found !== undefined) return found;
    const setup = this.setupOf(index);
    const meter = this.seat(index, setup);
    const since = Math.min(setup.since ?? Infinity, this.clock.meterTime());
    void this.live(meter, since, () => this.clock.meterTime()).then(() => this.options.arrived?.(meter));
    return meter;
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

  /**
   * Switches a meter on at `from` and lets it live, in virtual time, up to `to`, which may move on meanwhile (ms since 1970 UTC). The
   * process looks at its sockets after each of the meter's days, of which `lived` is told. What it wrote may still be on its way to the disk.
   */
  async live(meter: Pump, from: number, to: () => number, lived?: () => void): Promise<void> {
    const past = (meter.past = new ManualClock(from, this.clock.lineTime()));
    meter.boot();
    while (meter.settling !== undefined) await meter.settling;
    // Once it is where the others were when a stride began, the clock of all brings it the rest of the way.
    for (let end = to(); past.meter < end && !meter.isOut;) {
      const now = to();
      past.meter = Math.min(now, past.meter + STRIDE_MS);
      meter.run();
      while (meter.settling !== undefined) await meter.settling;
      lived?.();
      if (past.meter < now) await new Promise((resolve) => setImmediate(resolve));
      end = now;
    }
    meter.arrive();
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

  private setupOf(index: number): MeterSetup {
    if (!this.has(index)) {
      throw new RangeError(`the bank has meters ${this.first} to ${this.first + this.count - 1}`);
    }
    return this.options.setup(index, this.plan);
  }

  /** Gives a meter the next seat. A memory that is full is followed by another one. */
  private seat(index: number, setup: MeterSetup): Pump {
    const seat = this.meters.length % this.seatsMax;
    if (seat === 0) {
      const seats = Math.min(this.seatsMax, this.count - this.meters.length);
      this.instance = this.core.bank(this.image, seats);
    }
    const meter = new Pump(index, this, { core: this.instance!, seat, ...setup });
    this.meters.push(meter);
    this.byIndex.set(index, meter);
    return meter;
  }

  private disarm(): void {
    clearTimeout(this.timer);
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

  /** Runs meters that are due, from where the last turn ended, so that all of them come to theirs. */
  private fire(): void {
    this.timer = undefined;
    // Whatever wakes meanwhile is found by the scan at the end.
    this.timerAt = -Infinity;
    const { meters } = this;
    const begin = performance.now();
    for (let left = meters.length; left > 0; left--) {
      if (this.turn >= meters.length) this.turn = 0;
      const meter = meters[this.turn++]!;
      if (meter.wakeAt > this.clock.lineTime()) continue;
      meter.run();
      if (performance.now() - begin > TURN_MS) break;
    }
    this.arm();
  }
}
