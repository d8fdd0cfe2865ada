/** What a class takes from the template beside the values of its attributes: flags and a number in the row of the object. */
import type { ObjectPartDocument } from "./document.ts";
import { TemplateError } from "./error.ts";
import { CLASS_PUSH_SETUP, CLASS_REGISTER_MONITOR } from "./model.ts";
import type { InterfaceClass } from "./tables.ts";

/** PushFlag and ROWS_SINCE_LAST (assembly/store/template.ts). */
const PUSH_ON = { alarm: 1, installation: 2, connectivity: 4 };
const ROWS_SINCE_LAST = 0xffff;
const ROWS_MAX = ROWS_SINCE_LAST - 1;

export interface Extras {
  flags: number;
  extra: number;
}

function classCheck(key: string, c: InterfaceClass, wanted: number, name: string): void {
  if (c.id !== wanted) throw new TemplateError(`${key}: class ${c.id} (${c.name}) is not ${name}`);
}

function rowsOf(rows: ObjectPartDocument["pushRows"]): number {
  if (rows === undefined || rows === "all") return 0;
  if (rows === "since-last") return ROWS_SINCE_LAST;
  if (rows > ROWS_MAX) throw new TemplateError(`pushRows: ${rows} rows (limit ${ROWS_MAX})`);
  return rows;
}

export function extrasOf(part: ObjectPartDocument, c: InterfaceClass): Extras {
  if (part.event !== undefined) classCheck("event", c, CLASS_REGISTER_MONITOR, "Register monitor");
  if (part.pushOn !== undefined) classCheck("pushOn", c, CLASS_PUSH_SETUP, "Push setup");
  if (part.pushRows !== undefined) classCheck("pushRows", c, CLASS_PUSH_SETUP, "Push setup");
  return {
    flags: part.pushOn === undefined ? 0 : PUSH_ON[part.pushOn],
    extra: part.event ?? rowsOf(part.pushRows),
  };
}
