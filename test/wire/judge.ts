/** What every codec pair keeps to, whatever octets it is given. */
import { Err, type Wire } from "./core.ts";
import type { Kind } from "./kinds.ts";

const ERRORS: ReadonlySet<number> = new Set([Err.INCOMPLETE, Err.MALFORMED, Err.UNKNOWN, Err.LIMIT]);

/**
 * Parses `octets`. What is accepted must lie inside them, and what is written from it must be read as the same value
 * and written as the same octets again.
 */
export function judge(wire: Wire, kind: Kind, octets: Buffer): number {
  const size = wire.parse(kind, octets);
  if (size < 0) {
    if (!ERRORS.has(size)) throw new Error(`${kind}: result ${size} for ${octets.toString("hex")}`);
    return size;
  }
  const value = wire.read(kind);
  const first = wire.emit(kind) as Buffer;
  if (first.length > octets.length + 8) throw new Error(`${kind}: grew from ${octets.toString("hex")}`);
  const again = wire.parse(kind, first);
  if (again !== first.length) throw new Error(`${kind}: ${again} for its own ${first.toString("hex")}`);
  same(kind, octets, value, wire.read(kind));
  if (!first.equals(wire.emit(kind) as Buffer)) throw new Error(`${kind}: unstable for ${octets.toString("hex")}`);
  return size;
}

/** The values before and after, but for the two fields that hold lengths as they were received. */
function same(kind: Kind, octets: Buffer, before: object, after: object): void {
  const text = (value: object): string =>
    JSON.stringify(value, (name, field: unknown) => (name === "header" || name === "signed" ? "" : field));
  if (text(before) !== text(after)) throw new Error(`${kind}: another value for ${octets.toString("hex")}`);
}
