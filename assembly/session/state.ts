/** What the session room keeps of a whole meter, in the block (SESSION_AT). */
import { Drbg, DRBG_SIZE } from "../crypto/drbg";
import { Meter } from "../store/block";
import { SESSION_AT, SESSION_SIZE } from "../store/layout";

/** The generator stands in front. */
const DRBG_ROOM: u32 = 128;

@unmanaged
export class SessionState {
  /** The generator's room. */
  private drbg0: u64;

  @inline
  static of(meter: Meter): SessionState {
    return changetype<SessionState>(meter.area(SESSION_AT));
  }

  @inline
  get drbg(): Drbg {
    return changetype<Drbg>(this);
  }
}

if (DRBG_SIZE > DRBG_ROOM || DRBG_ROOM > SESSION_SIZE) ERROR("the session room has SESSION_SIZE octets");
