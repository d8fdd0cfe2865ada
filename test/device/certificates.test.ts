/**
 * Key pairs and certificates of Security setup version 1 in suites 1 and 2, over the wire (Blue Book, class 64 attribute 6 and methods 4
 * to 8). node:crypto makes the certificates and reads what the meter makes.
 */
import { createPublicKey, verify, X509Certificate } from "node:crypto";
import { beforeEach, describe, expect, it } from "vitest";
import { attribute, type Client, type ClientOptions, type Data, encodeData, method } from "../../host/client/index.ts";
import { MemoryFlash } from "../../host/flash/memory.ts";
import type { Compiled } from "../../host/template/compile.ts";
import {
  authorityKey,
  certificate,
  commonName,
  hardwareName,
  keyUsage,
  type Made,
  pair,
  type Pair,
  pairOf,
  type Wanted,
} from "../pki/der.ts";
import { hidden, Part, SETUP, suiteTemplate } from "../pki/meter.ts";
import { act, apduOf, associateLls, CONFORMANCE_ALL, get, getNext, hex, initiate } from "./apdus.ts";
import { RawMeter } from "./raw.ts";
import { EVERY_SERVICE, lls, Rig } from "./rig.ts";

const Result = { SUCCESS: 0, TEMPORARY: 2, DENIED: 3, UNAVAILABLE: 11, TYPE: 12, OTHER: 250 } as const;
const Purpose = { SIGN: 0, AGREE: 1, TLS: 2 } as const;
const Entity = { SERVER: 0, CLIENT: 1, AUTHORITY: 2, OTHER: 3 } as const;
const USAGES = ["sign", "agree", "tls"] as const;

const CERTIFICATES = attribute(64, SETUP, 6);
const CLIENT_TITLE = Buffer.from("4D4D4D0000BC614E", "hex");

const e = (value: number): Data => ({ type: "enum", value });
const o = (value: Uint8Array): Data => ({ type: "octet-string", value });
const s = (...value: Data[]): Data => ({ type: "structure", value }) as Data;
const text = (title: Uint8Array): string => Buffer.from(title).toString("hex").toUpperCase();

const byEntity = (entity: number, type: number, title: Uint8Array): Data => s(e(0), s(e(entity), e(type), o(title)));
const bySerial = (serial: Uint8Array, issuer: Uint8Array): Data => s(e(1), s(o(serial), o(issuer)));

/** A meter of a suite that trusts one Root-CA, and a Sub-CA below it. */
class Stage {
  readonly curve: Pair["curve"];
  readonly root: Made;
  readonly sub: Made;
  readonly rig: Rig;
  readonly title: Uint8Array;
  readonly flash: MemoryFlash[] = [];

  constructor(suite: number, compiled: Compiled = suiteTemplate(suite), more: Uint8Array[] = []) {
    this.curve = suite === 2 ? "P-384" : "P-256";
    this.root = certificate({ subject: "Root-CA", pair: pair("root", this.curve), usage: "ca" });
    this.sub = certificate({ subject: "Sub-CA", pair: pair("sub", this.curve), usage: "ca", issuer: this.root });
    this.rig = this.boot(compiled, more);
    this.title = this.rig.identity(0).systemTitle;
  }

  private boot(compiled: Compiled, more: Uint8Array[]): Rig {
    const provision = Buffer.concat([hidden(Part.TRUST_ANCHOR, this.root.der), ...more]);
    return Rig.boot({
      template: compiled,
      provision: () => provision,
      flash: (_, size) => (this.flash[0] ??= new MemoryFlash(size)),
    });
  }

  client(options: ClientOptions = {}): Promise<Client> {
    return this.rig.associated(0, lls(this.rig.identity(0), options));
  }

  /** A certificate below the Sub-CA. */
  below(subject: Uint8Array, key: Pair, usage: Wanted["usage"] = "sign", more: Partial<Wanted> = {}): Made {
    return certificate({ subject: text(subject), pair: key, usage: usage ?? "sign", issuer: this.sub, ...more });
  }
}

const call = async (client: Client, id: number, parameter: Data): Promise<number> =>
  (await client.actionResult(method(64, SETUP, id), parameter)).result;

const generate = (client: Client, purpose: number): Promise<number> => call(client, 4, e(purpose));
const imports = (client: Client, der: Uint8Array): Promise<number> => call(client, 6, o(der));
const remove = (client: Client, which: Data): Promise<number> => call(client, 8, which);

async function octetsOf(client: Client, id: number, parameter: Data): Promise<Buffer> {
  const data = await client.action(method(64, SETUP, id), parameter);
  return Buffer.from((data as { value: Uint8Array }).value);
}
const request = (client: Client, purpose: number): Promise<Buffer> => octetsOf(client, 5, e(purpose));
const exported = (client: Client, which: Data): Promise<Buffer> => octetsOf(client, 7, which);

/** Elements of a DER element. */
function elements(der: Buffer): Buffer[] {
  const found: Buffer[] = [];
  for (let at = 0; at < der.length;) {
    const first = der[at + 1]!;
    const head = first < 0x80 ? 2 : first === 0x81 ? 3 : 4;
    const size = first < 0x80 ? first : first === 0x81 ? der[at + 2]! : der.readUInt16BE(at + 2);
    found.push(der.subarray(at, at + head + size));
    at += head + size;
  }
  return found;
}

function content(der: Buffer): Buffer {
  const first = der[1]!;
  return der.subarray(first < 0x80 ? 2 : first === 0x81 ? 3 : 4);
}

interface Request {
  subject: Buffer;
  /** x || y */
  publicKey: Buffer;
  verified: boolean;
  attributes: Buffer;
}

/** Reads a PKCS#10 request and checks its signature with node:crypto. */
function requestRead(der: Buffer): Request {
  const [info, algorithm, signature] = elements(content(elements(der)[0]!)) as [Buffer, Buffer, Buffer];
  expect(elements(der).length).toBe(1);
  const [version, subject, key, attributes] = elements(content(info)) as [Buffer, Buffer, Buffer, Buffer];
  expect(version.toString("hex")).toBe("020100");
  const publicKey = createPublicKey({ key, format: "der", type: "spki" });
  const jwk = publicKey.export({ format: "jwk" });
  const hash = jwk.crv === "P-256" ? "sha256" : "sha384";
  expect(algorithm.toString("hex")).toBe(hash === "sha256" ? "300a06082a8648ce3d040302" : "300a06082a8648ce3d040303");
  return {
    subject,
    attributes,
    publicKey: Buffer.concat([Buffer.from(jwk.x!, "base64url"), Buffer.from(jwk.y!, "base64url")]),
    verified: verify(hash, info, publicKey, content(signature).subarray(1)),
  };
}

/** A key pair of which only the public half is known: what a CA certifies. */
const publicOnly = (publicKey: Buffer, curve: Pair["curve"]): Pair => ({
  ...pairOf(Buffer.alloc(32, 1), "P-256"),
  curve,
  publicKey,
});

/** Rows of attribute 6 as {entity, type, serial, issuer, subject, subject_alt_name}. */
async function listed(client: Client): Promise<{ entity: number; type: number; subject: Buffer }[]> {
  const rows = (await client.get(CERTIFICATES)) as unknown as { value: { value: { value: unknown }[] }[] };
  return rows.value.map(({ value }) => ({
    entity: value[0]!.value as number,
    type: value[1]!.value as number,
    subject: Buffer.from(value[4]!.value as Uint8Array),
  }));
}

describe.each([1, 2])("suite %i", (suite) => {
  let stage: Stage;
  let client: Client;

  beforeEach(async () => {
    stage = new Stage(suite);
    client = await stage.client();
  });

  it("a new pair: request, certificate, in use; the old one serves until then", async () => {
    expect(await imports(client, stage.sub.der)).toBe(Result.SUCCESS);
    for (const [purpose, usage] of USAGES.entries()) {
      expect(await generate(client, purpose)).toBe(Result.SUCCESS);
      const der = await request(client, purpose);
      const first = requestRead(der);
      expect(first).toMatchObject({ verified: true, subject: commonName(text(stage.title)) });
      expect(first.attributes.toString("hex")).toBe("a000");
      expect(Math.abs(der.length - (suite === 1 ? 217 : 280))).toBeLessThanOrEqual(2);
      const own = stage.below(stage.title, publicOnly(first.publicKey, stage.curve), usage);
      expect(await imports(client, own.der)).toBe(Result.SUCCESS);
      expect(await exported(client, byEntity(Entity.SERVER, purpose, stage.title))).toEqual(own.der);
      // Without a pair that waits, a request is for the one in use: a renewal of its certificate.
      expect(requestRead(await request(client, purpose)).publicKey).toEqual(first.publicKey);
      expect(await generate(client, purpose)).toBe(Result.SUCCESS);
      expect(requestRead(await request(client, purpose)).publicKey).not.toEqual(first.publicKey);
      const renewed = stage.below(stage.title, publicOnly(first.publicKey, stage.curve), usage, { serial: 9 });
      expect(await imports(client, renewed.der)).toBe(Result.SUCCESS);
      expect(await exported(client, byEntity(Entity.SERVER, purpose, stage.title))).toEqual(renewed.der);
    }
    expect((await listed(client)).filter(({ entity }) => entity === Entity.SERVER).map(({ type }) => type)).toEqual([
      0, 1, 2,
    ]);
  });

  it("pairs and certificates survive a restart, those that wait too", async () => {
    expect(await imports(client, stage.sub.der)).toBe(Result.SUCCESS);
    expect(await generate(client, Purpose.SIGN)).toBe(Result.SUCCESS);
    const { publicKey } = requestRead(await request(client, Purpose.SIGN));
    const own = stage.below(stage.title, publicOnly(publicKey, stage.curve));
    expect(await imports(client, own.der)).toBe(Result.SUCCESS);
    expect(await generate(client, Purpose.AGREE)).toBe(Result.SUCCESS);
    const waiting = requestRead(await request(client, Purpose.AGREE)).publicKey;
    const rows = await listed(client);
    stage.rig.meter(0).boot();
    await stage.rig.settled();
    const again = await stage.client();
    expect(await listed(again)).toEqual(rows);
    expect(requestRead(await request(again, Purpose.SIGN)).publicKey).toEqual(publicKey);
    expect(requestRead(await request(again, Purpose.AGREE)).publicKey).toEqual(waiting);
  });

  it("certificates of partners: imported, listed, exported both ways, replaced, removed", async () => {
    expect(await imports(client, stage.sub.der)).toBe(Result.SUCCESS);
    const first = stage.below(CLIENT_TITLE, pair("client", stage.curve), "sign", { serial: 0x81 });
    const other = stage.below(CLIENT_TITLE, pair("client agree", stage.curve), "agree", { serial: 3 });
    expect(await imports(client, first.der)).toBe(Result.SUCCESS);
    expect(await imports(client, other.der)).toBe(Result.SUCCESS);
    expect(await listed(client)).toEqual([
      { entity: Entity.AUTHORITY, type: 3, subject: stage.root.subject },
      { entity: Entity.AUTHORITY, type: 3, subject: stage.sub.subject },
      { entity: Entity.CLIENT, type: 0, subject: first.subject },
      { entity: Entity.CLIENT, type: 1, subject: other.subject },
    ]);
    const which = byEntity(Entity.CLIENT, Purpose.SIGN, CLIENT_TITLE);
    expect(await exported(client, which)).toEqual(first.der);
    expect(await exported(client, byEntity(Entity.OTHER, Purpose.AGREE, CLIENT_TITLE))).toEqual(other.der);
    expect(await exported(client, byEntity(Entity.AUTHORITY, 3, new Uint8Array(0)))).toEqual(stage.root.der);
    const serial = Buffer.from("2081", "hex");
    for (const form of [serial, Buffer.concat([Buffer.from([2, 2]), serial])]) {
      expect(await exported(client, bySerial(form, stage.sub.subject))).toEqual(first.der);
    }
    const newer = stage.below(CLIENT_TITLE, pair("client 2", stage.curve), "sign", { serial: 4 });
    expect(await imports(client, newer.der)).toBe(Result.SUCCESS);
    expect((await listed(client)).length).toBe(4);
    expect(await exported(client, which)).toEqual(newer.der);
    expect(await remove(client, which)).toBe(Result.SUCCESS);
    expect(await call(client, 7, which)).toBe(Result.UNAVAILABLE);
    expect(await remove(client, which)).toBe(Result.UNAVAILABLE);
    expect((await listed(client)).length).toBe(3);
    stage.rig.meter(0).boot();
    await stage.rig.settled();
    expect((await listed(await stage.client())).length).toBe(3);
  });

  it("what attribute 6 says is what node reads", async () => {
    const extensions = [keyUsage("sign"), authorityKey(stage.root.pair), hardwareName(CLIENT_TITLE)];
    const made = certificate({
      ...{ subject: text(CLIENT_TITLE), pair: pair("client", stage.curve), issuer: stage.root, serial: 0x77 },
      over: { extensions },
    });
    expect(await imports(client, made.der)).toBe(Result.SUCCESS);
    const rows = (await client.get(CERTIFICATES)) as unknown as { value: { value: { value: Uint8Array }[] }[] };
    const fields = rows.value[1]!.value.map(({ value }) => value);
    const oracle = new X509Certificate(made.der);
    expect(Buffer.from(fields[2]!).toString("hex").toUpperCase()).toBe(oracle.serialNumber);
    expect(Buffer.from(fields[3]!)).toEqual(stage.root.subject);
    expect(`CN=${text(CLIENT_TITLE)}`).toBe(oracle.subject);
    expect(Buffer.from(fields[5]!)).toEqual(content(elements(content(extensions[2]!))[1]!));
  });

  describe("import refuses, and nothing changes", () => {
    const cases: [name: string, der: (s: Stage) => Uint8Array, result: number][] = [
      ["no certificate", () => Buffer.from("3003020101", "hex"), Result.DENIED],
      ["nothing", () => Buffer.alloc(0), Result.DENIED],
      ["a trust anchor again", (x) => x.root.der, Result.DENIED],
      ["a Root-CA of a stranger", () => certificate({ subject: "S", pair: pair("s"), usage: "ca" }).der, Result.DENIED],
      ["a certificate whose issuer is not there", (x) => x.below(CLIENT_TITLE, pair("c", x.curve)).der, Result.DENIED],
      [
        "no title",
        (x) => certificate({ subject: "Client", pair: pair("c", x.curve), issuer: x.root }).der,
        Result.DENIED,
      ],
      [
        "a key usage of no purpose",
        (x) =>
          certificate({
            ...{ subject: text(CLIENT_TITLE), pair: pair("c", x.curve), issuer: x.root },
            over: { extensions: [keyUsage("sign", "crl")] },
          }).der,
        Result.DENIED,
      ],
      [
        "the other curve",
        (x) =>
          certificate({
            subject: text(CLIENT_TITLE),
            pair: pair("c", x.curve === "P-256" ? "P-384" : "P-256"),
            issuer: x.root,
          }).der,
        Result.DENIED,
      ],
      [
        "expired",
        (x) =>
          certificate({
            ...{ subject: text(CLIENT_TITLE), pair: pair("c", x.curve), issuer: x.root },
            notAfter: new Date(Date.UTC(2025, 11, 31)),
          }).der,
        Result.DENIED,
      ],
      [
        "the meter's own title with a key that is not its own",
        (x) => certificate({ subject: text(x.title), pair: pair("c", x.curve), issuer: x.root }).der,
        Result.DENIED,
      ],
      ["more octets than a certificate may have", () => Buffer.alloc(641, 0x30), Result.OTHER],
    ];
    it.each(cases)("%s", async (_, der, result) => {
      expect(await imports(client, der(stage))).toBe(result);
      expect((await listed(client)).length).toBe(1);
    });

    it("every change of an octet of a good one", async () => {
      const { der } = certificate({ subject: text(CLIENT_TITLE), pair: pair("c", stage.curve), issuer: stage.root });
      for (let at = 0; at < der.length; at += suite === 1 ? 13 : 47) {
        const changed = Buffer.from(der);
        changed[at]! ^= 1;
        expect(await imports(client, changed), `octet ${at}`).toBe(Result.DENIED);
      }
      expect(await imports(client, der)).toBe(Result.SUCCESS);
    });
  });

  it("a full store says so; a replacement still fits", async () => {
    const title = (i: number) => Buffer.from(`4D4D4D00000000${i.toString(16).padStart(2, "0")}`, "hex");
    const made = (i: number, serial: number) =>
      certificate({ subject: text(title(i)), pair: pair(`${i}`, stage.curve), issuer: stage.root, serial }).der;
    for (let i = 0; i < 14; i++) expect(await imports(client, made(i, i))).toBe(Result.SUCCESS);
    expect(await imports(client, made(14, 14))).toBe(Result.OTHER);
    expect(await imports(client, made(3, 77))).toBe(Result.SUCCESS);
    expect((await listed(client)).length).toBe(15);
    expect(await remove(client, byEntity(Entity.CLIENT, Purpose.SIGN, title(5)))).toBe(Result.SUCCESS);
    expect(await imports(client, made(14, 14))).toBe(Result.SUCCESS);
  });

  it("trust anchors and the meter's own certificates cannot be removed", async () => {
    const own = pair("own", stage.curve);
    const made = certificate({ subject: text(stage.title), pair: own, issuer: stage.root });
    const mine = new Stage(suite, undefined, [hidden(Part.PRIVATE_KEY, own.privateKey)]);
    const other = await mine.client();
    expect(await imports(other, made.der)).toBe(Result.SUCCESS);
    expect(await remove(other, byEntity(Entity.SERVER, Purpose.SIGN, mine.title))).toBe(Result.DENIED);
    expect(await remove(other, byEntity(Entity.AUTHORITY, 3, new Uint8Array(0)))).toBe(Result.DENIED);
    expect(await remove(other, bySerial(Buffer.from("2001", "hex"), mine.root.subject))).toBe(Result.DENIED);
    expect((await listed(other)).length).toBe(2);
  });

  const malformed: [string, number, Data, number][] = [
    ["a pair for nothing", 4, e(3), Result.DENIED],
    ["a pair, another type", 4, { type: "unsigned", value: 0 }, Result.TYPE],
    ["a request without a pair", 5, e(0), Result.UNAVAILABLE],
    ["a request for nothing", 5, e(9), Result.DENIED],
    ["import, another type", 6, e(0), Result.TYPE],
    ["export, another identification", 7, s(e(2), s(o(CLIENT_TITLE), o(CLIENT_TITLE))), Result.DENIED],
    ["export, too few fields", 7, s(e(0), s(e(1), e(0))), Result.TYPE],
    ["export, a short title", 7, byEntity(1, 0, CLIENT_TITLE.subarray(1)), Result.UNAVAILABLE],
    ["export, an unknown serial number", 7, bySerial(Buffer.from([1]), Buffer.from([0x30, 0])), Result.UNAVAILABLE],
    ["remove, another type", 8, o(CLIENT_TITLE), Result.TYPE],
  ];
  it.each(malformed)("%s", async (_, id, parameter, result) => {
    expect(await call(client, id, parameter)).toBe(result);
    expect(encodeData(parameter).length).toBeGreaterThan(0);
  });
});

describe("long parameters and answers", () => {
  const small = (size: number) =>
    suiteTemplate(1, (document) => {
      document.apduSizeMax = size;
      document.associations["management"]!.conformance = EVERY_SERVICE;
    });
  const GENERAL_BLOCK_TRANSFER = 0x200000;
  const SERVICE_BLOCKS = 0x001c00;
  const ways = [
    ["in blocks of the services", { conformance: CONFORMANCE_ALL & ~GENERAL_BLOCK_TRANSFER }],
    ["in general block transfer", { conformance: CONFORMANCE_ALL & ~SERVICE_BLOCKS, gbtWindow: 1 }],
  ] as const;
  const cases = [128, 256, 512].flatMap((size) => ways.map(([way, options]) => [size, way, options] as const));

  it.each(cases)("APDUs of %i octets, %s: certificates in and out, and the list", async (size, _, options) => {
    const stage = new Stage(1, small(size));
    const client = await stage.client({ pduSizeMax: size, ...options });
    const sizes: number[] = [];
    client.hooks.received = (octets) => void sizes.push(octets.length);
    expect(await imports(client, stage.sub.der)).toBe(Result.SUCCESS);
    const made = stage.below(CLIENT_TITLE, pair("client"));
    expect(await imports(client, made.der)).toBe(Result.SUCCESS);
    expect(await exported(client, byEntity(Entity.CLIENT, Purpose.SIGN, CLIENT_TITLE))).toEqual(made.der);
    expect((await listed(client)).length).toBe(3);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(size);
    // A certificate does not fit one APDU of the smaller sizes: every piece of it is answered or is an answer.
    expect(sizes.length).toBeGreaterThanOrEqual(size === 512 ? 4 : Math.floor((3 * made.der.length) / size));
  });

  it("a list whose certificates change under way ends; one that nobody touches goes on", () => {
    const root = certificate({ subject: "Root-CA", pair: pair("root"), usage: "ca" });
    const anchor = hidden(Part.TRUST_ANCHOR, root.der);
    const meter = RawMeter.boot({ template: suiteTemplate(1), provision: anchor });
    const reading = meter.wrapper();
    const changing = meter.wrapper({ index: 1 });
    associateLls(reading, meter.identity, initiate({ pduSizeMax: 80 }));
    associateLls(changing, meter.identity);
    const importing = (serial: number) => {
      const made = certificate({ subject: text(CLIENT_TITLE), pair: pair("c"), issuer: root, serial });
      return hex(changing.exchange(act(64, SETUP, 6, o(made.der))));
    };
    expect(importing(1)).toBe("C701C10000");
    const list = get(64, SETUP, 6);
    const undisturbed = hex(reading.exchange(list)) + hex(reading.exchange(getNext(1)));
    expect(hex(reading.exchange(list)) + hex(reading.exchange(getNext(1)))).toBe(undisturbed);
    reading.exchange(list);
    expect(importing(2)).toBe("C701C10000");
    const ended = apduOf("get-response-with-datablock", reading.exchange(getNext(1)));
    expect(ended).toMatchObject({ last: true, error: 14 });
  });
});

describe("without randomness", () => {
  it("a pair is a temporary failure, until the host has given a seed", () => {
    const meter = RawMeter.boot({ template: suiteTemplate(1), entropyHeld: true });
    const channel = meter.wrapper();
    associateLls(channel, meter.identity);
    const asked = act(64, SETUP, 4, e(Purpose.SIGN));
    expect(hex(channel.exchange(asked))).toBe("C701C10200");
    meter.entropyHeld = false;
    meter.advance(1000);
    expect(hex(channel.exchange(asked))).toBe("C701C10000");
  });
});

describe("suite 0 and version 0", () => {
  it("suite 0: no pairs, no certificates", async () => {
    const rig = Rig.boot();
    const client = await rig.associated(0, lls(rig.identity(0)));
    expect(await client.get(CERTIFICATES)).toMatchObject({ type: "array", value: [] });
    for (const [id, parameter] of [
      [4, e(0)],
      [5, e(0)],
      [6, o(CLIENT_TITLE)],
      [7, byEntity(2, 3, new Uint8Array(0))],
      [8, byEntity(2, 3, new Uint8Array(0))],
    ] as const)
      expect(await call(client, id, parameter)).toBe(Result.UNAVAILABLE);
  });

  it("version 0: methods 1 and 2, and its own policies, which only get stronger", async () => {
    const compiled = suiteTemplate(0, (document) => {
      const setup = document.objects.find(({ logicalName }) => logicalName === SETUP)!;
      setup.version = 0;
      delete setup.attributes![6];
    });
    const rig = Rig.boot({ template: compiled });
    const client = await rig.associated(0, lls(rig.identity(0)));
    expect(await client.actionResult(method(64, SETUP, 4), e(0))).toMatchObject({ result: Result.DENIED });
    expect(await client.getResult(CERTIFICATES)).toMatchObject({ code: 3 });
    expect(await call(client, 1, e(4))).toBe(Result.DENIED);
    expect(await call(client, 1, e(0))).toBe(Result.SUCCESS);
    // 1 demands authentication, which this client's plain requests have not.
    expect(await call(client, 1, e(1))).toBe(Result.SUCCESS);
    await expect(client.get(attribute(64, SETUP, 2))).rejects.toThrow();
  });
});
