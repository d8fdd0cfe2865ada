/** The open lines of one meter: takes what the core gives for each, and tells the core one thing at a time that happens to them. */
import { Connection, type ConnectionHost } from "./connection.ts";
import { LineEvent, NEWS_SENT, NEWS_TRANSMIT, TRANSMIT_CLOSE, type CoreCalls } from "./core.ts";
import type { Line } from "./transport/line.ts";

/** What happened to a connection, for lineEvent(). */
interface Happened {
  readonly slot: number;
  readonly kind: LineEvent;
}

export class Lines {
  private connections: Connection[] = [];
  private readonly core: CoreCalls;
  private readonly seat: number;

  constructor(core: CoreCalls, seat: number) {
    this.core = core;
    this.seat = seat;
  }

  /** A line for the connection named by `slot`, which tells `host` what it has for the core; `freed` is called when it is gone. */
  open(slot: number, line: Line, host: ConnectionHost, freed: () => void): Connection {
    const connection = new Connection(slot, line, host, freed);
    this.connections.push(connection);
    return connection;
  }

  /** Takes every item there is, and sends those that `durable` covers. @returns the news that came with them */
  transmit(lineTime: number, durable: number): number {
    const { core, seat } = this;
    let all = 0;
    for (const connection of this.connections) {
      if (!connection.announced || connection.gone) continue;
      for (;;) {
        const size = core.transmitPoll(seat, connection.slot, lineTime);
        if (size <= 0) break;
        const { news } = core;
        all |= news & ~NEWS_SENT;
        const octets = size === TRANSMIT_CLOSE ? undefined : core.transmitted(size, connection.spareTake());
        connection.give(octets, core.transmittedSequence, durable, (news & NEWS_SENT) !== 0);
        if ((news & NEWS_TRANSMIT) === 0) break;
      }
    }
    return all;
  }

  /** Lets the items go that `durable` covers. */
  release(durable: number): void {
    for (const connection of this.connections) connection.release(durable);
  }

  /** The line of `slot` runs at `baud` behind what is on its way. */
  rateSet(slot: number, baud: number): void {
    this.connections.find((connection) => connection.slot === slot)?.rateSet(baud);
  }

  /** A connection whose items have left, which is then told. */
  sent(): Happened | undefined {
    for (const connection of this.connections) {
      if (!connection.sent || connection.gone) continue;
      connection.sent = false;
      return { slot: connection.slot, kind: LineEvent.SENT };
    }
    return undefined;
  }

  /** The next thing that happened to a line; while the meter is not `present` new ones wait. */
  happened(present: boolean): Happened | undefined {
    for (const connection of this.connections) {
      const kind = this.eventOf(connection, present);
      if (kind !== undefined) return { slot: connection.slot, kind };
    }
    return undefined;
  }

  private eventOf(connection: Connection, present: boolean): LineEvent | undefined {
    if (connection.gone) {
      this.connections = this.connections.filter((other) => other !== connection);
      return connection.announced ? LineEvent.CLOSED : undefined;
    }
    if (!connection.announced) {
      if (!present) return undefined;
      connection.announced = true;
      return LineEvent.OPENED;
    }
    if (!connection.sent) return undefined;
    connection.sent = false;
    return LineEvent.SENT;
  }

  /** Whether octets wait that the core may be offered. */
  get ready(): boolean {
    for (const connection of this.connections) if (connection.ready) return true;
    return false;
  }

  /**
   * Offers the octets of one line; `refused` hears of what the core refuses, and the line is closed.
   * @returns the news of the call that took some, NEWS_TRANSMIT among it; 0 = none was taken
   */
  offer(lineTime: number, meterTime: number, refused: (result: number) => void): number {
    for (const connection of this.connections) {
      if (!connection.ready) continue;
      const taken = this.core.receive(this.seat, connection.slot, connection.inbound, lineTime, meterTime);
      if (taken < 0) {
        refused(taken);
        connection.consumed(connection.inbound.length);
        connection.line.close();
      }
      if (taken <= 0) continue;
      const news = this.core.news & ~NEWS_SENT;
      connection.consumed(taken);
      return news | NEWS_TRANSMIT;
    }
    return 0;
  }

  /** Closes them all; the core is not told. */
  drop(): void {
    const dropped = this.connections;
    this.connections = [];
    for (const connection of dropped) {
      connection.gone = true;
      connection.line.close();
    }
  }
}
