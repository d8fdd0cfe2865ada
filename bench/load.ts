/**
 * A process of its own for the benchmarks: connections that each send a request when the answer to the one before is whole, to meters and to
 * servers of canned answers in turns. The requests are made before. Argument: a Job as JSON; prints a Load as JSON.
 */
import { ipv4Parse, ipv4Text } from "../host/transport/ipv4.ts";
import { connected, Loop, prepared } from "./loops.ts";
import { processorTime } from "./processors.ts";
import { CIPHERED, PLAIN } from "./requests.ts";
import { median } from "./timing.ts";

/** One meter at each address from here on. */
const FIRST_ADDRESS = ipv4Parse("127.0.0.1")!;
const CLOSE_WAIT_MS = 100;
/** More than one connection sends. */
const COUNTERS = 1_000_000;

/** Where a server listens, and its process where the processor time is wanted. */
export interface Server {
  readonly port: number;
  readonly pid?: number;
}

export interface Job {
  /** The meters, then the servers they are compared with. */
  readonly servers: readonly Server[];
  readonly connections: number;
  readonly ciphered: boolean;
  /** Requests of each connection in a round, and rounds, those to warm up included. */
  readonly requests: number;
  readonly rounds: number;
  readonly warmUp: number;
  /** Octets of each answer. */
  readonly answerSize: number;
  /** First invocation counter, by default one behind that of a job with fewer connections. */
  readonly counter?: number;
}

/** Requests in a second, 99th percentile of the time to an answer, ms, and processor time of the server for a request, µs. */
export interface Measured {
  readonly rate: number;
  readonly p99: number;
  /** NaN, and null in JSON, where the system does not tell. */
  readonly serverTime: number;
}

/** Medians of the rounds of one server, and of their ratios to another one's, of rounds in turns. */
export interface Other {
  readonly measured: Measured;
  /** Meters divided by it. */
  readonly ratio: Measured;
}

export interface Load {
  readonly meters: Measured;
  /** In the order of the job. */
  readonly others: readonly Other[];
}

async function round(loops: readonly Loop[], requests: number, pid: number | undefined): Promise<Measured> {
  const times = loops.map(() => new Float64Array(requests));
  const own = (): number => (pid === undefined ? NaN : processorTime(pid));
  const [begin, ownBegin] = [performance.now(), own()];
  await Promise.all(loops.map((loop, i) => loop.run(times[i]!)));
  const [elapsed, ownElapsed] = [performance.now() - begin, own() - ownBegin];
  const all = Float64Array.from(times.flatMap((one) => [...one])).sort();
  return {
    rate: (all.length * 1000) / elapsed,
    p99: all[Math.floor(all.length * 0.99)]!,
    serverTime: ownElapsed / all.length,
  };
}

function medians(rounds: readonly Measured[]): Measured {
  const of = (pick: (one: Measured) => number): number => median(rounds.map(pick));
  return { rate: of(({ rate }) => rate), p99: of(({ p99 }) => p99), serverTime: of(({ serverTime }) => serverTime) };
}

function ratioOf(one: Measured, other: Measured): Measured {
  return {
    rate: one.rate / other.rate,
    p99: one.p99 / other.p99,
    serverTime: one.serverTime / other.serverTime,
  };
}

/** The loops of each server of the job. */
async function loopsOf(job: Job): Promise<Loop[][]> {
  const [meters, ...others] = job.servers;
  const loops: Loop[][] = job.servers.map(() => []);
  for (let i = 0; i < job.connections; i++) {
    const address = ipv4Text(FIRST_ADDRESS + i);
    const socket = await connected(address, meters!.port);
    // Counters go up from one job to the next.
    const options = job.ciphered ? { ...CIPHERED, counter: job.counter ?? job.connections * COUNTERS } : PLAIN;
    const requests = await prepared(socket, options, job.requests * (job.rounds + job.warmUp));
    loops[0]!.push(new Loop(socket, requests, job.answerSize));
    for (const [at, { port }] of others.entries())
      loops[at + 1]!.push(new Loop(await connected(address, port), requests, job.answerSize));
  }
  return loops;
}

async function main(job: Job): Promise<Load> {
  const loops = await loopsOf(job);
  const rounds: Measured[][] = loops.map(() => []);
  for (let i = -job.warmUp; i < job.rounds; i++) {
    for (const [at, server] of job.servers.entries()) {
      const measured = await round(loops[at]!, job.requests, server.pid);
      if (i >= 0) rounds[at]!.push(measured);
    }
  }
  const [meters, ...others] = rounds;
  return {
    meters: medians(meters!),
    others: others.map((other) => ({
      measured: medians(other),
      ratio: medians(meters!.map((one, i) => ratioOf(one, other[i]!))),
    })),
  };
}

const load = await main(JSON.parse(process.argv[2]!) as Job);
process.stdout.write(JSON.stringify(load), () => setTimeout(() => process.exit(0), CLOSE_WAIT_MS));
