/**
 * The flash of one meter, as the core sees it: octets that read FF after an erase, that a program can only turn from 1 to
 * 0 bit by bit, and that are safe from a power cut once a sync is over.
 *
 * A method that cannot do its work throws, or rejects; the pump then boots the meter again.
 */
export interface Flash {
  /** Octets, a multiple of 4096. */
  readonly size: number;
  read(address: number, into: Uint8Array): void;
  program(address: number, octets: Uint8Array): void;
  erase(address: number, size: number): void;
  /** Undefined: everything is durable already; else a promise of it. */
  sync(): Promise<void> | undefined;
  close(): void;
}

export const ERASED = 0xff;

/** Throws unless `size` octets from `address` lie in a flash of `flashSize`. */
export function rangeCheck(flashSize: number, address: number, size: number): void {
  if (address < 0 || address + size > flashSize) {
    throw new RangeError(`flash operation at ${address}, ${size} octets, beyond the ${flashSize} octets there are`);
  }
}
