/** Connections of a program of clients, which send requests that were made before, each when the answer to the one before is whole. */
import { once } from "node:events";
import { createConnection, type Socket } from "node:net";
import { decodeApdu } from "../host/client/apdu.ts";
import { Client, type ClientOptions } from "../host/client/session.ts";
import type { Transport } from "../host/client/transport.ts";
import { getRequest, onWrapper, REGISTER } from "./requests.ts";

export async function connected(host: string, port: number): Promise<Socket> {
  const socket = createConnection({ host, port, noDelay: true });
  await once(socket, "connect");
  return socket;
}

/** The socket as a client has it, until its requests are made. */
function transportOf(socket: Socket): Transport {
  return {
    write: (octets) => void socket.write(octets),
    onData: (listener) => void socket.on("data", listener),
    onClose: () => undefined,
    close: async () => void socket.destroy(),
  };
}

/** Associates, reads the register to see that it works, and makes `count` requests. */
export async function prepared(socket: Socket, options: ClientOptions, count: number): Promise<Uint8Array[]> {
  const client = new Client(transportOf(socket), options);
  await client.connect();
  await client.associate();
  const value = await client.get(REGISTER);
  if (value.type !== "double-long-unsigned") throw new Error(`a register is ${value.type}`);
  const request = getRequest(REGISTER);
  // As Buffers, which a socket takes as they are: the first to send one shall pay no more than the second.
  const requests = Array.from({ length: count }, () => Buffer.from(onWrapper(client, request)));
  if (!client.protecting) await plainCheck(socket, requests[0]!);
  socket.removeAllListeners("data");
  return requests;
}

/** The canned request is answered with data. */
async function plainCheck(socket: Socket, request: Uint8Array): Promise<void> {
  socket.removeAllListeners("data");
  socket.write(request);
  const [octets] = (await once(socket, "data")) as [Buffer];
  const apdu = decodeApdu(octets.subarray(8));
  if (apdu.kind !== "get-response-normal" || !("data" in apdu.result)) throw new Error("a GET is refused");
}

/** Requests of one connection, sent one after the other. */
export class Loop {
  private readonly socket: Socket;
  private readonly requests: readonly Uint8Array[];
  private readonly answerSize: number;
  private next = 0;
  private end = 0;
  private got = 0;
  private sentAt = 0;
  private times: Float64Array = new Float64Array(0);
  private done: () => void = () => undefined;

  constructor(socket: Socket, requests: readonly Uint8Array[], answerSize: number) {
    this.socket = socket;
    this.requests = requests;
    this.answerSize = answerSize;
    socket.on("data", (octets) => this.received(octets.length));
  }

  /** Sends the next `times.length` requests; their times are there at the end, ms. */
  run(times: Float64Array): Promise<void> {
    this.times = times;
    this.end = this.next + times.length;
    return new Promise((resolve) => {
      this.done = resolve;
      this.send();
    });
  }

  private send(): void {
    this.sentAt = performance.now();
    this.socket.write(this.requests[this.next]!);
  }

  private received(size: number): void {
    this.got += size;
    if (this.got < this.answerSize) return;
    if (this.got > this.answerSize) throw new Error(`an answer has ${this.got} octets, not ${this.answerSize}`);
    this.got = 0;
    this.times[this.times.length - (this.end - this.next)] = performance.now() - this.sentAt;
    if (++this.next === this.end) this.done();
    else this.send();
  }
}
