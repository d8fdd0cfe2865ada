/** Security setup, class_id 64, version 1. Keys are reached through its methods only. */
import { Err } from "../../base/err";
import { Reader } from "../../base/reader";
import { Writer } from "../../base/writer";
import { EventCode, eventRaise } from "../../meter/events";
import { keyTransfer } from "../../session/key_transfer";
import { contextOf, SecurityContext, Stale } from "../../session/keys";
import { Slot } from "../../session/slot";
import { changeValue } from "../../store/change";
import { NONE } from "../../store/template";
import { rowOf } from "../../store/values";
import { Axdr } from "../../wire/axdr";
import { ActionResult, DataAccessResult } from "../../wire/results";
import { Ask, Caller } from "../ask";
import { plainGet } from "../plain";

/** Bits of security_policy that suite 0 can serve: authentication and encryption, both ways. */
const POLICY_SUITE_0: u32 = 0x6c;

const reader: Reader = changetype<Reader>(memory.data(offsetof<Reader>(), 8));
const titleOctets: usize = memory.data(8, 8);

export function securitySetupGet(ask: Ask, out: Writer): i32 {
  switch (ask.attribute) {
    case 4: // client_system_title: of the association that asks, where it is known
      return clientTitleGet(ask, out);
    default: // security_policy, security_suite, server_system_title, certificates
      return plainGet(ask, out);
  }
}

function clientTitleGet(ask: Ask, out: Writer): i32 {
  const slot = Slot.of(ask.meter, ask.slot);
  if (ask.caller != Caller.ASSOCIATION || slot.clientTitleKnown == 0) return plainGet(ask, out);
  store<u64>(titleOctets, slot.clientTitle);
  Axdr.octetString(out, titleOctets, 8);
  return DataAccessResult.SUCCESS;
}

export function securitySetupInvoke(ask: Ask, out: Writer): i32 {
  switch (ask.attribute) {
    case 1: // security_activate
      return securityActivate(ask);
    case 2: // key_transfer
      return keysTransfer(ask);
    default:
      return ActionResult.OBJECT_UNAVAILABLE;
  }
}

/** Logged as event 48; the keys count from the next request on. */
function keysTransfer(ask: Ask): i32 {
  const context = contextOf(ask.object);
  if (context == NONE) return ActionResult.OBJECT_UNAVAILABLE;
  const result = keyTransfer(ask.meter, context, ask.dataAt, ask.dataSize);
  if (result == ActionResult.SUCCESS) eventRaise(ask.meter, EventCode.KEYS_CHANGED);
  return result;
}

/** The new policy may only add protection (decision 11). It holds from the next request on. */
function securityActivate(ask: Ask): i32 {
  const r = reader.over(ask.dataAt, ask.dataSize);
  const policy = Axdr.readEnum(r);
  if (r.err != Err.OK || r.remaining != 0) return ActionResult.TYPE_UNMATCHED;
  const context = contextOf(ask.object);
  const row = rowOf(ask.object, 2, 0);
  if (context == NONE || row == NONE) return ActionResult.OBJECT_UNAVAILABLE;
  const present = SecurityContext.of(ask.meter, context).policy;
  if ((policy & ~POLICY_SUITE_0) != 0 || (present & ~policy) != 0) return ActionResult.READ_WRITE_DENIED;
  if (changeValue(ask.meter, row, ask.dataAt, ask.dataSize) != Err.OK) return ActionResult.TEMPORARY_FAILURE;
  // The answer still goes out under the old policy.
  SecurityContext.of(ask.meter, context).stale |= Stale.VALUES;
  return ActionResult.SUCCESS;
}
