/**
 * A process of its own for the benchmarks: connections that are opened, ask once and stay. Arguments: port, how many. Prints JSON when each
 * has been answered: the seconds that took; ends with its input.
 */
import { once } from "node:events";
import { connect, type Socket } from "node:net";

/** Connections that are being opened at one time. */
const TOGETHER = 32;

const [port, count] = process.argv.slice(2).map(Number) as [number, number];
const sockets: Socket[] = [];

async function worker(): Promise<void> {
  while (sockets.length < count) {
    const socket = connect({ port, host: "127.0.0.1", noDelay: true });
    sockets.push(socket);
    await once(socket, "connect");
    socket.write("?");
    await once(socket, "data");
  }
}

const begin = performance.now();
await Promise.all(Array.from({ length: TOGETHER }, worker));
process.stdout.write(`${JSON.stringify({ seconds: (performance.now() - begin) / 1000 })}\n`);
process.stdin.once("end", () => process.exit(0)).resume();
