/** What each step of a scenario does: to the load, to the supply, or to an input of the meter. */
import { Input } from "../core.ts";
import type { Signal } from "./metrology.ts";
import type { StepDocument } from "./scenario.ts";
import type { Step } from "./steps.ts";

/** 1 kV: beyond that no meter measures (assembly/meter/metering.ts); of power 2 MW a phase. */
const VOLTAGE_MAX_MV = 1_000_000;
const POWER_MAX_MW = 2_000_000_000;

/** How a step acts; one of the four. */
export interface Disturbance {
  /** On what the house draws, before the disconnector. */
  readonly load?: (step: Step, document: StepDocument) => void;
  /** On the supply and what is measured of it, behind it. */
  readonly supply?: (step: Step, document: StepDocument) => void;
  /** An input and its value while the step lasts; at rest it is 0. */
  readonly level?: (document: StepDocument) => Signal;
  /** An input at one instant. */
  readonly pulse?: (document: StepDocument) => Signal;
  /** The load goes on behind an open disconnector. */
  readonly bypass?: true;
}

const on =
  (kind: number): ((document: StepDocument) => Signal) =>
  () => ({ kind, value: 1 });
const phasesOf = (document: StepDocument): number[] => (document.phases ?? [1, 2, 3]).map((phase) => phase - 1);
const within = (value: number, most: number): number => Math.max(-most, Math.min(most, value));

/** Adds W and var to the phases of the step, in equal parts. */
function loadAdd(step: Step, document: StepDocument, sign: number): void {
  const phases = phasesOf(document);
  for (const phase of phases) {
    const part = (total: number): number => Math.round((sign * total * 1000) / phases.length);
    step.active[phase] = within(step.active[phase]! + part(document.watts ?? 0), POWER_MAX_MW);
    step.reactive[phase] = within(step.reactive[phase]! + part(document.vars ?? 0), POWER_MAX_MW);
    // The current follows from the power again.
    step.current[phase] = 0;
  }
}

function voltageScale(step: Step, document: StepDocument): void {
  for (const phase of phasesOf(document)) {
    const scaled = Math.round((step.voltage[phase]! * (document.percent ?? 100)) / 100);
    step.voltage[phase] = Math.min(VOLTAGE_MAX_MV, scaled);
  }
}

function phasesLose(step: Step, document: StepDocument): void {
  for (const phase of phasesOf(document)) {
    for (const values of [step.voltage, step.current, step.active, step.reactive]) values[phase] = 0;
  }
}

function currentReverse(step: Step, document: StepDocument): void {
  for (const phase of phasesOf(document)) {
    step.active[phase] = -step.active[phase]!;
    step.reactive[phase] = -step.reactive[phase]!;
  }
}

/** Event codes of a failed self-test (assembly/device/tick.ts, Input). */
const FAULTS: Readonly<Record<string, number>> = {
  "program-memory": 12,
  ram: 13,
  "nv-memory": 14,
  watchdog: 15,
  measurement: 16,
};

/** Every step by the name it has in scenario_schema.json. `outage` and `phase-loss` of all phases take the power, which the player sees. */
export const DISTURBANCES: ReadonlyMap<string, Disturbance> = new Map<string, Disturbance>([
  ["outage", {}],
  ["phase-loss", { supply: phasesLose }],
  ["sag", { supply: voltageScale }],
  ["swell", { supply: voltageScale }],
  ["frequency", { supply: (step, { hertz }) => void (step.frequency = Math.round((hertz ?? 50) * 1000)) }],
  ["overload", { load: (step, document) => loadAdd(step, document, 1) }],
  ["export", { load: (step, document) => loadAdd(step, document, -1) }],
  ["reverse-power", { supply: currentReverse }],
  ["unexpected-consumption", { bypass: true }],
  ["phase-sequence", { level: on(Input.PHASE_SEQUENCE) }],
  ["missing-neutral", { level: on(Input.NEUTRAL) }],
  ["magnet", { level: on(Input.DC_FIELD) }],
  [
    "cover-open",
    { level: (d) => ({ kind: d.cover === "meter" ? Input.METER_COVER : Input.TERMINAL_COVER, value: 1 }) },
  ],
  ["external-alert", { level: on(Input.EXTERNAL_ALERT) }],
  ["battery", { level: (d) => ({ kind: Input.BATTERY, value: d.state === "replace" ? 2 : 1 }) }],
  ["disconnect-failure", { level: on(Input.OUTPUT_FAILED) }],
  ["self-test", { pulse: (d) => ({ kind: Input.SELF_TEST, value: FAULTS[d.fault ?? ""]! }) }],
  ["button", { pulse: on(Input.BUTTON) }],
  ["network", { pulse: on(Input.NETWORK) }],
  ["install", { pulse: on(Input.INSTALLATION) }],
]);
