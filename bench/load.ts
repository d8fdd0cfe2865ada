/**
 * A process of its own for the benchmarks: connections that each send a request when the answer to the one before is whole, to meters and to
 * a server of canned answers in turns. The requests are made before. Argument: a Job as JSON; prints a Load as JSON.
 */
import { ipv4Parse, ipv4Text } from "../host/transport/ipv4.ts";
import { connected, Loop, prepared } from "./loops.ts";
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
}

export interface Load {
  /** Requests in a second, and 99th percentile of the time to an answer, ms: medians of the rounds; their ratio, of rounds in turns. */
  readonly meters: { readonly rate: number; readonly p99: number };
  readonly canned: { readonly rate: number; readonly p99: number };
  readonly ratio: number;
  readonly p99Ratio: number;
}

async function round(loops: readonly Loop[], requests: number): Promise<{ rate: number; p99: number }> {
  const times = loops.map(() => new Float64Array(requests));
  const begin = performance.now();
  await Promise.all(loops.map((loop, i) => loop.run(times[i]!)));
  const elapsed = performance.now() - begin;
  const all = Float64Array.from(times.flatMap((one) => [...one])).sort();
  return { rate: (all.length * 1000) / elapsed, p99: all[Math.floor(all.length * 0.99)]! };
}

async function main(job: Job): Promise<Load> {
  const total = job.requests * (job.rounds + job.warmUp);
  const meters: Loop[] = [];
  const canned: Loop[] = [];
  for (let i = 0; i < job.connections; i++) {
    const socket = await connected(ipv4Text(FIRST_ADDRESS + i), job.meters);
    // Counters go up from one job to the next.
    const options = job.ciphered ? { ...CIPHERED, counter: job.counter ?? job.connections * COUNTERS } : PLAIN;
    const requests = await prepared(socket, options, total);
    meters.push(new Loop(socket, requests, job.answerSize));
    canned.push(new Loop(await connected("127.0.0.1", job.canned), requests, job.answerSize));
  }
  const rounds: { meter: { rate: number; p99: number }; other: { rate: number; p99: number } }[] = [];
  for (let i = -job.warmUp; i < job.rounds; i++) {
    const meter = await round(meters, job.requests);
    const other = await round(canned, job.requests);
    if (i >= 0) rounds.push({ meter, other });
  }
  const of = (pick: (one: (typeof rounds)[0]) => number): number => median(rounds.map(pick));
  return {
    meters: { rate: of(({ meter }) => meter.rate), p99: of(({ meter }) => meter.p99) },
    canned: { rate: of(({ other }) => other.rate), p99: of(({ other }) => other.p99) },
    ratio: of(({ meter, other }) => meter.rate / other.rate),
    p99Ratio: of(({ meter, other }) => meter.p99 / other.p99),
  };
}

const load = await main(JSON.parse(process.argv[2]!) as Job);
process.stdout.write(JSON.stringify(load), () => setTimeout(() => process.exit(0), CLOSE_WAIT_MS));
