// The promises a built core must keep: it reaches nothing but the memory it is given, keeps no state outside it, and needs no more of its
// engine than the MVP, bulk memory and, where it is built for that, SIMD.
import { readFileSync } from "node:fs";
import binaryen from "binaryen";
import { stateGlobals } from "./wasm_state.mjs";

/** Largest cores, which are their goals: the one with suites 0 to 2, and the one with suite 0 alone for targets of little room. */
export const CORE_SIZE_MAX = 192 * 1024;
/** That for SIMD has kernels of its own, and is optimized for speed: it runs on hosts only. */
export const SIMD_SIZE_MAX = 260 * 1024;
export const SUITE0_SIZE_MAX = 128 * 1024;

/** Functions that the text of a module runs when it is instantiated. */
function startProblems(text) {
  return /^\s*\(start\b/m.test(text) ? ["it has a start function: a table is computed instead of written out"] : [];
}

function importProblems(module) {
  const imports = WebAssembly.Module.imports(module);
  const others = imports.filter(
    (entry) => entry.module !== "env" || entry.name !== "memory" || entry.kind !== "memory",
  );
  const problems = others.map((entry) => `it imports ${entry.module}.${entry.name}`);
  return imports.length - others.length === 1 ? problems : [...problems, "it does not import env.memory"];
}

/** One that changes is the meter of a call (scripts/meter_global.mjs), which each call finds anew: that is no state. */
function globalProblems(text) {
  return stateGlobals(text).map(
    (name) => `global ${name} is state outside the block: a call may find what another has left in it`,
  );
}

function featureProblems(text, simd, needed) {
  const found = [];
  const has = /\bv128\b/.test(text);
  if (/\bmemory\.grow\b/.test(text)) found.push("it grows its memory");
  if (has && !simd) found.push("it uses SIMD");
  if (!has && needed) found.push("it uses no SIMD, which it is built for");
  if (/\.trunc_sat_|\.extend(8|16|32)_s\b/.test(text)) found.push("it uses operations beyond the MVP and bulk memory");
  return found;
}

/** What is wrong with the module in `octets`, one sentence each; `simd`: it is built for engines with SIMD; `needed`: and has to use it. */
export function wasmProblems(octets, simd = false, needed = simd) {
  const module = new WebAssembly.Module(octets);
  const ir = binaryen.readBinary(octets);
  const text = ir.emitText();
  const problems = [
    ...importProblems(module),
    ...globalProblems(text),
    ...featureProblems(text, simd, needed),
    ...startProblems(text),
  ];
  ir.dispose();
  return problems;
}

/** Throws unless the file at `path` keeps every promise and has `sizeMax` octets at most; returns its size in octets. */
export function wasmCheck(path, sizeMax, simd = false) {
  const octets = readFileSync(path);
  const problems = wasmProblems(octets, simd);
  if (octets.length > sizeMax) problems.push(`it has ${octets.length} octets, more than ${sizeMax}`);
  if (problems.length > 0) throw new Error(`${path}: ${problems.join("; ")}`);
  return octets.length;
}
