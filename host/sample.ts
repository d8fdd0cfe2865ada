/** What a meter measures, and the region in which the core is given it. */

/** Octets of the sample region; the same as in assembly/base/limits.ts. */
export const SAMPLE_SIZE = 148;

/** What a meter measured over an interval, in the units and the order of the sample region. */
export interface Sample {
  /** 12 energies, µWh or µvarh, whole numbers: +A, −A, QI…QIV, +A of L1…L3, −A of L1…L3. */
  readonly energies: Float64Array;
  /** 13 values at the end of the interval: mV and mA and mW and mvar of L1…L3, mHz. */
  readonly values: Int32Array;
}

/** Writes a sample as the sample region holds it (docs/ARCHITECTURE.md, section 3). */
export function sampleWrite(view: DataView, sample: Sample): void {
  for (let i = 0; i < 12; i++) {
    const energy = sample.energies[i]!;
    view.setUint32(8 * i, energy >>> 0, true);
    view.setInt32(8 * i + 4, Math.floor(energy / 0x100000000), true);
  }
  for (let i = 0; i < 13; i++) view.setInt32(96 + 4 * i, sample.values[i]!, true);
}
