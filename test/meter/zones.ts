/** Time zones whose rules a meter can be given, and what they mean after the tz database that Node carries. */
import { boolean, integer, long, octetString } from "../../host/client/data.ts";
import { fromHex } from "../../host/client/octets.ts";
import { Result, type MeterWorld } from "./world.ts";

export interface Zone {
  name: string;
  /** Minutes from local normal time to UTC. */
  zone: number;
  /** Minutes of daylight saving, and its patterns; absent = none. */
  shift?: number;
  begin?: string;
  end?: string;
  /** First year of the rules. */
  since: number;
}

/** Rules that hold until 2037, so that each year is decided by patterns alone. */
export const ZONES: Zone[] = [
  {
    name: "Europe/Berlin",
    zone: -60,
    shift: 60,
    begin: "FFFF03FE0702000000800000",
    end: "FFFF0AFE0703000000800080",
    since: 1996,
  },
  {
    name: "America/New_York",
    zone: 300,
    shift: 60,
    begin: "FFFF03080702000000800000",
    end: "FFFF0B010702000000800080",
    since: 2007,
  },
  {
    name: "Australia/Sydney",
    zone: -600,
    shift: 60,
    begin: "FFFF0A010702000000800000",
    end: "FFFF04010703000000800080",
    since: 2008,
  },
  {
    name: "Australia/Lord_Howe",
    zone: -630,
    shift: 30,
    begin: "FFFF0A010702000000800000",
    end: "FFFF04010702000000800080",
    since: 2008,
  },
  {
    name: "Asia/Beirut",
    zone: -120,
    shift: 60,
    begin: "FFFF03FE0700000000800000",
    end: "FFFF0AFE0700000000800080",
    since: 2000,
  },
  { name: "Asia/Kolkata", zone: -330, since: 1990 },
];

/** Gives the meter the rules of a zone through the attributes of its Clock object. */
export function zoneSet(world: MeterWorld, zone: Zone): void {
  const set = (attribute: number, value: Parameters<MeterWorld["set"]>[2]) => {
    if (world.set("0-0:1.0.0.255", attribute, value) !== Result.SUCCESS)
      throw new Error(`clock attribute ${attribute}`);
  };
  set(3, long(zone.zone));
  set(8, boolean(zone.begin !== undefined));
  if (zone.begin === undefined) return;
  set(5, octetString(fromHex(zone.begin)));
  set(6, octetString(fromHex(zone.end!)));
  set(7, integer(zone.shift!));
}

const formats = new Map<string, Intl.DateTimeFormat>();
const offsets = new Map<string, Map<number, number>>();
/** All switches of these zones are on a quarter of an hour. */
const QUARTER = 900;

function offsetAsked(name: string, utc: number): number {
  let format = formats.get(name);
  if (format === undefined) {
    const [numeric, digits] = ["numeric", "2-digit"] as const;
    const day = { year: numeric, month: digits, day: digits } as const;
    const time = { hour: digits, minute: digits, second: digits } as const;
    format = new Intl.DateTimeFormat("en-CA", { timeZone: name, hourCycle: "h23", ...day, ...time });
    formats.set(name, format);
  }
  const part = Object.fromEntries(format.formatToParts(utc * 1000).map(({ type, value }) => [type, Number(value)]));
  const { year, month, day, hour, minute, second } = part as Record<string, number>;
  return Date.UTC(year!, month! - 1, day!, hour!, minute!, second!) / 1000 - utc;
}

/** Local time of a zone in seconds since 1970-01-01 00:00 local, after the tz database. */
export function localOf(name: string, utc: number): number {
  let known = offsets.get(name);
  if (known === undefined) offsets.set(name, (known = new Map()));
  const quarter = Math.floor(utc / QUARTER);
  let offset = known.get(quarter);
  if (offset === undefined) known.set(quarter, (offset = offsetAsked(name, quarter * QUARTER)));
  return utc + offset;
}

/** UTC seconds of the switches of a zone in a year, found by looking. */
export function switchesOf(name: string, year: number): number[] {
  const found: number[] = [];
  const deviation = (utc: number) => utc - localOf(name, utc);
  const end = Date.UTC(year + 1, 0, 1) / 1000;
  for (let day = Date.UTC(year, 0, 1) / 1000; day < end; day += 86400) {
    if (deviation(day) === deviation(day + 86400)) continue;
    let [low, high] = [day, day + 86400];
    while (high - low > 1) {
      const middle = Math.floor((low + high) / 2);
      if (deviation(middle) === deviation(low)) low = middle;
      else high = middle;
    }
    found.push(high);
  }
  return found;
}
