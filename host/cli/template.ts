/** `dlms-meter template`: shows and checks templates. */
import Table from "cli-table3";
import { Command } from "commander";
import type { Compiled } from "../template/compile.ts";
import type { Extension } from "../template/document.ts";
import { TemplateError } from "../template/error.ts";
import { extensionsApply } from "../template/extensions.ts";
import { overrideApply, TEMPLATE_DEFAULT, templateLoad, templateRead } from "../template/load.ts";
import type { AttributeModel, ObjectModel, TemplateModel } from "../template/model.ts";

import { extensionsOption } from "./extensions_option.ts";
import { accessText, objectsTable } from "./objects_table.ts";
import { overridesOption } from "./repeatable_option.ts";

/** Runs `work`; a TemplateError becomes one line on stderr and exit code 1. */
export function templateErrors(command: Command, work: () => void): void {
  try {
    work();
  } catch (error) {
    if (!(error instanceof TemplateError)) throw error;
    command.error(`error: ${error.message}`, { exitCode: 1 });
  }
}

function attributeText(attribute: AttributeModel, model: TemplateModel): string[] {
  const row = attribute.row === undefined ? undefined : model.parts.rows[attribute.row];
  const value = row && row.default.length > 0 ? Buffer.from(row.default).toString("hex").toUpperCase() : "";
  const range = row && row.flags & 8 ? `${row.min} to ${row.max}` : "";
  return [String(attribute.id), attribute.name, attribute.type, attribute.quantity ?? value, range];
}

/** One object with its attributes and methods. */
function objectTable(object: ObjectModel, model: TemplateModel): string {
  const table = new Table({
    head: ["id", "attribute", "type", "value as A-XDR, or quantity", "range"],
    style: { head: [], border: [], compact: true },
    colWidths: [null, null, 50, 60, null],
    wordWrap: true,
    wrapOnWordBoundary: false,
  });
  for (const attribute of [...object.attributes, ...object.own]) table.push(attributeText(attribute, model));
  const clients = model.parts.associations.map(({ name }) => `${name}: ${accessText(object, name)}`);
  const methods = object.methods.map((method, i) => `${i + 1} ${method}`).join(", ");
  const head = `${object.logicalName} "${object.name}", class ${object.classId} v${object.version} ${object.className}`;
  const evidence = `source ${object.source.join(" ")}, confidence ${object.confidence}. ${object.note}`.trim();
  return [head, evidence, table.toString(), `methods: ${methods || "none"}`, ...clients].join("\n");
}

/** What a template holds, in one line. */
function summaryText(name: string, { image, model }: Compiled): string {
  const { rows, profiles, slotCount } = model.parts;
  const area = profiles.reduce((sum, profile) => sum + profile.areaSize, 0);
  return (
    `${name}: ${model.objects.length} objects, ${rows.length} attribute rows, ${slotCount} slots, ` +
    `${profiles.length} profiles of ${area} octets, image ${image.length} octets`
  );
}

interface PrintOptions {
  override: string[];
  extensions?: Extension[];
  object?: string;
  json?: boolean;
}

function print(name: string, options: PrintOptions): void {
  const compiled = templateLoad(name, options.override, undefined, options.extensions);
  const { model } = compiled;
  if (options.json) {
    const chosen = extensionsApply(templateRead(name), options.extensions);
    const document = options.override.reduce(overrideApply, chosen);
    process.stdout.write(`${JSON.stringify(document, null, 2)}\n`);
    return;
  }
  if (options.object === undefined) {
    process.stdout.write(`${objectsTable(model)}\n${summaryText(name, compiled)}\n`);
    return;
  }
  const object = model.find(options.object);
  if (!object) throw new TemplateError(`there is no object ${options.object}`);
  process.stdout.write(`${objectTable(object, model)}\n`);
}

function overrideOption(command: Command): Command {
  return extensionsOption(command).addOption(overridesOption());
}

function printCommand(): Command {
  const command = new Command("print").description("show the objects of a template");
  overrideOption(command)
    .argument("[template]", "name or file", TEMPLATE_DEFAULT)
    .option("--object <name>", "show one object: its logical name or name")
    .option("--json", "the template as JSON, with everything it extends");
  return command.action((name: string, options: PrintOptions) => templateErrors(command, () => print(name, options)));
}

function checkCommand(): Command {
  const command = new Command("check").description("check a template and say what it holds");
  overrideOption(command).argument("[template]", "name or file", TEMPLATE_DEFAULT);
  return command.action((name: string, options: PrintOptions) =>
    templateErrors(command, () => {
      process.stdout.write(
        `${summaryText(name, templateLoad(name, options.override, undefined, options.extensions))}\n`,
      );
    }),
  );
}

/** `template print|check`. */
export function templateCommand(): Command {
  return new Command("template")
    .description("object models of meters")
    .addCommand(printCommand())
    .addCommand(checkCommand());
}
