/** generate_certificate_request of Security setup (Blue Book, class 64 method 5). */
import { Err } from "../base/err";
import { ELLIPTIC } from "../base/suites";
import { Writer } from "../base/writer";
import { EcKey } from "../crypto/ec_key";
import { Hash, HASH_SIZE } from "../crypto/hash";
import { Meter } from "../store/block";
import { Axdr, DataTag } from "../wire/axdr";
import { requestEmit, requestInfoEmit, REQUEST_INFO_SIZE_MAX, requestSize } from "../wire/pkcs10";
import { asymmetric, contextCurve, contextHash, pendingKeyOf, privateKeyOf } from "./key_pair";
import { keySign } from "./key_sign";
import { SecurityContext } from "./keys";

const info: usize = ELLIPTIC ? memory.data(160, 8) : 0;
const infoWriter: Writer = changetype<Writer>(ELLIPTIC ? memory.data(offsetof<Writer>(), 8) : 0);
const publicKey: usize = ELLIPTIC ? memory.data(96, 8) : 0;
const signature: usize = ELLIPTIC ? memory.data(96, 8) : 0;
const digest: usize = ELLIPTIC ? memory.data(48, 8) : 0;
const hash: Hash = changetype<Hash>(ELLIPTIC ? memory.data(208, 8) : 0);

if (HASH_SIZE > 208 || REQUEST_INFO_SIZE_MAX > 160) ERROR("scratch holds a hash and what is signed");

/**
 * Writes a request for the pair of a purpose as octet-string: of the one that waits for its certificate, else of the one in use.
 * @returns 0; Err.STATE without a pair; errors of keySign()
 */
export function certificateRequest(meter: Meter, context: u32, purpose: u32, out: Writer): i32 {
  const c = SecurityContext.of(meter, context);
  const pending = pendingKeyOf(meter, context, purpose);
  const key = pending != 0 ? pending : privateKeyOf(meter, context, purpose);
  if (!asymmetric(c) || key == 0) return Err.STATE;
  const curve = contextCurve(c);
  let err = EcKey.publicOf(curve, key, publicKey);
  if (err != Err.OK) return err;
  const w = infoWriter.into(info, REQUEST_INFO_SIZE_MAX);
  requestInfoEmit(w, changetype<usize>(c) + offsetof<SecurityContext>("title"), publicKey, curve.size);
  hash.digest(contextHash(c), info, w.size, digest);
  err = keySign(meter, curve, key, digest, signature);
  if (err != Err.OK) return err;
  out.u8(DataTag.OCTET_STRING);
  Axdr.length(out, requestSize(w.size, signature, curve.size));
  requestEmit(out, info, w.size, signature, curve.size);
  return out.err;
}
