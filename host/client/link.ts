/** What the session needs of a link layer: HDLC and the wrapper both offer it. */

import { ConnectionError, TimeOutError } from "./errors.ts";
import { silenceAwait } from "./silence.ts";

export interface Link {
  /** Set the link up: SNRM and UA in HDLC, nothing in the wrapper. */
  open(): Promise<void>;
  /** Send one APDU; resolves when the link has taken (HDLC: acknowledged) it. */
  send(apdu: Uint8Array): Promise<void>;
  /** The next APDU from the meter. Throws TimeOutError after `timeOut` milliseconds, default the link's own. */
  receive(timeOut?: number): Promise<Uint8Array>;
  /** End the link: DISC and UA in HDLC. Errors of a peer already gone are not reported. */
  close(): Promise<void>;
}

/** A queue that one reader awaits with a time-out. */
export class Mailbox<T> {
  private readonly items: T[] = [];
  private waiting: { resolve: (item: T) => void; reject: (cause: Error) => void; heard: () => void } | undefined;
  private failure: Error | undefined;

  put(item: T): void {
    const waiting = this.waiting;
    if (waiting === undefined) {
      this.items.push(item);
      return;
    }
    this.waiting = undefined;
    waiting.heard();
    waiting.resolve(item);
  }

  /** No item will come any more; those already here can still be taken. */
  fail(cause: Error): void {
    this.failure ??= cause;
    const waiting = this.waiting;
    if (waiting === undefined) return;
    this.waiting = undefined;
    waiting.heard();
    waiting.reject(cause);
  }

  /** An item that is already here, or undefined. */
  poll(): T | undefined {
    return this.items.shift();
  }

  /** Forget items nobody took. */
  clear(): void {
    this.items.length = 0;
  }

  take(timeOut: number): Promise<T> {
    const item = this.items.shift();
    if (item !== undefined) return Promise.resolve(item);
    if (this.failure !== undefined) return Promise.reject(this.failure);
    if (this.waiting !== undefined) return Promise.reject(new Error("two readers of one mailbox"));
    return new Promise((resolve, reject) => {
      const heard = silenceAwait(timeOut, () => {
        this.waiting = undefined;
        reject(new TimeOutError(`the meter did not answer within ${timeOut / 1000} s`));
      });
      this.waiting = { resolve, reject, heard };
    });
  }
}

/** The error a closed connection leaves for whoever still waits. */
export function closedError(cause?: Error): ConnectionError {
  const why = cause === undefined ? "the meter closed the connection" : `the connection failed: ${cause.message}`;
  return new ConnectionError(why, cause === undefined ? undefined : { cause });
}
