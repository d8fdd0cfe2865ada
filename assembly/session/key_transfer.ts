/** key_transfer of Security setup (Blue Book, class 64 method 2): keys wrapped with the master key, RFC 3394. */
import { Err } from "../base/err";
import { Reader } from "../base/reader";
import { AesKey, AES_KEY_SIZE } from "../crypto/aes";
import { Ct } from "../crypto/ct";
import { KeyWrap, KEY_WRAP_OVERHEAD } from "../crypto/keywrap";
import { Meter } from "../store/block";
import { Axdr } from "../wire/axdr";
import { ActionResult } from "../wire/results";
import { keysChange, KEY_IDS, KEY_ROOM } from "./key_change";
import { keyAt, KeyPart, SecurityContext } from "./keys";

const reader: Reader = changetype<Reader>(memory.data(offsetof<Reader>(), 8));
const master: AesKey = changetype<AesKey>(memory.data(248, 8));
/** Unwrapped keys, by key_id. */
const unwrapped: usize = memory.data(128, 8);

if (AES_KEY_SIZE != 248 || KEY_IDS * KEY_ROOM != 128) ERROR("scratch holds the master key and every key");

/**
 * Unwraps all keys of the parameter Data at `at` with the present master key, then changes all or none, in one record with
 * the counters they restart. They are used from the next request on.
 */
export function keyTransfer(meter: Meter, context: u32, at: usize, size: u32): i32 {
  const c = SecurityContext.of(meter, context);
  if ((c.keys & (1 << KeyPart.MASTER)) == 0) return ActionResult.READ_WRITE_DENIED;
  master.expand(keyAt(meter, c.object, KeyPart.MASTER, c.keySize), c.keySize);
  let present: u32 = 0;
  const r = reader.over(at, size);
  const count = Axdr.readArray(r);
  let result: i32 = count == 0 || count > KEY_IDS ? ActionResult.OTHER_REASON : ActionResult.SUCCESS;
  for (let i: u32 = 0; i < count && result == ActionResult.SUCCESS; i++) {
    Axdr.readStructure(r, 2);
    const id = Axdr.readEnum(r);
    const wrappedSize = Axdr.readOctetStringSize(r);
    const wrapped = r.take(wrappedSize);
    if (r.err != Err.OK) result = ActionResult.TYPE_UNMATCHED;
    else if (id >= KEY_IDS || (present & (1 << id)) != 0) result = ActionResult.READ_WRITE_DENIED;
    else result = unwrap(c, id, wrapped, wrappedSize);
    present |= 1 << id;
  }
  if (r.err != Err.OK || (result == ActionResult.SUCCESS && r.remaining != 0)) result = ActionResult.TYPE_UNMATCHED;
  if (result == ActionResult.SUCCESS) result = keysChange(meter, c, unwrapped, present);
  Ct.wipe(unwrapped, KEY_IDS * KEY_ROOM);
  Ct.wipe(changetype<usize>(master), AES_KEY_SIZE);
  return result;
}

function unwrap(c: SecurityContext, id: u32, wrapped: usize, size: u32): i32 {
  if (size != c.keySize + KEY_WRAP_OVERHEAD) return ActionResult.READ_WRITE_DENIED;
  const got = KeyWrap.unwrap(master, wrapped, size, unwrapped + <usize>(id * KEY_ROOM));
  return got == <i32>c.keySize ? ActionResult.SUCCESS : ActionResult.READ_WRITE_DENIED;
}
