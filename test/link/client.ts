/** A primary station for tests: sends requests in windows of segments, polls when an answer stays out, goes back n. */
import { control, type Frame, frameReadWhole } from "./frames.ts";
import { CLIENT, REQUEST_LLC, RESPONSE_LLC, type Station, concat, from, proposal } from "./station.ts";

/** What a wire does to a frame: passes it, changes it, or loses it (null). */
export type Wire = (octets: Uint8Array) => Uint8Array | null;

export interface ClientLimits {
  infoTransmit: number;
  infoReceive: number;
  windowTransmit: number;
  windowReceive: number;
}

const POLLS_MAX = 200;
/** Longer than any gap inside a frame: what a client waits before it polls again. */
const PATIENCE_MS = 3000;

export class Client {
  private readonly station: Station;
  private readonly limits: ClientLimits;
  private readonly to: Wire;
  private readonly back: Wire;
  private readonly address: number;
  /** V(S), V(R), and the oldest segment not acknowledged. */
  private vs = 0;
  private vr = 0;
  private segments: Uint8Array[] = [];
  private first = 0;
  private received: Uint8Array[] = [];
  private whole: Uint8Array | null = null;
  private final = false;
  /** Polls that were needed beyond the first of each turn. */
  repeats = 0;
  /** Largest number of frames the station sent in one turn. */
  burst = 0;

  constructor(station: Station, limits: ClientLimits, to: Wire = (f) => f, back: Wire = (f) => f, address = CLIENT) {
    this.station = station;
    this.limits = limits;
    this.to = to;
    this.back = back;
    this.address = address;
  }

  private exchange(frames: Frame[]): Frame[] {
    const carried = frames.map((f) => this.to(this.station.wire(f))).filter((octets) => octets !== null);
    const { sent } = this.station.offer(concat(...carried));
    this.burst = Math.max(this.burst, sent.length);
    const back = sent.map((octets) => this.back(octets)).filter((octets) => octets !== null);
    return back.flatMap((octets) => {
      try {
        return [frameReadWhole(octets, this.station.isStuffed)];
      } catch {
        return [];
      }
    });
  }

  private frame(octet: number, info?: Uint8Array, segmented = false): Frame {
    return from(octet, info, { client: this.address, segmented });
  }

  connect(): void {
    const l = this.limits;
    const info = proposal(l.infoTransmit, l.infoReceive, l.windowTransmit, l.windowReceive);
    for (let attempt = 0; attempt < POLLS_MAX; attempt++) {
      const answers = this.exchange([this.frame(control.SNRM, info)]);
      if (answers[0]?.control === control.UA) return this.agree(answers[0].info);
      this.station.time += PATIENCE_MS;
    }
    throw new Error("no UA");
  }

  /** Takes the limits of UA, from the server's view. */
  private agree(info: Uint8Array): void {
    const word = (at: number) => (info[at]! << 8) | info[at + 1]!;
    this.limits.infoReceive = word(5);
    this.limits.infoTransmit = word(9);
    this.limits.windowReceive = info[16]!;
    this.limits.windowTransmit = info[22]!;
    [this.vs, this.vr, this.first] = [0, 0, 0];
    this.segments = [];
  }

  disconnect(): number {
    return this.exchange([this.frame(control.DISC)])[0]?.control ?? 0;
  }

  private take(f: Frame): void {
    if ((f.control & 0x10) !== 0) this.final = true;
    const isInformation = (f.control & 1) === 0;
    const isReady = (f.control & 0x0f) === 1;
    if (!isInformation && !isReady) throw new Error(`unexpected control ${f.control.toString(16)}`);
    const acknowledged = ((f.control >> 5) - this.first) & 7;
    if (acknowledged > this.segments.length) throw new Error("N(R) acknowledges what was not sent");
    this.segments.splice(0, acknowledged);
    this.first = (this.first + acknowledged) & 7;
    if (!isInformation || ((f.control >> 1) & 7) !== this.vr) return;
    if (f.info.length > this.limits.infoReceive) throw new Error("a segment is too long");
    this.vr = (this.vr + 1) & 7;
    this.received.push(f.info);
    if (f.segmented) return;
    this.whole = concat(...this.received);
    this.received = [];
  }

  /** The frames of the next turn: what is not acknowledged, or a poll. */
  private turn(): Frame[] {
    const count = Math.min(this.segments.length, this.limits.windowTransmit);
    if (count === 0) return [this.frame(control.rr(this.vr))];
    this.vs = (this.first + count) & 7;
    return this.segments.slice(0, count).map((info, i) => {
      const last = i === this.segments.length - 1;
      return this.frame(control.i((this.first + i) & 7, this.vr, i === count - 1), info, !last);
    });
  }

  /** Sends a request and returns the answer; null when `answered` is false and the request was acknowledged. */
  request(apdu: Uint8Array, answered = true): Uint8Array | null {
    const lpdu = concat(REQUEST_LLC, apdu);
    const size = this.limits.infoTransmit;
    for (let at = 0; at < lpdu.length; at += size) this.segments.push(lpdu.slice(at, at + size));
    this.whole = null;
    let polls = 0;
    let lost = false;
    while (this.segments.length > 0 || (answered && this.whole === null)) {
      if (++polls > POLLS_MAX + lpdu.length) throw new Error("no progress");
      this.final = false;
      const poll = lost && this.segments.length > 0;
      const frames = poll ? [this.frame(control.rr(this.vr))] : this.turn();
      for (const f of this.exchange(frames)) this.take(f);
      lost = !this.final;
      if (lost) {
        this.repeats++;
        this.station.time += PATIENCE_MS;
      }
    }
    if (this.whole === null) return null;
    const answer: Uint8Array = this.whole;
    if (!answer.slice(0, 3).every((octet, i) => octet === RESPONSE_LLC[i])) throw new Error("LLC");
    return answer.slice(3);
  }
}
