/**
 * The two times of a meter (docs/ARCHITECTURE.md, sections 3 and 8), in milliseconds: line time is monotonic and never
 * accelerated; meter time counts from 1970 UTC, may be virtual and never decreases.
 */
import { performance } from "node:perf_hooks";

export interface Clock {
  /** Whether line time goes on while the process does not look. */
  readonly runs: boolean;
  lineTime(): number;
  /** A whole number of milliseconds, at `lineTime`, by default now. */
  meterTime(lineTime?: number): number;
  /** Line time at which meterTime() reaches `meterTime`; Infinity when it never does. */
  lineTimeOf(meterTime: number): number;
}

/** How a clock runs, for a clock of another thread to run with it. */
export interface ClockState {
  /** Meter time, ms since 1970 UTC, at the instant `at`: ms of the system's monotonic time, which all threads have in common. */
  readonly meter: number;
  readonly at: number;
  readonly speed: number;
}

/** The system's monotonic time, ms, at which line time is 0, in this thread: the most of some looks, each of which may wait between the two clocks. */
const LINE_ORIGIN = Math.max(
  ...Array.from({ length: 8 }, () => Number(process.hrtime.bigint()) / 1e6 - performance.now()),
);

/** Meter time starts at `start` and runs `speed` times as fast as line time, until it is told otherwise. */
export class RunningClock implements Clock {
  readonly runs = true;
  /** Meter time at line time `startLine`. */
  private start: number;
  private startLine: number;
  private factor: number;
  /** The last speed that was above 0. */
  speedBefore: number;

  constructor(start: number, speed: number) {
    this.start = Math.floor(start);
    this.factor = speed;
    this.speedBefore = speed;
    this.startLine = performance.now();
  }

  lineTime(): number {
    return performance.now();
  }

  meterTime(lineTime = performance.now()): number {
    return this.start + Math.floor((lineTime - this.startLine) * this.factor);
  }

  lineTimeOf(meterTime: number): number {
    if (meterTime <= this.start) return this.startLine;
    return this.factor === 0 ? Infinity : this.startLine + (meterTime - this.start) / this.factor;
  }

  /** 0 = meter time stands still. */
  get speed(): number {
    return this.factor;
  }

  /** Meter time runs at `speed` from now on. Whoever waits for an instant must look again. */
  speedSet(speed: number): void {
    this.jump(this.meterTime());
    this.factor = speed;
    if (speed > 0) this.speedBefore = speed;
  }

  get state(): ClockState {
    return { meter: this.start, at: this.startLine + LINE_ORIGIN, speed: this.factor };
  }

  /** Runs as a clock of another thread does. */
  follow({ meter, at, speed }: ClockState): void {
    this.start = meter;
    this.startLine = at - LINE_ORIGIN;
    this.factor = speed;
  }

  /** Meter time is `meterTime` now, not before what it was. */
  jump(meterTime: number): void {
    this.start = Math.max(meterTime, this.meterTime());
    this.startLine = performance.now();
  }
}

/** Both times stand still until somebody moves them: tests, and virtual time that jumps. */
export class ManualClock implements Clock {
  readonly runs = false;
  line: number;
  meter: number;

  constructor(meter: number, line = 1000) {
    this.meter = meter;
    this.line = line;
  }

  lineTime(): number {
    return this.line;
  }

  meterTime(): number {
    return this.meter;
  }

  lineTimeOf(): number {
    return Infinity;
  }
}
