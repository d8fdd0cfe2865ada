/** `dlms-meter keys`: keys, certificates and provision files for meters and their clients. */
import { readFileSync } from "node:fs";
import { basename, dirname } from "node:path";
import { Command, InvalidArgumentError, Option } from "commander";
import { CLIENT_TITLE_DEFAULT } from "../client/association.ts";
import { certificatePem } from "../client/certificate.ts";
import { key, suite } from "../client/command_security.ts";
import { DlmsError } from "../client/errors.ts";
import { keyUnwrap, keyWrap } from "../client/key_derivation.ts";
import { fromHex, toHex } from "../client/octets.ts";
import { KEY_ID } from "../client/security.ts";
import { suiteOf } from "../client/suite.ts";
import { seededSource, RANDOM_SOURCE, type KeySource } from "../keys/derive.ts";
import { authorityRead, KeyFileError, KeyFolder } from "../keys/files.ts";
import { entityOf, infrastructureOf } from "../keys/infrastructure.ts";
import { certificateIssue, requestParse, USES } from "../keys/issue.ts";
import { ProvisionError } from "../keys/provision.ts";
import { TemplateError } from "../template/error.ts";
import { demoWrite, type DemoOptions } from "./keys_demo.ts";
import { showText } from "./keys_show.ts";

/** Runs `work`; what people can mend becomes one line on stderr and exit code 1. */
function run(command: Command, work: () => void): void {
  try {
    work();
  } catch (error) {
    const known = [DlmsError, KeyFileError, ProvisionError, TemplateError].some((kind) => error instanceof kind);
    const system = (error as NodeJS.ErrnoException).code !== undefined;
    if (!known && !system) throw error;
    command.error(`error: ${(error as Error).message}`, { exitCode: 1 });
  }
}

function title(text: string): Uint8Array {
  if (/^[0-9a-fA-F]{16}$/.test(text)) return fromHex(text);
  throw new InvalidArgumentError("Give a system title: 8 octets as 16 hexadecimal digits.");
}

function whole(low: number, high: number): (text: string) => number {
  return (text) => {
    const value = /^\d+$/.test(text) ? Number(text) : NaN;
    if (value >= low && value <= high) return value;
    throw new InvalidArgumentError(`Give a whole number from ${low} to ${high}.`);
  };
}

const suiteOption = (): Option => new Option("--suite <n>", "security suite").argParser(suite).default(1);
const seedOption = (): Option =>
  new Option("--seed <n>", "keys that this number brings back, for tests (default: random)").argParser(
    whole(0, 0xffffffff),
  );
const forceOption = (): Option => new Option("--force", "write over files that exist");
const sourceOf = (seed: number | undefined): KeySource => (seed === undefined ? RANDOM_SOURCE : seededSource(seed));

function written(folder: KeyFolder): void {
  for (const path of folder.written) process.stdout.write(`${path}\n`);
}

/** A file, or standard output without one. */
function put(path: string | undefined, text: string, secret: boolean, force: boolean): void {
  if (path === undefined) return void process.stdout.write(text);
  const folder = new KeyFolder(dirname(path), force);
  if (secret) folder.secret(basename(path), text);
  else folder.open(basename(path), text);
  written(folder);
}

interface Common {
  suite: number;
  seed?: number;
  force?: boolean;
  out?: string;
}

/** Symmetric keys of a meter, by the names of a keys file where it has them. */
function generate(o: Common): void {
  const { keySize } = suiteOf(o.suite);
  const source = sourceOf(o.seed);
  const random = (name: string): string => toHex(source.key(keySize, name));
  const keys = { guek: random("guek"), gbek: random("gbek"), gak: random("gak"), master: random("master") };
  const password = toHex(source.key(4, "password"));
  const hlsSecret = toHex(source.key(16, "hlsSecret"));
  put(o.out, `${JSON.stringify({ ...keys, password, hlsSecret }, null, 2)}\n`, true, o.force === true);
}

function generateCommand(): Command {
  const command = new Command("generate")
    .description("symmetric keys of a meter: unicast, broadcast, authentication, master, password, HLS secret")
    .addOption(suiteOption())
    .addOption(seedOption())
    .option("--out <file>", "file to write, for its owner alone (default: standard output)")
    .addOption(forceOption());
  return command.action((o: Common) => run(command, () => generate(o)));
}

function wrapCommand(): Command {
  const command = new Command("wrap")
    .description("wrap a key in the master key, for key_transfer (RFC 3394)")
    .addOption(new Option("--master-key <hex>", "the master key").argParser(key).makeOptionMandatory())
    .addOption(
      new Option("--id <name>", "which key it is to be").choices(["guek", "gbek", "gak", "master"]).default("guek"),
    )
    .addOption(new Option("--unwrap", "the other way round"))
    .argument("<hex>", "the key");
  return command.action((text: string, o: { masterKey: Uint8Array; id: string; unwrap?: boolean }) =>
    run(command, () => {
      if (o.unwrap === true) return void process.stdout.write(`${toHex(keyUnwrap(o.masterKey, fromHex(text)))}\n`);
      const wrapped = toHex(keyWrap(o.masterKey, key(text)));
      const id = KEY_ID[o.id.toUpperCase() as keyof typeof KEY_ID];
      const data = { array: [{ structure: [{ enum: id }, { "octet-string": wrapped }] }] };
      process.stdout.write(`${wrapped}\nkey_transfer: call 0-0:43.0.0.255:2 '${JSON.stringify(data)}'\n`);
    }),
  );
}

function caCommand(): Command {
  const command = new Command("ca")
    .description("make a test Root-CA and a Sub-CA below it")
    .addOption(suiteOption())
    .addOption(seedOption())
    .option("--name <text>", "beginning of both names", "DLMS-METER TEST")
    .requiredOption("--out <dir>", "folder to write")
    .addOption(forceOption());
  return command.action((o: Common & { name: string }) =>
    run(command, () => {
      const { root, sub } = infrastructureOf(o.suite, sourceOf(o.seed), o.name);
      const folder = new KeyFolder(o.out!, o.force === true);
      folder.certified("root", root.pair, root.certificate);
      folder.certified("sub", sub.pair, sub.certificate);
      written(folder);
    }),
  );
}

interface IssueOptions extends Common {
  ca: string;
  title: Uint8Array;
  name: string;
}

function issueCommand(): Command {
  const command = new Command("issue")
    .description("key pairs and certificates of a client or server: digital signature and key agreement")
    .requiredOption("--ca <dir>", "folder of keys ca")
    .addOption(new Option("--title <hex>", "its system title").argParser(title).makeOptionMandatory())
    .option("--name <text>", "beginning of the file names", "entity")
    .addOption(seedOption())
    .requiredOption("--out <dir>", "folder to write")
    .addOption(forceOption());
  return command.action((o: IssueOptions) =>
    run(command, () => {
      const sub = authorityRead(o.ca, "sub");
      const entity = entityOf(sub.pair.curve.name === "P-384" ? 2 : 1, sub, o.title, sourceOf(o.seed));
      const folder = new KeyFolder(o.out!, o.force === true);
      folder.entity(o.name, entity);
      written(folder);
    }),
  );
}

interface SignOptions {
  ca: string;
  use: string;
  out?: string;
  force?: boolean;
}

/** The octets of a PEM or DER file. */
function derOf(octets: Buffer): Uint8Array {
  const block = /-----BEGIN [^-]+-----([^-]+)-----END/.exec(octets.toString("latin1"));
  return Uint8Array.from(block === null ? octets : Buffer.from(block[1]!, "base64"));
}

function signCommand(): Command {
  const command = new Command("sign")
    .description("certify the key of a certificate request (PKCS#10, as generate_certificate_request returns it)")
    .requiredOption("--ca <dir>", "folder of keys ca")
    .addOption(new Option("--use <name>", "what the key is for").choices(Object.keys(USES)).default("sign"))
    .option("--out <file>", "certificate to write (default: standard output)")
    .addOption(forceOption())
    .argument("<file>", "the request, PEM or DER");
  return command.action((file: string, o: SignOptions) =>
    run(command, () => {
      const sub = authorityRead(o.ca, "sub");
      const request = requestParse(derOf(readFileSync(file)));
      if (!/^[0-9A-F]{16}$/.test(request.commonName)) {
        throw new KeyFileError(`${file}: its common name "${request.commonName}" is no system title`);
      }
      const serial = RANDOM_SOURCE.serial("request");
      const certificate = certificateIssue({ ...request, usage: USES[o.use]!, serial }, sub);
      put(o.out, certificatePem(certificate.der), false, o.force === true);
    }),
  );
}

function showCommand(): Command {
  const command = new Command("show")
    .description("what is in certificates, requests, private keys and provision files; no secret is shown")
    .argument("<file...>");
  return command.action((files: string[]) =>
    run(command, () => {
      for (const file of files) process.stdout.write(`${file}\n${showText(readFileSync(file), file)}\n`);
    }),
  );
}

function demoCommand(): Command {
  const command = new Command("demo")
    .description("everything a client and the meters of `serve --suite N --seed N` need to know each other")
    .addOption(suiteOption())
    .addOption(new Option("--seed <n>", "seed of the meters").argParser(whole(0, 0xffffffff)).default(1))
    .addOption(new Option("--meters <n>", "how many meters").argParser(whole(1, 1000)).default(1))
    .addOption(
      new Option("--client-title <hex>", "system title of the client")
        .argParser(title)
        .default(CLIENT_TITLE_DEFAULT, toHex(CLIENT_TITLE_DEFAULT)),
    )
    .option("--random", "random keys, for meters that serve --provision brings up")
    .requiredOption("--out <dir>", "folder to write")
    .addOption(forceOption());
  return command.action((o: DemoOptions) => run(command, () => written(demoWrite(o))));
}

/** The sub-command `keys`. */
export function keysCommand(): Command {
  return new Command("keys")
    .description("make keys, certificates and provision files; private files are written for their owner alone")
    .addCommand(generateCommand())
    .addCommand(wrapCommand())
    .addCommand(caCommand())
    .addCommand(issueCommand())
    .addCommand(signCommand())
    .addCommand(showCommand())
    .addCommand(demoCommand());
}
