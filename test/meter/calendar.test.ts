/** Activity calendar (class_id 20) and special days (class_id 11): which tariff holds when (sheet of tariff switching). */
import { describe, expect, test } from "vitest";
import { array, longUnsigned, octetString, structure, unsigned } from "../../host/client/data.ts";
import {
  CALENDAR,
  CLOCK,
  date,
  day,
  dateTime,
  moment,
  name,
  NEVER,
  season,
  SPECIAL_DAYS,
  specialDay,
  TARIFF_SCRIPTS,
  TariffWorld,
  text,
  time,
  week,
} from "./tariff_world.ts";
import { dateTimeFromIso } from "../../host/client/date_time.ts";
import { Result } from "./world.ts";

const START = "2024-01-10T09:00:00Z";
const DAY_AND_NIGHT = day(1, { "06:00": 1, "22:00": 2 });
const fresh = (at = START) => new TariffWorld(at).quiet();

describe("a day", () => {
  test("goes from one switching time to the next, and over midnight with the last one of the day before", () => {
    const world = fresh();
    world.calendar({ days: [DAY_AND_NIGHT] });
    expect(world.changes(START, "2024-01-12T12:00:00Z")).toEqual([
      ...["2024-01-10T22:00 \x02", "2024-01-11T06:00 \x01", "2024-01-11T22:00 \x02", "2024-01-12T06:00 \x01"],
    ]);
    expect(world.textOf("0-0:96.14.1.255")).toBe("\x01");
  });

  test("energy goes to the rate that holds, to the unit", () => {
    const world = fresh("2024-01-10T20:59:00Z");
    world.calendar({ days: [DAY_AND_NIGHT] });
    world.run("2024-01-10T20:59:59Z");
    world.sample({ energies: [1_000_000_001] });
    world.timeSet(Date.parse("2024-01-10T21:00:00Z"));
    world.sample({ energies: [2_000_000_002] });
    world.run(world.time);
    world.sample({ energies: [4_000_000_004] });
    const rated = (rate: number) => world.call("quantity", 0, 256 + (rate - 1) * 16 + 1);
    expect([1, 2].map(rated)).toEqual([3_000_000_003, 4_000_000_004]);
  });

  test("of two actions at one time the later one in the table holds; a day may have none", () => {
    const world = fresh();
    const twice = structure(
      unsigned(1),
      array(
        structure(time("06:00"), name(TARIFF_SCRIPTS), longUnsigned(3)),
        structure(time("06:00"), name(TARIFF_SCRIPTS), longUnsigned(4)),
      ),
    );
    const empty = structure(unsigned(2), array());
    world.calendar({ weeks: [week("w", 2, 2, 2, 2, 2, 1, 2)], days: [twice, empty] });
    // The last Saturday was four days ago.
    expect(world.tariffAt(START)).toBe("\x04");
    expect(world.changes(START, "2024-01-20T12:00:00Z")).toEqual([]);
  });
});

describe("week and season", () => {
  test("each day of the week has its profile", () => {
    const world = fresh();
    world.calendar({
      weeks: [week("other", 2, 2, 2, 2, 2, 2, 2), week("w", 1, 1, 1, 1, 1, 2, 3)],
      days: [day(1, { "00:00": 1 }), day(2, { "00:00": 2 }), day(3, { "00:00": 3 })],
    });
    expect(world.changes(START, "2024-01-16T12:00:00Z")).toEqual([
      ...["2024-01-13T00:00 \x02", "2024-01-14T00:00 \x03", "2024-01-15T00:00 \x01"],
    ]);
  });

  const seasonal = {
    weeks: [week("w1", 1, 1, 1, 1, 1, 1, 1), week("w2", 2, 2, 2, 2, 2, 2, 2)],
    days: [day(1, { "00:00": 1 }), day(2, { "00:00": 2 })],
  };

  test("a season holds until the next one begins, year after year", () => {
    const world = fresh();
    world.calendar({
      ...seasonal,
      seasons: [season("summer", moment("*-04-01"), "w2"), season("winter", moment("*-10-01"), "w1")],
    });
    expect(world.changes(START, "2025-10-02T00:00:00Z")).toEqual([
      ...["2024-04-01T00:00 \x02", "2024-10-01T00:00 \x01", "2025-04-01T00:00 \x02", "2025-10-01T00:00 \x01"],
    ]);
  });

  test("a season of one year begins once, and at its hour", () => {
    const world = fresh();
    world.calendar({
      ...seasonal,
      seasons: [season("old", moment("2023-05-01"), "w1"), season("new", moment("2024-02-29", "13:30:00"), "w2")],
    });
    expect(world.changes(START, "2026-01-01T00:00:00Z")).toEqual(["2024-02-29T13:30 \x02"]);
  });

  test("a season may begin with daylight saving, on a last Sunday, or hold always", () => {
    const world = fresh();
    world.calendar({
      ...seasonal,
      seasons: [season("s", moment("*-begin-*"), "w2"), season("w", moment("*-10-last sun"), "w1")],
    });
    expect(world.changes(START, "2025-01-01T00:00:00Z")).toEqual(["2024-03-31T00:00 \x02", "2024-10-27T00:00 \x01"]);
    world.calendar({ ...seasonal, seasons: [season("always", moment("*-*-*", "*"), "w2")] });
    expect(world.changes("2025-01-01T00:00:00Z", "2025-03-01T00:00:00Z")).toEqual([]);
    expect(world.tariffAt("2025-03-01T00:00:00Z")).toBe("\x02");
  });

  test("before the first season of all the default tariff holds", () => {
    const world = fresh();
    world.calendar({ ...seasonal, seasons: [season("later", moment("2024-06-01"), "w2")] });
    expect(world.tariffAt("2024-05-31T12:00:00Z")).toBe("\x01");
    expect(world.tariffAt("2024-06-01T12:00:00Z")).toBe("\x02");
  });
});

describe("daylight saving", () => {
  const program = { days: [day(1, { "00:00": 1, "02:30": 2, "05:00": 1 })] };

  test("spring: a time that never occurs is the switch", () => {
    const world = fresh("2024-03-30T22:00:00Z");
    world.calendar(program);
    expect(world.changes("2024-03-30T23:30:00Z", "2024-03-31T12:00:00Z")).toEqual([
      ...["2024-03-31T03:00 \x02", "2024-03-31T05:00 \x01"],
    ]);
  });

  test("autumn: a time that occurs twice counts the first time, and a restart within the hour changes nothing", () => {
    const world = new TariffWorld("2024-10-26T22:00:00Z", "new");
    world.calendar(program);
    expect(world.changes("2024-10-26T22:30:00Z", "2024-10-27T01:10:00Z")).toEqual(["2024-10-27T02:30 \x02"]);
    expect(world.clock()).toBe("2024-10-27T02:10:00+01:00");
    const again = new TariffWorld("2024-10-27T01:12:00Z", world.flash!.copy());
    expect(again.tariffAt("2024-10-27T01:13:00Z")).toBe("\x02");
    expect(again.changes("2024-10-27T01:14:00Z", "2024-10-27T12:00:00Z")).toEqual(["2024-10-27T05:00 \x01"]);
  });

  test("another time zone moves the switching times at once", () => {
    const world = fresh("2024-01-10T20:30:00Z");
    world.calendar({ days: [DAY_AND_NIGHT] });
    expect(world.tariffAt("2024-01-10T20:31:00Z")).toBe("\x01");
    world.set(CLOCK, 3, { type: "long", value: -120 });
    expect(world.tariffAt("2024-01-10T20:32:00Z")).toBe("\x02");
  });
});

describe("special days", () => {
  const program = {
    weeks: [week("w", 1, 1, 1, 1, 1, 1, 1)],
    days: [day(1, { "00:00": 1 }), day(2, { "00:00": 2 }), day(3, { "00:00": 3, "12:00": 4 })],
  };

  test("take the place of the week, yearly or once; of several the one of the lowest index", () => {
    const world = fresh();
    world.calendar(program);
    const entries = [specialDay(9, "*-01-12", 2), specialDay(4, "2024-01-12", 3), specialDay(5, "*-*-* sun", 2)];
    expect(world.set(SPECIAL_DAYS, 2, array(...entries))).toBe(Result.SUCCESS);
    expect(world.changes(START, "2024-01-15T12:00:00Z")).toEqual([
      ...["2024-01-12T00:00 \x03", "2024-01-12T12:00 \x04", "2024-01-13T00:00 \x01"],
      ...["2024-01-14T00:00 \x02", "2024-01-15T00:00 \x01"],
    ]);
    expect(world.changes("2025-01-11T00:00:00Z", "2025-01-13T12:00:00Z")).toEqual([
      ...["2025-01-12T00:00 \x02", "2025-01-13T00:00 \x01"],
    ]);
  });

  test("hold at once when they are inserted for today, and no longer when they are deleted", () => {
    const world = fresh();
    world.calendar(program);
    expect(world.invoke(SPECIAL_DAYS, 1, specialDay(1, "2024-01-10", 2))).toBe(Result.SUCCESS);
    expect(world.tariffAt("2024-01-10T09:01:00Z")).toBe("\x02");
    expect(world.invoke(SPECIAL_DAYS, 1, specialDay(1, "2024-01-10", 3))).toBe(Result.SUCCESS);
    expect(world.tariffAt("2024-01-10T09:02:00Z")).toBe("\x03");
    expect(world.get(SPECIAL_DAYS)).toMatchObject({ value: { length: 1 } });
    expect(world.invoke(SPECIAL_DAYS, 2, longUnsigned(1))).toBe(Result.SUCCESS);
    expect(world.tariffAt("2024-01-10T09:03:00Z")).toBe("\x01");
    expect(world.invoke(SPECIAL_DAYS, 2, longUnsigned(1))).toBe(Result.OTHER);
  });

  test("are kept in the order of their indices", () => {
    const world = fresh();
    for (const index of [5, 2, 9, 7]) world.invoke(SPECIAL_DAYS, 1, specialDay(index, "*-05-01", index));
    world.invoke(SPECIAL_DAYS, 2, longUnsigned(7));
    const entries = (world.get(SPECIAL_DAYS) as { value: { value: { value: number }[] }[] }).value;
    expect(entries.map((entry) => entry.value[0]!.value)).toEqual([2, 5, 9]);
  });

  test("without a profile of that day are days like others", () => {
    const world = fresh();
    world.calendar(program);
    world.invoke(SPECIAL_DAYS, 1, specialDay(1, "2024-01-10", 77));
    expect(world.tariffAt("2024-01-10T09:01:00Z")).toBe("\x01");
  });

  test("fill the table to its end, and no further", () => {
    const world = fresh();
    for (let index = 1; index <= 60; index++)
      expect(world.invoke(SPECIAL_DAYS, 1, specialDay(index, "*-05-01", 1))).toBe(Result.SUCCESS);
    expect(world.invoke(SPECIAL_DAYS, 1, specialDay(61, "*-05-01", 1))).toBe(Result.OTHER);
    expect(world.invoke(SPECIAL_DAYS, 1, specialDay(60, "*-05-02", 1))).toBe(Result.SUCCESS);
    expect(world.get(SPECIAL_DAYS)).toMatchObject({ value: { length: 60 } });
  });

  test.each([
    ["month 13", "2024-13-01"],
    ["day 32", "*-01-32"],
    ["31 April", "*-04-31"],
    ["29 February of another year", "2023-02-29"],
  ])("have dates: %s is refused", (_, on) => {
    const world = fresh();
    expect(world.invoke(SPECIAL_DAYS, 1, specialDay(1, on, 1))).toBe(Result.OTHER);
    expect(world.set(SPECIAL_DAYS, 2, array(specialDay(1, "*-*-*", 1), specialDay(2, on, 1)))).toBe(Result.OTHER);
    expect(world.get(SPECIAL_DAYS)).toEqual(array());
  });

  test("have the types of the class", () => {
    const world = fresh();
    expect(world.invoke(SPECIAL_DAYS, 1, structure(unsigned(1), date("*-05-01"), unsigned(1)))).toBe(Result.TYPE);
    expect(world.invoke(SPECIAL_DAYS, 1, structure(longUnsigned(1), time("00:00"), unsigned(1)))).toBe(Result.TYPE);
    expect(world.invoke(SPECIAL_DAYS, 2, unsigned(1))).toBe(Result.TYPE);
    expect(world.set(SPECIAL_DAYS, 2, array(unsigned(1)))).toBe(Result.TYPE);
    const tagged = structure(longUnsigned(1), { type: "date", value: Buffer.from("FFFF0501FF", "hex") }, unsigned(2));
    expect(world.invoke(SPECIAL_DAYS, 1, tagged)).toBe(Result.SUCCESS);
  });
});

describe("the passive calendar", () => {
  const tariff3 = { days: [day(1, { "00:00": 3 })] };

  test("does nothing until it is activated; then both are alike, and what is written to it leaves the active one alone", () => {
    const world = fresh();
    expect(world.program({ name: "third", ...tariff3 })).toEqual([0, 0, 0, 0]);
    expect(world.tariffAt("2024-01-10T09:01:00Z")).toBe("\x01");
    expect([world.textOf(CALENDAR, 2), world.textOf(CALENDAR, 6)]).toEqual(["standard", "third"]);
    expect(world.invoke(CALENDAR, 1)).toBe(Result.SUCCESS);
    expect(world.tariffAt("2024-01-10T09:02:00Z")).toBe("\x03");
    for (let k = 2; k <= 5; k++) expect(world.get(CALENDAR, k)).toEqual(world.get(CALENDAR, k + 4));
    const active = [2, 3, 4, 5].map((attribute) => world.get(CALENDAR, attribute));
    expect(world.program({ name: "fourth", days: [day(1, { "00:00": 4 })] })).toEqual([0, 0, 0, 0]);
    expect([2, 3, 4, 5].map((attribute) => world.get(CALENDAR, attribute))).toEqual(active);
    expect(world.textOf(CALENDAR, 6)).toBe("fourth");
    expect(world.tariffAt("2024-01-10T09:03:00Z")).toBe("\x03");
    expect(world.invoke(CALENDAR, 1)).toBe(Result.SUCCESS);
    expect(world.tariffAt("2024-01-10T09:04:00Z")).toBe("\x04");
  });

  test("programming and activating are events 19 and 9", () => {
    const world = fresh();
    world.set(CALENDAR, 9, array(day(1, { "00:00": 2 })));
    world.set(CALENDAR, 10, NEVER);
    expect(world.events(9, 19).length).toBe(2);
    world.program(tariff3);
    expect(world.invoke(CALENDAR, 1)).toBe(Result.SUCCESS);
    expect(world.events(9)).toEqual(["9 2024-01-10T10:00:00+01:00"]);
    expect(world.events(19).length).toBe(6);
  });

  test("becomes active at its time, once", () => {
    const world = fresh();
    world.program({ name: "third", ...tariff3 });
    expect(world.set(CALENDAR, 10, moment("2024-01-11", "18:00:00"))).toBe(Result.SUCCESS);
    expect(world.changes(START, "2024-01-13T00:00:00Z")).toEqual(["2024-01-11T18:00 \x03"]);
    expect(world.events(9)).toEqual(["9 2024-01-11T18:00:00+01:00"]);
    // The clock goes back, and over that time again: it has been used.
    world.clockSet("2024-01-11T17:00:00");
    world.run(world.time + 86_400_000);
    expect(world.events(9).length).toBe(1);
    world.set(CALENDAR, 10, dateTime(dateTimeFromIso("2024-01-20T00:00:00Z")));
    world.run("2024-01-25T00:00:00Z");
    expect(world.events(9).at(-1)).toBe("9 2024-01-20T01:00:00+01:00");
  });

  test("becomes active at power-up when its time was in the outage, in memory and over a restart", () => {
    const world = new TariffWorld(START, "new");
    world.program(tariff3);
    world.set(CALENDAR, 10, moment("2024-01-11", "18:00:00"));
    world.run("2024-01-11T15:00:00Z");
    world.call("powerFails", 0);
    world.flashWork();
    const flash = world.flash!.copy();
    world.run("2024-01-12T15:00:00Z");
    world.call("powerReturns", 0);
    expect(world.tariffAt("2024-01-12T15:00:01Z")).toBe("\x03");
    const again = new TariffWorld("2024-01-12T15:00:00Z", flash);
    expect(again.tariffAt("2024-01-12T15:00:01Z")).toBe("\x03");
    expect(again.events(9)).toEqual(["9 2024-01-12T16:00:00+01:00"]);
  });

  test("stays passive without a time, and its time is whole or nothing", () => {
    const world = fresh();
    world.program(tariff3);
    expect(world.set(CALENDAR, 10, NEVER)).toBe(Result.SUCCESS);
    expect(world.changes(START, "2024-02-10T00:00:00Z")).toEqual([]);
    expect(world.set(CALENDAR, 10, moment("*-02-11"))).toBe(Result.OTHER);
    expect(world.set(CALENDAR, 10, moment("2024-02-30"))).toBe(Result.OTHER);
    expect(world.set(CALENDAR, 10, date("2024-02-11"))).toBe(Result.TYPE);
    expect(world.get(CALENDAR, 10)).toEqual(NEVER);
  });

  const inconsistent = {
    "a season names no week": { seasons: [season("s", moment("*-01-01"), "nowhere")], ...tariff3 },
    "a week names no day": { weeks: [week("w", 1, 1, 1, 1, 1, 1, 9)], ...tariff3 },
    "a day names no script table": { days: [day(1, { "00:00": 3 }, "0-0:10.0.99.255")] },
    "no season": { seasons: [], ...tariff3 },
    "no day has an action": { days: [day(1, {})] },
  };

  test.each(Object.entries(inconsistent))("is not activated when %s", (_, program) => {
    const world = fresh();
    expect(world.program(program)).toEqual([0, 0, 0, 0]);
    expect(world.invoke(CALENDAR, 1)).toBe(Result.OTHER);
    world.set(CALENDAR, 10, moment("2024-01-11"));
    expect(world.changes(START, "2024-01-12T00:00:00Z")).toEqual([]);
    expect(world.events(9)).toEqual([]);
    expect(world.textOf(CALENDAR, 2)).toBe("standard");
    // Mended afterwards, it waits for another order.
    world.program(tariff3);
    expect(world.tariffAt("2024-01-12T01:00:00Z")).toBe("\x01");
    expect(world.invoke(CALENDAR, 1)).toBe(Result.SUCCESS);
    expect(world.tariffAt("2024-01-12T01:01:00Z")).toBe("\x03");
  });

  test("has the types of the class, and times that exist", () => {
    const world = fresh();
    expect(world.set(CALENDAR, 7, array(season("s", octetString("FFFF0D01FF000000008000FF"), "w")))).toBe(Result.OTHER);
    expect(world.set(CALENDAR, 9, array(day(1, { "24:00": 1 })))).toBe(Result.OTHER);
    expect(world.set(CALENDAR, 7, array(structure(text("s"), text("w"))))).toBe(Result.TYPE);
    expect(world.set(CALENDAR, 8, array(structure(text("w"), unsigned(1))))).toBe(Result.TYPE);
    expect(world.set(CALENDAR, 6, text("x".repeat(17)))).toBe(Result.OTHER);
    expect(world.set(CALENDAR, 2, text("active"))).toBe(Result.DENIED);
    expect(world.invoke(CALENDAR, 1, unsigned(0))).toBe(Result.TYPE);
    expect(world.invoke(CALENDAR, 2)).toBe(Result.UNAVAILABLE);
    expect(world.events(19)).toEqual([]);
  });

  test("survives restarts at every turn", () => {
    let world = new TariffWorld(START, "new");
    const restart = () => (world = new TariffWorld("2024-01-10T09:00:30Z", world.flash!.copy()));
    world.program({ name: "third", ...tariff3 });
    restart();
    expect([world.textOf(CALENDAR, 2), world.textOf(CALENDAR, 6)]).toEqual(["standard", "third"]);
    world.invoke(CALENDAR, 1);
    world.flashWork();
    restart();
    expect([world.textOf(CALENDAR, 2), world.textOf(CALENDAR, 6)]).toEqual(["third", "third"]);
    world.set(CALENDAR, 6, text("fourth"));
    restart();
    expect([world.textOf(CALENDAR, 2), world.textOf(CALENDAR, 6)]).toEqual(["third", "fourth"]);
    expect(world.tariffAt("2024-01-10T09:01:00Z")).toBe("\x03");
  });
});

describe("the clock", () => {
  test("set forward or back, the tariff of the new time holds", () => {
    const world = fresh();
    world.calendar({ days: [DAY_AND_NIGHT] });
    world.clockSet("2024-01-10T23:00:00");
    expect(world.tariffAt("2024-01-10T09:00:01Z")).toBe("\x02");
    world.clockSet("2024-01-10T12:00:00");
    expect(world.tariffAt("2024-01-10T09:00:02Z")).toBe("\x01");
    expect(world.changes("2024-01-10T09:00:03Z", "2024-01-11T09:00:00Z")).toEqual([
      ...["2024-01-10T22:00 \x02", "2024-01-11T06:00 \x01"],
    ]);
  });

  test("at power-up the tariff of the time that is holds", () => {
    const world = new TariffWorld(START, "new");
    world.calendar({ days: [DAY_AND_NIGHT] });
    world.run("2024-01-10T10:00:00Z");
    const again = new TariffWorld("2024-01-11T22:30:00Z", world.flash!.copy());
    expect(again.tariffAt("2024-01-11T22:30:01Z")).toBe("\x02");
  });
});
