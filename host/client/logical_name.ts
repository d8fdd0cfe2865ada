/** Logical names (OBIS codes): six value groups A-B:C.D.E.F. Blue Book Ed. 12, part 1. */

import { DlmsError, MalformedError } from "./errors.ts";

const FULL = /^(\d{1,3})-(\d{1,3}):(\d{1,3})\.(\d{1,3})\.(\d{1,3})(?:[.*](\d{1,3}))?$/;
const DOTTED = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/;
const SHORT = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/;

/**
 * The six octets of a logical name written 1-0:1.8.0.255, 1-0:1.8.0 (F is 255), 1.0.1.8.0.255,
 * 1.8.0 (A-B is 1-0, F is 255) or as twelve hexadecimal digits.
 */
export function logicalNameParse(text: string): Uint8Array {
  const groups = groupsOf(text.trim());
  if (groups === undefined || groups.some((group) => group > 255)) {
    throw new DlmsError(`"${text}" is no logical name; write 1-0:1.8.0.255, 1.0.1.8.0.255 or 1.8.0`);
  }
  return Uint8Array.from(groups);
}

function groupsOf(text: string): number[] | undefined {
  const full = FULL.exec(text);
  if (full !== null) return full.slice(1, 7).map((group) => Number(group ?? 255));
  const dotted = DOTTED.exec(text);
  if (dotted !== null) return dotted.slice(1, 7).map(Number);
  const short = SHORT.exec(text);
  if (short !== null) return [1, 0, ...short.slice(1, 4).map(Number), 255];
  if (/^[0-9a-fA-F]{12}$/.test(text)) return [...Buffer.from(text, "hex")];
  return undefined;
}

/** A logical name as 1-0:1.8.0.255. */
export function logicalNameText(octets: Uint8Array): string {
  if (octets.length !== 6) throw new MalformedError(`a logical name has 6 octets, not ${octets.length}`);
  const [a, b, c, d, e, f] = octets;
  return `${a}-${b}:${c}.${d}.${e}.${f}`;
}

/** Any accepted spelling in the form 1-0:1.8.0.255. */
export function logicalNameCanonical(text: string): string {
  return logicalNameText(logicalNameParse(text));
}
