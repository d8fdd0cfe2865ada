/** A serial line that signs on by IEC 62056-21: characters, octets with any parity, silence, and what has left. */
import { fromHex } from "../../../host/client/index.ts";
import { ACK, BREAK, even, OpticalLine, REQUEST, select, SNRM, SOH } from "../../device/optical_line.ts";
import type { RawSnapshot } from "../../device/raw.ts";
import type { Input, Target } from "../target.ts";

/** First octet of a message: octets as they are, characters to which parity is added. */
const RAW = 0;
const TEXT = 1;
/** Units of 10 ms in octet 1; 0 = until something is due. */
const WAIT = 2;
/** What the meter has sent has left the line. */
const SENT = 3;
/** Links of HDLC end after this silence, ms. */
const SILENCE_MS = 400_000;

let scene: { line: OpticalLine; start: RawSnapshot & { rate: number } } | undefined;

function booted(): NonNullable<typeof scene> {
  if (scene !== undefined) return scene;
  const line = OpticalLine.open();
  return (scene = { line, start: line.snapshot() });
}

function step(line: OpticalLine, message: Uint8Array): string {
  const [way = RAW, unit = 0] = message;
  const rest = message.subarray(1);
  const answered = (): string => {
    if (way === TEXT) return line.send(Buffer.from(rest.map((octet) => octet & 0x7f)).toString("latin1"));
    if (way === WAIT) return line.wait(unit === 0 ? undefined : unit * 10);
    if (way === SENT) return line.sent();
    return Buffer.from(line.octets(rest)).toString("latin1");
  };
  const text = answered();
  return `${text.charCodeAt(0)} 2^${32 - Math.clz32(text.length)} at ${line.rate}`;
}

const text = (characters: string): Uint8Array => Uint8Array.of(TEXT, ...Buffer.from(characters, "latin1"));
const due = Uint8Array.of(WAIT, 0);
const sent = Uint8Array.of(SENT);
const long = Uint8Array.of(WAIT, 255);

export const modeE: Target = {
  name: "mode-e",
  about: "characters of an optical head before and after its sign-on",
  seeds: () => {
    const { line } = booted();
    const identified = [text(REQUEST), due, sent];
    const frame = Uint8Array.of(RAW, ...line.frameOctets(SNRM));
    const request = fromHex("E6E600601DA109060760857405080101BE10040E01000000065F1F0400007E1F04B0");
    return [
      [...identified, text(select("252")), due, sent, frame, Uint8Array.of(RAW, ...line.frameOctets(0x10, request))],
      [...identified, text(select("050")), due, sent, sent, sent, sent],
      [...identified, text(select("051")), due, sent, text(BREAK), due, sent],
      [...identified, long, long, text(`${SOH}P1\x02(00000000)\x03a`), long],
      [text("/?0000000000000001!\r\n"), due, sent, text(`${ACK}999\r\n`), due],
      [Uint8Array.of(RAW, ...even("/?!\r\n")), Uint8Array.of(RAW, 0xff, 0x2f, 0x3f), long],
      [
        ...identified,
        text(select("252")),
        due,
        sent,
        frame,
        Uint8Array.of(RAW, ...line.frameOctets(0x53)),
        text(REQUEST),
      ],
    ];
  },
  run: (input: Input) => {
    const { line, start } = booted();
    line.restore(start);
    return input.map((message) => step(line, message));
  },
  visit: () => {
    const { line } = booted();
    // Whatever was under way ends: what is sent has left, and nobody speaks for longer than any time-out.
    for (let i = 0; i < 64 && line.sent() !== ""; i++);
    for (let i = 0; i < 4; i++) {
      line.wait(SILENCE_MS);
      for (let n = 0; n < 64 && line.sent() !== ""; n++);
    }
    const [ua] = line.signOn().frame(SNRM);
    if (ua?.control.type !== "UA") throw new Error(`an honest SNRM gets ${ua?.control.type}`);
  },
};
