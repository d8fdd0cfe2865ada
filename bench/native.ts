/**
 * The same work done by native code, as further references: mbed TLS without the processor's AES instructions, and the core
 * itself translated to C by wasm2c, which says how far from native the WebAssembly is. `npm run bench -- --native` builds
 * both (scripts/native.mjs); without it they are left out. Each runs right after the figure it belongs to.
 */
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { packageFile } from "../host/files.ts";
import { reference, type Reference } from "./figure.ts";
import type { Timed } from "./timing.ts";

const PROGRAMS = { core: "the core through wasm2c and gcc -O2", mbedtls: "mbed TLS in C without AES instructions" };

let wanted = false;

/** Whether figures get native references. @throws when the programs have not been built */
export function nativeWant(want: boolean): void {
  wanted = want;
  for (const program of Object.keys(PROGRAMS)) {
    if (want && !existsSync(pathOf(program))) throw new Error(`build/native/${program} is missing: run npm run bench`);
  }
}

function pathOf(program: string): string {
  return packageFile(`build/native/${program}`);
}

/**
 * References to the work a program knows as `id`. The fastest samples of both are compared: a process of its own cannot
 * be sampled in turns. `unit` makes the figure's unit of nanoseconds.
 */
export function nativeReferences(id: string, timed: Timed, unit: (ns: number) => number): Reference[] {
  if (!wanted) return [];
  return Object.entries(PROGRAMS).map(([program, what]) => {
    const ns = Number(execFileSync(pathOf(program), [id], { encoding: "utf8" }));
    return reference(`${what}, fastest samples`, unit(ns), unit(timed.bestNs));
  });
}
