// Where static memory stands. An address below 8,192 takes one octet less in code than one above, wherever it is named; asc hands addresses
// out in the order in which it meets the constants. So what is named often for its size goes first, and all else comes behind.
import { DecoratorFlags, ElementKind } from "assemblyscript";
import binaryen from "binaryen";
import { stretchesOf } from "./wasm_parts.mjs";

/** Addresses below take two octets (signed LEB128: 14 bits, one of them the sign). */
const NEAR_END = 1 << 13;

/** How often each address of the module `plain` is named: a sorted list. */
function addressesNamed(plain) {
  const ir = binaryen.readBinary(plain);
  const text = ir.emitText();
  ir.dispose();
  return [...text.matchAll(/\(i32\.const (\d+)\)/g)].map(([, value]) => Number(value)).sort((a, b) => a - b);
}

/** How many of the sorted `numbers` are below `end`. */
function countBelow(numbers, end) {
  let [low, high] = [0, numbers.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (numbers[middle] < end) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Names of the constants whose memory has to stand behind that of the others, from the module `plain` that is not optimized yet. */
export function staticsFar(plain) {
  const named = addressesNamed(plain);
  const stretches = stretchesOf(plain).map(({ at, end, names }) => {
    const size = end - at;
    return { names, at, size, worth: (countBelow(named, end) - countBelow(named, at)) / size };
  });
  let next = Math.min(...stretches.map(({ at }) => at));
  const far = new Set();
  for (const { names, size } of stretches.sort((a, b) => b.worth - a.worth)) {
    next += size;
    if (next > NEAR_END) for (const name of names) far.add(name);
  }
  return far;
}

/** A transform of asc: it meets the constants in `far` only where code uses them, which comes last. */
export function staticsTransform(far) {
  return class {
    afterInitialize(program) {
      for (const element of program.elementsByName.values()) {
        if (element.kind === ElementKind.Global && far.has(element.internalName))
          element.decoratorFlags |= DecoratorFlags.Lazy;
      }
    }
  };
}
