/**
 * A household, minute by minute and for ever the same for the same seed: a base load, the shape of the day and of the
 * week, appliances that start when people are at home, three phases that are not equal, voltage that sags under the
 * load, and a solar inverter on L1 where asked for.
 */
import { chance } from "./random.ts";
import type { Step, StepSource } from "./steps.ts";

const MINUTE_MS = 60_000;
const DAY_MINUTES = 1440;

/** Lights and small things by hour of the day, W, at an average household; working days and weekends. */
const SHAPE_WORKDAY = [60, 50, 50, 50, 50, 70, 190, 260, 200, 120, 100, 110];
const SHAPE_WORKDAY_PM = [160, 130, 110, 110, 150, 260, 380, 430, 430, 380, 260, 130];
const SHAPE_WEEKEND = [90, 70, 50, 50, 50, 50, 80, 150, 240, 280, 260, 260];
const SHAPE_WEEKEND_PM = [310, 270, 230, 220, 230, 290, 380, 430, 430, 400, 320, 180];
const SHAPES = [
  [...SHAPE_WORKDAY, ...SHAPE_WORKDAY_PM],
  [...SHAPE_WEEKEND, ...SHAPE_WEEKEND_PM],
] as const;

interface Appliance {
  /** W while it runs, and var per W. */
  readonly power: number;
  readonly reactive: number;
  readonly minutes: number;
  readonly phase: number;
  /** Hours of the day between which it starts. */
  readonly between: readonly [number, number];
  /** Chance that it runs on a working day and on a weekend day. */
  readonly chance: readonly [number, number];
}

const APPLIANCES: readonly Appliance[] = [
  { power: 2100, reactive: 0, minutes: 4, phase: 0, between: [6, 8], chance: [0.9, 0.5] }, // kettle
  { power: 2100, reactive: 0, minutes: 4, phase: 0, between: [17, 21], chance: [0.6, 0.8] },
  { power: 900, reactive: 0.05, minutes: 6, phase: 0, between: [6, 9], chance: [0.8, 0.8] }, // toaster and machine
  { power: 1800, reactive: 0, minutes: 35, phase: 1, between: [17, 20], chance: [0.7, 0.8] }, // hob
  { power: 2400, reactive: 0, minutes: 50, phase: 2, between: [10, 19], chance: [0.15, 0.45] }, // oven
  { power: 1200, reactive: 0.2, minutes: 75, phase: 1, between: [8, 20], chance: [0.3, 0.6] }, // washing machine
  { power: 2200, reactive: 0.1, minutes: 60, phase: 2, between: [12, 21], chance: [0.15, 0.35] }, // tumble drier
  { power: 1100, reactive: 0.05, minutes: 80, phase: 1, between: [19, 22], chance: [0.55, 0.6] }, // dishwasher
  { power: 140, reactive: 0.3, minutes: 150, phase: 0, between: [18, 21], chance: [0.85, 0.9] }, // television
  { power: 1500, reactive: 0.1, minutes: 12, phase: 2, between: [9, 18], chance: [0.1, 0.4] }, // vacuum cleaner
  { power: 2000, reactive: 0, minutes: 90, phase: 2, between: [1, 4], chance: [0.5, 0.5] }, // water heater at night
];

const FRIDGE = { power: 95, reactive: 0.5, phase: 1 } as const;

/** Numbers of the draws, so that no two of them ever use the same one. */
const DRAW = {
  size: 1,
  base: 2,
  fridgePeriod: 3,
  fridgePhase: 4,
  flicker: 16,
  cloud: 32,
  haze: 33,
  voltage: 48,
  frequency: 64,
  appliance: 128,
} as const;

/** Ohm between the transformer and the house. */
const LINE_OHM = 0.25;
const VOLTAGE_MV = 230_500;
/** Sine and cosine of 48° north. */
const SIN_LATITUDE = 0.743;
const COS_LATITUDE = 0.669;

export interface HouseholdOptions {
  readonly seed: number;
  /** Peak power of the solar inverter, W; 0 = none. */
  readonly solarPeak?: number;
}

export class Household implements StepSource {
  private readonly seed: number;
  private readonly solarPeak: number;
  /** How much larger than the average household, and its base load, W. */
  private readonly size: number;
  private readonly base: number;
  private readonly fridgePeriod: number;
  private day = NaN;
  /** Runs of the day's appliances: appliance, first minute. */
  private readonly runs = new Int16Array(APPLIANCES.length * 2);
  private runCount = 0;

  constructor(options: HouseholdOptions) {
    this.seed = options.seed | 0;
    this.solarPeak = options.solarPeak ?? 0;
    this.size = 0.6 + chance(this.seed, DRAW.size, 0);
    this.base = 40 + 160 * chance(this.seed, DRAW.base, 0);
    this.fridgePeriod = 35 + Math.floor(25 * chance(this.seed, DRAW.fridgePeriod, 0));
  }

  stepAt(time: number, step: Step): number {
    const minute = Math.floor(time / MINUTE_MS);
    const day = Math.floor(minute / DAY_MINUTES);
    if (day !== this.day) this.planDay(day);
    step.active.fill(0);
    step.reactive.fill(0);
    step.current.fill(0);
    this.addShape(day, minute, step);
    this.addFridge(minute, step);
    this.addAppliances(minute - day * DAY_MINUTES, step);
    if (this.solarPeak > 0) step.active[0]! -= Math.round(1000 * this.solar(day, minute));
    this.setGrid(minute, step);
    return (minute + 1) * MINUTE_MS;
  }

  private planDay(day: number): void {
    this.day = day;
    this.runCount = 0;
    APPLIANCES.forEach((appliance, i) => {
      if (chance(this.seed, DRAW.appliance + i, day) >= appliance.chance[isWeekend(day) ? 1 : 0]!) return;
      const [first, last] = appliance.between;
      const start = first * 60 + Math.floor((last - first) * 60 * chance(this.seed, DRAW.appliance + i, ~day));
      this.runs[2 * this.runCount] = i;
      this.runs[2 * this.runCount + 1] = start;
      this.runCount++;
    });
  }

  /** Base load on L1 and L3, lights and small things on all three with a flicker of 15 %, more of them in winter. */
  private addShape(day: number, minute: number, step: Step): void {
    const shape = SHAPES[isWeekend(day) ? 1 : 0]!;
    const hour = Math.floor((minute - day * DAY_MINUTES) / 60);
    const season = 1 + 0.25 * Math.cos((2 * Math.PI * (yearDay(day) - 15)) / 365.25);
    const flicker = 0.85 + 0.3 * chance(this.seed, DRAW.flicker, minute);
    const watts = shape[hour]! * this.size * season * flicker;
    add(step, 0, this.base * 0.6 + watts * 0.45, 0.15);
    add(step, 1, watts * 0.35, 0.1);
    add(step, 2, this.base * 0.4 + watts * 0.2, 0.15);
  }

  private addFridge(minute: number, step: Step): void {
    const offset = Math.floor(this.fridgePeriod * chance(this.seed, DRAW.fridgePhase, 0));
    const running = (((minute + offset) % this.fridgePeriod) + this.fridgePeriod) % this.fridgePeriod;
    if (running < this.fridgePeriod * 0.35) add(step, FRIDGE.phase, FRIDGE.power, FRIDGE.reactive);
  }

  private addAppliances(minuteOfDay: number, step: Step): void {
    for (let i = 0; i < this.runCount; i++) {
      const appliance = APPLIANCES[this.runs[2 * i]!]!;
      const start = this.runs[2 * i + 1]!;
      if (minuteOfDay < start || minuteOfDay >= start + appliance.minutes) continue;
      add(step, appliance.phase, appliance.power, appliance.reactive);
    }
  }

  /** W of the inverter: the height of the sun over 48° north, clouds for the day and haze for ten minutes. */
  private solar(day: number, minute: number): number {
    const declination = -0.409 * Math.cos((2 * Math.PI * (yearDay(day) + 10)) / 365.25);
    const hourAngle = (2 * Math.PI * (minute - day * DAY_MINUTES - 690)) / DAY_MINUTES;
    const height = SIN_LATITUDE * Math.sin(declination) + COS_LATITUDE * Math.cos(declination) * Math.cos(hourAngle);
    if (height <= 0) return 0;
    const cloud = 0.25 + 0.75 * chance(this.seed, DRAW.cloud, day);
    const haze = 0.8 + 0.2 * chance(this.seed, DRAW.haze, Math.floor(minute / 10));
    return this.solarPeak * height * cloud * haze;
  }

  /** Voltage falls with the current a phase draws and rises when it feeds; the frequency wanders by ±20 mHz. */
  private setGrid(minute: number, step: Step): void {
    for (let phase = 0; phase < 3; phase++) {
      const noise = 2000 * (chance(this.seed, DRAW.voltage + phase, minute) - 0.5);
      step.voltage[phase] = Math.round(VOLTAGE_MV + noise - (LINE_OHM * step.active[phase]!) / 230);
    }
    step.frequency = 49_980 + Math.round(40 * chance(0, DRAW.frequency, minute));
  }
}

/** Adds a load to a phase, W and var per W. */
function add(step: Step, phase: number, watts: number, reactive: number): void {
  step.active[phase]! += Math.round(watts * 1000);
  step.reactive[phase]! += Math.round(watts * reactive * 1000);
}

/** Day 0 is a Thursday. */
function isWeekend(day: number): boolean {
  const weekday = (((day + 3) % 7) + 7) % 7;
  return weekday >= 5;
}

/** Days since the last 1 January, near enough for the sun. */
function yearDay(day: number): number {
  return ((day % 365.25) + 365.25) % 365.25;
}
