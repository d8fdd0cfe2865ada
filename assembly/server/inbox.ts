/**
 * The inbox: the one place in which a meter puts long requests together (docs/ARCHITECTURE.md, section 2). One slot has it at a
 * time; it is given back when its request is served, abandoned, or its association ends.
 */
import { Err } from "../base/err";
import { Meter } from "../store/block";
import { AssociationState, Slot } from "../session/slot";
import { Layout } from "../store/layout";
import { Transfer } from "./answer";
import { Blocks, BlocksState } from "./block_stream";

/** Whether the slot that has the inbox still collects a request in it. */
function ownerAlive(meter: Meter): bool {
  const owner = meter.inboxOwner;
  if (owner == 0 || owner > Layout.of().slotCount) return false;
  const slot = Slot.of(meter, owner - 1);
  const receives = Blocks.of(slot).state == BlocksState.RECEIVING;
  return slot.state != AssociationState.NON_ASSOCIATED && (Transfer.of(slot).collects || receives);
}

/** Takes the inbox for a slot. @returns 0, or Err.STATE while another slot has it */
export function inboxTake(meter: Meter, slotIndex: u32): i32 {
  if (meter.inboxOwner != slotIndex + 1 && ownerAlive(meter)) return Err.STATE;
  meter.inboxOwner = slotIndex + 1;
  meter.inboxSize = 0;
  return Err.OK;
}

/**
 * Appends octets of a slot's long request.
 * @returns 0, Err.NO_SPACE when it outgrows the inbox, or Err.STATE when the slot has lost it
 */
export function inboxAppend(meter: Meter, slotIndex: u32, at: usize, size: u32): i32 {
  if (meter.inboxOwner != slotIndex + 1) return Err.STATE;
  if (size > Layout.of().inboxSize - meter.inboxSize) return Err.NO_SPACE;
  memory.copy(meter.inbox() + <usize>meter.inboxSize, at, <usize>size);
  meter.inboxSize += size;
  return Err.OK;
}

/** Whether a slot has the inbox. */
export function inboxOwned(meter: Meter, slotIndex: u32): bool {
  return meter.inboxOwner == slotIndex + 1;
}

/** Gives the inbox back. */
export function inboxRelease(meter: Meter, slotIndex: u32): void {
  if (meter.inboxOwner == slotIndex + 1) meter.inboxOwner = 0;
}
