/** End of billing periods: by schedule, script and client; the counter, the time stamp, the row (sheet of the billing profile). */
import { describe, expect, test } from "vitest";
import { longUnsigned } from "../../host/client/data.ts";
import { BILLING, BILLING_SCHEDULER, BILLING_SCRIPTS, executions, TariffWorld, WH } from "./tariff_world.ts";
import { Flash, Result } from "./world.ts";

const START = "2024-01-31T22:50:00Z";
const COUNTER = "1-0:0.1.0.255";
const STAMP = "1-0:0.1.2.255";
const execute = (world: TariffWorld) => world.invoke(BILLING_SCRIPTS, 1, longUnsigned(1));
const stamp = (world: TariffWorld) => {
  const octets = (world.get(STAMP) as { value: Uint8Array }).value;
  return Buffer.from(octets.subarray(0, 8)).toString("hex");
};

describe("the end of a billing period", () => {
  test("comes by the schedule: a row of its instant, one more period, its time stamp, no event", () => {
    const world = new TariffWorld(START, "new");
    world.sample({ energies: [7 * WH, 2 * WH] });
    expect([world.number(COUNTER), world.stampsOf(BILLING)]).toEqual([0, []]);
    world.run("2024-01-31T23:00:05Z");
    const rows = world.rows(BILLING) as unknown[][];
    expect(rows.length).toBe(1);
    expect(rows[0]!.slice(0, 3)).toEqual(["2024-02-01T00:00:00+01:00", 7, 7]);
    expect(world.number(COUNTER)).toBe(1);
    expect(stamp(world)).toBe("07e8020104000000");
    expect(world.events(21)).toEqual([]);
    world.run("2024-04-01T12:00:00Z");
    expect(world.number(COUNTER)).toBe(3);
  });

  test("comes when a client runs the script: event 21", () => {
    const world = new TariffWorld(START, "new");
    world.run("2024-01-31T22:52:31Z");
    expect(execute(world)).toBe(Result.SUCCESS);
    expect(world.stampsOf(BILLING)).toEqual(["2024-01-31T23:52:31+01:00"]);
    expect(world.number(COUNTER)).toBe(1);
    expect(world.events(21)).toEqual(["21 2024-01-31T23:52:31+01:00"]);
  });

  test("comes when a client captures the profile: event 21, and no script", () => {
    const world = new TariffWorld(START, "new");
    expect(world.invoke(BILLING, 2)).toBe(Result.SUCCESS);
    expect([world.number(COUNTER), world.ring(BILLING, 0), world.events(21).length]).toEqual([1, 1, 1]);
  });

  test("is made up for once when several were missed", () => {
    const world = new TariffWorld(START, "new").quiet();
    world.call("powerFails", 0);
    world.run("2024-05-20T10:00:00Z");
    world.call("powerReturns", 0);
    world.run("2024-05-20T11:00:00Z");
    expect(world.stampsOf(BILLING)).toEqual(["2024-05-20T12:00:00+02:00"]);
    expect([world.number(COUNTER), world.events(21).length]).toEqual([1, 0]);
  });

  test("comes at once when the clock is set forward over it", () => {
    const world = new TariffWorld(START, "new");
    world.clockSet("2024-02-01T08:00:00");
    world.run(world.time + 1000);
    expect(world.stampsOf(BILLING)).toEqual(["2024-02-01T08:00:00+01:00"]);
  });

  test("keeps the last thirteen rows", () => {
    const world = new TariffWorld(START, "new").quiet();
    world.set(BILLING_SCHEDULER, 4, executions(["00:00:00", "*-*-*"]));
    world.run("2024-02-20T12:00:00Z");
    expect(world.number(COUNTER)).toBe(20);
    expect([world.stampsOf(BILLING)[0], world.ring(BILLING, 0)]).toEqual(["2024-02-08T00:00:00+01:00", 13]);
  });

  test("counts to the end of its type and begins again", () => {
    const world = new TariffWorld(START);
    for (let i = 0; i < 257; i++) execute(world);
    expect(world.number(COUNTER)).toBe(1);
  });
});

describe("a power cut", () => {
  test("leaves row, counter and time stamp together, wherever it comes", () => {
    const world = new TariffWorld("2024-01-31T22:10:00Z", "new");
    world.sample({ energies: [7 * WH] });
    world.run(START);
    world.flashRuns = false;
    const flash = world.flash!;
    const cuts: Flash[] = [flash.copy()];
    world.run("2024-01-31T23:00:01Z");
    const before = flash.programs;
    world.flashRuns = true;
    world.flashWork();
    expect(flash.programs).toBeGreaterThan(before);
    // The last program, torn at every 16 octets.
    const whole = flash.copy();
    const first = cuts[0]!.octets.findIndex((octet, i) => octet !== whole.octets[i]);
    const end = whole.octets.findLastIndex((octet, i) => octet !== cuts[0]!.octets[i]) + 1;
    for (let at = first; at <= end; at += 16) {
      const torn = cuts[0]!.copy();
      torn.octets.set(whole.octets.subarray(first, at), first);
      const again = new TariffWorld("2024-01-31T23:00:02Z", torn);
      again.run("2024-01-31T23:10:00Z");
      expect([again.ring(BILLING, 0), again.number(COUNTER)], `cut at ${at}`).toEqual([1, 1]);
      expect(stamp(again).slice(0, 10), `cut at ${at}`).toBe("07e8020104");
      expect(again.events(21)).toEqual([]);
    }
  });
});

test("the daily billing profile is captured at each midnight, and ends no period", () => {
  const world = new TariffWorld(START, "new");
  world.run("2024-02-03T12:00:00Z");
  expect(world.stampsOf("0-0:98.2.0.255").map((stamp) => stamp.slice(0, 16))).toEqual([
    ...["2024-02-01T00:00", "2024-02-02T00:00", "2024-02-03T00:00"],
  ]);
  expect(world.number(COUNTER)).toBe(1);
});
