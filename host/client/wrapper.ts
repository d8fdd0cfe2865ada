/** The TCP/UDP wrapper: an 8-octet header before each APDU. IEC 62056-47, GB9 7.3. */

import { MalformedError } from "./errors.ts";
import { closedError, Mailbox, type Link } from "./link.ts";
import { concat, Reader, Writer } from "./octets.ts";
import { type Transport } from "./transport.ts";

export const WRAPPER_VERSION = 1;
export const WRAPPER_HEADER_SIZE = 8;

export interface Wpdu {
  /** Source wPort: the sender's SAP */
  source: number;
  /** Destination wPort: the receiver's SAP */
  destination: number;
  apdu: Uint8Array;
}

/** Encode one WPDU. */
export function wpduEncode(p: Wpdu): Uint8Array {
  const header = new Writer().u16(WRAPPER_VERSION).u16(p.source).u16(p.destination).u16(p.apdu.length);
  return header.put(p.apdu).octets();
}

/** Decode exactly one WPDU, as a datagram holds it. */
export function wpduDecode(octets: Uint8Array): Wpdu {
  const r = new Reader(octets);
  if (r.u16() !== WRAPPER_VERSION) throw new MalformedError("wrapper version is not 1");
  const wpdu = { source: r.u16(), destination: r.u16(), apdu: r.take(r.u16()) };
  r.done("the WPDU");
  return wpdu;
}

/** Cuts a stream of octets into WPDUs; they may arrive in any pieces. */
export class WpduReader {
  private rest = new Uint8Array(0);

  /** All WPDUs that are complete now. A wrong version makes the stream unusable and throws. */
  feed(octets: Uint8Array): Wpdu[] {
    this.rest = Uint8Array.from(concat(this.rest, octets));
    const found: Wpdu[] = [];
    while (this.rest.length >= WRAPPER_HEADER_SIZE) {
      const r = new Reader(this.rest);
      if (r.u16() !== WRAPPER_VERSION) throw new MalformedError("wrapper version is not 1: the stream is out of step");
      r.at = 6;
      const size = WRAPPER_HEADER_SIZE + r.u16();
      if (this.rest.length < size) break;
      found.push(wpduDecode(this.rest.subarray(0, size)));
      this.rest = this.rest.slice(size);
    }
    return found;
  }
}

export interface WrapperOptions {
  clientSap: number;
  serverSap: number;
  /** Milliseconds to wait for an APDU, default 5000 */
  timeOut?: number;
}

/** The wrapper as a link. WPDUs for other SAPs are dropped and counted. */
export class WrapperLink implements Link {
  dropped = 0;
  private readonly transport: Transport;
  private readonly options: WrapperOptions;
  private readonly apdus = new Mailbox<Uint8Array>();
  private readonly stream = new WpduReader();

  constructor(transport: Transport, options: WrapperOptions) {
    this.transport = transport;
    this.options = options;
    transport.onData((octets) => this.octetsArrived(octets));
    transport.onClose((cause) => this.apdus.fail(closedError(cause)));
  }

  async open(): Promise<void> {}

  async send(apdu: Uint8Array): Promise<void> {
    this.transport.write(wpduEncode({ source: this.options.clientSap, destination: this.options.serverSap, apdu }));
  }

  receive(timeOut = this.options.timeOut ?? 5000): Promise<Uint8Array> {
    return this.apdus.take(timeOut);
  }

  async close(): Promise<void> {}

  private octetsArrived(octets: Uint8Array): void {
    try {
      for (const wpdu of this.stream.feed(octets)) this.wpduArrived(wpdu);
    } catch (cause) {
      this.apdus.fail(cause as Error);
    }
  }

  private wpduArrived(wpdu: Wpdu): void {
    const ours = wpdu.source === this.options.serverSap && wpdu.destination === this.options.clientSap;
    if (ours) this.apdus.put(wpdu.apdu);
    else this.dropped += 1;
  }
}
