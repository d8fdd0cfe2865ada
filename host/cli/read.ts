/** dlms-meter read: values, profiles and the object list of a meter. */

import { Command, Option } from "commander";
import { type Data } from "../client/axdr.ts";
import {
  complain,
  optionsOf,
  targetOf,
  visit,
  withConnectionOptions,
  type ConnectionOptions,
  type Target,
} from "../client/command.ts";
import { toJson, type Json } from "../client/data.ts";
import { dateTimeFromIso, type DateTime } from "../client/date_time.ts";
import { ConnectionError, DlmsError, LinkError, TimeOutError } from "../client/errors.ts";
import {
  Directory,
  isScaled,
  SCALER_UNIT_ATTRIBUTE,
  scalerUnitOf,
  valueText,
  type ScalerUnit,
} from "../client/objects.ts";
import { profileRead, type ProfileQuery } from "../client/profile.ts";
import { withProgress } from "../client/progress.ts";
import { objectListJson, objectListText, profileCsv, profileJson, profileText } from "../client/render.ts";
import { attribute, type Client } from "../client/session.ts";
import { unitName } from "../client/units.ts";

interface ReadOptions extends ConnectionOptions {
  list?: boolean;
  from?: string;
  to?: string;
  last?: number;
  csv?: boolean;
}

/** One thing read: text for people, JSON for programs. */
interface Reading {
  name: string;
  text: string;
  json: { [key: string]: Json };
  /** Tables stand for themselves; other values are shown after their name. */
  table: boolean;
}

const PROFILE_GENERIC = 7;

/** The sub-command `read`. */
export function readCommand(): Command {
  const command = new Command("read")
    .description("read values, profiles or the object list of a meter")
    .argument(
      "[name...]",
      "logical names such as 1-0:1.8.0.255 or 1.8.0, with an attribute if not the value: 0-0:1.0.0.255:3",
    )
    .option("--list", "list the objects this client can see")
    .option("--from <iso>", "profile rows from this time on")
    .option("--to <iso>", "profile rows up to this time")
    .addOption(new Option("--last <n>", "the newest rows of a profile").argParser(Number).conflicts(["from", "to"]))
    .addOption(new Option("--csv", "profiles as comma-separated values").conflicts("json"));
  return withConnectionOptions(command).action((names: string[]) => read(command, names));
}

async function read(command: Command, names: string[]): Promise<void> {
  if (names.length === 0 && command.opts<ReadOptions>().list !== true) {
    command.error("error: name at least one object, or use --list");
  }
  try {
    const options = optionsOf<ReadOptions>(command);
    const query = queryOf(options);
    const targets = names.map(targetOf);
    await visit(options, (client) => readAll(client, options, targets, query));
  } catch (error) {
    complain(error);
  }
}

function queryOf(options: ReadOptions): ProfileQuery {
  const time = (text: string): DateTime => dateTimeFromIso(text);
  if (options.last !== undefined && !(Number.isInteger(options.last) && options.last >= 0)) {
    throw new DlmsError("--last takes a whole number of rows");
  }
  return {
    ...(options.from === undefined ? {} : { from: time(options.from) }),
    ...(options.to === undefined ? {} : { to: time(options.to) }),
    ...(options.last === undefined ? {} : { last: options.last }),
  };
}

async function readAll(client: Client, options: ReadOptions, targets: Target[], query: ProfileQuery): Promise<void> {
  const directory = new Directory(client);
  if (options.list === true) await listPrint(client, directory, options);
  const readings: Reading[] = [];
  for (const target of targets) {
    try {
      readings.push(await readOne(client, directory, options, target, query));
    } catch (error) {
      // One unreadable object does not hide the others; a lost connection ends the visit.
      const fatal = error instanceof ConnectionError || error instanceof TimeOutError || error instanceof LinkError;
      if (fatal || !(error instanceof DlmsError)) throw error;
      complain(error);
    }
  }
  print(readings, options);
}

async function listPrint(client: Client, directory: Directory, options: ReadOptions): Promise<void> {
  const entries = await withProgress(client, "object list", () => directory.list());
  const text = options.json === true ? JSON.stringify(objectListJson(entries), null, 2) : objectListText(entries);
  process.stdout.write(`${text}\n`);
}

function print(readings: Reading[], options: ReadOptions): void {
  if (readings.length === 0) return;
  if (options.json === true) {
    process.stdout.write(
      `${JSON.stringify(
        readings.map((reading) => reading.json),
        null,
        2,
      )}\n`,
    );
    return;
  }
  const values = readings.filter((reading) => !reading.table);
  const width = Math.max(0, ...values.map((reading) => reading.name.length));
  for (const reading of readings) {
    const line = reading.table ? reading.text : `${reading.name.padEnd(width)}  ${reading.text}`;
    process.stdout.write(`${line}\n`);
  }
}

async function readOne(
  client: Client,
  directory: Directory,
  options: ReadOptions,
  target: Target,
  query: ProfileQuery,
): Promise<Reading> {
  const name = target.logicalName;
  const classId = options.class ?? (await directory.classOf(name));
  if (classId === PROFILE_GENERIC && target.index === undefined) {
    const table = await withProgress(client, name, () => profileRead(client, name, query));
    const text = options.csv === true ? profileCsv(table) : profileText(table);
    const json = { name, class: classId, attribute: 2, ...(profileJson(table) as { [key: string]: Json }) };
    return { name, text, json, table: true };
  }
  const id = target.index ?? 2;
  const data = await withProgress(client, name, () => client.get(attribute(classId, name, id)));
  const scalerUnit = await scalerUnitRead(client, classId, name, id);
  const shown = target.index === undefined ? name : `${name}:${id}`;
  return {
    name: shown,
    text: valueText(data, scalerUnit),
    json: { name, class: classId, attribute: id, ...jsonOf(data, scalerUnit) },
    table: false,
  };
}

function jsonOf(data: Data, scalerUnit: ScalerUnit | undefined): { [key: string]: Json } {
  const json = { data: toJson(data) };
  if (scalerUnit === undefined) return json;
  return { ...json, scaler: scalerUnit.scaler, unit: unitName(scalerUnit.unit) };
}

/** scaler_unit where it applies and can be read. */
async function scalerUnitRead(
  client: Client,
  classId: number,
  name: string,
  id: number,
): Promise<ScalerUnit | undefined> {
  const from = SCALER_UNIT_ATTRIBUTE[classId];
  if (from === undefined || !isScaled(classId, id)) return undefined;
  const result = await client.getResult(attribute(classId, name, from));
  return result.data === undefined ? undefined : scalerUnitOf(result.data);
}
