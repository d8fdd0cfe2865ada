/** HDLC_ADDRESS, HDLC_NDM2NRM, HDLC_INFO and HDLC_NDMOP: addresses, parameters, and I frames. */
import { attribute, CONTEXT, concat, contextName, encodeApdu, hdlcFrame } from "../../../host/client/index.ts";
import { CONFORMANCE_OF_CLIENT } from "../../../host/client/initiate.ts";
import type { Case } from "../case.ts";
import type { Ctx } from "../context.ts";
import { framesText, refcs, type Line } from "../line.ts";

const { CONTROL, controlOfI, frameRejectParse, FrameReader, parametersEncode, parametersParse } = hdlcFrame;
type HdlcAddress = hdlcFrame.HdlcAddress;
type HdlcFrame = hdlcFrame.HdlcFrame;
type HdlcParameters = hdlcFrame.HdlcParameters;
const PARAMETERS = hdlcFrame.PARAMETERS_DEFAULT;
const REASON_TOO_LONG = 0x04;
const REASON_NR = 0x08;
const INFO_MIN = 32;
const INFO_MAX = 2030;
const LLC_SIZE = 3;

/** An AARQ without authentication, as the application data of I frames. */
export function aarqLowest(): Uint8Array {
  const userInformation = encodeApdu({
    kind: "initiate-request",
    responseAllowed: true,
    version: 6,
    conformance: CONFORMANCE_OF_CLIENT,
    pduSizeMax: 1024,
  });
  return encodeApdu({ kind: "aarq", applicationContextName: contextName(CONTEXT.LN), userInformation });
}

async function addressesGood(ctx: Ctx): Promise<void> {
  for (const length of ctx.config.addressLengths) {
    const line = await ctx.line(length);
    for (const sap of new Set(ctx.config.associations.map((a) => a.clientSap))) {
      const source: HdlcAddress = { upper: sap, size: 1 };
      const frames = await line.command(line.frame(CONTROL.SNRM, { source }));
      const ua = frames[0];
      const swapped = ua?.control.type === "UA" && same(ua.destination, source) && same(ua.source, line.server);
      const text = `server address of ${length} octets, client ${sap}: UA with the addresses swapped, of the same length`;
      ctx.expect(swapped, text, framesText(frames));
      await line.down({ source });
    }
    await line.end();
  }
}

const same = (a: HdlcAddress, b: HdlcAddress): boolean =>
  a.size === b.size && a.upper === b.upper && (a.lower ?? 0) === (b.lower ?? 0);

async function sourceLong(ctx: Ctx): Promise<void> {
  const line = await ctx.line();
  const source: HdlcAddress = { upper: line.client.upper, lower: 0x10, size: 2 };
  await line.silent(line.frame(CONTROL.SNRM, { source }), "client address of two octets");
  await line.up();
}

async function destinationUnknown(ctx: Ctx): Promise<void> {
  const line = await ctx.line();
  const { upper, lower = 0, size } = line.server;
  const wrong: [HdlcAddress, string][] = [[{ upper: 0x55, lower, size }, "unknown upper address 55"]];
  if (size > 1) wrong.push([{ upper, lower: lower ^ 0x03, size }, "unknown lower address"]);
  wrong.push([{ upper: 0, lower, size }, "upper address no-station"]);
  for (const [destination, what] of wrong) await line.silent(line.frame(CONTROL.SNRM, { destination }), what);
  await line.up();
}

async function destinationShort(ctx: Ctx): Promise<void> {
  if (ctx.config.addressLengths.includes(1)) {
    ctx.inapplicable("the meter claims to accept server addresses of one octet (a point-to-point port may)");
  }
  const line = await ctx.line();
  const destination: HdlcAddress = { upper: ctx.config.serverSap, size: 1 };
  await line.silent(line.frame(CONTROL.SNRM, { destination }), "server address of one octet");
  await line.up();
}

async function destinationOdd(ctx: Ctx): Promise<void> {
  const line = await ctx.line();
  const snrm = line.frame(CONTROL.SNRM, { destination: { upper: 1, lower: 16, size: 2 } });
  for (const address of [
    [0x00, 0x02, 0x21],
    [0x00, 0x02, 0x00, 0x20, 0x21],
  ]) {
    // The frame had an address of two octets after its format.
    const changed = refcs(snrm, (c) => {
      const longer = concat(c.subarray(0, 2), Uint8Array.from(address), c.subarray(4));
      longer[1]! += address.length - 2;
      return longer;
    });
    await line.silent(changed, `server address of ${address.length} octets`);
  }
  await line.up();
}

interface Proposal {
  parameters: HdlcParameters;
  sizeOctets?: 1 | 2;
}

/** What the UA says stays within the proposal, seen from the other side, and within the ranges. */
function uaWithin(ua: HdlcFrame, p: HdlcParameters): boolean {
  const got = parametersParse(ua.information);
  const sizes: [number, number][] = [
    [got.informationTransmitMax, p.informationReceiveMax],
    [got.informationReceiveMax, p.informationTransmitMax],
  ];
  const windows: [number, number][] = [
    [got.windowTransmit, p.windowReceive],
    [got.windowReceive, p.windowTransmit],
  ];
  const sizesGood = sizes.every(([is, most]) => is >= INFO_MIN && is <= Math.min(INFO_MAX, most));
  return sizesGood && windows.every(([is, most]) => is >= 1 && is <= Math.min(7, most));
}

async function proposals(ctx: Ctx, line: Line, name: string, list: Proposal[]): Promise<void> {
  for (const { parameters, sizeOctets } of list) {
    const ua = await line.up(`${name} is proposed: UA`, parametersEncode(parameters, sizeOctets));
    const got = parametersParse(ua.information);
    const values = `${got.informationTransmitMax}/${got.informationReceiveMax}, ${got.windowTransmit}/${got.windowReceive}`;
    const p = parameters;
    const proposed = `${p.informationTransmitMax}/${p.informationReceiveMax}, ${p.windowTransmit}/${p.windowReceive}`;
    ctx.expect(uaWithin(ua, parameters), `UA to ${proposed} (transmit/receive) stays within it`, values);
    await line.down();
  }
}

const sized = (octets: number): HdlcParameters => ({
  ...PARAMETERS,
  informationTransmitMax: octets,
  informationReceiveMax: octets,
});

async function informationSize(ctx: Ctx): Promise<void> {
  const line = await ctx.line();
  const ua = await line.up("SNRM without parameters: UA");
  ctx.expect(uaWithin(ua, PARAMETERS), "without parameters the defaults 128/128, 1/1 hold");
  await line.down();
  const list: Proposal[] = [32, 64, 128, 256, 2030].map((octets) => ({ parameters: sized(octets) }));
  list.push({ parameters: sized(128), sizeOctets: 1 });
  list.push({ parameters: { ...sized(128), informationReceiveMax: 62 } });
  await proposals(ctx, line, "an information field length", list);
  const beyond = await line.exchange(line.frame(CONTROL.SNRM, { information: parametersEncode(sized(2031)) }));
  const clamped = beyond.length === 0 || (beyond[0]!.control.type === "UA" && uaWithin(beyond[0]!, sized(INFO_MAX)));
  ctx.expect(clamped, "2031 is out of range: UA with values in range, or no answer", framesText(beyond));
  await line.up("the meter is well afterwards");
}

async function windowSize(ctx: Ctx): Promise<void> {
  const line = await ctx.line();
  const list = [1, 2, 4, 7].map((window) => ({
    parameters: { ...PARAMETERS, windowTransmit: window, windowReceive: window },
  }));
  await proposals(ctx, line, "a window size", list);
  await line.up("the meter is well afterwards");
}

/** An association whose requests and answers need many small frames. */
async function informationExchange(ctx: Ctx): Promise<void> {
  if (!ctx.hasHdlc) ctx.inapplicable("no HDLC port is declared (--hdlc or --serial)");
  const association = ctx.association((a) => a.security === "none", "not ciphered");
  for (const [size, window] of [
    [128, 1],
    [INFO_MIN, 1],
    [64, 3],
  ] as const) {
    const parameters = { ...sized(size), windowTransmit: window, windowReceive: window };
    const { lower, addressLengths, timeOut } = ctx.config;
    const hdlc = { parameters, lower, addressSize: addressLengths[0]!, answerTimeOut: timeOut };
    const client = await ctx.associated(association, { via: "hdlc", hdlc });
    for (let i = 0; i < 10; i++) await client.get(attribute(15, "0-0:40.0.0.255", (i % 2) + 4));
    await client.get(attribute(15, "0-0:40.0.0.255", 2));
    const frames = new FrameReader().feed(concat(...ctx.tap.received));
    const longest = Math.max(...frames.map((frame) => frame.information.length));
    ctx.expect(client.hdlc!.counts.outOfSequence === 0, `information ${size}, window ${window}: all in sequence`);
    ctx.expect(longest <= size, `no information field is longer than ${size} octets`, `longest ${longest}`);
    await ctx.close(client);
  }
}

function rejected(frames: readonly HdlcFrame[], reason: number): boolean {
  const frame = frames[0];
  if (frame?.control.type !== "FRMR" || frame.information.length !== 3) return false;
  return (frameRejectParse(frame.information).reason & reason) !== 0;
}

async function informationTooLong(ctx: Ctx): Promise<void> {
  const line = await ctx.line();
  const ua = await line.up();
  const most = parametersParse(ua.information).informationReceiveMax;
  for (const size of [most + 1, most + 100]) {
    const information = new Uint8Array(size).fill(0xe6);
    const frames = await line.answerTo(line.frame(controlOfI(0, 0, true), { information }));
    const text = `information field of ${size} octets where ${most} are agreed: FRMR with reason y, or no answer`;
    ctx.expect(frames.length === 0 || rejected(frames, REASON_TOO_LONG), text, framesText(frames));
    await line.up("SNRM afterwards is answered with UA");
  }
}

async function wrongNr(ctx: Ctx): Promise<void> {
  const line = await ctx.line();
  for (const [frame, what] of [
    [line.rr(1), "RR with N(R)=1 directly after UA"],
    [line.rr(5), "RR with N(R)=5 directly after UA"],
    [line.i(0, 3, aarqLowest()), "I with N(R)=3 directly after UA"],
  ] as const) {
    await line.up();
    const frames = await line.answerTo(frame);
    ctx.expect(rejected(frames, REASON_NR), `${what}: FRMR with reason z`, framesText(frames));
  }
  await line.up("SNRM after FRMR is answered with UA");
}

async function wrongNs(ctx: Ctx): Promise<void> {
  const line = await ctx.line();
  await line.up();
  const early = await line.answerTo(line.i(1, 0, aarqLowest()));
  const asked = early[0]?.control.type === "RR" && early[0].control.nr === 0;
  if (early[0]?.control.type === "FRMR")
    ctx.remark("I with N(S)=1 where 0 is due: FRMR is tolerated", framesText(early));
  else ctx.expect(asked, "I with N(S)=1 where 0 is due: RR with N(R)=0", framesText(early));
  if (!asked) await line.up();
  const first = await line.exchange(line.i(0, 0, aarqLowest()));
  const answered = first.at(-1)?.control.type === "I" && first.at(-1)!.information[LLC_SIZE] === 0x61;
  ctx.require(answered, "I with N(S)=0 is taken: AARE", framesText(first));
  const twice = await line.answerTo(line.i(0, 0, aarqLowest()));
  const repeated = twice.every((frame) => frame.control.type === "RR" || frame.control.ns === first.at(-1)!.control.ns);
  ctx.expect(
    repeated && twice.length > 0,
    "the same I again is not executed: RR or the stored answer",
    framesText(twice),
  );
}

async function informationInNdm(ctx: Ctx): Promise<void> {
  const line = await ctx.line();
  await line.down();
  for (const [frame, what] of [
    [line.i(0, 0, aarqLowest()), "I"],
    [line.rr(0), "RR"],
  ] as const) {
    const frames = await line.answerTo(frame);
    const refused = frames.every(({ control }) => control.type === "DM");
    ctx.expect(refused, `${what} in NDM: DM or no answer`, framesText(frames));
  }
  await line.up();
}

const HDLC = { group: "HDLC", source: "sheet" } as const;

export const HDLC_LINK: Case[] = [
  {
    ...HDLC,
    name: "HDLC_ADDRESS_P1",
    purpose: "Frames to the declared addresses are answered from them, with as many octets.",
    clause: "GB9 8.4.2",
    run: addressesGood,
  },
  {
    ...HDLC,
    name: "HDLC_ADDRESS_N1",
    purpose: "A client address of two octets is dropped.",
    clause: "GB9 8.4.2.2",
    run: sourceLong,
  },
  {
    ...HDLC,
    name: "HDLC_ADDRESS_N4",
    purpose: "Frames to unknown addresses are dropped.",
    clause: "GB9 8.4.2.3",
    run: destinationUnknown,
  },
  {
    ...HDLC,
    name: "HDLC_ADDRESS_N6",
    purpose: "A server address of one octet is dropped where two or four are configured.",
    clause: "GB9 8.4.2.5",
    run: destinationShort,
  },
  {
    ...HDLC,
    name: "HDLC_ADDRESS_N7",
    purpose: "Server addresses of three or five octets are dropped.",
    clause: "GB9 8.4.2.2",
    run: destinationOdd,
  },
  {
    ...HDLC,
    name: "HDLC_NDM2NRM_P1",
    purpose: "The information field length agreed on is in range and not above the proposal.",
    clause: "GB9 8.4.5.3.2",
    run: informationSize,
  },
  {
    ...HDLC,
    name: "HDLC_NDM2NRM_P2",
    purpose: "The window size agreed on is in range and not above the proposal.",
    clause: "GB9 8.4.5.3.2",
    run: windowSize,
  },
  {
    ...HDLC,
    name: "HDLC_INFO_P1",
    purpose: "I frames travel in sequence, in segments and in windows.",
    clause: "GB9 8.4.5.4",
    run: informationExchange,
  },
  {
    ...HDLC,
    name: "HDLC_INFO_N1",
    purpose: "An information field that is too long is not taken.",
    clause: "GB9 8.4.5.4; ISO/IEC 13239 5.5.3.4.2",
    run: informationTooLong,
  },
  {
    ...HDLC,
    name: "HDLC_INFO_N2",
    purpose: "An N(R) that acknowledges what was never sent is rejected.",
    clause: "GB9 8.4.5.4; ISO/IEC 13239 5.5.3.4.2",
    run: wrongNr,
  },
  {
    ...HDLC,
    name: "HDLC_INFO_N3",
    purpose: "An I frame out of sequence is not taken, one repeated is not executed twice.",
    clause: "GB9 8.4.5.4",
    run: wrongNs,
  },
  {
    ...HDLC,
    name: "HDLC_NDMOP_N1",
    purpose: "I frames lead to nothing without a link.",
    clause: "GB9 8.4.5.3",
    run: informationInNdm,
  },
];
