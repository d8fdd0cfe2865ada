/** GETs over TCP from a served process, for one connection and for many, beside servers on Node of canned answers. */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { allocationFigures } from "./allocation.ts";
import { answerSizeOf, besideCanned, CANNED } from "./canned_servers.ts";
import type { Effort, Figure, Group, Reference } from "./figure.ts";
import type { Job, Load, Measured, Server } from "./load.ts";
import { onOneProcessor } from "./processors.ts";
import { benchProgram, during, serveArgs, start, type Served } from "./served.ts";

/** The part of the canned server's requests that the meters shall reach. */
const FLOOR_MIN = 0.85;
const CONNECTIONS = 64;
/** Requests of all connections in a round, and rounds to warm up: the better compiler shares the processor, and needs a second. */
const REQUESTS = 6400;
const WARM_UP = 20;

async function load(job: Job, pin: readonly string[]): Promise<Load> {
  const [program, ...args] = [...pin, process.execPath, benchProgram("load"), JSON.stringify(job)];
  const { stdout } = await promisify(execFile)(program!, args, { encoding: "utf8" });
  return JSON.parse(stdout) as Load;
}

function figuresOf(what: string, id: string, { meters, others }: Load): Figure[] {
  const references = (kind: keyof Measured): Reference[] =>
    others.map(({ measured, ratio }, i) => ({ what: CANNED[i]!, value: measured[kind], ratio: ratio[kind] }));
  const figures: Figure[] = [
    {
      id: `loopback-${id}`,
      what: `${what}: in a second`,
      value: meters.rate,
      unit: "1/s",
      references: references("rate"),
    },
    {
      id: `loopback-${id}-floor`,
      what: `${what}: part of what the canned server reaches`,
      value: others[0]!.ratio.rate,
      unit: "",
      ...(id.startsWith("plain") ? { goal: { limit: FLOOR_MIN, kind: "at least" as const } } : {}),
      references: [],
    },
    {
      id: `loopback-${id}-p99`,
      what: `${what}: 99 of 100 answered within`,
      value: meters.p99,
      unit: "ms",
      references: references("p99"),
    },
  ];
  // JSON has no NaN.
  if (!Number.isFinite(meters.serverTime)) return figures;
  const server: Figure = {
    id: `loopback-${id}-server`,
    what: `${what}: processor time of the server`,
    value: meters.serverTime,
    unit: "µs",
    references: references("serverTime"),
  };
  return [...figures, server];
}

const serverOf = ({ port, process }: Served): Server => ({ port, pid: process.pid! });

async function measure(effort: Effort): Promise<Figure[]> {
  const pin = onOneProcessor();
  const figures: Figure[] = [];
  const options = ["--meters", String(CONNECTIONS), "--each-address", "--metrology", "constant"];
  /** GETs of the meters beside two servers of canned answers. */
  const compared = async (ciphered: boolean, served: readonly Served[]): Promise<void> => {
    for (const connections of [1, CONNECTIONS]) {
      const rounds = effort.quick ? 3 : 31;
      const requests = Math.ceil((connections === 1 ? REQUESTS / 2 : REQUESTS) / connections);
      const answerSize = answerSizeOf(ciphered);
      const job = {
        servers: served.map(serverOf),
        connections,
        ciphered,
        requests,
        rounds,
        warmUp: WARM_UP,
        answerSize,
      };
      const kind = ciphered ? "ciphered" : "plain";
      const what = `GET over loopback, ${ciphered ? "suite 0 ciphered" : "in the clear"}, ${connections} connection${connections > 1 ? "s" : ""}`;
      figures.push(...figuresOf(what, `${kind}-${connections}`, await load(job, pin)));
    }
  };
  await during(await start(serveArgs(...options), pin), async (meters) => {
    const begin = (args: readonly string[]): Promise<Served> => start(args, pin);
    for (const ciphered of [false, true])
      await besideCanned(meters, ciphered, begin, (servers) => compared(ciphered, servers));
  });
  return [...figures, ...(await allocationFigures((job) => load(job, [])))];
}

export const loopbackGroup: Group = { title: "Requests over loopback", measure };
