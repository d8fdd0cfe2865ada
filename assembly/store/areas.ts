/**
 * Where each room keeps its state in a block. docs/ARCHITECTURE.md, section 2, draws the whole. What every meter touches stands together at the
 * head, so that it takes few pages of a host; what is touched when something happens stands behind the values (SELDOM).
 */
import { DEMAND_PERIODS_MAX, IMAGE_BLOCKS_MAX } from "../base/limits";

/** Areas of the Meter overlay, each owned by the room that lays its own overlay over it. */
export const HEAD_SIZE: u32 = 64;
export const JOURNAL_AT: u32 = HEAD_SIZE;
export const JOURNAL_SIZE: u32 = 128;
export const CLOCK_AT: u32 = JOURNAL_AT + JOURNAL_SIZE;
export const CLOCK_SIZE: u32 = 80;
export const METERING_AT: u32 = CLOCK_AT + CLOCK_SIZE;
export const METERING_SIZE: u32 = 1808;
export const AVERAGES_AT: u32 = METERING_AT + METERING_SIZE;
export const AVERAGES_SIZE: u32 = 80;
export const SESSION_AT: u32 = AVERAGES_AT + AVERAGES_SIZE;
export const SESSION_SIZE: u32 = 224;
export const CAPTURE_AT: u32 = SESSION_AT + SESSION_SIZE;
export const CAPTURE_SIZE: u32 = 24;
/** When each duty is due: cosem/agenda.ts. */
export const AGENDA_AT: u32 = CAPTURE_AT + CAPTURE_SIZE;
export const AGENDA_SIZE: u32 = 56;
/** State of the functions that duties serve, each owned by its file in cosem. */
export const TARIFF_AT: u32 = AGENDA_AT + AGENDA_SIZE;
export const TARIFF_SIZE: u32 = 16;
export const SCHEDULE_AT: u32 = TARIFF_AT + TARIFF_SIZE;
export const SCHEDULE_SIZE: u32 = 232;
export const MONITOR_AT: u32 = SCHEDULE_AT + SCHEDULE_SIZE;
export const MONITOR_SIZE: u32 = 408;
/** Outputs: cosem/control.ts; behind them what is switched off, whether the time server is to be asked, and the protections of ports. */
export const CONTROL_AT: u32 = MONITOR_AT + MONITOR_SIZE;
export const CONTROL_SIZE: u32 = 128;
export const FUNCTIONS_AT: u32 = CONTROL_AT + 32;
export const TIME_SOURCE_AT: u32 = CONTROL_AT + 48;
export const PROTECTIONS_AT: u32 = CONTROL_AT + 64;
export const IMAGE_AT: u32 = CONTROL_AT + CONTROL_SIZE;
export const IMAGE_SIZE: u32 = 40;
export const QUALITY_AT: u32 = IMAGE_AT + IMAGE_SIZE;
export const QUALITY_SIZE: u32 = 56;
/** What is on its way unasked: server/notification.ts. */
export const OUTBOX_AT: u32 = QUALITY_AT + QUALITY_SIZE;
export const OUTBOX_SIZE: u32 = 112;
/** The row of the communication details log under way: meter/quantity.ts. */
export const ACCESS_AT: u32 = OUTBOX_AT + OUTBOX_SIZE;
export const ACCESS_SIZE: u32 = 16;
/**
 * What all demand registers share; behind it each register the template has, with the oldest of its flows (meter/demand.ts), and each
 * limiter (cosem/limiter.ts).
 */
export const DEMAND_AT: u32 = ACCESS_AT + ACCESS_SIZE;
export const DEMAND_SIZE: u32 = 8;
export const DEMAND_FLOWS_NEAR: u32 = 3;
export const DEMAND_REGISTER_SIZE: u32 = 40 + DEMAND_FLOWS_NEAR * 8;
export const LIMITER_SIZE: u32 = 48;
export const METER_SIZE: u32 = DEMAND_AT + DEMAND_SIZE;

/** Areas behind the values, at Layout.seldomAt. Pushes, and how far they got: cosem/push.ts, cosem/push_marks.ts. */
export const PUSHES_AT: u32 = 0;
export const PUSHES_SIZE: u32 = 512;
export const MARKS_AT: u32 = PUSHES_AT + PUSHES_SIZE;
export const MARKS_SIZE: u32 = 256;
/** How long disturbances of the voltage have lasted: meter/quality.ts. */
export const TRACKERS_AT: u32 = MARKS_AT + MARKS_SIZE;
export const TRACKERS_SIZE: u32 = 384;
export const SELDOM_SIZE: u32 = TRACKERS_AT + TRACKERS_SIZE;
/** Behind them the other flows of each demand register, and where the template has firmware images, the hash of one and a bit for each block. */
export const DEMAND_FLOWS_SIZE: u32 = (DEMAND_PERIODS_MAX - DEMAND_FLOWS_NEAR) * 8;
export const IMAGE_HASH_AREA_SIZE: u32 = 208;
export const IMAGE_BITS_SIZE: u32 = IMAGE_BLOCKS_MAX / 8;
