/** What threads bring: days of virtual time of many meters, and ciphered GETs over loopback, in two threads and in one, in turns. */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { createInterface } from "node:readline";
import { Worker } from "node:worker_threads";
import { templateLoad } from "../host/template/load.ts";
import type { Days } from "./days.ts";
import { reference, type Effort, type Figure } from "./figure.ts";
import type { Press } from "./press.ts";
import { core } from "./seat.ts";
import { benchProgram, during, serveArgs, start, type Served } from "./served.ts";
import { median } from "./timing.ts";

const THREADS = 2;
/** Processes of clients, each with its part of the meters. */
const PRESSES = 2;
const METERS = 64;
/** Processor time in /proc/PID/stat: fields of user and system time, and hundredths of a second that they count. */
const STAT_USER = 13;
const STAT_TICK_MS = 10;

// --- days of virtual time ---

async function daysThread(days: Days): Promise<Worker> {
  const worker = new Worker(benchProgram("days"), { workerData: days });
  await once(worker, "message");
  return worker;
}

/** Milliseconds until each of the threads has lived a day. */
async function dayOf(workers: readonly Worker[]): Promise<number> {
  const begin = performance.now();
  const lived = workers.map((worker) => once(worker, "message"));
  for (const worker of workers) worker.postMessage("day");
  await Promise.all(lived);
  return performance.now() - begin;
}

async function daysFigure(effort: Effort): Promise<Figure> {
  const [meters, rounds] = effort.quick ? [20, 2] : [200, 15];
  const { image, model } = templateLoad();
  const made = { module: core().module, image, template: model.parts };
  const part = meters / THREADS;
  const one = [await daysThread({ ...made, first: 0, count: meters })];
  const two = await Promise.all(
    Array.from({ length: THREADS }, (_, i) => daysThread({ ...made, first: i * part, count: part })),
  );
  const times: { one: number; two: number }[] = [];
  // The first day of each is to warm up.
  for (let round = -1; round < rounds; round++) {
    const time = { one: await dayOf(one), two: await dayOf(two) };
    if (round >= 0) times.push(time);
  }
  await Promise.all([...one, ...two].map((worker) => worker.terminate()));
  const alone = median(times.map((time) => time.one));
  return {
    id: "workers-days",
    what: `a day of ${meters} idle meters in virtual time, dealt out to ${THREADS} threads`,
    value: median(times.map((time) => time.two)),
    unit: "ms",
    references: [{ what: "in one thread", value: alone, ratio: median(times.map((time) => time.two / time.one)) }],
  };
}

// --- ciphered GETs ---

/** Processor time of a process and its threads, ms. */
function processorMs({ pid }: ChildProcess): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8")
    .replace(/^.*\) /, "_ _ ")
    .split(" ");
  return (Number(fields[STAT_USER]) + Number(fields[STAT_USER + 1])) * STAT_TICK_MS;
}

/** A service, and the processes of clients that press it. */
class Pressed {
  readonly served: Served;
  private readonly requests: number;
  private readonly presses: { process: ChildProcess; lines: AsyncIterator<string> }[] = [];
  /** Processor time of the service and of the clients in the rounds that count, ms. */
  servedMs = 0;
  clientsMs = 0;

  constructor(served: Served, requests: number) {
    this.served = served;
    this.requests = requests;
  }

  /** Connects all clients, which make their requests for that many rounds. */
  async begin(rounds: number): Promise<void> {
    const count = METERS / PRESSES;
    for (let i = 0; i < PRESSES; i++) {
      const press: Press = { port: this.served.port, first: i * count, count, requests: this.requests, rounds };
      const child = spawn(process.execPath, [benchProgram("press"), JSON.stringify(press)], {
        stdio: ["pipe", "pipe", "inherit"],
      });
      this.presses.push({ process: child, lines: createInterface({ input: child.stdout })[Symbol.asyncIterator]() });
    }
    await this.said();
  }

  /** Requests in a second of a round; one to warm up does not count. */
  async round(counts: boolean): Promise<number> {
    const before = this.times();
    const begin = performance.now();
    for (const { process: child } of this.presses) child.stdin!.write("round\n");
    await this.said();
    const seconds = (performance.now() - begin) / 1000;
    const after = this.times();
    if (!counts) return 0;
    this.servedMs += after.served - before.served;
    this.clientsMs += after.clients - before.clients;
    return (this.requests * METERS) / seconds;
  }

  end(): void {
    for (const { process: child } of this.presses) child.stdin!.write("end\n");
  }

  private times(): { served: number; clients: number } {
    const clients = this.presses.reduce((sum, { process: child }) => sum + processorMs(child), 0);
    return { served: processorMs(this.served.process), clients };
  }

  private async said(): Promise<void> {
    for (const { lines } of this.presses) {
      if ((await lines.next()).done === true) throw new Error("the clients end before all is read");
    }
  }
}

const served = (workers: number): Promise<Served> =>
  start(
    serveArgs(...["--meters", String(METERS), "--each-address", "--metrology", "constant"], "--workers", `${workers}`),
  );

async function getFigures(effort: Effort): Promise<Figure[]> {
  const [rounds, requests] = effort.quick ? [2, 20] : [15, 200];
  return during(await served(1), async (first) =>
    during(await served(THREADS), async (second) => {
      const [one, two] = [new Pressed(first, requests), new Pressed(second, requests)];
      for (const pressed of [one, two]) await pressed.begin(rounds + 1);
      const rates: { one: number; two: number }[] = [];
      // The first round of each is to warm up.
      for (let round = -1; round < rounds; round++) {
        const rate = { one: await one.round(round >= 0), two: await two.round(round >= 0) };
        if (round >= 0) rates.push(rate);
      }
      one.end();
      two.end();
      const rate = median(rates.map((found) => found.two));
      const all = (two.servedMs + two.clientsMs) / (requests * METERS * rounds);
      const processors = availableParallelism();
      return [
        {
          id: "workers-gets",
          what: `ciphered GETs of ${METERS} meters in ${THREADS} threads, clients in two processes beside: in a second`,
          value: rate,
          unit: "1/s",
          references: [
            {
              what: "in one thread",
              value: median(rates.map((found) => found.one)),
              ratio: median(rates.map((found) => found.two / found.one)),
            },
            reference(`${processors} processors, were none ever idle`, (processors * 1000) / all, rate),
          ],
        },
        {
          id: "workers-part",
          what: "part of the processor time of such a GET that the meters take, the rest is the clients'",
          value: two.servedMs / (two.servedMs + two.clientsMs),
          unit: "",
          references: [],
        },
      ];
    }),
  );
}

// --- memory ---

async function threadFigure(): Promise<Figure> {
  const resident = async (workers: number): Promise<number> => {
    const args = ["--meters", "16", "--seat", "contact", "--metrology", "constant", "--workers", String(workers)];
    return during(await start(serveArgs(...args)), async ({ process: { pid } }) => {
      const kib = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))![1];
      return Number(kib) / 1024;
    });
  };
  const [few, many] = [await resident(THREADS), await resident(THREADS + 4)];
  return {
    id: "workers-memory",
    what: "resident memory that one more thread takes before its meters are reached",
    value: (many - few) / 4,
    unit: "MiB",
    references: [],
  };
}

export const workersFigures = async (effort: Effort): Promise<Figure[]> => [
  await daysFigure(effort),
  ...(await getFigures(effort)),
  await threadFigure(),
];
