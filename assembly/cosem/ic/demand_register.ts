/** Demand register, class_id 5, version 0. Integrating is meter/demand's and cosem/demand's. */
import { Err } from "../../base/err";
import { Writer } from "../../base/writer";
import { Demand, demandAverage, demandCount, demandRunning } from "../../meter/demand";
import { NONE, Template } from "../../store/template";
import { dataInteger } from "../../wire/data";
import { ActionResult, DataAccessResult } from "../../wire/results";
import { Ask, PLAIN } from "../ask";
import { demandClose, demandPeriodsValid, demandRestart } from "../demand";
import { numberEmit, scaled } from "../number";
import { plainSet } from "../plain";
import { momentEmit } from "../put";

export function demandRegisterGet(ask: Ask, out: Writer): i32 {
  const instance = <u32>ask.row.instance;
  if (instance >= demandCount()) return PLAIN;
  const d = Demand.of(ask.meter, instance);
  if (d.due == 0) return PLAIN;
  switch (ask.attribute) {
    case 2: // current_average_value
      return numberGet(ask, out, demandAverage(d, demandRunning(ask.meter, d)));
    case 3: // last_average_value
      return numberGet(ask, out, demandAverage(d, d.last));
    case 5: // status
      return numberGet(ask, out, d.lastStatus);
    case 6: // capture_time
      return d.captured == 0 ? PLAIN : momentGet(ask, out, d.captured);
    case 7: // start_time_current
      return momentGet(ask, out, d.start);
    default: // scaler_unit, period, number_of_periods
      return PLAIN;
  }
}

/** A number without the digits that its attribute drops. */
function numberGet(ask: Ask, out: Writer, value: i64): i32 {
  const row = ask.rowOf(ask.attribute);
  if (row == NONE) return DataAccessResult.OBJECT_UNAVAILABLE;
  const a = Template.of().attribute(row);
  numberEmit(out, a.tag, scaled(value, a.digits), false);
  return DataAccessResult.SUCCESS;
}

function momentGet(ask: Ask, out: Writer, utc: u32): i32 {
  momentEmit(ask.meter, utc, out);
  return DataAccessResult.SUCCESS;
}

/** A SET of period or number_of_periods begins anew. */
export function demandRegisterSet(ask: Ask): i32 {
  const periodic = ask.attribute == 8 || ask.attribute == 9;
  if (periodic) {
    const r = ask.data;
    const value = dataInteger(r);
    const number = value >= 0 && value <= 0xffff ? <u32>value : 0;
    const fits = ask.attribute == 8 ? demandPeriodsValid(number, 1) : demandPeriodsValid(1, number);
    if (r.err == Err.OK && !fits) return DataAccessResult.OTHER_REASON;
  }
  const result = plainSet(ask);
  if (periodic && result == DataAccessResult.SUCCESS) demandRestart(ask.meter, ask.object);
  return result;
}

export function demandRegisterInvoke(ask: Ask): i32 {
  if (!ask.dataIsZero) return ActionResult.TYPE_UNMATCHED;
  switch (ask.attribute) {
    case 1: // reset
      demandRestart(ask.meter, ask.object);
      return ActionResult.SUCCESS;
    case 2: // next_period
      return demandClose(ask.meter, ask.object) ? ActionResult.SUCCESS : ActionResult.OTHER_REASON;
    default:
      return ActionResult.OBJECT_UNAVAILABLE;
  }
}
