/** A secondary station of the core on one line, as a caller of the link room would drive it. */
import { LinkCore } from "./core.ts";
import { type Frame, frameBody, frameOctets, frameReadWhole, stuffed } from "./frames.ts";

export interface Settings {
  infoTransmit: number;
  infoReceive: number;
  windowTransmit: number;
  windowReceive: number;
  addressLength: number;
  flags: number;
  lower: number;
  upper: number;
  interOctetMs: number;
  inactivitySeconds: number;
  links: number;
  frameCapacity: number;
  inboundCapacity: number;
}

export const STUFFED = 1;
export const POINT_TO_POINT = 2;
export const STRICT = 4;

const DEFAULTS: Settings = {
  infoTransmit: 2030,
  infoReceive: 2030,
  windowTransmit: 7,
  windowReceive: 7,
  addressLength: 0,
  flags: POINT_TO_POINT,
  lower: 17,
  upper: 1,
  interOctetMs: 1000,
  inactivitySeconds: 120,
  links: 4,
  frameCapacity: 2049,
  inboundCapacity: 1227,
};

export const KINDS = ["NONE", "APDU", "TOO_LONG", "LINK_UP", "LINK_DOWN", "TRIGGER"] as const;

export interface Event {
  kind: (typeof KINDS)[number];
  link: number;
  apdu: Uint8Array;
  clientSap: number;
  serverSap: number;
  confirmed: boolean;
  broadcast: boolean;
  rebound: boolean;
}

/** What the caller answers to an APDU: octets, null = no answer, "later" = it is still thinking. */
export type Answer = (event: Event) => Uint8Array | null | "later";

const OUTBOUND_SIZE = 4096;
const OUT_SIZE = 4096;

export class Station {
  readonly core = new LinkCore();
  readonly settings: Settings;
  time = 1000;
  answer: Answer = () => null;
  private readonly c: number;
  private readonly event: number;
  private readonly input: number;
  private readonly out: number;
  private readonly slots: number;
  private readonly stride: number;
  private readonly outboundAt: number;
  private readonly inboundAt: number;
  readonly line: number;

  constructor(settings: Partial<Settings> = {}) {
    const s = (this.settings = { ...DEFAULTS, ...settings });
    const core = this.core;
    const parameters = core.room(28);
    this.line = core.room(core.call("lineSize"));
    const frame = core.room(s.frameCapacity);
    this.c = core.room(40);
    this.event = core.room(48);
    this.input = core.room(8192);
    this.out = core.room(OUT_SIZE);
    const first = core.room(core.call("linkSize"));
    const inbound = core.room(s.inboundCapacity);
    const outbound = core.room(OUTBOUND_SIZE);
    let second = 0;
    for (let k = 1; k < s.links; k++) {
      const at = core.room(core.call("linkSize"));
      if (k === 1) second = at;
      core.room(s.inboundCapacity);
      core.room(OUTBOUND_SIZE);
    }
    this.slots = first;
    this.stride = s.links > 1 ? second - first : 0;
    this.inboundAt = inbound - first;
    this.outboundAt = outbound - first;
    this.parametersSet(parameters, s);
    [parameters, this.line, frame, s.frameCapacity, first, this.stride, s.links, 0, this.inboundAt].forEach(
      (value, i) => core.setU32(this.c + 4 * i, value),
    );
    core.setU32(this.c + 36, s.inboundCapacity);
    core.call("open", this.c);
  }

  private parametersSet(at: number, s: Settings): void {
    const core = this.core;
    core.setU16(at, s.infoTransmit);
    core.setU16(at + 2, s.infoReceive);
    core.octets.set([s.windowTransmit, s.windowReceive, s.addressLength, s.flags], at + 4);
    core.setU16(at + 8, s.lower);
    core.setU16(at + 10, s.upper);
    core.setU32(at + 12, s.interOctetMs);
    core.setU32(at + 16, s.inactivitySeconds);
  }

  open(): void {
    this.core.call("open", this.c);
  }

  private eventRead(): Event & { more: boolean } {
    const word = (i: number) => this.core.u32(this.event + 4 * i);
    return {
      kind: KINDS[word(0)]!,
      link: word(1),
      apdu: this.core.read(word(2), word(3)),
      clientSap: word(4),
      serverSap: word(5),
      confirmed: word(6) === 1,
      broadcast: word(7) === 1,
      rebound: word(8) === 1,
      more: word(9) === 1,
    };
  }

  /** One call of hdlcReceive(). */
  receive(octets: Uint8Array): { consumed: number; event: Event; more: boolean } {
    this.core.octets.set(octets, this.input);
    const consumed = this.core.call("receive", this.c, this.input, octets.length, this.time, this.event);
    this.core.octets.fill(0xee, this.input, this.input + octets.length);
    const { more, ...event } = this.eventRead();
    return { consumed, event, more };
  }

  /** Frames the station sends now, as octets. */
  drain(): Uint8Array[] {
    const frames: Uint8Array[] = [];
    for (;;) {
      const size = this.core.call("transmit", this.c, this.out, OUT_SIZE);
      if (size < 0) throw new Error(`transmit ${size}`);
      if (size === 0) break;
      frames.push(this.core.read(this.out, size));
      if (frames.length > 8) throw new Error("the station does not stop");
    }
    this.core.guardsCheck();
    return frames;
  }

  transmitInto(capacity: number): number {
    return this.core.call("transmit", this.c, this.out, capacity);
  }

  send(k: number, apdu: Uint8Array): number {
    this.core.octets.set(apdu, this.slots + k * this.stride + this.outboundAt);
    return this.core.call("send", this.c, k, this.outboundAt, apdu.length);
  }

  /** An APDU in place of the RR that link `k` is about to send. */
  sendMore(k: number, apdu: Uint8Array): number {
    this.core.octets.set(apdu, this.slots + k * this.stride + this.outboundAt);
    return this.core.call("sendMore", this.c, k, this.outboundAt, apdu.length);
  }

  sendUnconfirmed(k: number, apdu: Uint8Array): number {
    this.core.octets.set(apdu, this.slots + k * this.stride + this.outboundAt);
    return this.core.call("sendUnconfirmed", this.c, k, this.outboundAt, apdu.length);
  }

  expire(): Event | null {
    return this.core.call("expire", this.c, this.time, this.event) === 1 ? this.eventRead() : null;
  }

  deadline(): number {
    return this.core.call("deadline", this.c);
  }

  state(k = 0): "NDM" | "NRM" | "FRMR" {
    return (["NDM", "NRM", "FRMR"] as const)[this.core.call("stateOf", this.c, k)]!;
  }

  calling(on: boolean): void {
    this.core.call("callingSet", this.c, on ? 1 : 0);
  }

  /** All mutable state, for "as it was before". */
  snapshot(): string {
    const parts = [this.core.read(this.line, this.core.call("lineSize"))];
    for (let k = 0; k < this.settings.links; k++) {
      parts.push(this.core.read(this.slots + k * this.stride, this.core.call("linkSize")));
    }
    return Buffer.concat(parts).toString("hex");
  }

  /** As snapshot(), of the links alone. */
  links(): string {
    return this.snapshot().slice(2 * this.core.call("lineSize"));
  }

  private react(event: Event): void {
    const asks = event.kind === "APDU" || event.kind === "TOO_LONG";
    if (!asks) return;
    const answer = this.answer(event);
    if (answer === "later" || !event.confirmed) return;
    const result = this.send(event.link, answer ?? new Uint8Array());
    if (result !== 0) throw new Error(`send ${result}`);
  }

  /** Offers octets until all are consumed, answers APDUs, and collects what is sent: the loop of a caller. */
  offer(octets: Uint8Array): { events: Event[]; sent: Uint8Array[] } {
    const events: Event[] = [];
    const sent: Uint8Array[] = [];
    let rest = octets;
    let more = false;
    let calls = 0;
    do {
      if (++calls > 4 * octets.length + 16) throw new Error("the station does not come to an end");
      const result = this.receive(rest);
      if (result.consumed > rest.length) throw new Error("consumed more than there was");
      rest = rest.slice(result.consumed);
      more = result.more;
      if (result.event.kind !== "NONE") {
        events.push(result.event);
        this.react(result.event);
      }
      sent.push(...this.drain());
    } while (rest.length > 0 || more);
    return { events, sent };
  }

  get isStuffed(): boolean {
    return (this.settings.flags & STUFFED) !== 0;
  }

  /** A frame as it goes over this line. */
  wire(f: Frame): Uint8Array {
    return this.isStuffed ? Uint8Array.from([0x7e, ...stuffed(frameBody(f)), 0x7e]) : frameOctets(f);
  }

  /** Offers one frame; answers are read back. */
  exchange(f: Frame): { events: Event[]; frames: Frame[] } {
    const { events, sent } = this.offer(this.wire(f));
    return { events, frames: sent.map((octets) => frameReadWhole(octets, this.isStuffed)) };
  }
}

export const CLIENT = 0x10;
const NOTHING = new Uint8Array();

/** A frame of client `client` to upper 1 in the one-octet form, unless said otherwise. */
export function from(
  octet: number,
  info: Uint8Array = NOTHING,
  more: { client?: number; destination?: Uint8Array; segmented?: boolean } = {},
): Frame {
  const source = Uint8Array.of(((more.client ?? CLIENT) << 1) | 1);
  const destination = more.destination ?? Uint8Array.of(0x03);
  return { destination, source, control: octet, info, segmented: more.segmented ?? false };
}

export const REQUEST_LLC = Uint8Array.of(0xe6, 0xe6, 0x00);
export const RESPONSE_LLC = Uint8Array.of(0xe6, 0xe7, 0x00);

export const concat = (...parts: Uint8Array[]): Uint8Array => Uint8Array.from(Buffer.concat(parts));
/** A request LPDU. */
export const request = (...apdu: number[]): Uint8Array => concat(REQUEST_LLC, Uint8Array.from(apdu));

/** The information field of an SNRM. */
export function proposal(transmit: number, receive: number, windowTransmit: number, windowReceive: number): Uint8Array {
  const size = (id: number, value: number) => [id, 2, value >> 8, value & 0xff];
  const window = (id: number, value: number) => [id, 4, 0, 0, 0, value];
  const parameters = [
    ...size(5, transmit),
    ...size(6, receive),
    ...window(7, windowTransmit),
    ...window(8, windowReceive),
  ];
  return Uint8Array.from([0x81, 0x80, parameters.length, ...parameters]);
}
