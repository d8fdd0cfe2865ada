import { Ct } from "./ct";
import { Hash, HashKind, HASH_BLOCK_SIZE_MAX, HASH_SIZE } from "./hash";

/** Octets of a `Hmac`. */
export const HMAC_SIZE: u32 = HASH_SIZE + HASH_BLOCK_SIZE_MAX + 8;

/**
 * HMAC, FIPS 198-1, of one message in pieces of any size. Plain data.
 *
 *   0   hash Hash, of the inner message and then of the outer one
 *   208 pad  128 octets, the key exclusive-or opad
 *   336 kind u32, HashKind
 */
@unmanaged
export class Hmac {
  @inline
  private get hash(): Hash {
    return changetype<Hash>(this);
  }

  @inline
  private get pad(): usize {
    return changetype<usize>(this) + <usize>HASH_SIZE;
  }

  @inline
  private get kind(): HashKind {
    return load<i32>(changetype<usize>(this), 336);
  }

  /** Starts a message under the key of `size` octets at `key`. */
  begin(kind: HashKind, key: usize, size: u32): void {
    const pad = this.pad;
    const blockSize = Hash.blockSize(kind);
    store<i32>(changetype<usize>(this), kind, 336);
    Ct.wipe(pad, HASH_BLOCK_SIZE_MAX);
    if (size > blockSize) this.hash.digest(kind, key, size, pad);
    else memory.copy(pad, key, size);
    Hmac.add(pad, 0x3636363636363636);
    this.hash.begin(kind);
    this.hash.update(pad, blockSize);
    Hmac.add(pad, 0x3636363636363636 ^ 0x5c5c5c5c5c5c5c5c);
  }

  /** Takes the next `size` octets of the message. */
  @inline
  update(at: usize, size: u32): void {
    this.hash.update(at, size);
  }

  /** Ends the message, writes its MAC to `out`, forgets everything and returns the size of the MAC. */
  finish(out: usize): u32 {
    const kind = this.kind;
    const size = this.hash.finish(out);
    this.hash.begin(kind);
    this.hash.update(this.pad, Hash.blockSize(kind));
    this.hash.update(out, size);
    this.hash.finish(out);
    Ct.wipe(this.pad, HASH_BLOCK_SIZE_MAX);
    return size;
  }

  private static add(pad: usize, mask: u64): void {
    for (let at = pad; at != pad + <usize>HASH_BLOCK_SIZE_MAX; at += 8) store<u64>(at, load<u64>(at) ^ mask);
  }
}
