/** Octet strings that differ a little from a good one, and octets that differ from everything; all of it seeded. */
import { hash } from "../../host/metrology/random.ts";

/** Every value an octet can have. */
export const EVERY: readonly number[] = Array.from({ length: 256 }, (_, value) => value);

/** What an octet becomes: each bit turned, and the values that formats treat apart. */
export function tellingValues(octet: number): number[] {
  const turned = [1, 2, 4, 8, 16, 32, 64, 128].map((bit) => octet ^ bit);
  return [...new Set([...turned, 0x00, 0x01, 0x7f, 0x80, 0x81, 0xff])].filter((value) => value !== octet);
}

export interface Mutation {
  /** For the message of a failure */
  readonly what: string;
  readonly octets: Uint8Array;
}

/** Every proper beginning of the octets. */
export function* truncations(octets: Uint8Array): Generator<Mutation> {
  for (let size = 0; size < octets.length; size++) yield { what: `first ${size}`, octets: octets.subarray(0, size) };
}

/** Every change of one octet: to all other values where there are no more than `whole` octets, else to telling ones. */
export function* changes(octets: Uint8Array, whole: number): Generator<Mutation> {
  for (let at = 0; at < octets.length; at++) {
    const values = octets.length <= whole ? EVERY : tellingValues(octets[at]!);
    for (const value of values) {
      if (value !== octets[at]) yield { what: `octet ${at} = ${value}`, octets: octets.with(at, value) };
    }
  }
}

/** Octets in excess behind the good ones. */
export function* excess(octets: Uint8Array): Generator<Mutation> {
  for (const value of [0x00, 0x01, 0x7e, 0xff]) {
    yield { what: `and ${value}`, octets: Uint8Array.from([...octets, value]) };
  }
}

/** Truncations, changes and excess. */
export function* mutations(octets: Uint8Array, whole: number): Generator<Mutation> {
  yield* truncations(octets);
  yield* changes(octets, whole);
  yield* excess(octets);
}

/** A seeded source of whole numbers from 0 to `below` - 1. */
export class Dice {
  private readonly seed: number;
  private thrown = 0;

  constructor(seed: number) {
    this.seed = seed;
  }

  next(below: number): number {
    return hash(this.seed, this.thrown++, 7) % below;
  }

  octets(size: number): Uint8Array {
    return Uint8Array.from({ length: size }, () => this.next(256));
  }

  pick<T>(from: readonly T[]): T {
    return from[this.next(from.length)]!;
  }
}
