/**
 * Data protection, class_id 30, version 0: attributes read and set, methods invoked, with layers of protection around the data alone
 * (Blue Book). Whoever carries the APDU sees names and results, not values. Access rights are those of the association; what the layers
 * prove counts as protection of the request.
 */
import { Err } from "../../base/err";
import { DATA_PROTECTION } from "../../base/features";
import { Reader } from "../../base/reader";
import { Writer } from "../../base/writer";
import {
  dataLayerAnswer,
  dataLayerGood,
  dataLayerOpen,
  dataLayerSeal,
  DataText,
  KEY_DATA_SIZE_MAX,
  LAYER_BACK_MAX,
  LAYER_FRONT_MAX,
} from "../../session/data_layer";
import { SecurityContext } from "../../session/keys";
import { SecurityOption, securityOption } from "../../session/options";
import { Slot } from "../../session/slot";
import { Meter } from "../../store/block";
import { valueAt, valueSize } from "../../store/values";
import { NONE } from "../../store/template";
import { Axdr } from "../../wire/axdr";
import { dataSkip } from "../../wire/data";
import { protectionElementEmit, ProtectionElement, protectionElementParse } from "../../wire/data_protection";
import { PushObject, pushObjectParse } from "../../wire/push_object";
import { ActionResult } from "../../wire/results";
import { Ask, Pin, PinKind, PIN_SIZE } from "../ask";
import { dispatchGet, dispatchInvoke, dispatchSet } from "../dispatch";
import { pinPieceEmit } from "../pin_emit";
import { elementKeep, selectorMake, selectorParameters, selectorParametersSize } from "../push_list";

const CLASS_ID: u32 = 30;
/** Layers of one request. */
const LAYERS_MAX: u32 = 3;
/** Octets of the values of one answer, without their protection. */
const VALUES_SIZE_MAX: u32 = 900;
const ELEMENT_SIZE: u32 = 112;
const WORK_AT: u32 = LAYERS_MAX * LAYER_FRONT_MAX;
const WORK_SIZE: u32 = WORK_AT + VALUES_SIZE_MAX + LAYERS_MAX * LAYER_BACK_MAX;
/** Bits of required_protection and of a request's protection, by protection_type; those of a response are 3 places higher. */
const REQUEST_BITS: usize = memory.data<u8>([0x04, 0x08, 0x0c, 0x10]);
const REQUEST_MASK: u32 = 0x1c;
/** Results beyond those of the standard (dispatch.ts). */
const RESULT_MAX: i32 = 0xff;

const list: Reader = changetype<Reader>(memory.data(offsetof<Reader>(), 8));
const values: Reader = changetype<Reader>(memory.data(offsetof<Reader>(), 8));
const writer: Writer = changetype<Writer>(memory.data(offsetof<Writer>(), 8));
const inner: Ask = changetype<Ask>(memory.data(offsetof<Ask>(), 8));
const pin: Pin = changetype<Pin>(memory.data(PIN_SIZE, 8));
const elements: usize = DATA_PROTECTION ? memory.data(336, 8) : 0;
const titles: usize = memory.data(48, 8);
const keyData: usize = DATA_PROTECTION ? memory.data(576, 8) : 0;
const work: usize = DATA_PROTECTION ? memory.data(1482, 8) : 0;
const text: DataText = changetype<DataText>(memory.data(offsetof<DataText>(), 8));

if (offsetof<ProtectionElement>() > ELEMENT_SIZE || LAYERS_MAX * ELEMENT_SIZE != 336) ERROR("scratch holds the layers");
if (WORK_SIZE != 1482 || LAYERS_MAX * KEY_DATA_SIZE_MAX != 576) ERROR("scratch holds a protected answer");

/** One entry of an object list, or a method. */
@unmanaged
class Named {
  nameAt: usize;
  classId: u32;
  id: i32;
}

const definition: PushObject = changetype<PushObject>(memory.data(offsetof<PushObject>(), 8));
const named: Named = changetype<Named>(memory.data(offsetof<Named>(), 8));

function element(index: u32): ProtectionElement {
  return changetype<ProtectionElement>(elements + <usize>(index * ELEMENT_SIZE));
}

export function dataProtectionInvoke(ask: Ask, out: Writer): i32 {
  switch (ask.attribute) {
    case 1: // get_protected_attributes
      return attributesGet(ask, out);
    case 2: // set_protected_attributes
      return attributesSet(ask);
    case 3: // invoke_protected_method
      return methodInvoke(ask, out);
    default:
      return ActionResult.OBJECT_UNAVAILABLE;
  }
}

/** Reads protection_parameters: how many layers, 1 to LAYERS_MAX, innermost first; 0 with an error in `r`. */
function layersRead(r: Reader): u32 {
  const count = Axdr.readArray(r);
  if (r.err == Err.OK && (count == 0 || count > LAYERS_MAX)) r.fail(Err.LIMIT);
  for (let i: u32 = 0; i < count && r.err == Err.OK; i++) protectionElementParse(r, element(i));
  return r.err == Err.OK ? count : 0;
}

/** What the layers of a request provide, as request bits of a policy. */
function provided(count: u32): u32 {
  let bits: u32 = 0;
  for (let i: u32 = 0; i < count; i++) bits |= <u32>load<u8>(REQUEST_BITS + <usize>(element(i).type & 3));
  return bits;
}

/** required_protection, attribute 6. */
function required(ask: Ask): u32 {
  const row = ask.rowOf(6);
  return row != NONE && valueSize(ask.meter, row) == 2 ? <u32>load<u8>(valueAt(ask.meter, row) + 1) : 0;
}

/** Reads the next object_definition into `definition` and `named`: an element of a push list of version 1 has the same fields. */
function definitionRead(r: Reader): void {
  pushObjectParse(r, 1, definition);
  named.classId = definition.classId;
  named.nameAt = definition.logicalNameAt;
  named.id = definition.attribute;
}

/** Result of a parameter that could not be read. */
function refusal(err: i32): i32 {
  return err == Err.LIMIT ? ActionResult.OTHER_REASON : ActionResult.TYPE_UNMATCHED;
}

/** Result of a layer that could not be removed or made. */
function layerResult(err: i32): i32 {
  switch (err) {
    case Err.NO_SPACE:
    case Err.ENTROPY:
      return ActionResult.TEMPORARY_FAILURE;
    default:
      return ActionResult.READ_WRITE_DENIED;
  }
}

/** Reads the attribute that `definition` names, or the rows or the element of it that it asks for. */
function definitionGet(meter: Meter, slot: u32, to: Writer): i32 {
  const x = definition;
  const from = to.size;
  const selector = selectorMake(x);
  if (selector < 0) return ActionResult.OTHER_REASON;
  const size = selectorParametersSize(selector);
  const at = selectorParameters();
  const result = dispatchGet(inner, meter, slot, x.classId, x.logicalNameAt, x.attribute, selector, at, size, to);
  if (result != ActionResult.SUCCESS || x.dataIndex == 0) return result;
  // What data_index means for a buffer is not public.
  const kept = pin.kind == PinKind.NONE && elementKeep(to, from, x.dataIndex);
  return kept ? <i32>ActionResult.SUCCESS : <i32>ActionResult.OTHER_REASON;
}

/** Runs `named` with what the layers prove: a read (0), a set (1) of the Data at `at`, a method (2) with it. */
function perform(ask: Ask, kind: u32, bits: u32, at: usize, size: u32, to: Writer): i32 {
  // Data protection within data protection would never end.
  if (named.classId == CLASS_ID) return ActionResult.READ_WRITE_DENIED;
  const slot = Slot.of(ask.meter, ask.slot);
  const before = slot.protection;
  slot.protection = before | bits;
  inner.pin = pin;
  pin.kind = PinKind.NONE;
  const meter = ask.meter;
  const n = named;
  let result: i32;
  if (kind == 0) result = definitionGet(meter, ask.slot, to);
  else if (kind == 1) result = dispatchSet(inner, meter, ask.slot, n.classId, n.nameAt, n.id, 0, at, size);
  else result = dispatchInvoke(inner, meter, ask.slot, n.classId, n.nameAt, n.id, at, size, to);
  slot.protection = before;
  if (result > RESULT_MAX) return ActionResult.SCOPE_OF_ACCESS_VIOLATED;
  for (let i: u32 = 0; result == ActionResult.SUCCESS && pin.kind != PinKind.NONE && i <= pin.items; i++) {
    if (pinPieceEmit(meter, pin, i, to) != Err.OK) result = ActionResult.OTHER_REASON;
  }
  return result == ActionResult.SUCCESS && to.err != Err.OK ? <i32>ActionResult.OTHER_REASON : result;
}

/** Puts the answering layers around what `writer` holds, and writes structure { protection_parameters, octet-string }. */
function answer(ask: Ask, count: u32, out: Writer): i32 {
  const slot = Slot.of(ask.meter, ask.slot);
  const c = SecurityContext.of(ask.meter, slot.security);
  text.at = work + <usize>WORK_AT;
  text.size = writer.size;
  for (let i: u32 = 0; i < count; i++) {
    const x = element(i);
    dataLayerAnswer(slot, c, x, titles + <usize>(i * 16), keyData + <usize>(i * KEY_DATA_SIZE_MAX));
    const err = dataLayerSeal(ask.meter, slot, x, text);
    if (err != Err.OK) return layerResult(err);
  }
  Axdr.structure(out, 2);
  Axdr.array(out, count);
  const structured = securityOption(SecurityOption.IDENTIFIED_STRUCTURE);
  for (let i: u32 = 0; i < count; i++) protectionElementEmit(out, element(i), structured);
  Axdr.octetString(out, text.at, text.size);
  return ActionResult.SUCCESS;
}

/** Removes the layers, the outermost and last one first, from an octet-string that is next in `r` and fills it. */
function textTake(ask: Ask, r: Reader, count: u32): i32 {
  const slot = Slot.of(ask.meter, ask.slot);
  text.size = Axdr.readOctetStringSize(r);
  text.at = r.take(text.size);
  if (!r.done) return ActionResult.TYPE_UNMATCHED;
  for (let i = count; i-- > 0;) {
    const err = dataLayerOpen(ask.meter, slot, element(i), text);
    if (err == Err.AUTHENTICATION) SecurityContext.of(ask.meter, slot.security).failures++;
    if (err != Err.OK) return layerResult(err);
  }
  return ActionResult.SUCCESS;
}

/** Reads object_list: `list` stands behind its head, over all of its entries. Only a read may be of parts. Returns how many. */
function listTake(r: Reader, parts: bool): u32 {
  const count = Axdr.readArray(r);
  const at = r.pos;
  if (r.err == Err.OK && count == 0) r.fail(Err.LIMIT);
  for (let i: u32 = 0; i < count && r.err == Err.OK; i++) {
    definitionRead(r);
    if (!parts && r.err == Err.OK && (definition.dataIndex != 0 || definition.restriction != 0)) r.fail(Err.LIMIT);
  }
  list.over(at, r.err == Err.OK ? <u32>(r.pos - at) : 0);
  return count;
}

function attributesGet(ask: Ask, out: Writer): i32 {
  const r = ask.data;
  Axdr.readStructure(r, 2);
  const count = listTake(r, true);
  const layers = layersRead(r);
  if (!r.done) return refusal(r.err);
  const slot = Slot.of(ask.meter, ask.slot);
  const bits = provided(layers);
  if (((required(ask) >> 3) & REQUEST_MASK & ~bits) != 0) return ActionResult.SCOPE_OF_ACCESS_VIOLATED;
  for (let i: u32 = 0; i < layers; i++) {
    if (!dataLayerGood(slot, SecurityContext.of(ask.meter, slot.security), element(i)))
      return ActionResult.READ_WRITE_DENIED;
  }
  writer.into(work + <usize>WORK_AT, VALUES_SIZE_MAX);
  for (let i: u32 = 0; i < count; i++) {
    definitionRead(list);
    // These layers protect the answer; of the request they prove nothing.
    const result = perform(ask, 0, 0, 0, 0, writer);
    if (result != ActionResult.SUCCESS) return result;
  }
  return answer(ask, layers, out);
}

/** The values are set in the order of the list; the first one that is refused ends it, those before it stay set. */
function attributesSet(ask: Ask): i32 {
  const r = ask.data;
  Axdr.readStructure(r, 3);
  const count = listTake(r, false);
  const layers = layersRead(r);
  if (r.err != Err.OK) return refusal(r.err);
  const bits = provided(layers);
  if ((required(ask) & REQUEST_MASK & ~bits) != 0) return ActionResult.SCOPE_OF_ACCESS_VIOLATED;
  const taken = textTake(ask, r, layers);
  if (taken != ActionResult.SUCCESS) return taken;
  values.over(text.at, text.size);
  for (let i: u32 = 0; i < count; i++) dataSkip(values);
  if (!values.done) return ActionResult.TYPE_UNMATCHED;
  values.over(text.at, text.size);
  for (let i: u32 = 0; i < count; i++) {
    const at = values.pos;
    dataSkip(values);
    definitionRead(list);
    writer.into(work, 0);
    const result = perform(ask, 1, bits, at, <u32>(values.pos - at), writer);
    if (result != ActionResult.SUCCESS) return result;
  }
  return ActionResult.SUCCESS;
}

/** A method that returns nothing returns null-data, protected. */
function methodInvoke(ask: Ask, out: Writer): i32 {
  const r = ask.data;
  Axdr.readStructure(r, 3);
  Axdr.readStructure(r, 3);
  named.classId = Axdr.readLongUnsigned(r);
  named.nameAt = Axdr.readLogicalName(r);
  named.id = Axdr.readInteger(r);
  const layers = layersRead(r);
  if (r.err != Err.OK) return refusal(r.err);
  const bits = provided(layers);
  const needed = required(ask);
  if (((needed | (needed >> 3)) & REQUEST_MASK & ~bits) != 0) return ActionResult.SCOPE_OF_ACCESS_VIOLATED;
  const taken = textTake(ask, r, layers);
  if (taken != ActionResult.SUCCESS) return taken;
  values.over(text.at, text.size);
  if (dataSkip(values) != Err.OK || values.remaining != 0) return ActionResult.TYPE_UNMATCHED;
  writer.into(work + <usize>WORK_AT, VALUES_SIZE_MAX);
  const result = perform(ask, 2, bits, text.at, text.size, writer);
  if (result != ActionResult.SUCCESS) return result;
  if (writer.size == 0) Axdr.nullData(writer);
  return answer(ask, layers, out);
}
