// A build step runs when the fingerprint of its inputs differs from the one its last success left behind. A fingerprint
// holds every name, size and time stamp, so that a file that has gone counts as a change too.
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

export const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
const STAMPS = join(ROOT, "build/stamps.json");

/** All files below `path` (or `path` itself), sorted; an absent path gives none. */
export function filesBelow(path) {
  const absolute = join(ROOT, path);
  if (!existsSync(absolute)) return [];
  if (statSync(absolute).isFile()) return [path];
  const entries = readdirSync(absolute, { withFileTypes: true });
  return entries.flatMap((entry) => (entry.name === "node_modules" ? [] : filesBelow(join(path, entry.name)))).sort();
}

function fingerprint(paths) {
  const hash = createHash("sha256");
  for (const path of paths.flatMap(filesBelow)) {
    const { size, mtimeMs } = statSync(join(ROOT, path));
    hash.update(`${path} ${size} ${mtimeMs}\n`);
  }
  return hash.digest("hex");
}

function stamps() {
  try {
    return JSON.parse(readFileSync(STAMPS, "utf8"));
  } catch {
    return {};
  }
}

/** Whether a step's outputs are there and were made from its inputs as they are now. */
export function isFresh(step) {
  return step.outputs.every((path) => existsSync(join(ROOT, path))) && stamps()[step.name] === fingerprint(step.inputs);
}

/** Records that the step's outputs belong to `print`, its inputs' fingerprint from before it ran. */
function stamp(step, print) {
  mkdirSync(dirname(STAMPS), { recursive: true });
  writeFileSync(STAMPS, JSON.stringify({ ...stamps(), [step.name]: print }, undefined, 1));
}

/** Runs a step that is not fresh; throws what it throws. Returns whether it ran. */
export async function runStep(step) {
  if (isFresh(step)) return false;
  const print = fingerprint(step.inputs);
  await step.run();
  stamp(step, print);
  return true;
}

/** Runs a program of node_modules (or any script) under this Node; resolves to {code, text} with all it printed. */
export function runNode(script, args, { echo = false, env = {}, cwd = ROOT } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [join(ROOT, script), ...args], {
      cwd,
      env: { ...process.env, ...env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let text = "";
    const take = (chunk, to) => {
      text += chunk;
      if (echo) to.write(chunk);
    };
    child.stdout.on("data", (chunk) => take(chunk, process.stdout));
    child.stderr.on("data", (chunk) => take(chunk, process.stderr));
    child.on("error", reject);
    child.on("close", (code) => resolve({ code: code ?? 1, text }));
  });
}

/** As runNode(), but a failure throws with everything that was printed. */
export async function requireNode(script, args, what, cwd = ROOT) {
  const { code, text } = await runNode(script, args, { cwd });
  if (code !== 0) throw new Error(`${what} failed\n${text.trim()}`);
  return text;
}
