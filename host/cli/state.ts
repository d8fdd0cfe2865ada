/** `dlms-meter state check|dump|export|import`: the folder that `serve --state` keeps, while no meter runs on it. */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Command, InvalidArgumentError } from "commander";
import { decodeData } from "../client/axdr.ts";
import { toText } from "../client/data.ts";
import { Shard, SHARD_METERS, ShardError } from "../flash/shard.ts";
import { pagesProgram, shardRewrite } from "../state/shard_rewrite.ts";
import { StateDir } from "../state/state_dir.ts";
import { ImageView } from "../state/image.ts";
import { type Entry, isRows, rowsOf, type State, stateRead, valuesOf } from "../state/journal.ts";
import { nameText } from "../state/migrate.ts";
import { snapshotEmit, SnapshotError, snapshotParse } from "../state/snapshot.ts";

const SHARD = /^meters-(\d+)\.shard$/;

/** A number of a meter. */
function meterNumber(text: string): number {
  if (/^\d{1,6}$/.test(text)) return Number(text);
  throw new InvalidArgumentError("Give the number of a meter, 0 for the first.");
}

/** The meters of a folder, under its lock. */
class Folder {
  private readonly path: string;
  private readonly lock: StateDir;

  constructor(path: string) {
    // A folder that is not there is a mistake here, nothing to be made.
    readdirSync(path);
    this.path = path;
    this.lock = new StateDir(path);
  }

  /** Calls `each` with every shard. */
  shards(each: (shard: Shard) => void): void {
    const firsts = readdirSync(this.path).flatMap((name) => SHARD.exec(name)?.[1] ?? []);
    if (firsts.length === 0)
      throw new ShardError(`${this.path} holds no state of meters; give the folder of serve --state`);
    for (const first of firsts.map(Number).sort((a, b) => a - b)) {
      const shard = Shard.open(join(this.path, `meters-${first}.shard`), "strict");
      try {
        each(shard);
      } finally {
        shard.close();
      }
    }
  }

  /** Calls `each` with the flash of every meter, or of the one that is wanted, and the template it is written for. */
  meters(wanted: number | undefined, each: (meter: number, flash: Uint8Array, image?: ImageView) => void): void {
    let any = false;
    this.shards((shard) => {
      const image = this.image(shard.head.template);
      for (const index of shard.meters) {
        const meter = shard.head.first + index;
        if (wanted !== undefined && meter !== wanted) continue;
        const flash = new Uint8Array(shard.head.flashSize);
        shard.read(index, 0, flash);
        each(meter, flash, image);
        any = true;
      }
    });
    if (!any)
      throw new ShardError(`${this.path} holds no state of ${wanted === undefined ? "any meter" : `meter ${wanted}`}`);
  }

  /** The image of a template, where it is still there. */
  private image(template: number): ImageView | undefined {
    const name = `template-${template.toString(16).padStart(8, "0")}.image`;
    return readdirSync(this.path).includes(name) ? new ImageView(readFileSync(join(this.path, name))) : undefined;
  }

  close(): void {
    this.lock.release();
  }
}

/** Runs a command on a folder; what people can mend is one line. */
function onFolder(command: Command, path: string, work: (folder: Folder) => void): void {
  let folder: Folder | undefined;
  try {
    folder = new Folder(path);
    work(folder);
  } catch (error) {
    const known =
      error instanceof ShardError ||
      error instanceof SnapshotError ||
      (error as NodeJS.ErrnoException).code !== undefined;
    const lock = error instanceof Error && /is used by process|cannot be locked/.test(error.message);
    command.error(`error: ${known || lock ? (error as Error).message : ((error as Error).stack ?? String(error))}`, {
      exitCode: 1,
    });
  } finally {
    folder?.close();
  }
}

const problemOf = (state: State): string | undefined => {
  if (state.kind === "foreign") return `format version ${state.version}; use the program that wrote it`;
  if (state.kind === "unusable") return "damaged beyond use; restore it with state import";
  if (state.kind === "stored" && state.damaged > 0)
    return `damaged in ${state.damaged} places; the meter goes on with the rest and logs event 14`;
  return undefined;
};

function stateText(state: State): string {
  const problem = problemOf(state);
  if (state.kind !== "stored") return problem ?? "empty";
  const { epoch, sequence, records, size, torn } = state;
  const whole = `checkpoint ${epoch}, ${records} records to number ${sequence}, ${size} octets`;
  return [whole, torn ? "last record torn, dropped at the next start" : "whole", problem].filter(Boolean).join("; ");
}

function check(folder: Folder, json: boolean): boolean {
  let bad = 0;
  let count = 0;
  folder.meters(undefined, (meter, flash, image) => {
    const state = stateRead(flash, image?.imageSize);
    const problem = problemOf(state);
    count++;
    if (problem !== undefined) bad++;
    if (json) {
      console.log(
        JSON.stringify({ meter, ...state, entries: undefined, ...(problem === undefined ? {} : { problem }) }),
      );
    } else console.log(`meter ${meter}: ${stateText(state)}`);
  });
  if (!json) console.log(`${count} meters, ${bad === 0 ? "no damage" : `${bad} with damage`}`);
  return bad === 0;
}

function valueText(entry: Entry, image: ImageView | undefined, secrets: boolean): string {
  const hidden = image?.attribute(entry)?.hidden ?? (entry.attribute === 0 || entry.part > 0);
  const hex = Buffer.from(entry.octets).toString("hex").toUpperCase();
  // Keys and passwords: hidden values of Security setup, attribute 7 of an association.
  const secret =
    entry.classId === 64 ? hidden && entry.part < 64 : [12, 15].includes(entry.classId) && entry.attribute === 7;
  if (secret && !secrets) return `(${entry.octets.length} octets, --secrets shows them)`;
  if (hidden) return hex;
  try {
    return toText(decodeData(entry.octets));
  } catch {
    return hex;
  }
}

function dump(folder: Folder, meter: number | undefined, secrets: boolean): void {
  folder.meters(meter, (number, flash, image) => {
    const state = stateRead(flash, image?.imageSize);
    console.log(`meter ${number}: ${stateText(state)}`);
    if (state.kind !== "stored") return;
    const values = valuesOf(state);
    for (const entry of values) {
      const part = entry.part === 0 ? "" : `.${entry.part}`;
      console.log(
        `  ${nameText(entry.name)} ${entry.classId}:${entry.attribute}${part} = ${valueText(entry, image, secrets)}`,
      );
    }
    const profiles = new Map(
      state.entries.filter(isRows).map((entry) => [`${entry.name} ${entry.twin}`, { ...entry, part: 0 }]),
    );
    for (const profile of profiles.values()) {
      const columns = values.find(
        (one) => one.name === profile.name && one.classId === 7 && one.attribute === 3,
      )?.octets;
      const shape = image?.shape(profile, columns);
      const rows = shape && rowsOf(state, profile, shape.rowSize, shape.entries).rows;
      const text = rows
        ? `${rows.length} rows, number ${rows[0]?.number ?? 0} to ${rows.at(-1)?.number ?? 0}`
        : "rows of a template that is gone";
      console.log(`  ${nameText(profile.name)} 7:2 = ${text}`);
    }
  });
}

function exportState(folder: Folder, meter: number, file: string): void {
  folder.meters(meter, (_, flash) => writeFileSync(file, snapshotEmit(flash), { mode: 0o600 }));
  console.log(`meter ${meter}: state written to ${file}; it holds the keys of the meter`);
}

function importState(folder: Folder, meter: number, file: string): void {
  const snapshot = snapshotParse(readFileSync(file), file);
  const first = meter - (meter % SHARD_METERS);
  let done = false;
  folder.shards((shard) => {
    if (shard.head.first !== first) return;
    if (shard.head.flashSize !== snapshot.flashSize || shard.head.template !== snapshot.template)
      throw new SnapshotError(
        `${file} is of a meter with another template; import it into a folder that was served with that one`,
      );
    shardRewrite(shard, shard.head, (fresh) => {
      for (const index of shard.meters) {
        if (index === meter - first) continue;
        const octets = new Uint8Array(shard.head.flashSize);
        shard.read(index, 0, octets);
        pagesProgram(fresh, index, 0, octets);
      }
      pagesProgram(fresh, meter - first, 0, snapshot.flash);
    });
    done = true;
  });
  if (!done) throw new ShardError(`there is no file for meter ${meter}; serve the folder once with that many meters`);
  console.log(`meter ${meter}: state taken from ${file}`);
}

/** The sub-command `state`. */
export function stateCommand(): Command {
  const command = new Command("state").description("look at and copy the state that serve --state keeps");
  command
    .command("check")
    .description("whether each meter's state is whole; ends with 1 where one is damaged")
    .argument("<dir>", "folder of serve --state")
    .option("--json", "one JSON object a meter")
    .action((dir: string, options: { json?: boolean }) =>
      onFolder(command, dir, (folder) => {
        if (!check(folder, options.json === true)) process.exitCode = 1;
      }),
    );
  command
    .command("dump")
    .description("the values and profiles that are stored")
    .argument("<dir>", "folder of serve --state")
    .option("--meter <n>", "only this meter", meterNumber)
    .option("--secrets", "keys and passwords too")
    .action((dir: string, options: { meter?: number; secrets?: boolean }) =>
      onFolder(command, dir, (folder) => dump(folder, options.meter, options.secrets === true)),
    );
  command
    .command("export")
    .description("write the complete state of a meter to one file")
    .argument("<dir>", "folder of serve --state")
    .argument("<file>", "the file to write")
    .option("--meter <n>", "which meter", meterNumber, 0)
    .action((dir: string, file: string, options: { meter: number }) =>
      onFolder(command, dir, (folder) => exportState(folder, options.meter, file)),
    );
  command
    .command("import")
    .description("give a meter the state of a file, in place of its own")
    .argument("<dir>", "folder of serve --state")
    .argument("<file>", "what state export wrote")
    .option("--meter <n>", "which meter", meterNumber, 0)
    .action((dir: string, file: string, options: { meter: number }) =>
      onFolder(command, dir, (folder) => importState(folder, options.meter, file)),
    );
  return command;
}
