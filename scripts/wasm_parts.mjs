// What a built core is made of: each function, constant and stretch of static memory with the source file it comes from. Functions are
// told by the names that a build keeps until the end, memory by the module-level constants of the module before it was optimized.
import binaryen from "binaryen";

/** WebAssembly core specification, 5.5.2: numbers of sections. */
const SECTIONS = "custom type import function table memory global export start element code data"
  .split(" ")
  .concat("data count");
const CUSTOM = 0;
const CODE = 10;
const FUNCTION_NAMES = 1;

/** What stands in front of the first element of an array: asc's own head of a managed object. */
const ARRAY_HEAD = 16;

/** A cursor over the octets of a module. */
class Cursor {
  constructor(octets, at = 0) {
    this.octets = octets;
    this.at = at;
  }

  /** An unsigned LEB128. */
  count() {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const octet = this.octets[this.at++];
      value += (octet & 0x7f) * 2 ** shift;
      if (octet < 0x80) return value;
    }
  }

  text() {
    const size = this.count();
    this.at += size;
    return new TextDecoder().decode(this.octets.subarray(this.at - size, this.at));
  }
}

/** All sections: {id, at: where the contents begin, end, whole: octets with the head}. */
function sectionsOf(octets) {
  const cursor = new Cursor(octets, 8);
  const found = [];
  while (cursor.at < octets.length) {
    const begin = cursor.at;
    const id = octets[cursor.at++];
    const size = cursor.count();
    found.push({ id, at: cursor.at, end: cursor.at + size, whole: cursor.at + size - begin });
    cursor.at += size;
  }
  return found;
}

/** Names by function index, from the custom section "name". */
function functionNames(octets, sections) {
  for (const section of sections.filter(({ id }) => id === CUSTOM)) {
    const cursor = new Cursor(octets, section.at);
    if (cursor.text() !== "name") continue;
    while (cursor.at < section.end) {
      const kind = octets[cursor.at++];
      const end = cursor.count() + cursor.at;
      if (kind === FUNCTION_NAMES) {
        return new Map(Array.from({ length: cursor.count() }, () => [cursor.count(), cursor.text()]));
      }
      cursor.at = end;
    }
  }
  throw new Error("the module has no names");
}

/** Every function of a module with names: {name, begin, end}, its size field included. The core imports no function. */
function functionsOf(octets, sections) {
  if (WebAssembly.Module.imports(new WebAssembly.Module(octets)).some(({ kind }) => kind === "function")) {
    throw new Error("the module imports functions");
  }
  const names = functionNames(octets, sections);
  const cursor = new Cursor(octets, sections.find(({ id }) => id === CODE).at);
  return Array.from({ length: cursor.count() }, (_, index) => {
    const begin = cursor.at;
    const size = cursor.count();
    cursor.at += size;
    return { name: names.get(index) ?? "", begin, end: cursor.at };
  });
}

/** File of a name that asc gives: "assembly/cosem/capture/captureBoot" is in "cosem/capture"; what asc brings itself in "std". */
function fileOf(name) {
  return /assembly\/((?:\w+\/)*\w+)\//.exec(name)?.[1] ?? "std";
}

const BASE64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/** The numbers of one segment of a source map (ECMA-426): base 64 digits of five bits and "goes on", the sign in the lowest bit. */
function numbersOf(segment) {
  const numbers = [];
  let value = 0;
  let shift = 0;
  for (const digit of segment) {
    const bits = BASE64.indexOf(digit);
    value += (bits & 31) << shift;
    shift += 5;
    if (bits >= 32) continue;
    numbers.push(value & 1 ? -(value >> 1) : value >> 1);
    value = shift = 0;
  }
  return numbers;
}

/** Places of a source map in the order of the code: {at: offset in the module, file}. */
function placesOf(map) {
  let at = 0;
  let source = 0;
  return map.mappings.split(",").map((segment) => {
    const [ahead, sourceAhead = 0] = numbersOf(segment);
    at += ahead;
    source += sourceAhead;
    return { at, file: fileOf(map.sources[source].replace(/\.ts$/, "/")) };
  });
}

/** Octets of each function by file: what was copied into it belongs to where it was written. */
function codeOf(functions, places) {
  const found = [];
  let next = 0;
  for (const { name, begin, end } of functions) {
    let at = begin;
    let file = fileOf(name);
    for (; next < places.length && places[next].at < end; next++) {
      if (places[next].at > at) found.push({ name, file, size: places[next].at - at });
      at = Math.max(at, places[next].at);
      file = places[next].file;
    }
    found.push({ name, file, size: end - at });
  }
  return found;
}

/**
 * Stretches of static memory in the module before it was optimized, each with the file whose constant holds its address, and the `names` of
 * all constants that could be an address within.
 */
export function stretchesOf(plain) {
  const ir = binaryen.readBinary(plain);
  const owners = [];
  for (let i = 0; i < ir.getNumGlobals(); i++) {
    const { name, init } = binaryen.getGlobalInfo(ir.getGlobalByIndex(i));
    const { value } = binaryen.getExpressionInfo(init);
    if (typeof value === "number") owners.push({ address: value, name, file: fileOf(name) });
  }
  const stretches = [];
  for (let i = 0; i < ir.getNumMemorySegments(); i++) {
    const { offset, data } = ir.getMemorySegmentInfoByIndex(i);
    const end = offset + data.byteLength;
    const owner =
      owners.find(({ address }) => address === offset) ?? owners.find(({ address }) => address === offset + ARRAY_HEAD);
    const names = owners.filter(({ address }) => address >= offset && address < end).map(({ name }) => name);
    stretches.push({ at: offset, end, names, file: owner?.file ?? "std" });
  }
  ir.dispose();
  return stretches;
}

/** Octets of the data section by file: segments of the finished module laid over the stretches they were cut from. */
function constantsOf(named, stretches) {
  const ir = binaryen.readBinary(named);
  const found = [];
  for (let i = 0; i < ir.getNumMemorySegments(); i++) {
    const { offset, data } = ir.getMemorySegmentInfoByIndex(i);
    const end = offset + data.byteLength;
    for (const { at, end: stretchEnd, file } of stretches) {
      const size = Math.min(end, stretchEnd) - Math.max(offset, at);
      if (size > 0) found.push({ file, size });
    }
  }
  ir.dispose();
  return found;
}

/**
 * The parts of a core in octets, from what releaseCompile() gives: `code` ({file, name of the function, size}), `constants` (octets of the
 * data section) and `memory` (static memory), each a list of {file, size}; `functions` ({file, name, size}), each whole, with what was copied
 * into it; and the sections that all this and the rest stand in.
 */
export function wasmParts({ plain, named, shipped, places }) {
  const sections = sectionsOf(named);
  const own = functionsOf(named, sections);
  const code = codeOf(own, placesOf(places));
  const functions = own.map(({ name, begin, end }) => ({ name, file: fileOf(name), size: end - begin }));
  const stretches = stretchesOf(plain);
  const memory = stretches.map(({ at, end, file }) => ({ file, size: end - at }));
  const whole = sectionsOf(shipped).map(({ id, whole: size }) => [SECTIONS[id], size]);
  return { code, functions, constants: constantsOf(named, stretches), memory, sections: Object.fromEntries(whole) };
}
