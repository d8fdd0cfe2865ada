/** One line for many clients that take turns: what comes back goes to the one that spoke last. */
import type { Transport } from "../../host/client/transport.ts";

export class SharedLine {
  private readonly transport: Transport;
  private listener: ((octets: Uint8Array) => void) | undefined;

  constructor(transport: Transport) {
    this.transport = transport;
    transport.onData((octets) => this.listener?.(octets));
  }

  /** A client's view of the line; closing it leaves the line open. */
  share(): Transport {
    let own: ((octets: Uint8Array) => void) | undefined;
    return {
      write: (octets) => {
        this.listener = own;
        this.transport.write(octets);
      },
      onData: (listener) => (own = listener),
      onClose: () => undefined,
      close: async () => undefined,
    };
  }
}
