/** Keys of general-ciphering that are agreed (GB9 9.2.3.4.6): C(1e,1s) and C(0e,2s), with clients and third parties. */
import { Err } from "../base/err";
import { ELLIPTIC } from "../base/suites";
import { AgreementScheme } from "../session/agreement";
import { onePassOpen, staticAgree } from "../session/key_info";
import { SecurityContext } from "../session/keys";
import { SecurityOption, securityOption } from "../session/options";
import { agreementKeyOf, signingKeyOf } from "../session/signature";
import { Slot } from "../session/slot";
import { KeyOrigin } from "../session/slot_session";
import { transactionJudge, transactionLowest, TransactionOrder } from "../session/transactions";
import { Meter } from "../store/block";
import { GeneralCiphering } from "../wire/general_ciphering";
import { freshTake } from "./layer_general";
import { Layer } from "./layers";

const partnerKey: usize = ELLIPTIC ? memory.data(96, 8) : 0;

/** Whether the meter knows a third party: it has a certificate of it. */
export function partnerKnown(meter: Meter, slot: Slot, title: u64): bool {
  return signingKeyOf(meter, slot, title, partnerKey) || agreementKeyOf(meter, slot.security, title, partnerKey);
}

/**
 * A transaction-id that brings something must not come twice: it is judged now and kept with the rest of the request.
 * With a counter of its own the layer may repeat the last id.
 * @returns 0, Err.AUTHENTICATION when there is none, Err.REPEATED
 */
export function transactionCheck(meter: Meter, c: SecurityContext, layer: Layer): i32 {
  const order = transactionJudge(meter, c, layer.originator, layer.transactionAt, layer.transactionSize);
  if (order == Err.MALFORMED) return Err.AUTHENTICATION;
  if (order < 0) return order;
  layer.remembered = 1;
  if (order != TransactionOrder.SAME) return Err.OK;
  if (layer.isSigned) return Err.REPEATED;
  const lowest = transactionLowest(meter, c, layer.originator);
  if (lowest > layer.lowest) layer.lowest = lowest;
  return Err.OK;
}

function onePass(meter: Meter, slot: Slot, c: SecurityContext, x: GeneralCiphering, layer: Layer): i32 {
  if (!onePassOpen(meter, slot, layer.originator, x.keyDataAt, x.keyDataSize, layer.key)) return Err.AUTHENTICATION;
  freshTake(slot, c, layer, KeyOrigin.ONE_PASS);
  return securityOption(SecurityOption.TRANSACTIONS_RISE) ? transactionCheck(meter, c, layer) : <i32>Err.OK;
}

function staticUnified(meter: Meter, slot: Slot, c: SecurityContext, layer: Layer): i32 {
  const at = layer.transactionAt;
  if (staticAgree(meter, slot, layer.originator, true, at, layer.transactionSize, layer.key) != Err.OK)
    return Err.AUTHENTICATION;
  freshTake(slot, c, layer, KeyOrigin.STATIC_UNIFIED);
  return transactionCheck(meter, c, layer);
}

/** Agrees on the key of a layer: to layer.key. @returns 0; Err.AUTHENTICATION; Err.REPLAY */
export function agreedOpen(meter: Meter, slot: Slot, c: SecurityContext, x: GeneralCiphering, layer: Layer): i32 {
  if (x.keyParametersSize != 1) return Err.AUTHENTICATION;
  const scheme = <u32>load<u8>(x.keyParametersAt);
  if (scheme == AgreementScheme.ONE_PASS) return onePass(meter, slot, c, x, layer);
  if (scheme != AgreementScheme.STATIC_UNIFIED || x.keyDataSize != 0) return Err.AUTHENTICATION;
  return staticUnified(meter, slot, c, layer);
}
