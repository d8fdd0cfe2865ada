// Builds what is shipped: build/core.wasm, build/core.simd.wasm for engines with SIMD, and dist/; with `--suite0` also
// build/core.suite0.wasm, the core without elliptic curves, and with `--bench` the benchmarks in dist-bench/. With `--start` only the core
// that this engine runs; with BUILD_QUICK=1 that for SIMD only if `--simd` asks for it. Steps whose inputs have not changed are skipped.
// `--quiet` prints nothing unless something has to be built.
import { cpSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { sizesForget } from "./budget.mjs";
import { CORES, coreStep, QUICK } from "./cores.mjs";
import { filesBelow, isFresh, requireNode, ROOT, runStep } from "./steps.mjs";

const TSC = "node_modules/typescript/bin/tsc";
const TOOLS = ["package.json", "package-lock.json", "scripts"];

/** The least module with a v128: valid where the engine has SIMD. host/core_kind.ts asks the same. */
const SIMD_PROBE = Buffer.from("AGFzbQEAAAABBQFgAAF7AwIBAAoIAQYAQQD9Dws=", "base64");

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

const asked = (flag) => process.argv.includes(flag);

/** Names of the cores to build. */
function coresWanted() {
  if (asked("--start")) return [WebAssembly.validate(SIMD_PROBE) ? "simd" : "scalar"];
  const simd = !QUICK || asked("--simd") ? ["simd"] : [];
  return ["scalar", ...simd, ...(asked("--suite0") ? ["suite0"] : [])];
}

const wanted = coresWanted();
const steps = [
  ...wanted.map(coreStep),
  {
    name: "dist",
    inputs: ["host", "tsconfig.json", "tsconfig.build.json", ...TOOLS],
    outputs: ["dist/cli/main.js"],
    run: () => buildHost("tsconfig.build.json", "dist", "."),
  },
];

/** Nobody shall run a core that is older than its sources: what is not built now and would have to be is taken away. */
function staleRemove() {
  for (const name of Object.keys(CORES)) {
    const { wasm } = CORES[name];
    if (wanted.includes(name) || isFresh(coreStep(name))) continue;
    rmSync(join(ROOT, wasm), { force: true });
    sizesForget(wasm);
  }
}

if (asked("--bench") && existsSync(join(ROOT, "bench/main.ts"))) {
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

try {
  if (steps.some((step) => !isFresh(step))) process.stderr.write("building (some seconds, only after a change)\n");
  staleRemove();
  // Side by side: each core is compiled by a process of its own.
  await Promise.all(steps.map(runStep));
  if (!asked("--quiet")) {
    for (const { wasm } of wanted.map((name) => CORES[name])) {
      console.log(`${wasm} ${readFileSync(join(ROOT, wasm)).length} octets`);
    }
    console.log(`a meter's block of the default template ${await blockSize()} octets`);
  }
} catch (error) {
  process.stderr.write(`build: ${error.message}\n`);
  process.exitCode = 1;
}
