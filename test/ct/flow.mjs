// What a build with SIMD has of its own cannot be proved under valgrind, for wasm2c does not translate vectors (run.sh). So this reads
// the functions of the crypto room that compute with vectors, compiled as core.simd.wasm is, and follows every value: what comes out of
// memory, a call or a wide parameter counts as secret, and so does all that is made of it. No condition, no address and no narrow operand
// of a call may be. That is stricter than needed. Narrow parameters count as public: that nobody calls with a secret in them is for the
// reader to see.
//
//   node test/ct/flow.mjs
//
// Controls that leak on purpose must be found, or the check proves its own blindness and fails.
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import binaryen from "binaryen";
import { SIMD_ARGS } from "../../scripts/cores.mjs";
import { releaseCompile } from "../../scripts/release.mjs";
import { ROOT } from "../../scripts/steps.mjs";

/**
 * Functions with vectors that compute (zeros stored to wipe are vectors too), and the offsets of the words in them that anybody may know:
 * the end of the IV in `Gcm`, and in `AesKey` how many rounds a key of its size has.
 */
const VECTORS = new Map([
  ["gcm/Gcm#keystream", [8, 0]],
  ["aes_bits/AesBits.ortho<v128>", []],
  ["ghash/GhashKey#absorb", []],
]);
const CONTROLS = ["testing_crypto/leakyEqual", "testing_crypto/leakyWork"];

/** Operands of each kind of expression, and which of them may not be secret. */
const KINDS = new Map(
  [
    ["Block", "children"],
    ["If", "condition ifTrue ifFalse", "condition"],
    ["Loop", "body"],
    ["Break", "value condition", "condition"],
    ["Switch", "value condition", "condition"],
    ["Call", "operands"],
    ["LocalGet", ""],
    ["LocalSet", "value"],
    ["GlobalGet", ""],
    ["GlobalSet", "value"],
    ["Load", "ptr", "ptr"],
    ["Store", "ptr value", "ptr"],
    ["Const", ""],
    ["Unary", "value"],
    ["Binary", "left right"],
    ["Select", "ifTrue ifFalse condition", "condition"],
    ["Drop", "value"],
    ["Return", "value"],
    ["Nop", ""],
    ["Unreachable", ""],
    ["MemoryCopy", "dest source size", "dest source size"],
    ["MemoryFill", "dest value size", "dest size"],
    ["SIMDExtract", "vec"],
    ["SIMDReplace", "vec value"],
    ["SIMDShuffle", "left right"],
    ["SIMDTernary", "a b c"],
    ["SIMDShift", "vec shift"],
    ["SIMDLoad", "ptr", "ptr"],
    ["SIMDLoadStoreLane", "ptr vec", "ptr"],
  ].map(([name, operands, open = ""]) => [
    binaryen[`${name}Id`],
    { name, operands: operands.split(" ").filter(Boolean), open: open.split(" ").filter(Boolean) },
  ]),
);
const SOURCES = ["Load", "SIMDLoad", "SIMDLoadStoreLane", "Call"];

/** Whether it loads one of the words that are public. */
function isPublicLoad({ type, bytes, offset }, words) {
  return type === binaryen.i32 && bytes === 4 && words.includes(offset);
}

/** What a function that is called would take for public. */
function isNarrow(ref) {
  return binaryen.getExpressionInfo(ref).type === binaryen.i32;
}

/** Places in a function where a condition or an address is made of what may be secret. */
function leaks(func, words) {
  const { params, body } = binaryen.getFunctionInfo(func);
  const secret = new Set(binaryen.expandType(params).flatMap((type, index) => (type === binaryen.i32 ? [] : [index])));
  let found;
  const isSecret = (ref) => {
    if (!ref) return false;
    const info = binaryen.getExpressionInfo(ref);
    const kind = KINDS.get(info.id);
    if (kind === undefined) throw new Error(`an expression of kind ${info.id} is not known here`);
    const marks = new Map(kind.operands.map((name) => [name, [info[name]].flat().map(isSecret).some(Boolean)]));
    for (const name of kind.open) if (marks.get(name)) found.push(`${kind.name}: ${name}`);
    if (kind.name === "Call" && info.operands.some((operand) => isNarrow(operand) && isSecret(operand))) {
      found.push("Call: a narrow operand");
    }
    if (kind.name === "LocalGet") return secret.has(info.index);
    const from = SOURCES.includes(kind.name) && !(kind.name === "Load" && isPublicLoad(info, words));
    const any = from || [...marks.values()].some(Boolean);
    if (kind.name === "LocalSet" && any) secret.add(info.index);
    return any;
  };
  // A loop may bring a secret to a local that was read before: again until nothing is new.
  for (let known = -1; known !== secret.size;) {
    known = secret.size;
    found = [];
    isSecret(body);
  }
  return found;
}

/** The function of a module whose name ends so. */
function functionNamed(module, name) {
  for (let i = 0; i < module.getNumFunctions(); i++) {
    const func = module.getFunctionByIndex(i);
    if (binaryen.getFunctionInfo(func).name.endsWith(`/${name}`)) return func;
  }
  throw new Error(`${name} is not a function of its own any more: look where its vectors are now`);
}

mkdirSync(join(ROOT, "build/ct"), { recursive: true });
const args = ["assembly/testing_crypto.ts", "--config", "asconfig.testing.json", ...SIMD_ARGS];
const { named } = await releaseCompile(args, "build/ct/simd.wasm", { aim: "speed" });
const module = binaryen.readBinary(named);
module.setFeatures(binaryen.Features.All);
let wrong = 0;
for (const name of [...VECTORS.keys(), ...CONTROLS]) {
  const found = leaks(functionNamed(module, name), VECTORS.get(name) ?? []);
  const good = found.length === 0 || CONTROLS.includes(name);
  if (!good || (CONTROLS.includes(name) && found.length === 0)) wrong++;
  console.log(`${name.padEnd(34)} ${found.length === 0 ? "nothing" : found.join(", ")}`);
}
console.log(
  wrong === 0 ? "no condition and no address is made of a secret; the controls were found" : `${wrong} FAILED`,
);
process.exitCode = wrong === 0 ? 0 : 1;
