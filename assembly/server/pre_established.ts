/** Associations that exist without AARQ (GB9 9.4.4.4; IDIS client 102): they come up with the first APDU of their client. */
import { SYSTEM_TITLE_SIZE } from "../base/limits";
import { contextOf } from "../session/keys";
import { AssociationState, Slot } from "../session/slot";
import { Meter } from "../store/block";
import { AssociationFlag, NONE, Template } from "../store/template";
import { rowOf, valueAt, valueSize } from "../store/values";
import { contextStrongest } from "../wire/names";
import { associationFind } from "./acse";

/** Brings the pre-established association of {client, server} up in a slot; nothing happens when the template has none. */
export function preEstablish(meter: Meter, slot: Slot, clientSap: u32, serverSap: u32): void {
  const t = Template.of();
  const found = associationFind(clientSap, serverSap);
  if (found == NONE) return;
  if (((<u32>t.association(found).flags) & AssociationFlag.PRE_ESTABLISHED) != 0) associationBind(meter, slot, found);
}

/** Puts association `found` of the template into a slot as if it were open, with all that it offers. */
export function associationBind(meter: Meter, slot: Slot, found: u32): void {
  const t = Template.of();
  const row = t.association(found);
  slot.disassociate();
  slot.association = found;
  slot.clientSap = row.clientSap;
  slot.serverSap = row.serverSap;
  slot.context = contextStrongest(row.contexts);
  slot.conformance = row.conformance;
  slot.clientSizeMax = t.apduSizeMax;
  slot.serverSizeMax = t.apduSizeMax;
  slot.state = AssociationState.ASSOCIATED;
  const setup = slot.securitySetup(row);
  const security = contextOf(setup);
  if (security == NONE) return;
  slot.security = security;
  titleTake(meter, slot, setup);
}

/** Without an AARQ the client's system title is the one in Security setup, attribute 4. */
function titleTake(meter: Meter, slot: Slot, securitySetup: u32): void {
  const title = rowOf(securitySetup, 4, 0);
  if (title == NONE || valueSize(meter, title) != 2 + SYSTEM_TITLE_SIZE) return;
  slot.clientTitle = load<u64>(valueAt(meter, title) + 2);
  slot.clientTitleKnown = 1;
}
