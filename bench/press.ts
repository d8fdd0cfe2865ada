/**
 * A process of its own for the benchmarks: clients of meters that are read ciphered under suite 0, each meter over a connection of its own.
 * Argument: a Press as JSON. Prints a line when all requests are made, and one after each round, which it begins when a line comes in.
 */
import { createInterface } from "node:readline";
import { ipv4Parse, ipv4Text } from "../host/transport/ipv4.ts";
import { connected, Loop, prepared } from "./loops.ts";
import { CIPHERED, CIPHERED_ANSWER_SIZE } from "./requests.ts";

const FIRST_ADDRESS = ipv4Parse("127.0.0.1")!;

export interface Press {
  readonly port: number;
  /** Number of the first meter, and how many. */
  readonly first: number;
  readonly count: number;
  /** Requests of each in a round, and rounds. */
  readonly requests: number;
  readonly rounds: number;
}

async function loopsOf({ port, first, count, requests, rounds }: Press): Promise<Loop[]> {
  const loops: Loop[] = [];
  for (let index = first; index < first + count; index++) {
    const socket = await connected(ipv4Text(FIRST_ADDRESS + index), port);
    loops.push(new Loop(socket, await prepared(socket, CIPHERED, requests * rounds), CIPHERED_ANSWER_SIZE));
  }
  return loops;
}

const press = JSON.parse(process.argv[2]!) as Press;
const loops = await loopsOf(press);
console.log("ready");
for await (const line of createInterface({ input: process.stdin })) {
  if (line === "end") break;
  await Promise.all(loops.map((loop) => loop.run(new Float64Array(press.requests))));
  console.log("done");
}
process.exit(0);
