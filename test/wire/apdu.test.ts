import { expect, test } from "vitest";
import { Wire } from "./core.ts";
import { KINDS } from "./kinds.ts";
import { apduVectors } from "./vectors.ts";

const wire = new Wire();

for (const { id, octets, kind } of apduVectors()) {
  test(`${id}: ${kind} is read whole and written as it was`, () => {
    expect(wire.parse(kind, octets)).toBe(octets.length);
    wire.read(kind);
    expect(wire.emit(kind)).toEqual(octets);
    expect(wire.call("emitSize", KINDS[kind].id)).toBe(octets.length);
  });
}
