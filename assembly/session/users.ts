/**
 * Client user identification: user_list of an Association object (Blue Book, class 15 attribute 10, class 12 attribute 5). While the list is empty
 * it is off; else an AARQ must name, in calling-AE-invocation-id, a user of the list (GB9 9.4.2).
 */
import { Err } from "../base/err";
import { Reader } from "../base/reader";
import { Writer } from "../base/writer";
import { Meter } from "../store/block";
import { changeValue } from "../store/change";
import { NONE, Template } from "../store/template";
import { rowOf, valueAt, valueSize } from "../store/values";
import { Axdr, DataTag } from "../wire/axdr";
import { ActionResult } from "../wire/results";

/** attribute_id of user_list in Association LN and in Association SN. */
const USER_LIST_LN: i32 = 10;
const USER_LIST_SN: i32 = 5;
const CLASS_ASSOCIATION_SN: u32 = 12;
/** Octets of the longest list that can be changed here. */
const LIST_SIZE_MAX: u32 = 1024;

/** An entry {user_id, user_name}: where it lies, and its name with tag and length. */
@unmanaged
export class User {
  id: u32;
  at: usize;
  end: usize;
  nameAt: usize;

  /** Reads the next entry; the name is an octet-string or a visible-string. */
  read(r: Reader): void {
    this.at = r.pos;
    Axdr.readStructure(r, 2);
    this.id = Axdr.readUnsigned(r);
    this.nameAt = r.pos;
    const tag = r.u8();
    if (tag != <u32>DataTag.OCTET_STRING && tag != <u32>DataTag.VISIBLE_STRING) r.fail(Err.UNKNOWN);
    r.take(Axdr.readLength(r));
    this.end = r.pos;
  }
}

const reader: Reader = changetype<Reader>(memory.data(offsetof<Reader>(), 8));
const writer: Writer = changetype<Writer>(memory.data(offsetof<Writer>(), 8));
const found: User = changetype<User>(memory.data(offsetof<User>(), 8));
const given: User = changetype<User>(memory.data(offsetof<User>(), 8));
const list: usize = memory.data(1024, 8);

if (LIST_SIZE_MAX > 1024) ERROR("scratch holds the longest list");

/** Row of the user_list of Association `object`, NONE when it has none. */
export function userListRow(object: u32): u32 {
  if (object == NONE) return NONE;
  const short = <u32>Template.of().object(object).classId == CLASS_ASSOCIATION_SN;
  return rowOf(object, short ? USER_LIST_SN : USER_LIST_LN, 0);
}

/** Points `r` behind the head of the user_list of Association `object`; returns how many users it has. */
function listOver(meter: Meter, object: u32, r: Reader): u32 {
  const row = userListRow(object);
  if (row == NONE) return 0;
  const count = Axdr.readArray(r.over(valueAt(meter, row), valueSize(meter, row)));
  return r.err == Err.OK ? count : 0;
}

/** How many users Association `object` lists; 0 = identification is off. */
export function userCount(meter: Meter, object: u32): u32 {
  return listOver(meter, object, reader);
}

/** The user `id` of Association `object`; null when the list does not have it. Valid until the next call here. */
export function userFind(meter: Meter, object: u32, id: i32): User | null {
  const count = listOver(meter, object, reader);
  for (let i: u32 = 0; i < count; i++) {
    found.read(reader);
    if (reader.err != Err.OK) return null;
    if (<i32>found.id == id) return found;
  }
  return null;
}

/** Reads the parameter of add_user and remove_user at `at` into `given`. */
function givenRead(at: usize, size: u32): bool {
  const r = reader.over(at, size);
  given.read(r);
  return r.done;
}

/** Writes the list of `object` anew: without the entry from `without` to `end` (0 = with all), then with `size` octets at `at`. */
function listChange(meter: Meter, object: u32, without: usize, end: usize, at: usize, size: u32): i32 {
  const row = userListRow(object);
  if (row == NONE) return ActionResult.OBJECT_UNAVAILABLE;
  const room = min<u32>(Template.of().attribute(row).capacity, LIST_SIZE_MAX);
  const count = listOver(meter, object, reader);
  const w = writer.into(list, room);
  Axdr.array(w, size != 0 ? count + 1 : count - 1);
  if (without == 0) {
    w.octets(reader.pos, reader.remaining);
  } else {
    w.octets(reader.pos, <u32>(without - reader.pos));
    w.octets(end, <u32>(reader.end - end));
  }
  w.octets(at, size);
  if (w.err != Err.OK) return ActionResult.OTHER_REASON;
  return changeValue(meter, row, list, w.size) == Err.OK ? ActionResult.SUCCESS : ActionResult.TEMPORARY_FAILURE;
}

/** add_user (Blue Book, class 15 method 5): an id that is listed, or a list that is full, is refused with other-reason. */
export function userAdd(meter: Meter, object: u32, at: usize, size: u32): i32 {
  if (!givenRead(at, size)) return ActionResult.TYPE_UNMATCHED;
  if (userFind(meter, object, given.id) !== null) return ActionResult.OTHER_REASON;
  return listChange(meter, object, 0, 0, at, size);
}

/** remove_user (Blue Book, class 15 method 6), by its id; one that is not listed is refused with other-reason. */
export function userRemove(meter: Meter, object: u32, at: usize, size: u32): i32 {
  if (!givenRead(at, size)) return ActionResult.TYPE_UNMATCHED;
  const user = userFind(meter, object, given.id);
  if (user === null) return ActionResult.OTHER_REASON;
  return listChange(meter, object, user.at, user.end, 0, 0);
}
