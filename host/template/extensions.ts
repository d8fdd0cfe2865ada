/** Which extensions of the profile a meter has: its objects, and the function type in its names, follow. */
import type { Extension, TemplateDocument } from "./document.ts";
import { TemplateError } from "./error.ts";

const EXTENSIONS: readonly string[] = ["D", "L", "M"];

/**
 * Letters such as "D,L", or "none".
 * @throws TemplateError for any other letter
 */
export function extensionsParse(text: string): Extension[] {
  if (text === "none") return [];
  const letters = text.toUpperCase().split(",");
  const odd = letters.find((letter) => !EXTENSIONS.includes(letter));
  if (odd !== undefined) {
    throw new TemplateError(`extensions: "${odd}" is not one of ${EXTENSIONS.join(", ")}; write D,L or none`);
  }
  return EXTENSIONS.filter((letter) => letters.includes(letter)) as Extension[];
}

/** The document with other extensions than its own; `undefined` leaves it as it is. */
export function extensionsApply(document: TemplateDocument, extensions: Extension[] | undefined): TemplateDocument {
  return extensions === undefined
    ? document
    : { ...document, identity: { ...document.identity, functions: extensions } };
}
