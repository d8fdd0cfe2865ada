/** The meters of `serve`, or those of one of its threads: what they are made of, what they listen on, and when they begin and end. */
import { Bank, type MeterSetup } from "../bank.ts";
import { CiiLine } from "../cii.ts";
import { ManualClock, type RunningClock } from "../clock.ts";
import { BankMeters, type OperatedMeters } from "../control/meters.ts";
import type { Core, Plan } from "../core.ts";
import type { Flash } from "../flash/flash.ts";
import { MemoryFlash } from "../flash/memory.ts";
import { scenarioRead } from "../metrology/scenario.ts";
import { Simulations } from "../metrology/simulations.ts";
import { metrologyMaker } from "../metrology/source.ts";
import { TimeKeeper } from "../ntp.ts";
import type { ShardFiles } from "../state/shard_files.ts";
import { lowerAddressOf } from "../template/multi_drop.ts";
import { backfill } from "./backfill.ts";
import { courierMaker } from "./couriers.ts";
import type { MeterRange } from "./deal.ts";
import type { Delivery } from "./delivery.ts";
import { Listeners, type FirstPorts, type Ports } from "./listeners.ts";
import { pushRefusal, sharedLines, type ServeOptions } from "./serve_options.ts";

const DAY_MS = 86_400_000;

/** Meters that have a seat before anybody has reached them, and those of them that had a state. */
export interface Begun {
  readonly seated: number;
  readonly stored: number;
}

/** The meters of a service, whoever runs them. */
export interface Fleet {
  readonly begun: Begun;
  readonly meters: OperatedMeters;
  /** Switches all on that have a seat. New ones live through their history; `lived` hears how many more days of meters are over. */
  boot(lived: (days: number) => void): Promise<void>;
  /** From now on the clock drives them. */
  start(clock: RunningClock): Promise<void>;
  /** Opens what they listen on. @throws ServeError */
  open(): Promise<Ports>;
  /** Closes that, and lets every meter write what it holds back. */
  close(): Promise<void>;
}

export interface FleetParts {
  readonly options: ServeOptions;
  readonly range: MeterRange;
  /** Meter time at which the service starts, ms since 1970 UTC. */
  readonly start: number;
  readonly delivery: Delivery;
  readonly core: Core;
  /** undefined = the state is in memory. */
  readonly shards: ShardFiles | undefined;
  readonly report: (meter: number, text: string) => void;
  readonly warn: (text: string) => void;
}

/** Meter time at which new meters are switched on. */
export const bornAt = (start: number, options: ServeOptions): number => start - options.backfill * DAY_MS;

/** Meters that this thread runs. */
export class LocalFleet implements Fleet {
  readonly bank: Bank;
  readonly surroundings: Simulations;
  readonly meters: OperatedMeters;
  private readonly parts: FleetParts;
  private readonly born: number;
  private readonly listeners: Listeners;
  private readonly time: TimeKeeper;
  private readonly ciiLine = new CiiLine();
  /** Meters that had a state when this service began. */
  private readonly stored = new Set<number>();

  /** Seats them, switched off, unless each waits for its first contact. */
  constructor(parts: FleetParts) {
    this.parts = parts;
    const { options, range, start, delivery, core, report, warn } = parts;
    const { image } = delivery.compiled;
    this.born = bornAt(start, options);
    this.surroundings = this.surroundingsMaker();
    this.bank = new Bank(core, image, range.count, {
      clock: new ManualClock(start, performance.now()),
      first: range.first,
      setup: this.setupMaker(),
      late: options.seat === "contact",
      report,
      timeWanted: (meter) => void this.time.ask(meter),
      arrived: (meter) => void this.time.ask(meter),
    });
    this.meters = new BankMeters(this.bank, this.surroundings);
    this.time = new TimeKeeper({
      meters: () => this.bank.meters,
      report,
      refusal: (server) => pushRefusal(options.push, server),
    });
    this.listeners = new Listeners(this.bank, image, options, warn);
  }

  get begun(): Begun {
    return { seated: this.bank.meters.length, stored: this.stored.size };
  }

  async boot(lived: (days: number) => void): Promise<void> {
    const { bank, stored, born, parts } = this;
    const old = bank.meters.filter((meter) => stored.has(meter.index));
    const fresh = bank.meters.filter((meter) => !stored.has(meter.index));
    await backfill(bank, fresh, born, parts.start, () => lived(1));
    for (const meter of old) meter.boot();
  }

  async start(clock: RunningClock): Promise<void> {
    this.bank.start(clock);
    this.time.start();
  }

  /** `first` stands in place of the ports of the options. */
  async open(first?: FirstPorts): Promise<Ports> {
    const { cii } = this.parts.options;
    await this.listeners.open(first);
    if (cii !== undefined && "path" in cii) await this.listeners.openCii(cii.path, this.ciiLine.accept);
    return this.listeners.ports;
  }

  async close(): Promise<void> {
    this.time.stop();
    await this.listeners.close();
    await this.bank.powerFail();
    this.parts.shards?.close();
  }

  private surroundingsMaker(): Simulations {
    const { options, range, start } = this.parts;
    const { metrology, scenario, seed } = options;
    const steps = scenario === undefined ? undefined : scenarioRead(scenario, start);
    return new Simulations(range.count, metrologyMaker(metrology, seed, this.born, steps));
  }

  private setupMaker(): (index: number, plan: Plan) => MeterSetup {
    const { options, delivery, start } = this.parts;
    const courier = courierMaker(options, this.ciiLine);
    const shared = sharedLines(options) !== "none";
    return (index, plan) => {
      const flash = this.flash(index, plan.flashSize);
      const isNew = !this.stored.has(index);
      return {
        provision: delivery.records(index, shared ? { hdlcAddress: lowerAddressOf(index) } : {}),
        flash,
        metrology: this.surroundings.make(index),
        courier: courier(),
        keepMs: options.keepEnergies * 1000,
        isNew,
        since: isNew ? this.born : start,
      };
    };
  }

  private flash(index: number, size: number): Flash {
    const { shards } = this.parts;
    if (shards === undefined) return new MemoryFlash(size);
    const file = shards.flash(index);
    if (!file.fresh) this.stored.add(index);
    return file;
  }
}
