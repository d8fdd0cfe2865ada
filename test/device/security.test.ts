/** Ciphered associations: families, kinds of protection, counters, policy (GB9 9.2.3.3, 9.2.7; Blue Book class 64). */
import { beforeEach, describe, expect, it } from "vitest";
import {
  attribute,
  CLIENT_TITLE_DEFAULT,
  contextName,
  decodeApdu,
  encodeApdu,
  fromHex,
  hlsAnswer,
  hlsCheck,
  unprotect,
  type Data,
  type Family,
  type Security,
  type SecurityLevel,
} from "../../host/client/index.ts";
import type { ObjectDocument } from "../../host/template/document.ts";
import {
  aarq,
  aarqGmac,
  aarqLls,
  act,
  apduOf,
  associateGmac,
  associateLls,
  get,
  handshakeOf,
  hex,
  hlsReply,
  initiate,
  securityOf,
  set,
  type Ciphered,
} from "./apdus.ts";
import { RawMeter, type WrapperChannel } from "./raw.ts";
import {
  CLOCK,
  CURRENT_ASSOCIATION,
  ENERGY,
  energyRead,
  gmac,
  lls,
  Rig,
  SECURITY_SETUP,
  template,
  TEXT,
} from "./rig.ts";

const COUNTER = "0-0:43.1.0.255";
const READ = get(3, ENERGY, 2);
const READ_ZERO = "C401C1000600000000";
const NOT_POSSIBLE = "D80101";
const DECIPHERING_ERROR = "D80105";

const text = (letters: string): Data => ({ type: "octet-string", value: Buffer.from(letters, "latin1") });
const policy = (value: number): Uint8Array => act(64, SECURITY_SETUP, 1, { type: "enum", value });

let meter: RawMeter;
let channel: WrapperChannel;

beforeEach(() => {
  meter = RawMeter.boot();
  channel = meter.wrapper();
});

/** What the public client reads: the lowest counter the meter takes. */
function counterRead(): number {
  const open = meter.wrapper({ clientSap: 16, index: 3 });
  open.exchange(aarq());
  const { data } = apduOf("get-response-normal", open.exchange(get(1, COUNTER, 2))).result;
  return (data as { value: number }).value;
}

/** The value of TEXT, read over a connection of its own. */
function textRead(): string {
  const own = meter.wrapper({ index: 2 });
  associateLls(own, meter.identity);
  return hex(own.exchange(get(1, TEXT, 2)));
}

describe("kinds of protection", () => {
  const levels: [SecurityLevel, number][] = [
    ["auth", 0x10],
    ["enc", 0x20],
    ["authenc", 0x30],
  ];
  const families: Family[] = ["glo", "ded", "general-glo", "general-ded"];
  const all = levels.flatMap(([level, control]) => families.map((family) => ({ level, control, family })));

  it.each(all)("$level, $family: the answer comes back in the same", async ({ level, control, family }) => {
    const rig = Rig.boot();
    const dedicatedKey = fromHex("00112233445566778899AABBCCDDEEFF");
    const more = { family, ...(family.endsWith("ded") ? { dedicatedKey } : {}) };
    const client = await rig.associated(0, gmac(rig.identity(0), 1, level, more));
    let answer = new Uint8Array(0);
    client.hooks.received = (octets) => void (answer = Uint8Array.from(octets));
    expect(await energyRead(client)).toBe(0);
    expect(client.answerSecurityControl).toBe(control);
    expect(answer[0]).toBe({ glo: 0xcc, ded: 0xd4, "general-glo": 0xdb, "general-ded": 0xdc, general: 0xdd }[family]);
    await client.set(attribute(1, TEXT, 2), text("same"));
    expect(answer[0]).toBe({ glo: 0xcd, ded: 0xd5, "general-glo": 0xdb, "general-ded": 0xdc, general: 0xdd }[family]);
    await client.release();
  });

  it("a plain request in a ciphered association is served where the policy allows", () => {
    associateGmac(channel, meter.identity);
    expect(hex(channel.exchange(READ))).toBe(READ_ZERO);
  });

  it("LLS in the ciphered context", async () => {
    const rig = Rig.boot();
    const options = { ...gmac(rig.identity(0), 1, "authenc"), ...lls(rig.identity(0)) };
    const client = await rig.associated(0, options);
    expect(client.aare?.applicationContextName).toBe(contextName(3));
    expect(await energyRead(client)).toBe(0);
  });
});

describe("opening a ciphered association", () => {
  it.each([
    ["a tag that does not fit", (octets: Uint8Array) => octets.with(octets.length - 1, octets.at(-1)! ^ 1)],
    ["another suite", (octets: Uint8Array) => octets.with(2, 0x31)],
    ["no protection at all in its octet", (octets: Uint8Array) => octets.with(2, 0x00)],
    ["compression", (octets: Uint8Array) => octets.with(2, 0xb0)],
    ["a length beyond its end", (octets: Uint8Array) => octets.with(1, octets[1]! + 1)],
  ])("%s: no AARE but an exception, and no association", (_, change) => {
    const security = securityOf(meter.identity);
    const userInformation = change(security.seal(initiate(), "glo"));
    expect(hex(channel.exchange(aarqGmac(security, { userInformation })))).toBe(DECIPHERING_ERROR);
    expect(hex(channel.exchange(READ))).toBe("D80102");
    expect(counterRead()).toBe(0);
  });

  it("a counter used before: the answer names the lowest", () => {
    associateGmac(channel, meter.identity, 500);
    expect(hex(channel.exchange(aarqGmac(securityOf(meter.identity, 300))))).toBe("D80106000001F7");
    expect(counterRead()).toBe(503);
  });

  it("a dedicated key must be authenticated and encrypted", () => {
    for (const control of [0x10, 0x20]) {
      const security = securityOf(meter.identity, counterRead());
      const request = initiate({ dedicatedKey: new Uint8Array(16).fill(1) });
      const userInformation = security.seal(request, "glo", control);
      const aare = apduOf("aare", channel.exchange(aarqGmac(security, { userInformation })));
      expect([aare.result, hex(aare.userInformation)]).toEqual([1, "0E010604"]);
    }
  });

  it("a dedicated key of another size is refused", () => {
    const security = securityOf(meter.identity);
    const request = initiate({ dedicatedKey: new Uint8Array(15) });
    const aare = apduOf("aare", channel.exchange(aarqGmac(security, {}, request)));
    expect([aare.result, hex(aare.userInformation)]).toEqual([1, "0E010604"]);
  });

  it("the meter's own counters differ: f(CtoS) and the APDU around it", () => {
    const security = securityOf(meter.identity);
    const aare = apduOf("aare", channel.exchange(aarqGmac(security)));
    const handshake = handshakeOf(meter.identity, aare);
    const reply = channel.exchange(security.seal(hlsReply(hlsAnswer(handshake, security.counterTake()))))!;
    const opened = security.open(reply);
    const { returned } = apduOf("action-response-normal", opened.text);
    const inner = hlsCheck(handshake, (returned!.data as { value: Uint8Array }).value);
    expect(opened.invocationCounter).toBe(inner! + 1);
  });

  it.each([
    ["the number before that of the APDU around it", -1, true],
    ["the same number", 0, true],
    ["a number used before the APDU", -2, false],
  ])("f(StoC) with %s", (_, offset, good) => {
    const security = securityOf(meter.identity, 100);
    const handshake = handshakeOf(meter.identity, apduOf("aare", channel.exchange(aarqGmac(security))));
    security.counter = 102;
    const answer = channel.exchange(security.seal(hlsReply(hlsAnswer(handshake, 102 + offset))))!;
    expect(apduOf("action-response-normal", security.open(answer).text).result).toBe(good ? 0 : 3);
    expect(hex(channel.exchange(READ))).toBe(good ? READ_ZERO : "D80102");
  });
});

describe("what does not open", () => {
  let secret: Ciphered;
  let security: Security;
  const write = set(1, TEXT, 2, text("written"));

  beforeEach(() => {
    const request = initiate({ dedicatedKey: new Uint8Array(16).fill(7) });
    secret = associateGmac(channel, meter.identity, 1, request);
    security = secret.security;
    security.dedicatedKey = new Uint8Array(16).fill(7);
  });

  /** Everything stays as it was, and the same counter is still good. */
  function expectUntouched(lowest: number): void {
    expect(counterRead()).toBe(lowest);
    expect(textRead()).toBe("C401C1000900");
    security.counter = lowest;
    expect(hex(secret.exchange(write))).toBe("C501C100");
  }

  it("any changed octet of the text or the tag: deciphering error, nothing done, no counter spent", () => {
    const sealed = security.seal(write);
    const lowest = counterRead();
    for (let at = 7; at < sealed.length; at++) {
      expect(hex(channel.exchange(sealed.with(at, sealed[at]! ^ 0x80)))).toBe(DECIPHERING_ERROR);
    }
    expectUntouched(lowest);
  });

  const broken: [string, (sealed: Uint8Array) => Uint8Array][] = [
    ["suite 1", (sealed) => sealed.with(2, 0x31)],
    ["neither kind", (sealed) => sealed.with(2, 0x00)],
    ["compressed", (sealed) => sealed.with(2, 0xb0)],
    ["shorter than its tag", (sealed) => Uint8Array.of(sealed[0]!, 16, ...sealed.subarray(2, 18))],
    ["without header", (sealed) => Uint8Array.of(sealed[0]!, 4, ...sealed.subarray(2, 6))],
    ["empty", (sealed) => Uint8Array.of(sealed[0]!, 0)],
    [
      "the last counter of all",
      (sealed) => Uint8Array.from([...sealed.subarray(0, 3), 255, 255, 255, 255, ...sealed.subarray(7)]),
    ],
  ];

  it.each(broken)("an APDU that is %s", (_, change) => {
    const lowest = counterRead();
    expect(hex(channel.exchange(change(security.seal(write))))).toBe(DECIPHERING_ERROR);
    expectUntouched(lowest);
  });

  it("a tag that hides another service", () => {
    const lowest = counterRead();
    const sealed = security.seal(write);
    expect(hex(channel.exchange(sealed.with(0, 0xc8)))).toBe(DECIPHERING_ERROR);
    expect(textRead()).toBe("C401C1000900");
    // Somebody changed the tag on its way: the APDU as its client sent it is still good.
    expect(counterRead()).toBe(lowest);
    expect(hex(security.open(channel.exchange(sealed)!).text)).toBe("C501C100");
  });

  it("a general APDU of another system title", () => {
    const lowest = counterRead();
    const sealed = security.seal(write, "general-glo");
    expect(hex(channel.exchange(sealed.with(9, sealed[9]! ^ 1)))).toBe(DECIPHERING_ERROR);
    expectUntouched(lowest);
  });

  it("a general APDU without title means the partner", () => {
    const sealed = security.seal(READ, "general-glo");
    const answer = channel.exchange(Uint8Array.of(0xdb, 0, ...sealed.subarray(10)))!;
    expect(hex(security.open(answer).text)).toBe(READ_ZERO);
  });

  it("the dedicated key of an association that has none", () => {
    const own = meter.wrapper({ index: 1 });
    const other = associateGmac(own, meter.identity, 1000);
    other.security.dedicatedKey = new Uint8Array(16);
    expect(hex(own.exchange(other.security.seal(READ, "ded")))).toBe(DECIPHERING_ERROR);
  });

  it("a replay: its counter is refused, and the lowest one named", () => {
    const sealed = security.seal(write);
    expect(hex(security.open(channel.exchange(sealed)!).text)).toBe("C501C100");
    secret.exchange(set(1, TEXT, 2, text("newer")));
    const lowest = security.counter.toString(16).toUpperCase().padStart(8, "0");
    expect(hex(channel.exchange(sealed))).toBe(`D80106${lowest}`);
    expect(textRead()).toBe("C401C10009056E65776572");
    expect(hex(secret.exchange(READ))).toBe(READ_ZERO);
  });

  it("a replay under the dedicated key", () => {
    const sealed = security.seal(READ, "ded");
    expect(hex(security.open(channel.exchange(sealed)!).text)).toBe(READ_ZERO);
    expect(hex(channel.exchange(sealed))).toMatch(/^D80106/);
  });

  it("counters may leave gaps", () => {
    security.counter += 5_000_000;
    expect(hex(secret.exchange(READ))).toBe(READ_ZERO);
    expect(counterRead()).toBe(security.counter);
  });

  it("plain text that is no APDU", () => {
    expect(hex(channel.exchange(security.seal(fromHex("C0"))))).toBe("D80102");
    expect(hex(channel.exchange(security.seal(fromHex("C301"))))).toBe("D80102");
    expect(hex(secret.exchange(READ))).toBe(READ_ZERO);
  });
});

describe("transmit counters", () => {
  it("never repeat: AARE, f(CtoS), answers of all associations", () => {
    const used: number[] = [];
    const note = (octets: Uint8Array, meterTitle: Uint8Array): void => {
      const apdu = decodeApdu(octets);
      if (apdu.kind !== "service-ciphered") throw new Error(apdu.kind);
      const { guek, gak } = meter.identity.keys;
      const keys = { systemTitle: meterTitle, encryptionKey: guek, authenticationKey: gak };
      used.push(unprotect(keys, apdu.body).invocationCounter);
    };
    const channels = [0, 1, 2].map((index) => meter.wrapper({ index }));
    const clients = channels.map((one, i) => associateGmac(one, meter.identity, 1000 * (i + 1)));
    for (let round = 0; round < 50; round++) {
      clients.forEach(({ security }, i) => {
        // The counters of all clients go up together: the meter keeps one for its key.
        security.counter = 10_000 + round * 3 + i;
        note(channels[i]!.exchange(security.seal(READ))!, meter.identity.systemTitle);
      });
    }
    expect(used).toHaveLength(150);
    for (let i = 1; i < used.length; i++) expect(used[i]).toBeGreaterThan(used[i - 1]!);
  });
});

describe("security policy", () => {
  const activate = (value: number): Ciphered => {
    const secret = associateGmac(channel, meter.identity);
    expect(hex(secret.exchange(policy(value)))).toBe("C701C10000");
    return secret;
  };

  it.each([
    [0x24, [0x10, 0x30], [0x20]],
    [0x48, [0x20, 0x30], [0x10]],
    [0x6c, [0x30], [0x10, 0x20]],
  ])("%i: what is under-protected is not served", (value, good, bad) => {
    const { security } = activate(value);
    expect(hex(channel.exchange(READ))).toBe(NOT_POSSIBLE);
    for (const control of bad) {
      expect(hex(channel.exchange(security.seal(READ, "glo", control)))).toBe(NOT_POSSIBLE);
    }
    for (const control of good) {
      const answer = channel.exchange(security.seal(READ, "glo", control))!;
      const opened = security.open(answer);
      expect([hex(opened.text), opened.securityControl]).toEqual([READ_ZERO, control]);
    }
  });

  it("only grows, and only by what the suite can do", () => {
    const secret = activate(0x24);
    for (const value of [0x00, 0x04, 0x48, 0x34, 0xa4, 0x25]) {
      expect(hex(secret.exchange(policy(value)))).toBe("C701C10300");
    }
    expect(hex(secret.exchange(act(64, SECURITY_SETUP, 1, { type: "unsigned", value: 0x6c })))).toBe("C701C10C00");
    expect(hex(secret.exchange(policy(0x6c)))).toBe("C701C10000");
    expect(hex(secret.exchange(get(64, SECURITY_SETUP, 2)))).toBe("C401C100166C");
  });

  it("holds for opening an association", () => {
    activate(0x6c);
    const security = securityOf(meter.identity, 100);
    expect(hex(channel.exchange(aarqGmac(security, { userInformation: initiate() })))).toBe(NOT_POSSIBLE);
    const userInformation = security.seal(initiate(), "glo", 0x10);
    expect(hex(channel.exchange(aarqGmac(security, { userInformation })))).toBe(NOT_POSSIBLE);
    expect(hex(channel.exchange(READ))).toBe("D80102");
    associateGmac(channel, meter.identity, 200);
  });

  it("holds in every context, the unciphered one too", () => {
    const plain = meter.wrapper({ index: 1 });
    associateLls(plain, meter.identity);
    expect(hex(plain.exchange(READ))).toBe(READ_ZERO);
    activate(0x24);
    expect(hex(plain.exchange(READ))).toBe(NOT_POSSIBLE);
    expect(hex(plain.exchange(fromHex("6200")))).toBe(NOT_POSSIBLE);
    expect(hex(plain.exchange(aarqLls(meter.identity.keys.lls)))).toBe(NOT_POSSIBLE);
  });

  it("does not hold for the public client, whose association has no security setup", () => {
    activate(0x6c);
    expect(counterRead()).toBeGreaterThan(0);
    const open = meter.wrapper({ clientSap: 16, index: 1 });
    expect(apduOf("aare", open.exchange(aarq())).result).toBe(0);
    expect(hex(open.exchange(get(8, CLOCK, 9)))).toBe("C401C1001601");
    expect(hex(open.exchange(fromHex("6200")))).toBe("6303800100");
  });

  it("survives a restart", () => {
    activate(0x24);
    meter.reboot();
    channel = meter.wrapper();
    const security = securityOf(meter.identity, counterRead());
    const handshake = handshakeOf(meter.identity, apduOf("aare", channel.exchange(aarqGmac(security))));
    expect(hex(channel.exchange(hlsReply(hlsAnswer(handshake, security.counterTake()))))).toBe(NOT_POSSIBLE);
  });
});

describe("access rights that demand protection", () => {
  const [ASKS, ANSWERS] = ["0-0:96.1.2.255", "0-0:96.1.3.255"];
  const right = (logicalName: string, require: string[]): ObjectDocument => ({
    logicalName,
    access: { management: { get: "all", set: [2], require } },
  });
  const objects = [right(ASKS, ["request-authenticated"]), right(ANSWERS, ["response-encrypted"])];
  const EMPTY = "C401C1000900";

  beforeEach(() => {
    meter = RawMeter.boot({ template: template({ objects }) });
    channel = meter.wrapper();
  });

  it("of the request", () => {
    const { security } = associateGmac(channel, meter.identity);
    const request = get(1, ASKS, 2);
    expect(hex(channel.exchange(request))).toBe(NOT_POSSIBLE);
    expect(hex(channel.exchange(security.seal(request, "glo", 0x20)))).toBe(NOT_POSSIBLE);
    expect(hex(security.open(channel.exchange(security.seal(request, "glo", 0x10))!).text)).toBe(EMPTY);
    const list = [attribute(3, ENERGY, 2), attribute(1, ASKS, 2)];
    const values: Data[] = [{ type: "null-data" }, text("no")];
    const invoke = { id: 1, confirmed: true, high: true };
    expect(hex(channel.exchange(encodeApdu({ kind: "set-request-with-list", invoke, list, values })))).toBe(
      "C505C102030D",
    );
  });

  it("of the response", () => {
    const { security } = associateGmac(channel, meter.identity);
    const opened = security.open(channel.exchange(get(1, ANSWERS, 2))!);
    expect([hex(opened.text), opened.securityControl]).toEqual([EMPTY, 0x20]);
    expect(security.open(channel.exchange(security.seal(get(1, ANSWERS, 2), "glo", 0x10))!).securityControl).toBe(0x30);
    expect(hex(channel.exchange(READ))).toBe(READ_ZERO);
  });

  it("is not met in an unciphered context", () => {
    associateLls(channel, meter.identity);
    expect(hex(channel.exchange(get(1, ASKS, 2)))).toBe(NOT_POSSIBLE);
    expect(hex(channel.exchange(get(1, ANSWERS, 2)))).toBe(NOT_POSSIBLE);
    expect(hex(channel.exchange(READ))).toBe(READ_ZERO);
  });
});

describe("release of a ciphered association", () => {
  const rlrq = (userInformation?: Uint8Array): Uint8Array =>
    encodeApdu({ kind: "rlrq", reason: 0, ...(userInformation === undefined ? {} : { userInformation }) });

  it("with its protection", () => {
    const { security } = associateGmac(channel, meter.identity);
    const rlre = decodeApdu(channel.exchange(rlrq(security.seal(initiate(), "glo")))!);
    if (rlre.kind !== "rlre") throw new Error(`the answer is ${rlre.kind}`);
    expect(rlre.reason).toBe(0);
    // The answer is protected as the request was: an InitiateResponse, with glo-initiate-response as its tag.
    expect(rlre.userInformation![0]).toBe(0x28);
    expect(hex(security.open(rlre.userInformation!).text)).toMatch(/^0800065F1F0400/);
    expect(hex(channel.exchange(READ))).toBe("D80102");
  });

  it("without, where the policy is 0", () => {
    associateGmac(channel, meter.identity);
    expect(hex(channel.exchange(rlrq()))).toBe("6303800100");
  });

  it("a forged one does not end it", () => {
    const secret = associateGmac(channel, meter.identity);
    const sealed = secret.security.seal(initiate(), "glo");
    expect(hex(channel.exchange(rlrq(sealed.with(20, sealed[20]! ^ 1))))).toBe(DECIPHERING_ERROR);
    expect(hex(secret.exchange(READ))).toBe(READ_ZERO);
    // Its counter is behind by now.
    expect(hex(channel.exchange(rlrq(sealed)))).toMatch(/^D80106/);
    expect(hex(secret.exchange(READ))).toBe(READ_ZERO);
  });

  it("an unprotected one does not end it where the policy demands more", () => {
    const secret = associateGmac(channel, meter.identity);
    secret.exchange(policy(0x24));
    expect(hex(channel.exchange(rlrq()))).toBe(NOT_POSSIBLE);
    expect(hex(secret.exchange(READ))).toBe(READ_ZERO);
  });
});

describe("the current association", () => {
  it("shows the context and mechanism in use, never the dedicated key", () => {
    const request = initiate({ dedicatedKey: new Uint8Array(16).fill(0xee) });
    const secret = associateGmac(channel, meter.identity, 1, request);
    const name = (kind: number, id: number): string => `C401C1000207110211101202F411051108110${kind}110${id}`;
    expect(hex(secret.exchange(get(15, CURRENT_ASSOCIATION, 4)))).toBe(name(1, 3));
    expect(hex(secret.exchange(get(15, CURRENT_ASSOCIATION, 6)))).toBe(name(2, 5));
    expect(hex(secret.exchange(get(15, CURRENT_ASSOCIATION, 8)))).toBe("C401C1001602");
    expect(hex(secret.exchange(get(15, CURRENT_ASSOCIATION, 5)))).not.toContain("EEEE");
    expect(hex(secret.exchange(get(15, CURRENT_ASSOCIATION, 7)))).toBe("C401C10103");
    expect(hex(secret.exchange(get(64, SECURITY_SETUP, 4)))).toBe(`C401C1000908${hex(CLIENT_TITLE_DEFAULT)}`);
  });
});
