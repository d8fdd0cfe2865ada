/** A small HDLC secondary station in front of a fake meter, with a wire that can lose frames. */

import {
  CONTROL,
  controlOfI,
  controlOfRr,
  frameContent,
  FrameReader,
  parametersEncode,
  parametersParse,
  stuff,
  type Framing,
  type HdlcFrame,
  type HdlcParameters,
} from "../../host/client/hdlc_frame.ts";
import { concat, fromHex } from "../../host/client/octets.ts";
import { type Transport } from "../../host/client/transport.ts";

export interface SecondaryOptions {
  parameters?: Partial<HdlcParameters>;
  framing?: Framing;
  /** Whether to lose the n-th frame the secondary receives, or sends (counting from 0). */
  loseIn?: (n: number) => boolean;
  loseOut?: (n: number) => boolean;
  /** Polls answered with RR before an answer is ready */
  slow?: number;
}

interface Segment {
  information: Uint8Array;
  segmented: boolean;
}

export class Secondary {
  /** Everything received in order, before losses. */
  readonly received: HdlcFrame[] = [];
  /** LPDUs given to the meter: each must be executed once. */
  readonly executed: Uint8Array[] = [];
  private readonly options: SecondaryOptions;
  private readonly answer: (apdu: Uint8Array) => Uint8Array[];
  private readonly transport: Transport;
  private inCount = 0;
  private outCount = 0;
  private connected = false;
  private vs = 0;
  private vr = 0;
  private sizeOut = 128;
  private windowOut = 1;
  private partial: Uint8Array[] = [];
  private queue: Segment[] = [];
  private unacknowledged: Segment[] = [];
  private slow: number;

  constructor(transport: Transport, answer: (apdu: Uint8Array) => Uint8Array[], options: SecondaryOptions = {}) {
    this.transport = transport;
    this.answer = answer;
    this.options = options;
    this.slow = options.slow ?? 0;
    const reader = new FrameReader(options.framing ?? "type3");
    transport.onData((octets) => {
      for (const frame of reader.feed(octets)) this.frameArrived(frame);
    });
  }

  private frameArrived(frame: HdlcFrame): void {
    this.received.push(frame);
    if (this.options.loseIn?.(this.inCount++) === true) return;
    switch (frame.control.type) {
      case "SNRM":
        return this.snrm(frame);
      case "DISC":
        this.send(frame, this.connected ? CONTROL.UA : CONTROL.DM);
        this.connected = false;
        return;
      case "I":
      case "RR":
        if (!this.connected) return this.send(frame, CONTROL.DM);
        return this.supervise(frame);
      default:
    }
  }

  private snrm(frame: HdlcFrame): void {
    const asked = parametersParse(frame.information);
    const own = { ...asked, ...this.options.parameters };
    this.sizeOut = Math.min(own.informationTransmitMax, asked.informationReceiveMax);
    this.windowOut = Math.min(own.windowTransmit, asked.windowReceive);
    Object.assign(this, { connected: true, vs: 0, vr: 0, queue: [], unacknowledged: [], partial: [] });
    this.send(frame, CONTROL.UA, parametersEncode({ ...own, informationTransmitMax: this.sizeOut }));
  }

  private supervise(frame: HdlcFrame): void {
    const { type, nr, ns, pf } = frame.control;
    const left = (this.vs - nr!) & 7;
    if (left > this.unacknowledged.length) throw new Error("the client acknowledges what was never sent");
    this.unacknowledged = this.unacknowledged.slice(this.unacknowledged.length - left);
    if (type === "I" && ns === this.vr) {
      this.vr = (this.vr + 1) & 7;
      this.partial.push(frame.information);
      if (!frame.segmented) this.execute(concat(...this.partial.splice(0)));
    }
    if (pf) this.turn(frame);
  }

  private execute(lpdu: Uint8Array): void {
    this.executed.push(lpdu);
    for (const apdu of this.answer(lpdu.slice(3))) {
      const out = concat(fromHex("E6E700"), apdu);
      for (let at = 0; at < out.length; at += this.sizeOut) {
        this.queue.push({
          information: out.subarray(at, at + this.sizeOut),
          segmented: at + this.sizeOut < out.length,
        });
      }
    }
  }

  private turn(frame: HdlcFrame): void {
    if (this.queue.length > 0 && this.slow-- > 0) return this.send(frame, controlOfRr(this.vr, true));
    const fresh = this.queue.splice(0, this.windowOut - this.unacknowledged.length);
    this.unacknowledged.push(...fresh);
    this.vs = (this.vs + fresh.length) & 7;
    const frames = this.unacknowledged;
    if (frames.length === 0) return this.send(frame, controlOfRr(this.vr, true));
    frames.forEach((segment, i) => {
      const ns = (this.vs - frames.length + i) & 7;
      const control = controlOfI(ns, this.vr, i === frames.length - 1);
      this.send(frame, control, segment.information, segment.segmented);
    });
  }

  private send(to: HdlcFrame, control: number, information: Uint8Array = new Uint8Array(0), segmented = false): void {
    if (this.options.loseOut?.(this.outCount++) === true) return;
    const content = frameContent({ segmented, destination: to.source, source: to.destination, control, information });
    const flag = Uint8Array.of(0x7e);
    this.transport.write(this.options.framing === "rfc1662" ? stuff(content) : concat(flag, content, flag));
  }
}
