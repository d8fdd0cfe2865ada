import { Ct } from "./ct";
import { DIGEST_SIZE_MAX, Hash, HashKind } from "./hash";
import { Hmac, HMAC_SIZE } from "./hmac";

/** Octets of a `HmacDrbg`. */
export const HMAC_DRBG_SIZE: u32 = 112;

/** The MAC that runs, and the octet between V and the seed. Hold nothing between calls. */
const MAC = memory.data(344, 16);
const SEPARATOR = memory.data(8, 8);

/**
 * The state of HMAC_DRBG, SP 800-90A 10.1.2, without its counters: what both the generator of the meter and the nonces
 * of RFC 6979 are made of. Plain data.
 *
 *   0  kind  u32, HashKind
 *   8  key   48 octets, K
 *   56 value 48 octets, V
 */
@unmanaged
export class HmacDrbg {
  private kind: HashKind;

  @inline
  private get key(): usize {
    return changetype<usize>(this) + 8;
  }

  @inline
  private get value(): usize {
    return changetype<usize>(this) + 56;
  }

  /** Starts from the `size` octets of seed at `seed`. SP 800-90A 10.1.2.3. */
  instantiate(kind: HashKind, seed: usize, size: u32): void {
    this.kind = kind;
    Ct.wipe(this.key, DIGEST_SIZE_MAX);
    memory.fill(this.value, 1, Hash.digestSize(kind));
    this.update(seed, size);
  }

  /** Works `size` octets, or none, into the state. HMAC_DRBG_Update, SP 800-90A 10.1.2.2. */
  update(data: usize, size: u32): void {
    this.step(0, data, size);
    if (size != 0) this.step(1, data, size);
    Ct.wipe(MAC, HMAC_SIZE);
  }

  /** Writes `size` octets of output; the caller calls update() before the next. */
  fill(out: usize, size: u32): void {
    const digestSize = Hash.digestSize(this.kind);
    while (size > 0) {
      this.advance();
      const count = min<u32>(size, digestSize);
      memory.copy(out, this.value, count);
      out += count;
      size -= count;
    }
    Ct.wipe(MAC, HMAC_SIZE);
  }

  /** K = HMAC(K, V || separator || data), V = HMAC(K, V). */
  private step(separator: u8, data: usize, size: u32): void {
    const mac = changetype<Hmac>(MAC);
    const digestSize = Hash.digestSize(this.kind);
    store<u8>(SEPARATOR, separator);
    mac.begin(this.kind, this.key, digestSize);
    mac.update(this.value, digestSize);
    mac.update(SEPARATOR, 1);
    mac.update(data, size);
    mac.finish(this.key);
    this.advance();
  }

  /** V = HMAC(K, V). */
  private advance(): void {
    const mac = changetype<Hmac>(MAC);
    const digestSize = Hash.digestSize(this.kind);
    mac.begin(this.kind, this.key, digestSize);
    mac.update(this.value, digestSize);
    mac.finish(this.value);
  }
}
