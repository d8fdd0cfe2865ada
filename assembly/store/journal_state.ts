/** State of a meter's journal (store/journal.ts says how it moves, docs/FLASH.md what stands in the flash). */
import { JOURNAL_AT, JOURNAL_SIZE, Layout } from "./layout";
import { Meter } from "./block";

export const enum JournalState {
  /** No flash: what is committed counts as durable. */
  NONE = 0,
  /** Reading the head of area 0, of area 1. */
  HEAD_0 = 1,
  HEAD_1 = 2,
  REPLAY = 3,
  READY = 4,
  PROGRAM = 5,
  SYNC = 6,
  /** A checkpoint into the other area: erase, snapshot records, sync, head, sync. */
  ERASE = 7,
  SNAPSHOT = 8,
  SNAPSHOT_SYNC = 9,
  HEAD_PROGRAM = 10,
  HEAD_SYNC = 11,
  /** The area left behind is marked, so that it never passes for the newest again. */
  RETIRE = 12,
  FAILED = 13,
}

@unmanaged
export class Journal {
  state: u32;
  /** A flash operation has been handed out and not been answered. */
  busy: u32;
  areaSize: u32;
  area: u32;
  epoch: u32;
  /** Where the next record goes, from the start of the area. */
  writeAt: u32;
  /** Newest committed record, newest one in the flash, newest one known durable. */
  sequence: u32;
  programmed: u32;
  durable: u32;
  /** Octets of committed records that are not in the flash yet. */
  tailEnd: u32;
  /** Octets of the operation under way, and where it begins when it is one on the image area. */
  operationSize: u32;
  operationAddress: u32;
  /** Record being built: octets behind tailEnd, nesting, first error. */
  openSize: u32;
  depth: u32;
  openError: i32;
  /** What the two heads are (area_head.ts), and their epochs, while booting. */
  head0: u32;
  head1: u32;
  epoch0: u32;
  epoch1: u32;
  /** Snapshot cursor: attribute row, then profile and row number. */
  snapshotRow: u32;
  snapshotProfile: u32;
  snapshotNumber: u32;
  /** Where the log seemed to end in the replay, 0 = not yet; octets behind it that are not erased. */
  endAt: u32;
  dirty: u32;
  /** At the last replay: 1 = a torn end was dropped; stretches that were lost although whole records follow them. */
  torn: u32;
  damaged: u32;
  /** Octets programmed since boot. */
  written: u32;
  /** Image operation under way: where it stands in the tail, + 1; 0 = none. Read wanted of the image area; octets a read gave. */
  directAt: u32;
  readAddress: u32;
  readSize: u32;
  readDone: u32;
  /** Newest committed record of more than captured rows and kept energies: what follows from settings looks at them again behind it. */
  settings: u32;

  @inline
  static of(meter: Meter): Journal {
    return changetype<Journal>(meter.area(JOURNAL_AT));
  }

  /** A snapshot of the block goes into the other area next. */
  checkpointBegin(): void {
    this.state = JournalState.ERASE;
    this.snapshotRow = 0;
    this.snapshotProfile = 0;
    this.snapshotNumber = 0;
  }
}

/** Whether several records would fit what waits for the flash: for a script, which is not to be cut short. */
export function journalHasRoom(meter: Meter): bool {
  return Journal.of(meter).tailEnd <= Layout.of().tailSize / 2;
}

if (offsetof<Journal>() > JOURNAL_SIZE) ERROR("the journal state has JOURNAL_SIZE octets");
