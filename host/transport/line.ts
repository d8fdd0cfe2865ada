/** What carries the octets of one connection: a TCP connection, a UDP peer, a serial line, or their twin in memory. */

/** A line, as the pump sees it. */
export interface Line {
  /** What is received at once is a datagram: it belongs together, and apart from what comes before and behind it. */
  readonly datagrams?: boolean;
  /** Address of this machine at which the peer reached it, where a line has one. */
  readonly localAddress?: string | undefined;
  /** Sends octets that belong to the line from now on. True: they have left; false: `drained` will say so. */
  send(octets: Uint8Array): boolean;
  /** Nobody looks any more at octets that were sent: they may be written over. A line that cannot tell has none of this. */
  readonly released?: boolean | undefined;
  /** Closes the line behind what was sent; `closed` follows. */
  close(): void;
  /** Speed from now on, Bd; 0 = the one the line was opened with. Lines without a speed have none of this. */
  rate?(baud: number): void;
  /** Stops or resumes reading, so that a peer that sends without end waits. */
  pause(stop: boolean): void;
}

/** Who hears a line. */
export interface LineListener {
  /** The octets are lent: whoever wants them behind this call copies them. */
  received(octets: Uint8Array): void;
  drained(): void;
  /** The line is gone; called once, whoever closed it. */
  closed(): void;
}

/** Decides about a new line: its listener, or undefined to refuse it. */
export type LineAccept = (line: Line) => LineListener | undefined;
