/** What a JSON Schema has against a document, as one line for people. */
import type { ErrorObject } from "ajv/dist/2020.js";

/** What is wrong at the place of an error. */
export function problemText(error: ErrorObject): string {
  const params = error.params as Record<string, unknown>;
  if (error.keyword === "additionalProperties") return `unknown key "${String(params["additionalProperty"])}"`;
  if (error.keyword === "unevaluatedProperties") return `unknown key "${String(params["unevaluatedProperty"])}"`;
  if (error.keyword === "propertyNames") return `key "${String(params["propertyName"])}" is not allowed`;
  if (error.keyword === "required") return `key "${String(params["missingProperty"])}" is missing`;
  if (error.keyword === "enum") return `must be one of ${(params["allowedValues"] as unknown[]).join(", ")}`;
  return error.message ?? error.keyword;
}

/** The error that says most: unknown keys first, then the deepest place. */
export function worstError(errors: ErrorObject[]): ErrorObject {
  const depth = (error: ErrorObject) => error.instancePath.split("/").length;
  const rank = (error: ErrorObject) =>
    (error.keyword.endsWith("Properties") ? 1000 : 0) + depth(error) - (error.keyword === "anyOf" ? 0.5 : 0);
  return errors.reduce((a, b) => (rank(b) > rank(a) ? b : a));
}
