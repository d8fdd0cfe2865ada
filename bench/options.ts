/** The options of `npm run bench`. */
import { Command } from "commander";

export interface Options {
  native?: boolean;
  only?: string;
  quick?: boolean;
  redraw?: boolean;
  write?: boolean;
}

/** @throws Error that says what does not go together */
function togetherCheck({ redraw, ...others }: Options): void {
  if (others.quick === true && others.write === true) throw new Error("--quick measures nothing that --write may keep");
  const [other] = Object.keys(others);
  if (redraw === true && other !== undefined)
    throw new Error(`--redraw measures nothing, so it does not take --${other}`);
}

/** The command, which gives `run` options that go together. */
export function benchCommand(run: (options: Options) => Promise<void>): Command {
  return new Command("bench")
    .description("what the core and the host cost, each figure beside a reference of the same run")
    .option("--quick", "just see that everything works: short samples, small banks; not with --write")
    .option("--only <text>", "only groups whose title holds the text")
    .option("--native", "beside native code too: builds mbed TLS and the core through wasm2c (needs Debian's packages)")
    .option("--write", "keep the figures in docs/bench/, and make the tables and plots of docs/BENCHMARKS.md from them")
    .option("--redraw", "measure nothing: make those tables and plots from docs/bench/figures.json again; goes alone")
    .action((options: Options) => {
      togetherCheck(options);
      return run(options);
    });
}
