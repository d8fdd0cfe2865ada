/** Data protection, class 30: values, parameters and returns protected on their own, against the client of host/client/. */
import { describe, expect, it } from "vitest";
import { attribute, encodeData, method, type Client, type ClientOptions, type Data } from "../../host/client/index.ts";
import {
  DataProtection,
  objectDefinition,
  PROTECTION_TYPE,
  type ProtectionLayer,
} from "../../host/client/data_protection.ts";
import { entrySelection } from "../../host/client/profile.ts";
import type { TemplateDocument } from "../../host/template/document.ts";
import { Dice } from "../testing.ts";
import { associateLls } from "./apdus.ts";
import { CLOCK, ENERGY, LOAD_PROFILE, SECURITY_SETUP, TEXT } from "./rig.ts";
import { suiteMeter, type SuiteMeter } from "./suites.ts";

const PROTECTION = "0-0:43.2.0.255";
const { AUTHENTICATION, ENCRYPTION, BOTH, SIGNATURE } = PROTECTION_TYPE;
const Result = { DENIED: 3, UNDEFINED: 4, TYPE: 12, SCOPE: 13, OTHER: 250 } as const;

const energy = { classId: 3, logicalName: ENERGY, attribute: 2 };
const label = { classId: 1, logicalName: TEXT, attribute: 2 };
const octets = (letters: string): Data => ({ type: "octet-string", value: Buffer.from(letters, "latin1") });

/** A meter whose template has the object; `required` is required_protection. */
function meterOf(suite: number, required = 0, more?: (document: TemplateDocument) => void): SuiteMeter {
  const change = (document: TemplateDocument): void => {
    more?.(document);
    document.objects.push({
      ...{ logicalName: PROTECTION, name: "Data protection", class: 30, version: 0 },
      access: { management: { get: "all", act: "all" } },
      attributes: {
        2: { value: { "octet-string": "" } },
        3: { value: { array: [] } },
        4: { value: { array: [] } },
        5: { value: { array: [] } },
        6: { value: { enum: required } },
      },
    });
  };
  return suiteMeter(suite, { change });
}

const open = (meter: SuiteMeter, more: ClientOptions = {}): Promise<Client> => meter.associated(more);

const ciphered = (type: number, establishment: ProtectionLayer["establishment"]): ProtectionLayer =>
  establishment === undefined ? { type } : { type, establishment };

interface Case {
  suite: number;
  name: string;
  layers: ProtectionLayer[];
}

const types = { authentication: AUTHENTICATION, encryption: ENCRYPTION, both: BOTH } as const;
const establishments = { 0: ["identified", "wrapped"], 1: ["identified", "wrapped", "one-pass", "static"] } as const;
const cases: Case[] = [0, 1, 2].flatMap((suite) => {
  const ways = establishments[suite === 0 ? 0 : 1];
  const single = ways.flatMap((how) =>
    Object.entries(types).map(([name, type]) => ({ suite, name: `${name}, ${how}`, layers: [ciphered(type, how)] })),
  );
  if (suite === 0) return single;
  return [
    ...single,
    { suite, name: "signed", layers: [{ type: SIGNATURE }] },
    { suite, name: "signed, then ciphered", layers: [{ type: SIGNATURE }, ciphered(BOTH, "wrapped")] },
    { suite, name: "ciphered, then signed", layers: [ciphered(BOTH, "one-pass"), { type: SIGNATURE }] },
    { suite, name: "three layers", layers: [{ type: SIGNATURE }, ciphered(BOTH, "wrapped"), { type: SIGNATURE }] },
  ];
});

describe("reads, sets and methods", () => {
  it.each(cases)("suite $suite: $name", async ({ suite, layers }) => {
    const client = await open(meterOf(suite));
    const protection = new DataProtection(client);
    const read = await protection.get([energy, label], layers);
    const plain = [await client.get(attribute(3, ENERGY, 2)), await client.get(attribute(1, TEXT, 2))];
    expect(Buffer.from(read)).toEqual(Buffer.concat(plain.map(encodeData)));
    await protection.set([label], [octets("protected")], layers);
    expect(await client.get(attribute(1, TEXT, 2))).toMatchObject({ value: Uint8Array.from(Buffer.from("protected")) });
    // adjust_to_quarter returns nothing: null-data comes back.
    const method1 = { classId: 8, logicalName: CLOCK, attribute: 1 };
    expect(await protection.invoke(method1, { type: "integer", value: 0 }, layers)).toEqual({ type: "null-data" });
    expect(await client.get(attribute(3, ENERGY, 2))).toEqual(plain[0]);
  });

  it("a long source is written whole; what does not fit is other-reason", async () => {
    const client = await open(meterOf(1));
    const protection = new DataProtection(client);
    const certificates = { classId: 64, logicalName: SECURITY_SETUP, attribute: 6 };
    const list = { classId: 15, logicalName: "0-0:40.0.0.255", attribute: 2 };
    const read = await protection.get([certificates], [ciphered(BOTH, "wrapped")]);
    expect(Buffer.from(read)).toEqual(Buffer.from(encodeData(await client.get(attribute(64, SECURITY_SETUP, 6)))));
    await expect(protection.get([list], [ciphered(BOTH, "wrapped")])).rejects.toMatchObject({ code: 250 });
  });

  it("an element of a structure, rows of a buffer", async () => {
    const meter = meterOf(1);
    const client = await open(meter);
    meter.raw.advance(4 * 900_000);
    const protection = new DataProtection(client);
    const layers = [ciphered(BOTH, "wrapped")];
    const unit = { classId: 3, logicalName: ENERGY, attribute: 3 };
    const read = await protection.get([{ ...unit, dataIndex: 2 }, { ...unit, dataIndex: 1 }, energy], layers);
    expect(Buffer.from(read).toString("hex")).toMatch(/^161e0f00/);
    const buffer = { classId: 7, logicalName: LOAD_PROFILE, attribute: 2 };
    const rows = await protection.get([{ ...buffer, restriction: { entries: [2, 3] } }], layers);
    const same = await client.get(attribute(7, LOAD_PROFILE, 2), entrySelection(2, 3));
    expect(Buffer.from(rows).equals(Buffer.from(encodeData(same)))).toBe(true);
    expect((same as { value: unknown[] }).value.length).toBe(2);
    const day = Buffer.from("07EA010501", "hex");
    const all = await protection.get(
      [{ ...buffer, restriction: { dates: [day, Buffer.from("07EA010602", "hex")] } }],
      layers,
    );
    expect(Buffer.from(all).equals(Buffer.from(encodeData(await client.get(attribute(7, LOAD_PROFILE, 2)))))).toBe(
      true,
    );
    for (const bad of [
      { ...unit, dataIndex: 3 },
      { ...energy, dataIndex: 1 },
      { ...buffer, dataIndex: 1 },
    ]) {
      await expect(protection.get([bad], layers), JSON.stringify(bad)).rejects.toMatchObject({ code: Result.OTHER });
    }
    // What is written is always whole.
    const written = protection.set([{ ...label, dataIndex: 1 }], [octets("x")], layers);
    await expect(written).rejects.toMatchObject({ code: Result.OTHER });
  });

  it("in APDUs of 128 octets, under the key of the APDUs themselves", async () => {
    const small = meterOf(0, 0, (document) => void (document.apduSizeMax = 128));
    const client = await open(small, { pduSizeMax: 128, gbt: "never" });
    const protection = new DataProtection(client);
    const layers = [ciphered(BOTH, "identified")];
    await protection.set([label], [octets("a text that needs several blocks of ACTION")], layers);
    const read = await protection.get([label, energy], layers);
    const plain = [await client.get(attribute(1, TEXT, 2)), await client.get(attribute(3, ENERGY, 2))];
    expect(Buffer.from(read)).toEqual(Buffer.concat(plain.map(encodeData)));
    expect(Buffer.from(read).toString("latin1")).toContain("several blocks of ACTION");
  });

  it("a method that returns something: a certificate", async () => {
    const meter = meterOf(1);
    const protection = new DataProtection(await open(meter));
    const e = (value: number): Data => ({ type: "enum", value });
    const s = (...value: Data[]): Data => ({ type: "structure", value }) as Data;
    const title: Data = { type: "octet-string", value: meter.raw.identity.systemTitle };
    const target = { classId: 64, logicalName: SECURITY_SETUP, attribute: 7 };
    const returned = await protection.invoke(target, s(e(0), s(e(0), e(0), title)), [ciphered(BOTH, "one-pass")]);
    expect(Buffer.from((returned as { value: Uint8Array }).value)).toEqual(meter.server.signingCertificate.der);
  });
});

/** Sends method 2 with its octets changed; the result. */
async function tampered(
  suite: number,
  layers: ProtectionLayer[],
  change: (apdu: Uint8Array) => Uint8Array,
): Promise<number> {
  const client = await open(meterOf(suite));
  const protection = new DataProtection(client);
  let result = 0;
  const before = await client.get(attribute(1, TEXT, 2));
  client.hooks.plain = (apdu) => (apdu[0] === 0xc3 ? change(apdu) : apdu);
  await protection.set([label], [octets("evil")], layers).catch((error: unknown) => {
    result = (error as { code?: number }).code ?? -1;
  });
  delete client.hooks.plain;
  const after = await client.get(attribute(1, TEXT, 2));
  if (result !== 0) expect(after).toEqual(before);
  return result;
}

describe("what is refused, and nothing is set", () => {
  const layersOf: [string, number, ProtectionLayer[]][] = [
    ["identified", 0, [ciphered(BOTH, "identified")]],
    ["wrapped", 0, [ciphered(BOTH, "wrapped")]],
    ["one-pass", 1, [ciphered(BOTH, "one-pass")]],
    ["static", 1, [ciphered(BOTH, "static")]],
    ["signed", 1, [{ type: SIGNATURE }]],
  ];
  it.each(layersOf)("%s: the last octet of the protected data", async (_, suite, layers) => {
    const flip = (apdu: Uint8Array): Uint8Array => {
      const changed = Uint8Array.from(apdu);
      changed[changed.length - 1]! ^= 1;
      return changed;
    };
    expect(await tampered(suite, layers, flip)).toBe(Result.DENIED);
  });

  it("required_protection: less is out of scope, as much or more is served", async () => {
    const client = await open(meterOf(1, 0x0c | 0x60));
    const protection = new DataProtection(client);
    const weak = [ciphered(AUTHENTICATION, "wrapped")];
    await expect(protection.get([energy], weak)).rejects.toMatchObject({ code: 13 });
    await expect(protection.set([label], [octets("x")], weak)).rejects.toMatchObject({ code: 13 });
    await expect(
      protection.invoke({ classId: 8, logicalName: CLOCK, attribute: 1 }, { type: "integer", value: 0 }, weak),
    ).rejects.toMatchObject({ code: 13 });
    const strong = [{ type: SIGNATURE }, ciphered(BOTH, "wrapped")];
    expect((await protection.get([energy], strong)).length).toBe(5);
  });

  it("rights are those of the association", async () => {
    const protection = new DataProtection(await open(meterOf(1)));
    const layers = [ciphered(BOTH, "wrapped")];
    await expect(protection.set([energy], [{ type: "double-long-unsigned", value: 1 }], layers)).rejects.toMatchObject({
      code: 3,
    });
    const nobody = { classId: 3, logicalName: "1-0:99.99.99.255", attribute: 2 };
    await expect(protection.get([nobody], layers)).rejects.toMatchObject({ code: 4 });
    const itself = { classId: 30, logicalName: PROTECTION, attribute: 2 };
    await expect(protection.get([itself], layers)).rejects.toMatchObject({ code: 3 });
  });

  it("values that do not match the list", async () => {
    const protection = new DataProtection(await open(meterOf(0)));
    const layers = [ciphered(BOTH, "wrapped")];
    await expect(protection.set([label, label], [octets("one")], layers)).rejects.toMatchObject({ code: 12 });
    await expect(protection.set([label], [octets("one"), octets("two")], layers)).rejects.toMatchObject({ code: 12 });
  });

  it("parameters of another shape", async () => {
    const client = await open(meterOf(0));
    const call = async (id: number, parameter: Data): Promise<number> =>
      (await client.actionResult(method(30, PROTECTION, id), parameter)).result;
    const s = (...value: Data[]): Data => ({ type: "structure", value }) as Data;
    const a = (...value: Data[]): Data => ({ type: "array", value }) as Data;
    const list = a(objectDefinition(energy));
    expect(await call(1, s(list))).toBe(Result.TYPE);
    expect(await call(1, s(list, a()))).toBe(Result.OTHER);
    expect(await call(1, s(a(), a()))).toBe(Result.OTHER);
    expect(await call(1, s(a(objectDefinition({ ...energy, dataIndex: 1 })), a()))).toBe(Result.OTHER);
    expect(await call(2, s(list, a(), octets("")))).toBe(Result.OTHER);
    expect(await call(3, octets(""))).toBe(Result.TYPE);
  });

  it("what was set once under an identified key is not set again", async () => {
    const meter = meterOf(0);
    const client = await open(meter);
    const protection = new DataProtection(client);
    let sent: Uint8Array | undefined;
    client.hooks.plain = (apdu) => {
      if (apdu[0] === 0xc3) sent = Uint8Array.from(apdu);
      return apdu;
    };
    await protection.set([label], [octets("first")], [ciphered(BOTH, "identified")]);
    await client.set(attribute(1, TEXT, 2), octets("second"));
    // The same parameter again, in an APDU whose own counter is fresh.
    client.hooks.plain = (apdu) =>
      apdu[0] === 0xc3 ? Uint8Array.from([...apdu.subarray(0, 3), ...sent!.subarray(3)]) : apdu;
    const again = protection.set([label], [octets("third")], [ciphered(BOTH, "identified")]);
    await expect(again).rejects.toMatchObject({ code: Result.DENIED });
    delete client.hooks.plain;
    expect(await client.get(attribute(1, TEXT, 2))).toMatchObject({ value: Uint8Array.from(Buffer.from("second")) });
  });
});

it("changed, cut and random parameters end in an answer", async () => {
  const meter = meterOf(1);
  const client = await open(meter);
  const protection = new DataProtection(client);
  const sent: Uint8Array[] = [];
  client.hooks.plain = (apdu) => {
    if (apdu[0] === 0xc3) sent.push(Uint8Array.from(apdu));
    return apdu;
  };
  const layers = [{ type: SIGNATURE }, ciphered(BOTH, "one-pass")];
  await protection.get([energy, label], [ciphered(BOTH, "wrapped")]);
  await protection.set([label], [octets("x")], layers);
  await protection.invoke({ classId: 8, logicalName: CLOCK, attribute: 1 }, { type: "integer", value: 0 }, layers);
  const channel = meter.raw.wrapper({ index: 1 });
  associateLls(channel, meter.raw.identity);
  const dice = new Dice(30);
  for (let run = 0; run < 1500; run++) {
    const apdu = Uint8Array.from(sent[run % sent.length]!);
    // Behind the head of the request and the flag of its parameter.
    for (let i = dice.roll(3); i >= 0; i--) apdu[13 + dice.roll(apdu.length - 13)] = dice.roll(256);
    const cut = dice.roll(6) === 0 ? 13 + dice.roll(apdu.length - 13) : apdu.length;
    expect(channel.exchange(apdu.subarray(0, cut))?.length ?? 0).toBeGreaterThan(0);
  }
});
