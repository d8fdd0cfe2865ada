/** The control function of the server: every state x every APDU and event it can see, cell by cell (GB9 9.4.4, 9.4.5). */
import { afterAll, describe, expect, it } from "vitest";
import {
  CLIENT_TITLE_DEFAULT,
  data as d,
  decodeApdu,
  encodeApdu,
  fromHex,
  hlsAnswer,
  MECHANISM,
  type Handshake,
  type Security,
} from "../../host/client/index.ts";
import { aarq, aarqGmac, aarqLls, act, apduOf, associateGmac, associateLls, authentication } from "./apdus.ts";
import { get, handshakeOf, hex, hlsReply, securityOf, set } from "./apdus.ts";
import { RawMeter, type HdlcChannel } from "./raw.ts";
import { CHALLENGE, CLOCK, fullTemplate, LOAD_PROFILE, TEXT } from "./rig.ts";

/** A meter in one state, and what its client has of it. */
interface World {
  readonly meter: RawMeter;
  line: HdlcChannel;
  /** Of an association, or of one that is pending, in the ciphered context: services travel under glo. */
  security?: Security;
  handshake?: Handshake;
}

const full = fullTemplate();
const CLOCK_BASE = get(8, CLOCK, 9);
const LLC = fromHex("E6E600");

/** Inactive: the data link is not connected. Secured: associated in the ciphered context by HLS-GMAC. */
const STATES: Record<string, (world: World) => void> = {
  inactive: () => undefined,
  idle: ({ line }) => line.connect(),
  pending: (world) => {
    world.line.connect();
    world.security = securityOf(world.meter.identity);
    const aare = apduOf("aare", world.line.exchange(aarqGmac(world.security)));
    world.handshake = handshakeOf(world.meter.identity, aare);
  },
  associated: ({ meter, line }) => {
    line.connect();
    associateLls(line, meter.identity);
  },
  secured: (world) => {
    world.line.connect();
    world.security = associateGmac(world.line, world.meter.identity).security;
  },
};

function boot(state: string): World {
  const meter = RawMeter.boot({ template: full });
  const world: World = { meter, line: meter.hdlc() };
  STATES[state]!(world);
  return world;
}

/** What an answer says; protection taken off, random and sealed parts named. */
function said(world: World, octets: Uint8Array | undefined): string {
  if (octets === undefined) return "silence";
  const apdu = decodeApdu(octets);
  if (apdu.kind === "aare") return `AARE ${apdu.result}/${apdu.diagnostic}`;
  if (apdu.kind === "general-block-transfer")
    return `E0 ${apdu.blockNumber} ${apdu.blockNumberAck} ${said(world, apdu.data)}`;
  const ciphered = apdu.kind === "service-ciphered" || apdu.kind === "general-glo-ciphering";
  if (ciphered) return `glo ${said(world, world.security!.open(octets).text)}`;
  return hex(octets).replace(/^(C701C10001000911).*/, "C7 f(CtoS)");
}

/** Sends an APDU in an I frame; a link that is not connected answers with DM. */
function send(world: World, apdu: Uint8Array, connected: boolean): string {
  const { line } = world;
  if (connected) return said(world, line.exchange(apdu));
  const [frame] = line.send(line.controlNext(), Uint8Array.from([...LLC, ...apdu]).subarray(0, line.infoSize));
  return frame?.control.type ?? "silence";
}

/** The state a meter is in, by what it answers to GET; a GET in clear first, then one under glo. */
function stateOf(world: World): string {
  const [frame] = world.line.poll();
  if (frame?.control.type === "DM") return "inactive";
  const plain = hex(world.line.exchange(CLOCK_BASE));
  if (plain === "D80102") return "idle";
  if (plain === "D80101") return "pending";
  const { security } = world;
  const ciphered = security !== undefined && world.line.exchange(security.seal(CLOCK_BASE))?.[0] === 0xcc;
  return ciphered ? "secured" : "associated";
}

/** Seals a service where the client of the state would. */
const sealed = ({ security }: World, apdu: Uint8Array): Uint8Array => security?.seal(apdu) ?? apdu;

/** The answer to the challenge that is open, or to one that was never made. */
function reply(world: World, change: (right: Uint8Array) => Uint8Array): Uint8Array {
  const { security, handshake } = world;
  const right = handshake && security ? hlsAnswer(handshake, security.counterTake()) : new Uint8Array(17).fill(0x10);
  return sealed(world, hlsReply(change(right)));
}

const hlsOpen = (value: Uint8Array): Uint8Array =>
  aarq({ ...authentication(MECHANISM.HLS_GMAC, value), callingApTitle: CLIENT_TITLE_DEFAULT });
const inBlock = (data: Uint8Array): Uint8Array => {
  const block = { lastBlock: true, streaming: false, window: 1, blockNumber: 1, blockNumberAck: 0, data };
  return encodeApdu({ kind: "general-block-transfer", ...block });
};

/** APDUs by what they are; the sheet of states wants one answer of each in each state. */
const APDUS: Record<string, (world: World) => Uint8Array> = {
  "AARQ without authentication": () => aarq(),
  "AARQ with the password": ({ meter }) => aarqLls(meter.identity.keys.lls),
  "AARQ with a wrong password": () => aarqLls(Buffer.from("wrong")),
  "AARQ with a challenge": () => hlsOpen(CHALLENGE),
  "AARQ with a challenge too short": () => hlsOpen(CHALLENGE.subarray(0, 7)),
  "AARQ that is broken": () => aarqLls(Buffer.from("x")).subarray(0, -1),
  "reply_to_HLS, right": (world) => reply(world, (right) => right),
  "reply_to_HLS, wrong": (world) => reply(world, (right) => right.with(16, right[16]! ^ 1)),
  RLRQ: () => fromHex("6203800100"),
  "RLRQ that is broken": () => fromHex("62038001"),
  GET: (world) => sealed(world, CLOCK_BASE),
  "GET in clear": () => CLOCK_BASE,
  SET: (world) => sealed(world, set(1, TEXT, 2, d.octetString(fromHex("41")))),
  ACTION: (world) => sealed(world, act(7, LOAD_PROFILE, 1, d.integer(0))),
  ACCESS: (world) => sealed(world, fromHex("D94000000100010100080000010000FF090100")),
  "GBT with a GET": (world) => inBlock(sealed(world, CLOCK_BASE)),
  "glo-GET": ({ meter, security }) => (security ?? securityOf(meter.identity)).seal(CLOCK_BASE),
  "read-request of short names": () => fromHex("0501020000"),
  "a response": () => fromHex("C401C100"),
  "an unknown tag": () => fromHex("3F00"),
  "no octet": () => new Uint8Array(0),
};

/** Events that are no APDU. */
const EVENTS: Record<string, (world: World) => string> = {
  disconnection: ({ line }) => line.send(0x53)[0]?.control.type ?? "silence",
  "power cut": (world) => {
    world.meter.reboot();
    world.line = world.meter.hdlc();
    return "silence";
  },
};

/** Outside an association no service is allowed; before pass 3 of HLS only that (GB9 9.4.4; CTT IDLE_N1). */
const OUTSIDE = "D80102 > idle";
const EARLY = "D80101 > pending";
const DM = "DM > inactive";
/** An AARQ of the pair replaces the association there was, whatever comes of it. */
const opens = (answer: string): string[] => [DM, answer, answer, answer, answer];

/** Answer > state afterwards: in inactive, idle, pending, associated, secured. */
const TABLE: Record<string, string[]> = {
  "AARQ without authentication": opens("AARE 1/14 > idle"),
  "AARQ with the password": opens("AARE 0/0 > associated"),
  "AARQ with a wrong password": opens("AARE 1/13 > idle"),
  "AARQ with a challenge": opens("AARE 0/14 > pending"),
  "AARQ with a challenge too short": opens("AARE 1/13 > idle"),
  "AARQ that is broken": opens("AARE 1/1 > idle"),
  "reply_to_HLS, right": [
    DM,
    OUTSIDE,
    "glo C7 f(CtoS) > secured",
    "C701C10300 > associated",
    "glo C701C10300 > secured",
  ],
  "reply_to_HLS, wrong": [DM, OUTSIDE, "glo C701C10300 > idle", "C701C10300 > associated", "glo C701C10300 > secured"],
  RLRQ: [DM, OUTSIDE, "6303800100 > idle", "6303800100 > idle", "6303800100 > idle"],
  "RLRQ that is broken": [DM, OUTSIDE, "D80102 > pending", "D80102 > associated", "D80102 > secured"],
  GET: [DM, OUTSIDE, EARLY, "C401C1001601 > associated", "glo C401C1001601 > secured"],
  "GET in clear": [DM, OUTSIDE, EARLY, "C401C1001601 > associated", "C401C1001601 > secured"],
  SET: [DM, OUTSIDE, EARLY, "C501C100 > associated", "glo C501C100 > secured"],
  ACTION: [DM, OUTSIDE, EARLY, "C701C10000 > associated", "glo C701C10000 > secured"],
  ACCESS: [DM, OUTSIDE, EARLY, "DA400000010000011601010100 > associated", "glo DA400000010000011601010100 > secured"],
  "GBT with a GET": [DM, OUTSIDE, EARLY, "E0 1 1 C401C1001601 > associated", "E0 1 1 glo C401C1001601 > secured"],
  "glo-GET": [DM, OUTSIDE, EARLY, "D80101 > associated", "glo C401C1001601 > secured"],
  "read-request of short names": [DM, OUTSIDE, EARLY, "D80102 > associated", "D80102 > secured"],
  "a response": [DM, OUTSIDE, EARLY, "silence > associated", "silence > secured"],
  // The state is judged in front of the tag.
  "an unknown tag": [DM, OUTSIDE, EARLY, "D80202 > associated", "D80202 > secured"],
  "no octet": [DM, "silence > idle", "silence > pending", "silence > associated", "silence > secured"],
  disconnection: [DM, "UA > inactive", "UA > inactive", "UA > inactive", "UA > inactive"],
  "power cut": Array<string>(5).fill("silence > inactive"),
};

describe("control function", () => {
  const states = Object.keys(STATES);
  const names = [...Object.keys(APDUS), ...Object.keys(EVENTS)];
  const cells = names.flatMap((event) => states.map((state, i) => ({ state, event, expected: TABLE[event]?.[i] })));
  let count = 0;

  it.each(cells)("$state, $event: $expected", ({ state, event, expected }) => {
    const world = boot(state);
    expect(stateOf(boot(state))).toBe(state);
    const apdu = APDUS[event];
    const answer = apdu ? send(world, apdu(world), state !== "inactive") : EVENTS[event]!(world);
    expect(`${answer} > ${stateOf(world)}`).toBe(expected);
    count++;
  });

  afterAll(() => expect(count).toBe(states.length * names.length));
});
