/**
 * What C(0e,2s) needs to remember (GB9 9.2.3.4.6): its key comes from static keys and the transaction-id alone, so the same id must
 * not bring a counter twice, in either direction, also after a restart. One hidden value of the Security setup object holds
 *
 *   reserved transmit counter u32 | 8 x { system title 8 | last transaction-id 16, a number | lowest counter u32 }
 *
 * with the party heard last in front. Transaction-ids of a party only rise. A ninth party is refused: to forget one of the eight
 * would let what it said come again. Places become free when the meter gets another key agreement key, under which nothing old opens.
 */
import { octetsCompare } from "../base/octets";
import { Err } from "../base/err";
import { SYSTEM_TITLE_SIZE } from "../base/limits";
import { ELLIPTIC } from "../base/suites";
import { Meter } from "../store/block";
import { changeAdd, changeValue } from "../store/change";
import { NONE, Template } from "../store/template";
import { rowOf, valueAt, valueSize } from "../store/values";
import { COUNTER_END, counterRestart, counterStart, SecurityContext } from "./keys";
import { SecurityOption, securityOption } from "./options";

/** Part of the hidden attribute 0 of Security setup. */
const TRANSACTIONS: u32 = 8;
const PARTIES: u32 = 8;
/** Octets of the longest transaction-id taken. */
export const TRANSACTION_SIZE_MAX: u32 = 16;
const ENTRY_SIZE: u32 = SYSTEM_TITLE_SIZE + TRANSACTION_SIZE_MAX + 4;
const TABLE_SIZE: u32 = 4 + PARTIES * ENTRY_SIZE;
const TRANSMIT_AHEAD: u32 = 64;

/** How a transaction-id stands to the last one of its party. */
export const enum TransactionOrder {
  NEW = 0,
  SAME = 1,
}

const table: usize = ELLIPTIC ? memory.data(228, 8) : 0;
const number: usize = ELLIPTIC ? memory.data(16, 8) : 0;

if (TABLE_SIZE != 228) ERROR("scratch holds the table");

/** Copies the table to scratch; empty when nothing is stored. @returns its row, NONE when the context keeps none */
function tableLoad(meter: Meter, c: SecurityContext): u32 {
  const row = rowOf(c.object, 0, TRANSACTIONS);
  memory.fill(table, 0, <usize>TABLE_SIZE);
  if (row != NONE && valueSize(meter, row) == TABLE_SIZE) memory.copy(table, valueAt(meter, row), <usize>TABLE_SIZE);
  return row;
}

/** Entry of a party in the scratch table, 0 = none. */
function entryOf(title: u64): usize {
  for (let at = table + 4; at < table + <usize>TABLE_SIZE; at += <usize>ENTRY_SIZE) {
    if (load<u64>(at) == title) return at;
  }
  return 0;
}

/** Whether every place is taken: new parties come in front, so the last place is taken last. */
function tableFull(): bool {
  return load<u64>(table + <usize>(TABLE_SIZE - ENTRY_SIZE)) != 0;
}

/** The transaction-id as a number of 16 octets. */
function numberTake(at: usize, size: u32): void {
  memory.fill(number, 0, <usize>TRANSACTION_SIZE_MAX);
  memory.copy(number + <usize>(TRANSACTION_SIZE_MAX - size), at, <usize>size);
}

/**
 * Whether the transaction-id may come now. @returns TransactionOrder; Err.REPEATED when it is below the last one, Err.MALFORMED
 * when it is empty or too long; Err.LIMIT when the party is new and there is no place for it
 */
export function transactionJudge(meter: Meter, c: SecurityContext, title: u64, at: usize, size: u32): i32 {
  if (size == 0 || size > TRANSACTION_SIZE_MAX) return Err.MALFORMED;
  tableLoad(meter, c);
  const entry = entryOf(title);
  if (entry == 0) return tableFull() ? <i32>Err.LIMIT : <i32>TransactionOrder.NEW;
  numberTake(at, size);
  const order = octetsCompare(number, entry + <usize>SYSTEM_TITLE_SIZE, TRANSACTION_SIZE_MAX);
  if (order < 0) return Err.REPEATED;
  return order == 0 ? TransactionOrder.SAME : TransactionOrder.NEW;
}

/** Lowest counter accepted with the last transaction-id of a party. */
export function transactionLowest(meter: Meter, c: SecurityContext, title: u64): u32 {
  tableLoad(meter, c);
  const entry = entryOf(title);
  return entry == 0 ? 0 : bswap<u32>(load<u32>(entry + <usize>(ENTRY_SIZE - 4)));
}

/** Begins to remember: transactionPut() as often as wanted, then transactionsWrite(), and nothing else of this file between. */
export function transactionsLoad(meter: Meter, c: SecurityContext): void {
  tableLoad(meter, c);
}

/**
 * Puts a transaction-id of a party, and the lowest counter to accept with it, beside those that are known: the greatest id counts.
 * @returns 0; Err.LIMIT when two new parties come at once and there is one place
 */
export function transactionPut(title: u64, at: usize, size: u32, lowest: u32): i32 {
  numberTake(at, size);
  const first = table + 4;
  let entry = entryOf(title);
  if (entry == 0) {
    if (tableFull()) return Err.LIMIT;
    entry = table + <usize>(TABLE_SIZE - ENTRY_SIZE);
  } else {
    const order = octetsCompare(number, entry + <usize>SYSTEM_TITLE_SIZE, TRANSACTION_SIZE_MAX);
    if (order < 0) return Err.OK;
    if (order == 0) lowest = max<u32>(lowest, bswap<u32>(load<u32>(entry + <usize>(ENTRY_SIZE - 4))));
  }
  // The party comes to the front; those that stood before it move one place.
  memory.copy(first + <usize>ENTRY_SIZE, first, entry - first);
  store<u64>(first, title);
  memory.copy(first + <usize>SYSTEM_TITLE_SIZE, number, <usize>TRANSACTION_SIZE_MAX);
  store<u32>(first + <usize>(ENTRY_SIZE - 4), bswap<u32>(lowest));
  return Err.OK;
}

/** Writes what was put. @returns 0, Err.STATE where the context keeps no table, or the error of the commit */
export function transactionsWrite(meter: Meter, c: SecurityContext): i32 {
  const row = rowOf(c.object, 0, TRANSACTIONS);
  return row == NONE ? <i32>Err.STATE : changeValue(meter, row, table, TABLE_SIZE);
}

/** Remembers one transaction-id of a party. @returns as transactionsWrite() */
export function transactionKeep(meter: Meter, c: SecurityContext, title: u64, at: usize, size: u32, lowest: u32): i32 {
  transactionsLoad(meter, c);
  const err = transactionPut(title, at, size, lowest);
  return err == Err.OK ? transactionsWrite(meter, c) : err;
}

/**
 * Adds to the open record: no party is remembered. For a new key agreement key: no recorded APDU under C(0e,2s) opens any more. Where
 * transaction-ids guard signatures and other keys too, they stay.
 */
export function transactionsForget(meter: Meter, c: SecurityContext): void {
  if (securityOption(SecurityOption.TRANSACTIONS_RISE) || tableLoad(meter, c) == NONE) return;
  memory.fill(table + 4, 0, <usize>(TABLE_SIZE - 4));
  changeAdd(meter, Template.of().object(c.object), 0, TRANSACTIONS, table, TABLE_SIZE);
}

/** Takes the reserved transmit counter, at boot. */
export function staticLoad(meter: Meter, c: SecurityContext): void {
  tableLoad(meter, c);
  const kept = bswap<u32>(load<u32>(table));
  c.staticNext = counterRestart(meter, kept != 0 ? kept : counterStart(meter), true);
  c.staticBound = c.staticNext;
}

function boundWrite(meter: Meter, c: SecurityContext, bound: u32): i32 {
  const row = tableLoad(meter, c);
  if (row == NONE) return Err.STATE;
  store<u32>(table, bswap<u32>(bound));
  const err = changeValue(meter, row, table, TABLE_SIZE);
  if (err == Err.OK) c.staticBound = bound;
  return err;
}

/**
 * Takes the next counter to send under a key of C(0e,2s), reserving ahead; one for all parties and ids, so that none comes twice. It
 * is in `c.staticNext - 1` afterwards.
 * @returns 0; Err.LIMIT when the counter is used up; Err.NO_SPACE when the journal is behind
 */
export function staticTake(meter: Meter, c: SecurityContext): i32 {
  if (c.staticNext >= COUNTER_END - TRANSMIT_AHEAD) return Err.LIMIT;
  if (c.staticNext >= c.staticBound) {
    const err = boundWrite(meter, c, c.staticNext + TRANSMIT_AHEAD);
    if (err != Err.OK) return err;
  }
  c.staticNext++;
  return Err.OK;
}

/** Writes the transmit counter as it stands: the power is about to fail. */
export function staticExact(meter: Meter, c: SecurityContext): void {
  if (rowOf(c.object, 0, TRANSACTIONS) != NONE && c.staticBound != c.staticNext) boundWrite(meter, c, c.staticNext);
}
