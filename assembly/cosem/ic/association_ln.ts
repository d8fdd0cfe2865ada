/** Association LN, class_id 15, version 3. The instance 0-0:40.0.0.255 is the association it is read through. */
import { Writer } from "../../base/writer";
import { hlsReply } from "../../session/hls";
import { hlsSecretChange } from "../../session/secret";
import { AssociationState, Slot } from "../../session/slot";
import { AssociationRow, NONE, Template } from "../../store/template";
import { Axdr } from "../../wire/axdr";
import { contextStrongest, Mechanism, NameKind } from "../../wire/names";
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
import { objectListPin } from "../object_list";

/** xDLMS version number of this edition. */
const DLMS_VERSION: u32 = 6;
/** {joint-iso-ccitt 2, country 16, country-name 756, identified-organization 5, DLMS-UA 8, …} */
const COUNTRY_NAME: u32 = 756;
/** Bits of the conformance block. */
const CONFORMANCE_BITS: u32 = 24;

const scratch: usize = memory.data(4);

export function associationLnGet(ask: Ask, out: Writer): i32 {
  const association = shownAssociation(ask);
  if (association == NONE) return PLAIN;
  const row = Template.of().association(association);
  const slot = shownSlot(ask, association);
  switch (ask.attribute) {
    case 2: // object_list
      objectListPin(ask.pin, association, PinKind.OBJECT_LIST);
      return DataAccessResult.SUCCESS;
    case 3: // associated_partners_id
      Axdr.structure(out, 2);
      Axdr.integer(out, row.clientSap);
      Axdr.longUnsigned(out, row.serverSap);
      return DataAccessResult.SUCCESS;
    case 4: // application_context_name
      nameEmit(out, NameKind.APPLICATION_CONTEXT, contextShown(slot, row));
      return DataAccessResult.SUCCESS;
    case 5: // xDLMS_context_info
      contextInfoEmit(slot, row, out);
      return DataAccessResult.SUCCESS;
    case 6: // authentication_mechanism_name
      nameEmit(out, NameKind.AUTHENTICATION_MECHANISM, mechanismShown(slot, row));
      return DataAccessResult.SUCCESS;
    case 8: // association_status
      Axdr.enum_(out, slot === null ? AssociationState.NON_ASSOCIATED : slot.state);
      return DataAccessResult.SUCCESS;
    case 9: // security_setup_reference
      securityReferenceEmit(out, setupShown(slot, row));
      return DataAccessResult.SUCCESS;
    case 10: // user_list
      return userListEmit(ask, row, out);
    case 11: // current_user
      return currentUserEmit(ask, slot, row, out);
    default:
      return PLAIN;
  }
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
function contextShown(slot: Slot | null, row: AssociationRow): u32 {
  return slot !== null ? slot.context : contextStrongest(row.contexts);
}

/** The mechanism in use, else the strongest one offered. */
function mechanismShown(slot: Slot | null, row: AssociationRow): u32 {
  if (slot !== null) return slot.mechanism;
  return row.mechanisms == 0 ? Mechanism.LOWEST : 31 - <u32>clz<u32>(row.mechanisms);
}

/** Decision 4: negotiated conformance and sizes; what is offered while the association is down. */
function contextInfoEmit(slot: Slot | null, row: AssociationRow, out: Writer): void {
  const own = <u32>Template.of().apduSizeMax;
  const conformance = slot !== null ? slot.conformance : row.conformance;
  const clientSize: u32 = slot !== null ? slot.clientSizeProposed : 0;
  store<u32>(scratch, bswap<u32>(conformance << 8));
  Axdr.structure(out, 6);
  Axdr.bitString(out, scratch, CONFORMANCE_BITS); // conformance
  Axdr.longUnsigned(out, own); // max_receive_pdu_size
  Axdr.longUnsigned(out, clientSize == 0 ? own : clientSize); // max_send_pdu_size
  Axdr.unsigned(out, DLMS_VERSION); // dlms_version_number
  Axdr.integer(out, 0); // quality_of_service
  Axdr.octetString(out, scratch, 0); // cyphering_info: never the dedicated key
}

export function associationLnInvoke(ask: Ask, out: Writer): i32 {
  switch (ask.attribute) {
    case 1: // reply_to_HLS_authentication
      return isCurrent(ask)
        ? hlsReply(ask.meter, ask.slot, ask.dataAt, ask.dataSize, out)
        : ActionResult.OBJECT_UNAVAILABLE;
    case 2: // change_HLS_secret
      return secretChange(ask);
    case 5: // add_user
    case 6: // remove_user
      return usersChange(ask, ask.attribute == 5);
    default:
      return ActionResult.OBJECT_UNAVAILABLE;
  }
}

function secretChange(ask: Ask): i32 {
  const association = shownAssociation(ask);
  if (association == NONE) return ActionResult.OBJECT_UNAVAILABLE;
  return hlsSecretChange(ask.meter, Template.of().association(association), ask.dataAt, ask.dataSize);
}
