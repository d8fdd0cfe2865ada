/** Single action schedules (class_id 22) and schedules (class_id 10): when scripts run, over outages and clock changes too. */
import { describe, expect, test } from "vitest";
import { array, enumerated, integer, longUnsigned, structure, unsigned } from "../../host/client/data.ts";
import {
  BILLING,
  BILLING_SCHEDULER,
  BILLING_SCRIPTS,
  CLOCK,
  ENERGY_MASKS,
  entry,
  type Entry,
  executions,
  SCHEDULE,
  script,
  SPECIAL_DAYS,
  specialDay,
  TARIFF,
  TARIFF_SCRIPTS,
  TariffWorld,
} from "./tariff_world.ts";
import { Result } from "./world.ts";

const START = "2024-01-10T09:00:00Z";

/** A meter whose end of billing has these execution times; each run leaves a row with its stamp. */
function scheduled(type: number, instants: [string, string][], at = START): TariffWorld {
  const world = new TariffWorld(at, "new");
  expect(world.set(BILLING_SCHEDULER, 3, enumerated(type))).toBe(Result.SUCCESS);
  expect(world.set(BILLING_SCHEDULER, 4, executions(...instants))).toBe(Result.SUCCESS);
  return world;
}

const minutes = (world: TariffWorld) => world.stampsOf(BILLING).map((stamp) => stamp.slice(0, 16));

describe("instants", () => {
  test.each<[string, [string, string], string, string[]]>([
    ["once", ["12:30:00", "2024-01-11"], "2025-06-01", ["2024-01-11T12:30"]],
    ["daily", ["00:00:00", "*-*-*"], "2024-01-13", ["2024-01-11T00:00", "2024-01-12T00:00", "2024-01-13T00:00"]],
    ["monthly", ["00:00:00", "*-*-01"], "2024-03-02", ["2024-02-01T00:00", "2024-03-01T00:00"]],
    ["on last days", ["23:45:00", "*-*-last"], "2024-03-01", ["2024-01-31T23:45", "2024-02-29T23:45"]],
    ["on days before", ["08:00:00", "*-*-penultimate"], "2024-03-01", ["2024-01-30T08:00", "2024-02-28T08:00"]],
    ["weekly", ["06:00:00", "*-*-* mon"], "2024-01-23", ["2024-01-15T06:00", "2024-01-22T06:00"]],
    ["on first Sundays", ["06:00:00", "*-*-01 sun"], "2024-03-04", ["2024-02-04T06:00", "2024-03-03T06:00"]],
    ["on last Fridays", ["06:00:00", "*-*-last fri"], "2024-02-28", ["2024-01-26T06:00", "2024-02-23T06:00"]],
    ["yearly", ["00:00:00", "*-02-29"], "2029-01-01", ["2024-02-29T00:00", "2028-02-29T00:00"]],
    ["hourly", ["*:30:00", "2024-01-10"], "2024-01-10T14:00", ["10:30", "11:30", "12:30", "13:30"]],
    ["far away", ["00:00:00", "2041-03-01"], "2042-01-01", ["2041-03-01T00:00"]],
  ])("%s", (_, instant, until, expected) => {
    const world = scheduled(1, [instant]).quiet();
    world.run(Date.parse(`${until.length === 10 ? `${until}T12:00` : until}:00Z`) - 3_600_000);
    const shown = minutes(world).map((stamp) => (expected[0]!.length === 5 ? stamp.slice(11) : stamp));
    expect(shown).toEqual(expected);
  });

  test("several at the same or at different times; each instant once", () => {
    const world = scheduled(5, [
      ["06:00:00", "*-*-*"],
      ["18:00:00", "*-*-*"],
      ["06:00:00", "*-01-11"],
    ]);
    world.run("2024-01-11T20:00:00Z");
    expect(minutes(world)).toEqual(["2024-01-10T18:00", "2024-01-11T06:00", "2024-01-11T18:00"]);
  });

  test("a time of wildcards and an empty list switch it off; another SET switches it on", () => {
    const world = scheduled(1, [["*", "*-*-*"]]);
    world.run("2024-02-10T00:00:00Z");
    expect(world.set(BILLING_SCHEDULER, 4, array())).toBe(Result.SUCCESS);
    world.run("2024-03-10T00:00:00Z");
    expect(minutes(world)).toEqual([]);
    world.set(BILLING_SCHEDULER, 4, executions(["02:00:00", "*-*-*"]));
    world.run("2024-03-10T12:00:00Z");
    expect(minutes(world)).toEqual(["2024-03-10T02:00"]);
  });

  test("two schedulers at one instant both run", () => {
    const world = scheduled(1, [["12:00:00", "*-*-*"]]);
    world.set("0-0:15.0.2.255", 2, script(BILLING_SCRIPTS, 1));
    world.set("0-0:15.0.2.255", 4, executions(["12:00:00", "*-*-*"]));
    world.run("2024-01-10T12:00:00Z");
    expect(minutes(world)).toEqual(["2024-01-10T12:00", "2024-01-10T12:00"]);
  });

  test("a script of zero, or one that is not there, does nothing", () => {
    const world = scheduled(1, [["12:00:00", "*-*-*"]]);
    for (const item of [script(BILLING_SCRIPTS, 0), script(BILLING_SCRIPTS, 77), script("0-0:10.0.9.255", 1)]) {
      expect(world.set(BILLING_SCHEDULER, 2, item)).toBe(Result.SUCCESS);
      world.run(world.time + 86_400_000);
    }
    expect(minutes(world)).toEqual([]);
  });
});

describe("daylight saving", () => {
  test("spring: an instant that never occurs is the switch", () => {
    const world = scheduled(1, [["02:30:00", "*-*-*"]], "2024-03-30T12:00:00Z");
    world.run("2024-04-01T12:00:00Z");
    expect(world.stampsOf(BILLING)).toEqual(["2024-03-31T03:00:00+02:00", "2024-04-01T02:30:00+02:00"]);
  });

  test("autumn: an instant that occurs twice runs the first time, hourly ones each time", () => {
    const world = scheduled(1, [["02:30:00", "*-*-*"]], "2024-10-26T12:00:00Z");
    world.run("2024-10-28T12:00:00Z");
    expect(world.stampsOf(BILLING)).toEqual(["2024-10-27T02:30:00+02:00", "2024-10-28T02:30:00+01:00"]);
    const hourly = scheduled(1, [["*:30:00", "*-*-*"]], "2024-10-26T23:00:00Z");
    hourly.run("2024-10-27T02:45:00Z");
    expect(hourly.stampsOf(BILLING).map((stamp) => stamp.slice(11))).toEqual([
      ...["01:30:00+02:00", "02:30:00+02:00", "02:30:00+01:00", "03:30:00+01:00"],
    ]);
  });
});

describe("types", () => {
  const once: [string, string] = ["06:00:00", "2024-05-01"];
  const other: [string, string] = ["06:00:00", "2024-06-01"];
  const later: [string, string] = ["07:00:00", "2024-07-01"];
  const yearly: [string, string] = ["06:00:00", "*-05-01"];

  test.each<[number, [string, string][], boolean]>([
    [1, [once], true],
    [1, [yearly], true],
    [1, [once, other], false],
    [2, [once, other], true],
    [2, [once, yearly], false],
    [2, [once, later], false],
    [3, [once, yearly], true],
    [3, [yearly, later], false],
    [4, [once, later], true],
    [4, [yearly, later], false],
    [5, [once, yearly, later], true],
    [2, [], true],
    [4, [["*", "*-*-*"]], true],
  ])("type %i with %j: %s", (type, instants, good) => {
    const world = new TariffWorld(START);
    world.set(BILLING_SCHEDULER, 3, enumerated(type));
    expect(world.set(BILLING_SCHEDULER, 4, executions(...instants))).toBe(good ? Result.SUCCESS : Result.OTHER);
  });

  test("what is no time, no date, no such type is refused", () => {
    const world = new TariffWorld(START);
    expect(world.set(BILLING_SCHEDULER, 4, executions(["24:00:00", "*-*-*"]))).toBe(Result.OTHER);
    expect(world.set(BILLING_SCHEDULER, 4, executions(["00:00:00", "*-13-01"]))).toBe(Result.OTHER);
    expect(world.set(BILLING_SCHEDULER, 4, array(structure(unsigned(1), unsigned(2))))).toBe(Result.TYPE);
    expect(world.set(BILLING_SCHEDULER, 3, enumerated(6))).toBe(Result.OTHER);
    expect(world.set(BILLING_SCHEDULER, 2, integer(1))).toBe(Result.TYPE);
  });
});

describe("outages", () => {
  const DAILY: [string, string][] = [["00:00:00", "*-*-*"]];

  test("what was missed runs once, at power-up", () => {
    const world = scheduled(1, DAILY);
    world.run("2024-01-10T20:00:00Z");
    world.call("powerFails", 0);
    world.run("2024-01-13T07:12:13Z");
    world.call("powerReturns", 0);
    world.run("2024-01-14T12:00:00Z");
    expect(world.stampsOf(BILLING)).toEqual(["2024-01-13T08:12:13+01:00", "2024-01-14T00:00:00+01:00"]);
  });

  test("also over a restart, announced or not", () => {
    for (const announced of [true, false]) {
      const world = scheduled(1, DAILY);
      world.run("2024-01-10T20:07:00Z");
      if (announced) world.call("powerFails", 0);
      world.flashWork();
      const again = new TariffWorld("2024-01-13T07:12:13Z", world.flash!.copy());
      again.run("2024-01-13T08:00:00Z");
      expect(again.stampsOf(BILLING)).toEqual(["2024-01-13T08:12:13+01:00"]);
    }
  });

  test("nothing runs for an outage without an instant", () => {
    const world = scheduled(1, DAILY);
    world.run("2024-01-10T23:00:00Z");
    world.call("powerFails", 0);
    world.flashWork();
    const flash = world.flash!.copy();
    world.run("2024-01-11T22:00:00Z");
    world.call("powerReturns", 0);
    world.run("2024-01-11T22:30:00Z");
    expect(minutes(world)).toEqual(["2024-01-11T00:00"]);
    const again = new TariffWorld("2024-01-11T22:00:00Z", flash);
    again.run("2024-01-11T22:30:00Z");
    expect(minutes(again)).toEqual(["2024-01-11T00:00"]);
  });
});

describe("the clock", () => {
  const HOURLY: [string, string][] = [["*:00:00", "*-*-*"]];

  test("set forward over instants runs them once, at the new time", () => {
    const world = scheduled(1, HOURLY);
    world.run("2024-01-10T09:20:00Z");
    world.clockSet("2024-01-10T15:30:00");
    world.run(world.time + 40 * 60_000);
    expect(minutes(world)).toEqual(["2024-01-10T15:30", "2024-01-10T16:00"]);
  });

  test("set back lets instants come again", () => {
    const world = scheduled(1, HOURLY);
    world.run("2024-01-10T10:10:00Z");
    world.clockSet("2024-01-10T10:50:00");
    world.run(world.time + 20 * 60_000);
    expect(minutes(world)).toEqual(["2024-01-10T11:00", "2024-01-10T11:00"]);
  });

  test("corrected within the limit runs an instant once, whichever way", () => {
    const world = scheduled(1, HOURLY);
    world.run("2024-01-10T10:00:02Z");
    world.clockSet("2024-01-10T10:59:58");
    world.run("2024-01-10T10:59:58Z");
    expect(minutes(world)).toEqual(["2024-01-10T11:00"]);
    world.clockSet("2024-01-10T12:00:03");
    world.run("2024-01-10T11:30:00Z");
    expect(minutes(world)).toEqual(["2024-01-10T11:00", "2024-01-10T12:00"]);
  });

  test("another zone moves the instants", () => {
    const world = scheduled(1, [["12:00:00", "*-*-*"]]);
    world.set(CLOCK, 3, { type: "long", value: -120 });
    world.run("2024-01-10T10:30:00Z");
    expect(world.stampsOf(BILLING)).toEqual(["2024-01-10T12:00:00+02:00"]);
  });
});

describe("schedule", () => {
  function programmed(entries: Entry[], at = START): TariffWorld {
    const world = new TariffWorld(at, "new");
    world.set(BILLING_SCHEDULER, 4, array());
    expect(world.set(SCHEDULE, 2, array(...entries.map(entry)))).toBe(Result.SUCCESS);
    return world;
  }

  test("runs on its weekdays, between its dates", () => {
    const world = programmed([
      { index: 1, at: "06:00:00", weekdays: "1000001", begin: "2024-01-14", end: "2024-01-22" },
      { index: 2, at: "07:00:00", weekdays: "0000000" },
      { index: 3, at: "08:00:00", enable: false },
    ]);
    world.run("2024-02-10T00:00:00Z");
    expect(minutes(world)).toEqual([
      ...["2024-01-14T06:00", "2024-01-15T06:00", "2024-01-21T06:00", "2024-01-22T06:00"],
    ]);
  });

  test("dates without a year bound a part of every year, over its end too", () => {
    const world = programmed(
      [{ index: 1, at: "06:00:00", weekdays: "1000000", begin: "*-12-20", end: "*-01-05" }],
      "2024-11-01T00:00:00Z",
    );
    world.run("2025-12-25T00:00:00Z");
    expect(minutes(world)).toEqual([...["2024-12-23T06:00", "2024-12-30T06:00", "2025-12-22T06:00"]]);
  });

  test("special days take the place of weekdays", () => {
    const world = programmed([
      { index: 1, at: "06:00:00", weekdays: "1111111", specialDays: "00" },
      { index: 2, at: "07:00:00", weekdays: "0000000", specialDays: "01" },
    ]);
    world.invoke(SPECIAL_DAYS, 1, specialDay(1, "*-01-12", 2));
    world.invoke(SPECIAL_DAYS, 1, specialDay(2, "*-01-13", 1));
    world.run("2024-01-14T12:00:00Z");
    expect(minutes(world)).toEqual(["2024-01-11T06:00", "2024-01-12T07:00", "2024-01-14T06:00"]);
  });

  test("entries at one instant run in the order of the table, the last one has the last word", () => {
    const tariff = (index: number, selector: number): Entry => ({
      ...{ index, table: TARIFF_SCRIPTS, script: selector, at: "12:00:00" },
    });
    const world = programmed([tariff(1, 3), tariff(2, 4), tariff(3, 2)]);
    world.run("2024-01-10T11:00:00Z");
    expect(world.textOf(TARIFF)).toBe("\x02");
    world.set(ENERGY_MASKS, 4, { type: "octet-string", value: Uint8Array.of(1) });
    expect(world.invoke(SCHEDULE, 3, structure(longUnsigned(3), longUnsigned(3)))).toBe(Result.SUCCESS);
    world.run("2024-01-11T11:00:00Z");
    expect(world.textOf(TARIFF)).toBe("\x04");
  });

  test("entries are inserted, replaced, enabled, disabled and deleted", () => {
    const world = programmed([{ index: 5, at: "06:00:00" }]);
    expect(world.invoke(SCHEDULE, 2, entry({ index: 2, at: "05:00:00" }))).toBe(Result.SUCCESS);
    expect(world.invoke(SCHEDULE, 2, entry({ index: 9, at: "07:00:00" }))).toBe(Result.SUCCESS);
    expect(world.invoke(SCHEDULE, 2, entry({ index: 5, at: "06:30:00" }))).toBe(Result.SUCCESS);
    world.run("2024-01-11T08:00:00Z");
    expect(minutes(world).map((stamp) => stamp.slice(11))).toEqual(["05:00", "06:30", "07:00"]);
    const range = (...numbers: number[]) => structure(...numbers.map((of) => longUnsigned(of)));
    expect(world.invoke(SCHEDULE, 1, range(1, 5, 0, 0))).toBe(Result.SUCCESS);
    world.run("2024-01-12T08:00:00Z");
    expect(minutes(world).slice(3)).toEqual(["2024-01-12T07:00"]);
    expect(world.invoke(SCHEDULE, 1, range(9, 9, 2, 2))).toBe(Result.SUCCESS);
    world.run("2024-01-13T08:00:00Z");
    expect(minutes(world).slice(4)).toEqual(["2024-01-13T05:00"]);
    expect(world.invoke(SCHEDULE, 3, range(2, 5))).toBe(Result.SUCCESS);
    expect(world.invoke(SCHEDULE, 3, range(2, 5))).toBe(Result.OTHER);
    expect(world.get(SCHEDULE)).toMatchObject({ value: { length: 1 } });
    world.run("2024-01-14T08:00:00Z");
    expect(minutes(world).length).toBe(5);
  });

  test("what is no entry is refused", () => {
    const world = programmed([]);
    expect(world.invoke(SCHEDULE, 2, entry({ index: 1, at: "25:00:00" }))).toBe(Result.OTHER);
    expect(world.invoke(SCHEDULE, 2, entry({ index: 1, at: "05:00:00", begin: "*-13-01" }))).toBe(Result.OTHER);
    expect(world.invoke(SCHEDULE, 2, structure(longUnsigned(1)))).toBe(Result.TYPE);
    expect(world.invoke(SCHEDULE, 1, structure(longUnsigned(1), longUnsigned(2)))).toBe(Result.TYPE);
    const [a, b] = [entry({ index: 2, at: "05:00:00" }), entry({ index: 1, at: "05:00:00" })];
    expect(world.set(SCHEDULE, 2, array(a, b))).toBe(Result.OTHER);
    for (let index = 1; ; index++) {
      const result = world.invoke(SCHEDULE, 2, entry({ index, at: "05:00:00" }));
      if (result === Result.SUCCESS && index < 40) continue;
      expect(result).toBe(Result.OTHER);
      expect(index).toBeGreaterThan(8);
      return;
    }
  });

  test("after an outage each entry is made up for once, in the order of their last instants, within its validity window", () => {
    const tariff = (index: number, selector: number, at: string, validity = 0xffff): Entry => ({
      ...{ index, table: TARIFF_SCRIPTS, script: selector, at, validity },
    });
    // Without a calendar nothing else switches the tariff.
    const over = { objects: [{ logicalName: "0-0:13.0.0.255", remove: true }] };
    const world = new TariffWorld(START, "new", over);
    world.set(
      SCHEDULE,
      2,
      array(
        ...[tariff(1, 2, "14:00:00"), tariff(2, 3, "12:00:00"), tariff(3, 4, "15:00:00", 30)].map(entry),
        entry({ index: 4, at: "*:15:00" }),
      ),
    );
    world.run("2024-01-10T10:00:00Z");
    world.call("powerFails", 0);
    world.run("2024-01-10T15:05:00Z");
    world.call("powerReturns", 0);
    world.run("2024-01-10T15:06:00Z");
    expect(world.textOf(TARIFF)).toBe("\x02");
    expect(minutes(world)).toEqual(["2024-01-10T10:15", "2024-01-10T16:05"]);
    world.call("powerFails", 0);
    world.run("2024-01-11T14:20:00Z");
    world.call("powerReturns", 0);
    world.run("2024-01-11T14:21:00Z");
    expect(world.textOf(TARIFF)).toBe("\x04");
  });
});
