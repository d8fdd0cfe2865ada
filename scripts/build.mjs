// Builds what is shipped, build/core.wasm and dist/, and with `--bench` the benchmarks in dist-bench/. Steps whose inputs
// have not changed are skipped. `--quiet` prints nothing unless something has to be built.
import { cpSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { wasmCheck } from "./check_wasm.mjs";
import { filesBelow, isFresh, requireNode, ROOT, runStep } from "./steps.mjs";

const ASC = "node_modules/assemblyscript/bin/asc.js";
const TSC = "node_modules/typescript/bin/tsc";
const TOOLS = ["package.json", "package-lock.json", "scripts"];

/** Sources of the core; tests and their entries are not part of it. */
function coreSources() {
  return filesBelow("assembly").filter((path) => !path.includes("__tests__") && !/\/testing[^/]*\.ts$/.test(path));
}

async function buildCore() {
  const built = await requireNode(ASC, ["--target", "release"], "asc");
  if (/\bWARNING\b/.test(built)) process.stderr.write(built);
  wasmCheck(join(ROOT, "build/core.wasm"));
}

/** Compiles host sources with `config`, puts the JSON documents beside them, and only then takes the place of `out`. */
async function buildHost(config, out, hostIn) {
  const made = `${out}.${process.pid}`;
  try {
    await requireNode(TSC, ["-p", config, "--outDir", made], `tsc -p ${config}`);
    for (const path of filesBelow("host").filter((name) => name.endsWith(".json"))) {
      const target = join(ROOT, made, hostIn, path.slice("host/".length));
      mkdirSync(dirname(target), { recursive: true });
      cpSync(join(ROOT, path), target);
    }
    rmSync(join(ROOT, out), { recursive: true, force: true });
    renameSync(join(ROOT, made), join(ROOT, out));
  } finally {
    rmSync(join(ROOT, made), { recursive: true, force: true });
  }
}

const steps = [
  { name: "core", inputs: [...coreSources(), "asconfig.json", ...TOOLS], outputs: ["build/core.wasm"], run: buildCore },
  {
    name: "dist",
    inputs: ["host", "tsconfig.json", "tsconfig.build.json", ...TOOLS],
    outputs: ["dist/cli/main.js"],
    run: () => buildHost("tsconfig.build.json", "dist", "."),
  },
];

if (process.argv.includes("--bench") && existsSync(join(ROOT, "bench/main.ts"))) {
  steps.push({
    name: "dist-bench",
    inputs: ["host", "bench", "tsconfig.json", "tsconfig.build.json", "tsconfig.bench.json", ...TOOLS],
    outputs: ["dist-bench/bench/main.js"],
    run: () => buildHost("tsconfig.bench.json", "dist-bench", "host"),
  });
}

/** Octets of a block of the default template, as the core plans it. */
async function blockSize() {
  const load = (path) => import(pathToFileURL(join(ROOT, "dist", path)).href);
  const { Core } = await load("core.js");
  const { coreOctets } = await load("files.js");
  const { templateLoad } = await load("template/load.js");
  return new Core(coreOctets()).plan(templateLoad().image).blockSize;
}

const quiet = process.argv.includes("--quiet");
try {
  if (steps.some((step) => !isFresh(step))) process.stderr.write("building (some seconds, only after a change)\n");
  for (const step of steps) await runStep(step);
  if (!quiet) {
    const size = readFileSync(join(ROOT, "build/core.wasm")).length;
    const block = await blockSize();
    console.log(`core.wasm ${size} octets; a meter's block of the default template ${block} octets`);
  }
} catch (error) {
  process.stderr.write(`build: ${error.message}\n`);
  process.exitCode = 1;
}
