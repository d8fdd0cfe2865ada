/**
 * Octets from the wire never trap, never make a codec look or point outside its input, and never make it write outside
 * its output.
 */
import { describe, expect, test } from "vitest";
import { Dice, Err, hex, Wire } from "./core.ts";
import { judge as judgeBy } from "./judge.ts";
import { KINDS, type Kind } from "./kinds.ts";
import { apduVectors, securityApdus, vector, VECTORS } from "./vectors.ts";

const wire = new Wire();
const FUZZ_ROUNDS = 100_000;
const judge = (kind: Kind, octets: Buffer): number => judgeBy(wire, kind, octets);

interface Sample {
  id: string;
  octets: Buffer;
  kind: Kind;
}

const ALL: Sample[] = [
  ...apduVectors(),
  ...securityApdus().filter(({ octets }) => octets.length < 200),
  { id: "H-RNG-1", octets: hex(vector("H-RNG-1").hex), kind: "rangeDescriptor" },
  { id: "H-ENT-2", octets: hex(vector("H-ENT-2").hex), kind: "entryDescriptor" },
  ...VECTORS.filter((v) => v.id.startsWith("H-DT-")).map((v) => ({
    id: v.id,
    octets: hex(v.hex),
    kind: "dateTime" as const,
  })),
];

/** Each octet string once. */
const SAMPLES = [...new Map(ALL.map((sample) => [sample.octets.toString("hex"), sample])).values()];

/** Every value of an octet; and, for long inputs, the changes of one bit and of all. */
const EVERY = Array.from({ length: 256 }, (_, value) => value);
const TELLING = [0x01, 0x02, 0x04, 0x08, 0x10, 0x20, 0x40, 0x80, 0x81, 0xff];

describe("every truncation is incomplete", () => {
  for (const { id, octets, kind } of SAMPLES) {
    test(`${id} ${kind}`, () => {
      for (let size = 0; size < octets.length; size++) {
        expect(wire.parse(kind, octets.subarray(0, size)), `${size} octets`).toBe(Err.INCOMPLETE);
      }
    });
  }
});

describe("every change of one octet is refused, or read and written consistently", () => {
  for (const { id, octets, kind } of SAMPLES) {
    test(`${id} ${kind}`, () => {
      const changed = Buffer.from(octets);
      for (let index = 0; index < octets.length; index++) {
        for (const value of octets.length <= 50 ? EVERY : TELLING.map((flip) => octets[index]! ^ flip)) {
          changed[index] = value;
          judge(kind, changed);
        }
        changed[index] = octets[index]!;
      }
      expect(judge(kind, octets)).toBe(octets.length);
    });
  }
});

describe("fuzzing", () => {
  const kinds = Object.keys(KINDS) as Kind[];

  test("mutated, cut and joined samples, fed to their own codec and to others", () => {
    const dice = new Dice(0xd15c0);
    let accepted = 0;
    for (let round = 0; round < FUZZ_ROUNDS; round++) {
      const sample = SAMPLES[dice.roll(SAMPLES.length)]!;
      const other = SAMPLES[dice.roll(SAMPLES.length)]!;
      const head = sample.octets.subarray(0, dice.roll(sample.octets.length + 1));
      const tail = other.octets.subarray(dice.roll(other.octets.length));
      const octets = dice.roll(2) ? Buffer.concat([head, tail]) : Buffer.from(sample.octets);
      for (let change = dice.roll(4); change > 0 && octets.length > 0; change--) {
        octets[dice.roll(octets.length)] = dice.roll(256);
      }
      const kind = dice.roll(8) === 0 ? kinds[dice.roll(kinds.length)]! : sample.kind;
      if (judge(kind, octets) >= 0) accepted++;
    }
    expect(accepted).toBeGreaterThan(FUZZ_ROUNDS / 20);
  });

  test("random octets behind a plausible head", () => {
    const dice = new Dice(0xf00d);
    for (let round = 0; round < FUZZ_ROUNDS / 4; round++) {
      const sample = SAMPLES[dice.roll(SAMPLES.length)]!;
      const head = sample.octets.subarray(0, Math.min(sample.octets.length, 1 + dice.roll(12)));
      judge(sample.kind, Buffer.concat([head, dice.octets(dice.roll(64))]));
    }
  });
});
