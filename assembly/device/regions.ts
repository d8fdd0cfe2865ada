/**
 * Exchange regions between host and core, one set for the bank. They hold nothing between calls, so they lie over one another: no call
 * needs two of those that share their place. What flashPoll() gives is for the call of flashDone() behind it.
 */
import { EXCHANGE_SIZE, FLASH_PAGE_SIZE } from "../base/limits";
import { Template } from "../store/template";

/** Numbers of the regions, as the host names them. */
export const enum Region {
  TEMPLATE = 0,
  IN = 1,
  OUT = 2,
  SAMPLE = 3,
  FLASH = 4,
  STATUS = 5,
  PROVISION = 6,
}

export const SAMPLE_SIZE: u32 = 256;
export const PROVISION_SIZE: u32 = 8192;

export const IN: usize = memory.data(8192, 16);
export const OUT: usize = IN + 4096;
export const SAMPLE: usize = IN;
export const FLASH: usize = OUT;
export const PROVISION: usize = IN;
const STATUS: usize = memory.data(40, 16);

if (EXCHANGE_SIZE != 4096 || FLASH_PAGE_SIZE != 4096 || PROVISION_SIZE != 8192)
  ERROR("the regions above have the sizes of limits.ts");

/**
 * What receive and transmitPoll have left to be asked for. A bit may stand for nothing, but what there is always has its bit: a call
 * that does not know says EVERYTHING.
 */
export const enum News {
  /** Connections may have items. */
  TRANSMIT = 1,
  FLASH = 2,
  OUTPUT = 4,
  /** Something may be due earlier than deadlinePoll said. */
  DEADLINE = 8,
  /** The core waits to hear that the item has left (lineEvent 3). */
  SENT = 16,
  EVERYTHING = 31,
}

/** What calls report besides their result. */
@unmanaged
export class Status {
  /** transmitPoll: journal sequence the item depends on. */
  sequence: u32;
  /** flashPoll: the operation's address and size. */
  address: u32;
  size: u32;
  /** flashDone: newest durable sequence. outputPoll: state of the outputs. */
  durable: u32;
  /** deadlinePoll: ms, 0 = none. */
  meterDeadline: f64;
  lineDeadline: f64;
  /** receive, transmitPoll: News. */
  news: u32;

  @inline
  static of(): Status {
    return changetype<Status>(STATUS);
  }
}

/** Address of a region, 0 when there is no such region. */
export function regionAddress(kind: i32): usize {
  switch (kind) {
    case Region.TEMPLATE:
      return Template.address();
    case Region.IN:
      return IN;
    case Region.OUT:
      return OUT;
    case Region.SAMPLE:
      return SAMPLE;
    case Region.FLASH:
      return FLASH;
    case Region.STATUS:
      return STATUS;
    case Region.PROVISION:
      return PROVISION;
    default:
      return 0;
  }
}
