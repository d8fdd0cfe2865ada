/** The command `npm run conformance`. */
import { exec } from "node:child_process";
import { writeFileSync } from "node:fs";
import { promisify } from "node:util";
import { Command, InvalidArgumentError } from "commander";
import { connectTcp, fromHex, openSerial } from "../../host/client/index.ts";
import { asymmetricRead } from "./asymmetric.ts";
import type { Case } from "./case.ts";
import { CASES, casesFor } from "./cases/index.ts";
import {
  associationsDefault,
  associationsRead,
  configDefault,
  PUBLISHED,
  type Config,
  type Endpoint,
} from "./config.ts";
import { pause } from "./context.ts";
import { reportHtml } from "./report/html.ts";
import { reportJson } from "./report/json.ts";
import { resultLine, summaryText } from "./report/text.ts";
import { conformanceRun } from "./runner.ts";

const RESTART_SECONDS_MAX = 30;
/** Milliseconds: what meters allow between octets over TCP, where packets travel, and on a line. */
const INTER_OCTET_TCP = 1000;
const INTER_OCTET_SERIAL = 30;

interface Options {
  target?: Endpoint;
  hdlc?: Endpoint;
  serial?: string;
  baud: number;
  modeE?: boolean;
  server: number;
  hdlcAddress: number;
  addressLengths: (1 | 2 | 4)[];
  associations?: string;
  password: string;
  guek: Uint8Array;
  gak: Uint8Array;
  kek: Uint8Array;
  keys?: string;
  ldn?: string;
  timeout: number;
  silence: number;
  interOctet?: number;
  case?: RegExp;
  list?: boolean;
  quick?: boolean;
  readOnly?: boolean;
  reset?: string;
  json?: boolean;
  out?: string;
}

function endpoint(text: string): Endpoint {
  const match = /^(?:\[([^\]]+)\]|([^:]+)):(\d+)$/.exec(text);
  const host = match?.[1] ?? match?.[2];
  const port = Number(match?.[3]);
  if (host === undefined || !(port >= 1 && port <= 65535)) throw new InvalidArgumentError("Give HOST:PORT.");
  return { host, port };
}

function whole(text: string): number {
  if (!/^\d+$/.test(text)) throw new InvalidArgumentError("Give a whole number.");
  return Number(text);
}

function lengths(text: string): (1 | 2 | 4)[] {
  const list = text.split(",").map(Number);
  if (list.some((n) => n !== 1 && n !== 2 && n !== 4)) throw new InvalidArgumentError("Give some of 1, 2 and 4.");
  return list as (1 | 2 | 4)[];
}

function key(text: string): Uint8Array {
  if (!/^([0-9a-fA-F]{32}|[0-9a-fA-F]{64})$/.test(text)) throw new InvalidArgumentError("Give 16 or 32 octets in hex.");
  return fromHex(text);
}

function pattern(text: string): RegExp {
  try {
    return new RegExp(text);
  } catch {
    throw new InvalidArgumentError("Give a regular expression.");
  }
}

function command(): Command {
  return new Command("conformance")
    .description("runs the public test cases for DLMS/COSEM meters against a meter, which is only known from outside")
    .option("--target <host:port>", "TCP wrapper of the meter", endpoint)
    .option("--hdlc <host:port>", "HDLC over TCP of the meter", endpoint)
    .option("--serial <path>", "HDLC on a serial line")
    .option("--baud <n>", "speed of the serial line; with --mode-e the highest to choose", whole, 9600)
    .option("--mode-e", "the serial line begins with the sign-on of IEC 62056-21, mode E")
    .option("--server <sap>", "logical device", whole, 1)
    .option("--hdlc-address <n>", "lower HDLC address", whole, 16)
    .option(
      "--address-lengths <list>",
      "octets of the server addresses that the meter claims to accept",
      lengths,
      [2, 1],
    )
    .option("--associations <file>", "JSON file that declares the associations (README.md); default: public, LLS, GMAC")
    .option("--password <text>", "LLS password of client 1", PUBLISHED.password)
    .option("--guek <hex>", "global unicast encryption key (default: published test key)", key, PUBLISHED.guek)
    .option("--gak <hex>", "global authentication key (default: published test key)", key, PUBLISHED.gak)
    .option("--kek <hex>", "master key (default: published test key)", key, PUBLISHED.kek)
    .option("--keys <dir>", "client of suite 1 or 2, as keys demo writes it; only the ASYMSEC cases run then")
    .option("--ldn <text>", "declared logical device name")
    .option("--timeout <ms>", "how long to wait for an answer", whole, 3000)
    .option("--silence <ms>", "how long without an answer is silence", whole, 500)
    .option("--inter-octet <ms>", "declared inter-octet time-out (default: 1000 over TCP, 30 on a serial line)", whole)
    .option("--case <regexp>", "run only cases whose name fits", pattern)
    .option("--list", "list the cases and end")
    .option("--quick", "leave cases that wait for time-outs INCONCLUSIVE")
    .option("--read-only", "write nothing back in the object procedure")
    .option("--reset <command>", "shell command that restores the meter after cases that change it")
    .option("--json", "print the report as JSON")
    .option("--out <prefix>", "write PREFIX.txt, PREFIX.json and PREFIX.html as well");
}

function configOf(o: Options): Config {
  const declared = o.associations === undefined ? undefined : associationsRead(o.associations);
  const { target, hdlc, serial, reset } = o;
  return {
    ...configDefault(),
    ...(target === undefined ? {} : { target }),
    ...(hdlc === undefined ? {} : { hdlc }),
    ...(serial === undefined ? {} : { serial: { path: serial, baud: o.baud, modeE: o.modeE ?? false } }),
    ...(o.ldn === undefined ? {} : { logicalDeviceName: o.ldn }),
    ...(reset === undefined ? {} : { reset: (config: Config) => resetBy(reset, config) }),
    serverSap: o.server,
    lower: o.hdlcAddress,
    addressLengths: o.addressLengths,
    associations:
      declared?.filter((one) => one.preEstablished !== true && one.shortNames !== true) ??
      associationsDefault(o.password),
    ...(declared === undefined ? {} : { preEstablished: declared.filter((one) => one.preEstablished === true) }),
    ...(declared === undefined ? {} : { shortNames: declared.filter((one) => one.shortNames === true) }),
    guek: o.guek,
    gak: o.gak,
    kek: o.kek,
    timeOut: o.timeout,
    silence: o.silence,
    interOctet: o.interOctet ?? (serial === undefined ? INTER_OCTET_TCP : INTER_OCTET_SERIAL),
    quick: o.quick ?? false,
    readOnly: o.readOnly ?? false,
    ...(o.keys === undefined ? {} : asymmetricRead(o.keys)),
  };
}

/** Runs the command and waits until the meter can be reached again. */
async function resetBy(text: string, config: Config): Promise<void> {
  await promisify(exec)(text);
  const endpoint = config.target ?? config.hdlc;
  for (let second = 0; endpoint !== undefined; second++) {
    const transport = await connectTcp(endpoint.host, endpoint.port).catch((error: Error) => error);
    if (!(transport instanceof Error)) return transport.close();
    if (second === RESTART_SECONDS_MAX) throw transport;
    await pause(1000);
  }
}

function listText(cases: readonly Case[]): string {
  return cases.map((one) => `${one.name.padEnd(34)} ${one.purpose}`).join("\n");
}

async function main(): Promise<number> {
  const program = command().parse();
  const o = program.opts<Options>();
  // The other suites of cases seal with suite 0.
  const suited = (name: string): boolean => o.keys === undefined || name.startsWith("ASYMSEC_");
  const wanted = (name: string): boolean => suited(name) && (o.case?.test(name) ?? true);
  if (o.list === true) {
    console.log(listText(CASES.filter((one) => wanted(one.name))));
    return 0;
  }
  if (o.target === undefined && o.hdlc === undefined && o.serial === undefined) {
    program.error("give the meter: --target HOST:PORT, --hdlc HOST:PORT or --serial PATH", { exitCode: 2 });
  }
  const config = configOf(o);
  const reached = config.target ?? config.hdlc;
  if (reached !== undefined) await (await connectTcp(reached.host, reached.port)).close();
  if (config.serial !== undefined) await (await openSerial(config.serial.path, config.serial.baud)).close();
  const cases = await casesFor(config, wanted);
  const lines: string[] = [];
  const run = await conformanceRun(config, cases, {
    onResult: (result) => {
      lines.push(resultLine(result));
      if (o.json !== true) console.log(resultLine(result));
    },
  });
  const json = JSON.stringify(reportJson(run, config), undefined, 1);
  console.log(o.json === true ? json : summaryText(run));
  if (o.out !== undefined) {
    writeFileSync(`${o.out}.txt`, `${lines.join("\n")}\n${summaryText(run)}\n`);
    writeFileSync(`${o.out}.json`, `${json}\n`);
    writeFileSync(`${o.out}.html`, reportHtml(run, config));
  }
  return run.results.some((result) => result.verdict === "FAILED") ? 1 : 0;
}

try {
  process.exitCode = await main();
} catch (error) {
  process.stderr.write(`conformance: ${(error as Error).message}\n`);
  process.exitCode = 2;
}
