/** Association LN, class_id 15, version 3. The instance 0-0:40.0.0.255 is the association it is read through. */
import { Writer } from "../../base/writer";
import { hlsReply } from "../../session/hls";
import { AssociationState, Slot } from "../../session/slot";
import { userAdd, userFind, userRemove } from "../../session/users";
import { Layout } from "../../store/layout";
import { AssociationRow, NONE, Template } from "../../store/template";
import { rowOf, valueAt, valueSize } from "../../store/values";
import { Axdr } from "../../wire/axdr";
import { ApplicationContext, Mechanism, NameKind } from "../../wire/names";
import { ActionResult, DataAccessResult } from "../../wire/results";
import { Ask } from "../ask";
import { objectListPin } from "../object_list";
import { plainGet } from "../plain";

/** xDLMS version number of this edition. */
const DLMS_VERSION: u32 = 6;
/** {joint-iso-ccitt 2, country 16, country-name 756, identified-organization 5, DLMS-UA 8, …} */
const COUNTRY_NAME: u32 = 756;
/** Bits of the conformance block. */
const CONFORMANCE_BITS: u32 = 24;

const scratch: usize = memory.data(4);
/** The reference of an association without a Security setup: a logical name that names nothing. */
const NOTHING: usize = memory.data<u8>([0, 0, 0, 0, 0, 0]);

/** Whether the object is 0-0:40.0.0.255: group E names the instance, 0 the current association. */
function isCurrent(ask: Ask): bool {
  return ask.row.ln4 == 0;
}

/** Template row of the association the object shows, NONE when the template maps none. */
function shownAssociation(ask: Ask): u32 {
  if (isCurrent(ask)) return ask.association;
  const t = Template.of();
  for (let i: u32 = 0; i < <u32>t.associationCount; i++) {
    if (<u32>t.association(i).object == ask.object) return i;
  }
  return NONE;
}

/** A slot in which the shown association is up, NONE when it is down. */
function shownSlot(ask: Ask, association: u32): u32 {
  if (isCurrent(ask)) return ask.slot;
  for (let i: u32 = 0; Layout.of().slotCount > i; i++) {
    const slot = Slot.of(ask.meter, i);
    if (slot.state != AssociationState.NON_ASSOCIATED && slot.association == association) return i;
  }
  return NONE;
}

export function associationLnGet(ask: Ask, out: Writer): i32 {
  const association = shownAssociation(ask);
  if (association == NONE) return plainGet(ask, out);
  const row = Template.of().association(association);
  const slotIndex = shownSlot(ask, association);
  switch (ask.attribute) {
    case 2: // object_list
      objectListPin(ask.pin, association);
      return DataAccessResult.SUCCESS;
    case 3: // associated_partners_id
      Axdr.structure(out, 2);
      Axdr.integer(out, row.clientSap);
      Axdr.longUnsigned(out, row.serverSap);
      return DataAccessResult.SUCCESS;
    case 4: // application_context_name
      nameEmit(out, NameKind.APPLICATION_CONTEXT, contextShown(ask, slotIndex, row));
      return DataAccessResult.SUCCESS;
    case 5: // xDLMS_context_info
      contextInfoEmit(ask, slotIndex, row, out);
      return DataAccessResult.SUCCESS;
    case 6: // authentication_mechanism_name
      nameEmit(out, NameKind.AUTHENTICATION_MECHANISM, mechanismShown(ask, slotIndex, row));
      return DataAccessResult.SUCCESS;
    case 8: // association_status
      Axdr.enum_(out, slotIndex == NONE ? AssociationState.NON_ASSOCIATED : Slot.of(ask.meter, slotIndex).state);
      return DataAccessResult.SUCCESS;
    case 9: // security_setup_reference
      setupEmit(slotIndex == NONE ? <u32>row.securitySetup : Slot.of(ask.meter, slotIndex).securitySetup(row), out);
      return DataAccessResult.SUCCESS;
    case 10: // user_list
      return userListEmit(ask, row, out);
    case 11: // current_user
      return currentUserEmit(ask, slotIndex, row, out);
    default:
      return plainGet(ask, out);
  }
}

/** The list stands in the association's own object; 0-0:40.0.0.255 shows that. */
function userListEmit(ask: Ask, row: AssociationRow, out: Writer): i32 {
  const list = rowOf(row.object, ask.attribute, 0);
  if (list == NONE) return plainGet(ask, out);
  out.octets(valueAt(ask.meter, list), valueSize(ask.meter, list));
  return DataAccessResult.SUCCESS;
}

/** Whoever opened the association, {0, ""} while nobody is identified. */
function currentUserEmit(ask: Ask, slotIndex: u32, row: AssociationRow, out: Writer): i32 {
  const id: i32 = slotIndex == NONE ? -1 : <i32>Slot.of(ask.meter, slotIndex).user - 1;
  const user = userFind(ask.meter, row.object, id);
  Axdr.structure(out, 2);
  Axdr.unsigned(out, id < 0 ? 0 : <u32>id);
  if (user === null) Axdr.octetString(out, scratch, 0);
  else out.octets(user.nameAt, <u32>(user.end - user.nameAt));
  return DataAccessResult.SUCCESS;
}

/** Names as a structure of arcs (decision 5). */
function nameEmit(out: Writer, kind: u32, id: u32): void {
  Axdr.structure(out, 7);
  Axdr.unsigned(out, 2);
  Axdr.unsigned(out, 16);
  Axdr.longUnsigned(out, COUNTRY_NAME);
  Axdr.unsigned(out, 5);
  Axdr.unsigned(out, 8);
  Axdr.unsigned(out, kind);
  Axdr.unsigned(out, id);
}

/** The context in use, else the strongest one offered. */
function contextShown(ask: Ask, slotIndex: u32, row: AssociationRow): u32 {
  if (slotIndex != NONE) return Slot.of(ask.meter, slotIndex).context;
  const ciphered = ((<u32>row.contexts) & (1 << ApplicationContext.LOGICAL_NAME_CIPHERED)) != 0;
  return ciphered ? ApplicationContext.LOGICAL_NAME_CIPHERED : ApplicationContext.LOGICAL_NAME;
}

/** The mechanism in use, else the strongest one offered. */
function mechanismShown(ask: Ask, slotIndex: u32, row: AssociationRow): u32 {
  if (slotIndex != NONE) return Slot.of(ask.meter, slotIndex).mechanism;
  return row.mechanisms == 0 ? Mechanism.LOWEST : 31 - <u32>clz<u32>(row.mechanisms);
}

/** Decision 4: negotiated conformance and sizes; what is offered while the association is down. */
function contextInfoEmit(ask: Ask, slotIndex: u32, row: AssociationRow, out: Writer): void {
  const own = <u32>Template.of().apduSizeMax;
  const up = slotIndex != NONE;
  const conformance = up ? Slot.of(ask.meter, slotIndex).conformance : row.conformance;
  const clientSize = up ? Slot.of(ask.meter, slotIndex).clientSizeProposed : 0;
  store<u32>(scratch, bswap<u32>(conformance << 8));
  Axdr.structure(out, 6);
  Axdr.bitString(out, scratch, CONFORMANCE_BITS); // conformance
  Axdr.longUnsigned(out, own); // max_receive_pdu_size
  Axdr.longUnsigned(out, clientSize == 0 ? own : clientSize); // max_send_pdu_size
  Axdr.unsigned(out, DLMS_VERSION); // dlms_version_number
  Axdr.integer(out, 0); // quality_of_service
  Axdr.octetString(out, scratch, 0); // cyphering_info: never the dedicated key
}

/** security_setup_reference: a logical name, zeros for none. */
function setupEmit(object: u32, out: Writer): void {
  Axdr.logicalName(out, object == NONE ? NOTHING : Template.of().object(object).logicalName);
}

export function associationLnInvoke(ask: Ask, out: Writer): i32 {
  switch (ask.attribute) {
    case 1: // reply_to_HLS_authentication
      return isCurrent(ask)
        ? hlsReply(ask.meter, ask.slot, ask.dataAt, ask.dataSize, out)
        : ActionResult.OBJECT_UNAVAILABLE;
    case 2: // change_HLS_secret: no mechanism offered here keeps its secret there
      return ActionResult.READ_WRITE_DENIED;
    case 5: // add_user
    case 6: // remove_user
      return usersChange(ask);
    default:
      return ActionResult.OBJECT_UNAVAILABLE;
  }
}

function usersChange(ask: Ask): i32 {
  const association = shownAssociation(ask);
  if (association == NONE) return ActionResult.OBJECT_UNAVAILABLE;
  const object = <u32>Template.of().association(association).object;
  if (object == NONE) return ActionResult.OBJECT_UNAVAILABLE;
  return ask.attribute == 5
    ? userAdd(ask.meter, object, ask.dataAt, ask.dataSize)
    : userRemove(ask.meter, object, ask.dataAt, ask.dataSize);
}
