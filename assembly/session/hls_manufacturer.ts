/**
 * HLS mechanism 2, which the standard leaves to manufacturers. This meter does what the widespread open clients do under that
 * name: AES-128-ECB of the challenge, padded with zeros to whole blocks, under the HLS secret, cut or padded with zeros to 16
 * octets. It keeps a secret no better than that sounds, and is there only where a template offers "hls-manufacturer".
 */
import { OLD_MECHANISMS } from "../base/features";
import { Reader } from "../base/reader";
import { Writer } from "../base/writer";
import { AES_BLOCK_SIZE, AES_KEY_SIZE, AesKey } from "../crypto/aes";
import { Ct } from "../crypto/ct";
import { Meter } from "../store/block";
import { NONE, Template } from "../store/template";
import { valueAt, valueSize } from "../store/values";
import { Axdr } from "../wire/axdr";
import { ActionResult } from "../wire/results";
import { AssociationState, Slot } from "./slot";

/** Octets of the longest challenge, which are whole blocks. */
const ANSWER_SIZE_MAX: u32 = 64;

const reader: Reader = changetype<Reader>(memory.data(offsetof<Reader>(), 8));
const key: AesKey = changetype<AesKey>(OLD_MECHANISMS ? memory.data(248, 8) : 0);
const secret: usize = memory.data(16, 8);
const answer: usize = memory.data(64, 8);

if (AES_KEY_SIZE != 248 || ANSWER_SIZE_MAX != 64) ERROR("scratch holds a key and four blocks");

/** As hlsReply(), for a slot that is pending with mechanism 2. */
export function manufacturerReply(meter: Meter, slot: Slot, at: usize, size: u32, out: Writer): i32 {
  const r = reader.over(at, size);
  const wanted = answerMake(meter, slot, slot.stoc, slot.stocSize);
  const value = Axdr.readOctetString(r, wanted);
  const good = wanted != 0 && r.done && Ct.equal(answer, value, wanted) != 0;
  if (good) Axdr.octetString(out, answer, answerMake(meter, slot, slot.ctos, slot.ctosSize));
  slot.state = good ? AssociationState.ASSOCIATED : AssociationState.NON_ASSOCIATED;
  Ct.wipe(answer, ANSWER_SIZE_MAX);
  return good ? ActionResult.SUCCESS : ActionResult.READ_WRITE_DENIED;
}

/** Puts f(challenge) into `answer`; returns its octets, 0 when no secret is set. */
function answerMake(meter: Meter, slot: Slot, challenge: usize, size: u32): u32 {
  const row = <u32>Template.of().association(slot.association).hlsSecret;
  if (row == NONE || valueSize(meter, row) == 0) return 0;
  assert(size <= ANSWER_SIZE_MAX);
  memory.fill(secret, 0, AES_BLOCK_SIZE);
  memory.copy(secret, valueAt(meter, row), <usize>min<u32>(valueSize(meter, row), AES_BLOCK_SIZE));
  memory.fill(answer, 0, ANSWER_SIZE_MAX);
  memory.copy(answer, challenge, <usize>size);
  key.expand(secret, AES_BLOCK_SIZE);
  key.encrypt4(answer);
  AesKey.wipeScratch();
  Ct.wipe(changetype<usize>(key), AES_KEY_SIZE);
  Ct.wipe(secret, AES_BLOCK_SIZE);
  return (size + AES_BLOCK_SIZE - 1) & ~(AES_BLOCK_SIZE - 1);
}
