/** Function control, class_id 122, version 0. Attributes are values; behaviour: cosem/function_control. */
import { ActionResult } from "../../wire/results";
import { Ask } from "../ask";
import { functionAdd, functionRemove, functionStatusSet } from "../function_control";

export function functionControlInvoke(ask: Ask): i32 {
  const meter = ask.meter;
  switch (ask.attribute) {
    case 1: // set_function_status
      return functionStatusSet(meter, ask.object, ask.dataAt, ask.dataSize);
    case 2: // add_function
      return functionAdd(meter, ask.object, ask.dataAt, ask.dataSize);
    case 3: // remove_function
      return functionRemove(meter, ask.object, ask.dataAt, ask.dataSize);
    default:
      return ActionResult.OBJECT_UNAVAILABLE;
  }
}
