/**
 * A process of its own for the benchmarks: answers whatever arrives on a connection with a block from a buffer. Argument:
 * blocks until the last one. Prints its port as JSON.
 */
import { createServer } from "node:net";
import { encodeApdu } from "../host/client/apdu.ts";
import { wpduEncode } from "../host/client/wrapper.ts";

const BLOCK_SIZE = 1211;

function blockOf(last: boolean): Uint8Array {
  const invoke = { id: 1, confirmed: true, high: true };
  const raw = new Uint8Array(BLOCK_SIZE);
  const apdu = encodeApdu({ kind: "get-response-with-datablock", invoke, last, block: 1, raw });
  return wpduEncode({ source: 1, destination: 1, apdu });
}

const count = Number(process.argv[2]);
const block = blockOf(false);
const last = blockOf(true);

const server = createServer({ noDelay: true }, (socket) => {
  let sent = 0;
  socket.on("data", () => {
    sent = (sent % count) + 1;
    socket.write(sent === count ? last : block);
  });
  socket.on("error", () => socket.destroy());
});
server.listen(0, "127.0.0.1", () => {
  const address = server.address() as { port: number };
  process.stdout.write(`${JSON.stringify({ event: "ready", tcp: [address.port] })}\n`);
});
process.once("SIGTERM", () => process.exit(0));
