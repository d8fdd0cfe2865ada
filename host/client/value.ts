/** Data values from text, as people type them: plain text guided by a known type, type:value, or JSON. */

import { rangeOf, TAG, type Data, type DataType, type NumberType, type OctetsType } from "./axdr.ts";
import { octetsToText, type Json } from "./data.ts";
import { dateTimeEmit, dateTimeFromIso } from "./date_time.ts";
import { DlmsError } from "./errors.ts";
import { logicalNameParse } from "./logical_name.ts";
import { timeText } from "./objects.ts";
import { fromHex } from "./octets.ts";

/** Whether text names its type itself: type:value, text:… or JSON. */
export function isExplicit(text: string): boolean {
  return /^\s*[{[]/.test(text) || explicitParts(text) !== undefined;
}

function explicitParts(text: string): { type: DataType | "text"; value: string } | undefined {
  const match = /^([a-z0-9-]+)(?::(.*))?$/s.exec(text);
  const type = match?.[1];
  if (type === undefined || (type !== "text" && !(type in TAG))) return undefined;
  const simple = type === "null-data" || type === "dont-care";
  if (match?.[2] === undefined && !simple) return undefined;
  return { type: type as DataType | "text", value: match?.[2] ?? "" };
}

/** Data from type:value (unsigned:5, octet-string:0A0B, text:abc, boolean:true) or JSON ({"structure":[…]}). */
export function explicitValue(text: string): Data {
  if (/^\s*[{[]/.test(text)) return fromJson(parseJson(text));
  const parts = explicitParts(text);
  if (parts === undefined)
    throw new DlmsError(`"${text}" does not name a type; write it as type:value, such as unsigned:5`);
  if (parts.type === "text") return { type: "octet-string", value: Buffer.from(parts.value, "latin1") };
  return typedValue(parts.type, parts.value);
}

/** Text as the type of the value that is there now. */
export function valueLike(text: string, now: Data): Data {
  if (isExplicit(text)) return explicitValue(text);
  if (now.type !== "octet-string") return typedValue(now.type, text);
  return { type: "octet-string", value: octetsLike(text, now) };
}

/** An octet-string keeps its kind: time, logical name, text, or octets written as hexadecimal digits. */
function octetsLike(text: string, now: Data & { value: Uint8Array }): Uint8Array {
  if (timeText(now) !== undefined && /^\d{4}-\d{2}/.test(text)) return dateTimeEmit(dateTimeFromIso(text));
  if (now.value.length === 6 && /[.]/.test(text)) return logicalNameParse(text);
  const hexadecimal = /^(?:[0-9a-fA-F]{2})*$/.test(text);
  if (now.value.length === 0 && hexadecimal && text !== "") {
    throw new DlmsError(
      `"${text}" may be text or octets, and the present value is empty; write text:${text} or octet-string:${text}`,
    );
  }
  if (octetsToText(now.value).startsWith('"')) return Buffer.from(text, "latin1");
  if (hexadecimal) return fromHex(text);
  throw new DlmsError(`"${text}" is not hexadecimal; write octet-string:HEX, or text:${text} for its characters`);
}

function typedValue(type: DataType, text: string): Data {
  switch (type) {
    case "null-data":
    case "dont-care":
      return { type };
    case "boolean":
      if (!/^(true|false|0|1|on|off)$/i.test(text)) throw new DlmsError(`"${text}" is no boolean; write true or false`);
      return { type, value: /^(true|1|on)$/i.test(text) };
    case "visible-string":
    case "utf8-string":
      return { type, value: text };
    case "bit-string":
      if (!/^[01]*$/.test(text)) throw new DlmsError(`"${text}" is no bit-string; write it with 0 and 1`);
      return { type, value: text };
    case "octet-string":
    case "date-time":
    case "date":
    case "time":
      return { type, value: octetsOf(type, text) };
    case "float32":
    case "float64":
      if (text.trim() === "" || Number.isNaN(Number(text))) throw new DlmsError(`"${text}" is no number`);
      return { type, value: Number(text) };
    case "array":
    case "structure":
    case "compact-array":
      return elementsFrom(type, text);
    default:
      return wholeValue(type, text);
  }
}

function octetsOf(type: OctetsType, text: string): Uint8Array {
  if (type === "date-time" && /^\d{4}-/.test(text)) return dateTimeEmit(dateTimeFromIso(text));
  return fromHex(text);
}

function elementsFrom(type: "array" | "structure" | "compact-array", text: string): Data {
  const elements = /^\s*\[/.test(text) ? parseJson(text) : undefined;
  if (!Array.isArray(elements) || type === "compact-array") {
    throw new DlmsError(`a ${type} is written as JSON: '{"structure":[{"long-unsigned":1},{"octet-string":"0A"}]}'`);
  }
  return { type, value: elements.map(fromJson) };
}

function wholeValue(type: NumberType | "long64" | "long64-unsigned", text: string): Data {
  if (!/^[+-]?(?:\d+|0x[0-9a-fA-F]+)$/.test(text.trim()))
    throw new DlmsError(`"${text}" is no whole number for ${type}`);
  const value = BigInt(text.trim().replace(/^\+/, ""));
  const range = rangeOf(type);
  if (range !== undefined && (value < range.min || value > range.max)) {
    throw new DlmsError(`${value} is outside ${range.min}..${range.max} of ${type}`);
  }
  if (type === "long64" || type === "long64-unsigned") return { type, value };
  return { type, value: Number(value) };
}

function parseJson(text: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch (cause) {
    throw new DlmsError(`"${text}" is not JSON: ${(cause as Error).message}`, { cause });
  }
}

/** Data from the JSON that toJson() writes. */
export function fromJson(json: Json): Data {
  if (json === "null-data" || json === "dont-care") return { type: json };
  const entries = json !== null && typeof json === "object" && !Array.isArray(json) ? Object.entries(json) : [];
  const [type, value] = entries[0] ?? [];
  if (entries.length !== 1 || type === undefined || value === undefined || !(type in TAG)) {
    throw new DlmsError(`${JSON.stringify(json)} is no value; write {"type": value}, such as {"unsigned": 5}`);
  }
  if (type === "array" || type === "structure") {
    if (!Array.isArray(value)) throw new DlmsError(`${type} needs a list of values`);
    return { type, value: value.map(fromJson) };
  }
  return typedValue(type as DataType, String(value));
}
