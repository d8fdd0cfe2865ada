/** Templates by name or file, with what they extend, and single values changed from the command line. */
import { existsSync, readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { type Compiled, compileTemplate } from "./compile.ts";
import type {
  AttributeDocument,
  EventDocument,
  Extension,
  ObjectDocument,
  PartDocument,
  TemplateDocument,
  ValueDocument,
} from "./document.ts";
import { TemplateError, within } from "./error.ts";
import { objectsExpand, objectText, partsJoin, type WholeObject } from "./expand.ts";
import { extensionsApply } from "./extensions.ts";
import { logicalNameLike, logicalNameWhole } from "./logical_name.ts";
import { CLASS_ASSOCIATION_SN } from "./model.ts";
import { partCheck, schemaCheck } from "./schema.ts";
import { classAttribute, QUANTITIES } from "./tables.ts";
import { typeParse, typeRange } from "./type.ts";

/** Name of the template that is used when none is named. */
export const TEMPLATE_DEFAULT = "idis-p3";

/** Files of this room that are tables, not templates. */
const TABLES = ["schema", "classes", "quantities", "hidden"];

/** The file of a template: of the package, or one of its examples, when it is a bare name, else a path seen from `folder`. */
function fileOf(name: string, folder: string): string {
  if (/^[a-z0-9-]+$/.test(name) && !TABLES.includes(name)) {
    const files = ["", "examples/"].map((f) => fileURLToPath(new URL(`${f}${name}.json`, import.meta.url)));
    const file = files.find((path) => existsSync(path));
    if (file !== undefined) return file;
  }
  const file = resolve(folder, name);
  if (existsSync(file)) return file;
  throw new TemplateError(`template "${name}": there is no such template or file`);
}

function jsonRead(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, "utf8"));
  } catch (error) {
    throw new TemplateError(`${file}: ${(error as Error).message.replaceAll("\n", " ")}`);
  }
}

/** A template with the files it includes, which are looked for beside it. */
function fileRead(file: string): TemplateDocument {
  const json = jsonRead(file);
  const { include = [], ...document } = within(file, () => schemaCheck(json));
  return include.reduce((whole, name) => {
    const path = resolve(dirname(file), name);
    if (!existsSync(path)) throw new TemplateError(`${file}: include: there is no file ${path}`);
    const part = jsonRead(path);
    return within(path, () => partJoin(whole, partCheck(part)));
  }, document as TemplateDocument);
}

/** Adds the keys of `over`; a key that is there already is refused. */
function keysAdd<T>(what: string, under: Record<string, T> = {}, over: Record<string, T> = {}): Record<string, T> {
  const twin = Object.keys(over).find((key) => Object.hasOwn(under, key));
  if (twin !== undefined) throw new TemplateError(`${what}.${twin}: another file of the template has it`);
  return { ...under, ...over };
}

/** The template with an included file; two objects of one name are refused when it is compiled. */
function partJoin(document: TemplateDocument, part: PartDocument): TemplateDocument {
  const { group } = part;
  const objects = (part.objects ?? []).map((object) => (group === undefined ? object : { group, ...object }));
  return {
    ...document,
    access: keysAdd("access", document.access, part.access),
    kinds: keysAdd("kinds", document.kinds, part.kinds),
    objects: [...(document.objects ?? []), ...objects],
    events: [...(document.events ?? []), ...(part.events ?? [])],
  };
}

/** Objects join by logical name and device; an Association SN stands beside the Association LN of the same name. */
function objectKey(object: ObjectDocument): string {
  const name = `${logicalNameWhole(object.logicalName)} ${object.device ?? ""}`;
  return object.class === CLASS_ASSOCIATION_SN ? `${name} short names` : name;
}

function objectsJoin(under: ObjectDocument[], over: ObjectDocument[]): ObjectDocument[] {
  const joined = new Map(under.map((object) => [objectKey(object), object]));
  for (const object of over) {
    const key = objectKey(object);
    const before = joined.get(key);
    if (object.remove && !before) throw new TemplateError(`${objectText(object)}: remove: there is no such object`);
    const { replace, ...rest } = object;
    if (replace && !before) throw new TemplateError(`${objectText(object)}: replace: there is no such object`);
    if (object.remove) joined.delete(key);
    else joined.set(key, before && !replace ? partsJoin(before, rest) : rest);
  }
  return [...joined.values()];
}

/** Joins key by key with `both`; null takes a key away. */
function keysJoin<T>(
  what: string,
  under: Record<string, T> = {},
  over: Record<string, T | null> = {},
  both: (before: T | undefined, value: T) => T = (_, value) => value,
): Record<string, T> {
  const joined = { ...under };
  for (const [key, value] of Object.entries(over)) {
    if (value === null && !Object.hasOwn(joined, key)) {
      throw new TemplateError(`${what}.${key}: null: there is no such key to take away`);
    }
    if (value === null) delete joined[key];
    else joined[key] = both(joined[key], value);
  }
  return joined;
}

/** Keys of keys: what `over` does not say stays. */
function deepJoin<T extends object>(
  what: string,
  under: Record<string, T> | undefined,
  over: Record<string, T | null> | undefined,
): Record<string, T> {
  return keysJoin(what, under, over, (before, value) => ({ ...before, ...value }));
}

function eventsJoin(under: EventDocument[], over: EventDocument[]): EventDocument[] {
  const keyOf = (event: EventDocument) => `${event.code} ${event.log ? logicalNameWhole(event.log) : ""}`;
  const events = new Map(under.map((event) => [keyOf(event), event]));
  for (const event of over) {
    if (!event.remove) events.set(keyOf(event), event);
    else if (!events.delete(keyOf(event))) {
      throw new TemplateError(`event ${event.code}: remove: there is no such event for log ${event.log ?? "null"}`);
    }
  }
  return [...events.values()];
}

/** The template `under` with the changes of `over`. */
export function templatesJoin(under: TemplateDocument, over: TemplateDocument): TemplateDocument {
  const joined: TemplateDocument = {
    ...under,
    ...over,
    identity: { ...under.identity, ...over.identity },
    associations: deepJoin("associations", under.associations, over.associations),
    ports: deepJoin("ports", under.ports, over.ports),
    access: keysJoin("access", under.access, over.access),
    kinds: deepJoin("kinds", under.kinds, over.kinds),
    objects: objectsJoin(under.objects ?? [], over.objects ?? []),
    events: eventsJoin(under.events ?? [], over.events ?? []),
  };
  delete joined.extends;
  return joined;
}

/**
 * Reads a template and all it extends.
 * @param name a template of the package (idis-p3) or a file
 * @throws TemplateError when a file is missing, is not JSON or does not follow the schema
 */
export function templateRead(name: string = TEMPLATE_DEFAULT, folder: string = process.cwd()): TemplateDocument {
  return readChain(name, folder, []);
}

function readChain(name: string, folder: string, seen: string[]): TemplateDocument {
  const file = fileOf(name, folder);
  if (seen.includes(file)) throw new TemplateError(`${file}: extends leads back to it`);
  const document = fileRead(file);
  if (document.extends === undefined) return document;
  const base = within(`${file}: extends`, () => fileOf(document.extends!, dirname(file)));
  const under = readChain(base, dirname(file), [...seen, file]);
  return within(file, () => templatesJoin(under, document));
}

function jsonParse(text: string): ValueDocument {
  try {
    return JSON.parse(text) as ValueDocument;
  } catch (error) {
    throw new TemplateError(`${text} is not JSON: ${(error as Error).message}`);
  }
}

const HELPER = /^(hex|text|ln|clock|ipv4):(.*)$/s;

/** The value that text stands for, by the type it has to have. */
function valueFromText(text: string, type: string): ValueDocument {
  if (text === "null") return null;
  if (/^\s*\{/.test(text)) return jsonParse(text);
  const helper = HELPER.exec(text);
  if (helper) return { [helper[1] === "hex" ? "octet-string" : helper[1]!]: helper[2]! };
  if (type === "octet-string") return { text };
  if (type === "boolean") {
    if (text !== "true" && text !== "false") throw new TemplateError(`"${text}" is neither true nor false`);
    return { boolean: text === "true" };
  }
  if (typeRange(type)) return { [type]: text };
  if (type.startsWith("float")) return { [type]: Number(text) };
  if (type === "array" || type === "structure" || type === "any") {
    throw new TemplateError(`the attribute is ${type}; write the value as JSON, such as {"unsigned": 1}`);
  }
  return { [type]: text };
}

/** Name of the outer type of an attribute: its own, its present value's, or its class's. */
function typeNameOf(object: WholeObject, id: number, document: AttributeDocument): string {
  const own = document.type === undefined ? undefined : typeParse(document.type);
  const type = own ?? typeParse(classAttribute(object.class, id).type);
  if (type.kind === "simple") return type.name;
  if (type.kind === "array" || type.kind === "structure") return type.kind;
  if (document.value === undefined || document.value === null) return "any";
  const key = Object.keys(document.value)[0]!;
  const helpers: Record<string, string> = { text: "octet-string", ln: "octet-string", clock: "octet-string" };
  return helpers[key] ?? (key === "ipv4" ? "double-long-unsigned" : key);
}

/** Splits NAME:ATTRIBUTE=VALUE; without an attribute, a logical name or object name means attribute 2. */
function overrideSplit(text: string): { name: string; attribute: string; value: string } {
  const equals = text.indexOf("=");
  const left = text.slice(0, equals);
  if (equals < 1) throw new TemplateError("write NAME:ATTRIBUTE=VALUE");
  const value = text.slice(equals + 1);
  const colon = left.lastIndexOf(":");
  if (logicalNameLike(left) || colon < 0) return { name: left, attribute: "2", value };
  return { name: left.slice(0, colon), attribute: left.slice(colon + 1), value };
}

/**
 * Changes one value of a template: NAME:ATTRIBUTE=VALUE, where NAME is a logical name or the name of an object, ATTRIBUTE
 * its number or name, and VALUE plain text, hex:…, ln:…, clock:…, ipv4:… or JSON.
 * @throws TemplateError naming the override and what is wrong with it
 */
export function overrideApply(document: TemplateDocument, override: string): TemplateDocument {
  return within(`override "${override}"`, () => {
    const { name, attribute, value } = overrideSplit(override);
    const key = logicalNameLike(name) ? logicalNameWhole(name) : name;
    const object = objectsExpand(document).find((o) => o.logicalName === key || o.name === key);
    if (!object) throw new TemplateError(`there is no object ${name}`);
    const own = /^-\d+$/.test(attribute) && object.attributes.has(Number(attribute));
    const ofClass =
      object.class.attributes.findIndex((a, i) => a.name === attribute || String(i + 1) === attribute) + 1;
    const id = own ? Number(attribute) : ofClass;
    const names = object.class.attributes.map((a, i) => `${i + 1} ${a.name}`).slice(1);
    if (id < 2 && !own)
      throw new TemplateError(`${objectText(object)} has no attribute ${attribute} (${names.join(", ")})`);
    const before = object.attributes.get(id) ?? {};
    if (before.quantity !== undefined && QUANTITIES.has(before.quantity)) {
      throw new TemplateError(`attribute ${id} is computed from ${before.quantity}`);
    }
    if (object.class.byClass.includes(id) && before.value === undefined) {
      throw new TemplateError(`attribute ${id} (${names[id - 2]}) has no value of its own`);
    }
    return valuePut(document, object.logicalName, id, valueFromText(value, typeNameOf(object, id, before)));
  });
}

function valuePut(document: TemplateDocument, logicalName: string, id: number, value: ValueDocument): TemplateDocument {
  const change: ObjectDocument = { logicalName, attributes: { [id]: { value } } };
  return { ...document, objects: objectsJoin(document.objects, [change]) };
}

/**
 * Reads, changes and compiles a template; `extensions`, if given, come before the overrides and `change` after them.
 * @throws TemplateError
 */
export function templateLoad(
  name: string = TEMPLATE_DEFAULT,
  overrides: readonly string[] = [],
  change: (document: TemplateDocument) => TemplateDocument = (document) => document,
  extensions?: Extension[],
): Compiled {
  const chosen = extensionsApply(templateRead(name), extensions);
  const document = change(overrides.reduce(overrideApply, chosen));
  // A template of the package is known by its name; a file of the user's is named with what is wrong in it.
  return /^[a-z0-9-]+$/.test(name) ? compileTemplate(document) : within(name, () => compileTemplate(document));
}
