// Whether a global that changes is state: whether any export may find in it what an earlier call has left there.
import { operandsOf, textParse } from "./wasm_text.mjs";

/**
 * Whether `func` may read `global` before it has written it; `readers`: the functions known to do so. Instructions are looked at in the
 * order in which they run; where ways meet again, it counts as written if it is on all of them.
 */
function readsFirst(func, global, readers) {
  let written = false;
  let reads = false;
  const behind = new Map();
  const leave = (label) => behind.set(label, (behind.get(label) ?? true) && written);
  const all = (nodes) => nodes.forEach(visit);
  const ways = (nodes) => {
    const before = written;
    const after = nodes.map((node) => {
      written = before;
      all(operandsOf(node));
      return written;
    });
    written = after.length === 2 ? after[0] && after[1] : before;
  };
  const forms = {
    if: ([condition, ...branches]) => (visit(condition), ways(branches)),
    block(operands, [, label]) {
      all(operands);
      written &&= behind.get(label) ?? true;
    },
    br: (operands, [, label]) => (all(operands), leave(label), (written = true)),
    br_if: (operands, [, label]) => (all(operands), leave(label)),
    br_table: (operands, [, ...labels]) => (
      all(operands),
      labels.filter((label) => !Array.isArray(label)).forEach(leave),
      (written = true)
    ),
    return: (operands) => (all(operands), (written = true)),
    unreachable: () => (written = true),
  };
  function visit(node) {
    const [word, name] = node;
    const operands = operandsOf(node).filter(([first]) => first !== "result");
    if (forms[word]) return forms[word](operands, node);
    all(operands);
    if (word === "global.set" && name === global) written = true;
    if ((word === "global.get" && name === global) || (word === "call" && readers.has(name))) reads ||= !written;
  }
  all(operandsOf(func).filter(([word]) => !/^(param|result|local|type)$/.test(word)));
  return reads;
}

/** Names of the globals of a module (its text) that keep something from one call of an export to another. */
export function stateGlobals(text) {
  const parts = textParse(text);
  const functions = parts.filter(([word]) => word === "func");
  const exported = new Set(parts.filter(([word]) => word === "export").map(([, , [, name]]) => name));
  const mutable = parts.filter(([word, , type]) => word === "global" && type[0] === "mut").map(([, name]) => name);
  return mutable.filter((global) => {
    const readers = new Set();
    for (let known = -1; known < readers.size;) {
      known = readers.size;
      for (const func of functions) if (readsFirst(func, global, readers)) readers.add(func[1]);
    }
    return [...readers].some((name) => exported.has(name));
  });
}
