/** What the core and its meters weigh: module, template, block, resident memory, and octets written to the flash. */
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { attribute } from "../host/client/session.ts";
import { coreOctets, packageFile } from "../host/files.ts";
import { templateLoad } from "../host/template/load.ts";
import { reference, type Figure, type Goal, type Group } from "./figure.ts";
import { associated, CIPHERED, getRequest, onWrapper, PLAIN, REGISTER } from "./requests.ts";
import { blockLayout, blockPages, PAGE } from "./block_pages.ts";
import { core, Seat, START } from "./seat.ts";

const KIB = 1024;
const SHALLOW_TEMPLATE = "bench/shallow_profiles.json";
/**
 * Goals in KiB: module, template image, and what the core touches of the block of a connected meter beyond its profile depth: the engine, the
 * slot that is used, other values, and the sum. What a whole process takes, host and flash twin included, is told beside it.
 */
const MODULE_MAX = 192;
const SUITE0_MAX = 128;
const TEMPLATE_MAX = 20;
const ENGINE_MAX = 8;
const SLOT_MAX = 4;
const VALUES_MAX = 4;
const CONNECTED_MAX = ENGINE_MAX + SLOT_MAX + VALUES_MAX;
const DAY_MS = 86_400_000;
const CORES = { "core.wasm": "build/core.sizes.json", "core.suite0.wasm": "build/core.suite0.sizes.json" };
/** The larger ones first; `std` is AssemblyScript's own. */
const ROOMS = [
  "cosem",
  "server",
  "crypto",
  "store",
  "wire",
  "session",
  "meter",
  "link",
  "device",
  "base",
  "std",
  "index",
];
/** Octets by room. */
type Rooms = Readonly<Record<"code" | "constants", Readonly<Record<string, number>>>>;
const METERS = [1000, 5000];
const METERS_QUICK = [200];
/** A load profile row of the template: stamp, status, two energies. */
const ROW_SIZE = 12 + 1 + 4 + 4;
const PERIODS = 2880;
const SETS = 500;
const GETS = 5000;
const SHIFT_LIMIT = attribute(3, "1-0:0.9.11.255", 2);
const SHIFT_LIMIT_SIZE = 5;

function sizeFigure(id: string, what: string, octets: number, limitKib?: number): Figure {
  const goal: { goal?: Goal } = limitKib === undefined ? {} : { goal: { limit: limitKib, kind: "at most" } };
  return { id, what, value: octets / KIB, unit: "KiB", ...goal, references: [] };
}

function moduleFigures(): Figure[] {
  const octets = coreOctets("scalar");
  const { image } = templateLoad();
  const { blockSize, flashSize } = core().plan(image);
  // A block with profiles of one row each is what a meter needs besides its profiles.
  const shallow = templateLoad(packageFile(SHALLOW_TEMPLATE));
  const { blockSize: withoutRows } = core().plan(shallow.image);
  const beside = (figure: Figure, what: string, other: number): Figure => ({
    ...figure,
    references: [reference(what, other / KIB, figure.value)],
  });
  const simd = sizeFigure("wasm-simd", "core.simd.wasm", coreOctets("simd").length);
  const zipped = sizeFigure("wasm-gzip", "core.wasm, gzip", gzipSync(octets, { level: 9 }).length);
  const bare = sizeFigure("block-without-rows", "block of a meter without its profiles' rows", withoutRows);
  return [
    sizeFigure("wasm", "core.wasm", octets.length, MODULE_MAX),
    beside(zipped, "core.wasm", octets.length),
    beside(simd, "core.wasm", octets.length),
    sizeFigure("template-image", "image of the template", image.length, TEMPLATE_MAX),
    sizeFigure("block", "block of a meter", blockSize),
    beside(bare, "its block, whole", blockSize),
    beside(sizeFigure("flash", "flash of a meter", flashSize), "its block, whole", blockSize),
  ];
}

/** The core for suite 0 alone, where it was built: without elliptic curves, short names and what else IDIS Package 3 does not ask for. */
function suite0Figures(): Figure[] {
  const path = join(dirname(packageFile("package.json")), "build/core.suite0.wasm");
  if (!existsSync(path)) return [];
  const octets = coreOctets("scalar").length;
  const figure = sizeFigure("wasm-suite0", "core.suite0.wasm", readFileSync(path).length, SUITE0_MAX);
  return [{ ...figure, references: [reference("core.wasm", octets / KIB, figure.value)] }];
}

/** Octets of each room in the built cores; a core that was not built for release has none (scripts/budget.mjs). */
function roomFigures(): Figure[] {
  return Object.entries(CORES).flatMap(([column, path]) => {
    const sizes = join(dirname(packageFile("package.json")), path);
    if (!existsSync(sizes)) return [];
    const { code, constants } = (JSON.parse(readFileSync(sizes, "utf8")) as { rooms: Rooms }).rooms;
    return ROOMS.map((row) => ({
      id: `wasm-room-${row}-${column}`,
      what: `${row} in ${column}`,
      value: (code[row] ?? 0) + (constants[row] ?? 0),
      unit: "octets",
      references: [],
      cell: { row, column },
    }));
  });
}

/** Resident memory of meters in a process of their own: with all that the host keeps for them, or blocks of the core alone. */
function residentFigures(count: number, what: "bank" | "core"): Figure[] {
  const script = fileURLToPath(new URL("seats.js", import.meta.url));
  const text = execFileSync(process.execPath, ["--expose-gc", script, String(count), what], { encoding: "utf8" });
  const { seated, connected } = JSON.parse(text) as { seated: number; connected: number };
  const block = core().plan(templateLoad().image).blockSize;
  const figure = (state: string, octets: number): Figure => {
    const part = what === "core" ? ", its block alone" : ", host and flash twin included";
    const text = `resident memory of one of ${count.toLocaleString("en-US")} ${state} meters${part}`;
    const size = sizeFigure(`rss-${what}-${state}-${count}`, text, octets);
    return { ...size, references: [reference("a whole block", block / KIB, octets / KIB)] };
  };
  return [figure("running", seated), figure("connected", connected)];
}

/**
 * What a meter touches of its block in pages of 4 KiB, after a day and with a client that has a ciphered association and has read a
 * register: counted, not measured, so that rows are told apart and every run gives the same.
 */
async function pageFigures(): Promise<Figure[]> {
  const seat = new Seat(templateLoad());
  const layout = await blockLayout(seat.template.image);
  while (seat.step(START + DAY_MS));
  const client = await associated(seat, CIPHERED);
  await client.get(REGISTER);
  const { engine, values, slots, inbox, rows } = blockPages(layout, seat.bank.block(0));
  const figure = (id: string, what: string, pages: number, limitKib?: number): Figure =>
    sizeFigure(`pages-${id}`, `touched of the block of a connected meter after a day: ${what}`, pages * PAGE, limitKib);
  return [
    figure("engine", "engine", engine, ENGINE_MAX),
    figure("slot", "the slot in use", slots, SLOT_MAX),
    figure("values", "other values", values + inbox, VALUES_MAX),
    figure("connected", "all beyond rows", engine + slots + values + inbox, CONNECTED_MAX),
    figure("rows", "rows of profiles, which are their depth", rows),
  ];
}

/** Octets programmed while `run` does something `count` times, for each time. */
async function written(seat: Seat, count: number, run: () => Promise<void>): Promise<number> {
  const before = seat.counts.octets;
  await run();
  return (seat.counts.octets - before) / count;
}

async function flashFigures(): Promise<Figure[]> {
  const seat = new Seat(templateLoad());
  // A full profile: the snapshots that make room in the flash hold all of its rows.
  for (let i = 0; i < PERIODS; i++) seat.step();
  const row = await written(seat, PERIODS, async () => {
    for (let i = 0; i < PERIODS; i++) seat.step();
  });
  const plain = await associated(seat, PLAIN, 0);
  const set = await written(seat, SETS, async () => {
    for (let i = 0; i < SETS; i++) await plain.set(SHIFT_LIMIT, { type: "double-long-unsigned", value: 1 + (i & 1) });
  });
  const ciphered = await associated(seat, CIPHERED, 1);
  const requests = Array.from({ length: GETS }, () => onWrapper(ciphered, getRequest(REGISTER)));
  const get = await written(seat, GETS, async () => {
    for (const request of requests) seat.exchange(seat.slotOf("wrapper", 1), request);
  });
  const figure = (id: string, what: string, octets: number, payload: string, size: number): Figure => ({
    id,
    what,
    value: octets,
    unit: "octets",
    references: [reference(payload, size, octets)],
  });
  return [
    figure(
      "flash-row",
      "flash written for a period of a full load profile, snapshots included",
      row,
      "its row",
      ROW_SIZE,
    ),
    figure("flash-set", "flash written for a SET of a register", set, "its value", SHIFT_LIMIT_SIZE),
    figure("flash-get", "flash written for a ciphered GET (counters ahead)", get, "its two counters", 8),
  ];
}

export const sizesGroup: Group = {
  title: "Sizes",
  async measure(effort) {
    const counts = effort.quick ? METERS_QUICK : METERS;
    const banks = counts.flatMap((count) => residentFigures(count, "bank"));
    const blocks = residentFigures(counts.at(-1)!, "core");
    return [
      ...roomFigures(),
      ...moduleFigures(),
      ...suite0Figures(),
      ...(await pageFigures()),
      ...banks,
      ...blocks,
      ...(await flashFigures()),
    ];
  },
};
