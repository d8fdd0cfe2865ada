/** What the scripts of package.json are told and do not know is refused: nothing is measured or written. */
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { benchCommand, type Options } from "../../bench/options.ts";
import { ROOT } from "./sources.ts";

/** What a script of scripts/ says, and how it ends; one that begins to work is ended. */
function scriptSays(name: string, ...words: string[]): { status: number | null; stdout: string; stderr: string } {
  const script = join(ROOT, `scripts/${name}.mjs`);
  return spawnSync(process.execPath, [script, ...words], { cwd: ROOT, encoding: "utf8", timeout: 20_000 });
}

describe.each(["sizes", "targets"])("npm run %s", (name) => {
  it.each([
    ["--acept", "unknown option '--acept'"],
    ["accept", "too many arguments"],
  ])("refuses %s", (word, text) => {
    const { status, stdout, stderr } = scriptSays(name, word);
    expect({ status, stdout }).toEqual({ status: 1, stdout: "" });
    expect(stderr).toContain(text);
  });

  it("has --help", () => {
    const { status, stdout } = scriptSays(name, "--help");
    expect(status).toBe(0);
    const options = name === "sizes" ? ["--files", "--functions", "--accept", "--help"] : ["--help"];
    expect([...stdout.matchAll(/--[a-z]+/g)].map(String)).toEqual(options);
  });
});

describe("npm run bench", () => {
  async function parse(line: string): Promise<Options> {
    let found: Options = {};
    const command = benchCommand(async (options) => void (found = options))
      .exitOverride()
      .configureOutput({ writeErr: () => undefined });
    await command.parseAsync(line.split(" "), { from: "user" });
    return found;
  }

  it("takes what goes together", async () => {
    expect(await parse("--quick --only x")).toEqual({ quick: true, only: "x" });
    expect(await parse("--write --native --only x")).toEqual({ write: true, native: true, only: "x" });
    expect(await parse("--redraw")).toEqual({ redraw: true });
  });

  it.each([
    ["--quick --write", "--quick measures nothing that --write may keep"],
    ["--redraw --quick --only x", "--redraw measures nothing, so it does not take --quick"],
    ["--only x --redraw", "--redraw measures nothing, so it does not take --only"],
    ["--redraw --native", "--redraw measures nothing, so it does not take --native"],
    ["--redraw --write", "--redraw measures nothing, so it does not take --write"],
    ["--redrawn", "unknown option '--redrawn'"],
    ["--quick x", "too many arguments"],
  ])("refuses %s", async (line, text) => {
    await expect(parse(line)).rejects.toThrow(text);
  });
});
