/** Core time of an association that is released and opened again, and of a SET: octets in, octets out, through the calls the host makes. */
import { decodeApdu } from "../host/client/apdu.ts";
import { doubleLongUnsigned } from "../host/client/data.ts";
import { attribute, Client } from "../host/client/session.ts";
import type { Transport } from "../host/client/transport.ts";
import { wpduDecode } from "../host/client/wrapper.ts";
import { templateLoad } from "../host/template/load.ts";
import { FIRST, type Effort, type Figure, type Goal, type Group } from "./figure.ts";
import { associated, CIPHERED, FLOOR, getRequest, onWrapper, PLAIN, PUBLIC, setRequest } from "./requests.ts";
import { BATCH, floorWork, freshWork, sameWork, Seat } from "./seat.ts";
import { time, type Work } from "./timing.ts";

const CYCLES = BATCH / 2;
const CYCLE_GOAL: Goal = { limit: 1.5, kind: "at most" };

/** A threshold that the management client may set: the clock time shift limit, s. */
const LIMIT = attribute(3, "1-0:0.9.11.255", 2);

/** The AARQ and the RLRQ of a client, as they went over its transport. */
async function cycleOf(seat: Seat, options: typeof PUBLIC): Promise<{ aarq: Uint8Array; rlrq: Uint8Array }> {
  const sent: Uint8Array[] = [];
  const under = seat.open(seat.slotOf("wrapper"));
  const transport: Transport = {
    ...under,
    write: (octets) => {
      sent.push(octets.slice());
      under.write(octets);
    },
  };
  const client = new Client(transport, options);
  await client.connect();
  await client.associate();
  await client.release();
  if (sent.length !== 2) throw new Error(`an association and its release are ${sent.length} requests, not 2`);
  return { aarq: sent[0]!, rlrq: sent[1]! };
}

/** Opens and releases once more: the AARE must accept, the RLRE must come. @returns octets of both answers */
function cycleCheck(seat: Seat, slot: number, { aarq, rlrq }: { aarq: Uint8Array; rlrq: Uint8Array }): number {
  const opened = seat.exchange(slot, aarq)[0]!;
  const aare = decodeApdu(wpduDecode(opened).apdu);
  if (aare.kind !== "aare" || aare.result !== 0) throw new Error("the association is refused");
  const released = seat.exchange(slot, rlrq)[0]!;
  if (decodeApdu(wpduDecode(released).apdu).kind !== "rlre") throw new Error("a release is not answered");
  return opened.length + released.length;
}

async function cycleFigure(effort: Effort, id: string, what: string, options: typeof PUBLIC): Promise<Figure> {
  const seat = new Seat(templateLoad());
  seat.step();
  const slot = seat.slotOf("wrapper");
  const cycle = await cycleOf(seat, options);
  const answers = cycleCheck(seat, slot, cycle);
  const requests = Array.from({ length: 2 * CYCLES }, (_, i) => (i % 2 === 0 ? cycle.aarq : cycle.rlrq));
  const octets = cycle.aarq.length + cycle.rlrq.length;
  const timed = time(effort, sameWork(seat, slot, requests), floorWork(seat, octets >> 1, answers >> 1, 2 * CYCLES));
  // Work counts requests; a cycle is two of them.
  const [floor] = timed.references;
  return {
    ...{ id, what, value: (2 * timed.ns) / 1000, unit: "µs", goal: CYCLE_GOAL },
    references: [
      { what: FLOOR, value: (2 * floor!.ns) / 1000, ratio: floor!.ratio },
      { what: FIRST, value: (2 * timed.firstNs) / 1000, ratio: timed.ns / timed.firstNs },
    ],
  };
}

/** GETs of the same value, from a meter of their own. */
async function getWork(options: typeof PUBLIC): Promise<Work> {
  const seat = new Seat(templateLoad());
  seat.step();
  const client = await associated(seat, options);
  return freshWork(seat, seat.slotOf("wrapper"), () => onWrapper(client, getRequest(LIMIT)));
}

async function setFigure(effort: Effort, id: string, what: string, options: typeof PUBLIC): Promise<Figure> {
  const seat = new Seat(templateLoad());
  seat.step();
  const client = await associated(seat, options);
  const slot = seat.slotOf("wrapper");
  const values = [doubleLongUnsigned(10), doubleLongUnsigned(11)];
  // Two values in turn: one that stands already is no change.
  const set = (index: number): Uint8Array => onWrapper(client, setRequest(LIMIT, values[index & 1]!));
  const before = seat.counts.programs;
  // The value may be the first of the two already, but not both.
  const request = set(0);
  seat.exchange(slot, request);
  const answer = seat.exchange(slot, set(1))[0]!;
  const { apdu } = wpduDecode(answer);
  const plain = decodeApdu(client.protecting ? client.security!.open(apdu).text : apdu);
  if (plain.kind !== "set-response-normal" || plain.result !== 0) throw new Error("a SET is refused");
  if (seat.counts.programs === before) throw new Error("a SET is not in the flash");
  const timed = time(
    effort,
    freshWork(seat, slot, set),
    await getWork(options),
    floorWork(seat, request.length, answer.length, BATCH),
  );
  const names = ["a GET of the same value", FLOOR];
  return {
    ...{ id, what, value: timed.ns / 1000, unit: "µs" },
    references: timed.references.map((one, i) => ({ what: names[i]!, value: one.ns / 1000, ratio: one.ratio })),
  };
}

export const associationGroup: Group = {
  title: "Association and SET, in process",
  async measure(effort) {
    return [
      await cycleFigure(effort, "association-public", "AARQ and RLRQ, no authentication", PUBLIC),
      await cycleFigure(effort, "association-lls", "AARQ and RLRQ, password", PLAIN),
      await setFigure(
        effort,
        "set-register",
        "SET register value, in the clear, its record in a flash in memory",
        PLAIN,
      ),
      await setFigure(effort, "set-register-ciphered", "the same, suite 0, authenticated and encrypted", CIPHERED),
    ];
  },
};
