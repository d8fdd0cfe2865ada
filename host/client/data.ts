/** Short constructors of Data values, and their readable and JSON forms. */

import { type Data, type NumberType } from "./axdr.ts";
import { DlmsError } from "./errors.ts";
import { fromHex, toHex } from "./octets.ts";

export const NULL_DATA: Data = { type: "null-data" };

const number =
  (type: NumberType) =>
  (value: number): Data => ({ type, value });

export const unsigned = number("unsigned");
export const longUnsigned = number("long-unsigned");
export const doubleLongUnsigned = number("double-long-unsigned");
export const integer = number("integer");
export const long = number("long");
export const doubleLong = number("double-long");
/** `enum` is a reserved word. */
export const enumerated = number("enum");

export function boolean(value: boolean): Data {
  return { type: "boolean", value };
}
/** An octet-string; text is taken as hexadecimal. */
export function octetString(value: Uint8Array | string): Data {
  return { type: "octet-string", value: typeof value === "string" ? fromHex(value) : value };
}
export function visibleString(value: string): Data {
  return { type: "visible-string", value };
}
export function structure(...value: Data[]): Data {
  return { type: "structure", value };
}
export function array(...value: Data[]): Data {
  return { type: "array", value };
}

/** Elements of an array, structure or compact-array; anything else is refused, naming `what`. */
export function elementsOf(data: Data, what: string, count?: number): Data[] {
  if (data.type !== "array" && data.type !== "structure" && data.type !== "compact-array") {
    throw new DlmsError(`${what} is ${data.type}, an array or structure was expected`);
  }
  if (count !== undefined && data.value.length < count) {
    throw new DlmsError(`${what} has ${data.value.length} elements, ${count} were expected`);
  }
  return data.value;
}

/** A whole or real number out of any numeric Data. */
export function numberOf(data: Data, what: string): number {
  if ("value" in data && (typeof data.value === "number" || typeof data.value === "bigint")) return Number(data.value);
  throw new DlmsError(`${what} is ${data.type}, a number was expected`);
}

/** The octets of an octet-string, date-time, date, time or string. */
export function octetsOf(data: Data, what: string): Uint8Array {
  if ("value" in data && data.value instanceof Uint8Array) return data.value;
  if (data.type === "visible-string") return Buffer.from(data.value, "latin1");
  if (data.type === "utf8-string") return Buffer.from(data.value, "utf8");
  throw new DlmsError(`${what} is ${data.type}, an octet-string was expected`);
}

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/**
 * Readable JSON that keeps every tag: {"double-long-unsigned": 5009}, octets as hexadecimal text,
 * null-data and dont-care as their names, 64-bit values as text when a number would not hold them.
 */
export function toJson(data: Data): Json {
  switch (data.type) {
    case "null-data":
    case "dont-care":
      return data.type;
    case "array":
    case "structure":
      return { [data.type]: data.value.map(toJson) };
    case "compact-array":
      return { [data.type]: data.value.map(toJson) };
    case "long64":
    case "long64-unsigned":
      return { [data.type]: Number.isSafeInteger(Number(data.value)) ? Number(data.value) : String(data.value) };
    case "octet-string":
    case "date-time":
    case "date":
    case "time":
      return { [data.type]: toHex(data.value) };
    default:
      return { [data.type]: data.value };
  }
}

/** The value on one line, for people: text where octets are printable, hexadecimal where not. */
export function toText(data: Data): string {
  switch (data.type) {
    case "null-data":
    case "dont-care":
      return data.type;
    case "array":
    case "compact-array":
      return `[${data.value.map(toText).join(", ")}]`;
    case "structure":
      return `{${data.value.map(toText).join(", ")}}`;
    case "octet-string":
      return octetsToText(data.value);
    case "date-time":
    case "date":
    case "time":
      return toHex(data.value);
    default:
      return String(data.value);
  }
}

/** Text in quotes if every octet is printable ASCII (or there is none), else hexadecimal. */
export function octetsToText(octets: Uint8Array): string {
  const printable = octets.every((octet) => octet >= 0x20 && octet < 0x7f);
  return printable ? `"${Buffer.from(octets).toString("latin1")}"` : toHex(octets);
}
