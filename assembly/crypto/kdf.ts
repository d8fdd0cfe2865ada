import { ELLIPTIC } from "../base/suites";
import { Ct } from "./ct";
import { Hash, HashKind, HASH_SIZE, DIGEST_SIZE_MAX } from "./hash";

/** Octets of a `Kdf`. */
export const KDF_SIZE: u32 = HASH_SIZE + 8;

/** What the derived key is for: the last octet of AlgorithmID. Even ones belong to suite 1, odd ones to suite 2. */
export const enum KdfAlgorithm {
  AES_GCM_128 = 0,
  AES_GCM_256 = 1,
  AES_WRAP_128 = 2,
  AES_WRAP_256 = 3,
}

/** The counter of the only round. */
const COUNTER: usize = ELLIPTIC ? memory.data<u8>([0, 0, 0, 1]) : 0;

/** AlgorithmID, and the digest. Hold nothing between calls. */
const ALGORITHM: usize = ELLIPTIC ? memory.data(8, 8) : 0;
const DIGEST: usize = ELLIPTIC ? memory.data(48, 16) : 0;

/**
 * The key derivation of DLMS key agreement: the NIST concatenation KDF, SP 800-56A 5.8.1, in one round:
 * K = leftmost octets of Hash(00000001 || Z || AlgorithmID || PartyUInfo || PartyVInfo), GB9 9.2.3.4.6.
 *
 * Field practice: AlgorithmID is the object identifier 60 85 74 05 08 03 xx of later editions and most products; the
 * print of Green Book Ed. 8 and GBCS have 06 for its fourth octet, and that print shows a key made without the counter.
 *
 *   0   hash      Hash
 *   208 algorithm u32, KdfAlgorithm
 */
@unmanaged
export class Kdf {
  @inline
  private get hash(): Hash {
    return changetype<Hash>(this);
  }

  /** Octets of the key that `algorithm` makes. */
  @inline
  static keySize(algorithm: KdfAlgorithm): u32 {
    return (algorithm & 1) == 0 ? 16 : 32;
  }

  /**
   * Starts with the `size` octets of shared secret at `z`; `arc` is the fourth octet of AlgorithmID, 5 or 6, and `counted` is
   * false for keys made like those of the print.
   */
  begin(algorithm: KdfAlgorithm, z: usize, size: u32, arc: u32, counted: bool): void {
    store<i32>(changetype<usize>(this), algorithm, 208);
    this.hash.begin((algorithm & 1) == 0 ? HashKind.SHA256 : HashKind.SHA384);
    if (counted) this.hash.update(COUNTER, 4);
    this.hash.update(z, size);
    store<u32>(ALGORITHM, 0x00748560 | (arc << 24));
    store<u32>(ALGORITHM, 0x00000308 | ((<u32>algorithm) << 16), 4);
    this.hash.update(ALGORITHM, 7);
  }

  /** Adds `size` octets of PartyUInfo, then of PartyVInfo: each in any number of pieces. */
  @inline
  party(at: usize, size: u32): void {
    this.hash.update(at, size);
  }

  /** Writes the key to `out`, forgets everything and returns the octets of the key. */
  finish(out: usize): u32 {
    const size = Kdf.keySize(load<i32>(changetype<usize>(this), 208));
    this.hash.finish(DIGEST);
    memory.copy(out, DIGEST, size);
    Ct.wipe(DIGEST, DIGEST_SIZE_MAX);
    return size;
  }
}
