/** Cases that pass against the meter of this project fail when a proxy in between makes it lie: one lie at a time. */
import { existsSync } from "node:fs";
import { createServer, connect, type AddressInfo, type Server, type Socket } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { concat, equal, fromHex, WpduReader, wpduEncode } from "../../host/client/index.ts";
import { ROOT } from "../tidy/sources.ts";
import { CASES } from "./cases/index.ts";
import { configDefault, type Config, type Endpoint } from "./config.ts";
import { SocketMeter } from "./meter.ts";
import { conformanceRun } from "./runner.ts";

type Change = (apdu: Uint8Array) => Uint8Array;
interface Lie {
  request?: Change;
  answer?: Change;
}

const same: Change = (apdu) => apdu;
const sockets = new Set<Socket>();
const servers: Server[] = [];
afterAll(() => {
  for (const socket of sockets) socket.destroy();
  for (const server of servers) server.close();
});

/** Pumps wrapper PDUs from one socket to the other, changed. */
function pump(from: Socket, to: Socket, change: Change): void {
  const reader = new WpduReader();
  sockets.add(from);
  from.on("error", () => to.destroy());
  from.on("close", () => to.destroy());
  from.on("data", (octets) => {
    for (const wpdu of reader.feed(octets)) to.write(wpduEncode({ ...wpdu, apdu: change(wpdu.apdu) }));
  });
}

/** A port that passes everything on to the meter and back, with a lie. */
function proxy(target: Endpoint, lie: Lie): Promise<Endpoint> {
  const server = createServer((near) => {
    const far = connect(target.port, target.host);
    pump(near, far, lie.request ?? same);
    pump(far, near, lie.answer ?? same);
  });
  servers.push(server);
  return new Promise((resolve) => {
    server.listen(0, "127.0.0.1", () => resolve({ host: "127.0.0.1", port: (server.address() as AddressInfo).port }));
  });
}

/** Where `part` stands in `whole`, -1 = nowhere. */
function find(whole: Uint8Array, part: Uint8Array): number {
  for (let at = 0; at + part.length <= whole.length; at++) {
    if (equal(whole.subarray(at, at + part.length), part)) return at;
  }
  return -1;
}

const replaced =
  (old: string, now: string): Change =>
  (apdu) => {
    const at = find(apdu, fromHex(old));
    const end = at + old.length / 2;
    return at < 0 ? apdu : concat(apdu.subarray(0, at), fromHex(now), apdu.subarray(end));
  };

const starts = (apdu: Uint8Array, head: string): boolean => equal(apdu.subarray(0, head.length / 2), fromHex(head));

/** What a ciphered APDU of this project's client or meter begins with. */
const isSealed = (apdu: Uint8Array): boolean => (apdu[0]! >= 0xc8 && apdu[0]! <= 0xd7) || apdu[0] === 0xdb;

/** The first two attributes of a Get-Request-With-List change places; each has 10 octets with its absent selection. */
const swapped: Change = (apdu) =>
  concat(apdu.subarray(0, 4), apdu.subarray(14, 24), apdu.subarray(4, 14), apdu.subarray(24));

const NULL_DATA = fromHex("C401C10000");

/** What was lied about, and the cases that notice it. */
const LIES: [what: string, lie: Lie, cases: string[]][] = [
  [
    "calls refused associations accepted",
    { answer: replaced("A203020101", "A203020100") },
    ["APPL_OPEN_5", "APPL_OPEN_6", "APPL_OPEN_7"],
  ],
  [
    "refuses a quality of service",
    { request: (apdu) => (apdu[0] === 0x60 && find(apdu, fromHex("BE11040F01000001")) >= 0 ? fromHex("6000") : apdu) },
    ["APPL_OPEN_11"],
  ],
  [
    "answers reads it refuses with null-data",
    { answer: (apdu) => (starts(apdu, "C401C101") || starts(apdu, "D8") ? NULL_DATA : apdu) },
    ["APPL_DATA_LN_N1", "APPL_DATA_LN_N4"],
  ],
  [
    "says that every SET succeeded",
    { answer: (apdu) => (starts(apdu, "C501") ? fromHex("C501C100") : apdu) },
    ["APPL_DATA_LN_N3"],
  ],
  ["has a name that is none", { answer: replaced("09104D4D4D", "0910313233") }, ["COSEM_MandatoryObjects"]],
  [
    "mixes up two references",
    { request: (apdu) => (starts(apdu, "C003") ? swapped(apdu) : apdu) },
    ["COSEM_MultipleReferences"],
  ],
  [
    "ignores selective access",
    {
      request: (apdu) =>
        starts(apdu, "C001") && apdu[12] === 1 ? concat(apdu.subarray(0, 12), Uint8Array.of(0)) : apdu,
    },
    ["COSEM_7_ByRange", "COSEM_7_ByEntry"],
  ],
  [
    "does not answer without AARQ",
    { answer: (apdu) => (starts(apdu, "C401") ? fromHex("D80101") : apdu) },
    ["COSEM_PreEstablished"],
  ],
  [
    "sends what is not authentic",
    { answer: (apdu) => (isSealed(apdu) ? concat(apdu.subarray(0, -1), Uint8Array.of(apdu.at(-1)! ^ 1)) : apdu) },
    ["APPL_OPEN_3", ...CASES.filter((one) => one.group === "SYMSEC_0").map((one) => one.name)],
  ],
];

describe.runIf(existsSync(join(ROOT, "build/core.wasm")))("a meter that lies", () => {
  const base: Config = { ...configDefault(), quick: true, silence: 100, timeOut: 1000 };
  const meter = new SocketMeter();
  beforeAll(() => meter.start(base));
  afterAll(() => meter.stop());

  // Without a lie the proxy is not noticed, so that what fails below fails for the lie.
  it("passes when the proxy tells the truth", { timeout: 60_000 }, async () => {
    const names = LIES.flatMap(([, , cases]) => cases);
    const wanted = CASES.filter((one) => names.includes(one.name) && one.changes !== true);
    const config: Config = { ...base, target: await proxy(base.target!, {}) };
    delete config.hdlc;
    const { results } = await conformanceRun(config, wanted);
    expect(results.filter(({ verdict }) => verdict !== "PASSED").map(({ name, note }) => `${name}: ${note}`)).toEqual(
      [],
    );
    expect(results.length).toBeGreaterThan(15);
  });

  for (const [what, lie, cases] of LIES) {
    it(
      `${what}: ${cases.length > 3 ? `${cases.length} cases fail` : cases.join(", ")}`,
      { timeout: 60_000 },
      async () => {
        const config: Config = { ...base, target: await proxy(base.target!, lie), reset: async () => undefined };
        delete config.hdlc;
        const wanted = CASES.filter((one) => cases.includes(one.name));
        const { results } = await conformanceRun(config, wanted);
        if (process.env.NOTES) console.log(results.map((r) => `${r.name}: ${r.note}`).join("\n"));
        const verdicts = results.map(({ name, verdict }) => `${name} ${verdict}`);
        expect(verdicts.sort()).toEqual(cases.map((name) => `${name} FAILED`).sort());
      },
    );
  }
});
