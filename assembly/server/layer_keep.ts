/** What a request changes by having been opened: counters, session keys, transaction-ids. All layers together, or nothing. */
import { Err } from "../base/err";
import { ELLIPTIC } from "../base/suites";
import { receiveAdvance, SecurityContext } from "../session/keys";
import { Slot } from "../session/slot";
import { SlotSession } from "../session/slot_session";
import { transactionPut, transactionsLoad, transactionsWrite } from "../session/transactions";
import { Meter } from "../store/block";
import { changeAbort, changeCommit, changeOpen } from "../store/change";
import { isGlobal, KeySource, Layer, Layers } from "./layers";

/** Durable part of a layer: counters of the global keys. */
function durable(meter: Meter, c: SecurityContext, layer: Layer): i32 {
  const next = layer.counter + 1;
  // An APDU without tag proves nothing, so it moves no counter but its association's own.
  if (layer.proved && layer.source == KeySource.UNICAST && next > c.receiveLowest)
    return receiveAdvance(meter, c, layer.counter, false);
  if (layer.proved && layer.source == KeySource.BROADCAST && next > c.broadcastLowest)
    return receiveAdvance(meter, c, layer.counter, true);
  return Err.OK;
}

/** The transaction-ids of all layers, in one write: each write is of the whole table. */
function transactionsKeep(meter: Meter, c: SecurityContext): i32 {
  let any = false;
  let err: i32 = Err.OK;
  for (let i: u32 = 0; i < Layers.count && err == Err.OK; i++) {
    const layer = Layers.at(i);
    if (layer.remembered == 0) continue;
    if (!any) transactionsLoad(meter, c);
    any = true;
    err = transactionPut(layer.originator, layer.transactionAt, layer.transactionSize, layer.counter + 1);
  }
  return any && err == Err.OK ? transactionsWrite(meter, c) : err;
}

/** The part of a layer that ends with the association. */
function volatile(slot: Slot, c: SecurityContext, layer: Layer): void {
  const next = layer.counter + 1;
  if (!layer.proved && isGlobal(layer) && next > slot.unprovedLowest) slot.unprovedLowest = next;
  if (layer.source == KeySource.DEDICATED && next > slot.dedicatedReceive) slot.dedicatedReceive = next;
  if (layer.source != KeySource.SESSION) return;
  const session = SlotSession.of(slot);
  if (layer.fresh != 0) session.keep(layer.originator, layer.isClient, false, layer.origin, next, layer.key, c.keySize);
  else session.place(layer.isClient, false).counter = next;
}

/** Whether a layer is under a key and has a counter. */
function counts(layer: Layer): bool {
  return !layer.isSigned && !layer.isEmpty;
}

/** Keeps what the opened layers say. @returns 0, or Err.NO_SPACE when the journal is behind: then nothing has changed */
export function layersKeep(meter: Meter, slot: Slot, c: SecurityContext): i32 {
  let err: i32 = Err.OK;
  changeOpen(meter);
  for (let i: u32 = 0; i < Layers.count && err == Err.OK; i++) {
    if (counts(Layers.at(i))) err = durable(meter, c, Layers.at(i));
  }
  if (ELLIPTIC && err == Err.OK) err = transactionsKeep(meter, c);
  if (err != Err.OK) changeAbort(meter);
  const committed = changeCommit(meter);
  if (err == Err.OK) err = committed;
  if (err != Err.OK) return err;
  for (let i: u32 = 0; i < Layers.count; i++) {
    if (counts(Layers.at(i))) volatile(slot, c, Layers.at(i));
  }
  return Err.OK;
}
