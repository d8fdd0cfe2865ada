/** What the pump keeps for an open line: octets that wait for the core, and items that wait for the flash. */
import { EXCHANGE_SIZE } from "./core.ts";
import type { Line, LineListener } from "./transport/line.ts";

/** Octets that may wait for the core before the line stops reading. */
const INBOUND_MAX = 65536;

/** A Buffer, as what sockets give is: V8 reads the length of one kind sooner than that of two. */
const NONE: Uint8Array = Buffer.alloc(0);

/** An item of the core, undefined = close; it may leave once `sequence` is durable. */
export interface Item {
  readonly octets: Uint8Array | undefined;
  readonly sequence: number;
}

/** Whether what is durable holds `sequence`. Sequences are u32 and may wrap: the difference tells which is newer. */
function covers(durable: number, sequence: number): boolean {
  return ((durable - sequence) | 0) >= 0;
}

/** Who runs when there is something for the core. */
export interface ConnectionHost {
  /** Octets have come. */
  arrived(): void;
  /** The line is gone, or its items have left. */
  changed(): void;
}

export class Connection implements LineListener {
  /** First slot of the connection, which is its name in the ABI. */
  readonly slot: number;
  readonly line: Line;
  /** What the core is offered next: all that waits, or of datagrams the first. */
  inbound: Uint8Array = NONE;
  readonly held: Item[] = [];
  /** The core has been told of the line. */
  announced = false;
  /** The line is gone. */
  gone = false;
  /** Items are on their way and the line has not said that they have left. */
  draining = false;
  /** The last item has left, which the core waits to hear. */
  sent = false;
  /** The item sent last, once nobody looks at it any more: answers are often as long as the one before. */
  private spare: Uint8Array | undefined;
  /** The core waits to hear that the last item given has left. */
  private telling = false;
  /** Datagrams behind `inbound`, and all octets that wait. */
  private readonly datagrams: Uint8Array[] = [];
  private waiting = 0;
  private paused = false;
  /** Rate for the line when all items have left. */
  private rateWanted: number | undefined;
  private readonly isDatagrams: boolean;
  private readonly host: ConnectionHost;
  private readonly freed: () => void;

  /** `freed` is called when the line is gone, behind the host. */
  constructor(slot: number, line: Line, host: ConnectionHost, freed: () => void) {
    this.slot = slot;
    this.line = line;
    this.isDatagrams = line.datagrams === true;
    this.host = host;
    this.freed = freed;
  }

  received(octets: Uint8Array): void {
    if (this.gone || octets.length === 0) return;
    // The core takes a datagram in one piece or not at all.
    if (this.isDatagrams && octets.length > EXCHANGE_SIZE) return;
    if (this.inbound.length === 0) this.inbound = octets;
    else if (this.isDatagrams) this.datagrams.push(Buffer.from(octets));
    else this.inbound = Buffer.concat([this.inbound, octets]);
    this.waiting += octets.length;
    this.throttle();
    this.host.arrived();
    // They were lent: what the core has not taken by now is copied.
    if (this.inbound.length > 0 && this.inbound.buffer === octets.buffer) this.inbound = Buffer.from(this.inbound);
  }

  drained(): void {
    if (!this.draining || this.gone) return;
    this.draining = false;
    this.sent = this.telling && this.held.length === 0;
    this.rateApply();
    this.host.changed();
  }

  /** The line runs at `baud` (0 = its own rate) behind the items that are on their way. */
  rateSet(baud: number): void {
    this.rateWanted = baud;
    this.rateApply();
  }

  private rateApply(): void {
    if (this.rateWanted === undefined || this.draining || this.held.length > 0 || this.gone) return;
    this.line.rate?.(this.rateWanted);
    this.rateWanted = undefined;
  }

  closed(): void {
    if (!this.gone) {
      this.gone = true;
      this.host.changed();
    }
    this.freed();
  }

  /** Takes `count` octets off the front of what waits; of a datagram always the whole. */
  consumed(count: number): void {
    const whole = this.isDatagrams || count === this.inbound.length;
    this.waiting -= whole ? this.inbound.length : count;
    if (!whole) this.inbound = this.inbound.subarray(count);
    else this.inbound = this.datagrams.length > 0 ? this.datagrams.shift()! : NONE;
    this.throttle();
  }

  /** Whether octets may be offered to the core: an answer that waits comes first. */
  get ready(): boolean {
    return this.announced && !this.gone && this.inbound.length > 0 && this.held.length === 0 && !this.draining;
  }

  /** Octets for the next item, where those of the last one can be used again; the taker's alone. */
  spareTake(): Uint8Array | undefined {
    const { spare } = this;
    this.spare = undefined;
    return spare;
  }

  /** Takes an item of the core, which leaves at once where `durable` covers it and nothing is before it; `telling`: it waits to hear of that. */
  give(octets: Uint8Array | undefined, sequence: number, durable: number, telling: boolean): void {
    this.telling = telling;
    if (this.held.length > 0 || !covers(durable, sequence)) {
      this.held.push({ octets, sequence });
      return;
    }
    this.send(octets);
    this.left();
  }

  /** Lets the items go whose sequence is durable, in their order. */
  release(durable: number): void {
    if (this.held.length === 0) return;
    let count = 0;
    while (count < this.held.length && covers(durable, this.held[count]!.sequence))
      this.send(this.held[count++]!.octets);
    this.held.splice(0, count);
    if (count > 0 && this.held.length === 0) this.left();
  }

  /** No item waits any more. */
  private left(): void {
    if (!this.draining) this.sent = this.telling;
    this.rateApply();
  }

  private send(octets: Uint8Array | undefined): void {
    if (this.gone) return;
    if (octets === undefined) this.line.close();
    else if (!this.line.send(octets)) this.draining = true;
    else if (this.line.released === true) this.spare = octets;
  }

  private throttle(): void {
    const stop = this.waiting > INBOUND_MAX;
    if (stop === this.paused) return;
    this.paused = stop;
    this.line.pause(stop);
  }
}
