/** Image transfer, class_id 18, version 0. Behaviour: cosem/image. */
import { Writer } from "../../base/writer";
import { Axdr } from "../../wire/axdr";
import { ActionResult, DataAccessResult } from "../../wire/results";
import { Ask, PLAIN } from "../ask";
import { Image, imageActivate, imageBlock, imageFirstMissing, imageInitiate, imageStatus, imageVerify } from "../image";
import { settingFlag } from "../setting";

/** Whether the object is the meter's own: that of M-Bus devices would be another one. */
function isOwn(ask: Ask): bool {
  return ask.object == Image.of(ask.meter).object;
}

export function imageTransferGet(ask: Ask, out: Writer): i32 {
  const x = Image.of(ask.meter);
  if (!isOwn(ask)) return PLAIN;
  switch (ask.attribute) {
    case 3: // image_transferred_blocks_status
      Axdr.bitString(out, x.bits, x.blocks);
      return DataAccessResult.SUCCESS;
    case 4: // image_first_not_transferred_block_number
      Axdr.doubleLongUnsigned(out, imageFirstMissing(x));
      return DataAccessResult.SUCCESS;
    case 6: // image_transfer_status
      Axdr.enum_(out, imageStatus(ask.meter));
      return DataAccessResult.SUCCESS;
    default: // image_block_size, image_transfer_enabled, image_to_activate_info
      return PLAIN;
  }
}

/** All methods fail while image_transfer_enabled is FALSE. */
export function imageTransferInvoke(ask: Ask): i32 {
  const meter = ask.meter;
  if (!isOwn(ask)) return ActionResult.OBJECT_UNAVAILABLE;
  if (!settingFlag(meter, ask.object, 5)) return ActionResult.OTHER_REASON;
  const r = ask.data;
  switch (ask.attribute) {
    case 1: {
      // image_transfer_initiate
      Axdr.readStructure(r, 2);
      const size = Axdr.readOctetStringSize(r);
      const at = r.take(size);
      const imageSize = Axdr.readDoubleLongUnsigned(r);
      return !r.done ? ActionResult.TYPE_UNMATCHED : imageInitiate(meter, at, size, imageSize);
    }
    case 2: {
      // image_block_transfer
      Axdr.readStructure(r, 2);
      const block = Axdr.readDoubleLongUnsigned(r);
      const size = Axdr.readOctetStringSize(r);
      const at = r.take(size);
      return !r.done ? ActionResult.TYPE_UNMATCHED : imageBlock(meter, block, at, size);
    }
    case 3: // image_verify
      return ask.dataIsZero ? imageVerify(meter) : ActionResult.TYPE_UNMATCHED;
    default: // image_activate
      return ask.dataIsZero ? imageActivate(meter) : ActionResult.TYPE_UNMATCHED;
  }
}
