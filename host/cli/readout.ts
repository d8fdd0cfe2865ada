/** dlms-meter readout: the data readout of IEC 62056-21 mode C, from any meter at an optical head. */
import { Command } from "commander";
import { complain, signOnOptionsOf, withSignOnOptions, type ConnectionOptions } from "../client/command.ts";
import { OPENING_BAUD, readout, readoutLineParse, type Readout } from "../client/mode_e.ts";
import { openSerial } from "../client/transport.ts";

type ReadoutOptions = Pick<ConnectionOptions, "baud" | "timeout" | "meterAddress" | "json"> & { serial: string };

/** The sub-command `readout`. */
export function readoutCommand(): Command {
  const command = new Command("readout")
    .description("read the data block of a meter in mode C of IEC 62056-21, without HDLC")
    .requiredOption("--serial <path>", "serial port of the optical head");
  return withSignOnOptions(command).action(() => run(command.opts<ReadoutOptions>()));
}

async function run(options: ReadoutOptions): Promise<void> {
  try {
    const transport = await openSerial(options.serial, OPENING_BAUD);
    try {
      print(await readout(transport, signOnOptionsOf(options)), options.json === true);
    } finally {
      await transport.close();
    }
  } catch (error) {
    complain(error);
  }
}

function print({ identification, lines }: Readout, json: boolean): void {
  const text = json
    ? JSON.stringify({ identification, data: lines.map((line) => readoutLineParse(line) ?? { text: line }) }, null, 2)
    : [identification.text, ...lines].join("\n");
  process.stdout.write(`${text}\n`);
}
