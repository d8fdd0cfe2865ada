/** Consumer information: `serve --cii` to a serial line and over TCP, received by `listen`. */
import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { ciiFrame, CiiLine } from "../../host/cii.ts";
import { courierMaker } from "../../host/cli/couriers.ts";
import type { ServeOptions } from "../../host/cli/serve_options.ts";
import { data, fromHex, toHex } from "../../host/client/index.ts";
import { FrameReader } from "../../host/client/hdlc_frame.ts";
import { attribute, Client, method } from "../../host/client/session.ts";
import { connectTcp } from "../../host/client/transport.ts";
import { wpduEncode } from "../../host/client/wrapper.ts";
import { ciiApply } from "../../host/template/cii.ts";
import { consumerKeys, meterIdentity } from "../../host/template/identity.ts";
import { templateRead } from "../../host/template/load.ts";
import { template } from "../device/rig.ts";
import { ROOT } from "../tidy/sources.ts";
import { LLS } from "./rig.ts";
import { hasSocat, terminals, until } from "./terminals.ts";

const MAIN = join(ROOT, "dist/cli/main.js");
const PUSH = "0-8:25.9.0.255";

const endings: (() => unknown)[] = [];
afterEach(() => {
  for (const ending of endings.splice(0)) ending();
});

/** A command that runs on, and the JSON lines it prints. */
function start(...words: string[]): { child: ChildProcess; events: Record<string, unknown>[] } {
  const child = spawn(process.execPath, [MAIN, ...words, "--json"]);
  endings.push(() => child.kill("SIGKILL"));
  const events: Record<string, unknown>[] = [];
  let rest = "";
  child.stdout.on("data", (chunk) => {
    const lines = (rest + String(chunk)).split("\n");
    rest = lines.pop()!;
    events.push(...lines.map((line) => JSON.parse(line) as Record<string, unknown>));
  });
  return { child, events };
}

const named = (events: Record<string, unknown>[], name: string) => events.find(({ event }) => event === name);

interface Service {
  events: Record<string, unknown>[];
  keys: string[];
  port: number;
}

async function serve(...words: string[]): Promise<Service> {
  const { events } = start("serve", "--tcp", "0", ...words);
  await until(() => named(events, "credentials") !== undefined, 20_000);
  const { consumer } = named(events, "credentials") as { consumer?: Record<string, string> };
  const keys = ["--guek", consumer!["encryptionKey"]!, "--gak", consumer!["authenticationKey"]!];
  return { events, keys, port: (named(events, "ready") as { tcp: number[] }).tcp[0]! };
}

function folderMade(): { folder: string } {
  const folder = mkdtempSync(join(tmpdir(), "cii-"));
  endings.push(() => rmSync(folder, { recursive: true }));
  return { folder };
}

/** Its octets as hexadecimal digits, as the client's JSON has them. */
async function logicalDeviceName(port: number): Promise<string> {
  const client = new Client(await connectTcp("127.0.0.1", port));
  await client.connect();
  await client.associate();
  const { value } = (await client.get(attribute(1, "0-0:42.0.0.255", 2))) as { value: Uint8Array };
  await client.disconnect();
  return toHex(value);
}

/** The management client asks for the push. */
async function push(port: number): Promise<void> {
  const client = new Client(await connectTcp("127.0.0.1", port), LLS);
  await client.connect();
  await client.associate();
  await client.action(method(40, PUSH, 1), data.integer(0));
  await client.disconnect();
}

describe("a push as a UI frame", () => {
  it("goes to the client of the WPDU without a poll, in the frame that meters in the field send", () => {
    const octets = ciiFrame(wpduEncode({ source: 1, destination: 103, apdu: fromHex("0F00000000000600") }));
    // 7E, format and length, client 103, server 1 of station 16, UI with the final bit, HCS, LLC of a response, APDU, FCS.
    expect(toHex(octets)).toMatch(/^7EA015CF022113[0-9A-F]{4}E6E7000F00000000000600[0-9A-F]{4}7E$/);
    const [frame] = new FrameReader().feed(octets);
    expect(frame).toMatchObject({ control: { type: "UI", pf: true }, source: { upper: 1, lower: 16 } });
  });

  it("fails when the line is not there, or goes", () => {
    const line = new CiiLine();
    const heard: string[] = [];
    const listener = {
      delivered: () => heard.push("delivered"),
      failed: (reason: string) => heard.push(reason),
      answered: () => undefined,
    };
    line.send(new Uint8Array(1), listener);
    const end = line.accept({ send: () => false, close: () => undefined, pause: () => undefined });
    line.send(new Uint8Array(1), listener);
    end.drained();
    line.send(new Uint8Array(1), listener);
    end.closed();
    expect(heard).toEqual(["the line is not there", "delivered", "the line is gone"]);
  });
});

describe("who carries the pushes of serve", () => {
  it("goes where --cii says whatever --push says, and nowhere else", () => {
    const raw = { push: "none", cii: { host: "203.0.113.7", destination: "203.0.113.7:1" } };
    const courier = courierMaker(raw as ServeOptions, new CiiLine())();
    const heard: string[] = [];
    const listener = {
      delivered: () => heard.push("delivered"),
      failed: (reason: string) => heard.push(reason),
      answered: () => undefined,
    };
    courier.deliver(0, "203.0.113.8:1", new Uint8Array(1), listener);
    courier.deliver(0, "203.0.113.7:1", new Uint8Array(1), listener);
    expect(heard).toEqual(["pushes are off (--push none)"]);
    courier.drop();
  });
});

describe("the template of --cii", () => {
  it("has the destination and a schedule for every minute, and nothing else is changed", () => {
    const before = templateRead();
    const after = ciiApply(before, "/dev/ttyUSB1");
    const changed = after.objects.filter((object, i) => object !== before.objects[i]);
    expect(changed.map(({ logicalName }) => logicalName.replace(/\.255$/, ""))).toEqual(
      expect.arrayContaining(["0-8:25.9.0", "0-4:15.0.4"]),
    );
    expect(changed).toHaveLength(2);
    expect(() => ciiApply({ ...before, objects: [] }, "x")).toThrow("the template has no 0-8:25.9.0.255");
  });
});

describe.runIf(existsSync(MAIN))("serve --cii", () => {
  const expectPush = (events: Record<string, unknown>[]): void => {
    const found = named(events, "data-notification")!;
    expect(found).toMatchObject({ source: 1, destination: 103, blocks: 1, protection: { securityControl: 0x30 } });
    expect((found["body"] as { structure: unknown[] }).structure).toHaveLength(8);
  };

  it.runIf(hasSocat)("sends UI frames to a serial line, under the consumer's keys", async () => {
    const { near, far } = await terminals(endings);
    const { port, keys } = await serve("--cii", near, "--cii-baud", "19200");
    const { child, events } = start("listen", "--serial", far, "--baud", "19200", "--count", "1", ...keys);
    await until(() => named(events, "listening") !== undefined, 20_000);
    await push(port);
    await until(() => child.exitCode !== null, 20_000);
    expect(child.exitCode).toBe(0);
    expectPush(events);
  });

  it("sends WPDUs over TCP, also where no other push may leave", async () => {
    // The service is to know the port, and the listener the keys, which are the same for each service of a seed.
    const { model } = template();
    const consumer = consumerKeys(meterIdentity(model.parts.identity, 1, 0), model)!;
    const keys = ["--guek", toHex(consumer.guek), "--gak", toHex(consumer.gak)];
    const { child, events } = start("listen", "--tcp", "0", "--count", "1", ...keys);
    await until(() => named(events, "listening") !== undefined, 20_000);
    const place = `127.0.0.1:${(named(events, "listening") as { tcp: number }).tcp}`;
    const { port } = await serve("--cii", place, "--push", "none");
    const client = new Client(await connectTcp("127.0.0.1", port), LLS);
    await client.connect();
    await client.associate();
    expect(await client.get(attribute(40, PUSH, 3))).toMatchObject({ value: [{ value: 0 }, {}, { value: 0 }] });
    await client.disconnect();
    await push(port);
    await until(() => child.exitCode !== null || named(events, "error") !== undefined, 20_000);
    expectPush(events);
  });

  it("sends by itself every minute of the meter's clock", async () => {
    const { model } = template();
    const consumer = consumerKeys(meterIdentity(model.parts.identity, 1, 0), model)!;
    const keys = ["--guek", toHex(consumer.guek), "--gak", toHex(consumer.gak)];
    const { child, events } = start("listen", "--tcp", "0", "--count", "2", ...keys);
    await until(() => named(events, "listening") !== undefined, 20_000);
    const place = `127.0.0.1:${(named(events, "listening") as { tcp: number }).tcp}`;
    await serve("--cii", place, "--start", "2026-03-01T00:00:30Z", "--speed", "20");
    await until(() => child.exitCode !== null, 40_000);
    const times = events.filter(({ event }) => event === "data-notification").map(({ time }) => String(time));
    expect(times.map((time) => time.slice(0, 19))).toEqual(["2026-03-01T01:01:00", "2026-03-01T01:02:00"]);
  });

  it("inject install makes the meter push that it has been installed", async () => {
    const { events } = start("listen", "--tcp", "0");
    await until(() => named(events, "listening") !== undefined, 20_000);
    const place = Buffer.from(`127.0.0.1:${(named(events, "listening") as { tcp: number }).tcp}`).toString("hex");
    const destination = JSON.stringify({ structure: [{ enum: 0 }, { "octet-string": place }, { enum: 0 }] });
    const { folder } = folderMade();
    const control = join(folder, "meter.sock");
    const words = ["--control", control, "--override", `0-7:25.9.0.255:3=${destination}`];
    const { port } = await serve(...words);
    const name = await logicalDeviceName(port);
    const pushed = (): Record<string, unknown>[] => events.filter(({ event }) => event === "data-notification");
    // A meter that never ran says so once by itself.
    await until(() => pushed().length === 1, 20_000);
    const injected = spawnSync(process.execPath, [MAIN, "inject", control, "install"], { encoding: "utf8" });
    expect(injected).toMatchObject({ status: 0, stderr: "" });
    await until(() => pushed().length === 2, 20_000);
    expect(JSON.stringify(pushed()[1])).toContain(name);
  });

  it.each([
    [["--cii", "somewhere"], "Give HOST:PORT, or the path of a serial line."],
    [["--cii", "/dev/no-such-line"], "--cii: "],
    [["--cii", "/dev/ttyX", "--meters", "2"], "--cii: one meter on the line, not 2; give --meters 1"],
    [["--cii", "/dev/ttyX", "--serial", "/dev/ttyX"], "--cii: needs a line of its own"],
    [["--cii", "h:1", "--template", "single-phase", "--override", "9-9:9.9.9.255:2=1"], "9-9:9.9.9.255"],
  ])("%j is refused in one line", (words, message) => {
    const result = spawnSync(process.execPath, [MAIN, "serve", "--tcp", "0", ...words], { encoding: "utf8" });
    expect(result.stderr).toContain(message);
    expect(
      result.stderr
        .trim()
        .split("\n")
        .filter((line) => !line.startsWith("(")),
    ).toHaveLength(1);
    expect(result.status).toBe(1);
  });
});
