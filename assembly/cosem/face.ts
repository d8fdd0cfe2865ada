/**
 * What the face of a meter shows, item by item: the columns of the display lists, as they are now, and what stands beside them. A
 * host asks; nothing is kept.
 */
import { Writer } from "../base/writer";
import { Meter } from "../store/block";
import { Ring } from "../store/rings";
import { NONE, Template } from "../store/template";
import { objectFind } from "../store/values";
import { Axdr } from "../wire/axdr";
import { Caller } from "./ask";
import { functionProfileOff } from "./function_control";
import { SCALER_AT, scalerUnitOf, shownEmit, UNIT_AT } from "./shown";

/** Lists that a host can ask for; those with a row in ROWS are the same in every meter. */
const enum FaceList {
  GENERAL = 0,
  ALTERNATE = 1,
  /** Clock, consumer message text, tariff, disconnector. */
  SURROUND = 2,
  /** NTP setup: activated, server_address, server_port. */
  TIME_SOURCE = 3,
}

/** 0-0:21.0.1.255; E counts the lists. */
const listName: usize = memory.data<u8>([0, 0, 21, 0, 1, 255]);
const LIST_E: usize = 4;

/** {list, class, attribute, A … E} */
// prettier-ignore
const ROWS: usize = memory.data<u8>([
  2, 8, 2, 0, 0, 1, 0, 0, // Clock, time
  2, 1, 2, 0, 0, 96, 13, 0, // Consumer message text
  2, 1, 2, 0, 0, 96, 14, 0, // Currently active energy tariff
  2, 70, 3, 0, 0, 96, 3, 10, // Disconnect control, control_state
  3, 100, 2, 0, 0, 25, 10, 0, // NTP setup, activated
  3, 100, 3, 0, 0, 25, 10, 0, // server_address
  3, 100, 4, 0, 0, 25, 10, 0, // server_port
]);
const ROW_SIZE: u32 = 8;
const ROW_COUNT: u32 = 7;

const name: usize = memory.data(6, 2);

/**
 * Writes {class_id u16, logical name, attribute i8, scaler i8, unit u8 (0 = it has none), value as Data}; a value that cannot be had
 * is null-data.
 */
function itemEmit(meter: Meter, object: u32, attribute: i32, w: Writer): void {
  const row = Template.of().object(object);
  w.u16(row.classId);
  w.octets(row.logicalName, 6);
  w.u8(attribute);
  const scaled = scalerUnitOf(meter, object, attribute);
  w.u8(scaled != 0 ? load<u8>(scaled + SCALER_AT) : 0);
  w.u8(scaled != 0 ? load<u8>(scaled + UNIT_AT) : 0);
  const begins = w.size;
  if (shownEmit(meter, object, attribute, Caller.CAPTURE, w)) return;
  w.rewind(begins);
  Axdr.nullData(w);
}

/** Number of the profile of a display list, NONE without one, or while the display is switched off. */
function listOf(meter: Meter, list: u32): u32 {
  store<u8>(listName + LIST_E, <u8>(1 + list));
  const object = objectFind(7, listName);
  if (object < 0) return NONE;
  const profile = <u32>Template.of().object(object).instance;
  return functionProfileOff(meter, profile) ? NONE : profile;
}

/** Writes item `item` of list `list` to `w`. @returns false behind the last one */
export function faceItem(meter: Meter, list: u32, item: u32, w: Writer): bool {
  if (list <= <u32>FaceList.ALTERNATE) {
    const profile = listOf(meter, list);
    if (profile == NONE || item >= Ring.of(meter, profile).columns) return false;
    const column = Ring.of(meter, profile).column(item);
    itemEmit(meter, column.object, column.attribute, w);
    return true;
  }
  let left = item;
  for (let i: u32 = 0; i < ROW_COUNT; i++) {
    const row = ROWS + <usize>(i * ROW_SIZE);
    if (<u32>load<u8>(row) != list) continue;
    memory.copy(name, row + 3, 5);
    store<u8>(name + 5, 255);
    const object = objectFind(load<u8>(row + 1), name);
    if (object < 0 || left-- != 0) continue;
    itemEmit(meter, object, load<u8>(row + 2), w);
    return true;
  }
  return false;
}
