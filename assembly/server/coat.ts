/**
 * The protection of one response: its layers with all that is needed to produce any stretch of it, in a slot's block transfer or in
 * scratch. Nothing but numbers and octets, so that it may be copied with its block.
 *
 *   head 1 | head 2 | head 3 | plain APDU | tail 3 | tail 2 | tail 1
 *            `------ text of layer 1 ------------------'
 *
 * A text is enciphered or hashed where it stands, from the innermost layer out; a tail (tag or signature) is made when all of its text
 * has been seen. What has been hashed once is not hashed again: a stretch that is produced twice comes out the same, and no IV ever
 * covers two texts.
 */
import { Err } from "../base/err";
import { TAG_SIZE } from "../base/limits";
import { ELLIPTIC } from "../base/suites";
import { Ct } from "../crypto/ct";
import { Gcm, GCM_SIZE } from "../crypto/gcm";
import { Hash, HASH_SIZE } from "../crypto/hash";
import { SecurityContext } from "../session/keys";
import { digestSign } from "../session/signature";
import { Slot } from "../session/slot";
import { Meter } from "../store/block";
import { PROTECTION_ROOM } from "../store/layout";
import { SecurityControl } from "../wire/ciphered";
import { layerKey, layerKeyWipe } from "./layer_open";
import { LAYERS_MAX, SIGNED } from "./layers";

/** Octets of all tails: length and signature of suite 2, or a tag, in each layer. */
const TAILS_SIZE: u32 = ELLIPTIC ? 3 * 97 + 5 : 40;
/** Octets of the running state of a layer: a GCM message or a hash. */
const STATE_SIZE: u32 = ELLIPTIC ? HASH_SIZE : GCM_SIZE;
const COAT_LAYER_SIZE: u32 = 72 + STATE_SIZE;

const digest: usize = ELLIPTIC ? memory.data(48, 8) : 0;

/** One layer of a response. */
@unmanaged
export class CoatLayer {
  /** CipherFamily, or SIGNED. */
  kind: u32;
  control: u32;
  /** KeySource. */
  source: u32;
  /** Number of the request's layer that it mirrors, NONE for one that is added. */
  mirrors: u32;
  /** Where its text begins and ends in the response, and its octets hashed so far. */
  textAt: u32;
  tailAt: u32;
  hashed: u32;
  /** Invocation counter. */
  counter: u32;
  /** A session key that the response brings: key-info says it. */
  fresh: u32;
  reserved: u32;

  // key[32], then the running state.

  @inline
  get key(): usize {
    return changetype<usize>(this) + offsetof<CoatLayer>();
  }

  @inline
  get gcm(): Gcm {
    return changetype<Gcm>(this.key + 32);
  }

  @inline
  get hash(): Hash {
    return changetype<Hash>(this.key + 32);
  }

  /** Whether it is general-signing, which suite 0 does not have. */
  get isSigned(): bool {
    return ELLIPTIC && this.kind == SIGNED;
  }

  /** Whether a ciphered layer uses no key at all. */
  @inline
  get isEmpty(): bool {
    return (this.control & (SecurityControl.AUTHENTICATED | SecurityControl.ENCRYPTED)) == 0;
  }

  @inline
  get textSize(): u32 {
    return this.tailAt - this.textAt;
  }
}

if (offsetof<CoatLayer>() + 32 != 72) ERROR("a layer's state stands behind 72 octets");

@unmanaged
export class Coat {
  /** Layers, outermost first. */
  count: u32;
  /** Octets of all heads and of all tails. */
  headsSize: u32;
  tailsSize: u32;
  plainSize: u32;

  // heads[PROTECTION_ROOM], tails[TAILS_SIZE], layers follow.

  @inline
  get heads(): usize {
    return changetype<usize>(this) + offsetof<Coat>();
  }

  @inline
  get tails(): usize {
    return this.heads + <usize>PROTECTION_ROOM;
  }

  @inline
  layer(index: u32): CoatLayer {
    return changetype<CoatLayer>(this.tails + <usize>(TAILS_SIZE + index * COAT_LAYER_SIZE));
  }

  /** Octets of the whole response. */
  @inline
  get size(): u32 {
    return this.headsSize + this.plainSize + this.tailsSize;
  }

  /** Where the next part of the response begins, or its end. */
  boundary(offset: u32): u32 {
    let next = this.size;
    for (let i: u32 = 0; i < this.count; i++) {
      const x = this.layer(i);
      if (x.textAt > offset && x.textAt < next) next = x.textAt;
      if (x.tailAt > offset && x.tailAt < next) next = x.tailAt;
    }
    return next;
  }
}

/** Octets of a Coat. */
export const COAT_SIZE: u32 = offsetof<Coat>() + PROTECTION_ROOM + TAILS_SIZE + LAYERS_MAX * COAT_LAYER_SIZE;

/** Whether a layer is under a key of one kind. */
export function coatUnder(coat: Coat, source: u32): bool {
  for (let i: u32 = 0; i < coat.count; i++) {
    const x = coat.layer(i);
    if (!x.isSigned && !x.isEmpty && x.source == source) return true;
  }
  return false;
}

/** Forgets the keys of a coat that has been used. */
export function coatForget(coat: Coat): void {
  for (let i: u32 = 0; i < coat.count; i++) Ct.wipe(coat.layer(i).key, COAT_LAYER_SIZE - (72 - 32));
  coat.count = 0;
}

/** Octets of a layer's tail. */
export function tailSize(c: SecurityContext, x: CoatLayer): u32 {
  if (x.isSigned) return c.suite == 2 ? 97 : 65;
  return (x.control & SecurityControl.AUTHENTICATED) != 0 ? TAG_SIZE : 0;
}

/** Writes the tail of a layer whose text has been hashed whole. */
function tailMake(meter: Meter, slot: Slot, c: SecurityContext, x: CoatLayer, out: usize): i32 {
  if (x.isSigned) {
    x.hash.finish(digest);
    store<u8>(out, <u8>(tailSize(c, x) - 1));
    return digestSign(meter, slot.security, digest, out + 1);
  }
  if ((x.control & SecurityControl.AUTHENTICATED) == 0) return Err.OK;
  x.gcm.seal(layerKey(c, x.source, x.key), out, out, 0, out);
  layerKeyWipe(x.source);
  return Err.OK;
}

/** Enciphers and hashes `size` octets of a layer's text, which begin at `offset` of it, where they stand. */
function textProtect(c: SecurityContext, x: CoatLayer, text: usize, offset: u32, size: u32): void {
  if (x.isSigned) {
    if (ELLIPTIC && x.hashed == offset) x.hash.update(text, size);
  } else if (!x.isEmpty) {
    const key = layerKey(c, x.source, x.key);
    const encrypted = (x.control & SecurityControl.ENCRYPTED) != 0;
    if (encrypted) {
      x.gcm.seek(offset);
      x.gcm.crypt(key, text, text, size);
    }
    if (x.hashed == offset && (x.control & SecurityControl.AUTHENTICATED) != 0) {
      if (encrypted) x.gcm.hash(key, text, size);
      else x.gcm.aad(key, text, size);
    }
    layerKeyWipe(x.source);
  }
  if (x.hashed == offset) x.hashed += size;
}

/**
 * Protects `size` octets of the response where they stand in the open, from `offset` of it on; they belong to one part (boundary()).
 * Tails that they complete are made.
 * @returns 0, or the error of a signature that could not be made
 */
export function coatProtect(meter: Meter, slot: Slot, coat: Coat, text: usize, offset: u32, size: u32): i32 {
  const c = SecurityContext.of(meter, slot.security);
  for (let i = coat.count; i-- > 0;) {
    const x = coat.layer(i);
    if (offset < x.textAt || offset >= x.tailAt) continue;
    const was = x.hashed;
    textProtect(c, x, text, offset - x.textAt, size);
    if (x.hashed == was || x.hashed != x.textSize) continue;
    const tail = coat.tails + <usize>(x.tailAt - coat.headsSize - coat.plainSize);
    const err = tailMake(meter, slot, c, x, tail);
    if (err != Err.OK) return err;
  }
  return Err.OK;
}

/** Copies `size` octets of heads or tails in the open, from `offset` of the response on, to `out`. */
export function coatOpenOctets(coat: Coat, out: usize, offset: u32, size: u32): void {
  const tailsAt = coat.headsSize + coat.plainSize;
  const from = offset < coat.headsSize ? coat.heads + <usize>offset : coat.tails + <usize>(offset - tailsAt);
  memory.copy(out, from, <usize>size);
}

/**
 * Protects a whole response: the plain APDU of coat.plainSize octets stands at `plain`, with coat.headsSize octets of room in front and
 * coat.tailsSize behind. @returns 0 or the error of coatProtect()
 */
export function coatSeal(meter: Meter, slot: Slot, coat: Coat, plain: usize): i32 {
  const start = plain - <usize>coat.headsSize;
  const plainEnd = coat.headsSize + coat.plainSize;
  let offset: u32 = 0;
  while (offset < coat.size) {
    const next = coat.boundary(offset);
    const at = start + <usize>offset;
    if (offset < coat.headsSize || offset >= plainEnd) coatOpenOctets(coat, at, offset, next - offset);
    const err = coatProtect(meter, slot, coat, at, offset, next - offset);
    if (err != Err.OK) return err;
    offset = next;
  }
  return Err.OK;
}
