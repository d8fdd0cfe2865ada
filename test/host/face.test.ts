/** The face of a meter at the end of a terminal: what it shows, and that it never breaks what is logged. */
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { faceLines, type FaceFacts } from "../../host/cli/face.ts";
import { displayOf } from "../../host/cli/face_reader.ts";
import type { Data } from "../../host/client/axdr.ts";
import * as data from "../../host/client/data.ts";
import { attribute, method } from "../../host/client/session.ts";
import { printable, Screen } from "../../host/cli/screen.ts";
import { ROOT } from "../tidy/sources.ts";
import { LLS, Rig } from "./rig.ts";
import { hasSocat, until } from "./terminals.ts";

const MAIN = join(ROOT, "dist/cli/main.js");

/** As much of a terminal as the screen uses: lines, cursor up, return, clearing to the end. */
class Terminal {
  columns = 40;
  rows = 20;
  readonly lines: string[] = [""];
  private row = 0;

  write(text: string): void {
    for (const part of text.split(/(\n|\r|\x1b\[\d*[AJ])/)) this.take(part);
  }

  private take(part: string): void {
    if (part === "\n") this.lines[++this.row] ??= "";
    else if (part.endsWith("A") && part.startsWith("\x1b")) this.row -= Number(part.slice(2, -1));
    else if (part.startsWith("\x1b")) this.lines.splice(this.row, Infinity, "");
    else if (part !== "\r") this.lines[this.row] += part;
  }
}

describe("the lower end of a terminal", () => {
  it("stays below what is logged, which stands there whole and once", () => {
    const terminal = new Terminal();
    const screen = new Screen(terminal);
    const log = (text: string): void => screen.above(() => terminal.write(`${text}\n`));
    log("one");
    screen.show(["a", "b"]);
    log("two\nthree");
    screen.show(["a", "c", "d"]);
    log("four");
    expect(terminal.lines).toEqual(["one", "two", "three", "four", "a", "c", "d", ""]);
    screen.show([]);
    log("five");
    expect(terminal.lines).toEqual(["one", "two", "three", "four", "five", ""]);
  });

  it("takes half of the terminal at most, cuts lines that it would break, and lets no text command it", () => {
    const terminal = new Terminal();
    terminal.columns = 10;
    terminal.rows = 6;
    new Screen(terminal).show(["x".repeat(30), "\x1b[2J\x07ok\x9b", "3", "4"]);
    expect(terminal.lines).toEqual(["x".repeat(9), "·[2J·ok·", "3", ""]);
    expect(printable("Überlast\n")).toBe("Überlast·");
  });
});

describe("the lines of a face", () => {
  const facts: FaceFacts = {
    name: "MMM1030300000000",
    state: "running",
    time: Date.UTC(2026, 2, 1, 12, 0, 5, 250),
    speed: 60,
    values: Int32Array.of(230_000, 229_500, 0, 2217, 1330, 0, 500_000, -300_000, 0, 0, 0, 0, 50_000),
    lasting: [
      { do: "sag", since: 0 },
      { do: "magnet", since: 0 },
    ],
  };

  it("show what is known, aligned, and leave out what is not", () => {
    const display = {
      lines: [
        { name: "1-0:1.8.0.255", value: "12.345 kWh" },
        { name: "0-0:96.1.0.255", value: "00000000" },
      ],
      clock: "2026-03-01T13:00:05+01:00",
      tariff: "RATE1",
      message: "Pay now",
      control: "DISCONNECTED",
    };
    expect(faceLines(facts, display)).toEqual([
      "── MMM1030300000000 ── running ── 2026-03-01T12:00:05Z ── ×60 ──",
      "  1-0:1.8.0.255   12.345 kWh",
      "  0-0:96.1.0.255  00000000",
      "  L1 230.0 V 2.22 A 500 W   L2 229.5 V 1.33 A -300 W   L3 0.0 V 0.00 A 0 W",
      "  DISCONNECTED   tariff RATE1   clock 2026-03-01T13:00:05+01:00",
      '  "Pay now"',
      "  sag, magnet",
    ]);
    const still = { ...facts, speed: 0, lasting: [] };
    expect(faceLines(still, undefined)).toHaveLength(2);
    expect(faceLines({ ...still, state: "outage" }, display)).toEqual([
      "── MMM1030300000000 ── outage ── 2026-03-01T12:00:05Z ── standing still ──",
    ]);
  });
});

describe("what a meter gives to its face", () => {
  it("is the display list, the clock, the tariff and the message, whatever clients may read; nothing in an outage", () => {
    const rig = new Rig({ steps: [{ do: "outage", at: "2h", for: "1min" }] });
    const meter = rig.bank.meters[0]!;
    rig.pass(3_600_000);
    const display = displayOf(meter)!;
    const columns = ["0-0:96.1.0.255", "1-0:1.8.0.255", "1-0:1.8.1.255"];
    expect(display.lines.map(({ name }) => name).slice(0, 3)).toEqual(columns);
    expect(display.lines[1]!.value).toMatch(/^1(\.0+)? kWh$|^1000 Wh$/);
    expect(display.clock).toContain("2026-01-15T02:00:00");
    expect(display.tariff).toBeDefined();
    rig.pass(3_600_000);
    expect(displayOf(meter)).toBeUndefined();
    rig.pass(60_000);
    expect(displayOf(meter)!.lines).toHaveLength(display.lines.length);
  });

  it("follows what a client sets: the list, the message; and the disconnector", async () => {
    const rig = new Rig();
    const meter = rig.bank.meters[0]!;
    const before = displayOf(meter)!;
    expect(before).toMatchObject({ control: "connected" });
    expect(before.message).toBeUndefined();
    const client = rig.client(LLS);
    await client.connect();
    await client.associate();
    await client.set(attribute(1, "0-0:96.13.0.255", 2), data.octetString(Buffer.from("Pay now")));
    const list = attribute(7, "0-0:21.0.1.255", 3);
    const columns = (await client.get(list)) as { type: "array"; value: Data[] };
    await client.set(list, { ...columns, value: columns.value.slice(0, 2) });
    await client.action(method(70, "0-0:96.3.10.255", 1), data.integer(0));
    const after = displayOf(meter)!;
    expect(after.lines.map(({ name }) => name)).toEqual(before.lines.slice(0, 2).map(({ name }) => name));
    expect(after).toMatchObject({ message: "Pay now", control: "DISCONNECTED" });
  });
});

describe.runIf(existsSync(MAIN) && hasSocat)("serve on a terminal", () => {
  it.each([
    ["shows the face", [], true],
    ["shows none with --no-face", ["--no-face"], false],
  ])("%s", async (_what, words, shown) => {
    const command = [process.execPath, MAIN, "serve", "--tcp", "0", "--metrology", "constant", ...words].join(" ");
    const socat = spawn("socat", ["STDIO", `EXEC:"${command}",pty,setsid,ctty,stderr`]);
    let text = "";
    socat.stdout.on("data", (chunk) => (text += String(chunk)));
    try {
      await until(() => text.includes("The key h shows"), 20_000);
      socat.stdin.write("m");
      await until(() => text.includes("magnet on 1 meter"));
      if (shown) await until(() => /── MMM\d+ ── running ── [^]*L1 230\.0 V 2\.22 A 500 W[^]*connected/.test(text));
      socat.stdin.write("q");
      await until(() => text.includes("stopped"));
      expect(text.includes("── running ──")).toBe(shown);
    } finally {
      socat.kill();
    }
  });
});
