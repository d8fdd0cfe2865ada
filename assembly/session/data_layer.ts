/**
 * One layer of Data protection (Blue Book, class 30). No public source shows such data on the wire; this is how it is read here:
 *
 *   ciphered  SC || IC || text || tag with the AAD of general-ciphering, date-time empty
 *   signed    a general-signing envelope around the text
 *
 * Every layer brings its key-info; nothing of it is kept for the next one.
 */
import { octetsSame } from "../base/octets";
import { Err } from "../base/err";
import { DATA_PROTECTION } from "../base/features";
import { SYSTEM_TITLE_SIZE, TAG_SIZE } from "../base/limits";
import { Reader } from "../base/reader";
import { ELLIPTIC } from "../base/suites";
import { Writer } from "../base/writer";
import { Ct } from "../crypto/ct";
import { Gcm, GcmKey, GCM_KEY_SIZE, GCM_SIZE } from "../crypto/gcm";
import { KEY_WRAP_OVERHEAD } from "../crypto/keywrap";
import { Meter } from "../store/block";
import { Axdr } from "../wire/axdr";
import { SecurityControl } from "../wire/ciphered";
import { ProtectionElement, ProtectionType } from "../wire/data_protection";
import { KeyInfo } from "../wire/general_ciphering";
import { generalHeaderEmit } from "../wire/general_header";
import { GeneralSigning, generalSigningParse } from "../wire/general_signing";
import { ApduTag } from "../wire/tags";
import { AgreementScheme } from "./agreement";
import { asymmetric } from "./key_pair";
import { onePassMake, onePassOpen, staticAgree, wrappedMake, wrappedOpen } from "./key_info";
import { COUNTER_END, COUNTER_FIRST, KeyPart, receiveAdvance, SecurityContext, transmitTake } from "./keys";
import { layerBegin, layerOpen } from "./layer";
import { octetsSign, octetsVerified, signatureSize } from "./signature";
import { Slot } from "./slot";
import { staticTake, transactionJudge, transactionKeep, transactionLowest, TransactionOrder } from "./transactions";

/** Octets that a layer may add in front of a text and behind it. */
export const LAYER_FRONT_MAX: u32 = 96;
export const LAYER_BACK_MAX: u32 = 98;
/** Octets of the longest transaction-id and other-information. */
const STRING_SIZE_MAX: u32 = 32;
/** Octets of the longest key-ciphered-data: an ephemeral key and its signature, suite 2. */
export const KEY_DATA_SIZE_MAX: u32 = 192;
/** SC and IC. */
const SECURED_HEAD_SIZE: u32 = 5;

/** Where a text stands. */
@unmanaged
export class DataText {
  at: usize;
  size: u32;
}

const header: Reader = changetype<Reader>(memory.data(offsetof<Reader>(), 8));
const headerWriter: Writer = changetype<Writer>(memory.data(offsetof<Writer>(), 8));
const headerOctets: usize = memory.data(96, 8);
const signing: GeneralSigning = changetype<GeneralSigning>(ELLIPTIC ? memory.data(offsetof<GeneralSigning>(), 8) : 0);
const signed: ProtectionElement = changetype<ProtectionElement>(
  ELLIPTIC ? memory.data(offsetof<ProtectionElement>(), 8) : 0,
);
const expanded: GcmKey = changetype<GcmKey>(DATA_PROTECTION ? memory.data(304, 8) : 0);
const gcm: Gcm = changetype<Gcm>(memory.data(64, 8));
const key: usize = memory.data(32, 8);
const zeroOctet: usize = ELLIPTIC ? memory.data<u8>([0]) : 0;
const oneOctet: usize = ELLIPTIC ? memory.data<u8>([<u8>AgreementScheme.ONE_PASS]) : 0;
const twoOctet: usize = ELLIPTIC ? memory.data<u8>([<u8>AgreementScheme.STATIC_UNIFIED]) : 0;

if (GCM_KEY_SIZE > 304 || GCM_SIZE > 64) ERROR("scratch holds a key and a message");
if (2 * (1 + STRING_SIZE_MAX) + 2 * (1 + SYSTEM_TITLE_SIZE) + 1 > 96) ERROR("scratch holds a header");

/** Kinds of ciphering as bits of the security control octet. */
function controlOf(c: SecurityContext, type: u32): u32 {
  if (type == ProtectionType.AUTHENTICATION) return SecurityControl.AUTHENTICATED | c.suite;
  if (type == ProtectionType.ENCRYPTION) return SecurityControl.ENCRYPTED | c.suite;
  return SecurityControl.AUTHENTICATED | SecurityControl.ENCRYPTED | c.suite;
}

/** System title of the originator: the client of the association where none is named; 0 when nobody is known. */
function originatorOf(slot: Slot, x: ProtectionElement): u64 {
  if (x.originatorSize == SYSTEM_TITLE_SIZE) return load<u64>(x.originatorAt);
  return x.originatorSize == 0 && slot.clientTitleKnown != 0 ? slot.clientTitle : 0;
}

/** Whether header and key-info of a request's layer can be used: sizes, and the meter as recipient. */
export function dataLayerGood(slot: Slot, c: SecurityContext, x: ProtectionElement): bool {
  if (x.transactionSize > STRING_SIZE_MAX || x.otherSize > STRING_SIZE_MAX || originatorOf(slot, x) == 0) return false;
  return x.recipientSize == 0 || (x.recipientSize == SYSTEM_TITLE_SIZE && load<u64>(x.recipientAt) == c.title);
}

/** The five header fields as they are authenticated; date-time is empty. */
function headerMake(x: ProtectionElement): Reader {
  x.dateTimeSize = 0;
  const w = headerWriter.into(headerOctets, 96);
  generalHeaderEmit(w, x);
  return header.over(headerOctets, w.size);
}

/** Scheme of an agreed key, 0 = none that is known. */
function schemeOf(x: ProtectionElement): u32 {
  return x.keyParametersSize == 1 ? <u32>load<u8>(x.keyParametersAt) : 0;
}

/** Key and lowest counter of a request's layer: the key is ready in the context or in `expanded`. */
function keyOpen(meter: Meter, slot: Slot, c: SecurityContext, x: ProtectionElement, counter: u32): i32 {
  const party = originatorOf(slot, x);
  const isClient = slot.clientTitleKnown != 0 && party == slot.clientTitle;
  if (x.keyInfo == KeyInfo.IDENTIFIED) {
    // Opening the APDU around it has moved the counter of the same key already (as with GMAC in HLS).
    const known = (c.keys & (1 << KeyPart.GUEK)) != 0;
    if (!isClient || !known || x.keyId != 0) return Err.AUTHENTICATION;
    return counter < slot.receiveFloor ? <i32>Err.REPLAY : <i32>Err.OK;
  }
  if (x.keyInfo == KeyInfo.WRAPPED) {
    const good = isClient && x.keyId == 0 && wrappedOpen(meter, c, x.keyDataAt, x.keyDataSize, key);
    return good ? <i32>Err.OK : <i32>Err.AUTHENTICATION;
  }
  if (ELLIPTIC) return agreedOpen(meter, slot, c, x, party, counter);
  return Err.AUTHENTICATION;
}

/** C(1e,1s) or C(0e,2s). The code of suites 1 and 2 is reached through ELLIPTIC alone, so that a build without leaves it out. */
function agreedOpen(meter: Meter, slot: Slot, c: SecurityContext, x: ProtectionElement, party: u64, counter: u32): i32 {
  if (!asymmetric(c)) return Err.AUTHENTICATION;
  if (schemeOf(x) == AgreementScheme.ONE_PASS) {
    const good = onePassOpen(meter, slot, party, x.keyDataAt, x.keyDataSize, key);
    return good ? <i32>Err.OK : <i32>Err.AUTHENTICATION;
  }
  if (schemeOf(x) != AgreementScheme.STATIC_UNIFIED || x.keyDataSize != 0) return Err.AUTHENTICATION;
  const order = transactionJudge(meter, c, party, x.transactionAt, x.transactionSize);
  if (order < 0) return order == Err.MALFORMED ? <i32>Err.AUTHENTICATION : order;
  if (order == TransactionOrder.SAME && counter < transactionLowest(meter, c, party)) return Err.REPLAY;
  const err = staticAgree(meter, slot, party, true, x.transactionAt, x.transactionSize, key);
  return err == Err.OK ? <i32>Err.OK : <i32>Err.AUTHENTICATION;
}

/** Remembers the counter of a layer whose tag has proved it. */
function counterKeep(meter: Meter, slot: Slot, c: SecurityContext, x: ProtectionElement, counter: u32): i32 {
  if (x.keyInfo == KeyInfo.IDENTIFIED)
    return counter < c.receiveLowest ? <i32>Err.OK : receiveAdvance(meter, c, counter, false);
  if (ELLIPTIC) {
    const party = originatorOf(slot, x);
    const isStatic = x.keyInfo == KeyInfo.AGREED && schemeOf(x) == AgreementScheme.STATIC_UNIFIED;
    if (isStatic) return transactionKeep(meter, c, party, x.transactionAt, x.transactionSize, counter + 1);
  }
  return Err.OK;
}

/** The ready key of a layer, wiped by keyForget(). */
function keyReady(c: SecurityContext, x: ProtectionElement): GcmKey {
  if (x.keyInfo == KeyInfo.IDENTIFIED) return c.unicast;
  expanded.expand(key, c.keySize);
  return expanded;
}

function keyForget(): void {
  expanded.wipe();
  Ct.wipe(key, 32);
}

/** The envelope names the same parties and transaction as its parameters. */
function envelopeGood(x: ProtectionElement, y: GeneralSigning): bool {
  return (
    same(x.transactionAt, x.transactionSize, y.transactionAt, y.transactionSize) &&
    same(x.originatorAt, x.originatorSize, y.originatorAt, y.originatorSize) &&
    same(x.recipientAt, x.recipientSize, y.recipientAt, y.recipientSize)
  );
}

function same(a: usize, aSize: u32, b: usize, bSize: u32): bool {
  return aSize == bSize && octetsSame(a, b, aSize);
}

function signedOpen(meter: Meter, slot: Slot, c: SecurityContext, x: ProtectionElement, text: DataText): i32 {
  const y = signing;
  if (!asymmetric(c)) return Err.AUTHENTICATION;
  if (generalSigningParse(header.over(text.at, text.size), y) != Err.OK) return Err.MALFORMED;
  if (!envelopeGood(x, y) || y.signatureSize != signatureSize(c)) return Err.AUTHENTICATION;
  const party = originatorOf(slot, x);
  if (!octetsVerified(meter, slot, party, y.signedAt, y.signedSize, y.signatureAt)) return Err.AUTHENTICATION;
  text.at = y.contentAt;
  text.size = y.contentSize;
  return Err.OK;
}

/**
 * Removes the layer `x` of a request from `text`, in place.
 * @returns 0; Err.MALFORMED, Err.AUTHENTICATION, Err.REPLAY, Err.REPEATED; Err.NO_SPACE when the journal is behind
 */
export function dataLayerOpen(meter: Meter, slot: Slot, x: ProtectionElement, text: DataText): i32 {
  const c = SecurityContext.of(meter, slot.security);
  if (!dataLayerGood(slot, c, x)) return Err.AUTHENTICATION;
  if (x.type == ProtectionType.SIGNATURE) {
    if (ELLIPTIC) return signedOpen(meter, slot, c, x, text);
    return Err.AUTHENTICATION;
  }
  if (text.size < SECURED_HEAD_SIZE) return Err.MALFORMED;
  const control = <u32>load<u8>(text.at);
  const counter = bswap<u32>(load<u32>(text.at + 1));
  const proved = (control & SecurityControl.AUTHENTICATED) != 0;
  if (control != controlOf(c, x.type) || counter == COUNTER_END) return Err.AUTHENTICATION;
  if (proved && (c.keys & (1 << KeyPart.GAK)) == 0) return Err.AUTHENTICATION;
  let err = keyOpen(meter, slot, c, x, counter);
  if (err != Err.OK) return err;
  const at = text.at + <usize>SECURED_HEAD_SIZE;
  const title = originatorOf(slot, x);
  const ak = c.authenticationKey;
  const size = text.size - SECURED_HEAD_SIZE;
  const opened = layerOpen(keyReady(c, x), control, counter, title, ak, c.keySize, headerMake(x), at, size);
  keyForget();
  if (opened < 0) return opened;
  text.at = at;
  text.size = <u32>opened;
  // A text without tag proves nothing, so it moves no counter.
  if (proved) err = counterKeep(meter, slot, c, x, counter);
  return err;
}

/**
 * Turns the layer of a request into that of its answer: titles swapped, the same transaction-id, no other-information. `titles` has room
 * for two, `data` for KEY_DATA_SIZE_MAX octets of the key-info that dataLayerSeal() makes.
 */
export function dataLayerAnswer(
  slot: Slot,
  c: SecurityContext,
  x: ProtectionElement,
  titles: usize,
  data: usize,
): void {
  store<u64>(titles, c.title);
  store<u64>(titles + 8, originatorOf(slot, x));
  x.originatorAt = titles;
  x.recipientAt = titles + 8;
  x.originatorSize = SYSTEM_TITLE_SIZE;
  x.recipientSize = SYSTEM_TITLE_SIZE;
  x.otherSize = 0;
  x.dateTimeSize = 0;
  x.keyDataAt = data;
}

/** Makes key and counter of an answer's layer; the counter to x.invocationCounter. */
function keyMake(meter: Meter, slot: Slot, c: SecurityContext, x: ProtectionElement): i32 {
  x.invocationCounter = COUNTER_FIRST;
  if (x.keyInfo == KeyInfo.IDENTIFIED) {
    const err = transmitTake(meter, c);
    x.keyId = 0;
    x.invocationCounter = c.transmitNext - 1;
    return (c.keys & (1 << KeyPart.GUEK)) != 0 ? err : <i32>Err.STATE;
  }
  if (x.keyInfo == KeyInfo.WRAPPED) {
    x.keyId = 0;
    x.keyDataSize = c.keySize + KEY_WRAP_OVERHEAD;
    return wrappedMake(meter, c, key, x.keyDataAt);
  }
  if (ELLIPTIC) return agreedMake(meter, slot, c, x);
  return Err.STATE;
}

function agreedMake(meter: Meter, slot: Slot, c: SecurityContext, x: ProtectionElement): i32 {
  const party = load<u64>(x.recipientAt);
  if (!asymmetric(c)) return Err.STATE;
  const onePass = schemeOf(x) == AgreementScheme.ONE_PASS;
  x.keyParametersAt = onePass ? oneOctet : twoOctet;
  x.keyParametersSize = 1;
  x.keyDataSize = onePass ? 2 * signatureSize(c) : 0;
  if (onePass) return onePassMake(meter, slot, party, key, x.keyDataAt);
  let err = staticAgree(meter, slot, party, false, x.transactionAt, x.transactionSize, key);
  if (err == Err.OK) err = staticTake(meter, c);
  x.invocationCounter = c.staticNext - 1;
  return err;
}

/** A general-signing envelope; date-time and other-information are one zero octet each, as head-ends in the field write them. */
function signedSeal(meter: Meter, slot: Slot, c: SecurityContext, x: ProtectionElement, text: DataText): i32 {
  if (!asymmetric(c)) return Err.STATE;
  const y = signed;
  memory.copy(changetype<usize>(y), changetype<usize>(x), offsetof<ProtectionElement>());
  y.dateTimeAt = zeroOctet;
  y.dateTimeSize = 1;
  y.otherAt = zeroOctet;
  y.otherSize = 1;
  const w = headerWriter.into(headerOctets, 96);
  w.u8(ApduTag.GENERAL_SIGNING);
  generalHeaderEmit(w, y);
  Axdr.length(w, text.size);
  const size = signatureSize(c);
  x.keyInfo = KeyInfo.IDENTIFIED;
  x.keyId = 0;
  const end = text.at + <usize>text.size;
  text.at -= <usize>w.size;
  text.size += w.size;
  memory.copy(text.at, headerOctets, <usize>w.size);
  store<u8>(end, <u8>size);
  const err = octetsSign(meter, slot.security, text.at + 1, text.size - 1, end + 1);
  text.size += 1 + size;
  return err;
}

/**
 * Puts the layer `x` of an answer (dataLayerAnswer()) around `text`, in place: LAYER_FRONT_MAX octets in front of it and LAYER_BACK_MAX
 * behind it are free. Its key-info is in `x` afterwards.
 * @returns 0; Err.STATE (a key is missing), Err.LIMIT (one is used up), Err.ENTROPY, Err.NO_SPACE
 */
export function dataLayerSeal(meter: Meter, slot: Slot, x: ProtectionElement, text: DataText): i32 {
  const c = SecurityContext.of(meter, slot.security);
  if (x.type == ProtectionType.SIGNATURE) {
    if (ELLIPTIC) return signedSeal(meter, slot, c, x, text);
    return Err.STATE;
  }
  const control = controlOf(c, x.type);
  if ((control & SecurityControl.AUTHENTICATED) != 0 && (c.keys & (1 << KeyPart.GAK)) == 0) return Err.STATE;
  const err = keyMake(meter, slot, c, x);
  if (err != Err.OK) return err;
  const ready = keyReady(c, x);
  const at = text.at;
  const size = text.size;
  layerBegin(gcm, ready, control, x.invocationCounter, c.title, c.authenticationKey, c.keySize, headerMake(x));
  if ((control & SecurityControl.AUTHENTICATED) == 0) {
    gcm.crypt(ready, at, at, size);
  } else if ((control & SecurityControl.ENCRYPTED) == 0) {
    gcm.aad(ready, at, size);
    gcm.seal(ready, at, at, 0, at + <usize>size);
  } else {
    gcm.seal(ready, at, at, size, at + <usize>size);
  }
  keyForget();
  text.at = at - <usize>SECURED_HEAD_SIZE;
  text.size = size + SECURED_HEAD_SIZE + ((control & SecurityControl.AUTHENTICATED) != 0 ? TAG_SIZE : 0);
  store<u8>(text.at, <u8>control);
  store<u32>(text.at + 1, bswap<u32>(x.invocationCounter));
  return Err.OK;
}
