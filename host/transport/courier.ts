/** Carries pushes over TCP and UDP to the destination a meter names: "host:port", "[IPv6]:port"; without port 4059. */
import { createSocket, type Socket as UdpSocket } from "node:dgram";
import { lookup } from "node:dns/promises";
import { connect, type Socket } from "node:net";

const PORT_DEFAULT = 4059;
/** How long a connection may take to come up, ms. */
const CONNECT_MS = 10_000;
const WPDU_HEAD_SIZE = 8;
/** Octets of an answer that are kept; a WPDU for the meter is shorter. */
const ANSWER_MAX = 4096;
const TCP = 0;
const UDP = 1;

export interface Place {
  readonly host: string;
  readonly port: number;
}

/** Host and port of a destination, undefined when it is none. */
export function placeOf(destination: string): Place | undefined {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([^:[\]\s]+))(?::(\d{1,5}))?$/.exec(destination);
  const port = match?.[3] === undefined ? PORT_DEFAULT : Number(match[3]);
  if (match === null || port < 1 || port > 65535) return undefined;
  return { host: match[1] ?? match[2]!, port };
}

interface Listener {
  delivered(): void;
  failed(reason: string): void;
  answered(wpdu: Uint8Array): void;
}

/** Carries for one meter, which has one delivery under way at a time. */
export class NetworkCourier {
  private readonly allowed: (host: string) => string | undefined;
  private tcp: Socket | undefined;
  private udp: UdpSocket | undefined;
  /** Hears the delivery under way; answers may come after it. */
  private listener: Listener | undefined;
  private pending = false;
  private answer: Buffer = Buffer.alloc(0);

  /** @param allowed says why a host must not be reached, undefined = it may */
  constructor(allowed: (host: string) => string | undefined = () => undefined) {
    this.allowed = allowed;
  }

  deliver(transport: number, destination: string, octets: Uint8Array, listener: Listener): void {
    this.listener = listener;
    this.pending = true;
    const place = placeOf(destination);
    if (place === undefined) return this.failed("write the destination as host:port");
    const refusal = this.allowed(place.host);
    if (refusal !== undefined) return this.failed(refusal);
    if (transport === TCP) this.tcpSend(place, octets);
    else if (transport === UDP) void this.udpSend(place, octets);
    else this.failed(`transport service ${transport} is not there`);
  }

  close(): void {
    this.tcp?.destroySoon();
    this.tcp = undefined;
    this.udpClose();
  }

  drop(): void {
    this.pending = false;
    this.listener = undefined;
    this.tcp?.destroy();
    this.tcp = undefined;
    this.udpClose();
  }

  private udpClose(): void {
    const { udp } = this;
    this.udp = undefined;
    udp?.close();
  }

  private delivered(): void {
    if (!this.pending) return;
    this.pending = false;
    this.listener?.delivered();
  }

  private failed(reason: string): void {
    if (!this.pending) return;
    this.pending = false;
    this.listener?.failed(reason);
  }

  private tcpSend(place: Place, octets: Uint8Array): void {
    const socket = this.tcp ?? this.tcpOpen(place);
    socket.write(octets, (error) => {
      if (this.tcp === socket && error == null) this.delivered();
    });
  }

  private tcpOpen(place: Place): Socket {
    const socket = connect(place.port, place.host);
    this.tcp = socket;
    this.answer = Buffer.alloc(0);
    socket.setTimeout(CONNECT_MS, () => {
      if (socket.connecting) socket.destroy(new Error(`no connection within ${CONNECT_MS / 1000} s`));
    });
    socket.on("data", (octets) => {
      if (this.tcp === socket) this.answerTake(octets as Buffer);
    });
    socket.on("error", (error) => this.tcpGone(socket, error.message));
    socket.on("close", () => this.tcpGone(socket, "the connection was closed"));
    return socket;
  }

  private tcpGone(socket: Socket, reason: string): void {
    if (this.tcp !== socket) return;
    this.tcp = undefined;
    this.failed(reason);
  }

  /** Cuts WPDUs out of the stream. */
  private answerTake(octets: Buffer): void {
    this.answer = Buffer.concat([this.answer, octets]);
    while (this.answer.length >= WPDU_HEAD_SIZE) {
      const size = WPDU_HEAD_SIZE + this.answer.readUInt16BE(6);
      if (size > ANSWER_MAX) this.answer = Buffer.alloc(0);
      if (this.answer.length < size) return;
      this.listener?.answered(this.answer.subarray(0, size));
      this.answer = this.answer.subarray(size);
    }
  }

  private async udpSend(place: Place, octets: Uint8Array): Promise<void> {
    const { listener } = this;
    try {
      const { address, family } = await lookup(place.host);
      // The meter was switched off meanwhile.
      if (this.listener !== listener) return;
      const socket = (this.udp ??= this.udpOpen(family === 6 ? "udp6" : "udp4"));
      socket.send(octets, place.port, address, (error) => {
        if (error == null) this.delivered();
        else this.failed(error.message);
      });
    } catch (error) {
      this.failed((error as Error).message);
    }
  }

  private udpOpen(family: "udp4" | "udp6"): UdpSocket {
    const socket = createSocket(family);
    socket.on("message", (octets) => {
      if (this.udp === socket && octets.length <= ANSWER_MAX) this.listener?.answered(octets);
    });
    // A receiver that cannot be reached, for one: UDP does not promise delivery.
    socket.on("error", () => undefined);
    return socket;
  }
}
