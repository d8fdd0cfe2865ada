/**
 * Work counted instead of timed: a copy of a module that counts a step at each entry of a function, each round of a loop and each
 * return. The same input makes the same number of steps on every machine; copying and filling memory at once is one step.
 */
import binaryen from "binaryen";
import type { Core } from "../host/core.ts";

/** What the pass log-execution of Binaryen calls at each of those places. */
const STEP = "log_execution";
const COUNT = "steps";
const TAKE = "stepsTake";

/** The module with a function stepsTake() that gives the steps since its last call. */
export function counting(octets: Uint8Array): Uint8Array {
  const module = binaryen.readBinary(octets);
  module.setFeatures(binaryen.Features.MVP | binaryen.Features.BulkMemory);
  module.runPasses(["log-execution"]);
  const { i32, none } = binaryen;
  const count = module.global.get(COUNT, i32);
  const set = (value: number): number => module.global.set(COUNT, value);
  module.addGlobal(COUNT, i32, true, module.i32.const(0));
  module.removeFunction(STEP);
  module.addFunction(STEP, i32, none, [], set(module.i32.add(count, module.i32.const(1))));
  const taken = [
    module.local.set(0, module.global.get(COUNT, i32)),
    set(module.i32.const(0)),
    module.local.get(0, i32),
  ];
  module.addFunction(TAKE, none, i32, [i32], module.block(null, taken, i32));
  module.addFunctionExport(TAKE, TAKE);
  const made = module.emitBinary();
  module.dispose();
  return made;
}

/** Steps of a bank whose core came from counting(), since the last call. */
export function stepsTake(bank: ReturnType<Core["bank"]>): number {
  return (bank["exports"] as unknown as { stepsTake(): number }).stepsTake();
}
