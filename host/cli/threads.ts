/**
 * `serve --workers`: meters dealt out to threads, as if one ran them. Each thread has memories, clock wheel, surroundings and listeners of its
 * own; this one has the clock that all follow, the terminal, the control socket and the state folder's lock. Threads share compiled code and
 * nothing else that changes.
 */
import { Worker } from "node:worker_threads";
import type { RunningClock } from "../clock.ts";
import type { Ended, OperatedMeters, Seated } from "../control/meters.ts";
import { SHARD_METERS } from "../flash/shard.ts";
import type { StateDir } from "../state/state_dir.ts";
import { has, meterRanges, metersTogether, rangeText, type MeterRange } from "./deal.ts";
import type { Begun, Fleet, FleetParts } from "./fleet.ts";
import type { FirstPorts, Ports } from "./listeners.ts";
import { ServeError } from "./serve_options.ts";
import type { Asked, CallName, ThreadCalls, ThreadSeed, Told } from "./thread_messages.ts";

/** The compiled file beside this one. */
const THREAD = new URL("./thread.js", import.meta.url);

type Result<Name extends CallName> = Awaited<ReturnType<ThreadCalls[Name]>>;

/** Who hears what comes from a thread unasked. */
interface ThreadNews {
  report(meter: number, text: string): void;
  warn(text: string): void;
  lived(days: number): void;
  /** The thread is gone, and nobody has ended it. */
  died(text: string): void;
}

interface Waiting {
  resolve(result: unknown): void;
  reject(error: Error): void;
}

/** One thread, and the calls that it has not answered yet. */
class Thread {
  readonly range: MeterRange;
  /** Resolves when its meters have their seats; rejects when it dies before. */
  readonly begun: Promise<Begun>;
  private readonly worker: Worker;
  private readonly news: ThreadNews;
  private readonly waiting = new Map<number, Waiting>();
  private calls = 0;
  private ending = false;
  private death: ServeError | undefined;

  constructor(seed: ThreadSeed, news: ThreadNews) {
    this.range = seed.range;
    this.news = news;
    this.worker = new Worker(THREAD, { workerData: seed, name: rangeText(seed.range) });
    this.begun = new Promise((resolve, reject) =>
      this.waiting.set(0, { resolve: (begun) => resolve(begun as Begun), reject }),
    );
    // An error says more than the exit behind it.
    this.worker.on("error", (error) => this.gone(error.message));
    this.worker.on("exit", (code) => this.gone(`it ended with ${code}`));
    this.worker.on("message", (told: Told) => this.told(told));
  }

  get isDead(): boolean {
    return this.death !== undefined;
  }

  call<Name extends CallName>(
    clock: RunningClock | undefined,
    call: Name,
    ...args: Parameters<ThreadCalls[Name]>
  ): Promise<Result<Name>> {
    if (this.death !== undefined) return Promise.reject(this.death);
    if (call === "close") this.ending = true;
    const id = ++this.calls;
    const asked: Asked = { id, call, args, ...(clock && { clock: clock.state }) };
    return new Promise((resolve, reject) => {
      this.waiting.set(id, { resolve: (result) => resolve(result as Result<Name>), reject });
      this.worker.postMessage(asked);
    });
  }

  private told(told: Told): void {
    switch (told.kind) {
      case "begun":
        return this.over(0)?.resolve(told.begun);
      case "done":
        return this.over(told.id)?.resolve(told.result);
      case "failed":
        return this.over(told.id)?.reject(new ServeError(told.text));
      case "report":
        return this.news.report(told.meter, told.text);
      case "warning":
        return this.news.warn(told.text);
      case "lived":
        return this.news.lived(told.days);
    }
  }

  private over(id: number): Waiting | undefined {
    const waiting = this.waiting.get(id);
    this.waiting.delete(id);
    return waiting;
  }

  private gone(reason: string): void {
    if (this.death !== undefined) return;
    const text = `the thread of ${rangeText(this.range)} is gone: ${reason}`;
    this.death = new ServeError(text);
    for (const { reject } of this.waiting.values()) reject(this.death);
    this.waiting.clear();
    if (!this.ending) this.news.died(text);
  }
}

export interface ThreadsParts extends Omit<FleetParts, "range" | "shards"> {
  /** Open; undefined = the state is in memory. */
  readonly state: StateDir | undefined;
  /** A thread is gone, and nobody has ended it. */
  readonly died: (text: string) => void;
}

/** Makes the files that several threads will open, and leaves all of them closed and durable. */
function shardsPrepare(state: StateDir, ranges: readonly MeterRange[]): void {
  for (const { first } of ranges) if (first % SHARD_METERS !== 0) state.flash(first);
  state.close();
}

export class Threads implements Fleet, OperatedMeters {
  readonly meters = this;
  readonly count: number;
  begun: Begun = { seated: 0, stored: 0 };
  private readonly parts: ThreadsParts;
  private readonly threads: readonly Thread[];
  /** The clock that the threads follow, from when it runs. */
  private clock: RunningClock | undefined;
  private lived: (days: number) => void = () => undefined;

  /** Starts the threads. */
  constructor(parts: ThreadsParts) {
    const { options, start, delivery, core, state, report, warn, died } = parts;
    this.parts = parts;
    this.count = options.meters;
    const ranges = meterRanges(options.meters, options.workers, metersTogether(options.state));
    if (state !== undefined) shardsPrepare(state, ranges);
    const news: ThreadNews = { report, warn, died, lived: (days) => this.lived(days) };
    const seed = { options, start, delivery: delivery.parts, module: core.module, shards: state?.shards.use };
    this.threads = ranges.map((range) => new Thread({ ...seed, range }, news));
  }

  /** Waits until all meters that take one have their seats. @throws ServeError */
  async begin(): Promise<void> {
    for (const { seated, stored } of await Promise.all(this.threads.map(({ begun }) => begun))) {
      this.begun = { seated: this.begun.seated + seated, stored: this.begun.stored + stored };
    }
  }

  async boot(lived: (days: number) => void): Promise<void> {
    this.lived = lived;
    await this.all("boot");
  }

  async start(clock: RunningClock): Promise<void> {
    this.clock = clock;
    await this.all("start");
  }

  async open(): Promise<Ports> {
    const found = await this.opened();
    const { eachAddress } = this.parts.options;
    const joined = (kind: keyof Ports): number[] =>
      (eachAddress === true ? found.slice(0, 1) : found).flatMap((ports) => ports[kind]);
    return { wrapper: joined("wrapper"), udp: joined("udp"), hdlc: joined("hdlc") };
  }

  async close(): Promise<void> {
    const living = this.threads.filter(({ isDead }) => !isDead);
    await Promise.allSettled(living.map((thread) => thread.call(undefined, "close")));
  }

  async inject(scenario: unknown, time: number, meters?: readonly number[]): Promise<void> {
    await this.each(meters, (thread, own) => thread.call(this.clock, "inject", scenario, time, own));
  }

  async end(step: string | undefined, time: number, meters?: readonly number[]): Promise<Ended> {
    const found = await this.each(meters, (thread, own) => thread.call(this.clock, "end", step, time, own));
    const sum = (pick: (one: Ended) => number): number => found.reduce((all, one) => all + pick(one), 0);
    return { ended: sum(({ ended }) => ended), waiting: sum(({ waiting }) => waiting) };
  }

  lasts(step: string, time: number): Promise<boolean> {
    return this.threads[0]!.call(this.clock, "lasts", step, time);
  }

  async status(time: number): Promise<Seated> {
    const found = await this.all("status", time);
    return {
      meters: found.flatMap(({ meters }) => meters),
      waiting: found.reduce((all, { waiting }) => all + waiting, 0),
    };
  }

  async rouse(): Promise<void> {
    await this.all("rouse");
  }

  async pass(): Promise<void> {
    await this.all("pass");
  }

  /** What the threads listen on. With a port that the system chooses, the first meter's address has it first, and those of all others after it. */
  private async opened(): Promise<Ports[]> {
    const { options } = this.parts;
    const [first, ...others] = this.threads;
    if (options.eachAddress !== true) return this.all("open");
    const found = await first!.call(this.clock, "open");
    const ports: FirstPorts = { tcp: found.wrapper[0] ?? options.tcp, hdlcTcp: found.hdlc[0] ?? options.hdlcTcp };
    return [found, ...(await Promise.all(others.map((thread) => thread.call(this.clock, "open", ports))))];
  }

  private all<Name extends CallName>(call: Name, ...args: Parameters<ThreadCalls[Name]>): Promise<Result<Name>[]> {
    return Promise.all(this.threads.map((thread) => thread.call(this.clock, call, ...args)));
  }

  /** Acts on all threads, on each with those of these meters that it has; on all meters where none are named. */
  private each<T>(
    meters: readonly number[] | undefined,
    act: (thread: Thread, own: readonly number[] | undefined) => Promise<T>,
  ): Promise<T[]> {
    return Promise.all(
      this.threads.map((thread) => {
        const own = meters?.filter((meter) => has(thread.range, meter));
        return act(thread, own);
      }),
    );
  }
}
