/** Keys of general-ciphering that are agreed (GB9 9.2.3.4.6): C(1e,1s) and C(0e,2s), with clients and third parties. */
import { Err } from "../base/err";
import { EcKey } from "../crypto/ec_key";
import { AgreementScheme, keyAgree } from "../session/agreement";
import { contextCurve, privateKeyOf } from "../session/key_pair";
import { SecurityContext } from "../session/keys";
import { SecurityOption, securityOption } from "../session/options";
import { agreementKeyOf, octetsVerified, signatureSize, signingKeyOf } from "../session/signature";
import { Slot } from "../session/slot";
import { KeyOrigin } from "../session/slot_session";
import { transactionJudge, transactionLowest, TransactionOrder } from "../session/transactions";
import { Meter } from "../store/block";
import { CertificateType } from "../wire/x509";
import { GeneralCiphering } from "../wire/general_ciphering";
import { freshTake } from "./layer_general";
import { Layer, SIGNED } from "./layers";

const partnerKey: usize = memory.data(96, 8);
/** An octet 01 and an ephemeral key: what some implementations sign. */
const prefixed: usize = memory.data(97, 8);

/** Whether the meter knows a third party: it has a certificate of it. */
export function partnerKnown(meter: Meter, slot: Slot, title: u64): bool {
  return signingKeyOf(meter, slot, title, partnerKey) || agreementKeyOf(meter, slot.security, title, partnerKey);
}

/** Whether the signature over an ephemeral public key is right: over the key alone (GB9), or as the template says. */
export function ephemeralVerified(
  meter: Meter,
  slot: Slot,
  title: u64,
  ephemeral: usize,
  size: u32,
  signature: usize,
): bool {
  if (!securityOption(SecurityOption.EPHEMERAL_SCHEME_SIGNED))
    return octetsVerified(meter, slot, title, ephemeral, size, signature);
  store<u8>(prefixed, 1);
  memory.copy(prefixed + 1, ephemeral, <usize>size);
  return octetsVerified(meter, slot, title, prefixed, size + 1, signature);
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
  if (layer.kind == SIGNED) return Err.REPEATED;
  const lowest = transactionLowest(meter, c, layer.originator);
  if (lowest > layer.lowest) layer.lowest = lowest;
  return Err.OK;
}

function onePass(meter: Meter, slot: Slot, c: SecurityContext, x: GeneralCiphering, layer: Layer, own: usize): i32 {
  const size = signatureSize(c);
  if (x.keyDataSize != 2 * size) return Err.AUTHENTICATION;
  // The response goes back under a key agreed with the partner's static one; without it nothing could be answered.
  if (!agreementKeyOf(meter, slot.security, layer.originator, partnerKey)) return Err.AUTHENTICATION;
  const ephemeral = x.keyDataAt;
  if (EcKey.check(contextCurve(c), ephemeral) != Err.OK) return Err.AUTHENTICATION;
  if (!ephemeralVerified(meter, slot, layer.originator, ephemeral, size, ephemeral + <usize>size))
    return Err.AUTHENTICATION;
  if (keyAgree(c.suite, false, own, ephemeral, layer.originator, 0, 0, c.title, layer.key) != Err.OK)
    return Err.AUTHENTICATION;
  freshTake(slot, c, layer, KeyOrigin.ONE_PASS);
  return securityOption(SecurityOption.TRANSACTIONS_RISE) ? transactionCheck(meter, c, layer) : <i32>Err.OK;
}

function staticUnified(meter: Meter, slot: Slot, c: SecurityContext, layer: Layer, own: usize): i32 {
  if (!agreementKeyOf(meter, slot.security, layer.originator, partnerKey)) return Err.AUTHENTICATION;
  const at = layer.transactionAt;
  const size = layer.transactionSize;
  if (keyAgree(c.suite, false, own, partnerKey, layer.originator, at, size, c.title, layer.key) != Err.OK)
    return Err.AUTHENTICATION;
  freshTake(slot, c, layer, KeyOrigin.STATIC_UNIFIED);
  return transactionCheck(meter, c, layer);
}

/** Agrees on the key of a layer: to layer.key. @returns 0; Err.AUTHENTICATION; Err.REPLAY */
export function agreedOpen(meter: Meter, slot: Slot, c: SecurityContext, x: GeneralCiphering, layer: Layer): i32 {
  const own = privateKeyOf(meter, slot.security, CertificateType.KEY_AGREEMENT);
  if (own == 0 || x.keyParametersSize != 1) return Err.AUTHENTICATION;
  const scheme = <u32>load<u8>(x.keyParametersAt);
  if (scheme == AgreementScheme.ONE_PASS) return onePass(meter, slot, c, x, layer, own);
  if (scheme != AgreementScheme.STATIC_UNIFIED || x.keyDataSize != 0) return Err.AUTHENTICATION;
  return staticUnified(meter, slot, c, layer, own);
}
