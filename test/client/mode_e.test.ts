/** The client's sign-on against a meter of strings. */
import { describe, expect, test } from "vitest";
import { OPENING_BAUD, readout, readoutLineParse, signOn } from "../../host/client/mode_e.ts";
import { memoryPair, type Transport } from "../../host/client/transport.ts";

const IDENTIFICATION = "/XXX5\\200000001\r\n";

function even(text: string): Uint8Array {
  return Uint8Array.from(Buffer.from(text, "latin1")).map((octet) => {
    const ones = [...octet.toString(2)].filter((bit) => bit === "1").length;
    return octet | ((ones % 2) << 7);
  });
}

/** A meter that answers each message with what `answers` has for it; log holds messages and rates. */
function meter(answers: Record<string, string | Uint8Array>): { transport: Transport; log: string[] } {
  const [near, far] = memoryPair();
  const log: string[] = [];
  let said = "";
  far.onData((octets) => {
    for (const octet of octets) {
      said += String.fromCharCode(octet & 0x7f);
      expect(even(said.at(-1)!)[0]).toBe(octet);
      if (!said.endsWith("\n")) continue;
      const answer = answers[said];
      log.push(said.trim());
      said = "";
      if (answer !== undefined) far.write(typeof answer === "string" ? even(answer) : answer);
    }
  });
  // As a port that lets what was written leave first.
  const rate = async (baud: number): Promise<void> => {
    await new Promise((resolve) => setImmediate(resolve));
    log.push(`${baud} Bd`);
  };
  return { transport: { ...near, rate }, log };
}

const HDLC = { "/?!\r\n": IDENTIFICATION, "\x06252\r\n": "\x06252\r\n" };
const FAST = { timeOut: 30 };

describe("mode E", () => {
  test("request, identification, selection, confirmation at the new speed", async () => {
    const { transport, log } = meter(HDLC);
    expect(OPENING_BAUD).toBe(300);
    expect(await signOn(transport)).toEqual({
      text: "/XXX5\\200000001",
      manufacturer: "XXX",
      fast: false,
      baud: 9600,
      enhanced: "2",
      identification: "00000001",
    });
    expect(log).toEqual(["/?!", "\x06252", "9600 Bd"]);
  });

  test.each([
    [300, "0"],
    [1199, "1"],
    [1200, "2"],
    [9600, "5"],
    [115_200, "5"],
  ])("of at most %i Bd selects %s of a meter that has 5", async (baud, z) => {
    const select = `\x062${z}2\r\n`;
    const { transport, log } = meter({ "/?7!\r\n": IDENTIFICATION, [select]: select });
    await signOn(transport, { baud, address: "7" });
    expect(log).toEqual(["/?7!", select.trim(), `${300 * 2 ** Number(z)} Bd`]);
  });

  test("an echo of its own messages and noise before an answer do no harm", async () => {
    const { transport } = meter({
      "/?!\r\n": `/?!\r\n~~${IDENTIFICATION}`,
      "\x06252\r\n": "\x06252\r\n",
    });
    expect((await signOn(transport)).manufacturer).toBe("XXX");
  });

  test("what cannot go on is an error that says why", async () => {
    const fails = async (
      answers: Record<string, string | Uint8Array>,
      message: RegExp,
      timeOut = 5000,
    ): Promise<void> => {
      await expect(signOn(meter(answers).transport, { timeOut })).rejects.toThrow(message);
    };
    await fails({}, /the identification did not come within 0.03 s/, 30);
    await fails({ "/?!\r\n": "/XXX5\\@00000001\r\n" }, /does not offer HDLC/);
    await fails({ "/?!\r\n": "/XXX500000001\r\n" }, /does not offer HDLC/);
    await fails({ "/?!\r\n": "/XX\r\n" }, /no identification/);
    await fails({ "/?!\r\n": "/XXX9\\2x\r\n" }, /no identification/);
    await fails({ "/?!\r\n": "nobody\r\n" }, /the identification: "nobody/);
    await fails({ "/?!\r\n": "x".repeat(100) }, /has no end/);
    await fails({ "/?!\r\n": even(IDENTIFICATION).map((octet, i) => (i === 3 ? octet ^ 1 : octet)) }, /wrong parity/);
    await fails({ "/?!\r\n": IDENTIFICATION }, /the confirmation did not come/, 500);
    await fails({ ...HDLC, "\x06252\r\n": "\x06242\r\n" }, /answers .* to the selection/);
  });

  test("a line that is closed ends the sign-on", async () => {
    const { transport } = meter({});
    const signing = signOn(transport);
    await transport.close();
    await expect(signing).rejects.toThrow(/the line was closed/);
  });
});

describe("mode C", () => {
  const block = (lines: string): string => {
    const checked = `${lines}!\r\n\x03`;
    return `\x02${checked}${String.fromCharCode([...checked].reduce((bcc, c) => bcc ^ c.charCodeAt(0), 0))}`;
  };
  const reads = (data: string): { transport: Transport; log: string[] } =>
    meter({ "/?!\r\n": IDENTIFICATION, "\x06050\r\n": data });

  test("the data block, line by line", async () => {
    const { transport, log } = reads(block("1-0:1.8.0*255(1234*Wh)\r\n0-0:96.1.0*255(7)\r\n"));
    const { lines, identification } = await readout(transport);
    expect(identification.text).toBe("/XXX5\\200000001");
    expect(lines).toEqual(["1-0:1.8.0*255(1234*Wh)", "0-0:96.1.0*255(7)"]);
    expect(log.at(-1)).toBe("9600 Bd");
    expect(lines.map(readoutLineParse)).toEqual([
      { name: "1-0:1.8.0*255", value: "1234", unit: "Wh" },
      { name: "0-0:96.1.0*255", value: "7", unit: undefined },
    ]);
    expect(readoutLineParse("nothing")).toBeUndefined();
  });

  test("every changed character of it is found", async () => {
    const good = block("1.8.0(1)\r\n");
    for (let at = 1; at < good.length - 2; at++) {
      const bad = good.slice(0, at) + String.fromCharCode(good.charCodeAt(at) ^ 0x10) + good.slice(at + 1);
      await expect(readout(reads(bad).transport, FAST)).rejects.toThrow();
    }
    await expect(readout(reads(good.slice(0, -1)).transport, FAST)).rejects.toThrow(/the data block did not come/);
    await expect(readout(reads("\x01B0\x03q").transport, FAST)).rejects.toThrow(/break/);
  });
});
