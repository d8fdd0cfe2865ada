/** Every kept input again, each with an honest peer behind it, and a short seeded run of each target. */
import { describe, expect, it } from "vitest";
import { corpusRead } from "./corpus.ts";
import { Engine } from "./engine.ts";
import { type Input, inputParse, inputText, type Target } from "./target.ts";
import { TARGETS } from "./targets/index.ts";

const RUNS = 300;

describe.each(TARGETS)("$name", (target) => {
  it("stands its kept inputs and a short run", async () => {
    const engine = new Engine(target);
    await engine.replay([...target.seeds(), ...corpusRead(target.name)]);
    const result = await engine.run({ seed: 1, runs: RUNS });
    expect(result.runs).toBeGreaterThan(RUNS);
    expect(result.outcomes).toBeGreaterThan(2);
  });
});

describe("the loop", () => {
  /** Says the first octet, and falls over where a message holds 0xEE. */
  const brittle: Target = {
    name: "brittle",
    about: "",
    seeds: () => [[Uint8Array.of(1, 2, 3)]],
    run: (input) =>
      input.map((octets) => {
        if (octets.includes(0xee)) throw new Error("fell over");
        return String(octets[0]);
      }),
  };

  it("finds what falls over, and names the input", async () => {
    const engine = new Engine(brittle);
    await engine.replay(brittle.seeds());
    await expect(engine.run({ seed: 1, runs: 100_000 })).rejects.toThrow(/brittle: Error: fell over\n[\s\S]*ee/);
  });

  it("gives the same run for the same seed", async () => {
    const runs = [5, 5, 6].map(async (seed) => {
      const seen: string[] = [];
      const target: Target = { ...brittle, run: (input) => (seen.push(inputText(input)), [String(input[0]?.[0])]) };
      const engine = new Engine(target);
      await engine.replay(target.seeds());
      await engine.run({ seed, runs: 200 });
      return seen.join();
    });
    const [first, again, other] = await Promise.all(runs);
    expect(first).toBe(again);
    expect(first).not.toBe(other);
  });

  it("cuts an input down to what it needs", async () => {
    const engine = new Engine(brittle);
    const input: Input = [Uint8Array.of(9, 9), Uint8Array.of(7, 1, 2, 3, 4), Uint8Array.of(9)];
    const least = await engine.minimized(input, new Set(["9"]));
    expect(inputText(least)).toBe("07\n");
  });

  it("reads a kept input as it was written", () => {
    const text = "# about\n0102\n-\nff\n";
    expect(inputText(inputParse(text))).toBe("0102\n-\nff\n");
  });
});
