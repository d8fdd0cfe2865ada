// How a core is compiled for release: AssemblyScript's compiler makes plain code, and Binaryen optimizes it in its own order of passes,
// which makes a smaller module than the order that asc has. Names and places in the sources go with the code until the end, so that
// scripts/sizes.mjs can lay every octet of what is shipped to the file it comes from.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import asc from "assemblyscript/asc";
import binaryen from "binaryen";
import { ROOT } from "./steps.mjs";

/** What asc does: nothing but compile. There are no data below 1024, which lets Binaryen add constants to offsets (setLowMemoryUnused). */
const COMPILE = [
  "--optimizeLevel",
  "0",
  "--shrinkLevel",
  "0",
  "--memoryBase",
  "1024",
  "--debug",
  "--sourceMap",
  "--noEmit",
];
/**
 * What a core is made for. `inline` is the size in Binaryen's measure up to which a function is copied to every caller: what a GET goes
 * through is full of accessors of size 6, which as calls cost a quarter of the time of a plain GET, and save 1 % of the octets. With
 * `speed` a module is 14 % larger, a plain GET takes a fifth less time than with `balance`, one over HDLC a quarter less.
 */
const AIMS = {
  size: { optimize: 2, shrink: 2, inline: 4, loops: false },
  balance: { optimize: 2, shrink: 2, inline: 6, loops: false },
  speed: { optimize: 3, shrink: 0, inline: 8, loops: true },
};

function optimize(module, { optimize, shrink, inline, loops }) {
  binaryen.setOptimizeLevel(optimize);
  binaryen.setShrinkLevel(shrink);
  binaryen.setAlwaysInlineMaxSize(inline);
  // A function with one caller is copied there, whatever its size. asc leaves other settings behind.
  binaryen.setOneCallerInlineMaxSize(-1);
  binaryen.setFlexibleInlineMaxSize(20);
  binaryen.setAllowInliningFunctionsWithLoops(loops);
  binaryen.setFastMath(false);
  binaryen.setLowMemoryUnused(true);
  binaryen.setZeroFilledMemory(true);
  // The second turn finds what the first has uncovered; a third finds nothing.
  module.optimize();
  module.optimize();
}

/** A transform of asc that takes the module over where asc would optimize and write it; what it made is in `made`. */
function releaseTransform(aim, made) {
  return class {
    afterCompile(module) {
      binaryen.setDebugInfo(true);
      made.plain = module.emitBinary();
      optimize(module, AIMS[aim]);
      const { binary, sourceMap } = module.emitBinary("core.wasm.map");
      made.named = binary;
      made.places = JSON.parse(sourceMap);
      binaryen.setDebugInfo(false);
      made.shipped = module.emitBinary();
    }
  };
}

/**
 * Compiles with asc's `args` and writes the module to `out`, both seen from `folder`; `aim`: size, balance or speed.
 * @returns text: what asc printed; plain: the module before it was optimized; shipped: what was written; named, places: the same with its
 * names, and its source map
 */
export async function releaseCompile(args, out, { aim = "balance", folder = ROOT } = {}) {
  const made = {};
  const options = ["--baseDir", folder, ...args, ...COMPILE];
  const { error, stdout, stderr } = await asc.main(options, { transforms: [releaseTransform(aim, made)] });
  const text = `${stdout}${stderr}`;
  if (error) throw new Error(`asc ${args.join(" ")} failed\n${text.trim()}`);
  writeFileSync(join(folder, out), made.shipped);
  return { text, ...made };
}
