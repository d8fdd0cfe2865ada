/**
 * What surrounds one meter, between the pump and the core: gives the core what was measured, at each change of it as well, and tells its
 * contacts one by one, each after the metering data up to that instant.
 */
import { Input, type CoreCalls } from "./core.ts";
import type { Metrology, Signal } from "./metrology/metrology.ts";

export class Surroundings {
  /** Meter time of the end of the last sample. */
  sampledTo = 0;
  private readonly metrology: Metrology;
  private readonly core: CoreCalls;
  private readonly seat: number;
  private readonly report: (text: string) => void;
  /** Contacts that the core has not been told yet, and kinds of input it does not know. */
  private waiting: Signal[] = [];
  private readonly unknown = new Set<number>();
  /** Meter time from one keeping of the energies to the next, ms, 0 = with captured rows only; and when the next one is due. */
  private readonly keepMs: number;
  private keepAt = Infinity;

  constructor(metrology: Metrology, core: CoreCalls, seat: number, report: (text: string) => void, keepMs = 0) {
    this.keepMs = keepMs;
    this.metrology = metrology;
    this.core = core;
    this.seat = seat;
    this.report = report;
  }

  /** The meter begins anew at `time`; nothing was measured while it was `off`. */
  restart(time: number, off: boolean): void {
    if (off) this.sampledTo = time;
    this.keepAfter(time);
    this.waiting = this.metrology.signals?.restart(time) ?? [];
  }

  private keepAfter(time: number): void {
    this.keepAt = this.keepMs > 0 ? (Math.floor(time / this.keepMs) + 1) * this.keepMs : Infinity;
  }

  /** Gives the core what was measured up to `time`. */
  sample(time: number): void {
    if (time <= this.sampledTo) return;
    this.give(this.sampledTo, time);
    this.sampledTo = time;
  }

  private give(from: number, to: number): void {
    const result = this.core.sample(this.seat, this.metrology.sample(from, to), to);
    if (result < 0) this.report(`the core refuses what was measured (${result})`);
  }

  /** Meter time of the next contact, or change of what is measured; -Infinity when something waits. */
  get nextAt(): number {
    if (this.waiting.length > 0) return -Infinity;
    return Math.min(this.metrology.signals?.nextAt ?? Infinity, this.metrology.changesAt, this.keepAt);
  }

  /** Tells the core, at `time`, one contact or else the values from then on. @returns whether the power fails */
  tell(time: number): boolean {
    this.sample(time);
    if (this.keepAt <= time) {
      this.core.input(this.seat, Input.KEEP_ENERGIES, 0, time);
      this.keepAfter(time);
      return false;
    }
    const { signals } = this.metrology;
    if (this.waiting.length === 0 && signals !== undefined && signals.nextAt <= time) this.waiting = signals.take();
    else if (this.waiting.length === 0) this.give(time, time);
    const signal = this.waiting.shift();
    if (signal === undefined) return false;
    const result = this.core.input(this.seat, signal.kind, signal.value, time);
    if (result < 0) this.refused(signal.kind, result);
    return signal.kind === Input.POWER_FAILS;
  }

  /** Has the core told something at the next opportunity. */
  inform(signal: Signal): void {
    this.waiting.push(signal);
  }

  private refused(kind: number, result: number): void {
    if (this.unknown.has(kind)) return;
    this.unknown.add(kind);
    this.report(`the core does not take input ${kind} (${result}); what happens goes on without it`);
  }

  /** The disconnector or a relay has switched at `time`; what was measured up to then was so before. */
  switched(state: number, time: number): void {
    this.sample(time);
    this.metrology.outputs?.(state);
  }

  /** Passes over all that happens up to `target` while the meter is off. @returns when its power is back, undefined = not yet */
  powerReturns(target: number): number | undefined {
    const { signals } = this.metrology;
    while (signals !== undefined && signals.nextAt <= target) {
      const time = signals.nextAt;
      if (signals.take().some(({ kind }) => kind === Input.POWER_RETURNS)) return time;
    }
    return undefined;
  }

  /** Meter time of the next signal to a meter that is off. */
  get signalAt(): number {
    return this.metrology.signals?.nextAt ?? Infinity;
  }
}
