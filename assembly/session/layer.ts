/**
 * Seal and open of one protection layer of suite 0..2 (GB9 9.2.3.3.7): SC || IC || body [|| tag] with
 * AES-GCM, IV = system title of the originator || IC, AAD = SC || AK [|| header of general-ciphering] [|| information].
 */
import { Err } from "../base/err";
import { Reader } from "../base/reader";
import { TAG_SIZE } from "../base/limits";
import { Gcm, GcmKey, GCM_SIZE } from "../crypto/gcm";
import { SecurityControl } from "../wire/ciphered";

const gcm: Gcm = changetype<Gcm>(memory.data(64, 8));
const iv: usize = memory.data(12, 4);
const controlOctet: usize = memory.data(1);

if (GCM_SIZE > 64) ERROR("the scratch context is too small");

const noHeader: Reader = changetype<Reader>(memory.data(offsetof<Reader>(), 8));

/** The header of layers that have none: all but general-ciphering. */
export function headerNone(): Reader {
  return noHeader.over(0, 0);
}

/** Begins a message in `context`: IV and the AAD in front of the information. `header` is that of general-ciphering. */
export function layerBegin(
  context: Gcm,
  key: GcmKey,
  control: u32,
  counter: u32,
  title: u64,
  authenticationKey: usize,
  keySize: u32,
  header: Reader,
): void {
  store<u64>(iv, title);
  store<u32>(iv + 8, bswap<u32>(counter));
  context.begin(iv);
  if ((control & SecurityControl.AUTHENTICATED) == 0) return;
  store<u8>(controlOctet, <u8>control);
  context.aad(key, controlOctet, 1);
  context.aad(key, authenticationKey, keySize);
  context.aad(key, header.start, <u32>(header.end - header.start));
}

/**
 * Opens the body of `size` octets at `at` in place: information, then the tag when authenticated. Nothing is decrypted
 * before its tag is right.
 * @returns octets of the information, or Err.MALFORMED (shorter than its tag) or Err.AUTHENTICATION
 */
export function layerOpen(
  key: GcmKey,
  control: u32,
  counter: u32,
  title: u64,
  authenticationKey: usize,
  keySize: u32,
  header: Reader,
  at: usize,
  size: u32,
): i32 {
  layerBegin(gcm, key, control, counter, title, authenticationKey, keySize, header);
  if ((control & SecurityControl.AUTHENTICATED) == 0) {
    gcm.crypt(key, at, at, size);
    return <i32>size;
  }
  if (size < TAG_SIZE) return Err.MALFORMED;
  const information = size - TAG_SIZE;
  const tag = at + <usize>information;
  let err: i32;
  if ((control & SecurityControl.ENCRYPTED) == 0) {
    gcm.aad(key, at, information);
    err = gcm.open(key, at, at, 0, tag);
  } else {
    err = gcm.open(key, at, at, information, tag);
  }
  return err == Err.OK ? <i32>information : err;
}

/** GMAC of a challenge: the authenticated-only layer over it, leaving only the tag (GB9 9.2.7.4, HLS mechanism 5). */
export function layerMac(
  key: GcmKey,
  control: u32,
  counter: u32,
  title: u64,
  authenticationKey: usize,
  keySize: u32,
  at: usize,
  size: u32,
  tag: usize,
): void {
  layerBegin(gcm, key, control, counter, title, authenticationKey, keySize, headerNone());
  gcm.aad(key, at, size);
  gcm.seal(key, at, at, 0, tag);
}
