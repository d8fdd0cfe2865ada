/** The published JSON Schema, and its refusals as one line. */
import { Ajv2020, type ErrorObject } from "ajv/dist/2020.js";
import type { ObjectDocument, PartDocument, TemplateDocument } from "./document.ts";
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

function problemText(error: ErrorObject): string {
  const params = error.params as Record<string, unknown>;
  if (error.keyword === "additionalProperties") return `unknown key "${String(params["additionalProperty"])}"`;
  if (error.keyword === "unevaluatedProperties") return `unknown key "${String(params["unevaluatedProperty"])}"`;
  if (error.keyword === "propertyNames") return `key "${String(params["propertyName"])}" is not allowed`;
  if (error.keyword === "required") return `key "${String(params["missingProperty"])}" is missing`;
  if (error.keyword === "enum") return `must be one of ${(params["allowedValues"] as unknown[]).join(", ")}`;
  return error.message ?? error.keyword;
}

/** The error that says most: unknown keys first, then the deepest place. */
function worst(errors: ErrorObject[]): ErrorObject {
  const depth = (error: ErrorObject) => error.instancePath.split("/").length;
  const rank = (error: ErrorObject) =>
    (error.keyword.endsWith("Properties") ? 1000 : 0) + depth(error) - (error.keyword === "anyOf" ? 0.5 : 0);
  return errors.reduce((a, b) => (rank(b) > rank(a) ? b : a));
}

function refusal(json: unknown, errors: ErrorObject[], what: string): TemplateError {
  const error = worst(errors);
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
