/**
 * High level security, passes 3 and 4 in reply_to_HLS_authentication (GB9 9.2.7.4). f(challenge) by mechanism:
 *
 *   3 MD5, 4 SHA-1   hash(challenge || secret)
 *   5 GMAC           SC || IC || GMAC(SC || AK || challenge)
 *   6 SHA-256        SHA-256(secret || title of the sender || title of the receiver || challenge answered || own challenge)
 *   7 ECDSA          signature over {title of the sender, title of the receiver, challenge answered, own challenge}
 */
import { Err } from "../base/err";
import { OLD_MECHANISMS } from "../base/features";
import { SYSTEM_TITLE_SIZE, TAG_SIZE } from "../base/limits";
import { ELLIPTIC } from "../base/suites";
import { Reader } from "../base/reader";
import { Writer } from "../base/writer";
import { Ct } from "../crypto/ct";
import { Hash, HashKind, HASH_SIZE } from "../crypto/hash";
import { Meter } from "../store/block";
import { NONE, Template } from "../store/template";
import { valueAt, valueSize } from "../store/values";
import { Axdr } from "../wire/axdr";
import { SecurityControl } from "../wire/ciphered";
import { Mechanism } from "../wire/names";
import { ActionResult } from "../wire/results";
import { manufacturerReply } from "./hls_manufacturer";
import { contextHash } from "./key_pair";
import { COUNTER_END, KeyPart, receiveAdvance, SecurityContext, transmitTake } from "./keys";
import { layerMac } from "./layer";
import { SecurityOption, securityOption } from "./options";
import { digestSign, digestVerified, signatureSize } from "./signature";
import { AssociationState, Slot } from "./slot";

/** Octets of f(challenge) with GMAC. */
const GMAC_SIZE: u32 = 5 + TAG_SIZE;
/** The keys it needs, as SecurityContext.keys has them. */
const GMAC_KEYS: u32 = (1 << KeyPart.GUEK) | (1 << KeyPart.GAK);

const reader: Reader = changetype<Reader>(memory.data(offsetof<Reader>(), 8));
const expected: usize = memory.data(48, 8);
const reply: usize = memory.data(96, 8);
const titles: usize = memory.data(16, 8);
const hash: Hash = changetype<Hash>(memory.data(208, 8));

if (GMAC_SIZE > 48 || HASH_SIZE > 208) ERROR("scratch holds a reply and a hash");

/**
 * Takes f(StoC) from the parameter Data at `at` and writes f(CtoS) as return Data. One attempt only: a wrong value ends the
 * association, which the server sees by its state.
 */
export function hlsReply(meter: Meter, slotIndex: u32, at: usize, size: u32, out: Writer): i32 {
  const slot = Slot.of(meter, slotIndex);
  if (slot.state != AssociationState.ASSOCIATION_PENDING) return ActionResult.READ_WRITE_DENIED;
  if (OLD_MECHANISMS && slot.mechanism == <u32>Mechanism.HLS_MANUFACTURER)
    return manufacturerReply(meter, slot, at, size, out);
  const r = reader.over(at, size);
  const wanted = replySize(meter, slot);
  const value = Axdr.readOctetString(r, wanted);
  let good: bool = r.done && wanted != 0;
  if (good && slot.mechanism == <u32>Mechanism.HLS_GMAC) {
    good = gmacRight(meter, slot, value) && gmacReply(meter, slot) == Err.OK;
  } else if (ELLIPTIC && good && slot.mechanism == <u32>Mechanism.HLS_ECDSA) {
    challengesHash(meter, slot, true);
    good = digestVerified(meter, slot, slot.clientTitle, expected, value);
    challengesHash(meter, slot, false);
    good = good && digestSign(meter, slot.security, expected, reply) == Err.OK;
  } else if (good) {
    good = hashed(meter, slot, true, expected) && Ct.equal(expected, value, wanted) != 0;
    if (good) hashed(meter, slot, false, reply);
  }
  if (!good) {
    slot.state = AssociationState.NON_ASSOCIATED;
    return ActionResult.READ_WRITE_DENIED;
  }
  Axdr.octetString(out, reply, wanted);
  slot.state = AssociationState.ASSOCIATED;
  return ActionResult.SUCCESS;
}

/** Octets of f(challenge), 0 for mechanisms this meter does not have. */
function replySize(meter: Meter, slot: Slot): u32 {
  switch (slot.mechanism) {
    case Mechanism.HLS_MD5:
      return OLD_MECHANISMS ? 16 : 0;
    case Mechanism.HLS_SHA1:
      return OLD_MECHANISMS ? 20 : 0;
    case Mechanism.HLS_GMAC:
      return GMAC_SIZE;
    case Mechanism.HLS_SHA256:
      return 32;
    case Mechanism.HLS_ECDSA:
      return ELLIPTIC ? signatureSize(SecurityContext.of(meter, slot.security)) : 0;
    default:
      return 0;
  }
}

/** Writes f(StoC) of the client, or f(CtoS) of the server, to `out`; false when no secret is set. */
function hashed(meter: Meter, slot: Slot, ofClient: bool, out: usize): bool {
  const row = <u32>Template.of().association(slot.association).hlsSecret;
  if (row == NONE || valueSize(meter, row) == 0) return false;
  const secret = valueAt(meter, row);
  const secretSize = valueSize(meter, row);
  if (OLD_MECHANISMS && slot.mechanism != <u32>Mechanism.HLS_SHA256) {
    hash.begin(slot.mechanism == <u32>Mechanism.HLS_MD5 ? HashKind.MD5 : HashKind.SHA1);
    hash.update(ofClient ? slot.stoc : slot.ctos, ofClient ? slot.stocSize : slot.ctosSize);
    hash.update(secret, secretSize);
    hash.finish(out);
    return true;
  }
  hash.begin(HashKind.SHA256);
  hash.update(secret, secretSize);
  titlesAndChallenges(meter, slot, ofClient);
  hash.finish(out);
  return true;
}

/** Hashes titles and challenges as the client's answer, or the server's, has them. */
function titlesAndChallenges(meter: Meter, slot: Slot, ofClient: bool): void {
  const own = SecurityContext.of(meter, slot.security).title;
  store<u64>(titles, ofClient ? slot.clientTitle : own);
  store<u64>(titles + 8, ofClient ? own : slot.clientTitle);
  hash.update(titles, 2 * SYSTEM_TITLE_SIZE);
  hash.update(ofClient ? slot.stoc : slot.ctos, ofClient ? slot.stocSize : slot.ctosSize);
  hash.update(ofClient ? slot.ctos : slot.stoc, ofClient ? slot.ctosSize : slot.stocSize);
}

/** The digest that HLS-ECDSA signs, with the hash of the suite, to `expected`. */
function challengesHash(meter: Meter, slot: Slot, ofClient: bool): void {
  hash.begin(contextHash(SecurityContext.of(meter, slot.security)));
  titlesAndChallenges(meter, slot, ofClient);
  hash.finish(expected);
}

/**
 * Checks f(StoC). Its counter is taken from the same key as the APDU around it, with the same or the number before: it
 * must not be below the floor that held before that APDU was opened.
 */
function gmacRight(meter: Meter, slot: Slot, value: usize): bool {
  const c = SecurityContext.of(meter, slot.security);
  const control = <u32>load<u8>(value);
  const counter = bswap<u32>(load<u32>(value + 1));
  if (control != (SecurityControl.AUTHENTICATED | c.suite) || (c.keys & GMAC_KEYS) != GMAC_KEYS) return false;
  const floor = slot.receiveFloor;
  if (slot.clientTitleKnown == 0 || counter < floor || counter == COUNTER_END) return false;
  // The APDU around it, if there was one, has moved the counter already.
  if (securityOption(SecurityOption.HLS_COUNTER_OWN) && counter + 1 == c.receiveLowest) return false;
  const ak = c.authenticationKey;
  layerMac(c.unicast, control, counter, slot.clientTitle, ak, c.keySize, slot.stoc, slot.stocSize, expected);
  if (Ct.equal(expected, value + 5, TAG_SIZE) == 0) return false;
  return counter < c.receiveLowest || receiveAdvance(meter, c, counter, false) == Err.OK;
}

/** Makes f(CtoS) with a counter of its own. */
function gmacReply(meter: Meter, slot: Slot): i32 {
  const c = SecurityContext.of(meter, slot.security);
  const err = transmitTake(meter, c);
  if (err != Err.OK) return err;
  const counter = c.transmitNext - 1;
  const control = SecurityControl.AUTHENTICATED | c.suite;
  store<u8>(reply, <u8>control);
  store<u32>(reply + 1, bswap<u32>(counter));
  layerMac(c.unicast, control, counter, c.title, c.authenticationKey, c.keySize, slot.ctos, slot.ctosSize, reply + 5);
  return Err.OK;
}
