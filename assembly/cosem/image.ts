/**
 * A firmware image on its way into the meter (Blue Book, class_id 18): its blocks go to the image area of the flash in any order,
 * and a bit for each of them in front of it, so that a power cut loses no block that was acknowledged. What stands before the
 * blocks (status, identifier, size) are values in the journal. Verifying reads the area page by page, as the flash gives them.
 */
import { octetsSame } from "../base/octets";
import { Err } from "../base/err";
import { FLASH_PAGE_SIZE, IMAGE_BLOCKS_MAX, PAGE_SIZE } from "../base/limits";
import { Reader } from "../base/reader";
import { Writer } from "../base/writer";
import { EventCode } from "../meter/events";
import {
  IMAGE_HASH_SIZE,
  IMAGE_KEY_SIZE,
  ImageCheck,
  imageHashBegin,
  imageHashUpdate,
  imageTrailerGood,
  imageTrailerSize,
} from "../session/image_check";
import { Meter } from "../store/block";
import { changeCommit, changeOpen, changeValue } from "../store/change";
import { imageAreaSize, imageErase, imageProgram, imageRead } from "../store/image_area";
import { IMAGE_AT, IMAGE_BITS_SIZE, IMAGE_HASH_AREA_SIZE, IMAGE_SIZE, Layout } from "../store/layout";
import { NONE } from "../store/template";
import { objectOfClass, rowOf, valueAt, valueSize } from "../store/values";
import { Axdr, DataTag } from "../wire/axdr";
import { ActionResult } from "../wire/results";
import { captureEvent } from "./capture";
import { changeResult } from "./plain";
import { rowCapacity, rowNamed, settingNumber, valueOver } from "./setting";

const CLASS_IMAGE: u32 = 18;

/** image_transfer_status. */
export const enum ImageStatus {
  NOT_INITIATED = 0,
  INITIATED = 1,
  VERIFICATION_INITIATED = 2,
  VERIFICATION_SUCCESSFUL = 3,
  VERIFICATION_FAILED = 4,
  ACTIVATION_INITIATED = 5,
  ACTIVATION_SUCCESSFUL = 6,
  ACTIVATION_FAILED = 7,
}

/** What is read from the image area now. */
const enum Phase {
  IDLE = 0,
  /** The bits of the blocks, at boot. */
  BITS = 1,
  /** The image, page by page; then what stands behind it. */
  PAGES = 2,
  TRAILER = 3,
}

/** Attributes of the class, and parts of its attribute 0 (hidden.json). */
const BLOCK_SIZE: i32 = 2;
const STATUS: i32 = 6;
const INFO: i32 = 7;
/** size u32 | number of the firmware u8 | identifier */
const PART_IMAGE: u32 = 0;
const PART_KEY: u32 = 1;
const IMAGE_HEAD: u32 = 5;
const IDENTIFIER_MAX: u32 = 48;
/** Octets of image_to_activate_info with the longest identifier and a signature. */
const INFO_SIZE_MAX: u32 = 125;

/** The page in front of the image that the bits of its blocks have. */
const IMAGE_OFFSET: u32 = PAGE_SIZE;

/** Head of an image (docs/IMAGE.md): "DLMI", version, check, firmware, 0; then target, identifier, size. */
const MAGIC: u32 = 0x444c4d49;
const FORMAT_VERSION: u32 = 1;
const FIRMWARES: u32 = 3;

/** The bit of a block in its octet. */
function bitOf(block: u32): u32 {
  return (<u32>0x80) >> (block & 7);
}

@unmanaged
export class Image {
  object: u32;
  phase: u32;
  /** Octets of the image; blocks it has, and how many have come. */
  size: u32;
  blocks: u32;
  received: u32;
  /** Verifying: octets hashed, octets to hash, how it is checked. */
  hashed: u32;
  hashEnd: u32;
  check: u32;
  /** The image is activated when it is verified. */
  activates: u32;
  firmware: u32;

  @inline
  static of(meter: Meter): Image {
    return changetype<Image>(meter.area(IMAGE_AT));
  }

  @inline
  get hash(): usize {
    return changetype<usize>(this) - IMAGE_AT + Layout.of().imageHashAt;
  }

  /** A bit for each block, the first in the most significant place, 1 = it has come. */
  @inline
  get bits(): usize {
    return this.hash + <usize>IMAGE_HASH_AREA_SIZE;
  }

  /** A block has come. */
  put(block: u32): void {
    const at = this.bits + <usize>(block >> 3);
    store<u8>(at, <u8>((<u32>load<u8>(at)) | bitOf(block)));
    this.received++;
  }

  @inline
  has(block: u32): bool {
    return ((<u32>load<u8>(this.bits + <usize>(block >> 3))) & bitOf(block)) != 0;
  }
}

if (offsetof<Image>() > IMAGE_SIZE) ERROR("the state of an image has IMAGE_SIZE octets");
if (IMAGE_HASH_SIZE > IMAGE_HASH_AREA_SIZE) ERROR("the hash of an image has IMAGE_HASH_AREA_SIZE octets");
if (IMAGE_BITS_SIZE > FLASH_PAGE_SIZE) ERROR("the bits of the blocks have one page");

const reader: Reader = changetype<Reader>(memory.data(offsetof<Reader>(), 8));
/** Over the identifier. */
const announced: Reader = changetype<Reader>(memory.data(offsetof<Reader>(), 8));
const writer: Writer = changetype<Writer>(memory.data(offsetof<Writer>(), 8));
/** A value on its way into a record. */
const value: usize = memory.data(128, 8);
const word: usize = memory.data(4, 4);
/** 1-x:0.2.0.255 and 1-x:0.2.8.255: identifier and signature of an active firmware. */
const firmwareName: usize = memory.data(6, 2);
const DEVICE_NAME: usize = memory.data<u8>([0, 0, 42, 0, 0, 255]);

function blockSize(meter: Meter, object: u32): u32 {
  return max<u32>(settingNumber(meter, object, BLOCK_SIZE, 1), 1);
}

/** Status as it is kept: what a power cut interrupts is as it was before. */
function statusKept(meter: Meter, x: Image): u32 {
  return settingNumber(meter, x.object, STATUS, ImageStatus.NOT_INITIATED);
}

/** image_transfer_status. */
export function imageStatus(meter: Meter): u32 {
  const x = Image.of(meter);
  return x.phase >= <u32>Phase.PAGES ? ImageStatus.VERIFICATION_INITIATED : statusKept(meter, x);
}

/** image_first_not_transferred_block_number. */
export function imageFirstMissing(x: Image): u32 {
  let block: u32 = 0;
  while (block < x.blocks && x.has(block)) block++;
  return block;
}

/** Takes over what the journal says, and reads which blocks have come. */
export function imageBoot(meter: Meter): void {
  const x = Image.of(meter);
  const object = objectOfClass(CLASS_IMAGE, 0);
  x.object = object < 0 ? NONE : <u32>object;
  const row = imageRow(x);
  if (
    rowCapacity(row) < IMAGE_HEAD + IDENTIFIER_MAX ||
    rowCapacity(rowOf(x.object, STATUS, 0)) < 2 ||
    rowCapacity(rowOf(x.object, INFO, 0)) < INFO_SIZE_MAX
  ) {
    x.object = NONE;
    return;
  }
  if (valueSize(meter, row) < IMAGE_HEAD) return;
  const at = valueAt(meter, row);
  const size = bswap<u32>(load<u32>(at));
  if (!imageSize(meter, x, size)) return;
  x.firmware = load<u8>(at + 4);
  x.phase = Phase.BITS;
  imageRead(meter, 0, IMAGE_BITS_SIZE);
}

/** Row of what the image is. */
function imageRow(x: Image): u32 {
  return rowOf(x.object, 0, PART_IMAGE);
}

/** A cursor over the identifier of the image. */
function identifierOf(meter: Meter, x: Image): Reader {
  const r = valueOver(meter, imageRow(x), announced);
  r.take(IMAGE_HEAD);
  return r;
}

/** Blocks of an image of `size` octets; 0 when this meter has no room for it. */
function blocksOf(meter: Meter, x: Image, size: u32): u32 {
  const area = imageAreaSize(meter);
  if (size == 0 || area <= IMAGE_OFFSET || size > area - IMAGE_OFFSET) return 0;
  const blocks = (size - 1) / blockSize(meter, x.object) + 1;
  return blocks <= IMAGE_BLOCKS_MAX ? blocks : 0;
}

/** Takes the size of an image; false when this meter has no room for it. */
function imageSize(meter: Meter, x: Image, size: u32): bool {
  const blocks = blocksOf(meter, x, size);
  if (blocks == 0) return false;
  x.size = size;
  x.blocks = blocks;
  x.received = 0;
  memory.fill(x.bits, 0, IMAGE_BITS_SIZE);
  return true;
}

function statusKeep(meter: Meter, x: Image, status: u32): i32 {
  store<u16>(value, <u16>((status << 8) | DataTag.ENUM));
  return changeValue(meter, rowOf(x.object, STATUS, 0), value, 2);
}

/** image_to_activate_info: no image, or the one that is verified. */
function infoKeep(meter: Meter, x: Image, trailer: usize, trailerSize: u32): i32 {
  const w = writer.into(value, 128);
  Axdr.array(w, trailerSize == 0 ? 0 : 1);
  if (trailerSize != 0) {
    const identifier = identifierOf(meter, x);
    Axdr.structure(w, 3);
    Axdr.doubleLongUnsigned(w, x.size);
    Axdr.octetString(w, identifier.pos, identifier.remaining);
    Axdr.octetString(w, trailer, trailerSize);
  }
  return changeValue(meter, rowOf(x.object, INFO, 0), value, w.size);
}

/** Keeps what the image is: size 0 = there is none. */
function imageKeep(meter: Meter, x: Image, size: u32, identifier: usize, identifierSize: u32): i32 {
  const w = writer.into(value, 128);
  w.u32(size);
  w.u8(x.firmware);
  w.octets(identifier, identifierSize);
  return changeValue(meter, imageRow(x), value, w.size);
}

/** Method 1: a new image is to come. The old one is gone from the journal before its blocks are erased. */
export function imageInitiate(meter: Meter, identifier: usize, identifierSize: u32, size: u32): i32 {
  const x = Image.of(meter);
  if (identifierSize == 0 || identifierSize > IDENTIFIER_MAX || blocksOf(meter, x, size) == 0)
    return ActionResult.OTHER_REASON;
  x.phase = Phase.IDLE;
  x.activates = 0;
  x.firmware = 0;
  changeOpen(meter);
  statusKeep(meter, x, ImageStatus.NOT_INITIATED);
  infoKeep(meter, x, 0, 0);
  imageKeep(meter, x, 0, 0, 0);
  let err = changeCommit(meter);
  if (err == Err.OK) x.blocks = 0;
  if (err == Err.OK) err = imageErase(meter, 0, IMAGE_OFFSET + ((size + PAGE_SIZE - 1) & ~(PAGE_SIZE - 1)));
  if (err != Err.OK) return changeResult(err);
  changeOpen(meter);
  statusKeep(meter, x, ImageStatus.INITIATED);
  imageKeep(meter, x, size, identifier, identifierSize);
  err = changeCommit(meter);
  if (err == Err.OK) imageSize(meter, x, size);
  return changeResult(err);
}

/** Method 2: a block. One that has come already is acknowledged again and not written. */
export function imageBlock(meter: Meter, block: u32, at: usize, size: u32): i32 {
  const x = Image.of(meter);
  if (x.phase == Phase.BITS) return ActionResult.TEMPORARY_FAILURE;
  if (x.phase != Phase.IDLE || statusKept(meter, x) != <u32>ImageStatus.INITIATED || block >= x.blocks)
    return ActionResult.OTHER_REASON;
  const whole = blockSize(meter, x.object);
  const offset = block * whole;
  if (size != min<u32>(whole, x.size - offset)) return ActionResult.OTHER_REASON;
  if (x.has(block)) return ActionResult.SUCCESS;
  let err = imageProgram(meter, IMAGE_OFFSET + offset, at, size);
  if (err != Err.OK) return changeResult(err);
  // The word of the flash that holds the bit; a bit that is programmed is 0 there.
  const octet = <usize>(block >> 3);
  const first = octet & ~3;
  store<u32>(word, ~load<u32>(x.bits + first));
  store<u8>(word + (octet & 3), <u8>((<u32>load<u8>(word + (octet & 3))) & ~bitOf(block)));
  err = imageProgram(meter, <u32>first, word, 4);
  if (err != Err.OK) return changeResult(err);
  x.put(block);
  return ActionResult.SUCCESS;
}

/** Method 3. It ends when the flash has given the whole image: until then temporary-failure, and the status tells. */
export function imageVerify(meter: Meter): i32 {
  const x = Image.of(meter);
  if (x.phase != Phase.IDLE) return ActionResult.TEMPORARY_FAILURE;
  const status = statusKept(meter, x);
  if (status == <u32>ImageStatus.VERIFICATION_SUCCESSFUL) return ActionResult.SUCCESS;
  const may = status == <u32>ImageStatus.INITIATED || status == <u32>ImageStatus.VERIFICATION_FAILED;
  if (!may || x.received != x.blocks) return ActionResult.OTHER_REASON;
  x.phase = Phase.PAGES;
  x.hashed = 0;
  x.hashEnd = x.size;
  imageHashBegin(x.hash);
  pageRead(meter, x);
  return ActionResult.TEMPORARY_FAILURE;
}

/** Method 4: the image becomes the firmware. One that is not verified yet is verified first (Blue Book). */
export function imageActivate(meter: Meter): i32 {
  const x = Image.of(meter);
  if (x.phase == Phase.IDLE && statusKept(meter, x) == <u32>ImageStatus.VERIFICATION_SUCCESSFUL)
    return activate(meter, x);
  const result = imageVerify(meter);
  if (result == ActionResult.TEMPORARY_FAILURE && x.phase >= <u32>Phase.PAGES) x.activates = 1;
  return result;
}

function pageRead(meter: Meter, x: Image): void {
  imageRead(meter, IMAGE_OFFSET + x.hashed, min<u32>(x.hashEnd - x.hashed, FLASH_PAGE_SIZE));
}

/** Takes `size` octets that the flash has read of the image area. */
export function imageTake(meter: Meter, at: usize, size: u32): void {
  const x = Image.of(meter);
  switch (x.phase) {
    case Phase.BITS:
      bitsTake(x, at);
      return;
    case Phase.PAGES:
      pageTake(meter, x, at, size);
      return;
    case Phase.TRAILER: {
      const good = imageTrailerGood(x.hash, x.check, at, keyOf(meter, x));
      verified(meter, x, good, at);
      return;
    }
    default:
      return;
  }
}

function bitsTake(x: Image, at: usize): void {
  x.phase = Phase.IDLE;
  for (let block: u32 = 0; block < x.blocks; block++) {
    if (((<u32>load<u8>(at + <usize>(block >> 3))) & bitOf(block)) == 0) x.put(block);
  }
}

function pageTake(meter: Meter, x: Image, at: usize, size: u32): void {
  if (x.hashed == 0 && !headTake(meter, x, at, size)) {
    verified(meter, x, false, 0);
    return;
  }
  const taken = min<u32>(size, x.hashEnd - x.hashed);
  imageHashUpdate(x.hash, at, taken);
  x.hashed += taken;
  if (x.hashed < x.hashEnd) {
    pageRead(meter, x);
    return;
  }
  x.phase = Phase.TRAILER;
  imageRead(meter, IMAGE_OFFSET + x.hashEnd, x.size - x.hashEnd);
}

/** The maker's public key, 0 = none is known. */
function keyOf(meter: Meter, x: Image): usize {
  const row = rowOf(x.object, 0, PART_KEY);
  return row != NONE && valueSize(meter, row) == IMAGE_KEY_SIZE ? valueAt(meter, row) : 0;
}

/** Name of the identifier (D = 0) or signature (D = 8) of firmware `number`; its value row, NONE when the meter has none. */
function firmwareRow(number: u32, d: u32): u32 {
  store<u32>(firmwareName, 0x02000001 | ((number - 1) << 8));
  store<u16>(firmwareName + 4, <u16>(0xff00 | d));
  return rowNamed(1, firmwareName, 2);
}

/** Whether the logical device name begins with the `size` octets at `at`. */
function isTarget(meter: Meter, at: usize, size: u32): bool {
  const row = rowNamed(1, DEVICE_NAME, 2);
  if (row == NONE) return size == 0;
  const r = valueOver(meter, row, reader);
  const nameSize = Axdr.readOctetStringSize(r);
  const name = r.take(nameSize);
  return r.err == Err.OK && size <= nameSize && octetsSame(name, at, size);
}

/** Reads the head of the image and whether it is one for this meter, of the announced identifier and size. */
function headTake(meter: Meter, x: Image, at: usize, size: u32): bool {
  const r = reader.over(at, size);
  const magic = r.u32();
  const version = r.u8();
  x.check = r.u8();
  x.firmware = r.u8();
  r.u8();
  const targetSize = r.u8();
  const target = r.take(targetSize);
  const identifierSize = r.u8();
  const identifier = r.take(identifierSize);
  const payload = r.u32();
  if (r.err != Err.OK || magic != MAGIC || version != FORMAT_VERSION || x.check > <u32>ImageCheck.SIGNATURE)
    return false;
  const trailer = imageTrailerSize(x.check);
  if (<u64>r.consumed + <u64>payload + <u64>trailer != <u64>x.size) return false;
  x.hashEnd = x.size - trailer;
  if (x.firmware - 1 >= FIRMWARES || firmwareRow(x.firmware, 0) == NONE) return false;
  const name = identifierOf(meter, x);
  if (name.remaining != identifierSize || !octetsSame(name.pos, identifier, identifierSize)) return false;
  return isTarget(meter, target, targetSize);
}

/** The image is verified, or is none for this meter. */
function verified(meter: Meter, x: Image, good: bool, trailer: usize): void {
  const activates = x.activates != 0;
  x.phase = Phase.IDLE;
  x.activates = 0;
  changeOpen(meter);
  statusKeep(meter, x, good ? ImageStatus.VERIFICATION_SUCCESSFUL : ImageStatus.VERIFICATION_FAILED);
  if (good) {
    infoKeep(meter, x, trailer, imageTrailerSize(x.check));
    const identifier = identifierOf(meter, x);
    imageKeep(meter, x, x.size, identifier.pos, identifier.remaining);
  }
  if (changeCommit(meter) != Err.OK) return;
  captureEvent(meter, good ? EventCode.FIRMWARE_READY : EventCode.FIRMWARE_VERIFICATION_FAILED);
  if (good && activates) activate(meter, x);
}

/** Copies element `index` of the one structure in image_to_activate_info into a value of the meter. */
function infoCopy(meter: Meter, x: Image, index: u32, row: u32): void {
  const info = rowOf(x.object, INFO, 0);
  const r = valueOver(meter, info, reader);
  Axdr.readArray(r);
  Axdr.readStructure(r, 3);
  Axdr.readDoubleLongUnsigned(r);
  if (index == 2) r.take(Axdr.readOctetStringSize(r));
  const at = r.pos;
  r.take(Axdr.readOctetStringSize(r));
  const size = <u32>(r.pos - at);
  if (r.err == Err.OK && size <= rowCapacity(row)) changeValue(meter, row, at, size);
}

/** The firmware takes identifier and signature of the image; everything else stays as it is. */
function activate(meter: Meter, x: Image): i32 {
  changeOpen(meter);
  infoCopy(meter, x, 1, firmwareRow(x.firmware, 0));
  infoCopy(meter, x, 2, firmwareRow(x.firmware, 8));
  statusKeep(meter, x, ImageStatus.ACTIVATION_SUCCESSFUL);
  infoKeep(meter, x, 0, 0);
  const err = changeCommit(meter);
  if (err != Err.OK) return changeResult(err);
  captureEvent(meter, EventCode.FIRMWARE_ACTIVATED);
  return ActionResult.SUCCESS;
}
