/**
 * `npm run fuzz`: runs fuzz targets for as long as wanted. The work is done by a worker thread that writes each input down before
 * it runs, so that an input which never ends is named as well.
 */
import { Command, InvalidArgumentError } from "commander";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import { corpusKeep, corpusRead } from "./corpus.ts";
import { Engine, Found } from "./engine.ts";
import { type Input, inputParse, inputText } from "./target.ts";
import { TARGETS } from "./targets/index.ts";

/** Milliseconds one input may take. */
const HANG_MS = 20_000;
/** Octets of an input's text that are written down. */
const NOTE_SIZE = 200_000;

interface Order {
  target: string;
  runs: number;
  seed: number;
  timeLimit: number;
  keep: boolean;
  /** {count of inputs begun, size of the text}, and the text. */
  note: SharedArrayBuffer;
}

interface Report {
  runs: number;
  outcomes: number;
  kept: string[];
  found?: { message: string; text: string };
}

/** In the worker: one target. */
async function work(order: Order): Promise<Report> {
  const target = TARGETS.find(({ name }) => name === order.target)!;
  const counts = new Int32Array(order.note, 0, 2);
  const octets = Buffer.from(order.note, 8);
  const before = (input: Input): void => {
    counts[1] = octets.write(inputText(input), 0, "latin1");
    Atomics.add(counts, 0, 1);
  };
  const engine = new Engine(target);
  const kept: string[] = [];
  try {
    await engine.replay([...target.seeds(), ...corpusRead(target.name)]);
    const known = new Set(engine.words);
    const { runs: limit, seed, timeLimit } = order;
    const result = await engine.run({ seed, runs: limit, timeLimit, before });
    if (order.keep) {
      for (const input of result.kept) kept.push(...(await keep(engine, target.name, input, known)));
    }
    return { runs: result.runs, outcomes: result.outcomes, kept };
  } catch (error) {
    if (!(error instanceof Found)) throw error;
    const message = error.message.split("\n")[0]!;
    return { runs: counts[0]!, outcomes: engine.words.size, kept, found: { message, text: inputText(error.input) } };
  }
}

/** Keeps the least form of an input that still brings something unknown. */
async function keep(engine: Engine, target: string, input: Input, known: Set<string>): Promise<string[]> {
  const words = await engine.wordsOf(input);
  if (words.every((word) => known.has(word))) return [];
  const least = await engine.minimized(input, known);
  words.forEach((word) => known.add(word));
  return [corpusKeep(target, least)];
}

/** Starts a worker and watches it; what it found, or the input it did not come back from. */
function watched(order: Order): Promise<Report> {
  return new Promise((resolve, reject) => {
    const counts = new Int32Array(order.note, 0, 2);
    const worker = new Worker(new URL(import.meta.url), { workerData: order });
    let [seen, since] = [-1, Date.now()];
    const timer = setInterval(() => {
      const begun = Atomics.load(counts, 0);
      if (begun !== seen || begun === 0) [seen, since] = [begun, Date.now()];
      if (Date.now() - since < HANG_MS) return;
      const text = Buffer.from(order.note, 8, counts[1]!).toString("latin1");
      end({ runs: begun, outcomes: 0, kept: [], found: { message: `an input takes more than ${HANG_MS} ms`, text } });
    }, 1000);
    const end = (report: Report): void => {
      clearInterval(timer);
      void worker.terminate();
      resolve(report);
    };
    worker.on("message", end);
    worker.on("error", (error) => {
      clearInterval(timer);
      reject(error);
    });
  });
}

interface Options {
  target?: string;
  runs: number;
  seed: number;
  minutes?: number;
  input?: string;
  keep?: boolean;
  list?: boolean;
}

async function fuzz(name: string, options: Options): Promise<boolean> {
  const begin = performance.now();
  const note = new SharedArrayBuffer(8 + NOTE_SIZE);
  const timeLimit = options.minutes === undefined ? Infinity : options.minutes * 60_000;
  const { runs: limit, seed, keep: keeping = false } = options;
  const report = await watched({ target: name, runs: limit, seed, timeLimit, keep: keeping, note });
  const seconds = (performance.now() - begin) / 1000;
  const speed = Math.round(report.runs / seconds);
  console.log(
    `${name}: ${report.runs} inputs, ${speed} a second, ${report.outcomes} distinct outcomes, seed ${seed}` +
      (report.kept.length > 0 ? `, ${report.kept.length} kept` : ""),
  );
  if (report.found === undefined) return true;
  const path = corpusKeep(name, inputParse(report.found.text), "found-", report.found.message.replaceAll("\n", " "));
  console.log(`FOUND with seed ${seed}: ${report.found.message}\n${report.found.text}in ${path}`);
  return false;
}

/** Runs one input as a line of hexadecimal messages. */
async function once(name: string, text: string): Promise<void> {
  const target = TARGETS.find((candidate) => candidate.name === name)!;
  const words = await target.run(inputParse(text.replaceAll(",", "\n")));
  await target.visit?.();
  console.log(words.join("\n"));
}

function whole(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 0) throw new InvalidArgumentError("a whole number is wanted");
  return value;
}

function minutes(text: string): number {
  const value = Number(text);
  if (!(value > 0)) throw new InvalidArgumentError("minutes above 0 are wanted");
  return value;
}

async function main(options: Options, command: Command): Promise<void> {
  const names = TARGETS.map(({ name }) => name);
  if (options.list === true) return TARGETS.forEach(({ name, about }) => console.log(`${name.padEnd(16)}${about}`));
  if (options.target !== undefined && !names.includes(options.target)) {
    command.error(`fuzz: there is no target "${options.target}"; they are ${names.join(", ")}`);
  }
  const chosen = options.target === undefined ? names : [options.target];
  if (options.input !== undefined) {
    if (options.target === undefined) command.error("fuzz: --input needs --target");
    return once(chosen[0]!, options.input);
  }
  for (const name of chosen) if (!(await fuzz(name, options))) process.exitCode = 1;
}

if (isMainThread) {
  await new Command("fuzz")
    .description("Feeds targets with changed inputs until something happens that must never happen.")
    .option("--target <name>", "only this target; default all, one after the other")
    .option("--runs <n>", "inputs for each target", whole, 20_000)
    .option("--seed <n>", "of the changes; the same seed over the same kept inputs gives the same run", whole, 1)
    .option("--minutes <m>", "end a target after this time", minutes)
    .option("--keep", "add inputs that did something new to test/fuzz/corpus/, in their least form")
    .option("--input <hex>", "run one input, its messages separated by commas, and print what comes of it")
    .option("--list", "name the targets")
    .action(main)
    .parseAsync();
} else {
  parentPort!.postMessage(await work(workerData as Order));
}
