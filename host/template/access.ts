/** Access rights: from the clients' rows of an object to octets of access_mode (Association LN version 3). */
import { shortNamesIn } from "./associations.ts";
import type { AssociationDocument, ClientAccessDocument, TemplateDocument } from "./document.ts";
import { TemplateError, within } from "./error.ts";
import { objectText, type WholeObject } from "./expand.ts";
import { CLASS_ASSOCIATION, CLASS_ASSOCIATION_SN } from "./model.ts";

/** Bits of access_mode (Blue Book, Association LN version 3). */
export const ACCESS_READ = 1;
export const ACCESS_WRITE = 2;
/** The same bit stands for the right to invoke a method. */
export const ACCESS_INVOKE = 1;

const REQUIRE: Record<string, number> = {
  "request-authenticated": 4,
  "request-encrypted": 8,
  "request-signed": 16,
  "response-authenticated": 32,
  "response-encrypted": 64,
  "response-signed": 128,
};

function all(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i + 1);
}

/** Where the octet of an attribute stands in an access row: 1..n, the methods, then -1, -2, … (assembly/cosem/dispatch.ts). */
export function accessPlace(object: WholeObject, id: number): number {
  const { attributes, methods } = object.class;
  return id < 0 ? attributes.length + methods.length - id - 1 : id - 1;
}

function idsCheck(ids: readonly number[], count: number, key: string, object: WholeObject): void {
  for (const id of ids) {
    if (id < 0 && key !== "act") {
      if (-id <= object.ownCount) continue;
      throw new TemplateError(`${key}: ${id} is not among the attributes`);
    }
    if (id < 1 || id > count) {
      const what = key === "act" ? "methods" : "attributes";
      const c = object.class;
      throw new TemplateError(`${key}: ${id} is not in class ${c.id} (${c.name}), which has ${count} ${what}`);
    }
  }
}

/** One octet per attribute of the class, method and manufacturer attribute, for one client. */
function rowOf(object: WholeObject, access: ClientAccessDocument): Uint8Array {
  const attributes = object.class.attributes.length;
  const methods = object.class.methods.length;
  const get = access.get === "all" ? all(attributes) : (access.get ?? []);
  const act = access.act === "all" ? all(methods) : (access.act ?? []);
  const set = access.set ?? [];
  idsCheck(get, attributes, "get", object);
  idsCheck(set, attributes, "set", object);
  idsCheck(act, methods, "act", object);
  if (set.includes(1)) throw new TemplateError("set: attribute 1 (logical_name) cannot be set");
  const row = new Uint8Array(attributes + methods + object.ownCount);
  for (const id of get) row[accessPlace(object, id)]! |= ACCESS_READ;
  for (const id of set) row[accessPlace(object, id)]! |= ACCESS_WRITE;
  for (const id of act) row[attributes + id - 1]! |= ACCESS_INVOKE;
  if (row.some((mode) => mode !== 0)) row[0]! |= ACCESS_READ;
  const demanded = (access.require ?? []).reduce((bits, name) => bits | (REQUIRE[name] ?? 0), 0);
  return row.map((mode) => (mode === 0 ? 0 : mode | demanded));
}

/** Rights of another association, where an object gives the client none; associations of the other referencing stay unseen. */
function inheritedRow(
  client: string,
  association: AssociationDocument,
  object: WholeObject,
  rows: Map<string, Uint8Array>,
): Uint8Array | undefined {
  if (association.rightsOf === undefined || object.access[client] !== undefined) return undefined;
  const other = shortNamesIn(association) ? CLASS_ASSOCIATION : CLASS_ASSOCIATION_SN;
  return object.class.id === other ? undefined : rows.get(association.rightsOf);
}

/** Rows of every client for an object, by the client's name; none where it sees nothing. */
export function accessRows(document: TemplateDocument, object: WholeObject): Map<string, Uint8Array> {
  const rows = new Map<string, Uint8Array>();
  within(objectText(object), () => {
    for (const [client, access] of Object.entries(object.access)) {
      const association = document.associations[client];
      if (!association) throw new TemplateError(`access.${client}: there is no such association`);
      if (object.device !== undefined && object.device !== (association.serverSap ?? 1)) {
        throw new TemplateError(
          `access.${client}: server SAP ${association.serverSap ?? 1} is not device ${object.device}`,
        );
      }
      const row = within(`access.${client}`, () => rowOf(object, access));
      if (row.some((mode) => mode !== 0)) rows.set(client, row);
    }
    for (const [client, association] of Object.entries(document.associations)) {
      const row = inheritedRow(client, association, object, rows);
      if (row) rows.set(client, row);
    }
  });
  return rows;
}

/** Whether a client may read (or set) the attribute. */
export function accessGranted(object: WholeObject, rows: Map<string, Uint8Array>, id: number, bit: number): boolean {
  return [...rows.values()].some((row) => ((row[accessPlace(object, id)] ?? 0) & bit) !== 0);
}
