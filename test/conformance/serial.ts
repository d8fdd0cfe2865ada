/**
 * The serial line of a run. There is one, so it stays open from case to case, and connections take turns on it: octets go to the
 * one opened last, until that is closed. In mode E each connection signs on first (IEC 62056-21, 6.4.3).
 */
import { openSerial, type Transport } from "../../host/client/index.ts";
import { OPENING_BAUD, signOn } from "../../host/client/mode_e.ts";

export interface Serial {
  path: string;
  baud: number;
  /** The line begins with the sign-on of mode E; `baud` is the highest speed to choose then. */
  modeE: boolean;
}

/** A meter may still be on its way back to the opening rate: IEC 62056-21, 6.4.3 has it wait 1,500 ms. */
const SIGN_ON_ATTEMPTS = 6;
const SIGN_ON_PAUSE = 1600;

/** One user's share of the line. */
class Turn implements Transport {
  data: (octets: Uint8Array) => void = () => undefined;
  ended: (cause?: Error) => void = () => undefined;
  readonly rate: (baud: number) => Promise<void>;
  /** Mode E: the meter has left HDLC; sign on again. */
  readonly again: () => Promise<void>;
  private readonly line: SerialLine;

  constructor(line: SerialLine) {
    this.line = line;
    this.rate = (baud) => line.rate(baud);
    this.again = () => line.signOnAgain(this);
  }

  write(octets: Uint8Array): void {
    this.line.write(octets);
  }

  onData(listener: (octets: Uint8Array) => void): void {
    this.data = listener;
  }

  onClose(listener: (cause?: Error) => void): void {
    this.ended = listener;
  }

  async close(): Promise<void> {
    this.line.leave(this);
  }
}

export class SerialLine {
  private readonly serial: Serial;
  private port: Transport | undefined;
  private readonly turns: Turn[] = [];

  constructor(serial: Serial) {
    this.serial = serial;
  }

  /** A connection: in mode E with HDLC ready behind its sign-on, unless another connection holds HDLC already. */
  async connect(): Promise<Transport & { again?: () => Promise<void> }> {
    await this.open();
    const turn = new Turn(this);
    this.turns.push(turn);
    if (!this.serial.modeE) return { ...bound(turn), rate: turn.rate };
    if (this.turns.length === 1) await this.signedOn(turn);
    return { ...bound(turn), rate: turn.rate, again: turn.again };
  }

  /** Closes the port itself. */
  async end(): Promise<void> {
    await this.port?.close();
    this.port = undefined;
  }

  write(octets: Uint8Array): void {
    this.port?.write(octets);
  }

  async rate(baud: number): Promise<void> {
    await this.port?.rate?.(baud);
  }

  leave(turn: Turn): void {
    const at = this.turns.indexOf(turn);
    if (at >= 0) this.turns.splice(at, 1);
  }

  /** Signs on again with the listener of the connection kept. */
  async signOnAgain(turn: Turn): Promise<void> {
    const { data, ended } = turn;
    await this.signedOn(turn);
    turn.data = data;
    turn.ended = ended;
  }

  private async open(): Promise<void> {
    if (this.port !== undefined) return;
    const port = await openSerial(this.serial.path, this.serial.modeE ? OPENING_BAUD : this.serial.baud);
    port.onData((octets) => this.turns.at(-1)?.data(octets));
    port.onClose((cause) => {
      this.port = undefined;
      for (const turn of this.turns.splice(0)) turn.ended(cause);
    });
    this.port = port;
  }

  private async signOnOnce(turn: Turn): Promise<void> {
    await this.rate(OPENING_BAUD);
    await signOn(turn, { baud: this.serial.baud });
  }

  private async signedOn(turn: Turn): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.signOnOnce(turn);
      } catch (error) {
        if (attempt === SIGN_ON_ATTEMPTS) {
          this.leave(turn);
          throw error;
        }
        await new Promise((resolve) => setTimeout(resolve, SIGN_ON_PAUSE));
      }
    }
  }
}

/** The methods of a transport without their object, as they are passed on. */
function bound(turn: Turn): Transport {
  return {
    write: (octets) => turn.write(octets),
    onData: (listener) => turn.onData(listener),
    onClose: (listener) => turn.onClose(listener),
    close: () => turn.close(),
  };
}
