/** Limits of the core that a template can exceed; a test compares them with assembly/base/limits.ts. */
export const LIMITS = {
  APDU_SIZE_MAX: 1224,
  APDU_SIZE_MIN: 64,
  PAGE_SIZE: 4096,
  FROZEN_SIZE: 1280,
  FROZEN_BEYOND: 56,
  INBOX_SIZE: 4096,
  TAIL_SIZE: 8192,
  HDLC_INFO_SIZE_MIN: 32,
  HDLC_INFO_SIZE_MAX: 2030,
  HDLC_FRAME_SIZE_MAX: 2047,
  HDLC_OVERHEAD_MAX: 15,
  OBJECTS_MAX: 8192,
  ATTRIBUTES_MAX: 32768,
  ASSOCIATIONS_MAX: 8,
  PORTS_MAX: 8,
  SLOTS_MAX: 32,
  PROFILES_MAX: 24,
  COLUMNS_MAX: 32,
  ROW_SIZE_MAX: 512,
  LIMITERS_MAX: 8,
  IMAGE_BLOCKS_MAX: 4096,
  IMAGE_BLOCK_SIZE_MAX: 1024,
  MONITORS_MAX: 12,
  PUSHES_MAX: 16,
  DEMANDS_MAX: 16,
  DEMAND_PERIODS_MAX: 15,
  SINGLE_ACTIONS_MAX: 16,
  SCHEDULES_MAX: 2,
  SECURITY_CONTEXTS_MAX: 4,
  RECORD_SIZE_MAX: 2048,
} as const;

/** What the core for suite 0 leaves out, by `Feature` of assembly/base/features.ts. */
const FEATURES: Record<number, string> = {
  1: "short name referencing",
  2: "authentication mechanisms 2 to 4 (of a manufacturer, MD5, SHA-1)",
  3: "Data protection (class_id 30)",
};

/** Sentences for what plan() refuses, by `Limit` of assembly/store/layout.ts. */
const REFUSALS: Record<number, (value: number) => string> = {
  1: (value) => `the image of ${value} octets does not begin with a template head`,
  2: (value) => `template version ${value} is not the core's`,
  3: (value) => `the size ${value} in the head is not the size of the image, or the memory is too small for it`,
  4: () => "the check value does not fit the octets",
  5: (value) => `${value} objects (limit ${LIMITS.OBJECTS_MAX})`,
  6: (value) => `${value} attribute rows (limit ${LIMITS.ATTRIBUTES_MAX})`,
  7: (value) => `${value} associations (limit ${LIMITS.ASSOCIATIONS_MAX})`,
  8: (value) => `${value} ports (limit ${LIMITS.PORTS_MAX})`,
  9: (value) => `${value} slots (limit ${LIMITS.SLOTS_MAX})`,
  10: (value) => `${value} profiles (limit ${LIMITS.PROFILES_MAX})`,
  11: (value) => `${value} security setups (limit ${LIMITS.SECURITY_CONTEXTS_MAX})`,
  12: (value) => `apduSizeMax ${value} (limits ${LIMITS.APDU_SIZE_MIN} to ${LIMITS.APDU_SIZE_MAX})`,
  13: (value) => `frameSizeMax ${value} (limit ${LIMITS.HDLC_FRAME_SIZE_MAX})`,
  14: (value) => `pageSize ${value} is not a power of two from 8 to ${LIMITS.PAGE_SIZE}`,
  15: (value) => `a section does not lie within the ${value} octets of the image`,
  16: () => "the objects are not sorted by logical name, class and version",
  17: (value) => `an index or offset leads out of its table (row ${value})`,
  19: (value) => `an area of ${value} octets for the tail, the inbox or answers is not within its limits`,
  20: (value) => `it needs ${FEATURES[value] ?? `feature ${value}`}, which this core was built without`,
  18: (value) => `the block of a meter would have ${value} octets`,
};

/** What plan() refused, as a sentence; limit and value are planned(16) and planned(18). */
export function planRefusalText(limit: number, value: number): string {
  return REFUSALS[limit]?.(value) ?? `limit ${limit}, value ${value}`;
}
