/**
 * The time of meters whose NTP setup is activated: a client of time servers (SNTP, RFC 4330), unicast and without authentication. A meter is
 * told how far the server's clock is from this host's; whether it follows is the meter's business.
 */
import { randomBytes } from "node:crypto";
import { createSocket } from "node:dgram";
import { isIPv6 } from "node:net";
import { decodeData } from "./client/axdr.ts";
import type { Pump } from "./pump.ts";

const PACKET_SIZE = 48;
/** Leap indicator 0, version 4, mode 3 (client). */
const REQUEST = 0x23;
const MODE_SERVER = 4;
const UNSYNCHRONIZED = 3;
const STRATUM_MAX = 15;
/** Seconds from 1900, where NTP begins, to 1970, and of one era of its 32 bits. */
const EPOCH_S = 2_208_988_800;
const ERA_S = 0x1_0000_0000;
const TIME_OUT_MS = 5000;
/** Between two questions that nobody asked for, ms. RFC 4330, section 10: never below 15 s. */
const INTERVAL_MS = 3_600_000;
/** What an input of the core can carry, ms. */
const OFFSET_MAX_MS = 0x7fffffff;
/** List of a meter's face that holds its NTP setup: activated, server_address, server_port. */
const FACE_TIME_SOURCE = 3;

/** A timestamp of NTP as ms since 1970; the era that begins in 2036 where the first bit is 0 (RFC 4330, section 3). */
function timestampRead(packet: Buffer, at: number): number {
  const seconds = packet.readUInt32BE(at);
  const era = seconds >= 0x80000000 ? 0 : ERA_S;
  return (seconds + era - EPOCH_S) * 1000 + (packet.readUInt32BE(at + 4) * 1000) / 0x1_0000_0000;
}

/** Offset of the server's clock from ours, ms, by an answer that came at `arrived` to a question of `asked`; throws when it is no good. */
export function sntpParse(packet: Buffer, nonce: Uint8Array, asked: number, arrived: number): number {
  const wrong = (what: string): never => {
    throw new Error(`the time server's answer is no good: ${what}`);
  };
  if (packet.length < PACKET_SIZE) wrong(`${packet.length} octets`);
  if ((packet[0]! & 7) !== MODE_SERVER) wrong(`mode ${packet[0]! & 7}`);
  // The server gives back what stood in our transmit timestamp: an answer to somebody else is not believed.
  if (Buffer.compare(packet.subarray(24, 32), nonce) !== 0) wrong("it answers another question");
  const stratum = packet[1]!;
  if (stratum === 0) wrong(`the server refuses (${packet.toString("latin1", 12, 16)})`);
  if (stratum > STRATUM_MAX || packet[0]! >> 6 === UNSYNCHRONIZED) wrong("its clock is not synchronized");
  if (packet.readUInt32BE(40) === 0) wrong("it has no time");
  const received = timestampRead(packet, 32);
  const sent = timestampRead(packet, 40);
  return (received - asked + (sent - arrived)) / 2;
}

/** Asks a time server how far its clock is from this host's, ms. Rejects when it does not answer in time, or not well. */
export function sntpOffset(server: string, port: number, timeOutMs = TIME_OUT_MS): Promise<number> {
  return new Promise((resolve, reject) => {
    const socket = createSocket(isIPv6(server) ? "udp6" : "udp4");
    const packet = Buffer.alloc(PACKET_SIZE);
    const nonce = randomBytes(8);
    let asked = 0;
    const end = (result: () => void): void => {
      clearTimeout(timer);
      socket.removeAllListeners("message");
      socket.close();
      result();
    };
    const timer = setTimeout(
      () => end(() => reject(new Error(`the time server ${server}:${port} does not answer`))),
      timeOutMs,
    );
    socket.on("error", (error) => end(() => reject(error)));
    socket.on("message", (answer) => {
      const arrived = Date.now();
      try {
        const offset = sntpParse(answer, nonce, asked, arrived);
        end(() => resolve(offset));
      } catch (error) {
        end(() => reject(error as Error));
      }
    });
    packet[0] = REQUEST;
    packet.set(nonce, 40);
    asked = Date.now();
    socket.send(packet, port, server, (error) => {
      if (error) end(() => reject(error));
    });
  });
}

/** Where a meter wants its time from, undefined when its NTP setup is not activated or names no server. */
export function timeServerOf(meter: Pick<Pump, "face">): { server: string; port: number } | undefined {
  const [activated, address, port] = meter.face(FACE_TIME_SOURCE).map((item) => decodeData(item.value));
  if (activated?.type !== "boolean" || !activated.value || address?.type !== "octet-string") return undefined;
  const octets = Buffer.from(address.value);
  if (octets.length === 0 || port?.type !== "long-unsigned") return undefined;
  // Four octets that are no text are an address; anything else is the server's name.
  const isText = octets.every((octet) => octet > 0x20 && octet < 0x7f);
  return {
    server: octets.length === 4 && !isText ? octets.join(".") : octets.toString("utf8"),
    port: Number(port.value),
  };
}

export interface TimeKeeperOptions {
  meters(): readonly Pump[];
  report(meter: number, text: string): void;
  /** Why a server is not to be asked, undefined where it is. */
  refusal?: (server: string) => string | undefined;
  /** Default: asks over the network. */
  offset?: (server: string, port: number) => Promise<number>;
}

/** Asks the time servers of a bank's meters: when it starts, every hour, and when a meter asks for it. */
export class TimeKeeper {
  private readonly options: TimeKeeperOptions;
  private readonly asking = new Set<number>();
  private timer: NodeJS.Timeout | undefined;

  constructor(options: TimeKeeperOptions) {
    this.options = options;
  }

  start(): void {
    const all = (): void => this.options.meters().forEach((meter) => void this.ask(meter));
    this.timer = setInterval(all, INTERVAL_MS);
    this.timer.unref();
    all();
  }

  stop(): void {
    clearInterval(this.timer);
    this.timer = undefined;
  }

  /** Asks for one meter, once at a time. */
  async ask(meter: Pump): Promise<void> {
    const source = timeServerOf(meter);
    if (source === undefined || this.asking.has(meter.index)) return;
    this.asking.add(meter.index);
    try {
      const refusal = this.options.refusal?.(source.server);
      if (refusal !== undefined) throw new Error(refusal);
      const offset = await (this.options.offset ?? sntpOffset)(source.server, source.port);
      if (Math.abs(offset) > OFFSET_MAX_MS) throw new Error("the time server is more than 24 days off");
      meter.timeFound(Math.round(offset));
    } catch (error) {
      this.options.report(meter.index, `no time from ${source.server}:${source.port}: ${(error as Error).message}`);
    } finally {
      this.asking.delete(meter.index);
    }
  }
}
