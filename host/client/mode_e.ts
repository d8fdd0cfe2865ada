/**
 * Sign-on of IEC 62056-21 from the client's side: request, identification, and what is selected: HDLC (mode E) or the data
 * readout (mode C). Characters have 7 bits and even parity, which is made here over a line of 8 bits without parity.
 */
import { ConnectionError, MalformedError, TimeOutError, UnexpectedAnswerError } from "./errors.ts";
import { silenceAwait } from "./silence.ts";
import type { Transport } from "./transport.ts";

const ACK = "\x06";
const STX = "\x02";
const ETX = "\x03";
const BREAK = "\x01B0\x03q";
/** Speed of the opening, Bd, and the highest baud rate identification. */
export const OPENING_BAUD = 300;
const BAUD_ID_MAX = 6;
/** Characters of the longest identification, and those of a data readout that nobody believes any more. */
const LINE_MAX = 64;
const READOUT_MAX = 1_000_000;

export interface SignOnOptions {
  /** Device address; without one every device answers. */
  address?: string;
  /** Highest speed to use after the sign-on, Bd; default 9600. */
  baud?: number;
  /** Longest silence, ms; default 2000. */
  timeOut?: number;
}

/** What a meter says of itself: `/XXXZ\Wident`. */
export interface Identification {
  /** The whole line without CR LF. */
  text: string;
  /** Three letters in upper case. */
  manufacturer: string;
  /** The meter answers within 20 ms. */
  fast: boolean;
  /** Highest speed it offers, Bd. */
  baud: number;
  /** W of an enhanced mode: "2" is HDLC. */
  enhanced: string | undefined;
  identification: string;
}

export interface Readout {
  identification: Identification;
  /** Data lines such as 1-0:1.8.0*255(1234*Wh). */
  lines: string[];
}

/** A data line taken apart. */
export interface ReadoutLine {
  name: string;
  value: string;
  unit: string | undefined;
}

function evenParity(character: number): number {
  let ones = 0;
  for (let rest = character; rest > 0; rest >>= 1) ones += rest & 1;
  return character | ((ones & 1) << 7);
}

/** A line of characters, with time-outs. */
class CharacterLine {
  private readonly transport: Transport;
  private readonly timeOut: number;
  private text = "";
  private failure: Error | undefined;
  private wake: (() => void) | undefined;

  constructor(transport: Transport, timeOut: number) {
    this.transport = transport;
    this.timeOut = timeOut;
    transport.onData((octets) => this.received(octets));
    transport.onClose((cause) => {
      this.failure ??= new ConnectionError(`the line was closed${cause === undefined ? "" : `: ${cause.message}`}`);
      this.wake?.();
    });
  }

  private received(octets: Uint8Array): void {
    for (const octet of octets) {
      // A wrong parity becomes a character that no message has.
      this.text += evenParity(octet & 0x7f) === octet ? String.fromCharCode(octet & 0x7f) : "\xbf";
    }
    this.wake?.();
  }

  send(text: string): void {
    this.transport.write(Uint8Array.from([...text], (character) => evenParity(character.charCodeAt(0))));
  }

  /** Waits until `size` finds the end of a message in what has come; each new octet prolongs the time. */
  async read(size: (text: string) => number, limit: number, what: string): Promise<string> {
    for (;;) {
      const end = size(this.text);
      if (end > 0) {
        const message = this.text.slice(0, end);
        this.text = this.text.slice(end);
        if (!message.includes("\xbf")) return message;
        throw new MalformedError(`${what}: a character has the wrong parity`);
      }
      if (this.text.length > limit) throw new MalformedError(`${what} has no end`);
      if (this.failure !== undefined) throw this.failure;
      await this.more(what);
    }
  }

  private more(what: string): Promise<void> {
    return new Promise((resolve, reject) => {
      const heard = silenceAwait(this.timeOut, () => {
        this.wake = undefined;
        reject(new TimeOutError(`${what} did not come within ${this.timeOut / 1000} s`));
      });
      this.wake = () => {
        heard();
        this.wake = undefined;
        resolve();
      };
    });
  }

  /** A message that ends with LF, without what stands before `start` (noise), and without the echo of `sent`. */
  async message(start: string, sent: string, what: string): Promise<string> {
    for (;;) {
      const line = await this.read((text) => text.indexOf("\n") + 1, LINE_MAX, what);
      const at = line.lastIndexOf(start);
      if (at >= 0 && line.slice(at) !== sent) return line.slice(at);
      if (at < 0) throw new MalformedError(`${what}: ${JSON.stringify(line)}`);
    }
  }

  async rate(baud: number): Promise<void> {
    await this.transport.rate?.(baud);
  }
}

function identificationParse(line: string): Identification {
  const match = /^\/([A-Z]{2}[A-Za-z])([0-9A-I])(?:\\([@0-9]))?([^/!\r\n]{0,16})\r\n$/.exec(line);
  const z = match?.[2] === undefined ? NaN : "0123456".indexOf(match[2]);
  if (match === null || z < 0) throw new MalformedError(`${JSON.stringify(line)} is no identification`);
  const letters = match[1]!;
  return {
    text: line.trimEnd(),
    manufacturer: letters.toUpperCase(),
    fast: letters !== letters.toUpperCase(),
    baud: OPENING_BAUD << z,
    enhanced: match[3],
    identification: match[4]!,
  };
}

/** The highest baud rate identification that neither side exceeds. */
function baudId(identification: Identification, baud: number): number {
  let z = 0;
  while (z < BAUD_ID_MAX && OPENING_BAUD << (z + 1) <= Math.min(baud, identification.baud)) z++;
  return z;
}

async function identify(
  line: CharacterLine,
  options: SignOnOptions,
): Promise<{ identification: Identification; z: number }> {
  const request = `/?${options.address ?? ""}!\r\n`;
  line.send(request);
  const answer = await line.message("/", request, "the identification");
  const identification = identificationParse(answer);
  return { identification, z: baudId(identification, options.baud ?? 9600) };
}

/**
 * Signs on in mode E: behind it the line is HDLC's, at the speed that was agreed. The line must have been opened at 300 Bd.
 * Throws UnexpectedAnswerError when the meter does not offer HDLC, or does not confirm.
 */
export async function signOn(transport: Transport, options: SignOnOptions = {}): Promise<Identification> {
  const line = new CharacterLine(transport, options.timeOut ?? 2000);
  const { identification, z } = await identify(line, options);
  if (identification.enhanced !== "2") {
    throw new UnexpectedAnswerError(`${identification.text}: the meter does not offer HDLC behind its sign-on`);
  }
  const select = `${ACK}2${z}2\r\n`;
  line.send(select);
  await line.rate(OPENING_BAUD << z);
  const confirmation = await line.read((text) => text.indexOf("\n") + 1, LINE_MAX, "the confirmation");
  if (!confirmation.endsWith(select)) {
    throw new UnexpectedAnswerError(`the meter answers ${JSON.stringify(confirmation)} to the selection of HDLC`);
  }
  return identification;
}

/** Where a data block or a break ends in `text`; 0 = not yet. */
function blockEnd(text: string): number {
  if (text.includes(BREAK)) return text.indexOf(BREAK) + BREAK.length;
  const start = text.indexOf(STX);
  const end = start < 0 ? -1 : text.indexOf(ETX, start);
  return end < 0 || text.length < end + 2 ? 0 : end + 2;
}

/** Signs on in mode C and reads the data block. The line must have been opened at 300 Bd. */
export async function readout(transport: Transport, options: SignOnOptions = {}): Promise<Readout> {
  const line = new CharacterLine(transport, options.timeOut ?? 2000);
  const { identification, z } = await identify(line, options);
  line.send(`${ACK}0${z}0\r\n`);
  await line.rate(OPENING_BAUD << z);
  const whole = await line.read(blockEnd, READOUT_MAX, "the data block");
  if (whole.endsWith(BREAK)) throw new UnexpectedAnswerError("the meter ends the readout with a break");
  const block = whole.slice(whole.indexOf(STX));
  const check = [...block.slice(1, -1)].reduce((bcc, character) => bcc ^ character.charCodeAt(0), 0);
  if (check !== block.charCodeAt(block.length - 1)) {
    throw new MalformedError("the block check character of the data block is wrong");
  }
  const end = block.lastIndexOf("!");
  if (end < 0) throw new MalformedError("the data block has no end mark");
  const lines = block.slice(1, end).split("\r\n");
  return { identification, lines: lines.filter((text) => text !== "") };
}

/** Takes a data line apart; undefined when it is none. */
export function readoutLineParse(line: string): ReadoutLine | undefined {
  const match = /^([^()]+)\(([^()*]*)(?:\*([^()*]*))?\)$/.exec(line);
  if (match === null) return undefined;
  return { name: match[1]!, value: match[2]!, unit: match[3] };
}
