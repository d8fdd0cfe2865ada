/**
 * A process of its own for the benchmarks: a server on Node that does nothing. It answers whatever arrives on a connection with the same
 * octets. Arguments: how many octets an answer has, and `lent` to read as the meters do. Prints its port as JSON.
 */
import { createServer } from "node:net";
import { WRAPPER_HEADER_SIZE } from "../host/client/wrapper.ts";
import { readLent, readStream } from "../host/transport/tcp_reading.ts";

const answer = Buffer.alloc(Number(process.argv[2]));
answer.set([0, 1, 0, 1, 0, 1]);
answer.writeUInt16BE(answer.length - WRAPPER_HEADER_SIZE, 6);

const reading = process.argv[3] === "lent" ? readLent : readStream;
const server = createServer({ noDelay: true, pauseOnConnect: true }, (accepted) => {
  const socket = reading(accepted, () => socket.write(answer));
  socket.on("error", () => socket.destroy());
});
server.listen(0, "0.0.0.0", () => {
  const address = server.address() as { port: number };
  process.stdout.write(`${JSON.stringify({ event: "ready", tcp: [address.port] })}\n`);
});
process.once("SIGTERM", () => process.exit(0));
