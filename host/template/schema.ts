/** The published JSON Schema, and its refusals as one line. */
import { Ajv2020, type ErrorObject } from "ajv/dist/2020.js";
import type { ObjectDocument, PartDocument, TemplateDocument } from "./document.ts";
import { problemText, worstError } from "../schema_error.ts";
import { TemplateError } from "./error.ts";
import { objectText } from "./expand.ts";
import { tableRead } from "./tables.ts";

/** schema.json, JSON Schema 2020-12. */
export const TEMPLATE_SCHEMA = tableRead("schema.json") as object;

const ajv = new Ajv2020({ allErrors: true, allowUnionTypes: true, verbose: false });
const validate = ajv.compile<TemplateDocument>(TEMPLATE_SCHEMA);
const PART = `${(TEMPLATE_SCHEMA as { $id: string }).$id}#/$defs/include`;

/** Place of an error for people: an object by its logical name instead of its number. */
function placeText(document: unknown, path: string): string {
  const steps = path.split("/").slice(1);
  const objects = (document as { objects?: ObjectDocument[] } | null)?.objects;
  const object = steps[0] === "objects" && steps[1] !== undefined ? objects?.[Number(steps[1])] : undefined;
  if (object === undefined) return steps.join(".");
  const rest = steps.slice(2).join(".");
  const who = typeof object === "object" && object ? objectText(object) : "object";
  return rest === "" ? who : `${who}: ${rest}`;
}

function refusal(json: unknown, errors: ErrorObject[], what: string): TemplateError {
  const error = worstError(errors);
  const place = placeText(json, error.instancePath);
  return new TemplateError(`${place === "" ? what : place}: ${problemText(error)}`);
}

/** The document, if it follows schema.json. */
export function schemaCheck(json: unknown): TemplateDocument {
  if (validate(json)) return json;
  throw refusal(json, validate.errors!, "template");
}

/** The document, if it follows what schema.json says of an included file. */
export function partCheck(json: unknown): PartDocument {
  // Compiled when first wanted, and then kept.
  const partValidate = ajv.getSchema<PartDocument>(PART)!;
  if (partValidate(json)) return json as PartDocument;
  throw refusal(json, partValidate.errors!, "included file");
}
