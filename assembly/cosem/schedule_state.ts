/** State of the schedules in the block of a meter: instants that come next, and what was passed over. */
import { SCHEDULES_MAX, SINGLE_ACTIONS_MAX } from "../base/limits";
import { Meter } from "../store/block";
import { SCHEDULE_AT, SCHEDULE_SIZE } from "../store/layout";

/** What a schedule (class_id 10) has to run, entry by entry in the order of their last instants: one instant, or what was passed over. */
@unmanaged
export class Missed {
  /** UTC seconds: the instants behind `from` up to `to`. */
  from: i64;
  to: i64;
  /** Instant of the entry run last, and its place in the table. */
  instant: i64;
  position: u32;
  reserved: u32;

  begin(from: i64, to: i64): void {
    this.from = from;
    this.to = to;
    this.instant = from;
    this.position = 0;
  }
}

@unmanaged
export class ScheduleState {
  /** UTC second of the instant whose script runs, 0 = none: what runs is a client's. */
  instant: i64;
  /** Bit n: what slot n has due was passed over. */
  late: u32;
  /** The end of a billing period that a power cut interrupted is being finished. */
  resuming: u32;
  /** Its row was captured since power-up, so that its script has run to the end. */
  opened: u32;
  /** Since power-up: whether an instant at which the power went was still run is not known. */
  fresh: u32;

  @inline
  static of(meter: Meter): ScheduleState {
    return changetype<ScheduleState>(meter.area(SCHEDULE_AT));
  }

  /** UTC second at which slot `slot` is due, NEVER = it is not. */
  @inline
  next(slot: u32): i64 {
    return load<i64>(changetype<usize>(this) + NEXT_AT + <usize>(slot << 3));
  }

  @inline
  setNext(slot: u32, utc: i64): void {
    store<i64>(changetype<usize>(this) + NEXT_AT + <usize>(slot << 3), utc);
  }

  @inline
  missed(schedule: u32): Missed {
    return changetype<Missed>(changetype<usize>(this) + MISSED_AT + <usize>(schedule * offsetof<Missed>()));
  }
}

const NEXT_AT: usize = offsetof<ScheduleState>();
const MISSED_AT: usize = NEXT_AT + (SINGLE_ACTIONS_MAX + SCHEDULES_MAX) * 8;

if (MISSED_AT + SCHEDULES_MAX * offsetof<Missed>() > SCHEDULE_SIZE) ERROR("schedules have SCHEDULE_SIZE octets");
if (SINGLE_ACTIONS_MAX + SCHEDULES_MAX > 32) ERROR("a bit of `late` for each slot");
