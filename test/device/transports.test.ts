/** Real sockets and the command line in front of the real meter: what the transport may do to octets, and two clients at once. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { createConnection, type Socket } from "node:net";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  attribute,
  Client,
  connectTcp,
  openSerial,
  tampering,
  wpduEncode,
  type ClientOptions,
} from "../../host/client/index.ts";
import { MeterPort, portFor, portsOf } from "../../host/ports.ts";
import { SerialLine } from "../../host/transport/serial.ts";
import { TcpListener } from "../../host/transport/tcp.ts";
import { hasSocat, terminals, until } from "../host/terminals.ts";
import { ROOT } from "../tidy/sources.ts";
import { aarq, get, hex } from "./apdus.ts";
import { CLOCK, energyRead, gmac, LOAD_PROFILE, lls, Rig, TEXT } from "./rig.ts";

const MAIN = join(ROOT, "dist/cli/main.js");
const HOUR_MS = 3_600_000;

let rig: Rig;
const endings: (() => unknown)[] = [];

beforeEach(async () => {
  rig = Rig.boot({ meters: 2 });
  await rig.advance(HOUR_MS);
});

afterEach(async () => {
  for (const end of endings.splice(0).reverse()) await end();
  expect(rig.reports).toEqual([]);
});

/** Puts a port of a meter on a TCP port. */
async function listen(index: number, use: "wrapper" | "hdlc"): Promise<number> {
  const port = new MeterPort(rig.meter(index), portFor(portsOf(rig.compiled.image), use)!);
  const listener = await TcpListener.listen("127.0.0.1", 0, port.accept);
  endings.push(() => listener.close());
  return listener.port;
}

async function visit(port: number, options: ClientOptions): Promise<Client> {
  const client = new Client(await connectTcp("127.0.0.1", port), options);
  endings.push(() => client.disconnect());
  await client.connect();
  await client.associate();
  return client;
}

describe("TCP", () => {
  it.each(["wrapper", "hdlc"] as const)("one octet at a time, over %s", async (use) => {
    const transport = await connectTcp("127.0.0.1", await listen(0, use));
    const single = tampering(transport, (octets) => [...octets].map((octet) => Uint8Array.of(octet)));
    const link = use === "hdlc" ? { hdlc: {} } : {};
    const client = new Client(single, gmac(rig.identity(0), 1, "authenc", link));
    endings.push(() => client.disconnect());
    await client.connect();
    await client.associate();
    expect(await energyRead(client)).toBe(1000);
    expect((await client.get(attribute(7, LOAD_PROFILE, 2))).type).toBe("array");
  });

  /** A socket that speaks for itself. */
  async function raw(port: number): Promise<{ socket: Socket; heard: () => string }> {
    const socket = createConnection({ host: "127.0.0.1", port, noDelay: true });
    const parts: Buffer[] = [];
    socket.on("data", (octets: Buffer) => parts.push(octets));
    endings.push(() => socket.destroy());
    await once(socket, "connect");
    return { socket, heard: () => hex(Buffer.concat(parts)) };
  }

  const wpdu = (apdu: Uint8Array): Uint8Array => wpduEncode({ source: 16, destination: 1, apdu });
  const BASE = get(8, CLOCK, 9);
  const ANSWER = "0001000100100006C401C1001601";

  it("WPDUs joined in one write are answered in order", async () => {
    const { socket, heard } = await raw(await listen(0, "wrapper"));
    const requests = Array.from({ length: 50 }, (_, i) => wpdu(BASE.with(2, 0x40 + (i % 16))));
    socket.write(Buffer.concat([wpdu(aarq()), ...requests]));
    const expected = requests.map((_, i) => ANSWER.replace("C1001601", `${(0x40 + (i % 16)).toString(16)}001601`));
    await until(() => heard().endsWith(expected.join("").toUpperCase()));
  });

  it("WPDUs cut anywhere are put together", async () => {
    const port = await listen(0, "wrapper");
    const stream = Buffer.concat([wpdu(aarq()), wpdu(BASE), wpdu(BASE)]);
    for (const at of [1, 7, 8, 9, 20, stream.length - 22, stream.length - 21, stream.length - 14, stream.length - 1]) {
      const { socket, heard } = await raw(port);
      socket.write(stream.subarray(0, at));
      await new Promise((done) => setTimeout(done, 5));
      socket.write(stream.subarray(at));
      await until(() => heard().endsWith(ANSWER + ANSWER));
      socket.destroy();
      await once(socket, "close");
    }
  });

  it("a connection too many is closed, and those there go on", async () => {
    const port = await listen(0, "wrapper");
    const clients = [];
    for (let i = 0; i < 4; i++) clients.push(await visit(port, lls(rig.identity(0))));
    const { socket } = await raw(port);
    await once(socket, "close");
    for (const client of clients) expect(await energyRead(client)).toBe(1000);
  });
});

describe.skipIf(!hasSocat)("a serial line (skipped without socat)", () => {
  it("carries a whole visit: association, values, a list in blocks, release", async () => {
    const { near, far } = await terminals(endings);
    const port = new MeterPort(rig.meter(0), portFor(portsOf(rig.compiled.image), "serial")!);
    const line = await SerialLine.open(near, 115200, port.accept, () => undefined);
    endings.push(() => line.end());
    const client = new Client(await openSerial(far, 115200), gmac(rig.identity(0), 1, "authenc", { hdlc: {} }));
    endings.push(() => client.disconnect());
    await client.connect();
    await client.associate();
    expect(await energyRead(client)).toBe(1000);
    const rows = (await client.get(attribute(7, LOAD_PROFILE, 2))) as { value: unknown[] };
    expect(rows.value).toHaveLength(4);
    expect((await client.get(attribute(15, "0-0:40.0.0.255", 2))).type).toBe("array");
    await client.release();
  });
});

describe("two clients at once", () => {
  it("on two ports of one meter, and on two meters", async () => {
    const ports = [await listen(0, "wrapper"), await listen(0, "hdlc"), await listen(1, "wrapper")];
    const clients = await Promise.all([
      visit(ports[0]!, gmac(rig.identity(0))),
      visit(ports[1]!, lls(rig.identity(0), { hdlc: {} })),
      visit(ports[2]!, lls(rig.identity(1))),
    ]);
    const objects = attribute(15, "0-0:40.0.0.255", 2);
    const lists = await Promise.all(clients.map((client) => client.get(objects)));
    expect(lists[1]).toEqual(lists[0]);
    expect(lists[2]).toEqual(lists[0]);
    await Promise.all(clients.map((client, i) => client.set(attribute(1, TEXT, 2), text(`client ${i}`))));
    const values = await Promise.all(clients.map((client) => client.get(attribute(1, TEXT, 2))));
    expect(values[1]).toEqual(values[0]);
    expect([text("client 0"), text("client 1")]).toContainEqual(values[0]);
    expect(values[2]).toEqual(text("client 2"));
  });

  const text = (letters: string): { type: "octet-string"; value: Uint8Array } => ({
    type: "octet-string",
    value: Uint8Array.from(Buffer.from(letters)),
  });
});

describe.runIf(existsSync(MAIN))("the commands read, set and call", () => {
  async function run(...words: string[]): Promise<{ code: number | null; out: string; err: string }> {
    const child = spawn(process.execPath, [MAIN, ...words]);
    let out = "";
    let err = "";
    child.stdout.on("data", (chunk) => (out += chunk));
    child.stderr.on("data", (chunk) => (err += chunk));
    const [code] = (await once(child, "close")) as [number | null];
    return { code, out, err };
  }

  const LLS = ["--client", "1", "--auth", "lls", "--password", "00000000"];
  const GMAC = [
    ...["--client", "1", "--auth", "gmac", "--security", "authenc"],
    ...["--guek", "000102030405060708090A0B0C0D0E0F", "--gak", "D0D1D2D3D4D5D6D7D8D9DADBDCDDDEDF"],
  ];

  it("do what they say, over the wrapper and over HDLC", async () => {
    const tcp = ["--tcp", `127.0.0.1:${await listen(0, "wrapper")}`];
    const hdlc = ["--hdlc", "--tcp", `127.0.0.1:${await listen(0, "hdlc")}`];
    expect(await run("read", ...tcp, ...LLS, "1.8.0")).toEqual({ code: 0, out: "1-0:1.8.0.255  1000 Wh\n", err: "" });
    expect((await run("set", ...tcp, ...GMAC, "0-0:96.1.1.255:2", "text:ward 7")).code).toBe(0);
    expect((await run("read", ...hdlc, ...LLS, "0-0:96.1.1.255")).out).toContain('"ward 7"');
    expect((await run("call", ...hdlc, ...GMAC, `${LOAD_PROFILE}:1`, "integer:0")).code).toBe(0);
    expect((await run("read", ...tcp, ...LLS, `${LOAD_PROFILE}:7`)).out).toMatch(/ 0\n$/);
  });

  it("say in one line what the meter refuses, and end with 1", async () => {
    const tcp = ["--tcp", `127.0.0.1:${await listen(0, "wrapper")}`];
    const cases: [string[], RegExp][] = [
      [["read", ...tcp, "--client", "1", "--auth", "lls", "--password", "wrong", "1.8.0"], /authentication/i],
      [["read", ...tcp, "1.8.0"], /not in the object list/],
      [["set", ...tcp, ...LLS, "1-0:1.8.0.255:2", "double-long-unsigned:1"], /denied/],
      [["call", ...tcp, ...LLS, "0-0:1.0.0.255:9", "integer:0"], /denied/],
    ];
    for (const [words, message] of cases) {
      const { code, err } = await run(...words);
      expect(err).toMatch(message);
      expect([code, err.trim().split("\n").length]).toEqual([1, 1]);
    }
  });
});
