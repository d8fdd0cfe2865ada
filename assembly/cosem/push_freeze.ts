/**
 * What an alarm push says is frozen when it is started (IDIS): its client shall learn what raised it, however late it goes out. A list
 * that does not fit the room, or with attributes that only an association knows, is evaluated when it goes out.
 */
import { Err } from "../base/err";
import { Reader } from "../base/reader";
import { Writer } from "../base/writer";
import { Meter } from "../store/block";
import { NONE, PushFlag, Template } from "../store/template";
import { Axdr } from "../wire/axdr";
import { PushObject, pushObjectParse } from "../wire/push_object";
import { DataAccessResult } from "../wire/results";
import { alarmDescribed } from "./alarms";
import { Ask, Pin, PIN_SIZE, PinKind } from "./ask";
import { isPersonal } from "./dispatch";
import { pushElementGet, pushElementObject } from "./push_list";
import { PUSH_FROZEN_SIZE, PushMarks } from "./push_marks";
import { settingOver } from "./setting";

const LIST: i32 = 2;
const CLASS_PROFILE: u32 = 7;

const ask: Ask = changetype<Ask>(memory.data(offsetof<Ask>(), 8));
const pin: Pin = changetype<Pin>(memory.data(128, 8));
const list: Reader = changetype<Reader>(memory.data(offsetof<Reader>(), 8));
const out: Writer = changetype<Writer>(memory.data(offsetof<Writer>(), 8));
const element: PushObject = changetype<PushObject>(memory.data(offsetof<PushObject>(), 8));

if (PIN_SIZE != 128) ERROR("a pin has 128 octets");

/** Attributes whose answer depends on who asks, or is long. */
function isFixed(object: i32): bool {
  if (object < 0) return true;
  const classId = <u32>Template.of().object(object).classId;
  return classId != CLASS_PROFILE && !isPersonal(classId);
}

function elementWrite(meter: Meter, object: u32): bool {
  if (element.attribute == 0 || !isFixed(pushElementObject(element))) return false;
  const before = out.size;
  ask.pin = pin;
  const result = pushElementGet(ask, meter, NONE, object, element, element.attribute, out);
  if (result == DataAccessResult.SUCCESS && pin.kind != PinKind.NONE) return false;
  if (result != DataAccessResult.SUCCESS) {
    out.rewind(before);
    Axdr.nullData(out);
  }
  return out.err == Err.OK;
}

function contentWrite(meter: Meter, object: u32, version: u32): bool {
  if (!settingOver(meter, object, LIST, list)) return false;
  const count = Axdr.readArray(list);
  Axdr.structure(out, count);
  for (let i: u32 = 0; i < count; i++) {
    if (pushObjectParse(list, version, element) != Err.OK || !elementWrite(meter, object)) return false;
  }
  return true;
}

/** Freezes the content of push `index` of an object when it is an alarm push, and there is none frozen yet. */
export function pushFreeze(meter: Meter, index: u32, object: u32): void {
  const row = Template.of().object(object);
  const m = PushMarks.of(meter);
  if (((<u32>row.flags) & PushFlag.ALARM) == 0 || m.frozen != 0) return;
  m.frozen = index + 1;
  for (let i: u32 = 0; i < 3; i++) m.setAlarms(i, alarmDescribed(meter, i));
  out.into(m.content, PUSH_FROZEN_SIZE);
  m.frozenSize = contentWrite(meter, object, row.version) ? out.size : 0;
}

/** The push is over. */
export function pushThaw(meter: Meter, index: u32): void {
  const m = PushMarks.of(meter);
  if (m.frozen == index + 1) m.frozen = 0;
}
