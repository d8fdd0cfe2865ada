/**
 * A meter as IDIS describes it, written once more: from the load of a house, the outages of a grid and a tariff contract it computes what a
 * client must read in the meter. It shares no code with the core and knows none of its ways: it goes from one quarter of an hour, change of the
 * load or outage to the next and notes what the rules for profiles, demand, billing, tariffs and events say. Times are ms since 1970 UTC,
 * powers whole mW, energies whole µWh; a quarter of an hour is a multiple of every other period there is.
 */
import { DAY, LocalTime, QUARTER } from "./local_time.ts";
import type { Contract } from "./rig.ts";

/** What the house draws from `at` on: mW and mvar of L1 to L3, below 0 where it feeds. */
export interface Load {
  readonly at: number;
  readonly active: readonly number[];
  readonly reactive: readonly number[];
}

export interface Outage {
  readonly down: number;
  readonly up: number;
}

/** µJ in a µWh. */
const UJ = 3600;
/** What is counted, by OBIS group C: +A, -A, QI to QIV; +A and -A of L1 to L3. */
type Energy = "1" | "2" | "5" | "6" | "7" | "8" | "21" | "41" | "61" | "22" | "42" | "62";
/** Energies that are sums of others (OBIS group C): +R, -R, absolute. Net is a difference. */
const SUMS: Readonly<Record<string, readonly Energy[]>> = { "3": ["5", "6"], "4": ["7", "8"], "15": ["1", "2"] };
/** Groups C whose demand has maxima here. */
const DEMANDS = ["1", "2", "3", "4"];
/** Maxima that the end of a billing period resets: all rates of +P and -P, the totals of the others. */
const isReset = (name: string): boolean => /^[12]\.6|6\.0$/.test(name);

/** Status of a row. */
const SAVING = 0x08;
const POWER_DOWN = 0x80;

const RATES = [0, 1, 2, 3, 4];
/** s; a failure of the power that lasts longer is a long one. */
const LONG_FAILURE = 180;

export interface Maximum {
  value: number;
  /** When its period ended; undefined = there has been none, and no reset. */
  at: number | undefined;
}

/** A profile that captures at the end of each period, with its rows as text: stamp, status, values. */
class Profile {
  readonly rows: { at: number; text: string }[] = [];
  readonly columns: readonly string[];
  readonly isEnd: (time: number) => boolean;
  status = 0;

  constructor(columns: readonly string[], isEnd: (time: number) => boolean) {
    this.columns = columns;
    this.isEnd = isEnd;
  }
}

export class Model {
  readonly time: LocalTime;
  readonly quarters: Profile;
  readonly days: Profile;
  /** Rows of the monthly and the daily billing profile, of the power failure log and the standard event log. */
  readonly billing: string[] = [];
  readonly daily: string[] = [];
  readonly failures: string[] = [];
  readonly events: { at: number; text: string }[] = [];
  readonly maxima = new Map<string, Maximum>();
  /** Power failures, those of them that were long, ends of billing periods, changes of the rate. */
  readonly counts = { failures: 0, long: 0, periods: 0, switches: 0 };
  private readonly contract: Contract;
  private readonly totals = new Map<string, number>();
  private readonly rest = new Map<Energy, number>();
  private readonly begun = new Map<string, number>();
  private now: number;
  private rate: number;
  private load: Load;

  constructor(start: number, end: number, contract: Contract, load: Load) {
    this.time = new LocalTime(start, end);
    this.contract = contract;
    this.load = load;
    this.now = start;
    this.rate = this.rateAt(start);
    this.quarters = new Profile(["1", "2"], (time) => time % QUARTER === 0);
    this.days = new Profile(["1", "2", "3", "4"], (time) => this.time.isMidnight(time));
    for (const c of DEMANDS) {
      for (const rate of RATES) this.maxima.set(`${c}.6.${rate}`, { value: 0, at: undefined });
    }
    this.demandsBegin();
  }

  /** Lives through loads and outages, each in the order of time, up to `end`. */
  run(loads: readonly Load[], outages: readonly Outage[], end: number): void {
    let [l, o] = [0, 0];
    while (this.now < end) {
      const change = loads[l]?.at ?? Infinity;
      const down = outages[o]?.down ?? Infinity;
      const quarter = (Math.floor(this.now / QUARTER) + 1) * QUARTER;
      const next = Math.min(change, down, quarter, end);
      this.measure(next);
      if (next === quarter) this.quarterEnds(next);
      if (next === change) this.load = loads[l++]!;
      if (next !== down) continue;
      const { up } = outages[o++]!;
      this.outage(down, up);
      while (loads[l] !== undefined && loads[l]!.at <= up) this.load = loads[l++]!;
    }
  }

  // --- energy ---

  /** Wh of a register such as "1.8.0", "5.8.2" or "16.8.0". */
  register(name: string): number {
    return Math.floor(this.energy(name) / 1_000_000);
  }

  private energy(name: string): number {
    const [c, , rate] = name.split(".") as [string, string, string];
    if (c === "16") return this.energy(`1.8.${rate}`) - this.energy(`2.8.${rate}`);
    return (SUMS[c] ?? [c]).reduce((sum, each) => sum + (this.totals.get(`${each}.8.${rate}`) ?? 0), 0);
  }

  /** The load holds until `to`: whole µWh are counted, what is left of them goes on. */
  private measure(to: number): void {
    const duration = to - this.now;
    this.now = to;
    const { active, reactive } = this.load;
    const [p, q] = [active, reactive].map((phases) => phases[0]! + phases[1]! + phases[2]!) as [number, number];
    this.count(p >= 0 ? "1" : "2", Math.abs(p) * duration);
    this.count(p >= 0 ? (q >= 0 ? "5" : "8") : q >= 0 ? "6" : "7", Math.abs(q) * duration);
    active.forEach((power, i) => this.count(`${2 * i + 2}${power >= 0 ? 1 : 2}` as Energy, Math.abs(power) * duration));
  }

  private count(energy: Energy, microjoules: number): void {
    const sum = (this.rest.get(energy) ?? 0) + microjoules;
    this.rest.set(energy, sum % UJ);
    const whole = Math.floor(sum / UJ);
    for (const rate of [0, this.rate]) {
      const name = `${energy}.8.${rate}`;
      this.totals.set(name, (this.totals.get(name) ?? 0) + whole);
    }
  }

  // --- the end of a quarter of an hour ---

  /** What is due together is done in this order: demand, profiles, billing, clock, tariff. */
  private quarterEnds(at: number): void {
    this.demandsEnd(at);
    this.demandsBegin();
    for (const profile of [this.quarters, this.days]) {
      if (profile.isEnd(at)) this.rowAdd(profile, at);
    }
    if (this.time.isMidnight(at)) this.daily.push(this.cells(at, "1.8.0", "2.8.0"));
    if (this.time.isFirstOfMonth(at)) this.bill(at);
    // "Entry time stamp is the time before the change."
    if (this.time.isSwitch(at)) this.event(3, at, this.time.offset(at - 1));
    this.tariff(at);
  }

  private rowAdd(profile: Profile, at: number): void {
    const status = profile.status | (this.time.saving(at) ? SAVING : 0);
    const values = profile.columns.map((c) => this.register(`${c}.8.0`));
    profile.rows.push({ at, text: [this.time.iso(at), status, ...values].join(" ") });
    profile.status = 0;
  }

  private cells(at: number, ...registers: string[]): string {
    return [this.time.iso(at), ...registers.map((name) => this.register(name))].join(" ");
  }

  private event(code: number, at: number, offset?: number): void {
    this.events.push({ at, text: `${this.time.iso(at, offset)} ${code}` });
  }

  // --- demand and billing ---

  private demandsBegin(): void {
    for (const c of DEMANDS) this.begun.set(c, this.energy(`${c}.8.0`));
  }

  /** Demand is energy by the length of the period, whatever of it was measured: whole W. */
  private demandsEnd(at: number): void {
    for (const c of DEMANDS) {
      const energy = this.energy(`${c}.8.0`) - this.begun.get(c)!;
      const value = Math.floor((energy * (DAY / 24 / QUARTER)) / 1_000_000);
      for (const name of [`${c}.6.0`, `${c}.6.${this.rate}`]) {
        const maximum = this.maxima.get(name)!;
        if (value <= maximum.value) continue;
        maximum.value = value;
        maximum.at = at;
      }
    }
  }

  /** A maximum as a row shows it: W and the end of its period. */
  maximum(name: string): string {
    const { value, at } = this.maxima.get(name)!;
    return `${value} ${at === undefined ? "never" : this.time.iso(at)}`;
  }

  private bill(at: number): void {
    const rated = (c: number): string[] => RATES.map((rate) => `${c}.8.${rate}`);
    const row = this.cells(at, ...rated(1), ...rated(2), "3.8.0", "4.8.0");
    this.billing.push([row, this.maximum("1.6.0"), this.maximum("2.6.0")].join(" "));
    this.counts.periods++;
    for (const [name, maximum] of this.maxima) {
      if (!isReset(name)) continue;
      maximum.value = 0;
      maximum.at = at;
    }
  }

  // --- outages ---

  /**
   * The period in which the power goes is closed with its nominal end, unless the power is back within it; the one in which it comes back is
   * marked as well; those between have no rows. What a schedule has missed is done once, when the power is back.
   */
  private outage(down: number, up: number): void {
    this.event(1, down);
    const instants: number[] = [];
    for (let at = (Math.floor(down / QUARTER) + 1) * QUARTER; at <= up; at += QUARTER) instants.push(at);
    for (const profile of [this.quarters, this.days]) {
      profile.status |= POWER_DOWN;
      const lost = instants.find(profile.isEnd);
      if (lost === undefined) continue;
      this.rowAdd(profile, lost);
      profile.status = POWER_DOWN;
    }
    if (instants.length > 0) {
      this.demandsEnd(instants[0]!);
      this.demandsBegin();
    }
    this.now = up;
    this.event(2, up);
    this.failure(down, up);
    if (instants.some((at) => this.time.isMidnight(at))) this.daily.push(this.cells(up, "1.8.0", "2.8.0"));
    if (instants.some((at) => this.time.isFirstOfMonth(at))) this.bill(up);
    this.tariff(up);
  }

  private failure(down: number, up: number): void {
    const seconds = Math.floor(up / 1000) - Math.floor(down / 1000);
    this.counts.failures++;
    if (seconds <= LONG_FAILURE) return;
    this.counts.long++;
    this.failures.push(`${this.time.iso(up)} ${seconds}`);
  }

  // --- tariff ---

  private tariff(at: number): void {
    const rate = this.rateAt(at);
    if (rate !== this.rate) this.counts.switches++;
    this.rate = rate;
  }

  /** Rate by the contract: the last start in the schedule of the day, else the last one of the days before. */
  private rateAt(time: number): number {
    const local = this.time.local(time);
    const today = Math.floor(local / DAY) * DAY;
    for (let day = today; ; day -= DAY) {
      const starts = Object.entries(this.contract.days[this.dayAt(day)]!)
        .map(([hhmm, rate]) => ({ at: day + minutesOf(hhmm) * 60_000, rate }))
        .filter(({ at }) => at <= local)
        .sort((a, b) => a.at - b.at);
      if (starts.length > 0) return starts.at(-1)!.rate;
    }
  }

  /** day_id of a local day: a special one, else that of its weekday in the week of the season that began last. */
  private dayAt(day: number): number {
    const { seasons, weeks, special } = this.contract;
    const date = new Date(day).toISOString().slice(0, 10);
    const named = special[date] ?? special[`*${date.slice(4)}`];
    if (named !== undefined) return named;
    const yearDay = date.slice(5);
    const begins = Object.values(seasons).map(({ begins, week }) => ({ from: begins.slice(2), week }));
    begins.sort((a, b) => (a.from < b.from ? -1 : 1));
    const season = begins.findLast(({ from }) => from <= yearDay) ?? begins.at(-1)!;
    return weeks[season.week]![(new Date(day).getUTCDay() + 6) % 7]!;
  }
}

function minutesOf(hhmm: string): number {
  const [hours, minutes] = hhmm.split(":").map(Number);
  return hours! * 60 + minutes!;
}
