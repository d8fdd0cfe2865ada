/** The core's inside for benchmarks: build/testing_bench.wasm, or that for SIMD, with a pointer that only moves up. */
import { readFileSync } from "node:fs";
import type { CoreKind } from "../host/core_kind.ts";
import { packageFile } from "../host/files.ts";

const PAGES = 4;

export class Primitives {
  readonly exports: Record<string, (...values: number[]) => number>;
  readonly memory: Uint8Array;
  private free: number;

  constructor(kind: CoreKind = "scalar") {
    const name = kind === "simd" ? "testing_bench.simd" : "testing_bench";
    const module = new WebAssembly.Module(readFileSync(packageFile(`build/${name}.wasm`)));
    const memory = new WebAssembly.Memory({ initial: PAGES, maximum: PAGES });
    this.exports = new WebAssembly.Instance(module, { env: { memory } }).exports as typeof this.exports;
    this.memory = new Uint8Array(memory.buffer);
    this.free = this.call("freeFrom");
  }

  /** Reserves `size` octets. */
  room(size: number): number {
    const at = (this.free + 15) & ~15;
    this.free = at + size;
    if (this.free > this.memory.length) throw new Error("the benchmark's memory is full");
    return at;
  }

  put(octets: Uint8Array): number {
    const at = this.room(octets.length);
    this.memory.set(octets, at);
    return at;
  }

  read(at: number, size: number): Uint8Array {
    return this.memory.slice(at, at + size);
  }

  /** Calls the export `name`; for what is not timed. */
  call(name: string, ...values: number[]): number {
    const run = this.exports[name];
    if (run === undefined) throw new Error(`testing_bench.wasm has no export ${name}`);
    return run(...values);
  }
}
