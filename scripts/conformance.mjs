// Runs the conformance test cases of test/conformance/, compiled when they or the client have changed.
import { spawn } from "node:child_process";
import { cpSync, mkdirSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { filesBelow, requireNode, ROOT, runStep } from "./steps.mjs";

const OUT = "build/conformance";

/** Compiles the runner with the client, and puts the JSON documents beside them. */
async function compile() {
  rmSync(join(ROOT, OUT), { recursive: true, force: true });
  await requireNode(
    "node_modules/typescript/bin/tsc",
    ["-p", "tsconfig.conformance.json"],
    "tsc of the conformance runner",
  );
  for (const path of filesBelow("host").filter((name) => name.endsWith(".json"))) {
    mkdirSync(dirname(join(ROOT, OUT, path)), { recursive: true });
    cpSync(join(ROOT, path), join(ROOT, OUT, path));
  }
}

try {
  await runStep({
    name: "conformance",
    inputs: ["host", "test/conformance", "tsconfig.json", "tsconfig.build.json", "tsconfig.conformance.json"],
    outputs: [`${OUT}/test/conformance/main.js`],
    run: compile,
  });
} catch (error) {
  process.stderr.write(`conformance: ${error.message}\n`);
  process.exit(2);
}
const main = join(ROOT, OUT, "test/conformance/main.js");
const child = spawn(process.execPath, [main, ...process.argv.slice(2)], { stdio: "inherit" });
child.on("exit", (code) => (process.exitCode = code ?? 2));
