// Builds what is shipped, build/core.wasm and dist/; with `--suite0` also build/core.suite0.wasm, the core without elliptic curves, and
// with `--bench` the benchmarks in dist-bench/. Steps whose inputs have not changed are skipped. `--quiet` prints nothing unless
// something has to be built.
import { cpSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { sizesForget, sizesWrite } from "./budget.mjs";
import { CORE_SIZE_MAX, SUITE0_SIZE_MAX, wasmCheck } from "./check_wasm.mjs";
import { releaseCompile } from "./release.mjs";
import { filesBelow, isFresh, requireNode, ROOT, runStep } from "./steps.mjs";

const ASC = "node_modules/assemblyscript/bin/asc.js";
const TSC = "node_modules/typescript/bin/tsc";
const TOOLS = ["package.json", "package-lock.json", "scripts"];

/** Sources of the core; tests and their entries are not part of it. */
function coreSources() {
  return filesBelow("assembly").filter((path) => !path.includes("__tests__") && !/\/testing[^/]*\.ts$/.test(path));
}

/** With BUILD_QUICK=1 the core is hardly optimized, in half the time: for work on it, never for what is measured or shipped. */
const QUICK = process.env.BUILD_QUICK === "1";
const CORE = "build/core.wasm";
/** What was built quickly has no sizes, so it is never taken for a release. */
const CORE_OUTPUTS = QUICK ? [CORE] : [CORE, "build/core.sizes.json"];
const SUITE0 = "build/core.suite0.wasm";

/** Compiles the core for release, with what `npm run sizes` and the test of the budget tell of it beside it. */
async function buildRelease(args, wasm, options) {
  const made = await releaseCompile(args, wasm, options);
  if (/\bWARNING\b/.test(made.text)) process.stderr.write(made.text);
  sizesWrite(wasm, made);
}

async function buildCore() {
  if (QUICK) {
    const text = await requireNode(ASC, ["--target", "quick"], "asc");
    if (/\bWARNING\b/.test(text)) process.stderr.write(text);
    sizesForget(CORE);
  } else {
    await buildRelease([], CORE, {});
  }
  wasmCheck(join(ROOT, CORE), QUICK ? Infinity : CORE_SIZE_MAX);
}

/** The core for suite 0 alone: base/suites.ts sees the name, and nothing behind ELLIPTIC is compiled; size before speed. */
async function buildSuite0() {
  await buildRelease(["--use", "CORE_SUITE_MAX=0"], SUITE0, { small: true });
  wasmCheck(join(ROOT, SUITE0), SUITE0_SIZE_MAX);
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
  { name: "core", inputs: [...coreSources(), "asconfig.json", ...TOOLS], outputs: CORE_OUTPUTS, run: buildCore },
  {
    name: "dist",
    inputs: ["host", "tsconfig.json", "tsconfig.build.json", ...TOOLS],
    outputs: ["dist/cli/main.js"],
    run: () => buildHost("tsconfig.build.json", "dist", "."),
  },
];

const suite0 = process.argv.includes("--suite0");
if (suite0) {
  const inputs = [...coreSources(), "asconfig.json", ...TOOLS];
  steps.push({ name: "core.suite0", inputs, outputs: [SUITE0], run: buildSuite0 });
}

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
    const size = readFileSync(join(ROOT, CORE)).length;
    const block = await blockSize();
    console.log(`core.wasm ${size} octets; a meter's block of the default template ${block} octets`);
    if (suite0) console.log(`core.suite0.wasm ${readFileSync(join(ROOT, SUITE0)).length} octets`);
  }
} catch (error) {
  process.stderr.write(`build: ${error.message}\n`);
  process.exitCode = 1;
}
