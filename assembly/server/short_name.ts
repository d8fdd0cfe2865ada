/** What Read and Write with short names share: requests checked, names resolved to descriptors, refusals (GB9 9.3.14, 9.3.15). */
import { Err } from "../base/err";
import { SHORT_NAMES } from "../base/features";
import { Reader } from "../base/reader";
import { Writer } from "../base/writer";
import { isReplyToHls, ShortName, shortNameFind } from "../cosem/short_names";
import { Slot } from "../session/slot";
import { Meter } from "../store/block";
import { ObjectRow, Template } from "../store/template";
import { Conformance } from "../wire/conformance";
import { AttributeDescriptor, MethodDescriptor } from "../wire/descriptor";
import { confirmedServiceErrorEmit } from "../wire/exception";
import { contextShortNames, contextStrongest } from "../wire/names";
import { DataAccessResult, ServiceErrorChoice, ServiceErrorService, ServiceRefusal } from "../wire/results";
import {
  shortNameErrorEmit,
  ShortNameRequest,
  shortNameRequestParse,
  shortNameResponseHeadEmit,
  VariableAccess,
  VariableAccessSpecification,
  variableAccessParse,
} from "../wire/short_name";
import { ApduTag } from "../wire/tags";
import { exceptionSend, Refusal } from "./exception";
import { sendPlain } from "./protection";
import { respond, responseBegin } from "./response";

const writer: Writer = changetype<Writer>(memory.data(offsetof<Writer>(), 8));
const names: Reader = changetype<Reader>(memory.data(offsetof<Reader>(), 8));
const name: VariableAccessSpecification = changetype<VariableAccessSpecification>(
  memory.data(offsetof<VariableAccessSpecification>(), 8),
);
const found: ShortName = changetype<ShortName>(memory.data(offsetof<ShortName>(), 8));

/** What a short name turned out to be. */
export const enum VariableKind {
  /** Nothing the association sees. */
  NONE = 0,
  ATTRIBUTE = 1,
  METHOD = 2,
}

/** What a specification names for the association of a slot. */
@unmanaged
export class Variable {
  /** VariableKind. */
  kind: u32;
  reserved: u32;

  // The attribute, with the selection of a parameterized access, and the method follow.

  @inline
  get attribute(): AttributeDescriptor {
    return changetype<AttributeDescriptor>(changetype<usize>(this) + offsetof<Variable>());
  }

  @inline
  get method(): MethodDescriptor {
    return changetype<MethodDescriptor>(changetype<usize>(this.attribute) + offsetof<AttributeDescriptor>());
  }
}

export const VARIABLE_SIZE: u32 = 64;

if (offsetof<Variable>() + offsetof<AttributeDescriptor>() + offsetof<MethodDescriptor>() > VARIABLE_SIZE)
  ERROR("a variable has VARIABLE_SIZE octets");

/** Resolves a variable-name or a parameterized-access. */
export function variableResolve(slot: Slot, x: VariableAccessSpecification, out: Variable): void {
  out.kind = VariableKind.NONE;
  if (!shortNameFind(slot.association, x.name, found)) return;
  const o = Template.of().object(found.object);
  if (found.method != 0) {
    out.kind = VariableKind.METHOD;
    methodOf(o, out.method);
    return;
  }
  out.kind = VariableKind.ATTRIBUTE;
  attributeOf(o, x, out.attribute);
}

function attributeOf(o: ObjectRow, x: VariableAccessSpecification, out: AttributeDescriptor): void {
  const selected = x.choice == VariableAccess.PARAMETERIZED_ACCESS;
  out.classId = o.classId;
  out.logicalNameAt = o.logicalName;
  out.attribute = found.id;
  out.selector = selected ? <i32>x.selector : -1;
  out.parametersAt = selected ? x.parametersAt : 0;
  out.parametersSize = selected ? x.parametersSize : 0;
}

function methodOf(o: ObjectRow, out: MethodDescriptor): void {
  out.classId = o.classId;
  out.logicalNameAt = o.logicalName;
  out.method = found.id;
}

/** Whether a specification is reply_to_HLS_authentication of the current association, with a parameter. */
export function isHlsVariable(slot: Slot, x: VariableAccessSpecification): bool {
  const parameterized = x.choice == VariableAccess.PARAMETERIZED_ACCESS;
  return parameterized && shortNameFind(slot.association, x.name, found) && isReplyToHls(found);
}

/** Whether `r` holds one Read or Write, nothing behind it, that names something, with a value for each name of a Write. */
export function requestGood(r: Reader, out: ShortNameRequest): bool {
  if (shortNameRequestParse(r, out) != Err.OK || r.remaining != 0 || out.count == 0) return false;
  return out.tag == ApduTag.READ_REQUEST || out.count == out.valueCount;
}

/** Whether a list has none but names, and no more than was negotiated; refused where not. */
export function listGood(meter: Meter, slot: Slot, tag: u32, x: ShortNameRequest): bool {
  if (x.count != 1 && (slot.conformance & Conformance.MULTIPLE_REFERENCES) == 0) {
    serviceUnsupported(meter, slot, tag);
    return false;
  }
  names.over(x.listAt, x.listSize);
  for (let i: u32 = 0; i < x.count; i++) {
    variableAccessParse(names, name);
    if (name.choice < <u32>VariableAccess.BLOCK_NUMBER_ACCESS) continue;
    serviceMalformed(meter, slot, tag);
    return false;
  }
  return true;
}

/** Tag of the response to ReadRequest or WriteRequest. */
export function responseTag(tag: u32): u32 {
  return tag == ApduTag.READ_REQUEST ? ApduTag.READ_RESPONSE : ApduTag.WRITE_RESPONSE;
}

/** Answers one Data-Access-Result alone, as errors of block transfers do. */
export function resultRefuse(meter: Meter, slot: Slot, tag: u32, result: DataAccessResult): void {
  const w = responseBegin(slot);
  shortNameResponseHeadEmit(w, responseTag(tag), 1);
  shortNameErrorEmit(w, result);
  respond(meter, slot, w);
}

/** Answers a whole Read or Write with a confirmedServiceError; nothing is sent where no answer is wanted. */
export function serviceRefuse(meter: Meter, slot: Slot, tag: u32, choice: u32, value: u32): void {
  const service = tag == ApduTag.READ_REQUEST ? ServiceErrorService.READ : ServiceErrorService.WRITE;
  const w = writer.into(slot.plainOutbound, 4);
  confirmedServiceErrorEmit(w, service, choice, value);
  respond(meter, slot, w);
}

/** Refusal of a request that was not understood: cut short, with an unknown choice, or blocks among names. */
export function serviceMalformed(meter: Meter, slot: Slot, tag: u32): void {
  serviceRefuse(meter, slot, tag, ServiceErrorChoice.APPLICATION_REFERENCE, 0);
}

/** Refusal of a service, or a part of it, that was not negotiated. */
export function serviceUnsupported(meter: Meter, slot: Slot, tag: u32): void {
  serviceRefuse(meter, slot, tag, ServiceErrorChoice.SERVICE, ServiceRefusal.SERVICE_UNSUPPORTED);
}

/** Refusal of a request whose answer the client could not take. */
export function serviceTooLong(meter: Meter, slot: Slot, tag: u32): void {
  serviceRefuse(meter, slot, tag, ServiceErrorChoice.SERVICE, ServiceRefusal.PDU_SIZE);
}

/** Whether any association of the meter refers to objects by short names. */
function shortNamesOffered(): bool {
  if (!SHORT_NAMES) return false;
  const t = Template.of();
  for (let i: u32 = 0; i < <u32>t.associationCount; i++) {
    if (contextShortNames(contextStrongest(t.association(i).contexts))) return true;
  }
  return false;
}

/** Read or Write outside an association: initiateError, service unsupported (CTT IDLE_N1); unknown to a meter without short names. */
export function serviceOutside(slot: Slot): void {
  if (!shortNamesOffered()) {
    exceptionSend(slot, Refusal.NOT_SUPPORTED);
    return;
  }
  const w = writer.into(slot.plainOutbound, 4);
  const choice = ServiceErrorChoice.SERVICE;
  confirmedServiceErrorEmit(w, ServiceErrorService.INITIATE, choice, ServiceRefusal.SERVICE_UNSUPPORTED);
  if (slot.confirmed != 0) sendPlain(slot, w.size);
}
