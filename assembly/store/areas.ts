/** Where each room keeps its state in the head of a block. docs/ARCHITECTURE.md, section 2, draws the whole. */
import { IMAGE_BLOCKS_MAX } from "../base/limits";

/** Areas of the Meter overlay, each owned by the room that lays its own overlay over it. */
export const HEAD_SIZE: u32 = 128;
export const JOURNAL_AT: u32 = 128;
export const JOURNAL_SIZE: u32 = 128;
export const CLOCK_AT: u32 = 256;
export const CLOCK_SIZE: u32 = 128;
export const METERING_AT: u32 = 384;
export const METERING_SIZE: u32 = 1920;
export const AVERAGES_AT: u32 = METERING_AT + METERING_SIZE;
export const AVERAGES_SIZE: u32 = 128;
export const SESSION_AT: u32 = AVERAGES_AT + AVERAGES_SIZE;
export const SESSION_SIZE: u32 = 256;
export const CAPTURE_AT: u32 = SESSION_AT + SESSION_SIZE;
export const CAPTURE_SIZE: u32 = 256;
/** Pushes and the outbox. */
export const NOTIFY_AT: u32 = CAPTURE_AT + CAPTURE_SIZE;
export const NOTIFY_SIZE: u32 = 1024;
/** When each duty is due: cosem/agenda.ts. */
export const AGENDA_AT: u32 = NOTIFY_AT + NOTIFY_SIZE;
export const AGENDA_SIZE: u32 = 128;
/** State of the functions that duties serve, each owned by its file in cosem. */
export const TARIFF_AT: u32 = AGENDA_AT + AGENDA_SIZE;
export const TARIFF_SIZE: u32 = 256;
export const SCHEDULE_AT: u32 = TARIFF_AT + TARIFF_SIZE;
export const SCHEDULE_SIZE: u32 = 512;
export const MONITOR_AT: u32 = SCHEDULE_AT + SCHEDULE_SIZE;
export const MONITOR_SIZE: u32 = 408;
export const CONTROL_AT: u32 = MONITOR_AT + MONITOR_SIZE;
export const CONTROL_SIZE: u32 = 512;
export const IMAGE_AT: u32 = CONTROL_AT + CONTROL_SIZE;
export const IMAGE_SIZE: u32 = 256;
export const QUALITY_AT: u32 = IMAGE_AT + IMAGE_SIZE;
export const QUALITY_SIZE: u32 = 480;
/** The row of the communication details log under way: meter/quantity.ts. */
export const ACCESS_AT: u32 = QUALITY_AT + QUALITY_SIZE;
export const ACCESS_SIZE: u32 = 16;
/** What all demand registers share; behind it each register the template has: meter/demand.ts. */
export const DEMAND_AT: u32 = ACCESS_AT + ACCESS_SIZE;
export const DEMAND_SIZE: u32 = 8;
export const DEMAND_REGISTER_SIZE: u32 = 160;
export const METER_SIZE: u32 = DEMAND_AT + DEMAND_SIZE;
/** A bit for each block of a firmware image, where the template has images. */
export const IMAGE_BITS_SIZE: u32 = IMAGE_BLOCKS_MAX / 8;
