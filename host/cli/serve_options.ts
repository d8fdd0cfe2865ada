/** Options of `serve`, checked as far as they can be before anything runs. */
import { Command, InvalidArgumentError, Option } from "commander";
import { CORE_KINDS, type CoreKind } from "../core_kind.ts";
import { DURABILITIES, type Durability } from "../flash/durability.ts";
import { SCENARIO_EXAMPLES } from "../metrology/scenario.ts";
import type { Extension } from "../template/document.ts";
import { TEMPLATE_DEFAULT } from "../template/load.ts";
import type { AddressLength, Shared } from "../template/multi_drop.ts";
import { metersTogether } from "./deal.ts";
import { extensionsOption } from "./extensions_option.ts";
import { placeOf } from "../transport/courier.ts";
import { ipv4Parse, ipv4Text } from "../transport/ipv4.ts";
import { keysText } from "./keyboard.ts";
import { overridesOption } from "./repeatable_option.ts";

const PORT_MAX = 65535;
const WRAPPER_PORT = 4059;
/** More meters than this begin when they are reached. */
const SEATED_AT_ONCE = 1000;
const METERS_MAX = 1_000_000;
const WORKERS_MAX = 256;

/** An error that people can mend: one line, then the command ends with code 1. */
export class ServeError extends Error {}

/** Where meters may push to. */
export type PushReach = "loopback" | "anywhere" | "none";

/** The consumer interface: a serial line, or a place in the network. */
export type Cii = { path: string } | { host: string; destination: string };

export interface ServeOptions {
  tcp: number;
  /** First UDP port of the wrapper, undefined = no UDP. */
  udp: number | undefined;
  hdlcTcp: number;
  host: string;
  serial?: string;
  baud: number;
  /** The serial line begins with the sign-on of IEC 62056-21. */
  modeE?: boolean;
  /** The serial line gives back what is sent on it. */
  echo?: boolean;
  /** All meters on one HDLC line over TCP, as they are on the serial line. */
  multiDrop?: boolean;
  /** Meters count up in addresses from `host` on, all with the same ports. */
  eachAddress?: boolean;
  /** When meters take their seats: all at the start, or each when it is reached first. */
  seat: "all" | "contact";
  hdlcAddressLength?: AddressLength;
  ciiBaud: number;
  template: string;
  extensions?: Extension[];
  override: string[];
  meters: number;
  /** Threads that run them; 1 = the one thread of the process. */
  workers: number;
  seed: number;
  /** Security suite; undefined = as the template or the provision file has it */
  suite?: number;
  provision?: string;
  /** Meter time to start at, ms since 1970 UTC; undefined = now. */
  start?: number;
  speed: number;
  backfill: number;
  state?: string;
  durability: Durability;
  /** Seconds of meter time between two keepings of the energies, 0 = with captured rows only. */
  keepEnergies: number;
  /** What of a state does not fit a changed template: refused, or dropped. */
  migrate: "refuse" | "drop";
  /** The build of the core; undefined = the best that this engine runs. */
  core?: CoreKind;
  metrology: string;
  scenario?: string;
  /** Path of the control socket. */
  control?: string;
  push: PushReach;
  /** Where consumer information goes. */
  cii?: Cii;
  /** The face of the first meter on a terminal. */
  face: boolean;
  json?: boolean;
}

/** What commander makes of the command line: the ports that were not given are still missing. */
type RawOptions = Omit<ServeOptions, "tcp" | "udp" | "hdlcTcp" | "seat"> & {
  seat?: ServeOptions["seat"];
  tcp?: number;
  udp?: number | "none";
  hdlcTcp?: number;
};

function whole(low: number, high: number): (text: string) => number {
  return (text) => {
    const value = /^\d+$/.test(text) ? Number(text) : NaN;
    if (value >= low && value <= high) return value;
    throw new InvalidArgumentError(`Give a whole number from ${low} to ${high}.`);
  };
}

function decimal(low: number, high: number, unit: string): (text: string) => number {
  return (text) => {
    const value = /^\d+(\.\d+)?$/.test(text) ? Number(text) : NaN;
    if (value >= low && value <= high) return value;
    throw new InvalidArgumentError(`Give a number${unit} from ${low} to ${high}.`);
  };
}

/** ISO 8601; without a zone it is UTC, which is what meter time is. */
function instant(text: string): number {
  const match = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)?)?$/.exec(text);
  const time = match === null ? NaN : Date.parse(match[1] !== undefined && match[4] === undefined ? `${text}Z` : text);
  if (time >= 0) return time;
  throw new InvalidArgumentError("Give a time such as 2026-01-01 or 2026-01-01T12:00:00Z.");
}

function cii(text: string): Cii {
  if (text.includes("/") || /^COM\d+$/i.test(text)) return { path: text };
  const place = /:\d+$/.test(text) ? placeOf(text) : undefined;
  if (place !== undefined) return { host: place.host, destination: text };
  throw new InvalidArgumentError("Give HOST:PORT, or the path of a serial line.");
}

function addressLength(text: string): AddressLength {
  const found = ([0, 1, 2, 4] as const).find((length) => String(length) === text);
  if (found !== undefined) return found;
  throw new InvalidArgumentError("Give 0, 1, 2 or 4.");
}

/** Options of the state. */
function withStateOptions(command: Command): Command {
  return command
    .option("--state <dir>", "keep the meters' state in this folder")
    .addOption(
      new Option(
        "--durability <kind>",
        "what an answer that depends on the state waits for: strict = its own write to the disk, group = one that serves all meters, none = nothing",
      )
        .choices(DURABILITIES)
        .default("group"),
    )
    .option(
      "--keep-energies <s>",
      "seconds of meter time between two records of the energies: what a power cut may lose; 0 = only with each captured row",
      whole(0, 86_400),
      0,
    )
    .addOption(
      new Option("--migrate <kind>", "what of a state does not fit another template: refuse to start, or drop it")
        .choices(["refuse", "drop"])
        .default("refuse"),
    );
}

/** How many meters, and how they are told apart. */
function withMeterOptions(command: Command): Command {
  return command
    .option("--meters <n>", "how many meters, each on its own ports, counting up", whole(1, METERS_MAX), 1)
    .option(
      "--workers <n>",
      "threads that run the meters, dealt out in equal ranges, for as many processors; each takes some 40 MiB; with --each-address each meter then takes two open files; no shared line, no face on the terminal",
      whole(1, WORKERS_MAX),
      1,
    )
    .option(
      "--each-address",
      "meters count up in IPv4 addresses, not in ports: meter n has the address --host plus n (127.0.0.1, 127.0.0.2, …); no UDP",
    )
    .addOption(
      new Option(
        "--seat <when>",
        `when meters begin to live: all at once, or each on its first contact, when it makes up for what it missed but what it would have pushed (default: all; contact above ${SEATED_AT_ONCE} meters)`,
      ).choices(["all", "contact"]),
    );
}

const coreOption = (): Option =>
  new Option("--core <build>", "build of the core (default: simd where the engine runs it)").choices(CORE_KINDS);

/** Adds the options to the command. */
export function withServeOptions(command: Command): Command {
  const port = whole(0, PORT_MAX);
  return withMeterOptions(withStateOptions(extensionsOption(command)))
    .option("--tcp <port>", `TCP port of the wrapper (default ${WRAPPER_PORT}; 0 = any free port)`, port)
    .option(
      "--udp <port>",
      "UDP port of the wrapper, or none (default: the same as --tcp; 0 = any free port)",
      (text) => (text === "none" ? "none" : port(text)),
    )
    .option("--hdlc-tcp <port>", "TCP port of HDLC (default: the one after the wrapper's; 0 = any free port)", port)
    .option("--host <address>", "address to listen on", "127.0.0.1")
    .option("--serial <path>", "serve HDLC on a serial line as well; several meters share it, see --multi-drop")
    .option("--baud <n>", "speed of the serial line", whole(50, 4_000_000), 9600)
    .option("--mode-e", "the serial line begins with the sign-on of IEC 62056-21 at 300 Bd; --baud has no use then")
    .option("--echo", "the serial line gives back what is sent on it, as optical heads do: drop that")
    .option("--multi-drop", "all meters on one HDLC line, over TCP too: meter n has lower address 16 + n")
    .option(
      "--hdlc-address-length <n>",
      "octets of HDLC server addresses: 1, 2, 4, or 0 = any (default: 0; 2 or 4 on a shared line)",
      addressLength,
    )
    .option("--template <template>", "object model: its name or file", TEMPLATE_DEFAULT)
    .addOption(overridesOption())
    .option("--seed <n>", "what tells these meters from those of another seed", whole(0, 0xffffffff), 1)
    .option("--suite <n>", "security suite of the meters: 0, 1 or 2 (default: the template's)", whole(0, 2))
    .option(
      "--provision <file>",
      "keys and certificates of the meters, as keys demo writes them (default: published ones)",
    )
    .option("--start <iso>", "meter time to start at (default: now)", instant)
    .option("--speed <x>", "how much faster than real time the meter's time runs", decimal(0.001, 1_000_000, ""), 1)
    .option("--backfill <days>", "history to capture before serving", decimal(0, 3660, " of days"), 0)
    .option("--metrology <source>", "household, constant, or a CSV file to replay", "household")
    .option(
      "--scenario <file>",
      `what happens to the meters: a JSON file, or an example: ${SCENARIO_EXAMPLES.join(", ")}`,
    )
    .option("--no-face", "on a terminal: do not show the face of the first meter")
    .option(
      "--cii <where>",
      "push consumer information to client 103 every minute: HOST:PORT (wrapper over TCP), or a serial line at --cii-baud (UI frames)",
      cii,
    )
    .option("--cii-baud <n>", "speed of the consumer interface", whole(50, 4_000_000), 9600)
    .option("--control <path>", "listen on a Unix socket for the commands inject, time and status, for this user alone")
    .addOption(
      new Option("--push <where>", "where the meters may push to: this machine only, or wherever a client sends them")
        .choices(["loopback", "anywhere", "none"])
        .default("loopback"),
    )
    .addOption(coreOption())
    .addOption(new Option("--json", "print one JSON object a line"))
    .addHelpText("after", () => `\nKeys, where it runs on a terminal (and without --json):\n${keysText()}`);
}

interface Range {
  readonly option: string;
  readonly first: number;
  readonly last: number;
}

function rangeOf(option: string, first: number, count: number): Range | undefined {
  if (first === 0) return undefined;
  const last = first + count - 1;
  if (last > PORT_MAX) {
    throw new ServeError(
      `${option} ${first} for ${count === 1 ? "1 meter" : `${count} meters`} ends at port ${last}, beyond ${PORT_MAX}; give a lower one, 0, or --each-address`,
    );
  }
  return { option, first, last };
}

/** Which HDLC ports several meters share. */
export function sharedLines(options: ServeOptions): Shared {
  if (options.multiDrop === true) return "all";
  return options.serial !== undefined && options.meters > 1 ? "serial" : "none";
}

/** A sign-on changes the speed of its line, which meters on one line would do behind each other's backs. */
function modeECheck(raw: RawOptions): void {
  if (raw.serial === undefined) throw new ServeError("--mode-e is for a serial line: --serial");
  if (raw.meters > 1) throw new ServeError(`--mode-e: one meter on the line, not ${raw.meters}; give --meters 1`);
}

/** One consumer's line is one meter's. */
function ciiCheck(raw: RawOptions): void {
  if (raw.cii === undefined || !("path" in raw.cii)) return;
  if (raw.meters > 1) throw new ServeError(`--cii: one meter on the line, not ${raw.meters}; give --meters 1`);
  if (raw.cii.path === raw.serial) throw new ServeError("--cii: needs a line of its own, not that of --serial");
}

/** One address for each meter, all of them on this machine and told apart by the system; a datagram does not say which it was sent to. */
function eachAddressCheck(raw: RawOptions): void {
  const first = ipv4Parse(raw.host);
  if (first === undefined)
    throw new ServeError(`--each-address: ${raw.host} is no IPv4 address to count from (--host)`);
  if (first + raw.meters > 2 ** 32 || (isLoopback(raw.host) && !isLoopback(ipv4Text(first + raw.meters - 1))))
    throw new ServeError(
      `--each-address: there are no ${raw.meters} addresses from ${raw.host} on; give a lower --host`,
    );
  if (raw.udp !== undefined && raw.udp !== "none")
    throw new ServeError("--each-address: there is no UDP; leave --udp out");
  if (raw.multiDrop === true) throw new ServeError("--each-address: not with --multi-drop");
}

/** A line is one thread's, and every meter one thread's. */
function workersCheck({ workers, meters, serial, multiDrop, state }: RawOptions): void {
  const line = serial !== undefined ? "--serial" : multiDrop === true ? "--multi-drop" : undefined;
  if (line !== undefined)
    throw new ServeError(`--workers ${workers}: meters of several threads cannot share a line; leave ${line} out`);
  const together = metersTogether(state);
  const most = Math.ceil(meters / together);
  if (workers <= most) return;
  const dealt = together === 1 ? "" : `, dealt out by ${together} with --state`;
  const there = meters === 1 ? "there is 1 meter" : `there are ${meters} meters`;
  throw new ServeError(`--workers ${workers}: ${there}${dealt}; give at most ${most}`);
}

/** Fills in the ports; throws ServeError when the two ranges do not fit or overlap. */
export function serveOptions(raw: RawOptions): ServeOptions {
  if (raw.modeE === true) modeECheck(raw);
  ciiCheck(raw);
  if (raw.echo === true && raw.serial === undefined) throw new ServeError("--echo is for a serial line: --serial");
  if (raw.workers > 1) workersCheck(raw);
  const each = raw.eachAddress === true;
  if (each) eachAddressCheck(raw);
  const count = each ? 1 : raw.meters;
  const tcp = raw.tcp ?? WRAPPER_PORT;
  const hdlcTcp = raw.hdlcTcp ?? (tcp === 0 ? 0 : tcp + count);
  const udp = raw.udp === "none" || each ? undefined : (raw.udp ?? tcp);
  const wrapper = rangeOf("--tcp", tcp, count);
  const hdlc = rangeOf("--hdlc-tcp", hdlcTcp, raw.multiDrop === true ? 1 : count);
  if (udp !== undefined) rangeOf("--udp", udp, count);
  if (wrapper && hdlc && wrapper.first <= hdlc.last && hdlc.first <= wrapper.last) {
    const text = [wrapper, hdlc].map((range) => `${range.option} ${range.first} to ${range.last}`).join(" and ");
    throw new ServeError(`${text} overlap; each of the ${raw.meters} meters needs a port of its own in both`);
  }
  const seat = raw.seat ?? (raw.meters > SEATED_AT_ONCE ? "contact" : "all");
  return { ...raw, tcp, udp, hdlcTcp, seat };
}

/** Why meters must not push to `host`, undefined = they may. */
export function pushRefusal(reach: PushReach, host: string): string | undefined {
  if (reach === "none") return "pushes are off (--push none)";
  if (reach === "anywhere" || isLoopback(host)) return undefined;
  return "is not this machine; allow it with serve --push anywhere";
}

/** Whether only this machine can reach `host`. */
export function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || /^127\./.test(host);
}
