/** HDLC frame by frame, with nothing of a link in between: for cases about frames that no honest client sends. */
import { concat, hdlcFrame, toHex, type Transport } from "../../host/client/index.ts";
import { Mailbox } from "../../host/client/link.ts";
import { TimeOutError } from "../../host/client/errors.ts";
import type { Ctx } from "./context.ts";

const { CONTROL, controlOfI, controlOfRr, FLAG, frameEncode, FrameReader } = hdlcFrame;
type HdlcAddress = hdlcFrame.HdlcAddress;
type HdlcFrame = hdlcFrame.HdlcFrame;

const NOTHING = new Uint8Array(0);
const LLC = Uint8Array.of(0xe6, 0xe6, 0x00);

export interface FrameOptions {
  information?: Uint8Array;
  segmented?: boolean;
  destination?: HdlcAddress;
  source?: HdlcAddress;
}

export class Line {
  readonly server: HdlcAddress;
  readonly client: HdlcAddress;
  private readonly transport: Transport & { again?: () => Promise<void> };
  private readonly ctx: Ctx;
  private readonly frames = new Mailbox<HdlcFrame>();
  private readonly reader = new FrameReader();

  constructor(transport: Line["transport"], ctx: Ctx, addressLength: 1 | 2 | 4) {
    const { serverSap, lower, associations } = ctx.config;
    this.transport = transport;
    this.ctx = ctx;
    this.server = hdlcFrame.serverAddress(serverSap, lower ?? undefined, addressLength);
    const open = associations.find((a) => a.authentication === "none") ?? associations[0]!;
    this.client = { upper: open.clientSap, size: 1 };
    transport.onData((octets) => this.reader.feed(octets).forEach((frame) => this.frames.put(frame)));
    transport.onClose((cause) => this.frames.fail(cause ?? new Error("the meter closed the line")));
  }

  /** A frame of the client with its flags. */
  frame(control: number, options: FrameOptions = {}): Uint8Array {
    return frameEncode({
      control,
      segmented: options.segmented ?? false,
      destination: options.destination ?? this.server,
      source: options.source ?? this.client,
      information: options.information ?? NOTHING,
    });
  }

  /** An I frame that holds a whole APDU. */
  i(ns: number, nr: number, apdu: Uint8Array): Uint8Array {
    return this.frame(controlOfI(ns, nr, true), { information: concat(LLC, apdu) });
  }

  rr(nr: number): Uint8Array {
    return this.frame(controlOfRr(nr, true));
  }

  /** Writes octets and waits for nothing. */
  write(octets: Uint8Array): void {
    this.transport.write(octets);
  }

  /** Writes octets and returns the frames that come until one has F=1, or none comes any more. */
  async exchange(octets: Uint8Array, wait = this.ctx.config.timeOut): Promise<HdlcFrame[]> {
    this.frames.clear();
    this.transport.write(octets);
    return this.take(wait);
  }

  private async take(wait: number): Promise<HdlcFrame[]> {
    const frames: HdlcFrame[] = [];
    try {
      do frames.push(await this.frames.take(wait));
      while (!frames.at(-1)!.control.pf);
    } catch (error) {
      if (!(error instanceof TimeOutError)) throw error;
    }
    return frames;
  }

  /** What the meter says within `wait` to octets that it should not answer. */
  answerTo(octets: Uint8Array, wait = this.ctx.config.silence): Promise<HdlcFrame[]> {
    return this.exchange(octets, wait);
  }

  /** The meter does not answer these octets. */
  async silent(octets: Uint8Array, what: string, wait?: number): Promise<void> {
    const frames = await this.answerTo(octets, wait);
    this.ctx.expect(frames.length === 0, `${what}: no answer`, framesText(frames));
  }

  /** SNRM is answered with UA: the meter is well, and in NRM afterwards. */
  async up(what = "SNRM is answered with UA", information: Uint8Array = NOTHING): Promise<HdlcFrame> {
    const frames = await this.command(this.frame(CONTROL.SNRM, { information }));
    this.ctx.require(frames.length === 1 && frames[0]!.control.type === "UA", what, framesText(frames));
    return frames[0]!;
  }

  /** DISC; says with what it was answered. In mode E the meter has left HDLC behind UA, and is brought back to it. */
  async down(options: FrameOptions = {}): Promise<HdlcFrame[]> {
    const frames = await this.command(this.frame(CONTROL.DISC, options));
    if (frames[0]?.control.type === "UA") await this.transport.again?.();
    return frames;
  }

  /** A command that has to be answered. In mode E a meter that says nothing may have left HDLC: it is asked again there. */
  async command(octets: Uint8Array): Promise<HdlcFrame[]> {
    const frames = await this.exchange(octets);
    if (frames.length > 0 || this.transport.again === undefined) return frames;
    await this.transport.again();
    return this.exchange(octets);
  }

  /** Leaves the meter in NDM and closes. In mode E only a link that was set up ends HDLC with its DISC. */
  async end(): Promise<void> {
    const { silence } = this.ctx.config;
    if (this.transport.again !== undefined)
      await this.exchange(this.frame(CONTROL.SNRM), silence).catch(() => undefined);
    await this.exchange(this.frame(CONTROL.DISC), silence).catch(() => undefined);
    await this.transport.close();
  }
}

/** One frame in words. */
export function frameText(frame: HdlcFrame): string {
  const { type, nr, ns, pf } = frame.control;
  const counts = `${ns === undefined ? "" : ` N(S)=${ns}`}${nr === undefined ? "" : ` N(R)=${nr}`}`;
  const information = frame.information.length === 0 ? "" : ` ${toHex(frame.information.subarray(0, 40))}`;
  return `${type}${counts}${pf ? " F=1" : ""}${information}`;
}

export function framesText(frames: readonly HdlcFrame[]): string {
  return frames.length === 0 ? "nothing" : frames.map(frameText).join(", ");
}

/** A frame with its content changed and its FCS made right again. */
export function refcs(frame: Uint8Array, change: (content: Uint8Array) => Uint8Array): Uint8Array {
  const content = change(frame.slice(1, -3));
  const flag = Uint8Array.of(FLAG);
  return concat(flag, content, hdlcFrame.fcs(content), flag);
}
