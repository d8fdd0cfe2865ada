/** The objects of a template as rows: what `objects` and `template print` show. */
import Table from "cli-table3";
import type { ObjectModel, TemplateModel } from "../template/model.ts";

const READ = 1;
const WRITE = 2;

/** An object as people and spreadsheets want it; rights by client such as "get 1-4,-1 set 2 act 1", "-" for none. */
export interface ObjectLine {
  logicalName: string;
  class: number;
  version: number;
  className: string;
  name: string;
  group: string;
  access: Record<string, string>;
  source: string[];
  confidence: string;
  note: string;
}

/** Ids of a list as ranges: 1-6, 8. */
function rangesText(ids: number[]): string[] {
  const parts: string[] = [];
  for (let i = 0; i < ids.length; i++) {
    const first = ids[i]!;
    while (ids[i + 1] === ids[i]! + 1) i++;
    parts.push(first === ids[i] ? String(first) : `${first}-${ids[i]}`);
  }
  return parts;
}

/** Rights of one client: "get 1-4 set 2 act 1". */
export function accessText(object: ObjectModel, client: string): string {
  const row = object.access.get(client);
  if (!row) return "-";
  const attributes = [...row.subarray(0, object.attributes.length)];
  const methods = [...row.subarray(object.attributes.length, object.attributes.length + object.methods.length)];
  const own = [...row.subarray(object.attributes.length + object.methods.length)];
  const having = (modes: number[], bit: number) => modes.flatMap((mode, i) => (mode & bit ? [i + 1] : []));
  const ownHaving = (bit: number) => having(own, bit).map((id) => String(-id));
  const rights: [string, string[]][] = [
    ["get", [...rangesText(having(attributes, READ)), ...ownHaving(READ)]],
    ["set", [...rangesText(having(attributes, WRITE)), ...ownHaving(WRITE)]],
    ["act", rangesText(having(methods, READ))],
  ];
  return rights.flatMap(([right, ids]) => (ids.length > 0 ? [`${right} ${ids.join(",")}`] : [])).join(" ");
}

export function clientNames(model: TemplateModel): string[] {
  return model.parts.associations.map((association) => association.name);
}

/** Every object of a template, sorted by logical name. */
export function objectLines(model: TemplateModel): ObjectLine[] {
  const clients = clientNames(model);
  return model.objects.map((o) => ({
    logicalName: o.logicalName,
    class: o.classId,
    version: o.version,
    className: o.className,
    name: o.name,
    group: o.group,
    access: Object.fromEntries(clients.map((client) => [client, accessText(o, client)])),
    source: o.source,
    confidence: o.confidence,
    note: o.note,
  }));
}

/** As a table for a terminal. */
export function objectsTable(model: TemplateModel): string {
  const clients = clientNames(model);
  const table = new Table({
    head: ["logical name", "class", "name", "group", ...clients, "source", "confidence"],
    style: { head: [], border: [], compact: true },
  });
  for (const o of objectLines(model)) {
    const rights = clients.map((client) => o.access[client]!);
    const kind = `${o.class} v${o.version} ${o.className}`;
    table.push([o.logicalName, kind, o.name, o.group, ...rights, o.source.join(" "), o.confidence]);
  }
  return table.toString();
}

function csvField(value: string | number): string {
  const text = String(value);
  return /[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** As comma-separated values (RFC 4180) with a head line. */
export function objectsCsv(model: TemplateModel): string {
  const clients = clientNames(model);
  const head = ["logical name", "class", "version", "class name", "name", "group", ...clients];
  const lines = [[...head, "source", "confidence", "note"].map(csvField).join(",")];
  for (const o of objectLines(model)) {
    const fields = [o.logicalName, o.class, o.version, o.className, o.name, o.group];
    const rights = clients.map((client) => o.access[client]!);
    lines.push([...fields, ...rights, o.source.join(" "), o.confidence, o.note].map(csvField).join(","));
  }
  return lines.join("\r\n");
}
