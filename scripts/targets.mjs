// Runs the shipped core as firmware: build/core.suite0.wasm through wasm2c and arm-none-eabi-gcc, on an emulated Cortex-M3 and M4 without
// an operating system or a heap, against a session that the host has recorded (bench/targets/). Prints one table. What is missing of
// the packages is installed where this may be done, else the run is skipped with a message.
import { execFileSync, spawnSync } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import Table from "cli-table3";
import { buildEntry } from "./entries.mjs";
import { ROOT } from "./steps.mjs";

const OUT = join(ROOT, "build/targets");
const SOURCES = join(ROOT, "bench/targets");
/** Debian package and a file that shows it is there. */
const PACKAGES = {
  wabt: "/usr/bin/wasm2c",
  "gcc-arm-none-eabi": "/usr/bin/arm-none-eabi-gcc",
  "libnewlib-arm-none-eabi": "/usr/include/newlib/string.h",
  "qemu-system-arm": "/usr/bin/qemu-system-arm",
};
const BOARDS = { "Cortex-M3": ["cortex-m3", "mps2-an385"], "Cortex-M4": ["cortex-m4", "mps2-an386"] };
/** With the bounds checks that wasm2c makes, and without: the size of the code, and of the time, that they cost. */
const BUILDS = {
  checked: ["-DWASM_RT_MEMCHECK_SIGNAL_HANDLER=0"],
  unchecked: [
    "-DWASM_RT_MEMCHECK_SIGNAL_HANDLER=1",
    "-DWASM_RT_SKIP_SIGNAL_RECOVERY=1",
    "-DWASM_RT_USE_STACK_DEPTH_COUNT=0",
  ],
};
const SEAL_MEMORY = 32 * 1024;
/** Goal: octets of RAM of one meter beside the rows of its profiles. */
const RAM_MAX = 64 * 1024;

/** Installs what is missing; the names of what could not be. */
function packagesMissing() {
  const missing = () => Object.keys(PACKAGES).filter((name) => !existsSync(PACKAGES[name]));
  if (missing().length > 0 && process.getuid?.() === 0) {
    spawnSync("apt-get", ["update", "-qq"], { stdio: "ignore" });
    spawnSync("apt-get", ["install", "-y", "-qq", "--no-install-recommends", ...missing()], { stdio: "ignore" });
  }
  return missing();
}

const run = (program, ...args) => execFileSync(program, args, { cwd: OUT, encoding: "utf8" });

/** Octets of memory that a meter of the template needs: all up to the end of its seat. */
async function memorySize(wasm) {
  const load = (path) => import(pathToFileURL(join(ROOT, "dist-bench/host", path)).href);
  const [{ Core }, { templateLoad }] = [await load("core.js"), await load("template/load.js")];
  const { readFileSync } = await import("node:fs");
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
function link(name, cpu, program, memory, flags) {
  const common = [`-mcpu=${cpu}`, "-mthumb", "-O2", "-ffunction-sections", "-fdata-sections", "-w", "-DNDEBUG"];
  const paths = [`-I${OUT}`, `-I${join(OUT, program)}`, `-I${SOURCES}`, "-I/usr/share/wabt/wasm2c"];
  const sources = [join(OUT, program, "core.c"), join(SOURCES, `${program}.c`), join(SOURCES, "startup.c")];
  const linked = ["--specs=nano.specs", "-nostartfiles", "-T", join(SOURCES, "link.ld"), "-Wl,--gc-sections"];
  run(
    "arm-none-eabi-gcc",
    ...common,
    `-DCORE_MEMORY=${memory}`,
    ...flags,
    ...paths,
    ...sources,
    ...linked,
    "-lm",
    "-o",
    name,
  );
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

function translate(program, wasm) {
  const folder = join(OUT, program);
  mkdirSync(folder, { recursive: true });
  run("wasm2c", "--module-name=core", wasm, "-o", join(folder, "core.c"));
  copyFileSync("/usr/include/wasm-rt.h", join(OUT, "wasm-rt.h"));
}

/** What the linear memory of the meter holds, which is nearly all of bss. */
function ramShow(sizes) {
  const table = new Table({
    head: ["RAM of one meter", "octets"],
    colAligns: ["left", "right"],
    style: { head: [], border: [] },
  });
  const beside = sizes.whole - sizes.rows;
  const rows = [
    ["constants, scratch, exchange regions, layout", sizes.shared - sizes.image],
    ["image of the template", sizes.image],
    ["block without rows", sizes.block - sizes.rows],
    [`together (goal ${RAM_MAX.toLocaleString("en-US")}: ${beside <= RAM_MAX ? "met" : "MISSED"})`, beside],
    ["rows of the profiles", sizes.rows],
  ];
  for (const [what, octets] of rows) table.push([what, octets.toLocaleString("en-US")]);
  console.log(table.toString());
}

async function main() {
  const missing = packagesMissing();
  if (missing.length > 0) {
    console.log(`skipped: ${missing.join(", ")} cannot be installed here (apt-get install ${missing.join(" ")})`);
    return;
  }
  mkdirSync(OUT, { recursive: true });
  await buildEntry("testing_bench.ts");
  const wasm = join(ROOT, "build/core.suite0.wasm");
  const sizes = await memorySize(wasm);
  execFileSync(process.execPath, [join(ROOT, "dist-bench/bench/targets/record.js"), join(OUT, "session.h")], {
    cwd: ROOT,
  });
  translate("main", wasm);
  translate("seal", join(ROOT, "build/testing_bench.wasm"));
  const columns = [];
  for (const [boardName, [cpu, board]] of Object.entries(BOARDS)) {
    for (const [build, flags] of Object.entries(BUILDS)) {
      const meter = `main-${cpu}-${build}.elf`;
      const seal = `seal-${cpu}-${build}.elf`;
      const linked = link(meter, cpu, "main", sizes.whole, flags);
      link(seal, cpu, "seal", SEAL_MEMORY, flags);
      columns.push({
        title: `${boardName}, ${build}`,
        linked,
        figures: new Map([...emulate(meter, board), ...emulate(seal, board)]),
      });
    }
  }
  const table = new Table({
    head: ["", ...columns.map((column) => column.title)],
    colAligns: ["left", ...columns.map(() => "right")],
    style: { head: [], border: [] },
  });
  for (const part of ["text", "data", "bss"])
    table.push([`${part}, octets`, ...columns.map((c) => c.linked[part].toLocaleString("en-US"))]);
  for (const figure of columns[0].figures.keys()) {
    table.push([`${figure}, instructions`, ...columns.map((c) => c.figures.get(figure).toLocaleString("en-US"))]);
  }
  console.log(table.toString());
  ramShow(sizes);
}

try {
  await main();
} catch (error) {
  process.stderr.write(`targets: ${error.message}\n`);
  process.exitCode = 1;
}
