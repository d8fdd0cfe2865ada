/** Register, class_id 3, version 0. What it shows is cosem/plain's; here is its reset. */
import { meteringReset } from "../../meter/metering";
import { quantityCounts } from "../../meter/quantity";
import { AttributeFlag, Template } from "../../store/template";
import { attributeFind } from "../../store/values";
import { ActionResult } from "../../wire/results";
import { Ask } from "../ask";
import { changeResult } from "../plain";
import { defaultPut } from "../put";

const VALUE: i32 = 2;

/** reset: what is counted begins at 0, a kept value is the template's again; what is measured now cannot be reset. */
export function registerInvoke(ask: Ask): i32 {
  if (ask.attribute != 1) return ActionResult.OBJECT_UNAVAILABLE;
  if (!ask.dataIsZero) return ActionResult.TYPE_UNMATCHED;
  const row = attributeFind(ask.row, VALUE, 0);
  if (row < 0) return ActionResult.OBJECT_UNAVAILABLE;
  const a = Template.of().attribute(row);
  if ((a.flags & AttributeFlag.COMPUTED) != 0) {
    return quantityCounts(a.quantity)
      ? changeResult(meteringReset(ask.meter, a.quantity))
      : <i32>ActionResult.OTHER_REASON;
  }
  if (a.capacity == 0) return ActionResult.OTHER_REASON;
  return changeResult(defaultPut(ask.meter, row));
}
