/** Values of a template: from their JSON form, through a checked tree, to A-XDR. */
import type { ValueDocument } from "./document.ts";
import { TemplateError, within } from "./error.ts";
import { logicalNameParse } from "./logical_name.ts";
import { type Type, lengthSize, tagNamed, typeNamed, typeRange, typeText } from "./type.ts";

/** A value of known type; `contents` stand behind the tag, without the length that variable types put before them. */
export type Value =
  | { type: "array" | "structure"; elements: Value[] }
  | {
      type: string;
      contents: Uint8Array;
      /** Bits or octets, where a length precedes. */ length?: number;
      number?: bigint;
    };

/** Finds the class of the object with a logical name. */
export type ClassOf = (logicalName: string) => number;

const VARIABLE = new Set(["octet-string", "visible-string", "utf8-string", "bit-string"]);
const FIXED_OCTETS: Record<string, number> = { "date-time": 12, date: 5, time: 4 };

function octets(text: string): Uint8Array {
  const digits = text.replace(/[\s:]/g, "");
  if (digits.length % 2 !== 0 || !/^[0-9a-fA-F]*$/.test(digits)) {
    throw new TemplateError(`"${text}" is not hexadecimal octets; text is written {"text": "${text}"}`);
  }
  return Uint8Array.from(Buffer.from(digits, "hex"));
}

function octetString(contents: Uint8Array): Value {
  return { type: "octet-string", contents, length: contents.length };
}

/** A whole number of an integer type. */
export function integerValue(type: string, input: unknown): Value {
  const range = typeRange(type);
  let value: bigint;
  try {
    value = typeof input === "bigint" ? input : BigInt(input as number | string | boolean);
  } catch {
    throw new TemplateError(`${JSON.stringify(input)} is not a whole number`);
  }
  if (!range || value < range[0] || value > range[1]) {
    throw new TemplateError(`${value} is outside ${type} (${range?.[0]} to ${range?.[1]})`);
  }
  const size = typeSizeOf(type);
  const contents = new Uint8Array(size);
  for (let i = 0; i < size; i++) contents[size - 1 - i] = Number((value >> BigInt(8 * i)) & 0xffn);
  return { type, contents, number: value };
}

function typeSizeOf(type: string): number {
  const span = typeRange(type)![1] - typeRange(type)![0];
  if (span < 256n) return 1;
  if (span < 65536n) return 2;
  return span < 2n ** 32n ? 4 : 8;
}

function bits(text: string): Value {
  if (!/^[01]*$/.test(text)) throw new TemplateError(`"${text}" is not a string of bits 0 and 1`);
  const contents = new Uint8Array(Math.ceil(text.length / 8));
  [...text].forEach((bit, i) => {
    if (bit === "1") contents[i >> 3]! |= 0x80 >> (i & 7);
  });
  return { type: "bit-string", contents, length: text.length };
}

function real(type: "float32" | "float64", value: number): Value {
  const contents = new Uint8Array(type === "float32" ? 4 : 8);
  const view = new DataView(contents.buffer);
  if (type === "float32") view.setFloat32(0, value);
  else view.setFloat64(0, value);
  return { type, contents };
}

/** Dotted address as a number, as IPv4 setup keeps it. */
function ipv4(text: string): Value {
  const parts = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(text)?.slice(1).map(Number);
  if (!parts || parts.some((part) => part > 255)) throw new TemplateError(`"${text}" is not an IPv4 address`);
  return { type: "double-long-unsigned", contents: Uint8Array.from(parts) };
}

/** Splits "0-0:1.0.0.255:2" into logical name and attribute. */
export function attributeReference(text: string): { logicalName: string; attribute: number } {
  const cut = text.lastIndexOf(":");
  const logicalName = text.slice(0, cut);
  const attribute = Number(text.slice(cut + 1));
  logicalNameParse(logicalName);
  if (!Number.isInteger(attribute) || attribute < -128 || attribute > 127) {
    throw new TemplateError(`"${text}" is not logical name and attribute, such as 0-0:1.0.0.255:2`);
  }
  return { logicalName, attribute };
}

/** A capture_object_definition {class_id, logical_name, attribute_index, data_index 0}. */
function captureObject(text: string, classOf: ClassOf): Value {
  const { logicalName, attribute } = attributeReference(text);
  return {
    type: "structure",
    elements: [
      integerValue("long-unsigned", classOf(logicalName)),
      octetString(logicalNameParse(logicalName)),
      integerValue("integer", attribute),
      integerValue("long-unsigned", 0),
    ],
  };
}

/** An element of a push_object_list without restriction (null-data) and, from version 2 on, with all columns. */
function pushObject(text: string, version: 1 | 2, classOf: ClassOf): Value {
  const nothing = { type: "null-data", contents: new Uint8Array(0) };
  const restriction: Value = { type: "structure", elements: [integerValue("enum", 0), nothing] };
  const columns: Value[] = version === 2 ? [{ type: "array", elements: [] }] : [];
  const object = captureObject(text, classOf) as { elements: Value[] };
  return { type: "structure", elements: [...object.elements, restriction, ...columns] };
}

const WEEKDAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
const CLOCK = new RegExp(
  "^(\\*|\\d{4})-(\\*|\\d\\d)-(\\*|\\d\\d|last|last-1)(?: (\\*|[a-z]{3}))?" +
    " (\\*|\\d\\d):(\\*|\\d\\d):(\\*|\\d\\d)(?:\\.(\\*|\\d\\d))?(?: (\\*|[+-]?\\d{1,3}))?(?: ([0-9A-Fa-f]{2}))?$",
);

function field(text: string | undefined, unset: number): number {
  return text === undefined || text === "*" ? unset : Number(text);
}

/**
 * The 12 octets of date_time from "year-month-day weekday hour:minute:second.hundredths deviation status"; `*` is not
 * specified, the day may be last or last-1, the status is hexadecimal (Blue Book, date and time formats).
 */
export function clockOctets(text: string): Uint8Array {
  const match = CLOCK.exec(text);
  const weekday = match?.[4] === undefined || match[4] === "*" ? 0xff : WEEKDAYS.indexOf(match[4]) + 1;
  if (!match || weekday === 0) throw new TemplateError(`"${text}" is not a date-time such as *-03-last sun 02:00:00`);
  const [, year, month, day, , hour, minute, second, hundredths, deviation, status] = match;
  const dayOctet = day === "last" ? 0xfe : day === "last-1" ? 0xfd : field(day, 0xff);
  const hundredthsOctet = hundredths === undefined ? 0 : field(hundredths, 0xff);
  const out = Buffer.alloc(12);
  out.writeUInt16BE(field(year, 0xffff), 0);
  out.set([field(month, 0xff), dayOctet, weekday], 2);
  out.set([field(hour, 0xff), field(minute, 0xff), field(second, 0xff), hundredthsOctet], 5);
  out.writeInt16BE(field(deviation, -0x8000), 9);
  out[11] = status === undefined ? 0 : parseInt(status, 16);
  return Uint8Array.from(out);
}

function helperParse(key: string, input: unknown, classOf: ClassOf): Value | undefined {
  const text = String(input);
  if (key === "text") return octetString(Uint8Array.from(Buffer.from(text, "latin1")));
  if (key === "ln") return octetString(logicalNameParse(text));
  if (key === "clock") return octetString(clockOctets(text));
  if (key === "ipv4") return ipv4(text);
  if (key === "attribute") return captureObject(text, classOf);
  if (key === "push-object-1") return pushObject(text, 1, classOf);
  if (key === "push-object-2") return pushObject(text, 2, classOf);
  return undefined;
}

function stringParse(type: string, input: unknown): Value {
  const text = String(input);
  if (type === "bit-string") return bits(text);
  if (type === "octet-string") return octetString(octets(text));
  const contents = Uint8Array.from(Buffer.from(text, type === "visible-string" ? "latin1" : "utf8"));
  return { type, contents, length: contents.length };
}

/** The value that a JSON form stands for. */
export function valueParse(input: ValueDocument, classOf: ClassOf): Value {
  if (input === null) return { type: "null-data", contents: new Uint8Array(0) };
  const [key, content] = Object.entries(input)[0] ?? ["", null];
  if (key === "array" || key === "structure") {
    const elements = (content as ValueDocument[]).map((element, i) =>
      within(`${key}[${i}]`, () => valueParse(element, classOf)),
    );
    return { type: key, elements };
  }
  const helped = helperParse(key, content, classOf);
  if (helped) return helped;
  if (!typeNamed(key)) throw new TemplateError(`"${key}" is not a type`);
  if (VARIABLE.has(key)) return stringParse(key, content);
  if (key === "float32" || key === "float64") return real(key, Number(content));
  if (key === "bcd") return { type: key, contents: octets(String(content)) };
  const size = FIXED_OCTETS[key];
  if (size === undefined) return integerValue(key, content);
  const contents = octets(String(content));
  if (contents.length !== size) throw new TemplateError(`${key} has ${size} octets, not ${contents.length}`);
  return { type: key, contents };
}

/** The type of a value; strings and arrays get the size they have. */
export function valueType(value: Value): Type {
  if (!("elements" in value)) {
    if (value.length === undefined) return { kind: "simple", name: value.type };
    return { kind: "simple", name: value.type, max: Math.max(value.length, 1) };
  }
  const elements = value.elements.map(valueType);
  if (value.type === "structure") return { kind: "structure", elements };
  return { kind: "array", element: elements[0] ?? { kind: "any" }, max: Math.max(elements.length, 1) };
}

function lengthEmit(out: number[], size: number): void {
  const octetsOfLength = lengthSize(size);
  if (octetsOfLength === 2) out.push(0x81);
  if (octetsOfLength === 3) out.push(0x82, size >> 8);
  out.push(size & 0xff);
}

function emit(out: number[], value: Value): void {
  out.push(tagNamed(value.type));
  if ("elements" in value) {
    lengthEmit(out, value.elements.length);
    value.elements.forEach((element) => emit(out, element));
    return;
  }
  if (value.length !== undefined) lengthEmit(out, value.length);
  out.push(...value.contents);
}

/** A-XDR Data of a value. */
export function valueEmit(value: Value): Uint8Array {
  const out: number[] = [];
  emit(out, value);
  return Uint8Array.from(out);
}

/** Refuses a value that is not of the type, naming the place. */
export function valueCheck(value: Value, type: Type): void {
  if (type.kind === "any") return;
  if (type.kind === "choice") {
    if (type.of.some((one) => matches(value, one))) return;
    throw new TemplateError(`${value.type} is not one of ${typeText(type)}`);
  }
  const wanted = type.kind === "simple" ? type.name : type.kind;
  if (value.type !== wanted) throw new TemplateError(`${value.type} where ${typeText(type)} is wanted`);
  if (type.kind === "simple") return sizeCheck((value as { length?: number }).length ?? 0, type.max, wanted);
  const elements = (value as { elements: Value[] }).elements;
  if (type.kind === "array") sizeCheck(elements.length, type.max, "array");
  else if (elements.length !== type.elements.length) {
    throw new TemplateError(`structure of ${elements.length} where ${typeText(type)} is wanted`);
  }
  elements.forEach((element, i) =>
    within(`${wanted}[${i}]`, () => valueCheck(element, type.kind === "array" ? type.element : type.elements[i]!)),
  );
}

function matches(value: Value, type: Type): boolean {
  try {
    valueCheck(value, type);
    return true;
  } catch {
    return false;
  }
}

function sizeCheck(size: number, max: number | undefined, what: string): void {
  if (max !== undefined && size > max) throw new TemplateError(`${what} of ${size} is longer than ${max}`);
}
