/** What tests of the core's insides share: their entries (assembly/testing_*.ts, never shipped), hexadecimal, seeded dice. */
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { ROOT, sourcesOf } from "./tidy/sources.ts";

export { ROOT };
const CONFIG = "asconfig.testing.json";
const ASC = "node_modules/assemblyscript/bin/asc.js";

/** Numbers in, numbers out. */
export type TestingExports = Record<string, (...values: number[]) => number>;

/** Tests run with the kernels for SIMD too: those of project "simd" in vitest.config.ts. */
const SIMD = process.env["DLMS_METER_CORE"] === "simd";

/** Compiles in a folder of this process, then moves the module into place: test files run side by side. */
function build(name: string, wasm: string): void {
  const folder = join(ROOT, `build/${name}.${process.pid}`);
  mkdirSync(folder, { recursive: true });
  const out = join(folder, "out.wasm");
  const options = SIMD ? ["--enable", "simd"] : [];
  execFileSync(process.execPath, [ASC, `assembly/${name}.ts`, "--config", CONFIG, "-o", out, ...options], {
    cwd: ROOT,
    stdio: ["ignore", "ignore", "inherit"],
  });
  renameSync(out, wasm);
  rmSync(folder, { recursive: true });
}

/** The entry `name`, compiled anew when a source of the rooms it shows is newer than its module. */
export function testingModule(name: string, rooms: readonly string[]): WebAssembly.Module {
  return new WebAssembly.Module(testingOctets(name, rooms));
}

/** Octets of testingModule(). */
export function testingOctets(name: string, rooms: readonly string[]): Buffer<ArrayBuffer> {
  const wasm = join(ROOT, `build/${name}${SIMD ? ".simd" : ""}.wasm`);
  const inputs = [...sourcesOf(...rooms.map((room) => `assembly/${room}`)), `assembly/${name}.ts`, CONFIG];
  const newest = Math.max(...inputs.map((path) => statSync(join(ROOT, path)).mtimeMs));
  if (!existsSync(wasm) || statSync(wasm).mtimeMs < newest) build(name, wasm);
  return readFileSync(wasm);
}

export const hex = (text: string): Buffer => Buffer.from(text.replaceAll(/\s/g, ""), "hex");

/** A small seeded generator (xorshift32): the same numbers on every run. */
export class Dice {
  private state: number;

  constructor(seed: number) {
    this.state = seed >>> 0 || 1;
  }

  /** A whole number from 0 to `below` - 1. */
  roll(below: number): number {
    let s = this.state;
    s ^= s << 13;
    s ^= s >>> 17;
    s ^= s << 5;
    this.state = s >>> 0;
    return this.state % below;
  }

  octets(size: number): Uint8Array {
    return Uint8Array.from({ length: size }, () => this.roll(256));
  }
}
