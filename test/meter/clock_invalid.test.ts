/** A clock whose reserve was exhausted: invalid until it is set (sheet of load profiles and clock synchronisation). Local time and date. */
import { describe, expect, test } from "vitest";
import { long, octetString } from "../../host/client/data.ts";
import { CLOCK, date, day, TARIFF, TariffWorld, time } from "./tariff_world.ts";
import { Result } from "./world.ts";

const LP1 = "1-0:99.1.0.255";
const Status = { CIV: 0x02, DNV: 0x04, CAD: 0x20, PDN: 0x80 };
const INVALID = Status.CIV | Status.DNV;

/** A meter whose power went at 11:07 for five hours, and its clock with it. */
function exhausted(): TariffWorld {
  const world = new TariffWorld("2024-01-10T10:00:00Z", "new");
  world.calendar({ days: [day(1, { "00:00": 2 })] });
  world.run("2024-01-10T10:07:00Z");
  world.call("powerFails", 0);
  world.run("2024-01-10T15:00:00Z");
  world.call("reserveExhausted", 0);
  world.run("2024-01-10T15:00:00Z");
  return world;
}

const rows = (world: TariffWorld) =>
  (world.rows(LP1) as [string, number][]).map(([stamp, status]) => `${stamp.slice(11, 16)} ${status.toString(16)}`);

describe("a clock whose reserve was exhausted", () => {
  test("goes on from the time at which the power went, and says that it is invalid: event 6, status, rows", () => {
    const world = exhausted();
    expect(world.clock()).toMatch(/^2024-01-10T11:07:00\+01:00 \(invalid\)$/);
    expect(world.number(CLOCK, 4)).toBe(1);
    expect(world.events(6).length).toBe(1);
    world.run("2024-01-10T15:25:00Z");
    expect(rows(world)).toEqual([`11:15 ${(INVALID | Status.PDN).toString(16)}`, `11:30 ${INVALID.toString(16)}`]);
  });

  test("lets the default tariff hold until it is set", () => {
    const world = exhausted();
    expect(world.textOf(TARIFF)).toBe("\x01");
    expect(world.clockSet("2024-01-10T16:00:00")).toBe(Result.SUCCESS);
    expect(world.tariffAt("2024-01-10T15:00:01Z")).toBe("\x02");
  });

  test("is valid when it is set, however near the time was: events 4 and 5, and the next row says that it was", () => {
    const world = exhausted();
    expect(world.clockSet("2024-01-10T11:07:02")).toBe(Result.SUCCESS);
    expect(world.number(CLOCK, 4)).toBe(0);
    expect(world.events(4, 5).map((event) => event.slice(0, 21))).toEqual([
      ...["4 2024-01-10T11:07:00", "5 2024-01-10T11:07:02"],
    ]);
    world.run("2024-01-10T15:24:00Z");
    expect(rows(world)).toEqual([`11:15 ${(Status.CAD | Status.PDN).toString(16)}`, "11:30 0"]);
  });

  test("stays invalid when it is only shifted, and over restarts", () => {
    const world = exhausted();
    expect(world.invoke(CLOCK, 6, long(5))).toBe(Result.SUCCESS);
    expect(world.number(CLOCK, 4)).toBe(1);
    world.flashWork();
    const again = new TariffWorld("2024-01-10T15:01:00Z", world.flash!.copy());
    expect(again.number(CLOCK, 4)).toBe(1);
    expect(again.tariffAt("2024-01-10T15:01:01Z")).toBe("\x01");
    again.clockSet("2024-01-10T16:01:00");
    const third = new TariffWorld("2024-01-10T15:02:00Z", again.flash!.copy());
    expect(third.number(CLOCK, 4)).toBe(0);
    expect(third.tariffAt("2024-01-10T15:02:01Z")).toBe("\x02");
  });
});

test("local time and date are those of the clock", () => {
  const world = new TariffWorld("2024-06-10T10:11:12Z");
  expect(world.get("1-0:0.9.1.255")).toEqual(time("12:11:12"));
  expect(world.get("1-0:0.9.2.255")).toEqual(date("2024-06-10 mon"));
  expect(world.get("1-0:0.9.2.255")).toEqual(octetString("07E8060A01"));
});
