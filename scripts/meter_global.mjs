// The meter of a call in a global in place of a parameter. Each call of the core is about one seat, and nearly every function hands its block
// on as `meter`, in two octets and more at 2,200 places. That the place of it is the same everywhere is not believed but checked, function
// by function, and a build that breaks it fails.
import binaryen from "binaryen";
import { operandsOf, textParse, textPrint } from "./wasm_text.mjs";

const GLOBAL = "$meter";
/** `meter` and `seat` by their names in the sources; the compiler numbers those of functions it has copied to their callers. */
const isMeter = (name) => /^\$meter(\|\d+)?$/.test(name);
const isSeat = (name) => /^\$seat(\|\d+)?$/.test(name);
const BLOCK_OF_SEAT = "$assembly/store/block/Meter.at";
const METER_OF_ASK = "$assembly/cosem/ask/Ask#get:meter";
const ASK_GETS_METER = "$assembly/cosem/ask/Ask#set:meter";

const isGet = (node, is) => node[0] === "local.get" && is(node[1]);
const isCallOf = (node, name) => node[0] === "call" && node[1] === name;

const isMeterNow = (node) => isGet(node, isMeter) || isCallOf(node, METER_OF_ASK);

/** Place of the parameter `name` among those of a function; -1 = it has none. */
const parameterOf = (func, name) => func.filter(([word]) => word === "param").findIndex(([, word]) => word === name);

function refuse(func, node) {
  throw new Error(`the meter of a call is not everywhere the same: ${func[1]}: ${textPrint(node).slice(0, 200)}`);
}

/** Refuses a function in which `meter` or `seat` could be another than that of the call. */
function check(func, takers, seats) {
  const visit = (node) => {
    const [word, name] = node;
    const operands = operandsOf(node);
    if (word === "local.set" || word === "local.tee") {
      const [value] = operands;
      if (
        (isMeter(name) && !isMeterNow(value) && !isCallOf(value, BLOCK_OF_SEAT)) ||
        (isSeat(name) && !isGet(value, isSeat))
      )
        refuse(func, node);
    }
    if (word === "call") {
      if (takers.has(name) && !isMeterNow(operands[takers.get(name)])) refuse(func, node);
      if (seats.has(name) && !isGet(operands[seats.get(name)], isSeat)) refuse(func, node);
      if (name === ASK_GETS_METER && !isGet(operands[1], isMeter)) refuse(func, node);
    }
    operands.forEach(visit);
  };
  operandsOf(func).forEach(visit);
}

/** A node with the global in place of `meter`; `takers`: place of the parameter by function. */
function changed(node, takers) {
  if (!Array.isArray(node)) return node;
  const [word, name] = node;
  if (isGet(node, isMeter) || isCallOf(node, METER_OF_ASK)) return ["global.get", GLOBAL];
  if (word === "local.set" && isMeter(name))
    return isCallOf(operandsOf(node)[0], BLOCK_OF_SEAT) ? ["global.set", GLOBAL, ...node.slice(2)] : ["nop"];
  if (word !== "call" || !takers.has(name)) return node.map((part) => changed(part, takers));
  const dropped = operandsOf(node)[takers.get(name)];
  return node.filter((part) => part !== dropped).map((part) => changed(part, takers));
}

/** A module like `module` with the meter of a call in a global. Names and places in the sources stay. */
export function meterGlobal(module) {
  const parts = textParse(module.emitText()).filter(([word]) => word !== "type");
  const functions = parts.filter(([word]) => word === "func");
  const places = (name) =>
    new Map(functions.map((func) => [func[1], parameterOf(func, name)]).filter(([, at]) => at >= 0));
  const takers = places("$meter");
  if (takers.size === 0) return module;
  const seats = places("$seat");
  for (const func of functions) check(func, takers, seats);
  const isOwn = ([word, name]) => (word === "param" || word === "local") && isMeter(name);
  const made = parts.map((part) =>
    part[0] === "func"
      ? changed(
          part.filter((x) => !isOwn(x)),
          takers,
        )
      : part,
  );
  made.splice(
    made.findIndex(([word]) => word === "global"),
    0,
    ["global", GLOBAL, ["mut", "i32"], ["i32.const", "0"]],
  );
  const result = binaryen.parseText(textPrint(made));
  result.setFeatures(module.getFeatures());
  return result;
}
