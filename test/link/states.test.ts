/** Every cell of the state table: what a frame does to a connection in each state, polled and not. */
import { beforeEach, describe, expect, test } from "vitest";
import { LinkCore, fromHex, toHex } from "./core.ts";
import { control, controlName, type Frame } from "./frames.ts";
import { CLIENT, Station, concat, from, proposal, request } from "./station.ts";

const POLL = 0x10;
type State = "NDM" | "NRM" | "FRMR";
const STATES: State[] = ["NDM", "NRM", "FRMR"];
const MALFORMED_PROPOSAL = fromHex("81 80 05 05 02 00");

/** A station whose link of CLIENT is in `state`, with V(S) = V(R) = 1 where it is connected. */
function inState(state: State): Station {
  const station = new Station({ infoReceive: 1024 });
  station.answer = () => Uint8Array.of(0xc4, 1);
  if (state === "NDM") {
    station.exchange(from(control.SNRM));
    station.exchange(from(control.DISC));
    return station;
  }
  station.exchange(from(control.SNRM, proposal(128, 128, 1, 1)));
  station.exchange(from(control.i(0, 0), request(0xc0, 1)));
  station.exchange(from(control.rr(1)));
  if (state === "FRMR") station.exchange(from(control.rr(5)));
  expect(station.state()).toBe(state);
  return station;
}

const FRAMES: Record<string, Frame> = {
  SNRM: from(control.SNRM),
  SNRM_MALFORMED: from(control.SNRM, MALFORMED_PROPOSAL),
  DISC: from(control.DISC),
  I: from(control.i(1, 1), request(0xc0, 2)),
  I_SEQUENCE: from(control.i(0, 1), request(0xc0, 2)),
  RR: from(control.rr(1)),
  RNR: from(control.rnr(1)),
  UI: from(control.ui(true), request(0xc0, 2)),
  RESPONSE_UA: from(control.UA),
  RESPONSE_DM: from(control.DM),
  RESPONSE_FRMR: from(control.FRMR, fromHex("10 00 01")),
  UNDEFINED: from(0xff),
  UNDEFINED_TEST: from(0xf3),
  FORBIDDEN_RR: from(control.rr(1), fromHex("00")),
  FORBIDDEN_RNR: from(control.rnr(1), fromHex("00")),
  TOO_LONG_I: from(control.i(1, 1), new Uint8Array(1300)),
  TOO_LONG_UI: from(control.ui(true), new Uint8Array(2031 - 20)),
  INVALID_NR_RR: from(control.rr(2)),
  INVALID_NR_RNR: from(control.rnr(0)),
  INVALID_NR_I: from(control.i(1, 3), request(0xc0, 2)),
};

/**
 * The rejection that inState("FRMR") provokes is of RR, N(R) = 5 (B1), at V(S) = V(R) = 1 (22), for z (08).
 * Per frame and state: next state, what is told, what is answered when polled (FRMR with its information).
 */
const EXPECTED: Record<string, Record<State, string>> = {
  SNRM: { NDM: "NRM LINK_UP UA*", NRM: "NRM LINK_UP UA*", FRMR: "NRM LINK_UP UA*" },
  SNRM_MALFORMED: { NDM: "NDM", NRM: "NRM", FRMR: "FRMR" },
  DISC: { NDM: "NDM DM*", NRM: "NDM LINK_DOWN UA*", FRMR: "NDM LINK_DOWN UA*" },
  I: { NDM: "NDM DM*", NRM: "NRM APDU I1,2*", FRMR: "FRMR FRMR*B12208" },
  I_SEQUENCE: { NDM: "NDM DM*", NRM: "NRM RR1*", FRMR: "FRMR FRMR*B12208" },
  RR: { NDM: "NDM DM*", NRM: "NRM RR1*", FRMR: "FRMR FRMR*B12208" },
  RNR: { NDM: "NDM DM*", NRM: "NRM RR1*", FRMR: "FRMR FRMR*B12208" },
  UI: { NDM: "NDM APDU", NRM: "NRM APDU", FRMR: "FRMR APDU FRMR*B12208" },
  RESPONSE_UA: { NDM: "NDM", NRM: "NRM", FRMR: "FRMR" },
  RESPONSE_DM: { NDM: "NDM", NRM: "NRM", FRMR: "FRMR" },
  RESPONSE_FRMR: { NDM: "NDM", NRM: "NRM", FRMR: "FRMR" },
  UNDEFINED: { NDM: "NDM DM*", NRM: "FRMR FRMR*FF2201", FRMR: "FRMR FRMR*B12208" },
  UNDEFINED_TEST: { NDM: "NDM DM*", NRM: "FRMR FRMR*F32201", FRMR: "FRMR FRMR*B12208" },
  FORBIDDEN_RR: { NDM: "NDM", NRM: "FRMR FRMR*312203", FRMR: "FRMR FRMR*B12208" },
  FORBIDDEN_RNR: { NDM: "NDM", NRM: "FRMR FRMR*352203", FRMR: "FRMR FRMR*B12208" },
  TOO_LONG_I: { NDM: "NDM", NRM: "FRMR FRMR*322204", FRMR: "FRMR FRMR*B12208" },
  TOO_LONG_UI: { NDM: "NDM", NRM: "FRMR FRMR*132204", FRMR: "FRMR FRMR*B12208" },
  INVALID_NR_RR: { NDM: "NDM DM*", NRM: "FRMR FRMR*512208", FRMR: "FRMR FRMR*B12208" },
  INVALID_NR_RNR: { NDM: "NDM DM*", NRM: "FRMR FRMR*152208", FRMR: "FRMR FRMR*B12208" },
  INVALID_NR_I: { NDM: "NDM DM*", NRM: "FRMR FRMR*722208", FRMR: "FRMR FRMR*B12208" },
};

/** Offers `frame` and says in words what came of it. */
function outcome(station: Station, frame: Frame): string {
  const { events, frames } = station.exchange(frame);
  const answers = frames.map((f) => controlName(f.control) + (f.control === control.FRMR ? toHex(f.info) : ""));
  return [station.state(), ...events.map((e) => e.kind), ...answers].join(" ");
}

for (const state of STATES) {
  describe(`in ${state}`, () => {
    let station: Station;
    beforeEach(() => {
      station = inState(state);
    });

    test.each(Object.keys(FRAMES))("%s, P = 1", (name) => {
      expect(outcome(station, FRAMES[name]!)).toBe(EXPECTED[name]![state]);
    });

    test.each(Object.keys(FRAMES))("%s, P = 0: the same, but nothing is sent", (name) => {
      const frame = FRAMES[name]!;
      const silent = { ...frame, control: frame.control & ~POLL };
      const words = EXPECTED[name]![state].split(" ").filter((word) => !word.includes("*"));
      expect(outcome(station, silent)).toBe(words.join(" "));
    });

    test("inactivity", () => {
      station.time += 120_000 - 1;
      expect(station.expire()).toBeNull();
      station.time += 1;
      if (state === "NDM") expect(station.expire()).toBeNull();
      else expect(station.expire()).toMatchObject({ kind: "LINK_DOWN", link: 0, clientSap: CLIENT, serverSap: 1 });
      expect(station.state()).toBe("NDM");
      expect(station.drain()).toEqual([]);
      expect(outcome(station, from(control.DISC))).toBe("NDM DM*");
    });
  });
}

test("the table holds 14 events in 3 states, and every cell was named above", () => {
  const core = new LinkCore();
  const cells = STATES.flatMap((_, state) =>
    Array.from({ length: 14 }, (_, event) => core.call("hdlcStep", state, event)),
  );
  expect(cells.every((cell) => cell >> 4 <= 2 && (cell & 15) <= 13)).toBe(true);
  expect(() => core.call("hdlcStep", 3, 0)).toThrow();
  expect(() => core.call("hdlcStep", 0, 14)).toThrow();
});

describe("the frame reject condition", () => {
  test("a rejected frame with P = 0 is told at the next poll", () => {
    const station = inState("NRM");
    expect(outcome(station, from(control.rr(3, false)))).toBe("FRMR");
    expect(outcome(station, from(control.rr(1)))).toBe("FRMR FRMR*612208");
  });

  test("SNRM leads out of it, with V(S) and V(R) 0", () => {
    const station = inState("FRMR");
    expect(outcome(station, from(control.SNRM))).toBe("NRM LINK_UP UA*");
    expect(outcome(station, from(control.i(0, 0), request(1)))).toBe("NRM APDU I0,1*");
  });

  test("an RR with N(R) = 1 directly after UA is rejected (reason z)", () => {
    const station = new Station();
    station.exchange(from(control.SNRM));
    expect(outcome(station, from(control.rr(1)))).toBe("FRMR FRMR*310008");
  });

  test("a truncated, overlong undefined frame is still told apart", () => {
    const station = new Station({ frameCapacity: 64 });
    station.exchange(from(control.SNRM));
    const long = station.wire(from(0xff, new Uint8Array(900)));
    station.offer(long.slice(0, 500));
    const { sent } = station.offer(long.slice(500));
    expect(toHex(sent[0]!)).toBe("7EA00C2103973E21FF00010D187E");
  });
});

describe("SNRM and UA", () => {
  const agreed = (station: Station, info: Uint8Array) => {
    const { frames } = station.exchange(from(control.SNRM, info));
    expect(frames).toHaveLength(1);
    expect(frames[0]!.control).toBe(control.UA);
    return toHex(frames[0]!.info);
  };
  const ua = (...limits: [number, number, number, number]) => toHex(proposal(...limits));

  test("without parameters: 128, 128, 1, 1, and all four are said", () => {
    expect(agreed(new Station(), new Uint8Array())).toBe(ua(128, 128, 1, 1));
  });

  test("each limit is the smaller one, crossed over: what the client sends is what we receive", () => {
    const station = new Station({ infoTransmit: 300, infoReceive: 400, windowTransmit: 3, windowReceive: 4 });
    expect(agreed(station, proposal(200, 500, 2, 7))).toBe(ua(300, 200, 3, 2));
    expect(agreed(station, proposal(500, 200, 7, 2))).toBe(ua(200, 400, 2, 4));
  });

  test("what is out of range is clamped", () => {
    const station = new Station();
    expect(agreed(station, proposal(2031, 0xffff, 8, 255))).toBe(ua(2030, 2030, 7, 7));
    expect(agreed(station, proposal(31, 0, 0, 0))).toBe(ua(32, 32, 1, 1));
    const odd = new Station({ infoTransmit: 0, infoReceive: 5000, windowTransmit: 0, windowReceive: 9 });
    expect(agreed(odd, proposal(2030, 2030, 7, 7))).toBe(ua(32, 2030, 1, 7));
  });

  test("no more is promised than the frame buffer takes", () => {
    expect(agreed(new Station({ frameCapacity: 144 }), proposal(2030, 2030, 1, 1))).toBe(ua(2030, 128, 1, 1));
  });

  test("SNRM in NRM negotiates anew, counts from 0 and forgets what was under way", () => {
    const station = new Station();
    station.answer = () => new Uint8Array(300).fill(7);
    station.exchange(from(control.SNRM));
    station.exchange(from(control.i(0, 0), request(1)));
    expect(agreed(station, proposal(64, 64, 1, 1))).toBe(ua(64, 64, 1, 1));
    expect(outcome(station, from(control.rr(0)))).toBe("NRM RR0*");
    expect(outcome(station, from(control.i(0, 0, false), request(1, 2, 3), { segmented: true }))).toBe("NRM");
    agreed(station, proposal(64, 64, 1, 1));
    const { events } = station.exchange(from(control.i(0, 0), request(9)));
    expect(events[0]!.apdu).toEqual(Uint8Array.of(9));
  });

  test("user data in SNRM and DISC is passed over", () => {
    const station = new Station();
    expect(agreed(station, concat(proposal(64, 64, 1, 1), fromHex("F0 01 02 03")))).toBe(ua(64, 64, 1, 1));
    expect(outcome(station, from(control.DISC, fromHex("81 F0 01")))).toBe("NDM LINK_DOWN UA*");
  });

  test("UA to DISC has no information", () => {
    const station = inState("NRM");
    expect(toHex(station.offer(fromHex("7EA00703215303C77E")).sent[0]!)).toBe("7EA00721037301407E");
    expect(toHex(station.offer(fromHex("7EA00703215303C77E")).sent[0]!)).toBe("7EA00721031F6BE97E");
  });
});
