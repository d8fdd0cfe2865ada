/**
 * Reads an image by the overlays of assembly/store/template.ts: field names, types and order are taken from its source,
 * so that this reader and the compiler cannot drift apart together.
 */
import { readFileSync } from "node:fs";

const SIZES: Record<string, number> = { u8: 1, i8: 1, u16: 2, u32: 4, i64: 8 };

interface Field {
  name: string;
  type: string;
  at: number;
}

const source = ["template", "template_rows"]
  .map((name) => readFileSync(`assembly/store/${name}.ts`, "utf8"))
  .join("\n");

function overlay(name: string): { fields: Field[]; size: number } {
  const begin = source.indexOf(`export class ${name} {`);
  const body = source.slice(begin, source.indexOf("\n}", begin));
  let at = 0;
  const fields: Field[] = [];
  for (const match of body.matchAll(/^ {2}(\w+): (\w+);$/gm)) {
    const [, field, type] = match as unknown as [string, string, string];
    const size = SIZES[type]!;
    at = (at + size - 1) & ~(size - 1);
    fields.push({ name: field, type, at });
    at += size;
  }
  const declared = new RegExp(`offsetof<${name}>\\(\\) != (\\d+)`).exec(source);
  return { fields, size: Number(declared?.[1] ?? -1) };
}

const OVERLAYS = Object.fromEntries(
  [
    ...["Template", "ObjectRow", "ClassRow", "AttributeRow", "ShapeRow", "HistoryCell"],
    ...["AssociationRow", "PortRow", "ProfileRow", "EventRow", "EffectRow"],
  ].map((name) => [name, overlay(name)]),
);

export type Row = Record<string, number>;

/** Numbers of an overlay at `at`; i64 as numbers too, which is enough for tests. */
export function rowRead(image: Uint8Array, name: string, at: number): Row {
  const view = new DataView(image.buffer, image.byteOffset, image.length);
  const get: Record<string, (at: number) => number> = {
    u8: (p) => view.getUint8(p),
    i8: (p) => view.getInt8(p),
    u16: (p) => view.getUint16(p, true),
    u32: (p) => view.getUint32(p, true),
    i64: (p) => Number(view.getBigInt64(p, true)),
  };
  return Object.fromEntries(OVERLAYS[name]!.fields.map((field) => [field.name, get[field.type]!(at + field.at)]));
}

/** Octets of an overlay as the core declares them. */
export function rowSize(name: string): number {
  return OVERLAYS[name]!.size;
}

export interface ImageContent {
  head: Row;
  objects: Row[];
  attributes: Row[];
  associations: Row[];
  ports: Row[];
  profiles: Row[];
  events: Row[];
}

const NONE = 0xffff;
const NO_NUMBER = 255;
const COMPUTED = 2;
const RANGED = 8;
const HISTORY = 16;

/** Octets that stand at an offset behind octetsAt: one octet of size in front, or FF and two, little-endian. */
function octetsAt(image: Uint8Array, offset: number): { at: number; size: number } {
  const at = rowRead(image, "Template", 0)["octetsAt"]! + offset;
  if (image[at]! < 0xff) return { at: at + 1, size: image[at]! };
  return { at: at + 3, size: image[at + 1]! + image[at + 2]! * 256 };
}

/** An object with what its class, the row behind it and the tables of the image say of it. */
function objectWhole(image: Uint8Array, head: Row, index: number): Row {
  const view = new DataView(image.buffer, image.byteOffset, image.length);
  const row = (i: number) => rowRead(image, "ObjectRow", head["objectsAt"]! + i * rowSize("ObjectRow"));
  const own = row(index);
  const { classId, version, attributeCount, methodCount, methodsAt } = rowRead(
    image,
    "ClassRow",
    head["classesAt"]! + own["classAt"]! * rowSize("ClassRow"),
  );
  const extras = Array.from({ length: head["extraCount"]! }, (_, i) => head["extrasAt"]! + 4 * i);
  const extra = extras.find((at) => view.getUint16(at, true) === index);
  return {
    ...own,
    ...{ classId: classId!, version: version!, attributeCount: attributeCount!, methodCount: methodCount! },
    methodsAt: methodsAt!,
    attributeRows: row(index + 1)["firstAttribute"]! - own["firstAttribute"]!,
    instance: own["number"] === NO_NUMBER ? NONE : own["number"]!,
    extra: extra === undefined ? 0 : view.getUint16(extra + 2, true),
    baseName: head["baseNamesAt"] === 0 ? 0 : view.getUint16(head["baseNamesAt"]! + 2 * index, true),
  };
}

/** An attribute row with what its shape says, and where the octets it names stand. */
function attributeWhole(image: Uint8Array, head: Row, index: number, object: number): Row {
  const own = rowRead(image, "AttributeRow", head["attributesAt"]! + index * rowSize("AttributeRow"));
  const shape = rowRead(image, "ShapeRow", head["shapesAt"]! + own["shapeAt"]! * rowSize("ShapeRow"));
  const computed = (shape["flags"]! & COMPUTED) !== 0;
  const type = octetsAt(image, shape["typeAt"]!);
  const value = octetsAt(image, computed ? 0 : own["datum"]!);
  const cell = (shape["flags"]! & HISTORY) === 0 ? undefined : octetsAt(image, own["datum"]!).at;
  const view = new DataView(image.buffer, image.byteOffset, image.length);
  const range = head["rangesAt"]! + shape["detail"]! * 16;
  const ranged = (shape["flags"]! & RANGED) !== 0;
  const quantity = cell === undefined ? own["datum"]! : view.getUint16(cell + 6, true);
  return {
    ...{ id: shape["id"]!, part: shape["part"]!, flags: shape["flags"]!, capacity: shape["capacity"]!, object },
    tag: type.size === 0 ? 0 : image[type.at]!,
    ...{ typeAt: type.at, typeSize: type.size, defaultAt: value.at, defaultSize: value.size },
    quantity: computed ? quantity : 0,
    digits: computed ? shape["detail"]! : 0,
    min: ranged ? Number(view.getBigInt64(range, true)) : 0,
    max: ranged ? Number(view.getBigInt64(range + 8, true)) : 0,
    ...(cell === undefined
      ? {}
      : { history: view.getUint32(cell, true), historyProfile: view.getUint16(cell + 4, true) }),
  };
}

/** All tables of an image. */
export function imageRead(image: Uint8Array): ImageContent {
  const head = rowRead(image, "Template", 0);
  const table = (name: string, at: number, count: number) =>
    Array.from({ length: count }, (_, i) => rowRead(image, name, at + i * rowSize(name)));
  const objects = Array.from({ length: head["objectCount"]! }, (_, i) => objectWhole(image, head, i));
  const attributes = objects.flatMap((o, i) =>
    Array.from({ length: o["attributeRows"]! }, (_, k) => attributeWhole(image, head, o["firstAttribute"]! + k, i)),
  );
  return {
    ...{ head, objects, attributes },
    associations: table("AssociationRow", head["associationsAt"]!, head["associationCount"]!),
    ports: table("PortRow", head["portsAt"]!, head["portCount"]!),
    profiles: table("ProfileRow", head["profilesAt"]!, head["profileCount"]!),
    events: table("EventRow", head["eventsAt"]!, head["eventCount"]!).map((event) => ({
      ...event,
      profile: event["log"] === NO_NUMBER ? NONE : event["log"]!,
      ...rowRead(image, "EffectRow", head["effectsAt"]! + event["effectAt"]! * rowSize("EffectRow")),
    })),
  };
}

/** Logical name of an object row as text. */
export function nameOf(row: Row): string {
  const [a, b, c, d, e, f] = ["ln0", "ln1", "ln2", "ln3", "ln4", "ln5"].map((key) => row[key]);
  return `${a}-${b}:${c}.${d}.${e}.${f}`;
}

/** Octets of the image in hexadecimal. */
export function hexAt(image: Uint8Array, at: number, size: number): string {
  return Buffer.from(image.subarray(at, at + size))
    .toString("hex")
    .toUpperCase();
}

/** The octets behind `accessAt` of an object in an association; empty = not visible. */
export function accessOf(image: Uint8Array, association: number, object: Row): number[] {
  const view = new DataView(image.buffer, image.byteOffset, image.length);
  const head = rowRead(image, "Template", 0);
  const set = object["accessSet"]! * head["associationCount"]! + association;
  const offset = view.getUint16(head["accessSetsAt"]! + set * 2, true);
  if (offset === 0) return [];
  const at = head["accessAt"]! + offset;
  return [...image.subarray(at, at + object["attributeCount"]! + object["methodCount"]!)];
}
