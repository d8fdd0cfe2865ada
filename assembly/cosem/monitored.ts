/** Values that limiters and register monitors compare with thresholds: numbers in attributes that a value_definition names. */
import { Err } from "../base/err";
import { Reader } from "../base/reader";
import { Writer } from "../base/writer";
import { Meter } from "../store/block";
import { objectFind } from "../store/values";
import { dataInteger } from "../wire/data";
import { Caller } from "./ask";
import { Parameter } from "./parameters";
import { settingOver } from "./setting";
import { shownEmit } from "./shown";

/** A number as Data; what is longer is none. */
const NUMBER_SIZE: u32 = 64;

/** What monitoredFind() has read last. */
export const monitored: Parameter = changetype<Parameter>(memory.data(offsetof<Parameter>(), 8));
/** Has an error when monitoredRead() has found no number. */
export const monitoredReader: Reader = changetype<Reader>(memory.data(offsetof<Reader>(), 8));

const writer: Writer = changetype<Writer>(memory.data(offsetof<Writer>(), 8));
const octets: usize = memory.data(64, 8);

/** Index of the object that monitored_value, an attribute of `setup`, names; negative without one. The attribute is monitored.attribute. */
export function monitoredFind(meter: Meter, setup: u32, attribute: i32): i32 {
  if (!settingOver(meter, setup, attribute, monitoredReader)) return -1;
  monitored.read(monitoredReader);
  return monitoredReader.err == Err.OK ? objectFind(monitored.classId, monitored.nameAt) : -1;
}

/** The number in an attribute; without one monitoredReader has an error. */
export function monitoredRead(meter: Meter, object: u32, attribute: i32): i64 {
  const w = writer.into(octets, NUMBER_SIZE);
  const shown = shownEmit(meter, object, attribute, Caller.MONITOR, w);
  return dataInteger(monitoredReader.over(octets, shown ? w.size : 0));
}
