/** AES-GCM of the core as plain functions over buffers. */
import { Crypto } from "./core.ts";

export const TAG = 12;
export const AUTHENTICATION = -6;

export interface Message {
  key: Uint8Array;
  iv: Uint8Array;
  aad: Uint8Array;
}

export class GcmCore extends Crypto {
  /** A context that has begun the message and taken its additional data in pieces as `cut` says. */
  begin(message: Message, cut: (size: number) => number = (size) => size): { gcm: number; key: number } {
    const key = this.room(this.call("gcmKeySize"));
    this.call("gcmExpand", key, this.put(message.key), message.key.length);
    const gcm = this.room(this.call("gcmSize"));
    this.call("gcmBegin", gcm, this.put(message.iv));
    const aad = this.put(message.aad);
    this.pieces(message.aad.length, cut, (from, size) => this.call("gcmAad", gcm, key, aad + from, size));
    return { gcm, key };
  }

  /** Calls `take` for consecutive pieces of `size` octets. */
  pieces(size: number, cut: (size: number) => number, take: (from: number, size: number) => void): void {
    for (let from = 0; from < size;) {
      const piece = Math.min(size - from, cut(size - from));
      take(from, piece);
      from += piece;
    }
  }

  /** Ciphertext and 12 octets of tag. */
  seal(message: Message, plain: Uint8Array): { cipher: Buffer; tag: Buffer } {
    const mark = this.mark();
    const { gcm, key } = this.begin(message);
    const at = this.put(plain);
    const tag = this.room(TAG);
    this.call("gcmSeal", gcm, key, at, at, plain.length, tag);
    if (!this.intact(at, plain.length) || !this.intact(tag, TAG)) throw new Error("seal wrote too far");
    this.reset(mark);
    return { cipher: this.read(at, plain.length), tag: this.read(tag, TAG) };
  }

  /** What open() answers and what it leaves in its output, which was full of 77 before. */
  open(message: Message, cipher: Uint8Array, tag: Uint8Array): { code: number; out: Buffer } {
    const mark = this.mark();
    const { gcm, key } = this.begin(message);
    const out = this.put(Buffer.alloc(cipher.length, 0x77));
    const code = this.call("gcmOpen", gcm, key, this.put(cipher), out, cipher.length, this.put(tag));
    if (!this.intact(out, cipher.length)) throw new Error("open wrote too far");
    this.reset(mark);
    return { code, out: this.read(out, cipher.length) };
  }
}
