/** Profiles sorted by the clock (sort_method smallest): what happens to their rows when the clock goes back. */
import { describe, expect, test } from "vitest";
import { enumerated, longUnsigned } from "../../host/client/data.ts";
import { captureObject, Result } from "./world.ts";
import { LOG, TariffWorld } from "./tariff_world.ts";

const LP1 = "1-0:99.1.0.255";
/** The default template, whose management client may also set sort_method. */
const over = {
  objects: [LP1, LOG].map((logicalName) => ({
    logicalName,
    access: { management: { get: "all" as const, set: [3, 4, 5, 8], act: "all" as const } },
  })),
};
const minutes = (world: TariffWorld) => world.stampsOf(LP1).map((stamp) => stamp.slice(11, 16));
const statuses = (world: TariffWorld) => (world.rows(LP1) as number[][]).map((row) => row[1]);

function sorted(at = "2024-01-10T09:00:00Z"): TariffWorld {
  const world = new TariffWorld(at, "new", over);
  expect(world.set(LP1, 5, enumerated(4))).toBe(Result.SUCCESS);
  return world;
}

describe("a load profile sorted by the clock", () => {
  test("names the clock as its sort object; other methods, and logs that are sorted, are refused", () => {
    const world = new TariffWorld("2024-01-10T09:00:00Z", "new", over);
    world.run("2024-01-10T09:20:00Z");
    expect(minutes(world)).toEqual(["10:15"]);
    expect(world.get(LP1, 6)).toEqual(captureObject(0, "0-0:0.0.0.0", 0));
    expect(world.set(LP1, 5, enumerated(4))).toBe(Result.SUCCESS);
    expect(minutes(world)).toEqual([]);
    expect(world.get(LP1, 6)).toEqual(captureObject(8, "0-0:1.0.0.255"));
    for (const method of [0, 2, 3, 5, 6]) expect(world.set(LP1, 5, enumerated(method))).toBe(Result.OTHER);
    expect(world.set(LP1, 5, longUnsigned(1))).toBe(Result.TYPE);
    expect(world.set(LOG, 5, enumerated(4))).toBe(Result.OTHER);
  });

  test("loses the rows that are newer than a clock set back; the next row is marked", () => {
    const world = sorted();
    world.run("2024-01-10T10:05:00Z");
    expect(minutes(world)).toEqual(["10:15", "10:30", "10:45", "11:00"]);
    world.clockSet("2024-01-10T10:35:00");
    expect(minutes(world)).toEqual(["10:15", "10:30"]);
    world.run(world.time + 30 * 60_000);
    expect(minutes(world)).toEqual(["10:15", "10:30", "10:45", "11:00"]);
    expect(statuses(world)).toEqual([0, 0, 0x20, 0]);
  });

  test("keeps its rows when the clock goes forward, or back within its period", () => {
    const world = sorted();
    world.run("2024-01-10T09:33:00Z");
    world.clockSet("2024-01-10T10:31:00");
    expect(minutes(world)).toEqual(["10:15", "10:30"]);
    world.clockSet("2024-01-10T12:20:00");
    expect(minutes(world)).toEqual(["10:15", "10:30", "10:45"]);
    world.run(world.time + 15 * 60_000);
    expect(minutes(world)).toEqual(["10:15", "10:30", "10:45", "12:30"]);
  });

  test("is as it was after restarts, with the journal written anew many times over", () => {
    const world = sorted();
    for (let round = 0; round < 30; round++) {
      world.run(world.time + 4 * 3_600_000);
      world.clockSet(new Date(Date.parse(world.clock()) - (round % 5) * 3_000_000 - 60_000).toISOString());
      world.flashWork();
      if (round % 6 !== 0) continue;
      const again = new TariffWorld(new Date(world.time).toISOString(), world.flash!.copy(), over);
      const kept = again.stampsOf(LP1);
      expect(kept.slice(0, world.ring(LP1, 0))).toEqual(world.stampsOf(LP1));
    }
    const instants = world.stampsOf(LP1).map((stamp) => Date.parse(stamp));
    expect(instants.length).toBeGreaterThan(20);
    expect(instants).toEqual([...instants].sort((a, b) => a - b));
  });
});

test("a template may deliver a profile sorted", () => {
  const attributes = { 5: { value: { enum: 4 } } };
  const world = new TariffWorld("2024-01-10T09:00:00Z", "new", { objects: [{ logicalName: LP1, attributes }] });
  world.run("2024-01-10T10:05:00Z");
  world.clockSet("2024-01-10T10:35:00");
  expect(minutes(world)).toEqual(["10:15", "10:30"]);
  expect(world.get(LP1, 6)).toEqual(captureObject(8, "0-0:1.0.0.255"));
});
