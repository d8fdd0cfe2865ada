/** Mechanisms with a secret, keys that change, associations without AARQ. node:crypto wraps the keys. */
import { createCipheriv } from "node:crypto";
import { describe, expect, test } from "vitest";
import { attribute, fromHex, type Client, type ClientOptions, type Data, method } from "../../host/client/index.ts";
import { MemoryFlash } from "../../host/flash/memory.ts";
import { templateRead } from "../../host/template/load.ts";
import { act, associateGmac, associateLls, CONFORMANCE_ALL, get, hex, initiate } from "./apdus.ts";
import { RawMeter } from "./raw.ts";
import { CURRENT_ASSOCIATION, ENERGY, fullTemplate, gmac, lls, Rig, SECURITY_SETUP, template, TEXT } from "./rig.ts";

const MASTER = Buffer.from("00112233445566778899AABBCCDDEEFF", "hex");
const SECRET = Buffer.from("0123456789ABCDEF", "ascii");
const NAME = "0-0:42.0.0.255";

/** RFC 3394 by node:crypto. */
function wrapped(key: Uint8Array, kek: Uint8Array = MASTER): Uint8Array {
  const cipher = createCipheriv("id-aes128-wrap", kek, Buffer.alloc(8, 0xa6));
  return Buffer.concat([cipher.update(key), cipher.final()]);
}

/** The parameter of key_transfer. */
function transfer(...keys: [id: number, octets: Uint8Array][]): Data {
  return {
    type: "array",
    value: keys.map(([id, octets]) => ({
      type: "structure",
      value: [
        { type: "enum", value: id },
        { type: "octet-string", value: octets },
      ],
    })),
  } as Data;
}

const keyTransfer = method(64, SECURITY_SETUP, 2);
const energy = attribute(3, ENERGY, 2);

describe("HLS with a secret", () => {
  const { management } = templateRead().associations;
  const mechanisms = ["hls-md5", "hls-sha1", "hls-sha256"];
  const compiled = template({ associations: { management: { ...management!, mechanisms } } });

  for (const authentication of ["md5", "sha1", "sha256"] as const) {
    test(`${authentication}: the right secret opens, a wrong one ends the association`, async () => {
      const rig = Rig.boot({ template: compiled });
      const client = await rig.associated(0, { clientSap: 1, authentication, password: SECRET });
      expect((await client.get(energy)).type).toBe("double-long-unsigned");
      await client.disconnect();
      const wrong = rig.client(0, { clientSap: 1, authentication, password: Buffer.from("not the secret") });
      await wrong.connect();
      await expect(wrong.associate()).rejects.toThrow();
      expect(rig.reports).toEqual([]);
    });
  }

  test("a mechanism that is not offered is not recognised", async () => {
    const rig = Rig.boot();
    const client = rig.client(0, { clientSap: 1, authentication: "sha256", password: SECRET });
    await client.connect();
    await expect(client.associate()).rejects.toThrow(/diagnostic 11/);
  });
});

describe("key_transfer", () => {
  const NEW_KEY = Buffer.from("A0A1A2A3A4A5A6A7A8A9AAABACADAEAF", "hex");

  function open(rig: Rig, counter = 1, more: ClientOptions = {}): Promise<Client> {
    return rig.associated(0, gmac(rig.identity(0), counter, "authenc", more));
  }

  test("a new unicast key counts from the next request on, with counters from the start, and survives a restart", async () => {
    const flash = new Map<number, MemoryFlash>();
    const kept = (index: number, size: number): MemoryFlash => {
      if (!flash.has(index)) flash.set(index, new MemoryFlash(size));
      return flash.get(index)!;
    };
    const rig = Rig.boot({ flash: kept });
    const client = await open(rig, 5000);
    // The answer to the transfer still comes under the old key: the client opens it.
    expect(await client.actionResult(keyTransfer, transfer([0, wrapped(NEW_KEY)]))).toMatchObject({ result: 0 });
    await expect(client.get(energy)).rejects.toThrow();
    await client.disconnect().catch(() => undefined);
    const again = await open(rig, 1, { guek: NEW_KEY });
    expect((await again.get(energy)).type).toBe("double-long-unsigned");
    await again.disconnect();
    const later = Rig.boot({ flash: kept });
    const third = await open(later, 1000, { guek: NEW_KEY });
    expect((await third.get(energy)).type).toBe("double-long-unsigned");
  });

  test("an unchanged key keeps its counters: no nonce is used twice", async () => {
    const rig = Rig.boot();
    const client = await open(rig, 5000);
    const same = Buffer.from(rig.identity(0).keys.guek);
    expect(await client.actionResult(keyTransfer, transfer([0, wrapped(same)]))).toMatchObject({ result: 0 });
    expect((await client.get(energy)).type).toBe("double-long-unsigned");
    await client.disconnect();
    const replayed = rig.client(0, gmac(rig.identity(0), 1));
    await replayed.connect();
    await expect(replayed.associate()).rejects.toThrow(/counter/);
  });

  test("an answer in blocks does not go on under another key: it is aborted", () => {
    const meter = RawMeter.boot();
    const reading = meter.wrapper();
    // Without block-transfer-with-get the object list comes in general block transfer, ciphered once as a whole.
    const request = initiate({ conformance: CONFORMANCE_ALL & ~0x001000, pduSizeMax: 200 });
    const ciphered = associateGmac(reading, meter.identity, 1, request);
    const first = reading.exchange(ciphered.security.seal(get(15, CURRENT_ASSOCIATION, 2)))!;
    expect(hex(first.subarray(0, 6))).toBe("E00400010000");
    const second = reading.exchange(fromHex("E08100010001" + "00"))!;
    expect(hex(second.subarray(0, 6))).toBe("E00400020001");
    const other = meter.wrapper({ index: 1 });
    associateLls(other, meter.identity);
    expect(hex(other.exchange(act(64, SECURITY_SETUP, 2, transfer([0, wrapped(NEW_KEY)]))))).toBe("C701C10000");
    expect(hex(reading.exchange(fromHex("E08100020002" + "00")))).toBe("E0800000000000");
  });

  const refusals: [name: string, parameter: Data, result: number][] = [
    ["wrapped with another key", transfer([0, wrapped(NEW_KEY, Buffer.alloc(16))]), 3],
    ["one of two is wrong", transfer([2, wrapped(NEW_KEY)], [0, wrapped(NEW_KEY, Buffer.alloc(16))]), 3],
    ["the same key_id twice", transfer([2, wrapped(NEW_KEY)], [2, wrapped(NEW_KEY)]), 3],
    ["an unknown key_id", transfer([4, wrapped(NEW_KEY)]), 3],
    ["a key of another size", transfer([0, wrapped(Buffer.concat([NEW_KEY, NEW_KEY]))]), 3],
    ["no key", transfer(), 250],
    ["another type", { type: "unsigned", value: 1 }, 12],
  ];
  for (const [name, parameter, result] of refusals) {
    test(`refused, nothing changes: ${name}`, async () => {
      const rig = Rig.boot();
      const client = await open(rig);
      expect(await client.actionResult(keyTransfer, parameter)).toMatchObject({ result });
      expect((await client.get(energy)).type).toBe("double-long-unsigned");
    });
  }
});

describe("pre-established association", () => {
  test("client 102 reads the logical device name without AARQ, and nothing else", async () => {
    const rig = Rig.boot();
    const client = rig.client(0, { clientSap: 102 });
    await client.connect();
    expect((await client.get(attribute(1, NAME, 2))).type).toBe("octet-string");
    expect(await client.getResult(energy)).toMatchObject({ code: 4 });
  });

  test("an AARQ for it is refused and it goes on; it cannot be released", async () => {
    const rig = Rig.boot();
    const client = rig.client(0, { clientSap: 102 });
    await client.connect();
    await expect(client.associate()).rejects.toThrow(/diagnostic 1\b/);
    expect((await client.get(attribute(1, NAME, 2))).type).toBe("octet-string");
    expect(Buffer.from((await client.raw(Uint8Array.of(0x62, 0)))!).toString("hex")).toBe("d80102");
    expect((await client.get(attribute(1, NAME, 2))).type).toBe("octet-string");
  });

  // Neither an AARQ nor Security setup has named the client: its title is the one that general-glo carries.
  test("ciphered requests under the keys of Security setup, from whichever client has them", async () => {
    const rig = Rig.boot();
    const { guek, gak } = rig.identity(0).keys;
    const name = attribute(1, NAME, 2);
    let counter = 1;
    const from = async (title: string, more: Partial<ClientOptions> = {}): Promise<Client> => {
      const keys: ClientOptions = { clientSap: 102, security: "authenc", family: "general-glo", guek, gak };
      const client = rig.client(0, { ...keys, counter: counter++, systemTitle: Buffer.from(title), ...more });
      await client.connect();
      client.preEstablished(rig.identity(0).systemTitle);
      return client;
    };
    for (const title of ["HES00001", "HES00002"]) {
      const client = await from(title);
      expect((await client.get(name)).type).toBe("octet-string");
      expect(client.answerSecurityControl).toBe(0x30);
      await client.disconnect();
    }
    const wrongKey = Uint8Array.from(guek, (octet) => octet ^ 1);
    const wrong: [more: Partial<ClientOptions>, serviceError: number][] = [
      [{ guek: wrongKey }, 5],
      [{ security: "enc" }, 5],
      [{ counter: 1 }, 6],
    ];
    for (const [more, serviceError] of wrong) {
      const client = await from("HES00001", more);
      await expect(client.get(name)).rejects.toMatchObject({ stateError: 1, serviceError });
      await client.disconnect();
    }
  });
});

describe("attribute 0", () => {
  const full = fullTemplate();

  test("GET: a structure of all attributes, null-data where there is no right", async () => {
    const rig = Rig.boot({ template: full });
    const client = await rig.associated(0, lls(rig.identity(0)));
    const all = await client.get(attribute(15, "0-0:40.0.0.255", 0));
    expect(all.type).toBe("structure");
    const values = (all as unknown as { value: Data[] }).value;
    expect(values.length).toBe(11);
    expect(values[6]!.type).toBe("null-data");
    expect(values[1]).toEqual(await client.get(attribute(15, "0-0:40.0.0.255", 2)));
  });

  test("SET: elements that are null-data stay, a refusal is the result", async () => {
    const rig = Rig.boot({ template: full });
    const client = await rig.associated(0, lls(rig.identity(0)));
    const text: Data = { type: "octet-string", value: Buffer.from("all at once") };
    const none: Data = { type: "null-data" } as Data;
    const whole = (value: Data[]): Data => ({ type: "structure", value }) as Data;
    expect(await client.setResult(attribute(1, TEXT, 0), whole([none, text]))).toBe(0);
    expect(await client.get(attribute(1, TEXT, 2))).toMatchObject({ value: new Uint8Array(text.value as Uint8Array) });
    expect(await client.setResult(attribute(1, TEXT, 0), whole([none]))).toBe(12);
    expect(await client.setResult(attribute(1, TEXT, 0), whole([text, none]))).toBe(3);
  });
});
