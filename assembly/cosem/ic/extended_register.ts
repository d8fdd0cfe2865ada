/** Extended register, class_id 4, version 0: values that cosem/demand keeps, and their reset. */
import { Reader } from "../../base/reader";
import { ActionResult } from "../../wire/results";
import { Ask } from "../ask";
import { extendedReset } from "../demand";
import { changeResult } from "../plain";
import { parameterIsZero } from "./clock";

const reader: Reader = changetype<Reader>(memory.data(offsetof<Reader>(), 8));

export function extendedRegisterInvoke(ask: Ask): i32 {
  if (!parameterIsZero(ask.data(reader))) return ActionResult.TYPE_UNMATCHED;
  if (ask.attribute != 1) return ActionResult.OBJECT_UNAVAILABLE;
  return changeResult(extendedReset(ask.meter, ask.object)); // reset
}
