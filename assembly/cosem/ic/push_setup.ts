/** Push setup, class_id 40, versions 0 to 2. Attributes are values; when and what is pushed: cosem/push, server/notification. */
import { Err } from "../../base/err";
import { changeCommit, changeOpen } from "../../store/change";
import { ActionResult, DataAccessResult } from "../../wire/results";
import { Ask } from "../ask";
import { changeResult, plainSet } from "../plain";
import { pushReset, pushStart } from "../push";
import { marksForget } from "../push_marks";

/** A new push_object_list has been delivered to nobody. */
export function pushSetupSet(ask: Ask): i32 {
  changeOpen(ask.meter);
  const result = plainSet(ask);
  if (result == DataAccessResult.SUCCESS && ask.attribute == 2) marksForget(ask.meter, ask.object);
  const err = changeCommit(ask.meter);
  return result == DataAccessResult.SUCCESS ? changeResult(err) : result;
}

export function pushSetupInvoke(ask: Ask): i32 {
  if (!ask.dataIsZero) return ActionResult.TYPE_UNMATCHED;
  switch (ask.attribute) {
    case 1: // push
      return pushStart(ask.meter, ask.object) == Err.OK ? ActionResult.SUCCESS : ActionResult.OTHER_REASON;
    case 2: // reset
      pushReset(ask.meter, ask.object);
      return ActionResult.SUCCESS;
    default:
      return ActionResult.OBJECT_UNAVAILABLE;
  }
}
