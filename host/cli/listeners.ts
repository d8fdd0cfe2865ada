/** Everything the meters of `serve` listen on. */
import type { Bank } from "../bank.ts";
import { MeterPort, portFor, portsOf, type Port } from "../ports.ts";
import { Bus } from "../transport/bus.ts";
import { ipv4Parse, ipv4Text } from "../transport/ipv4.ts";
import type { LineAccept } from "../transport/line.ts";
import { SerialLine } from "../transport/serial.ts";
import { TcpListener } from "../transport/tcp.ts";
import { UdpListener } from "../transport/udp.ts";
import { ServeError, type ServeOptions } from "./serve_options.ts";

/** A peer reaches it at every address of this machine, among them all those of 127.0.0.0/8. */
const ANY_ADDRESS = "0.0.0.0";

interface Listener {
  readonly port: number;
  close(): Promise<void>;
}

/** TcpListener or UdpListener. */
interface ListenerKind {
  listen(host: string, port: number, accept: LineAccept): Promise<Listener>;
}

/** Ports in use, one for each meter or one for all; empty when the template has no such port. */
export interface Ports {
  readonly wrapper: number[];
  readonly udp: number[];
  readonly hdlc: number[];
}

/** The ports of the first meter. */
export type FirstPorts = Pick<ServeOptions, "tcp" | "hdlcTcp">;

export class Listeners {
  readonly ports: Ports = { wrapper: [], udp: [], hdlc: [] };
  private readonly bank: Bank;
  private readonly template: readonly Port[];
  private readonly options: ServeOptions;
  private readonly warn: (text: string) => void;
  private readonly opened: { close(): Promise<void> }[] = [];

  constructor(bank: Bank, image: Uint8Array, options: ServeOptions, warn: (text: string) => void) {
    this.bank = bank;
    this.template = portsOf(image);
    this.options = options;
    this.warn = warn;
  }

  /** Opens them all, from these ports on or from those of the options; throws ServeError. close() also undoes a part of it. */
  async open({ tcp, hdlcTcp }: FirstPorts = this.options): Promise<void> {
    const { udp, serial } = this.options;
    await this.openRange("--tcp", TcpListener, tcp, portFor(this.template, "wrapper"), this.ports.wrapper);
    if (udp !== undefined)
      await this.openRange("--udp", UdpListener, udp, portFor(this.template, "udp"), this.ports.udp);
    if (this.options.multiDrop === true) await this.openBus(hdlcTcp, portFor(this.template, "hdlc"));
    else await this.openRange("--hdlc-tcp", TcpListener, hdlcTcp, portFor(this.template, "hdlc"), this.ports.hdlc);
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
    const { host, eachAddress, meters } = this.options;
    if (eachAddress === true && this.bank.count === meters) {
      ports.push(await this.openPort(option, kind, ANY_ADDRESS, first, this.byAddress(port)));
    } else if (eachAddress === true) {
      ports.push(await this.openAddresses(option, kind, first, port));
    } else {
      for (const index of this.bank.numbers()) {
        const number = first === 0 ? 0 : first + index;
        ports.push(await this.openPort(option, kind, host, number, this.late(index, port)));
      }
    }
  }

  /** The same port at the address of each meter: one socket for all addresses cannot be shared with the meters of other threads. */
  private async openAddresses(option: string, kind: ListenerKind, first: number, port: Port): Promise<number> {
    const host = ipv4Parse(this.options.host)!;
    let number = first;
    for (const index of this.bank.numbers()) {
      number = await this.openPort(option, kind, ipv4Text(host + index), number, this.late(index, port));
    }
    return number;
  }

  /** The port of a meter, which takes its seat with the first line. */
  private late(index: number, port: Port): LineAccept {
    let own: MeterPort | undefined;
    return (line) => {
      try {
        return (own ??= new MeterPort(this.bank.reach(index), port)).accept(line);
      } catch (error) {
        this.warn(`meter ${index} cannot be switched on: ${(error as Error).message}`);
        return undefined;
      }
    };
  }

  /** The ports of all meters behind one: the address that a peer has chosen tells which of them it wants. */
  private byAddress(port: Port): LineAccept {
    const first = ipv4Parse(this.options.host)!;
    const accepts = new Map<number, LineAccept>();
    return (line) => {
      const index = (ipv4Parse(line.localAddress) ?? -1) - first;
      if (!this.bank.has(index)) return undefined;
      let accept = accepts.get(index);
      if (accept === undefined) accepts.set(index, (accept = this.late(index, port)));
      return accept(line);
    };
  }

  /** One TCP port for the HDLC line of all meters; each connection is a line of its own. */
  private async openBus(number: number, port: Port | undefined): Promise<void> {
    if (port === undefined) throw new ServeError("--multi-drop: the template has no HDLC port");
    this.ports.hdlc.push(await this.openPort("--hdlc-tcp", TcpListener, this.options.host, number, this.bus(port)));
  }

  /** The meters as stations of one line. */
  private bus(port: Port): LineAccept {
    return Bus.of(Array.from(this.bank.numbers(), (index) => this.late(index, port)));
  }

  private async openPort(
    option: string,
    kind: ListenerKind,
    host: string,
    port: number,
    accept: LineAccept,
  ): Promise<number> {
    try {
      const listener = await kind.listen(host, port, accept);
      this.opened.push(listener);
      return listener.port;
    } catch (error) {
      throw new ServeError(listenText(error as NodeJS.ErrnoException, option, host, port, this.options));
    }
  }

  private async openSerial(path: string): Promise<void> {
    const port = portFor(this.template, "serial");
    if (port === undefined) throw new ServeError("--serial: the template has no HDLC port");
    const accept = this.bank.count > 1 ? this.bus(port) : this.late(0, port);
    try {
      const { baud, echo = false } = this.options;
      const line = await SerialLine.open(path, baud, accept, this.warn, echo);
      this.opened.push({ close: () => line.end() });
    } catch (error) {
      throw new ServeError(`--serial: ${(error as Error).message}; check the path and that you may use it`);
    }
  }
}

function listenText(
  error: NodeJS.ErrnoException,
  option: string,
  host: string,
  port: number,
  { eachAddress, workers }: ServeOptions,
): string {
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
      return `too many open files for so many meters; raise the limit (ulimit -n), give fewer --meters, or ${eachAddress === true && workers > 1 ? "leave --workers out" : "--each-address"}`;
    default:
      return `cannot listen on ${host}:${port}: ${error.message}`;
  }
}
