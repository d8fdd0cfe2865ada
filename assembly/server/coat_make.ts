/**
 * Which layers a response goes out in, and their heads (GB9 9.2.7.2; decision 13): those of its request, mirrored, with the kinds of
 * protection that policy and access rights demand of it, and more layers where the request had none that could carry them.
 */
import { Err } from "../base/err";
import { SYSTEM_TITLE_SIZE } from "../base/limits";
import { Reader } from "../base/reader";
import { ELLIPTIC } from "../base/suites";
import { Writer } from "../base/writer";
import { contextHash } from "../session/key_pair";
import { KeyPart, SecurityContext } from "../session/keys";
import { headerNone, layerBegin } from "../session/layer";
import { SecurityOption, securityOption } from "../session/options";
import { signs } from "../session/signature";
import { Slot } from "../session/slot";
import { Meter } from "../store/block";
import { PROTECTION_ROOM } from "../store/layout";
import { NONE, Template } from "../store/template";
import { Axdr } from "../wire/axdr";
import { Ciphered, cipheredHeadEmit, cipheredTag, CipherFamily, SecurityControl } from "../wire/ciphered";
import { GeneralCiphering, generalCipheringHeadEmit } from "../wire/general_ciphering";
import { GeneralHeader, generalHeaderEmit } from "../wire/general_header";
import { contextCiphered } from "../wire/names";
import { ApduTag } from "../wire/tags";
import { Coat, CoatLayer, tailSize } from "./coat";
import { coatKeyShape, coatKeyTake } from "./coat_key";
import { isDedicated, layerKey, layerKeyWipe } from "./layer_open";
import { KeySource, Layers, LAYERS_MAX, SIGNED } from "./layers";

/** Bits of policy and access mode: the response authenticated, encrypted, signed. */
const RESPONSE_AUTHENTICATED: u32 = 0x20;
const RESPONSE_ENCRYPTED: u32 = 0x40;
const RESPONSE_SIGNED: u32 = 0x80;
const KINDS: u32 = SecurityControl.AUTHENTICATED | SecurityControl.ENCRYPTED;

const writer: Writer = changetype<Writer>(memory.data(offsetof<Writer>(), 8));
const counter: Writer = changetype<Writer>(memory.data(offsetof<Writer>(), 8));
const header: Reader = changetype<Reader>(memory.data(offsetof<Reader>(), 8));
const ciphered: Ciphered = changetype<Ciphered>(memory.data(offsetof<Ciphered>(), 8));
const general: GeneralCiphering = changetype<GeneralCiphering>(memory.data(offsetof<GeneralCiphering>(), 8));
const titles: usize = memory.data(16, 8);

/** The policy of the slot's association; one without a Security setup has none. */
export function associationPolicy(meter: Meter, slot: Slot): u32 {
  const row = Template.of().association(slot.association);
  return slot.securitySetup(row) == NONE ? 0 : SecurityContext.of(meter, slot.security).policy;
}

function layerAdd(coat: Coat, kind: u32, control: u32, mirrors: u32): void {
  const x = coat.layer(coat.count);
  x.kind = kind;
  x.control = control;
  x.mirrors = mirrors;
  x.fresh = 0;
  x.source = isDedicated(kind) ? KeySource.DEDICATED : KeySource.UNICAST;
  coat.count++;
}

/** Kinds of ciphering that response bits demand. */
function kindsOf(demanded: u32): u32 {
  const authenticated = (demanded & RESPONSE_AUTHENTICATED) != 0 ? SecurityControl.AUTHENTICATED : 0;
  return authenticated | ((demanded & RESPONSE_ENCRYPTED) != 0 ? SecurityControl.ENCRYPTED : 0);
}

/** Adds what answers layer `index` of the request. `demanded` are the response bits. */
function mirrorAdd(meter: Meter, slot: Slot, c: SecurityContext, coat: Coat, index: u32, demanded: u32): void {
  const r = Layers.at(index);
  const mirrored = !securityOption(SecurityOption.RESPONSE_BY_POLICY);
  if (r.isSigned) {
    const wanted = mirrored || (demanded & RESPONSE_SIGNED) != 0;
    if (ELLIPTIC && wanted && signs(meter, slot.security)) layerAdd(coat, SIGNED, 0, index);
    // A third party must still be named: an empty layer keeps the relation.
    else if (!r.isClient) layerAdd(coat, CipherFamily.GENERAL, c.suite, index);
    return;
  }
  // An empty layer has no key that could carry anything, so it stays empty.
  const kinds = r.isEmpty ? 0 : kindsOf(demanded);
  const control: u32 = kinds | (mirrored ? r.control & KINDS : 0);
  if (control != 0 || r.kind == CipherFamily.GENERAL) layerAdd(coat, r.kind, control | c.suite, index);
}

function isSigned(coat: Coat): bool {
  for (let i: u32 = 0; i < coat.count; i++) {
    if (coat.layer(i).isSigned) return true;
  }
  return false;
}

/** Chooses the layers. @returns 0, Err.LIMIT for too many, Err.STATE where what is demanded cannot be made */
function layersChoose(meter: Meter, slot: Slot, coat: Coat, plainTag: u32): i32 {
  const c = SecurityContext.of(meter, slot.security);
  let demanded = associationPolicy(meter, slot) | slot.responseMode;
  // As with the request (policyMetByUserInformation()): an InitiateResponse is signed only where its request was.
  if (plainTag == ApduTag.INITIATE_RESPONSE) demanded &= ~RESPONSE_SIGNED;
  coat.count = 0;
  if (Layers.count == 0 && !contextCiphered(slot.context)) return Err.OK;
  const control = kindsOf(demanded);
  let carried = control == 0;
  for (let i: u32 = 0; i < Layers.count; i++) {
    if (!Layers.at(i).isSigned && !Layers.at(i).isEmpty) carried = true;
  }
  // What the request had no layer for goes around everything with the global key.
  if (!carried) layerAdd(coat, CipherFamily.GLO, control | c.suite, NONE);
  for (let i: u32 = 0; i < Layers.count; i++) {
    if (coat.count == LAYERS_MAX) return Err.LIMIT;
    mirrorAdd(meter, slot, c, coat, i, demanded);
  }
  if ((demanded & RESPONSE_SIGNED) != 0 && !isSigned(coat)) {
    if (coat.count == LAYERS_MAX) return Err.LIMIT;
    if (!ELLIPTIC || !signs(meter, slot.security)) return Err.STATE;
    layerAdd(coat, SIGNED, 0, NONE);
  }
  return keysSet(slot, c, coat);
}

/** Whether the keys of all ciphered layers have been set. */
function keysSet(slot: Slot, c: SecurityContext, coat: Coat): i32 {
  for (let i: u32 = 0; i < coat.count; i++) {
    const x = coat.layer(i);
    if (x.isSigned || (x.control & KINDS) == 0) continue;
    if ((x.control & SecurityControl.AUTHENTICATED) != 0 && (c.keys & (1 << KeyPart.GAK)) == 0) return Err.STATE;
    const global = x.kind == CipherFamily.GLO || x.kind == CipherFamily.GENERAL_GLO;
    if (global && (c.keys & (1 << KeyPart.GUEK)) == 0) return Err.STATE;
  }
  return Err.OK;
}

/** Fills the header of a general layer: to whom the request's layer came from, with its transaction-id. */
function headerFill(slot: Slot, c: SecurityContext, x: CoatLayer, out: GeneralHeader): void {
  memory.fill(changetype<usize>(out), 0, offsetof<GeneralHeader>());
  store<u64>(titles, c.title);
  store<u64>(titles + 8, x.mirrors == NONE ? slot.clientTitle : Layers.at(x.mirrors).originator);
  out.originatorAt = titles;
  out.originatorSize = SYSTEM_TITLE_SIZE;
  out.recipientAt = titles + 8;
  out.recipientSize = SYSTEM_TITLE_SIZE;
  if (x.mirrors == NONE) return;
  out.transactionAt = Layers.at(x.mirrors).transactionAt;
  out.transactionSize = Layers.at(x.mirrors).transactionSize;
}

/** Writes the head of layer `index` around a text of `textSize` octets that begins with `innerTag`. */
function headEmit(
  w: Writer,
  slot: Slot,
  c: SecurityContext,
  coat: Coat,
  index: u32,
  textSize: u32,
  innerTag: u32,
): u32 {
  const x = coat.layer(index);
  if (x.isSigned) {
    headerFill(slot, c, x, general);
    w.u8(ApduTag.GENERAL_SIGNING);
    generalHeaderEmit(w, general);
    Axdr.length(w, textSize);
    return ApduTag.GENERAL_SIGNING;
  }
  if (x.kind == CipherFamily.GENERAL) {
    headerFill(slot, c, x, general);
    coatKeyShape(slot, c, x, general);
    general.control = x.control;
    general.invocationCounter = x.counter;
    general.textSize = textSize;
    generalCipheringHeadEmit(w, general);
    return ApduTag.GENERAL_CIPHERING;
  }
  const y = ciphered;
  y.tag = tagOf(x.kind, innerTag);
  store<u64>(titles, c.title);
  y.titleAt = titles;
  y.titleSize = SYSTEM_TITLE_SIZE;
  y.control = x.control;
  y.invocationCounter = x.counter;
  y.textSize = textSize;
  cipheredHeadEmit(w, y);
  return y.tag;
}

/** Tag of a ciphered APDU around `innerTag`; what has no service-specific form goes into the general one. */
function tagOf(kind: u32, innerTag: u32): u32 {
  const specific = cipheredTag(innerTag, kind);
  if (specific != 0) return specific;
  return cipheredTag(innerTag, kind == CipherFamily.DED ? CipherFamily.GENERAL_DED : CipherFamily.GENERAL_GLO);
}

/** Lays the layers out around a plain APDU: sizes of heads, places of texts. @returns 0 or Err.LIMIT */
function coatPlace(slot: Slot, c: SecurityContext, coat: Coat, plainTag: u32, plainSize: u32): i32 {
  let textSize = plainSize;
  let tag = plainTag;
  let heads: u32 = 0;
  coat.plainSize = plainSize;
  coat.tailsSize = 0;
  for (let i = coat.count; i-- > 0;) {
    const x = coat.layer(i);
    tag = headEmit(counter.count(), slot, c, coat, i, textSize, tag);
    // For now relative to the end of all heads.
    x.textAt = heads;
    heads += counter.size;
    x.tailAt = plainSize + coat.tailsSize;
    coat.tailsSize += tailSize(c, x);
    textSize += counter.size + tailSize(c, x);
  }
  if (heads > PROTECTION_ROOM) return Err.LIMIT;
  coat.headsSize = heads;
  for (let i: u32 = 0; i < coat.count; i++) {
    const x = coat.layer(i);
    x.textAt = heads - x.textAt;
    x.tailAt += heads;
  }
  return Err.OK;
}

/** Takes counter and key of layer `index`, writes its head at `at` and begins its message. */
function layerStart(meter: Meter, slot: Slot, coat: Coat, index: u32, at: u32, innerTag: u32): i32 {
  const c = SecurityContext.of(meter, slot.security);
  const x = coat.layer(index);
  x.hashed = 0;
  const err = coatKeyTake(meter, slot, c, x);
  if (err != Err.OK) return err;
  const start = coat.heads + <usize>at;
  const size = x.textAt - at;
  headEmit(writer.into(start, size), slot, c, coat, index, x.textSize, innerTag);
  assert(writer.err == Err.OK && writer.size == size);
  if (x.isSigned) {
    if (ELLIPTIC) {
      x.hash.begin(contextHash(c));
      const unsigned: u32 = securityOption(SecurityOption.SIGNED_LENGTHLESS) ? Axdr.lengthSize(x.textSize) : 0;
      x.hash.update(start + 1, size - 1 - unsigned);
    }
    return Err.OK;
  }
  if ((x.control & KINDS) == 0) return Err.OK;
  const general = x.kind == CipherFamily.GENERAL && !securityOption(SecurityOption.GENERAL_HEADERLESS);
  const fields = general ? header.over(start + 1, headerSize(start + 1)) : headerNone();
  const key = layerKey(c, x.source, x.key);
  layerBegin(x.gcm, key, x.control, x.counter, c.title, c.authenticationKey, c.keySize, fields);
  layerKeyWipe(x.source);
  return Err.OK;
}

/** Octets of the five header fields at `at`, which headEmit() has written: each shorter than 128 octets. */
function headerSize(at: usize): u32 {
  let size: u32 = 0;
  for (let i = 0; i < 5; i++) size += 1 + <u32>load<u8>(at + <usize>size);
  return size;
}

/** First octet of the text of layer `index`: the head of the next one, or the plain APDU. */
function innerTagOf(coat: Coat, index: u32, plainTag: u32): u32 {
  if (index + 1 == coat.count) return plainTag;
  return coat.layer(index + 1).isSigned ? ApduTag.GENERAL_SIGNING : ApduTag.GENERAL_CIPHERING;
}

/**
 * Makes the coat of a response of `plainSize` octets: counters and keys are taken, heads written. No layer: it goes out plain.
 * @returns 0; Err.LIMIT (a key is used up, too many layers), Err.NO_SPACE (the journal is behind), Err.ENTROPY, Err.STATE (a key that
 *   is demanded has not been set): then nothing is to be sent
 */
export function coatMake(meter: Meter, slot: Slot, coat: Coat, plainTag: u32, plainSize: u32): i32 {
  const c = SecurityContext.of(meter, slot.security);
  let err = layersChoose(meter, slot, coat, plainTag);
  if (err == Err.OK) err = coatPlace(slot, c, coat, plainTag, plainSize);
  let at: u32 = 0;
  for (let i: u32 = 0; i < coat.count && err == Err.OK; i++) {
    err = layerStart(meter, slot, coat, i, at, innerTagOf(coat, i, plainTag));
    at = coat.layer(i).textAt;
  }
  return err;
}

/** Octets that the protection of a response of up to `size` octets adds. */
export function coatOverhead(meter: Meter, slot: Slot, coat: Coat, size: u32): u32 {
  // A layer that is added may have to be the longer general one; a service-specific request has a service-specific answer.
  const plain = Layers.count == 0;
  const tag = plain ? ApduTag.ACCESS_RESPONSE : ApduTag.GET_RESPONSE;
  if (layersChoose(meter, slot, coat, tag) != Err.OK) return 0;
  if (coatPlace(slot, SecurityContext.of(meter, slot.security), coat, tag, size) != Err.OK) return 0;
  return coat.headsSize + coat.tailsSize;
}
