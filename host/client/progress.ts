/** A progress bar for answers in many blocks, on stderr and only where a person watches. */

import { Presets, SingleBar } from "cli-progress";
import { dataParse } from "./axdr.ts";
import { concat, Reader } from "./octets.ts";
import { type Client } from "./session.ts";

/** Blocks before a bar appears: short answers need none. */
const BLOCKS_MIN = 3;

/** Show a bar while `work` runs. */
export async function withProgress<T>(client: Client, label: string, work: () => Promise<T>): Promise<T> {
  if (process.stderr.isTTY !== true) return work();
  const format = `${label} {bar} {value} of about {total} octets, {duration_formatted}`;
  const bar = new SingleBar(
    { format, clearOnComplete: true, hideCursor: true, stream: process.stderr },
    Presets.legacy,
  );
  let running = false;
  client.onBlock = (octets, raw) => {
    if (raw.length < BLOCKS_MIN) return;
    if (!running) bar.start(estimate(raw), octets);
    running = true;
    if (octets > bar.getTotal()) bar.setTotal(octets);
    bar.update(octets);
  };
  try {
    return await work();
  } finally {
    client.onBlock = undefined;
    if (running) bar.stop();
  }
}

/** Size of an array from its count and its first element; the elements of a profile are alike. */
export function estimate(raw: readonly Uint8Array[]): number {
  const octets = concat(...raw);
  try {
    const r = new Reader(octets);
    if (r.u8() !== 1) return octets.length * 2;
    const count = r.length();
    const start = r.at;
    dataParse(r);
    return start + count * (r.at - start);
  } catch {
    return octets.length * 2;
  }
}
