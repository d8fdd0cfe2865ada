/** The secrets of an association: comparing the password, and the methods that change them (Blue Book, classes 12 and 15). */
import { Err } from "../base/err";
import { Reader } from "../base/reader";
import { Ct } from "../crypto/ct";
import { Meter } from "../store/block";
import { changeValue } from "../store/change";
import { AssociationRow, AttributeFlag, NONE, Template } from "../store/template";
import { valueAt, valueSize } from "../store/values";
import { Axdr } from "../wire/axdr";
import { Mechanism } from "../wire/names";
import { ActionResult } from "../wire/results";

/** Mechanisms whose secret change_HLS_secret sets; GMAC and ECDSA have keys instead. */
const WITH_SECRET: u32 = (1 << Mechanism.HLS_MD5) | (1 << Mechanism.HLS_SHA1) | (1 << Mechanism.HLS_SHA256);

const reader: Reader = changetype<Reader>(memory.data(offsetof<Reader>(), 8));

/** Stores the octets at `at` as the value of the row of a secret; an Action-Result. */
function secretStore(meter: Meter, row: u32, at: usize, size: u32): i32 {
  if (size > <u32>Template.of().attribute(row).capacity) return ActionResult.OTHER_REASON;
  const err = changeValue(meter, row, at, size);
  if (err == Err.OK) return ActionResult.SUCCESS;
  return err == Err.NO_SPACE ? ActionResult.TEMPORARY_FAILURE : ActionResult.OTHER_REASON;
}

/** Whether the row of a secret holds its octets alone; else it is an attribute, with the head of an octet-string of up to 127 octets. */
function isRaw(row: u32): bool {
  return (Template.of().attribute(row).flags & AttributeFlag.HIDDEN) != 0;
}

/** Compares a password with the LLS secret of an association; the time tells its length at most. */
export function llsSecretIs(meter: Meter, row: AssociationRow, at: usize, size: u32): bool {
  if (<u32>row.llsSecret == NONE) return false;
  const secret = valueAt(meter, row.llsSecret);
  const stored = valueSize(meter, row.llsSecret);
  // A secret that was never set is no password at all.
  if (stored == 0) return false;
  const head: u32 = isRaw(row.llsSecret) ? 0 : 2;
  if (stored < head || (head != 0 && (load<u8>(secret) != 9 || <u32>load<u8>(secret + 1) != stored - 2))) return false;
  return size == stored - head && Ct.equal(secret + <usize>head, at, size) != 0;
}

/** change_LLS_secret with the octet-string Data at `at`. It counts from the next AARQ on. */
export function llsSecretChange(meter: Meter, row: AssociationRow, at: usize, size: u32): i32 {
  if (<u32>row.llsSecret == NONE) return ActionResult.READ_WRITE_DENIED;
  const octets = octetStringSize(at, size);
  if (octets < 0) return ActionResult.TYPE_UNMATCHED;
  if (octets == 0) return ActionResult.OTHER_REASON;
  if (isRaw(row.llsSecret)) return secretStore(meter, row.llsSecret, at + <usize>(size - octets), octets);
  return size - octets == 2 ? secretStore(meter, row.llsSecret, at, size) : <i32>ActionResult.OTHER_REASON;
}

/** change_HLS_secret with the octet-string Data at `at`. It counts from the next AARQ on. */
export function hlsSecretChange(meter: Meter, row: AssociationRow, at: usize, size: u32): i32 {
  if (<u32>row.hlsSecret == NONE || ((<u32>row.mechanisms) & WITH_SECRET) == 0) return ActionResult.READ_WRITE_DENIED;
  const octets = octetStringSize(at, size);
  if (octets < 0) return ActionResult.TYPE_UNMATCHED;
  if (octets == 0) return ActionResult.OTHER_REASON;
  return secretStore(meter, row.hlsSecret, at + <usize>(size - octets), octets);
}

/** Octets of the octet-string that the parameter is, Err.UNKNOWN when it is none. */
function octetStringSize(at: usize, size: u32): i32 {
  const r = reader.over(at, size);
  const isString = r.u8() == 9;
  const octets = Axdr.readLength(r);
  r.take(octets);
  return isString && r.done ? <i32>octets : <i32>Err.UNKNOWN;
}
