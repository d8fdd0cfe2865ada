// Runs the benchmarks of bench/, which the build has compiled; what they need of the core's inside is built here.
import { spawn } from "node:child_process";
import { join } from "node:path";
import { buildEntry } from "./entries.mjs";
import { nativeBuild } from "./native.mjs";
import { ROOT } from "./steps.mjs";

try {
  await buildEntry("testing_bench.ts");
  await buildEntry("testing_bench.ts", true);
  await buildEntry("testing_layout.ts");
  if (process.argv.includes("--native")) nativeBuild();
} catch (error) {
  process.stderr.write(`bench: ${error.message}\n`);
  process.exit(1);
}
const main = join(ROOT, "dist-bench/bench/main.js");
const child = spawn(process.execPath, [main, ...process.argv.slice(2)], { cwd: ROOT, stdio: "inherit" });
child.on("exit", (code) => (process.exitCode = code ?? 1));
