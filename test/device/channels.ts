/** Lines to a RawMeter as one client sees them: WPDUs, or HDLC frames at their plainest. */
import { wpduDecode, wpduEncode } from "../../host/client/index.ts";
import {
  frameContent,
  frameDecode,
  serverAddress,
  type HdlcAddress,
  type HdlcFrame,
} from "../../host/client/hdlc_frame.ts";
import type { RawMeter } from "./raw.ts";

/** A line of WPDUs between one client and one server. */
export class WrapperChannel {
  readonly meter: RawMeter;
  readonly slot: number;
  readonly clientSap: number;
  readonly serverSap: number;

  constructor(meter: RawMeter, slot: number, options: { clientSap?: number; serverSap?: number }) {
    this.meter = meter;
    this.slot = slot;
    this.clientSap = options.clientSap ?? 1;
    this.serverSap = options.serverSap ?? 1;
    if (!meter.isOpen(slot)) meter.open(slot);
  }

  /** The octets that carry an APDU. */
  wpdu(apdu: Uint8Array): Uint8Array {
    return wpduEncode({ source: this.clientSap, destination: this.serverSap, apdu });
  }

  /** Sends an APDU; the APDU that answers, undefined when there is none. */
  exchange(apdu: Uint8Array): Uint8Array | undefined {
    const items = this.meter.feed(this.slot, this.wpdu(apdu));
    if (items.length === 0) return undefined;
    if (items.length > 1) throw new Error(`${items.length} answers to one request`);
    const { source, destination, apdu: answer } = wpduDecode(items[0]!);
    if (source !== this.serverSap || destination !== this.clientSap) throw new Error("the wPorts are not swapped");
    return answer;
  }
}

const LLC_COMMAND = Uint8Array.of(0xe6, 0xe6, 0x00);
const FLAG = 0x7e;

/** A line of HDLC frames, window 1: the client's side at its plainest, with numbers that a test may set. */
export class HdlcChannel {
  readonly meter: RawMeter;
  readonly slot: number;
  readonly client: HdlcAddress;
  readonly server: HdlcAddress;
  vs = 0;
  vr = 0;
  /** Octets of an information field either way; 128 after an SNRM without parameters. */
  infoSize = 128;

  constructor(
    meter: RawMeter,
    slot: number,
    options: {
      clientSap?: number;
      serverSap?: number;
      lower?: number;
      /** An address in full, in place of the two above. */
      server?: { upper: number; lower: number | undefined; size: 1 | 2 | 4 };
    },
  ) {
    this.meter = meter;
    this.slot = slot;
    this.client = { upper: options.clientSap ?? 1, size: 1 };
    const { server } = options;
    this.server = server
      ? serverAddress(server.upper, server.lower, server.size)
      : serverAddress(options.serverSap ?? 1, options.lower ?? 16);
    if (!meter.isOpen(slot)) meter.open(slot);
  }

  /** The octets of a frame, flags included. */
  frame(control: number, information: Uint8Array = new Uint8Array(0), segmented = false): Uint8Array {
    const { server: destination, client: source } = this;
    const content = frameContent({ segmented, destination, source, control, information });
    const octets = new Uint8Array(content.length + 2).fill(FLAG);
    octets.set(content, 1);
    return octets;
  }

  /** Sends octets as they are; the frames that come back. */
  feed(octets: Uint8Array): HdlcFrame[] {
    return framesOf(this.meter.feed(this.slot, octets));
  }

  send(control: number, information?: Uint8Array, segmented?: boolean): HdlcFrame[] {
    return this.feed(this.frame(control, information, segmented));
  }

  /** SNRM without parameters: 128 octets, window 1. */
  connect(): void {
    this.vs = 0;
    this.vr = 0;
    const [ua] = this.send(0x93);
    if (ua?.control.type !== "UA") throw new Error(`the meter answers SNRM with ${ua?.control.type}`);
  }

  /** Sends an APDU in I frames and polls for the answer; undefined when there is none. */
  exchange(apdu: Uint8Array): Uint8Array | undefined {
    const lpdu = Uint8Array.from([...LLC_COMMAND, ...apdu]);
    let answer: HdlcFrame[] = [];
    for (let at = 0; at < lpdu.length; at += this.infoSize) {
      const last = at + this.infoSize >= lpdu.length;
      answer = this.send(this.controlNext(), lpdu.subarray(at, at + this.infoSize), !last);
      if (!last && answer[0]?.control.type !== "RR") throw new Error("a segment is not acknowledged");
    }
    return this.collect(answer);
  }

  /** Control octet of the next I frame with P=1. */
  controlNext(): number {
    const control = (this.vr << 5) | 0x10 | (this.vs << 1);
    this.vs = (this.vs + 1) & 7;
    return control;
  }

  /** RR with P=1: asks for the next segment, or for the last one again. */
  poll(): HdlcFrame[] {
    return this.send((this.vr << 5) | 0x11);
  }

  /** Collects an LPDU from its segments, the first of which has come. */
  collect(first: HdlcFrame[]): Uint8Array | undefined {
    const parts: number[] = [];
    let frames = first;
    for (;;) {
      const [frame] = frames;
      if (frame === undefined || frame.control.type !== "I") return undefined;
      if (frame.control.ns !== this.vr) throw new Error(`N(S) is ${frame.control.ns}, not ${this.vr}`);
      this.vr = (this.vr + 1) & 7;
      parts.push(...frame.information);
      if (!frame.segmented) return Uint8Array.from(parts.slice(3));
      frames = this.poll();
    }
  }
}

/** Frames of items, each item one frame between flags. */
export function framesOf(items: readonly Uint8Array[]): HdlcFrame[] {
  return items.map((item) => {
    if (item[0] !== FLAG || item.at(-1) !== FLAG) throw new Error("a frame stands between flags");
    return frameDecode(item.subarray(1, -1));
  });
}
