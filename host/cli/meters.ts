/** `dlms-meter meters`: who the meters of a seed are, and where they listen. */
import Table from "cli-table3";
import { Command, InvalidArgumentError } from "commander";
import { TemplateError } from "../template/error.ts";
import {
  type ContextKeys,
  type KeyChoice,
  meterIdentity,
  type MeterIdentity,
  type MeterKeys,
} from "../template/identity.ts";
import type { Extension } from "../template/document.ts";
import { extensionsApply } from "../template/extensions.ts";
import { TEMPLATE_DEFAULT, templateRead } from "../template/load.ts";
import { extensionsOption } from "./extensions_option.ts";
import { templateErrors } from "./template.ts";

const PORT_MAX = 65535;
const KEY_CHOICES: readonly KeyChoice[] = ["published", "derive"];

/** A whole number from the command line, from `low` to `high`. */
function whole(low: number, high: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^\d+$/.test(text) && value >= low && value <= high) return value;
    throw new InvalidArgumentError(`a whole number from ${low} to ${high} is wanted`);
  };
}

function keyChoice(text: string): KeyChoice {
  const found = KEY_CHOICES.find((choice) => choice === text);
  if (found) return found;
  throw new InvalidArgumentError(`one of ${KEY_CHOICES.join(", ")} is wanted`);
}

/** Port of meter `index` when meter 0 listens on `first`: one port each, in order. */
export function meterPort(first: number, index: number): number {
  const port = first + index;
  if (port > PORT_MAX) throw new TemplateError(`meter ${index} would listen on port ${port} (limit ${PORT_MAX})`);
  return port;
}

function hex(octets: Uint8Array): string {
  return Buffer.from(octets).toString("hex").toUpperCase();
}

function contextHex({ guek, gbek, gak, master }: ContextKeys): Record<keyof ContextKeys, string> {
  return { guek: hex(guek), gbek: hex(gbek), gak: hex(gak), master: hex(master) };
}

/** Keys as people type them: hexadecimal, secrets as text. */
function keysText(keys: MeterKeys): Record<string, string> {
  return {
    GUEK: hex(keys.guek),
    GBEK: hex(keys.gbek),
    GAK: hex(keys.gak),
    master: hex(keys.master),
    password: Buffer.from(keys.lls).toString("latin1"),
    "HLS secret": Buffer.from(keys.hls).toString("latin1"),
  };
}

interface MetersOptions {
  template: string;
  extensions?: Extension[];
  meters: number;
  seed: number;
  tcp: number;
  keys: KeyChoice;
  json?: boolean;
}

function jsonText(meters: MeterIdentity[], tcp: number): string {
  const rows = meters.map(({ keys, systemTitle, ...rest }) => ({
    index: rest.index,
    address: `127.0.0.1:${meterPort(tcp, rest.index)}`,
    logicalDeviceName: rest.logicalDeviceName,
    systemTitle: hex(systemTitle),
    serialNumber: rest.serialNumber,
    keys: {
      ...contextHex(keys),
      lls: Buffer.from(keys.lls).toString("latin1"),
      hls: Buffer.from(keys.hls).toString("latin1"),
      ...(keys.consumer && { consumer: contextHex(keys.consumer) }),
    },
  }));
  return JSON.stringify(rows, null, 2);
}

function tableText(meters: MeterIdentity[], options: MetersOptions): string {
  const own = options.keys === "derive";
  const names = own && meters[0] ? Object.keys(keysText(meters[0].keys)) : [];
  const table = new Table({
    head: ["index", "address", "logical device name", "system title", "serial number", ...names],
    style: { head: [], border: [], compact: true },
  });
  for (const meter of meters) {
    table.push([
      String(meter.index),
      `127.0.0.1:${meterPort(options.tcp, meter.index)}`,
      meter.logicalDeviceName,
      hex(meter.systemTitle),
      meter.serialNumber,
      ...(own ? Object.values(keysText(meter.keys)) : []),
    ]);
  }
  if (own || !meters[0]) return table.toString();
  const lines = Object.entries(keysText(meters[0].keys)).map(([name, value]) => `${name.padEnd(11)} ${value}`);
  return [table.toString(), "All meters have the published test keys:", ...lines].join("\n");
}

/** `meters`: a table, or JSON, of identities. */
export function metersCommand(): Command {
  const command = extensionsOption(new Command("meters"))
    .description("identities, addresses and keys of the meters of a seed")
    .option("--template <template>", "name or file", TEMPLATE_DEFAULT)
    .option("--meters <count>", "how many meters", whole(1, 100_000_000), 1)
    .option("--seed <seed>", "seed of the meters", whole(0, Number.MAX_SAFE_INTEGER), 1)
    .option("--tcp <port>", "port of meter 0; each further meter has the next one", whole(1, PORT_MAX), 4059)
    .option(
      "--keys <choice>",
      "published: the test keys everybody knows; derive: own keys for each",
      keyChoice,
      "published",
    )
    .option("--json", "as JSON");
  return command.action((options: MetersOptions) =>
    templateErrors(command, () => {
      meterPort(options.tcp, options.meters - 1);
      const { identity } = extensionsApply(templateRead(options.template), options.extensions);
      const meters = Array.from({ length: options.meters }, (_, index) =>
        meterIdentity(identity, options.seed, index, options.keys),
      );
      process.stdout.write(`${options.json ? jsonText(meters, options.tcp) : tableText(meters, options)}\n`);
    }),
  );
}
