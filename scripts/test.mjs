// Runs every check and ends with "N passed, N failed". A check that is not a test runner counts as one test.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { buildEntry, entryNames, SIMD_ENTRIES } from "./entries.mjs";
import { requireNode, ROOT, runNode } from "./steps.mjs";

const VITEST_REPORT = "build/vitest.json";

let passed = 0;
let failed = 0;

/** Runs one check and prints how long it took; what it throws is printed, and counted as a failure. */
async function check(name, run) {
  const begin = performance.now();
  let note = "";
  try {
    const counts = (await run()) ?? { passed: 1, failed: 0 };
    passed += counts.passed;
    failed += counts.failed;
    note = counts.failed > 0 ? `FAILED (${counts.failed})` : `ok (${counts.passed})`;
  } catch (error) {
    failed++;
    note = "FAILED";
    console.log(error.message);
  }
  console.log(`${name}: ${note}, ${((performance.now() - begin) / 1000).toFixed(1)} s`);
}

async function build() {
  const text = await requireNode("scripts/build.mjs", ["--bench", "--suite0"], "the build");
  process.stdout.write(text);
}

async function lint() {
  await requireNode("node_modules/eslint/bin/eslint.js", ["."], "eslint");
  await requireNode("node_modules/prettier/bin/prettier.cjs", ["--check", "."], "prettier");
}

async function typecheck() {
  await requireNode("node_modules/typescript/bin/tsc", ["-p", "tsconfig.json"], "tsc");
  await requireNode("node_modules/typescript/bin/tsc", ["-p", "assembly/tsconfig.json"], "tsc of the core");
}

async function buildEntries() {
  const entries = entryNames();
  for (const entry of entries) await buildEntry(entry);
  for (const entry of SIMD_ENTRIES) await buildEntry(entry, true);
  return { passed: entries.length + SIMD_ENTRIES.length, failed: 0 };
}

/** The counts of as-pect's summary, which ends well when it finds no test at all. */
async function aspect() {
  const { code, text } = await runNode("node_modules/@as-pect/cli/bin/asp.js", ["--no-logo", "--summary"]);
  const counts = /\[Tests\]: (\d+) \/ (\d+)/.exec(text.replace(/\x1b\[\d+m/g, ""));
  const good = Number(counts?.[1] ?? 0);
  const all = Number(counts?.[2] ?? 0);
  if (code !== 0 || good !== all) console.log(text.trim());
  if (all === 0) throw new Error("as-pect found no test");
  return { passed: good, failed: Math.max(all - good, code === 0 ? 0 : 1) };
}

/** The proof of test/ct, a case a test, where its tools are installed; it says what is missing and nothing is counted. */
function constantTime() {
  const { status, stdout, stderr } = spawnSync("sh", ["test/ct/run.sh", "--no-install"], {
    cwd: ROOT,
    encoding: "utf8",
  });
  const text = `${stdout ?? ""}${stderr ?? ""}`.trim();
  if (status === 3) {
    console.log(text);
    return { passed: 0, failed: 0 };
  }
  const good = text.match(/ ok \(/g)?.length ?? 0;
  const bad = text.match(/ FAILED \(/g)?.length ?? 0;
  if (status !== 0) console.log(text);
  return { passed: good, failed: Math.max(bad, status === 0 && good > 0 ? 0 : 1) };
}

async function vitest() {
  const report = join(ROOT, VITEST_REPORT);
  rmSync(report, { force: true });
  const args = ["run", "--reporter=default", "--reporter=json", `--outputFile.json=${VITEST_REPORT}`];
  const { code, text } = await runNode("node_modules/vitest/vitest.mjs", args);
  if (code !== 0) console.log(text.trim());
  if (!existsSync(report)) throw new Error("vitest left no report");
  const result = JSON.parse(readFileSync(report, "utf8"));
  const skipped = result.numPendingTests + result.numTodoTests;
  if (skipped > 0) console.log(`vitest: ${skipped} skipped or still to be written`);
  if (result.numPassedTests + result.numFailedTests === 0) throw new Error("vitest found no test");
  printSlow(result);
  return { passed: result.numPassedTests, failed: Math.max(result.numFailedTests, code === 0 ? 0 : 1) };
}

/** Names the test files that take longest: where to look when the whole takes too long. */
function printSlow(result) {
  const times = result.testResults.map((file) => ({
    name: file.name.slice(ROOT.length + 1),
    seconds: (file.endTime - file.startTime) / 1000,
  }));
  const slow = times.filter((file) => file.seconds >= 2).sort((a, b) => b.seconds - a.seconds);
  for (const file of slow.slice(0, 5)) console.log(`  ${file.seconds.toFixed(1)} s ${file.name}`);
}

mkdirSync(join(ROOT, "build"), { recursive: true });
await check("build", build);
await check("lint", lint);
await check("typecheck", typecheck);
await check("test entries", buildEntries);
await check("as-pect", aspect);
await check("constant time", constantTime);
await check("vitest", vitest);
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed > 0 ? 1 : 0;
