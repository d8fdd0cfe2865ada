/** The commands read, set and call against a meter, where the key is not that of the association: sent once, or that of broadcast. */
import { createServer, type AddressInfo, type Server } from "node:net";
import { Command } from "commander";
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { callCommand } from "../../host/cli/call.ts";
import { readCommand } from "../../host/cli/read.ts";
import { setCommand } from "../../host/cli/set.ts";
import { decodeApdu } from "../../host/client/index.ts";
import { hex } from "./apdus.ts";
import { Rig, TEXT } from "./rig.ts";

const rig = Rig.boot();
/** APDUs to the meter. */
const sent: Uint8Array[] = [];
let server: Server;

beforeAll(async () => {
  server = createServer((socket) => {
    const peer = rig.line(0);
    socket.on("error", () => undefined);
    socket.on("close", () => peer.close());
    socket.on("data", (octets) => {
      // What is not answered comes together with what follows it.
      for (let at = 0; at < octets.length; at += 8 + octets.readUInt16BE(at + 6)) {
        const size = octets.readUInt16BE(at + 6);
        sent.push(Uint8Array.from(octets.subarray(at + 8, at + 8 + size)));
      }
      peer.send(octets);
    });
    peer.onReceived = (octets) => void socket.write(octets);
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
});

afterAll(() => void server.close());

afterEach(() => {
  vi.restoreAllMocks();
  process.exitCode = 0;
});

/** Runs a command of the program as the management client with all its keys. */
async function run(...args: string[]): Promise<{ out: string; err: string; code: number }> {
  let out = "";
  let err = "";
  process.exitCode = 0;
  sent.length = 0;
  vi.spyOn(process.stdout, "write").mockImplementation((text) => Boolean((out += String(text))));
  vi.spyOn(process.stderr, "write").mockImplementation((text) => Boolean((err += String(text))));
  vi.spyOn(process, "exit").mockImplementation((code) => {
    throw new Error(`exit ${code}`);
  });
  const { keys } = rig.identity(0);
  const where = ["--tcp", `127.0.0.1:${(server.address() as AddressInfo).port}`];
  const who = ["--client", "1", "--auth", "gmac", "--guek", hex(keys.guek), "--gak", hex(keys.gak)];
  const program = new Command("dlms-meter");
  for (const command of [readCommand(), setCommand(), callCommand()]) program.addCommand(command);
  try {
    await program.parseAsync([...args, ...where, ...who, "--master-key", hex(keys.master)], { from: "user" });
  } catch (error) {
    const match = /^exit (\d+)$/.exec((error as Error).message);
    if (match === null) throw error;
    return { out, err, code: Number(match[1]) };
  } finally {
    vi.restoreAllMocks();
  }
  return { out, err, code: Number(process.exitCode) };
}

const CIPHERED = ["--security", "authenc"];

describe("--key-info", () => {
  /** How each general-ciphering APDU of the last command named its key. */
  const named = (): string[] =>
    sent.map(decodeApdu).flatMap((apdu) => (apdu.kind === "general-ciphering" ? [apdu.keyInfo?.choice ?? "none"] : []));

  test("wrapped,none: the first request brings the key, the others go on with it", async () => {
    const { out, err, code } = await run("read", TEXT, "0-0:42.0.0.255", ...CIPHERED, "--key-info", "wrapped,none");
    expect([err, code]).toEqual(["", 0]);
    expect(out).toContain("0-0:42.0.0.255");
    const [first, ...rest] = named();
    expect(first).toBe("wrapped");
    expect(rest.length).toBeGreaterThan(1);
    expect(new Set(rest)).toEqual(new Set(["none"]));
  });

  test("wrapped: each brings its own", async () => {
    expect((await run("read", TEXT, "0-0:42.0.0.255", ...CIPHERED, "--key-info", "wrapped")).code).toBe(0);
    expect(new Set(named())).toEqual(new Set(["wrapped"]));
  });

  test.each([
    ["none", /say which, as in wrapped,none/],
    ["identified,none", /Allowed choices are identified, wrapped, wrapped,none, one-pass/],
    ["wrapped,none,none", /Allowed choices are/],
    ["wrapped,static", /Allowed choices are/],
  ])("%s is refused", async (how, message) => {
    const { err, code } = await run("read", TEXT, ...CIPHERED, "--key-info", how);
    expect(err).toMatch(message);
    expect(code).toBe(2);
  });
});

describe("--broadcast", () => {
  const gbek = (): string => hex(rig.identity(0).keys.gbek);

  test("set: done under the broadcast key, not answered", async () => {
    const command = ["set", `${TEXT}:2`, "octet-string:414243", ...CIPHERED, "--broadcast", "--gbek", gbek()];
    const { out, err, code } = await run(...command, "--broadcast-counter", "10");
    expect([err, code]).toEqual(["", 0]);
    expect(out).toMatch(/^0-0:96\.1\.1\.255:2 sent, .*; no answer comes\n$/);
    // glo-set-request with Key_Set and the counter, then the release at once.
    expect(hex(sent.find((apdu) => apdu[0] === 0xc9)!)).toMatch(/^C9..700000000A/);
    const read = await run("read", TEXT, ...CIPHERED);
    expect(read.out).toMatch(/ABC|414243/);
  });

  test("call: the counter of the next command is higher by itself", async () => {
    const { out, err, code } = await run("call", "0-0:1.0.0.255:1", ...CIPHERED, "--broadcast", "--gbek", gbek());
    expect([err, out, code]).toEqual(["", "0-0:1.0.0.255:1 sent; no answer comes\n", 0]);
    expect(sent.some((apdu) => apdu[0] === 0xcb && apdu[2] === 0x70)).toBe(true);
  });

  test.each([
    [["--broadcast", ...CIPHERED], /no broadcast key is given/],
    [["--broadcast"], /needs an association with ciphering \(--security\)/],
    [["--broadcast", ...CIPHERED, "--gbek", "00", "--broadcast-counter", "1"], /Give 16 octets/],
    [["--broadcast-counter", "4294967295"], /whole number from 0 to 4294967294/],
  ])("%j is refused", async (more, message) => {
    const { err, code } = await run("set", `${TEXT}:2`, "octet-string:00", "--class", "1", ...more);
    expect(err).toMatch(message);
    expect(code).not.toBe(0);
  });
});
