/** What it costs to find an object: the same GET in meters of 50, 500 and 5,000 objects, of objects all over the list. */
import { decodeApdu } from "../host/client/apdu.ts";
import { attribute } from "../host/client/session.ts";
import { wpduDecode } from "../host/client/wrapper.ts";
import { compileTemplate, type Compiled } from "../host/template/compile.ts";
import type { ObjectDocument } from "../host/template/document.ts";
import { templateRead } from "../host/template/load.ts";
import { reference, type Effort, type Figure, type Group } from "./figure.ts";
import { associated, FLOOR, getRequest, onWrapper, PLAIN } from "./requests.ts";
import { floorWork, sameWork, Seat } from "./seat.ts";
import { time, type Work } from "./timing.ts";

const COUNTS = [50, 500, 5000] as const;
/** GETs of a batch, each of another object. */
const GETS = 400;
/** Twice the steps of a search may cost this much more in a whole GET. */
const RATIO_MAX = 1.3;

const nameOf = (i: number): string => `1-128:${1 + (i >> 8)}.${i & 255}.0.255`;

/** The smallest template with a TCP port of the default one, filled up with Data objects. */
function templateOf(count: number): { compiled: Compiled; data: number } {
  const small = templateRead("microcontroller");
  const whole = templateRead();
  const tcp = whole.ports["tcp"]!;
  const setup = whole.objects.find(({ logicalName }) => logicalName === tcp.setup)!;
  const own = [...small.objects, setup];
  const data = Array.from({ length: count - own.length }, (_, i): ObjectDocument => {
    const access = { management: { get: "all" as const } };
    return {
      logicalName: nameOf(i),
      name: `Data ${i}`,
      class: 1,
      access,
      attributes: { 2: { value: { unsigned: 7 } } },
    };
  });
  const compiled = compileTemplate({ ...small, ports: { ...small.ports, tcp }, objects: [...own, ...data] });
  return { compiled, data: data.length };
}

/** A meter of `count` objects, and GETs of its Data objects from the first to the last. */
async function lookups(count: number): Promise<{ work: Work; floor: Work }> {
  const { compiled, data } = templateOf(count);
  const seat = new Seat(compiled);
  seat.step();
  const client = await associated(seat, PLAIN);
  const slot = seat.slotOf("wrapper");
  const requests = Array.from({ length: GETS }, (_, i) => {
    const object = Math.round((((i * 7) % GETS) * (data - 1)) / (GETS - 1));
    return onWrapper(client, getRequest(attribute(1, nameOf(object), 2)));
  });
  let size = 0;
  for (const request of requests) {
    const answer = seat.exchange(slot, request)[0]!;
    const plain = decodeApdu(wpduDecode(answer).apdu);
    if (plain.kind !== "get-response-normal" || plain.result.code !== 0) throw new Error("an object is not found");
    size = answer.length;
  }
  return { work: sameWork(seat, slot, requests), floor: floorWork(seat, requests[0]!.length, size, GETS) };
}

async function figures(effort: Effort): Promise<Figure[]> {
  const meters: Awaited<ReturnType<typeof lookups>>[] = [];
  for (const count of COUNTS) meters.push(await lookups(count));
  const [few, more, many] = meters.map((one) => one.work);
  const timed = time(effort, many!, few!, more!, meters[0]!.floor);
  const times = [timed.references[0]!.ns, timed.references[1]!.ns, timed.ns].map((ns) => ns / 1000);
  const [first] = times;
  const floor = timed.references[2]!.ns / 1000;
  const text = (count: number): string => `GET of one of ${count.toLocaleString("en-US")} objects, in the clear`;
  const each = COUNTS.map((count, i): Figure => {
    const references = [reference(FLOOR, floor, times[i]!)];
    if (i > 0) references.unshift(reference(text(COUNTS[0]), first!, times[i]!));
    return { id: `lookup-${count}`, what: text(count), value: times[i]!, unit: "µs", references };
  });
  const growth: Figure = {
    ...{ id: "lookup-growth", what: "a GET among 5,000 objects to one among 50", value: timed.references[0]!.ratio },
    ...{ unit: "×", goal: { limit: RATIO_MAX, kind: "at most" as const }, references: [] },
  };
  return [...each, growth];
}

export const lookupGroup: Group = { title: "Object lookup, in process", measure: figures };
