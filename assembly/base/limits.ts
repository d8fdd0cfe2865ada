/**
 * Every size the core is built for. Relations between limits are checked when the core is compiled.
 * A limit that a template can choose below its maximum is named `…_MAX` here.
 */

/** Blocks, slots and row areas start on a page of the host, so what is never touched costs nothing. */
export const PAGE_SIZE: u32 = 4096;

/** Octets of the largest APDU either side may send (server-max-receive-pdu-size of the AARE). */
export const APDU_SIZE_MAX: u32 = 1224;
/** LLC octets in front of an LPDU on HDLC (GB9 8.3.2). */
export const LLC_SIZE: u32 = 3;
/** Most octets of evaluated items a slot keeps while an answer is sent in pieces; a template can have it keep fewer. */
export const FROZEN_SIZE: u32 = 1280;
/** Octets that they have at least beyond an APDU. */
export const FROZEN_BEYOND: u32 = 56;
/** Most octets of the one inbox in which a meter assembles long requests; a template can have fewer. */
export const INBOX_SIZE: u32 = 4096;

/** Information field limits of HDLC: range and default of parameters 05 and 06 (GB9 8.4.5.3.2). */
export const HDLC_INFO_SIZE_MIN: u32 = 32;
export const HDLC_INFO_SIZE_MAX: u32 = 2030;
export const HDLC_INFO_SIZE_DEFAULT: u32 = 128;
/** Octets between the flags of the longest frame: the length field has 11 bits. */
export const HDLC_FRAME_SIZE_MAX: u32 = 2047;
/** Format, two addresses of up to 4 and 1 octets, control, HCS and FCS around an information field. */
export const HDLC_OVERHEAD_MAX: u32 = 2 + 4 + 4 + 1 + 2 + 2;

/** Octets of one exchange region for octets of the wire, either way. */
export const EXCHANGE_SIZE: u32 = 4096;
/** Octets of the exchange region for flash operations. */
export const FLASH_PAGE_SIZE: u32 = 4096;
/** Most octets of committed change records that may wait for the flash; a template can have fewer. */
export const TAIL_SIZE: u32 = 8192;
/** Octets of one change record with its header and check sequence. */
export const RECORD_SIZE_MAX: u32 = 2048;

export const OBJECTS_MAX: u32 = 8192;
export const ATTRIBUTES_MAX: u32 = 32768;
export const ASSOCIATIONS_MAX: u32 = 8;
export const PORTS_MAX: u32 = 8;
export const SLOTS_MAX: u32 = 32;
export const PROFILES_MAX: u32 = 24;
/** Columns of one profile row, and octets of one row. */
export const COLUMNS_MAX: u32 = 32;
export const ROW_SIZE_MAX: u32 = 512;
/** Limiter objects. */
export const LIMITERS_MAX: u32 = 8;
/** Blocks of the largest firmware image: a bit for each stands in the block and in the flash. */
export const IMAGE_BLOCKS_MAX: u32 = 4096;
/** Octets of a block: with its descriptor and some protection it fits an APDU. */
export const IMAGE_BLOCK_SIZE_MAX: u32 = 1024;
/** Register monitors, and thresholds of one. */
export const MONITORS_MAX: u32 = 12;
export const THRESHOLDS_MAX: u32 = 16;
/** Push setup objects, each with its own state of a push. */
export const PUSHES_MAX: u32 = 16;
/** Demand registers that integrate, and sub-periods in the window of one. */
export const DEMANDS_MAX: u32 = 16;
export const DEMAND_PERIODS_MAX: u32 = 15;
/** Single action schedule and Schedule objects, each with the instant it is due next. */
export const SINGLE_ACTIONS_MAX: u32 = 16;
export const SCHEDULES_MAX: u32 = 2;
/** Security setup objects, each with its own keys and counters. */
export const SECURITY_CONTEXTS_MAX: u32 = 4;
/** Backward steps of the clock that a profile remembers before a range becomes a scan. */
export const RUNS_MAX: u32 = 8;

/** Octets of a system title, a logical device name, a challenge (suite 0..2). */
export const SYSTEM_TITLE_SIZE: u32 = 8;
export const LOGICAL_DEVICE_NAME_SIZE: u32 = 16;
export const CHALLENGE_SIZE_MAX: u32 = 64;
export const KEY_SIZE_MAX: u32 = 32;
/** Octets of the authentication tag on the wire in all suites (GB9 9.2.3.3.7.3). */
export const TAG_SIZE: u32 = 12;

/** Depth of structures and arrays in a value from the wire. */
export const NESTING_MAX: u32 = 8;

if (FROZEN_SIZE < APDU_SIZE_MAX + FROZEN_BEYOND) ERROR("a whole APDU must fit the frozen octets");
if (HDLC_INFO_SIZE_MAX + HDLC_OVERHEAD_MAX > HDLC_FRAME_SIZE_MAX) ERROR("frame length is 11 bits");
if (HDLC_FRAME_SIZE_MAX + 2 > EXCHANGE_SIZE) ERROR("a frame with its flags must fit the exchange region");
if (APDU_SIZE_MAX + 8 > EXCHANGE_SIZE) ERROR("a WPDU must fit the exchange region");
if (RECORD_SIZE_MAX > FLASH_PAGE_SIZE) ERROR("a record must fit one flash read");
