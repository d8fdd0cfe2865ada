/** A thread of `serve --workers`: a fleet of its own, which does what the first thread asks for. */
import { parentPort, workerData } from "node:worker_threads";
import { RunningClock } from "../clock.ts";
import { Core } from "../core.ts";
import { ShardFiles } from "../state/shard_files.ts";
import { Delivery } from "./delivery.ts";
import { LocalFleet } from "./fleet.ts";
import { errorText } from "./serve_error.ts";
import type { Asked, ThreadCalls, ThreadSeed, Told } from "./thread_messages.ts";

/** How often the history that has been lived through is told of, ms. */
const LIVED_MS = 100;

const port = parentPort!;
const tell = (told: Told): void => port.postMessage(told);

function fleetOf({ options, range, start, delivery, module, shards }: ThreadSeed): LocalFleet {
  return new LocalFleet({
    options,
    range,
    start,
    delivery: new Delivery(delivery),
    core: new Core(module),
    shards: shards && new ShardFiles(shards),
    report: (meter, text) => tell({ kind: "report", meter, text }),
    warn: (text) => tell({ kind: "warning", text }),
  });
}

/** Boots the meters and tells of their days, some at a time. */
async function boot(fleet: LocalFleet): Promise<void> {
  let days = 0;
  let toldAt = performance.now();
  await fleet.boot((more) => {
    days += more;
    if (performance.now() - toldAt < LIVED_MS) return;
    tell({ kind: "lived", days });
    days = 0;
    toldAt = performance.now();
  });
}

function callsOf(fleet: LocalFleet, clock: RunningClock): ThreadCalls {
  const { meters } = fleet;
  return {
    boot: () => boot(fleet),
    start: () => fleet.start(clock),
    open: (first) => fleet.open(first),
    close: () => fleet.close(),
    inject: (...args) => meters.inject(...args),
    end: (...args) => meters.end(...args),
    lasts: (...args) => meters.lasts(...args),
    status: (...args) => meters.status(...args),
    rouse: () => meters.rouse(),
    pass: () => meters.pass(),
  };
}

async function answer(calls: ThreadCalls, { id, call, args }: Asked): Promise<void> {
  try {
    const act = calls[call] as (...args: readonly unknown[]) => unknown;
    tell({ kind: "done", id, result: await act(...args) });
  } catch (error) {
    tell({ kind: "failed", id, text: errorText(error) });
  }
  // Whatever is under way would find its files closed.
  if (call === "close") process.exit(0);
}

const seed = workerData as ThreadSeed;
const fleet = fleetOf(seed);
const clock = new RunningClock(seed.start, seed.options.speed);
const calls = callsOf(fleet, clock);
port.on("message", (asked: Asked) => {
  if (asked.clock !== undefined) clock.follow(asked.clock);
  void answer(calls, asked);
});
tell({ kind: "begun", begun: fleet.begun });
