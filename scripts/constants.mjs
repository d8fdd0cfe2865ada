// One home for constants that code names again and again: a global that never changes is named in two octets, a large constant in up to
// eleven wherever it stands.
import binaryen from "binaryen";

/** Globals that are named in two octets. */
const GLOBALS_MAX = 128;
/** Their number and their type, and what a global that never changes has around its constant. */
const GLOBAL_SIZE = 3;
const CONSTANT = /\((i32|i64|f64)\.const ([^\s()]+)\)/g;

/** Octets of a signed LEB128. */
function lebSize(value) {
  let size = 1;
  for (let rest = BigInt(value); rest < -64n || rest > 63n; rest >>= 7n) size++;
  return size;
}

const octetsOf = (type, value) => (type === "f64" ? 9 : 1 + lebSize(value));

/** Functions of a module's text, and what stands between them. Binaryen indents each by one. */
const partsOf = (text) => text.split(/^(?= \()/m);
const isFunction = (part) => part.startsWith(" (func ");

/** The constants worth a global: text of the constant to {type, name}. */
function poolOf(parts) {
  const counts = new Map();
  for (const part of parts.filter(isFunction)) {
    for (const [constant] of part.matchAll(CONSTANT)) counts.set(constant, (counts.get(constant) ?? 0) + 1);
  }
  const worth = [];
  for (const [constant, count] of counts) {
    const [, type, value] = new RegExp(CONSTANT.source).exec(constant);
    const size = octetsOf(type, value);
    worth.push({ constant, type, gain: count * (size - 2) - size - GLOBAL_SIZE });
  }
  const best = worth.filter(({ gain }) => gain > 0).sort((a, b) => b.gain - a.gain);
  return new Map(best.slice(0, GLOBALS_MAX).map(({ constant, type }, at) => [constant, { type, name: `$pool/${at}` }]));
}

/** A module like `module` with such constants in globals. Names and places in the sources stay. */
export function constantsPooled(module) {
  const text = module.emitText();
  const parts = partsOf(text);
  const pool = poolOf(parts);
  const globals = [...pool].map(([constant, { type, name }]) => ` (global ${name} ${type} ${constant})\n`).join("");
  const named = (constant) => (pool.has(constant) ? `(global.get ${pool.get(constant).name})` : constant);
  const firstFunction = parts.findIndex(isFunction);
  const changed = parts.map((part, at) => {
    const body = isFunction(part) ? part.replaceAll(CONSTANT, named) : part;
    return at === firstFunction ? globals + body : body;
  });
  const made = binaryen.parseText(changed.join(""));
  made.setFeatures(module.getFeatures());
  return made;
}
