/**
 * A client at an optical head, without the pump: characters with their parity in and out, line time and the moment at which
 * what the meter sent has left in the test's hands.
 *
 *   const head = OpticalLine.open();
 *   head.send("/?!\r\n");
 *   head.wait();                       // the reaction time passes: the identification
 *   head.sent();
 */
import { frameContent, frameDecode, serverAddress, type HdlcFrame } from "../../host/client/hdlc_frame.ts";
import type { Compiled } from "../../host/template/compile.ts";
import type { TemplateDocument } from "../../host/template/document.ts";
import { templateLoad, templatesJoin } from "../../host/template/load.ts";
import { RawMeter, type RawSnapshot } from "./raw.ts";

export const LOCAL_PORT = "0-0:20.0.0.255";
/** default_mode 0: IEC 62056-21. */
export const MODE_E = `${LOCAL_PORT}:2=0`;
export const SOH = "\x01";
export const STX = "\x02";
export const ETX = "\x03";
export const ACK = "\x06";
/** The first meter of seed 1 at 9600 Bd. */
export const IDENTIFICATION = "/MMM5\\21030300000001\r\n";
export const SNRM = 0x93;
export const DISC = 0x53;
export const REQUEST = "/?!\r\n";
export const BREAK = `${SOH}B0${ETX}q`;
/** ACK V Z Y. */
export const select = (vzy: string): string => `${ACK}${vzy}\r\n`;

/** Even parity, counted bit by bit. */
export function even(text: string): Uint8Array {
  return Uint8Array.from(Buffer.from(text, "latin1")).map((octet) => {
    const ones = [...octet.toString(2)].filter((bit) => bit === "1").length;
    return octet | ((ones % 2) << 7);
  });
}

/** The characters of octets with even parity; a wrong one is a question mark upside down. */
export function plain(octets: Uint8Array): string {
  const characters = [...octets].map((octet) => String.fromCharCode(octet & 0x7f));
  return characters.map((c, i) => (even(c)[0] === octets[i] ? c : "\xbf")).join("");
}

/** XOR of what follows the first character. */
export const blockCheck = (text: string): string =>
  String.fromCharCode([...text].slice(1).reduce((bcc, c) => bcc ^ c.charCodeAt(0), 0));

let compiled: Compiled | undefined;
/** The default template with sign-on on its serial port. */
export const modeETemplate = (): Compiled => (compiled ??= templateLoad(undefined, [MODE_E]));

export class OpticalLine {
  readonly raw: RawMeter;
  readonly slot: number;

  private constructor(raw: RawMeter) {
    this.raw = raw;
    this.slot = raw.slotOf("serial", 0);
  }

  static open(template: Compiled = modeETemplate()): OpticalLine {
    const line = new OpticalLine(RawMeter.boot({ template }));
    line.raw.sentHeld = true;
    line.raw.open(line.slot);
    return line;
  }

  /** Bd, 0 = the line's own. */
  get rate(): number {
    return this.raw.rates.get(this.slot) ?? 0;
  }

  /** Milliseconds until something is due, undefined = nothing. */
  get due(): number | undefined {
    this.raw.bank.deadlinePoll(this.raw.seat);
    const { lineDeadline } = this.raw.bank;
    return lineDeadline === 0 ? undefined : Math.max(0, lineDeadline - this.raw.lineTime);
  }

  /** Octets as they are; what comes back at once. */
  octets(octets: Uint8Array): Uint8Array {
    return Uint8Array.from(this.raw.feed(this.slot, octets).flatMap((item) => [...item]));
  }

  /** Characters with their parity; what comes back at once. */
  send(text: string): string {
    return plain(this.octets(even(text)));
  }

  /** Lets line time pass, by default until something is due; what the meter sends then. */
  wait(milliseconds: number = this.due ?? 0): string {
    this.raw.advance(0, milliseconds);
    this.raw.drain();
    return plain(Uint8Array.from(this.raw.take(this.slot).flatMap((item) => [...item])));
  }

  /** What the meter sent has left the line; what it sends next. */
  sent(): string {
    this.raw.sent(this.slot);
    return plain(Uint8Array.from(this.raw.take(this.slot).flatMap((item) => [...item])));
  }

  /** A request and its answer. */
  identify(request = REQUEST): string {
    this.send(request);
    const answer = this.wait();
    this.sent();
    return answer;
  }

  /** Everything up to HDLC at the rate `z`. */
  signOn(z = "5"): this {
    this.identify();
    this.send(select(`2${z}2`));
    const confirmed = this.wait();
    if (confirmed !== select(`2${z}2`)) throw new Error(`the meter confirms ${JSON.stringify(confirmed)}`);
    this.sent();
    return this;
  }

  /** The octets of a frame of the management client. */
  frameOctets(control: number, information: Uint8Array = new Uint8Array(0)): Uint8Array {
    const destination = serverAddress(1, 16);
    const content = frameContent({
      segmented: false,
      destination,
      source: { upper: 1, size: 1 },
      control,
      information,
    });
    const octets = new Uint8Array(content.length + 2).fill(0x7e);
    octets.set(content, 1);
    return octets;
  }

  /** Sends that frame; the frame that comes back. */
  frame(control: number, information?: Uint8Array<ArrayBuffer>): HdlcFrame[] {
    const answer = this.octets(this.frameOctets(control, information));
    return answer.length === 0 ? [] : [frameDecode(answer.subarray(1, -1))];
  }

  /** Reads all pieces of a data block whose first one has been sent. */
  readout(first: string): string {
    let text = first;
    for (let piece = this.sent(); piece !== ""; piece = this.sent()) text += piece;
    return text;
  }

  snapshot(): RawSnapshot & { rate: number } {
    return { ...this.raw.snapshot(), rate: this.rate };
  }

  restore(snapshot: RawSnapshot & { rate: number }): void {
    this.raw.restore(snapshot);
    this.raw.rates.set(this.slot, snapshot.rate);
  }
}

/** How a line gets into each state; the caller has just opened it. */
export const REACHED: Record<string, (line: OpticalLine) => void> = {
  REQUEST: () => undefined,
  IDENTIFY: (line) => line.send(REQUEST),
  IDENTIFYING: (line) => {
    line.send(REQUEST);
    line.wait();
  },
  SELECT: (line) => line.identify(),
  CONFIRM: (line) => {
    line.identify();
    line.send(select("252"));
  },
  CONFIRMING: (line) => {
    line.identify();
    line.send(select("252"));
    line.wait();
  },
  HDLC: (line) => line.signOn(),
  READOUT: (line) => {
    line.identify();
    line.send(select("050"));
  },
  READING: (line) => {
    line.identify();
    line.send(select("050"));
    line.wait();
  },
  REFUSE: (line) => {
    line.identify();
    line.send(select("051"));
  },
  REFUSING: (line) => {
    line.identify();
    line.send(select("051"));
    line.wait();
  },
};

/** A template with sign-on, and this serial port. */
export function templateWith(document: TemplateDocument, serial: TemplateDocument["ports"][string]): TemplateDocument {
  const objects = [{ logicalName: LOCAL_PORT, attributes: { "2": { value: { enum: 0 } } } }];
  const joined = templatesJoin(document, { objects } as unknown as TemplateDocument);
  return { ...joined, ports: { ...document.ports, serial } };
}
