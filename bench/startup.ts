/** From the start of `dlms-meter serve` to the first answer, and rows over loopback from the served meter. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { Client } from "../host/client/session.ts";
import { connectTcp, type Transport } from "../host/client/transport.ts";
import { WRAPPER_HEADER_SIZE } from "../host/client/wrapper.ts";
import { packageFile } from "../host/files.ts";
import { reference, type Effort, type Figure, type Group } from "./figure.ts";
import { pinned } from "./processors.ts";
import { DEEP_TEMPLATE, ROWS } from "./profile.ts";
import { benchProgram, during, serveArgs, start, type Served } from "./served.ts";
import { CLOCK, getRequest, nextRequest, onWrapper, PLAIN, PROFILE, PUBLIC } from "./requests.ts";
import { median } from "./timing.ts";

/** Longest wait for the first answer that the project accepts, s. */
const FIRST_ANSWER_MAX = 5;

/** Seconds from the start of the process to the answer of a GET. */
async function firstAnswer(): Promise<number> {
  const begin = performance.now();
  return during(await start(serveArgs()), async ({ port }) => {
    const client = new Client(await connectTcp("127.0.0.1", port), PUBLIC);
    await client.connect();
    await client.associate();
    await client.get(CLOCK);
    const seconds = (performance.now() - begin) / 1000;
    await client.disconnect();
    return seconds;
  });
}

async function bareStart(): Promise<number> {
  const begin = performance.now();
  await once(spawn(process.execPath, ["-e", "0"], { stdio: "ignore" }), "exit");
  return (performance.now() - begin) / 1000;
}

async function startFigure(effort: Effort): Promise<Figure> {
  const starts: number[] = [];
  const bare: number[] = [];
  for (let round = 0; round < (effort.quick ? 2 : 7); round++) {
    starts.push(await firstAnswer());
    bare.push(await bareStart());
  }
  return {
    id: "first-answer",
    what: "from the start of serve to the clock's time",
    value: median(starts),
    unit: "s",
    goal: { limit: FIRST_ANSWER_MAX, kind: "at most" },
    references: [reference("node -e 0", median(bare), median(starts))],
  };
}

/** Days that fill the profile, and blocks that are more than it has. */
const BACKFILL_DAYS = String(Math.ceil(ROWS / 96) + 1);
const BLOCKS_MAX = 400;
/** Where the WPDU of a block says whether it is the last one. */
const LAST_AT = WRAPPER_HEADER_SIZE + 3;
const ROWS_GOAL = 600_000;

/** Sends the first request, and the next one whenever an answer is whole; resolves to the number of blocks. */
function transfer(transport: Transport, requests: readonly Uint8Array[]): Promise<number> {
  return new Promise((resolve, reject) => {
    let rest = new Uint8Array(0);
    let sent = 0;
    transport.onData((octets) => {
      rest = rest.length === 0 ? Uint8Array.from(octets) : Uint8Array.from(Buffer.concat([rest, octets]));
      if (rest.length < WRAPPER_HEADER_SIZE || rest.length < WRAPPER_HEADER_SIZE + ((rest[6]! << 8) | rest[7]!)) return;
      const isBlock = rest[WRAPPER_HEADER_SIZE] === 0xc4 && rest[WRAPPER_HEADER_SIZE + 1] === 2;
      const last = rest[LAST_AT] !== 0;
      rest = new Uint8Array(0);
      if (!isBlock || sent === requests.length) reject(new Error("a block is missing"));
      else if (last) resolve(sent);
      else transport.write(requests[sent++]!);
    });
    transport.write(requests[sent++]!);
  });
}

/** Requests of a whole transfer, from a client that is associated. */
function transferRequests(client: Client): Uint8Array[] {
  const next = Array.from({ length: BLOCKS_MAX }, (_, i) => nextRequest(i + 1));
  return [getRequest(PROFILE), ...next].map((request) => onWrapper(client, request));
}

/** Rows from a served meter, in turns with blocks from a buffer. */
async function loopbackFigure(effort: Effort, meter: Served): Promise<Figure> {
  const transport = await connectTcp("127.0.0.1", meter.port);
  const client = new Client(transport, PLAIN);
  await client.associate();
  const requests = transferRequests(client);
  const blocks = await transfer(transport, requests);
  const seconds = async (to: Transport): Promise<number> => {
    const begin = performance.now();
    await transfer(to, requests);
    return (performance.now() - begin) / 1000;
  };
  const times: number[] = [];
  const bare: number[] = [];
  const echo = await start([benchProgram("echo"), String(blocks)]);
  await during(echo, async ({ port }) => {
    const other = await connectTcp("127.0.0.1", port);
    for (const end = performance.now() + 2 * effort.warmUpMs; performance.now() < end;) {
      await seconds(transport);
      await seconds(other);
    }
    for (let round = 0; round < effort.rounds; round++) {
      times.push(await seconds(transport));
      bare.push(await seconds(other));
    }
    await Promise.all([transport.close(), other.close()]);
  });
  const rows = ROWS / median(times);
  return {
    id: "loopback-rows",
    what: "10,000 rows over loopback, in the clear: rows in a second",
    value: rows,
    unit: "1/s",
    goal: { limit: ROWS_GOAL, kind: "at least" },
    references: [reference("a process that answers as many blocks from a buffer", ROWS / median(bare), rows)],
  };
}

export const startupGroup: Group = {
  title: "Start and loopback",
  async measure(effort) {
    const first = await startFigure(effort);
    const rows = await pinned(async () => {
      const meter = await start(serveArgs("--template", packageFile(DEEP_TEMPLATE), "--backfill", BACKFILL_DAYS));
      return during(meter, () => loopbackFigure(effort, meter));
    });
    return [first, rows];
  },
};
