/**
 * A process of its own for the benchmarks: one client for each of many meters, with an association under suite 0 that stays open and a
 * ciphered read. Arguments: port, how many meters (at 127.0.0.1 and the addresses behind it). Prints JSON: seconds until all had been read
 * once, then, when a line comes in, seconds of another read of all, and leaves.
 */
import { once } from "node:events";
import { Client } from "../host/client/session.ts";
import { connectTcp } from "../host/client/transport.ts";
import { ipv4Parse, ipv4Text } from "../host/transport/ipv4.ts";
import { CIPHERED, REGISTER } from "./requests.ts";

const FIRST_ADDRESS = ipv4Parse("127.0.0.1")!;
/** Clients that are connecting or reading at one time. */
const TOGETHER = 32;
const CONNECT_MS = 60_000;

async function opened(port: number, index: number): Promise<Client> {
  const client = new Client(await connectTcp(ipv4Text(FIRST_ADDRESS + index), port, CONNECT_MS), CIPHERED);
  await client.connect();
  await client.associate();
  await read(client);
  return client;
}

async function read(client: Client): Promise<void> {
  const value = await client.get(REGISTER);
  if (value.type !== "double-long-unsigned") throw new Error(`a register is ${value.type}`);
}

/** Seconds that `work` takes for all numbers below `count`, some at a time. */
async function seconds(count: number, work: (index: number) => Promise<void>): Promise<number> {
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < count) await work(next++);
  };
  const begin = performance.now();
  await Promise.all(Array.from({ length: TOGETHER }, worker));
  return (performance.now() - begin) / 1000;
}

const [port, count] = process.argv.slice(2).map(Number) as [number, number];
const clients: Client[] = [];
const first = await seconds(count, async (index) => void (clients[index] = await opened(port, index)));
process.stdout.write(`${JSON.stringify({ seconds: first })}\n`);
await once(process.stdin, "data");
const second = await seconds(count, (index) => read(clients[index]!));
process.stdout.write(`${JSON.stringify({ seconds: second })}\n`, () => process.exit(0));
