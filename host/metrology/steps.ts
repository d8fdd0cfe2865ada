/**
 * Exact energy from power that is constant in steps. A step's power in whole mW times its length in whole ms is a whole
 * number of µJ, and 3600 µJ are 1 µWh: what does not fill a µWh is carried to the next interval, so nothing is lost or
 * counted twice however an interval is cut.
 */
import type { Metrology, Sample } from "./metrology.ts";

/** 1 µWh in µJ (mW·ms). */
const UJ_PER_UWH = 3600;
/** Longest piece of a step that is added at once, ms, so that its product stays a whole number in a double. */
const PIECE_MS = 3_600_000;

/** Energies of a sample. */
const ENERGY = { imported: 0, exported: 1, quadrant: 2, phaseImported: 6, phaseExported: 9, count: 12 } as const;
/** Values of a sample. */
const VALUE = { voltage: 0, current: 3, active: 6, reactive: 9, frequency: 12, count: 13 } as const;

/** 10 kA: beyond that no meter measures (assembly/meter/metering.ts), as where a large load meets next to no voltage. */
const CURRENT_MAX_MA = 10_000_000;

/** What a source says of one step, whole numbers: mW, mvar, mV of each phase and mHz. */
export class Step {
  readonly active = new Int32Array(3);
  readonly reactive = new Int32Array(3);
  readonly voltage = new Int32Array(3);
  /** mA; 0 where it follows from the others. */
  readonly current = new Int32Array(3);
  frequency = 50000;
}

export interface StepSource {
  /** Fills `step` with what holds at `time` and returns when that ends, ms, later than `time`; Infinity = never. */
  stepAt(time: number, step: Step): number;
}

/** Scratch of one call, shared by all meters. */
const SHARED = new Step();

/** The quadrant of a load, 0…3 for QI…QIV: import above, inductive to the right (IEC 62053-24, Annex C). */
export function quadrantOf(active: number, reactive: number): number {
  if (active >= 0) return reactive >= 0 ? 0 : 3;
  return reactive >= 0 ? 1 : 2;
}

/** Current of a phase, mA, from mW, mvar and mV. */
export function currentOf(active: number, reactive: number, voltage: number): number {
  if (voltage <= 0) return 0;
  return Math.min(CURRENT_MAX_MA, Math.round((Math.hypot(active, reactive) * 1000) / voltage));
}

export class SteppedMetrology implements Metrology {
  private readonly source: StepSource;
  private readonly carried = new Float64Array(ENERGY.count);
  private readonly result: Sample = {
    energies: new Float64Array(ENERGY.count),
    values: new Int32Array(VALUE.count),
  };

  /** Nothing has been sampled: the values from now on are wanted. */
  changesAt = -Infinity;

  constructor(source: StepSource) {
    this.source = source;
  }

  sample(from: number, to: number): Sample {
    const { energies } = this.result;
    energies.fill(0);
    for (let at = from; at < to;) {
      this.changesAt = this.source.stepAt(at, SHARED);
      const end = Math.min(this.changesAt, to, at + PIECE_MS);
      this.add(SHARED, end - at);
      at = end;
    }
    if (to <= from) this.changesAt = this.source.stepAt(from, SHARED);
    this.show(SHARED);
    return this.result;
  }

  /** Values of the last sample, as they are in it. */
  get values(): Int32Array {
    return this.result.values;
  }

  /** The source will change at `time` already, before or after what it said. */
  changed(time: number): void {
    this.changesAt = Math.min(this.changesAt, time);
  }

  private add(step: Step, duration: number): void {
    const { active, reactive } = step;
    const sum = active[0]! + active[1]! + active[2]!;
    const reactiveSum = reactive[0]! + reactive[1]! + reactive[2]!;
    this.put(sum >= 0 ? ENERGY.imported : ENERGY.exported, Math.abs(sum) * duration);
    this.put(ENERGY.quadrant + quadrantOf(sum, reactiveSum), Math.abs(reactiveSum) * duration);
    for (let phase = 0; phase < 3; phase++) {
      const power = active[phase]!;
      this.put((power >= 0 ? ENERGY.phaseImported : ENERGY.phaseExported) + phase, Math.abs(power) * duration);
    }
  }

  private put(energy: number, microjoules: number): void {
    const sum = this.carried[energy]! + microjoules;
    const rest = sum % UJ_PER_UWH;
    this.carried[energy] = rest;
    this.result.energies[energy]! += (sum - rest) / UJ_PER_UWH;
  }

  private show(step: Step): void {
    const { values } = this.result;
    for (let phase = 0; phase < 3; phase++) {
      const [active, reactive, voltage] = [step.active[phase]!, step.reactive[phase]!, step.voltage[phase]!];
      values[VALUE.voltage + phase] = voltage;
      values[VALUE.current + phase] = step.current[phase]! || currentOf(active, reactive, voltage);
      values[VALUE.active + phase] = active;
      values[VALUE.reactive + phase] = reactive;
    }
    values[VALUE.frequency] = step.frequency;
  }
}
