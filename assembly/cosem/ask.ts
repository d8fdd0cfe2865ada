/** What an interface class is asked, and what it may answer with besides octets. */
import { Meter } from "../store/block";
import { ObjectRow, Template } from "../store/template";

/** On whose behalf an attribute or method is used. */
export const enum Caller {
  ASSOCIATION = 0,
  /** The meter itself: scripts, schedules. */
  SCRIPT = 1,
  CAPTURE = 2,
  PUSH = 3,
}

/** Which long source holds an answer that is not written whole. */
export const enum PinKind {
  NONE = 0,
  /** Octets in the slot's frozen area. */
  FROZEN = 1,
  /** Rows of a profile. */
  ROWS = 2,
  /** The object list of an association. */
  OBJECT_LIST = 3,
}

/**
 * A pinned answer: what is needed to produce item `i` of it again, at any time, in any seat. 64 octets, in the slot.
 * An answer is an array of `items`, each emitted by its source.
 */
@unmanaged
export class Pin {
  kind: u32;
  /** Profile number, or association for the object list. */
  source: u32;
  generation: u32;
  /** Rows: number of the first one. */
  first: u32;
  items: u32;
  /** Rows: bit c = column c is wanted. */
  columns: u32;
  /** Octets of the whole answer, its head included. */
  size: u32;
  /** Octets of each item where all are alike, else 0. */
  itemSize: u32;
}

/** One question: the class file reads it, nothing else does. Scratch of a call, never kept. */
@unmanaged
export class Ask {
  meter: Meter;
  /** Index of the object, and its row. */
  object: u32;
  row: ObjectRow;
  /** Attribute or method. */
  attribute: i32;
  caller: u32;
  /** Association (template row) and slot of the caller. */
  association: u32;
  slot: u32;
  /** Selective access: selector (0 = none) and its parameters; or the value of a SET, the parameter of a method. */
  selector: u32;
  dataAt: usize;
  dataSize: u32;
  /** Where a long source is pinned; kind NONE before the class is asked. */
  pin: Pin;

  /** Points the question at an object. */
  about(meter: Meter, object: u32, attribute: i32, caller: Caller): this {
    this.meter = meter;
    this.object = object;
    this.row = Template.of().object(object);
    this.attribute = attribute;
    this.caller = caller;
    this.selector = 0;
    this.dataAt = 0;
    this.dataSize = 0;
    return this;
  }
}

/** Octets of the longest item a long source may emit. */
export const ITEM_SIZE_MAX: u32 = 1024;
