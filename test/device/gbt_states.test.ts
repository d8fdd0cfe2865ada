/** General block transfer: every state of sender and receiver x every block that can arrive, cell by cell (GB9 9.4.6.13). */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { data as d, encodeApdu, fromHex } from "../../host/client/index.ts";
import { associateLls, get, hex, initiate, set } from "./apdus.ts";
import { RawMeter, type HdlcChannel, type RawSnapshot } from "./raw.ts";
import { CLOCK, fullTemplate, TEXT } from "./rig.ts";

const full = fullTemplate();
const READ = get(8, CLOCK, 9);
const READ_ANSWER = "C401C1001601";
const ABORT = "E0800000000000";
const LLC = fromHex("E6E600");
/** Bits of block-control, and windows are its other bits. */
const LAST = 0x80;
const STREAMING = 0x40;
/** Blocks of the long answer: 321 octets in pieces of 57. */
const BLOCKS = 6;

/** ACCESS that gets the text six times: D9, long-invoke-id, no time, specifications, null-data for each. */
const item = `010001${"0000600101FF"}02`;
const LONG = fromHex(`D9400000010006${item.repeat(BLOCKS)}06${"00".repeat(BLOCKS)}`);
const LONG_ANSWER = `DA40000001000006${`0930${"5A".repeat(48)}`.repeat(BLOCKS)}06${"0100".repeat(BLOCKS)}`;

let meter: RawMeter;
let line: HdlcChannel;
let fresh: { snapshot: RawSnapshot; vs: number; vr: number };

beforeAll(() => {
  meter = RawMeter.boot({ template: full });
  line = meter.hdlc();
  line.connect();
  associateLls(line, meter.identity, initiate({ pduSizeMax: 64 }));
  const text = { ...d.octetString(new Uint8Array(48).fill(0x5a)) };
  expect(hex(line.exchange(set(1, TEXT, 2, text)))).toBe("C501C100");
  fresh = { snapshot: meter.snapshot(), vs: line.vs, vr: line.vr };
});

function begin(): void {
  meter.restore(fresh.snapshot);
  Object.assign(line, { vs: fresh.vs, vr: fresh.vr });
}

function block(control: number, number: number, acknowledged: number, data = ""): Uint8Array {
  return encodeApdu({
    kind: "general-block-transfer",
    lastBlock: (control & LAST) !== 0,
    streaming: (control & STREAMING) !== 0,
    window: control & 0x3f,
    blockNumber: number,
    blockNumberAck: acknowledged,
    data: fromHex(data),
  });
}

/** Sends an APDU; the one that answers at once, while the rest of a stream waits for RR. */
function first(apdu: Uint8Array): Uint8Array | undefined {
  if (apdu.length > 120) return line.exchange(apdu);
  return line.collect(line.send(line.controlNext(), Uint8Array.from([...LLC, ...apdu])));
}

/** Sends an APDU and takes the whole stream that answers; after a bare RR the line is polled once. */
function stream(apdu: Uint8Array): string[] {
  const answers: string[] = [];
  for (let one = first(apdu) ?? line.collect(line.poll()); one !== undefined; one = line.collect(line.poll())) {
    answers.push(hex(one));
    if (one[0] !== 0xe0 || (one[1]! & STREAMING) === 0) break;
  }
  return answers;
}

/** Block `number` of the long answer, as the sheet lays it out. */
function part(number: number, streaming: boolean, acknowledged: number): string {
  const control = (number === BLOCKS ? LAST : 0) | (streaming ? STREAMING : 0) | 4;
  const data = LONG_ANSWER.slice((number - 1) * 114, number * 114);
  return hex(block(control, number, acknowledged, data));
}

/** A stream from one block to another: the streaming bit stands in all but the last. */
function parts(from: number, to: number, acknowledged: number): string[] {
  return Array.from({ length: to - from + 1 }, (_, i) => part(from + i, from + i < to, acknowledged));
}

describe("the sender", () => {
  /** Brings the meter into a state; highest block sent. */
  const states: Record<string, () => number> = {
    idle: () => 0,
    streaming: () => {
      expect(stream(LONG)).toEqual(parts(1, 1, 0));
      expect(hex(first(block(LAST | 3, 1, 1)))).toBe(part(2, true, 1));
      return 2;
    },
    waiting: () => {
      expect(stream(LONG)).toEqual(parts(1, 1, 0));
      expect(stream(block(LAST | 2, 1, 1))).toEqual(parts(2, 3, 1));
      return 3;
    },
    "last sent": () => {
      expect(stream(LONG)).toEqual(parts(1, 1, 0));
      expect(stream(block(LAST | 5, 1, 1))).toEqual(parts(2, BLOCKS, 1));
      return BLOCKS;
    },
  };

  /** What arrives, where `sent` is the highest block sent. */
  const events: Record<string, (sent: number) => Uint8Array> = {
    "acknowledgement in order": (sent) => block(LAST | 2, 2, sent),
    "acknowledgement of fewer": (sent) => block(LAST | 2, 2, Math.max(sent - 1, 0)),
    "acknowledgement beyond": (sent) => block(LAST | 2, 2, sent + 1),
    "the acknowledgement before, repeated": () => block(LAST | 2, 1, 1),
    "without the last bit": (sent) => block(2, 2, sent),
    "streaming bit": (sent) => block(LAST | STREAMING | 2, 2, sent),
    "window 0": (sent) => block(LAST, 2, sent),
    "window beyond what is left": (sent) => block(LAST | 0x3f, 2, sent),
    "wrong block number": (sent) => block(LAST | 2, 9, sent),
    abort: () => fromHex(ABORT),
    "another APDU": () => READ,
    "a new request in blocks": () => block(LAST | 1, 1, 0, hex(READ)),
  };

  const NEW = [`E084000100010${(READ_ANSWER.length / 2).toString(16)}${READ_ANSWER}`];
  const on = (answers: string[]): { answers: string[]; goesOn: boolean } => ({ answers, goesOn: true });
  const over = (answers: string[]): { answers: string[]; goesOn: boolean } => ({ answers, goesOn: false });
  const every = (cell: ReturnType<typeof on>, idle = over([])): ReturnType<typeof on>[] => [idle, cell, cell, cell];

  /** In idle, streaming, waiting, last sent: sheet F.9, steps 2 to 7. The last acknowledgement ends the exchange in silence. */
  const table: Record<string, ReturnType<typeof on>[]> = {
    "acknowledgement in order": [over([]), on(parts(3, 4, 2)), on(parts(4, 5, 2)), over([])],
    "acknowledgement of fewer": [over([]), on(parts(2, 3, 2)), on(parts(3, 4, 2)), on(parts(6, 6, 2))],
    "acknowledgement beyond": every(over([ABORT])),
    "the acknowledgement before, repeated": every(on(parts(2, 3, 1))),
    "without the last bit": [over([]), on(parts(3, 4, 2)), on(parts(4, 5, 2)), over([])],
    // Who streams is not to be answered yet; the meter's own stream goes on.
    "streaming bit": [over([]), on(parts(3, 4, 1)), on([]), on([])],
    "window 0": [over([]), on(parts(3, 3, 2)), on(parts(4, 4, 2)), over([])],
    "window beyond what is left": [over([]), on(parts(3, BLOCKS, 2)), on(parts(4, BLOCKS, 2)), over([])],
    // Doubtful (docs/CONFORMANCE.md): what a report acknowledges counts, whatever numbers its own leaves out.
    "wrong block number": [over([]), on(parts(3, 4, 9)), on(parts(4, 5, 9)), over([])],
    abort: every(over([])),
    "another APDU": every(over([READ_ANSWER]), over([READ_ANSWER])),
    "a new request in blocks": every(on(NEW), on(NEW)),
  };

  const cells = Object.keys(events).flatMap((event) =>
    Object.keys(states).map((state, i) => ({ state, event, expected: table[event]?.[i] })),
  );
  let count = 0;

  it.each(cells)("$state: $event", ({ state, event, expected }) => {
    begin();
    const answers = stream(events[event]!(states[state]!()));
    // An acknowledgement of what was never sent ends an exchange that is under way, and is nothing where none is.
    const goesOn = stream(block(LAST | 1, 9, 60000)).join() === ABORT;
    expect({ answers, goesOn }).toEqual(expected);
    count++;
  });

  afterAll(() => expect(count).toBe(Object.keys(states).length * Object.keys(events).length));
});

describe("the receiver", () => {
  const [one, two, three] = [hex(READ).slice(0, 8), hex(READ).slice(8, 16), hex(READ).slice(16)] as const;
  const report = (own: number, got: number): string => hex(block(4, own, got));
  const done = (own: number, got: number): string => hex(block(LAST | 4, own, got, READ_ANSWER));

  const states: Record<string, () => void> = {
    idle: () => undefined,
    collecting: () => expect(stream(block(5, 1, 0, one))).toEqual([report(1, 1)]),
  };

  const events: Record<string, () => string[]> = {
    "in order": () => stream(block(5, 2, 1, two)),
    gap: () => stream(block(LAST | 5, 3, 1, three)),
    "gap, then the lost one and the rest": () =>
      [block(LAST | 5, 3, 1, three), block(STREAMING | 5, 2, 1, two), block(LAST | 5, 3, 1, three)].flatMap(stream),
    "the first one, repeated": () => stream(block(5, 1, 0, one)),
    "empty block": () => stream(block(5, 2, 1)),
    streaming: () => stream(block(STREAMING | 5, 2, 1, two)),
    last: () => stream(block(LAST | 5, 2, 1, two + three)),
    "the whole in one": () => stream(block(LAST | 5, 1, 0, one + two + three)),
    abort: () => stream(fromHex(ABORT)),
    "another request meanwhile": () => stream(READ),
    "too long": () => {
      for (let number = 2; number < 20; number++) {
        const [answer] = stream(block(5, number, 1, "00".repeat(1000)));
        if (answer !== report(number, number)) return [answer ?? "silence"];
      }
      return ["no end"];
    },
  };

  type Cell = [answers: string[], collecting: boolean];
  /** In idle, and collecting with block 1 received: sheet F.9, the server as receiver. */
  const table: Record<string, [Cell, Cell]> = {
    "in order": [
      [[ABORT], false],
      [[report(2, 2)], true],
    ],
    gap: [
      [[ABORT], false],
      [[report(2, 1)], true],
    ],
    "gap, then the lost one and the rest": [
      [[ABORT, ABORT, ABORT], false],
      [[report(2, 1), done(3, 3)], false],
    ],
    "the first one, repeated": [
      [[report(1, 1)], true],
      [[report(2, 1)], true],
    ],
    "empty block": [
      [[], false],
      [[report(2, 2)], true],
    ],
    streaming: [
      [[ABORT], false],
      [[], true],
    ],
    last: [
      [[ABORT], false],
      [[done(2, 2)], false],
    ],
    "the whole in one": [
      [[done(1, 1)], false],
      [[done(1, 1)], false],
    ],
    abort: [
      [[], false],
      [[], false],
    ],
    "another request meanwhile": [
      [[READ_ANSWER], false],
      [[READ_ANSWER], false],
    ],
    "too long": [
      [[ABORT], false],
      [[ABORT], false],
    ],
  };

  const cells = Object.keys(events).flatMap((event) =>
    Object.keys(states).map((state, i) => ({ state, event, expected: table[event]?.[i] })),
  );
  let count = 0;

  it.each(cells)("$state: $event", ({ state, event, expected }) => {
    begin();
    states[state]!();
    const answers = events[event]!();
    // A collector reports on a block that it has already: without the last bit, and without data.
    const collecting = /^E004.{8}00$/.test(stream(block(5, 1, 1, one)).join());
    expect([answers, collecting]).toEqual(expected);
    count++;
  });

  afterAll(() => expect(count).toBe(Object.keys(states).length * Object.keys(events).length));
});
