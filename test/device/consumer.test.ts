/** Consumer information (IDIS client 103): pre-established, with a security context of its own beside that of management. */
import { createCipheriv } from "node:crypto";
import { describe, expect, it } from "vitest";
import {
  attribute,
  Client,
  type ClientOptions,
  data,
  decodeApdu,
  method,
  toHex,
  unprotect,
  wpduDecode,
} from "../../host/client/index.ts";
import { MemoryFlash } from "../../host/flash/memory.ts";
import { templateRead } from "../../host/template/load.ts";
import { type MeterIdentity, provisionRecords } from "../../host/template/identity.ts";
import { get, hex, set } from "./apdus.ts";
import { RawMeter } from "./raw.ts";
import { CURRENT_ASSOCIATION, ENERGY, gmac, lls, Rig, SECURITY_SETUP, template } from "./rig.ts";

const SAP = 103;
const SETUP = "0-0:43.0.1.255";
const PUSH = "0-8:25.9.0.255";
const NAME = attribute(1, "0-0:42.0.0.255", 2);
const COUNTER = attribute(1, "0-0:43.1.0.255", 2);
const DECIPHERING = "d80105";

const keysOf = (identity: MeterIdentity) => identity.keys.consumer!;

/** The client of consumer information: no AARQ, so it knows the meter's title from elsewhere. */
async function consumer(rig: Rig, counter: number, more: ClientOptions = {}): Promise<Client> {
  const { guek, gak } = keysOf(rig.identity(0));
  const client = rig.client(0, { clientSap: SAP, security: "authenc", guek, gak, counter, ...more });
  await client.connect();
  client.preEstablished(rig.identity(0).systemTitle);
  return client;
}

const rawHex = async (client: Client, apdu: Uint8Array): Promise<string> =>
  hex((await client.raw(apdu))!).toLowerCase();
const counterRead = async (client: Client): Promise<number> => ((await client.get(COUNTER)) as { value: number }).value;

/** The parameter of key_transfer: one key under the master key of the context. */
function transfer(id: number, key: Uint8Array, master: Uint8Array) {
  const cipher = createCipheriv("id-aes128-wrap", master, Buffer.alloc(8, 0xa6));
  const wrapped = Uint8Array.from(Buffer.concat([cipher.update(key), cipher.final()]));
  return data.array(data.structure(data.enumerated(id), data.octetString(wrapped)));
}

describe("what client 103 may", () => {
  it("reads its name and its association under its own keys, over either link, without AARQ", async () => {
    for (const more of [{}, { hdlc: {} }]) {
      const rig = Rig.boot();
      const client = await consumer(rig, 1, more);
      const { logicalDeviceName, systemTitle } = rig.identity(0);
      expect(await client.get(NAME)).toMatchObject({ value: new Uint8Array(Buffer.from(logicalDeviceName)) });
      expect(client.answerSecurityControl).toBe(0x30);
      const setup = (await client.get(attribute(15, CURRENT_ASSOCIATION, 9))) as { value: Uint8Array };
      expect(toHex(setup.value)).toBe("00002B0001FF");
      expect(systemTitle).toEqual(client.security!.serverTitle);
      expect(await client.getResult(attribute(3, ENERGY, 2))).toMatchObject({ code: 4 });
      expect(await client.getResult(attribute(64, SETUP, 2))).toMatchObject({ code: 4 });
    }
  });

  it("is told nothing in clear, authenticated only, or under management's keys", async () => {
    const rig = Rig.boot();
    const client = await consumer(rig, 1);
    const read = get(1, "0-0:42.0.0.255", 2);
    expect(await rawHex(client, read)).toBe("d80101");
    client.security!.encrypted = false;
    expect(await rawHex(client, client.security!.seal(read))).toBe("d80101");
    const { guek, gak } = rig.identity(0).keys;
    for (const wrong of [{ guek, gak }, { gak }, { guek }]) {
      const other = await consumer(rig, 1000, wrong);
      expect(await rawHex(other, other.security!.seal(read))).toBe(DECIPHERING);
      await other.disconnect();
    }
    const right = await consumer(rig, 10);
    expect((await right.get(NAME)).type).toBe("octet-string");
  });

  it("its keys open nothing of management", async () => {
    const rig = Rig.boot();
    const { guek, gak } = keysOf(rig.identity(0));
    const client = rig.client(0, gmac(rig.identity(0), 1, "authenc", { guek, gak }));
    await client.connect();
    await expect(client.associate()).rejects.toThrow();
  });

  it("cannot write: SET and ACTION are no services of it, and where they are it has no right", async () => {
    const write = set(1, "0-0:42.0.0.255", 2, data.octetString(Uint8Array.of(0x41)));
    const rig = Rig.boot();
    const client = await consumer(rig, 1);
    expect(toHex(await client.exchangeOctets(write))).toBe("D80102");
    const own = templateRead().associations["consumer-information"]!;
    const services = [...own.conformance, "set", "action"];
    const open = Rig.boot({
      template: template({ associations: { "consumer-information": { ...own, conformance: services } } }),
    });
    const other = await consumer(open, 1);
    expect(await other.setResult(NAME, data.octetString(Uint8Array.of(0x41)))).toBe(3);
    const { master } = keysOf(open.identity(0));
    const keys = transfer(0, new Uint8Array(16), master);
    expect((await other.actionResult(method(64, SETUP, 2), keys)).result).not.toBe(0);
    expect((await other.actionResult(method(64, SECURITY_SETUP, 2), keys)).result).not.toBe(0);
  });

  it("an AARQ for it is refused, and nothing releases it", async () => {
    const rig = Rig.boot();
    const client = rig.client(0, { clientSap: SAP });
    await client.connect();
    await expect(client.associate()).rejects.toThrow(/diagnostic 1\b/);
    const own = await consumer(rig, 1);
    expect(await rawHex(own, Uint8Array.of(0x62, 0))).toBe("d80102");
    expect((await own.get(NAME)).type).toBe("octet-string");
  });
});

describe("keys and counters", () => {
  const NEW_KEY = Uint8Array.from({ length: 16 }, (_, i) => 0xe0 + i);

  it("each context counts on its own: what one has used is new to the other", async () => {
    const rig = Rig.boot();
    const management = await rig.associated(0, gmac(rig.identity(0), 5000));
    const before = await counterRead(management);
    const client = await consumer(rig, 7);
    await client.get(NAME);
    await client.get(NAME);
    // Only the request that reads it has moved management's.
    expect(await counterRead(management)).toBe(before + 1);
    const again = await consumer(rig, 8);
    expect(await rawHex(again, again.security!.seal(get(1, "0-0:42.0.0.255", 2)))).toBe("d8010600000009");
    const high = await consumer(rig, 1_000_000);
    await high.get(NAME);
    expect(await counterRead(management)).toBe(before + 2);
  });

  it("no object reads its counter", () => {
    expect(Rig.boot().compiled.model.find("0-0:43.1.1")).toBeUndefined();
  });

  it("management transfers its keys, under its own master key alone; they survive a restart", async () => {
    const flash = new Map<number, MemoryFlash>();
    const kept = (index: number, size: number): MemoryFlash => {
      if (!flash.has(index)) flash.set(index, new MemoryFlash(size));
      return flash.get(index)!;
    };
    const rig = Rig.boot({ flash: kept });
    const identity = rig.identity(0);
    const management = await rig.associated(0, gmac(identity, 1));
    const keyTransfer = method(64, SETUP, 2);
    const old = await consumer(rig, 500);
    await old.get(NAME);
    expect((await management.actionResult(keyTransfer, transfer(0, NEW_KEY, identity.keys.master))).result).toBe(3);
    await old.get(NAME);
    expect((await management.actionResult(keyTransfer, transfer(0, NEW_KEY, keysOf(identity).master))).result).toBe(0);
    // The keys of management are as before.
    await management.get(NAME);
    await expect(old.get(NAME)).rejects.toThrow();
    const client = await consumer(rig, 1, { guek: NEW_KEY });
    await client.get(NAME);
    const later = Rig.boot({ flash: kept });
    await (await consumer(later, 1000, { guek: NEW_KEY })).get(NAME);
    await (await later.associated(0, gmac(identity, 5000))).get(NAME);
  });

  it("without keys of its own the context is provisioned with none: management's are not taken instead", async () => {
    const raw = RawMeter.boot();
    const entries = Object.entries(raw.identity.keys).filter(([name]) => name !== "consumer");
    const none = { ...raw.identity, keys: Object.fromEntries(entries) as MeterIdentity["keys"] };
    const own = Buffer.from(provisionRecords(none, raw.compiled.model));
    const setup = Buffer.from([0, 64, 0, 0, 43, 0, 1, 255, 0]);
    expect(own.includes(setup)).toBe(false);
    expect(Buffer.from(provisionRecords(raw.identity, raw.compiled.model)).includes(setup)).toBe(true);
  });

  it("takes requests of the client that Security setup names, and of no other", async () => {
    const rig = Rig.boot();
    const systemTitle = Buffer.from("HES00001");
    const other = await consumer(rig, 1, { systemTitle, family: "general-glo" });
    await expect(other.get(NAME)).rejects.toMatchObject({ stateError: 1, serviceError: 5 });
    const named = await consumer(rig, 2, { family: "general-glo" });
    expect((await named.get(NAME)).type).toBe("octet-string");
  });

  it("Security setup shows the title of the client it is for, and its policy", async () => {
    const rig = Rig.boot();
    const management = await rig.associated(
      0,
      gmac(rig.identity(0), 1, "authenc", { systemTitle: Buffer.from("HES00001") }),
    );
    const title = async (name: string) =>
      toHex(((await management.get(attribute(64, name, 4))) as { value: Uint8Array }).value);
    expect(await title(SECURITY_SETUP)).toBe(toHex(Buffer.from("HES00001")));
    expect(await title(SETUP)).toBe("4D4D4D0000BC614E");
    expect(await management.get(attribute(64, SETUP, 2))).toMatchObject({ value: 0x6c });
  });
});

describe("its push", () => {
  it("goes to client 103 under its own keys and counter", async () => {
    const to = { structure: [{ enum: 0 }, { text: "192.0.2.1:4061" }, { enum: 0 }] };
    const raw = RawMeter.boot({
      template: template({ objects: [{ logicalName: PUSH, attributes: { 3: { value: to } } }] }),
    });
    const slot = raw.slotOf("wrapper", 0);
    raw.open(slot);
    const client = new Client(raw.transport(slot), lls(raw.identity));
    await client.connect();
    await client.associate();
    const counters: number[] = [];
    for (let i = 0; i < 2; i++) {
      await client.action(method(40, PUSH, 1), data.integer(0));
      raw.advance(0);
      const [delivery] = raw.pushed.splice(0);
      if (delivery === undefined || delivery === "close") throw new Error("no push");
      const wpdu = wpduDecode(delivery.octets);
      expect([wpdu.source, wpdu.destination]).toEqual([1, SAP]);
      const apdu = decodeApdu(wpdu.apdu);
      if (apdu.kind !== "general-glo-ciphering") throw new Error(apdu.kind);
      expect(apdu.systemTitle).toEqual(raw.identity.systemTitle);
      const { guek, gak } = keysOf(raw.identity);
      const opening = { systemTitle: apdu.systemTitle, encryptionKey: guek, authenticationKey: gak };
      const opened = unprotect(opening, apdu.body);
      expect(opened.securityControl).toBe(0x30);
      const notification = decodeApdu(opened.text);
      if (notification.kind !== "data-notification") throw new Error(notification.kind);
      const body = notification.body as { value: { type: string }[] };
      expect(body.value).toHaveLength(8);
      expect(body.value.map(({ type }) => type)).not.toContain("null-data");
      counters.push(opened.invocationCounter);
      raw.pushed.length = 0;
    }
    expect(counters[1]! - counters[0]!).toBe(1);
  });
});
