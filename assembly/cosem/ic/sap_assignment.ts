/** SAP assignment, class_id 17, version 0: the logical devices of the meter, each with its name. */
import { Writer } from "../../base/writer";
import { NONE, Template } from "../../store/template";
import { rowOf } from "../../store/values";
import { Axdr } from "../../wire/axdr";
import { DataAccessResult } from "../../wire/results";
import { Ask, PLAIN } from "../ask";
import { objectSeen } from "../dispatch";
import { valueEmit } from "../setting";

/** 0-0:42.0.0.255, COSEM logical device name. */
const LOGICAL_DEVICE_NAME: usize = memory.data<u8>([0, 0, 42, 0, 0, 255]);

export function sapAssignmentGet(ask: Ask, out: Writer): i32 {
  if (ask.attribute != 2) return PLAIN;
  const t = Template.of();
  let devices: u32 = 0;
  for (let i: u32 = 0; i < <u32>t.associationCount; i++) if (isFirst(i)) devices++;
  Axdr.array(out, devices); // SAP_assignment_list
  for (let i: u32 = 0; i < <u32>t.associationCount; i++) {
    if (!isFirst(i)) continue;
    const serverSap = <u32>t.association(i).serverSap;
    const row = nameRow(serverSap);
    Axdr.structure(out, 2);
    Axdr.longUnsigned(out, serverSap);
    if (row == NONE) Axdr.octetString(out, LOGICAL_DEVICE_NAME, 0);
    else valueEmit(ask.meter, row, out);
  }
  return DataAccessResult.SUCCESS;
}

/** Whether association `index` is the first one of its logical device. */
function isFirst(index: u32): bool {
  const t = Template.of();
  for (let i: u32 = 0; i < index; i++) if (t.association(i).serverSap == t.association(index).serverSap) return false;
  return true;
}

/** Attribute row of the logical device name that the associations of a logical device see; NONE when none sees one. */
function nameRow(serverSap: u32): u32 {
  const t = Template.of();
  for (let i: u32 = 0; i < <u32>t.associationCount; i++) {
    if (<u32>t.association(i).serverSap != serverSap) continue;
    const object = objectSeen(i, 1, LOGICAL_DEVICE_NAME);
    if (object >= 0) return rowOf(object, 2, 0);
  }
  return NONE;
}
