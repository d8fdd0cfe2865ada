/**
 * `npm run bench`: what the core and the host cost, each figure beside a reference of the same run. docs/BENCHMARKS.md says what
 * they mean.
 */
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { packageFile } from "../host/files.ts";
import { FULL, goalMet, QUICK, type Effort, type Group } from "./figure.ts";
import { associationGroup } from "./association.ts";
import { cipherGroup } from "./cipher.ts";
import { curvesGroup } from "./curves.ts";
import { deepGroup } from "./deep.ts";
import { documentWrite, FIGURES } from "./document.ts";
import { durabilityGroup } from "./durability.ts";
import { getGroup } from "./get.ts";
import { groupKeep, groupsMerge, keptRead, keptWrite, machine, type Kept, type KeptGroup } from "./kept.ts";
import { loopbackGroup } from "./loopback.ts";
import { lookupGroup } from "./lookup.ts";
import { manyGroup } from "./many.ts";
import { nativeWant } from "./native.ts";
import { benchCommand, type Options } from "./options.ts";
import { profileGroup } from "./profile.ts";
import { sizesGroup } from "./sizes.ts";
import { startupGroup } from "./startup.ts";
import { targetsGroup } from "./targets.ts";
import { ticksGroup } from "./ticks.ts";
import { patienceGive, samplesSoFar } from "./quiet.ts";
import { tableText } from "./report.ts";

const GROUPS: readonly Group[] = [
  getGroup,
  associationGroup,
  lookupGroup,
  profileGroup,
  deepGroup,
  cipherGroup,
  curvesGroup,
  ticksGroup,
  startupGroup,
  loopbackGroup,
  manyGroup,
  durabilityGroup,
  sizesGroup,
  targetsGroup,
];

/** The figures of the last run. */
const LAST = join(dirname(packageFile("package.json")), "build/bench.json");
/** How long samples may wait for a quiet processor, all together. */
const PATIENCE_MS = 300_000;
const EMPTY: Kept = { quick: false, groups: [] };

function isWanted(group: Group, { only, write }: Options): boolean {
  if (only === undefined) return group.onRequest !== true || write === true;
  return group.title.toLowerCase().includes(only.toLowerCase());
}

/** Measures the groups that are wanted, and prints each when it is done. */
async function measure(effort: Effort, options: Options): Promise<KeptGroup[]> {
  const wanted = GROUPS.filter((group) => isWanted(group, options));
  if (wanted.length === 0) {
    const titles = GROUPS.map((group) => `  ${group.title}`).join("\n");
    throw new Error(`no group has "${options.only}" in its title; there are\n${titles}`);
  }
  const found: KeptGroup[] = [];
  for (const group of wanted) {
    const [begin, before] = [performance.now(), samplesSoFar()];
    const figures = await group.measure(effort);
    if (figures.length === 0) continue;
    const after = samplesSoFar();
    const samples = { samples: after.samples - before.samples, disturbed: after.disturbed - before.disturbed };
    found.push(groupKeep(group.title, figures, samples));
    // After each, so that a failure takes only what comes behind it.
    keptWrite(LAST, { quick: effort.quick, groups: found });
    console.log(`\n${tableText(group.title, figures)}\n${((performance.now() - begin) / 1000).toFixed(1)} s`);
  }
  return found;
}

/** The figures that the documents show, with those of this run in their places. */
async function write(found: readonly KeptGroup[]): Promise<void> {
  const kept = groupsMerge(existsSync(FIGURES) ? keptRead(FIGURES) : EMPTY, found);
  const known = new Set(GROUPS.map((group) => group.title));
  const order = GROUPS.map((group) => group.title);
  const groups = kept.groups.filter((group) => known.has(group.title));
  groups.sort((a, b) => order.indexOf(a.title) - order.indexOf(b.title));
  keptWrite(FIGURES, { ...kept, groups });
  await documentWrite({ ...kept, groups });
  console.log("written: docs/bench/figures.json, the tables of docs/BENCHMARKS.md and the plots in docs/bench/");
}

async function run(options: Options): Promise<void> {
  if (options.redraw === true) return documentWrite(keptRead(FIGURES));
  const { processor, processors, memoryGiB, node, platform } = machine();
  console.log(`${processor}, ${processors} processors, ${memoryGiB} GiB, ${platform}, Node ${node}`);
  const begin = performance.now();
  nativeWant(options.native === true);
  if (options.quick !== true) patienceGive(PATIENCE_MS);
  const found = await measure(options.quick === true ? QUICK : FULL, options);
  const figures = found.flatMap((group) => group.figures);
  const goals = figures.filter((figure) => figure.goal !== undefined);
  const met = goals.filter((figure) => goalMet(figure) === true);
  const seconds = ((performance.now() - begin) / 1000).toFixed(0);
  console.log(
    `\n${figures.length} figures in ${seconds} s, ${met.length} of ${goals.length} goals met; build/bench.json`,
  );
  const { samples, disturbed } = samplesSoFar();
  // Groups of whole processes, a start or a connection, have no samples that wait.
  if (options.quick !== true && samples > 0)
    console.log(`${disturbed} of ${samples} samples had to be taken while something else used the processor`);
  if (options.write === true) await write(found);
}

try {
  await benchCommand(run).parseAsync();
} catch (error) {
  process.stderr.write(`bench: ${(error as Error).message}\n`);
  process.exitCode = 1;
}
