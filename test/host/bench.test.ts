/** The benchmarks run: the light groups with the shortest samples, so that they do not rot between two runs of `npm run bench`. */
import { beforeAll, describe, expect, test } from "vitest";
import { cipherGroup } from "../../bench/cipher.ts";
import type { Effort, Figure } from "../../bench/figure.ts";
import { getGroup } from "../../bench/get.ts";
import { groupKeep } from "../../bench/kept.ts";
import { patienceGive, quietly, samplesSoFar, TRIES_MAX, type Tried } from "../../bench/quiet.ts";
import { markdownText, numberText, tableText } from "../../bench/report.ts";
import { ticksGroup } from "../../bench/ticks.ts";
// @ts-expect-error -- a script without types
import * as script from "../../scripts/entries.mjs";

const { buildEntry } = script as { buildEntry: (entry: string, simd?: boolean) => Promise<void> };

const EFFORT: Effort = { quick: true, warmUpMs: 1, rounds: 3 };

/** Two modules to compile on a busy machine. */
const BUILD_MS = 240_000;

beforeAll(async () => {
  await buildEntry("testing_bench.ts");
  await buildEntry("testing_bench.ts", true);
}, BUILD_MS);

describe.each([getGroup, cipherGroup, ticksGroup])("group $title", (group) => {
  test("checks what it exercises, and gives figures that say something", async () => {
    const figures = await group.measure(EFFORT);
    expect(figures.length).toBeGreaterThan(0);
    expect(new Set(figures.map((figure) => figure.id)).size).toBe(figures.length);
    for (const figure of figures) {
      const numbers = [figure.value, ...figure.references.flatMap((one) => [one.value, one.ratio])];
      for (const number of numbers) expect(number, `${figure.id}: ${numbers.join(" ")}`).toBeGreaterThan(0);
    }
    const [first] = figures;
    expect(markdownText(group.title, figures)).toContain(
      `| ${first!.what} | ${numberText(first!.value)} ${first!.unit} |`,
    );
    expect(groupKeep(group.title, figures).figures).toHaveLength(figures.length);
  });
});

describe("tables", () => {
  const figure = (row: string, column: string, value: number): Figure => ({
    ...{ id: row + column, what: `${row} of ${column}`, value, unit: "octets", references: [] },
    cell: { row, column },
  });

  test("have three digits of what was measured, and all of what was counted", () => {
    expect([1234567, 1234567.8, 0.0123456, 12.345, 2].map(numberText)).toEqual([
      ...["1,234,567", "1,230,000", "0.0123", "12.3", "2"],
    ]);
  });

  test("of rows and columns leave out what is not there", () => {
    const figures = [figure("text", "M3", 10), figure("text", "M4", 20), figure("bss", "M4", 30)];
    expect(markdownText("Sizes", figures)).toBe(
      ["| Sizes | M3 | M4 |", "| --- | ---: | ---: |", "| text, octets | 10 | 20 |", "| bss, octets |  | 30 |"].join(
        "\n",
      ),
    );
    expect(tableText("Sizes", figures)).toContain("bss, octets");
  });
});

describe("samples", () => {
  let runs: number;
  let prepared: number;
  /** Sleeping takes time and no processor. */
  const sleep = (): number => {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
    return ++runs;
  };
  const tried = (): Tried<number> => {
    [runs, prepared] = [0, 0];
    return quietly(() => prepared++, sleep);
  };

  test("that lost the processor are taken again, some times and no more, each prepared anew, and are counted as disturbed", () => {
    patienceGive(500);
    const before = samplesSoFar();
    const { first, result, quiet } = tried();
    patienceGive(0);
    expect({ first, result, quiet, prepared }).toEqual({ first: 1, result: runs, quiet: false, prepared: runs });
    // Ten, or fewer where the processor is not quiet in between.
    expect(runs).toBeGreaterThan(1);
    expect(runs).toBeLessThanOrEqual(TRIES_MAX);
    const after = samplesSoFar();
    expect([after.samples - before.samples, after.disturbed - before.disturbed]).toEqual([1, 1]);
  });

  test("are taken once where there is no patience", () => {
    patienceGive(0);
    expect(tried()).toEqual({ first: 1, result: 1, quiet: false });
    expect([runs, prepared]).toEqual([1, 1]);
  });
});
