import { readlinkSync, symlinkSync, unlinkSync } from "node:fs";
import { createConnection, Socket } from "node:net";
import { once } from "node:events";
import { afterEach, describe, expect, it } from "vitest";
import type { Line, LineAccept, LineListener } from "../../host/transport/line.ts";
import { SerialLine } from "../../host/transport/serial.ts";
import { TcpListener } from "../../host/transport/tcp.ts";
import { readLent, readStream } from "../../host/transport/tcp_reading.ts";
import { hasSocat, startSocat, terminals, until } from "./terminals.ts";

/** Echoes what arrives and writes down what happens. */
class Echo {
  readonly log: string[] = [];
  line: Line | undefined;
  refusing = false;

  readonly accept: LineAccept = (line): LineListener | undefined => {
    if (this.refusing) return undefined;
    this.line = line;
    this.log.push("open");
    return {
      received: (octets) => {
        this.log.push(`received ${Buffer.from(octets).toString("latin1")}`);
        line.send(Buffer.from(octets));
      },
      drained: () => this.log.push("drained"),
      closed: () => this.log.push("closed"),
    };
  };
}

const endings: (() => unknown)[] = [];

afterEach(async () => {
  for (const end of endings.splice(0).reverse()) await end();
});

async function tcpWith(
  echo: Echo,
  reading = readLent,
): Promise<{ listener: TcpListener; connect: () => Promise<Socket> }> {
  const listener = await TcpListener.listen("127.0.0.1", 0, echo.accept, reading);
  endings.push(() => listener.close());
  const connect = async (): Promise<Socket> => {
    const socket = createConnection({ host: "127.0.0.1", port: listener.port });
    socket.on("error", () => undefined);
    endings.push(() => socket.destroy());
    await once(socket, "connect");
    return socket;
  };
  return { listener, connect };
}

describe.each([
  ["lent", readLent],
  ["as a stream", readStream],
])("TCP, octets %s", (_how, reading) => {
  it("carries octets both ways and tells when the peer has gone", async () => {
    const echo = new Echo();
    const { connect } = await tcpWith(echo, reading);
    const socket = await connect();
    socket.write("hello");
    expect(String((await once(socket, "data"))[0])).toBe("hello");
    socket.end();
    await until(() => echo.log.includes("closed"));
    expect(echo.log).toEqual(["open", "received hello", "closed"]);
  });

  it("closes a refused connection at once", async () => {
    const echo = new Echo();
    echo.refusing = true;
    const { connect } = await tcpWith(echo, reading);
    const socket = await connect();
    socket.resume();
    await once(socket, "close");
    expect(echo.log).toEqual([]);
  });

  it("takes a reset of a refused connection for its end", async () => {
    const echo = new Echo();
    echo.refusing = true;
    let refused: Socket | undefined;
    const { connect } = await tcpWith(echo, (accepted, received) => (refused = reading(accepted, received)));
    const socket = await connect();
    socket.resume();
    await once(socket, "close");
    expect(() => refused!.emit("error", new Error("read ECONNRESET"))).not.toThrow();
  });

  it("sends everything before it closes, and does not wait for the peer", async () => {
    const echo = new Echo();
    const { connect } = await tcpWith(echo, reading);
    const socket = await connect();
    const chunks: Buffer[] = [];
    socket.on("data", (octets) => chunks.push(octets as Buffer));
    await until(() => echo.line !== undefined);
    const big = Buffer.alloc(3_000_000, 7);
    echo.line!.send(big);
    echo.line!.close();
    await once(socket, "close");
    expect(Buffer.concat(chunks).equals(big)).toBe(true);
  });

  it("tells when what could not be sent at once has left", async () => {
    const echo = new Echo();
    const { connect } = await tcpWith(echo, reading);
    const socket = await connect();
    socket.pause();
    await until(() => echo.line !== undefined);
    expect(echo.line!.send(Buffer.alloc(32_000_000))).toBe(false);
    expect(echo.log).not.toContain("drained");
    socket.resume();
    await until(() => echo.log.includes("drained"));
  });

  it("does not read while it is paused", async () => {
    const echo = new Echo();
    const { connect } = await tcpWith(echo, reading);
    const socket = await connect();
    await until(() => echo.line !== undefined);
    echo.line!.pause(true);
    socket.write("later");
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(echo.log).toEqual(["open"]);
    echo.line!.pause(false);
    await until(() => echo.log.includes("received later"));
  });

  it("hears two connections apart, and all of what is more than one read", async () => {
    const heard: Buffer[][] = [];
    const listener = await TcpListener.listen(
      "127.0.0.1",
      0,
      () => {
        const octets: Buffer[] = [];
        heard.push(octets);
        return { received: (lent) => octets.push(Buffer.from(lent)), drained: () => {}, closed: () => {} };
      },
      reading,
    );
    endings.push(() => listener.close());
    const sent = [1, 2].map((first) => Uint8Array.from({ length: 1_000_000 }, (_, i) => (i * first) & 0xff));
    for (const octets of sent) {
      const socket = createConnection({ host: "127.0.0.1", port: listener.port });
      endings.push(() => socket.destroy());
      await once(socket, "connect");
      socket.write(octets);
    }
    await until(() => heard.flat().reduce((sum, { length }) => sum + length, 0) === 2_000_000);
    const found = heard.map((octets) => Buffer.concat(octets));
    // Which of them is accepted first is the system's to say.
    expect(found.some((octets) => octets.equals(sent[0]!))).toBe(true);
    expect(found.some((octets) => octets.equals(sent[1]!))).toBe(true);
  });

  it("takes a reset for an end", async () => {
    const echo = new Echo();
    const { connect } = await tcpWith(echo, reading);
    const socket = await connect();
    await until(() => echo.line !== undefined);
    socket.resetAndDestroy();
    await until(() => echo.log.includes("closed"));
    expect(echo.log).toEqual(["open", "closed"]);
  });

  it("knows at which address it was reached", async () => {
    const echo = new Echo();
    const { connect } = await tcpWith(echo, reading);
    await connect();
    await until(() => echo.line !== undefined);
    expect(echo.line!.localAddress).toBe("127.0.0.1");
  });

  it("rejects with EADDRINUSE when the port is taken", async () => {
    const echo = new Echo();
    const { listener } = await tcpWith(echo, reading);
    await expect(TcpListener.listen("127.0.0.1", listener.port, echo.accept)).rejects.toMatchObject({
      code: "EADDRINUSE",
    });
  });

  it("ends every connection when it is closed", async () => {
    const echo = new Echo();
    const { listener, connect } = await tcpWith(echo, reading);
    const socket = await connect();
    await until(() => echo.line !== undefined);
    await Promise.all([once(socket, "close"), listener.close()]);
    expect(echo.log).toEqual(["open", "closed"]);
  });
});

describe("octets that are lent", () => {
  it("stand in one buffer for all connections", async () => {
    const buffers = new Set<ArrayBufferLike>();
    let count = 0;
    const listener = await TcpListener.listen("127.0.0.1", 0, () => {
      const received = (octets: Uint8Array): void => void (buffers.add(octets.buffer), (count += octets.length));
      return { received, drained: () => {}, closed: () => {} };
    });
    endings.push(() => listener.close());
    for (const text of ["some", "and some more"]) {
      const socket = createConnection({ host: "127.0.0.1", port: listener.port });
      endings.push(() => socket.destroy());
      await once(socket, "connect");
      const before = count;
      socket.write(text);
      await until(() => count === before + text.length);
    }
    expect(buffers.size).toBe(1);
  });

  it("come as a stream where a socket has no handle to go on with", () => {
    const socket = new Socket();
    const heard: string[] = [];
    expect(readLent(socket, (octets) => heard.push(String(octets)))).toBe(socket);
    socket.emit("data", "some");
    expect(heard).toEqual(["some"]);
    socket.destroy();
  });
});

async function farEnd(path: string): Promise<{ write: (text: string) => void; heard: () => string }> {
  const { SerialPort } = await import("serialport");
  const port = new SerialPort({ path, baudRate: 9600 });
  let heard = "";
  port.on("data", (octets: Buffer) => (heard += octets.toString("latin1")));
  port.on("error", () => undefined);
  await once(port, "open");
  endings.push(() => new Promise<void>((resolve) => (port.isOpen ? port.close(() => resolve()) : resolve())));
  return { write: (text) => void port.write(text), heard: () => heard };
}

describe.skipIf(!hasSocat)("a serial line", () => {
  it("carries octets both ways and tells when they have left", async () => {
    const { near, far } = await terminals(endings);
    const echo = new Echo();
    const line = await SerialLine.open(near, 9600, echo.accept, () => undefined);
    endings.push(() => line.end());
    const client = await farEnd(far);
    client.write("hello");
    await until(() => client.heard() === "hello" && echo.log.includes("drained"));
    expect(echo.log[0]).toBe("open");
    await line.end();
    expect(echo.log.at(-1)).toBe("closed");
  });

  it("rejects when the device is not there", async () => {
    const echo = new Echo();
    await expect(SerialLine.open("/dev/no-such-line", 9600, echo.accept, () => undefined)).rejects.toThrow(
      "no-such-line",
    );
  });

  it("ends when its device is gone, even if the port hears nothing of it", async () => {
    const { near } = await terminals(endings);
    const echo = new Echo();
    const line = await SerialLine.open(near, 9600, echo.accept, () => undefined);
    endings.push(() => line.end());
    const device = readlinkSync(near);
    unlinkSync(near);
    await until(() => echo.log.includes("closed"));
    symlinkSync(device, near);
    await until(() => echo.log.filter((entry) => entry === "open").length === 2);
  });

  it("is opened again when the device comes back", async () => {
    const { near, far, socat } = await terminals(endings);
    const echo = new Echo();
    const line = await SerialLine.open(near, 9600, echo.accept, () => undefined);
    endings.push(() => line.end());
    socat.kill();
    await until(() => echo.log.includes("closed"));
    await until(() => socat.exitCode !== null || socat.signalCode !== null);
    startSocat(endings, near, far);
    await until(() => echo.log.filter((entry) => entry === "open").length === 2);
    const client = await farEnd(far);
    client.write("back");
    await until(() => client.heard() === "back");
  });
});
