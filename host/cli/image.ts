/** dlms-meter image: firmware images for `update` (docs/IMAGE.md). */
import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { Command, Option } from "commander";
import { complain, whole } from "../client/command.ts";
import { DlmsError } from "../client/errors.ts";
import { firmwareImageEmit, firmwareImageParse, imageKeyOf, imageKeyRead } from "../client/firmware.ts";
import { toHex } from "../client/octets.ts";

interface MakeOptions {
  identifier: string;
  firmware: string;
  for: string;
  payload?: string;
  size: number;
  key?: string;
  json?: boolean;
}

/** The sub-command `image`. */
export function imageCommand(): Command {
  const fail = (error: { exitCode: number }): never => process.exit(error.exitCode === 0 ? 0 : 2);
  const make = new Command("make")
    .description("write a firmware image")
    .argument("<file>", "image to write")
    .requiredOption("--identifier <text>", "what the firmware is called, 1 to 48 characters")
    .addOption(
      new Option("--firmware <n>", "1 core, 2 application, 3 communication module")
        .choices(["1", "2", "3"])
        .default("1"),
    )
    .option("--for <text>", "what the logical device names of its meters begin with; nothing = all", "MMM103")
    .option("--payload <file>", "octets of the firmware")
    .addOption(
      new Option("--size <n>", "without --payload: so many octets, made from the identifier")
        .argParser(whole(0, 0x100000))
        .default(65536)
        .conflicts("payload"),
    )
    .option("--key <file>", "private key of the maker in PEM, P-256: the image is signed, else it carries a digest")
    .option("--json", "print JSON")
    .exitOverride(fail)
    .action((file: string, options: MakeOptions) => run(() => makeImage(file, options)));
  const show = new Command("show")
    .description("print what an image says of itself")
    .argument("<file>", "image")
    .option("--json", "print JSON")
    .exitOverride(fail)
    .action((file: string, options: { json?: boolean }) => run(() => print(describe(read(file)), options.json)));
  const key = new Command("key")
    .description("print the public key of a maker, as signedBy of a template has it")
    .argument("<file>", "private key in PEM, P-256 (openssl ecparam -name prime256v1 -genkey)")
    .exitOverride(fail)
    .action((file: string) => run(() => process.stdout.write(`${toHex(imageKeyOf(keyOf(file)))}\n`)));
  return new Command("image")
    .description("firmware images for update")
    .addCommand(make)
    .addCommand(show)
    .addCommand(key);
}

function run(work: () => void): void {
  try {
    work();
  } catch (error) {
    complain(error);
  }
}

function read(file: string): Uint8Array {
  try {
    return readFileSync(file);
  } catch (cause) {
    throw new DlmsError(`cannot read ${file}: ${(cause as Error).message}`, { cause });
  }
}

function keyOf(file: string): ReturnType<typeof imageKeyRead> {
  try {
    return imageKeyRead(Buffer.from(read(file)).toString("utf8"));
  } catch (cause) {
    if (cause instanceof DlmsError) throw cause;
    throw new DlmsError(`${file} holds no private key in PEM`, { cause });
  }
}

/** Octets that only depend on the identifier, so that a made image is the same each time. */
function filler(identifier: string, size: number): Uint8Array {
  const parts: Buffer[] = [];
  for (let at = 0; at < size; at += 32)
    parts.push(
      createHash("sha256")
        .update(`${identifier} ${at}`)
        .digest()
        .subarray(0, size - at),
    );
  return Buffer.concat(parts);
}

function makeImage(file: string, o: MakeOptions): void {
  const octets = firmwareImageEmit(
    {
      identifier: Buffer.from(o.identifier, "utf8"),
      firmware: Number(o.firmware),
      target: Buffer.from(o.for, "utf8"),
      payload: o.payload === undefined ? filler(o.identifier, o.size) : read(o.payload),
    },
    o.key === undefined ? undefined : keyOf(o.key),
  );
  try {
    writeFileSync(file, octets);
  } catch (cause) {
    throw new DlmsError(`cannot write ${file}: ${(cause as Error).message}`, { cause });
  }
  print({ file, ...describe(octets) }, o.json);
}

function describe(octets: Uint8Array): Record<string, string | number> {
  const image = firmwareImageParse(octets);
  return {
    identifier: Buffer.from(image.identifier).toString("utf8"),
    firmware: image.firmware,
    for: Buffer.from(image.target).toString("utf8"),
    octets: octets.length,
    [image.signed ? "signature" : "digest"]: toHex(image.trailer),
  };
}

function print(facts: Record<string, string | number>, json: boolean | undefined): void {
  const line = Object.entries(facts).map(([name, value]) => `${name} ${value}`);
  process.stdout.write(`${json === true ? JSON.stringify(facts) : line.join("\n")}\n`);
}
