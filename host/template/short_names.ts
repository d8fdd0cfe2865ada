/**
 * Base names (Blue Book, mapping of short names): those a template gives, those given out to the rest, and that no two objects
 * share a name. An object takes the names from its base name to its last attribute or method.
 */
import { shortNamesIn } from "./associations.ts";
import type { TemplateDocument } from "./document.ts";
import { TemplateError } from "./error.ts";
import { objectText } from "./expand.ts";
import type { ObjectModel } from "./model.ts";
import { SHORT_NAME_STEP } from "./tables.ts";

/** Short names have 16 bits. */
const NAME_END = 0x10000;

/** Octets of the name space that an object takes. */
export function shortNameSpan(object: ObjectModel): number {
  const attributes = object.attributes.length * SHORT_NAME_STEP;
  const methods = object.methods.length * SHORT_NAME_STEP;
  return Math.max(attributes, methods === 0 ? 0 : object.methodsAt + methods);
}

function hex(name: number): string {
  return name.toString(16).toUpperCase().padStart(4, "0");
}

interface Span {
  from: number;
  to: number;
  object: ObjectModel;
}

function spanOf(object: ObjectModel, from: number): Span {
  const to = from + shortNameSpan(object);
  if (from > 0 && to <= NAME_END) return { from, to, object };
  throw new TemplateError(
    `${objectText(object)}: shortName: ${hex(from)} and ${to - from} more is beyond 0008 to FFF8`,
  );
}

function overlapping(spans: readonly Span[], span: Span): Span | undefined {
  return spans.find((other) => other.from < span.to && span.from < other.to);
}

/** The names the template itself gives. */
function namesGiven(objects: ObjectModel[]): Span[] {
  const spans: Span[] = [];
  for (const object of objects) {
    if (object.baseName === undefined) continue;
    const span = spanOf(object, object.baseName);
    const other = overlapping(spans, span);
    if (other) {
      const taken = `${hex(other.from)} to ${hex(other.to - SHORT_NAME_STEP)} of ${objectText(other.object)}`;
      throw new TemplateError(`${objectText(object)}: shortName: ${hex(span.from)} runs into ${taken}`);
    }
    spans.push(span);
  }
  return spans;
}

/** Gives base names to the objects that an association with short names sees, and checks all of them. */
export function shortNamesPut(document: TemplateDocument, objects: ObjectModel[]): void {
  const clients = Object.entries(document.associations).flatMap(([name, a]) => (shortNamesIn(a) ? [name] : []));
  const spans = namesGiven(objects);
  let next = document.shortNamesFrom === undefined ? undefined : Number.parseInt(document.shortNamesFrom, 16);
  for (const object of objects) {
    if (object.baseName !== undefined || !clients.some((client) => object.access.has(client))) continue;
    if (next === undefined) throw new TemplateError(`${objectText(object)}: shortName is missing (or shortNamesFrom)`);
    let span = spanOf(object, next);
    for (let other = overlapping(spans, span); other; other = overlapping(spans, span)) span = spanOf(object, other.to);
    object.baseName = span.from;
    spans.push(span);
    next = span.to;
  }
}
