/**
 * Security contexts: one per Security setup object, with its keys made ready and its invocation counters (Blue Book,
 * class 64; GB9 9.2.3.3.7). Keys and counters are hidden values of the object; here stand their working copies.
 *
 * Counters are reserved ahead: the journal holds an upper bound, and a restart goes on from it, so that no counter is ever
 * used or accepted twice. A power-down that announces itself writes them exactly.
 */
import { Err } from "../base/err";
import { KEY_SIZE_MAX, SYSTEM_TITLE_SIZE } from "../base/limits";
import { ELLIPTIC, SUITE_MAX } from "../base/suites";
import { GcmKey, GCM_KEY_SIZE } from "../crypto/gcm";
import { Meter } from "../store/block";
import { changeValue } from "../store/change";
import { journalDoubtful } from "../store/journal";
import { SECURITY_CONTEXT_SIZE } from "../store/layout";
import { NONE, Template } from "../store/template";
import { rowOf, valueAt, valueIsStored, valueSize } from "../store/values";
import { SecurityOption, securityOption } from "./options";

/** Parts of the hidden attribute 0 of a Security setup object. */
export const enum KeyPart {
  GUEK = 0,
  GBEK = 1,
  GAK = 2,
  MASTER = 3,
  TRANSMIT = 4,
  RECEIVE = 5,
  RECEIVE_BROADCAST = 6,
}

/** Counters written ahead: how many may be used before the next record. */
const TRANSMIT_AHEAD: u32 = 1000;
const RECEIVE_AHEAD: u32 = 64;
/** Added at boot when the end of the journal was torn or parts of it are lost: reservations may be among them. */
const TRANSMIT_DOUBT: u32 = 65536;
/** First counter sent under a new key (decision 15). */
export const COUNTER_FIRST: u32 = 1;
/** Lowest counter taken under a new key (sheet D9: some clients begin with 0, others want it never used). */
export function counterLowest(): u32 {
  return securityOption(SecurityOption.COUNTER_FROM_ONE) ? 1 : 0;
}
/** The value at which a key is used up. */
export const COUNTER_END: u32 = 0xffffffff;
/** Milliseconds from 1970 to 2000: a meter without state starts its counter with the time (decision 15). */
const EPOCH_2000: f64 = 946684800000;

/** What a change has made old in a working copy. */
export const enum Stale {
  /** Keys or policy. */
  VALUES = 1,
  UNICAST_COUNTERS = 2,
  BROADCAST_COUNTER = 4,
}

@unmanaged
export class SecurityContext {
  /** Template index of the Security setup object. */
  object: u32;
  suite: u32;
  /** security_policy, bits of version 1. */
  policy: u32;
  /** Keeps the counters, and with them SECURITY_CONTEXT_SIZE, where snapshots have them. */
  reserved: u32;
  // Three pairs in the order of KeyPart, for counterAt().
  /** Next counter to send, and the bound in the journal. */
  transmitNext: u32;
  transmitBound: u32;
  /** Lowest counter accepted, and the bound in the journal. */
  receiveLowest: u32;
  receiveBound: u32;
  broadcastLowest: u32;
  broadcastBound: u32;
  /** Own system title. */
  title: u64;
  /** Requests that failed to open since boot. */
  failures: u32;
  /** New values stand in the journal (Stale); they are taken when the response to their change has been sealed. */
  stale: u32;
  /** How often the certificates have changed since boot, so that a list of them under way notices. */
  certificateChanges: u32;
  /** Bit n: key n of KeyPart has been set. A key that nobody set opens and seals nothing. */
  keys: u32;
  /** Next counter to send under keys of C(0e,2s), and the bound in the journal (session/transactions.ts). */
  staticNext: u32;
  staticBound: u32;

  // authentication key[32], unicast GcmKey, broadcast GcmKey follow.

  @inline
  static of(meter: Meter, context: u32): SecurityContext {
    return changetype<SecurityContext>(meter.security(context));
  }

  /** Octets of its keys. */
  get keySize(): u32 {
    return ELLIPTIC && this.suite == 2 ? 32 : 16;
  }

  @inline
  get authenticationKey(): usize {
    return changetype<usize>(this) + offsetof<SecurityContext>();
  }

  @inline
  get unicast(): GcmKey {
    return changetype<GcmKey>(this.authenticationKey + <usize>KEY_SIZE_MAX);
  }

  @inline
  get broadcast(): GcmKey {
    return changetype<GcmKey>(this.authenticationKey + <usize>(KEY_SIZE_MAX + GCM_KEY_SIZE));
  }
}

if (offsetof<SecurityContext>() + KEY_SIZE_MAX + 2 * GCM_KEY_SIZE > SECURITY_CONTEXT_SIZE)
  ERROR("a security context has SECURITY_CONTEXT_SIZE octets");

const counterOctets: usize = memory.data(4, 4);
/** What stands for a key that nobody set; SecurityContext.keys keeps it from being used. */
const noKey: usize = memory.data(32, 8);

/** A hidden counter, big-endian; `otherwise` when nothing is stored. */
function counterRead(meter: Meter, object: u32, part: KeyPart, otherwise: u32): u32 {
  const row = rowOf(object, 0, part);
  if (row == NONE || !valueIsStored(meter, row) || valueSize(meter, row) != 4) return otherwise;
  return bswap<u32>(load<u32>(valueAt(meter, row)));
}

function counterWrite(meter: Meter, object: u32, part: KeyPart, value: u32): i32 {
  const row = rowOf(object, 0, part);
  if (row == NONE) return Err.STATE;
  store<u32>(counterOctets, bswap<u32>(value));
  return changeValue(meter, row, counterOctets, 4);
}

/** An enum attribute {16 vv}. */
function enumRead(meter: Meter, object: u32, attribute: i32): u32 {
  const row = rowOf(object, attribute, 0);
  return row != NONE && valueSize(meter, row) == 2 ? load<u8>(valueAt(meter, row) + 1) : 0;
}

/**
 * security_policy as bits of version 1. Version 0 counts 0 nothing, 1 authenticated, 2 encrypted, 3 both, each for requests and
 * responses.
 */
export function policyOf(version: u32, value: u32): u32 {
  if (version != 0) return value;
  return (value & 1 ? 0x24 : 0) | (value & 2 ? 0x48 : 0);
}

/** Whether a key of `size` octets has been set. */
export function keyKnown(meter: Meter, object: u32, part: KeyPart, size: u32): bool {
  const row = rowOf(object, 0, part);
  return row != NONE && valueSize(meter, row) == size;
}

/** Address of a key; zeros when none is provisioned. */
export function keyAt(meter: Meter, object: u32, part: KeyPart, size: u32): usize {
  const row = rowOf(object, 0, part);
  return row != NONE && valueSize(meter, row) == size ? valueAt(meter, row) : noKey;
}

/** Takes policy, suite, title and keys of the object from its values: at boot and after each change of them. */
export function contextLoad(meter: Meter, context: u32, object: u32): void {
  const c = SecurityContext.of(meter, context);
  c.object = object;
  c.policy = policyOf(Template.of().object(object).version, enumRead(meter, object, 2));
  c.suite = enumRead(meter, object, 3);
  c.keys = 0;
  for (let part: u32 = KeyPart.GUEK; part <= <u32>KeyPart.MASTER; part++) {
    // A suite that this build does not carry has no keys, so nothing opens.
    if (c.suite <= SUITE_MAX && keyKnown(meter, object, part, c.keySize)) c.keys |= 1 << part;
  }
  const title = rowOf(object, 5, 0);
  if (title != NONE && valueSize(meter, title) == 2 + SYSTEM_TITLE_SIZE) c.title = load<u64>(valueAt(meter, title) + 2);
  memory.copy(c.authenticationKey, keyAt(meter, object, KeyPart.GAK, c.keySize), <usize>c.keySize);
  c.unicast.expand(keyAt(meter, object, KeyPart.GUEK, c.keySize), c.keySize);
  c.broadcast.expand(keyAt(meter, object, KeyPart.GBEK, c.keySize), c.keySize);
}

/** First counter of a meter without state: the time, so that no restart repeats a nonce (decision 15). */
export function counterStart(meter: Meter): u32 {
  const seconds = (meter.meterTime - EPOCH_2000) / 1000;
  return seconds > 1 && seconds < 4294967294 ? <u32>(<i64>seconds) : 1;
}

/** Address of a counter; the bound of it in the journal stands behind. */
function counterAt(c: SecurityContext, part: KeyPart): usize {
  return (
    changetype<usize>(c) + offsetof<SecurityContext>("transmitNext") + ((<usize>(<u32>part - KeyPart.TRANSMIT)) << 3)
  );
}

function counterSet(c: SecurityContext, part: KeyPart, value: u32): void {
  const at = counterAt(c, part);
  store<u32>(at, value);
  store<u32>(at, value, 4);
}

/** Where a counter goes on whose reserved bound is `kept`. */
export function counterRestart(meter: Meter, kept: u32, transmit: bool): u32 {
  return journalDoubtful(meter) ? ahead(kept, transmit ? TRANSMIT_DOUBT : RECEIVE_AHEAD) : kept;
}

/** Takes the counters from the journal, at boot. */
export function countersLoad(meter: Meter, context: u32): void {
  const c = SecurityContext.of(meter, context);
  for (let part: i32 = KeyPart.TRANSMIT; part <= KeyPart.RECEIVE_BROADCAST; part++) {
    const transmit = part == KeyPart.TRANSMIT;
    const first = transmit ? counterStart(meter) : counterLowest();
    counterSet(c, part, counterRestart(meter, counterRead(meter, c.object, part, first), transmit));
  }
}

/** `value` + `ahead`, never beyond the end. */
function ahead(value: u32, by: u32): u32 {
  return value > COUNTER_END - by ? COUNTER_END : value + by;
}

/**
 * Takes the next counter to send with, reserving ahead. It is in `c.transmitNext - 1` afterwards.
 * @returns 0; Err.LIMIT when the key is used up; Err.NO_SPACE when the journal is behind
 */
export function transmitTake(meter: Meter, c: SecurityContext): i32 {
  if (c.transmitNext == COUNTER_END) return Err.LIMIT;
  if (c.transmitNext >= c.transmitBound) {
    const bound = ahead(c.transmitNext, TRANSMIT_AHEAD);
    const err = counterWrite(meter, c.object, KeyPart.TRANSMIT, bound);
    if (err != Err.OK) return err;
    c.transmitBound = bound;
  }
  c.transmitNext++;
  return Err.OK;
}

/** Moves the lowest acceptable counter behind `counter`, whose tag has been checked. Same errors as transmitTake(). */
export function receiveAdvance(meter: Meter, c: SecurityContext, counter: u32, broadcast: bool): i32 {
  const part = broadcast ? KeyPart.RECEIVE_BROADCAST : KeyPart.RECEIVE;
  const at = counterAt(c, part);
  const lowest = counter + 1;
  if (lowest > load<u32>(at, 4)) {
    const next = ahead(lowest, RECEIVE_AHEAD);
    const err = counterWrite(meter, c.object, part, next);
    if (err != Err.OK) return err;
    store<u32>(at, next, 4);
  }
  store<u32>(at, lowest);
  return Err.OK;
}

/** Writes the counters as they stand: the power is about to fail, and a restart shall leave no gap. */
export function countersExact(meter: Meter, context: u32): void {
  const c = SecurityContext.of(meter, context);
  for (let part: i32 = KeyPart.TRANSMIT; part <= KeyPart.RECEIVE_BROADCAST; part++) {
    const at = counterAt(c, part);
    const value = load<u32>(at);
    if (load<u32>(at, 4) != value && counterWrite(meter, c.object, part, value) == Err.OK) store<u32>(at, value, 4);
  }
}

/** Whether new keys or a new policy wait to be taken. */
export function contextsStale(meter: Meter): bool {
  for (let i: u32 = 0; i < <u32>Template.of().securityCount; i++) {
    if (SecurityContext.of(meter, i).stale != 0) return true;
  }
  return false;
}

/**
 * Takes keys that a transfer has changed: from the next request on they count, with counters from the start.
 * @returns bit n: the unicast key of context n is another one
 */
export function contextsRefresh(meter: Meter): u32 {
  let renewed: u32 = 0;
  for (let i: u32 = 0; i < <u32>Template.of().securityCount; i++) {
    const c = SecurityContext.of(meter, i);
    if (c.stale == 0) continue;
    contextLoad(meter, i, c.object);
    if (c.stale & Stale.UNICAST_COUNTERS) {
      counterSet(c, KeyPart.TRANSMIT, COUNTER_FIRST);
      counterSet(c, KeyPart.RECEIVE, counterLowest());
      renewed |= 1 << i;
    }
    if (c.stale & Stale.BROADCAST_COUNTER) counterSet(c, KeyPart.RECEIVE_BROADCAST, counterLowest());
    c.stale = 0;
  }
  return renewed;
}

/** Number of the security context of a Security setup object, NONE when it has none. */
export function contextOf(object: u32): u32 {
  return object == NONE ? NONE : <u32>Template.of().object(object).instance;
}

/** Makes all contexts of the meter ready. */
export function contextsBoot(meter: Meter): void {
  const t = Template.of();
  for (let i: u32 = 0; i < <u32>t.objectCount; i++) {
    const o = t.object(i);
    if (o.classId != 64 || <u32>o.instance == NONE) continue;
    contextLoad(meter, o.instance, i);
    countersLoad(meter, o.instance);
  }
}
