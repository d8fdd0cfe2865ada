/** What a state learns of its template image, in the format of today and in version 1, for which older states were written. */
import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { ImageView } from "../../host/state/image.ts";
import { templateLoad } from "../../host/template/load.ts";

const hex = (octets: Uint8Array | undefined): string =>
  Buffer.from(octets ?? [])
    .toString("hex")
    .toUpperCase();

/** Both are images of the same template; what is expected stands in host/template/examples/microcontroller.json. */
const IMAGES: [string, () => Uint8Array][] = [
  ["version 1", () => gunzipSync(readFileSync("test/vectors/image-v1.bin.gz"))],
  ["version 2", () => templateLoad("host/template/examples/microcontroller.json").image],
];

describe.each(IMAGES)("an image of %s", (text, image) => {
  const octets = image();
  const view = new ImageView(octets);
  const key = (classId: number, name: string, attribute: number, part = 0) => ({
    ...{ classId, name, twin: 0, attribute, part },
  });

  it("is of that version, and has its check value", () => {
    expect(text).toBe(`version ${octets[4]}`);
    expect(view.check).toBe(new DataView(octets.buffer, octets.byteOffset).getUint32(12, true));
  });

  it("knows which objects there are", () => {
    expect(view.has(key(8, "0000010000ff", 2))).toBe(true);
    expect(view.has(key(3, "0000010000ff", 2))).toBe(false);
    expect(view.has({ classId: 8, name: "0000010000ff", twin: 1 })).toBe(false);
    expect(view.has(key(8, "0000010001ff", 2))).toBe(false);
  });

  it("gives tag, capacity and default of an attribute, and tells hidden ones", () => {
    const timeZone = view.attribute(key(8, "0000010000ff", 3))!;
    expect([timeZone.tag, timeZone.capacity, timeZone.hidden, hex(timeZone.default)]).toEqual([16, 3, false, "10FFC4"]);
    const unit = view.attribute(key(3, "0100010800ff", 3))!;
    expect([unit.tag, unit.capacity, hex(unit.default)]).toEqual([2, 0, "02020F00161E"]);
    const energy = view.attribute(key(3, "0100010800ff", 2))!;
    expect([energy.tag, energy.capacity, hex(energy.default)]).toEqual([6, 0, ""]);
    const master = view.attribute(key(64, "00002b0000ff", 0, 3))!;
    expect([master.capacity, master.hidden, hex(master.default)]).toEqual([32, true, ""]);
    expect(view.attribute(key(8, "0000010000ff", 99))).toBeUndefined();
  });

  it("knows the shape of the rows of a profile", () => {
    const rows = view.shape({ ...key(7, "0100630100ff", 2), octets: new Uint8Array() }, undefined);
    expect(rows).toMatchObject({ rowSize: 12 + 1 + 4 + 4, entries: 96 });
    expect(rows!.text).toContain("3 0100010800ff 2 as 6/4");
  });
});
