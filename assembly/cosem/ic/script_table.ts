/** Script table, class_id 9, version 0. The scripts are a value; running them is cosem/execute's. */
import { Axdr } from "../../wire/axdr";
import { ActionResult } from "../../wire/results";
import { Ask, Caller } from "../ask";
import { executeActions } from "../execute";

export function scriptTableInvoke(ask: Ask): i32 {
  const r = ask.data;
  const selector = Axdr.readLongUnsigned(r);
  if (!r.done) return ActionResult.TYPE_UNMATCHED;
  if (ask.attribute != 1) return ActionResult.OBJECT_UNAVAILABLE;
  // execute: scripts act for the meter, whoever started them; a monitor stays one.
  const caller = ask.caller == Caller.MONITOR ? Caller.MONITOR : Caller.SCRIPT;
  return executeActions(ask.meter, caller, ask.depth, ask.object, selector);
}
