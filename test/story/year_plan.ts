/** A year of a house for ever the same: its load, the outages of its grid, its tariff contract. */
import type { Step, StepSource } from "../../host/metrology/steps.ts";
import type { Load, Outage } from "./model.ts";
import type { Contract } from "./rig.ts";

export const START = Date.parse("2026-01-05T12:00:00Z");
export const END = Date.parse("2027-01-05T12:00:00Z");
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** Chance from a seed (mulberry32, public domain). */
export function chances(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 0x100000000;
  };
}

/** Two seasons, working days and others, four rates, holidays; on days that begin without a rate that of the evening before goes on. */
export const CONTRACT: Contract = {
  name: "house 2026",
  seasons: { winter: { begins: "*-11-01", week: "cold" }, summer: { begins: "*-04-01", week: "warm" } },
  weeks: { cold: [1, 1, 1, 1, 1, 3, 3], warm: [2, 2, 2, 2, 2, 3, 3] },
  days: {
    1: { "06:00": 2, "17:00": 3, "20:15": 2, "22:00": 1 },
    2: { "07:30": 2, "21:00": 1 },
    3: { "00:00": 4, "18:00": 1 },
  },
  special: { "*-01-01": 3, "*-12-25": 3, "*-12-26": 3, "2026-04-06": 3, "2026-05-01": 3 },
};

/** The load changes at any ms, once in half an hour or so: the day's shape, three phases, an inverter on L1, any odd mW. */
export function loadsOf(seed: number): Load[] {
  const chance = chances(seed);
  const loads: Load[] = [];
  for (let at = START; at < END; at += 1 + Math.floor(chance() * HOUR)) {
    const hour = (at % DAY) / HOUR;
    const most = hour > 5 && hour < 22 ? 3_000_000 : 400_000;
    const active = [0, 1, 2].map(() => Math.floor(chance() ** 2 * most));
    const sun = Math.max(0, Math.sin(((hour - 5) / 14) * Math.PI));
    active[0]! -= Math.floor(sun * chance() * 6_000_000);
    const reactive = active.map((power) => Math.floor((chance() - 0.3) * 0.5 * Math.abs(power)));
    loads.push({ at, active, reactive });
  }
  return loads;
}

/** Outages of which the year must have one each, beside those by chance. */
const CERTAIN: readonly [down: string, seconds: number][] = [
  ["2026-02-10T09:20:11.500Z", 20], // within a quarter of an hour
  ["2026-05-19T16:58:00Z", 1500], // over a change of the rate
  ["2026-08-31T21:50:20Z", 2400], // over the end of a month
  ["2026-11-17T03:03:03Z", 2 * 86400 + 5000], // over days
];

/** Outages of some seconds to some hours, once in nine days or so, in the order of time; two hours at least lie between two. */
export function outagesOf(seed: number): Outage[] {
  const chance = chances(seed);
  const all = CERTAIN.map(([down, seconds]) => ({ down: Date.parse(down), up: Date.parse(down) + seconds * 1000 }));
  for (let at = START + 2 * DAY; at < END - 2 * DAY; at += Math.floor(2 * HOUR + chance() * 18 * DAY)) {
    all.push({ down: at, up: at + 2000 + Math.floor(Math.exp(chance() * 9.8) * 1000) });
  }
  all.sort((a, b) => a.down - b.down);
  return all.filter(({ down }, i) => i === 0 || down > all[i - 1]!.up + 2 * HOUR);
}

/** The load as the metrology has it. */
export class House implements StepSource {
  private readonly loads: readonly Load[];
  private index = 0;

  constructor(loads: readonly Load[]) {
    this.loads = loads;
  }

  stepAt(time: number, step: Step): number {
    const { loads } = this;
    while (this.index > 0 && loads[this.index]!.at > time) this.index--;
    while (this.index + 1 < loads.length && loads[this.index + 1]!.at <= time) this.index++;
    const { active, reactive } = loads[this.index]!;
    step.active.set(active);
    step.reactive.set(reactive);
    step.voltage.fill(230_000);
    step.current.fill(0);
    step.frequency = 50_000;
    return loads[this.index + 1]?.at ?? Infinity;
  }
}
