// The builds of the core, and how each is made: `node scripts/cores.mjs NAME` makes one, so that several can be made side by side.
import { basename, join } from "node:path";
import { pathToFileURL } from "node:url";
import { sizesForget, sizesPath, sizesWrite } from "./budget.mjs";
import { CORE_SIZE_MAX, SIMD_SIZE_MAX, SUITE0_SIZE_MAX, wasmCheck } from "./check_wasm.mjs";
import { releaseCompile } from "./release.mjs";
import { filesBelow, requireNode, ROOT } from "./steps.mjs";

/** What tells the compiler that kernels for SIMD are wanted (ASC_FEATURE_SIMD in the sources). */
export const SIMD_ARGS = ["--enable", "simd"];

/**
 * The core for every engine; that for engines with SIMD, which are on hosts with room for speed; and that for suite 0 alone, size before
 * speed: base/suites.ts sees the name, and nothing behind ELLIPTIC is compiled, nor the features of base/features.ts.
 */
export const CORES = {
  scalar: { wasm: "build/core.wasm", args: [], sizeMax: CORE_SIZE_MAX },
  simd: { wasm: "build/core.simd.wasm", args: SIMD_ARGS, sizeMax: SIMD_SIZE_MAX, simd: true, aim: "speed" },
  suite0: {
    wasm: "build/core.suite0.wasm",
    args: ["--use", "CORE_SUITE_MAX=0"],
    sizeMax: SUITE0_SIZE_MAX,
    aim: "size",
  },
};

/** With BUILD_QUICK=1 a core is hardly optimized, in half the time: for work on it, never for what is measured or shipped. */
export const QUICK = process.env.BUILD_QUICK === "1";

/** That for suite 0 is about its size, so there is no quick one. */
const isQuick = (core) => QUICK && core.aim !== "size";

/** Sources of the core; tests and their entries are not part of it. */
function sources() {
  return filesBelow("assembly").filter((path) => !path.includes("__tests__") && !/\/testing[^/]*\.ts$/.test(path));
}

/** The build step of the core `name`. What was built quickly has no sizes, so it is never taken for a release. */
export function coreStep(name) {
  const core = CORES[name];
  return {
    name: basename(core.wasm, ".wasm"),
    inputs: [...sources(), "asconfig.json", "package.json", "package-lock.json", "scripts"],
    outputs: isQuick(core) ? [core.wasm] : [core.wasm, sizesPath(core.wasm).slice(ROOT.length + 1)],
    async run() {
      const text = await requireNode("scripts/cores.mjs", [name], core.wasm);
      if (text !== "") process.stderr.write(text);
    },
  };
}

/** Makes it, with what `npm run sizes` and the test of the budget tell of it beside it; prints warnings of the compiler. */
async function coreMake(core) {
  const { wasm, args, aim } = core;
  let text;
  if (isQuick(core)) {
    text = await requireNode(
      "node_modules/assemblyscript/bin/asc.js",
      ["--target", "quick", ...args, "--outFile", wasm],
      `asc ${args.join(" ")}`,
    );
    sizesForget(wasm);
  } else {
    const made = await releaseCompile(args, wasm, { aim });
    sizesWrite(wasm, made);
    text = made.text;
  }
  if (/\bWARNING\b/.test(text)) process.stdout.write(text);
  wasmCheck(join(ROOT, wasm), isQuick(core) ? Infinity : core.sizeMax, core.simd);
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  try {
    await coreMake(CORES[process.argv[2]]);
  } catch (error) {
    process.stderr.write(`${error.message}\n`);
    process.exitCode = 1;
  }
}
