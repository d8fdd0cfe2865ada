// Runs the shipped core under an interpreter, against the session recorded for other targets (bench/targets/): WABT's, which Debian has as
// a library; it packages neither wasm3 nor WAMR. Times are medians of several runs, beside V8's.
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";

/** Debian package and a file that shows it is there. */
export const INTERPRETER_PACKAGES = {
  wabt: "/usr/include/wabt/interp/interp.h",
  gcc: "/usr/bin/gcc",
  "g++": "/usr/bin/g++",
  "libc6-dev": "/usr/include/stdio.h",
};
const RUNS = 15;

/** Compiles main.c with the interpreter in place of a board. */
function build(sources, out, wasm, memory) {
  const program = join(out, "interpreter");
  const common = ["-O2", "-w", "-DINTERPRETER", `-DCORE_MEMORY=${memory}`, `-DCORE_WASM="${wasm}"`, `-I${out}`];
  execFileSync("gcc", [...common, "-c", join(sources, "main.c"), "-o", `${program}.main.o`]);
  execFileSync("g++", [...common, "-std=c++17", "-c", join(sources, "interpreter.cc"), "-o", `${program}.o`]);
  execFileSync("g++", [`${program}.main.o`, `${program}.o`, "-lwabt", "-o", program]);
  return program;
}

/** Nanoseconds by figure; of a figure that stands more than once, the last. @throws when an octet differs from the recorded one */
function run(program) {
  const lines = execFileSync(program, { encoding: "utf8" }).trim().split("\n");
  if (lines.at(-1) !== "whole") throw new Error(`the interpreter: ${lines.at(-1)}`);
  return new Map(lines.slice(0, -1).map((line) => [line.split("|")[0], Number(line.split("|")[1])]));
}

/** Figures of the session, in the form of bench/figure.ts; `times` is the file of what they take in V8. */
export function interpreterFigures({ sources, out, wasm, memory, times }) {
  const program = build(sources, out, wasm, memory);
  const runs = Array.from({ length: RUNS }, () => run(program));
  const v8 = JSON.parse(readFileSync(times, "utf8"));
  return [...runs[0].keys()].map((name) => {
    const sorted = runs.map((one) => one.get(name)).sort((a, b) => a - b);
    const value = sorted[RUNS >> 1] / 1000;
    const reference = v8[name] / 1000;
    return {
      id: `interpreter-${name}`.replaceAll(/[^a-z0-9]+/gi, "-").toLowerCase(),
      what: `${name}, under WABT's interpreter`,
      value,
      unit: "µs",
      references: [{ what: "the same compiled by V8, in Node", value: reference, ratio: value / reference }],
    };
  });
}
