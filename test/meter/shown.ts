/** What profiles show, as short as the sheets' examples. */
import type { MeterWorld } from "./world.ts";

export const LP1 = "1-0:99.1.0.255";
export const LP2 = "1-0:99.2.0.255";
export const BILLING = "0-0:98.1.0.255";
export const LOG = "0-0:99.98.0.255";
export const FRAUD = "0-0:99.98.1.255";
export const WH = 1_000_000;
/** Bits of the status of a row. */
export const Status = { DST: 0x08, CAD: 0x20, PDN: 0x80 } as const;

/** Stamps without the year and the offset, with the status: what the sheets' examples show. */
export function short(world: MeterWorld, profile = LP1): string[] {
  return (world.rows(profile) as [string, number][]).map(([stamp, status]) => {
    const names = Object.entries(Status).filter(([name, bit]) => name !== "DST" && (status & bit) !== 0);
    return [stamp.slice(11, 16), ...names.map(([name]) => name)].join(" ");
  });
}

/** Codes and times of a log. */
export function log(world: MeterWorld, profile = LOG): string[] {
  return (world.rows(profile) as [string, number][]).map(([stamp, code]) => `${code} ${stamp}`);
}
