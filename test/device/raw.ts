/**
 * One seat without the pump: octets in, items out, in the same call. Line and meter time are plain fields, the flash may be
 * held or cut, and the whole meter can be copied and put back between two requests.
 *
 *   const raw = RawMeter.boot();
 *   const channel = raw.wrapper({ clientSap: 1 });
 *   channel.exchange(aarqLls());                     // the APDU that answers, or undefined
 *   const before = raw.snapshot();
 *   channel.exchange(someOctets);
 *   raw.restore(before);
 *
 * A trap of the core is thrown out of feed() as WebAssembly.RuntimeError.
 */
import type { Core, CoreBank, Delivery } from "../../host/core.ts";
import { FlashOperation, Input, LineEvent, TRANSMIT_CLOSE } from "../../host/core.ts";
import {
  DELIVER_CLOSE,
  DeliverEvent,
  OUTPUT_DELIVERY,
  OUTPUT_ENTROPY,
  OUTPUT_RATE,
  OUTPUT_SWITCHED,
  OUTPUT_TIME,
} from "../../host/core.ts";
import type { Transport } from "../../host/client/index.ts";
import { MemoryFlash } from "../../host/flash/memory.ts";
import { constantLoad } from "../../host/metrology/constant.ts";
import { SteppedMetrology } from "../../host/metrology/steps.ts";
import type { Metrology } from "../../host/metrology/metrology.ts";
import { portFor, portsOf, type PortUse } from "../../host/ports.ts";
import type { Compiled } from "../../host/template/compile.ts";
import { meterIdentity, type MeterIdentity, provisionRecords } from "../../host/template/identity.ts";
import { HdlcChannel, WrapperChannel } from "./channels.ts";
import { core as shippedCore, seeded, START, template } from "./rig.ts";

export { framesOf, HdlcChannel, WrapperChannel } from "./channels.ts";

/** Items that one call may give at most: a meter that goes on for ever is a defect. */
const ITEMS_MAX = 100_000;
/** Octets of a seed: 256 bits and a nonce of half of it (SP 800-90A 8.6.7). */
const ENTROPY_SIZE = 48;

/** Everything a meter is, between two calls. */
export interface RawSnapshot {
  readonly block: Uint8Array;
  readonly flash: MemoryFlash;
  readonly driver: Driver;
  /** Connections that are open. */
  readonly open: readonly number[];
}

/** What the driver knows of a meter besides its block and flash. */
interface Driver {
  lineTime: number;
  meterTime: number;
  sampledTo: number;
  durable: number;
  writes: number;
}

interface Held {
  readonly octets: Uint8Array;
  readonly sequence: number;
}

/** What the driver keeps of a line. */
interface RawLine {
  open: boolean;
  readonly held: Held[];
  readonly sent: Uint8Array[];
}

export interface RawOptions {
  seed?: number;
  index?: number;
  start?: number;
  template?: Compiled;
  flash?: MemoryFlash;
  /** A seat of a bank that holds other meters too; its template must be `template`. */
  bank?: CoreBank;
  seat?: number;
  core?: Core;
  metrology?: Metrology;
  /** The meter boots without entropy until entropyHeld is taken back. */
  entropyHeld?: boolean;
  /** Provision records of the test, behind those of the identity. */
  provision?: Uint8Array | ((identity: MeterIdentity) => Uint8Array);
}

export class RawMeter {
  readonly bank: CoreBank;
  seat: number;
  readonly compiled: Compiled;
  readonly identity: MeterIdentity;
  flash: MemoryFlash;
  lineTime = 1000;
  meterTime: number;
  /** While set, the flash does not answer: items that depend on a record wait. */
  flashHeld = false;
  /** While set, the meter gets no entropy: its generator stays without a seed. */
  entropyHeld = false;
  /** While set, items stay on their way until sent() says that they have left. */
  sentHeld = false;
  /** Rates of lines as the meter wants them, Bd. */
  readonly rates = new Map<number, number>();
  /** States of disconnector and relays as the meter has told them. */
  readonly outputs: number[] = [];
  /** How often the meter wanted its time server asked. */
  timeAsked = 0;
  /** Programs and erases so far. */
  writes = 0;
  /** What the meter has pushed since the last look, "close" where its connection ended. */
  readonly pushed: (Delivery | "close")[] = [];
  /** How the next delivery goes; undefined: nobody says. */
  courier: (delivery: Delivery) => DeliverEvent | undefined = () => DeliverEvent.SENT;
  /** In how many places the last boot found its state damaged. */
  damage = 0;
  private durable = 0;
  private sampledTo: number;
  private readonly entropy: (size: number) => Uint8Array;
  private readonly metrology: Metrology;
  private readonly provision: Uint8Array;
  private readonly lines = new Map<number, RawLine>();

  private constructor(options: RawOptions) {
    const { seed = 1, index = 0 } = options;
    this.compiled = options.template ?? template();
    this.bank = options.bank ?? (options.core ?? shippedCore()).bank(this.compiled.image, 1);
    this.seat = options.seat ?? 0;
    this.identity = meterIdentity(this.compiled.model.parts.identity, seed, index);
    const own = provisionRecords(this.identity, this.compiled.model);
    const more = typeof options.provision === "function" ? options.provision(this.identity) : options.provision;
    this.provision = Buffer.concat([own, more ?? Buffer.alloc(0)]);
    this.flash = options.flash ?? new MemoryFlash(this.bank.plan.flashSize);
    this.meterTime = options.start ?? START;
    this.sampledTo = this.meterTime;
    this.entropy = seeded(`${seed} ${index}`);
    this.entropyHeld = options.entropyHeld ?? false;
    this.metrology = options.metrology ?? new SteppedMetrology(constantLoad);
  }

  static boot(options: RawOptions = {}): RawMeter {
    const meter = new RawMeter(options);
    meter.reboot();
    return meter;
  }

  /** Cuts the power and boots from what is in the flash. */
  reboot(): void {
    this.lines.clear();
    this.durable = 0;
    this.damage = 0;
    const { bank, seat, flash } = this;
    const result = bank.boot(seat, this.provision, flash.size, this.lineTime, this.meterTime);
    if (result < 0) throw new Error(`the core refuses to boot (${result})`);
    this.drain();
  }

  // --- lines ---

  /** Opens the connection that begins with `slot`. */
  open(slot: number): void {
    this.lines.set(slot, { open: true, held: [], sent: [] });
    this.event(slot, LineEvent.OPENED);
    this.drain();
  }

  close(slot: number): void {
    this.lines.delete(slot);
    this.event(slot, LineEvent.CLOSED);
    this.drain();
  }

  isOpen(slot: number): boolean {
    return this.lines.get(slot)?.open ?? false;
  }

  /** Offers octets of a line until all are taken; returns what the meter has sent on it since the last time. */
  feed(slot: number, octets: Uint8Array): Uint8Array[] {
    let rest = octets;
    while (rest.length > 0 && this.isOpen(slot)) {
      const taken = this.bank.receive(this.seat, slot, rest, this.lineTime, this.meterTime);
      if (taken < 0) throw new Error(`the core refuses octets (${taken})`);
      rest = rest.subarray(taken);
      if (!this.drain() && taken === 0) throw new Error("the core takes nothing and sends nothing");
    }
    return this.take(slot);
  }

  /** What the meter has sent on a line since the last time, item by item. */
  take(slot: number): Uint8Array[] {
    return this.lines.get(slot)?.sent.splice(0) ?? [];
  }

  /** Items that wait for the flash. */
  heldCount(slot: number): number {
    return this.lines.get(slot)?.held.length ?? 0;
  }

  /** A line as a transport of the client. What the meter sends on its own account arrives with the next write. */
  transport(slot: number): Transport {
    let listener: (octets: Uint8Array) => void = () => undefined;
    return {
      write: (octets) => this.feed(slot, octets).forEach((item) => listener(item)),
      onData: (hear) => void (listener = hear),
      onClose: () => undefined,
      close: async () => this.close(slot),
    };
  }

  /** A new line on the wrapper's port; `index` counts its connections. */
  wrapper(options: { clientSap?: number; serverSap?: number; index?: number } = {}): WrapperChannel {
    return new WrapperChannel(this, this.slotOf("wrapper", options.index ?? 0), options);
  }

  /** A new line on the HDLC port. */
  hdlc(options: { clientSap?: number; lower?: number; index?: number } = {}): HdlcChannel {
    return new HdlcChannel(this, this.slotOf("hdlc", options.index ?? 0), options);
  }

  /** First slot of the n-th connection of a port. */
  slotOf(use: PortUse, index: number): number {
    const port = portFor(portsOf(this.compiled.image), use)!;
    return port.firstSlot + index * port.links;
  }

  // --- time and power ---

  /** Lets time pass; every instant that falls due is handled at its own time, with the metering data up to it. */
  advance(meterMs: number, lineMs = 0): void {
    const meterEnd = this.meterTime + meterMs;
    this.lineTime += lineMs;
    for (;;) {
      this.bank.deadlinePoll(this.seat);
      const { meterDeadline, lineDeadline } = this.bank;
      const meterDue = meterDeadline > 0 && meterDeadline <= meterEnd;
      if (!meterDue && !(lineDeadline > 0 && lineDeadline <= this.lineTime)) break;
      if (meterDue) this.meterTime = Math.max(this.meterTime, meterDeadline);
      this.sample();
      this.bank.tick(this.seat, this.lineTime, this.meterTime);
      this.drain();
    }
    this.meterTime = meterEnd;
    this.sample();
    this.drain();
  }

  /** Gives the core what was measured up to now. */
  sample(): void {
    if (this.meterTime <= this.sampledTo) return;
    this.bank.sample(this.seat, this.metrology.sample(this.sampledTo, this.meterTime), this.meterTime);
    this.sampledTo = this.meterTime;
  }

  /** The last gasp: everything held back is written. */
  powerFails(): void {
    this.sample();
    this.bank.input(this.seat, Input.POWER_FAILS, 0, this.meterTime);
    this.drain();
  }

  // --- copies ---

  snapshot(): RawSnapshot {
    const { lineTime, meterTime, sampledTo, durable, writes } = this;
    const driver = { lineTime, meterTime, sampledTo, durable, writes };
    const open = [...this.lines].filter(([, line]) => line.open).map(([slot]) => slot);
    return { block: this.bank.snapshot(this.seat), flash: this.flash.clone(), driver, open };
  }

  /** Puts block, flash and times back. Lines opened since stay as they are known here: their state is in the block. */
  restore(snapshot: RawSnapshot): void {
    this.bank.restore(this.seat, snapshot.block);
    if (this.writes !== snapshot.driver.writes) this.flash = snapshot.flash.clone();
    Object.assign(this, snapshot.driver);
    for (const slot of snapshot.open) this.lines.set(slot, { open: true, held: [], sent: [] });
    for (const line of this.lines.values()) {
      line.held.length = 0;
      line.sent.length = 0;
    }
  }

  /** A connection lives in another seat of an equal bank from now on: the block is copied as it is. */
  move(bank: CoreBank, seat: number): RawMeter {
    const moved = new RawMeter({
      template: this.compiled,
      bank,
      seat,
      flash: this.flash.clone(),
      start: this.meterTime,
    });
    moved.restore({ ...this.snapshot(), flash: moved.flash });
    for (const slot of this.lines.keys()) moved.lines.set(slot, { open: true, held: [], sent: [] });
    return moved;
  }

  // --- the order of the pump: flash, transmit, outputs ---

  /** Takes all the core gives; true when it gave anything to send. */
  drain(): boolean {
    let any = false;
    for (;;) {
      this.flashDrain();
      if (this.transmitDrain()) {
        any = true;
        continue;
      }
      const outputs = this.bank.outputPoll(this.seat);
      if ((outputs & OUTPUT_TIME) !== 0) this.timeAsked++;
      if ((outputs & OUTPUT_SWITCHED) !== 0) this.outputs.push(this.bank.switched);
      if ((outputs & OUTPUT_RATE) !== 0) this.rates.set(this.bank.rateSlot, this.bank.rate);
      if ((outputs & OUTPUT_DELIVERY) !== 0 && !this.flashHeld && this.deliver()) continue;
      if (this.entropyHeld || (outputs & OUTPUT_ENTROPY) === 0) return any;
      this.bank.entropy(this.seat, this.entropy(ENTROPY_SIZE));
    }
  }

  /** Takes a notification and says how its delivery went. */
  private deliver(): boolean {
    const size = this.bank.deliverPoll(this.seat, this.lineTime);
    if (size <= 0) return false;
    const delivery = size === DELIVER_CLOSE ? "close" : this.bank.delivery(size);
    this.pushed.push(delivery);
    const outcome = delivery === "close" ? undefined : this.courier(delivery);
    if (outcome !== undefined) this.delivered(outcome);
    return true;
  }

  /** News of the delivery under way; with RECEIVED the octets that came back. */
  delivered(kind: DeliverEvent, octets: Uint8Array = new Uint8Array(0)): void {
    this.bank.deliverEvent(this.seat, kind, octets, this.lineTime, this.meterTime);
  }

  private flashDrain(): void {
    while (!this.flashHeld) {
      const operation = this.bank.flashPoll(this.seat);
      if (operation === FlashOperation.NONE) break;
      if (operation < 0) throw new Error(`the core cannot go on (${operation})`);
      this.operate(operation);
      this.damage = Math.max(this.damage, this.bank.flashDone(this.seat, 0, this.meterTime));
      this.durable = this.bank.durableSequence;
    }
    for (const [slot, line] of this.lines) this.release(slot, line);
  }

  private operate(operation: number): void {
    const { flashAddress: address, flashSize: size } = this.bank;
    if (operation === FlashOperation.READ) this.flash.read(address, this.bank.flashData(size));
    if (operation === FlashOperation.PROGRAM) this.flash.program(address, this.bank.flashData(size));
    if (operation === FlashOperation.ERASE) this.flash.erase(address, size);
    if (operation === FlashOperation.SYNC) void this.flash.sync();
    if (operation === FlashOperation.PROGRAM || operation === FlashOperation.ERASE) this.writes++;
  }

  private transmitDrain(): boolean {
    let any = false;
    let items = 0;
    for (const [slot, line] of this.lines) {
      if (!line.open) continue;
      for (;;) {
        if (++items > ITEMS_MAX) throw new Error("the meter does not end what it sends");
        const size = this.bank.transmitPoll(this.seat, slot, this.lineTime);
        if (size <= 0) break;
        any = true;
        if (size === TRANSMIT_CLOSE) {
          line.open = false;
          this.event(slot, LineEvent.CLOSED);
          break;
        }
        line.held.push({
          octets: Uint8Array.from(this.bank.transmitted(size)),
          sequence: this.bank.transmittedSequence,
        });
      }
    }
    return any;
  }

  private release(slot: number, line: RawLine): void {
    let any = false;
    while (line.held.length > 0 && ((this.durable - line.held[0]!.sequence) | 0) >= 0) {
      line.sent.push(line.held.shift()!.octets);
      any = true;
    }
    if (any && line.open && line.held.length === 0 && !this.sentHeld) this.event(slot, LineEvent.SENT);
  }

  /** Tells the meter that what it sent has left the line; while `sentHeld` only this does. */
  sent(slot: number): void {
    this.event(slot, LineEvent.SENT);
    this.drain();
  }

  private event(slot: number, kind: LineEvent): void {
    this.bank.lineEvent(this.seat, slot, kind, this.lineTime, this.meterTime);
  }
}
