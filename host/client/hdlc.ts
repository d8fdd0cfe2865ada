/**
 * The HDLC link as the client (primary station) runs it: normal response mode, windows, segmentation,
 * retransmission. GB9 8.4; ISO/IEC 13239. Server rules it relies on: the server speaks only after a
 * poll, and its last frame carries F=1.
 */

import { DlmsError, LinkError, TimeOutError } from "./errors.ts";
import {
  CONTROL,
  controlOfI,
  controlOfRr,
  frameContent,
  FrameReader,
  frameRejectParse,
  frameRejectText,
  PARAMETERS_DEFAULT,
  parametersEncode,
  parametersParse,
  stuff,
  FLAG,
  type Framing,
  type HdlcAddress,
  type HdlcFrame,
  type HdlcParameters,
} from "./hdlc_frame.ts";
import { closedError, Mailbox, type Link } from "./link.ts";
import { concat } from "./octets.ts";
import { type Transport } from "./transport.ts";

/** LLC of commands and of responses. GB9 8.3. */
export const LLC_COMMAND: Uint8Array = Uint8Array.of(0xe6, 0xe6, 0x00);
export const LLC_RESPONSE: Uint8Array = Uint8Array.of(0xe6, 0xe7, 0x00);

export interface HdlcOptions {
  clientSap: number;
  server: HdlcAddress;
  /** Proposal of the SNRM; null sends an SNRM without information field. */
  parameters?: Partial<HdlcParameters> | null;
  framing?: Framing;
  /** Milliseconds to wait for a frame with F=1, default 3000 */
  timeOut?: number;
  /** Repetitions after a time-out, default 2 */
  retries?: number;
  /** Milliseconds to go on polling a meter that only answers RR, default 10000 */
  answerTimeOut?: number;
}

/** What a link has counted, for tests and traces. */
export interface HdlcCounts {
  framesSent: number;
  framesReceived: number;
  repetitions: number;
  outOfSequence: number;
  /** Frames whose N(R) lies outside what is unacknowledged */
  staleAcknowledgements: number;
}

/** Turns without progress after which sending is given up. */
const STALLS_MAX = 10;

const next = (n: number): number => (n + 1) & 7;

export class HdlcLink implements Link {
  /** Outgoing frames pass here before they are written; null drops one. For negative tests. */
  tamper: ((frame: Uint8Array) => Uint8Array | null) | undefined;
  /** APDUs that arrive in UI frames. */
  onUnsolicited: ((apdu: Uint8Array) => void) | undefined;
  readonly counts: HdlcCounts = {
    framesSent: 0,
    framesReceived: 0,
    repetitions: 0,
    outOfSequence: 0,
    staleAcknowledgements: 0,
  };
  /** Negotiated, as the client sees it. */
  parameters: HdlcParameters = { ...PARAMETERS_DEFAULT };
  connected = false;
  /** V(S) and V(R); tests may set them. */
  vs = 0;
  vr = 0;
  private readonly transport: Transport;
  private readonly options: HdlcOptions;
  private readonly reader: FrameReader;
  private readonly frames = new Mailbox<HdlcFrame>();
  private readonly answers: Uint8Array[] = [];
  /** I frames sent and not yet acknowledged, oldest first; the oldest has N(S) = V(S) - length. */
  private unacknowledged: { information: Uint8Array; segmented: boolean }[] = [];
  private partial: Uint8Array[] = [];
  private peerBusy = false;
  /** The meter did not answer, repetitions included. */
  private silent = false;

  constructor(transport: Transport, options: HdlcOptions) {
    this.transport = transport;
    this.options = options;
    this.reader = new FrameReader(options.framing ?? "type3");
    transport.onData((octets) => {
      for (const frame of this.reader.feed(octets)) this.frameArrived(frame);
    });
    transport.onClose((cause) => this.frames.fail(closedError(cause)));
  }

  /** SNRM until UA. The values agreed on are the smaller of both sides. */
  async open(): Promise<void> {
    const proposal = { ...PARAMETERS_DEFAULT, ...(this.options.parameters ?? {}) };
    const information = this.options.parameters === null ? new Uint8Array(0) : parametersEncode(proposal);
    const ua = await this.unnumbered(CONTROL.SNRM, information);
    if (ua.control.type !== "UA") throw new LinkError(`the meter answers SNRM with ${ua.control.type}: link refused`);
    const peer = parametersParse(ua.information);
    this.parameters = {
      informationTransmitMax: Math.min(proposal.informationTransmitMax, peer.informationReceiveMax),
      informationReceiveMax: Math.min(proposal.informationReceiveMax, peer.informationTransmitMax),
      windowTransmit: Math.min(proposal.windowTransmit, peer.windowReceive),
      windowReceive: Math.min(proposal.windowReceive, peer.windowTransmit),
    };
    this.vs = 0;
    this.vr = 0;
    this.unacknowledged = [];
    this.partial = [];
    this.answers.length = 0;
    this.connected = true;
    this.silent = false;
  }

  /** DISC; a UA or DM ends the link, silence does too. A meter that was silent before is not waited for again. */
  async close(): Promise<void> {
    if (!this.connected) return;
    this.connected = false;
    try {
      if (this.silent) this.write(CONTROL.DISC, new Uint8Array(0), false);
      else await this.unnumbered(CONTROL.DISC, new Uint8Array(0), 1);
    } catch (error) {
      if (!(error instanceof DlmsError)) throw error;
    }
  }

  /** Send an APDU in as many I frames as its size needs, and wait until all are acknowledged. */
  async send(apdu: Uint8Array): Promise<void> {
    const segments = this.segmentsOf(concat(LLC_COMMAND, apdu));
    let stalled = 0;
    while (segments.length > 0 || this.unacknowledged.length > 0) {
      const before = segments.length + this.unacknowledged.length;
      const room = this.peerBusy ? 0 : this.parameters.windowTransmit - this.unacknowledged.length;
      const fresh = segments.splice(0, Math.max(0, room));
      this.unacknowledged.push(...fresh);
      this.vs = (this.vs + fresh.length) & 7;
      // After an RR that leaves frames unacknowledged, these are repeated: go-back-n.
      await this.turn(this.peerBusy ? 0 : this.unacknowledged.length);
      stalled = segments.length + this.unacknowledged.length < before ? 0 : stalled + 1;
      if (stalled > STALLS_MAX) throw new LinkError("the meter does not acknowledge what it is sent");
    }
  }

  /** The next APDU: one already here, or polled for with RR. */
  async receive(timeOut = this.options.answerTimeOut ?? 10_000): Promise<Uint8Array> {
    const deadline = Date.now() + timeOut;
    this.drain();
    let answer = this.answers.shift();
    while (answer === undefined) {
      const before = this.partial.length;
      await this.turn(0, Math.max(1, deadline - Date.now()));
      answer = this.answers.shift();
      const idle = answer === undefined && this.partial.length === before;
      if (idle && Date.now() >= deadline) throw new TimeOutError("the meter acknowledges, but sends no answer");
      // A meter that still works on the answer says RR; do not flood it with polls.
      if (idle) await new Promise((resolve) => setTimeout(resolve, 20));
    }
    return answer;
  }

  /** Send an APDU in one UI frame: unconfirmed, and never answered unless polled. */
  sendUnconfirmed(apdu: Uint8Array, pf = false): void {
    const information = apdu.length > 0 ? concat(LLC_COMMAND, apdu) : apdu;
    this.write(pf ? CONTROL.UI_POLL : CONTROL.UI, information, false);
  }

  /** Write any frame of your own and return all that comes back until F=1, or until the time-out. For tests. */
  async exchangeFrames(
    control: number,
    information: Uint8Array = new Uint8Array(0),
    timeOut?: number,
  ): Promise<HdlcFrame[]> {
    this.frames.clear();
    this.write(control, information, false);
    const frames: HdlcFrame[] = [];
    try {
      do frames.push(await this.frames.take(timeOut ?? this.options.timeOut ?? 3000));
      while (!frames.at(-1)!.control.pf);
    } catch (error) {
      if (!(error instanceof TimeOutError)) throw error;
    }
    return frames;
  }

  private segmentsOf(lpdu: Uint8Array): { information: Uint8Array; segmented: boolean }[] {
    const size = this.parameters.informationTransmitMax;
    const segments = [];
    for (let at = 0; at < lpdu.length; at += size) {
      segments.push({ information: lpdu.subarray(at, at + size), segmented: at + size < lpdu.length });
    }
    return segments;
  }

  /**
   * One turn: the last `count` unacknowledged I frames (or RR), the last with P=1, then what the meter
   * says until F=1. After a time-out RR asks where the meter stands, so that nothing is executed twice.
   */
  private async turn(count: number, timeOut = Infinity): Promise<void> {
    if (!this.connected) throw new LinkError("the HDLC link is not connected; SNRM first");
    const wait = Math.min(timeOut, this.options.timeOut ?? 3000);
    const retries = this.options.retries ?? 2;
    this.drain();
    for (let attempt = 0; ; attempt++) {
      if (attempt === 0) this.writeWindow(count);
      else this.write(controlOfRr(this.vr, true), new Uint8Array(0), false);
      try {
        return await this.listen(wait);
      } catch (error) {
        if (!(error instanceof TimeOutError)) throw error;
        this.silent = attempt >= retries;
        if (this.silent) throw error;
        this.repeat();
      }
    }
  }

  /** Before a repetition: octets of half a frame are older than any answer to it. */
  private repeat(): void {
    this.reader.reset();
    this.counts.repetitions += 1;
  }

  private writeWindow(count: number): void {
    if (count === 0) return this.write(controlOfRr(this.vr, true), new Uint8Array(0), false);
    const frames = this.unacknowledged.slice(-count);
    frames.forEach((frame, i) => {
      const ns = (this.vs - frames.length + i) & 7;
      this.write(controlOfI(ns, this.vr, i === frames.length - 1), frame.information, frame.segmented);
    });
  }

  private async listen(timeOut: number): Promise<void> {
    let final = false;
    while (!final) {
      const frame = await this.frames.take(timeOut);
      this.frameTake(frame);
      final = frame.control.pf;
    }
  }

  /** Take frames that came after their time-out, so that they do not pass for answers to what is sent next. */
  private drain(): void {
    for (let frame = this.frames.poll(); frame !== undefined; frame = this.frames.poll()) this.frameTake(frame);
  }

  private frameTake(frame: HdlcFrame): void {
    const { type, nr, ns } = frame.control;
    if (type === "DM") {
      this.connected = false;
      throw new LinkError("the meter answers DM: the link is gone (inactivity time-out?); connect again");
    }
    if (type === "FRMR") throw new LinkError(frameRejectText(frameRejectParse(frame.information)));
    if (type !== "I" && type !== "RR" && type !== "RNR") return;
    this.acknowledge(nr ?? 0);
    this.peerBusy = type === "RNR";
    if (type !== "I") return;
    if (ns !== this.vr) {
      this.counts.outOfSequence += 1;
      return;
    }
    this.vr = next(this.vr);
    this.partial.push(frame.information);
    if (frame.segmented) return;
    this.lpduTake(concat(...this.partial.splice(0)));
  }

  private lpduTake(lpdu: Uint8Array): void {
    if (lpdu[0] !== 0xe6 || lpdu[1] !== 0xe7) throw new LinkError("an LPDU of the meter does not begin with E6 E7 00");
    this.answers.push(lpdu.slice(3));
  }

  /** N(R) acknowledges everything before it. */
  private acknowledge(nr: number): void {
    const left = (this.vs - nr) & 7;
    if (left > this.unacknowledged.length) {
      // Either an answer from before a repetition or a wrong N(R); both acknowledge nothing new.
      this.counts.staleAcknowledgements += 1;
      return;
    }
    this.unacknowledged = this.unacknowledged.slice(this.unacknowledged.length - left);
  }

  private async unnumbered(
    control: number,
    information: Uint8Array,
    retries = this.options.retries ?? 2,
  ): Promise<HdlcFrame> {
    for (let attempt = 0; ; attempt++) {
      this.frames.clear();
      this.write(control, information, false);
      try {
        return await this.unnumberedTake();
      } catch (error) {
        if (!(error instanceof TimeOutError) || attempt >= retries) throw error;
        this.repeat();
      }
    }
  }

  private async unnumberedTake(): Promise<HdlcFrame> {
    for (;;) {
      const frame = await this.frames.take(this.options.timeOut ?? 3000);
      const type = frame.control.type;
      if (type === "UA" || type === "DM" || type === "FRMR") return frame;
    }
  }

  private write(control: number, information: Uint8Array, segmented: boolean): void {
    const source: HdlcAddress = { upper: this.options.clientSap, size: 1 };
    const content = frameContent({ segmented, destination: this.options.server, source, control, information });
    const flag = Uint8Array.of(FLAG);
    const octets = this.options.framing === "rfc1662" ? stuff(content) : concat(flag, content, flag);
    this.counts.framesSent += 1;
    const changed = this.tamper === undefined ? octets : this.tamper(octets);
    if (changed !== null) this.transport.write(changed);
  }

  private frameArrived(frame: HdlcFrame): void {
    if (frame.destination.upper !== this.options.clientSap && frame.destination.upper !== 0x7f) return;
    this.counts.framesReceived += 1;
    if (frame.control.type !== "UI") return this.frames.put(frame);
    if (frame.information.length > 3) this.onUnsolicited?.(frame.information.slice(3));
    // A UI frame with F=1 hands the turn back; without, it was sent on the meter's own account.
    if (frame.control.pf) this.frames.put(frame);
  }
}
