/** Builds and loads `assembly/testing_link.ts`, the entry that shows the link room and its formats to their tests. */
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const ENTRY = "assembly/testing_link.ts";
const WASM = join(ROOT, "build/testing_link.wasm");
const PAGES = 4;
const CANARY = 0xa5;
const GUARD = 16;

function newestInput(): number {
  const folders = ["assembly/link", "assembly/base"].map((path) => join(ROOT, path));
  const wire = readdirSync(join(ROOT, "assembly/wire")).filter((name) => /^(hdlc_|wrapper)/.test(name));
  const files = folders.flatMap((folder) => readdirSync(folder).map((name) => join(folder, name)));
  const all = [...files, ...wire.map((name) => join(ROOT, "assembly/wire", name)), join(ROOT, ENTRY)];
  return Math.max(...[...all, join(ROOT, "asconfig.json")].map((path) => statSync(path).mtimeMs));
}

/** Compiles in a folder of this process, then moves the module into place: test files run side by side. */
function build(): void {
  const folder = join(ROOT, `build/testing_link.${process.pid}`);
  mkdirSync(folder, { recursive: true });
  const config = join(folder, "asconfig.json");
  writeFileSync(
    config,
    JSON.stringify({ ...JSON.parse(readFileSync(join(ROOT, "asconfig.json"), "utf8")), entries: [] }),
  );
  const out = join(folder, "out.wasm");
  const asc = "node_modules/assemblyscript/bin/asc.js";
  execFileSync(process.execPath, [asc, ENTRY, "--config", config, "--target", "release", "-o", out], {
    cwd: ROOT,
    stdio: ["ignore", "ignore", "inherit"],
  });
  renameSync(out, WASM);
  rmSync(folder, { recursive: true });
}

let module: WebAssembly.Module | undefined;

/** Memory of one instance with a pointer that only moves up; every room has canaries on both sides. */
export class LinkCore {
  readonly memory = new WebAssembly.Memory({ initial: PAGES, maximum: PAGES });
  readonly octets = new Uint8Array(this.memory.buffer);
  readonly view = new DataView(this.memory.buffer);
  private readonly x: Record<string, (...values: number[]) => number>;
  private readonly guards: number[] = [];
  private free: number;

  constructor() {
    if (module === undefined) {
      if (!existsSync(WASM) || statSync(WASM).mtimeMs < newestInput()) build();
      module = new WebAssembly.Module(readFileSync(WASM));
    }
    const instance = new WebAssembly.Instance(module, { env: { memory: this.memory } });
    this.x = instance.exports as unknown as Record<string, (...values: number[]) => number>;
    this.free = this.call("freeFrom");
  }

  /** Calls the export `name`. */
  call(name: string, ...values: number[]): number {
    const run = this.x[name];
    if (run === undefined) throw new Error(`testing_link has no export ${name}`);
    return run(...values);
  }

  private guard(at: number): void {
    this.octets.fill(CANARY, at, at + GUARD);
    this.guards.push(at);
  }

  /** Reserves `size` zeroed octets between canaries, on a multiple of 8. */
  room(size: number): number {
    const at = ((this.free + 7) & ~7) + GUARD;
    this.free = at + size + GUARD;
    if (this.free > this.octets.length) throw new Error("test memory is full");
    this.guard(at - GUARD);
    this.octets.fill(0, at, at + size);
    this.guard(at + size);
    return at;
  }

  put(octets: Uint8Array): number {
    const at = this.room(octets.length);
    this.octets.set(octets, at);
    return at;
  }

  read(at: number, size: number): Uint8Array {
    return this.octets.slice(at, at + size);
  }

  u32(at: number): number {
    return this.view.getUint32(at, true);
  }

  setU32(at: number, value: number): void {
    this.view.setUint32(at, value, true);
  }

  setU16(at: number, value: number): void {
    this.view.setUint16(at, value, true);
  }

  /** Throws when an octet beside a room was written. */
  guardsCheck(): void {
    for (const at of this.guards) {
      for (let i = at; i < at + GUARD; i++) {
        if (this.octets[i] !== CANARY) throw new Error(`octet ${i} beside a room was written`);
      }
    }
  }

  /** Runs `work` and forgets the rooms it reserved. */
  scoped<T>(work: () => T): T {
    const free = this.free;
    const guards = this.guards.length;
    try {
      const result = work();
      this.guardsCheck();
      return result;
    } finally {
      this.free = free;
      this.guards.length = guards;
    }
  }
}

export const fromHex = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text.replaceAll(/\s/g, ""), "hex"));
export const toHex = (octets: Uint8Array): string => Buffer.from(octets).toString("hex").toUpperCase();

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
