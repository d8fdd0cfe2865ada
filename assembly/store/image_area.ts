/**
 * The image area: the last octets of the flash, where a new firmware image stands beside the journal (docs/FLASH.md). What is
 * programmed and erased there waits in the journal's tail among the change records and takes its turn with them, so that an
 * answer which depends on the journal depends on the image too. Such an operation is no record: nothing of it enters the log.
 *
 *   in the tail: 0 u32 (a record's size and its complement are never both 0) | sequence u32 (big-endian, as in a record) |
 *                operation u32 | address u32 | size u32 | octets to program, padded to 4
 */
import { Err } from "../base/err";
import { FLASH_PAGE_SIZE } from "../base/limits";
import { Meter } from "./block";
import { RECORD_OVERHEAD } from "./change";
import { Journal, JournalState } from "./journal_state";
import { Layout } from "./layout";

/** As FlashOperation names them. */
const READ_SIZE_MAX: u32 = FLASH_PAGE_SIZE;
const PROGRAM: u32 = 2;
const ERASE: u32 = 3;
const HEAD_SIZE: u32 = 20;

/** Octets of the image area, 0 = the template has none or the meter has no flash. */
export function imageAreaSize(meter: Meter): u32 {
  return Journal.of(meter).state == JournalState.NONE ? 0 : Layout.of().imageSize;
}

/** Puts an operation in line, to be done when all before it in the tail are. */
function directAdd(meter: Meter, operation: u32, offset: u32, at: usize, size: u32): i32 {
  const j = Journal.of(meter);
  if (offset > imageAreaSize(meter) || size > imageAreaSize(meter) - offset) return Err.LIMIT;
  const padded = operation == PROGRAM ? (size + 3) & ~3 : 0;
  if (j.depth != 0 || j.tailEnd + HEAD_SIZE + padded > Layout.of().tailSize) return Err.NO_SPACE;
  const head = meter.area(Layout.of().tailAt + j.tailEnd);
  j.sequence++;
  store<u32>(head, 0);
  store<u32>(head + 4, bswap<u32>(j.sequence));
  store<u32>(head + 8, operation);
  store<u32>(head + 12, 2 * j.areaSize + offset);
  store<u32>(head + 16, size);
  if (padded != 0) memory.copy(head + <usize>HEAD_SIZE, at, <usize>size);
  j.tailEnd += HEAD_SIZE + padded;
  return Err.OK;
}

/**
 * Programs `size` octets at `at` into the image area from `offset` on; bits only go from 1 to 0.
 * @returns 0; Err.LIMIT outside the area; Err.NO_SPACE when the flash is behind
 */
export function imageProgram(meter: Meter, offset: u32, at: usize, size: u32): i32 {
  return directAdd(meter, PROGRAM, offset, at, size);
}

/** Erases `size` octets, whole pages, of the image area from `offset` on. Errors as imageProgram(). */
export function imageErase(meter: Meter, offset: u32, size: u32): i32 {
  return directAdd(meter, ERASE, offset, 0, size);
}

/** Asks for `size` octets (a flash page at most) of the image area, when all that waits is durable: journalReadTake() has them. */
export function imageRead(meter: Meter, offset: u32, size: u32): void {
  assert(size <= READ_SIZE_MAX && offset + size <= imageAreaSize(meter));
  const j = Journal.of(meter);
  j.readAddress = 2 * j.areaSize + offset;
  j.readSize = size;
}

/** Octets that an item of the tail, record or operation, takes there. */
export function tailItemSize(item: usize): u32 {
  if (load<u32>(item) != 0) return (<u32>bswap<u16>(load<u16>(item)) + RECORD_OVERHEAD + 3) & ~3;
  return HEAD_SIZE + (load<u32>(item + 8) == PROGRAM ? (load<u32>(item + 16) + 3) & ~3 : 0);
}

/** Where the first operation stands among the `size` octets of the tail, `size` when there is none. */
export function directFind(tail: usize, size: u32): u32 {
  let at: u32 = 0;
  while (at < size && load<u32>(tail + <usize>at) != 0) at += tailItemSize(tail + <usize>at);
  return at;
}

/** Makes the operation at `at` of the tail the one under way, its octets in `page`; returns which it is. */
export function directRequest(j: Journal, tail: usize, at: u32, page: usize): u32 {
  const item = tail + <usize>at;
  // Taken before records that stand in front of it, it makes none of them programmed.
  if (at == 0) j.programmed = bswap<u32>(load<u32>(item + 4));
  j.directAt = at + 1;
  j.operationAddress = load<u32>(item + 12);
  j.operationSize = load<u32>(item + 16);
  const operation = load<u32>(item + 8);
  if (operation == PROGRAM) memory.copy(page, item + <usize>HEAD_SIZE, <usize>j.operationSize);
  return operation;
}
