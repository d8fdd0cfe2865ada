/** Which 4 KiB pages of a meter's block are touched, by what they hold: a host gives memory to no others. */
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { packageFile } from "../host/files.ts";

/** Octets of a page. */
export const PAGE = 4096;
const ROOT = dirname(packageFile("package.json"));

/** How many pages have an octet that is not zero. */
export interface BlockPages {
  /** State of the meter and its rings. */
  readonly engine: number;
  /** Keys, values, the journal's tail and what little is touched, as far as they are not on the pages of the engine. */
  readonly values: number;
  readonly slots: number;
  readonly inbox: number;
  /** Rows of profiles: their depth. */
  readonly rows: number;
}

/** What an instance of assembly/testing_layout.ts tells of a planned block. */
export interface BlockLayout {
  place(what: number): number;
}

/** The layout of the template; scripts/bench.mjs has built the entry. */
export async function blockLayout(image: Uint8Array): Promise<BlockLayout> {
  const { layoutOf } = (await import(pathToFileURL(join(ROOT, "scripts/block.mjs")).href)) as {
    layoutOf(module: WebAssembly.Module, image: Uint8Array): BlockLayout;
  };
  return layoutOf(new WebAssembly.Module(readFileSync(join(ROOT, "build/testing_layout.wasm"))), image);
}

/** Counts the pages of a block that are touched. */
export function blockPages(layout: BlockLayout, block: Uint8Array): BlockPages {
  const words = new BigUint64Array(block.buffer, block.byteOffset, block.length / 8);
  const touched = (page: number): boolean =>
    words.subarray((page * PAGE) / 8, ((page + 1) * PAGE) / 8).some((word) => word !== 0n);
  const ends = [0, 1, 2, 3].map((what) => Math.ceil(layout.place(what) / PAGE));
  const bounds = [0, ...ends, block.length / PAGE];
  const [engine, values, slots, inbox, rows] = bounds
    .slice(1)
    .map((end, i) => Array.from({ length: end - bounds[i]! }, (_, k) => bounds[i]! + k).filter(touched).length);
  return { engine: engine!, values: values!, slots: slots!, inbox: inbox!, rows: rows! };
}
