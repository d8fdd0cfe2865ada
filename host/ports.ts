/** The ports of a template image (assembly/store/template.ts, PortRow), and the connections that a meter holds on each. */
import type { Pump } from "./pump.ts";
import type { Line, LineListener } from "./transport/line.ts";

export const PortKind = { WRAPPER: 1, HDLC: 2, WRAPPER_UDP: 3 } as const;
const SERIAL = 4;

/** Where the head of an image tells of its ports, and the octets of a row. */
const HEAD = { portCount: 22, portsAt: 68 } as const;
const ROW_SIZE = 24;

export interface Port {
  readonly kind: number;
  readonly isSerial: boolean;
  /** Connections the port holds at once, and slots of each. */
  readonly connections: number;
  readonly links: number;
  readonly firstSlot: number;
}

/** The ports in the order of the image, whose head the core has checked. */
export function portsOf(image: Uint8Array): Port[] {
  const view = new DataView(image.buffer, image.byteOffset, image.byteLength);
  const at = view.getUint32(HEAD.portsAt, true);
  return Array.from({ length: view.getUint16(HEAD.portCount, true) }, (_, i) => {
    const row = at + i * ROW_SIZE;
    return {
      kind: view.getUint8(row),
      isSerial: (view.getUint8(row + 1) & SERIAL) !== 0,
      connections: view.getUint8(row + 2),
      links: view.getUint8(row + 3),
      firstSlot: view.getUint16(row + 6, true),
    };
  });
}

/** What a port is wanted for. */
export type PortUse = "wrapper" | "udp" | "hdlc" | "serial";

/** The port for the wrapper over TCP or UDP, for HDLC over TCP, or for a serial line, which may also take an HDLC port meant for TCP. */
export function portFor(ports: readonly Port[], use: PortUse): Port | undefined {
  if (use === "wrapper") return ports.find((port) => port.kind === PortKind.WRAPPER);
  if (use === "udp") return ports.find((port) => port.kind === PortKind.WRAPPER_UDP);
  const found = ports.filter((port) => port.kind === PortKind.HDLC);
  return found.find((port) => port.isSerial === (use === "serial")) ?? (use === "serial" ? found[0] : undefined);
}

/** One port of one meter: gives each line a free connection, or refuses it when all are in use. */
export class MeterPort {
  private readonly pump: Pump;
  private readonly port: Port;
  /** Bit n: connection n is in use. */
  private used = 0;

  constructor(pump: Pump, port: Port) {
    this.pump = pump;
    this.port = port;
  }

  readonly accept = (line: Line): LineListener | undefined => {
    const index = this.free();
    if (index < 0) return undefined;
    const bit = 1 << index;
    this.used |= bit;
    const free = (): void => void (this.used &= ~bit);
    const listener = this.pump.open(this.port.firstSlot + index * this.port.links, line, free);
    if (listener === undefined) free();
    return listener;
  };

  private free(): number {
    for (let index = 0; index < this.port.connections; index++) {
      if ((this.used & (1 << index)) === 0) return index;
    }
    return -1;
  }
}
