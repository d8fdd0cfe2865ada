/** UDP on real sockets: peers told apart, answers back to the right one, connections shared out. */
import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { afterEach, describe, expect, it } from "vitest";
import type { Data } from "../../host/client/axdr.ts";
import { attribute, Client, type ClientOptions } from "../../host/client/session.ts";
import { connectUdp } from "../../host/client/transport.ts";
import { numberOf } from "../../host/client/data.ts";
import type { Line, LineAccept, LineListener } from "../../host/transport/line.ts";
import { UdpListener } from "../../host/transport/udp.ts";
import { LLS, Rig } from "./rig.ts";

const ENERGY = attribute(3, "1-0:1.8.0.255", 2);
const endings: (() => unknown)[] = [];

afterEach(async () => {
  for (const end of endings.splice(0).reverse()) await end();
});

async function until(what: () => boolean, milliseconds = 5000): Promise<void> {
  const end = performance.now() + milliseconds;
  while (!what()) {
    if (performance.now() > end) throw new Error("it does not come true");
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** Holds up to `room` lines, writes down what happens on each and echoes. */
class Echo {
  readonly log: string[] = [];
  readonly lines: Line[] = [];
  private used = 0;
  private readonly room: number;

  constructor(room: number) {
    this.room = room;
  }

  readonly accept: LineAccept = (line): LineListener | undefined => {
    if (this.used === this.room) return undefined;
    this.used++;
    const number = this.lines.push(line) - 1;
    this.log.push(`${number} open`);
    return {
      received: (octets) => {
        this.log.push(`${number} ${Buffer.from(octets).toString("latin1")}`);
        line.send(Buffer.from(`${number} echoes ${Buffer.from(octets).toString("latin1")}`));
      },
      drained: () => undefined,
      closed: () => {
        this.used--;
        this.log.push(`${number} closed`);
      },
    };
  };
}

async function listen(accept: LineAccept, host = "127.0.0.1", port = 0): Promise<UdpListener> {
  const listener = await UdpListener.listen(host, port, accept);
  endings.push(() => listener.close());
  return listener;
}

interface PeerSocket {
  heard: string[];
  send(text: string | Uint8Array): void;
}

async function peerOf(listener: UdpListener, host = "127.0.0.1"): Promise<PeerSocket> {
  const socket: Socket = createSocket(host.includes(":") ? "udp6" : "udp4");
  const heard: string[] = [];
  socket.on("message", (octets) => heard.push(octets.toString("latin1")));
  socket.bind(0, host);
  await once(socket, "listening");
  endings.push(() => socket.close());
  return { heard, send: (text) => socket.send(text, listener.port, host) };
}

describe("a UDP port", () => {
  it("gives each peer a line and sends its answers back to it", async () => {
    const echo = new Echo(2);
    const listener = await listen(echo.accept);
    const [first, second] = [await peerOf(listener), await peerOf(listener)];
    first.send("a");
    await until(() => first.heard.length === 1);
    second.send("b");
    await until(() => second.heard.length === 1);
    first.send("c");
    await until(() => first.heard.length === 2);
    expect(first.heard).toEqual(["0 echoes a", "0 echoes c"]);
    expect(second.heard).toEqual(["1 echoes b"]);
    expect(echo.lines.every((line) => line.datagrams)).toBe(true);
  });

  it("takes the line of the peer that was silent longest when all are in use", async () => {
    const echo = new Echo(2);
    const listener = await listen(echo.accept);
    const peers = [await peerOf(listener), await peerOf(listener), await peerOf(listener)];
    // The first speaks again after the second: the second is the silent one.
    for (const [n, index] of [0, 1, 0, 2].entries()) {
      peers[index]!.send("x");
      await until(() => echo.log.filter((entry) => entry.endsWith("x")).length === n + 1);
    }
    expect(echo.log).toEqual(["0 open", "0 x", "1 open", "1 x", "0 x", "1 closed", "2 open", "2 x"]);
  });

  it("forgets a peer whose line the meter has closed; its next datagram begins another", async () => {
    const echo = new Echo(1);
    const listener = await listen(echo.accept);
    const peer = await peerOf(listener);
    peer.send("a");
    await until(() => peer.heard.length === 1);
    echo.lines[0]!.close();
    echo.lines[0]!.close();
    peer.send("b");
    await until(() => peer.heard.length === 2);
    expect(echo.log).toEqual(["0 open", "0 a", "0 closed", "1 open", "1 b"]);
  });

  it("drops datagrams that are empty, and all while it is paused or has no line to give", async () => {
    const echo = new Echo(1);
    const listener = await listen(echo.accept);
    const peer = await peerOf(listener);
    peer.send("");
    peer.send("a");
    await until(() => peer.heard.length === 1);
    echo.lines[0]!.pause(true);
    peer.send("b");
    await new Promise((resolve) => setTimeout(resolve, 50));
    echo.lines[0]!.pause(false);
    peer.send("c");
    await until(() => peer.heard.length === 2);
    expect(echo.log).toEqual(["0 open", "0 a", "0 c"]);
    const none = await listen(() => undefined);
    const other = await peerOf(none);
    other.send("a");
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(other.heard).toEqual([]);
  });

  it("rejects with EADDRINUSE when the port is taken", async () => {
    const { port } = await listen(new Echo(1).accept);
    await expect(listen(new Echo(1).accept, "127.0.0.1", port)).rejects.toMatchObject({ code: "EADDRINUSE" });
  });

  it("ends its lines when it closes, and an answer too late goes nowhere", async () => {
    const echo = new Echo(1);
    const listener = await UdpListener.listen("127.0.0.1", 0, echo.accept);
    const peer = await peerOf(listener);
    peer.send("a");
    await until(() => peer.heard.length === 1);
    await listener.close();
    expect(echo.log).toEqual(["0 open", "0 a", "0 closed"]);
    expect(echo.lines[0]!.send(Buffer.from("late"))).toBe(true);
  });
});

describe("a meter on a UDP port", () => {
  async function client(listener: UdpListener, options: ClientOptions): Promise<Client> {
    const made = new Client(await connectUdp("127.0.0.1", listener.port), { timeOut: 2000, ...options });
    endings.push(() => made.disconnect());
    await made.associate();
    return made;
  }

  async function readings(from: Client, what: typeof ENERGY): Promise<Data[]> {
    const values: Data[] = [];
    while (values.length < 5) values.push(await from.get(what));
    return values;
  }

  it("is read by two clients at once", async () => {
    const rig = new Rig();
    const listener = await listen(rig.port("udp").accept);
    const [management, anybody] = [await client(listener, LLS), await client(listener, {})];
    rig.pass(3_600_000);
    // A pass of an hour ends both associations; so each begins again, on the line its next datagram opens.
    await management.associate();
    await anybody.associate();
    const [energies, titles] = await Promise.all([
      readings(management, ENERGY),
      readings(anybody, attribute(1, "0-0:42.0.0.255", 2)),
    ]);
    expect(energies.map((energy) => numberOf(energy, "energy"))).toEqual([1000, 1000, 1000, 1000, 1000]);
    for (const title of titles) expect(title).toMatchObject({ type: "octet-string" });
    await expect(anybody.get(ENERGY)).rejects.toThrow();
  });

  it("gives the connection of the client that was silent longest to a third one", async () => {
    const rig = new Rig();
    const listener = await listen(rig.port("udp").accept);
    const [first, second] = [await client(listener, LLS), await client(listener, LLS)];
    await first.get(ENERGY);
    const third = await client(listener, LLS);
    for (const one of [first, third]) expect(numberOf(await one.get(ENERGY), "energy")).toBe(0);
    await expect(second.get(ENERGY)).rejects.toThrow();
    expect(rig.reports).toEqual([]);
  });
});
