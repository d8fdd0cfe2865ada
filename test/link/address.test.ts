/** Whose frames are taken: address lengths, reserved addresses, the links of a line and who gets them. */
import { describe, expect, test } from "vitest";
import { LinkCore, fromHex, toHex } from "./core.ts";
import { control, controlName } from "./frames.ts";
import { CLIENT, POINT_TO_POINT, STRICT, type Settings, Station, from, request } from "./station.ts";

const OTHER = 0;
const OWN = 1;
const GROUP = 2;

/** An address field from its parts, the slow way. */
function field(size: number, upper: number, lower: number): Uint8Array {
  if (size === 1) return Uint8Array.of((upper << 1) | 1);
  if (size === 2) return Uint8Array.of(upper << 1, (lower << 1) | 1);
  return Uint8Array.of((upper >> 7) << 1, (upper & 0x7f) << 1, (lower >> 7) << 1, ((lower & 0x7f) << 1) | 1);
}

const core = new LinkCore();

function judge(flags: number, addressLength: number, address: Uint8Array, calling = false, own = 1): number {
  return core.scoped(() => {
    const parameters = core.room(28);
    core.octets.set([addressLength, flags], parameters + 6);
    core.setU16(parameters + 8, 17);
    core.setU16(parameters + 10, own);
    return core.call("station", parameters, calling ? 1 : 0, core.put(address), address.length);
  });
}

const ALL = { 1: 0x7f, 2: 0x7f, 4: 0x3fff } as const;
const CALLING = { 2: 0x7e, 4: 0x3ffe } as const;

describe("strict address lengths (GB9 8.4.2.5)", () => {
  const strict = (configured: number, address: Uint8Array, calling = false) =>
    judge(STRICT | POINT_TO_POINT, configured, address, calling);

  test("one octet to a station of two or four: dropped", () => {
    for (const configured of [2, 4]) {
      expect(strict(configured, field(1, 1, 0))).toBe(OTHER);
      expect(strict(configured, field(1, ALL[1], 0))).toBe(OTHER);
    }
  });

  test("two octets to a station of one: only with lower all-station", () => {
    expect(strict(1, field(2, 1, 17))).toBe(OTHER);
    expect(strict(1, field(2, 1, ALL[2]))).toBe(GROUP);
    expect(strict(1, field(2, ALL[2], ALL[2]))).toBe(GROUP);
    expect(strict(1, field(2, 16, ALL[2]))).toBe(OTHER);
    expect(strict(1, field(2, 1, CALLING[2]), true)).toBe(OTHER);
  });

  test("two octets to a station of four: widened", () => {
    expect(strict(4, field(2, 1, 17))).toBe(OWN);
    expect(strict(4, field(2, 1, ALL[2]))).toBe(GROUP);
    expect(strict(4, field(2, ALL[2], 17))).toBe(GROUP);
    expect(strict(4, field(2, 1, CALLING[2]), true)).toBe(OWN);
    expect(strict(4, field(2, 1, CALLING[2]))).toBe(OTHER);
    expect(strict(4, field(2, 1, 18))).toBe(OTHER);
  });

  test("four octets to a station of one: only all-station twice", () => {
    expect(strict(1, field(4, 1, 17))).toBe(OTHER);
    expect(strict(1, field(4, 1, ALL[4]))).toBe(OTHER);
    expect(strict(1, field(4, ALL[4], ALL[4]))).toBe(GROUP);
  });

  test("four octets to a station of two: all-station twice, or CALLING to the management logical device", () => {
    expect(strict(2, field(4, 1, 17))).toBe(OTHER);
    expect(strict(2, field(4, 1, ALL[4]))).toBe(OTHER);
    expect(strict(2, field(4, ALL[4], ALL[4]))).toBe(GROUP);
    expect(strict(2, field(4, 1, CALLING[4]))).toBe(OTHER);
    expect(strict(2, field(4, 1, CALLING[4]), true)).toBe(OWN);
    expect(strict(2, field(4, 16, CALLING[4]), true)).toBe(OTHER);
  });

  test("CALLING means the management logical device alone", () => {
    for (const size of [2, 4] as const) {
      for (const configured of [2, 4]) {
        const called = (upper: number, own: number) =>
          judge(STRICT | POINT_TO_POINT, configured, field(size, upper, CALLING[size]), true, own);
        expect(called(1, 1)).toBe(OWN);
        expect(called(16, 16)).toBe(OTHER);
        expect(called(1, 16)).toBe(OTHER);
      }
    }
  });

  test("the configured length: own, all-station, no other; all-station of the other length means a station", () => {
    for (const size of [1, 2, 4] as const) {
      expect(strict(size, field(size, 1, 17))).toBe(OWN);
      expect(strict(size, field(size, ALL[size], 17))).toBe(GROUP);
      expect(strict(size, field(size, 2, 17))).toBe(OTHER);
      expect(strict(size, field(size, 0, 17))).toBe(OTHER);
    }
    for (const size of [2, 4] as const) {
      expect(strict(size, field(size, 1, ALL[size]))).toBe(GROUP);
      expect(strict(size, field(size, 1, 0))).toBe(OTHER);
      expect(strict(size, field(size, 1, CALLING[size]), true)).toBe(OWN);
      expect(strict(size, field(size, 1, CALLING[size]))).toBe(OTHER);
    }
    expect(strict(4, field(4, 0x7f, 17))).toBe(OTHER);
    expect(strict(4, field(4, 1, 0x7f))).toBe(OTHER);
    expect(strict(4, field(4, 1, 0x7e), true)).toBe(OTHER);
  });
});

describe("lengths as the client likes (decision 2)", () => {
  test.each([0, 2, 4])(
    "configured %i: one octet only on a point-to-point line, two and four anywhere",
    (configured) => {
      expect(judge(POINT_TO_POINT, configured, field(1, 1, 0))).toBe(OWN);
      expect(judge(0, configured, field(1, 1, 0))).toBe(OTHER);
      for (const flags of [0, POINT_TO_POINT]) {
        for (const size of [2, 4]) {
          expect(judge(flags, configured, field(size, 1, 17))).toBe(OWN);
          expect(judge(flags, configured, field(size, 1, 18))).toBe(OTHER);
          expect(judge(flags, configured, field(size, 2, 17))).toBe(OTHER);
        }
      }
    },
  );

  test("an upper address of 7E is a logical device like any other", () => {
    expect(judge(POINT_TO_POINT, 0, field(1, 0x7e, 0))).toBe(OTHER);
    expect(judge(POINT_TO_POINT, 0, field(1, 0x7f, 0))).toBe(GROUP);
  });
});

describe("the client's address", () => {
  const silent = (client: number, size = 1) => {
    const station = new Station();
    const source = size === 1 ? Uint8Array.of((client << 1) | 1) : field(size, client, 1);
    return station.exchange({ ...from(control.SNRM), source }).frames.length === 0;
  };

  test("no-station and all-station make a frame invalid, as does more than one octet", () => {
    expect(silent(0)).toBe(true);
    expect(silent(0x7f)).toBe(true);
    expect(silent(16, 2)).toBe(true);
    expect(silent(16, 4)).toBe(true);
    for (const client of [1, 16, 102, 0x7e]) expect(silent(client)).toBe(false);
  });
});

describe("answers", () => {
  test("go out with the address in the form that was used last", () => {
    const station = new Station();
    const forms = ["03", "0223", "00020023"];
    for (const form of [...forms, ...forms]) {
      const [ua] = station.exchange(from(control.SNRM, undefined, { destination: fromHex(form) })).frames;
      expect([toHex(ua!.source), toHex(ua!.destination)]).toEqual([form, "21"]);
    }
    for (const form of forms) {
      const [rr] = station.exchange(from(control.rr(0), undefined, { destination: fromHex(form) })).frames;
      expect(toHex(rr!.source)).toBe(form);
    }
    for (const form of forms) {
      const to = { destination: fromHex(form), client: 55 };
      const [dm] = station.exchange(from(control.rr(0), undefined, to)).frames;
      expect([controlName(dm!.control), toHex(dm!.source), toHex(dm!.destination)]).toEqual(["DM*", form, "6F"]);
    }
    expect(station.state(1)).toBe("NDM");
  });

  test("the CALLING address is answered while CALLING DEVICE is set, and is the same connection", () => {
    const station = new Station();
    const destination = fromHex("0002FEFD");
    expect(station.exchange(from(control.SNRM, undefined, { destination })).frames).toEqual([]);
    station.calling(true);
    const [ua] = station.exchange(from(control.SNRM, undefined, { destination })).frames;
    expect(toHex(ua!.source)).toBe("0002FEFD");
    expect(controlName(station.exchange(from(control.rr(0))).frames[0]!.control)).toBe("RR0*");
  });
});

describe("frames to many stations", () => {
  const TO_ALL = [fromHex("FF"), fromHex("02FF"), fromHex("FEFF"), fromHex("FEFEFEFF")];

  test.each(TO_ALL.map((destination) => [toHex(destination), destination] as const))(
    "%s: UI alone, and unpolled",
    (_, to) => {
      const station = new Station();
      station.exchange(from(control.SNRM));
      const before = station.links();
      for (const octet of [control.SNRM, 0x83, control.DISC, 0x43, control.rr(0), control.rr(0, false), 0xff]) {
        expect(station.exchange(from(octet, undefined, { destination: to }))).toEqual({ events: [], frames: [] });
      }
      for (const octet of [control.i(0, 0), control.i(0, 0, false), control.ui(true)]) {
        expect(station.exchange(from(octet, request(1), { destination: to }))).toEqual({ events: [], frames: [] });
      }
      expect(station.links()).toBe(before);
      const { events, frames } = station.exchange(from(control.ui(), request(1, 2), { destination: to }));
      expect(frames).toEqual([]);
      expect(events).toMatchObject([
        { kind: "APDU", broadcast: true, confirmed: false, link: 0, clientSap: CLIENT, serverSap: 1 },
      ]);
      const [rr] = station.exchange(from(control.rr(0))).frames;
      expect(toHex(rr!.source)).toBe("03");
    },
  );

  test("they do not keep a connection alive", () => {
    const station = new Station();
    station.exchange(from(control.SNRM));
    const deadline = station.deadline();
    station.time += 60_000;
    station.exchange(from(control.ui(), request(1), { destination: fromHex("FF") }));
    expect(station.deadline()).toBe(deadline);
    station.exchange(from(control.rr(0)));
    expect(station.deadline()).toBe(deadline + 60_000);
  });

  test("one for a client without a connection takes a free link", () => {
    const station = new Station();
    station.exchange(from(control.SNRM));
    const to = { destination: fromHex("FF"), client: 102 };
    const { events } = station.exchange(from(control.ui(), request(1), to));
    expect(events).toMatchObject([{ link: 1, rebound: true, clientSap: 102 }]);
    expect(station.exchange(from(control.ui(), request(1), to)).events).toMatchObject([{ link: 1, rebound: false }]);
  });
});

describe("the links of a line (decision 1)", () => {
  const snrm = (station: Station, client: number) => {
    const { events, frames } = station.exchange(from(control.SNRM, undefined, { client }));
    return [controlName(frames[0]!.control), events[0]?.link];
  };

  test("four clients at once; a fifth gets DM until one of them leaves", () => {
    const station = new Station();
    [1, 16, 102, 103].forEach((client, k) => expect(snrm(station, client)).toEqual(["UA*", k]));
    expect(snrm(station, 5)).toEqual(["DM*", undefined]);
    expect(snrm(station, 102)).toEqual(["UA*", 2]);
    station.exchange(from(control.DISC, undefined, { client: 16 }));
    expect(snrm(station, 5)).toEqual(["UA*", 1]);
    expect(snrm(station, 16)).toEqual(["DM*", undefined]);
    expect([0, 1, 2, 3].map((k) => station.state(k))).toEqual(["NRM", "NRM", "NRM", "NRM"]);
  });

  test("a free link goes first, then the disconnected one that was silent longest", () => {
    const station = new Station();
    for (const client of [1, 16, 102, 103]) {
      station.time += 1000;
      snrm(station, client);
    }
    for (const client of [103, 16, 1, 102]) {
      station.time += 1000;
      station.exchange(from(control.DISC, undefined, { client }));
    }
    expect(snrm(station, 16)).toEqual(["UA*", 1]);
    expect(snrm(station, 7)).toEqual(["UA*", 3]);
    expect(snrm(station, 8)).toEqual(["UA*", 0]);
    expect(snrm(station, 9)).toEqual(["UA*", 2]);
    expect(snrm(station, 10)).toEqual(["DM*", undefined]);
  });

  test("UI from a fifth client is lost while all links are connected", () => {
    const station = new Station({ links: 1 });
    snrm(station, 1);
    expect(station.exchange(from(control.ui(), request(1)))).toEqual({ events: [], frames: [] });
    station.exchange(from(control.DISC, undefined, { client: 1 }));
    expect(station.exchange(from(control.ui(), request(1))).events).toMatchObject([{ link: 0, rebound: true }]);
  });

  test("each link has its own time-out; the next deadline is the earliest", () => {
    const station = new Station({ inactivitySeconds: 10 });
    expect(station.deadline()).toBe(0);
    snrm(station, 1);
    const start = station.time;
    station.time += 4000;
    snrm(station, 16);
    expect(station.deadline()).toBe(start + 10_000);
    station.time = start + 10_000;
    expect(station.expire()).toMatchObject({ kind: "LINK_DOWN", link: 0, clientSap: 1 });
    expect(station.expire()).toBeNull();
    expect(station.deadline()).toBe(start + 14_000);
    station.time = start + 14_000;
    expect(station.expire()).toMatchObject({ kind: "LINK_DOWN", link: 1 });
    expect(station.deadline()).toBe(0);
  });

  test("an expired connection holds no token, even if its caller still owes an answer", () => {
    const station = new Station();
    station.answer = () => "later";
    snrm(station, CLIENT);
    station.exchange(from(control.i(0, 0), request(1)));
    station.time += 120_000;
    expect(station.expire()).not.toBeNull();
    expect(station.drain()).toEqual([]);
    expect(station.send(0, Uint8Array.of(1))).toBe(-8);
    expect(station.drain()).toEqual([]);
  });

  test("0 switches the time-out off", () => {
    const station = new Station({ inactivitySeconds: 0 });
    snrm(station, 1);
    station.time += 1e10;
    expect(station.deadline()).toBe(0);
    expect(station.expire()).toBeNull();
  });

  test("opening the line empties it", () => {
    const station = new Station();
    snrm(station, 1);
    station.open();
    expect(/^0+$/.test(station.snapshot())).toBe(true);
  });

  test("a token that a link holds is lost when another client speaks", () => {
    const settings: Partial<Settings> = {};
    const station = new Station(settings);
    station.answer = () => "later";
    snrm(station, 1);
    snrm(station, 16);
    station.exchange(from(control.i(0, 0), request(1), { client: 1 }));
    expect(controlName(station.exchange(from(control.rr(0))).frames[0]!.control)).toBe("RR0*");
    station.send(0, Uint8Array.of(1));
    expect(station.drain()).toEqual([]);
    const { frames } = station.exchange(from(control.rr(0), undefined, { client: 1 }));
    expect(controlName(frames[0]!.control)).toBe("I0,1*");
    // Also when the other one does not poll.
    station.exchange(from(control.i(1, 1), request(2), { client: 1 }));
    expect(station.exchange(from(control.rr(0, false))).frames).toEqual([]);
    station.send(0, Uint8Array.of(1));
    expect(station.drain()).toEqual([]);
  });
});
