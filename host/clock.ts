/**
 * The two times of a meter (docs/ARCHITECTURE.md, sections 3 and 8), in milliseconds: line time is monotonic and never
 * accelerated; meter time counts from 1970 UTC, may be virtual and never decreases.
 */
export interface Clock {
  /** Whether line time goes on while the process does not look. */
  readonly runs: boolean;
  lineTime(): number;
  /** A whole number of milliseconds. */
  meterTime(): number;
  /** Line time at which meterTime() reaches `meterTime`; Infinity when it never does. */
  lineTimeOf(meterTime: number): number;
}

/** Meter time starts at `start` and runs `speed` times as fast as line time. */
export class RunningClock implements Clock {
  readonly runs = true;
  private readonly start: number;
  private readonly speed: number;
  private readonly startLine: number;

  constructor(start: number, speed: number) {
    this.start = Math.floor(start);
    this.speed = speed;
    this.startLine = performance.now();
  }

  lineTime(): number {
    return performance.now();
  }

  meterTime(): number {
    return this.start + Math.floor((performance.now() - this.startLine) * this.speed);
  }

  lineTimeOf(meterTime: number): number {
    return this.startLine + (meterTime - this.start) / this.speed;
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
