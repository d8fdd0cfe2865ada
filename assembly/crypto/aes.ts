import { AesBits } from "./aes_bits";
import { AesInverse } from "./aes_inverse";
import { Ct } from "./ct";

/** Octets of one AES block. */
export const AES_BLOCK_SIZE: u32 = 16;

/** Octets of an `AesKey`: the number of rounds and up to fifteen round keys of 16 octets. */
export const AES_KEY_SIZE: u32 = 248;

/** Octets AesKey.encrypt4() works on. */
export const AES_BATCH_SIZE: u32 = 64;

/** Octets of keystream that one run of the cipher makes: eight blocks with SIMD. */
export const AES_STREAM_SIZE: u32 = ASC_FEATURE_SIMD ? 128 : AES_BATCH_SIZE;

/** Bit planes of one batch. Holds nothing between calls. */
const PLANES = memory.data(AES_STREAM_SIZE, 16);

/** Four blocks of which decrypt() needs one. Holds nothing between calls. */
const BLOCKS = memory.data(64, 16);

/** Words of the key schedule. Holds nothing between calls. */
const WORDS = memory.data(256, 16);

/**
 * The expanded key of AES-128 or AES-256, FIPS 197, for `AesBits`. Plain data: a copy is as good as the original.
 *
 * A round key is the same for the four blocks of a batch, so its eight planes need one bit in four: planes 0 to 3 share
 * the first u64 and planes 4 to 7 the second. That makes a key 248 octets instead of 968 for about 4 % of speed.
 *
 *   0  rounds   u32, 10 or 14; 0 in zeroed memory: no key
 *   8  roundKey 15 * {planes 0..3 u64, planes 4..7 u64}
 */
@unmanaged
export class AesKey {
  rounds: u32;

  @inline
  private roundKey(round: u32): usize {
    return changetype<usize>(this) + 8 + <usize>(round << 4);
  }

  /**
   * Expands the key of `size` octets, 16 or 32, at `key`. FIPS 197 5.2. SubWord is the circuit too, so the schedule is
   * as silent as the cipher.
   */
  expand(key: usize, size: u32): void {
    assert(size == 16 || size == 32);
    const keyWords = size >> 2;
    const rounds = keyWords + 6;
    const words = (rounds + 1) << 2;
    memory.copy(WORDS, key, size);
    let roundConstant: u32 = 1;
    for (let i = keyWords; i < words; i++) {
      let word = load<u32>(WORDS + (((i - 1) << 2) as usize));
      const phase = i & (keyWords - 1);
      if (phase == 0) {
        word = AesKey.subWord(rotr<u32>(word, 8)) ^ roundConstant;
        // Doubling in GF(2^8); the constant depends on the round only.
        roundConstant = roundConstant == 0x80 ? 0x1b : roundConstant << 1;
      } else if (keyWords == 8 && phase == 4) {
        word = AesKey.subWord(word);
      }
      store<u32>(WORDS + ((i << 2) as usize), word ^ load<u32>(WORDS + (((i - keyWords) << 2) as usize)));
    }
    this.rounds = rounds;
    for (let round: u32 = 0; round <= rounds; round += 4) this.fold(round);
    Ct.wipe(WORDS, 256);
    Ct.wipe(PLANES, 64);
  }

  /**
   * SubWord of FIPS 197 5.2: one last round under a zero key. The word stands in all four columns of block 0, so
   * ShiftRows leaves it as it is.
   */
  private static subWord(word: u32): u32 {
    const even = AesBits.spread(word);
    Ct.wipe(PLANES, 64);
    store<u64>(PLANES, even | (even << 8));
    store<u64>(PLANES, even | (even << 8), 32);
    AesBits.ortho<u64>(PLANES);
    AesBits.substituteAndShift(PLANES);
    AesBits.ortho<u64>(PLANES);
    return AesBits.gather(load<u64>(PLANES));
  }

  /** Turns round keys `round` to `round` + 3 into bit planes as if they were four blocks and keeps each one apart. */
  private fold(round: u32): void {
    AesBits.pack(PLANES, WORDS + (round << 4));
    const count = min<u32>(4, this.rounds + 1 - round);
    for (let i: u32 = 0; i < count; i++) {
      const at = this.roundKey(round + i);
      store<u64>(at, AesKey.fourth(PLANES, <u64>i));
      store<u64>(at, AesKey.fourth(PLANES + 32, <u64>i), 8);
    }
  }

  /** Block `block` of four planes, packed into one u64. */
  private static fourth(q: usize, block: u64): u64 {
    let packed: u64 = 0;
    for (let i: u64 = 0; i < 4; i++) {
      packed |= ((load<u64>(q + ((<usize>i) << 3)) >> block) & 0x1111111111111111) << i;
    }
    return packed;
  }

  /**
   * Encrypts the four blocks at `at`, 64 octets, in place. FIPS 197 5.1. What it leaves in scratch is the caller's to
   * remove with wipeScratch() when its message is done.
   */
  encrypt4(at: usize): void {
    const rounds = this.rounds;
    assert(rounds == 10 || rounds == 14);
    AesBits.pack(PLANES, at);
    AesBits.encrypt<u64>(PLANES, this.roundKey(0), rounds);
    AesBits.unpack(at, PLANES);
  }

  /** encrypt4() of AES_STREAM_SIZE octets: as many blocks as this build enciphers in about the same time as one. */
  encryptStream(at: usize): void {
    if (ASC_FEATURE_SIMD) {
      const rounds = this.rounds;
      assert(rounds == 10 || rounds == 14);
      AesBits.pack8(PLANES, at);
      AesBits.encrypt<v128>(PLANES, this.roundKey(0), rounds);
      AesBits.unpack8(at, PLANES);
    } else {
      this.encrypt4(at);
    }
  }

  /** Decrypts the block at `at`, 16 octets, in place. FIPS 197 5.3. The caller wipes as after encrypt4(). */
  decrypt(at: usize): void {
    const rounds = this.rounds;
    assert(rounds == 10 || rounds == 14);
    memory.copy(BLOCKS, at, AES_BLOCK_SIZE);
    AesBits.pack(PLANES, BLOCKS);
    AesInverse.decrypt(PLANES, this.roundKey(0), rounds);
    AesBits.unpack(BLOCKS, PLANES);
    memory.copy(at, BLOCKS, AES_BLOCK_SIZE);
  }

  /** Removes what encrypt4(), encryptStream() and decrypt() left behind. */
  @inline
  static wipeScratch(): void {
    Ct.wipe(PLANES, AES_STREAM_SIZE);
    Ct.wipe(BLOCKS, 64);
  }
}
