/** When rows are captured and what they say (sheet of load profiles: alignment, DST, clock changes, outages). */
import { describe, expect, test } from "vitest";
import { boolean, doubleLongUnsigned, long, unsigned } from "../../host/client/data.ts";
import { log, LP1, LP2, short, Status, WH } from "./shown.ts";
import { MeterWorld, ms, Result } from "./world.ts";

const CLOCK = "0-0:1.0.0.255";

describe("alignment", () => {
  test("captures at each multiple of the period of local time, with the stamp of its end", () => {
    const world = new MeterWorld("2024-01-10T09:07:31.250Z");
    expect(world.call("deadline", 0)).toBe(ms("2024-01-10T09:15:00Z"));
    expect(world.run("2024-01-10T09:59:59.999Z")).toBe(3);
    expect(world.rows(LP1)).toEqual([
      ["2024-01-10T10:15:00+01:00", 0, 0, 0],
      ["2024-01-10T10:30:00+01:00", 0, 0, 0],
      ["2024-01-10T10:45:00+01:00", 0, 0, 0],
    ]);
    expect(world.run("2024-01-10T10:00:00Z")).toBe(1);
    expect(world.ring(LP1, 0)).toBe(4);
  });

  test("a row holds the energy of its period", () => {
    const world = new MeterWorld("2024-01-10T09:00:00Z");
    for (let i = 1; i <= 4; i++) {
      world.timeSet(ms("2024-01-10T09:00:00Z") + i * 900_000);
      world.sample({ energies: [i * 100 * WH, WH] });
      expect(world.call("due", 0)).toBe(1);
      expect(world.call("due", 0)).toBe(0);
    }
    expect((world.rows(LP1) as number[][]).map((row) => row.slice(2))).toEqual([
      [100, 1],
      [300, 2],
      [600, 3],
      [1000, 4],
    ]);
  });

  test("profiles due at one instant share it, and their record", () => {
    const world = new MeterWorld("2024-01-10T22:50:00Z", "new");
    const before = world.call("journalRecords", 0);
    world.sample({ energies: [5 * WH] });
    expect(world.run("2024-01-10T23:00:00Z")).toBe(1);
    expect(world.rows(LP2)).toEqual([["2024-01-11T00:00:00+01:00", 0, 5]]);
    expect(world.stamps(LP1)).toEqual(["2024-01-11T00:00:00+01:00"]);
    expect(world.call("journalRecords", 0)).toBe(before + 1);
  });

  test("the deadline is meter time: the clock's offset moves it", () => {
    const world = new MeterWorld("2024-01-10T09:07:00Z");
    world.clockSet("2024-06-01T12:10:00");
    expect(world.call("deadline", 0) - ms("2024-01-10T09:07:00Z")).toBe(5 * 60_000);
    expect(world.run(ms("2024-01-10T09:12:00Z"))).toBe(1);
    expect(world.stamps(LP1).at(-1)).toBe("2024-06-01T12:15:00+02:00");
  });

  test.each([
    [60, "10:01 10:02 10:03"],
    [300, "10:05 10:10 10:15"],
    [600, "10:10 10:20 10:30"],
    [1800, "10:30 11:00 11:30"],
    [3600, "11:00 12:00 13:00"],
  ])("period %i", (period, expected) => {
    const world = new MeterWorld("2024-01-10T09:00:00Z");
    expect(world.set(LP1, 4, doubleLongUnsigned(period))).toBe(Result.SUCCESS);
    world.run("2024-01-10T12:00:00Z");
    expect(short(world).slice(0, 3).join(" ")).toBe(expected);
  });

  test("period 0 captures nothing, and without any period nothing is due but the switch", () => {
    const world = new MeterWorld("2024-01-10T09:00:00Z");
    world.set(LP1, 4, doubleLongUnsigned(0));
    world.set(LP2, 4, doubleLongUnsigned(0));
    expect(world.call("deadline", 0)).toBe(ms("2024-03-31T01:00:00Z"));
    world.set(CLOCK, 8, boolean(false));
    expect(world.call("deadline", 0)).toBe(0);
    expect(world.run("2025-01-10T12:00:00Z")).toBe(0);
    expect(world.rows(LP1)).toEqual([]);
  });
});

describe("daylight saving", () => {
  test("spring: the hour from 2 to 3 has no rows, and the stamp after it is summer time", () => {
    const world = new MeterWorld("2024-03-31T00:30:00Z");
    world.run("2024-03-31T01:30:00Z");
    expect(world.rows(LP1)).toEqual([
      ["2024-03-31T01:45:00+01:00", 0, 0, 0],
      ["2024-03-31T03:00:00+02:00", Status.DST, 0, 0],
      ["2024-03-31T03:15:00+02:00", Status.DST, 0, 0],
      ["2024-03-31T03:30:00+02:00", Status.DST, 0, 0],
    ]);
    expect(log(world)).toEqual(["3 2024-03-31T02:00:00+01:00"]);
  });

  test("autumn: the hour from 2 to 3 occurs twice; event 3 carries the time before the change", () => {
    const world = new MeterWorld("2024-10-27T00:30:00Z");
    world.set(LP1, 4, doubleLongUnsigned(1800));
    world.run("2024-10-27T02:00:00Z");
    expect(world.rows(LP1)).toEqual([
      ["2024-10-27T02:00:00+01:00", 0, 0, 0],
      ["2024-10-27T02:30:00+01:00", 0, 0, 0],
      ["2024-10-27T03:00:00+01:00", 0, 0, 0],
    ]);
    expect(log(world).slice(1)).toEqual(["3 2024-10-27T03:00:00+02:00"]);
    const whole = new MeterWorld("2024-10-26T23:50:00Z");
    whole.run("2024-10-27T01:20:00Z");
    expect(whole.stamps(LP1).map((stamp) => String(stamp).slice(11))).toEqual([
      ...["02:00:00+02:00", "02:15:00+02:00", "02:30:00+02:00", "02:45:00+02:00"],
      ...["02:00:00+01:00", "02:15:00+01:00"],
    ]);
  });

  test("days of 23, 24 and 25 hours each have one row at midnight", () => {
    const world = new MeterWorld("2024-03-29T12:00:00Z");
    world.run("2024-04-01T12:00:00Z");
    world.run("2024-10-25T12:00:00Z");
    world.run("2024-10-29T12:00:00Z");
    const stamps = world.stamps(LP2).map(String);
    expect(stamps.length).toBe(40);
    expect(stamps.every((stamp) => stamp.includes("T00:00:00"))).toBe(true);
    expect(stamps.slice(-4)).toEqual([
      ...["2024-10-26T00:00:00+02:00", "2024-10-27T00:00:00+02:00", "2024-10-28T00:00:00+01:00"],
      "2024-10-29T00:00:00+01:00",
    ]);
    const lengths = stamps.slice(1).map((stamp, i) => (ms(stamp) - ms(stamps[i]!)) / 3_600_000);
    expect(new Set(lengths)).toEqual(new Set([24, 25]));
  });

  test("a change of zone or rules moves the ends of the periods", () => {
    const world = new MeterWorld("2024-01-10T09:00:00Z");
    world.set(LP1, 4, doubleLongUnsigned(3600));
    world.set(CLOCK, 3, long(-330));
    expect(world.call("deadline", 0)).toBe(ms("2024-01-10T09:30:00Z"));
    world.run("2024-01-10T09:30:00Z");
    expect(world.stamps(LP1)).toEqual(["2024-01-10T15:00:00+05:30"]);
  });
});

describe("setting the clock", () => {
  /** A meter at 10:07:00 local time with a row at 10:00. */
  function atSeven(): MeterWorld {
    const world = new MeterWorld("2024-01-10T08:50:00Z");
    world.run("2024-01-10T09:07:00Z");
    expect(short(world)).toEqual(["10:00"]);
    return world;
  }

  test.each([
    ["forward by the limit", "2024-01-10T10:07:10", ["10:00", "10:15"]],
    ["back by the limit", "2024-01-10T10:06:50", ["10:00", "10:15"]],
  ])("%s is a silent correction", (_, to, rows) => {
    const world = atSeven();
    expect(world.clockSet(to)).toBe(Result.SUCCESS);
    world.run("2024-01-10T09:20:00Z");
    expect(short(world)).toEqual(rows);
    expect(log(world)).toEqual([]);
  });

  test("a correction back over the end of a period captures it once", () => {
    const world = atSeven();
    world.run("2024-01-10T09:15:04Z");
    world.clockSet("2024-01-10T10:14:55");
    world.run("2024-01-10T09:31:00Z");
    expect(short(world)).toEqual(["10:00", "10:15", "10:30"]);
  });

  test("a correction forward over the end of a period leaves no row out", () => {
    const world = atSeven();
    world.run("2024-01-10T09:14:55Z");
    world.clockSet("2024-01-10T10:15:03");
    world.run("2024-01-10T09:16:00Z");
    expect(short(world)).toEqual(["10:00", "10:15"]);
  });

  test("the limit is that of 1-0:0.9.11", () => {
    const world = atSeven();
    world.set("1-0:0.9.11.255", 2, doubleLongUnsigned(0));
    world.clockSet("2024-01-10T10:07:01");
    expect(log(world)).toEqual(["4 2024-01-10T10:07:00+01:00", "5 2024-01-10T10:07:01+01:00"]);
    world.set("1-0:0.9.11.255", 2, doubleLongUnsigned(900));
    world.clockSet("2024-01-10T10:20:00");
    expect(log(world)).toHaveLength(2);
  });

  test("inside the period: the row at its end is marked, events carry old and new time", () => {
    const world = atSeven();
    world.clockSet("2024-01-10T10:12:00");
    world.run("2024-01-10T09:27:00Z");
    expect(short(world)).toEqual(["10:00", "10:15 CAD", "10:30"]);
    expect(log(world)).toEqual(["4 2024-01-10T10:07:00+01:00", "5 2024-01-10T10:12:00+01:00"]);
  });

  test("forward over the end: the period is closed at once, and the one entered is marked", () => {
    const world = atSeven();
    world.clockSet("2024-01-10T10:20:00");
    expect(short(world)).toEqual(["10:00", "10:15 CAD"]);
    world.run("2024-01-10T09:40:00Z");
    expect(short(world)).toEqual(["10:00", "10:15 CAD", "10:30 CAD", "10:45"]);
  });

  test("forward to the very end of the period closes it and enters the next", () => {
    const world = atSeven();
    world.clockSet("2024-01-10T10:15:00");
    world.run("2024-01-10T09:30:00Z");
    expect(short(world)).toEqual(["10:00", "10:15 CAD", "10:30 CAD"]);
  });

  test("forward over several periods: those skipped have no rows", () => {
    const world = atSeven();
    world.clockSet("2024-01-10T13:20:00");
    world.run("2024-01-10T09:40:00Z");
    expect(short(world)).toEqual(["10:00", "10:15 CAD", "13:30 CAD", "13:45"]);
  });

  test("forward over a season change: each stamp in its own season", () => {
    const world = atSeven();
    world.clockSet("2024-04-10T13:20:00");
    world.run("2024-01-10T09:20:00Z");
    expect(world.rows(LP1)).toEqual([
      ["2024-01-10T10:00:00+01:00", 0, 0, 0],
      ["2024-01-10T10:15:00+01:00", Status.CAD, 0, 0],
      ["2024-04-10T13:30:00+02:00", Status.CAD | Status.DST, 0, 0],
    ]);
    expect(log(world).map((line) => line.slice(0, 2))).toEqual(["4 ", "5 "]);
    expect(world.stamps(LP2)).toEqual(["2024-01-11T00:00:00+01:00"]);
  });

  test("back: rows stay, the period is closed with its nominal end, stamps may occur twice", () => {
    const world = new MeterWorld("2024-01-10T19:20:00Z");
    world.run("2024-01-10T19:52:00Z");
    expect(short(world)).toEqual(["20:30", "20:45"]);
    world.clockSet("2024-01-10T20:38:00");
    world.run("2024-01-10T20:14:30Z");
    expect(short(world)).toEqual(["20:30", "20:45", "21:00 CAD", "20:45 CAD", "21:00"]);
    expect(world.ring(LP1, 3)).toBe(1);
  });

  test("back to the start of the period stays inside it", () => {
    const world = atSeven();
    world.clockSet("2024-01-10T10:00:00");
    world.run("2024-01-10T09:25:00Z");
    expect(short(world)).toEqual(["10:00", "10:15 CAD"]);
  });

  test("twice within a period", () => {
    const world = atSeven();
    world.clockSet("2024-01-10T10:12:00");
    world.clockSet("2024-01-10T10:02:00");
    world.clockSet("2024-01-10T10:20:00");
    world.run("2024-01-10T09:18:00Z");
    expect(short(world)).toEqual(["10:00", "10:15 CAD", "10:30 CAD"]);
  });

  test("the status of the running period can be read", () => {
    const world = atSeven();
    expect(world.get("0-0:96.10.1.255")).toEqual(unsigned(0));
    world.clockSet("2024-06-10T10:12:00");
    expect(world.get("0-0:96.10.1.255")).toEqual(unsigned(Status.CAD | Status.DST));
    expect(world.get("0-0:96.10.2.255")).toEqual(unsigned(Status.CAD | Status.DST));
  });

  test("while the flash is behind it is a temporary failure that changes nothing", () => {
    const world = new MeterWorld("2024-01-10T08:50:00Z", "new");
    world.flashRuns = false;
    let result = 0;
    for (let i = 0; i < 1000 && result === 0; i++) result = world.clockSet(`2024-01-10T10:${10 + (i % 2) * 40}:00`);
    expect(result).toBe(Result.TEMPORARY);
    const before = [world.clock(), world.ring(LP1, 0), world.ring(LP1, 4), world.ring(LP1, 5)];
    expect(world.clockSet("2025-01-10T10:00:00")).toBe(Result.TEMPORARY);
    expect([world.clock(), world.ring(LP1, 0), world.ring(LP1, 4), world.ring(LP1, 5)]).toEqual(before);
    world.flashRuns = true;
    world.flashWork();
    expect(world.clockSet("2025-01-10T10:00:00")).toBe(Result.SUCCESS);
    expect(world.clock()).toBe("2025-01-10T10:00:00+01:00");
  });
});

describe("outages", () => {
  test("inside one period: the row at its end is marked", () => {
    const world = new MeterWorld("2024-01-10T00:10:00Z");
    world.run("2024-01-10T00:17:00Z");
    world.call("powerFails", 0);
    expect(world.call("deadline", 0)).toBe(0);
    world.timeSet(ms("2024-01-10T00:20:00Z"));
    world.call("powerReturns", 0);
    world.run("2024-01-10T00:46:00Z");
    expect(short(world)).toEqual(["01:15", "01:30 PDN", "01:45"]);
    expect(log(world)).toEqual(["1 2024-01-10T01:17:00+01:00", "2 2024-01-10T01:20:00+01:00"]);
  });

  test("over several periods: the example of 01:17 to 04:21", () => {
    const world = new MeterWorld("2024-01-10T00:10:00Z");
    world.run("2024-01-10T00:17:00Z");
    world.call("powerFails", 0);
    expect(world.run("2024-01-10T03:21:00Z")).toBe(0);
    world.call("powerReturns", 0);
    world.run("2024-01-10T03:46:00Z");
    expect(short(world)).toEqual(["01:15", "01:30 PDN", "04:30 PDN", "04:45"]);
  });

  test("with a cut that nobody announced: the newest row is the last the meter knows", () => {
    const world = new MeterWorld("2024-01-10T00:10:00Z", "new");
    world.timeSet(ms("2024-01-10T00:15:00Z"));
    world.sample({ energies: [7 * WH] });
    world.run("2024-01-10T00:17:00Z");
    world.sample({ energies: [100 * WH] });
    const again = new MeterWorld("2024-01-10T03:21:00Z", world.flash!);
    again.run("2024-01-10T03:46:00Z");
    expect(short(again)).toEqual(["01:15", "01:30 PDN", "04:30 PDN", "04:45"]);
    expect((again.rows(LP1) as number[][]).map((row) => row[2])).toEqual([7, 7, 7, 7]);
    expect(log(again)).toEqual(["1 2024-01-10T01:15:00+01:00", "2 2024-01-10T04:21:00+01:00"]);
  });

  test("announced, over a restart: nothing measured is lost and the outage is dated by its log", () => {
    const world = new MeterWorld("2024-01-10T00:10:00Z", "new");
    world.run("2024-01-10T00:47:00Z");
    world.sample({ energies: [100 * WH] });
    world.call("powerFails", 0);
    world.flashWork();
    const again = new MeterWorld("2024-01-10T00:50:00Z", world.flash!);
    again.run("2024-01-10T01:16:00Z");
    expect(short(again)).toEqual(["01:15", "01:30", "01:45", "02:00 PDN", "02:15"]);
    expect(again.number("1-0:1.8.0.255")).toBe(100);
    expect(log(again)).toEqual(["1 2024-01-10T01:47:00+01:00", "2 2024-01-10T01:50:00+01:00"]);
    expect(again.number("0-0:96.11.0.255")).toBe(2);
  });

  test("over a season change: no event 3, rows with the season of their stamps", () => {
    const world = new MeterWorld("2024-03-31T00:40:00Z");
    world.run("2024-03-31T00:50:00Z");
    world.call("powerFails", 0);
    world.run("2024-03-31T02:50:00Z");
    world.call("powerReturns", 0);
    world.run("2024-03-31T03:00:00Z");
    expect(world.rows(LP1)).toEqual([
      ["2024-03-31T01:45:00+01:00", 0, 0, 0],
      ["2024-03-31T03:00:00+02:00", Status.PDN | Status.DST, 0, 0],
      ["2024-03-31T05:00:00+02:00", Status.PDN | Status.DST, 0, 0],
    ]);
    expect(log(world).map((line) => line.slice(0, 2))).toEqual(["1 ", "2 "]);
  });

  test("a meter that never ran has had none", () => {
    const world = new MeterWorld("2024-01-10T00:10:00Z", "new");
    expect(log(world)).toEqual([]);
    expect(world.get("0-0:96.10.1.255")).toEqual(unsigned(0));
  });
});
