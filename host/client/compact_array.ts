/**
 * compact-array: one type description, then the elements without tags. GB9 9.5 (compact-array),
 * GB9 14.3. The number of elements is not transmitted: it follows from the length.
 */

import { simpleEmit, simpleParse, TAG, typeOfTag, DEPTH_MAX, type Data, type DataType } from "./axdr.ts";
import { MalformedError } from "./errors.ts";
import { Reader, Writer } from "./octets.ts";

export type TypeDescription =
  | { type: Exclude<DataType, "array" | "structure" | "compact-array"> }
  | { type: "array"; count: number; of: TypeDescription }
  | { type: "structure"; of: TypeDescription[] };

/** Parse what follows the tag of a compact-array. */
export function compactArrayParse(r: Reader): Data {
  const description = typeDescriptionParse(r);
  const contents = new Reader(r.octetString());
  return { type: "compact-array", description, value: contentsParse(contents, description) };
}

/** Emit what compactArrayParse() reads. */
export function compactArrayEmit(w: Writer, description: TypeDescription, elements: Data[]): void {
  typeDescriptionEmit(w, description);
  const contents = new Writer();
  for (const element of elements) elementEmit(contents, description, element);
  w.octetString(contents.octets());
}

/** Parse a type description, also the one of Compact data (class 62), attribute 5. */
export function typeDescriptionParse(r: Reader, depth = 0): TypeDescription {
  if (depth > DEPTH_MAX) throw new MalformedError("type description nests too deep");
  const type = typeOfTag(r.u8());
  if (type === "array") return { type, count: r.u16(), of: typeDescriptionParse(r, depth + 1) };
  if (type === "compact-array") throw new MalformedError("a compact-array cannot hold a compact-array");
  if (type !== "structure") return { type };
  const count = r.length();
  if (count > r.left) throw new MalformedError(`structure of ${count} members in ${r.left} octets`);
  const of: TypeDescription[] = [];
  for (let i = 0; i < count; i++) of.push(typeDescriptionParse(r, depth + 1));
  return { type, of };
}

/** Emit what typeDescriptionParse() reads. */
export function typeDescriptionEmit(w: Writer, description: TypeDescription): void {
  w.u8(TAG[description.type]);
  if (description.type === "array") {
    w.u16(description.count);
    typeDescriptionEmit(w, description.of);
  } else if (description.type === "structure") {
    w.length(description.of.length);
    for (const member of description.of) typeDescriptionEmit(w, member);
  }
}

/** Elements of one description until the octets are used up. */
export function contentsParse(r: Reader, description: TypeDescription): Data[] {
  const elements: Data[] = [];
  while (r.left > 0) {
    const before = r.at;
    elements.push(elementParse(r, description));
    if (r.at === before) throw new MalformedError("compact-array of elements without octets, yet with contents");
  }
  return elements;
}

function elementParse(r: Reader, description: TypeDescription): Data {
  if (description.type === "array") {
    const value: Data[] = [];
    for (let i = 0; i < description.count; i++) {
      const before = r.at;
      value.push(elementParse(r, description.of));
      if (r.at === before && i > 0xff) throw new MalformedError("array of elements without octets");
    }
    return { type: "array", value };
  }
  if (description.type === "structure") {
    return { type: "structure", value: description.of.map((member) => elementParse(r, member)) };
  }
  return simpleParse(r, description.type);
}

function elementEmit(w: Writer, description: TypeDescription, element: Data): void {
  if (element.type !== description.type) {
    throw new MalformedError(`compact-array element is ${element.type}, its description says ${description.type}`);
  }
  if (description.type === "array" && element.type === "array") {
    if (element.value.length !== description.count) throw new MalformedError("compact-array row of wrong length");
    for (const inner of element.value) elementEmit(w, description.of, inner);
    return;
  }
  if (description.type === "structure" && element.type === "structure") {
    if (element.value.length !== description.of.length) throw new MalformedError("compact-array row of wrong width");
    description.of.forEach((member, i) => elementEmit(w, member, element.value[i] as Data));
    return;
  }
  simpleEmit(w, element);
}
