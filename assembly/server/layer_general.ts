/**
 * Opening a general-ciphering layer (GB9 9.2.7.2): whose it is, the key that its key-info names, brings or agrees, and the text. Costs
 * rise from step to step, so that what is wrong in the head costs nothing.
 */
import { Err } from "../base/err";
import { SYSTEM_TITLE_SIZE } from "../base/limits";
import { Reader } from "../base/reader";
import { ELLIPTIC } from "../base/suites";
import { Ct } from "../crypto/ct";
import { entropyDrbg } from "../session/entropy";
import { wrappedOpen } from "../session/key_info";
import { KeyPart, SecurityContext } from "../session/keys";
import { SecurityOption, securityOption } from "../session/options";
import { Slot } from "../session/slot";
import { KeyOrigin, SlotSession } from "../session/slot_session";
import { Meter } from "../store/block";
import { CipherFamily, SecurityControl } from "../wire/ciphered";
import { GeneralCiphering, generalCipheringParse, KeyInfo } from "../wire/general_ciphering";
import { GeneralHeader } from "../wire/general_header";
import { agreedOpen, partnerKnown, transactionCheck } from "./layer_agreed";
import { controlGood, Opened, textOpen } from "./layer_open";
import { KeySource, Layer } from "./layers";

/** key-id of an identified key. */
const enum KeyId {
  UNICAST = 0,
  BROADCAST = 1,
}

/** kek-id of a wrapped key: the master key, the only one there is. */
const KEK_MASTER: u32 = 0;

const reader: Reader = changetype<Reader>(memory.data(offsetof<Reader>(), 8));
const header: Reader = changetype<Reader>(memory.data(offsetof<Reader>(), 8));
const general: GeneralCiphering = changetype<GeneralCiphering>(memory.data(offsetof<GeneralCiphering>(), 8));

/**
 * Takes originator and recipient: the recipient is this meter or not named, the originator is the client of the association or a third
 * party whose certificate the meter has.
 */
export function partiesTake(meter: Meter, slot: Slot, c: SecurityContext, x: GeneralHeader, layer: Layer): bool {
  const addressed = x.recipientSize == SYSTEM_TITLE_SIZE && load<u64>(x.recipientAt) == c.title;
  if (!addressed && x.recipientSize != 0) return false;
  layer.transactionAt = x.transactionAt;
  layer.transactionSize = x.transactionSize;
  if (x.originatorSize == 0) {
    layer.originator = slot.clientTitle;
    layer.fromClient = 1;
    return slot.clientTitleKnown != 0;
  }
  if (x.originatorSize != SYSTEM_TITLE_SIZE) return false;
  layer.originator = load<u64>(x.originatorAt);
  layer.fromClient = slot.clientTitleKnown != 0 && layer.originator == slot.clientTitle ? 1 : 0;
  return layer.fromClient != 0 || (ELLIPTIC && partnerKnown(meter, slot, layer.originator));
}

function identifiedTake(c: SecurityContext, x: GeneralCiphering, layer: Layer): i32 {
  const broadcast = x.keyId == KeyId.BROADCAST;
  if (!layer.isClient || (x.keyId != KeyId.UNICAST && !broadcast)) return Err.AUTHENTICATION;
  layer.source = broadcast ? KeySource.BROADCAST : KeySource.UNICAST;
  layer.lowest = broadcast ? c.broadcastLowest : c.receiveLowest;
  const part: u32 = broadcast ? KeyPart.GBEK : KeyPart.GUEK;
  return (c.keys & (1 << part)) != 0 ? <i32>Err.OK : <i32>Err.AUTHENTICATION;
}

/** A key that comes along. The same one as before goes on with its counters; another one starts from 0. */
export function freshTake(slot: Slot, c: SecurityContext, layer: Layer, origin: KeyOrigin): void {
  layer.source = KeySource.SESSION;
  layer.origin = origin;
  layer.fresh = 1;
  layer.lowest = 0;
  const before = SlotSession.of(slot).find(layer.originator, layer.isClient, false);
  if (before != null && Ct.equal(before.key, layer.key, c.keySize) != 0) layer.lowest = before.counter;
}

function wrappedTake(meter: Meter, slot: Slot, c: SecurityContext, x: GeneralCiphering, layer: Layer): i32 {
  if (!layer.isClient || x.keyId != KEK_MASTER) return Err.AUTHENTICATION;
  if (!wrappedOpen(meter, c, x.keyDataAt, x.keyDataSize, layer.key)) return Err.AUTHENTICATION;
  freshTake(slot, c, layer, KeyOrigin.WRAPPED);
  if (!ELLIPTIC || c.suite == 0 || !securityOption(SecurityOption.TRANSACTIONS_RISE)) return Err.OK;
  return transactionCheck(meter, c, layer);
}

/** Without key-info the key that this partner brought before goes on. */
function keptTake(slot: Slot, c: SecurityContext, layer: Layer): i32 {
  const kept = SlotSession.of(slot).find(layer.originator, layer.isClient, false);
  if (kept == null) return Err.AUTHENTICATION;
  layer.source = KeySource.SESSION;
  layer.origin = kept.origin;
  layer.lowest = kept.counter;
  memory.copy(layer.key, kept.key, <usize>c.keySize);
  return Err.OK;
}

function keyTake(meter: Meter, slot: Slot, c: SecurityContext, x: GeneralCiphering, layer: Layer): i32 {
  switch (x.keyInfo) {
    case KeyInfo.IDENTIFIED:
      return identifiedTake(c, x, layer);
    case KeyInfo.WRAPPED:
      return wrappedTake(meter, slot, c, x, layer);
    case KeyInfo.AGREED:
      return ELLIPTIC ? agreedOpen(meter, slot, c, x, layer) : <i32>Err.AUTHENTICATION;
    default:
      return keptTake(slot, c, layer);
  }
}

/** Opens a general-ciphering layer; results of protectionOpen(). */
export function generalOpen(
  meter: Meter,
  slot: Slot,
  c: SecurityContext,
  layer: Layer,
  at: usize,
  size: u32,
  out: Opened,
): i32 {
  const x = general;
  if (generalCipheringParse(reader.over(at, size), x) != Err.OK) return Err.MALFORMED;
  layer.kind = CipherFamily.GENERAL;
  layer.control = x.control;
  layer.counter = x.invocationCounter;
  layer.keyInfo = x.keyInfo;
  if (x.dateTimeSize != 0 && x.dateTimeSize != 12) return Err.MALFORMED;
  if (!controlGood(c, x.control) || (x.control & SecurityControl.BROADCAST) != 0) return Err.AUTHENTICATION;
  if (!partiesTake(meter, slot, c, x, layer)) return Err.AUTHENTICATION;
  if (layer.isEmpty) {
    // An empty layer uses no key: it only says between whom the APDU travels.
    out.at = x.textAt;
    out.size = x.textSize;
    return x.textSize != 0 ? <i32>Err.OK : <i32>Err.MALFORMED;
  }
  let err = keyTake(meter, slot, c, x, layer);
  // The response needs a fresh key too, and without randomness there is none.
  if (err == Err.OK && layer.fresh != 0 && entropyDrbg(meter).seeded == 0) err = Err.ENTROPY;
  if (err != Err.OK) return err;
  const headless = securityOption(SecurityOption.GENERAL_HEADERLESS);
  header.over(x.headerAt, headless ? 0 : x.headerSize);
  return textOpen(slot, c, layer, x.textAt, x.textSize, header, out);
}
