/**
 * Holds the core to its news (docs/ARCHITECTURE.md, section 3): before and after each receive and each item it asks for all there is,
 * and throws where something has come that the news says nothing of.
 */
import {
  Core,
  type CoreBank,
  NEWS_DEADLINE,
  NEWS_EVERYTHING,
  NEWS_FLASH,
  NEWS_OUTPUT,
  NEWS_SENT,
  NEWS_TRANSMIT,
} from "../../host/core.ts";

/** The calls that leave news, with what they left. */
export interface Heard {
  readonly call: "receive" | "transmit";
  readonly news: number;
}

/** The core, each of whose banks is watched; `heard` has what the calls of all of them left. */
export class WatchedCore extends Core {
  readonly heard: Heard[] = [];
  /** Every call of the bank that the host makes. */
  readonly calls: string[] = [];
  /** Bits that the news is taken to have, whatever it has: a test of the watch itself. */
  heardBits = NEWS_EVERYTHING | NEWS_SENT;

  override bank(image: Uint8Array, seats: number): CoreBank {
    const bank = super.bank(image, seats);
    watch(bank, this);
    return bank;
  }
}

const COUNTED = ["receive", "transmitPoll", "flashPoll", "outputPoll", "deadlinePoll", "tick", "lineEvent"] as const;

/** The calls that are counted, as the bank has them now. */
function callsOf(bank: CoreBank): Record<string, (...args: never[]) => number> {
  return Object.fromEntries(COUNTED.map((name) => [name, bank[name]]));
}

/** All that a host could ask for, of one seat. */
interface Waiting {
  readonly flash: boolean;
  readonly output: boolean;
  /** Of each slot. */
  readonly items: readonly boolean[];
  /** Infinity = none */
  readonly meterDeadline: number;
  readonly lineDeadline: number;
}

/** Asks for everything, and leaves the meter and the status words as they were. */
function waiting(bank: CoreBank, seat: number): Waiting {
  const { buffer, byteOffset, byteLength } = bank["status"];
  const status = new Uint8Array(buffer, byteOffset, byteLength);
  const [block, words] = [bank.snapshot(seat), status.slice()];
  bank.deadlinePoll(seat);
  const [meterDeadline, lineDeadline] = [bank.meterDeadline || Infinity, bank.lineDeadline || Infinity];
  const flash = bank.flashPoll(seat) !== 0;
  const output = bank.outputPoll(seat) !== 0;
  const items = Array.from({ length: bank.plan.slots }, (_, slot) => bank.transmitPoll(seat, slot, 0) > 0);
  bank.restore(seat, block);
  status.set(words);
  return { flash, output, items, meterDeadline, lineDeadline };
}

/** What there is and was not before must be in the news of a call for `slot`. */
function check(news: number, slot: number, before: Waiting, now: Waiting): void {
  const said = (bit: number, what: string, is: boolean): void => {
    if (is && (news & bit) === 0) throw new Error(`news ${news} says nothing of ${what}`);
  };
  said(NEWS_FLASH, "the flash", now.flash && !before.flash);
  said(NEWS_OUTPUT, "an output", now.output && !before.output);
  const more = now.items.some((is, i) => is && (i === slot || before.items[i] === false));
  said(NEWS_TRANSMIT, "an item", more);
  said(NEWS_DEADLINE, "a deadline", now.meterDeadline !== before.meterDeadline);
  said(NEWS_DEADLINE, "a line deadline", now.lineDeadline < before.lineDeadline);
}

function watch(bank: CoreBank, core: WatchedCore): void {
  // Its calls are those of the class, whatever stands in their place in the bank.
  const plain = Object.assign(Object.create(bank) as CoreBank, callsOf(bank));
  /** Makes `call`; whether it has left news is what it returns above 0. */
  const watched = (kind: Heard["call"], seat: number, slot: number, call: () => number): number => {
    const octets = plain["out"].slice();
    const before = waiting(plain, seat);
    plain["out"].set(octets);
    const result = call();
    if (result <= 0) return result;
    const news = plain.news & core.heardBits;
    core.heard.push({ call: kind, news });
    if ((news & NEWS_EVERYTHING) === NEWS_EVERYTHING) return result;
    const item = plain["out"].slice();
    check(news, slot, before, waiting(plain, seat));
    plain["out"].set(item);
    return result;
  };
  bank.receive = (seat, slot, octets, lineTime, meterTime) =>
    watched("receive", seat, slot, () => plain.receive(seat, slot, octets, lineTime, meterTime));
  bank.transmitPoll = (seat, slot, lineTime) =>
    watched("transmit", seat, slot, () => plain.transmitPoll(seat, slot, lineTime));
  for (const [name, call] of Object.entries(callsOf(bank))) {
    const counted = (...args: never[]): number => {
      core.calls.push(name);
      return call.apply(bank, args);
    };
    Object.assign(bank, { [name]: counted });
  }
}
