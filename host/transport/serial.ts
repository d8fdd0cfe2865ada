/**
 * A serial line, 8 data bits, no parity, one stop bit (IEC 62056-46, 5.3). The meter holds one connection on it for as
 * long as the device is there; when it goes (an unplugged adapter) the line is opened again as soon as it is back.
 */
import { existsSync } from "node:fs";
import type { SerialPort } from "serialport";
import { EchoFilter } from "./echo.ts";
import type { Line, LineAccept, LineListener } from "./line.ts";

/** Time between attempts to open a device that has gone, and between looks whether it is still there, ms. */
const REOPEN_MS = 1000;

export class SerialLine implements Line {
  private readonly port: SerialPort;
  private readonly accept: LineAccept;
  private readonly report: (text: string) => void;
  private listener: LineListener | undefined;
  private timer: NodeJS.Timeout | undefined;
  private watch: NodeJS.Timeout | undefined;
  private ended = false;
  /** Speed the line was opened with, Bd. */
  private readonly own: number;
  /** The speed is being changed; octets for the line wait meanwhile. */
  private changing = false;
  private readonly waiting: Uint8Array[] = [];
  private readonly echo: EchoFilter | undefined;

  private constructor(port: SerialPort, accept: LineAccept, report: (text: string) => void, echo: boolean) {
    this.port = port;
    this.accept = accept;
    this.report = report;
    this.own = port.baudRate;
    this.echo = echo ? new EchoFilter() : undefined;
    port.on("open", () => this.opened());
    port.on("data", (octets: Uint8Array) => this.received(octets));
    port.on("error", (error) => report(`${port.path}: ${error.message}`));
    port.on("close", () => this.lost());
  }

  /** Opens `path` at `baudRate`, on which what is sent comes back where `echo` says so; rejects when the device cannot be opened now. */
  static async open(
    path: string,
    baudRate: number,
    accept: LineAccept,
    report: (text: string) => void,
    echo = false,
  ): Promise<SerialLine> {
    // Loaded when used: its native part is not needed, nor everywhere there, for TCP.
    const { SerialPort } = await import("serialport");
    const port = new SerialPort({ path, baudRate, dataBits: 8, parity: "none", stopBits: 1, autoOpen: false });
    const line = new SerialLine(port, accept, report, echo);
    await new Promise<void>((resolve, reject) => port.open((error) => (error ? reject(error) : resolve())));
    return line;
  }

  send(octets: Uint8Array): boolean {
    if (!this.port.isOpen) return true;
    if (this.changing) this.waiting.push(octets);
    else this.write(octets);
    return false;
  }

  private received(octets: Uint8Array): void {
    const own = this.echo?.received(octets, performance.now()) ?? octets;
    if (own.length > 0) this.listener?.received(own);
  }

  private write(octets: Uint8Array): void {
    this.echo?.sent(octets, performance.now(), this.port.baudRate);
    this.port.write(octets);
    this.port.drain(() => this.listener?.drained());
  }

  rate(baud: number): void {
    if (!this.port.isOpen) return;
    this.changing = true;
    this.port.update({ baudRate: baud === 0 ? this.own : baud }, (error) => {
      if (error) this.report(`${this.port.path}: cannot change to ${baud} Bd: ${error.message}`);
      this.changing = false;
      for (const octets of this.waiting.splice(0)) this.write(octets);
    });
  }

  close(): void {
    if (this.port.isOpen) this.port.close();
  }

  pause(stop: boolean): void {
    if (stop) this.port.pause();
    else this.port.resume();
  }

  /** Closes the line for good. */
  end(): Promise<void> {
    this.ended = true;
    clearTimeout(this.timer);
    clearInterval(this.watch);
    if (!this.port.isOpen) return Promise.resolve();
    return new Promise((resolve) => this.port.close(() => resolve()));
  }

  private opened(): void {
    this.port.resume();
    // A terminal that hangs up between two reads reads as empty, not as an error, and the port would wait for ever.
    this.watch = setInterval(() => {
      if (!existsSync(this.port.path)) this.close();
    }, REOPEN_MS);
    this.listener = this.accept(this);
    if (this.listener === undefined) this.report(`${this.port.path}: the meter has no free connection for it`);
  }

  private lost(): void {
    clearInterval(this.watch);
    this.waiting.length = 0;
    const listener = this.listener;
    this.listener = undefined;
    listener?.closed();
    if (!this.ended) this.timer = setTimeout(() => this.reopen(), REOPEN_MS);
  }

  private reopen(): void {
    this.port.open((error) => {
      if (error && !this.ended) this.timer = setTimeout(() => this.reopen(), REOPEN_MS);
    });
  }
}
