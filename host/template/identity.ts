/**
 * Who a meter is: from a seed and its index, its serial number, names and keys, and the provision records that tell the
 * core (docs/ARCHITECTURE.md, section 3). Structure of both names: decision 17 of docs/CONFORMANCE.md.
 */
import { createHmac } from "node:crypto";
import type { IdentityDocument } from "./document.ts";
import { TemplateError } from "./error.ts";
import { type AttributeRow, HIDDEN } from "./attributes.ts";
import { CLASS_HDLC_SETUP, type ObjectModel, type TemplateModel } from "./model.ts";

/** Keys of a security context: global unicast and broadcast encryption key, global authentication key, master key. */
export interface ContextKeys {
  guek: Uint8Array;
  gbek: Uint8Array;
  gak: Uint8Array;
  master: Uint8Array;
}

/** Keys and secrets of a meter, as octets. */
export interface MeterKeys extends ContextKeys {
  /** Password of low level security, and secret of high level security. */
  lls: Uint8Array;
  hls: Uint8Array;
  /** The context of consumer information; without them it opens and seals nothing. Never those of another context. */
  consumer?: ContextKeys;
}

export interface MeterIdentity {
  index: number;
  /** Eight digits. */
  serialNumber: string;
  /** Sixteen characters. */
  logicalDeviceName: string;
  /** Eight octets. */
  systemTitle: Uint8Array;
  keys: MeterKeys;
}

/** published: the test keys everybody knows, in every meter; derive: a set of its own for each meter. */
export type KeyChoice = "published" | "derive";

/** Serial numbers have 8 digits, which fit the 28 bits that a system title has for them. */
const SERIALS = 100_000_000;
/** Meters of a seed before its serial numbers meet those of the next seed. */
const METERS_PER_SEED = 1_000_000;
/** Bits of the function type (idis-objects: D disconnector, L load management, M multi-utility). */
const FUNCTION_BITS: Record<string, number> = { D: 1, L: 2, M: 4 };

function hex(text: string): Uint8Array {
  return Uint8Array.from(Buffer.from(text, "hex"));
}

function ascii(text: string): Uint8Array {
  return Uint8Array.from(Buffer.from(text, "latin1"));
}

/** The keys of the Green Book's examples, and made-up ones for consumer information: good for tests, and for nothing else. */
export const PUBLISHED_KEYS: MeterKeys = {
  guek: hex("000102030405060708090A0B0C0D0E0F"),
  gbek: hex("0F0E0D0C0B0A09080706050403020100"),
  gak: hex("D0D1D2D3D4D5D6D7D8D9DADBDCDDDEDF"),
  master: hex("00112233445566778899AABBCCDDEEFF"),
  lls: ascii("00000000"),
  hls: ascii("0123456789ABCDEF"),
  consumer: {
    guek: hex("404142434445464748494A4B4C4D4E4F"),
    gbek: hex("4F4E4D4C4B4A49484746454443424140"),
    gak: hex("B0B1B2B3B4B5B6B7B8B9BABBBCBDBEBF"),
    master: hex("8899AABBCCDDEEFF0011223344556677"),
  },
};

/** The same for suite 2, whose keys have 32 octets. */
const PUBLISHED_KEYS_256: MeterKeys = {
  ...PUBLISHED_KEYS,
  guek: hex("000102030405060708090A0B0C0D0E0F101112131415161718191A1B1C1D1E1F"),
  gbek: hex("0F0E0D0C0B0A090807060504030201001F1E1D1C1B1A19181716151413121110"),
  gak: hex("D0D1D2D3D4D5D6D7D8D9DADBDCDDDEDFE0E1E2E3E4E5E6E7E8E9EAEBECEDEEEF"),
  master: hex("00112233445566778899AABBCCDDEEFFFFEEDDCCBBAA99887766554433221100"),
  consumer: {
    guek: hex("404142434445464748494A4B4C4D4E4F505152535455565758595A5B5C5D5E5F"),
    gbek: hex("4F4E4D4C4B4A494847464544434241405F5E5D5C5B5A59585756555453525150"),
    gak: hex("B0B1B2B3B4B5B6B7B8B9BABBBCBDBEBFC0C1C2C3C4C5C6C7C8C9CACBCCCDCECF"),
    master: hex("8899AABBCCDDEEFF00112233445566777766554433221100FFEEDDCCBBAA9988"),
  },
};

/** Octets of a symmetric key of a security suite. */
export function keySizeOf(suite: number): number {
  return suite === 2 ? 32 : 16;
}

/** Octets that only depend on seed, index and purpose; the password is 8 hexadecimal digits, so that it can be typed. */
function keysDerive(seed: number, index: number, size: number): MeterKeys {
  const derive = (purpose: string) => {
    const digest = createHmac("sha256", `dlms-meter seed ${seed}`).update(`meter ${index} ${purpose}`).digest();
    return Uint8Array.from(digest.subarray(0, size));
  };
  const text = (purpose: string, size: number) =>
    ascii(Buffer.from(derive(purpose)).toString("hex").toUpperCase().slice(0, size));
  const context = (of: string): ContextKeys => ({
    guek: derive(`${of}GUEK`),
    gbek: derive(`${of}GBEK`),
    gak: derive(`${of}GAK`),
    master: derive(`${of}master`),
  });
  return { ...context(""), lls: text("LLS", 8), hls: text("HLS", 16), consumer: context("consumer ") };
}

function publishedKeys(suite: number): MeterKeys {
  return suite === 2 ? PUBLISHED_KEYS_256 : PUBLISHED_KEYS;
}

function functionBits(identity: IdentityDocument): number {
  return identity.functions.reduce((bits, name) => bits | (FUNCTION_BITS[name] ?? 0), 0);
}

/** Manufacturer, 3-digit device type, 2-digit function type, 8-digit serial number. */
function logicalDeviceName(identity: IdentityDocument, serial: number): string {
  const type = String(identity.deviceType).padStart(3, "0");
  const functions = String(functionBits(identity)).padStart(2, "0");
  return `${identity.manufacturer}${type}${functions}${String(serial).padStart(8, "0")}`;
}

/** Manufacturer, device type, 4 bits of function type, 28 bits of serial number. */
function systemTitle(identity: IdentityDocument, serial: number): Uint8Array {
  const title = Buffer.alloc(8);
  title.write(identity.manufacturer, 0, "latin1");
  title[3] = identity.deviceType;
  title.writeUInt32BE(functionBits(identity) * 2 ** 28 + serial, 4);
  return Uint8Array.from(title);
}

function wholeCheck(what: string, value: number): number {
  if (Number.isSafeInteger(value) && value >= 0) return value;
  throw new TemplateError(`${what}: ${value} is not a whole number from 0`);
}

/**
 * The meter `index` (from 0) of `seed`: the same arguments give the same meter. Meters of one seed are distinct; those of
 * two seeds too, up to a million meters each and a hundred seeds.
 */
export function meterIdentity(
  identity: IdentityDocument,
  seed: number,
  index: number,
  keys: KeyChoice = "published",
  suite = 0,
): MeterIdentity {
  wholeCheck("seed", seed);
  wholeCheck("index", index);
  if (index >= SERIALS)
    throw new TemplateError(`index: ${index} (limit ${SERIALS - 1}, the serial number has 8 digits)`);
  const serial = (((seed + 99) % 100) * METERS_PER_SEED + index + 1) % SERIALS;
  return {
    index,
    serialNumber: String(serial).padStart(8, "0"),
    logicalDeviceName: logicalDeviceName(identity, serial),
    systemTitle: systemTitle(identity, serial),
    keys: keys === "derive" ? keysDerive(seed, index, keySizeOf(suite)) : publishedKeys(suite),
  };
}

/** Logical names that this file fills. */
const LOGICAL_DEVICE_NAME = "0-0:42.0.0.255";
const DEVICE_ID_1 = "0-0:96.1.0.255";
/** device_addr of an IEC local port setup. */
const CLASS_LOCAL_PORT_SETUP = 19;
const DEVICE_ADDR = 6;
/** Attribute and parts of the hidden keys of a Security setup (hidden.json), and its server_system_title. */
const KEYS = 0;
const KEY_PARTS = ["guek", "gbek", "gak", "master"] as const;
const SERVER_SYSTEM_TITLE = 5;
/** Parts of hidden.json for suites 1 and 2: private keys by certificate_type, trust anchors, other certificates. */
const PRIVATE_KEYS = 16;
const TRUST_ANCHORS = 32;
const TRUST_ANCHORS_MAX = 2;
const CERTIFICATES = 34;
const CERTIFICATES_MAX = 14;
const DEVICE_ADDRESS = 9;
/** Server SAP of the management logical device. */
const MANAGEMENT = 1;
/** Client SAP of consumer information (IDIS). */
const CONSUMER = 103;

/** The name of a further logical device: its server SAP, modulo 1000, stands in the place of the device type. */
function deviceName(name: string, device = MANAGEMENT): string {
  if (device === MANAGEMENT) return name;
  return name.slice(0, 3) + String(device % 1000).padStart(3, "0") + name.slice(6);
}

/** Collects records; what the template keeps no value for is left out. */
class Records {
  readonly parts: Uint8Array[] = [];
  private readonly model: TemplateModel;

  constructor(model: TemplateModel) {
    this.model = model;
  }

  /** A value of an attribute as octet-string, or raw where the row is hidden. */
  put(object: ObjectModel | undefined, attribute: number, part: number, octets: Uint8Array): void {
    const row = object && this.model.row(object, attribute, part);
    if (!row || row.capacity === 0) return;
    this.record(object, attribute, part, row.flags & HIDDEN ? octets : Uint8Array.from([9, octets.length, ...octets]));
  }

  /** device_address of every IEC HDLC setup. */
  hdlcAddress(address: number): void {
    for (const object of this.model.objects) {
      if (object.classId !== CLASS_HDLC_SETUP || this.model.row(object, DEVICE_ADDRESS) === undefined) continue;
      this.record(object, DEVICE_ADDRESS, 0, Uint8Array.of(0x12, address >> 8, address & 0xff));
    }
  }

  private record(object: ObjectModel, attribute: number, part: number, value: Uint8Array): void {
    const row = this.model.row(object, attribute, part)!;
    if (value.length > row.capacity) {
      const what = `object ${object.logicalName} "${object.name}": attributes.${attribute}`;
      throw new TemplateError(`${what}: ${value.length} octets provisioned (limit ${row.capacity})`);
    }
    const head = Buffer.alloc(12);
    head.writeUInt16BE(object.classId, 0);
    head.set(object.octets, 2);
    head.writeInt8(attribute, 8);
    head.writeUInt8(part, 9);
    // Four bits tell apart the objects of one name.
    head.writeUInt16BE(object.ordinal * 0x1000 + value.length, 10);
    this.parts.push(head, value);
  }
}

/** Private keys and certificates that a meter is delivered with. */
export interface MeterCertificates {
  /** Scalars by certificate_type: digital signature, key agreement, TLS. */
  privateKeys: readonly (Uint8Array | undefined)[];
  /** Certificates of Root-CAs, DER. */
  anchors: readonly Uint8Array[];
  /** Sub-CAs, its own, and those of clients, DER. */
  certificates: readonly Uint8Array[];
}

/** What a meter has of its own beside its identity. */
export interface MeterPlace {
  /** Lower HDLC address on a line it shares with others. */
  hdlcAddress?: number;
  /** Only a Security setup of suite 1 or 2 takes them. */
  certificates?: MeterCertificates;
}

/** Takes the octets of an attribute that an identity gives. */
type Put = (object: ObjectModel | undefined, attribute: number, part: number, octets: Uint8Array) => void;

function certificatesPut(put: Put, setup: ObjectModel, c: MeterCertificates): void {
  const limits = [
    ["trust anchors", c.anchors.length, TRUST_ANCHORS_MAX],
    ["certificates", c.certificates.length, CERTIFICATES_MAX],
  ] as const;
  for (const [what, count, limit] of limits) {
    if (count > limit) throw new TemplateError(`${setup.logicalName}: ${count} ${what} provisioned (limit ${limit})`);
  }
  c.privateKeys.forEach((key, type) => {
    if (key !== undefined) put(setup, KEYS, PRIVATE_KEYS + type, key);
  });
  c.anchors.forEach((der, i) => put(setup, KEYS, TRUST_ANCHORS + i, der));
  c.certificates.forEach((der, i) => put(setup, KEYS, CERTIFICATES + i, der));
}

/** Security setups of consumer information alone. One that other clients use too has their keys. */
function consumerSetups({ associations }: TemplateModel["parts"]): Set<number | undefined> {
  const setups = new Set(associations.filter((a) => a.clientSap === CONSUMER).map((a) => a.securitySetup));
  for (const { clientSap, securitySetup, securitySetupLocal } of associations) {
    if (clientSap === CONSUMER) continue;
    setups.delete(securitySetup);
    setups.delete(securitySetupLocal);
  }
  return setups;
}

/** The keys that the client of consumer information has, undefined where the template has no context of its own for it. */
export function consumerKeys(identity: MeterIdentity, model: TemplateModel): ContextKeys | undefined {
  const setups = consumerSetups(model.parts);
  return model.securitySetups().some(({ index }) => setups.has(index)) ? identity.keys.consumer : undefined;
}

/** Puts all that an identity gives a meter, names and keys, and the certificates it is delivered with. */
function identityPut(put: Put, identity: MeterIdentity, model: TemplateModel, certificates?: MeterCertificates): void {
  for (const object of model.all(LOGICAL_DEVICE_NAME)) {
    put(object, 2, 0, ascii(deviceName(identity.logicalDeviceName, object.device)));
  }
  for (const object of model.all(DEVICE_ID_1)) put(object, 2, 0, ascii(identity.serialNumber));
  for (const local of model.objects.filter((object) => object.classId === CLASS_LOCAL_PORT_SETUP)) {
    put(local, DEVICE_ADDR, 0, ascii(identity.serialNumber));
  }
  const consumers = consumerSetups(model.parts);
  for (const setup of model.securitySetups()) {
    const consumer = consumers.has(setup.index);
    const keys = consumer ? identity.keys.consumer : identity.keys;
    put(setup, SERVER_SYSTEM_TITLE, 0, identity.systemTitle);
    if (keys !== undefined) KEY_PARTS.forEach((key, part) => put(setup, KEYS, part, keys[key]));
    // The certificates are those of management and its client.
    if (!consumer && certificates !== undefined) certificatesPut(put, setup, certificates);
  }
  for (const association of model.parts.associations) {
    const secret = (row: number | undefined, octets: Uint8Array) => {
      const found = row === undefined ? undefined : model.parts.rows[row];
      if (found) put(model.objects[found.object], found.id, found.part, octets);
    };
    secret(association.llsSecret, identity.keys.lls);
    secret(association.hlsSecret, identity.keys.hls);
  }
}

/** The provision records of a meter, big-endian, for region 6 of the core. */
export function provisionRecords(identity: MeterIdentity, model: TemplateModel, place: MeterPlace = {}): Uint8Array {
  const records = new Records(model);
  if (place.hdlcAddress !== undefined) records.hdlcAddress(place.hdlcAddress);
  const put: Put = (object, attribute, part, octets) => records.put(object, attribute, part, octets);
  identityPut(put, identity, model, place.certificates);
  return Uint8Array.from(Buffer.concat(records.parts));
}

/** Rows that every meter is provisioned with. */
export function provisionedRows(model: TemplateModel): AttributeRow[] {
  const rows: AttributeRow[] = [];
  const put: Put = (object, attribute, part) => {
    const row = object && model.row(object, attribute, part);
    if (row) rows.push(row);
  };
  identityPut(put, meterIdentity(model.parts.identity, 0, 0), model);
  return rows;
}
