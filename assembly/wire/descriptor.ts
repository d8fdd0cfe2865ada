/**
 * What a service addresses: attribute and method descriptors, with or without selective access (GB9 9.5).
 */
import { Reader } from "../base/reader";
import { Writer } from "../base/writer";
import { Axdr } from "./axdr";
import { dataSkip } from "./data";

/** Octets of a descriptor without selection. */
export const DESCRIPTOR_SIZE: u32 = 9;

@unmanaged
export class AttributeDescriptor {
  classId: u32;
  /** 6 octets in the input. */
  logicalNameAt: usize;
  /** attribute_id, -128..127; 0 = all. */
  attribute: i32;
  /** Selector 0..255, -1 = no selective access. */
  selector: i32;
  /** The access parameters, one Data; address 0 = none. */
  parametersAt: usize;
  parametersSize: u32;
}

@unmanaged
export class MethodDescriptor {
  classId: u32;
  logicalNameAt: usize;
  method: i32;
}

/** Reads a descriptor without selection. Keeps the error in `r`, as all parsers of parts do. */
export function attributeDescriptorParse(r: Reader, out: AttributeDescriptor): i32 {
  out.classId = r.u16();
  out.logicalNameAt = r.take(6);
  out.attribute = r.i8();
  out.selector = -1;
  out.parametersAt = 0;
  out.parametersSize = 0;
  return r.err;
}

export function attributeDescriptorEmit(w: Writer, x: AttributeDescriptor): void {
  w.u16(x.classId);
  w.octets(x.logicalNameAt, 6);
  w.u8(<u32>x.attribute);
}

/** Reads selector and parameters, which must be one whole Data. */
export function selectionParse(r: Reader, out: AttributeDescriptor): i32 {
  out.selector = <i32>r.u8();
  out.parametersAt = r.pos;
  dataSkip(r);
  out.parametersSize = r.since(out.parametersAt);
  return r.err;
}

export function selectionEmit(w: Writer, x: AttributeDescriptor): void {
  w.u8(<u32>x.selector);
  w.octets(x.parametersAt, x.parametersSize);
}

/** Reads a descriptor and its optional selection: `00`, or `01` selector parameters. */
export function attributeDescriptorWithSelectionParse(r: Reader, out: AttributeDescriptor): i32 {
  attributeDescriptorParse(r, out);
  if (Axdr.readFlag(r)) selectionParse(r, out);
  return r.err;
}

export function attributeDescriptorWithSelectionEmit(w: Writer, x: AttributeDescriptor): void {
  attributeDescriptorEmit(w, x);
  w.u8(x.selector >= 0 ? 1 : 0);
  if (x.selector >= 0) selectionEmit(w, x);
}

export function methodDescriptorParse(r: Reader, out: MethodDescriptor): i32 {
  out.classId = r.u16();
  out.logicalNameAt = r.take(6);
  out.method = r.i8();
  return r.err;
}

export function methodDescriptorEmit(w: Writer, x: MethodDescriptor): void {
  w.u16(x.classId);
  w.octets(x.logicalNameAt, 6);
  w.u8(<u32>x.method);
}
