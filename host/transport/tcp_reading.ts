/**
 * How the octets of an accepted connection are read. For a stream Node makes a buffer of 64 KiB for each read and cuts it to size; with `onread` a
 * socket reads into one buffer again and again, and lends it. But Node offers that to outgoing connections only, so the handle of an accepted
 * socket, which it does not document, goes on in a socket of our own. Where there is none, the stream serves: slower, otherwise the same.
 */
import { Socket, type OnReadOpts, type SocketConstructorOpts } from "node:net";

/** What libuv would like to read at once. */
const READ_SIZE = 65536;

/** Who gets octets that are lent: they are others when it has returned. */
export type Receiver = (octets: Uint8Array) => void;

/** Begins to read an accepted socket that is paused. @returns the socket to go on with */
export type TcpReading = (accepted: Socket, received: Receiver) => Socket;

/** What Node has and does not document. */
interface Handled {
  _handle?: object | null;
}
type Options = SocketConstructorOpts & { handle: object; onread: OnReadOpts };

/** One buffer for all connections: what is read is heard before anything else is read. */
const lent = Buffer.allocUnsafeSlow(READ_SIZE);
/** Its beginning as long as what was read last: requests are often as long as the one before. */
let view = lent;

function onreadFor(received: Receiver): OnReadOpts {
  return {
    buffer: lent,
    callback(count) {
      if (view.length !== count) view = lent.subarray(0, count);
      received(view);
      return true;
    },
  };
}

/** As Node does by itself: each read has octets of its own. */
export const readStream: TcpReading = (accepted, received) => accepted.on("data", received).resume();

/** All reads of all connections in one buffer, where the socket has a handle to go on with. */
export const readLent: TcpReading = (accepted, received) => {
  const handled = accepted as Handled;
  const handle = handled._handle;
  if (handle === undefined || handle === null) return readStream(accepted, received);
  // It lets go of its handle, and the server no longer counts it.
  handled._handle = null;
  accepted.destroy();
  const options: Options = { handle, onread: onreadFor(received) };
  return new Socket(options);
};
