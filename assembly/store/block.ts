/**
 * The head of a meter's block. Other rooms lay their own overlays over the areas that layout.ts names; all hold offsets
 * and numbers, never addresses, so a raw copy of the block resumes in another seat.
 */
import { Layout, HEAD_SIZE, SECURITY_CONTEXT_SIZE } from "./layout";

export const enum SeatState {
  /** Zeroed memory. */
  EMPTY = 0,
  /** The flash is being replayed; octets of the wire are refused. */
  BOOTING = 1,
  RUNNING = 2,
  /** The stored state cannot be used; the reason stands in `fault`. */
  FAULT = 3,
}

@unmanaged
export class Meter {
  layoutId0: u32;
  layoutId1: u32;
  state: u32;
  /** Err that made the state FAULT. */
  fault: i32;
  /** Line time and meter time of the last call, ms. */
  lineTime: f64;
  meterTime: f64;
  /** Slot that collects a long request in the inbox, + 1; 0 = free. */
  inboxOwner: u32;
  /** Octets in the inbox. */
  inboxSize: u32;

  /** The block of a seat. */
  static at(seat: u32): Meter {
    const l = Layout.of();
    return changetype<Meter>(<usize>(l.seatBase + seat * l.blockSize));
  }

  /** An address in the block. */
  @inline
  area(offset: u32): usize {
    return changetype<usize>(this) + <usize>offset;
  }

  /** An address in the part that little touches: areas.ts. */
  @inline
  seldom(offset: u32): usize {
    return this.area(Layout.of().seldomAt + offset);
  }

  @inline
  slot(index: u32): usize {
    const l = Layout.of();
    return this.area(l.slotsAt + index * l.slotSize);
  }

  ring(profile: u32): usize {
    return this.area(Layout.of().ring(profile));
  }

  security(context: u32): usize {
    return this.area(Layout.of().securityAt + context * SECURITY_CONTEXT_SIZE);
  }

  @inline
  inbox(): usize {
    return this.area(Layout.of().inboxAt);
  }
}

if (offsetof<Meter>() > HEAD_SIZE) ERROR("the head of a block has HEAD_SIZE octets");
