// `npm run sizes`: the octets of each built core and of a meter's block by room, against their budget.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import Table from "cli-table3";
import { Command } from "commander";
import { BLOCKS, blockName, blockParts, layoutOf } from "./block.mjs";
import { beyondBudget, BUDGET, budgetOf, KINDS, sizesRead, sumsOf } from "./budget.mjs";
import { CORES } from "./cores.mjs";
import { buildEntry } from "./entries.mjs";
import { releaseCompile } from "./release.mjs";
import { ROOT } from "./steps.mjs";

const ROOMS = "index device server cosem meter session link store wire crypto base std".split(" ");
const FILES = 25;

// A reader that has seen enough, as head(1) has, is no error; Binaryen would print its own source for it.
process.stdout.on("error", (error) => process.exit(error.code === "EPIPE" ? 0 : 1));

const number = (value) => (value ?? 0).toLocaleString("en-US");
const row = ([name, size]) => [name, number(size)];
const sum = (sums) => Object.values(sums).reduce((all, size) => all + size, 0);

function table(head, rows) {
  const made = new Table({
    head,
    style: { head: [], border: [], compact: true },
    colAligns: ["left", ...head.slice(1).map(() => "right")],
  });
  made.push(...rows);
  return made.toString();
}

function roomsPrint(wasm, { whole, sections, rooms }, budget) {
  const cell = (kind, room) => `${number(rooms[kind][room])} of ${number(budget[wasm]?.[kind]?.[room])}`;
  const rows = ROOMS.map((room) => [room, ...KINDS.map((kind) => cell(kind, room))]);
  rows.push(["all", ...KINDS.map((kind) => number(sum(rooms[kind])))]);
  console.log(`${wasm}: ${number(whole)} octets`);
  console.log(table(["room", "code", "constants", "static memory"], rows));
  console.log(
    `sections: ${Object.entries(sections)
      .map(([name, size]) => `${name} ${number(size)}`)
      .join(", ")}`,
  );
}

function filesPrint({ files }) {
  const largest = (kind) =>
    Object.entries(files[kind])
      .sort((a, b) => b[1] - a[1])
      .slice(0, FILES);
  const lists = KINDS.map(largest);
  const rows = lists[0].map((_, i) => lists.flatMap((list) => (list[i] ? [list[i][0], number(list[i][1])] : ["", ""])));
  console.log(table(["code", "octets", "constants", "octets", "static memory", "octets"], rows));
}

/** Every function, largest first in its room; `grep cosem/` finds those of one. */
function functionsPrint({ functions }) {
  console.log("functions, each with what was copied into it, which counts above in the room that wrote it");
  for (const room of ROOMS.filter((name) => functions[name] !== undefined)) {
    const sizes = Object.entries(functions[room]).sort((a, b) => b[1] - a[1]);
    console.log(table([`${room}: ${number(sizes.length)} functions`, number(sum(functions[room]))], sizes.map(row)));
  }
}

/** Octets of a core compiled with further arguments. */
async function sizeWith({ args, aim }, ...more) {
  const { shipped } = await releaseCompile([...args, ...more], "build/core.other.wasm", { aim });
  return shipped.length;
}

/** Octets that the assertions cost, which stay in what is shipped, and those of the features that the core for suite 0 leaves out. */
async function differencesPrint(core, { whole }) {
  console.log(`assertions: ${number(whole - (await sizeWith(core, "--noAssert")))} octets of ${core.wasm}`);
  if (core !== CORES.suite0) return;
  const all = await sizeWith(core, "--use", "CORE_WHOLE=1");
  console.log(`with the features it leaves out: ${number(all)} octets, ${number(all - whole)} more`);
}

/** Octets of a block by room, and the areas that they are. */
async function blocksPrint({ accept }) {
  await buildEntry("testing_layout.ts");
  const { templateLoad } = await import(pathToFileURL(join(ROOT, "dist/template/load.js")));
  const module = new WebAssembly.Module(readFileSync(join(ROOT, "build/testing_layout.wasm")));
  for (const template of BLOCKS) {
    const { image } = templateLoad(join(ROOT, "host/template", template));
    const parts = blockParts(layoutOf(module, image));
    const [name, rooms] = [blockName(template), { block: sumsOf(parts) }];
    if (accept) budget[name] = budgetOf(rooms);
    problems.push(...beyondBudget(name, rooms, budget));
    const areasOf = (room) => parts.filter(({ file }) => file.startsWith(`${room}/`));
    const text = ({ file, size }) => `${file.split("/")[1]} ${number(size)}`;
    const rows = Object.entries(rooms.block).map(([room, size]) => [
      room,
      `${number(size)} of ${number(budget[name]?.block?.[room])}`,
      areasOf(room).map(text).join(", "),
    ]);
    console.log(`${name}: ${number(sum(rooms.block))} octets`);
    console.log(table(["room", "octets", "areas"], rows));
  }
}

const budget = JSON.parse(readFileSync(BUDGET, "utf8"));
const problems = [];

async function corePrint(core, { accept, files, functions }) {
  const { wasm } = core;
  const sizes = sizesRead(wasm);
  if (sizes === undefined) {
    problems.push(`${wasm}: there are no sizes; build it without BUILD_QUICK`);
    return;
  }
  roomsPrint(wasm, sizes, budget);
  if (files) filesPrint(sizes);
  if (functions) functionsPrint(sizes);
  await differencesPrint(core, sizes);
  if (accept) budget[wasm] = budgetOf(sizes.rooms);
  problems.push(...beyondBudget(wasm, sizes.rooms, budget));
}

async function run(options) {
  for (const core of Object.values(CORES)) await corePrint(core, options);
  await blocksPrint(options);
  if (options.accept) writeFileSync(BUDGET, `${JSON.stringify(budget, undefined, 2)}\n`);
  for (const problem of problems) process.stderr.write(`sizes: ${problem}\n`);
  process.exitCode = problems.length > 0 ? 1 : 0;
}

await new Command("sizes")
  .description("octets of each built core and of a meter's block by room, against bench/budget.json")
  .option("--files", `the ${FILES} largest files of each core too`)
  .option("--functions", "every function of each core by room, largest first, with what was copied into it")
  .option("--accept", "make the budget what is built now")
  .action(run)
  .parseAsync();
