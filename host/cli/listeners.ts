/** Everything the meters of `serve` listen on. */
import type { Bank } from "../bank.ts";
import { MeterPort, portFor, portsOf, type Port } from "../ports.ts";
import { Bus } from "../transport/bus.ts";
import type { LineAccept } from "../transport/line.ts";
import { SerialLine } from "../transport/serial.ts";
import { TcpListener } from "../transport/tcp.ts";
import { UdpListener } from "../transport/udp.ts";
import { ServeError, type ServeOptions } from "./serve_options.ts";

interface Listener {
  readonly port: number;
  close(): Promise<void>;
}

/** TcpListener or UdpListener. */
interface ListenerKind {
  listen(host: string, port: number, accept: LineAccept): Promise<Listener>;
}

export class Listeners {
  /** Ports in use, one for each meter; empty when the template has no such port. */
  readonly wrapper: number[] = [];
  readonly udp: number[] = [];
  readonly hdlc: number[] = [];
  private readonly bank: Bank;
  private readonly ports: readonly Port[];
  private readonly options: ServeOptions;
  private readonly warn: (text: string) => void;
  private readonly opened: { close(): Promise<void> }[] = [];

  constructor(bank: Bank, image: Uint8Array, options: ServeOptions, warn: (text: string) => void) {
    this.bank = bank;
    this.ports = portsOf(image);
    this.options = options;
    this.warn = warn;
  }

  /** Opens them all; throws ServeError. close() also undoes a part of it. */
  async open(): Promise<void> {
    const { tcp, udp, hdlcTcp, serial } = this.options;
    await this.openRange("--tcp", TcpListener, tcp, portFor(this.ports, "wrapper"), this.wrapper);
    if (udp !== undefined) await this.openRange("--udp", UdpListener, udp, portFor(this.ports, "udp"), this.udp);
    if (this.options.multiDrop === true) await this.openBus(hdlcTcp, portFor(this.ports, "hdlc"));
    else await this.openRange("--hdlc-tcp", TcpListener, hdlcTcp, portFor(this.ports, "hdlc"), this.hdlc);
    if (serial !== undefined) await this.openSerial(serial);
    if (this.opened.length === 0) throw new ServeError("the template has no port to listen on");
  }

  /** Opens the serial line of the consumer interface, which carries no connection. @throws ServeError */
  async openCii(path: string, accept: LineAccept): Promise<void> {
    try {
      const line = await SerialLine.open(path, this.options.ciiBaud, accept, this.warn);
      this.opened.push({ close: () => line.end() });
    } catch (error) {
      throw new ServeError(`--cii: ${(error as Error).message}; check the path and that you may use it`);
    }
  }

  async close(): Promise<void> {
    await Promise.all(this.opened.map((listener) => listener.close()));
  }

  private async openRange(
    option: string,
    kind: ListenerKind,
    first: number,
    port: Port | undefined,
    ports: number[],
  ): Promise<void> {
    if (port === undefined) return;
    for (const meter of this.bank.meters) {
      const number = first === 0 ? 0 : first + meter.index;
      await this.openPort(option, kind, number, new MeterPort(meter, port).accept, ports);
    }
  }

  /** One TCP port for the HDLC line of all meters; each connection is a line of its own. */
  private async openBus(number: number, port: Port | undefined): Promise<void> {
    if (port === undefined) throw new ServeError("--multi-drop: the template has no HDLC port");
    await this.openPort("--hdlc-tcp", TcpListener, number, this.bus(port), this.hdlc);
  }

  /** The meters as stations of one line. */
  private bus(port: Port): LineAccept {
    return Bus.of(this.bank.meters.map((meter) => new MeterPort(meter, port).accept));
  }

  private async openPort(
    option: string,
    kind: ListenerKind,
    port: number,
    accept: LineAccept,
    ports: number[],
  ): Promise<void> {
    const { host } = this.options;
    try {
      const listener = await kind.listen(host, port, accept);
      this.opened.push(listener);
      ports.push(listener.port);
    } catch (error) {
      throw new ServeError(listenText(error as NodeJS.ErrnoException, option, host, port));
    }
  }

  private async openSerial(path: string): Promise<void> {
    const port = portFor(this.ports, "serial");
    if (port === undefined) throw new ServeError("--serial: the template has no HDLC port");
    const [first, ...others] = this.bank.meters;
    const accept = others.length > 0 ? this.bus(port) : new MeterPort(first!, port).accept;
    try {
      const { baud, echo = false } = this.options;
      const line = await SerialLine.open(path, baud, accept, this.warn, echo);
      this.opened.push({ close: () => line.end() });
    } catch (error) {
      throw new ServeError(`--serial: ${(error as Error).message}; check the path and that you may use it`);
    }
  }
}

function listenText(error: NodeJS.ErrnoException, option: string, host: string, port: number): string {
  switch (error.code) {
    case "EADDRINUSE":
      return `port ${port} on ${host} is in use; end the other program or choose with ${option} (0 = any free port)`;
    case "EACCES":
      return `port ${port} on ${host} is not for you; choose one above 1023 with ${option}`;
    case "EADDRNOTAVAIL":
    case "ENOTFOUND":
    case "EAI_AGAIN":
      return `${host} is no address of this machine; choose another with --host`;
    case "EMFILE":
      return `too many open files for so many meters; raise the limit (ulimit -n) or give fewer --meters`;
    default:
      return `cannot listen on ${host}:${port}: ${error.message}`;
  }
}
