/**
 * key_agreement of Security setup (Blue Book, class 64 method 3): global keys by C(2e,0s), ephemeral keys of both sides (GB9
 * 9.2.3.4.6.3). The client sends {key_id, Q || signature over key_id || Q}, the meter answers in kind. Each key has an ephemeral pair of
 * its own, since nothing else tells the keys of one request apart.
 */
import { Err } from "../base/err";
import { Reader } from "../base/reader";
import { ELLIPTIC } from "../base/suites";
import { Writer } from "../base/writer";
import { Ct } from "../crypto/ct";
import { EcKey } from "../crypto/ec_key";
import { Meter } from "../store/block";
import { Axdr } from "../wire/axdr";
import { ActionResult } from "../wire/results";
import { keyAgree } from "./agreement";
import { entropyDrbg } from "./entropy";
import { keysChange, KEY_IDS, KEY_ROOM } from "./key_change";
import { asymmetric, contextCurve } from "./key_pair";
import { KeyPart, SecurityContext } from "./keys";
import { octetsSign, octetsVerified, signatureSize, signs } from "./signature";
import { Slot } from "./slot";

const reader: Reader = changetype<Reader>(ELLIPTIC ? memory.data(offsetof<Reader>(), 8) : 0);
/** New keys, by key_id. */
const keys: usize = ELLIPTIC ? memory.data(128, 8) : 0;
const ephemeral: usize = ELLIPTIC ? memory.data(48, 8) : 0;
/** key_id and a public key: what is signed; behind it the own signature. */
const signed: usize = ELLIPTIC ? memory.data(97, 8) : 0;
const signature: usize = ELLIPTIC ? memory.data(96, 8) : 0;

if (KEY_IDS * KEY_ROOM != 128) ERROR("scratch holds every key");

/** Agrees on one key and writes its answer; `data` is the client's public key and signature. */
function oneAgree(meter: Meter, slot: Slot, c: SecurityContext, id: u32, data: usize, out: Writer): i32 {
  const size = signatureSize(c);
  const curve = contextCurve(c);
  store<u8>(signed, <u8>id);
  memory.copy(signed + 1, data, <usize>size);
  const good =
    EcKey.check(curve, data) == Err.OK &&
    octetsVerified(meter, slot, slot.clientTitle, signed, size + 1, data + <usize>size);
  if (!good) return ActionResult.READ_WRITE_DENIED;
  if (EcKey.generate(curve, entropyDrbg(meter), ephemeral, signed + 1) != Err.OK) return ActionResult.TEMPORARY_FAILURE;
  const wraps = id == KeyPart.MASTER;
  const key = keys + <usize>(id * KEY_ROOM);
  // The parties are client and server, whoever speaks.
  const agreed = keyAgree(c.suite, wraps, ephemeral, data, slot.clientTitle, 0, 0, c.title, key);
  Ct.wipe(ephemeral, 48);
  if (agreed != Err.OK) return ActionResult.READ_WRITE_DENIED;
  if (octetsSign(meter, slot.security, signed, size + 1, signature) != Err.OK) return ActionResult.OTHER_REASON;
  Axdr.structure(out, 2);
  Axdr.enum_(out, id);
  keyDataWrite(out, size);
  return ActionResult.SUCCESS;
}

/** Writes the own public key and its signature as one octet-string. */
function keyDataWrite(out: Writer, size: u32): void {
  out.u8(9);
  Axdr.length(out, 2 * size);
  out.octets(signed + 1, size);
  out.octets(signature, size);
}

/** Agrees on every key of the list; all or none. */
function listAgree(meter: Meter, slot: Slot, c: SecurityContext, r: Reader, out: Writer): i32 {
  const count = Axdr.readArray(r);
  if (r.err != Err.OK) return ActionResult.TYPE_UNMATCHED;
  if (count == 0 || count > KEY_IDS) return ActionResult.OTHER_REASON;
  Axdr.array(out, count);
  let present: u32 = 0;
  for (let i: u32 = 0; i < count; i++) {
    Axdr.readStructure(r, 2);
    const id = Axdr.readEnum(r);
    const size = Axdr.readOctetStringSize(r);
    const data = r.take(size);
    if (r.err != Err.OK) return ActionResult.TYPE_UNMATCHED;
    if (id >= KEY_IDS || (present & (1 << id)) != 0 || size != 2 * signatureSize(c))
      return ActionResult.READ_WRITE_DENIED;
    const result = oneAgree(meter, slot, c, id, data, out);
    if (result != ActionResult.SUCCESS) return result;
    present |= 1 << id;
  }
  if (r.remaining != 0) return ActionResult.TYPE_UNMATCHED;
  if (out.err != Err.OK) return ActionResult.OTHER_REASON;
  return keysChange(meter, c, keys, present);
}

/**
 * Takes the parameter Data at `at` from the client of the slot, writes the answer to `out` and changes the keys. They are used from the
 * next request on, with counters from the start. @returns an Action-Result
 */
export function keyAgreement(meter: Meter, slot: Slot, context: u32, at: usize, size: u32, out: Writer): i32 {
  const c = SecurityContext.of(meter, context);
  if (!asymmetric(c)) return ActionResult.OBJECT_UNAVAILABLE;
  // The client's signing key is looked up in the context of its association.
  if (slot.security != context || slot.clientTitleKnown == 0 || !signs(meter, context))
    return ActionResult.READ_WRITE_DENIED;
  const before = out.size;
  const result = listAgree(meter, slot, c, reader.over(at, size), out);
  Ct.wipe(keys, KEY_IDS * KEY_ROOM);
  if (result != ActionResult.SUCCESS) out.rewind(before);
  return result;
}
