/**
 * The journal: an append-only log of change records in one of two flash areas. When the area is full, a snapshot of the
 * block goes into the other one, and its head, written last, makes it the newer one. The host does one operation at a
 * time: journalPoll() names it, journalDone() takes its end. docs/FLASH.md describes the octets.
 */
import { Err } from "../base/err";
import { FLASH_PAGE_SIZE, PAGE_SIZE, RECORD_SIZE_MAX } from "../base/limits";
import { Writer } from "../base/writer";
import { HEAD_SIZE, headEmit, headEpoch, headRead, RETIRED_AT, RETIRED_SIZE } from "./area_head";
import { Meter } from "./block";
import { ENTRY_HEAD_SIZE, entryHeadEmit, RECORD_HEAD_SIZE, RECORD_OVERHEAD, recordSeal, RowPart } from "./change";
import { directFind, directRequest, tailItemSize } from "./image_area";
import { Journal, JournalState } from "./journal_state";
import { Layout } from "./layout";
import { headsJudge, replay } from "./replay";
import { Ring, ringRow } from "./rings";
import { Template } from "./template";
import { valueAt, valueIsStored, valueSize } from "./values";

export const enum FlashOperation {
  NONE = 0,
  READ = 1,
  PROGRAM = 2,
  ERASE = 3,
  SYNC = 4,
}

/** What journalPoll() asks for. */
@unmanaged
export class FlashRequest {
  operation: u32;
  address: u32;
  size: u32;
}

const writer: Writer = changetype<Writer>(memory.data(offsetof<Writer>(), 8));

/** Begins with a flash of `flashSize` octets, 0 = none. The replay runs through journalPoll/journalDone. */
export function journalBoot(meter: Meter, flashSize: u32): i32 {
  const j = Journal.of(meter);
  if (flashSize == 0) {
    j.state = JournalState.NONE;
    return Err.OK;
  }
  if (Layout.of().flashSize > flashSize) return Err.LIMIT;
  // The image area is the last one.
  j.areaSize = ((flashSize - Layout.of().imageSize) / 2) & ~(PAGE_SIZE - 1);
  j.state = JournalState.HEAD_0;
  return Err.OK;
}

/** Whether the replay is over. */
export function journalReady(meter: Meter): bool {
  const state = Journal.of(meter).state;
  return state == JournalState.NONE || <i32>state >= JournalState.READY;
}

/** The next flash operation; data to program stand in `page` (FLASH_PAGE_SIZE octets). */
export function journalPoll(meter: Meter, page: usize, out: FlashRequest): void {
  const j = Journal.of(meter);
  out.operation = FlashOperation.NONE;
  if (j.busy != 0) return;
  switch (j.state) {
    case JournalState.HEAD_0:
      request(j, out, FlashOperation.READ, 0, HEAD_SIZE);
      return;
    case JournalState.HEAD_1:
      request(j, out, FlashOperation.READ, j.areaSize, HEAD_SIZE);
      return;
    case JournalState.REPLAY: {
      const left = j.areaSize - j.writeAt;
      request(j, out, FlashOperation.READ, base(j) + j.writeAt, left < FLASH_PAGE_SIZE ? left : FLASH_PAGE_SIZE);
      return;
    }
    case JournalState.READY:
      readyPoll(meter, j, page, out);
      return;
    case JournalState.ERASE:
      request(j, out, FlashOperation.ERASE, other(j), j.areaSize);
      return;
    case JournalState.SNAPSHOT:
      snapshotPoll(meter, j, page, out);
      return;
    case JournalState.HEAD_PROGRAM:
      headEmit(page, j.epoch + 1);
      request(j, out, FlashOperation.PROGRAM, other(j), HEAD_SIZE);
      return;
    case JournalState.SNAPSHOT_SYNC:
    case JournalState.HEAD_SYNC:
      request(j, out, FlashOperation.SYNC, 0, 0);
      return;
    case JournalState.RETIRE:
      memory.fill(page, 0, <usize>RETIRED_SIZE);
      request(j, out, FlashOperation.PROGRAM, other(j) + RETIRED_AT, RETIRED_SIZE);
      return;
    default:
      return;
  }
}

function request(j: Journal, out: FlashRequest, operation: FlashOperation, address: u32, size: u32): void {
  out.operation = operation;
  out.address = address;
  out.size = size;
  j.operationSize = size;
  j.busy = operation;
}

function base(j: Journal): u32 {
  return j.area * j.areaSize;
}

function other(j: Journal): u32 {
  return (1 - j.area) * j.areaSize;
}

/** Programs whole records of the tail, then syncs, then reads what is wanted of the image; a full area makes a checkpoint. */
function readyPoll(meter: Meter, j: Journal, page: usize, out: FlashRequest): void {
  if (j.tailEnd == 0) {
    if (j.programmed != j.durable) request(j, out, FlashOperation.SYNC, 0, 0);
    else if (j.readSize != 0) request(j, out, FlashOperation.READ, j.readAddress, j.readSize);
    return;
  }
  const tail = meter.area(Layout.of().tailAt);
  const full = j.writeAt + j.tailEnd > j.areaSize;
  const direct = directFind(tail, j.tailEnd);
  // A snapshot holds what waits in the tail already: what it says of the image area must be done before.
  if (direct == 0 || (full && direct < j.tailEnd)) {
    const operation = directRequest(j, tail, direct, page);
    request(j, out, operation, j.operationAddress, j.operationSize);
    return;
  }
  if (full) {
    j.checkpointBegin();
    journalPoll(meter, page, out);
    return;
  }
  let size: u32 = 0;
  while (size < direct) {
    const next = tailItemSize(tail + <usize>size);
    if (size + next > FLASH_PAGE_SIZE) break;
    j.programmed = bswap<u32>(load<u32>(tail + <usize>(size + 4)));
    size += next;
  }
  memory.copy(page, tail, <usize>size);
  request(j, out, FlashOperation.PROGRAM, base(j) + j.writeAt, size);
}

/** Fills the page with snapshot records; at the end goes on to the head. */
function snapshotPoll(meter: Meter, j: Journal, page: usize, out: FlashRequest): void {
  let size: u32 = 0;
  while (size + RECORD_SIZE_MAX <= FLASH_PAGE_SIZE) {
    const entries = snapshotEntries(meter, j, page + <usize>(size + RECORD_HEAD_SIZE));
    if (entries == 0) break;
    size += recordSeal(page + <usize>size, RECORD_HEAD_SIZE + entries, j.programmed);
  }
  if (size == 0) {
    j.state = JournalState.SNAPSHOT_SYNC;
    journalPoll(meter, page, out);
    return;
  }
  request(j, out, FlashOperation.PROGRAM, other(j) + j.writeAt, size);
}

/** Writes entries for one record at `at`; returns their octets, 0 when everything has been written. */
function snapshotEntries(meter: Meter, j: Journal, at: usize): u32 {
  const t = Template.of();
  const w = writer.into(at, RECORD_SIZE_MAX - RECORD_OVERHEAD - 4);
  while (j.snapshotRow < <u32>t.attributeCount) {
    const row = j.snapshotRow;
    if (valueIsStored(meter, row)) {
      const size = valueSize(meter, row);
      if (w.remaining < ENTRY_HEAD_SIZE + size) return w.size;
      const a = t.attribute(row);
      entryHeadEmit(w, t.object(a.object), a.id, a.part, size);
      w.octets(valueAt(meter, row), size);
    }
    j.snapshotRow++;
  }
  while (j.snapshotProfile < <u32>t.profileCount) {
    if (!snapshotRows(meter, j, w)) return w.size;
    j.snapshotProfile++;
    j.snapshotNumber = 0;
  }
  return w.size;
}

/** Packs rows of the profile under the cursor; false when the record is full before the rows end. */
function snapshotRows(meter: Meter, j: Journal, w: Writer): bool {
  const profile = j.snapshotProfile;
  const ring = Ring.of(meter, profile);
  const object = Template.of().object(Template.of().profile(profile).object);
  if (ring.count == 0) {
    if (ring.generation == 0) return true;
    if (w.remaining < ENTRY_HEAD_SIZE + 4) return false;
    entryHeadEmit(w, object, 2, RowPart.RESET, 4);
    w.u32(ring.generation);
    return true;
  }
  if (<i32>(j.snapshotNumber - ring.first) < 0) j.snapshotNumber = ring.first;
  const left = ring.next - j.snapshotNumber;
  if (<i32>left <= 0) return true;
  if (w.remaining < ENTRY_HEAD_SIZE + 8 + ring.rowSize) return false;
  const fitting = (w.remaining - ENTRY_HEAD_SIZE - 8) / ring.rowSize;
  const rows = left < fitting ? left : fitting;
  entryHeadEmit(w, object, 2, RowPart.ROWS, 8 + rows * ring.rowSize);
  w.u32(ring.generation);
  w.u32(j.snapshotNumber);
  for (let i: u32 = 0; i < rows; i++) w.octets(ringRow(meter, profile, j.snapshotNumber + i), ring.rowSize);
  j.snapshotNumber += rows;
  return j.snapshotNumber == ring.next;
}

/**
 * Takes the end of the operation under way; what was read stands in `page`.
 * @param good false when the flash failed: the journal stops and the host boots the meter again
 */
export function journalDone(meter: Meter, good: bool, page: usize): i32 {
  const j = Journal.of(meter);
  const operation = j.busy;
  if (operation == FlashOperation.NONE) return Err.STATE;
  j.busy = FlashOperation.NONE;
  if (!good) {
    j.state = JournalState.FAILED;
    return Err.OK;
  }
  switch (j.state) {
    case JournalState.HEAD_0:
      j.head0 = headRead(page);
      j.epoch0 = headEpoch(page);
      j.state = JournalState.HEAD_1;
      break;
    case JournalState.HEAD_1:
      j.head1 = headRead(page);
      j.epoch1 = headEpoch(page);
      return headsJudge(j);
    case JournalState.REPLAY:
      return replay(meter, j, page, j.operationSize);
    case JournalState.READY:
      readyDone(meter, j, operation);
      break;
    case JournalState.ERASE:
      j.state = JournalState.SNAPSHOT;
      j.writeAt = HEAD_SIZE;
      break;
    case JournalState.SNAPSHOT:
      j.writeAt += j.operationSize;
      j.written += j.operationSize;
      break;
    case JournalState.SNAPSHOT_SYNC:
      j.state = JournalState.HEAD_PROGRAM;
      break;
    case JournalState.HEAD_PROGRAM:
      j.state = JournalState.HEAD_SYNC;
      break;
    case JournalState.HEAD_SYNC:
      j.area = 1 - j.area;
      j.state = j.epoch++ == 0 ? JournalState.READY : JournalState.RETIRE;
      break;
    case JournalState.RETIRE:
      j.written += RETIRED_SIZE;
      j.state = JournalState.READY;
      break;
    default:
      return Err.STATE;
  }
  return Err.OK;
}

function readyDone(meter: Meter, j: Journal, operation: u32): void {
  if (operation == FlashOperation.SYNC) {
    j.durable = j.programmed;
    return;
  }
  if (operation == FlashOperation.READ) {
    j.readDone = j.operationSize;
    j.readSize = 0;
    return;
  }
  const tail = meter.area(Layout.of().tailAt);
  const at = j.directAt != 0 ? j.directAt - 1 : 0;
  const size = j.directAt != 0 ? tailItemSize(tail + <usize>at) : j.operationSize;
  j.tailEnd -= size;
  memory.copy(tail + <usize>at, tail + <usize>(at + size), <usize>(j.tailEnd - at));
  if (j.directAt == 0) j.writeAt += size;
  j.written += j.operationSize;
  j.directAt = 0;
}

/** Octets that a read of the image area has just given, once; 0 = none. */
export function journalReadTake(meter: Meter): u32 {
  const j = Journal.of(meter);
  const size = j.readDone;
  j.readDone = 0;
  return size;
}

/** Sequence on which everything evaluated now depends. */
export function journalSequence(meter: Meter): u32 {
  return Journal.of(meter).sequence;
}

/** Whether the last replay left out octets of the log that were not erased: the newest records may be among them. */
export function journalDoubtful(meter: Meter): bool {
  const j = Journal.of(meter);
  return j.torn != 0 || j.damaged != 0;
}

/** In how many places the last replay lost what had been durable. */
export function journalDamaged(meter: Meter): i32 {
  return <i32>Journal.of(meter).damaged;
}

/** Newest sequence that survives a power cut. */
export function journalDurable(meter: Meter): u32 {
  const j = Journal.of(meter);
  return j.state == JournalState.NONE ? j.sequence : j.durable;
}
