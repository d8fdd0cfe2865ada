/** No room of a built core, or of a meter's block, is larger than bench/budget.json allows; `npm run sizes` shows them all. */
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { templateLoad } from "../../host/template/load.ts";
import { ROOT, testingModule, type TestingExports } from "../testing.ts";
import { textOf } from "./sources.ts";
// @ts-expect-error a script without types
import * as blocks from "../../scripts/block.mjs";
// @ts-expect-error a script without types
import * as script from "../../scripts/budget.mjs";

type Sums = Readonly<Record<string, number>>;
type Rooms = Readonly<Record<"code" | "constants" | "memory", Sums>>;
interface Part {
  readonly file: string;
  readonly size: number;
}
type Budget = Readonly<Record<string, Readonly<Record<string, Sums>>>>;
interface Sizes {
  readonly whole: number;
  readonly sections: Sums;
  readonly rooms: Rooms;
  readonly functions: Readonly<Record<string, Sums>>;
}
const { beyondBudget, budgetOf, sizesRead, sumsOf } = script as {
  beyondBudget(wasm: string, rooms: Readonly<Record<string, Sums>>, budget: Budget): string[];
  budgetOf(rooms: Rooms): Rooms;
  sumsOf(parts: readonly Part[]): Sums;
  sizesRead(wasm: string): Sizes | undefined;
};

const { BLOCKS, blockName, blockParts, layoutOf } = blocks as {
  BLOCKS: readonly string[];
  blockName(template: string): string;
  blockParts(layout: TestingExports): Part[];
  layoutOf(module: WebAssembly.Module, image: Uint8Array): TestingExports;
};

const budget = JSON.parse(textOf("bench/budget.json")) as Budget;
const none: Rooms = { code: {}, constants: {}, memory: {} };
const sum = (sums: Sums): number => Object.values(sums).reduce((all, size) => all + size, 0);

describe("the budget", () => {
  it("names a room that is beyond it, or that it does not know", () => {
    const few = { wasm: { ...none, code: { wire: 100 } } };
    expect(beyondBudget("wasm", { ...none, code: { wire: 100 } }, few)).toEqual([]);
    expect(beyondBudget("wasm", { ...none, code: { wire: 101 } }, few)).toEqual([
      "wasm: wire has 101 octets of code, its budget is 100; make it smaller, or accept it with `npm run sizes -- --accept`",
    ]);
    expect(beyondBudget("wasm", { ...none, memory: { link: 1 } }, few)[0]).toContain(
      "link has 1 octets of memory, its budget is 0",
    );
    expect(beyondBudget("other", { ...none, code: { wire: 1 } }, few)).toHaveLength(1);
  });

  it("is accepted with some room", () => {
    expect(budgetOf({ ...none, code: { wire: 257, link: 512 } }).code).toEqual({ wire: 512, link: 768 });
  });
});

describe.each(BLOCKS)("the block of %s", (template) => {
  const layout = layoutOf(
    testingModule("testing_layout", ["base", "store", "session"]),
    templateLoad(join(ROOT, "host/template", template)).image,
  );
  const rooms = { block: sumsOf(blockParts(layout)) };

  it("keeps the budget of each room", () => {
    expect(beyondBudget(blockName(template), rooms, budget)).toEqual([]);
  });

  it("is counted whole", () => {
    expect(sum(rooms.block)).toBe(layout["blockSize"]!());
  });
});

// A build for work on the core (BUILD_QUICK) leaves no sizes: it is not what is shipped.
describe.each(["build/core.wasm", "build/core.simd.wasm", "build/core.suite0.wasm"])("%s", (wasm) => {
  const sizes = sizesRead(wasm);

  it.skipIf(sizes === undefined)("keeps the budget of each room", () => {
    expect(beyondBudget(wasm, sizes!.rooms, budget)).toEqual([]);
  });

  it.skipIf(sizes === undefined)("is counted whole", () => {
    const { whole, sections, rooms, functions } = sizes!;
    // Functions are counted in a module with a source map, which Binaryen writes some octets longer.
    expect(Math.abs(sum(rooms.code) - sections["code"]!) / whole).toBeLessThan(0.002);
    // Each stretch of constants stands behind its address and size, which belong to no room; all of them are somebody's.
    expect(sum(rooms.constants)).toBeLessThan(sections["data"]!);
    expect(rooms.constants["std"] ?? 0).toBe(0);
    expect(sum(sections)).toBeLessThanOrEqual(whole);
    expect(rooms.code["std"]).toBeLessThan(0.05 * whole);
    // What is copied into a function of another room counts in the room that wrote it, and once.
    expect(sum(Object.fromEntries(Object.entries(functions).map(([room, sizes]) => [room, sum(sizes)])))).toBe(
      sum(rooms.code),
    );
  });
});
