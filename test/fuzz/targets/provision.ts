/** Provision records that stand behind those of an identity: boot() refuses them, or the meter works. */
import { DlmsError } from "../../../host/client/index.ts";
import { aarq, aarqLls, get } from "../../device/apdus.ts";
import { RawMeter } from "../../device/raw.ts";
import { CLOCK, core, template } from "../../device/rig.ts";
import type { CoreBank } from "../../../host/core.ts";
import { anyData } from "../mutate.ts";
import { answerWord } from "../meter.ts";
import type { Input, Target } from "../target.ts";

const PROVISION_ROOM = 6000;
/** Class, logical name and attribute, with which a record begins. */
const NAME_SIZE = 9;
const HOUR_MS = 3_600_000;

let bank: CoreBank | undefined;
function record(
  classId: number,
  name: readonly number[],
  attribute: number,
  part: number,
  octets: Uint8Array,
): Uint8Array {
  const size = octets.length;
  return Uint8Array.of(
    classId >> 8,
    classId & 0xff,
    ...name,
    attribute & 0xff,
    part,
    size >> 8,
    size & 0xff,
    ...octets,
  );
}

const nameOf = (logicalName: string): number[] => logicalName.split(/[-:.]/).map(Number);

/** boot() takes the octets of a value as they are: what is no Data comes out as it went in, which only its provider can mend. */
function namedWord(answer: Uint8Array | undefined): string {
  try {
    return answerWord(answer);
  } catch (error) {
    if (!(error instanceof DlmsError)) throw error;
    return "no Data";
  }
}

/** A public client associates and reads, whatever it is told; an hour passes; the management client reads what the records name. */
function live(meter: RawMeter, records: Input): string[] {
  const channel = meter.wrapper({ clientSap: 16 });
  const words = [channel.exchange(aarq()), channel.exchange(get(8, CLOCK, 2))].map(answerWord);
  meter.advance(HOUR_MS);
  const manager = meter.wrapper({ clientSap: 1, index: 1 });
  words.push(answerWord(manager.exchange(aarqLls(meter.identity.keys.lls))));
  for (const named of records.filter(({ length }) => length >= NAME_SIZE)) {
    const request = Uint8Array.of(0xc0, 1, 0xc1, ...named.subarray(0, NAME_SIZE), 0);
    words.push(namedWord(manager.exchange(request)));
  }
  return words;
}

export const provision: Target = {
  name: "provision",
  about: "provision records of any value",
  seeds: () => {
    const { objects } = template().model;
    const values = objects.flatMap((object) =>
      object.attributes
        .filter((a) => a.row !== undefined)
        .map((a) => [record(object.classId, nameOf(object.logicalName), a.id, 0, Uint8Array.of(0x12, 0, 60))]),
    );
    const hidden = [0, 1, 2, 3, 4, 5, 6].map((part) => [
      record(64, [0, 0, 43, 0, 0, 255], 0, part, new Uint8Array(part < 4 ? 16 : 4).fill(0xff)),
    ]);
    return [...values, ...hidden, [record(8, [0, 0, 1, 0, 0, 255], 2, 1, new Uint8Array(8).fill(0x7f))]];
  },
  fresh: (dice) => {
    const { objects } = template().model;
    const object = objects[dice.roll(objects.length)]!;
    return record(
      object.classId,
      nameOf(object.logicalName),
      dice.roll(12),
      dice.roll(6) === 0 ? dice.roll(50) : 0,
      anyData(dice),
    );
  },
  run: (input: Input) => {
    bank ??= core().bank(template().image, 1);
    const records = Buffer.concat(input).subarray(0, PROVISION_ROOM);
    let meter: RawMeter;
    try {
      meter = RawMeter.boot({ bank, provision: records });
    } catch (error) {
      if (!/refuses to boot/.test((error as Error).message)) throw error;
      return [(error as Error).message];
    }
    return live(meter, input);
  },
  visit: () => {
    // What one meter is provisioned with stays with it: the seat boots anew as good as ever.
    const meter = RawMeter.boot({ bank: bank!, start: Date.UTC(2026, 0, 5, 12) });
    const [aare, clock] = live(meter, []);
    if (!aare!.includes("aare result 0") || !clock!.includes("octet-string")) throw new Error(`${aare} + ${clock}`);
  },
};
