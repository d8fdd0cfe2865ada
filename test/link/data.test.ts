/** Information both ways: segments, windows, loss, repetition, busy stations. */
import { describe, expect, test } from "vitest";
import { Client, type Wire } from "./client.ts";
import { Dice, fromHex, toHex } from "./core.ts";
import { control, controlName, frameReadWhole } from "./frames.ts";
import {
  CLIENT,
  type Event,
  type Settings,
  STUFFED,
  POINT_TO_POINT,
  Station,
  concat,
  from,
  proposal,
  request,
  RESPONSE_LLC,
} from "./station.ts";

const POLL = 0x10;
const APDU_MAX = 1224;
const bytes = (size: number, seed = size) => new Dice(seed + 1).octets(size);

/** A connected station that answers `answer(apdu)`; with what it was asked. */
function connected(settings: Partial<Settings> = {}, snrm: Uint8Array = proposal(128, 128, 1, 1)) {
  const station = new Station(settings);
  const asked: Event[] = [];
  let next: Uint8Array | null | "later" = Uint8Array.of(0xc4);
  station.answer = (event) => {
    asked.push(event);
    return next;
  };
  station.exchange(from(control.SNRM, snrm));
  const say = (answer: Uint8Array | null | "later") => (next = answer);
  const names = (octet: number, info?: Uint8Array, segmented = false) =>
    station
      .exchange(from(octet, info, { segmented }))
      .frames.map((f) => controlName(f.control))
      .join(" ");
  return { station, asked, say, names };
}

describe("window 1", () => {
  test("the worked exchange of a response of 160 octets (A-SEG, A-WIN): cut, acknowledged, ended", () => {
    const { station, say } = connected();
    const apdu = concat(
      fromHex("C401C1000981 96"),
      Uint8Array.from({ length: 150 }, (_, i) => i + 1),
    );
    say(apdu);
    const first = station.exchange(from(control.i(0, 0), request(0xc0)));
    const lpdu = concat(RESPONSE_LLC, apdu);
    expect(first.frames[0]).toMatchObject({ control: control.i(0, 1), segmented: true, info: lpdu.slice(0, 128) });
    const octets = station.offer(fromHex("7EA00703213117877E")).sent[0]!;
    expect(toHex(octets)).toBe(
      "7EA0292103329D327778797A7B7C7D7E7F808182838485868788898A8B8C8D8E8F9091929394959697DE7E",
    );
  });

  test("a segmented request: RR after each segment, told with the last one", () => {
    const { asked, names } = connected();
    const lpdu = request(...bytes(300));
    expect(names(control.i(0, 0), lpdu.slice(0, 128), true)).toBe("RR1*");
    expect(names(control.i(1, 0), lpdu.slice(128, 256), true)).toBe("RR2*");
    expect(asked).toHaveLength(0);
    expect(names(control.i(2, 0), lpdu.slice(256))).toBe("I0,3*");
    expect(asked).toHaveLength(1);
    expect(asked[0]).toMatchObject({ clientSap: CLIENT, serverSap: 1, confirmed: true, broadcast: false });
    expect(toHex(asked[0]!.apdu)).toBe(toHex(lpdu.slice(3)));
  });

  test("the LLC may be cut apart, and empty frames count", () => {
    const { asked, names } = connected();
    expect(names(control.i(0, 0), Uint8Array.of(0xe6), true)).toBe("RR1*");
    expect(names(control.i(1, 0), new Uint8Array(), true)).toBe("RR2*");
    expect(names(control.i(2, 0), Uint8Array.of(0xe6, 0x00), true)).toBe("RR3*");
    expect(names(control.i(3, 0), Uint8Array.of(0x99))).toBe("I0,4*");
    expect(asked.map((e) => toHex(e.apdu))).toEqual(["99"]);
  });

  test("a wrong LLC, or no APDU behind it: acknowledged and dropped; the next one counts", () => {
    const { asked, names } = connected();
    const bad = ["E6E700C0", "E7E600C0", "E6E601C0", "00E600C0", "E6E600", "E6", ""];
    bad.forEach((hex, i) => expect(names(control.i(i, 0), fromHex(hex))).toBe(`RR${i + 1}*`));
    expect(asked).toHaveLength(0);
    expect(names(control.i(7, 0), fromHex("FFE600C0"))).toBe("I0,0*");
    expect(asked.map((e) => toHex(e.apdu))).toEqual(["C0"]);
  });

  test("no answer (service class 0): a poll still gets RR", () => {
    const { asked, say, names } = connected();
    say(null);
    expect(names(control.i(0, 0), request(0xc1))).toBe("RR1*");
    expect(names(control.rr(0))).toBe("RR1*");
    expect(asked).toHaveLength(1);
  });

  test("a request with P = 0 is answered at the next poll", () => {
    const { names } = connected();
    expect(names(control.i(0, 0, false), request(0xc0))).toBe("");
    expect(names(control.rr(0))).toBe("I0,1*");
  });
});

describe("loss", () => {
  test("a lost response is sent again at a poll, with the same octets and the current N(R)", () => {
    const { station, say, names } = connected();
    say(bytes(200));
    const [first] = station.exchange(from(control.i(0, 0), request(1))).frames;
    const [again] = station.exchange(from(control.rr(0))).frames;
    expect(again).toEqual(first);
    expect(names(control.rr(1))).toBe("I1,1*");
    expect(names(control.rr(1))).toBe("I1,1*");
    expect(names(control.rr(2))).toBe("RR1*");
  });

  test("a duplicate request is not executed twice: the stored response, or RR when it was acknowledged", () => {
    const { asked, names } = connected();
    expect(names(control.i(0, 0), request(1))).toBe("I0,1*");
    expect(names(control.i(0, 0), request(1))).toBe("I0,1*");
    expect(names(control.i(0, 1), request(1))).toBe("RR1*");
    expect(names(control.i(5, 1), request(1))).toBe("RR1*");
    expect(asked).toHaveLength(1);
  });

  test("a response not acknowledged goes before the next request, which is not taken", () => {
    const { asked, names } = connected();
    expect(names(control.i(0, 0), request(1))).toBe("I0,1*");
    expect(names(control.i(1, 0), request(2))).toBe("I0,1*");
    expect(asked).toHaveLength(1);
    expect(names(control.i(1, 1), request(2))).toBe("I1,2*");
    expect(asked).toHaveLength(2);
  });

  test("a client that breaks off a response gets its rest before its next request is taken", () => {
    const { asked, say, names } = connected();
    say(bytes(300));
    expect(names(control.i(0, 0), request(1))).toBe("I0,1*");
    expect(names(control.i(1, 1), request(2))).toBe("I1,1*");
    expect(names(control.rr(2))).toBe("I2,1*");
    expect(names(control.i(1, 3), request(2))).toBe("I3,2*");
    expect(asked).toHaveLength(2);
  });
});

describe("a busy side", () => {
  test("RNR: no I frame, RR when polled, until the client is ready", () => {
    const { say, names } = connected();
    say(bytes(200));
    expect(names(control.i(0, 0), request(1))).toBe("I0,1*");
    expect(names(control.rnr(1))).toBe("RR1*");
    expect(names(control.rnr(1, false))).toBe("");
    expect(names(control.rnr(1))).toBe("RR1*");
    expect(names(control.rr(1))).toBe("I1,1*");
    expect(names(control.rnr(2))).toBe("RR1*");
    expect(names(control.i(1, 2), request(2))).toBe("I2,2*");
  });

  test("the caller thinks: nothing is sent, a poll gets RR, another request is not taken, the answer follows", () => {
    const { station, asked, say, names } = connected();
    say("later");
    expect(names(control.i(0, 0), request(1))).toBe("");
    expect(names(control.rr(0))).toBe("RR1*");
    expect(names(control.i(1, 0), request(2))).toBe("RR1*");
    expect(asked).toHaveLength(1);
    expect(station.send(0, Uint8Array.of(0xc4))).toBe(0);
    expect(station.drain()).toEqual([]);
    expect(names(control.rr(0))).toBe("I0,1*");
  });

  test("an answer that comes while the client still waits leaves at once", () => {
    const { station, say, names } = connected();
    say("later");
    expect(names(control.i(0, 0), request(1))).toBe("");
    expect(station.send(0, Uint8Array.of(0xc4))).toBe(0);
    expect(station.drain()).toHaveLength(1);
    expect(station.drain()).toHaveLength(0);
  });

  test("what cannot be sent is refused: not connected, or still sending", () => {
    const { station, say, names } = connected();
    say(bytes(300));
    names(control.i(0, 0), request(1));
    expect(station.send(0, Uint8Array.of(1))).toBe(-8);
    expect(station.sendUnconfirmed(0, Uint8Array.of(1))).toBe(-8);
    names(control.DISC);
    expect(station.send(0, Uint8Array.of(1))).toBe(-8);
    expect(station.send(0, new Uint8Array())).toBe(0);
    expect(station.send(3, Uint8Array.of(1))).toBe(-8);
    expect(station.sendUnconfirmed(3, Uint8Array.of(1))).toBe(-8);
  });

  test("a stream: the next APDU takes the place of the RR that acknowledges the one before", () => {
    const { station, say, names } = connected();
    expect(station.sendMore(0, Uint8Array.of(2))).toBe(-8);
    say(bytes(200));
    expect(names(control.i(0, 0), request(1))).toBe("I0,1*");
    station.receive(station.wire(from(control.rr(1))));
    expect(station.sendMore(0, Uint8Array.of(2))).toBe(-8);
    expect(names(control.rr(1))).toBe("I1,1*");
    station.receive(station.wire(from(control.rr(2))));
    expect(station.sendMore(1, Uint8Array.of(2))).toBe(-8);
    expect(station.sendMore(0, Uint8Array.of(0xe0))).toBe(0);
    const frames = station.drain().map((octets) => frameReadWhole(octets));
    expect(frames.map((f) => controlName(f.control))).toEqual(["I2,1*"]);
    expect(toHex(frames[0]!.info)).toBe("E6E700E0");
    expect(station.sendMore(0, Uint8Array.of(2))).toBe(-8);
    expect(names(control.rr(3))).toBe("RR1*");
  });

  test("a room too small for the frame changes nothing", () => {
    const { station, say } = connected();
    say("later");
    station.exchange(from(control.i(0, 0), request(1)));
    station.send(0, bytes(100));
    const before = station.snapshot();
    expect(station.transmitInto(100)).toBe(-3);
    expect(station.snapshot()).toBe(before);
    expect(station.drain()).toHaveLength(1);
    for (const octet of [control.SNRM, control.DISC, control.DISC, control.rr(0)]) {
      station.receive(station.wire(from(octet)));
      expect(station.transmitInto(8)).toBe(-3);
      expect(station.drain()).toHaveLength(1);
    }
  });
});

describe("windows", () => {
  test.each([1, 2, 3, 4, 5, 6, 7])(
    "%i: so many frames a turn, F = 1 on the last, go back to the first one missing",
    (window) => {
      const { station, say } = connected({}, proposal(128, 128, 1, window));
      const apdu = bytes(1221);
      say(apdu);
      const lpdu = concat(RESPONSE_LLC, apdu);
      let { frames } = station.exchange(from(control.i(0, 0), request(1)));
      const got: Uint8Array[] = [];
      let nr = 0;
      for (let turn = 0; got.length < Math.ceil(lpdu.length / 128); turn++) {
        const left = Math.ceil(lpdu.length / 128) - got.length;
        expect(frames).toHaveLength(Math.min(window, left));
        frames.forEach((f, i) => {
          expect((f.control & POLL) !== 0).toBe(i === frames.length - 1);
          expect(f.control >> 5).toBe(1);
          expect((f.control >> 1) & 7).toBe((nr + i) & 7);
          expect(f.segmented).toBe(got.length + i + 1 < Math.ceil(lpdu.length / 128));
        });
        // The client misses all but the first (odd turns), or nothing.
        const kept = turn % 2 === 1 ? 1 : frames.length;
        got.push(...frames.slice(0, kept).map((f) => f.info));
        nr = (nr + kept) & 7;
        frames = station.exchange(from(control.rr(nr))).frames;
      }
      expect(toHex(concat(...got))).toBe(toHex(lpdu));
      expect(frames.map((f) => controlName(f.control))).toEqual(["RR1*"]);
    },
  );

  test("N(R) of a frame sent before the client went back is still valid", () => {
    const { say, names } = connected({}, proposal(128, 128, 1, 3));
    say(bytes(1000));
    expect(names(control.i(0, 0), request(1))).toBe("I0,1 I1,1 I2,1*");
    expect(names(control.rnr(1))).toBe("RR1*");
    expect(names(control.rr(3))).toBe("I3,1 I4,1 I5,1*");
    expect(names(control.rr(7))).toBe("FRMR*");
  });

  test("N(R) stays valid when the client breaks in while its window is repeated", () => {
    const { station, say, names } = connected({}, proposal(128, 128, 1, 3));
    say(bytes(1000));
    expect(names(control.i(0, 0), request(1))).toBe("I0,1 I1,1 I2,1*");
    station.receive(station.wire(from(control.rr(0))));
    expect(station.transmitInto(4096)).toBeGreaterThan(128);
    expect(names(control.rr(3))).toBe("I3,1 I4,1 I5,1*");
  });

  test("a window of request segments is answered once, at its last frame", () => {
    const { station, asked, names } = connected({}, proposal(128, 128, 3, 1));
    const lpdu = request(...bytes(300));
    expect(names(control.i(0, 0, false), lpdu.slice(0, 128), true)).toBe("");
    expect(names(control.i(2, 0), lpdu.slice(256))).toBe("RR1*");
    expect(names(control.i(1, 0, false), lpdu.slice(128, 256), true)).toBe("");
    expect(names(control.i(2, 0), lpdu.slice(256))).toBe("I0,3*");
    expect(toHex(asked[0]!.apdu)).toBe(toHex(lpdu.slice(3)));
    expect(station.state()).toBe("NRM");
  });
});

describe("too long", () => {
  test("an LPDU that outgrows the buffer is acknowledged to its end, told with its head, and may be answered", () => {
    const { asked, station, names } = connected({ inboundCapacity: 203 });
    const lpdu = request(...bytes(400));
    expect(names(control.i(0, 0), lpdu.slice(0, 128), true)).toBe("RR1*");
    expect(names(control.i(1, 0), lpdu.slice(128, 256), true)).toBe("RR2*");
    expect(names(control.i(2, 0), lpdu.slice(256, 384), true)).toBe("RR3*");
    expect(names(control.i(3, 0), lpdu.slice(384))).toBe("I0,4*");
    expect(asked[0]).toMatchObject({ kind: "TOO_LONG", confirmed: true });
    expect(toHex(asked[0]!.apdu)).toBe(toHex(lpdu.slice(3, 203)));
    expect(names(control.i(4, 1), request(5))).toBe("I1,5*");
    expect(asked[1]).toMatchObject({ kind: "APDU", apdu: Uint8Array.of(5) });
    station.core.guardsCheck();
  });

  test("an LPDU of exactly the buffer is taken whole", () => {
    const { asked, names } = connected({ inboundCapacity: 131 }, proposal(131, 128, 1, 1));
    expect(names(control.i(0, 0), request(...bytes(128)))).toBe("I0,1*");
    expect(asked[0]).toMatchObject({ kind: "APDU", apdu: bytes(128) });
  });

  test("one octet more than the agreed information field is rejected, the limit itself is not", () => {
    const { names } = connected();
    expect(names(control.i(0, 0), request(...bytes(125)))).toBe("I0,1*");
    expect(names(control.i(1, 1), request(...bytes(126)))).toBe("FRMR*");
  });
});

describe("UI", () => {
  test("an APDU in UI is told as unconfirmed and never answered, connected or not", () => {
    for (const settings of [connected(), { station: new Station() }]) {
      for (const poll of [false, true]) {
        const { events, frames } = settings.station.exchange(from(control.ui(poll), request(0xc1, 2)));
        expect(frames).toEqual([]);
        expect(events).toMatchObject([{ kind: "APDU", confirmed: false, broadcast: false, link: 0 }]);
        expect(toHex(events[0]!.apdu)).toBe("C102");
      }
    }
  });

  test("a wrong LLC, a segment, and what is longer than the buffer are dropped", () => {
    const station = new Station({ inboundCapacity: 103 });
    const silent = (info: Uint8Array, segmented = false) =>
      expect(station.exchange(from(control.ui(), info, { segmented }))).toEqual({ events: [], frames: [] });
    silent(fromHex("E6E700C0"));
    silent(request());
    silent(request(1), true);
    silent(request(...bytes(101)));
    expect(station.exchange(from(control.ui(), request(...bytes(100)))).events[0]!.apdu).toEqual(bytes(100));
  });

  test("while an LPDU of I frames is under way, UI is lost and the LPDU is not", () => {
    const { asked, names } = connected();
    expect(names(control.i(0, 0), request(1, 2), true)).toBe("RR1*");
    expect(names(control.ui(), request(0xff, 0xff))).toBe("");
    expect(names(control.i(1, 0), Uint8Array.of(3))).toBe("I0,2*");
    expect(asked.map((e) => toHex(e.apdu))).toEqual(["010203"]);
  });

  test("the trigger lends the token: silence, or the waiting event with F = 1", () => {
    const station = new Station();
    const trigger = fromHex("7EA00703031384957E");
    const { events, sent } = station.offer(trigger);
    expect(sent).toEqual([]);
    expect(events).toMatchObject([{ kind: "TRIGGER", clientSap: 1, serverSap: 1, rebound: true }]);
    expect(station.sendUnconfirmed(0, fromHex("C20000"))).toBe(0);
    const octets = station.drain();
    expect(octets).toHaveLength(1);
    expect(toHex(octets[0]!.slice(3, 6))).toBe("030313");
    expect(station.drain()).toEqual([]);
    station.sendUnconfirmed(0, fromHex("C20001"));
    expect(station.drain()).toEqual([]);
    expect(station.offer(trigger).sent).toHaveLength(1);
  });

  test("an event leaves before the next answer, with F = 0", () => {
    const { station, names } = connected();
    expect(station.sendUnconfirmed(0, fromHex("C200"))).toBe(0);
    expect(station.drain()).toEqual([]);
    expect(names(control.rr(0))).toBe("UI RR0*");
    expect(names(control.rr(0))).toBe("RR0*");
  });

  test("an event must fit one frame", () => {
    const { station } = connected();
    expect(station.sendUnconfirmed(0, bytes(126))).toBe(-4);
    expect(station.sendUnconfirmed(0, new Uint8Array())).toBe(-4);
    expect(station.sendUnconfirmed(0, bytes(125))).toBe(0);
    expect(station.sendUnconfirmed(0, bytes(1))).toBe(-8);
  });
});

/** Requests and answers of many sizes through `client`: each executed once, each answer whole. */
function converse(station: Station, client: Client, rounds: number, seed: number): void {
  const dice = new Dice(seed);
  const asked: string[] = [];
  station.answer = (event) => {
    asked.push(toHex(event.apdu));
    if (event.apdu[0] === 0xff) return null;
    const size = 1 + dice.roll(APDU_MAX);
    return concat(event.apdu.slice(0, 1), bytes(size - 1, event.apdu.length));
  };
  const sent: string[] = [];
  for (let round = 0; round < rounds; round++) {
    const apdu = dice.octets(1 + dice.roll(APDU_MAX));
    apdu[0] = dice.roll(5) === 0 ? 0xff : round & 0x7f;
    sent.push(toHex(apdu));
    const answer = client.request(apdu, apdu[0] !== 0xff);
    if (apdu[0] === 0xff) expect(answer).toBeNull();
    else expect(toHex(answer!)).toBe(toHex(concat(apdu.slice(0, 1), bytes(answer!.length - 1, apdu.length))));
  }
  expect(asked).toEqual(sent);
}

describe("conversations", () => {
  test.each([32, 33, 62, 128, 248, 512, 1227, 2030])("information fields of %i octets", (size) => {
    const station = new Station();
    const limits = { infoTransmit: size, infoReceive: size, windowTransmit: 1, windowReceive: 1 };
    const client = new Client(station, limits);
    client.connect();
    expect(limits.infoReceive).toBe(size);
    converse(station, client, 12, size);
    expect(client.repeats).toBe(0);
    expect(client.disconnect()).toBe(control.UA);
  });

  test.each([1, 2, 3, 4, 5, 6, 7])("windows of %i both ways, and no frame is repeated", (window) => {
    const station = new Station();
    const client = new Client(station, {
      infoTransmit: 64,
      infoReceive: 48,
      windowTransmit: window,
      windowReceive: window,
    });
    client.connect();
    converse(station, client, 12, window);
    expect(client.repeats).toBe(0);
    expect(client.burst).toBe(window);
  });

  /** Loses or breaks one frame in `of`. */
  const faulty =
    (dice: Dice, of: number): Wire =>
    (octets) => {
      if (dice.roll(of) !== 0) return octets;
      if (dice.roll(2) === 0) return null;
      const broken = octets.slice();
      broken[dice.roll(broken.length)]! ^= 1 << dice.roll(8);
      return broken;
    };

  test.each([1, 2, 4, 7].flatMap((window) => [32, 128, 700].map((size) => [window, size] as const)))(
    "window %i, %i octets, one frame in four lost or broken either way",
    (window, size) => {
      const dice = new Dice(window * 10_000 + size);
      const station = new Station({ inactivitySeconds: 0 });
      const limits = { infoTransmit: size, infoReceive: size, windowTransmit: window, windowReceive: window };
      const client = new Client(station, limits, faulty(dice, 4), faulty(dice, 4));
      client.connect();
      converse(station, client, 40, size + window);
      expect(client.repeats).toBeGreaterThan(0);
    },
  );

  test("the same over an octet-stuffed line", () => {
    const station = new Station({ flags: POINT_TO_POINT | STUFFED, inactivitySeconds: 0 });
    const limits = { infoTransmit: 300, infoReceive: 300, windowTransmit: 3, windowReceive: 3 };
    const client = new Client(station, limits, faulty(new Dice(5), 6), faulty(new Dice(6), 6));
    client.connect();
    converse(station, client, 60, 9);
    expect(client.repeats).toBeGreaterThan(0);
  });

  test("two clients in turn on one line, each with its own numbers", () => {
    const station = new Station();
    const limits = () => ({ infoTransmit: 100, infoReceive: 60, windowTransmit: 2, windowReceive: 2 });
    const clients = [16, 102].map((address) => new Client(station, limits(), undefined, undefined, address));
    for (const client of clients) client.connect();
    station.answer = (event) => concat(Uint8Array.of(event.clientSap), event.apdu);
    for (let round = 0; round < 20; round++) {
      for (const [i, address] of [16, 102].entries()) {
        const apdu = bytes(200 + round, round);
        expect(toHex(clients[i]!.request(apdu)!)).toBe(toHex(concat(Uint8Array.of(address), apdu)));
      }
    }
    expect(station.state(0) + station.state(1)).toBe("NRMNRM");
    clients[0]!.disconnect();
    expect(station.state(0) + station.state(1)).toBe("NDMNRM");
  });
});
