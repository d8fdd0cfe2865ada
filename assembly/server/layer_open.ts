/**
 * Opening the protection of an APDU, layer by layer in place (GB9 9.2.7.2, 9.4.2). Nothing of it takes effect before every layer has
 * opened: counters, session keys and transaction-ids are kept at the end, together.
 */
import { Err } from "../base/err";
import { SYSTEM_TITLE_SIZE } from "../base/limits";
import { Reader } from "../base/reader";
import { ELLIPTIC } from "../base/suites";
import { GcmKey, GCM_KEY_SIZE } from "../crypto/gcm";
import { COUNTER_END, KeyPart, SecurityContext } from "../session/keys";
import { headerNone, layerOpen } from "../session/layer";
import { Slot } from "../session/slot";
import { Meter } from "../store/block";
import {
  Ciphered,
  cipheredParse,
  cipheredTagPlain,
  CipherFamily,
  cipherFamily,
  SecurityControl,
} from "../wire/ciphered";
import { ApduTag } from "../wire/tags";
import { generalOpen } from "./layer_general";
import { layersKeep } from "./layer_keep";
import { isGlobal, KeySource, Layer, Layers, LAYERS_MAX } from "./layers";
import { signedOpen } from "./layer_signed";

/** Bits of policy and access mode: the request authenticated, encrypted, signed. */
export const REQUEST_AUTHENTICATED: u32 = 0x04;
export const REQUEST_ENCRYPTED: u32 = 0x08;
export const REQUEST_SIGNED: u32 = 0x10;

/** The APDU that a layer held, or all of them. */
@unmanaged
export class Opened {
  at: usize;
  size: u32;
}

const reader: Reader = changetype<Reader>(memory.data(offsetof<Reader>(), 8));
const ciphered: Ciphered = changetype<Ciphered>(memory.data(offsetof<Ciphered>(), 8));
const expanded: GcmKey = changetype<GcmKey>(memory.data(280, 8));

if (GCM_KEY_SIZE != 280) ERROR("the scratch key has GCM_KEY_SIZE octets");

/** Whether an APDU is a layer of protection around another one. */
export function isProtected(tag: u32): bool {
  return tag == ApduTag.GENERAL_SIGNING || cipherFamily(tag) != CipherFamily.NONE;
}

/** Whether a family uses the dedicated key. */
export function isDedicated(family: u32): bool {
  return family == CipherFamily.DED || family == CipherFamily.GENERAL_DED;
}

/** Whether a tag is that of a request this server takes. */
function isRequest(tag: u32): bool {
  switch (tag) {
    case ApduTag.INITIATE_REQUEST:
    case ApduTag.GET_REQUEST:
    case ApduTag.SET_REQUEST:
    case ApduTag.ACTION_REQUEST:
    case ApduTag.ACCESS_REQUEST:
    case ApduTag.READ_REQUEST:
    case ApduTag.WRITE_REQUEST:
    case ApduTag.UNCONFIRMED_WRITE_REQUEST:
      return true;
    default:
      return false;
  }
}

/** Suite and key set a security control octet may name, and whether the keys it needs have been set. */
export function controlGood(c: SecurityContext, control: u32): bool {
  if ((control & SecurityControl.SUITE_MASK) != c.suite) return false;
  // No server offers V.44; the compression bit is refused as an unreadable text.
  if (control & SecurityControl.COMPRESSED) return false;
  return (control & SecurityControl.AUTHENTICATED) == 0 || (c.keys & (1 << KeyPart.GAK)) != 0;
}

/** The ready key of a layer; one that is not the context's own is expanded into scratch: layerKeyWipe(). */
export function layerKey(c: SecurityContext, source: u32, key: usize): GcmKey {
  if (source == KeySource.UNICAST) return c.unicast;
  if (source == KeySource.BROADCAST) return c.broadcast;
  expanded.expand(key, c.keySize);
  return expanded;
}

/** Wipes what layerKey() expanded. */
export function layerKeyWipe(source: u32): void {
  if (source != KeySource.UNICAST && source != KeySource.BROADCAST) expanded.wipe();
}

/** Which key a service-specific, general-glo or general-ded layer is under, and the lowest counter there; false: it has none. */
function sourceTake(slot: Slot, c: SecurityContext, x: Ciphered, out: Layer): bool {
  const broadcast = (x.control & SecurityControl.BROADCAST) != 0;
  if (isDedicated(out.kind)) {
    if (broadcast || slot.dedicatedSize != c.keySize) return false;
    out.source = KeySource.DEDICATED;
    out.lowest = slot.dedicatedReceive;
    memory.copy(out.key, slot.dedicatedKey, <usize>c.keySize);
    return true;
  }
  out.source = broadcast ? KeySource.BROADCAST : KeySource.UNICAST;
  out.lowest = broadcast ? c.broadcastLowest : c.receiveLowest;
  return (c.keys & (1 << (broadcast ? <u32>KeyPart.GBEK : <u32>KeyPart.GUEK))) != 0;
}

/**
 * Whose nonce a layer has: the partner's title, which one in a general APDU must agree with; an empty one means it. Where nobody has
 * named a partner, in a pre-established association whose Security setup names none, it is the one that a general APDU carries
 * (GB9 9.2.7.2): the tag proves it like the rest.
 */
function originatorTake(slot: Slot, x: Ciphered, out: Layer): bool {
  const carried = x.titleAt != 0 && x.titleSize != 0;
  if (carried && x.titleSize != SYSTEM_TITLE_SIZE) return false;
  const known = slot.clientTitleKnown != 0;
  if (!known && (!carried || !slot.preEstablished)) return false;
  out.originator = known ? slot.clientTitle : load<u64>(x.titleAt);
  return !carried || load<u64>(x.titleAt) == out.originator;
}

function cipheredOpen(slot: Slot, c: SecurityContext, layer: Layer, at: usize, size: u32, out: Opened): i32 {
  const x = ciphered;
  if (cipheredParse(reader.over(at, size), x) != Err.OK) return Err.MALFORMED;
  layer.kind = cipherFamily(x.tag);
  layer.control = x.control;
  layer.counter = x.invocationCounter;
  layer.fromClient = 1;
  // Known before anything is judged: what names the broadcast key is not answered, however wrong it is.
  if (!isDedicated(layer.kind) && (x.control & SecurityControl.BROADCAST) != 0) layer.source = KeySource.BROADCAST;
  if (layer.isEmpty || !controlGood(c, x.control) || !originatorTake(slot, x, layer)) return Err.AUTHENTICATION;
  if (!sourceTake(slot, c, x, layer)) return Err.AUTHENTICATION;
  const err = textOpen(slot, c, layer, x.textAt, x.textSize, headerNone(), out);
  if (err != Err.OK || x.isGeneral) return err;
  // The service behind a service-specific tag is fixed: another one inside is a forged envelope.
  return <u32>load<u8>(out.at) == cipheredTagPlain(x.tag) ? <i32>Err.OK : <i32>Err.MALFORMED;
}

/**
 * Opens the text of a ciphered layer, whose key and lowest counter stand in `layer`: the tag first, then the counter.
 * @returns 0; Err.AUTHENTICATION; Err.REPLAY; Err.MALFORMED when it holds nothing
 */
export function textOpen(
  slot: Slot,
  c: SecurityContext,
  layer: Layer,
  at: usize,
  size: u32,
  header: Reader,
  out: Opened,
): i32 {
  if (layer.counter == COUNTER_END) return Err.AUTHENTICATION;
  if (!layer.proved && isGlobal(layer) && layer.lowest < slot.unprovedLowest) layer.lowest = slot.unprovedLowest;
  Layers.refused = layer.lowest;
  if (!layer.proved && layer.counter < layer.lowest) return Err.REPLAY;
  const key = layerKey(c, layer.source, layer.key);
  const body = size + (layer.proved ? 12 : 0);
  const ak = c.authenticationKey;
  const opened = layerOpen(key, layer.control, layer.counter, layer.originator, ak, c.keySize, header, at, body);
  layerKeyWipe(layer.source);
  if (opened < 0) return opened;
  if (layer.counter < layer.lowest) return Err.REPLAY;
  if (opened == 0) return Err.MALFORMED;
  out.at = at;
  out.size = <u32>opened;
  return Err.OK;
}

/** Opens one layer. */
function oneOpen(meter: Meter, slot: Slot, c: SecurityContext, layer: Layer, at: usize, size: u32, out: Opened): i32 {
  const tag = <u32>load<u8>(at);
  if (tag == ApduTag.GENERAL_CIPHERING) return generalOpen(meter, slot, c, layer, at, size, out);
  if (tag != ApduTag.GENERAL_SIGNING) return cipheredOpen(slot, c, layer, at, size, out);
  return ELLIPTIC ? signedOpen(meter, slot, c, layer, at, size, out) : <i32>Err.UNKNOWN;
}

/** Whether a layer is tied to a counter or a transaction-id that outlives the association, so that it cannot be an old one. */
function lasts(layer: Layer): bool {
  if (ELLIPTIC && layer.remembered != 0) return true;
  return !layer.isSigned && (isGlobal(layer) ? layer.proved : layer.fresh == 0);
}

/** Adds what a layer proves to the protection of the request. */
function protectionAdd(slot: Slot, layer: Layer): void {
  if (layer.isSigned) slot.protection |= REQUEST_SIGNED;
  else if (layer.proved) slot.protection |= REQUEST_AUTHENTICATED;
  if (!layer.isSigned && (layer.control & SecurityControl.ENCRYPTED) != 0) slot.protection |= REQUEST_ENCRYPTED;
}

/**
 * Opens the `size` octets at `at`, a protected APDU, down to the plain one. Nothing has changed unless it returns 0.
 * @returns 0; Err.MALFORMED, Err.UNKNOWN, Err.LIMIT (too many layers), Err.AUTHENTICATION: deciphering error; Err.REPLAY: a counter or
 *   transaction-id below the lowest one; Err.NO_SPACE, Err.ENTROPY: not now
 */
export function protectionOpen(meter: Meter, slot: Slot, at: usize, size: u32, out: Opened): i32 {
  const c = SecurityContext.of(meter, slot.security);
  let unproved = false;
  let lasting = false;
  out.at = at;
  out.size = size;
  while (isProtected(load<u8>(out.at))) {
    if (Layers.count == LAYERS_MAX) return Err.LIMIT;
    const layer = Layers.at(Layers.count);
    const err = oneOpen(meter, slot, c, layer, out.at, out.size, out);
    if (err != Err.OK) {
      Layers.count++;
      if (err == Err.AUTHENTICATION) c.failures++;
      return err;
    }
    Layers.count++;
    if (!layer.isSigned && !layer.isEmpty && !layer.proved) unproved = true;
    if (lasts(layer)) lasting = true;
  }
  // Where no tag proves the counter, a text that does not even begin like a request is none.
  if (unproved && !isRequest(load<u8>(out.at))) return Err.AUTHENTICATION;
  // Nobody has opened a pre-established association with a fresh challenge: whoever sends may have recorded it long ago.
  if (!lasting && slot.preEstablished) return Err.AUTHENTICATION;
  const err = layersKeep(meter, slot, c);
  if (err != Err.OK) return err;
  for (let i: u32 = 0; i < Layers.count; i++) protectionAdd(slot, Layers.at(i));
  return Err.OK;
}
