/** SAP assignment, class_id 17, version 0. */
import { Writer } from "../../base/writer";
import { NONE } from "../../store/template";
import { objectFind, rowOf, valueAt, valueSize } from "../../store/values";
import { Axdr } from "../../wire/axdr";
import { DataAccessResult } from "../../wire/results";
import { Ask } from "../ask";
import { plainGet } from "../plain";

/** 0-0:42.0.0.255, COSEM logical device name. */
const LOGICAL_DEVICE_NAME: usize = memory.data<u8>([0, 0, 42, 0, 0, 255]);
/** The one logical device of an IDIS meter, the management logical device. */
const MANAGEMENT_SAP: u32 = 1;

export function sapAssignmentGet(ask: Ask, out: Writer): i32 {
  if (ask.attribute != 2) return plainGet(ask, out);
  const object = objectFind(1, LOGICAL_DEVICE_NAME);
  const row = object < 0 ? NONE : rowOf(object, 2, 0);
  if (row == NONE) return DataAccessResult.OBJECT_UNAVAILABLE;
  Axdr.array(out, 1); // SAP_assignment_list
  Axdr.structure(out, 2);
  Axdr.longUnsigned(out, MANAGEMENT_SAP);
  out.octets(valueAt(ask.meter, row), valueSize(ask.meter, row));
  return DataAccessResult.SUCCESS;
}
