/** Register activation (Blue Book, class_id 6): which registers count, and how masks and registers are added and taken away. */
import { describe, expect, test } from "vitest";
import { array, longUnsigned, structure, unsigned } from "../../host/client/data.ts";
import { DEMAND_MASKS, DEMAND_TARIFF, ENERGY_MASKS, name, TARIFF, TariffWorld, text, WH } from "./tariff_world.ts";
import { Result } from "./world.ts";

const START = "2024-01-10T09:00:00Z";
const fresh = () => new TariffWorld(START);
const register = (logicalName: string, classId = 3) => structure(longUnsigned(classId), name(logicalName));
const mask = (id: string, ...indices: number[]) => structure(text(id), array(...indices.map((of) => unsigned(of))));
const TOTAL = "1-0:1.8.0.255";
const RATES = [1, 2, 3, 4].map((rate) => `1-0:1.8.${rate}.255`);
const activate = (world: TariffWorld, id: string, object = ENERGY_MASKS) => world.set(object, 4, text(id));
const shown = (world: TariffWorld) => [TOTAL, ...RATES].map((register) => world.number(register));
/** Registers that register_assignment has as delivered. */
const DELIVERED = 44;

describe("masks", () => {
  test("the registers that the active mask names count, the others are frozen, the total always counts", () => {
    const world = fresh();
    expect(world.textOf(TARIFF)).toBe("\x01");
    world.sample({ energies: [5 * WH, 3 * WH] });
    expect(activate(world, "\x02")).toBe(Result.SUCCESS);
    world.sample({ energies: [7 * WH] });
    expect(activate(world, "\x04")).toBe(Result.SUCCESS);
    world.sample({ energies: [11 * WH] });
    expect(shown(world)).toEqual([23, 5, 7, 0, 11]);
    expect(world.number("1-0:2.8.1.255")).toBe(3);
    expect(world.textOf(TARIFF)).toBe("\x04");
    expect(world.textOf(DEMAND_TARIFF)).toBe("\x01");
  });

  test("energies and maximum demands have masks of their own", () => {
    const world = fresh();
    const counts = (logicalName: string) => world.call("counts", 0, world.object(logicalName)) === 1;
    expect(["1-0:1.6.0.255", "1-0:1.6.1.255", "1-0:1.6.2.255", "1-0:1.8.1.255"].map(counts)).toEqual([
      ...[true, true, false, true],
    ]);
    expect(activate(world, "\x02", DEMAND_MASKS)).toBe(Result.SUCCESS);
    expect(["1-0:1.6.0.255", "1-0:1.6.1.255", "1-0:1.6.2.255", "1-0:1.8.1.255"].map(counts)).toEqual([
      ...[true, false, true, true],
    ]);
    expect([world.textOf(TARIFF), world.textOf(DEMAND_TARIFF)]).toEqual(["\x01", "\x02"]);
  });

  test("a mask that is not known is refused", () => {
    const world = fresh();
    for (const id of ["\x05", "", "\x01\x01", "x".repeat(8)]) expect(activate(world, id)).toBe(Result.OTHER);
    expect(world.set(ENERGY_MASKS, 4, unsigned(1))).toBe(Result.TYPE);
    expect(world.textOf(TARIFF)).toBe("\x01");
  });

  test("a mask of several registers is added, used, replaced and deleted", () => {
    const world = fresh();
    expect(world.invoke(ENERGY_MASKS, 2, mask("both", 1, 2))).toBe(Result.SUCCESS);
    expect(activate(world, "both")).toBe(Result.SUCCESS);
    world.sample({ energies: [WH] });
    expect(shown(world)).toEqual([1, 1, 1, 0, 0]);
    expect(world.textOf(TARIFF)).toBe("both");
    expect(world.invoke(ENERGY_MASKS, 2, mask("both", 3))).toBe(Result.SUCCESS);
    world.sample({ energies: [WH] });
    expect(shown(world)).toEqual([2, 1, 1, 1, 0]);
    expect(world.get(ENERGY_MASKS, 3)).toMatchObject({ value: { length: 5 } });
    expect(world.invoke(ENERGY_MASKS, 3, text("both"))).toBe(Result.OTHER);
    expect(activate(world, "\x01")).toBe(Result.SUCCESS);
    expect(world.invoke(ENERGY_MASKS, 3, text("both"))).toBe(Result.SUCCESS);
    expect(world.invoke(ENERGY_MASKS, 3, text("both"))).toBe(Result.OTHER);
    expect(world.get(ENERGY_MASKS, 3)).toMatchObject({ value: { length: 4 } });
    expect(activate(world, "both")).toBe(Result.OTHER);
  });

  test("a mask names registers that are assigned", () => {
    const world = fresh();
    expect(world.invoke(ENERGY_MASKS, 2, mask("x", DELIVERED))).toBe(Result.SUCCESS);
    expect(world.invoke(ENERGY_MASKS, 2, mask("x", DELIVERED + 1))).toBe(Result.OTHER);
    expect(world.invoke(ENERGY_MASKS, 2, mask("x", 0))).toBe(Result.OTHER);
    expect(world.invoke(ENERGY_MASKS, 2, text("x"))).toBe(Result.TYPE);
    expect(world.invoke(ENERGY_MASKS, 3, unsigned(1))).toBe(Result.TYPE);
  });

  test("a list without the active mask is refused, whole lists are taken", () => {
    const world = fresh();
    expect(world.set(ENERGY_MASKS, 3, array(mask("\x02", 1)))).toBe(Result.OTHER);
    expect(world.set(ENERGY_MASKS, 3, array(mask("\x01", 99)))).toBe(Result.OTHER);
    expect(world.set(ENERGY_MASKS, 3, array(unsigned(1)))).toBe(Result.TYPE);
    expect(world.set(ENERGY_MASKS, 3, array(mask("\x01", 4)))).toBe(Result.SUCCESS);
    world.sample({ energies: [WH] });
    expect(shown(world)).toEqual([1, 0, 0, 0, 1]);
  });
});

describe("registers", () => {
  test("what is added is frozen until a mask names it", () => {
    const world = fresh();
    expect(world.invoke(ENERGY_MASKS, 1, register(TOTAL))).toBe(Result.SUCCESS);
    world.sample({ energies: [WH] });
    expect(shown(world)).toEqual([0, 1, 0, 0, 0]);
    expect(world.invoke(ENERGY_MASKS, 2, mask("\x01", 1, DELIVERED + 1))).toBe(Result.SUCCESS);
    world.sample({ energies: [WH] });
    expect(shown(world)).toEqual([1, 2, 0, 0, 0]);
  });

  test("what is assigned already stays where it is; what does not exist is refused", () => {
    const world = fresh();
    expect(world.invoke(ENERGY_MASKS, 1, register(RATES[0]!))).toBe(Result.SUCCESS);
    expect(world.get(ENERGY_MASKS, 2)).toMatchObject({ value: { length: DELIVERED } });
    expect(world.invoke(ENERGY_MASKS, 1, register("1-0:1.8.9.255"))).toBe(Result.OTHER);
    expect(world.invoke(ENERGY_MASKS, 1, register(TOTAL, 4))).toBe(Result.OTHER);
    expect(world.invoke(ENERGY_MASKS, 1, name(TOTAL))).toBe(Result.TYPE);
    expect(world.invoke(ENERGY_MASKS, 1, array())).toBe(Result.TYPE);
  });

  test("a whole assignment is taken when the masks fit it", () => {
    const world = fresh();
    const rates = RATES.map((rate) => register(rate));
    expect(world.set(ENERGY_MASKS, 2, array(...rates))).toBe(Result.OTHER);
    expect(world.set(ENERGY_MASKS, 3, array(mask("\x01", 1), mask("\x02", 2)))).toBe(Result.SUCCESS);
    expect(world.set(ENERGY_MASKS, 2, array(...rates, register("1-0:1.8.9.255")))).toBe(Result.OTHER);
    expect(world.set(ENERGY_MASKS, 2, array(...rates.reverse()))).toBe(Result.SUCCESS);
    world.sample({ energies: [WH, WH] });
    expect(shown(world)).toEqual([1, 0, 0, 0, 1]);
    expect(world.number("1-0:2.8.2.255")).toBe(1);
  });
});

test("the active mask survives a restart", () => {
  const world = new TariffWorld(START, "new", { objects: [{ logicalName: "0-0:13.0.0.255", remove: true }] });
  activate(world, "\x03");
  world.sample({ energies: [WH] });
  const again = new TariffWorld(START, world.flash!.copy(), {
    objects: [{ logicalName: "0-0:13.0.0.255", remove: true }],
  });
  expect(again.textOf(TARIFF)).toBe("\x03");
  again.sample({ energies: [WH] });
  expect(shown(again).slice(1)).toEqual([0, 0, 1, 0]);
});
