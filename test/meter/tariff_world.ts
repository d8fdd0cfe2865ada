/** A meter of the default template for tests of tariff, schedules and billing, and the Data their objects are programmed with. */
import { type Data } from "../../host/client/axdr.ts";
import {
  array,
  boolean,
  doubleLongUnsigned,
  longUnsigned,
  octetString,
  structure,
  unsigned,
} from "../../host/client/data.ts";
import { dateTimeEmit, type DateTime } from "../../host/client/date_time.ts";
import { logicalNameParse } from "../../host/client/logical_name.ts";
import { type Compiled, compileTemplate } from "../../host/template/compile.ts";
import type { TemplateDocument } from "../../host/template/document.ts";
import { templateRead, templatesJoin } from "../../host/template/load.ts";
import { type Cell, type Flash, MeterWorld } from "./world.ts";

export const CLOCK = "0-0:1.0.0.255";
export const CALENDAR = "0-0:13.0.0.255";
export const SPECIAL_DAYS = "0-0:11.0.0.255";
export const SCHEDULE = "0-0:12.0.0.255";
export const ENERGY_MASKS = "0-0:14.0.1.255";
export const DEMAND_MASKS = "0-0:14.0.2.255";
export const TARIFF = "0-0:96.14.0.255";
export const DEMAND_TARIFF = "0-0:96.14.1.255";
export const TARIFF_SCRIPTS = "0-0:10.0.100.255";
export const BILLING_SCRIPTS = "0-0:10.0.1.255";
export const BILLING_SCHEDULER = "0-0:15.0.0.255";
export const BILLING = "0-0:98.1.0.255";
export const LOG = "0-0:99.98.0.255";
export const WH = 1_000_000;

let compiled: Compiled | undefined;

/** The default template, with changes on top as a template that extends it would make them. */
export function tariffTemplate(over?: Partial<TemplateDocument>): Compiled {
  if (over !== undefined) return compileTemplate(templatesJoin(templateRead(), over as TemplateDocument));
  return (compiled ??= compileTemplate(templateRead()));
}

export const text = (value: string): Data => octetString(Buffer.from(value, "latin1"));
export const name = (logicalName: string): Data => octetString(logicalNameParse(logicalName));

/** Octets of a date: "2024-05-01", "*-12-25", "*-*-last", "*-*-* mon"; months may be "begin" and "end" of daylight saving. */
export function dateOctets(pattern: string): Uint8Array {
  const [date, weekday] = pattern.split(" ");
  const [year, month, day] = date!.split("-");
  const months: Record<string, number> = { "*": 0xff, begin: 0xfe, end: 0xfd };
  const days: Record<string, number> = { "*": 0xff, last: 0xfe, penultimate: 0xfd };
  const weekdays = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
  const fullYear = year === "*" ? 0xffff : Number(year);
  const number = (known: Record<string, number>, part: string) => known[part] ?? Number(part);
  const of = weekday === undefined ? 0xff : weekdays.indexOf(weekday) + 1;
  return Uint8Array.of(fullYear >> 8, fullYear & 0xff, number(months, month!), number(days, day!), of);
}

/** Octets of a time: "06:00:00", "*:15:00"; "*" alone is all wildcards. */
export function timeOctets(pattern: string): Uint8Array {
  if (pattern === "*") return Uint8Array.of(0xff, 0xff, 0xff, 0xff);
  const parts = pattern.split(":").map((part) => (part === "*" ? 0xff : Number(part)));
  return Uint8Array.of(parts[0]!, parts[1] ?? 0, parts[2] ?? 0, 0);
}

export const date = (pattern: string): Data => octetString(dateOctets(pattern));
export const time = (pattern: string): Data => octetString(timeOctets(pattern));
/** A date-time whose deviation and status are open. */
export const moment = (day: string, at = "00:00:00"): Data =>
  octetString(Buffer.concat([dateOctets(day), timeOctets(at), Uint8Array.of(0x80, 0, 0xff)]));
export const NEVER = octetString("FFFFFFFFFFFFFFFFFF8000FF");
export const dateTime = (value: DateTime): Data => octetString(dateTimeEmit(value));

/** day_profile: day_id and its actions, start time to script of the tariffication table (or another one). */
export const day = (id: number, actions: Record<string, number>, table = TARIFF_SCRIPTS): Data =>
  structure(
    unsigned(id),
    array(...Object.entries(actions).map(([at, script]) => structure(time(at), name(table), longUnsigned(script)))),
  );
/** week_profile: name and the day_id of Monday to Sunday. */
export const week = (id: string, ...days: number[]): Data => structure(text(id), ...days.map((of) => unsigned(of)));
export const season = (id: string, begins: Data, weekName: string): Data => structure(text(id), begins, text(weekName));
export const specialDay = (index: number, on: string, id: number): Data =>
  structure(longUnsigned(index), date(on), unsigned(id));
/** execution_time of a single action: "time date" each. */
export const executions = (...instants: [time: string, date: string][]): Data =>
  array(...instants.map(([at, on]) => structure(time(at), date(on))));
export const script = (table: string, selector: number): Data => structure(name(table), longUnsigned(selector));

export interface Entry {
  index: number;
  enable?: boolean;
  table?: string;
  script?: number;
  at: string;
  /** Minutes; default always. */
  validity?: number;
  /** One digit a weekday, Monday first; default all. */
  weekdays?: string;
  specialDays?: string;
  begin?: string;
  end?: string;
}

const bits = (text: string): Data => ({ type: "bit-string", value: text });

/** schedule_table_entry. */
export const entry = (e: Entry): Data =>
  structure(
    longUnsigned(e.index),
    boolean(e.enable ?? true),
    name(e.table ?? BILLING_SCRIPTS),
    longUnsigned(e.script ?? 1),
    time(e.at),
    longUnsigned(e.validity ?? 0xffff),
    bits(e.weekdays ?? "1111111"),
    bits(e.specialDays ?? ""),
    date(e.begin ?? "*-*-*"),
    date(e.end ?? "*-*-*"),
  );

/** What a calendar is programmed with. */
export interface Program {
  name?: string;
  seasons?: Data[];
  weeks?: Data[];
  days?: Data[];
}

export class TariffWorld extends MeterWorld {
  constructor(at: string, flash?: Flash | "new", over?: Partial<TemplateDocument>) {
    super(at, flash, new Uint8Array(0), tariffTemplate(over), true);
    this.timeSet(Date.parse(at));
  }

  /** Captures no load profile any more: years pass faster. */
  quiet(): this {
    for (const profile of ["1-0:99.1.0.255", "1-0:99.2.0.255"]) this.set(profile, 4, doubleLongUnsigned(0));
    return this;
  }

  /** Writes the passive calendar: by default one season and one week, whose days all are day 1. */
  program({ name: id = "new", seasons, weeks, days = [] }: Program): number[] {
    return [
      this.set(CALENDAR, 6, text(id)),
      this.set(CALENDAR, 7, array(...(seasons ?? [season("s", moment("*-01-01"), "w")]))),
      this.set(CALENDAR, 8, array(...(weeks ?? [week("w", 1, 1, 1, 1, 1, 1, 1)]))),
      this.set(CALENDAR, 9, array(...days)),
    ];
  }

  /** Programs a calendar, makes it the active one, and lets the meter take it. */
  calendar(program: Program): void {
    const results = [...this.program(program), this.invoke(CALENDAR, 1)];
    if (results.some((result) => result !== 0)) throw new Error(`the calendar is refused: ${results.join(" ")}`);
    this.run(this.time);
  }

  /** Text of an octet-string. */
  textOf(logicalName: string, attribute = 2): string {
    return Buffer.from((this.get(logicalName, attribute) as { value: Uint8Array }).value).toString("latin1");
  }

  /** The active tariff at a time, as the masks name it. */
  tariffAt(at: string): string {
    this.run(at);
    return this.textOf(TARIFF);
  }

  /** The times between two at which the tariff changes: "local time tariff". */
  changes(from: string, to: string): string[] {
    this.run(from);
    const found: string[] = [];
    let tariff = this.textOf(TARIFF);
    const end = Date.parse(to);
    for (;;) {
      const next = this.call("deadline", 0);
      if (next === 0 || next > end) break;
      if (this.run(next) === 0 && this.call("deadline", 0) === next) throw new Error("what is due is not done");
      const now = this.textOf(TARIFF);
      if (now !== tariff) found.push(`${this.clock().slice(0, 16)} ${now}`);
      tariff = now;
    }
    this.run(end);
    return found;
  }

  stampsOf(profile: string): string[] {
    return this.stamps(profile).map((stamp: Cell) => String(stamp));
  }

  /** Events of the standard log, as "code stamp". */
  events(...codes: number[]): string[] {
    this.call("events", 0);
    return (this.rows(LOG) as Cell[][])
      .filter(([, code]) => codes.length === 0 || codes.includes(Number(code)))
      .map(([stamp, code]) => `${code} ${stamp}`);
  }
}
