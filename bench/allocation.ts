/** What a GET over TCP allocates in the serving process on V8's heap, beside what Node itself needs for servers of canned answers. */
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { answerSizeOf, besideCanned, CANNED } from "./canned_servers.ts";
import { reference, type Figure } from "./figure.ts";
import type { HeapAnswer } from "./heap_probe.ts";
import type { Job, Load } from "./load.ts";
import { benchProgram, during, serveArgs, start, type Served } from "./served.ts";

/** New space of the servers, MiB: all that is allocated while it is counted fits, so nothing is collected. */
const NEW_SPACE_MIB = 256;
/** Requests to warm up, and of the two jobs whose difference is counted: what an association takes is in both. */
const [WARM_UP, FEW, MANY] = [20_000, 5_000, 25_000];
const TRIES_MAX = 5;

/** More than the requests of a job: each begins with higher invocation counters. */
const COUNTERS = 1_000_000;

const FLAGS = [
  `--min-semi-space-size=${NEW_SPACE_MIB}`,
  `--max-semi-space-size=${NEW_SPACE_MIB}`,
  "--import",
  benchProgram("heap_probe"),
];

async function heapOf(server: ChildProcess): Promise<HeapAnswer> {
  server.send("heap");
  const [answer] = (await once(server, "message")) as [HeapAnswer];
  return answer;
}

/** Octets that each server has allocated while `work` ran; undefined where something was collected. */
async function allocated(
  servers: readonly ChildProcess[],
  work: () => Promise<unknown>,
): Promise<number[] | undefined> {
  const before = await Promise.all(servers.map(heapOf));
  await work();
  const after = await Promise.all(servers.map(heapOf));
  if (after.some(({ collections }, i) => collections !== before[i]!.collections)) return undefined;
  return after.map(({ used }, i) => used - before[i]!.used);
}

/** Octets of a request in each server. V8 collects when it likes, for buffers outside the heap too: then it is tried again. */
async function ofRequest(
  servers: readonly ChildProcess[],
  run: (requests: number) => Promise<Load>,
): Promise<number[]> {
  await run(WARM_UP);
  for (let tries = 0; tries < TRIES_MAX; tries++) {
    const few = await allocated(servers, () => run(FEW));
    const many = await allocated(servers, () => run(MANY));
    if (few !== undefined && many !== undefined) return many.map((octets, i) => (octets - few[i]!) / (MANY - FEW));
  }
  throw new Error(`a heap was collected while it was counted, ${TRIES_MAX} times`);
}

/** @param load runs a job of bench/load.ts */
export async function allocationFigures(load: (job: Job) => Promise<Load>): Promise<Figure[]> {
  const figures: Figure[] = [];
  let counter = 0;
  const options = ["--each-address", "--metrology", "constant"];
  /** GETs of one connection, to a meter and to two servers of canned answers. */
  const compared = async (ciphered: boolean, servers: readonly Served[]): Promise<void> => {
    const answerSize = answerSizeOf(ciphered);
    const job = { servers: servers.map(({ port }) => ({ port })), connections: 1, ciphered, rounds: 1, warmUp: 0 };
    const run = (requests: number): Promise<Load> =>
      load({ ...job, requests, answerSize, counter: (counter += COUNTERS) });
    const processes = servers.map(({ process }) => process);
    const [meter, ...others] = await ofRequest(processes, run);
    figures.push({
      id: `loopback-${ciphered ? "ciphered" : "plain"}-allocated`,
      what: `GET over loopback, ${ciphered ? "suite 0 ciphered" : "in the clear"}: allocated on the heap of the server`,
      value: meter!,
      unit: "octets",
      references: others.map((other, i) => reference(CANNED[i]!, other, meter!)),
    });
  };
  await during(await start([...FLAGS, ...serveArgs(...options)], [], true), async (meters) => {
    const begin = (args: readonly string[]): Promise<Served> => start([...FLAGS, ...args], [], true);
    for (const ciphered of [false, true])
      await besideCanned(meters, ciphered, begin, (servers) => compared(ciphered, servers));
  });
  return figures;
}
