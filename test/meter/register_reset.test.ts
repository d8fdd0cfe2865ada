/** The reset of a Register (class_id 3): what is counted begins at 0, for good; what is measured now cannot be reset. */
import { expect, test } from "vitest";
import { longUnsigned } from "../../host/client/data.ts";
import { MeterWorld, Result } from "./world.ts";

const start = "2024-06-10T10:00:00Z";
const IMPORT = "1-0:1.8.0.255";
const WH = 1_000_000;

test("an energy begins at 0, and the others go on", () => {
  const world = new MeterWorld(start);
  world.sample({ energies: [5 * WH, 2 * WH] });
  expect(world.invoke(IMPORT, 1)).toBe(Result.SUCCESS);
  expect(world.number(IMPORT)).toBe(0);
  expect(world.number("1-0:16.8.0.255")).toBe(3);
  world.sample({ energies: [3 * WH] });
  expect(world.number(IMPORT)).toBe(3);
  expect(world.number("1-0:16.8.0.255")).toBe(6);
});

test("it stays so over a power cut", () => {
  const world = new MeterWorld(start, "new");
  world.sample({ energies: [5 * WH, 2 * WH] });
  world.call("powerFails", 0);
  world.flashWork();
  const before = new MeterWorld(start, world.flash!.copy());
  expect(before.number(IMPORT)).toBe(5);
  expect(before.invoke(IMPORT, 1)).toBe(Result.SUCCESS);
  const after = new MeterWorld(start, before.flash!.copy());
  expect(after.number(IMPORT)).toBe(0);
  expect(after.number("1-0:2.8.0.255")).toBe(2);
});

test("when the flash is behind, nothing is reset", () => {
  const world = new MeterWorld(start, "new");
  world.sample({ energies: [5 * WH] });
  world.flashRuns = false;
  let result: number = Result.SUCCESS;
  for (let i = 0; result === Result.SUCCESS && i < 10_000; i++) {
    world.sample({ energies: [WH] });
    result = world.invoke(IMPORT, 1);
  }
  expect(result).toBe(Result.TEMPORARY);
  expect(world.number(IMPORT)).toBe(1);
});

test("a voltage, another type of parameter and another method are refused", () => {
  const world = new MeterWorld(start);
  expect(world.invoke("1-0:32.7.0.255", 1)).toBe(Result.OTHER);
  expect(world.invoke(IMPORT, 1, longUnsigned(0))).toBe(Result.TYPE);
  expect(world.invoke(IMPORT, 2)).toBe(Result.UNAVAILABLE);
});
