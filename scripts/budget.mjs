// The budget of each room in each built core and in the block of a meter, in bench/budget.json: a room that grows beyond it is a decision that somebody writes down.
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { wasmParts } from "./wasm_parts.mjs";
import { ROOT } from "./steps.mjs";

export const BUDGET = join(ROOT, "bench/budget.json");
/** What is counted: octets of functions, of the data section, and of static memory (constants, scratch and exchange regions). */
export const KINDS = ["code", "constants", "memory"];
/** Budgets are multiples of this and 1 % above what is built, so that a small change needs no decision. */
const STEP = 256;
const ROOM = 1.01;

/** Where the sizes of a built core stand, beside it. */
export function sizesPath(wasm) {
  return join(ROOT, wasm.replace(/\.wasm$/, ".sizes.json"));
}

const roomOf = (file) => file.split("/")[0];

/** Sum of the sizes of each room; with `files`, of each file. */
export function sumsOf(parts, files = false) {
  const sums = {};
  for (const { file, size } of parts) {
    const key = files ? file : roomOf(file);
    sums[key] = (sums[key] ?? 0) + size;
  }
  return sums;
}

/** Sizes of the functions of each room, by name. */
function functionsByRoom(functions) {
  const rooms = {};
  for (const { name, file, size } of functions) {
    const sizes = (rooms[roomOf(file)] ??= {});
    const short = name.replace(/^assembly\//, "");
    sizes[short] = (sizes[short] ?? 0) + size;
  }
  return rooms;
}

/** Writes the sizes by room, file and function of what releaseCompile() made beside `wasm`. */
export function sizesWrite(wasm, made) {
  const parts = wasmParts(made);
  const of = (files) => Object.fromEntries(KINDS.map((kind) => [kind, sumsOf(parts[kind], files)]));
  const functions = functionsByRoom(parts.functions);
  const sizes = { whole: made.shipped.length, sections: parts.sections, rooms: of(false), files: of(true), functions };
  writeFileSync(sizesPath(wasm), JSON.stringify(sizes, undefined, 1));
}

/** A core that was not compiled for release has no sizes. */
export function sizesForget(wasm) {
  rmSync(sizesPath(wasm), { force: true });
}

/** The sizes of a built core, undefined when it was not compiled for release. */
export function sizesRead(wasm) {
  const path = sizesPath(wasm);
  return existsSync(path) ? JSON.parse(readFileSync(path, "utf8")) : undefined;
}

/** One sentence for each room of `rooms` that has no budget or is beyond it. */
export function beyondBudget(wasm, rooms, budget) {
  const problems = [];
  for (const [kind, sums] of Object.entries(rooms)) {
    for (const [room, size] of Object.entries(sums)) {
      const most = budget[wasm]?.[kind]?.[room] ?? 0;
      if (size <= most) continue;
      const what = `${wasm}: ${room} has ${size} octets of ${kind}, its budget is ${most}`;
      problems.push(`${what}; make it smaller, or accept it with \`npm run sizes -- --accept\``);
    }
  }
  return problems;
}

/** A budget for what is built. */
export function budgetOf(rooms) {
  const rounded = (sums) =>
    Object.fromEntries(Object.entries(sums).map(([room, size]) => [room, Math.ceil((size * ROOM) / STEP) * STEP]));
  return Object.fromEntries(Object.entries(rooms).map(([kind, sums]) => [kind, rounded(sums)]));
}
