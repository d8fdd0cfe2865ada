/** Seeded changes of inputs that know what octets of these protocols are made of: lengths, tags, counts, Data, messages. */
import type { Dice } from "../testing.ts";
import type { Input } from "./target.ts";

/** Octets of a message beyond which it does not grow. */
const MESSAGE_SIZE_MAX = 6000;
const MESSAGES_MAX = 12;

const TELLING = [0x00, 0x01, 0x02, 0x7e, 0x7f, 0x80, 0x81, 0x82, 0x83, 0x84, 0xfe, 0xff];
const TELLING_U16 = [0, 1, 2, 0x7f, 0x80, 0xff, 0x100, 0x7fff, 0x8000, 0xfffe, 0xffff];

const joined = (...parts: Uint8Array[]): Uint8Array => Uint8Array.from(Buffer.concat(parts));

/** `octets` with `count` of them at `at` replaced by others. */
export function replaced(octets: Uint8Array, at: number, count: number, by: Uint8Array): Uint8Array {
  return joined(octets.subarray(0, at), by, octets.subarray(at + count));
}

/** Where an octet may be the length of what follows it. */
function lengthsOf(octets: Uint8Array): number[] {
  const found: number[] = [];
  for (let at = 0; at < octets.length; at++) {
    const size = octets[at]!;
    if (size > 0 && size < 0x80 && at + 1 + size <= octets.length) found.push(at);
  }
  return found;
}

/** Replaces a part, and makes every length in front whose element holds the part whole fit again. */
export function refitted(octets: Uint8Array, at: number, count: number, by: Uint8Array): Uint8Array {
  const changed = replaced(octets, at, count, by);
  const grown = by.length - count;
  for (const length of lengthsOf(octets)) {
    const end = length + 1 + octets[length]!;
    // Elements that end with the message are the ones that enclose: others are mostly octets that look like lengths.
    const encloses = length < at && end >= at + count && (end === octets.length || end === at + count);
    const size = octets[length]! + grown;
    if (encloses && size >= 0 && size < 0x80) changed[length] = size;
  }
  return changed;
}

/** A range of the octets, short ones more often. */
function range(dice: Dice, size: number): [number, number] {
  const at = dice.roll(size + 1);
  const most = Math.min(size - at, dice.roll(4) === 0 ? size : 8);
  return [at, dice.roll(most + 1)];
}

/** Data of any type and shape (A-XDR), right or nearly so. */
export function anyData(dice: Dice, depth = 3): Uint8Array {
  const fixed: readonly [number, number][] = [
    [0, 0],
    [3, 1],
    [5, 4],
    [6, 4],
    [13, 1],
    [15, 1],
    [16, 2],
    [17, 1],
    [18, 2],
    [20, 8],
    [21, 8],
    [22, 1],
    [23, 4],
    [24, 8],
    [25, 12],
    [26, 5],
    [27, 4],
  ];
  const kind = dice.roll(depth > 0 ? 10 : 7);
  if (kind < 4) {
    const [tag, size] = fixed[dice.roll(fixed.length)]!;
    const value = dice.roll(2) === 0 ? dice.octets(size) : new Uint8Array(size).fill(dice.roll(2) * 0xff);
    return joined(Uint8Array.of(tag), value);
  }
  if (kind < 7) {
    const tag = [9, 10, 12, 4][dice.roll(4)]!;
    const content = dice.octets([0, 1, 5, 6, 8, 12, 13, 16, 40][dice.roll(9)]!);
    const count = tag === 4 ? content.length * 8 : content.length;
    return joined(
      count < 0x80 ? Uint8Array.of(tag, count) : Uint8Array.of(tag, 0x82, count >> 8, count & 0xff),
      content,
    );
  }
  const count = dice.roll(6);
  const items = Array.from({ length: count }, () => anyData(dice, depth - 1));
  const said = dice.roll(12) === 0 ? dice.roll(256) : count;
  return joined(Uint8Array.of(kind === 7 ? 1 : 2, said), ...items);
}

type Change = (octets: Uint8Array, dice: Dice, other: Uint8Array) => Uint8Array;

const CHANGES: readonly Change[] = [
  // One bit, one octet, one number.
  (o, d) => (o.length === 0 ? o : flipped(o, d.roll(o.length), 1 << d.roll(8))),
  (o, d) => (o.length === 0 ? o : o.with(d.roll(o.length), TELLING[d.roll(TELLING.length)]!)),
  (o, d) => (o.length === 0 ? o : o.with(d.roll(o.length), d.roll(256))),
  (o, d) => {
    if (o.length === 0) return o;
    const at = d.roll(o.length);
    return o.with(at, o[at]! + (d.roll(2) === 0 ? 1 : 255));
  },
  (o, d) => {
    if (o.length < 2) return o;
    const at = d.roll(o.length - 1);
    const value = TELLING_U16[d.roll(TELLING_U16.length)]!;
    return o.with(at, value >> 8).with(at + 1, value & 0xff);
  },
  // Parts: gone, doubled, put in, taken from another message; with lengths as they were, or made to fit.
  (o, d) => replaced(o, ...range(d, o.length), new Uint8Array(0)),
  (o, d) => refitted(o, ...range(d, o.length), d.octets(d.roll(8))),
  (o, d, other) => {
    const [from, count] = range(d, other.length);
    return (d.roll(2) === 0 ? refitted : replaced)(o, ...range(d, o.length), other.subarray(from, from + count));
  },
  (o, d) => {
    const [at, count] = range(d, o.length);
    return replaced(o, at, 0, o.subarray(at, at + count));
  },
  (o, d) => o.subarray(0, d.roll(o.length + 1)),
  (o, d, other) => joined(o.subarray(0, d.roll(o.length + 1)), other.subarray(d.roll(other.length + 1))),
  // An element: its length, its content, Data in place of it.
  (o, d) => {
    const lengths = lengthsOf(o);
    return lengths.length === 0 ? o : o.with(lengths[d.roll(lengths.length)]!, TELLING[d.roll(TELLING.length)]!);
  },
  (o, d) => {
    const lengths = lengthsOf(o);
    if (lengths.length === 0) return o;
    const at = lengths[d.roll(lengths.length)]!;
    return refitted(o, at + 1, o[at]!, d.octets(d.roll(24)));
  },
  (o, d) => refitted(o, ...range(d, o.length), anyData(d)),
];

function flipped(octets: Uint8Array, at: number, bits: number): Uint8Array {
  return octets.with(at, octets[at]! ^ bits);
}

/** One to four changes of a message; `other` lends parts. */
export function messageMutate(octets: Uint8Array, dice: Dice, other: Uint8Array): Uint8Array {
  let changed = Uint8Array.from(octets);
  for (let left = 1 + dice.roll(4); left > 0; left--) {
    changed = Uint8Array.from(CHANGES[dice.roll(CHANGES.length)]!(changed, dice, other));
  }
  return changed.subarray(0, MESSAGE_SIZE_MAX);
}

/** Changes an input: a message of it, or their order. `other` is another input, `fresh` makes a message of the grammar. */
export function inputMutate(input: Input, dice: Dice, other: Input, fresh?: (dice: Dice) => Uint8Array): Input {
  const messages = [...input];
  const lent = other.length === 0 ? new Uint8Array(0) : other[dice.roll(other.length)]!;
  const at = dice.roll(messages.length + 1);
  switch (dice.roll(12)) {
    case 0:
      messages.splice(at, 0, lent);
      break;
    case 1:
      messages.splice(at, 1);
      break;
    case 2:
      if (at < messages.length) messages.splice(at, 0, messages[at]!);
      break;
    case 3:
      messages.splice(at, MESSAGES_MAX, ...other.slice(dice.roll(other.length + 1)));
      break;
    case 4:
    case 5:
      if (fresh !== undefined) messages.splice(at, dice.roll(2), fresh(dice));
      break;
    default:
  }
  if (messages.length === 0) messages.push(lent);
  // Mostly a message is changed as well, or the only change.
  if (dice.roll(5) > 0) {
    const chosen = dice.roll(messages.length);
    messages[chosen] = messageMutate(messages[chosen]!, dice, lent);
  }
  return messages.slice(0, MESSAGES_MAX);
}
