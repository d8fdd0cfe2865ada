/**
 * Protection of APDUs in an association (GB9 9.2.7.2, 9.4.2): whether a request has enough of it, and the response under its own.
 * layer_open.ts opens requests, coat.ts protects responses.
 */
import { Err } from "../base/err";
import { Slot } from "../session/slot";
import { Meter } from "../store/block";
import { contextCiphered } from "../wire/names";
import { PROTECTION_ROOM } from "../store/layout";
import { Template } from "../store/template";
import { Coat, coatForget, coatSeal, COAT_SIZE } from "./coat";
import { coatMake, coatOverhead, associationPolicy } from "./coat_make";

/** Bits of the policy that are about requests. */
export const POLICY_REQUEST_MASK: u32 = 0x1c;
/** Those that demand signatures, of requests and of responses. */
const SIGNED_MASK: u32 = 0x90;

const coat: Coat = changetype<Coat>(memory.data(1600, 8));

if (COAT_SIZE > 1600) ERROR("scratch holds the protection of a response");

/**
 * Whether the request has the protection the policy demands of every request, in whatever context (decision 14). Where nothing
 * can be ciphered, what the policy demands of responses cannot be met either.
 */
export function policyMet(meter: Meter, slot: Slot): bool {
  return protectionEnough(slot, associationPolicy(meter, slot));
}

/**
 * The same for the user-information of AARQ and RLRQ, which need no signature: HLS-ECDSA has its own, and hardly any client signs an
 * InitiateRequest.
 */
export function policyMetByUserInformation(meter: Meter, slot: Slot): bool {
  return protectionEnough(slot, associationPolicy(meter, slot) & ~SIGNED_MASK);
}

function protectionEnough(slot: Slot, policy: u32): bool {
  if (!contextCiphered(slot.context)) return policy == 0;
  return (policy & POLICY_REQUEST_MASK & ~slot.protection) == 0;
}

/** Largest plain response the client takes. */
export function responseSizeMax(meter: Meter, slot: Slot): u32 {
  const overhead = coatOverhead(meter, slot, coat, slot.clientSizeMax);
  return overhead < slot.clientSizeMax ? slot.clientSizeMax - overhead : 0;
}

/** Sends the plain APDU of `size` octets at slot.plainOutbound unprotected. */
export function sendPlain(slot: Slot, size: u32): void {
  slot.outboundOffset = PROTECTION_ROOM;
  slot.outboundSize = size;
}

/**
 * Protects the plain APDU of `size` octets at slot.plainOutbound as the response to the request under way and makes it the slot's
 * outbound APDU.
 * @returns 0; Err.LIMIT (a key is used up, no room), Err.NO_SPACE (the journal is behind), Err.ENTROPY, Err.STATE (a key is missing):
 *   then nothing is to be sent
 */
export function protectionSend(meter: Meter, slot: Slot, size: u32): i32 {
  const x = coat;
  const err = coatMake(meter, slot, x, load<u8>(slot.plainOutbound), size);
  if (err != Err.OK) return err;
  if (size + x.tailsSize > <u32>Template.of().apduSizeMax) return Err.LIMIT;
  const sealed = x.count == 0 ? <i32>Err.OK : coatSeal(meter, slot, x, slot.plainOutbound);
  slot.outboundOffset = PROTECTION_ROOM - x.headsSize;
  slot.outboundSize = x.size;
  coatForget(x);
  return sealed;
}
