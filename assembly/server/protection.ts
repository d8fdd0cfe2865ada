/**
 * Protection of APDUs in an association (GB9 9.2.7.2, 9.4.2): opens what arrives, seals what leaves. A response goes back in
 * the family of its request with at least its kinds of protection (decision 13).
 */
import { Err } from "../base/err";
import { SYSTEM_TITLE_SIZE } from "../base/limits";
import { Reader } from "../base/reader";
import { Writer } from "../base/writer";
import { GcmKey, GCM_KEY_SIZE } from "../crypto/gcm";
import { COUNTER_END, receiveAdvance, SecurityContext, transmitTake } from "../session/keys";
import { layerBegin, layerOpen, layerSeal } from "../session/layer";
import { Slot } from "../session/slot";
import { Meter } from "../store/block";
import { PROTECTION_ROOM } from "../store/layout";
import { NONE, Template } from "../store/template";
import {
  Ciphered,
  cipheredHeadEmit,
  cipheredHeadSize,
  cipheredParse,
  cipheredSize,
  cipheredTag,
  cipheredTagPlain,
  CipherFamily,
  cipherFamily,
  SecurityControl,
} from "../wire/ciphered";
import { ApplicationContext } from "../wire/names";
import { ApduTag } from "../wire/tags";
import { Blocks } from "./block_stream";

/** An encrypted-only APDU has no tag, so its counter proves nothing: a jump further than this is refused. */
const UNPROVED_JUMP_MAX: u32 = 1000;
/** Bits of policy and access mode: request authenticated and encrypted; the response bits lie 3 higher. */
const REQUEST_AUTHENTICATED: u32 = 0x04;
const REQUEST_ENCRYPTED: u32 = 0x08;
const RESPONSE_AUTHENTICATED: u32 = 0x20;
const RESPONSE_ENCRYPTED: u32 = 0x40;
export const POLICY_REQUEST_MASK: u32 = 0x1c;

/** The plain APDU that open() found. */
@unmanaged
export class Opened {
  at: usize;
  size: u32;
}

const reader: Reader = changetype<Reader>(memory.data(offsetof<Reader>(), 8));
const writer: Writer = changetype<Writer>(memory.data(offsetof<Writer>(), 8));
const ciphered: Ciphered = changetype<Ciphered>(memory.data(offsetof<Ciphered>(), 8));
const titleOctets: usize = memory.data(8, 8);
const dedicated: GcmKey = changetype<GcmKey>(memory.data(280, 8));

if (GCM_KEY_SIZE != 280) ERROR("the scratch key has GCM_KEY_SIZE octets");

/** Whether a family uses the dedicated key. */
function isDedicated(family: u32): bool {
  return family == CipherFamily.DED || family == CipherFamily.GENERAL_DED;
}

/** The encryption key of a layer; the dedicated one is expanded anew, since it belongs to the slot. */
function keyOf(slot: Slot, c: SecurityContext, family: u32, control: u32): GcmKey {
  if (control & SecurityControl.BROADCAST) return c.broadcast;
  if (!isDedicated(family)) return c.unicast;
  dedicated.expand(slot.dedicatedKey, slot.dedicatedSize);
  return dedicated;
}

/** Suite, key set and kinds a security control octet may name here. */
function controlGood(slot: Slot, c: SecurityContext, family: u32, control: u32): bool {
  if ((control & SecurityControl.SUITE_MASK) != c.suite) return false;
  if ((control & (SecurityControl.AUTHENTICATED | SecurityControl.ENCRYPTED)) == 0) return false;
  // No server offers V.44; the compression bit is refused as an unreadable text.
  if (control & SecurityControl.COMPRESSED) return false;
  if (isDedicated(family)) return slot.dedicatedSize != 0 && (control & SecurityControl.BROADCAST) == 0;
  return true;
}

/** The title in a general APDU must be the partner's; an empty one means it. */
function titleGood(slot: Slot, x: Ciphered): bool {
  if (slot.clientTitleKnown == 0) return false;
  if (x.titleAt == 0 || x.titleSize == 0) return true;
  return x.titleSize == SYSTEM_TITLE_SIZE && load<u64>(x.titleAt) == slot.clientTitle;
}

/** Lowest counter the layer's key accepts. */
function lowestOf(slot: Slot, c: SecurityContext, family: u32, control: u32): u32 {
  if (isDedicated(family)) return slot.dedicatedReceive;
  return control & SecurityControl.BROADCAST ? c.broadcastLowest : c.receiveLowest;
}

function lowestAdvance(meter: Meter, slot: Slot, c: SecurityContext, family: u32, x: Ciphered): i32 {
  if (isDedicated(family)) {
    slot.dedicatedReceive = x.invocationCounter + 1;
    return Err.OK;
  }
  return receiveAdvance(meter, c, x.invocationCounter, (x.control & SecurityControl.BROADCAST) != 0);
}

/** Whether a tag is that of a request this server takes. */
function isRequest(tag: u32): bool {
  switch (tag) {
    case ApduTag.INITIATE_REQUEST:
    case ApduTag.GET_REQUEST:
    case ApduTag.SET_REQUEST:
    case ApduTag.ACTION_REQUEST:
    case ApduTag.ACCESS_REQUEST:
      return true;
    default:
      return false;
  }
}

/**
 * Opens a ciphered APDU in place. Nothing has changed unless it returns 0: the tag is checked first, then the counter.
 * @returns 0; Err.MALFORMED, Err.AUTHENTICATION (deciphering error); Err.REPLAY (counter below the lowest one);
 *   Err.NO_SPACE (the journal is behind)
 */
export function protectionOpen(meter: Meter, slot: Slot, at: usize, size: u32, out: Opened): i32 {
  const x = ciphered;
  if (cipheredParse(reader.over(at, size), x) != Err.OK) return Err.MALFORMED;
  const c = SecurityContext.of(meter, slot.security);
  const family = cipherFamily(x.tag);
  slot.receiveFloor = c.receiveLowest;
  if (!controlGood(slot, c, family, x.control) || !titleGood(slot, x)) return Err.AUTHENTICATION;
  if (x.invocationCounter == COUNTER_END) return Err.AUTHENTICATION;
  const lowest = lowestOf(slot, c, family, x.control);
  const proved = (x.control & SecurityControl.AUTHENTICATED) != 0;
  if (!proved && (x.invocationCounter < lowest || x.invocationCounter - lowest > UNPROVED_JUMP_MAX)) return Err.REPLAY;
  const key = keyOf(slot, c, family, x.control);
  const body = x.textSize + (proved ? 12 : 0);
  const ak = c.authenticationKey;
  const opened = layerOpen(key, x.control, x.invocationCounter, slot.clientTitle, ak, c.keySize, x.textAt, body);
  if (isDedicated(family)) dedicated.wipe();
  if (opened < 0) {
    c.failures++;
    return opened;
  }
  if (x.invocationCounter < lowest) return Err.REPLAY;
  // The service behind a service-specific tag is fixed: another one inside is a forged envelope.
  const inner = opened > 0 ? <u32>load<u8>(x.textAt) : 0;
  const fits = opened != 0 && (x.isGeneral || inner == cipheredTagPlain(x.tag));
  // Where no tag proves the counter, a text that does not even begin like a request spends none.
  if (!proved && !(fits && isRequest(inner))) return Err.AUTHENTICATION;
  const err = lowestAdvance(meter, slot, c, family, x);
  if (err != Err.OK) return err;
  if (!fits) return Err.MALFORMED;
  slot.family = family;
  slot.securityControl = x.control;
  slot.protection = proved ? REQUEST_AUTHENTICATED : 0;
  if (x.control & SecurityControl.ENCRYPTED) slot.protection |= REQUEST_ENCRYPTED;
  out.at = x.textAt;
  out.size = <u32>opened;
  return Err.OK;
}

/** The policy of the slot's association; one without a Security setup has none. */
function policyOf(meter: Meter, slot: Slot): u32 {
  const row = Template.of().association(slot.association);
  return <u32>row.securitySetup == NONE ? 0 : SecurityContext.of(meter, slot.security).policy;
}

/**
 * Whether the request has the protection the policy demands of every request, in whatever context (decision 14). Where nothing
 * can be ciphered, what the policy demands of responses cannot be met either.
 */
export function policyMet(meter: Meter, slot: Slot): bool {
  const policy = policyOf(meter, slot);
  if (slot.context != ApplicationContext.LOGICAL_NAME_CIPHERED) return policy == 0;
  return (policy & POLICY_REQUEST_MASK & ~slot.protection) == 0;
}

/** Security control octet of the response: kinds of the request, of the policy and of what was touched; 0 = plain. */
function responseControl(meter: Meter, slot: Slot): u32 {
  const c = SecurityContext.of(meter, slot.security);
  let control = slot.securityControl & (SecurityControl.AUTHENTICATED | SecurityControl.ENCRYPTED);
  const demanded = policyOf(meter, slot) | slot.responseMode;
  if (demanded & RESPONSE_AUTHENTICATED) control |= SecurityControl.AUTHENTICATED;
  if (demanded & RESPONSE_ENCRYPTED) control |= SecurityControl.ENCRYPTED;
  return control == 0 ? 0 : control | c.suite;
}

/** Family of the response; a plain request whose answer must be protected is answered with the global key. */
function responseFamily(slot: Slot): CipherFamily {
  return slot.family == CipherFamily.NONE ? CipherFamily.GLO : slot.family;
}

/** Tag that carries a protected response; ACCESS has no service-specific form. */
function responseTag(slot: Slot, plainTag: u32): u32 {
  const family = responseFamily(slot);
  const specific = cipheredTag(plainTag, family);
  if (specific != 0) return specific;
  return cipheredTag(plainTag, family == CipherFamily.DED ? CipherFamily.GENERAL_DED : CipherFamily.GENERAL_GLO);
}

/** Octets the protection of a response of up to `size` octets adds. */
export function protectionOverhead(meter: Meter, slot: Slot, size: u32): u32 {
  const control = responseControl(meter, slot);
  if (control == 0) return 0;
  // A plain request whose answer must be protected may be an ACCESS: the longer head is allowed for.
  const plain = slot.family == CipherFamily.NONE;
  const tag = cipheredTag(ApduTag.GET_RESPONSE, plain ? CipherFamily.GENERAL_GLO : responseFamily(slot));
  return cipheredSize(tag, SYSTEM_TITLE_SIZE, control, size) - size;
}

/** Largest plain response the client takes. */
export function responseSizeMax(meter: Meter, slot: Slot): u32 {
  const overhead = protectionOverhead(meter, slot, slot.clientSizeMax);
  return overhead < slot.clientSizeMax ? slot.clientSizeMax - overhead : 0;
}

/** Sends the plain APDU of `size` octets at slot.plainOutbound unprotected. */
export function sendPlain(slot: Slot, size: u32): void {
  slot.outboundOffset = PROTECTION_ROOM;
  slot.outboundSize = size;
}

/**
 * Protects the plain APDU of `size` octets at slot.plainOutbound and makes it the slot's outbound APDU.
 * @returns 0, Err.LIMIT (the key is used up) or Err.NO_SPACE (the journal is behind): then nothing is to be sent
 */
export function protectionSend(meter: Meter, slot: Slot, size: u32): i32 {
  const control = responseControl(meter, slot);
  if (control == 0) {
    sendPlain(slot, size);
    return Err.OK;
  }
  return sealSend(meter, slot, size, control, responseTag(slot, load<u8>(slot.plainOutbound)));
}

/** Takes the next counter of the response's key; errors of transmitTake(). */
function counterTake(meter: Meter, slot: Slot, c: SecurityContext, withDedicated: bool): i32 {
  if (!withDedicated) return transmitTake(meter, c);
  if (slot.dedicatedTransmit == COUNTER_END) return Err.LIMIT;
  slot.dedicatedTransmit++;
  return Err.OK;
}

/** The counter counterTake() took. */
function counterTaken(slot: Slot, c: SecurityContext, withDedicated: bool): u32 {
  return (withDedicated ? slot.dedicatedTransmit : c.transmitNext) - 1;
}

/** Seals with the given control octet and tag; the head goes into the room in front. */
export function sealSend(meter: Meter, slot: Slot, size: u32, control: u32, tag: u32): i32 {
  assert(tag != 0);
  const c = SecurityContext.of(meter, slot.security);
  const withDedicated = isDedicated(responseFamily(slot));
  const err = counterTake(meter, slot, c, withDedicated);
  if (err != Err.OK) return err;
  const counter = counterTaken(slot, c, withDedicated);
  const plain = slot.plainOutbound;
  const key = keyOf(slot, c, withDedicated ? slot.family : CipherFamily.GLO, 0);
  layerSeal(key, control, counter, c.title, c.authenticationKey, c.keySize, plain, size);
  if (withDedicated) dedicated.wipe();
  store<u64>(titleOctets, c.title);
  const x = ciphered;
  x.tag = tag;
  x.titleAt = titleOctets;
  x.titleSize = SYSTEM_TITLE_SIZE;
  x.control = control;
  x.invocationCounter = counter;
  x.textSize = size;
  const head = cipheredHeadSize(tag, SYSTEM_TITLE_SIZE, control, size);
  assert(head <= PROTECTION_ROOM);
  cipheredHeadEmit(writer.into(plain - <usize>head, head), x);
  slot.outboundOffset = PROTECTION_ROOM - head;
  slot.outboundSize = cipheredSize(tag, SYSTEM_TITLE_SIZE, control, size);
  return Err.OK;
}

/**
 * Begins the layer of a response that goes out in blocks: its head goes to b.head, its context to b.gcm. A plain response has none.
 * @returns 0, Err.LIMIT (the key is used up) or Err.NO_SPACE (the journal is behind)
 */
export function responseLayerBegin(meter: Meter, slot: Slot, b: Blocks, plainTag: u32, plainSize: u32): i32 {
  const control = responseControl(meter, slot);
  b.control = control;
  if (control == 0) return Err.OK;
  const c = SecurityContext.of(meter, slot.security);
  const tag = responseTag(slot, plainTag);
  b.dedicated = isDedicated(responseFamily(slot)) ? 1 : 0;
  const err = counterTake(meter, slot, c, b.dedicated != 0);
  if (err != Err.OK) return err;
  const x = ciphered;
  x.tag = tag;
  x.control = control;
  x.invocationCounter = counterTaken(slot, c, b.dedicated != 0);
  x.textSize = plainSize;
  store<u64>(titleOctets, c.title);
  x.titleAt = titleOctets;
  x.titleSize = SYSTEM_TITLE_SIZE;
  const w = writer.into(b.head, 32);
  cipheredHeadEmit(w, x);
  assert(w.err == Err.OK);
  b.headSize = w.size;
  const key = responseLayerKey(meter, slot, b.dedicated);
  layerBegin(b.gcm, key, control, x.invocationCounter, c.title, c.authenticationKey, c.keySize);
  return Err.OK;
}

/** Key of the layer of a response in blocks. */
export function responseLayerKey(meter: Meter, slot: Slot, withDedicated: u32): GcmKey {
  const family = withDedicated != 0 ? CipherFamily.DED : CipherFamily.GLO;
  return keyOf(slot, SecurityContext.of(meter, slot.security), family, 0);
}
