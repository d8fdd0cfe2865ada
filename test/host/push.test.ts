/** Pushes over real sockets on loopback, and the command that receives them. */
import { spawn, type ChildProcess } from "node:child_process";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { createServer, type AddressInfo, type Server } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { attribute, Client, data, method, NotificationReader, wpduDecode } from "../../host/client/index.ts";
import { Bank } from "../../host/bank.ts";
import { pushRefusal } from "../../host/cli/serve_options.ts";
import { MemoryFlash } from "../../host/flash/memory.ts";
import { RunningClock } from "../../host/clock.ts";
import { metrologyMaker } from "../../host/metrology/source.ts";
import { MeterPort, portFor, portsOf } from "../../host/ports.ts";
import { meterIdentity, provisionRecords } from "../../host/template/identity.ts";
import { NetworkCourier, placeOf } from "../../host/transport/courier.ts";
import { MemoryPeer } from "../../host/transport/memory.ts";
import { core, lls, START, template, transportOf } from "../device/rig.ts";

const ALARM = "0-4:25.9.0.255";
const closers: (() => void)[] = [];
afterEach(() => closers.splice(0).forEach((close) => close()));

interface Meter {
  client: Client;
  reports: string[];
  to(transport: number, destination: string, message?: number): Promise<void>;
  push(): Promise<void>;
}

/** A meter in real time that tries a failed push again after a second. */
async function meter(courier = new NetworkCourier()): Promise<Meter> {
  const compiled = template({
    objects: [{ logicalName: ALARM, attributes: { 7: { value: { "long-unsigned": 1 } } } }],
  });
  const identity = meterIdentity(compiled.model.parts.identity, 1, 0);
  const reports: string[] = [];
  const metrology = metrologyMaker("constant", 1, START);
  const bank = new Bank(core(), compiled.image, 1, {
    clock: new RunningClock(START, 1),
    setup: (index, plan) => ({
      provision: provisionRecords(identity, compiled.model),
      flash: new MemoryFlash(plan.flashSize),
      metrology: metrology(index),
      courier,
    }),
    report: (_, text) => reports.push(text),
  });
  bank.meters[0]!.boot();
  bank.start(new RunningClock(START, 1));
  closers.push(() => void bank.powerFail());
  const port = new MeterPort(bank.meters[0]!, portFor(portsOf(compiled.image), "wrapper")!);
  const client = new Client(transportOf(MemoryPeer.connect(port.accept)!), lls(identity));
  await client.connect();
  await client.associate();
  const to = (transport: number, destination: string, message = 0): Promise<void> => {
    const octets = data.octetString(Buffer.from(destination, "latin1"));
    const value = data.structure(data.enumerated(transport), octets, data.enumerated(message));
    return client.set(attribute(40, ALARM, 3), value);
  };
  const push = async (): Promise<void> => void (await client.action(method(40, ALARM, 1), data.integer(0)));
  return { client, reports, to, push };
}

/** Listens on a TCP port of loopback; connections' octets, each whole. */
async function tcpServer(port = 0): Promise<{ port: number; next(): Promise<Buffer>; server: Server }> {
  const waiting: ((octets: Buffer) => void)[] = [];
  const come: Buffer[] = [];
  const server = createServer((socket) => {
    const parts: Buffer[] = [];
    socket.on("data", (part) => parts.push(part as Buffer));
    socket.on("error", () => undefined);
    socket.on("end", () => {
      const whole = Buffer.concat(parts);
      const hear = waiting.shift();
      if (hear === undefined) come.push(whole);
      else hear(whole);
    });
  });
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  closers.push(() => server.close());
  const next = (): Promise<Buffer> => {
    const early = come.shift();
    return early === undefined ? new Promise((resolve) => waiting.push(resolve)) : Promise.resolve(early);
  };
  return { port: (server.address() as AddressInfo).port, next, server };
}

const kindOf = (octets: Uint8Array): string => new NotificationReader().take(wpduDecode(octets).apdu)!.apdu.kind;

describe("a push over sockets", () => {
  it("goes over TCP on a connection of its own, which then ends", async () => {
    const { port, next } = await tcpServer();
    const { to, push } = await meter();
    await to(0, `127.0.0.1:${port}`);
    await push();
    expect(kindOf(await next())).toBe("data-notification");
    await push();
    expect(kindOf(await next())).toBe("data-notification");
  });

  it("goes over UDP in a datagram", async () => {
    const socket = createSocket("udp4");
    socket.bind(0, "127.0.0.1");
    await once(socket, "listening");
    closers.push(() => socket.close());
    const { to, push } = await meter();
    await to(1, `127.0.0.1:${socket.address().port}`);
    await push();
    const [octets] = (await once(socket, "message")) as [Buffer];
    expect(kindOf(octets)).toBe("data-notification");
  });

  it("goes as XML without a wrapper header", async () => {
    const { port, next } = await tcpServer();
    const { to, push } = await meter();
    await to(0, `localhost:${port}`, 1);
    await push();
    const text = (await next()).toString();
    expect(text).toMatch(/^<\?xml .*\n<x:xDLMS-APDU .*<x:data-notification>.*<\/x:xDLMS-APDU>\n$/s);
    expect(text).toContain("<x:octet-string>0004190900FF</x:octet-string>");
  });

  it("does no harm when nobody is there, and arrives when the destination comes back", async () => {
    const { port, server } = await tcpServer();
    server.close();
    await once(server, "close");
    const { to, push, client, reports } = await meter();
    await to(0, `127.0.0.1:${port}`);
    await push();
    await expect.poll(() => reports.length).toBe(1);
    expect(reports[0]).toMatch(/^push to "127\.0\.0\.1:\d+": .*ECONNREFUSED/);
    await client.get(attribute(8, "0-0:1.0.0.255", 2));
    const again = await tcpServer(port);
    expect(kindOf(await again.next())).toBe("data-notification");
  });

  it("fails with a reason for a destination that is none or not allowed", async () => {
    const { to, push, reports } = await meter(new NetworkCourier((host) => pushRefusal("loopback", host)));
    await to(0, "somewhere out there");
    await push();
    await expect.poll(() => reports.length).toBeGreaterThan(0);
    expect(reports[0]).toBe('push to "somewhere out there": write the destination as host:port');
    reports.length = 0;
    await to(0, "192.0.2.1:4061");
    await expect.poll(() => reports.length, { timeout: 5000 }).toBeGreaterThan(0);
    expect(reports[0]).toContain("allow it with serve --push anywhere");
  });
});

describe("destinations", () => {
  it("are host and port, the wrapper's port when there is none", () => {
    expect(placeOf("10.0.0.1:4061")).toEqual({ host: "10.0.0.1", port: 4061 });
    expect(placeOf("head-end.example")).toEqual({ host: "head-end.example", port: 4059 });
    expect(placeOf("[::1]:5000")).toEqual({ host: "::1", port: 5000 });
    for (const text of ["", ":4061", "a:0", "a:65536", "a b:1", "::1"]) expect(placeOf(text), text).toBeUndefined();
  });

  it("are this machine unless serve says otherwise", () => {
    expect(pushRefusal("loopback", "127.0.0.1")).toBeUndefined();
    expect(pushRefusal("loopback", "10.0.0.1")).toContain("--push anywhere");
    expect(pushRefusal("anywhere", "10.0.0.1")).toBeUndefined();
    expect(pushRefusal("none", "127.0.0.1")).toContain("--push none");
  });
});

describe("dlms-meter listen", () => {
  /** The command, its first line read. */
  async function listen(
    ...args: string[]
  ): Promise<{ child: ChildProcess; first: string; rest: () => Promise<string> }> {
    const child = spawn(process.execPath, ["dist/cli/main.js", "listen", ...args]);
    closers.push(() => child.kill());
    let text = "";
    child.stdout!.on("data", (part) => (text += String(part)));
    await expect.poll(() => text, { timeout: 10_000 }).toContain("\n");
    const first = text.slice(0, text.indexOf("\n"));
    const rest = async (): Promise<string> => {
      await once(child, "close");
      return text.slice(first.length + 1);
    };
    return { child, first, rest };
  }

  it("prints what is pushed, as text and as JSON, and ends after --count", async () => {
    const shown = await listen("--tcp", "0", "--count", "1");
    const port = Number(/tcp 127\.0\.0\.1:(\d+)/.exec(shown.first)![1]);
    const { to, push } = await meter();
    await to(0, `127.0.0.1:${port}`);
    await push();
    expect(await shown.rest()).toMatch(
      /data-notification 1, 2026-01-05T13:00:\d\d.*\(1 to 102\)\n {2}1 .*MMM103\d+.*\n {2}2 /s,
    );
    const json = await listen("--udp", "0", "--json", "--count", "1");
    await to(1, `127.0.0.1:${(JSON.parse(json.first) as { udp: number }).udp}`);
    await push();
    const line = JSON.parse(await json.rest()) as Record<string, unknown>;
    expect(line).toMatchObject({ event: "data-notification", source: 1, destination: 102, blocks: 1 });
  }, 30_000);
});
