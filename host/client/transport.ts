/** Ways octets travel: TCP, UDP, a serial port, and a pair in memory for tests. */

import { createSocket } from "node:dgram";
import { createConnection } from "node:net";
import { ConnectionError } from "./errors.ts";

/** A two-way channel of octets. Octets that arrive before onData() is called are kept for it. */
export interface Transport {
  write(octets: Uint8Array): void;
  onData(listener: (octets: Uint8Array) => void): void;
  /** Called once, with the error if one was the cause. */
  onClose(listener: (cause?: Error) => void): void;
  close(): Promise<void>;
  /** Changes the speed behind what was written, Bd; only where the way has one. */
  rate?(baud: number): Promise<void>;
}

/** Listener book-keeping that every transport shares. */
class Ends {
  private dataListener: ((octets: Uint8Array) => void) | undefined;
  private closeListener: ((cause?: Error) => void) | undefined;
  private early: Uint8Array[] = [];
  private closed: { cause?: Error } | undefined;

  data(octets: Uint8Array): void {
    if (this.dataListener === undefined) this.early.push(octets);
    else this.dataListener(octets);
  }

  close(cause?: Error): void {
    if (this.closed !== undefined) return;
    this.closed = cause === undefined ? {} : { cause };
    this.closeListener?.(cause);
  }

  onData(listener: (octets: Uint8Array) => void): void {
    this.dataListener = listener;
    for (const octets of this.early.splice(0)) listener(octets);
  }

  onClose(listener: (cause?: Error) => void): void {
    this.closeListener = listener;
    if (this.closed !== undefined) listener(this.closed.cause);
  }
}

/** Connect over TCP. `timeOut` is in milliseconds. */
export function connectTcp(host: string, port: number, timeOut = 5000): Promise<Transport> {
  return new Promise((resolve, reject) => {
    const socket = createConnection({ host, port, noDelay: true });
    const ends = new Ends();
    const where = `${host}:${port}`;
    const timer = setTimeout(() => socket.destroy(new Error(`no answer within ${timeOut / 1000} s`)), timeOut);
    socket.once("connect", () => {
      clearTimeout(timer);
      resolve({
        write: (octets) => void socket.write(octets),
        onData: (listener) => ends.onData(listener),
        onClose: (listener) => ends.onClose(listener),
        close: () =>
          new Promise((done) => {
            if (socket.destroyed) return done();
            socket.once("close", () => done());
            socket.end();
            socket.destroySoon();
          }),
      });
    });
    socket.on("data", (octets) => ends.data(octets));
    socket.on("error", (cause: Error) => {
      clearTimeout(timer);
      reject(
        new ConnectionError(`cannot reach ${where}: ${cause.message || (cause as NodeJS.ErrnoException).code}`, {
          cause,
        }),
      );
      ends.close(cause);
    });
    socket.on("close", () => ends.close());
  });
}

/** Talk over UDP: every write is one datagram. */
export function connectUdp(host: string, port: number): Promise<Transport> {
  return new Promise((resolve, reject) => {
    const socket = createSocket(host.includes(":") ? "udp6" : "udp4");
    const ends = new Ends();
    socket.on("error", (cause) => {
      reject(new ConnectionError(`cannot use ${host}:${port}: ${cause.message}`, { cause }));
      ends.close(cause);
    });
    socket.on("message", (octets) => ends.data(octets));
    socket.on("close", () => ends.close());
    socket.connect(port, host, () => {
      resolve({
        write: (octets) => socket.send(octets),
        onData: (listener) => ends.onData(listener),
        onClose: (listener) => ends.onClose(listener),
        close: () => new Promise((done) => socket.close(() => done())),
      });
    });
  });
}

/** Open a serial port with 8 data bits, no parity, 1 stop bit (IEC 62056-46, 5.2). */
export async function openSerial(path: string, baud = 9600): Promise<Transport> {
  // Loaded when used: its native part is not needed, nor everywhere available, for TCP.
  const { SerialPort } = await import("serialport");
  const port = new SerialPort({ path, baudRate: baud, autoOpen: false });
  const ends = new Ends();
  await new Promise<void>((resolve, reject) => {
    port.open((cause) => {
      if (cause) reject(new ConnectionError(`cannot open ${path}: ${cause.message}`, { cause }));
      else resolve();
    });
  });
  port.on("data", (octets: Uint8Array) => ends.data(octets));
  port.on("error", (cause: Error) => ends.close(cause));
  port.on("close", () => ends.close());
  return {
    write: (octets) => void port.write(octets),
    onData: (listener) => ends.onData(listener),
    onClose: (listener) => ends.onClose(listener),
    close: () => new Promise((done) => (port.isOpen ? port.drain(() => port.close(() => done())) : done())),
    rate: (baud) =>
      new Promise((resolve, reject) => {
        // A change drops what has come meanwhile, so there is none without need.
        if (baud === port.baudRate) return resolve();
        const done = (cause: Error | null | undefined): void => {
          if (cause) reject(new ConnectionError(`${path} cannot run at ${baud} Bd: ${cause.message}`, { cause }));
          else resolve();
        };
        port.drain((cause) => (cause ? done(cause) : port.update({ baudRate: baud }, done)));
      }),
  };
}

/** Two connected ends in memory. Octets arrive in a later turn of the event loop, in order. */
export function memoryPair(): [Transport, Transport] {
  const ends = [new Ends(), new Ends()] as const;
  let open = true;
  const end = (own: Ends, far: Ends): Transport => ({
    write: (octets) => {
      const copy = octets.slice();
      if (open) setImmediate(() => far.data(copy));
    },
    onData: (listener) => own.onData(listener),
    onClose: (listener) => own.onClose(listener),
    close: async () => {
      open = false;
      far.close();
      own.close();
    },
  });
  return [end(ends[0], ends[1]), end(ends[1], ends[0])];
}

/**
 * A transport whose outgoing octets pass through `change` first, for negative tests: it may alter them,
 * split them into several writes, or drop them (null).
 */
export function tampering(
  transport: Transport,
  change: (octets: Uint8Array) => Uint8Array | Uint8Array[] | null,
): Transport {
  return {
    write: (octets) => {
      const changed = change(octets);
      if (changed === null) return;
      for (const part of Array.isArray(changed) ? changed : [changed]) transport.write(part);
    },
    onData: (listener) => transport.onData(listener),
    onClose: (listener) => transport.onClose(listener),
    close: () => transport.close(),
  };
}
