/**
 * Association SN, class_id 12, version 4. The instance 0-0:40.0.0.255 (base name FA00) is the association it is read through.
 * Methods 1, 2 and 7 are reserved: the names of the first two are those of attributes 5 and 6 since version 3.
 */
import { Err } from "../../base/err";
import { Writer } from "../../base/writer";
import { hlsReply } from "../../session/hls";
import { hlsSecretChange, llsSecretChange } from "../../session/secret";
import { NONE, Template } from "../../store/template";
import { Axdr } from "../../wire/axdr";
import { ActionResult, DataAccessResult } from "../../wire/results";
import { Ask, PinKind, PLAIN } from "../ask";
import {
  currentUserEmit,
  isCurrent,
  securityReferenceEmit,
  setupShown,
  shownAssociation,
  shownSlot,
  userListEmit,
  usersChange,
} from "../association_shown";
import { AccessMode, accessRow, objectSeen } from "../dispatch";
import { objectListPin } from "../object_list";

/** Rights of one object as a bit-string. */
const bits: usize = memory.data(16);

export function associationSnGet(ask: Ask, out: Writer): i32 {
  const association = shownAssociation(ask);
  if (association == NONE) return PLAIN;
  switch (ask.attribute) {
    case 2: // object_list
      objectListPin(ask.pin, association, PinKind.OBJECT_LIST_SN);
      return DataAccessResult.SUCCESS;
    case 3: // access_rights_list
      objectListPin(ask.pin, association, PinKind.ACCESS_RIGHTS_LIST);
      return DataAccessResult.SUCCESS;
    case 4: // security_setup_reference
      securityReferenceEmit(out, setupShown(shownSlot(ask, association), Template.of().association(association)));
      return DataAccessResult.SUCCESS;
    case 5: // user_list
      return userListEmit(ask, Template.of().association(association), out);
    case 6: // current_user
      return currentUserEmit(ask, shownSlot(ask, association), Template.of().association(association), out);
    default:
      return PLAIN;
  }
}

export function associationSnInvoke(ask: Ask, out: Writer): i32 {
  const association = shownAssociation(ask);
  if (association == NONE) return ActionResult.OBJECT_UNAVAILABLE;
  const row = Template.of().association(association);
  switch (ask.attribute) {
    case 4: // get_attributes&methods
      return rightsGet(ask, association, out);
    case 5: // change_LLS_secret
      return llsSecretChange(ask.meter, row, ask.dataAt, ask.dataSize);
    case 6: // change_HLS_secret
      return hlsSecretChange(ask.meter, row, ask.dataAt, ask.dataSize);
    case 8: // reply_to_HLS_authentication
      if (!isCurrent(ask)) return ActionResult.OBJECT_UNAVAILABLE;
      return hlsReply(ask.meter, ask.slot, ask.dataAt, ask.dataSize, out);
    case 9: // add_user
    case 10: // remove_user
      return usersChange(ask, ask.attribute == 9);
    default: // 3 read_by_logicalname: the Read service itself
      return ActionResult.OBJECT_UNAVAILABLE;
  }
}

/**
 * get_attributes&methods: for an array of {class_id, logical_name} an array of {read_access, write_access, method_access},
 * bit-strings with the first attribute or method first; empty ones where the association does not see the object.
 */
function rightsGet(ask: Ask, association: u32, out: Writer): i32 {
  const r = ask.data;
  const count = Axdr.readArray(r);
  if (r.err == Err.OK) Axdr.array(out, count);
  for (let i: u32 = 0; i < count && r.err == Err.OK; i++) {
    Axdr.readStructure(r, 2);
    const classId = Axdr.readLongUnsigned(r);
    const name = Axdr.readLogicalName(r);
    if (r.err == Err.OK) descriptionEmit(association, objectSeen(association, classId, name), out);
  }
  return r.done ? <i32>ActionResult.SUCCESS : <i32>ActionResult.TYPE_UNMATCHED;
}

function descriptionEmit(association: u32, object: i32, out: Writer): void {
  const row: usize = object < 0 ? 0 : accessRow(association, object);
  const o = Template.of().object(object < 0 ? 0 : object);
  const attributes: u32 = row == 0 ? 0 : o.attributeCount;
  const methods: u32 = row == 0 ? 0 : o.methodCount;
  Axdr.structure(out, 3);
  bitsEmit(row, attributes, AccessMode.READ, out);
  bitsEmit(row, attributes, AccessMode.WRITE, out);
  bitsEmit(row + <usize>attributes, methods, AccessMode.READ, out);
}

/** One bit for each of `count` octets of access_mode that has `mask`. */
function bitsEmit(modes: usize, count: u32, mask: u32, out: Writer): void {
  memory.fill(bits, 0, 16);
  for (let i: u32 = 0; i < count && i < 128; i++) {
    if ((load<u8>(modes + <usize>i) & mask) == 0) continue;
    const at = bits + <usize>(i >> 3);
    store<u8>(at, load<u8>(at) | (<u8>((<u32>0x80) >> (i & 7))));
  }
  Axdr.bitString(out, bits, count);
}
