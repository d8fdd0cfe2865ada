/**
 * The random numbers of a meter: HMAC_DRBG with SHA-256 (SP 800-90A 10.1.2), its state in the block, seeded and seeded again by
 * the host. Without a seed it refuses: whoever needs randomness answers that it cannot now, and the meter asks the host.
 */
import { Err } from "../base/err";
import { Drbg } from "../crypto/drbg";
import { Meter } from "../store/block";
import { SessionState } from "./state";

/** Requests after which the meter asks for a new seed, far before SP 800-90A table 2 demands one. */
const RESEED_AFTER: u32 = 1024;

/** The generator of a meter, for those that make keys with it. */
export function entropyDrbg(meter: Meter): Drbg {
  return SessionState.of(meter).drbg;
}

/**
 * Takes `size` octets of the host, full of entropy: 48 at least the first time, 32 later.
 * @returns the octets taken, all or none
 */
export function entropyAdd(meter: Meter, at: usize, size: u32): u32 {
  return entropyDrbg(meter).seed(at, size) == Err.OK ? size : 0;
}

/** Writes `size` random octets to `out`. @returns 0; Err.ENTROPY without a seed */
export function entropyTake(meter: Meter, out: usize, size: u32): i32 {
  return entropyDrbg(meter).generate(out, size);
}

/** Whether the host shall give a seed: the first one, or a new one. */
export function entropyWanted(meter: Meter): bool {
  const drbg = entropyDrbg(meter);
  return drbg.seeded == 0 || drbg.requestsServed >= RESEED_AFTER;
}
