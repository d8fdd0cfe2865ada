/**
 * What an optical head or a two-wire adapter gives back of what was sent. Octets that are exactly those of an item, in its
 * place and time, are dropped; everything else goes on to the meter, whether there is an echo at all or a spoilt one.
 */

/** Time an echo may lag behind the octets on the line, ms. */
const LAG_MS = 250;
/** Bits of a character, with start and stop. */
const CHARACTER_BITS = 10;

/** An item whose echo has not come back as a whole, and when nothing of it can come any more, ms. */
interface Item {
  readonly octets: Uint8Array;
  readonly until: number;
}

export class EchoFilter {
  private readonly items: Item[] = [];
  /** Octets of the first item that have come back. */
  private matched = 0;
  /** Octets that only began like an echo, for whoever asks next. */
  private kept: number[] = [];
  /** When the line has sent everything, ms. */
  private idle = 0;

  /** `octets` go to the line at `now` (ms), which sends at `baud`. */
  sent(octets: Uint8Array, now: number, baud: number): void {
    this.expire(now);
    this.idle = Math.max(this.idle, now) + (octets.length * CHARACTER_BITS * 1000) / baud;
    this.items.push({ octets: octets.slice(), until: this.idle + LAG_MS });
  }

  /** What of the `octets` that came is no echo. Those that may still become one come out later. */
  received(octets: Uint8Array, now: number): Uint8Array {
    this.expire(now);
    for (const octet of octets) this.take(octet);
    return Uint8Array.from(this.kept.splice(0));
  }

  private take(octet: number): void {
    if (this.items[0]?.octets[this.matched] !== octet) {
      this.release();
      if (this.items[0]?.octets[0] !== octet) {
        this.kept.push(octet);
        return;
      }
    }
    this.matched++;
    if (this.matched < this.items[0].octets.length) return;
    this.items.shift();
    this.matched = 0;
  }

  private release(): void {
    if (this.matched > 0) this.kept.push(...this.items[0]!.octets.subarray(0, this.matched));
    this.matched = 0;
  }

  private expire(now: number): void {
    while (this.items.length > 0 && this.items[0]!.until < now) {
      this.release();
      this.items.shift();
    }
  }
}
