/** The provision file: what meters are delivered with beside their template, as JSON that `serve --provision` takes. */
import { readFileSync } from "node:fs";
import { Ajv2020 } from "ajv/dist/2020.js";
import { certificateParse } from "../client/certificate.ts";
import { keyPairOf } from "../client/ec.ts";
import { equal, fromHex, toHex } from "../client/octets.ts";
import { suiteOf } from "../client/suite.ts";
import type { ContextKeys, MeterCertificates, MeterKeys } from "../template/identity.ts";

/** A provision file that cannot be used: one line that says where and what. */
export class ProvisionError extends Error {}

/** What one meter is delivered with. */
export interface MeterProvision {
  /** The system title that its certificates name */
  systemTitle: Uint8Array;
  keys: MeterKeys;
  certificates?: MeterCertificates;
}

export interface Provision {
  suite: number;
  /** By index of the meter */
  meters: MeterProvision[];
}

const CONTEXT_KEYS = ["guek", "gbek", "gak", "master"] as const;
/** Names of the private keys, by certificate_type. */
const PRIVATE_KEYS = ["signing", "agreement", "tls"] as const;

/** Keys of a security context, hexadecimal. */
type ContextFile = Record<(typeof CONTEXT_KEYS)[number], string>;

interface MeterFile {
  systemTitle: string;
  keys: ContextFile & { password: string; hlsSecret: string; consumer?: ContextFile };
  privateKeys?: Partial<Record<(typeof PRIVATE_KEYS)[number], string>>;
  /** Certificates: base64 of the DER */
  trustAnchors?: string[];
  certificates?: string[];
}

interface ProvisionFile {
  $comment?: string;
  suite: number;
  meters: MeterFile[];
}

const hex = (min: number, max: number): object => ({
  type: "string",
  pattern: `^([0-9A-Fa-f]{2}){${min},${max}}$`,
});
const base64 = { type: "string", pattern: "^[A-Za-z0-9+/]+={0,2}$" };
const KEY = hex(16, 32);
const CONTEXT = { guek: KEY, gbek: KEY, gak: KEY, master: KEY };

const SCHEMA = {
  type: "object",
  additionalProperties: false,
  required: ["suite", "meters"],
  properties: {
    $comment: { type: "string" },
    suite: { enum: [0, 1, 2] },
    meters: {
      type: "array",
      minItems: 1,
      items: {
        type: "object",
        additionalProperties: false,
        required: ["systemTitle", "keys"],
        properties: {
          systemTitle: hex(8, 8),
          keys: {
            type: "object",
            additionalProperties: false,
            required: ["guek", "gbek", "gak", "master", "password", "hlsSecret"],
            properties: {
              ...CONTEXT,
              password: { type: "string", minLength: 1, maxLength: 32 },
              hlsSecret: { type: "string", minLength: 8, maxLength: 64 },
              consumer: {
                type: "object",
                additionalProperties: false,
                required: CONTEXT_KEYS,
                properties: CONTEXT,
              },
            },
          },
          privateKeys: {
            type: "object",
            additionalProperties: false,
            properties: { signing: hex(32, 48), agreement: hex(32, 48), tls: hex(32, 48) },
          },
          trustAnchors: { type: "array", items: base64 },
          certificates: { type: "array", items: base64 },
        },
      },
    },
  },
};

const latin = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, "latin1"));
const fromBase64 = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, "base64"));
const toBase64 = (octets: Uint8Array): string => Buffer.from(octets).toString("base64");

/** Reads and checks a provision file. @throws ProvisionError */
export function provisionRead(path: string): Provision {
  let json: unknown;
  try {
    json = JSON.parse(readFileSync(path, "utf8"));
  } catch (cause) {
    throw new ProvisionError(`${path}: ${(cause as Error).message}`, { cause });
  }
  // Compiled only where a file is read: every command loads this module.
  const validate = new Ajv2020({ allErrors: false }).compile<ProvisionFile>(SCHEMA);
  if (!validate(json)) {
    const error = validate.errors![0]!;
    const extra = error.params["additionalProperty"] as string | undefined;
    const where = error.instancePath.slice(1).replaceAll("/", ".") || "the file";
    throw new ProvisionError(`${path}: ${where} ${error.message}${extra === undefined ? "" : ` ("${extra}")`}`);
  }
  try {
    return { suite: json.suite, meters: json.meters.map((meter, i) => meterOf(meter, json.suite, `meters.${i}`)) };
  } catch (cause) {
    throw new ProvisionError(`${path}: ${(cause as Error).message}`, { cause });
  }
}

/** The keys of a security context, which fit the suite. */
function contextOf(file: ContextFile, suite: number, where: string): ContextKeys {
  const { keySize } = suiteOf(suite);
  for (const name of CONTEXT_KEYS) {
    const size = file[name].length / 2;
    if (size !== keySize)
      throw new ProvisionError(`${where}.${name} has ${size} octets; suite ${suite} has ${keySize}`);
  }
  return { guek: fromHex(file.guek), gbek: fromHex(file.gbek), gak: fromHex(file.gak), master: fromHex(file.master) };
}

function contextText({ guek, gbek, gak, master }: ContextKeys): ContextFile {
  return { guek: toHex(guek), gbek: toHex(gbek), gak: toHex(gak), master: toHex(master) };
}

function meterOf(file: MeterFile, suite: number, where: string): MeterProvision {
  const { password, hlsSecret, consumer } = file.keys;
  const keys: MeterKeys = {
    ...contextOf(file.keys, suite, `${where}.keys`),
    lls: latin(password),
    hls: latin(hlsSecret),
    ...(consumer && { consumer: contextOf(consumer, suite, `${where}.keys.consumer`) }),
  };
  const meter: MeterProvision = { systemTitle: fromHex(file.systemTitle), keys };
  const holds = file.privateKeys !== undefined || file.trustAnchors !== undefined || file.certificates !== undefined;
  if (!holds) return meter;
  if (suite === 0) throw new ProvisionError(`${where}: suite 0 has neither key pairs nor certificates`);
  meter.certificates = certificatesOf(file, suite, where);
  ownCheck(meter, suite, where);
  return meter;
}

function certificatesOf(file: MeterFile, suite: number, where: string): MeterCertificates {
  const der = (list: string[] | undefined, what: string): Uint8Array[] =>
    (list ?? []).map((text, i) => {
      const octets = fromBase64(text);
      try {
        certificateParse(octets);
      } catch (cause) {
        throw new ProvisionError(`${where}.${what}.${i}: ${(cause as Error).message}`, { cause });
      }
      return octets;
    });
  const { curve } = suiteOf(suite);
  const privateKeys = PRIVATE_KEYS.map((name) => {
    const text = file.privateKeys?.[name];
    return text === undefined ? undefined : keyPairOf(curve!, fromHex(text)).privateKey;
  });
  const anchors = der(file.trustAnchors, "trustAnchors");
  return { privateKeys, anchors, certificates: der(file.certificates, "certificates") };
}

/** Each private key belongs to a certificate of this meter, else it could neither sign nor agree. */
function ownCheck(meter: MeterProvision, suite: number, where: string): void {
  const { curve } = suiteOf(suite);
  const own = meter
    .certificates!.certificates.map(certificateParse)
    .filter(({ title }) => title !== undefined && equal(title, meter.systemTitle));
  meter.certificates!.privateKeys.forEach((key, type) => {
    if (key === undefined) return;
    const { publicKey } = keyPairOf(curve!, key);
    if (own.some((certificate) => equal(certificate.publicKey, publicKey))) return;
    const title = toHex(meter.systemTitle);
    throw new ProvisionError(
      `${where}.privateKeys.${PRIVATE_KEYS[type]}: no certificate of ${title} holds its public key`,
    );
  });
}

/** The text of a provision file. */
export function provisionText(provision: Provision, comment: string): string {
  const meters = provision.meters.map((meter): MeterFile => {
    const { lls, hls, consumer } = meter.keys;
    const text = (octets: Uint8Array): string => Buffer.from(octets).toString("latin1");
    const keys = {
      ...contextText(meter.keys),
      password: text(lls),
      hlsSecret: text(hls),
      ...(consumer && { consumer: contextText(consumer) }),
    };
    const file: MeterFile = { systemTitle: toHex(meter.systemTitle), keys };
    if (meter.certificates === undefined) return file;
    const { privateKeys, anchors, certificates } = meter.certificates;
    const named = PRIVATE_KEYS.flatMap((name, type) => {
      const key = privateKeys[type];
      return key === undefined ? [] : [[name, toHex(key)] as const];
    });
    const asymmetric = { trustAnchors: anchors.map(toBase64), certificates: certificates.map(toBase64) };
    return { ...file, privateKeys: Object.fromEntries(named), ...asymmetric };
  });
  const file: ProvisionFile = { $comment: comment, suite: provision.suite, meters };
  return `${JSON.stringify(file, null, 2)}\n`;
}
