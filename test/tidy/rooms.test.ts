/** Imports go down only (docs/ARCHITECTURE.md, section 1). */
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { sourcesOf, textOf } from "./sources.ts";

/** Rooms of the core and what each may import besides itself. */
const ROOMS: Readonly<Record<string, readonly string[]>> = {
  base: [],
  crypto: ["base"],
  wire: ["base"],
  store: ["base"],
  link: ["base", "wire"],
  session: ["base", "crypto", "wire", "store"],
  meter: ["base", "store"],
  cosem: ["base", "wire", "store", "link", "session", "meter"],
  server: ["base", "crypto", "wire", "store", "session", "meter", "cosem"],
  device: ["base", "crypto", "wire", "store", "link", "session", "meter", "cosem", "server"],
};

/** Rooms of the host below the loop, which import no other room but those named. */
const HOST_ROOMS: Readonly<Record<string, readonly string[]>> = {
  client: [],
  transport: [],
  flash: [],
  state: ["flash/durability.ts", "flash/shard.ts"],
  metrology: ["core.ts", "schema_error.ts"],
  template: ["core.ts", "files.ts", "schema_error.ts"],
};

/** Entries that tests build, and the tests inside the core, may reach everywhere. */
const core = sourcesOf("assembly").filter((path) => !/__tests__|heapless|\/testing[^/]*\.ts$/.test(path));

function importsOf(path: string): string[] {
  const found = textOf(path).matchAll(
    /^\s*(?:import|export)\b[^;]*?from\s+"([^"]+)"|import\("([^"]+)"\)|^import\s+"([^"]+)"/gm,
  );
  return [...found].map((match) => match[1] ?? match[2] ?? match[3]!);
}

/** Files inside the project that `path` imports, without an ending for the core's. */
function localImportsOf(path: string): string[] {
  return importsOf(path)
    .filter((name) => name.startsWith("."))
    .map((name) => join(dirname(path), name));
}

const roomOf = (path: string): string => path.split("/")[1]!;

describe("the core", () => {
  const inRooms = core.filter((path) => path.split("/").length > 2);

  it("has no room that nobody knows", () => {
    expect(inRooms.length).toBeGreaterThan(20);
    expect(inRooms.filter((path) => !(roomOf(path) in ROOMS))).toEqual([]);
  });

  it.each(inRooms)("%s imports downwards only", (path) => {
    const allowed = [roomOf(path), ...ROOMS[roomOf(path)]!];
    expect(localImportsOf(path).filter((name) => !allowed.includes(roomOf(name)))).toEqual([]);
    expect(importsOf(path).filter((name) => !name.startsWith("."))).toEqual([]);
  });

  it("exports through index.ts, which holds the calls and imports the device and the plan", () => {
    const allowed = ["device", "store"];
    expect(localImportsOf("assembly/index.ts").filter((name) => !allowed.includes(roomOf(name)))).toEqual([]);
  });
});

describe("the host", () => {
  const host = sourcesOf("host");

  it("touches the core's exports and memory in core.ts only", () => {
    const touching = host.filter((path) => /\.exports\b|WebAssembly\.(Memory|Instance|Module)\b/.test(textOf(path)));
    expect(touching).toEqual(["host/core.ts"]);
  });

  it.each(host)("%s keeps to its room", (path) => {
    const allowed = HOST_ROOMS[roomOf(path)];
    if (allowed === undefined) return expect(localImportsOf(path).every((name) => name.startsWith("host/"))).toBe(true);
    const outside = localImportsOf(path).filter((name) => roomOf(name) !== roomOf(path));
    expect(outside.filter((name) => !allowed.includes(name.slice("host/".length)))).toEqual([]);
  });

  it("shares no code with the core", () => {
    expect(host.filter((path) => localImportsOf(path).some((name) => name.startsWith("assembly/")))).toEqual([]);
  });
});
