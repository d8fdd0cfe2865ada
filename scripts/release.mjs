// How a core is compiled for release: AssemblyScript's compiler makes plain code, and Binaryen optimizes it in its own order of passes,
// which makes a smaller module than the order that asc has. Names and places in the sources go with the code until the end, so that
// scripts/sizes.mjs can lay every octet of what is shipped to the file it comes from.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { DecoratorKind } from "assemblyscript";
import asc from "assemblyscript/asc";
import binaryen from "binaryen";
import { constantsPooled } from "./constants.mjs";
import { staticsFar, staticsTransform } from "./statics.mjs";
import { meterGlobal } from "./meter_global.mjs";
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
 * through is full of accessors of size 6, which as calls cost a quarter of the time of a plain GET, and save 1 % of the octets. Those of
 * size 4 as calls save 0.3 % and cost 3 %, which the build for size takes.
 * `flexible` is the size up to which one is copied that calls nothing or lies in a loop: V8 calls a function for what it is, so that one
 * step from 8 to 40 saves 15 % of the time of a GET for 22 % of octets. With `speed` a module is nearly half as large again, and a GET takes
 * 40 % less time than with `balance`, plain or over HDLC, a ciphered one 28 %.
 * `small` leaves it to Binaryen what of the upper rooms is copied (2.2 % of the octets), and keeps constants in globals (1.9 %): a plain
 * GET takes 5 % more time.
 */
const AIMS = {
  size: { optimize: 2, shrink: 2, inline: 3, flexible: 0, loops: false, small: true },
  balance: { optimize: 2, shrink: 2, inline: 6, flexible: 0, loops: false },
  speed: { optimize: 3, shrink: 0, inline: 8, flexible: 40, loops: true },
};

function optimize(module, { optimize, shrink, inline, flexible, loops, small }) {
  binaryen.setOptimizeLevel(optimize);
  binaryen.setShrinkLevel(shrink);
  binaryen.setAlwaysInlineMaxSize(inline);
  // A function with one caller is copied there, whatever its size. asc leaves other settings behind.
  binaryen.setOneCallerInlineMaxSize(-1);
  binaryen.setFlexibleInlineMaxSize(flexible);
  binaryen.setAllowInliningFunctionsWithLoops(loops);
  binaryen.setFastMath(false);
  binaryen.setLowMemoryUnused(true);
  binaryen.setZeroFilledMemory(true);
  // The second turn finds what the first has uncovered; a third finds nothing.
  module.optimize();
  module.optimize();
  const made = small ? constantsPooled(module) : module;
  // Functions that are called often get the numbers of one octet (0.7 %). The text of a pooled module has lost its stack form.
  made.runPasses(["reorder-functions", "generate-stack-ir", "optimize-stack-ir"]);
  return made;
}

/**
 * A transform of asc that takes @inline from the functions of the upper rooms. Those below are what every request goes through, and
 * ciphers stay as the proof of constant time has them.
 */
class InlineTransform {
  afterParse(parser) {
    const upper = /^assembly\/(session|meter|cosem|server|device)\//;
    for (const { internalPath, statements } of parser.sources) if (upper.test(internalPath)) this.strip(statements);
  }

  strip(declarations) {
    for (const declaration of declarations) {
      const kept = declaration.decorators?.filter(({ decoratorKind }) => decoratorKind !== DecoratorKind.Inline);
      if (kept) declaration.decorators = kept;
      if (declaration.members) this.strip(declaration.members);
    }
  }
}

/** Compiles with asc's `options`; `took` gets the module that asc would optimize and write. */
async function compile(options, transforms, took) {
  const take = class {
    afterCompile(module) {
      binaryen.setDebugInfo(true);
      took(module);
    }
  };
  const { error, stdout, stderr } = await asc.main(options, { transforms: [...transforms, take] });
  const text = `${stdout}${stderr}`;
  if (error) throw new Error(`asc ${options.join(" ")} failed\n${text.trim()}`);
  return text;
}

/**
 * Compiles with asc's `args` and writes the module to `out`, both seen from `folder`; `aim`: size, balance or speed.
 * @returns text: what asc printed; plain: the module before it was optimized; shipped: what was written; named, places: the same with its
 * names, and its source map
 */
export async function releaseCompile(args, out, { aim = "balance", folder = ROOT } = {}) {
  const made = {};
  const options = ["--baseDir", folder, ...args, ...COMPILE];
  const transforms = AIMS[aim].small ? [InlineTransform] : [];
  let far;
  await compile(options, transforms, (module) => {
    far = staticsFar(module.emitBinary());
  });
  made.text = await compile(options, [...transforms, staticsTransform(far)], (module) => {
    made.plain = module.emitBinary();
    const done = optimize(meterGlobal(module), AIMS[aim]);
    const { binary, sourceMap } = done.emitBinary("core.wasm.map");
    made.named = binary;
    made.places = JSON.parse(sourceMap);
    binaryen.setDebugInfo(false);
    made.shipped = done.emitBinary();
  });
  writeFileSync(join(folder, out), made.shipped);
  return made;
}
