/** The layout of a block, as plan() has computed it for the template: plan.ts. docs/ARCHITECTURE.md, section 2, draws it. */
import { Err } from "../base/err";
import { RECORD_SIZE_MAX } from "../base/limits";
import { ELLIPTIC } from "../base/suites";

export * from "./areas";

/** Octets of one security context; of one ring's state without its columns, and of a column. */
export const SECURITY_CONTEXT_SIZE: u32 = 664;
export const RING_HEAD_SIZE: u32 = 84;
export const COLUMN_SIZE: u32 = 8;
/** Octets of a slot in front of its buffers: association, link and transfer. */
export const SLOT_HEAD_SIZE: u32 = 1136;

/** Octets of the largest stored value: it must fit one record beside its key. */
export const CAPACITY_MAX: u32 = RECORD_SIZE_MAX - 64;
/**
 * Room in front of a plain APDU in the outbound buffer, where the heads of its protection go: a general-ciphering layer with an
 * agreed key of suite 2 (244 octets) and a signing layer (41) with some to spare, or two layers with wrapped keys.
 */
export const PROTECTION_ROOM: u32 = ELLIPTIC ? 384 : 192;

/** Octets of a general block transfer's state, behind the buffers that every request touches. */
export const SLOT_BLOCKS_SIZE: u32 = ELLIPTIC ? 1688 : 768;
/** Octets of what an association keeps besides: session/slot_session.ts. */
export const SLOT_SESSION_SIZE: u32 = ELLIPTIC ? 304 : 208;
/** Octets of how a line begins that signs on: device/optical_state.ts. */
export const SLOT_SIGN_ON_SIZE: u32 = 88;

/** Which limit a template exceeds; the host's compiler has the sentence for each. */
export const enum Limit {
  NONE = 0,
  MAGIC = 1,
  VERSION = 2,
  SIZE = 3,
  CHECK = 4,
  OBJECTS = 5,
  ATTRIBUTES = 6,
  ASSOCIATIONS = 7,
  PORTS = 8,
  SLOTS = 9,
  PROFILES = 10,
  SECURITY_CONTEXTS = 11,
  APDU_SIZE = 12,
  FRAME_SIZE = 13,
  PAGE = 14,
  SECTION = 15,
  ORDER = 16,
  REFERENCE = 17,
  CAPACITY = 18,
  AREA = 19,
  FEATURE = 20,
}

/** Offsets of a block, and what plan() found wrong with an image; its tables stand behind the image and hold offsets too. */
@unmanaged
export class Layout {
  id0: u32;
  id1: u32;
  seatBase: u32;
  blockSize: u32;
  slotCount: u32;
  limitersAt: u32;
  ringsAt: u32;
  securityAt: u32;
  /** Octets of all values: some stand in front of the journal's tail, the others behind it. */
  valuesSize: u32;
  tailAt: u32;
  seldomAt: u32;
  flowsAt: u32;
  imageHashAt: u32;
  slotsAt: u32;
  slotSize: u32;
  /** Within a slot. */
  frameAt: u32;
  inboundAt: u32;
  outboundAt: u32;
  frozenAt: u32;
  blocksAt: u32;
  sessionAt: u32;
  signOnAt: u32;
  inboxAt: u32;
  rowsAt: u32;
  /** Octets that rows count for in the flash: those of each profile in whole pages. */
  rowsKept: u32;
  /** Demand registers and limiters that have a place. */
  demands: u32;
  limiters: u32;
  /** Octets of the journal's tail, of the inbox and of the frozen octets of a slot, as the template wants them. */
  tailSize: u32;
  inboxSize: u32;
  frozenSize: u32;
  /** Octets of flash a meter of this layout needs: two areas, and the image area behind them. */
  flashSize: u32;
  imageSize: u32;
  limit: u32;
  limitObject: u32;
  limitValue: u32;

  /** Addresses of the tables behind the image: the value slot of each attribute row, the row area and the ring of each profile. */
  valueTable: u32;
  rowsTable: u32;
  ringTable: u32;
  /** Objects in the order of their classes: classed(). */
  classedTable: u32;

  /** It stands in static memory: an address that is known saves octets at each of its many uses. */
  @inline
  static of(): Layout {
    return LAYOUT;
  }

  /** Offset of the value slot of an attribute row, 0 = it has none. */
  @inline
  value(row: u32): u32 {
    return load<u32>(<usize>(this.valueTable + (row << 2)));
  }

  /** Offset of the row area of a profile. */
  @inline
  rows(profile: u32): u32 {
    return load<u32>(<usize>(this.rowsTable + (profile << 2)));
  }

  /** Offset of the state of a profile's ring. */
  @inline
  ring(profile: u32): u32 {
    return load<u32>(<usize>(this.ringTable + (profile << 2)));
  }

  /** Object at place `index` of the objects in the order of their classes, those of one class in the order of the table. */
  @inline
  classed(index: u32): u32 {
    return load<u16>(<usize>(this.classedTable + (index << 1)));
  }

  /** Records which limit failed where, and gives Err.LIMIT. */
  refuse(limit: Limit, object: u32, value: u32): i32 {
    this.limit = limit;
    this.limitObject = object;
    this.limitValue = value;
    return Err.LIMIT;
  }
}

const LAYOUT: Layout = changetype<Layout>(memory.data(offsetof<Layout>(), 8));

/** What the last plan() refused. */
export function planRefusal(): Layout {
  return LAYOUT;
}
