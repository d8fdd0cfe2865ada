/**
 * Quality of supply: what goes on in the samples. A tracker follows one disturbance of one phase, or of any phase, from the sample in
 * which it begins to the one in which it is over; values of a sample hold from the sample before it on, so both are known to the
 * millisecond. cosem/quality counts and keeps what the trackers have seen.
 */
import { Meter } from "../store/block";
import { Layout, QUALITY_AT, QUALITY_SIZE, TRACKERS_AT, TRACKERS_SIZE } from "../store/layout";
import { Instant, Metering } from "./metering_state";

/** Disturbances of a voltage. A voltage below the threshold of a cut is no sag. */
export const enum Disturbance {
  SAG = 0,
  SWELL = 1,
  CUT = 2,
  NONE = 3,
}

/** Trackers: four of each disturbance (any phase, L1, L2, L3), then one of each condition. */
export const enum Condition {
  ASYMMETRY = 12,
  MISSING_NEUTRAL = 13,
  CURRENT_REVERSAL = 14,
  UNEXPECTED_CONSUMPTION = 15,
}

export const TRACKERS: u32 = 16;
export const PHASES: u32 = 3;
const ALL_PHASES: u32 = 7;

/** How long a condition must last, ms. */
const CONDITION_MS: f64 = 60000;
/** Phases are asymmetric when one is further from their mean than this part of it. */
const ASYMMETRY_PERCENT: i32 = 10;
/** Power that is no noise, mW. */
const POWER_MIN: i32 = 20000;

/** Thresholds that no voltage crosses. */
export const NEVER_BELOW: i32 = -1;
export const NEVER_ABOVE: i32 = i32.MAX_VALUE;

export const enum TrackerState {
  /** It goes on. */
  ON = 1,
  /** It is over, and waits to be kept. */
  ENDED = 2,
  /** It has lasted for its time threshold, and is counted. */
  COUNTED = 4,
}

@unmanaged
export class Tracker {
  /** Meter time of its beginning and its end, ms. */
  since: f64;
  until: f64;
  /** Lowest voltage, of a swell the highest, mV. */
  extreme: i32;
  /** Bits of TrackerState. */
  state: u32;
}

const TRACKER_SIZE: u32 = 24;

@unmanaged
export class Quality {
  /** UTC second of the end of the averages that were judged last, and bit p: that of phase p + 1 is outside the band and waits to be counted. */
  averaged: u32;
  judged: u32;
  /** Thresholds of the voltage, mV. */
  sag: i32;
  swell: i32;
  cut: i32;
  /** Time thresholds of sag, swell and cut, ms. */
  sagMs: u32;
  swellMs: u32;
  cutMs: u32;
  /** Bit p: phase p + 1 is measured; bit p: a disturbance of it was counted since its voltage was normal. */
  phases: u32;
  disturbed: u32;
  /** The meter counts no export; its output is open. */
  importOnly: u32;
  open: u32;
  /** Sequence of the settings from which the thresholds were taken, + 1. */
  taken: u32;
  reserved: u32;

  @inline
  static of(meter: Meter): Quality {
    return changetype<Quality>(meter.area(QUALITY_AT));
  }

  tracker(index: u32): Tracker {
    return changetype<Tracker>(
      changetype<usize>(this) - QUALITY_AT + <usize>(Layout.of().seldomAt + TRACKERS_AT + index * TRACKER_SIZE),
    );
  }

  /** How long what tracker `index` follows must last to be counted, ms. */
  limit(index: u32): f64 {
    switch (index >> 2) {
      case Disturbance.SAG:
        return <f64>this.sagMs;
      case Disturbance.SWELL:
        return <f64>this.swellMs;
      case Disturbance.CUT:
        return <f64>this.cutMs;
      default:
        return CONDITION_MS;
    }
  }
}

if (offsetof<Tracker>() != TRACKER_SIZE) ERROR("a tracker has 24 octets");
if (offsetof<Quality>() > QUALITY_SIZE || TRACKERS * TRACKER_SIZE > TRACKERS_SIZE)
  ERROR("quality has QUALITY_SIZE octets, its trackers have TRACKERS_SIZE");

function kindOf(q: Quality, voltage: i32): u32 {
  if (voltage < q.cut) return Disturbance.CUT;
  if (voltage < q.sag) return Disturbance.SAG;
  return voltage > q.swell ? Disturbance.SWELL : Disturbance.NONE;
}

/** Tells tracker `index` whether a sample has what it follows. @returns whether it has begun or ended */
function step(m: Metering, q: Quality, index: u32, on: bool, value: i32): bool {
  const t = q.tracker(index);
  if ((t.state & TrackerState.ENDED) != 0) return false;
  const was = (t.state & TrackerState.ON) != 0;
  if (on && was) {
    t.extreme = index >> 2 == Disturbance.SWELL ? max(t.extreme, value) : min(t.extreme, value);
    return false;
  }
  if (on) {
    t.state = TrackerState.ON;
    t.since = m.began;
    t.extreme = value;
  } else if (was) {
    t.state = (t.state & TrackerState.COUNTED) | TrackerState.ENDED;
    t.until = m.began;
  }
  return on != was;
}

/** Tells the four trackers of a disturbance of the sample. */
function disturbanceTake(m: Metering, q: Quality, kind: u32): bool {
  let changed = false;
  let any = false;
  let extreme: i32 = 0;
  for (let p: u32 = 0; p < PHASES; p++) {
    if (((q.phases >> p) & 1) == 0) continue;
    const voltage = m.instant(Instant.VOLTAGE + p);
    const on = kindOf(q, voltage) == kind;
    if (step(m, q, (kind << 2) + p + 1, on, voltage)) changed = true;
    if (!on) continue;
    const more = kind == Disturbance.SWELL ? voltage > extreme : voltage < extreme;
    if (!any || more) extreme = voltage;
    any = true;
  }
  return step(m, q, kind << 2, any, extreme) || changed;
}

/** All phases carry voltage, and one is far from their mean. */
function asymmetric(m: Metering, q: Quality): bool {
  if (q.phases != ALL_PHASES) return false;
  let sum: i32 = 0;
  let low = NEVER_ABOVE;
  let high = NEVER_BELOW;
  for (let p: u32 = 0; p < PHASES; p++) {
    const voltage = m.instant(Instant.VOLTAGE + p);
    sum += voltage;
    low = min(low, voltage);
    high = max(high, voltage);
  }
  if (low < q.cut || low == 0) return false;
  const far = max(3 * high - sum, sum - 3 * low);
  return far * 100 > sum * ASYMMETRY_PERCENT;
}

/** Without a neutral the phases share what stands between them: one is too high while another is too low. */
function neutralMissing(m: Metering, q: Quality): bool {
  if (q.phases != ALL_PHASES) return false;
  let low = false;
  let high = false;
  for (let p: u32 = 0; p < PHASES; p++) {
    const kind = kindOf(q, m.instant(Instant.VOLTAGE + p));
    if (kind == Disturbance.SAG) low = true;
    if (kind == Disturbance.SWELL) high = true;
  }
  return low && high;
}

/** Whether some phase carries more power than noise; `fed`: towards the network. */
function powered(m: Metering, fed: bool): bool {
  for (let p: u32 = 0; p < PHASES; p++) {
    const power = m.instant(Instant.POWER + p);
    if (power < -POWER_MIN || (!fed && power > POWER_MIN)) return true;
  }
  return false;
}

/** Tells all trackers of the sample that Metering holds. @returns whether one has begun or ended */
export function qualityTake(meter: Meter): bool {
  const m = Metering.of(meter);
  const q = Quality.of(meter);
  let changed = false;
  for (let kind: u32 = Disturbance.SAG; kind <= <u32>Disturbance.CUT; kind++) {
    if (disturbanceTake(m, q, kind)) changed = true;
  }
  if (step(m, q, Condition.ASYMMETRY, asymmetric(m, q), 0)) changed = true;
  if (step(m, q, Condition.MISSING_NEUTRAL, neutralMissing(m, q), 0)) changed = true;
  if (step(m, q, Condition.CURRENT_REVERSAL, q.importOnly != 0 && powered(m, true), 0)) changed = true;
  if (step(m, q, Condition.UNEXPECTED_CONSUMPTION, q.open != 0 && powered(m, false), 0)) changed = true;
  return changed;
}

/** Meter time at which a tracker must be looked at, ms; 0 = there is none. */
export function qualityDeadline(meter: Meter): f64 {
  const q = Quality.of(meter);
  let next: f64 = 0;
  for (let i: u32 = 0; i < TRACKERS; i++) {
    const t = q.tracker(i);
    if (t.state == 0 || t.state == (TrackerState.ON | TrackerState.COUNTED)) continue;
    const at = (t.state & TrackerState.ENDED) != 0 ? t.until : t.since + q.limit(i);
    if (next == 0 || at < next) next = at;
  }
  return next;
}

/** All that goes on is over now: the power fails. */
export function qualityEnd(meter: Meter): void {
  const q = Quality.of(meter);
  for (let i: u32 = 0; i < TRACKERS; i++) {
    const t = q.tracker(i);
    if ((t.state & TrackerState.ON) == 0) continue;
    t.state = (t.state & TrackerState.COUNTED) | TrackerState.ENDED;
    t.until = meter.meterTime;
  }
  q.disturbed = 0;
}
