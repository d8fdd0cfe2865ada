import { Err } from "../base/err";
import { AesKey, AES_BATCH_SIZE, AES_BLOCK_SIZE, AES_KEY_SIZE, AES_STREAM_SIZE } from "./aes";
import { Ct } from "./ct";
import { GhashKey, GHASH_KEY_SIZE } from "./ghash";

/** Octets of a `GcmKey`. */
export const GCM_KEY_SIZE: u32 = AES_KEY_SIZE + GHASH_KEY_SIZE;

/** Octets of a `Gcm`. */
export const GCM_SIZE: u32 = 64;

/** Octets of the IV: the system title of the originator and the invocation counter, GB9 9.2.3.3.7.3. */
export const GCM_IV_SIZE: u32 = 12;

/** Octets of the authentication tag of every DLMS security suite: the leftmost 96 bits. */
export const GCM_TAG_SIZE: u32 = 12;

/** Keystream of the call that runs. Holds nothing between calls. */
const BATCH = memory.data(AES_STREAM_SIZE, 16);

/** Tag of the call that runs, 16 octets. Holds nothing between calls. */
const TAG = memory.data(16, 16);

/** A block of zero. */
const ZERO = memory.data(16, 16);

/**
 * A key made ready for GCM: the AES schedule and the hash subkey. Making it costs about as much as sealing 80 octets,
 * so keep it beside the key. Plain data.
 *
 *   0    aes   AesKey
 *   248  ghash GhashKey
 */
@unmanaged
export class GcmKey {
  @inline
  get aes(): AesKey {
    return changetype<AesKey>(this);
  }

  @inline
  get ghash(): GhashKey {
    return changetype<GhashKey>(changetype<usize>(this) + <usize>AES_KEY_SIZE);
  }

  /** Expands the key of `size` octets, 16 or 32, at `key` and derives H = E(K, 0), SP 800-38D 7.1 step 1. */
  expand(key: usize, size: u32): void {
    this.aes.expand(key, size);
    Ct.wipe(BATCH, AES_BATCH_SIZE);
    this.aes.encrypt4(BATCH);
    this.ghash.take(BATCH);
    Ct.wipe(BATCH, AES_BATCH_SIZE);
    AesKey.wipeScratch();
  }

  /** Forgets the key. */
  wipe(): void {
    Ct.wipe(changetype<usize>(this), GCM_KEY_SIZE);
  }
}

/**
 * One message under AES-GCM, SP 800-38D with a 96-bit IV. The order of calls is begin, aad (any number of times), then
 * either encrypt or decrypt in pieces of any size and tag, or at once seal or open. Messages are at most 4 GiB.
 *
 * The context holds no address, so it may lie in a block that is copied and go on in the copy; the key is named in each
 * call. It keeps no keystream: a piece that ends within a block costs one more run of the cipher at the next piece.
 *
 *   0  iv       12 octets
 *   12 position u32, octets of the text that the keystream stands at
 *   16 y        16 octets, the GHASH sum; octets of an unfinished block are already added to it
 *   32 mask     16 octets, E(K, J0), once known
 *   48 aadSize  u32
 *   52 textSize u32
 *   56 masked   u32, 1 when `mask` is known
 */
@unmanaged
export class Gcm {
  private iv0: u64;
  private iv1: u32;
  /** Octet of the text that the next octet of keystream belongs to. */
  position: u32;
  private y0: u64;
  private y1: u64;
  private mask0: u64;
  private mask1: u64;
  private aadSize: u32;
  private textSize: u32;
  private masked: u32;

  @inline
  private get y(): usize {
    return changetype<usize>(this) + 16;
  }

  @inline
  private get mask(): usize {
    return changetype<usize>(this) + 32;
  }

  /** Starts a message with the 12 octets at `iv`. A pair of key and IV must never see two messages. */
  begin(iv: usize): void {
    Ct.wipe(changetype<usize>(this), GCM_SIZE);
    memory.copy(changetype<usize>(this), iv, GCM_IV_SIZE);
  }

  /** Adds `size` octets to the additional authenticated data; all of it comes before the text. */
  aad(key: GcmKey, at: usize, size: u32): void {
    assert(this.textSize == 0);
    this.absorb(key, this.aadSize, at, size);
    this.aadSize += size;
  }

  /** Encrypts `size` octets from `at` to `out`, which is `at` itself or apart from it, and authenticates them. */
  encrypt(key: GcmKey, at: usize, out: usize, size: u32): void {
    assert(this.position == this.textSize);
    this.crypt(key, at, out, size);
    this.hash(key, out, size);
  }

  /**
   * Decrypts `size` octets from `at` to `out`, in place or apart, and authenticates them. Until verify() has agreed
   * the result is a rumour: prefer open(), which shows nothing before.
   */
  decrypt(key: GcmKey, at: usize, out: usize, size: u32): void {
    assert(this.position == this.textSize);
    this.hash(key, at, size);
    this.crypt(key, at, out, size);
  }

  /** Adds `size` octets of ciphertext to the hash and leaves them as they are. */
  hash(key: GcmKey, at: usize, size: u32): void {
    if (size == 0) return;
    if (this.textSize == 0) this.pad(key, this.aadSize);
    this.absorb(key, this.textSize, at, size);
    this.textSize += size;
  }

  /** Places the keystream at octet `offset` of the text, for crypt() to go on from there. */
  seek(offset: u32): void {
    this.position = offset;
  }

  /**
   * Counter mode alone, SP 800-38D 6.5, at the present position: encrypts or decrypts `size` octets from `at` to `out`,
   * in place or apart, and hashes nothing. For messages without authentication, and for octets hashed earlier.
   */
  crypt(key: GcmKey, at: usize, out: usize, size: u32): void {
    if (size != 0 && this.position < AES_BLOCK_SIZE) this.lead(key);
    this.run(key, at, out, size);
    Gcm.wipeScratch();
  }

  /** Ends the message and writes its whole tag, 16 octets, to `out`; DLMS sends the first GCM_TAG_SIZE of them. */
  tag(key: GcmKey, out: usize): void {
    this.finish(key);
    memory.copy(out, TAG, AES_BLOCK_SIZE);
    Gcm.wipeScratch();
  }

  /** Ends the message and compares its tag with the GCM_TAG_SIZE octets at `tag`: Err.OK or Err.AUTHENTICATION. */
  verify(key: GcmKey, tag: usize): i32 {
    this.finish(key);
    const equal = Ct.equal(TAG, tag, GCM_TAG_SIZE);
    Gcm.wipeScratch();
    return equal != 0 ? Err.OK : Err.AUTHENTICATION;
  }

  /** After begin and aad: encrypts `size` octets from `at` to `out` and writes the GCM_TAG_SIZE octets of the tag. */
  seal(key: GcmKey, at: usize, out: usize, size: u32, tag: usize): void {
    this.encrypt(key, at, out, size);
    this.finish(key);
    memory.copy(tag, TAG, GCM_TAG_SIZE);
    Gcm.wipeScratch();
  }

  /**
   * After begin and aad: checks the GCM_TAG_SIZE octets at `tag` over the `size` octets of ciphertext at `at` and only
   * then decrypts them to `out`. Else wipes `out` and answers Err.AUTHENTICATION. SP 800-38D 7.2.
   */
  open(key: GcmKey, at: usize, out: usize, size: u32, tag: usize): i32 {
    assert(this.textSize == 0 && this.position == 0);
    this.hash(key, at, size);
    // The mask of the tag and the first keystream come from one run of the cipher.
    this.lead(key);
    this.finish(key);
    const equal = Ct.equal(TAG, tag, GCM_TAG_SIZE);
    if (equal != 0) {
      this.run(key, at, out, size);
    } else {
      Ct.wipe(out, size);
      Ct.wipe(changetype<usize>(this), GCM_SIZE);
    }
    Gcm.wipeScratch();
    return equal != 0 ? Err.OK : Err.AUTHENTICATION;
  }

  /** The batch that begins with J0, whose cipher masks the tag, and goes on with the first octets of keystream. */
  private lead(key: GcmKey): void {
    this.keystream(key, 1);
    memory.copy(this.mask, BATCH, AES_BLOCK_SIZE);
    this.masked = 1;
  }

  /** Counter mode from the present position; where that lies in the first block, lead() has filled BATCH. */
  private run(key: GcmKey, at: usize, out: usize, size: u32): void {
    let position = this.position;
    this.position = position + size;
    while (size > 0) {
      const block = position / AES_BLOCK_SIZE;
      let skip = position % AES_BLOCK_SIZE;
      if (block == 0) skip += AES_BLOCK_SIZE;
      else this.keystream(key, block + 2);
      const count = min<u32>(size, AES_STREAM_SIZE - skip);
      Ct.xor(out, at, BATCH + <usize>skip, count);
      at += <usize>count;
      out += <usize>count;
      position += count;
      size -= count;
    }
  }

  /** Encrypts the counter blocks from `counter` into BATCH. Block n of the text has counter n + 2. */
  private keystream(key: GcmKey, counter: u32): void {
    for (let at = BATCH; at != BATCH + <usize>AES_STREAM_SIZE; at += 16) {
      store<u64>(at, this.iv0);
      store<u32>(at, this.iv1, 8);
      store<u32>(at, bswap<u32>(counter), 12);
      counter++;
    }
    key.aes.encryptStream(BATCH);
  }

  /** Adds octets to the GHASH sum after the `before` octets of their kind, and multiplies as each block fills. */
  private absorb(key: GcmKey, before: u32, at: usize, size: u32): void {
    const filled = before % AES_BLOCK_SIZE;
    if (filled != 0) {
      const count = min<u32>(size, AES_BLOCK_SIZE - filled);
      Ct.xor(this.y + <usize>filled, this.y + <usize>filled, at, count);
      if (filled + count < AES_BLOCK_SIZE) return;
      key.ghash.absorb(this.y, ZERO, 1);
      at += <usize>count;
      size -= count;
    }
    const blocks = size / AES_BLOCK_SIZE;
    key.ghash.absorb(this.y, at, blocks);
    Ct.xor(this.y, this.y, at + <usize>(blocks * AES_BLOCK_SIZE), size % AES_BLOCK_SIZE);
  }

  /** Ends a block that `size` octets leave unfinished: its missing octets count as zero. */
  private pad(key: GcmKey, size: u32): void {
    if (size % AES_BLOCK_SIZE != 0) key.ghash.absorb(this.y, ZERO, 1);
  }

  /** Computes the tag into TAG and forgets what only the tag needed. SP 800-38D 7.1 steps 5 and 6. */
  private finish(key: GcmKey): void {
    if (this.masked == 0) this.lead(key);
    this.pad(key, this.textSize == 0 ? this.aadSize : this.textSize);
    store<u64>(TAG, bswap<u64>((<u64>this.aadSize) << 3));
    store<u64>(TAG, bswap<u64>((<u64>this.textSize) << 3), 8);
    key.ghash.absorb(this.y, TAG, 1);
    Ct.xor(TAG, this.y, this.mask, AES_BLOCK_SIZE);
    Ct.wipe(this.y, 2 * AES_BLOCK_SIZE);
    this.masked = 0;
  }

  @inline
  private static wipeScratch(): void {
    Ct.wipe(BATCH, AES_STREAM_SIZE);
    Ct.wipe(TAG, AES_BLOCK_SIZE);
    AesKey.wipeScratch();
  }
}
