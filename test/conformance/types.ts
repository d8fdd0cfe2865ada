/** Whether a value has the type that its interface class gives it. */
import { toText } from "../../host/client/data.ts";
import type { Data } from "../../host/client/index.ts";
import { CLASSES, type InterfaceClass } from "../../host/template/tables.ts";
import { typeParse, typeText, type Type } from "../../host/template/type.ts";

/** The class as the Blue Book has it, undefined when it is not known here. */
export function classOf(classId: number, version: number): InterfaceClass | undefined {
  return CLASSES.get(`${classId} v${version}`);
}

/** What is wrong with a value, or undefined if it has the type. */
export function mismatchOf(data: Data, source: string): string | undefined {
  const type = typeParse(source);
  return fits(data, type) ? undefined : `${data.type} ${toText(data).slice(0, 60)}, not ${typeText(type)}`;
}

function fits(data: Data, type: Type): boolean {
  switch (type.kind) {
    case "any":
      return true;
    case "choice":
      return type.of.some((one) => fits(data, one));
    case "array":
      if (data.type !== "array" && data.type !== "compact-array") return false;
      return data.value.every((element) => fits(element, type.element));
    case "structure":
      if (data.type !== "structure" || data.value.length !== type.elements.length) return false;
      return data.value.every((element, i) => fits(element, type.elements[i]!));
    case "simple":
      return data.type === type.name && sizeOf(data) <= (type.max ?? Infinity);
  }
}

function sizeOf(data: Data): number {
  return "value" in data && data.value instanceof Uint8Array ? data.value.length : 0;
}
