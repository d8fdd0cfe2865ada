/** dlms-meter set: write one attribute of a meter. */

import { Command } from "commander";
import { type Data } from "../client/axdr.ts";
import {
  complain,
  optionsOf,
  targetOf,
  visit,
  withConnectionOptions,
  type ConnectionOptions,
} from "../client/command.ts";
import { withBroadcastOptions } from "../client/command_security.ts";
import { toJson } from "../client/data.ts";
import { DlmsError } from "../client/errors.ts";
import { Directory, valueText } from "../client/objects.ts";
import { dataAccessResultName } from "../client/results.ts";
import { attribute, type Client } from "../client/session.ts";
import { explicitValue, isExplicit, valueLike } from "../client/value.ts";

/** The sub-command `set`. */
export function setCommand(): Command {
  const command = new Command("set")
    .description("write an attribute of a meter")
    .argument("<name:attribute>", "logical name and attribute, such as 0-0:1.0.0.255:2")
    .argument("<value>", "value in the type the attribute has now; or type:value, such as unsigned:5; or JSON");
  return withBroadcastOptions(withConnectionOptions(command)).action((name: string, value: string) =>
    set(command, name, value),
  );
}

async function set(command: Command, text: string, value: string): Promise<void> {
  try {
    const options = optionsOf(command);
    const target = targetOf(text);
    const id = target.index;
    if (id === undefined) throw new DlmsError(`name the attribute as well: ${target.logicalName}:2`);
    await visit(options, async (client) => {
      const classId = options.class ?? (await new Directory(client).classOf(target.logicalName));
      const data = await dataOf(client, classId, target.logicalName, id, value);
      const descriptor = attribute(classId, target.logicalName, id);
      if (options.broadcast === true) {
        await client.broadcast({ kind: "set-request-normal", invoke: client.invokeNext(), descriptor, value: data });
      } else {
        await client.set(descriptor, data);
      }
      report(options, `${target.logicalName}:${id}`, data);
    });
  } catch (error) {
    complain(error);
  }
}

/** A value that names its type needs no look at the present one. */
async function dataOf(client: Client, classId: number, name: string, id: number, value: string): Promise<Data> {
  if (isExplicit(value)) return explicitValue(value);
  const now = await client.getResult(attribute(classId, name, id));
  if (now.data !== undefined) return valueLike(value, now.data);
  const why = dataAccessResultName(now.code);
  throw new DlmsError(`${name}:${id} cannot be read (${why}), so its type is not known; write the value as type:value`);
}

function report(options: ConnectionOptions, name: string, data: Data): void {
  const broadcast = options.broadcast === true;
  const json = broadcast ? { name, sent: toJson(data) } : { name, set: toJson(data) };
  const text = broadcast ? `${name} sent, ${valueText(data)}; no answer comes` : `${name} set to ${valueText(data)}`;
  const line = options.json === true ? JSON.stringify(json) : text;
  process.stdout.write(`${line}\n`);
}
