/** What an interface class is asked, and what it may answer with besides octets. */
import { RUNS_MAX } from "../base/limits";
import { Reader } from "../base/reader";
import { Meter } from "../store/block";
import { ObjectRow, Template } from "../store/template";
import { rowOf } from "../store/values";
import { Axdr } from "../wire/axdr";
import { settingOver } from "./setting";

/** Result of a class that has no part in an attribute: what plainGet() or plainSet() answers. */
export const PLAIN: i32 = -1;

/** On whose behalf an attribute or method is used. */
export const enum Caller {
  ASSOCIATION = 0,
  /** The meter itself: scripts, schedules. */
  SCRIPT = 1,
  CAPTURE = 2,
  PUSH = 3,
  /** The meter itself, because a monitored value crossed its threshold. */
  MONITOR = 4,
}

/** Which long source holds an answer that is not written whole. */
export const enum PinKind {
  NONE = 0,
  /** Octets in the slot's frozen area. */
  FROZEN = 1,
  /** Rows of a profile, as an array. */
  ROWS = 2,
  /** The object list of an association, with logical names. */
  OBJECT_LIST = 3,
  /** Rows of a profile, as a compact-array. */
  COMPACT_ROWS = 4,
  /** The certificates of a security context. */
  CERTIFICATES = 5,
  /** The object list of an association with short names, and its access rights. */
  OBJECT_LIST_SN = 6,
  ACCESS_RIGHTS_LIST = 7,
}

/**
 * A pinned answer: what is needed to produce item `i` of it again, at any time, in any seat. 128 octets, in the slot.
 * An answer is an array, or a compact-array, of `items`, each emitted by its source.
 *
 * Rows are pinned in one of two ways. `spans` of adjacent rows {number of the first u32, count u32} stand behind the
 * fields: one for each run of the clock that has matches. Or `spans` is 0 and the rows from `first` to `end` whose
 * `column` holds a value from `low` to `high` are looked for again, going on from the row found last.
 */
@unmanaged
export class Pin {
  kind: u32;
  /** Profile number, association for the object list, security context for certificates. */
  source: u32;
  generation: u32;
  /** Rows: number of the first one. */
  first: u32;
  items: u32;
  /** Rows: bit c = column c is wanted. */
  columns: u32;
  /** Octets of all items, the head aside. */
  size: u32;
  /** Octets of each item where all are alike, else 0. */
  itemSize: u32;
  /** Rows: spans behind this head, 0 = scan. */
  spans: u32;
  /** Scan: number behind the last row looked at, restricting column, the row found last and which item it was. */
  end: u32;
  column: u32;
  foundRow: u32;
  foundItem: u32;
  /** Rows: bit c = a cell of column c that follows from the row above it in the answer goes as null-data. */
  nullable: u32;
  /** Scan: bounds, both inclusive; spans stand in the same place. */
  low: i64;
  high: i64;
  span2: u64;
  span3: u64;
  span4: u64;
  span5: u64;
  span6: u64;
  span7: u64;
  span8: u64;

  /** Octets in front of the items: an array's tag and count, or a compact-array's tag, description and length. */
  get headSize(): u32 {
    if (this.kind != PinKind.COMPACT_ROWS) return 1 + Axdr.lengthSize(this.items);
    const columns = <u32>popcnt<u32>(this.columns);
    return 2 + Axdr.lengthSize(columns) + columns + Axdr.lengthSize(this.size);
  }

  /** Number of the first row of span `index`, and its rows. */
  @inline
  spanFirst(index: u32): u32 {
    return load<u32>(changetype<usize>(this) + offsetof<Pin>("low") + <usize>(index << 3));
  }

  @inline
  spanCount(index: u32): u32 {
    return load<u32>(changetype<usize>(this) + offsetof<Pin>("low") + <usize>(index << 3) + 4);
  }

  /** Adds a span; those of a pin never outnumber the runs of a ring. */
  spanAdd(first: u32, count: u32): void {
    assert(this.spans <= RUNS_MAX);
    const at = changetype<usize>(this) + offsetof<Pin>("low") + <usize>(this.spans << 3);
    store<u32>(at, first);
    store<u32>(at + 4, count);
    this.spans++;
  }
}

/** Octets of a pin: RUNS_MAX + 1 spans behind the head. */
export const PIN_SIZE: u32 = 128;

if (offsetof<Pin>("low") + (RUNS_MAX + 1) * 8 != PIN_SIZE || offsetof<Pin>() != PIN_SIZE)
  ERROR("a pin has PIN_SIZE octets");

const parameters: Reader = changetype<Reader>(memory.data(offsetof<Reader>(), 8));

/** One question: the class file reads it, nothing else does. Scratch of a call, never kept. */
@unmanaged
export class Ask {
  meter: Meter;
  /** Index of the object, and its row. */
  object: u32;
  row: ObjectRow;
  classId: u32;
  /** Attribute or method. */
  attribute: i32;
  caller: u32;
  /** Association (template row) and slot of the caller. */
  association: u32;
  slot: u32;
  /** How many scripts called one another before this question; 0 from outside. */
  depth: u32;
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
    this.classId = this.row.classId;
    this.attribute = attribute;
    this.caller = caller;
    this.depth = 0;
    this.selector = 0;
    this.dataAt = 0;
    this.dataSize = 0;
    return this;
  }

  /** Whether the object has the attribute, or method, that is asked for. */
  isThere(method: bool): bool {
    const id = this.attribute;
    return method ? id >= 1 && id <= <i32>this.row.methodCount : this.row.hasAttribute(id);
  }

  /** A cursor over the parameters: of the selection, of the SET, of the method. The next question takes it over. */
  get data(): Reader {
    return parameters.over(this.dataAt, this.dataSize);
  }

  /** Whether the parameter is the integer(0) of methods that take none. */
  get dataIsZero(): bool {
    const r = this.data;
    return Axdr.readInteger(r) == 0 && r.done;
  }

  /** Row of an attribute of the object, NONE without it. */
  rowOf(attribute: i32): u32 {
    return rowOf(this.object, attribute, 0);
  }

  /** Points `r` at the Data in an attribute of the object; false where it has none. */
  over(attribute: i32, r: Reader): bool {
    return settingOver(this.meter, this.object, attribute, r);
  }
}

/** Octets of the longest item a long source may emit. */
export const ITEM_SIZE_MAX: u32 = 1024;
