// What a meter's block is made of: octets of each area of each room, as the core lays it out for a template (assembly/testing_layout.ts).
// Rows are the depth of profiles, and `pages` what stands between areas so that they begin on a page.

/** Templates whose blocks have a budget, below host/template. */
export const BLOCKS = ["idis-p3.json", "examples/microcontroller.json"];

/** Pages of the memory: image, tables and static data. */
const PAGES = 8;

/** The name of the block of a template in the budget. */
export const blockName = (template) => `block of ${template}`;

/** An instance of testing_layout that has planned the image. */
export function layoutOf(module, image) {
  const memory = new WebAssembly.Memory({ initial: PAGES, maximum: PAGES });
  const { exports } = new WebAssembly.Instance(module, { env: { memory } });
  new Uint8Array(memory.buffer).set(image, exports.template());
  if (exports.plan(image.length) !== 0) throw new Error("the core refuses the template");
  return exports;
}

/** Areas of a planned block: {file: "room/area", size} each, as wasmParts() tells the parts of a core. */
export function blockParts(layout) {
  return Object.keys(layout)
    .filter((name) => name.includes("_"))
    .map((name) => ({ file: name.replace("_", "/"), size: layout[name]() }));
}
