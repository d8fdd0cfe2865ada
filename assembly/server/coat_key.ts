/**
 * Keys and counters of the layers of a response (GB9 9.2.7.2). A response has its own key-info: what protects the request protects only
 * its direction. So a wrapped key is answered with a wrapped key, an agreed one with one agreed by the same scheme; without key-info the
 * key sent before goes on.
 */
import { Err } from "../base/err";
import { ELLIPTIC } from "../base/suites";
import { KEY_WRAP_OVERHEAD } from "../crypto/keywrap";
import { AgreementScheme } from "../session/agreement";
import { onePassMake, staticAgree, wrappedMake } from "../session/key_info";
import { COUNTER_END, COUNTER_FIRST, SecurityContext, transmitTake } from "../session/keys";
import { signatureSize } from "../session/signature";
import { Slot } from "../session/slot";
import { KeyOrigin, SessionKey, SlotSession } from "../session/slot_session";
import { staticTake } from "../session/transactions";
import { Meter } from "../store/block";
import { CipherFamily } from "../wire/ciphered";
import { GeneralCiphering, KeyInfo } from "../wire/general_ciphering";
import { CoatLayer } from "./coat";
import { isDedicated } from "./layer_open";
import { KeySource, Layer, Layers } from "./layers";

/** Wrapped key, or ephemeral key and its signature: what key-info of the layer being made holds. */
const keyData: usize = memory.data(192, 8);
const parameters: usize = memory.data(1);

/** Whether a general-ciphering layer goes on with the key sent before. */
function goesOn(slot: Slot, r: Layer): SessionKey | null {
  return r.keyInfo == KeyInfo.NONE ? SlotSession.of(slot).find(r.originator, r.isClient, true) : null;
}

/** Fills the key-info of a general-ciphering layer; its octets are those of the last coatKeyTake(). */
export function coatKeyShape(slot: Slot, c: SecurityContext, x: CoatLayer, out: GeneralCiphering): void {
  const r = Layers.at(x.mirrors);
  out.keyInfo = KeyInfo.NONE;
  out.keyId = 0;
  if (x.isEmpty || r.isSigned) return;
  if (r.source != KeySource.SESSION) {
    out.keyInfo = KeyInfo.IDENTIFIED;
    return;
  }
  if (x.source != KeySource.SESSION && goesOn(slot, r) != null) return;
  if (x.source == KeySource.SESSION && x.fresh == 0) return;
  out.keyDataAt = keyData;
  if (!ELLIPTIC || r.origin == KeyOrigin.WRAPPED) {
    out.keyInfo = KeyInfo.WRAPPED;
    out.keyDataSize = c.keySize + KEY_WRAP_OVERHEAD;
    return;
  }
  const onePass = r.origin == KeyOrigin.ONE_PASS;
  out.keyInfo = KeyInfo.AGREED;
  store<u8>(parameters, <u8>(onePass ? AgreementScheme.ONE_PASS : AgreementScheme.STATIC_UNIFIED));
  out.keyParametersAt = parameters;
  out.keyParametersSize = 1;
  out.keyDataSize = onePass ? 2 * signatureSize(c) : 0;
}

/** Takes the next counter of the global key. */
function globalTake(meter: Meter, c: SecurityContext, x: CoatLayer): i32 {
  const err = transmitTake(meter, c);
  x.source = KeySource.UNICAST;
  x.counter = c.transmitNext - 1;
  return err;
}

function dedicatedTake(slot: Slot, c: SecurityContext, x: CoatLayer): i32 {
  if (slot.dedicatedTransmit == COUNTER_END) return Err.LIMIT;
  memory.copy(x.key, slot.dedicatedKey, <usize>c.keySize);
  x.counter = slot.dedicatedTransmit++;
  return Err.OK;
}

function freshMake(meter: Meter, slot: Slot, c: SecurityContext, x: CoatLayer, r: Layer): i32 {
  if (ELLIPTIC && r.origin == KeyOrigin.ONE_PASS) return onePassMake(meter, slot, r.originator, x.key, keyData);
  // Its counters never come twice, since the key may.
  if (ELLIPTIC && r.origin == KeyOrigin.STATIC_UNIFIED)
    return staticAgree(meter, slot, r.originator, false, r.transactionAt, r.transactionSize, x.key);
  return wrappedMake(meter, c, x.key, keyData);
}

/** Counter of a session key whose next one is `next`; those of C(0e,2s) come from the one durable row. */
function sessionCounter(meter: Meter, c: SecurityContext, x: CoatLayer, origin: u32, next: u32): i32 {
  x.counter = next;
  if (next == COUNTER_END) return Err.LIMIT;
  if (!ELLIPTIC || origin != KeyOrigin.STATIC_UNIFIED) return Err.OK;
  const err = staticTake(meter, c);
  x.counter = c.staticNext - 1;
  return err;
}

function sessionTake(meter: Meter, slot: Slot, c: SecurityContext, x: CoatLayer, r: Layer): i32 {
  const kept = goesOn(slot, r);
  x.source = KeySource.SESSION;
  x.fresh = kept == null ? 1 : 0;
  if (kept != null) {
    memory.copy(x.key, kept.key, <usize>c.keySize);
    return sessionCounter(meter, c, x, kept.origin, kept.counter++);
  }
  let err = freshMake(meter, slot, c, x, r);
  if (err == Err.OK) err = sessionCounter(meter, c, x, r.origin, COUNTER_FIRST);
  if (err != Err.OK) return err;
  const next = COUNTER_FIRST + 1;
  SlotSession.of(slot).keep(r.originator, r.isClient, true, r.origin, next, x.key, c.keySize);
  return Err.OK;
}

/**
 * Takes counter and key of a layer of the response.
 * @returns 0; Err.LIMIT (a key is used up), Err.NO_SPACE (the journal is behind), Err.ENTROPY, Err.STATE (a key is missing)
 */
export function coatKeyTake(meter: Meter, slot: Slot, c: SecurityContext, x: CoatLayer): i32 {
  if (x.isSigned || x.isEmpty) return Err.OK;
  if (isDedicated(x.kind)) return dedicatedTake(slot, c, x);
  if (x.kind != CipherFamily.GENERAL) return globalTake(meter, c, x);
  const r = Layers.at(x.mirrors);
  return r.source == KeySource.SESSION ? sessionTake(meter, slot, c, x, r) : globalTake(meter, c, x);
}
