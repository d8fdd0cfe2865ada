/** Builds and loads `assembly/testing_link.ts`, the entry that shows the link room and its formats to their tests. */
import { type TestingExports, testingModule } from "../testing.ts";

export { Dice, hex as fromHex } from "../testing.ts";

const PAGES = 4;
const CANARY = 0xa5;
const GUARD = 16;

let module: WebAssembly.Module | undefined;

/** Memory of one instance with a pointer that only moves up; every room has canaries on both sides. */
export class LinkCore {
  readonly memory = new WebAssembly.Memory({ initial: PAGES, maximum: PAGES });
  readonly octets = new Uint8Array(this.memory.buffer);
  readonly view = new DataView(this.memory.buffer);
  private readonly x: TestingExports;
  private readonly guards: number[] = [];
  private free: number;

  constructor() {
    module ??= testingModule("testing_link", ["link", "wire", "base"]);
    const instance = new WebAssembly.Instance(module, { env: { memory: this.memory } });
    this.x = instance.exports as unknown as TestingExports;
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

export const toHex = (octets: Uint8Array): string => Buffer.from(octets).toString("hex").toUpperCase();
