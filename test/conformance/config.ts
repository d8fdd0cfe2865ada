/**
 * What is declared about the meter under test: how it is reached, its associations and keys. The defaults fit the meter
 * of this project with its published test keys.
 */
import { readFileSync } from "node:fs";
import { CLIENT_TITLE_DEFAULT, fromHex, type Authentication, type SecurityLevel } from "../../host/client/index.ts";
import type { Asymmetric } from "./asymmetric.ts";
import type { Serial } from "./serial.ts";

export interface Endpoint {
  host: string;
  port: number;
}

/** One association that the meter claims to offer. */
export interface Association {
  name: string;
  clientSap: number;
  authentication: Authentication;
  security: SecurityLevel;
  /** LLS password, or HLS secret of mechanisms 3, 4 and 6 */
  password?: Uint8Array;
  /** Who uses the client, where the meter identifies users (user_list) */
  userId?: number;
  /** It is there without AARQ; security as its APDUs have it */
  preEstablished?: boolean;
  /** It refers by short names */
  shortNames?: boolean;
  /** Keys of a security context of its own, whose counter no object shows */
  keys?: { guek: Uint8Array; gak: Uint8Array };
}

export interface Config {
  /** TCP wrapper */
  target?: Endpoint;
  /** HDLC over TCP */
  hdlc?: Endpoint;
  serial?: Serial;
  serverSap: number;
  /** Lower HDLC address; null = one-octet addressing only */
  lower: number | null;
  /** Lengths of the server address that the meter claims to accept; the first is used throughout. */
  addressLengths: (1 | 2 | 4)[];
  associations: Association[];
  /** Associations that are there without AARQ */
  preEstablished: Association[];
  /** Associations with short names, for the cases of those */
  shortNames: Association[];
  /** Declared logical device name; undefined = not compared */
  logicalDeviceName?: string;
  guek?: Uint8Array;
  gak?: Uint8Array;
  /** Keys and certificates of a client in suite 1 or 2; undefined = suite 0 */
  asymmetric?: Asymmetric;
  /** Master key, wraps transferred keys */
  kek?: Uint8Array;
  systemTitle: Uint8Array;
  /** Receive invocation counter that the public client can read */
  counterObject: string;
  /** Milliseconds to wait for an answer that should come */
  timeOut: number;
  /** Milliseconds without an answer that count as silence */
  silence: number;
  /** Declared inter-octet time-out, milliseconds */
  interOctet: number;
  /** Skip cases that wait for time-outs */
  quick: boolean;
  /** Do not write back values in the object procedure */
  readOnly: boolean;
  /** Restores the meter; its addresses may change. */
  reset?: (config: Config) => Promise<void>;
}

const text = (value: string): Uint8Array => Uint8Array.from(Buffer.from(value, "latin1"));

/** Published test values, those of the meter of this project: keys of the Green Book examples and of IDIS test set-ups. */
export const PUBLISHED = {
  guek: fromHex("000102030405060708090A0B0C0D0E0F"),
  gak: fromHex("D0D1D2D3D4D5D6D7D8D9DADBDCDDDEDF"),
  kek: fromHex("00112233445566778899AABBCCDDEEFF"),
  password: "00000000",
};

export function associationsDefault(password: string): Association[] {
  return [
    { name: "public", clientSap: 16, authentication: "none", security: "none" },
    { name: "management, LLS", clientSap: 1, authentication: "lls", security: "none", password: text(password) },
    { name: "management, HLS-GMAC ciphered", clientSap: 1, authentication: "gmac", security: "authenc" },
  ];
}

const PRE_ESTABLISHED_DEFAULT: Association = {
  name: "pre-established",
  clientSap: 102,
  authentication: "none",
  security: "none",
  preEstablished: true,
};

const CONSUMER_DEFAULT: Association = {
  name: "consumer information",
  clientSap: 103,
  authentication: "none",
  security: "authenc",
  preEstablished: true,
  keys: {
    guek: fromHex("404142434445464748494A4B4C4D4E4F"),
    gak: fromHex("B0B1B2B3B4B5B6B7B8B9BABBBCBDBEBF"),
  },
};

export function configDefault(): Config {
  return {
    serverSap: 1,
    lower: 16,
    addressLengths: [2, 1],
    associations: associationsDefault(PUBLISHED.password),
    preEstablished: [PRE_ESTABLISHED_DEFAULT, CONSUMER_DEFAULT],
    shortNames: [],
    guek: PUBLISHED.guek,
    gak: PUBLISHED.gak,
    kek: PUBLISHED.kek,
    systemTitle: CLIENT_TITLE_DEFAULT,
    counterObject: "0-0:43.1.0.255",
    timeOut: 3000,
    silence: 500,
    interOctet: 1000,
    quick: false,
    readOnly: false,
  };
}

interface AssociationDeclared {
  name: string;
  clientSap: number;
  authentication?: Authentication;
  security?: SecurityLevel;
  password?: string;
  /** HLS secret as hexadecimal text */
  secret?: string;
  userId?: number;
  preEstablished?: boolean;
  shortNames?: boolean;
  /** Of a security context of its own, hexadecimal */
  guek?: string;
  gak?: string;
}

/** A declaration file: {"associations": [{…}]}, each as README.md has it. */
export function associationsRead(path: string): Association[] {
  const declared = JSON.parse(readFileSync(path, "utf8")) as { associations?: AssociationDeclared[] };
  if (!Array.isArray(declared.associations) || declared.associations.length === 0) {
    throw new Error(`${path} declares no associations`);
  }
  return declared.associations.map(({ password, secret, guek, gak, ...a }) => ({
    authentication: "none",
    security: "none",
    ...a,
    ...(password === undefined ? {} : { password: text(password) }),
    ...(secret === undefined ? {} : { password: fromHex(secret) }),
    ...(guek === undefined || gak === undefined ? {} : { keys: { guek: fromHex(guek), gak: fromHex(gak) } }),
  }));
}
