// Compiles assembly/testing*.ts to build/testing*.wasm: entries to the core's inside for tests and benchmarks, never shipped.
import { readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { wasmProblems } from "./check_wasm.mjs";
import { CORES, SIMD_ARGS } from "./cores.mjs";
import { releaseCompile } from "./release.mjs";
import { filesBelow, requireNode, ROOT, runStep } from "./steps.mjs";

const ASC = "node_modules/assemblyscript/bin/asc.js";
const ENTRY = /^testing[^/]*\.ts$/;

/** The benchmarks time the code that is shipped, so their entry is compiled like it. */
const LIKE_RELEASE = "testing_bench.ts";

/** Names of all entries. */
export function entryNames() {
  return readdirSync(join(ROOT, "assembly")).filter((name) => ENTRY.test(name));
}

/** Entries whose code has kernels for SIMD: they are compiled for that as well. */
export const SIMD_ENTRIES = ["testing_bench.ts", "testing_crypto.ts", "testing_link.ts"];

/** Builds one entry unless it is fresh; throws when it breaks a promise of the core. */
export async function buildEntry(entry, simd = false) {
  const out = `build/${basename(entry, ".ts")}${simd ? ".simd" : ""}.wasm`;
  const args = [`assembly/${entry}`, "--config", "asconfig.testing.json", ...(simd ? SIMD_ARGS : [])];
  await runStep({
    name: simd ? `${entry} simd` : entry,
    inputs: [
      ...filesBelow("assembly").filter((path) => !path.includes("__tests__")),
      "asconfig.json",
      "asconfig.testing.json",
      "package-lock.json",
      "scripts/release.mjs",
      "scripts/constants.mjs",
      "scripts/statics.mjs",
    ],
    outputs: [out],
    run: () =>
      entry === LIKE_RELEASE
        ? releaseCompile(args, out, { aim: CORES[simd ? "simd" : "scalar"].aim })
        : requireNode(ASC, [...args, "--outFile", out], `asc ${entry}`),
  });
  // The check sequence has a way of its own there, in which nothing is a vector.
  const problems = wasmProblems(readFileSync(join(ROOT, out)), simd, false);
  if (problems.length > 0) throw new Error(`${out}: ${problems.join("; ")}`);
}
