import { OLD_MECHANISMS } from "../base/features";

/** The last sixteen words of the message schedule. Holds nothing between messages. */
const W: usize = OLD_MECHANISMS ? memory.data(64, 16) : 0;

/** The constants of the four rounds, FIPS 180-4 4.2.1. */
const K: usize = OLD_MECHANISMS ? memory.data<u32>([0x5a827999, 0x6ed9eba1, 0x8f1bbcdc, 0xca62c1d6]) : 0;

/** The compression function of SHA-1, FIPS 180-4 6.1, for HLS mechanism 4 alone; `Hash` feeds it. */
export class Sha1 {
  /** Sets the five words of `state`. */
  static begin(state: usize): void {
    store<u32>(state, 0x67452301);
    store<u32>(state, 0xefcdab89, 4);
    store<u32>(state, 0x98badcfe, 8);
    store<u32>(state, 0x10325476, 12);
    store<u32>(state, 0xc3d2e1f0, 16);
  }

  /** Word `t` of the schedule from the sixteen before it. */
  @inline
  private static schedule(t: u32): u32 {
    const w = load<u32>(W + (((t - 3) & 15) << 2)) ^ load<u32>(W + (((t - 8) & 15) << 2));
    return rotl<u32>(w ^ load<u32>(W + (((t - 14) & 15) << 2)) ^ load<u32>(W + ((t & 15) << 2)), 1);
  }

  /** The function of round `round`: Ch, Parity, Maj, Parity. */
  @inline
  private static mix(round: u32, b: u32, c: u32, d: u32): u32 {
    if (round == 0) return d ^ (b & (c ^ d));
    if (round == 2) return (b & c) | (d & (b | c));
    return b ^ c ^ d;
  }

  /** Works one block of 64 octets at `block` into `state`. FIPS 180-4 6.1.2. */
  static compress(state: usize, block: usize): void {
    let a = load<u32>(state);
    let b = load<u32>(state, 4);
    let c = load<u32>(state, 8);
    let d = load<u32>(state, 12);
    let e = load<u32>(state, 16);
    for (let t: u32 = 0; t < 80; t++) {
      const w = t < 16 ? bswap<u32>(load<u32>(block + (t << 2))) : Sha1.schedule(t);
      store<u32>(W + ((t & 15) << 2), w);
      const round = t / 20;
      const sum = rotl<u32>(a, 5) + Sha1.mix(round, b, c, d) + e + load<u32>(K + (round << 2)) + w;
      e = d;
      d = c;
      c = rotl<u32>(b, 30);
      b = a;
      a = sum;
    }
    store<u32>(state, load<u32>(state) + a);
    store<u32>(state, load<u32>(state, 4) + b, 4);
    store<u32>(state, load<u32>(state, 8) + c, 8);
    store<u32>(state, load<u32>(state, 12) + d, 12);
    store<u32>(state, load<u32>(state, 16) + e, 16);
  }

  /** Removes the message words left in scratch. */
  @inline
  static wipeScratch(): void {
    memory.fill(W, 0, 64);
  }
}
