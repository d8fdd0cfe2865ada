/** Cases that pass against the meter of this project fail when a proxy in between makes it lie: one lie at a time. */
import { createCipheriv, createDecipheriv } from "node:crypto";
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

const succeeded = (actionResponse: Uint8Array): Uint8Array =>
  concat(actionResponse.subarray(0, 3), Uint8Array.of(0), actionResponse.subarray(4));

/** Associated is the value of association_status, which the sealing cases ask for. */
const GET_ASSOCIATED = fromHex("C401C1001602");
const GLO_GET_RESPONSE = 0xcc;
const HEADER_SIZE = 5;
const TAG_SIZE = 12;

/** Somebody between client and meter who has the global keys: opens answers, and seals what he makes of them. */
class Forger {
  private title: Uint8Array | undefined;
  /** Of the answer sealed last; the meter's own come behind what is forged. */
  private counter = 0;

  /** Changes the plain text of answers sealed under the global keys. */
  answer(change: Change): Change {
    return (apdu) => {
      this.titleTake(apdu);
      const header = this.headerOf(apdu);
      const plain = header === undefined ? undefined : this.opened(apdu, header);
      if (plain === undefined) return apdu;
      const sealed = this.sealed(header!, change(plain));
      return concat(apdu.subarray(0, 1), Uint8Array.of(sealed.length), sealed);
    };
  }

  /** A GET that succeeds in place of each exception. */
  instead(): Change {
    const pass = this.answer((plain) => plain);
    return (apdu) => {
      if (apdu[0] !== 0xd8) return pass(apdu);
      const sealed = this.sealed(Buffer.from([0x30, 0, 0, 0, 0]), GET_ASSOCIATED);
      return concat(Uint8Array.of(GLO_GET_RESPONSE, sealed.length), sealed);
    };
  }

  /** responding-AP-title of an AARE: A4 0A 04 08 and eight octets. */
  private titleTake(apdu: Uint8Array): void {
    const at = apdu[0] === 0x61 ? find(apdu, fromHex("A40A0408")) : -1;
    if (at >= 0) this.title = apdu.slice(at + 4, at + 12);
  }

  private headerOf(apdu: Uint8Array): Uint8Array | undefined {
    const short = apdu[0]! >= 0xcc && apdu[0]! <= 0xcf && apdu[1]! < 0x80 && apdu[2] === 0x30;
    return short && this.title !== undefined ? apdu.subarray(2, 2 + HEADER_SIZE) : undefined;
  }

  private opened(apdu: Uint8Array, header: Uint8Array): Uint8Array | undefined {
    const { guek, gak } = configDefault();
    const iv = concat(this.title!, header.subarray(1));
    const cipher = createDecipheriv("aes-128-gcm", guek!, iv, { authTagLength: TAG_SIZE });
    cipher.setAAD(concat(header.subarray(0, 1), gak!));
    cipher.setAuthTag(apdu.subarray(-TAG_SIZE));
    const plain = cipher.update(apdu.subarray(2 + HEADER_SIZE, -TAG_SIZE));
    try {
      return concat(plain, cipher.final());
    } catch {
      return undefined;
    }
  }

  /** Under the counter of the header, or a later one if that was used: an honest client takes rising ones only. */
  private sealed(header: Uint8Array, plain: Uint8Array): Uint8Array {
    const { guek, gak } = configDefault();
    this.counter = Math.max(this.counter + 1, Buffer.from(header).readUInt32BE(1));
    const counter = Buffer.alloc(4);
    counter.writeUInt32BE(this.counter);
    const cipher = createCipheriv("aes-128-gcm", guek!, concat(this.title!, counter), { authTagLength: TAG_SIZE });
    cipher.setAAD(concat(header.subarray(0, 1), gak!));
    const text = concat(cipher.update(plain), cipher.final());
    return concat(header.subarray(0, 1), counter, text, cipher.getAuthTag());
  }
}

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

/** What the sealing cases notice of somebody who has the keys. */
const FORGERIES: [what: string, lie: () => Lie, cases: string[]][] = [
  [
    "calls every action a success",
    () => ({ answer: new Forger().answer((plain) => (starts(plain, "C701") ? succeeded(plain) : plain)) }),
    ["SYMSEC_0_Key_Tx_N1", "SYMSEC_0_Key_Tx_N2", "SYMSEC_0_SecPol_1", "SYMSEC_0_SecPol_2", "SYMSEC_0_SecPol_3"],
  ],
  [
    "serves what it should refuse",
    () => ({ answer: new Forger().instead() }),
    ["SYMSEC_0_FraCount_1", "SYMSEC_0_DedKey_N1", "SYMSEC_0_SecDataX_N1", "SYMSEC_REL_N1"],
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

  for (const [what, lie, cases] of FORGERIES) {
    it(`${what}, sealed: ${cases.join(", ")}`, { timeout: 60_000 }, async () => {
      const victim = new SocketMeter();
      const config: Config = { ...base };
      const through = async (): Promise<void> => {
        await victim.start(config);
        config.target = await proxy(config.target!, lie());
        delete config.hdlc;
      };
      await through();
      config.reset = through;
      const { results } = await conformanceRun(
        config,
        CASES.filter((one) => cases.includes(one.name)),
      );
      await victim.stop();
      expect(results.filter(({ verdict }) => verdict !== "FAILED").map(({ name }) => name)).toEqual([]);
      // They fail for what was forged, not because the forgery was bad.
      expect(results.filter(({ note }) => /tag does not fit|not rising/.test(note)).map(({ name }) => name)).toEqual(
        [],
      );
    });
  }

  it("identifies users: who is declared passes, who is not is refused", { timeout: 60_000 }, async () => {
    const users = '{"array":[{"structure":[{"unsigned":7},{"octet-string":"6F70"}]}]}';
    const strict = new SocketMeter([`0-0:40.0.1.255:10=${users}`]);
    const config: Config = { ...base };
    await strict.start(config);
    const verdictOf = async (userId: number): Promise<string[]> => {
      const associations = config.associations.map((one) => (one.clientSap === 1 ? { ...one, userId } : one));
      const { results } = await conformanceRun(
        { ...config, associations },
        CASES.filter(({ name }) => /^APPL_OPEN_[12]$/.test(name)),
      );
      return results.map(({ verdict }) => verdict);
    };
    const verdicts = [await verdictOf(7), await verdictOf(8)];
    await strict.stop();
    expect(verdicts).toEqual([
      ["PASSED", "PASSED"],
      ["FAILED", "FAILED"],
    ]);
  });
});
