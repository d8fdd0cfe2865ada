/** What a server sends unasked: DataNotification 0F, its confirmation 10, EventNotification C2 (GB9 9.5). */
import { Err } from "../base/err";
import { Reader } from "../base/reader";
import { Writer } from "../base/writer";
import { Axdr } from "./axdr";
import { dataSkip } from "./data";
import { AttributeDescriptor, attributeDescriptorEmit, attributeDescriptorParse } from "./descriptor";
import { ApduTag } from "./tags";

/** A DataNotification, or without value its confirmation. */
@unmanaged
export class DataNotification {
  /** long-invoke-id-and-priority (LongInvoke). */
  invokeId: u32;
  /** 12 octets, or size 0. */
  dateTimeAt: usize;
  dateTimeSize: u32;
  /** One Data. */
  valueAt: usize;
  valueSize: u32;
}

@unmanaged
export class EventNotification extends AttributeDescriptor {
  /** 12 octets; address 0 = absent. */
  timeAt: usize;
  valueAt: usize;
  valueSize: u32;
}

/** Steps over the one Data that ends an APDU and returns its size. */
function valueSize(r: Reader): u32 {
  const at = r.pos;
  dataSkip(r);
  r.close();
  return r.since(at);
}

function headParse(r: Reader, wanted: u32, out: DataNotification): void {
  memory.fill(changetype<usize>(out), 0, offsetof<DataNotification>());
  Axdr.expect(r, wanted);
  out.invokeId = r.u32();
  out.dateTimeSize = Axdr.readLength(r);
  if (r.err == Err.OK && out.dateTimeSize != 0 && out.dateTimeSize != 12) r.fail(Err.MALFORMED);
  out.dateTimeAt = r.take(out.dateTimeSize);
}

function headEmit(w: Writer, tag: u32, x: DataNotification): void {
  w.u8(tag);
  w.u32(x.invokeId);
  Axdr.octets(w, x.dateTimeAt, x.dateTimeSize);
}

/** Parses a DataNotification with its tag; the date-time has no Data tag. Octets behind the value are malformed. */
export function dataNotificationParse(r: Reader, out: DataNotification): i32 {
  headParse(r, ApduTag.DATA_NOTIFICATION, out);
  out.valueAt = r.pos;
  out.valueSize = valueSize(r);
  return r.err;
}

/** Emits head and value; with `valueSize` 0 only the head: one Data follows. */
export function dataNotificationEmit(w: Writer, x: DataNotification): void {
  headEmit(w, ApduTag.DATA_NOTIFICATION, x);
  w.octets(x.valueAt, x.valueSize);
}

/** Parses the confirmation of a DataNotification. */
export function dataNotificationConfirmParse(r: Reader, out: DataNotification): i32 {
  headParse(r, ApduTag.DATA_NOTIFICATION_CONFIRM, out);
  r.close();
  return r.err;
}

export function dataNotificationConfirmEmit(w: Writer, x: DataNotification): void {
  headEmit(w, ApduTag.DATA_NOTIFICATION_CONFIRM, x);
}

/** Parses an EventNotification with its tag. */
export function eventNotificationParse(r: Reader, out: EventNotification): i32 {
  memory.fill(changetype<usize>(out), 0, offsetof<EventNotification>());
  Axdr.expect(r, ApduTag.EVENT_NOTIFICATION_REQUEST);
  if (Axdr.readFlag(r)) {
    if (Axdr.readLength(r) != 12) r.fail(Err.MALFORMED);
    out.timeAt = r.take(12);
  }
  attributeDescriptorParse(r, out);
  out.valueAt = r.pos;
  out.valueSize = valueSize(r);
  return r.err;
}

/** Emits head and value; with `valueSize` 0 only the head: one Data follows. */
export function eventNotificationEmit(w: Writer, x: EventNotification): void {
  w.u8(ApduTag.EVENT_NOTIFICATION_REQUEST);
  w.u8(x.timeAt != 0 ? 1 : 0);
  if (x.timeAt != 0) Axdr.octets(w, x.timeAt, 12);
  attributeDescriptorEmit(w, x);
  w.octets(x.valueAt, x.valueSize);
}
