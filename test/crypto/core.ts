/** Builds and loads `assembly/testing_crypto.ts`, the entry that shows the insides of the crypto room to its tests. */
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

export const ROOT = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const ENTRY = "assembly/testing_crypto.ts";
const WASM = join(ROOT, "build/testing_crypto.wasm");
const PAGES = 4;

export type CryptoExports = Record<string, (...values: number[]) => number>;

function newestInput(): number {
  const folders = ["assembly/crypto", "assembly/base"].map((path) => join(ROOT, path));
  const files = folders.flatMap((folder) => readdirSync(folder).map((name) => join(folder, name)));
  return Math.max(...[...files, join(ROOT, ENTRY), join(ROOT, "asconfig.json")].map((path) => statSync(path).mtimeMs));
}

/** Compiles in a folder of this process, then moves the module into place: test files run side by side. */
function build(): void {
  const folder = join(ROOT, `build/testing_crypto.${process.pid}`);
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

/** Memory of one instance with a pointer that only moves up: `put` places octets, `room` reserves, `read` looks. */
export class Crypto {
  readonly x: CryptoExports;
  private readonly memory = new WebAssembly.Memory({ initial: PAGES, maximum: PAGES });
  private readonly octets = new Uint8Array(this.memory.buffer);
  private free: number;

  constructor() {
    if (module === undefined) {
      if (!existsSync(WASM) || statSync(WASM).mtimeMs < newestInput()) build();
      module = new WebAssembly.Module(readFileSync(WASM));
    }
    this.x = new WebAssembly.Instance(module, { env: { memory: this.memory } }).exports as unknown as CryptoExports;
    this.free = this.call("freeFrom") + 64;
  }

  /** Calls the export `name`. */
  call(name: string, ...values: number[]): number {
    const run = this.x[name];
    if (run === undefined) throw new Error(`testing_crypto has no export ${name}`);
    return run(...values);
  }

  /** Reserves `size` octets between canaries, on a multiple of 8. */
  room(size: number): number {
    const at = (this.free + 15) & ~7;
    this.free = at + size + 8;
    if (this.free > this.octets.length) throw new Error("test memory is full");
    this.octets.fill(CANARY, at - 8, at);
    this.octets.fill(0, at, at + size);
    this.octets.fill(CANARY, at + size, at + size + 8);
    return at;
  }

  put(octets: Uint8Array): number {
    const at = this.room(octets.length);
    this.octets.set(octets, at);
    return at;
  }

  write(at: number, octets: Uint8Array): void {
    this.octets.set(octets, at);
  }

  read(at: number, size: number): Buffer {
    return Buffer.from(this.octets.slice(at, at + size));
  }

  /** Whether the eight octets after a room are as they were. */
  intact(at: number, size: number): boolean {
    return this.octets.subarray(at + size, at + size + 8).every((octet) => octet === CANARY);
  }

  /** Forgets everything reserved since `mark()`. */
  mark(): number {
    return this.free;
  }

  reset(mark: number): void {
    this.free = mark;
  }
}

const CANARY = 0xa5;

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

  octets(size: number): Buffer {
    return Buffer.from(Array.from({ length: size }, () => this.roll(256)));
  }
}
