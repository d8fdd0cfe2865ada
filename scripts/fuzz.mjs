// Runs the fuzz targets of test/fuzz/, compiled when they or what they use have changed.
import { spawn } from "node:child_process";
import { cpSync, mkdirSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { buildEntry } from "./entries.mjs";
import { filesBelow, requireNode, ROOT, runStep } from "./steps.mjs";

const OUT = "build/fuzz";
const FOLDERS = ["host", "test/vectors"];

/** Compiles the targets with the host and the tests they build on, and puts the JSON documents beside them. */
async function compile() {
  rmSync(join(ROOT, OUT), { recursive: true, force: true });
  await requireNode("node_modules/typescript/bin/tsc", ["-p", "tsconfig.fuzz.json"], "tsc of the fuzz targets");
  for (const path of FOLDERS.flatMap(filesBelow).filter((name) => name.endsWith(".json"))) {
    mkdirSync(dirname(join(ROOT, OUT, path)), { recursive: true });
    cpSync(join(ROOT, path), join(ROOT, OUT, path));
  }
}

try {
  await requireNode("scripts/build.mjs", ["--quiet"], "the build");
  for (const entry of ["testing_wire.ts", "testing_pki.ts"]) await buildEntry(entry);
  await runStep({
    name: "fuzz",
    inputs: ["host", "test", "tsconfig.json", "tsconfig.build.json", "tsconfig.fuzz.json"],
    outputs: [`${OUT}/test/fuzz/main.js`],
    run: compile,
  });
} catch (error) {
  process.stderr.write(`fuzz: ${error.message}\n`);
  process.exit(2);
}
const main = join(ROOT, OUT, "test/fuzz/main.js");
const child = spawn(process.execPath, [main, ...process.argv.slice(2)], { cwd: ROOT, stdio: "inherit" });
child.on("exit", (code) => (process.exitCode = code ?? 2));
