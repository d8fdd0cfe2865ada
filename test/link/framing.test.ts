/** From octets to frames: flags, pieces, gaps, broken octets, frames longer than the buffer, the octet-stuffed line. */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { Dice, fromHex, toHex } from "./core.ts";
import { control, controlName, type Frame, frameReadWhole } from "./frames.ts";
import { POINT_TO_POINT, STUFFED, Station, concat, from, proposal, request } from "./station.ts";

interface Vector {
  id: string;
  kind: string;
  hex: string;
}
const path = new URL("../vectors/protocol-vectors.json", import.meta.url);
const vectors = JSON.parse(readFileSync(path, "utf8")) as Vector[];
const vector = (id: string) => fromHex(vectors.find((v) => v.id === id)!.hex);

const SNRM = from(control.SNRM);
const FLAG = Uint8Array.of(0x7e);
const names = (sent: Uint8Array[], stuffed = false) =>
  sent.map((octets) => controlName(frameReadWhole(octets, stuffed).control)).join(" ");

/** A session in frames of the client, and what the station says and tells. */
const SESSION: Frame[] = [
  SNRM,
  from(control.i(0, 0), request(0xc0, 0x7e, 0x7d, 0x7e, 0xa0, 0x07)),
  from(control.rr(1)),
  from(control.i(1, 1), request(...new Dice(3).octets(100))),
  from(control.i(2, 2), request(0x7e).slice(0, 3), { segmented: true }),
  from(control.i(3, 2), Uint8Array.of(0x7e)),
  from(control.ui(), request(1, 2, 3)),
  from(control.DISC),
  from(control.DISC),
];
const SESSION_SENT = "UA* I0,1* RR1* I1,2* RR3* I2,4* UA* DM*";
const SESSION_EVENTS = "LINK_UP APDU APDU APDU APDU LINK_DOWN";
const LINES = [
  ["counted", POINT_TO_POINT],
  ["stuffed", POINT_TO_POINT | STUFFED],
] as const;

function fresh(flags: number = POINT_TO_POINT, settings = {}): Station {
  const station = new Station({ flags, ...settings });
  station.answer = () => Uint8Array.of(0xc4, 0x7e, 0x7d, 0x7e);
  return station;
}

describe.each(LINES)("a session on a line that is %s", (_, flags) => {
  const station = () => fresh(flags);
  const wire = (s: Station) => SESSION.map((f) => s.wire(f));

  function check(s: Station, pieces: Uint8Array[]): void {
    const sent: Uint8Array[] = [];
    const events: string[] = [];
    for (const piece of pieces) {
      const result = s.offer(piece);
      sent.push(...result.sent);
      events.push(...result.events.map((e) => e.kind));
    }
    expect(names(sent, s.isStuffed)).toBe(SESSION_SENT);
    expect(events.join(" ")).toBe(SESSION_EVENTS);
  }

  test("frame by frame", () => {
    const s = station();
    check(s, wire(s));
  });

  test("octet by octet", () => {
    const s = station();
    check(
      s,
      wire(s).flatMap((octets) => [...octets].map((octet) => Uint8Array.of(octet))),
    );
  });

  test("all at once", () => {
    const s = station();
    check(s, [concat(...wire(s))]);
  });

  test("all at once, one flag between frames", () => {
    const s = station();
    check(s, [concat(FLAG, ...wire(s).map((octets) => octets.slice(1)))]);
  });

  test("one flag between frames, octet by octet", () => {
    const s = station();
    check(
      s,
      [...concat(FLAG, ...wire(s).map((octets) => octets.slice(1)))].map((octet) => Uint8Array.of(octet)),
    );
  });

  test("many flags between frames, and octets that are none", () => {
    const s = station();
    const filled = wire(s).flatMap((octets) => [fromHex("00 A0 7D FF"), FLAG, FLAG, FLAG, octets, FLAG]);
    // What stands before a flag of a stuffed line is a frame that is broken.
    check(s, [concat(...filled)]);
  });

  test("cut at random, 200 times", () => {
    const dice = new Dice(200);
    for (let round = 0; round < 200; round++) {
      const s = station();
      let rest = concat(...wire(s));
      const pieces: Uint8Array[] = [];
      while (rest.length > 0) {
        const size = 1 + dice.roll(1 + dice.roll(60));
        pieces.push(rest.slice(0, size));
        rest = rest.slice(size);
      }
      check(s, pieces);
    }
  });

  test("no truncated frame has an effect, and the next frame is taken", () => {
    for (const frame of [SESSION[1]!, SESSION[3]!, SNRM]) {
      const octets = station().wire(frame);
      for (let size = 0; size < octets.length; size++) {
        const s = station();
        s.exchange(SNRM);
        const before = s.links();
        expect(s.offer(octets.slice(0, size))).toEqual({ events: [], sent: [] });
        expect(s.links()).toBe(before);
        s.time += 1001;
        expect(
          names(
            s.exchange(from(control.rr(0))).frames.map((f) => s.wire(f)),
            s.isStuffed,
          ),
        ).toBe("RR0*");
      }
    }
  });

  test("no single changed octet has an effect, and the next frame is taken", () => {
    for (const frame of [SESSION[1]!, from(control.DISC), SNRM]) {
      const octets = station().wire(frame);
      for (let i = 0; i < octets.length; i++) {
        for (const change of [0x01, 0x08, 0x20, 0x80, 0xff]) {
          const s = station();
          s.exchange(SNRM);
          const before = s.links();
          const broken = octets.slice();
          broken[i]! ^= change;
          expect(s.offer(broken), `octet ${i} ^ ${change}`).toEqual({ events: [], sent: [] });
          expect(s.links()).toBe(before);
          s.time += 1001;
          expect(s.exchange(from(control.rr(0))).frames[0]!.control).toBe(control.rr(0));
        }
      }
    }
  });
});

describe("a counted line", () => {
  test.each(["A-N-1", "A-N-3", "A-N-4", "A-N-5", "A-N-6"])("%s is dropped in silence; SNRM is then served", (id) => {
    const station = fresh();
    expect(station.offer(vector(id))).toEqual({ events: [], sent: [] });
    station.time += 1001;
    expect(names(station.offer(vector("A-SNRM-1")).sent)).toBe("UA*");
  });

  test("two responses of A-2F-1 share a flag: a secondary takes neither, and goes on", () => {
    const station = fresh();
    expect(station.offer(vector("A-2F-1"))).toEqual({ events: [], sent: [] });
    expect(names(station.offer(vector("A-SNRM-1")).sent)).toBe("UA*");
  });

  test("a good frame inside a broken one is found, however they are cut", () => {
    const good = fresh().wire(SNRM);
    // A long frame is announced, its header is not one, or its end is none.
    const header = fresh()
      .wire(from(control.i(0, 0), new Uint8Array(100)))
      .slice(0, 9);
    for (const head of [fromHex("7E A3 FF"), fromHex("7E A0 30 03 21 10"), header, fromHex("7E A0 07 03 21 93")]) {
      const octets = concat(head, good, new Uint8Array(1100).fill(0x55));
      for (const cut of [0, 1, 2, 3, 5, 10, head.length, head.length + 4, 40, 200, 1000]) {
        const station = fresh();
        const first = station.offer(octets.slice(0, cut));
        const second = station.offer(octets.slice(cut));
        expect(names([...first.sent, ...second.sent]), `${toHex(head)} cut at ${cut}`).toBe("UA*");
      }
    }
  });

  test("two good frames inside a broken one are answered one after the other", () => {
    const station = fresh();
    const header = station.wire(from(control.i(0, 0), new Uint8Array(60))).slice(0, 9);
    const octets = concat(header, station.wire(SNRM), station.wire(from(control.DISC)), new Uint8Array(80));
    const before = station.offer(octets.slice(0, 20));
    expect(before.sent).toEqual([]);
    expect(names(station.offer(octets.slice(20)).sent)).toBe("UA* UA*");
  });

  test("what waits behind a good frame in the buffer is told by `more`, and judged without further octets", () => {
    const station = fresh();
    const inside = concat(station.wire(SNRM), station.wire(from(control.DISC)));
    // Announced so that the broken frame ends with the last octet of the good ones.
    const octets = concat(fromHex("7E A0"), Uint8Array.of(2 + 4 + inside.length - 1), fromHex("03 21 10 00"), inside);
    expect(station.receive(octets.slice(0, 4)).consumed).toBe(4);
    const rest = octets.slice(4);
    const first = station.receive(rest);
    expect([first.consumed, first.event.kind, first.more]).toEqual([rest.length, "LINK_UP", true]);
    expect(names(station.drain())).toBe("UA*");
    const second = station.receive(new Uint8Array());
    expect([second.consumed, second.event.kind, second.more]).toEqual([0, "LINK_DOWN", false]);
    expect(names(station.drain())).toBe("UA*");
  });

  test("a wrong header does not swallow the frames behind it", () => {
    const station = fresh();
    const octets = concat(fromHex("7E A7 FF 03 21 10 00 00"), station.wire(SNRM));
    const pieces = [...octets].map((octet) => Uint8Array.of(octet));
    const sent = pieces.flatMap((piece) => station.offer(piece).sent);
    expect(names(sent)).toBe("UA*");
  });

  test("a gap inside a frame longer than the limit drops what was collected", () => {
    for (const [gap, answers] of [
      [30, "UA*"],
      [31, ""],
    ] as const) {
      const station = fresh(POINT_TO_POINT, { interOctetMs: 30 });
      const octets = station.wire(SNRM);
      station.offer(octets.slice(0, 5));
      station.time += gap;
      expect(names(station.offer(octets.slice(5)).sent)).toBe(answers);
      expect(names(station.offer(octets).sent)).toBe("UA*");
    }
  });

  test("without a limit a gap may be of any length; between frames it always may", () => {
    const station = fresh(POINT_TO_POINT, { interOctetMs: 0 });
    const octets = station.wire(SNRM);
    station.offer(octets.slice(0, 5));
    station.time += 1e9;
    expect(names(station.offer(octets.slice(5)).sent)).toBe("UA*");
    const other = fresh(POINT_TO_POINT, { inactivitySeconds: 0 });
    other.offer(octets);
    other.time += 1e9;
    expect(names(other.offer(octets.slice(1)).sent)).toBe("UA*");
  });

  test("a frame longer than the buffer is checked to its end, and rejected (y) when it is good", () => {
    const long = (station: Station) => station.wire(from(control.i(0, 0), request(...new Dice(8).octets(1000))));
    for (const size of [1, 7, 64, 300, 1500]) {
      const station = fresh(POINT_TO_POINT, { frameCapacity: 80 });
      station.exchange(SNRM);
      const octets = long(station);
      const sent: Uint8Array[] = [];
      for (let at = 0; at < octets.length; at += size) sent.push(...station.offer(octets.slice(at, at + size)).sent);
      expect(names(sent)).toBe("FRMR*");
      station.core.guardsCheck();
      const broken = octets.slice();
      broken[700]! ^= 1;
      const other = fresh(POINT_TO_POINT, { frameCapacity: 80 });
      other.exchange(SNRM);
      for (let at = 0; at < broken.length; at += size) {
        expect(other.offer(broken.slice(at, at + size))).toEqual({ events: [], sent: [] });
      }
      expect(other.exchange(from(control.rr(0))).frames[0]!.control).toBe(control.rr(0));
    }
  });

  test("UI longer than the buffer is dropped where no limit was agreed", () => {
    const station = fresh(POINT_TO_POINT, { frameCapacity: 80 });
    const octets = station.wire(from(control.ui(), request(...new Dice(4).octets(300))));
    for (const piece of [octets.slice(0, 200), octets.slice(200)]) {
      expect(station.offer(piece)).toEqual({ events: [], sent: [] });
    }
  });

  test("a frame longer than the buffer to many stations, or an SNRM, is dropped", () => {
    for (const frame of [from(control.ui(), new Uint8Array(500), { destination: Uint8Array.of(0xff) }), SNRM]) {
      const station = fresh(POINT_TO_POINT, { frameCapacity: 80 });
      station.exchange(SNRM);
      const octets = station.wire({
        ...frame,
        info: concat(proposal(64, 64, 1, 1), fromHex("F0"), new Uint8Array(400)),
      });
      const sent = [octets.slice(0, 200), octets.slice(200)].flatMap((piece) => station.offer(piece).sent);
      expect(sent).toEqual([]);
      expect(station.state()).toBe("NRM");
    }
  });

  test("the longest information field, in one piece and in two", () => {
    for (const cut of [0, 1, 2, 1000, 2047, 2048]) {
      const station = fresh(POINT_TO_POINT, { inboundCapacity: 2100 });
      station.exchange(from(control.SNRM, proposal(2030, 2030, 1, 1)));
      const destination = Uint8Array.of(0, 2, 0, 35);
      const frame = from(control.i(0, 0), request(...new Dice(1).octets(2030 - 3)), { destination });
      const octets = station.wire(frame);
      expect(octets.length).toBe(2030 + 12 + 2);
      const first = station.offer(octets.slice(0, cut));
      const second = station.offer(octets.slice(cut));
      expect(names([...first.sent, ...second.sent])).toBe("I0,1*");
    }
  });
});

describe("a stuffed line", () => {
  const station = () => fresh(POINT_TO_POINT | STUFFED);

  test("7E and 7D inside a frame are escaped both ways", () => {
    const s = station();
    s.exchange(SNRM);
    s.answer = (event) => event.apdu;
    const apdu = fromHex("7E 7D 5E 5D 7D 5E 7D 7D 7E 7E");
    const octets = s.wire(from(control.i(0, 0), request(...apdu)));
    const { sent } = s.offer(octets);
    expect(sent[0]!.slice(1, -1)).not.toContain(0x7e);
    expect(toHex(frameReadWhole(sent[0]!, true).info)).toBe(`E6E700${toHex(apdu)}`);
  });

  test("a frame of 2030 octets that are all escaped fits the room", () => {
    const s = fresh(POINT_TO_POINT | STUFFED);
    s.exchange(from(control.SNRM, proposal(2030, 2030, 1, 1)));
    s.answer = () => new Uint8Array(2027).fill(0x7e);
    const { sent } = s.offer(s.wire(from(control.i(0, 0), request(1))));
    expect(frameReadWhole(sent[0]!, true).info.length).toBe(2030);
    expect(sent[0]!.length).toBeGreaterThan(4050);
  });

  test("a room that escapes could overflow is refused, whatever the octets are", () => {
    const s = station();
    s.receive(s.wire(SNRM));
    const size = 32;
    for (const capacity of [size, size + 2, 2 * size + 1]) expect(s.transmitInto(capacity)).toBe(-3);
    expect(s.transmitInto(2 * size + 2)).toBeGreaterThan(size);
    s.core.guardsCheck();
  });

  test("an escape before the flag aborts the frame", () => {
    const s = station();
    const octets = s.wire(SNRM);
    expect(s.offer(concat(octets.slice(0, -1), fromHex("7D 7E"))).sent).toEqual([]);
    expect(names(s.offer(octets).sent, true)).toBe("UA*");
  });

  test("a frame longer than the buffer is dropped", () => {
    const s = fresh(POINT_TO_POINT | STUFFED, { frameCapacity: 64 });
    expect(s.offer(concat(FLAG, new Uint8Array(3000).fill(1), FLAG))).toEqual({ events: [], sent: [] });
    s.core.guardsCheck();
    expect(names(s.offer(s.wire(SNRM)).sent, true)).toBe("UA*");
  });
});

describe("what a call consumes", () => {
  test("it stops behind each frame that has something to tell", () => {
    const station = fresh();
    const frames = [SNRM, from(control.i(0, 0, false), request(1)), from(control.DISC)].map((f) => station.wire(f));
    let rest = concat(...frames);
    for (const [i, kind] of ["LINK_UP", "APDU", "LINK_DOWN"].entries()) {
      const { consumed, event, more } = station.receive(rest);
      expect([event.kind, consumed, more]).toEqual([kind, frames[i]!.length, false]);
      rest = rest.slice(consumed);
    }
  });

  test("it passes over frames that have nothing to tell", () => {
    const station = fresh();
    station.exchange(SNRM);
    const quiet = station.wire(from(control.rr(0, false)));
    const octets = concat(quiet, quiet, station.wire(from(control.rr(0), undefined, { client: 77 })), quiet);
    const { consumed } = station.receive(octets);
    expect(consumed).toBe(octets.length - quiet.length);
    expect(names(station.drain())).toBe("DM*");
  });

  test("an expired connection is told before the octets are looked at", () => {
    const station = fresh();
    station.exchange(SNRM);
    station.time += 120_000;
    const octets = station.wire(from(control.rr(0)));
    const first = station.receive(octets);
    expect([first.consumed, first.event.kind]).toEqual([0, "LINK_DOWN"]);
    expect(station.receive(octets).consumed).toBe(octets.length);
    expect(names(station.drain())).toBe("DM*");
  });
});
