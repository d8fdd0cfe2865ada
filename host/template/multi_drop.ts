/** How the HDLC ports of a template are when several meters share a line: who is meant is told by the lower address. */
import type { TemplateDocument } from "./document.ts";
import { TemplateError } from "./error.ts";

/** Octets of a server address; 0 = any, as the client does. */
export type AddressLength = 0 | 1 | 2 | 4;

/** Lower addresses that may be given to a device, in two and in four octets (GB9 8.4.2.3). */
export const LOWER_ADDRESS = { first: 16, last: { 2: 0x7d, 4: 0x3ffd } } as const;

/** The shortest length in which `meters` lower addresses from the first one on can be told apart. */
export function addressLengthFor(meters: number): 2 | 4 {
  const last = LOWER_ADDRESS.first + meters - 1;
  if (last > LOWER_ADDRESS.last[4]) {
    const limit = LOWER_ADDRESS.last[4] - LOWER_ADDRESS.first + 1;
    throw new TemplateError(`${meters} meters on one HDLC line (limit ${limit}, one lower address each)`);
  }
  return last > LOWER_ADDRESS.last[2] ? 4 : 2;
}

/** Which HDLC ports are shared lines: none, the serial line, or those over TCP too. */
export type Shared = "none" | "serial" | "all";

/** The document with its shared HDLC ports on lines of several meters, and an address length for all of them if given. */
export function multiDropApply(
  document: TemplateDocument,
  shared: Shared,
  meters: number,
  addressLength?: AddressLength,
): TemplateDocument {
  const least = shared === "none" ? 0 : addressLengthFor(meters);
  if (addressLength !== undefined && addressLength !== 0 && addressLength < least) {
    throw new TemplateError(`${meters} meters on one HDLC line need server addresses of ${least} octets`);
  }
  const hasSerial = Object.values(document.ports).some((port) => port.serial === true);
  const ports = Object.entries(document.ports).map(([name, port]) => {
    if (port.kind !== "hdlc") return [name, port] as const;
    const drop = shared === "all" || (shared === "serial" && (port.serial === true || !hasSerial));
    const length = addressLength ?? (drop ? least : undefined);
    return [
      name,
      {
        ...port,
        ...(length === undefined ? {} : { addressLength: length }),
        ...(drop ? { pointToPoint: false } : {}),
      },
    ] as const;
  });
  return { ...document, ports: Object.fromEntries(ports) };
}

/** Lower address of meter `index` on a shared line. */
export function lowerAddressOf(index: number): number {
  return LOWER_ADDRESS.first + index;
}
