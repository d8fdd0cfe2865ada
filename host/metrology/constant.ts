/** A load that never changes, so that every register can be checked by hand: 1 kW in all, 500, 300 and 200 W at 230 V. */
import type { Step, StepSource } from "./steps.ts";

const ACTIVE_MW = [500_000, 300_000, 200_000];
const REACTIVE_MVAR = [100_000, 60_000, 40_000];
const VOLTAGE_MV = 230_000;
const FREQUENCY_MHZ = 50_000;

export const constantLoad: StepSource = {
  stepAt(_time: number, step: Step): number {
    step.active.set(ACTIVE_MW);
    step.reactive.set(REACTIVE_MVAR);
    step.voltage.fill(VOLTAGE_MV);
    step.current.fill(0);
    step.frequency = FREQUENCY_MHZ;
    return Infinity;
  },
};
