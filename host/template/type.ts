/**
 * Types of values, written as text in templates and as a type description in the image.
 *
 *   octet-string(48)                        at most 48 octets; also visible-string, utf8-string, bit-string (bits)
 *   array(32) of structure{long-unsigned, $logical_name}    at most 32 elements; $name is shared in classes.json
 *   any                                     whatever the wire brings
 *   long | double-long                      one of several (interface classes only)
 */
import { TemplateError } from "./error.ts";
import { SHARED_TYPES } from "./tables.ts";

/** A-XDR tags of the simple types, and the octets of their contents; -1 where a length precedes them. */
const SIMPLE: Record<string, { tag: number; size: number }> = {
  "null-data": { tag: 0, size: 0 },
  boolean: { tag: 3, size: 1 },
  "bit-string": { tag: 4, size: -1 },
  "double-long": { tag: 5, size: 4 },
  "double-long-unsigned": { tag: 6, size: 4 },
  "octet-string": { tag: 9, size: -1 },
  "visible-string": { tag: 10, size: -1 },
  "utf8-string": { tag: 12, size: -1 },
  bcd: { tag: 13, size: 1 },
  integer: { tag: 15, size: 1 },
  long: { tag: 16, size: 2 },
  unsigned: { tag: 17, size: 1 },
  "long-unsigned": { tag: 18, size: 2 },
  long64: { tag: 20, size: 8 },
  "long64-unsigned": { tag: 21, size: 8 },
  enum: { tag: 22, size: 1 },
  float32: { tag: 23, size: 4 },
  float64: { tag: 24, size: 8 },
  "date-time": { tag: 25, size: 12 },
  date: { tag: 26, size: 5 },
  time: { tag: 27, size: 4 },
};

export const TAG_ARRAY = 1;
export const TAG_STRUCTURE = 2;
export const TAG_ANY = 0xff;

export type Type =
  | { kind: "simple"; name: string; /** Largest length, where one precedes the contents. */ max?: number }
  | { kind: "array"; element: Type; max?: number }
  | { kind: "structure"; elements: Type[] }
  | { kind: "choice"; of: Type[] }
  | { kind: "any" };

/** Largest and smallest value of the integer types. */
const RANGES: Record<string, readonly [bigint, bigint]> = {
  boolean: [0n, 1n],
  enum: [0n, 255n],
  integer: [-128n, 127n],
  unsigned: [0n, 255n],
  long: [-32768n, 32767n],
  "long-unsigned": [0n, 65535n],
  "double-long": [-(2n ** 31n), 2n ** 31n - 1n],
  "double-long-unsigned": [0n, 2n ** 32n - 1n],
  long64: [-(2n ** 63n), 2n ** 63n - 1n],
  "long64-unsigned": [0n, 2n ** 64n - 1n],
};

/** The range of an integer type, undefined for others. */
export function typeRange(name: string): readonly [bigint, bigint] | undefined {
  return RANGES[name];
}

/** Whether `name` is a simple A-XDR type. */
export function typeNamed(name: string): boolean {
  return Object.hasOwn(SIMPLE, name);
}

function simple(name: string): { tag: number; size: number } {
  const found = Object.hasOwn(SIMPLE, name) ? SIMPLE[name] : undefined;
  if (!found) throw new TemplateError(`"${name}" is not a type`);
  return found;
}

/** A-XDR tag of a simple type, array or structure. */
export function tagNamed(name: string): number {
  if (name === "array") return TAG_ARRAY;
  return name === "structure" ? TAG_STRUCTURE : simple(name).tag;
}

/** A cursor over the text of a type. */
class Text {
  readonly tokens: string[];
  at = 0;
  readonly source: string;

  constructor(source: string) {
    this.source = source;
    this.tokens = source.match(/\$?[\w-]+|[(){},|]|\S/g) ?? [];
  }

  peek(): string | undefined {
    return this.tokens[this.at];
  }

  take(): string | undefined {
    return this.tokens[this.at++];
  }

  expect(token: string): void {
    if (this.take() !== token) throw new TemplateError(`type "${this.source}": "${token}" is missing`);
  }

  /** A count in parentheses, if there is one. */
  max(): { max?: number } {
    if (this.peek() !== "(") return {};
    this.take();
    const max = Number(this.take());
    if (!Number.isInteger(max) || max < 1 || max > 0xffff) {
      throw new TemplateError(`type "${this.source}": a size is 1 to 65535`);
    }
    this.expect(")");
    return { max };
  }
}

function oneParse(text: Text): Type {
  const word = text.take() ?? "";
  if (word === "any") return { kind: "any" };
  if (word.startsWith("$")) {
    const shared = SHARED_TYPES.get(word.slice(1));
    if (shared === undefined) throw new TemplateError(`type "${text.source}": ${word} is not a shared type`);
    return typeParse(shared);
  }
  if (word === "array") {
    const max = text.max();
    text.expect("of");
    return { kind: "array", element: oneParse(text), ...max };
  }
  if (word === "structure") return structureParse(text);
  if (!typeNamed(word)) throw new TemplateError(`type "${text.source}": "${word}" is not a type`);
  const max = text.max();
  if (max.max !== undefined && simple(word).size >= 0) {
    throw new TemplateError(`type "${text.source}": ${word} takes no size`);
  }
  return { kind: "simple", name: word, ...max };
}

function choiceParse(text: Text): Type {
  const of = [oneParse(text)];
  while (text.peek() === "|") {
    text.take();
    of.push(oneParse(text));
  }
  return of.length === 1 ? of[0]! : { kind: "choice", of };
}

function structureParse(text: Text): Type {
  const elements: Type[] = [];
  text.expect("{");
  do elements.push(choiceParse(text));
  while (text.peek() === "," && text.take());
  text.expect("}");
  return { kind: "structure", elements };
}

/** The type that `source` writes. */
export function typeParse(source: string): Type {
  const text = new Text(source);
  const type = choiceParse(text);
  if (text.peek() !== undefined) throw new TemplateError(`type "${source}": "${text.peek()}" is too much`);
  return type;
}

/** The text of a type. */
export function typeText(type: Type): string {
  switch (type.kind) {
    case "any":
      return "any";
    case "choice":
      return type.of.map(typeText).join(" | ");
    case "array":
      return `array${type.max === undefined ? "" : `(${type.max})`} of ${typeText(type.element)}`;
    case "structure":
      return `structure{${type.elements.map(typeText).join(", ")}}`;
    case "simple":
      return type.max === undefined ? type.name : `${type.name}(${type.max})`;
  }
}

/** A-XDR tag of a value of the type; 255 for any. */
export function typeTag(type: Type): number {
  switch (type.kind) {
    case "any":
    case "choice":
      return TAG_ANY;
    case "array":
      return TAG_ARRAY;
    case "structure":
      return TAG_STRUCTURE;
    case "simple":
      return simple(type.name).tag;
  }
}

/** Type description in the grammar of compact-array; 0 elements in an array stand for any number, FF for any type. */
export function typeDescription(type: Type): number[] {
  switch (type.kind) {
    case "any":
    case "choice":
      return [TAG_ANY];
    case "array":
      return [TAG_ARRAY, (type.max ?? 0) >> 8, (type.max ?? 0) & 0xff, ...typeDescription(type.element)];
    case "structure":
      return [TAG_STRUCTURE, type.elements.length, ...type.elements.flatMap(typeDescription)];
    case "simple":
      return [simple(type.name).tag];
  }
}

/** Octets of the contents of a type that always has as many, undefined for others. */
export function typeFixedSize(type: Type): number | undefined {
  const size = type.kind === "simple" ? simple(type.name).size : 0;
  return size > 0 ? size : undefined;
}

/** Octets of a length in front of `size` octets. */
export function lengthSize(size: number): number {
  if (size < 0x80) return 1;
  return size < 0x100 ? 2 : 3;
}

/** Octets of the largest value with its tags, undefined where the type sets no bound. */
export function typeCapacity(type: Type): number | undefined {
  if (type.kind === "any") return undefined;
  if (type.kind === "simple") {
    const { size } = simple(type.name);
    if (size >= 0) return 1 + size;
    if (type.max === undefined) return undefined;
    const octets = type.name === "bit-string" ? Math.ceil(type.max / 8) : type.max;
    return 1 + lengthSize(type.max) + octets;
  }
  if (type.kind === "array") {
    const element = typeCapacity(type.element);
    if (element === undefined || type.max === undefined) return undefined;
    return 1 + lengthSize(type.max) + type.max * element;
  }
  const parts = (type.kind === "choice" ? type.of : type.elements).map(typeCapacity);
  if (parts.some((part) => part === undefined)) return undefined;
  if (type.kind === "choice") return Math.max(...(parts as number[]));
  return 1 + lengthSize(parts.length) + (parts as number[]).reduce((sum, part) => sum + part, 0);
}

/** Whether every value of `type` is one of `wanted`. */
export function typeFits(type: Type, wanted: Type): boolean {
  if (wanted.kind === "any") return true;
  if (wanted.kind === "choice") return wanted.of.some((one) => typeFits(type, one));
  if (type.kind === "simple" && wanted.kind === "simple") {
    return type.name === wanted.name && (wanted.max === undefined || (type.max ?? wanted.max) <= wanted.max);
  }
  if (type.kind === "array" && wanted.kind === "array") return typeFits(type.element, wanted.element);
  if (type.kind === "structure" && wanted.kind === "structure") {
    return (
      type.elements.length === wanted.elements.length &&
      type.elements.every((element, i) => typeFits(element, wanted.elements[i]!))
    );
  }
  return false;
}
