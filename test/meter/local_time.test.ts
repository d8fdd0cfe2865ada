/** Local time of the meter against the tz database that Node carries: an oracle that shares nothing with the core. */
import { describe, expect, test } from "vitest";
import { dateTimeParse, dateTimeToMilliseconds } from "../../host/client/date_time.ts";
import { Dice } from "../wire/core.ts";
import { MeterWorld } from "./world.ts";
import { localOf, switchesOf, type Zone, ZONES, zoneSet } from "./zones.ts";

const Side = { EARLIEST: 0, LATEST: 1 };
const Season = { UNKNOWN: 0, NORMAL: 1, SAVING: 2 };

function worldIn(zone: Zone): MeterWorld {
  const world = new MeterWorld("2024-01-15T00:00:00Z");
  zoneSet(world, zone);
  return world;
}

/** Instants of a zone that are worth a look: random ones, and around each switch of some years. */
function instantsOf(zone: Zone, dice: Dice): number[] {
  const first = Date.UTC(zone.since, 5, 1) / 1000;
  const last = Date.UTC(2036, 11, 31) / 1000;
  const random = Array.from({ length: 300 }, () => first + dice.roll(last - first));
  const years = [2009, 2016, 2024, 2025, 2026, 2033].filter((year) => year > zone.since);
  const around = years.flatMap((year) => switchesOf(zone.name, year));
  const steps = [-86400, -7201, -3601, -3600, -1800, -1, 0, 1, 1799, 1800, 3599, 3600, 7200, 86400];
  return [...random, ...around.flatMap((at) => steps.map((step) => at + step))];
}

/** All UTC seconds whose local reading in the zone is `local`. */
function utcsOf(zone: Zone, local: number): number[] {
  const deviations = [...new Set([zone.zone * 60, (zone.zone - (zone.shift ?? 0)) * 60])];
  return deviations
    .map((d) => local + d)
    .filter((utc) => localOf(zone.name, utc) === local)
    .sort((a, b) => a - b);
}

/**
 * Whether a period ends at a full minute: local time is a multiple, or the switch that begins there skips one (in Beirut
 * there is no midnight on that day; when the clock falls back, 24:00 is reached once, an hour later).
 */
function endsPeriod(zone: Zone, utc: number, period: number): boolean {
  const local = localOf(zone.name, utc);
  const before = localOf(zone.name, utc - 60);
  return local % period === 0 || Math.floor(local / period) > Math.floor(before / period);
}

describe.each(ZONES)("$name", (zone) => {
  const world = worldIn(zone);
  const instants = instantsOf(zone, new Dice(zone.zone + 7));

  test("a stamp shows the local time of the tz database and carries the deviation that leads back", () => {
    for (const utc of instants) {
      world.call("stamp", 0, BigInt(utc));
      const stamp = dateTimeParse(world.output(12));
      const local = localOf(zone.name, utc);
      const shown = Date.UTC(stamp.year, stamp.month - 1, stamp.dayOfMonth, stamp.hour, stamp.minute, stamp.second);
      expect(shown / 1000, `${utc}`).toBe(local);
      expect(dateTimeToMilliseconds(stamp)).toBe(utc * 1000);
      expect(stamp.dayOfWeek).toBe(new Date(local * 1000).getUTCDay() || 7);
      const saving = stamp.deviation !== zone.zone;
      expect(stamp.clockStatus).toBe(saving ? 0x80 : 0);
      expect(stamp.hundredths).toBe(0);
    }
  });

  test("local time leads back to UTC; what occurs twice or never has an earliest and a latest instant", () => {
    for (const utc of instants) {
      for (const local of [localOf(zone.name, utc), localOf(zone.name, utc) + 900, localOf(zone.name, utc) + 3600]) {
        const held = utcsOf(zone, local);
        const to = (side: number, season = Season.UNKNOWN) => world.call("utcOf", 0, BigInt(local), side, season);
        if (held.length > 0) {
          expect(to(Side.EARLIEST), `${local}`).toBe(held[0]);
          expect(to(Side.LATEST), `${local}`).toBe(held.at(-1));
          expect(to(Side.LATEST, Season.SAVING)).toBe(held[0]);
          expect(to(Side.EARLIEST, Season.NORMAL)).toBe(held.at(-1));
          continue;
        }
        const from = to(Side.EARLIEST);
        expect(localOf(zone.name, from)).toBeGreaterThan(local);
        expect(localOf(zone.name, from - 1)).toBeLessThan(local);
        expect(to(Side.LATEST)).toBe(from - 1);
      }
    }
  });

  test("the switch of daylight saving is where the tz database has it", () => {
    for (const year of [2011, 2020, 2024, 2031]) {
      const start = Date.UTC(year, 0, 1) / 1000;
      const [first, second] = switchesOf(zone.name, year);
      if (first === undefined) {
        expect(world.long("switchAfter", 0, BigInt(start))).toBe(0x7fffffffffffffffn);
        continue;
      }
      expect(world.call("switchAfter", 0, BigInt(start))).toBe(first);
      expect(world.call("switchAfter", 0, BigInt(first))).toBe(second);
      expect(world.call("saving", 0, BigInt(first - 1))).not.toBe(world.call("saving", 0, BigInt(first)));
    }
  });

  test.each([60, 300, 900, 1800, 3600, 86400])("periods of %i s end at multiples of local time", (period) => {
    for (const utc of instants) {
      let wanted = Math.floor(utc / 60) * 60 + 60;
      while (!endsPeriod(zone, wanted, period)) wanted += 60;
      expect(world.call("alignedAfter", 0, BigInt(utc), period), `${utc}`).toBe(wanted);
    }
  });
});
