/**
 * A process of its own for the benchmarks: connections that each send a request when the answer to the one before is whole, to meters and to
 * a server of canned answers in turns. The requests are made before. Argument: a Job as JSON; prints a Load as JSON.
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

export interface Job {
  readonly meters: number;
  readonly canned: number;
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
  /** Process ids of the servers. */
  readonly pids?: { readonly meters: number; readonly canned: number };
}

/** Requests in a second, 99th percentile of the time to an answer, ms, and processor time of the server for a request, µs. */
interface Measured {
  readonly rate: number;
  readonly p99: number;
  /** NaN, and null in JSON, where the system does not tell. */
  readonly serverTime: number;
}

export interface Load {
  /** Medians of the rounds; their ratios, of rounds in turns. */
  readonly meters: Measured;
  readonly canned: Measured;
  readonly ratio: number;
  readonly p99Ratio: number;
  readonly serverRatio: number;
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

async function main(job: Job): Promise<Load> {
  const total = job.requests * (job.rounds + job.warmUp);
  const meters: Loop[] = [];
  const canned: Loop[] = [];
  for (let i = 0; i < job.connections; i++) {
    const address = ipv4Text(FIRST_ADDRESS + i);
    const socket = await connected(address, job.meters);
    // Counters go up from one job to the next.
    const options = job.ciphered ? { ...CIPHERED, counter: job.counter ?? job.connections * COUNTERS } : PLAIN;
    const requests = await prepared(socket, options, total);
    meters.push(new Loop(socket, requests, job.answerSize));
    canned.push(new Loop(await connected(address, job.canned), requests, job.answerSize));
  }
  const rounds: { meter: Measured; other: Measured }[] = [];
  for (let i = -job.warmUp; i < job.rounds; i++) {
    const meter = await round(meters, job.requests, job.pids?.meters);
    const other = await round(canned, job.requests, job.pids?.canned);
    if (i >= 0) rounds.push({ meter, other });
  }
  const of = (pick: (one: (typeof rounds)[0]) => number): number => median(rounds.map(pick));
  return {
    meters: medians(rounds.map(({ meter }) => meter)),
    canned: medians(rounds.map(({ other }) => other)),
    ratio: of(({ meter, other }) => meter.rate / other.rate),
    p99Ratio: of(({ meter, other }) => meter.p99 / other.p99),
    serverRatio: of(({ meter, other }) => meter.serverTime / other.serverTime),
  };
}

const load = await main(JSON.parse(process.argv[2]!) as Job);
process.stdout.write(JSON.stringify(load), () => setTimeout(() => process.exit(0), CLOSE_WAIT_MS));
