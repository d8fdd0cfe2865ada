/** Checks what the host names: a seat of the bank, a connection, a time. */
import { Err } from "../base/err";
import { Meter, SeatState } from "../store/block";
import { Layout } from "../store/layout";
import { NONE, PortRow, Template } from "../store/template";

/** Times beyond the year 9999 are mistakes, and so are NaN and negative ones. */
const TIME_MAX: f64 = 253402300800000;

/** Whether the block of `seat` lies inside the memory of a planned bank. */
export function seatExists(seat: u32): bool {
  const t = Template.of();
  if (t.magic == 0) return false;
  const l = Layout.of();
  const end = <u64>l.seatBase + (<u64>seat + 1) * <u64>l.blockSize;
  return l.blockSize != 0 && end <= (<u64>memory.size()) << 16;
}

/** A running meter of this layout: 0 or Err.STATE. */
export function seatRunning(seat: u32): i32 {
  if (!seatExists(seat)) return Err.STATE;
  const meter = Meter.at(seat);
  const l = Layout.of();
  const good = meter.state == SeatState.RUNNING && meter.layoutId0 == l.id0 && meter.layoutId1 == l.id1;
  return good ? Err.OK : Err.STATE;
}

/** Whether a time can be taken; the comparison also refuses NaN. */
export function timeValid(time: f64): bool {
  return time >= 0 && time < TIME_MAX;
}

/** Takes the times of a call. Neither goes back: an older one counts as the newest known. */
export function timesTake(meter: Meter, lineTime: f64, meterTime: f64): i32 {
  if (!timeValid(lineTime) || !timeValid(meterTime)) return Err.STATE;
  if (lineTime > meter.lineTime) meter.lineTime = lineTime;
  if (meterTime > meter.meterTime) meter.meterTime = meterTime;
  return Err.OK;
}

/** Port whose connection begins with `slot`, NONE when no connection begins there. */
export function portOf(slot: u32): u32 {
  const t = Template.of();
  for (let i: u32 = 0; i < <u32>t.portCount; i++) {
    const p = t.port(i);
    const first = <u32>p.firstSlot;
    const links = <u32>p.links;
    if (slot >= first && slot < first + <u32>p.connections * links) return (slot - first) % links == 0 ? i : NONE;
  }
  return NONE;
}

/** The row of a port. */
export function portRow(port: u32): PortRow {
  return Template.of().port(port);
}
