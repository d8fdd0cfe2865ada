/** dlms-meter update: a firmware image into a meter, block by block, verified and activated. */
import { readFileSync } from "node:fs";
import { Presets, SingleBar } from "cli-progress";
import { Command } from "commander";
import { complain, optionsOf, visit, withConnectionOptions, type ConnectionOptions } from "../client/command.ts";
import { DlmsError } from "../client/errors.ts";
import { firmwareImageParse, IMAGE_TRANSFER, ImageTransfer, type TransferOptions } from "../client/firmware.ts";
import { type Client } from "../client/session.ts";

interface UpdateOptions extends ConnectionOptions {
  activate: boolean;
  resume?: boolean;
}

/** The sub-command `update`. */
export function updateCommand(): Command {
  const command = new Command("update")
    .description(`bring a firmware image into a meter (image transfer, ${IMAGE_TRANSFER})`)
    .argument("<image>", "file that `image make` wrote")
    .option("--no-activate", "verify it only; a script, a schedule or a later call activates it")
    .option("--resume", "go on with the transfer that was interrupted: send the blocks the meter does not have");
  return withConnectionOptions(command).action((file: string) => update(command, file));
}

async function update(command: Command, file: string): Promise<void> {
  try {
    const options = optionsOf<UpdateOptions>(command);
    const octets = imageRead(file);
    const { identifier } = firmwareImageParse(octets);
    await visit(options, (client) => transfer(client, octets, options));
    const name = Buffer.from(identifier).toString("utf8");
    const state = options.activate ? "active" : "verified";
    const json = JSON.stringify({ identifier: name, octets: octets.length, state });
    process.stdout.write(`${options.json === true ? json : `${name} is ${state}`}\n`);
  } catch (error) {
    complain(error);
  }
}

function imageRead(file: string): Uint8Array {
  try {
    return readFileSync(file);
  } catch (cause) {
    throw new DlmsError(`cannot read ${file}: ${(cause as Error).message}`, { cause });
  }
}

/** The transfer, with a bar on stderr where a person watches. */
async function transfer(client: Client, octets: Uint8Array, o: UpdateOptions): Promise<void> {
  const options: TransferOptions = { activate: o.activate, resume: o.resume === true };
  const image = new ImageTransfer(client);
  if (process.stderr.isTTY !== true) return image.run(octets, options);
  const bar = new SingleBar(
    {
      format: "image {bar} {value} of {total} blocks, {duration_formatted}",
      clearOnComplete: true,
      stream: process.stderr,
    },
    Presets.legacy,
  );
  bar.start(1, 0);
  try {
    await image.run(octets, {
      ...options,
      progress: ({ blocks, done }) => {
        bar.setTotal(blocks);
        bar.update(done);
      },
    });
  } finally {
    bar.stop();
  }
}
