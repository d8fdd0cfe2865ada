/** Disconnect control, class_id 70, versions 0 and 1. Behaviour: cosem/control, meter/disconnector. */
import { changeCommit, changeOpen } from "../../store/change";
import { ActionResult, DataAccessResult } from "../../wire/results";
import { Ask, PLAIN } from "../ask";
import { controlAlways, controlAlwaysAdd, controlInvoke } from "../control";
import { changeResult, plainSet } from "../plain";
import { settingNumber } from "../setting";

export function disconnectControlSet(ask: Ask): i32 {
  const always = ask.attribute == 4 && ask.dataSize == 2 && load<u8>(ask.dataAt + 1) == 0;
  if (!always) return PLAIN;
  // control_mode 0: the supply is always connected.
  const before = settingNumber(ask.meter, ask.object, 3, 1);
  changeOpen(ask.meter);
  const result = plainSet(ask);
  if (result == DataAccessResult.SUCCESS) controlAlwaysAdd(ask.meter, ask.object);
  const err = changeCommit(ask.meter);
  if (result != DataAccessResult.SUCCESS) return result;
  if (err == 0) controlAlways(ask.meter, ask.object, before);
  return changeResult(err);
}

export function disconnectControlInvoke(ask: Ask): i32 {
  if (!ask.dataIsZero) return ActionResult.TYPE_UNMATCHED;
  switch (ask.attribute) {
    case 1: // remote_disconnect
      return controlInvoke(ask.meter, ask.object, ask.caller, false);
    case 2: // remote_reconnect
      return controlInvoke(ask.meter, ask.object, ask.caller, true);
    default:
      return ActionResult.OBJECT_UNAVAILABLE;
  }
}
