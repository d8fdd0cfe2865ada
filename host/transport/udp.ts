/**
 * UDP: one WPDU a datagram (IEC 62056-4-7). Each peer, by address and port, has a connection of its own from its first
 * datagram until the meter ends it. Peers do not say goodbye: when all connections are taken, the peer that was silent
 * longest loses its connection to the next one.
 */
import { createSocket, type RemoteInfo, type Socket } from "node:dgram";
import { lookup } from "node:dns/promises";
import type { Line, LineAccept, LineListener } from "./line.ts";

/** A peer that has a connection. */
class Peer implements Line {
  readonly datagrams = true;
  listener: LineListener | undefined;
  private readonly listening: UdpListener;
  private readonly key: string;
  private readonly address: string;
  private readonly port: number;
  private paused = false;

  constructor(listening: UdpListener, key: string, from: RemoteInfo) {
    this.listening = listening;
    this.key = key;
    this.address = from.address;
    this.port = from.port;
  }

  send(octets: Uint8Array): boolean {
    this.listening.send(octets, this.port, this.address);
    return true;
  }

  close(): void {
    this.listening.forget(this.key, this);
    const { listener } = this;
    this.listener = undefined;
    listener?.closed();
  }

  pause(stop: boolean): void {
    this.paused = stop;
  }

  /** What comes while nobody reads is lost, as datagrams may be. */
  received(octets: Uint8Array): void {
    if (!this.paused) this.listener?.received(octets);
  }
}

/** A UDP port. */
export class UdpListener {
  private readonly socket: Socket;
  private readonly accept: LineAccept;
  /** By address and port, the one that was silent longest first. */
  private readonly peers = new Map<string, Peer>();
  private ended = false;

  private constructor(socket: Socket, accept: LineAccept) {
    this.socket = socket;
    this.accept = accept;
  }

  /** Receives on `host`:`port` (0 = any free port); rejects with the system's error, EADDRINUSE when it is taken. */
  static async listen(host: string, port: number, accept: LineAccept): Promise<UdpListener> {
    const { address, family } = await lookup(host);
    const socket = createSocket(family === 6 ? "udp6" : "udp4");
    const listener = new UdpListener(socket, accept);
    socket.on("message", (octets, from) => listener.received(octets, from));
    return new Promise((resolve, reject) => {
      socket.once("error", (error) => {
        socket.close();
        reject(error);
      });
      socket.bind(port, address, () => {
        socket.removeAllListeners("error");
        // A peer that cannot be reached, for one: its datagram is lost, the listener is not.
        socket.on("error", () => undefined);
        resolve(listener);
      });
    });
  }

  get port(): number {
    return this.socket.address().port;
  }

  send(octets: Uint8Array, port: number, address: string): void {
    if (!this.ended) this.socket.send(octets, port, address, () => undefined);
  }

  /** A peer's connection is over; its next datagram begins another one. */
  forget(key: string, peer: Peer): void {
    if (this.peers.get(key) === peer) this.peers.delete(key);
  }

  /** Stops listening and ends every connection. */
  close(): Promise<void> {
    this.ended = true;
    for (const peer of [...this.peers.values()]) peer.close();
    return new Promise((resolve) => this.socket.close(() => resolve()));
  }

  private received(octets: Uint8Array, from: RemoteInfo): void {
    if (this.ended || octets.length === 0) return;
    const key = `${from.address} ${from.port}`;
    const peer = this.peers.get(key) ?? this.connect(key, from);
    if (peer === undefined) return;
    this.peers.delete(key);
    this.peers.set(key, peer);
    peer.received(octets);
  }

  private connect(key: string, from: RemoteInfo): Peer | undefined {
    const peer = new Peer(this, key, from);
    peer.listener = this.accept(peer);
    if (peer.listener !== undefined) return peer;
    const [silent] = this.peers.values();
    if (silent === undefined) return undefined;
    silent.close();
    peer.listener = this.accept(peer);
    return peer.listener === undefined ? undefined : peer;
  }
}
