/**
 * Plays scenarios to one meter: changes what a source says of load and supply, and tells what reaches the meter's inputs and when its power
 * goes. Behind an open disconnector there is no load. What happens at an instant follows from the steps alone; steps may be added at any time.
 */
import { Input } from "../core.ts";
import { DISTURBANCES, type Disturbance } from "./disturbance.ts";
import type { Metrology, Signal, Signals } from "./metrology.ts";
import { chance, hash } from "./random.ts";
import type { Scenario, ScenarioStep } from "./scenario.ts";
import { SteppedMetrology, type Step, type StepSource } from "./steps.ts";

/** Draws of one step: when within the jitter, how long, whether at all. */
const DRAW = { jitter: 0, length: 1, chance: 2, count: 3 } as const;
/** Repetitions that chance may leave out one after the other: more than ever happens at the least probability, 1 in 1000. */
const SKIPS_MAX = 100_000;
const ALL_PHASES = 3;
/** The main disconnector in the state of the outputs. */
const MAIN = 1;

/** One time that a step happens, [begin, end). */
interface Occurrence {
  readonly begin: number;
  readonly end: number;
}

/** A step with what the player remembers of it. */
class Entry {
  readonly step: ScenarioStep;
  readonly disturbance: Disturbance;
  /** Pulses up to here have been told. */
  told = -Infinity;
  /** The step is over for good from here on. */
  until = Infinity;
  private readonly seed: number;

  constructor(step: ScenarioStep, seed: number) {
    this.step = step;
    this.disturbance = DISTURBANCES.get(step.document.do)!;
    this.seed = seed;
  }

  /** Its `k`-th time, if chance lets it happen. */
  private occurrence(k: number): Occurrence | undefined {
    const { at, every, times, jitter, shortest, longest } = this.step;
    if (k < 0 || k >= times || (k > 0 && every === Infinity)) return undefined;
    const draw = (which: number): number => chance(this.seed, which, k);
    if (this.step.chance < 1 && draw(DRAW.chance) >= this.step.chance) return undefined;
    const begin = at + (k > 0 ? k * every : 0) + Math.floor(jitter * draw(DRAW.jitter));
    const length =
      longest === Infinity ? Infinity : shortest + Math.floor((longest - shortest + 1) * draw(DRAW.length));
    const lasts = this.disturbance.pulse === undefined ? length : 0;
    return begin >= this.until ? undefined : { begin, end: Math.min(begin + lasts, this.until) };
  }

  /** The number of the last time that may have begun at `time`. */
  private lastBy(time: number): number {
    const { at, every } = this.step;
    if (every === Infinity) return time < at ? -1 : 0;
    return Math.floor((time - at) / every);
  }

  /** Whether it lasts at `time`. */
  active(time: number): Occurrence | undefined {
    const k = this.lastBy(time);
    return [this.occurrence(k - 1), this.occurrence(k)].find((o) => o !== undefined && o.begin <= time && time < o.end);
  }

  /** The first instant after `time` at which it begins or ends; Infinity = none. */
  changeAfter(time: number): number {
    const first = Math.max(0, this.lastBy(time) - 1);
    const most = Math.min(this.step.times, first + SKIPS_MAX);
    for (let k = first; k < most; k++) {
      const o = this.occurrence(k);
      if (o !== undefined && o.begin > time) return o.begin;
      if (o !== undefined && o.end > time) return o.end;
      if (this.step.every === Infinity || this.until <= time) break;
    }
    return Infinity;
  }

  /** Nothing of it is left at `time`. */
  isOver(time: number): boolean {
    if (this.disturbance.pulse !== undefined) return this.changeAfter(this.told) === Infinity;
    return this.active(time) === undefined && this.changeAfter(time) === Infinity;
  }
}

/** What lasts at an instant, for people and programs. */
export interface Lasting {
  readonly do: string;
  /** ms since 1970 UTC; `until` is undefined when there is no end. */
  readonly since: number;
  readonly until?: number;
}

export class Player implements StepSource, Signals {
  nextAt = -Infinity;
  private readonly base: StepSource;
  private readonly meter: number;
  private entries: Entry[] = [];
  private seeds = 0;
  /** The main disconnector is closed. */
  connected = true;
  /** The entries that last over [from, to). */
  private lasting: { from: number; to: number; entries: readonly Entry[] } | undefined;
  /** Inputs as the meter knows them, and up to when. */
  private levels = new Map<number, number>();
  private powered = true;
  private heard = -Infinity;

  constructor(base: StepSource, meter: number, scenario?: Scenario) {
    this.base = base;
    this.meter = meter;
    if (scenario !== undefined) this.add(scenario);
  }

  /** Plays the steps of the scenario that concern this meter, beside those that are there. */
  add(scenario: Scenario): void {
    const seed = hash(scenario.seed, this.meter, 0);
    this.entries = this.entries.filter((entry) => !entry.isOver(this.heard));
    for (const step of scenario.steps) {
      const entrySeed = hash(seed, this.seeds++, DRAW.count);
      const { meters } = step.document;
      if (meters === undefined || meters.includes(this.meter)) this.entries.push(new Entry(step, entrySeed));
    }
    this.replan();
  }

  /** Ends every step called `name`, or all of them, at `time`. @returns how many lasted or were to come */
  end(name: string | undefined, time: number): number {
    const found = this.entries.filter((e) => (name === undefined || e.step.document.do === name) && !e.isOver(time));
    for (const entry of found) entry.until = time;
    this.replan();
    return found.length;
  }

  /** What lasts at `time`. */
  lastingAt(time: number): Lasting[] {
    return this.entriesAt(time).map((entry) => {
      const { begin, end } = entry.active(time)!;
      return { do: entry.step.document.do, since: begin, ...(end === Infinity ? {} : { until: end }) };
    });
  }

  /** The meter has switched; see Metrology. */
  outputs(state: number): void {
    this.connected = (state & MAIN) !== 0;
  }

  // --- measurements ---

  stepAt(time: number, step: Step): number {
    const until = this.base.stepAt(time, step);
    if (this.entries.length === 0 && this.connected) return until;
    const entries = this.entriesAt(time);
    for (const { disturbance, step: own } of entries) disturbance.load?.(step, own.document);
    if (!this.connected && !entries.some(({ disturbance }) => disturbance.bypass)) {
      for (const values of [step.active, step.reactive, step.current]) values.fill(0);
    }
    for (const { disturbance, step: own } of entries) disturbance.supply?.(step, own.document);
    return Math.min(until, this.lasting!.to);
  }

  private entriesAt(time: number): readonly Entry[] {
    const { lasting } = this;
    if (lasting !== undefined && time >= lasting.from && time < lasting.to) return lasting.entries;
    const entries = this.entries.filter((entry) => entry.active(time) !== undefined);
    const states = this.entries.filter(({ disturbance }) => disturbance.pulse === undefined);
    const to = states.reduce((least, entry) => Math.min(least, entry.changeAfter(time)), Infinity);
    this.lasting = { from: time, to, entries };
    return entries;
  }

  // --- signals ---

  take(): Signal[] {
    const time = Math.max(this.heard, this.nextAt);
    this.heard = time;
    const found = [...this.pulsesTake(time), ...this.levelsTake(time)];
    const powered = this.poweredAt(time);
    if (powered !== this.powered) found.push({ kind: powered ? Input.POWER_RETURNS : Input.POWER_FAILS, value: 0 });
    this.powered = powered;
    this.plan();
    return found;
  }

  restart(time: number): Signal[] {
    // A pulse in this very millisecond is still to come, unless it has been told: it may have been the cause.
    for (const entry of this.entries) entry.told = Math.max(entry.told, time - 1);
    this.heard = time;
    this.levels.clear();
    this.powered = true;
    const found = this.levelsTake(time);
    this.plan();
    if (!this.poweredAt(time)) this.nextAt = time;
    return found;
  }

  private pulsesTake(time: number): Signal[] {
    const found: Signal[] = [];
    for (const entry of this.entries) {
      const { pulse } = entry.disturbance;
      if (pulse === undefined) continue;
      for (let at = entry.changeAfter(entry.told); at <= time; at = entry.changeAfter(at)) {
        found.push(pulse(entry.step.document));
        entry.told = at;
      }
    }
    return found;
  }

  /** Inputs that are not as the meter knows them. */
  private levelsTake(time: number): Signal[] {
    const now = new Map([...this.levels.keys()].map((kind) => [kind, 0]));
    for (const { disturbance, step } of this.entriesAt(time)) {
      const signal = disturbance.level?.(step.document);
      if (signal !== undefined) now.set(signal.kind, Math.max(signal.value, now.get(signal.kind) ?? 0));
    }
    const changed = [...now].filter(([kind, value]) => value !== (this.levels.get(kind) ?? 0));
    this.levels = now;
    return changed.map(([kind, value]) => ({ kind, value }));
  }

  /** A meter of three phases runs while one of them is there. */
  private poweredAt(time: number): boolean {
    const lost = new Set<number>();
    for (const { step } of this.entriesAt(time)) {
      if (step.document.do === "outage") return false;
      if (step.document.do === "phase-loss") for (const phase of step.document.phases ?? []) lost.add(phase);
    }
    return lost.size < ALL_PHASES;
  }

  /** Steps have come or gone: what the meter knows may not be true any more. */
  private replan(): void {
    this.lasting = undefined;
    this.nextAt = this.heard;
  }

  private plan(): void {
    this.nextAt = Infinity;
    for (const entry of this.entries) {
      const from = entry.disturbance.pulse === undefined ? this.heard : entry.told;
      this.nextAt = Math.min(this.nextAt, Math.max(this.heard, entry.changeAfter(from)));
    }
  }
}

/** A simulated meter's surroundings: a load, and scenarios that disturb it. */
export class Simulation extends SteppedMetrology implements Metrology {
  readonly signals: Player;

  constructor(base: StepSource, meter = 0, scenario?: Scenario) {
    const player = new Player(base, meter, scenario);
    super(player);
    this.signals = player;
  }

  outputs(state: number): void {
    this.signals.outputs(state);
    this.changed(-Infinity);
  }

  /** Plays a scenario, whose steps begin at `time` or later, beside what is there. */
  inject(scenario: Scenario, time: number): void {
    this.signals.add(scenario);
    this.changed(time);
  }

  /** Ends steps; see Player. */
  end(name: string | undefined, time: number): number {
    const count = this.signals.end(name, time);
    if (count > 0) this.changed(time);
    return count;
  }
}
