/** Register monitor, class_id 21, version 0. Attributes are values; watching is cosem/monitor's. */
import { DataAccessResult } from "../../wire/results";
import { Ask } from "../ask";
import { monitorSet } from "../monitor";
import { plainSet } from "../plain";

export function registerMonitorSet(ask: Ask): i32 {
  const result = plainSet(ask);
  if (result == DataAccessResult.SUCCESS) monitorSet(ask.meter, ask.object);
  return result;
}
