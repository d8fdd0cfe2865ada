/**
 * The loop: takes an input of the pool, changes it, runs it, and keeps it when it did something that no input had done before.
 * Seed and pool decide everything, so the same seed over the same kept inputs gives the same run.
 */
import { Dice } from "../testing.ts";
import { inputMutate } from "./mutate.ts";
import { type Input, inputText, type Target } from "./target.ts";

/** Inputs between two visits of an honest peer. */
const VISIT_EVERY = 16;
/** Inputs of the pool; a new one takes the place of an old one beyond. */
const POOL_MAX = 3000;

/** An input that did what must never happen. */
export class Found extends Error {
  readonly input: Input;

  constructor(target: Target, input: Input, cause: unknown) {
    const what = cause instanceof Error ? `${cause.name}: ${cause.message}` : String(cause);
    super(`${target.name}: ${what}\n${inputText(input)}`, { cause });
    this.name = "Found";
    this.input = input;
  }
}

export interface RunOptions {
  seed: number;
  /** Inputs to run, 0 = none but those of the pool at the beginning. */
  runs: number;
  /** Milliseconds after which it ends all the same. */
  timeLimit?: number;
  /** Told of each input before it runs. */
  before?: (input: Input) => void;
  /** Told now and then. */
  progress?: (done: number, outcomes: number) => void;
  visitEvery?: number;
}

export interface RunResult {
  runs: number;
  /** Different words of single messages. */
  outcomes: number;
  /** Inputs that brought a new word, beside those there were. */
  kept: Input[];
}

export class Engine {
  private readonly target: Target;
  private readonly pool: Input[] = [];
  /** Words seen, and pairs of one word and the next. */
  readonly words = new Set<string>();
  private readonly pairs = new Set<string>();
  private count = 0;

  constructor(target: Target) {
    this.target = target;
  }

  /** Runs an input; whether it brought a new word, or a new pair at least. */
  private async take(input: Input, visit: boolean): Promise<{ word: boolean; pair: boolean }> {
    const { target } = this;
    try {
      const words = await target.run(input);
      this.count++;
      if (visit) await target.visit?.();
      return this.note(words);
    } catch (error) {
      throw new Found(target, input, error);
    }
  }

  private note(words: readonly string[]): { word: boolean; pair: boolean } {
    const [wordsBefore, pairsBefore] = [this.words.size, this.pairs.size];
    words.forEach((word, i) => {
      this.words.add(word);
      this.pairs.add(`${words[i - 1] ?? ""} > ${word}`);
    });
    return { word: this.words.size > wordsBefore, pair: this.pairs.size > pairsBefore };
  }

  /** Runs what is known, each with a visit behind it. */
  async replay(inputs: readonly Input[]): Promise<void> {
    for (const input of inputs) {
      await this.take(input, true);
      this.pool.push(input);
    }
  }

  async run(options: RunOptions): Promise<RunResult> {
    const dice = new Dice(Math.imul(options.seed, 0x9e3779b1));
    const { target, pool } = this;
    const every = options.visitEvery ?? VISIT_EVERY;
    const end = performance.now() + (options.timeLimit ?? Infinity);
    const kept: Input[] = [];
    const fresh = target.fresh?.bind(target);
    for (let run = 1; run <= options.runs; run++) {
      // Later finds are chosen more often: what they reached is the least known.
      const from = dice.roll(3) === 0 ? Math.max(0, pool.length - 50) : 0;
      const base = pool[from + dice.roll(pool.length - from)] ?? [];
      const input = inputMutate(base, dice, pool[dice.roll(pool.length)] ?? [], fresh);
      options.before?.(input);
      const { word, pair } = await this.take(input, run % every === 0);
      if (word) kept.push(input);
      if (word || pair) pool[pool.length < POOL_MAX ? pool.length : dice.roll(POOL_MAX)] = input;
      if (run % 64 !== 0) continue;
      options.progress?.(run, this.words.size);
      if (performance.now() > end) break;
    }
    return { runs: this.count, outcomes: this.words.size, kept };
  }

  /** The words of an input, without a visit. */
  async wordsOf(input: Input): Promise<readonly string[]> {
    return this.target.run(input);
  }

  /** The shortest beginning and the fewest messages that still bring a word which `known` lacks. */
  async minimized(input: Input, known: ReadonlySet<string>): Promise<Input> {
    const wanted = (await this.target.run(input)).filter((word) => !known.has(word));
    const brings = async (tried: Input): Promise<boolean> => {
      const words = await this.target.run(tried);
      return wanted.every((word) => words.includes(word));
    };
    let least = input;
    for (let at = least.length - 1; at >= 0 && least.length > 1; at--) {
      const without = least.filter((_, i) => i !== at);
      if (await brings(without)) least = without;
    }
    for (let at = 0; at < least.length; at++) least = await this.shortened(least, at, brings);
    return least;
  }

  /** Cuts a message from its end as long as it still does the same. */
  private async shortened(input: Input, at: number, brings: (tried: Input) => Promise<boolean>): Promise<Input> {
    let least = input;
    for (let step = Math.ceil(least[at]!.length / 2); step > 0; step = step === 1 ? 0 : Math.ceil(step / 2)) {
      for (;;) {
        const size = least[at]!.length - step;
        if (size < 0) break;
        const tried = least.map((octets, i) => (i === at ? octets.subarray(0, size) : octets));
        if (!(await brings(tried))) break;
        least = tried;
      }
    }
    return least;
  }
}
