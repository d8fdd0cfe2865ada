/** Builds and loads `assembly/testing_crypto.ts`, the entry that shows the insides of the crypto room to its tests. */
import { Dice as Seeded, type TestingExports, testingModule } from "../testing.ts";

export { hex, ROOT } from "../testing.ts";
export type CryptoExports = TestingExports;

const PAGES = 4;

let module: WebAssembly.Module | undefined;

/** Memory of one instance with a pointer that only moves up: `put` places octets, `room` reserves, `read` looks. */
export class Crypto {
  readonly x: CryptoExports;
  private readonly memory = new WebAssembly.Memory({ initial: PAGES, maximum: PAGES });
  private readonly octets = new Uint8Array(this.memory.buffer);
  private free: number;

  constructor() {
    module ??= testingModule("testing_crypto", ["crypto", "base"]);
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

/** Dice whose octets compare with what node:crypto gives. */
export class Dice extends Seeded {
  override octets(size: number): Buffer {
    return Buffer.from(super.octets(size));
  }
}
