/** A whole meter at an optical head: every transition, times, readout, hand-over to HDLC and the way back. */
import { describe, expect, test } from "vitest";
import { templateLoad, templateRead, templatesJoin } from "../../host/template/load.ts";
import { compileTemplate } from "../../host/template/compile.ts";
import type { TemplateDocument } from "../../host/template/document.ts";
import { CELLS, EVENTS, STATES } from "../link/sign_on_cells.ts";
import { Dice } from "../testing.ts";
import {
  ACK,
  blockCheck,
  BREAK,
  ETX,
  even,
  IDENTIFICATION,
  LOCAL_PORT,
  MODE_E,
  OpticalLine,
  REACHED,
  REQUEST,
  select,
  SNRM,
  STX,
  templateWith,
} from "./optical_line.ts";

/** How each event comes to a whole meter. */
const HAPPENS: Record<string, (line: OpticalLine) => void> = {
  REQUEST: (line) => line.send(REQUEST),
  FOREIGN: (line) => line.send("/?99999999!\r\n"),
  SELECT_HDLC: (line) => line.send(select("252")),
  SELECT_READOUT: (line) => line.send(select("050")),
  SELECT_PROGRAMMING: (line) => line.send(select("051")),
  SELECT_OTHER: (line) => line.send(select("292")),
  BREAK: (line) => line.send(BREAK),
  MALFORMED: (line) => line.send("/?!\n"),
  DUE: (line) => line.wait(line.due !== undefined && line.due <= 200 ? line.due : 0),
  SENT: (line) => line.sent(),
  SILENT: (line) => {
    const due = line.due;
    line.wait(due !== undefined && due > 200 ? due : 0);
  },
};

/** What the meter does from here on by itself, and when a client says each of these things first. */
function behaviour(line: OpticalLine): string[] {
  const first: ((line: OpticalLine) => unknown)[] = [
    () => undefined,
    (line) => line.send(REQUEST),
    (line) => line.send(select("242")),
    (line) => line.sent(),
    (line) => line.frame(SNRM).map((frame) => frame.control.type),
  ];
  const begin = line.snapshot();
  return first.map((said) => {
    line.restore(begin);
    const story = [line.rate, JSON.stringify(said(line))];
    for (let step = 0; step < 40; step++) {
      story.push(line.due ?? "never", line.wait(), line.rate, line.sent(), line.rate);
    }
    line.restore(begin);
    return story.join(" ");
  });
}

function inState(state: string): OpticalLine {
  const line = OpticalLine.open();
  REACHED[state]!(line);
  return line;
}

describe("every cell of the table, in a whole meter", () => {
  // DONE is a SENT; NO_READOUT and END have tests of their own below.
  const events = EVENTS.filter((event) => event in HAPPENS);
  // So does the SENT that is followed by the next piece of a data block.
  const cells = STATES.flatMap((state) => events.map((event) => [state, event] as const)).filter(
    ([state, event]) => !(state === "READING" && event === "SENT"),
  );
  const known = new Map(STATES.map((state) => [state, behaviour(inState(state))]));

  test("the states behave differently", () => {
    expect(new Set([...known.values()].map((story) => story.join())).size).toBe(STATES.length);
  });

  test.each(cells)("%s at %s", (state, event) => {
    const line = inState(state);
    HAPPENS[event]!(line);
    const next = (CELLS[`${state} ${event}`] ?? state).split(" ")[0]!;
    // What was not offered is answered at the rate of the opening.
    const falls = state === "SELECT" && ["SELECT_OTHER", "MALFORMED", "SILENT"].includes(event);
    if (!falls) return expect(behaviour(line)).toEqual(known.get(next));
    expect([line.rate, line.due]).toEqual([300, 200]);
    expect(line.wait().slice(0, 1)).toBe(STX);
  });
});

const withoutReadout = (): OpticalLine => {
  const document = templateRead();
  const { readout, ...serial } = document.ports["serial"]!;
  expect(readout).toBeDefined();
  return OpticalLine.open(compileTemplate(templateWith(document, { ...serial })));
};

describe("sign-on", () => {
  test("identification, option select, confirmation at the new rate", () => {
    const line = OpticalLine.open();
    expect([line.rate, line.due]).toEqual([300, undefined]);
    expect(line.send(REQUEST)).toBe("");
    expect(line.due).toBe(200);
    expect(line.wait(199)).toBe("");
    expect(line.wait(1)).toBe(IDENTIFICATION);
    expect(line.wait(60_000)).toBe("");
    line.sent();
    expect(line.due).toBe(1500);
    line.send(select("252"));
    expect([line.rate, line.due]).toEqual([9600, 200]);
    expect(line.wait()).toBe(select("252"));
    line.sent();
    expect(line.frame(SNRM)[0]!.control.type).toBe("UA");
  });

  test("device_addr is the serial number: leading zeros do not count, other addresses get no answer", () => {
    for (const address of ["", "1", "00000001", "000000000001"]) {
      expect(OpticalLine.open().identify(`/?${address}!\r\n`)).toBe(IDENTIFICATION);
    }
    for (const address of ["2", "10", "0"]) expect(OpticalLine.open().identify(`/?${address}!\r\n`)).toBe("");
  });

  test("prop_baud, default_baud and response_time of the setup object are kept to", () => {
    const line = OpticalLine.open(
      templateLoad(undefined, [MODE_E, `${LOCAL_PORT}:3=2`, `${LOCAL_PORT}:4=4`, `${LOCAL_PORT}:5=0`]),
    );
    expect(line.rate).toBe(1200);
    line.send(REQUEST);
    expect(line.due).toBe(20);
    expect(line.wait()).toBe(IDENTIFICATION.replace("MMM5", "MMm4"));
    line.sent();
    line.send(select("252"));
    expect([line.rate, line.wait().slice(0, 1)]).toEqual([1200, STX]);
  });

  test("interrupted behind every octet, after 1500 ms it begins anew", () => {
    const said = [REQUEST, select("252")];
    for (let cut = 0; cut < said.join("").length; cut++) {
      const line = OpticalLine.open();
      if (cut < said[0]!.length) {
        line.send(said[0]!.slice(0, cut));
        line.wait(1501);
      } else {
        line.identify();
        line.send(said[1]!.slice(0, cut - said[0]!.length));
        // Silence is answered with the data readout, as mode C wants it.
        line.wait(1500);
        expect(line.readout(line.wait()).slice(0, 1)).toBe(STX);
      }
      expect(line.rate).toBe(300);
      expect(line.identify()).toBe(IDENTIFICATION);
    }
  });

  test("octet by octet, behind noise, with a wrong parity anywhere", () => {
    const line = OpticalLine.open();
    for (const octet of [0, 0xff, 0x7e, 0x06, 0x35, ...even(REQUEST)]) line.octets(Uint8Array.of(octet));
    expect(line.wait()).toBe(IDENTIFICATION);
    const good = even(REQUEST);
    for (let at = 0; at < good.length; at++) {
      const spoilt = OpticalLine.open();
      spoilt.octets(good.with(at, good[at]! ^ 0x80));
      expect(spoilt.due).toBeUndefined();
      expect(spoilt.identify()).toBe(IDENTIFICATION);
    }
  });

  test("a break ends it, one with a wrong block check does not", () => {
    const line = OpticalLine.open();
    line.identify();
    line.send(BREAK);
    expect(line.due).toBeUndefined();
    line.identify();
    line.send(BREAK.slice(0, -1) + "p");
    expect(line.readout(line.wait()).slice(0, 1)).toBe(STX);
  });

  test("without a data readout, whoever does not select HDLC gets nothing", () => {
    for (const vzy of ["050", "292", "252\0"]) {
      const line = withoutReadout();
      line.identify();
      line.send(select(vzy));
      expect([line.rate, line.due]).toEqual([300, undefined]);
    }
    const line = withoutReadout();
    line.identify();
    expect([line.wait(1500), line.due]).toEqual(["", undefined]);
    expect(line.signOn().frame(SNRM)[0]!.control.type).toBe("UA");
  });

  test("any octets at any time never stop it", () => {
    const dice = new Dice(62056);
    const line = OpticalLine.open();
    const words = [REQUEST, select("252"), select("050"), select("051"), BREAK, ACK, "/?", "\r\n"].map(even);
    for (let n = 0; n < 3000; n++) {
      line.octets(dice.roll(3) === 0 ? dice.octets(dice.roll(40)) : words[dice.roll(words.length)]!);
      line.wait([0, 20, 200, 1500, 130_000][dice.roll(5)]);
      if (dice.roll(2) === 0) line.sent();
    }
    for (let n = 0; n < 10; n++) {
      line.sent();
      line.wait(130_000);
    }
    expect(line.identify()).toBe(IDENTIFICATION);
  });
});

describe("data readout", () => {
  /** STX, lines, end, and the block check that fits. */
  function block(text: string): string[] {
    const [, lines] = /^\x02([^]*)!\r\n\x03([^])$/.exec(text)!;
    expect(text.at(-1)).toBe(blockCheck(text.slice(0, -1)));
    return lines!.split("\r\n").slice(0, -1);
  }

  test("gives what the profile names, in several pieces, then the line is back at 300 Bd", () => {
    const line = OpticalLine.open();
    line.raw.advance(3_600_000);
    line.identify();
    line.send(select("050"));
    expect([line.rate, line.due]).toEqual([9600, 200]);
    const first = line.wait();
    expect(first.length).toBeLessThan(270);
    const lines = block(line.readout(first));
    // An hour of 500, 300 and 200 W with a fifth of it reactive, at 230 V (host/metrology/constant.ts).
    expect(lines).toEqual([
      "0-0:96.1.0*255(00000001)",
      "0-0:1.0.0*255(260105140000W)",
      "1-0:1.8.0*255(1000*Wh)",
      "1-0:1.8.1*255(1000*Wh)",
      "1-0:1.8.2*255(0*Wh)",
      "1-0:2.8.0*255(0*Wh)",
      "1-0:3.8.0*255(200*varh)",
      "1-0:4.8.0*255(0*varh)",
      "1-0:1.7.0*255(1000*W)",
      "1-0:2.7.0*255(0*W)",
      "1-0:32.7.0*255(230.0*V)",
      "1-0:52.7.0*255(230.0*V)",
      "1-0:72.7.0*255(230.0*V)",
      "1-0:31.7.0*255(2.21*A)",
      "1-0:51.7.0*255(1.33*A)",
      "1-0:71.7.0*255(0.88*A)",
    ]);
    expect([line.rate, line.due]).toEqual([300, undefined]);
    expect(line.identify()).toBe(IDENTIFICATION);
  });

  test("a readout of one object is one piece", () => {
    const over = { logicalName: "0-0:21.0.0.255", profile: { columns: ["1-0:1.8.0.255:2"], period: 0, depth: 1 } };
    const document = templatesJoin(templateRead(), { objects: [over] } as unknown as TemplateDocument);
    const line = OpticalLine.open(compileTemplate(templateWith(document, document.ports["serial"]!)));
    line.identify();
    line.send(select("000"));
    expect(block(line.wait())).toEqual(["1-0:1.8.0*255(0*Wh)"]);
    line.sent();
    expect(line.identify()).toBe(IDENTIFICATION);
  });

  test("programming mode is refused with a break at the selected rate", () => {
    const line = OpticalLine.open();
    line.identify();
    line.send(select("031"));
    expect([line.rate, line.wait()]).toEqual([2400, `\x01B0${ETX}q`]);
    line.sent();
    expect(line.rate).toBe(300);
  });
});
