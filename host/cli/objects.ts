/** `dlms-meter objects`: the objects of a template, with what each rests on. */
import { Command, Option } from "commander";
import type { Extension } from "../template/document.ts";
import { TEMPLATE_DEFAULT, templateLoad } from "../template/load.ts";
import { extensionsOption } from "./extensions_option.ts";
import { objectLines, objectsCsv, objectsTable } from "./objects_table.ts";
import { templateErrors } from "./template.ts";

interface ObjectsOptions {
  template: string;
  extensions?: Extension[];
  json?: boolean;
  csv?: boolean;
}

const HELP = `
group       B BASIC, X security, K media, O optional; D, L, M: extensions
source      S public excerpt of the profile, M MCS301 manual, X head-end systems, V other meters' catalogues, L field captures,
            O DSMR/SMR profiles, T association dump, E EPS/Enexis list, B Blue Book, I inferred, D decided here
confidence  how sure it is that a real meter has the object so
The objects of a running meter: dlms-meter read --list.`;

function print(options: ObjectsOptions): void {
  const { model } = templateLoad(options.template, [], undefined, options.extensions);
  if (options.json) process.stdout.write(`${JSON.stringify(objectLines(model), null, 2)}\n`);
  else if (options.csv) process.stdout.write(`${objectsCsv(model)}\r\n`);
  else process.stdout.write(`${objectsTable(model)}\n`);
}

/** `objects`. */
export function objectsCommand(): Command {
  const command = new Command("objects")
    .description("the objects of a template: class, rights of each client, group, source and confidence")
    .option("--template <template>", "name or file", TEMPLATE_DEFAULT)
    .option("--json", "as JSON")
    .addOption(new Option("--csv", "as comma-separated values").conflicts("json"))
    .addHelpText("after", HELP);
  extensionsOption(command);
  return command.action((options: ObjectsOptions) => templateErrors(command, () => print(options)));
}
