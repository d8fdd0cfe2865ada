import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createSocket } from "node:dgram";
import { createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Command } from "commander";
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { callCommand } from "../../host/cli/call.ts";
import { readCommand } from "../../host/cli/read.ts";
import { setCommand } from "../../host/cli/set.ts";
import * as d from "../../host/client/data.ts";
import { type Transport } from "../../host/client/transport.ts";
import { wpduDecode, wpduEncode } from "../../host/client/wrapper.ts";
import { FakeMeter, furnish, serveWrapper, type FakeOptions } from "./fake_meter.ts";
import { Secondary } from "./fake_secondary.ts";

let server: Server;
let serverHdlc: Server;
let meter: FakeMeter;
const sockets = new Set<Socket>();
const directory = mkdtempSync(join(tmpdir(), "dlms-client-"));

function transportOf(socket: Socket): Transport {
  sockets.add(socket);
  socket.on("error", () => undefined);
  return {
    write: (octets) => void socket.write(octets),
    onData: (listener) => void socket.on("data", listener),
    onClose: (listener) => void socket.on("close", () => listener()),
    close: async () => void socket.destroy(),
  };
}

beforeAll(async () => {
  server = createServer((socket) => serveWrapper(meter, transportOf(socket)));
  serverHdlc = createServer((socket) => void new Secondary(transportOf(socket), (apdu) => meter.answer(apdu)));
  for (const one of [server, serverHdlc]) await new Promise<void>((done) => one.listen(0, "127.0.0.1", done));
});

afterAll(() => {
  for (const socket of sockets) socket.destroy();
  server.close();
  serverHdlc.close();
  rmSync(directory, { recursive: true });
});

afterEach(() => {
  vi.restoreAllMocks();
  process.exitCode = 0;
});

/** Run the program as a user would, with what it writes and its exit code. */
async function run(args: string[], fake: FakeOptions = {}): Promise<{ out: string; err: string; code: number }> {
  meter = furnish(new FakeMeter(fake));
  return again(args);
}

async function again(args: string[]): Promise<{ out: string; err: string; code: number }> {
  let out = "";
  let err = "";
  process.exitCode = 0;
  vi.spyOn(process.stdout, "write").mockImplementation((text) => Boolean((out += String(text))));
  vi.spyOn(process.stderr, "write").mockImplementation((text) => Boolean((err += String(text))));
  vi.spyOn(process, "exit").mockImplementation((code) => {
    throw new Error(`exit ${code}`);
  });
  const program = new Command("dlms-meter");
  for (const command of [readCommand(), setCommand(), callCommand()]) program.addCommand(command);
  const port = (args.includes("--hdlc") ? serverHdlc : server).address() as AddressInfo;
  const where = args.includes("--tcp") || args.includes("--udp") ? [] : ["--tcp", `127.0.0.1:${port.port}`];
  try {
    await program.parseAsync([...args, ...where], { from: "user" });
  } catch (error) {
    const match = /^exit (\d+)$/.exec((error as Error).message);
    if (match === null) throw error;
    return { out, err, code: Number(match[1]) };
  } finally {
    vi.restoreAllMocks();
  }
  return { out, err, code: Number(process.exitCode) };
}

const KEYS = ["--guek", "000102030405060708090A0B0C0D0E0F", "--gak", "D0D1D2D3D4D5D6D7D8D9DADBDCDDDEDF"];

describe("read", () => {
  test("values with units, times and text, in the order asked", async () => {
    const { out, err, code } = await run(["read", "1.8.0", "0-0:1.0.0.255", "0.0.42.0.0.255", "1-0:1.8.0.255:3"]);
    expect(err).toBe("");
    expect(code).toBe(0);
    expect(out.split("\n")).toEqual([
      "1-0:1.8.0.255    12345.67 Wh",
      "0-0:1.0.0.255    2024-01-10T08:30:05+01:00",
      '0-0:42.0.0.255   "MMM1030700000001"',
      "1-0:1.8.0.255:3  {-2, 30}",
      "",
    ]);
    expect(meter.requests.at(-1)).toMatchObject({ kind: "rlrq" });
  });

  test("over UDP, and not together with another way", async () => {
    meter = furnish(new FakeMeter());
    const socket = createSocket("udp4");
    socket.on("message", (octets, from) => {
      const { source, destination, apdu } = wpduDecode(octets);
      for (const answer of meter.answer(apdu)) {
        socket.send(wpduEncode({ source: destination, destination: source, apdu: answer }), from.port, from.address);
      }
    });
    await new Promise<void>((done) => socket.bind(0, "127.0.0.1", done));
    const where = ["--udp", `127.0.0.1:${socket.address().port}`];
    expect(await again(["read", ...where, "1.8.0"])).toEqual({ out: "1-0:1.8.0.255  12345.67 Wh\n", err: "", code: 0 });
    socket.close();
    for (const other of [["--hdlc"], ["--tcp", "127.0.0.1"], ["--serial", "/dev/null"]]) {
      const { err, code } = await again(["read", ...where, ...other, "1.8.0"]);
      expect([code, err]).toEqual([2, expect.stringContaining("--udp")]);
    }
  });

  test("JSON keeps the tags", async () => {
    const { out } = await run(["read", "--json", "1.8.0", "0-0:1.0.0.255:3"]);
    expect(JSON.parse(out)).toEqual([
      {
        name: "1-0:1.8.0.255",
        class: 3,
        attribute: 2,
        data: { "double-long-unsigned": 1234567 },
        scaler: -2,
        unit: "Wh",
      },
      { name: "0-0:1.0.0.255", class: 8, attribute: 3, data: { long: -60 } },
    ]);
  });

  test("profiles as table, CSV and JSON", async () => {
    const table = await run(["read", "1-0:99.1.0", "--last", "1"]);
    expect(table.out.split("\n")[0]).toBe("0-0:1.0.0.255  0-0:96.10.1.255  1-0:1.8.0.255 [Wh]");
    const csv = await run(["read", "1-0:99.1.0", "--csv"]);
    expect(csv.out.split("\n").length).toBe(102);
    expect(csv.out).toContain("\n2024-01-11T00:45:00+01:00,8,1024.75\n");
    const json = await run(["read", "1-0:99.1.0", "--json"]);
    const [profile] = JSON.parse(json.out) as [{ columns: object[]; rows: object[][] }];
    expect(profile.columns[2]).toEqual({
      class: 3,
      name: "1-0:1.8.0.255",
      attribute: 2,
      index: 0,
      scaler: -2,
      unit: "Wh",
    });
    expect(profile.rows[1]).toEqual([
      { "octet-string": "07E8010A03000F00FFFFC400" },
      { unsigned: 8 },
      { "double-long-unsigned": 100025 },
    ]);
  });

  test("the object list", async () => {
    const { out } = await run(["read", "--list"]);
    expect(out.split("\n")[3]).toMatch(/^1-0:1\.8\.0\.255 +3 +0 +Register +1:r 2:rw 3:r\+24 +1:r$/);
    const json = await run(["read", "--list", "--json"]);
    expect((JSON.parse(json.out) as object[]).length).toBe(7);
  });

  test("one name that fails does not hide the others; the code is 1", async () => {
    const { out, err, code } = await run(["read", "0-0:42.0.0.255", "0-0:43.1.7.255", "1.8.0"]);
    expect(out.split("\n").length).toBe(3);
    expect(err).toBe(
      "GET 0-0:43.1.7.255 attribute 2 (class 1): the meter answers object-undefined (data-access-result 4); " +
        "see what this client can reach with: read --list\n",
    );
    expect(code).toBe(1);
    expect((await run(["read", "9.9.9"])).err).toMatch(/^1-0:9\.9\.9\.255 is not in the object list .*\n$/);
  });

  test("HDLC", async () => {
    const { out, err } = await run(["read", "--hdlc", "1.8.0"]);
    expect(err).toBe("");
    expect(out).toBe("1-0:1.8.0.255  12345.67 Wh\n");
  });
});

describe("keys, authentication, counters", () => {
  test("ciphered with GMAC: the counter is read by the public client first and continued", async () => {
    const { out, err } = await run(["read", "1.8.0", "--security", "authenc", "--auth", "gmac", ...KEYS]);
    expect(err).toBe("");
    expect(out).toBe("1-0:1.8.0.255  12345.67 Wh\n");
    const kinds = meter.requests.map((r) => r.kind);
    expect(kinds.slice(0, 4)).toEqual(["aarq", "get-request-normal", "rlrq", "aarq"]);
    const ciphered = meter.requests[3] as { userInformation: Uint8Array };
    // 0-0:43.1.0.255 says 41; the next one is 42.
    expect([...ciphered.userInformation.subarray(3, 7)]).toEqual([0, 0, 0, 42]);
  });

  test("a counter given is used as it is", async () => {
    await run(["read", "1.8.0", "--security", "auth", "--counter", "1000", ...KEYS]);
    const first = meter.requests[0] as { userInformation: Uint8Array };
    expect([...first.userInformation.subarray(2, 7)]).toEqual([0x10, 0, 0, 3, 0xe8]);
  });

  test("a keys file; the command line wins over it", async () => {
    const file = join(directory, "keys.json");
    const keys = { guek: KEYS[1], gak: KEYS[3], auth: "gmac", security: "authenc", counter: 7 };
    writeFileSync(file, JSON.stringify(keys));
    const good = await run(["read", "1.8.0", "--keys", file]);
    expect(good.err).toBe("");
    const other = await again(["read", "1.8.0", "--keys", file, "--guek", "00".repeat(16)]);
    expect(other.code).toBe(1);
    expect(other.err).toMatch(/deciphering-error; check --guek, --gak and --system-title\n$/);
    writeFileSync(file, JSON.stringify({ guek: "00" }));
    expect((await again(["read", "1.8.0", "--keys", file])).err).toMatch(/keys\.json: guek: Give 16 octets/);
    writeFileSync(file, JSON.stringify({ gueck: "00" }));
    expect((await again(["read", "1.8.0", "--keys", file])).err).toMatch(/unknown name "gueck"/);
    expect((await again(["read", "1.8.0", "--keys", `${file}x`])).err).toMatch(/^cannot read the keys file .*\n$/);
  });

  test("LLS: the password, the wrong one, none", async () => {
    const fake = { password: "00000000" };
    expect((await run(["read", "1.8.0", "--auth", "lls", "--password", "00000000"], fake)).code).toBe(0);
    const wrong = await run(["read", "1.8.0", "--auth", "lls", "--password", "1"], fake);
    expect(wrong.err).toBe(
      "association refused: rejected-permanent, authentication-failure (diagnostic 13); check --password or the keys\n",
    );
    expect(wrong.code).toBe(1);
    const none = await run(["read", "1.8.0"], fake);
    expect(none.err).toMatch(/authentication-required \(diagnostic 14\); choose --auth as this client demands\n$/);
  });
});

describe("set and call", () => {
  test("set takes the type from the meter, or as named", async () => {
    const { out, err } = await run(["set", "0-0:1.0.0.255:3", "-120"]);
    expect(err).toBe("");
    expect(out).toBe("0-0:1.0.0.255:3 set to -120\n");
    expect(meter.values.get("8/0-0:1.0.0.255/3")).toEqual(d.long(-120));
    await again(["set", "0-0:1.0.0.255:2", "2024-02-29T12:00:00+01:00"]);
    expect(meter.values.get("8/0-0:1.0.0.255/2")).toEqual(d.octetString("07E8021D040C000000FFC400"));
    const typed = await again(["set", "0-0:1.0.0.255:3", "unsigned:1"]);
    expect(typed.err).toMatch(/type-unmatched \(data-access-result 12\); name the type: type:value\n$/);
    expect(typed.code).toBe(1);
    expect((await again(["set", "0-0:1.0.0.255:3", "40000"])).err).toMatch(/outside -32768\.\.32767 of long\n$/);
    expect((await again(["set", "0-0:1.0.0.255", "1"])).err).toBe("name the attribute as well: 0-0:1.0.0.255:2\n");
  });

  test("call with the default parameter, with a typed one, with an answer", async () => {
    const { out } = await run(["call", "0-0:96.3.10.255:1"]);
    expect(out).toBe("0-0:96.3.10.255:1 done\n");
    const request = meter.requests.find((r) => r.kind === "action-request-normal");
    expect(request).toMatchObject({ method: { classId: 70, method: 1 }, parameters: d.integer(0) });
    const wrong = await again(["call", "0-0:96.3.10.255:1", "unsigned:0"]);
    expect(wrong.err).toMatch(/^ACTION 0-0:96\.3\.10\.255 method 1: .*type-unmatched.*\n$/);
    meter.methods.set("70/0-0:96.3.10.255/2", () => ({ result: 0, data: d.octetString("0102") }));
    expect((await again(["call", "0-0:96.3.10.255:2", "--json"])).out).toBe(
      '{"name":"0-0:96.3.10.255:2","returned":{"octet-string":"0102"}}\n',
    );
  });
});

describe("mistakes", () => {
  test.each([
    [["read"], /name at least one object/],
    [["read", "1.8.0", "--client", "x"], /'--client <n>' argument 'x' is invalid/],
    [["read", "1.8.0", "--guek", "00"], /Give 16 octets as 32 hexadecimal digits/],
    [["read", "1.8.0", "--security", "all"], /Allowed choices are none, auth, enc, authenc/],
    [["read", "1.8.0", "--suite", "3"], /Allowed choices are 0, 1, 2/],
    [["read", "1.8.0", "--protect", "both"], /Allowed choices are cipher, sign, sign\+cipher, cipher\+sign/],
    [["read", "1.8.0", "--key-info", "kept"], /Allowed choices are identified, wrapped, wrapped,none, one-pass/],
    [["read", "1.8.0", "--master-key", "0011"], /Give 16 octets as 32 hexadecimal digits \(32 octets in suite 2\)/],
    [["read", "1.8.0", "--nonsense"], /unknown option '--nonsense'/],
    [["set", "1.8.0:2"], /missing required argument 'value'/],
    [["read", "1.8.0", "--last", "3", "--from", "2024-01-01"], /cannot be used with option/],
  ])("%j is a usage error: code 2", async (args, message) => {
    const { err, code } = await run(args);
    expect(err).toMatch(message);
    expect(code).toBe(2);
  });

  test.each([
    [["read", "hello"], /^"hello" is no object; write/],
    [["read", "1.8.0", "--from", "soon"], /^"soon" is no ISO time/],
    [["read", "1.8.0", "--security", "auth"], /^ciphering and GMAC need both keys/],
    [
      ["read", "1.8.0", "--tcp", "127.0.0.1:1"],
      /^cannot reach 127\.0\.0\.1:1: .*ECONNREFUSED.*; is a meter running there\?/,
    ],
    [["read", "1.8.0", "--suite", "2", "--security", "auth", ...KEYS], /^GUEK has 32 octets in suite 2, not 16/],
    [["read", "1.8.0", "--protect", "cipher", ...KEYS, "--counter", "1"], /^to cipher, say how: .*--security/],
    [["read", "1.8.0", "--signing-key", "/nowhere"], /^--signing-key: cannot read \/nowhere: ENOENT/],
    [["read", "1.8.0", "--trust", "package.json"], /^--trust: package\.json: no X\.509 certificate/],
    [["read", "1.8.0", "--signing-key", "package.json"], /package\.json holds no private EC key as PEM/],
    [["call", "1.8.0:1", "abc"], /^"abc" does not name a type/],
  ])("%j is one line and code 1", async (args, message) => {
    const { err, code } = await run(args);
    expect(err).toMatch(message);
    expect(err.trimEnd()).not.toContain("\n");
    expect(code).toBe(1);
  });
});
