/** The in-memory twin of a connection: both ends in one process, octets handed over at once and in order. */
import type { Line, LineAccept, LineListener } from "./line.ts";

/** The client's end. It hears through `onReceived` and `onClosed`; what came before is in `octets`. */
export class MemoryPeer {
  onReceived: ((octets: Uint8Array) => void) | undefined;
  onClosed: (() => void) | undefined;
  open = true;
  /** Octets received while nobody listened. */
  readonly octets: number[] = [];
  private listener: LineListener | undefined;
  private stopped = false;
  private readonly waiting: Uint8Array[] = [];

  /** Offers a line to the meter's side, of datagrams where `datagrams` says so; undefined when it refuses. */
  static connect(accept: LineAccept, datagrams = false): MemoryPeer | undefined {
    const peer = new MemoryPeer();
    peer.listener = accept(peer.line(datagrams));
    return peer.listener === undefined ? undefined : peer;
  }

  send(octets: Uint8Array): void {
    if (!this.open) throw new Error("the line is closed");
    if (this.stopped) this.waiting.push(Uint8Array.from(octets));
    else this.listener?.received(octets);
  }

  /** Takes what was received so far. */
  take(): Uint8Array {
    return Uint8Array.from(this.octets.splice(0));
  }

  close(): void {
    if (!this.open) return;
    this.open = false;
    this.listener?.closed();
    this.onClosed?.();
  }

  private deliver(octets: Uint8Array): void {
    if (this.onReceived === undefined) this.octets.push(...octets);
    else this.onReceived(octets);
  }

  private line(datagrams: boolean): Line {
    return {
      datagrams,
      send: (octets) => {
        if (this.open) this.deliver(octets);
        return true;
      },
      close: () => this.close(),
      pause: (stop) => {
        this.stopped = stop;
        while (!this.stopped && this.waiting.length > 0) this.listener?.received(this.waiting.shift()!);
      },
    };
  }
}
