import { Err } from "../base/err";
import { AesKey, AES_BLOCK_SIZE } from "./aes";
import { Ct } from "./ct";

/** Octets a wrapped key has more than the key. */
export const KEY_WRAP_OVERHEAD: u32 = 8;

/** The initial value of RFC 3394 2.2.3.1, the same read from either end. */
const INITIAL: u64 = 0xa6a6a6a6a6a6a6a6;

/** The block {A, R[i]} and three more that the batch of the cipher carries along. Holds nothing between calls. */
const BLOCK = memory.data(64, 16);

/** AES key wrap, RFC 3394; key transport of the DLMS security suites, GB9 9.2.3.3.8. */
export class KeyWrap {
  /**
   * Wraps the `size` octets of key at `key`, a multiple of 8 and at least 16, and writes `size` + 8 octets
   * to `out`, apart from `key`. RFC 3394 2.2.1, by index. Returns the octets written.
   */
  static wrap(kek: AesKey, key: usize, size: u32, out: usize): u32 {
    assert(size >= 16 && size % 8 == 0);
    memory.copy(out + 8, key, size);
    let a = INITIAL;
    let step: u64 = 1;
    for (let j = 0; j < 6; j++) {
      for (let at = out + 8; at <= out + <usize>size; at += 8) {
        store<u64>(BLOCK, a);
        store<u64>(BLOCK, load<u64>(at), 8);
        kek.encrypt4(BLOCK);
        a = load<u64>(BLOCK) ^ bswap<u64>(step++);
        store<u64>(at, load<u64>(BLOCK, 8));
      }
    }
    store<u64>(out, a);
    KeyWrap.wipeScratch();
    return size + KEY_WRAP_OVERHEAD;
  }

  /**
   * Unwraps the `size` octets at `wrapped` to `size` - 8 octets at `out`, apart from `wrapped`. RFC 3394 2.2.2. Returns
   * the size of the key; Err.MALFORMED when no key has that size, Err.AUTHENTICATION when the initial value does not
   * come back, and then `out` is wiped.
   */
  static unwrap(kek: AesKey, wrapped: usize, size: u32, out: usize): i32 {
    if (size < 24 || size % 8 != 0) return Err.MALFORMED;
    const keySize = size - KEY_WRAP_OVERHEAD;
    memory.copy(out, wrapped + 8, keySize);
    let a = load<u64>(wrapped);
    let step: u64 = 6 * <u64>(keySize >> 3);
    for (let j = 0; j < 6; j++) {
      for (let at = out + <usize>keySize; at != out; at -= 8) {
        store<u64>(BLOCK, a ^ bswap<u64>(step--));
        store<u64>(BLOCK, load<u64>(at - 8), 8);
        kek.decrypt(BLOCK);
        a = load<u64>(BLOCK);
        store<u64>(at - 8, load<u64>(BLOCK, 8));
      }
    }
    store<u64>(BLOCK, a);
    store<u64>(BLOCK, INITIAL, 8);
    const equal = Ct.equal(BLOCK, BLOCK + 8, 8);
    KeyWrap.wipeScratch();
    if (equal == 0) {
      Ct.wipe(out, keySize);
      return Err.AUTHENTICATION;
    }
    return <i32>keySize;
  }

  @inline
  private static wipeScratch(): void {
    Ct.wipe(BLOCK, AES_BLOCK_SIZE * 4);
    AesKey.wipeScratch();
  }
}
