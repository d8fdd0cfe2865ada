/**
 * How a meter finds its state again: which of the two areas is the newest, and its records one by one. A record that is not whole is
 * either the end of the log, torn when the power went, or damage: then whole records follow it, and they count. docs/FLASH.md, "When
 * something is wrong".
 */
import { Crc32 } from "../base/crc32";
import { Err } from "../base/err";
import { FLASH_PAGE_SIZE, RECORD_SIZE_MAX } from "../base/limits";
import { Head, HEAD_SIZE } from "./area_head";
import { Meter } from "./block";
import { entriesApply, RECORD_HEAD_SIZE, RECORD_OVERHEAD } from "./change";
import { Journal, JournalState } from "./journal_state";
import { ringsSettle } from "./rings";
import { Template } from "./template";
import { valueIsStored } from "./values";

/** Octets of a record beyond the end of the page: read on from there. */
const BEYOND: u32 = 0xffffffff;
const ERASED: u32 = 0xffffffff;

/**
 * Names the area to replay, when both heads are known. Without any state the journal starts with a snapshot in area 0.
 * @returns 0; Err.VERSION: another format, never erased; Err.MALFORMED: octets that were a state once and cannot be used
 */
export function headsJudge(j: Journal): i32 {
  if (j.head0 == Head.FOREIGN || j.head1 == Head.FOREIGN) {
    j.state = JournalState.FAILED;
    return Err.VERSION;
  }
  const known0 = j.head0 == Head.GOOD || j.head0 == Head.RETIRED;
  const known1 = j.head1 == Head.GOOD || j.head1 == Head.RETIRED;
  j.writeAt = HEAD_SIZE;
  j.state = JournalState.REPLAY;
  // Nothing has ever stood here, or the first page of area 0 is lost: the pages tell.
  if (j.head0 == Head.NONE && j.head1 == Head.NONE) return Err.OK;
  if (known0 && known1) {
    j.area = <i32>(j.epoch1 - j.epoch0) > 0 ? 1 : 0;
    j.epoch = j.area == 1 ? j.epoch1 : j.epoch0;
  } else if (known0) areaOnly(j, 0, j.head0, j.epoch0);
  else if (known1) areaOnly(j, 1, j.head1, j.epoch1);
  // No head at all: the records of the area that once had one are what is left.
  else areaLost(j, j.head0 == Head.BAD ? 0 : 1, 0);
  return Err.OK;
}

/** One good head: its area is the newest, unless it says that the other one has taken over. */
function areaOnly(j: Journal, area: u32, head: u32, epoch: u32): void {
  if (head == Head.RETIRED) {
    areaLost(j, 1 - area, epoch + 1);
    return;
  }
  j.area = area;
  j.epoch = epoch;
}

/** The area whose head is lost: its records count all the same, and the loss is damage. */
function areaLost(j: Journal, area: u32, epoch: u32): void {
  j.area = area;
  j.epoch = epoch;
  j.damaged = 1;
}

/**
 * Applies the whole records among the `size` octets of the log at `page`, which stand at writeAt. The area is read to its end: what is
 * not erased behind the log must not be programmed over.
 * @returns 0, or Err.MALFORMED when the area holds no record at all
 */
export function replay(meter: Meter, j: Journal, page: usize, size: u32): i32 {
  let at: u32 = 0;
  while (at + RECORD_OVERHEAD <= size) {
    const whole = recordTake(meter, j, page + <usize>at, size - at);
    if (whole == BEYOND && at != 0) return Err.OK;
    const step = whole == 0 || whole == BEYOND ? gap(j, page + <usize>at, size - at) : whole;
    at += step;
    j.writeAt += step;
  }
  if (isFresh(j)) {
    j.area = 1;
    j.checkpointBegin();
    return Err.OK;
  }
  return j.areaSize - j.writeAt < RECORD_OVERHEAD ? replayEnd(meter, j) : <i32>Err.OK;
}

/** Whether the flash is that of a new meter: no head, and no record in the pages where a log begins, so that one lost page is missed. */
function isFresh(j: Journal): bool {
  return j.epoch == 0 && j.damaged == 0 && j.endAt == HEAD_SIZE && j.writeAt >= 2 * FLASH_PAGE_SIZE;
}

/** Applies the record at `record`; returns its octets, 0 when there is none, or BEYOND when it may go on behind `size`. */
function recordTake(meter: Meter, j: Journal, record: usize, size: u32): u32 {
  const entries = <u32>bswap<u16>(load<u16>(record));
  if (entries + <u32>bswap<u16>(load<u16>(record + 2)) != 0xffff || entries + RECORD_OVERHEAD > RECORD_SIZE_MAX)
    return 0;
  const whole = (entries + RECORD_OVERHEAD + 3) & ~3;
  if (whole > size) return BEYOND;
  const check = bswap<u32>(load<u32>(record + <usize>(RECORD_HEAD_SIZE + entries)));
  if (Crc32.of(record, RECORD_HEAD_SIZE + entries) != check) return 0;
  const sequence = bswap<u32>(load<u32>(record + 4));
  // What was once written here and erased in vain is older than what stands before it.
  if (j.writeAt != HEAD_SIZE && <i32>(sequence - j.sequence) < 0) return 0;
  // What was passed over in front of a whole record has been lost; from here on counters do not fall (store/change).
  if (j.endAt != 0) j.damaged++;
  j.endAt = 0;
  j.dirty = 0;
  if (entriesApply(meter, record + <usize>RECORD_HEAD_SIZE, entries) != Err.OK) return 0;
  j.sequence = sequence;
  return whole;
}

/** Passes over octets that begin no record: one word, and all erased ones behind it. Returns how many octets. */
function gap(j: Journal, at: usize, size: u32): u32 {
  if (j.endAt == 0) j.endAt = j.writeAt;
  if (load<u32>(at) != ERASED) {
    j.dirty = 1;
    return 4;
  }
  let count: u32 = 4;
  while (count + 4 <= size && load<u32>(at + <usize>count) == ERASED) count += 4;
  return count;
}

/**
 * The log is over. Where something had to be left out a snapshot is written before anything is appended. Otherwise the log goes on; what
 * was read is durable after the next sync only, since nobody knows whether the last one came to its end.
 */
function replayEnd(meter: Meter, j: Journal): i32 {
  // A snapshot holds what was provisioned: no record at all is an end only for a meter that had nothing to keep.
  if (j.endAt == HEAD_SIZE && (j.damaged != 0 || anythingStored(meter))) {
    j.state = JournalState.FAILED;
    return Err.MALFORMED;
  }
  if (j.endAt != 0) j.writeAt = j.endAt;
  j.torn = j.dirty;
  // Epoch 0: no head. Where nothing had been committed that of the first snapshot was torn, and nothing is lost.
  if (j.epoch == 0) {
    j.torn = 1;
    j.damaged = j.sequence == 0 ? 0 : max<u32>(j.damaged, 1);
  }
  j.programmed = j.sequence;
  j.durable = j.sequence - 1;
  j.state = JournalState.READY;
  if (j.torn != 0 || j.damaged != 0) j.checkpointBegin();
  if (j.damaged != 0) ringsSettle(meter);
  return Err.OK;
}

function anythingStored(meter: Meter): bool {
  for (let row: u32 = 0; row < <u32>Template.of().attributeCount; row++) if (valueIsStored(meter, row)) return true;
  return false;
}
