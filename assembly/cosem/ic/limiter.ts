/** Limiter, class_id 71, version 0. Behaviour: cosem/limiter. */
import { Err } from "../../base/err";
import { Template } from "../../store/template";
import { objectFind } from "../../store/values";
import { dataInteger } from "../../wire/data";
import { DataAccessResult } from "../../wire/results";
import { Ask } from "../ask";
import { limiterChanged } from "../limiter";
import { Parameter } from "../parameters";
import { plainSet, settableRow, valueSet } from "../plain";

const monitored: Parameter = changetype<Parameter>(memory.data(offsetof<Parameter>(), 8));

export function limiterSet(ask: Ask): i32 {
  let result: i32;
  switch (ask.attribute) {
    case 2: // monitored_value
      result = isMonitorable(ask) ? plainSet(ask) : DataAccessResult.OTHER_REASON;
      break;
    case 4: // threshold_normal
    case 5: // threshold_emergency
      result = thresholdSet(ask);
      break;
    default: // min_over_threshold_duration, …, emergency_profile, …, actions
      result = plainSet(ask);
  }
  if (result == DataAccessResult.SUCCESS) limiterChanged(ask.meter, ask.object);
  return result;
}

/** Whether value_definition names an attribute of the meter; another type is refused behind. */
function isMonitorable(ask: Ask): bool {
  const r = ask.data;
  monitored.read(r);
  if (r.err != Err.OK) return true;
  const found = objectFind(monitored.classId, monitored.nameAt);
  return found >= 0 && Template.of().object(found).hasAttribute(monitored.attribute);
}

/** A threshold is a number of whatever type the monitored value has. */
function thresholdSet(ask: Ask): i32 {
  const row = settableRow(ask);
  if (row < 0) return DataAccessResult.READ_WRITE_DENIED;
  const r = ask.data;
  dataInteger(r);
  if (r.err == Err.UNKNOWN || r.remaining != 0) return DataAccessResult.TYPE_UNMATCHED;
  return r.err == Err.OK ? valueSet(ask, row, ask.dataAt, ask.dataSize) : <i32>DataAccessResult.OTHER_REASON;
}
