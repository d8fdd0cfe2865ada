/**
 * Whole meters for tests: the shipped core behind the host's own pump, and the client of host/client/ as the second
 * implementation. Time is virtual and entropy seeded, so a test gives the same octets each time.
 *
 *   const rig = Rig.boot({ meters: 2, metrology: "constant" });
 *   const client = await rig.associated(0, lls(rig.identity(0)));        // wrapper; add `hdlc: {}` for HDLC
 *   await client.get(attribute(3, "1-0:1.8.0.255", 2));
 *   await rig.advance(900_000);                                          // 15 minutes of meter time
 *
 * A Rig runs meters as `serve` does; raw.ts drives one seat without the pump, for millions of octets, for snapshots and for
 * answers that shall wait. apdus.ts has the APDUs that no honest client sends.
 */
import { createHash } from "node:crypto";
import { Bank } from "../../host/bank.ts";
import { attribute, Client, type ClientOptions, type SecurityLevel, type Transport } from "../../host/client/index.ts";
import { ManualClock } from "../../host/clock.ts";
import { Core } from "../../host/core.ts";
import { coreOctets } from "../../host/files.ts";
import type { Flash } from "../../host/flash/flash.ts";
import { MemoryFlash } from "../../host/flash/memory.ts";
import { metrologyMaker } from "../../host/metrology/source.ts";
import { SteppedMetrology, type StepSource } from "../../host/metrology/steps.ts";
import { MeterPort, portFor, portsOf } from "../../host/ports.ts";
import type { Pump } from "../../host/pump.ts";
import { compileTemplate, type Compiled } from "../../host/template/compile.ts";
import type { TemplateDocument } from "../../host/template/document.ts";
import { type KeyChoice, meterIdentity, type MeterIdentity, provisionRecords } from "../../host/template/identity.ts";
import { templateRead, templatesJoin } from "../../host/template/load.ts";
import { MemoryPeer } from "../../host/transport/memory.ts";

/** A Monday at noon UTC, 13:00 of the meter's winter time; a whole quarter of an hour. */
export const START = Date.UTC(2026, 0, 5, 12);

export const CLOCK = "0-0:1.0.0.255";
export const ENERGY = "1-0:1.8.0.255";
export const CURRENT_ASSOCIATION = "0-0:40.0.0.255";
export const SECURITY_SETUP = "0-0:43.0.0.255";
export const LOAD_PROFILE = "1-0:99.1.0.255";
/** The only attribute of 48 octets that the management client may set to anything: Device ID 2. */
export const TEXT = "0-0:96.1.1.255";

let compiledCore: Core | undefined;
/** The shipped core, compiled once. */
export const core = (): Core => (compiledCore ??= new Core(coreOctets()));

let defaultTemplate: Compiled | undefined;
/** The default template, with changes on top as a template that extends it would make them. */
export function template(over?: Partial<TemplateDocument>): Compiled {
  if (over !== undefined) return compileTemplate(templatesJoin(templateRead(), over as TemplateDocument));
  return (defaultTemplate ??= compileTemplate(templateRead()));
}

/** The services that work in the core, whether the default template offers them or not. */
export const EVERY_SERVICE = [
  ...["general-protection", "general-block-transfer", "attribute0-supported-with-set", "attribute0-supported-with-get"],
  ...["block-transfer-with-get", "block-transfer-with-set", "block-transfer-with-action", "multiple-references"],
  ...["access", "get", "set", "selective-access", "action"],
];

/** What offers every service to the management client, on top of the default template. */
export function fullDocument(): Partial<TemplateDocument> {
  const { management } = templateRead().associations;
  return { associations: { management: { ...management!, conformance: EVERY_SERVICE } } };
}

/** The default template with every service offered to the management client. */
export function fullTemplate(): Compiled {
  return template(fullDocument());
}

/** Octets that only depend on the seed: call after call, the same stream. */
export function seeded(seed: number | string): (size: number) => Uint8Array {
  let calls = 0;
  return (size) => {
    const octets = new Uint8Array(size);
    for (let at = 0; at < size; at += 32) {
      const digest = createHash("sha256").update(`${seed} ${calls++}`).digest();
      octets.set(digest.subarray(0, Math.min(32, size - at)), at);
    }
    return octets;
  };
}

export interface RigOptions {
  /** Default: the shipped one */
  core?: Core;
  /** How many, default 1 */
  meters?: number;
  /** Of identities, household and entropy; default 1 */
  seed?: number;
  /** Meter time at boot, ms since 1970 UTC; default START */
  start?: number;
  /** Default constant: 500, 300 and 200 W */
  metrology?: "constant" | "household";
  /** What a test has to be measured, in place of that. */
  source?: StepSource;
  template?: Compiled;
  /** Default: an empty one in memory */
  flash?: (index: number, size: number) => Flash;
  keys?: KeyChoice;
  /** Provision records of the test, behind those of the identity */
  provision?: (index: number) => Uint8Array;
  /** Default: from the seed */
  /** How often energies are kept between rows, ms of meter time. */
  keepMs?: number;
  entropy?: (size: number) => Uint8Array;
}

/** Alters what passes a transport: octets, several pieces, or null to lose them. */
export type Tamper = (octets: Uint8Array) => Uint8Array | Uint8Array[] | null;

/** A client's end of a line in memory, with something that tampers in either direction. */
export function transportOf(peer: MemoryPeer, tamper: { out?: Tamper; in?: Tamper } = {}): Transport {
  const through = (change: Tamper | undefined, octets: Uint8Array): Uint8Array[] => {
    const changed = change === undefined ? octets : change(octets);
    return changed === null ? [] : Array.isArray(changed) ? changed : [changed];
  };
  return {
    write: (octets) => through(tamper.out, octets).forEach((part) => peer.send(part)),
    onData: (listener) => {
      peer.onReceived = (octets) => through(tamper.in, octets).forEach(listener);
      const early = peer.take();
      if (early.length > 0) peer.onReceived(early);
    },
    onClose: (listener) => void (peer.onClosed = () => listener()),
    close: async () => peer.close(),
  };
}

/** A bank of meters in virtual time. */
export class Rig {
  readonly compiled: Compiled;
  readonly bank: Bank;
  readonly clock: ManualClock;
  /** What the pumps report: a watchdog reset, a flash that failed. Empty in every test that does not cause one. */
  readonly reports: string[] = [];
  private readonly options: RigOptions;
  private readonly ports = new Map<string, MeterPort>();

  private constructor(options: RigOptions) {
    const { seed = 1, start = START } = options;
    this.options = options;
    this.compiled = options.template ?? template();
    this.clock = new ManualClock(start);
    const metrology = metrologyMaker(options.metrology ?? "constant", seed, start);
    this.bank = new Bank(options.core ?? core(), this.compiled.image, options.meters ?? 1, {
      clock: this.clock,
      setup: (index, plan) => ({
        provision: Buffer.concat([
          provisionRecords(this.identity(index), this.compiled.model),
          options.provision?.(index) ?? Buffer.alloc(0),
        ]),
        flash: options.flash?.(index, plan.flashSize) ?? new MemoryFlash(plan.flashSize),
        metrology: options.source === undefined ? metrology(index) : new SteppedMetrology(options.source),
        keepMs: options.keepMs ?? 0,
      }),
      entropy: options.entropy ?? seeded(seed),
      report: (meter, text) => this.reports.push(`${meter}: ${text}`),
    });
  }

  /** Seats the meters and switches them on. With a flash whose sync() takes time, await settled() before the first use. */
  static boot(options: RigOptions = {}): Rig {
    const rig = new Rig(options);
    for (const meter of rig.bank.meters) meter.boot();
    return rig;
  }

  identity(index: number): MeterIdentity {
    const { seed = 1, keys = "published" } = this.options;
    return meterIdentity(this.compiled.model.parts.identity, seed, index, keys);
  }

  meter(index: number): Pump {
    return this.bank.meters[index]!;
  }

  /** The end of a new line to a meter; throws when the meter has no connection left on that port. */
  line(index: number, use: "wrapper" | "hdlc" = "wrapper"): MemoryPeer {
    const key = `${index} ${use}`;
    const port = this.ports.get(key) ?? new MeterPort(this.meter(index), portFor(portsOf(this.compiled.image), use)!);
    this.ports.set(key, port);
    const peer = MemoryPeer.connect(port.accept);
    if (peer === undefined) throw new Error(`meter ${index} refuses a ${use} line`);
    return peer;
  }

  /** A client on a new line: HDLC where its options say so, else the wrapper. Its challenge and counters are the test's. */
  client(index: number, options: ClientOptions = {}, tamper?: { out?: Tamper; in?: Tamper }): Client {
    const peer = this.line(index, options.hdlc === undefined ? "wrapper" : "hdlc");
    return new Client(transportOf(peer, tamper), { timeOut: 2000, challenge: CHALLENGE, ...options });
  }

  /** A client that is connected and associated. */
  async associated(
    index: number,
    options: ClientOptions = {},
    tamper?: { out?: Tamper; in?: Tamper },
  ): Promise<Client> {
    const client = this.client(index, options, tamper);
    await client.connect();
    await client.associate();
    return client;
  }

  /** Lets meter time pass, and line time where asked for (links end after 120 s of silence), and lets meters do what is due. */
  async advance(meterMs: number, lineMs = 0): Promise<void> {
    this.clock.meter += meterMs;
    this.clock.line += lineMs;
    for (const meter of this.bank.meters) meter.run();
    await this.settled();
  }

  /** Waits until no flash operation is under way. */
  async settled(): Promise<void> {
    for (const meter of this.bank.meters) while (meter.settling !== undefined) await meter.settling;
  }
}

/** CtoS of the clients here: known, so that runs repeat. */
export const CHALLENGE = Uint8Array.from({ length: 16 }, (_, i) => i + 1);

/** The management client with its password. */
export function lls(identity: MeterIdentity, more: ClientOptions = {}): ClientOptions {
  return { clientSap: 1, authentication: "lls", password: identity.keys.lls, ...more };
}

/** The management client with HLS-GMAC; `counter` is its first invocation counter, which must not have been used. */
export function gmac(
  identity: MeterIdentity,
  counter = 1,
  security: SecurityLevel = "authenc",
  more: ClientOptions = {},
): ClientOptions {
  const { guek, gak } = identity.keys;
  return { clientSap: 1, authentication: "gmac", security, guek, gak, counter, ...more };
}

/** The energy register that a constant load fills: Wh after `ms`. */
export const energyAfter = (ms: number): number => Math.floor((1000 * ms) / 3_600_000);

/** +A, Wh. */
export async function energyRead(client: Client): Promise<number> {
  return ((await client.get(attribute(3, ENERGY, 2))) as { value: number }).value;
}
