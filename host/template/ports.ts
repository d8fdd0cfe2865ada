/** Ports: limits of each, and the slots they share out. */
import type { AttributeRow } from "./attributes.ts";
import type { PortDocument, TemplateDocument } from "./document.ts";
import { TemplateError, within } from "./error.ts";
import { LIMITS } from "./limits.ts";
import { CLASS_HDLC_SETUP, type ObjectModel, type PortModel } from "./model.ts";

/** Bits of PortRow.flags (assembly/store/template.ts). */
export const STUFFED = 1;
export const POINT_TO_POINT = 2;
export const SERIAL = 4;
export const IDENTIFY = 8;
export const LOCAL = 16;

const CLASS_TCP_UDP_SETUP = 41;
const CLASS_LOCAL_PORT_SETUP = 19;
const CLASS_PROFILE_GENERIC = 7;
const LINKS_DEFAULT = { wrapper: 1, "wrapper-udp": 1, hdlc: 4 };
const INFO_SIZE_DEFAULT = 128;

/** HDLC setup: attribute_id, and the limit of the port that its value must not exceed. */
const HDLC_LIMITS: readonly (readonly [number, "windowMax" | "infoSizeMax"])[] = [
  [3, "windowMax"],
  [4, "windowMax"],
  [5, "infoSizeMax"],
  [6, "infoSizeMax"],
];
const NB_OF_SIM_CONN = 5;

function between(key: string, value: number, low: number, high: number): number {
  if (value >= low && value <= high) return value;
  throw new TemplateError(`${key}: ${value} (limits ${low} to ${high})`);
}

/** The default of a numeric attribute: the octets behind its tag. */
function numberDefault(object: ObjectModel, rows: AttributeRow[], attribute: number): number {
  const octets = rows[object.attributes[attribute - 1]?.row ?? -1]?.default ?? new Uint8Array(0);
  return octets.subarray(1).reduce((sum, octet) => sum * 256 + octet, 0);
}

function setupCheck(port: PortModel, setup: ObjectModel, rows: AttributeRow[]): void {
  const wanted = port.kind === "hdlc" ? CLASS_HDLC_SETUP : CLASS_TCP_UDP_SETUP;
  if (setup.classId !== wanted) {
    throw new TemplateError(`setup: object ${setup.logicalName} is class ${setup.classId}, not ${wanted}`);
  }
  const over = (attribute: number, limit: number) => {
    const value = numberDefault(setup, rows, attribute);
    if (value <= limit) return;
    const name = setup.attributes[attribute - 1]!.name;
    throw new TemplateError(`setup: ${name} of object ${setup.logicalName} is ${value} (limit of the port ${limit})`);
  };
  // nb_of_sim_conn counts TCP connections; UDP has peers only.
  if (port.kind === "wrapper") over(NB_OF_SIM_CONN, port.connections);
  if (port.kind === "hdlc") for (const [attribute, limit] of HDLC_LIMITS) over(attribute, port[limit]);
}

/** What a line of its own may have in front of HDLC: sign-on, and the data readout of a client without HDLC. */
function signOnResolve(
  p: PortDocument,
  find: (key: string, name: string, classId: number) => ObjectModel,
): Pick<PortModel, "localObject" | "readout"> {
  const keys = [p.local && "local", p.readout && "readout", p.identify && "identify"].filter(Boolean);
  if (p.kind !== "hdlc" && keys.length > 0) throw new TemplateError(`${keys[0]}: only HDLC ports have it`);
  if (p.readout !== undefined && p.local === undefined) throw new TemplateError("readout: the port has no local");
  return {
    ...(p.local === undefined ? {} : { localObject: find("local", p.local, CLASS_LOCAL_PORT_SETUP).index }),
    ...(p.readout === undefined ? {} : { readout: find("readout", p.readout, CLASS_PROFILE_GENERIC).instance! }),
  };
}

function portResolve(name: string, p: PortDocument, firstSlot: number, setup: ObjectModel): PortModel {
  const links = p.links ?? LINKS_DEFAULT[p.kind];
  const hdlc = p.kind === "hdlc";
  const { HDLC_INFO_SIZE_MIN, HDLC_INFO_SIZE_MAX } = LIMITS;
  const infoSizeMax = p.infoSizeMax ?? INFO_SIZE_DEFAULT;
  const flags =
    (p.stuffed ? STUFFED : 0) |
    (p.pointToPoint ? POINT_TO_POINT : 0) |
    (p.serial ? SERIAL : 0) |
    (p.identify ? IDENTIFY : 0) |
    (p.reach === "local" ? LOCAL : 0);
  if (![0, 1, 2, 4].includes(p.addressLength ?? 0)) {
    throw new TemplateError(`addressLength: ${p.addressLength} (1, 2, 4, or 0 for what the client uses)`);
  }
  return {
    name,
    kind: p.kind,
    flags,
    connections: between("connections", p.connections, 1, LIMITS.SLOTS_MAX),
    links: between("links", links, 1, LIMITS.SLOTS_MAX),
    setupObject: setup.index,
    firstSlot,
    infoSizeMax: hdlc ? between("infoSizeMax", infoSizeMax, HDLC_INFO_SIZE_MIN, HDLC_INFO_SIZE_MAX) : 0,
    windowMax: hdlc ? between("windowMax", p.windowMax ?? 1, 1, 7) : 0,
    addressLength: hdlc ? (p.addressLength ?? 0) : 0,
  };
}

/** All ports in the order of the document; slots are given out one port after another. */
export function portsResolve(
  document: TemplateDocument,
  objects: ObjectModel[],
  rows: AttributeRow[],
  indexOf: (logicalName: string) => number,
): PortModel[] {
  const entries = Object.entries(document.ports);
  if (entries.length > LIMITS.PORTS_MAX) {
    throw new TemplateError(`ports: ${entries.length} ports (limit ${LIMITS.PORTS_MAX})`);
  }
  let slots = 0;
  const find = (key: string, wanted: string, classId: number): ObjectModel =>
    within(key, () => {
      const object = objects[indexOf(wanted)]!;
      if (object.classId === classId) return object;
      throw new TemplateError(`object ${object.logicalName} is class ${object.classId}, not ${classId}`);
    });
  return entries.map(([name, p], i) =>
    within(`port ${name}`, () => {
      const setup = objects[within("setup", () => indexOf(p.setup))]!;
      const port = { ...portResolve(name, p, slots, setup), ...signOnResolve(p, find) };
      setupCheck(port, setup, rows);
      slots += port.connections * port.links;
      if (slots > LIMITS.SLOTS_MAX) {
        throw new TemplateError(`connections: ${slots} slots with the ports before it (limit ${LIMITS.SLOTS_MAX})`);
      }
      setup.instance ??= i;
      return port;
    }),
  );
}
