/**
 * What an association keeps besides its slot's head: keys of general-ciphering that were established within it, one for each
 * direction with the client and with one third party at a time, and the client's signing key as the AARQ brought it. All of it ends
 * with the association (GB9 9.2.3.3.8: session keys).
 */
import { Ct } from "../crypto/ct";
import { KEY_SIZE_MAX } from "../base/limits";
import { ELLIPTIC } from "../base/suites";
import { SLOT_SESSION_SIZE } from "../store/layout";
import { Slot } from "./slot";

/** How a session key came to be, which is also how the answering direction gets its own. */
export const enum KeyOrigin {
  NONE = 0,
  WRAPPED = 1,
  ONE_PASS = 2,
  STATIC_UNIFIED = 3,
}

/** Octets of a SessionKey with its key behind it. */
const SESSION_KEY_SIZE: u32 = 48;
const SIGNING_KEY_SIZE: u32 = ELLIPTIC ? 96 : 0;

@unmanaged
export class SessionKey {
  /** System title of the partner. */
  party: u64;
  /** KeyOrigin; NONE = no key. */
  origin: u32;
  /** Lowest counter accepted, or next one to send. */
  counter: u32;

  // key[32] follows.

  @inline
  get key(): usize {
    return changetype<usize>(this) + offsetof<SessionKey>();
  }
}

@unmanaged
export class SlotSession {
  /** Something has been kept since the association began. */
  touched: u32;
  /** 1 = the client's signing key is known from its certificate in the AARQ. */
  signingKeyKnown: u32;

  // SessionKey of {client, third party} x {received, sent}, then the signing key.

  @inline
  static of(slot: Slot): SlotSession {
    return changetype<SlotSession>(slot.session);
  }

  @inline
  private at(index: u32): SessionKey {
    return changetype<SessionKey>(
      changetype<usize>(this) + offsetof<SlotSession>() + <usize>(index * SESSION_KEY_SIZE),
    );
  }

  @inline
  get signingKey(): usize {
    return changetype<usize>(this) + offsetof<SlotSession>() + <usize>(4 * SESSION_KEY_SIZE);
  }

  /** The place of a direction's key: of the client, or of whichever third party has it. */
  place(isClient: bool, sent: bool): SessionKey {
    return this.at((isClient ? 0 : 2) + (sent ? 1 : 0));
  }

  /** The key of a direction with `party`, 0 = none. */
  find(party: u64, isClient: bool, sent: bool): SessionKey | null {
    const k = this.place(isClient, sent);
    return k.origin != KeyOrigin.NONE && k.party == party ? k : null;
  }

  /** Keeps a key of `size` octets; the one before it is forgotten. */
  keep(party: u64, isClient: bool, sent: bool, origin: KeyOrigin, counter: u32, key: usize, size: u32): void {
    const k = this.place(isClient, sent);
    this.touched = 1;
    Ct.wipe(k.key, KEY_SIZE_MAX);
    k.party = party;
    k.origin = origin;
    k.counter = counter;
    memory.copy(k.key, key, <usize>size);
  }
}

if (offsetof<SessionKey>() + KEY_SIZE_MAX != SESSION_KEY_SIZE) ERROR("a session key has SESSION_KEY_SIZE octets");
if (offsetof<SlotSession>() + 4 * SESSION_KEY_SIZE + SIGNING_KEY_SIZE > SLOT_SESSION_SIZE)
  ERROR("the session of a slot has SLOT_SESSION_SIZE octets");
