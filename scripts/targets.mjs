// Runs the shipped core as firmware: build/core.suite0.wasm through wasm2c and arm-none-eabi-gcc, on an emulated Cortex-M3 and M4 without
// an operating system or a heap, and as it is under an interpreter, against a session that the host has recorded (bench/targets/).
// Prints one table. What is missing of the packages is installed where this may be done, else that part is skipped with a message.
import { execFile, execFileSync, spawnSync } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import binaryen from "binaryen";
import { Command } from "commander";
import { buildEntry } from "./entries.mjs";
import { INTERPRETER_PACKAGES, interpreterFigures } from "./interpreter.mjs";
import { ROOT } from "./steps.mjs";

const OUT = join(ROOT, "build/targets");
/** For bench/targets.ts; not there after a run that was skipped. */
const FIGURES = join(OUT, "figures.json");
const SOURCES = join(ROOT, "bench/targets");
/** Debian package and a file that shows it is there. */
const PACKAGES = {
  wabt: "/usr/bin/wasm2c",
  "gcc-arm-none-eabi": "/usr/bin/arm-none-eabi-gcc",
  "libnewlib-arm-none-eabi": "/usr/include/newlib/string.h",
  "qemu-system-arm": "/usr/bin/qemu-system-arm",
};
const BOARDS = { "Cortex-M3": ["cortex-m3", "mps2-an385"], "Cortex-M4": ["cortex-m4", "mps2-an386"] };
/** With a check of the bounds of every access, and without: the size of the code, and of the time, that they cost. */
const CHECKED = ["-DWASM_RT_MEMCHECK_SIGNAL_HANDLER=0"];
const UNCHECKED = [
  "-DWASM_RT_MEMCHECK_SIGNAL_HANDLER=1",
  "-DWASM_RT_SKIP_SIGNAL_RECOVERY=1",
  "-DWASM_RT_USE_STACK_DEPTH_COUNT=0",
];
/** Columns of the table. Flash is what a microcontroller has little of, and a line is slower than any of them: -O2 is there to compare. */
const COLUMNS = {
  "Cortex-M3, checked": ["Cortex-M3", "-Os", CHECKED],
  "Cortex-M3, unchecked": ["Cortex-M3", "-Os", UNCHECKED],
  "Cortex-M3, -O2, checked": ["Cortex-M3", "-O2", CHECKED],
  "Cortex-M4, checked": ["Cortex-M4", "-Os", CHECKED],
  "Cortex-M4, unchecked": ["Cortex-M4", "-Os", UNCHECKED],
};
const SEAL_MEMORY = 32 * 1024;
/** Goal: octets of RAM of one meter beside the rows of its profiles. */
const RAM_MAX = 64 * 1024;

/** Installs what is missing of `packages`; the names of what could not be. */
function packagesMissing(packages) {
  const missing = () => Object.keys(packages).filter((name) => !existsSync(packages[name]));
  if (missing().length > 0 && process.getuid?.() === 0) {
    spawnSync("apt-get", ["update", "-qq"], { stdio: "ignore" });
    spawnSync("apt-get", ["install", "-y", "-qq", "--no-install-recommends", ...missing()], { stdio: "ignore" });
  }
  return missing();
}

/** Whether a part cannot run for want of packages, which is said. */
function isSkipped(part, packages) {
  const missing = packagesMissing(packages);
  if (missing.length === 0) return false;
  console.log(
    `${part}: skipped, ${missing.join(", ")} cannot be installed here (apt-get install ${missing.join(" ")})`,
  );
  return true;
}

const run = (program, ...args) => execFileSync(program, args, { cwd: OUT, encoding: "utf8" });

/** Octets of memory that a meter of the template needs: all up to the end of its seat. */
async function memorySize(wasm) {
  const load = (path) => import(pathToFileURL(join(ROOT, "dist-bench/host", path)).href);
  const [{ Core }, { templateLoad }] = [await load("core.js"), await load("template/load.js")];
  const { image, model } = templateLoad(join(ROOT, "host/template/examples/microcontroller.json"));
  const plan = new Core(readFileSync(wasm)).plan(image);
  const rows = model.parts.profiles.reduce((sum, profile) => sum + profile.areaSize, 0);
  return {
    whole: plan.seatsAt + plan.blockSize,
    shared: plan.seatsAt,
    block: plan.blockSize,
    image: image.length,
    rows,
  };
}

/** Compiles one program; {text, data, bss} of it. */
async function link(name, cpu, program, memory, flags) {
  const common = [
    `-mcpu=${cpu}`,
    "-mthumb",
    "-flto",
    "-flto-partition=one",
    "-ffunction-sections",
    "-fdata-sections",
    "-w",
    "-DNDEBUG",
  ];
  const memoryKnown = ["-include", join(SOURCES, "one_memory.h"), `-DCORE_MEMORY=${memory}`];
  const paths = [`-I${OUT}`, `-I${join(OUT, program)}`, `-I${SOURCES}`, "-I/usr/share/wabt/wasm2c"];
  const sources = [join(OUT, program, "core.c"), join(SOURCES, `${program}.c`), join(SOURCES, "startup.c")];
  const linked = ["--specs=nano.specs", "-nostartfiles", "-T", join(SOURCES, "link.ld"), "-Wl,--gc-sections"];
  const options = [...common, ...memoryKnown, ...flags, ...paths, ...sources, ...linked];
  await promisify(execFile)("arm-none-eabi-gcc", [...options, "-lm", "-o", name], { cwd: OUT });
  const heap = run("arm-none-eabi-nm", name).match(/ (malloc|_sbrk|free)$/m);
  if (heap) throw new Error(`${name} has a heap: ${heap[1]}`);
  const [text, data, bss] = run("arm-none-eabi-size", name).split("\n")[1].trim().split(/\s+/).map(Number);
  return { text, data, bss };
}

/** Runs a program; instructions by figure, those of a figure that stands more than once being of its last time. */
function emulate(name, board) {
  const semihosting = ["-semihosting-config", "enable=on,target=native"];
  const args = [
    "-M",
    board,
    "-nographic",
    "-monitor",
    "none",
    "-serial",
    "none",
    ...semihosting,
    "-icount",
    "shift=0",
    "-kernel",
    name,
  ];
  const { stdout, stderr, status } = spawnSync("qemu-system-arm", args, {
    cwd: OUT,
    encoding: "utf8",
    timeout: 120_000,
  });
  // Semihosting without a console writes to the standard error.
  const lines = `${stdout}${stderr}`.trim().split("\n");
  if (status !== 0 || lines.at(-1) !== "whole") throw new Error(`${name}: ${lines.at(-1)}`);
  return new Map(lines.slice(0, -1).map((line) => [line.split("|")[0], Number(line.split("|")[1])]));
}

/** A load or a store, its address, and the constant added to it, in the text that wasm2c makes. */
const ACCESS = /\b([if](?:32|64)_(?:load|store)\w*)\(instance->Z_envZ_memory, \(u64\)\((\w+)\)(?: \+ (\d+)u?)?/g;

/** The text of a core whose accesses are those of one_memory.h. */
function memoryFix(text) {
  const fixed = text.replaceAll(ACCESS, (_, name, address, offset = "0") => `one_${name}(${address}, ${offset}u`);
  const left = fixed.match(/_(load|store)\w*\(instance->.*/);
  if (left || fixed === text)
    throw new Error(`this wasm2c writes accesses in a way of its own: ${left?.[0] ?? "none"}`);
  return fixed;
}

/** The module with its constants where code names them: what takes fewer octets from a global would be a load each in a firmware. */
function constantsSpread(wasm) {
  const module = binaryen.readBinary(readFileSync(wasm));
  module.runPasses(["simplify-globals"]);
  const octets = module.emitBinary();
  module.dispose();
  return octets;
}

function translate(program, wasm) {
  const folder = join(OUT, program);
  mkdirSync(folder, { recursive: true });
  const [module, path] = [join(folder, "core.wasm"), join(folder, "core.c")];
  writeFileSync(module, constantsSpread(wasm));
  run("wasm2c", "--module-name=core", module, "-o", path);
  writeFileSync(path, memoryFix(readFileSync(path, "utf8")));
  copyFileSync("/usr/include/wasm-rt.h", join(OUT, "wasm-rt.h"));
}

/** What bench/figure.ts calls a figure, at its place in the table. */
function figure(row, unit, column, value) {
  const id = `target-${column.toLowerCase()}-${row}`.replaceAll(/[^a-z0-9]+/gi, "-").toLowerCase();
  return { id, what: `${row}, ${column}`, value, unit, references: [], cell: { row, column } };
}

/** Builds and runs one way of compiling for one board; its figures. */
async function columnFigures(column, whole) {
  const [boardName, optimize, checks] = COLUMNS[column];
  const [cpu, board] = BOARDS[boardName];
  const name = column.toLowerCase().replaceAll(/[^a-z0-9]+/g, "-");
  const [meter, seal] = [`main-${name}.elf`, `seal-${name}.elf`];
  const linked = await link(meter, cpu, "main", whole, [optimize, ...checks]);
  await link(seal, cpu, "seal", SEAL_MEMORY, [optimize, ...checks]);
  const parts = Object.entries(linked).map(([part, size]) => figure(part, "octets", column, size));
  const counted = [...emulate(meter, board), ...emulate(seal, board)];
  return [...parts, ...counted.map(([name, count]) => figure(name, "instructions", column, count))];
}

/** What the linear memory of the meter holds, which is nearly all of bss. */
function memoryFigures(sizes) {
  const octets = (id, what, value, more = {}) => ({
    ...{ id: `target-memory-${id}`, what: `RAM of one meter: ${what}`, value, unit: "octets", references: [] },
    ...more,
  });
  const goal = { goal: { limit: RAM_MAX, kind: "at most" } };
  return [
    octets("shared", "constants, scratch, exchange regions, layout", sizes.shared - sizes.image),
    octets("image", "image of the template", sizes.image),
    octets("block", "block without rows", sizes.block - sizes.rows),
    octets("meter", "these together", sizes.whole - sizes.rows, goal),
    octets("rows", "rows of the profiles", sizes.rows),
  ];
}

async function measure() {
  mkdirSync(OUT, { recursive: true });
  await buildEntry("testing_bench.ts");
  const wasm = join(ROOT, "build/core.suite0.wasm");
  const sizes = await memorySize(wasm);
  const times = join(OUT, "times.json");
  const record = join(ROOT, "dist-bench/bench/targets/record.js");
  execFileSync(process.execPath, [record, join(OUT, "session.h"), times], { cwd: ROOT });
  translate("main", wasm);
  translate("seal", join(ROOT, "build/testing_bench.wasm"));
  // The compiler takes most of the time, and counts of instructions do not change with what runs beside.
  const columns = await Promise.all(Object.keys(COLUMNS).map((column) => columnFigures(column, sizes.whole)));
  const run = { sources: SOURCES, out: OUT, wasm, memory: sizes.whole, times };
  const interpreted = isSkipped("the interpreter", INTERPRETER_PACKAGES) ? [] : interpreterFigures(run);
  return [...columns.flat(), ...memoryFigures(sizes), ...interpreted];
}

async function main() {
  rmSync(FIGURES, { force: true });
  if (isSkipped("microcontrollers", PACKAGES)) return;
  const figures = await measure();
  writeFileSync(FIGURES, JSON.stringify(figures, undefined, 1));
  const { tableText } = await import(pathToFileURL(join(ROOT, "dist-bench/bench/report.js")).href);
  console.log(tableText("Constrained targets", figures));
}

try {
  await new Command("targets")
    .description("the core as firmware of emulated microcontrollers, and under an interpreter: octets and instructions")
    .action(main)
    .parseAsync();
} catch (error) {
  process.stderr.write(`targets: ${error.message}\n`);
  process.exitCode = 1;
}
