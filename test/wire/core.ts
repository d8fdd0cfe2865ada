/** Builds and loads `assembly/testing_wire.ts`, the entry that shows the codecs to their tests. */
import { type TestingExports, testingModule, testingOctets } from "../testing.ts";
import { counting } from "../work.ts";
import { KINDS, type Kind, type Value } from "./kinds.ts";

export { Dice, hex } from "../testing.ts";

const ROOMS = ["wire", "base"];
const PAGES = 4;
const PAGE = 65536;
const CANARY = 0xa5;
const OUT_SIZE = 65536;

/** The values of `enum Err` the codecs return. */
export const Err = { INCOMPLETE: -1, MALFORMED: -2, NO_SPACE: -3, LIMIT: -4, UNKNOWN: -5 } as const;

let module: WebAssembly.Module | undefined;
let countingModule: WebAssembly.Module | undefined;

/** The module with a count of its steps. */
function counted(): WebAssembly.Module {
  const octets = testingOctets("testing_wire", ROOMS);
  return (countingModule ??= new WebAssembly.Module(counting(octets) as Uint8Array<ArrayBuffer>));
}

/**
 * One instance. Inputs lie at the very end of the memory, so that reading one octet too far traps; outputs lie between
 * canaries.
 */
export class Wire {
  private readonly x: TestingExports;
  private readonly memory = new WebAssembly.Memory({ initial: PAGES, maximum: PAGES });
  readonly octets = new Uint8Array(this.memory.buffer);
  private readonly view = new DataView(this.memory.buffer);
  private readonly value: number;
  private readonly out: number;
  private input = 0;
  private inputSize = 0;

  /** With `steps`, stepsTake() counts what the module does (test/work.ts). */
  constructor(steps = false) {
    module ??= testingModule("testing_wire", ROOMS);
    this.x = new WebAssembly.Instance(steps ? counted() : module, { env: { memory: this.memory } })
      .exports as unknown as TestingExports;
    this.value = this.call("valueAt");
    this.out = (this.call("freeFrom") + 64 + 7) & ~7;
    if (this.out + OUT_SIZE + 64 > PAGES * PAGE - PAGE) throw new Error("test memory is full");
  }

  /** Calls the export `name`. */
  call(name: string, ...values: number[]): number {
    const run = this.x[name];
    if (run === undefined) throw new Error(`testing_wire has no export ${name}`);
    return run(...values);
  }

  /** Places `input` so that it ends where the memory ends; its address. */
  put(input: Uint8Array): number {
    this.input = PAGES * PAGE - input.length;
    this.inputSize = input.length;
    this.octets.set(input, this.input);
    return this.input;
  }

  /** Octets read, or Err. */
  parse(kind: Kind, input: Uint8Array): number {
    return this.call("parse", KINDS[kind].id, this.put(input), input.length);
  }

  /** Emits the value last parsed into `capacity` octets and checks that nothing else was written; octets, or Err. */
  emit(kind: Kind, capacity: number = OUT_SIZE): Buffer | number {
    const size = this.emitWith((at) => this.call("emit", KINDS[kind].id, at, capacity), capacity);
    return size < 0 ? size : this.outOctets(size);
  }

  /** Runs `run` with the address of the output between canaries. */
  emitWith(run: (at: number) => number, capacity: number): number {
    this.octets.fill(CANARY, this.out - 16, this.out);
    this.octets.fill(CANARY, this.out + capacity, this.out + capacity + 16);
    const result = run(this.out);
    const before = this.octets.subarray(this.out - 16, this.out);
    const after = this.octets.subarray(this.out + capacity, this.out + capacity + 16);
    if (![...before, ...after].every((octet) => octet === CANARY))
      throw new Error("an emitter wrote outside its region");
    return result;
  }

  outOctets(size: number): Buffer {
    return Buffer.from(this.octets.slice(this.out, this.out + size));
  }

  /** The 32-bit word `index` of the value; signed. */
  word(index: number): number {
    return this.view.getInt32(this.value + 4 * index, true);
  }

  /** The i64 at the head of the value. */
  long(): bigint {
    return this.view.getBigInt64(this.value, true);
  }

  /** The value last parsed: numbers as they are, {address, size} pairs as hexadecimal octets or undefined. */
  read(kind: Kind): Value {
    const result: Value = {};
    let index = 0;
    for (const field of KINDS[kind].fields) {
      const [name, size] = field.split(":") as [string, string | undefined];
      if (size === undefined) {
        result[name] = this.word(index++);
        continue;
      }
      const at = this.word(index++);
      const length = size === "" ? this.word(index++) : size === "count" ? this.word(index - 2) : Number(size);
      result[name] = at === 0 ? undefined : this.inside(name, at, length).toString("hex").toUpperCase();
    }
    return result;
  }

  /** Octets of the input; a pair that points anywhere else is a defect. */
  private inside(name: string, at: number, size: number): Buffer {
    if (at < this.input || size < 0 || at + size > this.input + this.inputSize) {
      throw new Error(`${name} lies outside the input: ${at - this.input}, ${size} of ${this.inputSize}`);
    }
    return Buffer.from(this.octets.slice(at, at + size));
  }
}
