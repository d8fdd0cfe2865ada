/**
 * The consumer interface: carries the pushes of consumer information, and every other one as before. Over TCP they are WPDUs to client 103;
 * on a serial line UI frames that nobody asked for, as on the one-way ports of meters in the field: nobody gives the meter a token there.
 */
import { CONTROL, frameEncode } from "./client/hdlc_frame.ts";
import { LLC_RESPONSE } from "./client/hdlc.ts";
import { concat } from "./client/octets.ts";
import { wpduDecode } from "./client/wrapper.ts";
import type { Courier, CourierListener } from "./push.ts";
import type { Line, LineListener } from "./transport/line.ts";

/** Lower HDLC address of the meter on a line of its own. */
const LOWER_ADDRESS = 16;

/** A push as an unsolicited UI frame, format type 3. GB9 8.4; LLC as a response has it. */
export function ciiFrame(octets: Uint8Array): Uint8Array {
  const { source, destination, apdu } = wpduDecode(octets);
  return frameEncode({
    segmented: false,
    destination: { upper: destination, size: 1 },
    source: { upper: source, lower: LOWER_ADDRESS, size: 2 },
    control: CONTROL.UI_POLL,
    information: concat(LLC_RESPONSE, apdu),
  });
}

/** The serial line of the consumer interface; what it hears means nothing. */
export class CiiLine {
  private line: Line | undefined;
  private waiting: CourierListener | undefined;

  /** Takes the line when it opens, and again when it is back. */
  readonly accept = (line: Line): LineListener => {
    this.line = line;
    return {
      received: () => undefined,
      drained: () => this.told((listener) => listener.delivered()),
      closed: () => {
        this.line = undefined;
        this.told((listener) => listener.failed("the line is gone"));
      },
    };
  };

  send(frame: Uint8Array, listener: CourierListener): void {
    if (this.line === undefined) return listener.failed("the line is not there");
    this.waiting = listener;
    if (this.line.send(frame)) this.told((waiting) => waiting.delivered());
  }

  private told(tell: (listener: CourierListener) => void): void {
    const { waiting } = this;
    this.waiting = undefined;
    if (waiting !== undefined) tell(waiting);
  }
}

/** Carries to `path` over the line, and elsewhere with `other`. */
export class CiiCourier implements Courier {
  private readonly path: string;
  private readonly line: CiiLine;
  private readonly other: Courier;

  constructor(path: string, line: CiiLine, other: Courier) {
    this.path = path;
    this.line = line;
    this.other = other;
  }

  deliver(transport: number, destination: string, octets: Uint8Array, listener: CourierListener): void {
    if (destination !== this.path) return this.other.deliver(transport, destination, octets, listener);
    let frame: Uint8Array;
    try {
      frame = ciiFrame(octets);
    } catch (error) {
      return listener.failed((error as Error).message);
    }
    this.line.send(frame, listener);
  }

  close(): void {
    this.other.close();
  }

  drop(): void {
    this.other.drop();
  }
}
