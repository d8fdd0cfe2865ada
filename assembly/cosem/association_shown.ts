/** Which association an Association object shows, LN or SN: 0-0:40.0.0.255 the one it is read through, others their own. */
import { Writer } from "../base/writer";
import { AssociationState, Slot } from "../session/slot";
import { userAdd, userFind, userListRow, userRemove } from "../session/users";
import { Layout } from "../store/layout";
import { AssociationRow, NONE, Template } from "../store/template";
import { Axdr } from "../wire/axdr";
import { ActionResult, DataAccessResult } from "../wire/results";
import { Ask, PLAIN } from "./ask";
import { valueEmit } from "./setting";

/** The reference of an association without a Security setup: a logical name that names nothing. */
const NOTHING: usize = memory.data<u8>([0, 0, 0, 0, 0, 0]);

/** Whether the object is 0-0:40.0.0.255: group E names the instance, 0 the current association. */
export function isCurrent(ask: Ask): bool {
  return ask.row.ln4 == 0;
}

/** Template row of the association the object shows, NONE when the template maps none. */
export function shownAssociation(ask: Ask): u32 {
  if (isCurrent(ask)) return ask.association;
  const t = Template.of();
  for (let i: u32 = 0; i < <u32>t.associationCount; i++) {
    if (<u32>t.association(i).object == ask.object) return i;
  }
  return NONE;
}

/** A slot in which the shown association is up, null when it is down. */
export function shownSlot(ask: Ask, association: u32): Slot | null {
  if (isCurrent(ask)) return ask.slot == NONE ? null : Slot.of(ask.meter, ask.slot);
  for (let i: u32 = 0; Layout.of().slotCount > i; i++) {
    const slot = Slot.of(ask.meter, i);
    if (slot.state != AssociationState.NON_ASSOCIATED && slot.association == association) return slot;
  }
  return null;
}

/** The Security setup of an association: the one of its port while it is up in a slot, NONE = none. */
export function setupShown(slot: Slot | null, row: AssociationRow): u32 {
  return slot === null ? <u32>row.securitySetup : slot.securitySetup(row);
}

/** security_setup_reference. */
export function securityReferenceEmit(out: Writer, setup: u32): void {
  Axdr.logicalName(out, setup == NONE ? NOTHING : Template.of().object(setup).logicalName);
}

/** The list stands in the association's own object; 0-0:40.0.0.255 shows that. */
export function userListEmit(ask: Ask, row: AssociationRow, out: Writer): i32 {
  const list = userListRow(row.object);
  if (list == NONE) return PLAIN;
  valueEmit(ask.meter, list, out);
  return DataAccessResult.SUCCESS;
}

/** Whoever opened the association, {0, ""} while nobody is identified. */
export function currentUserEmit(ask: Ask, slot: Slot | null, row: AssociationRow, out: Writer): i32 {
  const id: i32 = slot === null ? -1 : <i32>slot.user - 1;
  const user = userFind(ask.meter, row.object, id);
  Axdr.structure(out, 2);
  Axdr.unsigned(out, id < 0 ? 0 : <u32>id);
  if (user === null) Axdr.octetString(out, NOTHING, 0);
  else out.octets(user.nameAt, <u32>(user.end - user.nameAt));
  return DataAccessResult.SUCCESS;
}

/** add_user, or remove_user. */
export function usersChange(ask: Ask, adds: bool): i32 {
  const association = shownAssociation(ask);
  if (association == NONE) return ActionResult.OBJECT_UNAVAILABLE;
  const object = <u32>Template.of().association(association).object;
  if (object == NONE) return ActionResult.OBJECT_UNAVAILABLE;
  return adds
    ? userAdd(ask.meter, object, ask.dataAt, ask.dataSize)
    : userRemove(ask.meter, object, ask.dataAt, ask.dataSize);
}
