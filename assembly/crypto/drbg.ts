import { Err } from "../base/err";
import { Ct } from "./ct";
import { HashKind } from "./hash";
import { HmacDrbg, HMAC_DRBG_SIZE } from "./hmac_drbg";

/** Octets of a `Drbg`. */
export const DRBG_SIZE: u32 = HMAC_DRBG_SIZE + 8;

/** Least octets of the first seed: entropy of the strength of SHA-256 and a nonce of half of it. SP 800-90A 8.6.7. */
export const DRBG_SEED_SIZE_MIN: u32 = 48;

/** Least octets of a later seed. */
export const DRBG_RESEED_SIZE_MIN: u32 = 32;

/** Most octets of one request: 2^16, where SP 800-90A table 2 allows 2^19 bits. */
export const DRBG_REQUEST_SIZE_MAX: u32 = 0x10000;

/** Requests between two seeds; SP 800-90A table 2 allows 2^48. */
const REQUESTS_MAX: u32 = 0x7fffffff;

/**
 * The random numbers of a meter: HMAC_DRBG with SHA-256, SP 800-90A 10.1.2, seeded by the host and silent until then.
 * Plain data, and secret. Two copies of one state give the same octets: seed a clone anew before it answers anybody.
 *
 *   0   core     HmacDrbg
 *   112 requests u32, requests since the seed plus 1; 0 in zeroed memory: not seeded
 */
@unmanaged
export class Drbg {
  @inline
  private get core(): HmacDrbg {
    return changetype<HmacDrbg>(this);
  }

  @inline
  private get requests(): u32 {
    return load<u32>(changetype<usize>(this), 112);
  }

  private set requests(value: u32) {
    store<u32>(changetype<usize>(this), value, 112);
  }

  /** Requests answered since the last seed. */
  get requestsServed(): u32 {
    return this.requests == 0 ? 0 : this.requests - 1;
  }

  /** 1 when generate() can answer, else 0. */
  get seeded(): i32 {
    return this.requests != 0 && this.requests < REQUESTS_MAX ? 1 : 0;
  }

  /**
   * Takes `size` octets of entropy, full of it, from the host: the first seed, or one added to the state.
   * Err.ENTROPY when they are too few, and then nothing changes.
   */
  seed(entropy: usize, size: u32): i32 {
    const first = this.requests == 0;
    const least = first ? DRBG_SEED_SIZE_MIN : DRBG_RESEED_SIZE_MIN;
    if (size < least) return Err.ENTROPY;
    if (first) this.core.instantiate(HashKind.SHA256, entropy, size);
    else this.core.update(entropy, size);
    this.requests = 1;
    return Err.OK;
  }

  /** Writes `size` random octets to `out`. Err.ENTROPY without a seed, Err.LIMIT beyond DRBG_REQUEST_SIZE_MAX. */
  generate(out: usize, size: u32): i32 {
    if (this.seeded == 0) return Err.ENTROPY;
    if (size > DRBG_REQUEST_SIZE_MAX) return Err.LIMIT;
    this.core.fill(out, size);
    this.core.update(0, 0);
    this.requests += 1;
    return Err.OK;
  }

  /** Forgets everything; the next seed is a first one. */
  wipe(): void {
    Ct.wipe(changetype<usize>(this), DRBG_SIZE);
  }
}
