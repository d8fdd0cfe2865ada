/** What the commands read, set and call share: connection options, keys, the visit to the meter, errors. */

import { readFileSync } from "node:fs";
import { InvalidArgumentError, Option, type Command } from "commander";
import { type Authentication, type SecurityLevel } from "./association.ts";
import { numberOf } from "./data.ts";
import {
  filesFrom,
  key,
  SECURITY_FROM_FILE,
  securityOptions,
  securityWanted,
  withSecurityOptions,
  type SecurityCommandOptions,
} from "./command_security.ts";
import * as errors from "./errors.ts";
import { logicalNameCanonical } from "./logical_name.ts";
import { OPENING_BAUD, signOn, type SignOnOptions } from "./mode_e.ts";
import { fromHex } from "./octets.ts";
import { attribute, Client, type ClientOptions } from "./session.ts";
import { connectTcp, connectUdp, openSerial, type Transport } from "./transport.ts";

export interface ConnectionOptions extends SecurityCommandOptions {
  tcp?: { host: string; port?: number };
  udp?: { host: string; port?: number };
  serial?: string;
  baud: number;
  /** Begin with the sign-on of IEC 62056-21, with the meter of this device address. */
  modeE?: boolean;
  meterAddress?: string;
  hdlc?: boolean;
  client: number;
  server: number;
  hdlcAddress: number;
  auth: Authentication;
  password?: string;
  security: SecurityLevel;
  sn?: boolean;
  guek?: Uint8Array;
  gak?: Uint8Array;
  systemTitle?: Uint8Array;
  counter?: number | "auto";
  keys?: string;
  class?: number;
  timeout: number;
  json?: boolean;
}

const WRAPPER_PORT = 4059;
const HDLC_PORT = 4060;
const PUBLIC_CLIENT = 16;
/** Receive counter of the management context, readable by the public client. */
const COUNTER_NAME = "0-0:43.1.0.255";

/** A whole number of an option, within limits. */
export function whole(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = /^\d+$/.test(text) ? Number(text) : NaN;
    if (!(value >= min && value <= max)) throw new InvalidArgumentError(`Give a whole number from ${min} to ${max}.`);
    return value;
  };
}

/** Octets of an option as hexadecimal digits. */
export function octets(size: number): (text: string) => Uint8Array {
  return (text) => {
    const valid = new RegExp(`^[0-9a-fA-F]{${size * 2}}$`).test(text);
    if (!valid) throw new InvalidArgumentError(`Give ${size} octets as ${size * 2} hexadecimal digits.`);
    return fromHex(text);
  };
}

function endpoint(text: string): { host: string; port?: number } {
  const match = /^(?:\[([^\]]+)\]|([^:]+))(?::(\d+))?$/.exec(text);
  const host = match?.[1] ?? match?.[2];
  const port = match?.[3] === undefined ? undefined : Number(match[3]);
  if (host === undefined || (port !== undefined && (port < 1 || port > 65535))) {
    throw new InvalidArgumentError("Give HOST:PORT, such as 127.0.0.1:4059 or [::1]:4059.");
  }
  return port === undefined ? { host } : { host, port };
}

function counter(text: string): number | "auto" {
  return text === "auto" ? "auto" : whole(0, 0xfffffffe)(text);
}

const AUTHENTICATIONS = ["none", "lls", "gmac", "sha256", "ecdsa", "md5", "sha1"];
const LEVELS = ["none", "auth", "enc", "authenc"];

const baudOption = (): Option =>
  new Option("--baud <n>", "speed of the serial port").argParser(whole(50, 4_000_000)).default(9600);

const meterAddressOption = (): Option =>
  new Option("--meter-address <text>", "device address for the sign-on (default: whoever is there)").argParser(
    (text) => {
      if (/^[^/!\0-\x1f\x7f-\uffff]{1,32}$/.test(text)) return text;
      throw new InvalidArgumentError("Give 1 to 32 characters, none of them / or !");
    },
  );

const timeoutOption = (): Option =>
  new Option("--timeout <s>", "seconds to wait for an answer").argParser(whole(1, 600)).default(5);

/** Add the options of a command that only signs on. */
export function withSignOnOptions(command: Command): Command {
  return command
    .addOption(baudOption().default(9600, "9600, or what the meter offers if that is less"))
    .addOption(meterAddressOption())
    .addOption(timeoutOption())
    .option("--json", "print JSON")
    .exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : 2));
}

/** What the options say of a sign-on. */
export function signOnOptionsOf(o: Pick<ConnectionOptions, "baud" | "timeout" | "meterAddress">): SignOnOptions {
  const address = o.meterAddress === undefined ? {} : { address: o.meterAddress };
  return { ...address, baud: o.baud, timeOut: o.timeout * 1000 };
}

/** Add the options every command has. Usage errors end with code 2. */
export function withConnectionOptions(command: Command): Command {
  return withSecurityOptions(command)
    .addOption(
      new Option("--tcp <host:port>", `meter over TCP (default 127.0.0.1:${WRAPPER_PORT}, :${HDLC_PORT} with --hdlc)`)
        .argParser(endpoint)
        .conflicts("serial"),
    )
    .addOption(
      new Option("--udp <host:port>", "meter over UDP: each APDU in a datagram of the wrapper, nothing sent twice")
        .argParser(endpoint)
        .conflicts(["tcp", "serial", "hdlc"]),
    )
    .option("--serial <path>", "meter on a serial port; implies --hdlc")
    .addOption(baudOption())
    .option("--mode-e", "sign on by IEC 62056-21 at 300 Bd first; --baud is the highest speed behind it")
    .addOption(meterAddressOption())
    .option("--hdlc", "HDLC frames instead of the TCP wrapper")
    .addOption(
      new Option("--client <n>", "client SAP: 16 public, 1 management").argParser(whole(0, 0xffff)).default(16),
    )
    .addOption(new Option("--server <n>", "server SAP (upper HDLC address)").argParser(whole(0, 0xffff)).default(1))
    .addOption(new Option("--hdlc-address <n>", "lower HDLC address").argParser(whole(0, 0x3fff)).default(16))
    .addOption(new Option("--auth <mechanism>", "authentication").choices(AUTHENTICATIONS).default("none"))
    .option("--password <text>", "LLS password or HLS secret; 0x… for octets")
    .addOption(new Option("--security <level>", "protection of the APDUs").choices(LEVELS).default("none"))
    .option("--sn", "short name referencing, where the meter offers it (template idis-p3-sn: clients 17 and 18)")
    .addOption(new Option("--guek <hex>", "global unicast encryption key").argParser(key))
    .addOption(new Option("--gak <hex>", "global authentication key").argParser(key))
    .addOption(
      new Option("--system-title <hex>", "client system title (default 4D4D4D0000BC614E)").argParser(octets(8)),
    )
    .addOption(
      new Option("--counter <n>", `first invocation counter; auto reads ${COUNTER_NAME} as public client`)
        .argParser(counter)
        .default("auto"),
    )
    .option(
      "--keys <file>",
      "JSON file with guek, gak, password, systemTitle and other options by name (keys demo makes one)",
    )
    .addOption(new Option("--class <n>", "class of the objects, instead of looking it up").argParser(whole(1, 0xffff)))
    .addOption(timeoutOption())
    .option("--json", "print JSON with the tags of the values")
    .exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : 2));
}

/** Options a keys file may hold, and how its text is read. */
const FROM_FILE: Readonly<Record<string, (text: string) => unknown>> = {
  ...SECURITY_FROM_FILE,
  guek: key,
  gak: key,
  systemTitle: octets(8),
  password: (text) => text,
  counter,
  auth: oneOf(AUTHENTICATIONS),
  security: oneOf(LEVELS),
  client: whole(0, 0xffff),
  server: whole(0, 0xffff),
  hdlcAddress: whole(0, 0x3fff),
  tcp: endpoint,
  udp: endpoint,
  serial: (text) => text,
  baud: whole(50, 4_000_000),
  meterAddress: (text) => text,
};

function oneOf(allowed: readonly string[]): (text: string) => string {
  return (text) => {
    if (!allowed.includes(text)) throw new InvalidArgumentError(`Allowed choices are ${allowed.join(", ")}.`);
    return text;
  };
}

/** The options of a command; what the command line does not name may come from the keys file. */
export function optionsOf<T extends ConnectionOptions>(command: Command): T {
  const options = command.opts<T>();
  if (options.keys === undefined) return options;
  const merged = { ...options } as Record<string, unknown>;
  const known = { ...FROM_FILE, ...filesFrom(options.keys) };
  for (const [name, value] of Object.entries(keysRead(options.keys))) {
    if (name === "$comment") continue;
    const parse = known[name];
    if (parse === undefined) {
      throw new errors.DlmsError(`${options.keys}: unknown name "${name}"; known are ${Object.keys(known).join(", ")}`);
    }
    if (command.getOptionValueSource(name) === "cli") continue;
    try {
      merged[name] = parse(String(value));
    } catch (cause) {
      throw new errors.DlmsError(`${options.keys}: ${name}: ${(cause as Error).message}`, { cause });
    }
  }
  return merged as unknown as T;
}

function keysRead(file: string): object {
  try {
    const json: unknown = JSON.parse(readFileSync(file, "utf8"));
    if (json !== null && typeof json === "object" && !Array.isArray(json)) return json;
  } catch (cause) {
    throw new errors.DlmsError(`cannot read the keys file ${file}: ${(cause as Error).message}`, { cause });
  }
  throw new errors.DlmsError(`the keys file ${file} must hold a JSON object`);
}

/** Opens the serial port and signs on; the identification is a line for people, so it goes to stderr, once a command. */
async function signedOn(o: ConnectionOptions, path: string): Promise<Transport> {
  const transport = await openSerial(path, OPENING_BAUD);
  try {
    const { text } = await signOn(transport, signOnOptionsOf(o));
    if (!identified.has(o)) process.stderr.write(`${text}\n`);
    identified.add(o);
    return transport;
  } catch (error) {
    await transport.close();
    throw error;
  }
}

/** Options of visits that have shown who answers. */
const identified = new WeakSet<ConnectionOptions>();

async function transportOpen(o: ConnectionOptions): Promise<Transport> {
  if (o.modeE === true && o.serial === undefined) throw new errors.DlmsError("--mode-e is for a serial port: --serial");
  if (o.serial !== undefined) return o.modeE === true ? signedOn(o, o.serial) : openSerial(o.serial, o.baud);
  if (o.udp !== undefined) return connectUdp(o.udp.host, o.udp.port ?? WRAPPER_PORT);
  const port = o.tcp?.port ?? (o.hdlc === true ? HDLC_PORT : WRAPPER_PORT);
  return connectTcp(o.tcp?.host ?? "127.0.0.1", port, o.timeout * 1000);
}

function clientOptions(o: ConnectionOptions): ClientOptions {
  const password = o.password === undefined ? undefined : passwordOctets(o.password);
  return {
    clientSap: o.client,
    serverSap: o.server,
    timeOut: o.timeout * 1000,
    authentication: o.auth,
    security: o.security,
    ...(o.sn === true ? { shortNames: true } : {}),
    ...(o.hdlc === true || o.serial !== undefined ? { hdlc: { lower: o.hdlcAddress || null } } : {}),
    ...(password === undefined ? {} : { password }),
    ...(o.guek === undefined ? {} : { guek: o.guek }),
    ...(o.gak === undefined ? {} : { gak: o.gak }),
    ...(o.systemTitle === undefined ? {} : { systemTitle: o.systemTitle }),
    ...securityOptions(o),
  };
}

function passwordOctets(text: string): Uint8Array {
  return text.startsWith("0x") ? fromHex(text.slice(2)) : Uint8Array.from(Buffer.from(text, "utf8"));
}

/** Connect, associate, do the work, release and disconnect. A release that fails does not spoil the work. */
export async function visit<T>(o: ConnectionOptions, work: (client: Client) => Promise<T>): Promise<T> {
  const options = clientOptions(o);
  if (o.security !== "none" || o.auth === "gmac" || securityWanted(o)) options.counter = await counterOf(o);
  return associated(o, options, work);
}

async function associated<T>(
  o: ConnectionOptions,
  options: ClientOptions,
  work: (client: Client) => Promise<T>,
): Promise<T> {
  const client = new Client(await transportOpen(o), options);
  try {
    await client.connect();
    await client.associate();
    const result = await work(client);
    await client.release().catch(() => undefined);
    return result;
  } finally {
    await client.disconnect();
  }
}

/** The first counter to send: as given, or one more than the meter has received. */
async function counterOf(o: ConnectionOptions): Promise<number> {
  if (typeof o.counter === "number") return o.counter;
  const { timeOut, serverSap, hdlc } = clientOptions(o);
  const options: ClientOptions = {
    clientSap: PUBLIC_CLIENT,
    ...(serverSap === undefined ? {} : { serverSap }),
    ...(timeOut === undefined ? {} : { timeOut }),
    ...(hdlc === undefined ? {} : { hdlc }),
  };
  try {
    const received = await associated(o, options, (client) => client.get(attribute(1, COUNTER_NAME, 2)));
    return numberOf(received, COUNTER_NAME) + 1;
  } catch (error) {
    if (!(error instanceof errors.DlmsError) || error instanceof errors.ConnectionError) throw error;
    const what = `cannot read the invocation counter as public client ${PUBLIC_CLIENT}: ${error.message}`;
    throw new errors.DlmsError(`${what}; give it with --counter`, { cause: error });
  }
}

export interface Target {
  /** 1-0:1.8.0.255 */
  logicalName: string;
  /** Attribute or method; undefined if the text names none */
  index: number | undefined;
}

/** NAME or NAME:INDEX. The colon of 1-0:1.8.0 is part of the name. */
export function targetOf(text: string): Target {
  const match = /^(.*[.*]\d+|[0-9a-fA-F]{12})(?::(-?\d{1,3}))?$/.exec(text);
  if (match === null)
    throw new errors.DlmsError(`"${text}" is no object; write 1-0:1.8.0.255, 1.8.0 or 0-0:1.0.0.255:3`);
  const index = match[2] === undefined ? undefined : Number(match[2]);
  return { logicalName: logicalNameCanonical(match[1]!), index };
}

/** One line for an error: what went wrong, where, and what may help. */
export function errorLine(error: unknown): string {
  if (!(error instanceof errors.DlmsError)) return (error instanceof Error && error.message) || String(error);
  return `${error.message}${advice(error)}`.replace(/\s*\n\s*/g, " ");
}

const DAR_ADVICE: Readonly<Record<number, string>> = {
  3: "; use a client with the right to it (--client, --auth, --security)",
  4: "; see what this client can reach with: read --list",
  9: "; the object has another class, see: read --list",
  12: "; name the type: type:value",
  13: "; use a client with the right to it (--client, --auth, --security)",
};

const AARE_ADVICE: Readonly<Record<number, string>> = {
  2: "; try another --security",
  3: "; check --system-title",
  11: "; choose --auth as this client demands",
  12: "; choose --auth as this client demands",
  13: "; check --password or the keys",
  14: "; choose --auth as this client demands",
};

function advice(error: errors.DlmsError): string {
  if (error instanceof errors.DataAccessError || error instanceof errors.ActionError) {
    return DAR_ADVICE[error.code] ?? "";
  }
  if (error instanceof errors.AssociationError) return error.source === 1 ? (AARE_ADVICE[error.diagnostic] ?? "") : "";
  if (error instanceof errors.ConnectionError) return "; is a meter running there? check --tcp, --udp or --serial";
  if (error instanceof errors.TimeOutError) return "; check --client, --server, --hdlc and the address";
  if (!(error instanceof errors.ExceptionResponseError)) return "";
  if (error.serviceError === 5) return "; check --guek, --gak and --system-title";
  if (error.serviceError === 6) return "; use --counter auto or a higher --counter";
  if (error.stateError === 1 && error.serviceError === 1) return "; the meter demands more: --auth, --security";
  return "";
}

/** Print one error line; the command ends with code 1. */
export function complain(error: unknown): void {
  process.stderr.write(`${errorLine(error)}\n`);
  process.exitCode = 1;
}
