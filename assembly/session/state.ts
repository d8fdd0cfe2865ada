/**
 * What the session room keeps of a whole meter, in the block (SESSION_AT):
 *
 *   0    drbg    Drbg
 *   128  events  f64 x 3: when an event of each kind was raised last (guard.ts)
 *   152  counts  u8 x 8: how often the cause of an event of each kind came since the last one (guard.ts)
 *   160  guards  {failures u32, until u32} of each association (guard.ts)
 */
import { ASSOCIATIONS_MAX } from "../base/limits";
import { Drbg, DRBG_SIZE } from "../crypto/drbg";
import { Meter } from "../store/block";
import { SESSION_AT, SESSION_SIZE } from "../store/layout";

const EVENTS_AT: usize = 128;
const COUNTS_AT: usize = 152;
const GUARDS_AT: usize = 160;

@unmanaged
export class SessionState {
  /** The generator's first octets; everything here is reached by its place. */
  private drbg0: u64;

  @inline
  static of(meter: Meter): SessionState {
    return changetype<SessionState>(meter.area(SESSION_AT));
  }

  @inline
  get drbg(): Drbg {
    return changetype<Drbg>(this);
  }

  @inline
  get eventTimes(): usize {
    return changetype<usize>(this) + EVENTS_AT;
  }

  @inline
  get eventCounts(): usize {
    return changetype<usize>(this) + COUNTS_AT;
  }

  @inline
  get guards(): usize {
    return changetype<usize>(this) + GUARDS_AT;
  }
}

if (DRBG_SIZE > 128 || GUARDS_AT + ASSOCIATIONS_MAX * 8 > SESSION_SIZE)
  ERROR("the session room has SESSION_SIZE octets");
