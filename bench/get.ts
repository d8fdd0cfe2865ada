/** Core time of a GET: octets in, octets out, through the calls the host makes. */
import { createCipheriv, createDecipheriv } from "node:crypto";
import { decodeApdu, encodeApdu } from "../host/client/apdu.ts";
import type { AttributeDescriptor } from "../host/client/apdu_parts.ts";
import { controlOfI, frameEncode, serverAddress } from "../host/client/hdlc_frame.ts";
import { LLC_COMMAND } from "../host/client/hdlc.ts";
import { concat } from "../host/client/octets.ts";
import type { Client, ClientOptions } from "../host/client/session.ts";
import { WRAPPER_HEADER_SIZE, wpduDecode } from "../host/client/wrapper.ts";
import { Core } from "../host/core.ts";
import { coreFind, coreOctets } from "../host/files.ts";
import { templateLoad } from "../host/template/load.ts";
import { FIRST, reference, type Effort, type Figure, type Goal, type Group } from "./figure.ts";
import { associated, CIPHERED, CLOCK, FLOOR, getRequest, onWrapper, PLAIN, PUBLIC, REGISTER } from "./requests.ts";
import { BATCH, floorWork, freshWork, sameWork, Seat } from "./seat.ts";
import { repeat, time, type Timed, type Work } from "./timing.ts";

/** The client codec is some ten times slower. */
const CODEC_BATCH = 20;
const KEY = new Uint8Array(16);
const IV = new Uint8Array(12);
const AAD = new Uint8Array(17);
const TAG_SIZE = 12;

/** What the client does for the same exchange: request written, answer taken apart. */
function codecWork(client: Client, descriptor: AttributeDescriptor, answer: Uint8Array): Work {
  const apdu = getRequest(descriptor);
  const { security } = client;
  if (security !== undefined) security.checkCounters = false;
  return repeat(CODEC_BATCH, () => {
    onWrapper(client, apdu);
    const { apdu: octets } = wpduDecode(answer);
    decodeApdu(client.protecting ? security!.open(octets).text : octets);
  });
}

/** AES-128-GCM of node:crypto over the same sizes: the request opened, the answer sealed. */
function cryptoWork(requestSize: number, answerSize: number): Work {
  const answer = new Uint8Array(answerSize);
  const cipher = createCipheriv("aes-128-gcm", KEY, IV, { authTagLength: TAG_SIZE }).setAAD(AAD);
  const sealed = Buffer.concat([cipher.update(new Uint8Array(requestSize)), cipher.final()]);
  const tag = cipher.getAuthTag();
  return repeat(CODEC_BATCH, () => {
    const opening = createDecipheriv("aes-128-gcm", KEY, IV, { authTagLength: TAG_SIZE });
    opening.setAAD(AAD).setAuthTag(tag);
    opening.update(sealed);
    opening.final();
    const sealing = createCipheriv("aes-128-gcm", KEY, IV, { authTagLength: TAG_SIZE });
    sealing.setAAD(AAD);
    sealing.update(answer);
    sealing.final();
    sealing.getAuthTag();
  });
}

const CODEC = "the client's codec: request written, answer read";
const SCALAR = "the same on the core without SIMD";
const CRYPTO = "node:crypto aes-128-gcm, one opened and one sealed";

interface Case {
  readonly id: string;
  readonly what: string;
  readonly options: ClientOptions;
  readonly descriptor: AttributeDescriptor;
  readonly goal?: Goal;
}

const CASES: readonly Case[] = [
  {
    id: "get-register",
    what: "GET register value, in the clear",
    options: PLAIN,
    descriptor: REGISTER,
    goal: { limit: 1, kind: "at most" },
  },
  { id: "get-clock", what: "GET clock time, in the clear", options: PUBLIC, descriptor: CLOCK },
  {
    id: "get-register-ciphered",
    what: "GET register value, suite 0, authenticated and encrypted",
    options: CIPHERED,
    descriptor: REGISTER,
    goal: { limit: 3.5, kind: "at most" },
  },
];

/** GETs of one client over the wrapper. */
function getWork(seat: Seat, client: Client, descriptor: AttributeDescriptor): Work {
  const slot = seat.slotOf("wrapper");
  const make = (): Uint8Array => onWrapper(client, getRequest(descriptor));
  return client.protecting ? freshWork(seat, slot, make) : sameWork(seat, slot, Array.from({ length: BATCH }, make));
}

function answerCheck(client: Client, octets: Uint8Array): void {
  const { apdu } = wpduDecode(octets);
  const plain = decodeApdu(client.protecting ? client.security!.open(apdu).text : apdu);
  if (plain.kind !== "get-response-normal" || plain.result.code !== 0) throw new Error("a GET is not answered");
}

/** A GET by the core without SIMD, ciphered as the one beside it. */
async function scalarWork(x: Case): Promise<Work> {
  const seat = new Seat(templateLoad(), undefined, undefined, new Core(coreOctets("scalar")));
  seat.step();
  const client = await associated(seat, x.options);
  return getWork(seat, client, x.descriptor);
}

async function wrapperFigures(effort: Effort, x: Case): Promise<Figure[]> {
  const seat = new Seat(templateLoad());
  seat.step();
  const client = await associated(seat, x.options);
  const slot = seat.slotOf("wrapper");
  const request = onWrapper(client, getRequest(x.descriptor));
  const answer = seat.exchange(slot, request)[0]!;
  answerCheck(client, answer);
  const references = [
    { what: FLOOR, work: floorWork(seat, request.length, answer.length, BATCH) },
    { what: CODEC, work: codecWork(client, x.descriptor, answer) },
  ];
  if (client.protecting) {
    const overhead = WRAPPER_HEADER_SIZE + 2 + 5 + TAG_SIZE;
    const work = cryptoWork(request.length - overhead, answer.length - overhead);
    references.push({ what: CRYPTO, work });
    if (coreFind().kind === "simd") references.push({ what: SCALAR, work: await scalarWork(x) });
  }
  const work = getWork(seat, client, x.descriptor);
  const timed = time(effort, work, ...references.map((one) => one.work));
  const names = references.map((one) => one.what);
  return figuresOf(x, timed, names);
}

/** The time of one GET with its references, and how many that is a second; the first of the references is the floor. */
function figuresOf(x: Pick<Case, "id" | "what" | "goal">, timed: Timed, names: readonly string[]): Figure[] {
  const { ns } = timed;
  const references = timed.references.map((one, i) => ({ ...one, what: names[i]! }));
  const time: Figure = {
    id: `${x.id}-time`,
    what: x.what,
    value: ns / 1000,
    unit: "µs",
    ...(x.goal === undefined ? {} : { goal: x.goal }),
    references: [
      ...references.map((one) => ({ what: one.what, value: one.ns / 1000, ratio: one.ratio })),
      reference(FIRST, timed.firstNs / 1000, ns / 1000),
    ],
  };
  const perSecond = (value: number): number => 1e9 / value;
  const rate: Figure = {
    id: `${x.id}-rate`,
    what: `${x.what}, in a second`,
    value: perSecond(ns),
    unit: "1/s",
    references: references.slice(0, 1).map((one) => ({
      what: one.what,
      value: perSecond(one.ns),
      ratio: 1 / one.ratio,
    })),
  };
  return [time, rate];
}

/** I frames of one GET for each of the eight sequence numbers; the exchange that opens the association took `used`. */
function hdlcRequests(sap: number, descriptor: AttributeDescriptor, used: number): Uint8Array[] {
  const information = concat(LLC_COMMAND, encodeApdu(getRequest(descriptor)));
  const destination = serverAddress(1, 16);
  const source = { upper: sap, size: 1 } as const;
  return Array.from({ length: BATCH }, (_, i) => {
    const number = (used + i) & 7;
    const control = controlOfI(number, number, true);
    return frameEncode({ segmented: false, destination, source, control, information });
  });
}

async function hdlcFigures(effort: Effort): Promise<Figure[]> {
  const seat = new Seat(templateLoad());
  seat.step();
  const client = await associated(seat, { ...PLAIN, hdlc: {} });
  const slot = seat.slotOf("hdlc");
  // A batch is a multiple of eight frames, so that the next one begins with the same number.
  const requests = hdlcRequests(1, REGISTER, client.hdlc!.vs);
  const answers = seat.exchange(slot, concat(...requests.slice(0, 8)));
  if (answers.length !== 8) throw new Error(`8 GETs over HDLC have ${answers.length} answers`);
  const work = sameWork(seat, slot, requests);
  const timed = time(effort, work, floorWork(seat, requests[0]!.length, answers[0]!.length, BATCH));
  const x = { id: "get-register-hdlc", what: "GET register value over HDLC, in the clear" };
  return figuresOf(x, timed, [FLOOR]);
}

export const getGroup: Group = {
  title: "GET, in process",
  async measure(effort) {
    const figures: Figure[] = [];
    for (const one of CASES) figures.push(...(await wrapperFigures(effort, one)));
    figures.push(...(await hdlcFigures(effort)));
    return figures;
  },
};
