/** TCP server: the wrapper (IEC 62056-4-7) and HDLC over TCP both arrive here; the core knows the difference. */
import { createServer, type AddressInfo, type Server, type Socket } from "node:net";
import type { Line, LineAccept, LineListener } from "./line.ts";
import { readLent, type TcpReading } from "./tcp_reading.ts";

/** An accepted connection. */
class TcpLine implements Line {
  readonly socket: Socket;
  private listener: LineListener | undefined;

  constructor(accepted: Socket, reading: TcpReading) {
    this.socket = reading(accepted, (octets) => this.listener?.received(octets));
    // A reset by the peer is an ordinary end of a connection, also of one that is refused; "close" follows.
    this.socket.on("error", () => undefined);
  }

  get localAddress(): string | undefined {
    return this.socket.localAddress;
  }

  send(octets: Uint8Array): boolean {
    return this.socket.destroyed || this.socket.write(octets);
  }

  /** Mostly the system has taken the octets before write() returns. */
  get released(): boolean {
    return this.socket.writableLength === 0;
  }

  /** Closes behind what is still to be sent, and does not wait for the peer to close as well. */
  close(): void {
    this.socket.destroySoon();
  }

  pause(stop: boolean): void {
    if (stop) this.socket.pause();
    else this.socket.resume();
  }

  hear(listener: LineListener): void {
    const { socket } = this;
    this.listener = listener;
    socket.setNoDelay(true);
    socket.on("drain", () => listener.drained());
    socket.on("close", () => listener.closed());
  }
}

/** A listening port. */
export class TcpListener {
  private readonly server: Server;
  private readonly reading: TcpReading;
  private readonly sockets = new Set<Socket>();

  private constructor(server: Server, reading: TcpReading) {
    this.server = server;
    this.reading = reading;
  }

  /** Listens on `host`:`port` (0 = any free port); rejects with the system's error, EADDRINUSE when it is taken. */
  static listen(host: string, port: number, accept: LineAccept, reading = readLent): Promise<TcpListener> {
    const server = createServer({ pauseOnConnect: true });
    const listener = new TcpListener(server, reading);
    server.on("connection", (socket) => listener.accept(socket, accept));
    return new Promise((resolve, reject) => {
      server.once("error", reject);
      server.listen(port, host, () => {
        server.off("error", reject);
        // Too many open files, for one: that connection is lost, the listener is not.
        server.on("error", () => undefined);
        resolve(listener);
      });
    });
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  private accept(accepted: Socket, accept: LineAccept): void {
    const line = new TcpLine(accepted, this.reading);
    const { socket } = line;
    const listener = accept(line);
    if (listener === undefined) {
      socket.destroy();
      return;
    }
    this.sockets.add(socket);
    socket.once("close", () => this.sockets.delete(socket));
    line.hear(listener);
  }

  /** Stops listening and ends every connection. */
  close(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    return new Promise((resolve) => this.server.close(() => resolve()));
  }
}
