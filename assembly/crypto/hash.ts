import { OLD_MECHANISMS } from "../base/features";
import { ELLIPTIC } from "../base/suites";
import { Ct } from "./ct";
import { Md5 } from "./md5";
import { Sha1 } from "./sha1";
import { Sha256 } from "./sha256";
import { Sha384 } from "./sha384";

/** The hash functions of DLMS: SHA-256 and SHA-384 of the suites, MD5 and SHA-1 of the old HLS mechanisms. */
export const enum HashKind {
  SHA256 = 0,
  SHA384 = 1,
  SHA1 = 2,
  MD5 = 3,
}

/** Octets of a `Hash`. */
export const HASH_SIZE: u32 = 208;

/** Most octets a digest has. */
export const DIGEST_SIZE_MAX: u32 = 48;

/** Most octets a block has. */
export const HASH_BLOCK_SIZE_MAX: u32 = 128;

/**
 * One message being hashed, in pieces of any size. Plain data: a copy goes on by itself.
 *
 *   0   kind   u32, HashKind
 *   4   filled u32, octets waiting in `block`
 *   8   total  u64, octets taken
 *   16  state  64 octets
 *   80  block  128 octets
 */
@unmanaged
export class Hash {
  private kind: u32;
  private filled: u32;
  private total: u64;

  @inline
  private get state(): usize {
    return changetype<usize>(this) + 16;
  }

  @inline
  private get block(): usize {
    return changetype<usize>(this) + 80;
  }

  /** Octets of a digest of `kind`. */
  static digestSize(kind: HashKind): u32 {
    if (kind == HashKind.SHA256) return 32;
    if (kind == HashKind.SHA384) return 48;
    return kind == HashKind.SHA1 ? 20 : 16;
  }

  /** Octets of a block of `kind`. */
  @inline
  static blockSize(kind: HashKind): u32 {
    return kind == HashKind.SHA384 ? 128 : 64;
  }

  /** Starts a message. */
  begin(kind: HashKind): void {
    Ct.wipe(changetype<usize>(this), HASH_SIZE);
    this.kind = kind;
    if (kind == HashKind.SHA256) Sha256.begin(this.state);
    else if (ELLIPTIC && kind == HashKind.SHA384) Sha384.begin(this.state);
    else if (OLD_MECHANISMS && kind == HashKind.SHA1) Sha1.begin(this.state);
    else if (OLD_MECHANISMS) Md5.begin(this.state);
  }

  /** Takes the next `size` octets of the message. */
  update(at: usize, size: u32): void {
    const blockSize = Hash.blockSize(this.kind);
    this.total += size;
    if (this.filled != 0) {
      const count = min<u32>(size, blockSize - this.filled);
      memory.copy(this.block + this.filled, at, count);
      this.filled += count;
      at += count;
      size -= count;
      if (this.filled < blockSize) return;
      this.compress(this.block);
      this.filled = 0;
    }
    for (; size >= blockSize; size -= blockSize, at += blockSize) this.compress(at);
    memory.copy(this.block, at, size);
    this.filled = size;
  }

  /** Ends the message, writes its digest to `out`, forgets everything and returns the size of the digest. */
  finish(out: usize): u32 {
    const kind = this.kind;
    const blockSize = Hash.blockSize(kind);
    // The length in bits fills the last 8 octets of the last block, 16 in SHA-384 of which 8 stay zero.
    const lengthAt = blockSize - (blockSize >> 3);
    store<u8>(this.block + this.filled, 0x80);
    Ct.wipe(this.block + this.filled + 1, blockSize - this.filled - 1);
    if (this.filled >= lengthAt) {
      this.compress(this.block);
      Ct.wipe(this.block, blockSize);
    }
    const bits = this.total << 3;
    store<u64>(this.block + blockSize - 8, kind == HashKind.MD5 ? bits : bswap<u64>(bits));
    this.compress(this.block);
    const size = Hash.digestSize(kind);
    this.swapState(kind);
    memory.copy(out, this.state, size);
    Ct.wipe(changetype<usize>(this), HASH_SIZE);
    Hash.wipeScratch(kind);
    return size;
  }

  /** The digest of `size` octets at `at` in one call, with `this` for scratch. Returns the size of the digest. */
  digest(kind: HashKind, at: usize, size: u32, out: usize): u32 {
    this.begin(kind);
    this.update(at, size);
    return this.finish(out);
  }

  private compress(block: usize): void {
    const kind = this.kind;
    if (kind == HashKind.SHA256) Sha256.compress(this.state, block);
    else if (ELLIPTIC && kind == HashKind.SHA384) Sha384.compress(this.state, block);
    else if (OLD_MECHANISMS && kind == HashKind.SHA1) Sha1.compress(this.state, block);
    else if (OLD_MECHANISMS) Md5.compress(this.state, block);
  }

  /** Puts the words of the state in the order they travel: big endian, but for MD5. */
  private swapState(kind: HashKind): void {
    if (kind == HashKind.MD5) return;
    for (let at = this.state; at != this.state + 64; at += 8) {
      const word = bswap<u64>(load<u64>(at));
      store<u64>(at, kind == HashKind.SHA384 ? word : rotr<u64>(word, 32));
    }
  }

  private static wipeScratch(kind: HashKind): void {
    if (kind == HashKind.SHA256) Sha256.wipeScratch();
    else if (ELLIPTIC && kind == HashKind.SHA384) Sha384.wipeScratch();
    else if (OLD_MECHANISMS && kind == HashKind.SHA1) Sha1.wipeScratch();
  }
}
