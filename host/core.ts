/**
 * The only file that touches the core's exports and memory. docs/ARCHITECTURE.md, section 3, is the ABI it follows.
 *
 * A Core is the compiled module. It plans templates and opens banks: instances in a memory that is sized for their seats
 * once and never grows. Methods of a bank are the calls of the ABI, with octets in place of regions.
 */

import { Buffer } from "node:buffer";
import { CoreError } from "./core_kind.ts";
import { SAMPLE_SIZE, sampleWrite, type Sample } from "./sample.ts";

export type { Sample };

/** The version of the ABI this host speaks. */
export const ABI_VERSION = 1;

/** Octets of the exchange regions; the same as in assembly/base/limits.ts. */
export const EXCHANGE_SIZE = 4096;
export const FLASH_PAGE_SIZE = 4096;
const STATUS_SIZE = 40;
/** Octets of region 6; the same as in assembly/device/regions.ts. */
export const PROVISION_SIZE = 8192;

/** Octets that are copied one by one. */
const SHORT_SIZE = 64;

const WASM_PAGE_SIZE = 65536;
const WASM_PAGES_MIB = 16;
/** Largest memory of 32-bit addresses. */
const WASM_PAGES_MAX = 65536;
/** Pages of a planning instance beyond the image: static data and the layout. */
const PLANNING_PAGES = 32;

const REGION = { template: 0, in: 1, out: 2, sample: 3, flash: 4, status: 5, provision: 6 } as const;

/** Kinds of lineEvent(). */
export const LineEvent = { OPENED: 1, CLOSED: 2, SENT: 3, REFUSED: 4, CALLED: 5 } as const;
export type LineEvent = (typeof LineEvent)[keyof typeof LineEvent];

/** What flashPoll() asks for. */
export const FlashOperation = { NONE: 0, READ: 1, PROGRAM: 2, ERASE: 3, SYNC: 4 } as const;

/** Kinds of input(), as docs/ARCHITECTURE.md, section 3, has them; 0 is at rest where nothing else is said. */
export const Input = {
  POWER_FAILS: 1,
  POWER_RETURNS: 2,
  TERMINAL_COVER: 3,
  METER_COVER: 4,
  DC_FIELD: 5,
  EXTERNAL_ALERT: 6,
  /** 0 good, 1 low, 2 to be replaced */
  BATTERY: 7,
  /** Its value is the event code, 12 to 16. */
  SELF_TEST: 8,
  BUTTON: 9,
  PHASE_SEQUENCE: 10,
  NEUTRAL: 11,
  OUTPUT_FAILED: 12,
  NETWORK: 13,
  INSTALLATION: 14,
  /** ms that a time server is ahead of meter time */
  TIME_SOURCE: 15,
  KEEP_ENERGIES: 16,
} as const;

/** transmitPoll(): the connection is to be closed. */
export const TRANSMIT_CLOSE = 0x10000;

/** What receive() and transmitPoll() have left to be asked for. A bit may stand for nothing, but what there is has its bit. */
export const NEWS_TRANSMIT = 1;
export const NEWS_FLASH = 2;
export const NEWS_OUTPUT = 4;
/** Something may be due earlier than deadlinePoll() said. */
export const NEWS_DEADLINE = 8;
/** What every other call may have left. */
export const NEWS_EVERYTHING = 15;
/** The core waits to hear that the item has left. */
export const NEWS_SENT = 16;

/** outputPoll(): the core wants entropy; a line has another rate; deliverPoll() has something; the disconnector or a relay has switched. */
export const OUTPUT_ENTROPY = 1;
export const OUTPUT_RATE = 2;
export const OUTPUT_DELIVERY = 4;
export const OUTPUT_SWITCHED = 8;
/** outputPoll(): the time server of the NTP setup is to be asked. */
export const OUTPUT_TIME = 16;

/** deliverPoll(): the connection of the last delivery is to be closed. */
export const DELIVER_CLOSE = 0x10000;

/** Kinds of deliverEvent(). */
export const DeliverEvent = { SENT: 1, FAILED: 2, RECEIVED: 3 } as const;
export type DeliverEvent = (typeof DeliverEvent)[keyof typeof DeliverEvent];

/** An APDU that a meter pushes, and where to (Blue Book, class_id 40, send_destination_and_method). */
export interface Delivery {
  /** transport_service: 0 TCP, 1 UDP */
  readonly transport: number;
  /** message: 0 A-XDR, with wrapper header; 1 XML, the APDU alone */
  readonly message: number;
  readonly destination: Uint8Array;
  readonly octets: Uint8Array;
  /** Journal sequence it depends on. */
  readonly sequence: number;
}

/** What a meter shows at one place of its face. */
export interface FaceItem {
  readonly classId: number;
  /** 6 octets */
  readonly logicalName: Uint8Array;
  readonly attribute: number;
  /** scaler_unit of the value; unit 0 = it has none */
  readonly scaler: number;
  readonly unit: number;
  /** Data in A-XDR */
  readonly value: Uint8Array;
}

/** Lists of FaceItems: 0 general display list, 1 alternate one, 2 clock, message text, tariff and disconnector, 3 NTP setup. */
export const FACE_LISTS = 4;

/** What plan() computes for a template. */
export interface Plan {
  /** Address of the first seat. */
  readonly seatsAt: number;
  readonly blockSize: number;
  readonly slots: number;
  /** Two u32 that name the layout; blocks move between seats of equal layouts only. */
  readonly layoutId: readonly [number, number];
  /** Octets of flash one meter needs. */
  readonly flashSize: number;
}

/** The core refused a template image: which limit, which object (index, 65535 = none) and the value found. */
export class PlanRefused extends Error {
  readonly limit: number;
  readonly object: number;
  readonly value: number;

  constructor(limit: number, object: number, value: number) {
    super(`the core refuses the template: limit ${limit}, object ${object}, value ${value}`);
    this.name = "PlanRefused";
    this.limit = limit;
    this.object = object;
    this.value = value;
  }
}

interface CoreExports {
  abiVersion(): number;
  region(kind: number): number;
  plan(size: number): number;
  planned(what: number): number;
  boot(seat: number, provisionSize: number, flashSize: number, lineTime: number, meterTime: number): number;
  receive(seat: number, slot: number, size: number, lineTime: number, meterTime: number): number;
  lineEvent(seat: number, slot: number, kind: number, lineTime: number, meterTime: number): number;
  transmitPoll(seat: number, slot: number, lineTime: number): number;
  flashPoll(seat: number): number;
  flashDone(seat: number, status: number, meterTime: number): number;
  sample(seat: number, meterTime: number): number;
  input(seat: number, kind: number, value: number, meterTime: number): number;
  tick(seat: number, lineTime: number, meterTime: number): number;
  deadlinePoll(seat: number): number;
  entropy(seat: number, size: number): number;
  outputPoll(seat: number): number;
  deliverPoll(seat: number, lineTime: number): number;
  deliverEvent(seat: number, kind: number, size: number, lineTime: number, meterTime: number): number;
  show(seat: number, list: number, item: number): number;
}

/** Copies the first `size` octets. For a few a loop is several times as fast as a view and a call. */
function copy(from: Uint8Array, to: Uint8Array, size: number): void {
  if (size > SHORT_SIZE) to.set(from.length > size ? from.subarray(0, size) : from);
  else for (let i = 0; i < size; i++) to[i] = from[i]!;
}

/** Whether `error` is a trap of the core: one of its assertions failed, which counts as a watchdog reset. */
export function isTrap(error: unknown): boolean {
  return error instanceof WebAssembly.RuntimeError;
}

/** A memory of one size. Node reserves 10 GiB of addresses for each, so that code need not check its bounds. @throws CoreError */
function memoryOf(pages: number): WebAssembly.Memory {
  try {
    return new WebAssembly.Memory({ initial: pages, maximum: pages });
  } catch (error) {
    const size = Math.ceil(pages / WASM_PAGES_MIB);
    throw new CoreError(
      `the system gives no memory of ${size} MiB in 10 GiB of addresses (${(error as Error).message}); raise its limits (ulimit -v, vm.overcommit_memory), or run fewer meters`,
    );
  }
}

function instantiate(module: WebAssembly.Module, pages: number): { exports: CoreExports; memory: WebAssembly.Memory } {
  const memory = memoryOf(pages);
  // A plain object: in that of the instance V8 looks each function up again with each call.
  const exports = { ...new WebAssembly.Instance(module, { env: { memory } }).exports } as unknown as CoreExports;
  const version = exports.abiVersion() >>> 0;
  if (version !== ABI_VERSION) throw new Error(`the core speaks ABI ${version}, this host ${ABI_VERSION}`);
  return { exports, memory };
}

/** Writes the image to region 0 and plans it; throws PlanRefused. */
function planImage(exports: CoreExports, memory: WebAssembly.Memory, image: Uint8Array): Plan {
  const at = exports.region(REGION.template) >>> 0;
  if (at + image.length > memory.buffer.byteLength) throw new Error("the template image does not fit the memory");
  new Uint8Array(memory.buffer).set(image, at);
  const planned = (what: number): number => exports.planned(what) >>> 0;
  if (exports.plan(image.length) < 0) throw new PlanRefused(planned(16), planned(17), planned(18));
  return {
    seatsAt: planned(0),
    blockSize: planned(1),
    slots: planned(2),
    layoutId: [planned(3), planned(4)],
    flashSize: planned(5),
  };
}

/** Compiled code, which threads share: a message that carries it copies nothing. */
export type CoreModule = WebAssembly.Module;

/** A compiled core. */
export class Core {
  /** What another thread makes a Core of without compiling it again. */
  readonly module: CoreModule;

  /** Compiles the octets of `build/core.wasm`, which files.ts finds, or takes what another thread has compiled. */
  constructor(code: Uint8Array | CoreModule) {
    this.module = code instanceof Uint8Array ? new WebAssembly.Module(code as Uint8Array<ArrayBuffer>) : code;
  }

  /** Lays out a block for the template image; throws PlanRefused. */
  plan(image: Uint8Array): Plan {
    const { exports, memory } = instantiate(this.module, PLANNING_PAGES + Math.ceil(image.length / WASM_PAGE_SIZE));
    return planImage(exports, memory, image);
  }

  /** How many seats of `plan` one bank can hold. */
  static seatsMax(plan: Plan): number {
    return Math.floor((WASM_PAGES_MAX * WASM_PAGE_SIZE - plan.seatsAt) / plan.blockSize);
  }

  /** Opens a bank of `seats` empty seats for the template image; throws PlanRefused. */
  bank(image: Uint8Array, seats: number): CoreBank {
    const plan = this.plan(image);
    if (seats < 1 || seats > Core.seatsMax(plan)) throw new Error(`a bank holds 1 to ${Core.seatsMax(plan)} meters`);
    const pages = Math.ceil((plan.seatsAt + seats * plan.blockSize) / WASM_PAGE_SIZE);
    const planning = PLANNING_PAGES + Math.ceil(image.length / WASM_PAGE_SIZE);
    const { exports, memory } = instantiate(this.module, Math.max(pages, planning));
    return new CoreBank(exports, memory, planImage(exports, memory, image), seats);
  }
}

/**
 * One instance and its seats. Times are milliseconds, line time monotonic and meter time since 1970 UTC. Results below 0
 * are errors of assembly/base/err.ts. What a method returns as octets is a view that the next call overwrites.
 */
export class CoreBank {
  readonly plan: Plan;
  readonly seats: number;
  private readonly exports: CoreExports;
  private readonly octets: Uint8Array;
  private readonly in: Uint8Array;
  private readonly out: Uint8Array;
  private readonly flash: Uint8Array;
  private readonly provision: Uint8Array;
  private readonly status: DataView;
  private readonly sampled: DataView;

  constructor(exports: CoreExports, memory: WebAssembly.Memory, plan: Plan, seats: number) {
    this.exports = exports;
    this.plan = plan;
    this.seats = seats;
    this.octets = new Uint8Array(memory.buffer);
    const region = (kind: number, size: number): Uint8Array => {
      const at = exports.region(kind) >>> 0;
      return this.octets.subarray(at, at + size);
    };
    this.in = region(REGION.in, EXCHANGE_SIZE);
    this.out = region(REGION.out, EXCHANGE_SIZE);
    this.flash = region(REGION.flash, FLASH_PAGE_SIZE);
    this.provision = region(REGION.provision, PROVISION_SIZE);
    this.status = new DataView(memory.buffer, exports.region(REGION.status) >>> 0, STATUS_SIZE);
    this.sampled = new DataView(memory.buffer, exports.region(REGION.sample) >>> 0, SAMPLE_SIZE);
  }

  /** Empties the seat, applies provision records and starts to replay `flashSize` octets of flash. */
  boot(seat: number, provision: Uint8Array, flashSize: number, lineTime: number, meterTime: number): number {
    this.provision.set(provision);
    return this.exports.boot(seat, provision.length, flashSize, lineTime, meterTime);
  }

  /** Offers octets of a connection, as many as the region holds; returns how many were taken. */
  receive(seat: number, slot: number, octets: Uint8Array, lineTime: number, meterTime: number): number {
    const size = Math.min(octets.length, EXCHANGE_SIZE);
    copy(octets, this.in, size);
    return this.exports.receive(seat, slot, size, lineTime, meterTime);
  }

  /** What the last receive() or transmitPoll() has left to be asked for: bits of NEWS_EVERYTHING, and NEWS_SENT. */
  get news(): number {
    return this.status.getUint32(32, true);
  }

  lineEvent(seat: number, slot: number, kind: LineEvent, lineTime: number, meterTime: number): number {
    return this.exports.lineEvent(seat, slot, kind, lineTime, meterTime);
  }

  /** Next item of a connection: 0 none, TRANSMIT_CLOSE, or a number of octets for transmitted(). */
  transmitPoll(seat: number, slot: number, lineTime: number): number {
    return this.exports.transmitPoll(seat, slot, lineTime);
  }

  /** A copy of the item that transmitPoll() gave: a Buffer, which a socket takes as it is; in `spare`, where that is as long. */
  transmitted(size: number, spare?: Uint8Array): Uint8Array {
    const item = spare?.length === size ? spare : Buffer.allocUnsafe(size);
    copy(this.out, item, size);
    return item;
  }

  /** Journal sequence that the last item of transmitPoll() depends on. */
  get transmittedSequence(): number {
    return this.status.getUint32(0, true);
  }

  /** Next flash operation; its range stands in flashAddress and flashData(). */
  flashPoll(seat: number): number {
    return this.exports.flashPoll(seat);
  }

  get flashAddress(): number {
    return this.status.getUint32(4, true);
  }

  get flashSize(): number {
    return this.status.getUint32(8, true);
  }

  /** The region the operation reads into or programs from, `size` octets of it. */
  flashData(size: number): Uint8Array {
    return this.flash.subarray(0, size);
  }

  /** Ends the operation that flashPoll() gave, `status` 0 when it was done; durableSequence is new after it. */
  flashDone(seat: number, status: number, meterTime: number): number {
    return this.exports.flashDone(seat, status, meterTime);
  }

  get durableSequence(): number {
    return this.status.getUint32(12, true);
  }

  /** Gives the core what was measured since the last sample. */
  sample(seat: number, sample: Sample, meterTime: number): number {
    sampleWrite(this.sampled, sample);
    return this.exports.sample(seat, meterTime);
  }

  input(seat: number, kind: number, value: number, meterTime: number): number {
    return this.exports.input(seat, kind, value, meterTime);
  }

  /** Handles at most one due instant; 1 = another one is due. */
  tick(seat: number, lineTime: number, meterTime: number): number {
    return this.exports.tick(seat, lineTime, meterTime);
  }

  /** Makes meterDeadline and lineDeadline those of the seat. */
  deadlinePoll(seat: number): number {
    return this.exports.deadlinePoll(seat);
  }

  /** Next meter time at which tick() has something to do, 0 = none. */
  get meterDeadline(): number {
    return this.status.getFloat64(16, true);
  }

  /** Next line time at which tick() has something to do, 0 = none. */
  get lineDeadline(): number {
    return this.status.getFloat64(24, true);
  }

  entropy(seat: number, octets: Uint8Array): number {
    this.provision.set(octets);
    return this.exports.entropy(seat, octets.length);
  }

  /** What the core wants beside octets; with OUTPUT_RATE, rateSlot and rate tell which line and how fast. */
  outputPoll(seat: number): number {
    return this.exports.outputPoll(seat);
  }

  /** Connection that outputPoll() named. */
  get rateSlot(): number {
    return this.status.getUint32(4, true);
  }

  /** Its rate from now on, Bd; 0 = the line's own. */
  get rate(): number {
    return this.status.getUint32(8, true);
  }

  /** With OUTPUT_SWITCHED: bit 0 the main disconnector is closed, bit k relay k is. */
  get switched(): number {
    return this.status.getUint32(12, true);
  }

  /** Next notification for another place than an open line: 0 none, DELIVER_CLOSE, or a number of octets for delivery(). */
  deliverPoll(seat: number, lineTime: number): number {
    return this.exports.deliverPoll(seat, lineTime);
  }

  /** A copy of what deliverPoll() gave. */
  delivery(size: number): Delivery {
    const method = this.status.getUint32(4, true);
    return {
      transport: method & 0xff,
      message: method >>> 8,
      destination: this.out.slice(size, size + this.status.getUint32(8, true)),
      octets: this.out.slice(0, size),
      sequence: this.status.getUint32(0, true),
    };
  }

  /** How the delivery under way went, or octets that came back from the receiver: one WPDU. */
  deliverEvent(seat: number, kind: DeliverEvent, octets: Uint8Array, lineTime: number, meterTime: number): number {
    if (octets.length > EXCHANGE_SIZE) return 0;
    this.in.set(octets);
    return this.exports.deliverEvent(seat, kind, octets.length, lineTime, meterTime);
  }

  /** An item of a list of the meter's face, undefined behind the last. */
  show(seat: number, list: number, item: number): FaceItem | undefined {
    const size = this.exports.show(seat, list, item);
    if (size <= 0) return undefined;
    const octets = this.out.slice(0, size);
    const classId = (octets[0]! << 8) | octets[1]!;
    const [attribute, scaler] = [(octets[8]! << 24) >> 24, (octets[9]! << 24) >> 24];
    return {
      classId,
      logicalName: octets.subarray(2, 8),
      attribute,
      scaler,
      unit: octets[10]!,
      value: octets.subarray(11),
    };
  }

  /** A raw copy of a seat's block: all state of the meter. */
  snapshot(seat: number): Uint8Array {
    return this.block(seat).slice();
  }

  /** Puts a snapshot of a bank with an equal layoutId into a seat. */
  restore(seat: number, block: Uint8Array): void {
    if (block.length !== this.plan.blockSize) throw new Error("the block belongs to another layout");
    this.block(seat).set(block);
  }

  /** The octets of a seat's block, as they are now. */
  block(seat: number): Uint8Array {
    if (seat < 0 || seat >= this.seats) throw new RangeError(`the bank has seats 0 to ${this.seats - 1}`);
    const at = this.plan.seatsAt + seat * this.plan.blockSize;
    return this.octets.subarray(at, at + this.plan.blockSize);
  }
}

/** The calls that run a meter, which a test may replace. */
export type CoreCalls = Pick<
  CoreBank,
  | "boot"
  | "receive"
  | "news"
  | "lineEvent"
  | "transmitPoll"
  | "transmitted"
  | "transmittedSequence"
  | "flashPoll"
  | "flashAddress"
  | "flashSize"
  | "flashData"
  | "flashDone"
  | "durableSequence"
  | "sample"
  | "input"
  | "tick"
  | "deadlinePoll"
  | "meterDeadline"
  | "lineDeadline"
  | "entropy"
  | "outputPoll"
  | "rateSlot"
  | "rate"
  | "switched"
  | "deliverPoll"
  | "delivery"
  | "deliverEvent"
  | "show"
>;
