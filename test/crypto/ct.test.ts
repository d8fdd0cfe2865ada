import { expect, test } from "vitest";
import { Crypto, Dice } from "./core.ts";

test("equal: true for equal octets, false for any single bit that differs", () => {
  const core = new Crypto();
  const octets = new Dice(1).octets(33);
  const a = core.put(octets);
  const b = core.put(octets);
  for (let size = 0; size <= 33; size++) expect(core.call("ctEqual", a, b, size)).toBe(1);
  for (let i = 0; i < 33 * 8; i++) {
    const changed = Buffer.from(octets);
    changed[i >> 3]! ^= 1 << (i & 7);
    core.write(b, changed);
    expect(core.call("ctEqual", a, b, 33)).toBe(0);
    expect(core.call("ctEqual", b, a, i >> 3)).toBe(1);
  }
});

test("wipe: clears the octets and none beside them", () => {
  const core = new Crypto();
  for (const size of [0, 1, 7, 8, 31, 64]) {
    const at = core.put(new Dice(size + 1).octets(size));
    core.call("ctWipe", at, size);
    expect(core.read(at - 8, size + 16)).toEqual(
      Buffer.concat([Buffer.alloc(8, 0xa5), Buffer.alloc(size), Buffer.alloc(8, 0xa5)]),
    );
  }
});
