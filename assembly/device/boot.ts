/** Power-up: an empty block, the provisioned values, the journal on top, then everything that derives from them. */
import { Err } from "../base/err";
import { octetsClear } from "../base/octets";
import { ELLIPTIC } from "../base/suites";
import { agendaBoot } from "../cosem/agenda";
import { captureEvent } from "../cosem/capture";
import { imageTake } from "../cosem/image";
import { pushInstallation } from "../cosem/push";
import { EventCode, eventRaise } from "../meter/events";
import { contextsBoot, SecurityContext } from "../session/keys";
import { staticLoad } from "../session/transactions";
import { Meter, SeatState } from "../store/block";
import { entriesApply } from "../store/change";
import {
  FlashRequest,
  journalBoot,
  journalDamaged,
  journalDone,
  journalDurable,
  journalPoll,
  journalReadTake,
  journalReady,
} from "../store/journal";
import { Layout } from "../store/layout";
import { ringShape } from "../store/rings";
import { Template } from "../store/template";
import { FLASH, PROVISION, PROVISION_SIZE, Status } from "./regions";
import { seatExists, timeValid } from "./seat";

const request: FlashRequest = changetype<FlashRequest>(memory.data(offsetof<FlashRequest>(), 8));

/**
 * Boots a seat. Provision records stand in their region; the replay of the flash runs through flashPoll/flashDone.
 * @returns 0; Err.STATE (no such seat, bad time), Err.MALFORMED (provision records), Err.LIMIT (flash too small)
 */
export function bootSeat(seat: u32, provisionSize: u32, flashSize: u32, lineTime: f64, meterTime: f64): i32 {
  if (!seatExists(seat) || provisionSize > PROVISION_SIZE) return Err.STATE;
  if (!timeValid(lineTime) || !timeValid(meterTime)) return Err.STATE;
  const meter = Meter.at(seat);
  const l = Layout.of();
  if (meter.state != SeatState.EMPTY) octetsClear(changetype<usize>(meter), l.blockSize);
  meter.layoutId0 = l.id0;
  meter.layoutId1 = l.id1;
  meter.lineTime = lineTime;
  meter.meterTime = meterTime;
  meter.state = SeatState.BOOTING;
  for (let i: u32 = 0; i < <u32>Template.of().profileCount; i++) ringShape(meter, i);
  let err = entriesApply(meter, PROVISION, provisionSize);
  if (err == Err.OK) err = journalBoot(meter, flashSize);
  if (err != Err.OK) {
    meter.state = SeatState.FAULT;
    meter.fault = err;
    return err;
  }
  if (journalReady(meter)) bootFinish(meter);
  return Err.OK;
}

/** The state is known: ready keys, counters, clock and captures, and open the meter to the world. */
function bootFinish(meter: Meter): void {
  meter.state = SeatState.RUNNING;
  contextsBoot(meter);
  for (let i: u32 = 0; ELLIPTIC && i < <u32>Template.of().securityCount; i++)
    staticLoad(meter, SecurityContext.of(meter, i));
  // The log of a meter without a past begins with its first power-up.
  if (!agendaBoot(meter)) eventRaise(meter, EventCode.POWER_UP);
  if (journalDamaged(meter) != 0) {
    // Logged at once, so that the snapshot that ends the damage holds it.
    captureEvent(meter, EventCode.NON_VOLATILE_MEMORY_ERROR);
  }
  pushInstallation(meter);
}

/** Next flash operation of a seat; see FlashOperation. */
export function flashPollSeat(seat: u32): i32 {
  if (!seatExists(seat)) return Err.STATE;
  const meter = Meter.at(seat);
  if (meter.state != SeatState.BOOTING && meter.state != SeatState.RUNNING) return 0;
  journalPoll(meter, FLASH, request);
  Status.of().address = request.address;
  Status.of().size = request.size;
  return request.operation;
}

/**
 * Takes the end of the operation: status 0 = done, else the flash failed and the meter must be booted again.
 * @returns 0 or Err; at the end of a replay that missed what had been durable, how many stretches of the flash it passed over
 */
export function flashDoneSeat(seat: u32, status: i32, meterTime: f64): i32 {
  if (!seatExists(seat) || !timeValid(meterTime)) return Err.STATE;
  const meter = Meter.at(seat);
  const err = journalDone(meter, status == 0, FLASH);
  Status.of().durable = journalDurable(meter);
  if (err != Err.OK || status != 0) {
    meter.state = SeatState.FAULT;
    meter.fault = err != Err.OK ? err : <i32>Err.STATE;
    return err;
  }
  if (meter.state == SeatState.BOOTING && journalReady(meter)) {
    bootFinish(meter);
    return journalDamaged(meter);
  }
  const read = journalReadTake(meter);
  if (read != 0) imageTake(meter, FLASH, read);
  return Err.OK;
}
