/**
 * A multi-drop line: several meters are stations on one physical line (IEC 62056-46, 5.2). Every station hears what the
 * client sends; who answers is only a matter of the address, which the core judges. What stations send goes out one item
 * after the other, in the order in which they gave it.
 */
import type { Line, LineAccept, LineListener } from "./line.ts";

/** Time after which a station that left the line, or had no connection free for it, tries again, ms. */
const RETURN_MS = 1000;

interface Item {
  readonly station: Station;
  readonly octets: Uint8Array;
}

/** One meter on the line; to the meter it looks like a line of its own. */
class Station implements Line {
  listener: LineListener | undefined;
  private readonly bus: Bus;
  private readonly accept: LineAccept;

  constructor(bus: Bus, accept: LineAccept) {
    this.bus = bus;
    this.accept = accept;
  }

  /** Takes a connection of the meter; false when it has none free or is out of service. */
  join(): boolean {
    this.listener ??= this.accept(this);
    return this.listener !== undefined;
  }

  leave(): void {
    const { listener } = this;
    this.listener = undefined;
    listener?.closed();
  }

  send(octets: Uint8Array): boolean {
    return this.listener === undefined || this.bus.send({ station: this, octets });
  }

  /** The meter lets go of the line, which stays open for the others. */
  close(): void {
    this.leave();
    this.bus.left(this);
  }

  pause(stop: boolean): void {
    this.bus.pause(this, stop);
  }
}

export class Bus implements LineListener {
  private readonly line: Line;
  private readonly stations: readonly Station[];
  /** What waits for the line; the first is on its way out while `sending`. */
  private readonly items: Item[] = [];
  private sending = false;
  private readonly paused = new Set<Station>();
  private timer: NodeJS.Timeout | undefined;
  private gone = false;

  private constructor(line: Line, accepts: readonly LineAccept[]) {
    this.line = line;
    this.stations = accepts.map((accept) => new Station(this, accept));
  }

  /** Puts the meters behind `accepts` on every line that comes; a line is refused when none of them takes it. */
  static of(accepts: readonly LineAccept[]): LineAccept {
    return (line) => {
      const bus = new Bus(line, accepts);
      return bus.join() > 0 ? bus : undefined;
    };
  }

  received(octets: Uint8Array): void {
    for (const station of this.stations) station.listener?.received(octets);
  }

  drained(): void {
    if (!this.sending) return;
    this.sending = false;
    const item = this.items.shift();
    this.flush();
    if (item !== undefined) this.told(item.station);
  }

  closed(): void {
    this.gone = true;
    clearTimeout(this.timer);
    this.items.length = 0;
    for (const station of this.stations) station.leave();
  }

  /** Sends an item when those before it have left; true: it has left too. */
  send(item: Item): boolean {
    this.items.push(item);
    this.flush(item);
    return !this.items.includes(item);
  }

  pause(station: Station, stop: boolean): void {
    if (stop) this.paused.add(station);
    else this.paused.delete(station);
    this.line.pause(this.paused.size > 0);
  }

  /** Forgets what a station still wanted to say, and has it back later. */
  left(station: Station): void {
    const kept = this.items.filter((item, i) => (i === 0 && this.sending) || item.station !== station);
    this.items.splice(0, this.items.length, ...kept);
    this.pause(station, false);
    this.joinLater();
  }

  /** Hands items to the line until it wants to be waited for. The station of `given` learns by the result of send(). */
  private flush(given?: Item): void {
    while (this.items.length > 0 && !this.sending && !this.gone) {
      const item = this.items[0]!;
      this.sending = !this.line.send(item.octets);
      if (this.sending) return;
      this.items.shift();
      if (item !== given) this.told(item.station);
    }
  }

  private told(station: Station): void {
    if (!this.items.some((item) => item.station === station)) station.listener?.drained();
  }

  /** How many stations are on the line after those that were not have tried. */
  private join(): number {
    const joined = this.stations.filter((station) => station.join()).length;
    if (joined < this.stations.length) this.joinLater();
    return joined;
  }

  private joinLater(): void {
    clearTimeout(this.timer);
    if (this.gone) return;
    this.timer = setTimeout(() => this.join(), RETURN_MS);
    this.timer.unref();
  }
}
