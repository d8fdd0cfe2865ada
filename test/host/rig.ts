/** Meters of the built core in this process, in virtual time, and clients that reach them without a socket. */
import { Bank } from "../../host/bank.ts";
import { Client, type ClientOptions } from "../../host/client/session.ts";
import type { Transport } from "../../host/client/transport.ts";
import { ManualClock } from "../../host/clock.ts";
import { Core } from "../../host/core.ts";
import { coreOctets } from "../../host/files.ts";
import type { Flash } from "../../host/flash/flash.ts";
import { MemoryFlash } from "../../host/flash/memory.ts";
import { hash } from "../../host/metrology/random.ts";
import type { Simulation } from "../../host/metrology/player.ts";
import { scenarioFrom } from "../../host/metrology/scenario.ts";
import { metrologyMaker } from "../../host/metrology/source.ts";
import { MeterPort, portFor, portsOf } from "../../host/ports.ts";
import type { Compiled } from "../../host/template/compile.ts";
import { meterIdentity, provisionRecords, PUBLISHED_KEYS } from "../../host/template/identity.ts";
import { templateLoad } from "../../host/template/load.ts";
import type { LineAccept } from "../../host/transport/line.ts";
import { MemoryPeer } from "../../host/transport/memory.ts";

/** 2026-01-15 00:00 UTC, a Thursday. */
export const START = Date.UTC(2026, 0, 15);

let core: Core | undefined;

/** The core, compiled once for a test file. */
export function coreLoaded(): Core {
  return (core ??= new Core(coreOctets()));
}

export interface RigOptions {
  /** Another core than the built one. */
  core?: Core;
  meters?: number;
  start?: number;
  /** household, constant or a file; constant by default, so that values can be checked by hand. */
  metrology?: string;
  /** Steps of a scenario (host/metrology/scenario_schema.json). */
  steps?: object[];
  template?: Compiled;
  /** Meters take a seat when somebody reaches them, and live from the start on. */
  late?: boolean;
  /** Meters are switched on by the test. */
  off?: boolean;
  /** Seats of one instance at most. */
  seatsMax?: number;
  flash?: (index: number, size: number) => Flash;
  /** Provision records; by default those of the identity. */
  provision?: (index: number) => Uint8Array;
}

/** A client's transport over a line in memory. Octets arrive in a later turn of the event loop. */
export function transportOver(peer: MemoryPeer): Transport {
  let onClose: ((cause?: Error) => void) | undefined;
  peer.onClosed = () => setImmediate(() => onClose?.());
  return {
    write: (octets) => setImmediate(() => peer.open && peer.send(octets)),
    onData: (listener) => (peer.onReceived = (octets) => void setImmediate(() => listener(octets))),
    onClose: (listener) => (onClose = listener),
    close: async () => peer.close(),
  };
}

/** Lines whose octets are gone once they have been heard, as those of a socket are. */
function lending(accept: LineAccept): LineAccept {
  return (line) => {
    const listener = accept(line);
    if (listener === undefined) return undefined;
    return {
      received(octets) {
        const lent = Uint8Array.from(octets);
        listener.received(lent);
        lent.fill(0xee);
      },
      drained: () => listener.drained(),
      closed: () => listener.closed(),
    };
  };
}

export class Rig {
  readonly clock: ManualClock;
  readonly bank: Bank;
  readonly template: Compiled;
  readonly reports: string[] = [];
  readonly surroundings: Simulation[] = [];

  /** Seats the meters and switches them on. */
  constructor(options: RigOptions = {}) {
    const start = options.start ?? START;
    const template = (this.template = options.template ?? templateLoad());
    this.clock = new ManualClock(start);
    const scenario = scenarioFrom({ steps: options.steps ?? [] }, "test", start);
    const surroundings = metrologyMaker(options.metrology ?? "constant", 1, start, scenario);
    let draws = 0;
    this.bank = new Bank(options.core ?? coreLoaded(), template.image, options.meters ?? 1, {
      clock: this.clock,
      late: options.late ?? false,
      ...(options.seatsMax === undefined ? {} : { seatsMax: options.seatsMax }),
      setup: (index, plan) => ({
        provision:
          options.provision?.(index) ??
          provisionRecords(meterIdentity(template.model.parts.identity, 1, index), template.model),
        flash: (options.flash ?? ((_index, size) => new MemoryFlash(size)))(index, plan.flashSize),
        metrology: (this.surroundings[index] = surroundings(index)),
        isNew: true,
        since: start,
      }),
      entropy: (size) => Uint8Array.from({ length: size }, (_, i) => hash(1, i, draws++) & 0xff),
      report: (meter, text) => this.reports.push(`${meter}: ${text}`),
    });
    if (options.off !== true) for (const meter of this.bank.meters) meter.boot();
  }

  /** Moves both times on and lets every meter do what is due. */
  pass(milliseconds: number): void {
    this.clock.meter += milliseconds;
    this.clock.line += milliseconds;
    for (const meter of this.bank.meters) meter.run();
  }

  port(use: "wrapper" | "udp" | "hdlc", meter = 0): MeterPort {
    return new MeterPort(this.bank.reach(meter), portFor(portsOf(this.template.image), use)!);
  }

  /** A raw line to a port, which has all its connections free. */
  line(use: "wrapper" | "hdlc", meter = 0): MemoryPeer {
    const peer = MemoryPeer.connect(lending(this.port(use, meter).accept));
    if (peer === undefined) throw new Error("the meter refuses the line");
    return peer;
  }

  /** A client that is not associated yet. */
  client(options: ClientOptions = {}, meter = 0): Client {
    return new Client(transportOver(this.line(options.hdlc === undefined ? "wrapper" : "hdlc", meter)), options);
  }
}

/** Options of the management client with the published keys. */
export const LLS: ClientOptions = { clientSap: 1, authentication: "lls", password: PUBLISHED_KEYS.lls };
export const GMAC: ClientOptions = {
  clientSap: 1,
  authentication: "gmac",
  security: "authenc",
  guek: PUBLISHED_KEYS.guek,
  gak: PUBLISHED_KEYS.gak,
  counter: 1,
};
