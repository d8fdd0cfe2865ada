/** GETs over TCP from a served process, for one connection and for many, beside the least that a server on Node can do. */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { allocationFigures } from "./allocation.ts";
import { CIPHERED_ANSWER_SIZE, PLAIN_ANSWER_SIZE } from "./requests.ts";
import type { Effort, Figure, Group } from "./figure.ts";
import type { Job, Load } from "./load.ts";
import { onOneProcessor } from "./processors.ts";
import { benchProgram, during, serveArgs, start } from "./served.ts";

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

function figuresOf(what: string, id: string, found: Load): Figure[] {
  const canned = "a Node server of canned answers";
  const { meters, canned: other, ratio, p99Ratio, serverRatio } = found;
  const figures: Figure[] = [
    {
      id: `loopback-${id}`,
      what: `${what}: in a second`,
      value: meters.rate,
      unit: "1/s",
      references: [{ what: canned, value: other.rate, ratio }],
    },
    {
      id: `loopback-${id}-floor`,
      what: `${what}: part of what the canned server reaches`,
      value: ratio,
      unit: "",
      ...(id.startsWith("plain") ? { goal: { limit: FLOOR_MIN, kind: "at least" as const } } : {}),
      references: [],
    },
    {
      id: `loopback-${id}-p99`,
      what: `${what}: 99 of 100 answered within`,
      value: meters.p99,
      unit: "ms",
      references: [{ what: canned, value: other.p99, ratio: p99Ratio }],
    },
  ];
  // JSON has no NaN.
  if (!Number.isFinite(meters.serverTime)) return figures;
  const server: Figure = {
    id: `loopback-${id}-server`,
    what: `${what}: processor time of the server`,
    value: meters.serverTime,
    unit: "µs",
    references: [{ what: canned, value: other.serverTime, ratio: serverRatio }],
  };
  return [...figures, server];
}

async function measure(effort: Effort): Promise<Figure[]> {
  const pin = onOneProcessor();
  const figures: Figure[] = [];
  const options = ["--meters", String(CONNECTIONS), "--each-address", "--metrology", "constant"];
  await during(await start(serveArgs(...options), pin), async (served) => {
    for (const ciphered of [false, true]) {
      const answerSize = ciphered ? CIPHERED_ANSWER_SIZE : PLAIN_ANSWER_SIZE;
      await during(await start([benchProgram("canned"), String(answerSize)], pin), async (canned) => {
        for (const connections of [1, CONNECTIONS]) {
          const rounds = effort.quick ? 3 : 31;
          const requests = Math.ceil((connections === 1 ? REQUESTS / 2 : REQUESTS) / connections);
          const ports = { meters: served.port, canned: canned.port };
          const pids = { meters: served.process.pid!, canned: canned.process.pid! };
          const job = { ...ports, pids, connections, ciphered, requests, rounds, warmUp: WARM_UP, answerSize };
          const kind = ciphered ? "ciphered" : "plain";
          const what = `GET over loopback, ${ciphered ? "suite 0 ciphered" : "in the clear"}, ${connections} connection${connections > 1 ? "s" : ""}`;
          figures.push(...figuresOf(what, `${kind}-${connections}`, await load(job, pin)));
        }
      });
    }
  });
  return [...figures, ...(await allocationFigures((job) => load(job, [])))];
}

export const loopbackGroup: Group = { title: "Requests over loopback", measure };
