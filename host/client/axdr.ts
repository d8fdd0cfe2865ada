/**
 * The COSEM Data value and its A-XDR form, both ways. GB9 9.5 (Data), IEC 61334-6.
 *
 * A decoded value keeps its tag, so that what was read can be written back octet for octet
 * (lengths are always written in their shortest form).
 */

import { compactArrayEmit, compactArrayParse, type TypeDescription } from "./compact_array.ts";
import { MalformedError } from "./errors.ts";
import { Reader, Writer } from "./octets.ts";

/** Types whose value is a JavaScript number. */
export type NumberType =
  | "double-long"
  | "double-long-unsigned"
  | "bcd"
  | "integer"
  | "long"
  | "unsigned"
  | "long-unsigned"
  | "enum"
  | "float32"
  | "float64"
  | "delta-integer"
  | "delta-long"
  | "delta-double-long"
  | "delta-unsigned"
  | "delta-long-unsigned"
  | "delta-double-long-unsigned";

/** Types whose value is a run of octets. date-time, date and time have 12, 5 and 4. */
export type OctetsType = "octet-string" | "date-time" | "date" | "time";

export type Data =
  | { type: "null-data" | "dont-care" }
  | { type: "array" | "structure"; value: Data[] }
  | { type: "boolean"; value: boolean }
  | { type: "bit-string" | "visible-string" | "utf8-string"; value: string }
  | { type: NumberType; value: number }
  | { type: "long64" | "long64-unsigned"; value: bigint }
  | { type: OctetsType; value: Uint8Array }
  | { type: "compact-array"; description: TypeDescription; value: Data[] };

export type DataType = Data["type"];

/** Deepest nesting accepted; the deepest attribute of a meter needs about six. */
export const DEPTH_MAX = 32;

/** Tag of each type. GB9 9.5, Data CHOICE; 28 to 33 from later editions. */
export const TAG: Readonly<Record<DataType, number>> = {
  "null-data": 0,
  array: 1,
  structure: 2,
  boolean: 3,
  "bit-string": 4,
  "double-long": 5,
  "double-long-unsigned": 6,
  "octet-string": 9,
  "visible-string": 10,
  "utf8-string": 12,
  bcd: 13,
  integer: 15,
  long: 16,
  unsigned: 17,
  "long-unsigned": 18,
  "compact-array": 19,
  long64: 20,
  "long64-unsigned": 21,
  enum: 22,
  float32: 23,
  float64: 24,
  "date-time": 25,
  date: 26,
  time: 27,
  "delta-integer": 28,
  "delta-long": 29,
  "delta-double-long": 30,
  "delta-unsigned": 31,
  "delta-long-unsigned": 32,
  "delta-double-long-unsigned": 33,
  "dont-care": 255,
};

const TYPE_OF_TAG: ReadonlyMap<number, DataType> = new Map(
  Object.entries(TAG).map(([type, tag]) => [tag, type as DataType]),
);

/** Type of a tag octet; undefined tags are refused. */
export function typeOfTag(tag: number): DataType {
  const type = TYPE_OF_TAG.get(tag);
  if (type === undefined) throw new MalformedError(`Data tag ${tag} is not defined`);
  return type;
}

/** Size in octets and sign of the whole-number types. */
const WHOLE: Readonly<Partial<Record<DataType, { size: number; signed: boolean }>>> = {
  bcd: { size: 1, signed: false },
  enum: { size: 1, signed: false },
  unsigned: { size: 1, signed: false },
  "long-unsigned": { size: 2, signed: false },
  "double-long-unsigned": { size: 4, signed: false },
  integer: { size: 1, signed: true },
  long: { size: 2, signed: true },
  "double-long": { size: 4, signed: true },
  "delta-integer": { size: 1, signed: true },
  "delta-long": { size: 2, signed: true },
  "delta-double-long": { size: 4, signed: true },
  "delta-unsigned": { size: 1, signed: false },
  "delta-long-unsigned": { size: 2, signed: false },
  "delta-double-long-unsigned": { size: 4, signed: false },
};

const OCTETS_SIZE = { "date-time": 12, date: 5, time: 4 } as const;

/** Smallest and largest value of a whole-number type, or undefined for other types. */
export function rangeOf(type: DataType): { min: bigint; max: bigint } | undefined {
  if (type === "long64") return { min: -(2n ** 63n), max: 2n ** 63n - 1n };
  if (type === "long64-unsigned") return { min: 0n, max: 2n ** 64n - 1n };
  const whole = WHOLE[type];
  if (whole === undefined) return undefined;
  const bits = BigInt(whole.size * 8);
  return whole.signed ? { min: -(2n ** (bits - 1n)), max: 2n ** (bits - 1n) - 1n } : { min: 0n, max: 2n ** bits - 1n };
}

/** Decode one complete Data value; octets that follow it are refused. */
export function decodeData(octets: Uint8Array): Data {
  const r = new Reader(octets);
  const data = dataParse(r);
  r.done("the Data value");
  return data;
}

/** Encode one Data value. */
export function encodeData(data: Data): Uint8Array {
  const w = new Writer();
  dataEmit(w, data);
  return w.octets();
}

/** Parse one Data value with its tag. */
export function dataParse(r: Reader, depth = 0): Data {
  if (depth > DEPTH_MAX) throw new MalformedError(`Data nests deeper than ${DEPTH_MAX}`);
  const type = typeOfTag(r.u8());
  if (type === "array" || type === "structure") {
    const count = r.length();
    // Every element has at least its tag octet, so a greater count cannot be honest.
    if (count > r.left) throw new MalformedError(`${type} of ${count} elements in ${r.left} octets`);
    const value: Data[] = new Array(count);
    for (let i = 0; i < count; i++) value[i] = dataParse(r, depth + 1);
    return { type, value };
  }
  if (type === "compact-array") return compactArrayParse(r);
  return simpleParse(r, type);
}

/** Emit what dataParse() reads. */
export function dataEmit(w: Writer, data: Data): void {
  w.u8(TAG[data.type]);
  if (data.type === "array" || data.type === "structure") {
    w.length(data.value.length);
    for (const element of data.value) dataEmit(w, element);
    return;
  }
  if (data.type === "compact-array") return compactArrayEmit(w, data.description, data.value);
  simpleEmit(w, data);
}

/** Parse the content octets of a type that has no elements. */
export function simpleParse(r: Reader, type: DataType): Data {
  switch (type) {
    case "null-data":
    case "dont-care":
      return { type };
    case "boolean":
      return { type, value: r.u8() !== 0 };
    case "bit-string":
      return { type, value: bitStringParse(r) };
    case "octet-string":
      return { type, value: r.octetString() };
    case "visible-string":
      return { type, value: Buffer.from(r.octetString()).toString("latin1") };
    case "utf8-string":
      return { type, value: utf8(r.octetString()) };
    case "date-time":
    case "date":
    case "time":
      return { type, value: r.take(OCTETS_SIZE[type]) };
    case "float32":
      return { type, value: r.f32() };
    case "float64":
      return { type, value: r.f64() };
    case "long64":
      return { type, value: r.i64() };
    case "long64-unsigned":
      return { type, value: r.u64() };
    case "array":
    case "structure":
    case "compact-array":
      throw new MalformedError(`${type} is not a simple type`);
    default:
      return { type, value: wholeParse(r, type) };
  }
}

/** Emit the content octets of a value that has no elements. */
export function simpleEmit(w: Writer, data: Data): void {
  switch (data.type) {
    case "null-data":
    case "dont-care":
      return;
    case "boolean":
      w.u8(data.value ? 1 : 0);
      return;
    case "bit-string":
      return bitStringEmit(w, data.value);
    case "octet-string":
      w.octetString(data.value);
      return;
    case "visible-string":
      w.octetString(Buffer.from(data.value, "latin1"));
      return;
    case "utf8-string":
      w.octetString(Buffer.from(data.value, "utf8"));
      return;
    case "date-time":
    case "date":
    case "time":
      if (data.value.length !== OCTETS_SIZE[data.type]) {
        throw new MalformedError(`a ${data.type} has ${OCTETS_SIZE[data.type]} octets, not ${data.value.length}`);
      }
      w.put(data.value);
      return;
    case "float32":
      w.f32(data.value);
      return;
    case "float64":
      w.f64(data.value);
      return;
    case "long64":
    case "long64-unsigned":
      checkRange(data.type, data.value);
      w.u64(BigInt.asUintN(64, data.value));
      return;
    case "array":
    case "structure":
    case "compact-array":
      throw new MalformedError(`${data.type} is not a simple type`);
    default:
      wholeEmit(w, data.type, data.value);
  }
}

function wholeParse(r: Reader, type: NumberType): number {
  const whole = WHOLE[type];
  if (whole === undefined) throw new MalformedError(`${type} is not a whole-number type`);
  if (whole.size === 1) return whole.signed ? r.i8() : r.u8();
  if (whole.size === 2) return whole.signed ? r.i16() : r.u16();
  return whole.signed ? r.i32() : r.u32();
}

function wholeEmit(w: Writer, type: NumberType, value: number): void {
  const whole = WHOLE[type];
  if (whole === undefined || !Number.isInteger(value)) throw new MalformedError(`${value} is no ${type}`);
  checkRange(type, BigInt(value));
  if (whole.size === 1) w.u8(value);
  else if (whole.size === 2) w.u16(value);
  else w.u32(value >>> 0);
}

function checkRange(type: DataType, value: bigint): void {
  const range = rangeOf(type);
  if (range !== undefined && (value < range.min || value > range.max)) {
    throw new MalformedError(`${value} is outside ${range.min}..${range.max} of ${type}`);
  }
}

/** A bit string is written as "0" and "1" here, first bit first. Its length on the wire counts bits. */
function bitStringParse(r: Reader): string {
  const size = r.length();
  const octets = r.take(Math.ceil(size / 8));
  let bits = "";
  for (const octet of octets) bits += octet.toString(2).padStart(8, "0");
  return bits.slice(0, size);
}

function bitStringEmit(w: Writer, bits: string): void {
  if (!/^[01]*$/.test(bits)) throw new MalformedError(`a bit-string holds 0 and 1 only, not "${bits}"`);
  w.length(bits.length);
  for (let i = 0; i < bits.length; i += 8) w.u8(parseInt(bits.slice(i, i + 8).padEnd(8, "0"), 2));
}

function utf8(octets: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(octets);
  } catch (cause) {
    throw new MalformedError("a utf8-string is not UTF-8", { cause });
  }
}
