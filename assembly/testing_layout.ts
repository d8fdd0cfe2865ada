/**
 * Entry for those who weigh a block; never shipped. Each function room_area() tells the octets that an area of a room has in the block that
 * was planned; scripts/block.mjs finds them by their names.
 */
import { LLC_SIZE } from "./base/limits";
import {
  ACCESS_SIZE,
  AGENDA_SIZE,
  AVERAGES_SIZE,
  CAPTURE_SIZE,
  CLOCK_SIZE,
  CONTROL_SIZE,
  DEMAND_FLOWS_SIZE,
  DEMAND_REGISTER_SIZE,
  DEMAND_SIZE,
  HEAD_SIZE,
  IMAGE_BITS_SIZE,
  IMAGE_HASH_AREA_SIZE,
  IMAGE_SIZE,
  JOURNAL_SIZE,
  Layout,
  LIMITER_SIZE,
  MARKS_SIZE,
  METERING_SIZE,
  MONITOR_SIZE,
  OUTBOX_SIZE,
  PROTECTION_ROOM,
  PUSHES_SIZE,
  QUALITY_SIZE,
  SCHEDULE_SIZE,
  SECURITY_CONTEXT_SIZE,
  SESSION_SIZE,
  SLOT_BLOCKS_SIZE,
  SLOT_SESSION_SIZE,
  SLOT_SIGN_ON_SIZE,
  TARIFF_SIZE,
  TRACKERS_SIZE,
} from "./store/layout";
import { plan as planTemplate } from "./store/plan";
import { SLOT_ASSOCIATION_SIZE, SLOT_LINK_SIZE, SLOT_TRANSFER_SIZE } from "./session/slot";
import { Template } from "./store/template";

/** Where the image goes. */
export function template(): usize {
  return Template.address();
}

export function plan(size: u32): i32 {
  return planTemplate(size);
}

export function blockSize(): u32 {
  return Layout.of().blockSize;
}

/** Where begins: 0 the keys and values of a meter's own, 1 the slots, 2 the inbox behind them, 3 the rows; 4 octets of a slot. */
export function place(what: u32): u32 {
  const l = Layout.of();
  switch (what) {
    case 0:
      return l.securityAt;
    case 1:
      return l.slotsAt;
    case 2:
      return l.inboxAt;
    case 3:
      return l.rowsAt;
    default:
      return l.slotSize;
  }
}

/** So many octets in each slot; the outbox has one too. */
function inSlots(size: u32): u32 {
  return (Layout.of().slotCount + 1) * size;
}

function apduSize(): u32 {
  return (<u32>Template.of().apduSizeMax + LLC_SIZE + 7) & ~7;
}

function frameSize(): u32 {
  return (<u32>Template.of().frameSizeMax + 2 + 7) & ~7;
}

export function store_head(): u32 {
  return HEAD_SIZE;
}
export function store_journal(): u32 {
  return JOURNAL_SIZE;
}
export function store_tail(): u32 {
  return Layout.of().tailSize;
}
export function store_values(): u32 {
  return Layout.of().valuesSize;
}
export function store_rings(): u32 {
  return Layout.of().securityAt - Layout.of().ringsAt;
}
export function meter_clock(): u32 {
  return CLOCK_SIZE;
}
export function meter_metering(): u32 {
  return METERING_SIZE + AVERAGES_SIZE + ACCESS_SIZE;
}
export function meter_demand(): u32 {
  return DEMAND_SIZE + Layout.of().demands * (DEMAND_REGISTER_SIZE + DEMAND_FLOWS_SIZE);
}
export function meter_quality(): u32 {
  return QUALITY_SIZE + TRACKERS_SIZE;
}
export function session_state(): u32 {
  return SESSION_SIZE;
}
export function session_contexts(): u32 {
  return <u32>Template.of().securityCount * SECURITY_CONTEXT_SIZE;
}
export function session_slots(): u32 {
  return inSlots(SLOT_ASSOCIATION_SIZE + SLOT_SESSION_SIZE);
}
export function link_lines(): u32 {
  return inSlots(SLOT_LINK_SIZE + SLOT_SIGN_ON_SIZE);
}
export function link_frames(): u32 {
  return inSlots(frameSize());
}
export function server_apdus(): u32 {
  return inSlots(2 * apduSize() + PROTECTION_ROOM);
}
export function server_answers(): u32 {
  return inSlots(SLOT_TRANSFER_SIZE + Layout.of().frozenSize);
}
export function server_blocks(): u32 {
  return inSlots(SLOT_BLOCKS_SIZE);
}
export function server_inbox(): u32 {
  return Layout.of().inboxSize;
}
export function server_outbox(): u32 {
  return OUTBOX_SIZE;
}
export function cosem_duties(): u32 {
  return CAPTURE_SIZE + AGENDA_SIZE + TARIFF_SIZE + SCHEDULE_SIZE + MONITOR_SIZE;
}
export function cosem_control(): u32 {
  return CONTROL_SIZE + Layout.of().limiters * LIMITER_SIZE;
}
export function cosem_pushes(): u32 {
  return PUSHES_SIZE + MARKS_SIZE;
}
export function cosem_images(): u32 {
  return IMAGE_SIZE + (Template.of().imagePages != 0 ? IMAGE_HASH_AREA_SIZE + IMAGE_BITS_SIZE : 0);
}
export function rows_profiles(): u32 {
  return Layout.of().blockSize - Layout.of().rowsAt;
}
/** What stands between areas so that each begins where it should. */
export function pages_alignment(): u32 {
  const l = Layout.of();
  const own = l.securityAt + <u32>Template.of().securityCount * SECURITY_CONTEXT_SIZE;
  const values = l.seldomAt - own - l.tailSize - l.valuesSize;
  const images = Template.of().imagePages != 0 ? IMAGE_HASH_AREA_SIZE + IMAGE_BITS_SIZE : 0;
  const seldom = l.slotsAt - l.imageHashAt - images;
  const slots = inSlots(l.slotSize - l.frameAt - frameSize());
  return values + seldom + slots + l.rowsAt - l.inboxAt - l.inboxSize;
}
