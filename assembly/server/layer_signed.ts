/** Opening a general-signing layer (GB9 9.2.7.2): the signature covers header and content with all their lengths. */
import { Err } from "../base/err";
import { Reader } from "../base/reader";
import { ELLIPTIC } from "../base/suites";
import { Hash, HASH_SIZE } from "../crypto/hash";
import { asymmetric, contextHash } from "../session/key_pair";
import { SecurityContext } from "../session/keys";
import { SecurityOption, securityOption } from "../session/options";
import { digestVerified, signatureSize } from "../session/signature";
import { Slot } from "../session/slot";
import { Meter } from "../store/block";
import { GeneralSigning, generalSigningParse } from "../wire/general_signing";
import { transactionCheck } from "./layer_agreed";
import { partiesTake } from "./layer_general";
import { Opened } from "./layer_open";
import { Layer, SIGNED } from "./layers";

const reader: Reader = changetype<Reader>(ELLIPTIC ? memory.data(offsetof<Reader>(), 8) : 0);
const signing: GeneralSigning = changetype<GeneralSigning>(ELLIPTIC ? memory.data(offsetof<GeneralSigning>(), 8) : 0);
const hash: Hash = changetype<Hash>(ELLIPTIC ? memory.data(208, 8) : 0);
const digest: usize = ELLIPTIC ? memory.data(48, 8) : 0;

if (HASH_SIZE > 208) ERROR("scratch holds a hash");

/** Hashes what is signed, as it was received. */
function signedHash(c: SecurityContext, x: GeneralSigning): void {
  hash.begin(contextHash(c));
  if (securityOption(SecurityOption.SIGNED_LENGTHLESS)) {
    hash.update(x.headerAt, x.headerSize);
    hash.update(x.contentAt, x.contentSize);
  } else {
    hash.update(x.signedAt, x.signedSize);
  }
  hash.finish(digest);
}

/** Opens a general-signing layer; results of protectionOpen(). */
export function signedOpen(
  meter: Meter,
  slot: Slot,
  c: SecurityContext,
  layer: Layer,
  at: usize,
  size: u32,
  out: Opened,
): i32 {
  const x = signing;
  if (generalSigningParse(reader.over(at, size), x) != Err.OK || x.contentSize == 0) return Err.MALFORMED;
  layer.kind = SIGNED;
  if (!asymmetric(c) || x.signatureSize != signatureSize(c)) return Err.AUTHENTICATION;
  if (!partiesTake(meter, slot, c, x, layer)) return Err.AUTHENTICATION;
  signedHash(c, x);
  if (!digestVerified(meter, slot, layer.originator, digest, x.signatureAt)) return Err.AUTHENTICATION;
  if (securityOption(SecurityOption.TRANSACTIONS_RISE)) {
    const err = transactionCheck(meter, c, layer);
    if (err != Err.OK) return err;
  }
  out.at = x.contentAt;
  out.size = x.contentSize;
  return Err.OK;
}
