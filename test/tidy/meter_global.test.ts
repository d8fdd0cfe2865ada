/** The meter of a call goes into a global only where it is everywhere the same (scripts/meter_global.mjs). */
import binaryen from "binaryen";
import { describe, expect, it } from "vitest";
// @ts-expect-error a script without types
import { meterGlobal } from "../../scripts/meter_global.mjs";

const changed = meterGlobal as (module: binaryen.Module) => binaryen.Module;

const METER_AT = "$assembly/store/block/Meter.at";
const ASK_TAKES = "$assembly/cosem/ask/Ask#set:meter";
const ASK_GIVES = "$assembly/cosem/ask/Ask#get:meter";
const METER = "(local.get $meter)";
const SEAT = "(local.get $seat)";

/** A module whose export finds the meter of its seat and does `first`, and whose function with a meter does `then`. */
function moduleOf(first: string, then = "(nop)"): binaryen.Module {
  return binaryen.parseText(`(module
    (memory 1)
    (global $here i32 (i32.const 1024))
    (export "tick" (func $tick))
    (func ${METER_AT} (param $seat i32) (result i32) (i32.mul ${SEAT} (i32.const 4096)))
    (func ${ASK_GIVES} (param $this i32) (result i32) (i32.load (local.get $this)))
    (func ${ASK_TAKES} (param $this i32) (param $meter i32) (i32.store (local.get $this) ${METER}))
    (func $count (param $by i32) (param $meter i32) (i32.store offset=4 ${METER} (local.get $by)))
    (func $of (param $seat i32) (drop (call ${METER_AT} ${SEAT})))
    (func $work (param $meter i32) (local $other i32) ${then})
    (func $tick (param $seat i32) (local $meter i32) (local $other i32)
      (local.set $meter (call ${METER_AT} ${SEAT}))
      ${first}))`);
}

const textOf = (first: string, then?: string): string => changed(moduleOf(first, then)).emitText();

describe("the meter of a call", () => {
  it("is a global, and no parameter of what is called", () => {
    const text = textOf(
      `(call $count (i32.const 3) ${METER}) (call $work ${METER})`,
      `(call $count (i32.const 5) ${METER})`,
    );
    expect(text).toContain(`(global $meter (mut i32)`);
    expect(text).toMatch(/\(global\.set \$meter\s+\(call \$assembly\/store\/block\/Meter\.at/);
    expect(text).toMatch(/\(func \$count \(param \$\S+ i32\)\n/);
    expect(text).toMatch(/\(func \$work\n/);
    expect(text).toMatch(/\(call \$count\s+\(i32\.const 5\)\s+\)/);
  });

  it("is that which an interface class is asked for", () => {
    const ask = `(call ${ASK_GIVES} (global.get $here))`;
    const then = `(call ${ASK_TAKES} (global.get $here) ${METER}) (call $count (i32.const 1) ${ask})`;
    expect(textOf(`(call $work ${METER})`, then)).toMatch(/\(call \$count\s+\(i32\.const 1\)\s+\)/);
  });

  it.each([
    ["another is handed on", `(call $work (local.get $other))`, undefined],
    ["another is handed on below", `(call $work ${METER})`, "(call $count (i32.const 1) (local.get $other))"],
    ["it becomes another", "(local.set $meter (i32.const 8))", undefined],
    ["another seat is gone to", "(call $of (local.get $other))", undefined],
    ["the seat becomes another", "(local.set $seat (i32.const 1))", undefined],
    ["an ask gets another", `(call ${ASK_TAKES} (global.get $here) (local.get $other))`, undefined],
  ])("stops the build where %s", (_, first, then) => {
    expect(() => changed(moduleOf(first, then))).toThrow(/^the meter of a call is not everywhere the same: \$/);
  });

  it("leaves a module alone that knows of none", () => {
    const module = binaryen.parseText("(module (memory 1))");
    expect(changed(module)).toBe(module);
  });
});
