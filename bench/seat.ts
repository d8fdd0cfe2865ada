/**
 * One meter of the core without the host's loop: calls of the bank, and nothing between them that a figure would have to
 * pay for. Clients reach it over a transport that answers at once.
 */
import { randomBytes } from "node:crypto";
import type { Transport } from "../host/client/transport.ts";
import { Core, FlashOperation, LineEvent, type CoreBank } from "../host/core.ts";
import { coreOctets } from "../host/files.ts";
import { MemoryFlash } from "../host/flash/memory.ts";
import { SteppedMetrology } from "../host/metrology/steps.ts";
import { constantLoad } from "../host/metrology/constant.ts";
import type { Metrology } from "../host/metrology/metrology.ts";
import { portFor, portsOf } from "../host/ports.ts";
import type { Compiled } from "../host/template/compile.ts";
import { meterIdentity, provisionRecords } from "../host/template/identity.ts";
import { repeat, type Work } from "./timing.ts";

/** 2026-01-15 00:00 UTC. */
export const START = Date.UTC(2026, 0, 15);
const LINE_TIME = 1000;
const SEED = 1;

let loaded: Core | undefined;

/** The core, compiled once. */
export function core(): Core {
  return (loaded ??= new Core(coreOctets()));
}

/** Provision records of meter `index`. */
export function provisionOf(template: Compiled, index: number): Uint8Array {
  return provisionRecords(meterIdentity(template.model.parts.identity, SEED, index), template.model);
}

/** What went to the flash. */
export class FlashCounts {
  programs = 0;
  octets = 0;
  erases = 0;
  syncs = 0;
}

export class Seat {
  readonly bank: CoreBank;
  readonly template: Compiled;
  readonly flash: MemoryFlash;
  readonly counts = new FlashCounts();
  readonly metrology: Metrology = new SteppedMetrology(constantLoad);
  /** Line time stands still: a benchmark is shorter than any time-out. */
  readonly lineTime = LINE_TIME;
  meterTime: number;
  private sampledTo: number;

  /** Boots a meter; with `past`, one that begins with what that seat has left in its flash, at its time. `build` is the core to run. */
  constructor(template: Compiled, past?: Seat, entropy: Uint8Array = randomBytes(64), build: Core = core()) {
    this.template = template;
    this.bank = build.bank(template.image, 1);
    this.flash = past?.flash.clone() ?? new MemoryFlash(this.bank.plan.flashSize);
    this.meterTime = past?.meterTime ?? START;
    this.sampledTo = this.meterTime;
    const result = this.bank.boot(0, provisionOf(template, 0), this.flash.size, this.lineTime, this.meterTime);
    if (result < 0) throw new Error(`the core refuses to boot (${result})`);
    this.settle();
    this.bank.entropy(0, entropy);
  }

  /** Does the flash operations that wait. */
  settle(): void {
    const { bank } = this;
    for (;;) {
      const operation = bank.flashPoll(0);
      if (operation === FlashOperation.NONE) return;
      this.operate(operation, bank.flashAddress, bank.flashSize);
      const result = bank.flashDone(0, 0, this.meterTime);
      if (result < 0) throw new Error(`the core cannot use its flash (${result})`);
    }
  }

  private operate(operation: number, address: number, size: number): void {
    const { bank, flash, counts } = this;
    if (operation === FlashOperation.READ) flash.read(address, bank.flashData(size));
    else if (operation === FlashOperation.ERASE) {
      flash.erase(address, size);
      counts.erases++;
    } else if (operation === FlashOperation.SYNC) counts.syncs++;
    else {
      flash.program(address, bank.flashData(size));
      counts.programs++;
      counts.octets += size;
    }
  }

  /** First slot of a connection of the wrapper or of HDLC. */
  slotOf(use: "wrapper" | "hdlc", connection = 0): number {
    const port = portFor(portsOf(this.template.image), use)!;
    return port.firstSlot + connection * port.links;
  }

  /** Opens a connection; the transport is a client's end of it. */
  open(slot: number): Transport {
    this.bank.lineEvent(0, slot, LineEvent.OPENED, this.lineTime, this.meterTime);
    let listener: ((octets: Uint8Array) => void) | undefined;
    return {
      write: (octets) => {
        for (const item of this.exchange(slot, octets)) listener?.(item);
      },
      onData: (taken) => (listener = taken),
      onClose: () => undefined,
      close: async () => {
        this.bank.lineEvent(0, slot, LineEvent.CLOSED, this.lineTime, this.meterTime);
      },
    };
  }

  /** Offers octets and returns all items the core sends for them. */
  exchange(slot: number, octets: Uint8Array): Uint8Array[] {
    const { bank } = this;
    const items: Uint8Array[] = [];
    for (let rest = octets; ;) {
      const taken = rest.length > 0 ? bank.receive(0, slot, rest, this.lineTime, this.meterTime) : 0;
      if (taken < 0) throw new Error(`the core refuses octets (${taken})`);
      for (;;) {
        const size = bank.transmitPoll(0, slot, this.lineTime);
        if (size <= 0) break;
        items.push(bank.transmitted(size));
      }
      this.settle();
      rest = rest.subarray(taken);
      if (rest.length === 0 || taken === 0) return items;
    }
  }

  /** Gives the core what was measured up to now. */
  sample(): void {
    if (this.meterTime <= this.sampledTo) return;
    this.bank.sample(0, this.metrology.sample(this.sampledTo, this.meterTime), this.meterTime);
    this.sampledTo = this.meterTime;
  }

  /** Handles the next due instant, which meter time jumps to; false when there is none until `limit`. */
  step(limit = Infinity): boolean {
    const { bank } = this;
    bank.deadlinePoll(0);
    const deadline = bank.meterDeadline;
    if (deadline === 0 || deadline > limit) return false;
    this.meterTime = Math.max(this.meterTime, deadline);
    this.sample();
    bank.tick(0, this.lineTime, this.meterTime);
    this.settle();
    return true;
  }
}

/** Requests of a batch: little enough time, a tenth of a millisecond or so, that a processor is often quiet for as long. */
export const BATCH = 80;
/** Batches that are made at once: making them takes a client far longer than the meter takes to answer. */
const STOCK = 20;

/** Calls of each request, with the poll for the flash that the host makes behind it. */
function requestsRun(seat: Seat, slot: number, batch: readonly Uint8Array[]): number {
  const { bank, lineTime, meterTime } = seat;
  for (const request of batch) {
    bank.receive(0, slot, request, lineTime, meterTime);
    const size = bank.transmitPoll(0, slot, lineTime);
    bank.transmitted(size);
    seat.settle();
  }
  return batch.length;
}

/** The same requests in each batch. */
export function sameWork(seat: Seat, slot: number, batch: readonly Uint8Array[]): Work {
  return { run: () => requestsRun(seat, slot, batch) };
}

/** Requests that serve once, as sealed ones do, in the order in which they are made: `make` is not given to anyone else meanwhile. */
export function freshWork(seat: Seat, slot: number, make: (index: number) => Uint8Array): Work {
  const stock: Uint8Array[][] = [];
  let batch: readonly Uint8Array[] = [];
  return {
    prepare() {
      if (stock.length === 0) {
        for (let i = 0; i < STOCK; i++) stock.push(Array.from({ length: BATCH }, (_, k) => make(k)));
      }
      batch = stock.shift()!;
    },
    run: () => requestsRun(seat, slot, batch),
  };
}

/** As many octets in and out through calls that do nothing: what a core could cost at least. */
export function floorWork(seat: Seat, requestSize: number, answerSize: number, count: number): Work {
  const { bank } = seat;
  const request = new Uint8Array(requestSize);
  return repeat(count, () => {
    bank.flashData(request.length).set(request);
    bank.outputPoll(0);
    bank.outputPoll(0);
    bank.transmitted(answerSize);
    bank.outputPoll(0);
  });
}
