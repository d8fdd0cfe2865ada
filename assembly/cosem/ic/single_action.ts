/** Single action schedule, class_id 22, version 0. When it runs is cosem/schedule's. */
import { octetsSame } from "../../base/octets";
import { Err } from "../../base/err";
import { Axdr, DataTag } from "../../wire/axdr";
import { timeTake } from "../array_value";
import { Ask } from "../ask";
import { plainSetGood } from "../plain";
import { SingleAction } from "../schedule";
import { settingNumber } from "../setting";
import { dateIsGood, dateIsWhole, timeIsAny, timeIsGood } from "../time_pattern";
import { changed } from "./schedule";

/** What each type allows besides one entry: bit 0 several, bit 1 at different times, bit 2 wildcards in dates. */
const SEVERAL: u32 = 1;
const DIFFERENT_TIMES: u32 = 2;
const WILDCARDS: u32 = 4;
const TYPES: usize = memory.data<u8>([0, 4, 1, 5, 3, 7]);

/**
 * Whether execution_time is one that the type allows. An empty one, and times of wildcards alone, which switch an entry off, are
 * allowed with each.
 */
function timesGood(ask: Ask): bool {
  const type = settingNumber(ask.meter, ask.object, SingleAction.TYPE, 1);
  const allowed: u32 = type < 6 ? <u32>load<u8>(TYPES + <usize>type) : 0;
  const r = ask.data;
  const count = Axdr.readArray(r);
  if (count > 1 && (allowed & SEVERAL) == 0) return false;
  let first: usize = 0;
  for (let i: u32 = 0; i < count; i++) {
    Axdr.readStructure(r, 2);
    const time = timeTake(r, DataTag.TIME, 4);
    const date = timeTake(r, DataTag.DATE, 5);
    if (r.err != Err.OK || !timeIsGood(time) || !dateIsGood(date)) return false;
    if (timeIsAny(time)) continue;
    if (!dateIsWhole(date) && (allowed & WILDCARDS) == 0) return false;
    if (first == 0) first = time;
    if ((allowed & DIFFERENT_TIMES) == 0 && !octetsSame(first, time, 4)) return false;
  }
  return r.err == Err.OK;
}

export function singleActionSet(ask: Ask): i32 {
  const result = plainSetGood(ask, ask.attribute != SingleAction.EXECUTION_TIME || timesGood(ask));
  return changed(ask, result);
}
