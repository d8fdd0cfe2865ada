/** Communication port protection, class_id 124, version 0. Behaviour: cosem/port_protection. */
import { Writer } from "../../base/writer";
import { NONE } from "../../store/template";
import { Axdr } from "../../wire/axdr";
import { ActionResult, DataAccessResult } from "../../wire/results";
import { Ask, PLAIN } from "../ask";
import { changeResult } from "../plain";
import { Protection, protectionOf, protectionReset, protectionStatus } from "../port_protection";

export function portProtectionGet(ask: Ask, out: Writer): i32 {
  const index = protectionOf(ask.meter, ask.object);
  if (index == NONE) return PLAIN;
  const p = Protection.of(ask.meter, index);
  switch (ask.attribute) {
    case 8: // protection_status
      Axdr.enum_(out, protectionStatus(ask.meter, p));
      return DataAccessResult.SUCCESS;
    case 9: // failed_attempts
      Axdr.doubleLongUnsigned(out, p.failed);
      return DataAccessResult.SUCCESS;
    case 10: // cumulative_failed_attempts
      Axdr.doubleLongUnsigned(out, p.cumulative);
      return DataAccessResult.SUCCESS;
    default: // protection_mode, allowed_failed_attempts, …, port_reference
      return PLAIN;
  }
}

export function portProtectionInvoke(ask: Ask): i32 {
  const index = protectionOf(ask.meter, ask.object);
  if (index == NONE || ask.attribute != 1) return ActionResult.OBJECT_UNAVAILABLE;
  if (!ask.dataIsZero) return ActionResult.TYPE_UNMATCHED;
  // reset
  return changeResult(protectionReset(ask.meter, Protection.of(ask.meter, index)));
}
