import { expect, test } from "vitest";
import { Crypto, hex } from "./core.ts";
import { vector } from "./vectors.ts";

const GCM_128 = 0;
const GCM_256 = 1;
const WRAP_256 = 3;

/** The key from Z and the party fields, given in `pieces`. */
function derive(algorithm: number, z: Buffer, pieces: Buffer[], arc = 5, counted = 1): Buffer {
  const core = new Crypto();
  const kdf = core.room(core.call("kdfSize"));
  core.call("kdfBegin", kdf, algorithm, core.put(z), z.length, arc, counted);
  for (const piece of pieces) core.call("kdfParty", kdf, core.put(piece), piece.length);
  const out = core.room(48);
  const size = core.call("kdfFinish", kdf, out);
  expect(core.intact(kdf, core.call("kdfSize"))).toBe(true);
  expect(core.read(out + size, 48 - size)).toEqual(Buffer.alloc(48 - size));
  return core.read(out, size);
}

/** AlgorithmID, as its first seven octets say it, and the parties that follow. */
function derived(id: string, otherInfo: string, algorithm: number): Buffer {
  const { inputs } = vector(id);
  const info = hex(inputs[otherInfo]!);
  expect(info.subarray(0, 7)).toEqual(Buffer.concat([hex("608574050803"), Buffer.from([algorithm])]));
  return derive(algorithm, hex(inputs["Z"]!), [info.subarray(7, 15), info.subarray(15)]);
}

test("Green Book: C(1e,1s), C(0e,2s) and C(2e,0s) in suite 1", () => {
  for (const [id, name] of [
    ["gb-1e1s-kdf-s2c", "key"],
    ["gb-0e2s-kdf", "key"],
    ["gb-2e0s-kdf-guek", "GUEK"],
  ] as const) {
    expect(derived(id, "OtherInfo", GCM_128), id).toEqual(hex(vector(id).output[name]!));
  }
});

test("suite 2, and a key encrypting key", () => {
  const { output } = vector("2e0s-suite2");
  expect(derived("2e0s-suite2", "OtherInfo_encryption_or_auth_key", GCM_256)).toEqual(hex(output["GUEK_or_GAK"]!));
  expect(derived("2e0s-suite2", "OtherInfo_master_key", WRAP_256)).toEqual(hex(output["KEK_if_wrap_id_is_used"]!));
  expect(derived("gc-1e1s-suite2", "OtherInfo", GCM_256)).toEqual(hex(vector("gc-1e1s-suite2").output["key"]!));
});

test("the arc that GBCS and some head-end systems use", () => {
  const { inputs, output } = vector("gb-1e1s-kdf-variants");
  const parties = [hex("4D4D4D0000BC614E"), hex("4D4D4D0000000001")];
  const [withCounter, withoutCounter] = Object.values(output);
  expect(derive(GCM_128, hex(inputs["Z"]!), parties, 6)).toEqual(hex(withCounter!));
  // The print of Green Book Ed. 8 shows what comes out without the counter.
  expect(derive(GCM_128, hex(inputs["Z"]!), parties, 6, 0)).toEqual(hex(withoutCounter!));
  // The same with arc 05 is the key of the published APDU.
  expect(derive(GCM_128, hex(inputs["Z"]!), parties)).toEqual(hex(vector("gb-1e1s-access-apdu").inputs["key"]!));
});

test("nothing of Z or the key stays in scratch", () => {
  const core = new Crypto();
  const z = hex(vector("gb-1e1s-kdf-s2c").inputs["Z"]!);
  const kdf = core.room(core.call("kdfSize"));
  core.call("kdfBegin", kdf, GCM_128, core.put(z), z.length, 5, 1);
  const out = core.room(48);
  core.call("kdfFinish", kdf, out);
  expect(core.read(kdf, 208)).toEqual(Buffer.alloc(208));
  const scratch = core.read(0, core.call("freeFrom")).toString("hex");
  expect(scratch).not.toContain(z.subarray(0, 8).toString("hex"));
  expect(scratch).not.toContain(core.read(out, 8).toString("hex"));
});
