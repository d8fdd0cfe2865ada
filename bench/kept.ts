/** What a run found, as a file: build/bench.json of the last run, docs/bench/figures.json of the run that the documents show. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { cpus, totalmem } from "node:os";
import { dirname } from "node:path";
import { goalMet, type Figure } from "./figure.ts";
import type { Samples } from "./quiet.ts";

/** Where figures were measured. */
export interface Machine {
  readonly processor: string;
  readonly processors: number;
  readonly memoryGiB: number;
  readonly node: string;
  readonly platform: string;
}

/** The figures of a group, and when and where they were measured: a run of one group leaves the others as they are. */
export interface KeptGroup extends Partial<Samples> {
  readonly title: string;
  readonly at: string;
  readonly machine: Machine;
  readonly figures: readonly (Figure & { readonly goalMet?: boolean })[];
}

export interface Kept {
  /** Whether samples were too short to say anything. */
  readonly quick: boolean;
  readonly groups: readonly KeptGroup[];
}

export function machine(): Machine {
  const all = cpus();
  return {
    processor: all[0]?.model ?? "unknown",
    processors: all.length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    node: process.version,
    platform: `${process.platform} ${process.arch}`,
  };
}

/** Three digits of what was measured, which is what another run confirms; counts stay whole. */
function rounded(value: number): number {
  return Number.isInteger(value) ? value : Number(value.toPrecision(3));
}

/** A group as it is kept, measured here and now with so many samples of a quiet processor, or without. */
export function groupKeep(title: string, figures: readonly Figure[], samples: Partial<Samples> = {}): KeptGroup {
  const kept = figures.map((figure) => {
    const met = goalMet(figure);
    return {
      ...figure,
      value: rounded(figure.value),
      ...(met === undefined ? {} : { goalMet: met }),
      references: figure.references.map((one) => ({
        what: one.what,
        value: rounded(one.value),
        ratio: rounded(one.ratio),
      })),
      ...(figure.points === undefined ? {} : { points: figure.points.map(([x, y]) => [x, rounded(y)] as const) }),
    };
  });
  return { title, at: new Date().toISOString().slice(0, 16) + "Z", machine: machine(), ...samples, figures: kept };
}

/** Puts groups in the place of those with their titles; groups that were not known come last. */
export function groupsMerge(kept: Kept, groups: readonly KeptGroup[]): Kept {
  const fresh = new Map(groups.map((group) => [group.title, group]));
  const known = new Set(kept.groups.map((group) => group.title));
  const stay = kept.groups.map((group) => fresh.get(group.title) ?? group);
  return { ...kept, groups: [...stay, ...groups.filter((group) => !known.has(group.title))] };
}

/** @throws when the file is not there or not JSON */
export function keptRead(path: string): Kept {
  return JSON.parse(readFileSync(path, "utf8")) as Kept;
}

export function keptWrite(path: string, kept: Kept): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, `${JSON.stringify(kept, undefined, 1)}\n`);
}

/** The figure with an id, wherever it stands. */
export function figureOf(kept: Kept, id: string): Figure | undefined {
  return kept.groups.flatMap((group) => group.figures).find((figure) => figure.id === id);
}
