/** A template whose serial lines begin with the sign-on of IEC 62056-21. */
import type { TemplateDocument } from "./document.ts";
import { TemplateError } from "./error.ts";
import { logicalNameWhole } from "./logical_name.ts";

/** default_mode of an IEC local port setup, and its value for this protocol. */
const DEFAULT_MODE = "2";
const IEC_62056_21 = 0;

/** The document with default_mode 0 in the setup objects of its serial lines; a stored value of a meter stays above it. */
export function modeEApply(document: TemplateDocument): TemplateDocument {
  const locals = Object.values(document.ports).flatMap((port) =>
    port.local === undefined ? [] : [logicalNameWhole(port.local)],
  );
  if (locals.length === 0) throw new TemplateError("ports: none has an IEC local port setup object (local)");
  const objects = document.objects.map((object) => {
    if (!locals.includes(logicalNameWhole(object.logicalName))) return object;
    const attribute = { ...object.attributes?.[DEFAULT_MODE], value: { enum: IEC_62056_21 } };
    return { ...object, attributes: { ...object.attributes, [DEFAULT_MODE]: attribute } };
  });
  return { ...document, objects };
}
