/**
 * Security setup, class_id 64, versions 0 and 1. Keys are reached through its methods only. Certificates and key pairs are those of
 * version 1 in suite 1 or 2 (security_certificates.ts).
 */
import { Err } from "../../base/err";
import { ELLIPTIC } from "../../base/suites";
import { Writer } from "../../base/writer";
import { EventCode, eventRaise } from "../../meter/events";
import { keyAgreement } from "../../session/key_agreement";
import { keyTransfer } from "../../session/key_transfer";
import { certificateRow } from "../../session/certificates";
import { contextOf, policyOf, SecurityContext, Stale } from "../../session/keys";
import { Slot } from "../../session/slot";
import { changeValue } from "../../store/change";
import { NONE } from "../../store/template";
import { Axdr } from "../../wire/axdr";
import { ActionResult, DataAccessResult } from "../../wire/results";
import { Ask, Caller, PLAIN } from "../ask";
import {
  certificateExported,
  certificateImported,
  certificateRemoved,
  certificatesGet,
  keyPairRequested,
  requestRequested,
} from "./security_certificates";

/** Bits of security_policy that a suite can serve: authentication and encryption, both ways; signatures from suite 1 on. */
const POLICY_SUITE_0: u32 = 0x6c;
const POLICY_SIGNED: u32 = 0xfc;
/** Highest policy of version 0: everything authenticated and encrypted. */
const POLICY_VERSION_0_MAX: u32 = 3;

const titleOctets: usize = memory.data(8, 8);

export function securitySetupGet(ask: Ask, out: Writer): i32 {
  switch (ask.attribute) {
    case 4: // client_system_title: of the association that asks, where it is known and this is its context
      return clientTitleGet(ask, out);
    case 6: // certificates: none in suite 0
      if (ELLIPTIC) {
        if (paired(ask)) return certificatesGet(ask, contextOf(ask.object));
      }
      return PLAIN;
    default: // security_policy, security_suite, server_system_title
      return PLAIN;
  }
}

function clientTitleGet(ask: Ask, out: Writer): i32 {
  const slot = Slot.of(ask.meter, ask.slot);
  const own = ask.caller == Caller.ASSOCIATION && slot.clientTitleKnown != 0 && slot.security == contextOf(ask.object);
  if (!own) return PLAIN;
  store<u64>(titleOctets, slot.clientTitle);
  Axdr.octetString(out, titleOctets, 8);
  return DataAccessResult.SUCCESS;
}

/** Whether the object keeps key pairs and certificates: suite 1 or 2. */
function paired(ask: Ask): bool {
  const context = contextOf(ask.object);
  return context != NONE && certificateRow(ask.meter, context, 0) != NONE;
}

export function securitySetupInvoke(ask: Ask, out: Writer): i32 {
  switch (ask.attribute) {
    case 1: // security_activate
      return securityActivate(ask);
    case 2: // key_transfer, in version 0 global_key_transfer
      return keysTransfer(ask);
    default:
      if (ELLIPTIC) {
        if (paired(ask)) return pairedInvoke(ask, contextOf(ask.object), out);
      }
      return ActionResult.OBJECT_UNAVAILABLE;
  }
}

/** Methods of suites 1 and 2. */
function pairedInvoke(ask: Ask, context: u32, out: Writer): i32 {
  switch (ask.attribute) {
    case 3: // key_agreement
      return keysAgree(ask, context, out);
    case 4: // generate_key_pair
      return keyPairRequested(ask, context);
    case 5: // generate_certificate_request
      return requestRequested(ask, context, out);
    case 6: // import_certificate
      return certificateImported(ask, context);
    case 7: // export_certificate
      return certificateExported(ask, context, out);
    case 8: // remove_certificate
      return certificateRemoved(ask, context);
    default:
      return ActionResult.OBJECT_UNAVAILABLE;
  }
}

/** As keysTransfer(), for keys that are agreed. */
function keysAgree(ask: Ask, context: u32, out: Writer): i32 {
  if (ask.caller != Caller.ASSOCIATION) return ActionResult.READ_WRITE_DENIED;
  const slot = Slot.of(ask.meter, ask.slot);
  const result = keyAgreement(ask.meter, slot, context, ask.dataAt, ask.dataSize, out);
  if (result == ActionResult.SUCCESS) eventRaise(ask.meter, EventCode.KEYS_CHANGED);
  return result;
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
  const r = ask.data;
  const policy = Axdr.readEnum(r);
  if (!r.done) return ActionResult.TYPE_UNMATCHED;
  const context = contextOf(ask.object);
  const row = ask.rowOf(2);
  if (context == NONE || row == NONE) return ActionResult.OBJECT_UNAVAILABLE;
  const c = SecurityContext.of(ask.meter, context);
  const version = <u32>ask.row.version;
  if (version == 0 && policy > POLICY_VERSION_0_MAX) return ActionResult.READ_WRITE_DENIED;
  const wanted = policyOf(version, policy);
  const possible = c.suite == 0 ? POLICY_SUITE_0 : POLICY_SIGNED;
  if ((wanted & ~possible) != 0 || (c.policy & ~wanted) != 0) return ActionResult.READ_WRITE_DENIED;
  if (changeValue(ask.meter, row, ask.dataAt, ask.dataSize) != Err.OK) return ActionResult.TEMPORARY_FAILURE;
  // The answer still goes out under the old policy.
  c.stale |= Stale.VALUES;
  return ActionResult.SUCCESS;
}
