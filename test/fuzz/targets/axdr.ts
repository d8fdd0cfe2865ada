/** The codec pairs of the core, and Data: parse, emit, parse again; nothing outside the input, nothing outside the output. */
import { decodeData } from "../../../host/client/index.ts";
import { Wire } from "../../wire/core.ts";
import { judge } from "../../wire/judge.ts";
import { KINDS, type Kind } from "../../wire/kinds.ts";
import { apduVectors, VECTORS } from "../../wire/vectors.ts";
import { anyData } from "../mutate.ts";
import type { Input, Target } from "../target.ts";

const NAMES = Object.keys(KINDS) as Kind[];
/** First octet of a message: the codec, or from here on Data. */
const DATA = 0x80;
const OUT_SIZE = 8192;

let wire: Wire | undefined;
const booted = (): Wire => (wire ??= new Wire());

/** Data is skipped, copied and understood by the client alike. */
function dataWord(octets: Uint8Array): string {
  const core = booted();
  const size = core.call("skip", core.put(octets), octets.length);
  const at = core.put(octets);
  const copied = core.emitWith((out) => core.call("copyData", at, octets.length, out, OUT_SIZE), OUT_SIZE);
  if (size >= 0 !== copied >= 0) throw new Error(`skipped with ${size}, copied with ${copied}`);
  if (size < 0) return `data ${size} ${copied}`;
  if (size > octets.length) throw new Error(`${size} octets of ${octets.length} are skipped`);
  const copy = core.outOctets(copied);
  if (core.call("skip", core.put(copy), copy.length) !== copied) throw new Error("a copy is no Data");
  core.call("integer", core.put(copy), copy.length);
  return `data ${octets[0]} ${understood(octets.subarray(0, size))}`;
}

function understood(octets: Uint8Array): string {
  try {
    return decodeData(octets).type;
  } catch {
    return "only here";
  }
}

export const axdr: Target = {
  name: "axdr",
  about: "every codec pair of the core, and Data",
  seeds: () => [
    ...apduVectors().map(({ octets, kind }) => [Uint8Array.of(NAMES.indexOf(kind), ...octets)]),
    ...VECTORS.filter((v) => v.kind === "data").map((v) => [Uint8Array.of(DATA, ...Buffer.from(v.hex, "hex"))]),
  ],
  fresh: (dice) => Uint8Array.of(DATA, ...anyData(dice, 5)),
  run: (input: Input) =>
    input.map((message) => {
      const [kind = 0] = message;
      const octets = message.subarray(1);
      if (kind >= DATA) return dataWord(octets);
      const name = NAMES[kind % NAMES.length]!;
      const size = judge(booted(), name, Buffer.from(octets));
      const value = size < 0 ? "" : ` ${booted().word(2)}`.slice(0, 3);
      return `${name} ${Math.min(size, 0)}${value}`;
    }),
};
