/**
 * Long requests with short names, collected from blocks (GB9 9.4.6.8): a Read brings its blocks as read-data-block-access, a Write
 * as write-data-block-access with an octet-string among the values. The raw data are the request behind its tag.
 */
import { Err } from "../base/err";
import { Slot } from "../session/slot";
import { Meter } from "../store/block";
import { Conformance } from "../wire/conformance";
import { DataAccessResult } from "../wire/results";
import { shortNameBlockAckEmit, VariableAccessSpecification } from "../wire/short_name";
import { ApduTag } from "../wire/tags";
import { Transfer, TransferKind } from "./answer";
import { inboxAppend, inboxRelease, inboxTake } from "./inbox";
import { respond, responseBegin } from "./response";
import { responseTag, resultRefuse, serviceUnsupported } from "./short_name";

const tagOctet: usize = memory.data(1);

/** Gives the long request up with a result. */
function abort(meter: Meter, slotIndex: u32, slot: Slot, tag: u32, result: DataAccessResult): void {
  Transfer.of(slot).end();
  inboxRelease(meter, slotIndex);
  resultRefuse(meter, slot, tag, result);
}

/** Makes room for a long request that begins, and puts its tag there. */
function begin(meter: Meter, slotIndex: u32, t: Transfer, tag: u32, kind: TransferKind): i32 {
  t.end();
  const err = inboxTake(meter, slotIndex);
  if (err != Err.OK) return err;
  t.kind = kind;
  t.block = 0;
  store<u8>(tagOctet, <u8>tag);
  return inboxAppend(meter, slotIndex, tagOctet, 1);
}

/**
 * Takes the block that `x` numbers, of a request with `tag`: number 1 begins one. `rawAt` is 0 for a value that is no octet-string.
 * @returns true when the whole request stands in the inbox, which the caller gives back; else the client was answered
 */
export function blockCollect(
  meter: Meter,
  slotIndex: u32,
  slot: Slot,
  tag: u32,
  x: VariableAccessSpecification,
  rawAt: usize,
  rawSize: u32,
): bool {
  const t = Transfer.of(slot);
  const isRead = tag == ApduTag.READ_REQUEST;
  const kind = isRead ? TransferKind.READ_REQUEST : TransferKind.WRITE_REQUEST;
  const bit: u32 = isRead ? Conformance.BLOCK_TRANSFER_WITH_GET : Conformance.BLOCK_TRANSFER_WITH_SET;
  if ((slot.conformance & bit) == 0) {
    serviceUnsupported(meter, slot, tag);
    return false;
  }
  if (rawAt == 0) {
    abort(meter, slotIndex, slot, tag, DataAccessResult.TYPE_UNMATCHED);
    return false;
  }
  if (x.blockNumber == 1 && begin(meter, slotIndex, t, tag, kind) != Err.OK) {
    resultRefuse(meter, slot, tag, DataAccessResult.TEMPORARY_FAILURE);
    return false;
  }
  if (t.kind != <u32>kind) {
    const none = isRead ? DataAccessResult.NO_LONG_GET_IN_PROGRESS : DataAccessResult.NO_LONG_SET_IN_PROGRESS;
    resultRefuse(meter, slot, tag, none);
    return false;
  }
  if (x.blockNumber != t.block + 1) {
    abort(meter, slotIndex, slot, tag, DataAccessResult.DATA_BLOCK_NUMBER_INVALID);
    return false;
  }
  if (inboxAppend(meter, slotIndex, rawAt, rawSize) != Err.OK) {
    const aborted = isRead ? DataAccessResult.LONG_GET_ABORTED : DataAccessResult.LONG_SET_ABORTED;
    abort(meter, slotIndex, slot, tag, aborted);
    return false;
  }
  t.block = x.blockNumber;
  if (x.last != 0) {
    t.end();
    return true;
  }
  const w = responseBegin(slot);
  shortNameBlockAckEmit(w, responseTag(tag), t.block);
  respond(meter, slot, w);
  return false;
}
