/** HDLC_FRAME: set-up and end of a link, and frames that are broken. */
import { attribute, concat, data, hdlcFrame } from "../../../host/client/index.ts";
import type { Case } from "../case.ts";
import { pause, type Ctx } from "../context.ts";
import { framesText, refcs, type Line } from "../line.ts";

const { CONTROL, FLAG, fcs, frameRejectParse, parametersEncode, PARAMETERS_DEFAULT } = hdlcFrame;
const HDLC_SETUP = "0-0:22.0.0.255";
/** Reasons of FRMR: undefined control, and the one that may accompany it. */
const REASON_W = 0x01;

/** Longer than the meter may wait for the rest of a frame. */
const afterGap = (ctx: Ctx): number => Math.max(ctx.config.silence, ctx.config.interOctet * 1.2 + 100);

async function linkUpDown(ctx: Ctx): Promise<void> {
  const line = await ctx.line();
  await line.down();
  await line.up();
  const down = await line.down();
  const answered = down.length === 1 && (down[0]!.control.type === "UA" || down[0]!.control.type === "DM");
  ctx.expect(answered && down[0]!.control.type === "UA", "DISC in NRM is answered with UA", framesText(down));
  const again = await line.down();
  ctx.expect(again[0]?.control.type === "DM", "DISC in NDM is answered with DM", framesText(again));
  await line.up("the link can be set up again");
}

async function interFrameTimeout(ctx: Ctx): Promise<void> {
  const line = await ctx.line();
  await line.down();
  const snrm = line.frame(CONTROL.SNRM);
  line.write(snrm.subarray(0, 4));
  await pause(afterGap(ctx));
  await line.silent(snrm.subarray(4), "SNRM with a gap above the time-out in it");
  await line.up("the next whole SNRM is answered with UA");
  await shortGap(ctx, line, snrm);
}

const SHORT_GAP_ATTEMPTS = 20;

/** A gap that is short enough: this machine may make it longer, then it says nothing and is tried again. */
async function shortGap(ctx: Ctx, line: Line, snrm: Uint8Array): Promise<void> {
  for (let attempt = 0; attempt < SHORT_GAP_ATTEMPTS; attempt++) {
    await line.down();
    const begin = performance.now();
    line.write(snrm.subarray(0, 4));
    await pause(ctx.config.interOctet / 4);
    const gap = performance.now() - begin;
    const frames = await line.exchange(snrm.subarray(4));
    if (frames.length === 0 && gap > ctx.config.interOctet / 2) continue;
    ctx.expect(frames[0]?.control.type === "UA", "SNRM with a short gap in it is answered", framesText(frames));
    return;
  }
  ctx.unknown(`SNRM with a gap of ${ctx.config.interOctet / 4} ms: this machine cannot make it that short`);
}

/** inactivity_time_out of the HDLC setup object, in seconds; undefined if no association shows it. */
async function inactivityTimeOut(ctx: Ctx): Promise<number | undefined> {
  for (const association of ctx.config.associations) {
    const client = await ctx.associated(association);
    const result = await client.getResult(attribute(23, HDLC_SETUP, 8));
    await ctx.close(client);
    if (result.data !== undefined) return data.numberOf(result.data, "inactivity_time_out");
  }
  return undefined;
}

async function inactivityTimeout(ctx: Ctx): Promise<void> {
  if (!ctx.hasHdlc) ctx.inapplicable("no HDLC port is declared (--hdlc or --serial)");
  const seconds = (await inactivityTimeOut(ctx)) ?? 120;
  if (seconds === 0) ctx.inapplicable("inactivity_time_out is 0: the link never times out");
  ctx.note(`inactivity_time_out is ${seconds} s`);
  const line = await ctx.line();
  await line.up();
  await pause(seconds * 500);
  const kept = await line.exchange(line.rr(0));
  ctx.expect(kept[0]?.control.type === "RR", "RR within the time-out keeps the link", framesText(kept));
  await pause(seconds * 1050 + 500);
  const down = await line.down();
  ctx.expect(down[0]?.control.type === "DM", "after the time-out DISC is answered with DM", framesText(down));
}

async function missingFlags(ctx: Ctx): Promise<void> {
  const line = await ctx.line();
  const snrm = line.frame(CONTROL.SNRM);
  // The closing flag of the frame before may open this one, so another octet has to stand between.
  const between = Uint8Array.of(0);
  await line.silent(concat(between, snrm.subarray(1)), "SNRM without its opening flag", afterGap(ctx));
  await line.up();
  await line.down();
  await line.silent(snrm.subarray(0, -1), "SNRM without its closing flag", afterGap(ctx));
  await line.up();
  await line.down();
  await line.silent(concat(between, snrm.subarray(1, -1)), "SNRM without flags", afterGap(ctx));
  await line.up();
}

async function tooShort(ctx: Ctx): Promise<void> {
  const line = await ctx.line();
  const flag = Uint8Array.of(FLAG);
  const short = (...content: number[]): Uint8Array => {
    const octets = Uint8Array.of(0xa0, content.length + 4, ...content);
    return concat(flag, octets, fcs(octets), flag);
  };
  await line.silent(short(), "frame of format and FCS alone", afterGap(ctx));
  await line.silent(short(CONTROL.SNRM), "frame without addresses", afterGap(ctx));
  await line.silent(short(0x03, CONTROL.SNRM), "frame with one address", afterGap(ctx));
  await line.silent(concat(flag, flag, flag), "flags alone");
  await line.up();
}

async function formatType(ctx: Ctx): Promise<void> {
  const line = await ctx.line();
  for (const type of [0x0, 0x8, 0x9, 0xb, 0xe]) {
    const changed = refcs(line.frame(CONTROL.SNRM), (c) => {
      c[0] = (type << 4) | (c[0]! & 0x0f);
      return c;
    });
    await line.silent(changed, `format type ${type.toString(2).padStart(4, "0")}`);
  }
  await line.up();
}

async function lengthField(ctx: Ctx): Promise<void> {
  const line = await ctx.line();
  for (const by of [-1, 1, 5]) {
    const changed = refcs(line.frame(CONTROL.SNRM), (c) => {
      c[1]! += by;
      return c;
    });
    await line.silent(changed, `length ${by > 0 ? `${by} too long` : `${-by} too short`}`, afterGap(ctx));
    await line.up();
    await line.down();
  }
}

function rejected(line: readonly hdlcFrame.HdlcFrame[], reason: number): boolean {
  const frame = line[0];
  if (frame?.control.type !== "FRMR" || frame.information.length !== 3) return false;
  return (frameRejectParse(frame.information).reason & reason) !== 0;
}

async function controlField(ctx: Ctx): Promise<void> {
  const line = await ctx.line();
  await line.down();
  const disconnected = await line.answerTo(line.frame(0xff));
  const quiet = disconnected.length === 0 || disconnected[0]!.control.type === "DM";
  ctx.expect(quiet, "undefined control FF in NDM: DM or no answer", framesText(disconnected));
  for (const control of [0xff, 0xb3, 0xbf]) {
    await line.up();
    const frames = await line.answerTo(line.frame(control));
    const text = `undefined control ${control.toString(16).toUpperCase()} in NRM: FRMR with reason w`;
    ctx.expect(rejected(frames, REASON_W), text, framesText(frames));
  }
  await line.up("SNRM after FRMR is answered with UA");
}

const INFORMATION = parametersEncode(PARAMETERS_DEFAULT);

async function hcs(ctx: Ctx): Promise<void> {
  const line = await ctx.line();
  await line.down();
  const at = 1 + 2 + line.server.size + 1 + 1;
  const changed = refcs(line.frame(CONTROL.SNRM, { information: INFORMATION }), (c) => {
    c[at - 1]! ^= 0x01;
    return c;
  });
  await line.silent(changed, "SNRM with a wrong HCS and a right FCS");
  await stillDown(ctx, line);
  await line.up();
}

/** A dropped SNRM has changed nothing: the link is still down. */
async function stillDown(ctx: Ctx, line: Line): Promise<void> {
  const down = await line.down();
  ctx.expect(down[0]?.control.type === "DM", "the link is still down: DISC is answered with DM", framesText(down));
}

async function frameCheck(ctx: Ctx): Promise<void> {
  const line = await ctx.line();
  await line.down();
  for (const [information, what] of [
    [new Uint8Array(0), "without information"],
    [INFORMATION, "with information"],
  ] as const) {
    const frame = line.frame(CONTROL.SNRM, { information });
    frame[frame.length - 2]! ^= 0x80;
    await line.silent(frame, `SNRM ${what}, wrong FCS`);
    await stillDown(ctx, line);
  }
  await line.up();
}

const HDLC = { group: "HDLC", source: "sheet" } as const;

export const HDLC_FRAME: Case[] = [
  {
    ...HDLC,
    name: "HDLC_FRAME_P1",
    purpose: "A link is set up with SNRM and ended with DISC.",
    clause: "GB9 8.4.5.3; IEC 62056-46 6.4.4.4",
    run: linkUpDown,
  },
  {
    ...HDLC,
    name: "HDLC_FRAME_P2",
    purpose: "A gap longer than the inter-octet time-out ends a frame.",
    clause: "GB9 8.4.5; Blue Book 4.7.2, inter_octet_time_out",
    timeouts: true,
    run: interFrameTimeout,
  },
  {
    ...HDLC,
    name: "HDLC_FRAME_P3",
    purpose: "A link without frames ends after the inactivity time-out.",
    clause: "GB9 8.4.5.3; Blue Book 4.7.2, inactivity_time_out",
    timeouts: true,
    run: inactivityTimeout,
  },
  {
    ...HDLC,
    name: "HDLC_FRAME_N1",
    purpose: "Octets without flags are no frame.",
    clause: "GB9 8.4.1.2",
    run: missingFlags,
  },
  {
    ...HDLC,
    name: "HDLC_FRAME_N2",
    purpose: "A frame that is too short is dropped.",
    clause: "GB9 8.4.1",
    run: tooShort,
  },
  {
    ...HDLC,
    name: "HDLC_FRAME_N3",
    purpose: "Only format type 3 is accepted.",
    clause: "GB9 8.4.1.3",
    run: formatType,
  },
  {
    ...HDLC,
    name: "HDLC_FRAME_N4",
    purpose: "A wrong frame length is dropped.",
    clause: "GB9 8.4.1.3",
    run: lengthField,
  },
  {
    ...HDLC,
    name: "HDLC_FRAME_N5",
    purpose: "An undefined control field is rejected in NRM and leads to nothing in NDM.",
    clause: "GB9 8.4.3; ISO/IEC 13239 5.5.3.4.2",
    run: controlField,
  },
  {
    ...HDLC,
    name: "HDLC_FRAME_N7",
    purpose: "A frame with a wrong HCS is dropped.",
    clause: "GB9 8.4.1.6",
    run: hcs,
  },
  {
    ...HDLC,
    name: "HDLC_FRAME_N8",
    purpose: "A frame with a wrong FCS is dropped.",
    clause: "GB9 8.4.1.8",
    run: frameCheck,
  },
];
