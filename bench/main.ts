/**
 * `npm run bench`: what the core and the host cost, each figure beside a reference of the same run. docs/BENCHMARKS.md says what
 * they mean.
 */
import { Command } from "commander";
import { dirname, join } from "node:path";
import { packageFile } from "../host/files.ts";
import { FULL, goalMet, QUICK, type Figure, type Group } from "./figure.ts";
import { cipherGroup } from "./cipher.ts";
import { curvesGroup } from "./curves.ts";
import { deepGroup } from "./deep.ts";
import { durabilityGroup } from "./durability.ts";
import { getGroup } from "./get.ts";
import { loopbackGroup } from "./loopback.ts";
import { nativeWant } from "./native.ts";
import { profileGroup } from "./profile.ts";
import { sizesGroup } from "./sizes.ts";
import { startupGroup } from "./startup.ts";
import { ticksGroup } from "./ticks.ts";
import { jsonWrite, machine, markdownText, tableText } from "./report.ts";

const GROUPS: readonly Group[] = [
  getGroup,
  profileGroup,
  deepGroup,
  cipherGroup,
  curvesGroup,
  ticksGroup,
  startupGroup,
  loopbackGroup,
  durabilityGroup,
  sizesGroup,
];

interface Options {
  markdown?: boolean;
  native?: boolean;
  quick?: boolean;
  only?: string;
}

async function run(options: Options): Promise<void> {
  const effort = options.quick === true ? QUICK : FULL;
  const { processor, processors, memoryGiB, node, platform } = machine();
  console.log(`${processor}, ${processors} processors, ${memoryGiB} GiB, ${platform}, Node ${node}`);
  const begin = performance.now();
  nativeWant(options.native === true);
  const figures: Figure[] = [];
  for (const group of GROUPS) {
    if (options.only !== undefined && !group.title.toLowerCase().includes(options.only.toLowerCase())) continue;
    const found = await group.measure(effort);
    figures.push(...found);
    console.log(`\n${(options.markdown === true ? markdownText : tableText)(group.title, found)}`);
  }
  const path = join(dirname(packageFile("package.json")), "build/bench.json");
  jsonWrite(path, effort.quick, figures);
  const goals = figures.filter((figure) => figure.goal !== undefined);
  const met = goals.filter((figure) => goalMet(figure) === true);
  const seconds = ((performance.now() - begin) / 1000).toFixed(0);
  console.log(
    `\n${figures.length} figures in ${seconds} s, ${met.length} of ${goals.length} goals met; build/bench.json`,
  );
}

await new Command("bench")
  .option("--quick", "just see that everything works: short samples, small banks")
  .option("--only <text>", "only groups whose title holds the text")
  .option("--native", "beside native code too: builds mbed TLS and the core through wasm2c (needs Debian's packages)")
  .option("--markdown", "print the tables as docs/BENCHMARKS.md has them")
  .action(run)
  .parseAsync();
