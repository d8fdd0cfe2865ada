/** docs/BENCHMARKS.md and its plots say what docs/bench/figures.json holds, and nothing of them is typed by hand. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { DOCUMENT, documentMake, FIGURES, FOLDER } from "../../bench/document.ts";
import { groupKeep, groupsMerge, keptRead, type Kept } from "../../bench/kept.ts";
import { plotsDraw } from "../../bench/plots/render.ts";

const text = readFileSync(DOCUMENT, "utf8");
const kept = keptRead(FIGURES);
const figure = { id: "some", what: "something", value: 1 / 3, unit: "µs", references: [] };

describe("the document", () => {
  test("has the tables that `npm run bench -- --redraw` makes of the figures", () => {
    expect(documentMake(text, kept)).toBe(text);
  });

  test("has the plots that the figures give, and shows each of them", async () => {
    const plots = await plotsDraw(kept);
    const files = readdirSync(FOLDER).filter((name) => name.endsWith(".svg"));
    expect(files.sort()).toEqual([...plots.keys()].sort());
    for (const [name, svg] of plots) {
      expect(readFileSync(join(FOLDER, name), "utf8") === svg, `${name}: run npm run bench -- --redraw`).toBe(true);
      expect(text).toContain(`](bench/${name})`);
    }
  });

  test("shows no plot that is not there", () => {
    const shown = [...text.matchAll(/\]\(bench\/(.+?)\)/g)].map((match) => match[1]!);
    expect(readdirSync(FOLDER)).toEqual(expect.arrayContaining(shown));
  });

  test("is not of a quick run", () => {
    expect(kept.quick).toBe(false);
  });
});

describe("figures", () => {
  const small: Kept = { quick: false, groups: [groupKeep("A", [figure]), groupKeep("B", [figure])] };

  test("of a group take the place of its earlier ones", () => {
    const fresh = groupKeep("B", [{ ...figure, value: 7 }]);
    const merged = groupsMerge(small, [fresh, groupKeep("C", [])]);
    expect(merged.groups.map((group) => group.title)).toEqual(["A", "B", "C"]);
    expect(merged.groups[1]).toBe(fresh);
  });

  test("of a group without a mark come at the end of the document; the others stay where they are", () => {
    const made = documentMake("before\n\n<!-- bench: group A -->\nold\n<!-- /bench -->\n\nbehind\n", small);
    expect(made).toMatch(/^before\n\n<!-- bench: group A -->\n\n\| A .*\n.*\n\| something \| 0\.333 µs \|/);
    expect(made).not.toContain("old");
    expect(made).toMatch(/behind\n\n## B\n\n<!-- bench: group B -->/);
    expect(documentMake(made, small)).toBe(made);
  });

  test("say how many samples found no quiet processor, if any waited for one", () => {
    const groups = [
      groupKeep("A", [figure], { samples: 1000, disturbed: 20 }),
      groupKeep("B", [figure], { samples: 200, disturbed: 3 }),
      groupKeep("C", [figure]),
    ];
    const text = "<!-- bench: measured -->\n<!-- /bench -->\n";
    expect(documentMake(text, { ...small, groups })).toContain(
      "Of 1,200 samples that waited for a quiet processor 23 ",
    );
    expect(documentMake(text, small)).not.toContain("samples");
  });

  test("that nothing of is known are refused by name", () => {
    expect(() => documentMake("<!-- bench: nonsense -->\n<!-- /bench -->", small)).toThrow('"nonsense"');
  });
});
