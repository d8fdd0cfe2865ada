/** What the built core promises, and that the check of it can fail. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import * as core from "../../host/core.ts";
import { SAMPLE_SIZE } from "../../host/sample.ts";
import { coreOctets } from "../../host/files.ts";
import { ROOT, textOf } from "./sources.ts";
// @ts-expect-error a script without types
import { CORE_SIZE_MAX, SIMD_SIZE_MAX, wasmProblems } from "../../scripts/check_wasm.mjs";
// @ts-expect-error a script without types
import { stateGlobals } from "../../scripts/wasm_state.mjs";

const problemsOf = wasmProblems as (octets: Uint8Array, simd?: boolean) => string[];
const stateOf = stateGlobals as (text: string) => string[];

/** The least module that imports env.memory, and sections to add to it. */
function moduleWith(...sections: number[][]): Uint8Array {
  const memoryImport = [2, 15, 1, 3, 0x65, 0x6e, 0x76, 6, 0x6d, 0x65, 0x6d, 0x6f, 0x72, 0x79, 2, 0, 1];
  return Uint8Array.from([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 1, 4, 1, 0x60, 0, 0, ...memoryImport, ...sections.flat()]);
}

const FUNCTION = [3, 2, 1, 0];
/** One function that grows the memory and drops the result; the memory.grow stands in an exported function. */
const CODE_GROW = [10, 9, 1, 7, 0, 0x41, 0, 0x40, 0, 0x1a, 0x0b];
const CODE_NOP = [10, 4, 1, 2, 0, 0x0b];
/** The function reads a global and drops it. */
const CODE_READ = [10, 7, 1, 5, 0, 0x23, 0, 0x1a, 0x0b];
const EXPORT = [7, 5, 1, 1, 0x66, 0, 0];
const START = [8, 1, 0];
const GLOBAL_MUTABLE = [6, 6, 1, 0x7f, 1, 0x41, 0, 0x0b];

describe("the check of a module", () => {
  it("accepts a module that imports the memory alone", () => {
    expect(problemsOf(moduleWith(FUNCTION, EXPORT, CODE_NOP))).toEqual([]);
  });

  it("finds a module without the memory", () => {
    expect(problemsOf(Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0))).toEqual(["it does not import env.memory"]);
  });

  it("finds memory.grow, a global that keeps something and a start function", () => {
    expect(problemsOf(moduleWith(FUNCTION, EXPORT, CODE_GROW)).join()).toContain("grows its memory");
    expect(problemsOf(moduleWith(FUNCTION, GLOBAL_MUTABLE, EXPORT, CODE_READ)).join()).toContain("is state");
    expect(problemsOf(moduleWith(FUNCTION, EXPORT, START, CODE_NOP)).join()).toContain("start function");
  });

  it("finds another import", () => {
    const octets = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 1, 4, 1, 0x60, 0, 0, 2, 7, 1, 1, 0x61, 1, 0x62, 0, 0];
    expect(problemsOf(Uint8Array.from(octets)).join()).toContain("it imports a.b");
  });
});

describe("a global that changes", () => {
  const SET = "(global.set $g (i32.const 1))";
  const GET = "(drop (global.get $g))";
  const ASKED = "(local.get $x)";
  /** Of a module whose export does `body`; $reads and $writes are functions of their own. */
  const isState = (body: string): boolean =>
    stateOf(
      `(module (global $g (mut i32) (i32.const 0)) (export "f" (func $f)) (func $f (param $x i32) ${body})` +
        ` (func $reads ${GET}) (func $writes ${SET}))`,
    ).length > 0;

  it("is state where a call may find what another has left in it", () => {
    const found = [
      GET,
      `${GET} ${SET}`,
      "(call $reads)",
      `(call $writes) ${GET}`,
      `(if ${ASKED} (then ${SET})) ${GET}`,
      `(if ${ASKED} (then ${SET}) (else (nop))) ${GET}`,
      `(block $b (br_if $b ${ASKED}) ${SET}) ${GET}`,
      `(block $b (br_table $b $b ${ASKED}) ${SET}) ${GET}`,
      `(block $b (if ${ASKED} (then (br $b))) ${SET}) ${GET}`,
      `(block $b (loop $l (br_if $b ${ASKED}) ${SET} (br $l))) ${GET}`,
      "(global.set $g (i32.add (global.get $g) (i32.const 1)))",
    ];
    for (const body of found) expect(isState(body), body).toBe(true);
  });

  it("is none where each call writes it first", () => {
    const fine = [
      "(nop)",
      SET,
      `${SET} ${GET}`,
      `${SET} (call $reads)`,
      `(if ${ASKED} (then (return))) ${SET} ${GET}`,
      `(if ${ASKED} (then ${SET}) (else ${SET})) ${GET}`,
      `(if ${ASKED} (then ${SET}) (else (unreachable))) ${GET}`,
      `(block $b ${SET} (br_if $b ${ASKED}) (nop)) ${GET}`,
      `(block $b (br_if $b ${ASKED}) ${SET} ${GET})`,
    ];
    for (const body of fine) expect(isState(body), body).toBe(false);
  });
});

describe.skipIf(!existsSync(join(ROOT, "build/core.wasm")))("build/core.wasm", () => {
  it("keeps every promise", () => {
    expect(problemsOf(coreOctets("scalar"))).toEqual([]);
  });

  // A build for work on the core (BUILD_QUICK) leaves no sizes beside it, and may have any.
  it.skipIf(!existsSync(join(ROOT, "build/core.sizes.json")))("has the size it is held to", () => {
    expect(coreOctets("scalar").length).toBeLessThanOrEqual(CORE_SIZE_MAX as number);
  });
});

describe.skipIf(!existsSync(join(ROOT, "build/core.simd.wasm")))("build/core.simd.wasm", () => {
  it("keeps every promise", () => {
    expect(problemsOf(coreOctets("simd"), true)).toEqual([]);
  });

  it.skipIf(!existsSync(join(ROOT, "build/core.simd.sizes.json")))("has the size it is held to", () => {
    expect(coreOctets("simd").length).toBeLessThanOrEqual(SIMD_SIZE_MAX as number);
  });

  it("would not pass for the scalar core, nor that for this one", () => {
    expect(problemsOf(coreOctets("simd"))).toEqual(["it uses SIMD"]);
    expect(problemsOf(moduleWith(FUNCTION, EXPORT, CODE_NOP), true).join()).toContain("uses no SIMD");
  });
});

describe("sizes that core and host both name", () => {
  const constant = (path: string, name: string): number =>
    Number(new RegExp(`export const ${name}: u32 = (\\d+);`).exec(textOf(path))?.[1]);

  it("are the same", () => {
    const limits = "assembly/base/limits.ts";
    expect(constant(limits, "EXCHANGE_SIZE")).toBe(core.EXCHANGE_SIZE);
    expect(constant(limits, "FLASH_PAGE_SIZE")).toBe(core.FLASH_PAGE_SIZE);
    expect(constant("assembly/device/regions.ts", "PROVISION_SIZE")).toBe(core.PROVISION_SIZE);
    expect(constant("assembly/device/regions.ts", "SAMPLE_SIZE")).toBeGreaterThanOrEqual(SAMPLE_SIZE);
  });
});
