/**
 * What is logged of communication. An association on a local port is event 158 (IDIS: successful communication started). When an
 * association ends that was used, the communication details log has a row: client, port, kinds of access, how many, and the user. Of
 * that log the sheets know the name alone: its layout is a placeholder (docs/CONFORMANCE.md).
 */
import { captureRow } from "../cosem/capture";
import { clockSeconds } from "../meter/clock";
import { EventCode, eventRaise } from "../meter/events";
import { AccessDetail, accessDetailSet } from "../meter/quantity";
import { apduServe } from "../server/apdu";
import { AssociationState, Slot } from "../session/slot";
import { Meter } from "../store/block";
import { NONE, PortFlag, PortRow, Template } from "../store/template";
import { objectFind } from "../store/values";
import { ApduTag } from "../wire/tags";

const CLASS_PROFILE: u32 = 7;
const detailsLog: usize = memory.data<u8>([0, 0, 99, 98, 6, 255]);

/** What an association was used for, before what may end it. Scratch of one call. */
@unmanaged
class Used {
  state: u32;
  client: u32;
  user: u32;
  accesses: u32;
  kinds: u32;

  take(slot: Slot): this {
    this.state = slot.state;
    this.client = slot.clientSap;
    this.user = slot.user;
    this.accesses = slot.accesses;
    this.kinds = slot.accessKinds;
    return this;
  }
}

const used: Used = changetype<Used>(memory.data(offsetof<Used>(), 4));

/** Number of the port that a slot belongs to. */
function portIndex(slot: u32): u32 {
  const t = Template.of();
  let port: u32 = 0;
  while (port + 1 < <u32>t.portCount && <u32>t.port(port + 1).firstSlot <= slot) port++;
  return port;
}

function isLocal(port: PortRow): bool {
  return ((<u32>port.flags) & PortFlag.LOCAL) != 0 || <u32>port.localObject != NONE;
}

/** A row of the details log, where the meter has one. What finds no room in the journal is not logged. */
function detailsWrite(meter: Meter, index: u32): void {
  if (used.accesses == 0) return;
  const log = objectFind(CLASS_PROFILE, detailsLog);
  if (log < 0) return;
  accessDetailSet(meter, AccessDetail.CLIENT, used.client);
  accessDetailSet(meter, AccessDetail.PORT, portIndex(index));
  accessDetailSet(meter, AccessDetail.KINDS, used.kinds);
  accessDetailSet(meter, AccessDetail.COUNT, used.accesses);
  accessDetailSet(meter, AccessDetail.USER, used.user == 0 ? 0 : used.user - 1);
  captureRow(meter, Template.of().object(log).instance, clockSeconds(meter), 0);
}

/** The association of a slot, if there is one, is about to end with its connection or link. */
export function communicationEnd(meter: Meter, index: u32): void {
  used.take(Slot.of(meter, index));
  if (used.state == AssociationState.ASSOCIATED) detailsWrite(meter, index);
}

/** Serves an APDU (server/apdu), and logs what begins or ends with it. @returns whether it was a GET */
export function communicationServe(
  meter: Meter,
  index: u32,
  clientSap: u32,
  serverSap: u32,
  at: usize,
  size: u32,
  confirmed: u32,
): bool {
  const slot = Slot.of(meter, index);
  used.take(slot);
  const asks = size != 0 && load<u8>(at) == ApduTag.AARQ;
  const read = apduServe(meter, index, clientSap, serverSap, at, size, confirmed);
  const was = used.state == AssociationState.ASSOCIATED;
  const is = slot.state == AssociationState.ASSOCIATED;
  // What is not understood writes nothing: an AARQ that is refused ends an association without a row.
  if (was && (is ? slot.accesses < used.accesses : !asks)) detailsWrite(meter, index);
  if (!was && is && isLocal(Template.of().port(portIndex(index)))) eventRaise(meter, EventCode.LOCAL_COMMUNICATION);
  return read;
}
