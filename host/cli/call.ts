/** dlms-meter call: invoke a method of a meter. */

import { Command } from "commander";
import { type Data } from "../client/axdr.ts";
import { complain, optionsOf, targetOf, visit, withConnectionOptions } from "../client/command.ts";
import { withBroadcastOptions } from "../client/command_security.ts";
import { integer, toJson } from "../client/data.ts";
import { DlmsError } from "../client/errors.ts";
import { Directory, valueText } from "../client/objects.ts";
import { method } from "../client/session.ts";
import { explicitValue, isExplicit } from "../client/value.ts";

/** The sub-command `call`. */
export function callCommand(): Command {
  const command = new Command("call")
    .description("invoke a method of a meter")
    .argument("<name:method>", "logical name and method, such as 0-0:96.3.10.255:1")
    .argument("[value]", "parameter as type:value or JSON; a bare whole number is an integer", "integer:0");
  return withBroadcastOptions(withConnectionOptions(command)).action((name: string, value: string) =>
    call(command, name, value),
  );
}

async function call(command: Command, text: string, value: string): Promise<void> {
  try {
    const options = optionsOf(command);
    const target = targetOf(text);
    const id = target.index;
    if (id === undefined) throw new DlmsError(`name the method as well: ${target.logicalName}:1`);
    const parameters = parametersOf(value);
    const name = `${target.logicalName}:${id}`;
    await visit(options, async (client) => {
      const classId = options.class ?? (await new Directory(client).classOf(target.logicalName));
      if (options.broadcast === true) {
        const descriptor = method(classId, target.logicalName, id);
        await client.broadcast({
          kind: "action-request-normal",
          invoke: client.invokeNext(),
          method: descriptor,
          parameters,
        });
        process.stdout.write(
          `${options.json === true ? JSON.stringify({ name, sent: true }) : `${name} sent; no answer comes`}\n`,
        );
        return;
      }
      const returned = await client.action(method(classId, target.logicalName, id), parameters);
      const json = JSON.stringify({ name, returned: returned === undefined ? null : toJson(returned) });
      const line = returned === undefined ? `${name} done` : `${name} returns ${valueText(returned)}`;
      process.stdout.write(`${options.json === true ? json : line}\n`);
    });
  } catch (error) {
    complain(error);
  }
}

function parametersOf(value: string): Data {
  if (isExplicit(value)) return explicitValue(value);
  if (/^-?\d+$/.test(value) && Number(value) >= -128 && Number(value) <= 127) return integer(Number(value));
  throw new DlmsError(`"${value}" does not name a type; write it as type:value, such as long-unsigned:1`);
}
