/** What an optical head gives back is dropped, and nothing else. */
import { describe, expect, it } from "vitest";
import { EchoFilter } from "../../host/transport/echo.ts";
import { Dice } from "../testing.ts";

const BAUD = 9600;
const octets = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, "latin1"));
const text = (all: Uint8Array): string => Buffer.from(all).toString("latin1");

describe("echo", () => {
  it("is dropped in one piece, octet by octet, and with an answer behind it", () => {
    const filter = new EchoFilter();
    filter.sent(octets("hello"), 0, BAUD);
    expect(text(filter.received(octets("hello"), 10))).toBe("");
    filter.sent(octets("hello"), 100, BAUD);
    expect([..."hello"].map((c) => text(filter.received(octets(c), 110))).join("")).toBe("");
    filter.sent(octets("hello"), 200, BAUD);
    expect(text(filter.received(octets("helloanswer"), 210))).toBe("answer");
    expect(text(filter.received(octets("hello"), 220))).toBe("hello");
  });

  it("of several items comes back in their order", () => {
    const filter = new EchoFilter();
    filter.sent(octets("one"), 0, BAUD);
    filter.sent(octets("two"), 0, BAUD);
    expect(text(filter.received(octets("onetwox"), 10))).toBe("x");
  });

  it("that does not come takes nothing away, even where the answer begins like it", () => {
    const filter = new EchoFilter();
    filter.sent(octets("\x7e\xa0meter"), 0, BAUD);
    expect(text(filter.received(octets("\x7e"), 10))).toBe("");
    expect(text(filter.received(octets("\xa0client\x7e"), 11))).toBe("\x7e\xa0client");
    expect(text(filter.received(octets("\x7e\xa0cl"), 12))).toBe("\x7e\x7e\xa0cl");
  });

  it("that is spoilt or cut short goes on, and so does what comes behind it", () => {
    const filter = new EchoFilter();
    filter.sent(octets("hello"), 0, BAUD);
    expect(text(filter.received(octets("hexlo"), 10))).toBe("hexlo");
    filter.sent(octets("world"), 1000, BAUD);
    expect(text(filter.received(octets("wor"), 1010))).toBe("");
    expect(text(filter.received(octets("answer"), 2000))).toBe("woranswer");
  });

  it("is waited for as long as the octets take on the line and a little longer", () => {
    // 30 characters at 300 Bd are a second.
    const item = "x".repeat(30);
    const late = new EchoFilter();
    late.sent(octets(item), 0, 300);
    expect(text(late.received(octets(item), 1250))).toBe("");
    const later = new EchoFilter();
    later.sent(octets(item), 0, 300);
    expect(text(later.received(octets(item), 1251))).toBe(item);
  });

  it("whatever comes in whatever pieces, only whole items are ever missing from it", () => {
    const dice = new Dice(19);
    for (let round = 0; round < 300; round++) {
      const filter = new EchoFilter();
      const item = Uint8Array.from({ length: 1 + dice.roll(4) }, () => dice.roll(2));
      const stream = Uint8Array.from({ length: dice.roll(30) }, () => dice.roll(2));
      filter.sent(item, 0, BAUD);
      let kept = "";
      for (let at = 0; at < stream.length;) {
        const size = 1 + dice.roll(5);
        kept += text(filter.received(stream.subarray(at, at + size), 1));
        at += size;
      }
      kept += text(filter.received(new Uint8Array(0), 10_000));
      const whole = text(stream);
      const without = [...whole].map((_, i) => i).filter((i) => whole.startsWith(text(item), i));
      const choices = [whole, ...without.map((i) => whole.slice(0, i) + whole.slice(i + item.length))];
      expect(choices).toContain(kept);
      if (whole.startsWith(text(item))) expect(kept).toBe(whole.slice(item.length));
    }
  });
});
