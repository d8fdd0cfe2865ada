/** Replacing global keys, however the new ones came (Blue Book, class 64 methods 2 and 3): all of them in one record. */
import { Err } from "../base/err";
import { Ct } from "../crypto/ct";
import { Meter } from "../store/block";
import { changeAdd, changeCommit, changeOpen } from "../store/change";
import { Template } from "../store/template";
import { ActionResult } from "../wire/results";
import { COUNTER_FIRST, counterLowest, keyAt, KeyPart, SecurityContext, Stale } from "./keys";

/** key_id: 0 GUEK, 1 GBEK, 2 GAK, 3 master key; and the room of each where new keys stand by their id. */
export const KEY_IDS: u32 = 4;
export const KEY_ROOM: u32 = 32;

const counter: usize = memory.data(4, 4);

/**
 * Changes the keys whose bit is set in `present`; they stand at `keys` by their key_id, KEY_ROOM octets apart. One record: the keys, and
 * the counters of encryption keys whose value is new, for an unchanged key must not repeat its nonces. They count from the next request
 * on. @returns SUCCESS or TEMPORARY_FAILURE
 */
export function keysChange(meter: Meter, c: SecurityContext, keys: usize, present: u32): i32 {
  const object = Template.of().object(c.object);
  let stale: u32 = Stale.VALUES;
  changeOpen(meter);
  for (let id: u32 = 0; id < KEY_IDS; id++) {
    if ((present & (1 << id)) == 0) continue;
    const key = keys + <usize>(id * KEY_ROOM);
    const same = Ct.equal(keyAt(meter, c.object, id, c.keySize), key, c.keySize) != 0;
    changeAdd(meter, object, 0, id, key, c.keySize);
    if (same) continue;
    if (id == KeyPart.GUEK) {
      counterAdd(meter, c.object, KeyPart.TRANSMIT, COUNTER_FIRST);
      counterAdd(meter, c.object, KeyPart.RECEIVE, counterLowest());
      stale |= Stale.UNICAST_COUNTERS;
    } else if (id == KeyPart.GBEK) {
      counterAdd(meter, c.object, KeyPart.RECEIVE_BROADCAST, counterLowest());
      stale |= Stale.BROADCAST_COUNTER;
    }
  }
  if (changeCommit(meter) != Err.OK) return ActionResult.TEMPORARY_FAILURE;
  c.stale |= stale;
  return ActionResult.SUCCESS;
}

function counterAdd(meter: Meter, object: u32, part: KeyPart, value: u32): void {
  store<u32>(counter, bswap<u32>(value));
  changeAdd(meter, Template.of().object(object), 0, part, counter, 4);
}
