/** NTP setup, class_id 100, version 0. Attributes are values; keys are not used: the meter asks without authentication. */
import { ActionResult } from "../../wire/results";
import { Ask } from "../ask";
import { settingFlag } from "../setting";
import { timeSourceAsk } from "../time_source";

export function ntpSetupInvoke(ask: Ask): i32 {
  // add_authentication_key, delete_authentication_key: there is no authentication.
  if (ask.attribute != 1) return ActionResult.OBJECT_UNAVAILABLE;
  if (!ask.dataIsZero) return ActionResult.TYPE_UNMATCHED;
  if (!settingFlag(ask.meter, ask.object, 2)) return ActionResult.OTHER_REASON;
  // synchronize
  timeSourceAsk(ask.meter);
  return ActionResult.SUCCESS;
}
