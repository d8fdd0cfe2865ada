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

const source = readFileSync("assembly/store/template.ts", "utf8");

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
  ["Template", "ObjectRow", "AttributeRow", "AssociationRow", "PortRow", "ProfileRow", "EventRow"].map((name) => [
    name,
    overlay(name),
  ]),
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

/** All tables of an image. */
export function imageRead(image: Uint8Array): ImageContent {
  const head = rowRead(image, "Template", 0);
  const table = (name: string, at: number, count: number) =>
    Array.from({ length: count }, (_, i) => rowRead(image, name, at + i * rowSize(name)));
  return {
    head,
    objects: table("ObjectRow", head["objectsAt"]!, head["objectCount"]!),
    attributes: table("AttributeRow", head["attributesAt"]!, head["attributeCount"]!),
    associations: table("AssociationRow", head["associationsAt"]!, head["associationCount"]!),
    ports: table("PortRow", head["portsAt"]!, head["portCount"]!),
    profiles: table("ProfileRow", head["profilesAt"]!, head["profileCount"]!),
    events: table("EventRow", head["eventsAt"]!, head["eventCount"]!),
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
export function accessOf(image: Uint8Array, association: Row, index: number, object: Row): number[] {
  const view = new DataView(image.buffer, image.byteOffset, image.length);
  const offset = view.getUint16(association["accessTableAt"]! + index * 2, true);
  if (offset === 0) return [];
  const at = rowRead(image, "Template", 0)["accessAt"]! + offset;
  return [...image.subarray(at, at + object["attributeCount"]! + object["methodCount"]!)];
}
