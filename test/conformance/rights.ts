/** Access rights as an object list shows them. Blue Book Ed. 12, 4.4.4, access_mode. */
import type { ObjectEntry } from "../../host/client/index.ts";
import type { Association } from "./config.ts";

const CURRENT = "0-0:40.0.0.255";
/** From this version on access modes are bit strings; before, enumerations. */
const VERSION_WITH_BITS = 3;

const READ = 0x01;
const WRITE = 0x02;
/** Protection that requests need: authenticated, encrypted, signed. */
const REQUEST_AUTHENTICATED = 0x04;
const REQUEST_ENCRYPTED = 0x08;
const REQUEST_SIGNED = 0x10;

/** Modes of versions before 3: none, read, write, both, and the same three authenticated. */
const ENUM_READ = [1, 3, 4, 6];
const ENUM_WRITE = [2, 3, 5, 6];
const ENUM_AUTHENTICATED_FIRST = 4;

export function hasBits(entries: readonly ObjectEntry[]): boolean {
  const current = entries.find((entry) => entry.classId === 15 && entry.logicalName === CURRENT);
  return (current?.version ?? VERSION_WITH_BITS) >= VERSION_WITH_BITS;
}

export function isReadable(mode: number, entries: readonly ObjectEntry[]): boolean {
  return hasBits(entries) ? (mode & READ) !== 0 : ENUM_READ.includes(mode);
}

export function isWritable(mode: number, entries: readonly ObjectEntry[]): boolean {
  return hasBits(entries) ? (mode & WRITE) !== 0 : ENUM_WRITE.includes(mode);
}

/** Whether requests of the association have the protection that the mode demands. */
export function isProtectedEnough(mode: number, entries: readonly ObjectEntry[], a: Association): boolean {
  const authenticated = a.security === "auth" || a.security === "authenc";
  const encrypted = a.security === "enc" || a.security === "authenc";
  if (!hasBits(entries)) return mode < ENUM_AUTHENTICATED_FIRST || authenticated;
  if ((mode & REQUEST_SIGNED) !== 0) return false;
  return ((mode & REQUEST_AUTHENTICATED) === 0 || authenticated) && ((mode & REQUEST_ENCRYPTED) === 0 || encrypted);
}
