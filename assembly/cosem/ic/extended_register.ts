/** Extended register, class_id 4, version 0: values that cosem/demand keeps, and their reset. */
import { ActionResult } from "../../wire/results";
import { Ask } from "../ask";
import { extendedReset } from "../demand";
import { changeResult } from "../plain";

export function extendedRegisterInvoke(ask: Ask): i32 {
  if (!ask.dataIsZero) return ActionResult.TYPE_UNMATCHED;
  if (ask.attribute != 1) return ActionResult.OBJECT_UNAVAILABLE;
  return changeResult(extendedReset(ask.meter, ask.object)); // reset
}
