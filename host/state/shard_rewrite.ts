/**
 * Writes a shard anew beside the old one and takes its place when all of it is durable: a power cut leaves the old one or the new one
 * (POSIX rename, and fsync of the folder behind it).
 */
import { closeSync, fsyncSync, openSync, renameSync, rmSync } from "node:fs";
import { dirname } from "node:path";
import { Shard, type ShardHead } from "../flash/shard.ts";

const PAGE_SIZE = 4096;

/** Programs the pages of a meter that are not erased, so that the file keeps its holes. */
export function pagesProgram(shard: Shard, index: number, at: number, octets: Uint8Array): void {
  for (let from = 0; from < octets.length; from += PAGE_SIZE) {
    const page = octets.subarray(from, from + PAGE_SIZE);
    if (page.some((octet) => octet !== 0xff)) shard.program(index, at + from, page);
  }
}

/** `fill` programs what the new shard holds; when it throws the old one stays. `shard` is still the old one then. */
export function shardRewrite(shard: Shard, head: ShardHead, fill: (fresh: Shard) => void): void {
  const path = `${shard.path}.new`;
  rmSync(path, { force: true });
  const fresh = Shard.create(path, head, "strict");
  try {
    fill(fresh);
    fresh.flush();
  } catch (error) {
    rmSync(path, { force: true });
    throw error;
  } finally {
    fresh.close();
  }
  renameSync(path, shard.path);
  const folder = openSync(dirname(shard.path), "r");
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}
