/** Logical names (OBIS codes) as text: A-B:C.D.E.F, where .255 may be left out (Blue Book, part 1). */
import { TemplateError } from "./error.ts";

const TEXT = /^(\d{1,3})-(\d{1,3}):(\d{1,3})\.(\d{1,3})\.(\d{1,3})(?:\.(\d{1,3}))?$/;

/** The six octets of a logical name. */
export function logicalNameParse(text: string): Uint8Array {
  const match = TEXT.exec(text);
  const octets = match?.slice(1).map((part) => Number(part ?? 255));
  if (!octets || octets.some((octet) => octet > 255)) {
    throw new TemplateError(`"${text}" is not a logical name such as 1-0:1.8.0.255`);
  }
  return Uint8Array.from(octets);
}

/** Whether `text` has the form of a logical name. */
export function logicalNameLike(text: string): boolean {
  return TEXT.test(text);
}

/** The text with all six parts. */
export function logicalNameText(octets: Uint8Array): string {
  const [a, b, c, d, e, f] = octets;
  return `${a}-${b}:${c}.${d}.${e}.${f}`;
}

/** The text of `text` with all six parts. */
export function logicalNameWhole(text: string): string {
  return logicalNameText(logicalNameParse(text));
}
