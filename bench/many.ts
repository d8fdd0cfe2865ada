/** Many meters in one process: what one costs before anybody has reached it, on first contact, while it is connected, and a day of it. */
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { Bank } from "../host/bank.ts";
import { ManualClock } from "../host/clock.ts";
import { MemoryFlash } from "../host/flash/memory.ts";
import { metrologyMaker } from "../host/metrology/source.ts";
import { templateLoad } from "../host/template/load.ts";
import { reference, type Effort, type Figure, type Goal, type Group } from "./figure.ts";
import { core, provisionOf, START } from "./seat.ts";
import { benchProgram, during, serveArgs, start, type Served } from "./served.ts";
import { median } from "./timing.ts";
import { workersFigures } from "./workers.ts";

const KIB = 1024;
const DAY_MS = 86_400_000;
/** Goals: KiB of one that is provisioned, seconds that 10,000 add to a start. */
const PROVISIONED_MAX = 1;
const START_MAX = 1;
const PROVISIONED = 100_000;
const CONNECTED = 10_000;
const CONNECTED_QUICK = 300;
/** Open files that are left to the process for itself. */
const FILES_SPARE = 200;

/** Least KiB of a mapping that holds blocks: V8's own are smaller by far. */
const CORE_MAPPING_MIN = 64 * KIB;

/** Meters that all begin with the process. */
const SEATED = 1000;

/** Meters that begin when somebody reaches them, or at once. */
const many = (seat: "contact" | "all" = "contact"): string[] => [
  "--each-address",
  ...["--seat", seat],
  ...["--metrology", "constant"],
];

const atMost = (limit: number): { goal: Goal } => ({ goal: { limit, kind: "at most" } });

/** Resident octets of a process. */
function residentOf({ process: { pid } }: Served): number {
  const kib = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))![1];
  return Number(kib) * KIB;
}

/** Resident octets of the memories of its core: mappings of a size that nothing else in the process has. */
function coreResidentOf({ process: { pid } }: Served): number {
  let [octets, large] = [0, false];
  for (const line of readFileSync(`/proc/${pid}/smaps`, "utf8").split("\n")) {
    const [, what, kib] = /^(Size|Rss):\s+(\d+) kB$/.exec(line) ?? [];
    if (what === "Size") large = Number(kib) >= CORE_MAPPING_MIN;
    else if (what === "Rss" && large) octets += Number(kib) * KIB;
  }
  return octets;
}

interface Begun {
  readonly seconds: number;
  readonly resident: number;
}

/** Starts that many meters. */
async function begun(meters: number, seat?: "all"): Promise<Begun> {
  const begin = performance.now();
  const served = await start(serveArgs("--meters", String(meters), ...many(seat)));
  const seconds = (performance.now() - begin) / 1000;
  return during(served, async () => ({ seconds, resident: residentOf(served) }));
}

async function provisionedFigures(effort: Effort): Promise<Figure[]> {
  const runs: Record<"one" | "many" | "most" | "seated", Begun>[] = [];
  for (let round = 0; round < (effort.quick ? 1 : 5); round++) {
    const [one, seated] = [await begun(1), await begun(SEATED, "all")];
    runs.push({ one, seated, many: await begun(CONNECTED), most: await begun(PROVISIONED) });
  }
  const of = (pick: (run: (typeof runs)[0]) => number): number => median(runs.map(pick));
  const base = of(({ one }) => one.seconds);
  const longer = of(({ one, many }) => many.seconds - one.seconds);
  const running = of(({ one, seated }) => seated.seconds - one.seconds);
  const each = of(({ one, most }) => (most.resident - one.resident) / PROVISIONED);
  return [
    {
      id: "many-start",
      what: `start of serve with ${CONNECTED} provisioned meters, longer than with one`,
      value: longer,
      unit: "s",
      ...atMost(START_MAX),
      references: [reference("the start with one", base, longer)],
    },
    {
      id: "many-start-seated",
      what: `start of serve with ${SEATED} meters that all run from the start (--seat all), longer than with one`,
      value: running,
      unit: "s",
      references: [reference("the start with one", base, running)],
    },
    {
      id: "many-provisioned",
      what: `resident memory of one of ${PROVISIONED} provisioned meters that nobody has reached`,
      value: each / KIB,
      unit: "KiB",
      ...atMost(PROVISIONED_MAX),
      references: [],
    },
  ];
}

/** As many as open files allow, of both processes. */
function connectionsOf(effort: Effort): number {
  const files = Number(execFileSync("sh", ["-c", "ulimit -n"], { encoding: "utf8" })) || Infinity;
  return Math.min(effort.quick ? CONNECTED_QUICK : CONNECTED, files - FILES_SPARE);
}

/** Octets of an answer of the server that has no meters. */
const ANSWER_SIZE = 32;

/** Resident octets of a server on Node for each of `count` connections, with nothing behind them: what its sockets alone take. */
async function bareConnection(count: number): Promise<number> {
  const served = await start([benchProgram("canned"), String(ANSWER_SIZE)]);
  return during(served, async () => {
    const before = residentOf(served);
    const args = [benchProgram("idle"), String(served.port), String(count)];
    const clients = spawn(process.execPath, args, { stdio: ["pipe", "pipe", "inherit"] });
    await once(clients.stdout, "data");
    const each = (residentOf(served) - before) / count;
    clients.stdin.end();
    return each;
  });
}

async function connectedFigures(effort: Effort): Promise<Figure[]> {
  const count = connectionsOf(effort);
  const bare = await bareConnection(count);
  const served = await start(serveArgs("--meters", String(count), ...many()));
  return during(served, async () => {
    const [before, coreBefore] = [residentOf(served), coreResidentOf(served)];
    const crowd = spawn(process.execPath, [benchProgram("crowd"), String(served.port), String(count)], {
      stdio: ["pipe", "pipe", "inherit"],
    });
    const lines = createInterface({ input: crowd.stdout })[Symbol.asyncIterator]();
    const next = async (): Promise<number> => {
      const { value, done } = (await lines.next()) as { value: string; done?: boolean };
      if (done === true) throw new Error("the clients end before all have read");
      return (JSON.parse(value) as { seconds: number }).seconds;
    };
    const first = await next();
    const each = (residentOf(served) - before) / count;
    const ofCore = (coreResidentOf(served) - coreBefore) / count;
    crowd.stdin.write("again\n");
    const again = await next();
    const { blockSize } = core().plan(templateLoad().image);
    return [
      {
        id: "many-contact",
        what: `first contact of each of ${count} meters: seat, boot, association, ciphered read, clients included`,
        value: (first * 1000) / count,
        unit: "ms",
        references: [reference("another ciphered read of each", (again * 1000) / count, (first * 1000) / count)],
      },
      {
        id: "many-connected",
        what: `resident memory of one of ${count} meters with an open association over TCP, all of the process`,
        value: each / KIB,
        unit: "KiB",
        references: [
          reference("a whole block", blockSize / KIB, each / KIB),
          reference("a connection of a server on Node without meters", bare / KIB, each / KIB),
        ],
      },
      {
        id: "many-connected-core",
        what: "the core's share of it, the page of the first row among it",
        value: ofCore / KIB,
        unit: "KiB",
        references: [reference("all of the process", each / KIB, ofCore / KIB)],
      },
    ];
  });
}

/** Milliseconds of a day of one of `count` idle meters with a constant load, all brought through it together. */
function dayOf(count: number, days: number): number {
  const template = templateLoad();
  const clock = new ManualClock(START);
  const make = metrologyMaker("constant", 1, START);
  const bank = new Bank(core(), template.image, count, {
    clock,
    setup: (index, plan) => ({
      provision: provisionOf(template, index),
      flash: new MemoryFlash(plan.flashSize),
      metrology: make(index),
    }),
  });
  for (const meter of bank.meters) meter.boot();
  const times: number[] = [];
  for (let day = 0; day < days; day++) {
    clock.meter += DAY_MS;
    const begin = performance.now();
    for (const meter of bank.meters) meter.run();
    times.push((performance.now() - begin) / count);
  }
  return median(times);
}

function dayFigures(effort: Effort): Figure[] {
  const counts = effort.quick ? [1, 10, 50] : [1, 100, 1000];
  const [one, ...more] = counts.map((count) => ({ count, ms: dayOf(count, count === 1 ? 20 : 3) }));
  return more.map(({ count, ms }) => ({
    id: `many-day-${count}`,
    what: `a day of each of ${count} idle meters, together`,
    value: ms,
    unit: "ms",
    references: [reference("a day of a meter alone", one!.ms, ms)],
  }));
}

export const manyGroup: Group = {
  title: "Many meters",
  measure: async (effort) => [
    ...(await provisionedFigures(effort)),
    ...(await connectedFigures(effort)),
    ...dayFigures(effort),
    ...(await workersFigures(effort)),
  ],
};
