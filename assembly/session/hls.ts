/**
 * High level security with GMAC, mechanism 5 (GB9 9.2.7.4): passes 3 and 4 in reply_to_HLS_authentication.
 * f(challenge) = SC || IC || GMAC(SC || AK || challenge).
 */
import { Err } from "../base/err";
import { TAG_SIZE } from "../base/limits";
import { Reader } from "../base/reader";
import { Writer } from "../base/writer";
import { Ct } from "../crypto/ct";
import { Meter } from "../store/block";
import { Axdr } from "../wire/axdr";
import { SecurityControl } from "../wire/ciphered";
import { Mechanism } from "../wire/names";
import { ActionResult } from "../wire/results";
import { COUNTER_END, receiveAdvance, SecurityContext, transmitTake } from "./keys";
import { layerMac } from "./layer";
import { AssociationState, Slot } from "./slot";

/** Octets of f(challenge). */
const REPLY_SIZE: u32 = 5 + TAG_SIZE;

const reader: Reader = changetype<Reader>(memory.data(offsetof<Reader>(), 8));
const tag: usize = memory.data(16, 8);
const reply: usize = memory.data(24, 8);

if (REPLY_SIZE > 24) ERROR("the reply has 17 octets");

/**
 * Takes f(StoC) from the parameter Data at `at` and writes f(CtoS) as return Data. One attempt only: a wrong value ends the
 * association (security sheet 5.4), which the server sees by its state.
 */
export function hlsReply(meter: Meter, slotIndex: u32, at: usize, size: u32, out: Writer): i32 {
  const slot = Slot.of(meter, slotIndex);
  if (slot.state != AssociationState.ASSOCIATION_PENDING) return ActionResult.READ_WRITE_DENIED;
  const r = reader.over(at, size);
  const value = Axdr.readOctetString(r, REPLY_SIZE);
  const right =
    r.err == Err.OK && r.remaining == 0 && slot.mechanism == Mechanism.HLS_GMAC && clientRight(meter, slot, value);
  if (!right || serverReply(meter, slot, out) != Err.OK) {
    slot.state = AssociationState.NON_ASSOCIATED;
    return ActionResult.READ_WRITE_DENIED;
  }
  slot.state = AssociationState.ASSOCIATED;
  return ActionResult.SUCCESS;
}

/**
 * Checks f(StoC). Its counter is taken from the same key as the APDU around it, with the same or the number before: it
 * must not be below the floor that held before that APDU was opened (sheet 5.4, D10).
 */
function clientRight(meter: Meter, slot: Slot, value: usize): bool {
  const c = SecurityContext.of(meter, slot.security);
  const control = <u32>load<u8>(value);
  const counter = bswap<u32>(load<u32>(value + 1));
  if (control != (SecurityControl.AUTHENTICATED | c.suite)) return false;
  if (slot.clientTitleKnown == 0 || counter < slot.receiveFloor || counter == COUNTER_END) return false;
  const ak = c.authenticationKey;
  layerMac(c.unicast, control, counter, slot.clientTitle, ak, c.keySize, slot.stoc, slot.stocSize, tag);
  if (Ct.equal(tag, value + 5, TAG_SIZE) == 0) return false;
  return counter < c.receiveLowest || receiveAdvance(meter, c, counter, false) == Err.OK;
}

function serverReply(meter: Meter, slot: Slot, out: Writer): i32 {
  const c = SecurityContext.of(meter, slot.security);
  const err = transmitTake(meter, c);
  if (err != Err.OK) return err;
  const counter = c.transmitNext - 1;
  const control = SecurityControl.AUTHENTICATED | c.suite;
  store<u8>(reply, <u8>control);
  store<u32>(reply + 1, bswap<u32>(counter));
  layerMac(c.unicast, control, counter, c.title, c.authenticationKey, c.keySize, slot.ctos, slot.ctosSize, reply + 5);
  Axdr.octetString(out, reply, REPLY_SIZE);
  return Err.OK;
}
