/**
 * Meters of suites 0, 1 and 2 with everything a client and a third party need to talk to them: keys, key pairs, certificates of a
 * test authority. The client is that of host/client/, which shares no code with the core.
 */
import {
  type Client as MeterClient,
  Client,
  CLIENT_TITLE_DEFAULT,
  type ClientOptions,
} from "../../host/client/index.ts";
import { keyPairOf, type KeyPair } from "../../host/client/ec.ts";
import { curveOf } from "../../host/client/suite.ts";
import type { SecurityDocument, TemplateDocument } from "../../host/template/document.ts";
import type { MeterIdentity } from "../../host/template/identity.ts";
import { certificate, type Made, pair, type Pair, pairOf } from "../pki/der.ts";
import { hidden, ownTitle, Part, SETUP, suiteTemplate } from "../pki/meter.ts";
import { RawMeter, type RawOptions } from "./raw.ts";
import { EVERY_SERVICE } from "./rig.ts";

export const CLIENT_TITLE = CLIENT_TITLE_DEFAULT;
/** A third party, known to the meter by its certificates alone. */
export const THIRD_TITLE = Uint8Array.from(Buffer.from("4D4D4D0000C0FFEE", "hex"));

const octets = (from: number, size: number): Uint8Array =>
  Uint8Array.from({ length: size }, (_, i) => (from + i) & 0xff);
const titleText = (title: Uint8Array): string => Buffer.from(title).toString("hex").toUpperCase();

export interface SuiteKeys {
  guek: Uint8Array;
  gbek: Uint8Array;
  gak: Uint8Array;
  master: Uint8Array;
}

export function suiteKeys(suite: number): SuiteKeys {
  const size = suite === 2 ? 32 : 16;
  return { guek: octets(0, size), gbek: octets(0x30, size), gak: octets(0xd0, size), master: octets(0x70, size) };
}

/** Key pairs of somebody, and certificates for them. */
export interface Party {
  signing: Pair;
  agreement: Pair;
  signingCertificate: Made;
  agreementCertificate: Made;
}

export interface OtherParty extends Party {
  title: Uint8Array;
}

/** Private keys of somebody, where a test names them. */
export interface PartyKeys {
  signing?: Uint8Array;
  agreement?: Uint8Array;
}

function party(
  name: string,
  title: Uint8Array,
  curve: Pair["curve"],
  issuer: Made,
  given: PartyKeys = {},
  notAfter?: Date,
): Party {
  const own = (what: keyof PartyKeys): Pair =>
    given[what] === undefined ? pair(`${name} ${what}`, curve) : pairOf(Buffer.from(given[what]), curve);
  const signing = own("signing");
  const agreement = own("agreement");
  const subject = titleText(title);
  const common = { subject, issuer, ...(notAfter === undefined ? {} : { notAfter }) };
  return {
    signing,
    agreement,
    signingCertificate: certificate({ ...common, pair: signing, usage: "sign", serial: 2 }),
    agreementCertificate: certificate({ ...common, pair: agreement, usage: "agree", serial: 3 }),
  };
}

export interface SuiteOptions extends Partial<RawOptions> {
  /** Readings of the standard. */
  security?: SecurityDocument;
  /** security_policy, default 0. */
  policy?: number;
  change?: (document: TemplateDocument) => void;
  /** Certificates of the client that the meter holds; default both. */
  clientCertificates?: "both" | "agreement" | "none";
  /** Keys of the test in place of those that suiteKeys() makes. */
  keys?: SuiteKeys;
  /** server_system_title; default: that of the identity. */
  title?: Uint8Array;
  serverKeys?: PartyKeys;
  clientKeys?: PartyKeys;
  /** More third parties, whose key agreement certificates the meter has. */
  others?: number;
  /** When the client's certificates end; default: never. */
  clientNotAfter?: Date;
}

export interface SuiteMeter {
  suite: number;
  raw: RawMeter;
  keys: SuiteKeys;
  root: Made;
  server: Party;
  client: Party;
  third: Party;
  others: OtherParty[];
  /** Options of the management client; more of them on top. */
  options(more?: ClientOptions): ClientOptions;
  /** A client on a connection of its own, associated. */
  associated(more?: ClientOptions, index?: number): Promise<MeterClient>;
}

/** A pair as the client wants it. */
export const clientPair = (suite: number, p: Pair): KeyPair => keyPairOf(curveOf(suite), p.privateKey);

function records(suite: number, m: Omit<SuiteMeter, "raw" | "options" | "associated">, wanted: SuiteOptions): Buffer {
  const { keys } = m;
  const parts = [keys.guek, keys.gbek, keys.gak, keys.master].map((key, i) => hidden(i, key));
  if (wanted.title !== undefined) parts.push(ownTitle(wanted.title));
  if (suite === 0) return Buffer.concat(parts);
  parts.push(hidden(Part.PRIVATE_KEY, m.server.signing.privateKey));
  parts.push(hidden(Part.PRIVATE_KEY + 1, m.server.agreement.privateKey));
  parts.push(hidden(Part.TRUST_ANCHOR, m.root.der));
  const which = wanted.clientCertificates ?? "both";
  const stored = [m.server.signingCertificate, m.server.agreementCertificate];
  if (which === "both") stored.push(m.client.signingCertificate);
  if (which !== "none") stored.push(m.client.agreementCertificate);
  stored.push(m.third.signingCertificate, m.third.agreementCertificate);
  stored.push(...m.others.map(({ agreementCertificate }) => agreementCertificate));
  stored.forEach(({ der }, i) => parts.push(hidden(Part.CERTIFICATE + i, der)));
  return Buffer.concat(parts);
}

function templateOf(suite: number, wanted: SuiteOptions): RawOptions["template"] {
  return suiteTemplate(suite, (document) => {
    const { management } = document.associations;
    management!.mechanisms = ["lls", "gmac", "hls-sha256", "hls-ecdsa"].filter((m) => suite > 0 || m !== "hls-ecdsa");
    management!.conformance = EVERY_SERVICE;
    const setup = document.objects.find(({ logicalName }) => logicalName === SETUP)!;
    setup.attributes![2] = { ...setup.attributes![2], value: { enum: wanted.policy ?? 0 } };
    (setup.access as Record<string, { act: number[] }>)["management"]!.act = [1, 2, 3, 4, 5, 6, 7, 8];
    if (wanted.security !== undefined) document.security = wanted.security;
    wanted.change?.(document);
  });
}

/** Boots a meter of a suite. */
export function suiteMeter(suite: number, wanted: SuiteOptions = {}): SuiteMeter {
  const curve = suite === 2 ? "P-384" : "P-256";
  const rootPair = pair("test root", curve);
  const root = certificate({ subject: "Test Root", pair: rootPair, usage: "ca" });
  const keys = wanted.keys ?? suiteKeys(suite);
  let whole: Omit<SuiteMeter, "raw" | "options" | "associated"> | undefined;
  const provision = (identity: MeterIdentity): Buffer => {
    const server = party("server", wanted.title ?? identity.systemTitle, curve, root, wanted.serverKeys);
    const client = party("client", CLIENT_TITLE, curve, root, wanted.clientKeys, wanted.clientNotAfter);
    const third = party("third", THIRD_TITLE, curve, root);
    const others = Array.from({ length: wanted.others ?? 0 }, (_, i) => {
      const title = THIRD_TITLE.with(7, i);
      return { title, ...party(`other ${i}`, title, curve, root) };
    });
    whole = { suite, keys, root, server, client, third, others };
    return records(suite, whole, wanted);
  };
  const raw = RawMeter.boot({ ...wanted, template: templateOf(suite, wanted)!, provision });
  const m = whole!;
  const options = (more: ClientOptions = {}): ClientOptions => ({
    ...{ clientSap: 1, authentication: "gmac" as const, security: "authenc" as const, suite, counter: 1 },
    ...{ guek: keys.guek, gak: keys.gak, gbek: keys.gbek, masterKey: keys.master, transactionId: 1n },
    ...(suite === 0 ? {} : credentials(suite, m)),
    ...more,
  });
  const associated = async (more: ClientOptions = {}, index = 0): Promise<MeterClient> => {
    const slot = raw.slotOf("wrapper", index);
    if (raw.isOpen(slot)) raw.close(slot);
    raw.open(slot);
    const client = new Client(raw.transport(slot), { timeOut: 1000, ...options(more) });
    await client.connect();
    await client.associate();
    return client;
  };
  return { ...m, raw, options, associated };
}

function credentials(suite: number, m: Omit<SuiteMeter, "raw" | "options" | "associated">): ClientOptions {
  return {
    signing: clientPair(suite, m.client.signing),
    agreement: clientPair(suite, m.client.agreement),
    partnerSigning: Uint8Array.from(m.server.signing.publicKey),
    partnerAgreement: Uint8Array.from(m.server.agreement.publicKey),
  };
}
