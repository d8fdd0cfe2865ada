/** Association SN: its lists, its methods, high level security, ciphering and general block transfer over short names. */
import { beforeEach, describe, expect, it } from "vitest";
import {
  attribute,
  CONFORMANCE,
  data as d,
  fromHex,
  logicalNameParse,
  method,
  objectList,
  profileRead,
  unconfirmedWriteService,
  type Client,
  type ClientOptions,
  type Data,
} from "../../host/client/index.ts";
import { Rig, CLOCK, CURRENT_ASSOCIATION, ENERGY, LOAD_PROFILE, SECURITY_SETUP, TEXT } from "./rig.ts";
import { ALL_SN, MANAGEMENT_SN, nameOf, PUBLIC_SN, SERVICES_SN, snLls, templateSn } from "./short.ts";

const LDN = "0-0:42.0.0.255";
const OWN = "0-0:40.0.5.255";
const ASSOCIATION_SN = 12;
const { read: READ, write: WRITE, "parameterized-access": PARAMETERIZED } = CONFORMANCE;
const MULTIPLE = CONFORMANCE["multiple-references"];
const READ_BY_LOGICAL_NAME = method(ASSOCIATION_SN, CURRENT_ASSOCIATION, 3);
const RIGHTS = method(ASSOCIATION_SN, CURRENT_ASSOCIATION, 4);
const text = attribute(1, TEXT, 2);
const ascii = (value: string): Uint8Array => Uint8Array.from(Buffer.from(value));

let rig: Rig;
beforeEach(() => {
  rig = Rig.boot({ template: templateSn() });
});

const password = (more: ClientOptions = {}): Promise<Client> =>
  rig.associated(0, snLls(rig.identity(0), { conformance: SERVICES_SN, ...more }));

/** Options with high level security. */
function high(authentication: "md5" | "sha1" | "gmac" | "sha256", more: ClientOptions = {}): ClientOptions {
  const { guek, gak, hls } = rig.identity(0).keys;
  const base: ClientOptions = { clientSap: MANAGEMENT_SN, shortNames: true, authentication, guek, gak };
  return { ...base, password: hls, systemTitle: fromHex("4D4D4D0000BC614E"), ...more };
}

const nameData = (logicalName: string): Data => ({ type: "octet-string", value: logicalNameParse(logicalName) });

describe("lists", () => {
  it("object_list and access_rights_list are what the template says", async () => {
    const client = await password();
    const entries = await objectList(client);
    const seen = templateSn().model.objects.filter((object) => object.access.has("short-names"));
    expect(entries.map((entry) => [entry.classId, entry.version, entry.logicalName, entry.baseName])).toEqual(
      seen.map((object) => [object.classId, object.version, object.logicalName, object.baseName]),
    );
    for (const [i, object] of seen.entries()) {
      const modes = [...entries[i]!.attributes, ...entries[i]!.methods].map((one) => one.mode);
      expect(modes, object.name).toEqual([...object.access.get("short-names")!]);
    }
  });

  it("the current association is FA00, SAP assignment FC00, the logical device name FD00", async () => {
    const entries = await objectList(await password());
    const baseOf = (name: string): number | undefined => entries.find((one) => one.logicalName === name)?.baseName;
    expect([baseOf(CURRENT_ASSOCIATION), baseOf("0-0:41.0.0.255"), baseOf(LDN)]).toEqual([0xfa00, 0xfc00, 0xfd00]);
  });

  it("Association LN has no short name, Association SN is unseen with logical names", async () => {
    const entries = await objectList(await password());
    expect(entries.some((entry) => entry.classId === 15)).toBe(false);
    const other = await rig.associated(0, { clientSap: 1, authentication: "lls", password: rig.identity(0).keys.lls });
    expect((await objectList(other)).some((entry) => entry.classId === ASSOCIATION_SN)).toBe(false);
    expect((await other.getResult(attribute(ASSOCIATION_SN, CURRENT_ASSOCIATION, 2))).code).toBe(4);
  });

  it("security_setup_reference, user_list, current_user", async () => {
    const client = await password();
    const get = (id: number): Promise<Data> => client.get(attribute(ASSOCIATION_SN, CURRENT_ASSOCIATION, id));
    expect(await get(4)).toEqual(nameData(SECURITY_SETUP));
    expect(await get(5)).toEqual(d.array());
    expect(await get(6)).toEqual(d.structure(d.unsigned(0), d.octetString(new Uint8Array(0))));
    const open = await rig.associated(0, { clientSap: PUBLIC_SN, shortNames: true });
    const none = await open.get(attribute(ASSOCIATION_SN, CURRENT_ASSOCIATION, 4));
    expect(none).toEqual({ type: "octet-string", value: new Uint8Array(6) });
  });
});

describe("methods", () => {
  const identification = (classId: number, name: string, index: number): Data =>
    d.structure(d.longUnsigned(classId), nameData(name), d.integer(index));

  it("read_by_logicalname: values in order, null-data for what is not to be had", async () => {
    const client = await password();
    await rig.advance(4 * 900_000);
    const asked = d.array(
      identification(3, ENERGY, 2),
      identification(7, LOAD_PROFILE, 2),
      identification(3, "1-1:9.9.9.255", 2),
      identification(64, SECURITY_SETUP, 99),
      identification(3, ENERGY, 0),
    );
    const values = d.elementsOf((await client.action(READ_BY_LOGICAL_NAME, asked))!, "values", 5);
    const energy = await client.get(attribute(3, ENERGY, 2));
    expect(values[0]).toEqual(energy);
    expect(values[1]).toEqual(await client.get(attribute(7, LOAD_PROFILE, 2)));
    expect(d.elementsOf(values[1]!, "buffer")).toHaveLength(4);
    expect(values.slice(2, 4)).toEqual([d.NULL_DATA, d.NULL_DATA]);
    expect(values[4]).toEqual(d.structure(nameData(ENERGY), energy, await client.get(attribute(3, ENERGY, 3))));
  });

  it.each<[string, Data]>([
    ["no array", d.integer(0)],
    ["an element that is no identification", d.array(d.integer(0))],
    ["an element of two", d.array(d.structure(d.longUnsigned(3), d.octetString("0100010800FF")))],
    ["a short name in it", d.array(d.structure(d.longUnsigned(3), d.octetString("0100"), d.integer(2)))],
  ])("read_by_logicalname and get_attributes&methods refuse %s", async (_, parameters) => {
    const client = await password();
    expect((await client.actionResult(READ_BY_LOGICAL_NAME, parameters)).result).toBe(12);
    const wrong =
      parameters.type === "array" && d.elementsOf(parameters, "list").some((one) => one.type === "structure");
    if (!wrong) expect((await client.actionResult(RIGHTS, parameters)).result).toBe(12);
  });

  it("get_attributes&methods: a bit for each attribute and method", async () => {
    const client = await password();
    const object = (classId: number, name: string): Data => d.structure(d.longUnsigned(classId), nameData(name));
    const asked = d.array(object(1, TEXT), object(ASSOCIATION_SN, CURRENT_ASSOCIATION), object(3, "1-1:9.9.9.255"));
    const bits = (value: string): Data => ({ type: "bit-string", value }) as unknown as Data;
    const answer = d.elementsOf((await client.action(RIGHTS, asked))!, "rights", 3);
    const shown = answer.map((one) => d.elementsOf(one, "rights of one", 3).map((b) => d.toText(b)));
    const expected = [
      ["11", "01", ""],
      ["111111", "000000", "0011110111"],
      ["", "", ""],
    ];
    expect(shown).toEqual(expected.map((one) => one.map((b) => d.toText(bits(b)))));
  });

  it("change_LLS_secret: the next association needs the new one", async () => {
    const client = await password();
    const change = method(ASSOCIATION_SN, OWN, 5);
    expect((await client.actionResult(change, d.unsigned(1))).result).toBe(12);
    expect((await client.actionResult(change, d.octetString(""))).result).toBe(250);
    expect((await client.actionResult(change, d.octetString(new Uint8Array(65)))).result).toBe(250);
    expect((await client.actionResult(change, d.octetString(ascii("new")))).result).toBe(0);
    await client.disconnect();
    await expect(password()).rejects.toMatchObject({ diagnostic: 13 });
    const again = await password({ password: ascii("new") });
    const own = method(ASSOCIATION_SN, CURRENT_ASSOCIATION, 5);
    expect((await again.actionResult(own, d.octetString(ascii("newer")))).result).toBe(0);
    await again.disconnect();
    await (await password({ password: ascii("newer") })).disconnect();
  });

  it("change_HLS_secret", async () => {
    const client = await password();
    const change = method(ASSOCIATION_SN, CURRENT_ASSOCIATION, 6);
    expect((await client.actionResult(change, d.octetString(ascii("another secret")))).result).toBe(0);
    await client.disconnect();
    await expect(rig.associated(0, high("md5"))).rejects.toThrow();
    await (await rig.associated(0, high("md5", { password: ascii("another secret") }))).disconnect();
  });

  it("add_user and remove_user: who is not listed is refused, and current_user names who came", async () => {
    const user = (id: number, name: string): Data => d.structure(d.unsigned(id), d.octetString(ascii(name)));
    const client = await password();
    const change = (id: number): ReturnType<typeof method> => method(ASSOCIATION_SN, CURRENT_ASSOCIATION, id);
    expect((await client.actionResult(change(9), d.unsigned(1))).result).toBe(12);
    expect((await client.actionResult(change(9), user(7, "Ann"))).result).toBe(0);
    expect(await client.get(attribute(ASSOCIATION_SN, OWN, 5))).toEqual(d.array(user(7, "Ann")));
    await client.disconnect();
    await expect(password()).rejects.toMatchObject({ result: 1, diagnostic: 6 });
    const named = await password({ userId: 7 });
    expect(await named.get(attribute(ASSOCIATION_SN, CURRENT_ASSOCIATION, 6))).toEqual(user(7, "Ann"));
    expect((await named.actionResult(change(10), user(7, ""))).result).toBe(0);
    await named.disconnect();
    await (await password()).disconnect();
  });

  it("what the public client may not do", async () => {
    const client = await rig.associated(0, { clientSap: PUBLIC_SN, shortNames: true });
    for (const id of [5, 6, 8]) {
      const result = await client.actionResult(method(ASSOCIATION_SN, CURRENT_ASSOCIATION, id), d.octetString("00"));
      expect(result.result, `method ${id}`).toBe(3);
    }
  });
});

describe("high level security", () => {
  it.each(["md5", "sha1", "gmac", "sha256"] as const)(
    "%s by a Read of reply_to_HLS_authentication",
    async (mechanism) => {
      const client = await rig.associated(0, high(mechanism));
      expect(client.conformance).toBe(ALL_SN & ~CONFORMANCE["information-report"] & ~CONFORMANCE["data-notification"]);
      expect(client.initiateResponse!.vaaName).toBe(0xfa00);
      expect((await client.getResult(attribute(3, ENERGY, 2))).code).toBe(0);
    },
  );

  it("nothing else is served before it, and a wrong answer ends the association", async () => {
    const client = rig.client(0, high("md5", { password: ascii("wrong secret") }));
    await client.connect();
    const seen: string[] = [];
    client.hooks.received = (octets) => void seen.push(Buffer.from(octets).toString("hex").toUpperCase());
    await expect(client.associate()).rejects.toThrow();
    expect(seen.at(-1)).toBe("0C010103");
    const after = await client.raw(fromHex("050102FD08"));
    expect(Buffer.from(after).toString("hex").toUpperCase()).toBe("0E010302");
  });

  it.each([
    "050102FD08",
    "050102FA58",
    "050104FD0800090100",
    "050204FA580009010002FD08",
    "060102FA5801090100",
    "05",
    "0501",
    "050104FA58",
  ])("while pending %s is refused", async (request) => {
    const client = rig.client(0, high("md5", { aarq: (aarq) => aarq }));
    await client.connect();
    client.hooks.plain = () => fromHex(request);
    const seen: string[] = [];
    client.hooks.received = (octets) => void seen.push(Buffer.from(octets).toString("hex").toUpperCase());
    await expect(client.associate()).rejects.toThrow();
    expect(seen.at(-1)).toBe("D80101");
  });
});

describe("ciphered", () => {
  it.each([
    ["glo", {}, 0x25, 0x2c],
    ["ded", { dedicatedKey: new Uint8Array(16).fill(7) }, 0x45, 0x4c],
    ["general-glo", { family: "general-glo" }, 0xdb, 0xdb],
  ] as const)("%s", async (_, more, request, response) => {
    const client = await rig.associated(0, high("gmac", { security: "authenc", ...more }));
    const tags: number[] = [];
    client.hooks.sealed = (octets) => (tags.push(octets[0]!), octets);
    client.hooks.received = (octets) => void tags.push(octets[0]!);
    await client.get(attribute(3, ENERGY, 2));
    expect(tags.slice(-2)).toEqual([request, response]);
    await client.set(text, d.octetString(ascii("c")));
    const plus = request === 0xdb ? 0 : 1;
    expect(tags.slice(-2)).toEqual([request + plus, response + plus]);
    await unconfirmedWriteService(client, [text], [d.octetString(ascii("unconfirmed"))]);
    expect(await client.get(text)).toEqual(d.octetString(ascii("unconfirmed")));
    const denied = await client.setResult(attribute(3, ENERGY, 2), d.doubleLongUnsigned(1));
    expect(denied).toBe(3);
    await client.release();
  });

  it("a confirmedServiceError is protected as its request was", async () => {
    const client = await rig.associated(0, high("gmac", { security: "authenc" }));
    client.hooks.plain = () => fromHex("05010300010000");
    const tags: number[] = [];
    client.hooks.received = (octets) => void tags.push(octets[0]!);
    await expect(client.get(attribute(3, ENERGY, 2))).rejects.toThrow(/read, application-reference/);
    expect(tags).toEqual([0x2e]);
  });
});

describe("long values", () => {
  it.each([
    ["in blocks of the service", SERVICES_SN],
    ["in general block transfer", READ | WRITE | PARAMETERIZED | MULTIPLE | CONFORMANCE["general-block-transfer"]],
  ])("%s, both ways, plain and ciphered", async (_, conformance) => {
    await rig.advance(20 * 900_000);
    const whole = await password();
    const expected = await profileRead(whole, LOAD_PROFILE, {});
    for (const security of ["none", "authenc"] as const) {
      const options = high("gmac", { security, conformance, pduSizeMax: 128, counter: security === "none" ? 1 : 100 });
      const client = await rig.associated(0, options);
      const [, buffer] = await client.getList([attribute(8, CLOCK, 3), attribute(7, LOAD_PROFILE, 2)]);
      expect(d.elementsOf(buffer!.data!, "buffer")).toHaveLength(expected.rows.length);
      const many = Array.from({ length: 40 }, () => text);
      const codes = await client.setList(
        many,
        many.map((_, i) => d.octetString(ascii(`value ${i} of so many that they do not fit`))),
      );
      expect(new Set(codes)).toEqual(new Set([0]));
      expect(await client.get(text)).toEqual(d.octetString(ascii("value 39 of so many that they do not fit")));
    }
  });

  it("over HDLC, with a profile by time", async () => {
    await rig.advance(20 * 900_000);
    const client = await password({ hdlc: {} });
    const table = await profileRead(client, LOAD_PROFILE, { last: 3 });
    expect(table.rows).toHaveLength(3);
    expect(nameOf(LOAD_PROFILE, 2) % 8).toBe(0);
  });
});
