/**
 * What the stories are told with: one meter as `serve` runs it, in a house whose load a story sets, on a grid that scenarios disturb
 * (host/metrology), with a head-end that reads it over the wrapper and hears what it pushes. Time is virtual.
 *
 *   const story = await Story.begin({ at: "2026-03-02T08:00:00Z" });
 *   story.load(2000);
 *   await story.pass("15min");
 *   await story.number("3 1-0:1.8.0.255");                   // attribute 2 of class 3
 *   await story.happens({ do: "cover-open", for: "1min" });
 */
import { Bank } from "../../host/bank.ts";
import { ActionError, attribute, Client, DataAccessError, data as d, method } from "../../host/client/index.ts";
import { dateTimeEmit, dateTimeFromIso, dateTimeParse, dateTimeToIso } from "../../host/client/index.ts";
import { decodeData, logicalNameParse, NotificationReader, wpduDecode } from "../../host/client/index.ts";
import type { ClientOptions, Data, Selection } from "../../host/client/index.ts";
import { ManualClock } from "../../host/clock.ts";
import { MemoryFlash } from "../../host/flash/memory.ts";
import { Simulation } from "../../host/metrology/player.ts";
import { durationMs, scenarioFrom, type StepDocument } from "../../host/metrology/scenario.ts";
import type { Step, StepSource } from "../../host/metrology/steps.ts";
import { MeterPort, portFor, portsOf, type PortUse } from "../../host/ports.ts";
import type { Pump } from "../../host/pump.ts";
import type { Courier, CourierListener } from "../../host/push.ts";
import type { Compiled } from "../../host/template/compile.ts";
import { meterIdentity, provisionRecords, type MeterIdentity } from "../../host/template/identity.ts";
import { MemoryPeer } from "../../host/transport/memory.ts";
import { core, lls, seeded, template, transportOf } from "../device/rig.ts";

/** A time or duration: ms, or text such as "1h 30min". */
type Span = number | string;
const spanMs = (span: Span): number => (typeof span === "number" ? span : durationMs(span));

/** "class logical-name" or "class logical-name attribute"; attribute 2 where none is named. */
function placeOf(place: string): [classId: number, logicalName: string, id: number] {
  const [classId, logicalName, id = "2"] = place.split(" ");
  return [Number(classId), logicalName!, Number(id)];
}

/** A value as a story tells it: a time as ISO text, other octets as text, else the number or list. */
export type Told = string | number | boolean | null | Told[];

export function told(value: Data): Told {
  switch (value.type) {
    case "null-data":
      return null;
    case "octet-string":
      return octetsTold(value.value);
    case "array":
    case "structure":
      return value.value.map(told);
    case "boolean":
    case "visible-string":
    case "bit-string":
      return value.value;
    default:
      return Number((value as { value: number | bigint }).value);
  }
}

function octetsTold(octets: Uint8Array): string {
  if (octets.length === 12 && octets[0] === 0xff) return "never";
  if (octets.length === 12 && octets[2]! <= 12) return dateTimeToIso(dateTimeParse(octets));
  if (octets.length === 6 && octets[5] === 0xff) return [...octets].join(".").replace(/^(\d+)\.(\d+)\./, "$1-$2:");
  return Buffer.from(octets).toString("latin1");
}

/** A house: W that it draws on each phase, until a story says otherwise. */
class House implements StepSource {
  watts = [200, 200, 200];

  stepAt(_time: number, step: Step): number {
    step.active.set(this.watts.map((watts) => watts * 1000));
    step.reactive.fill(0);
    step.current.fill(0);
    step.voltage.fill(230_000);
    step.frequency = 50_000;
    return Infinity;
  }
}

/** A notification that has reached the head-end. */
export interface Push {
  readonly destination: string;
  /** SAP of the client that it is for. */
  readonly client: number;
  readonly body: Told[];
}

/** Client SAP of consumer information, which has keys of its own (IDIS). */
const CONSUMER = 103;

/** The network: brings pushes to the head-end while that is up. */
class HeadEnd implements Courier {
  readonly heard: Push[] = [];
  up = true;
  tries = 0;
  private readonly identity: MeterIdentity;

  constructor(identity: MeterIdentity) {
    this.identity = identity;
  }

  deliver(_transport: number, destination: string, octets: Uint8Array, listener: CourierListener): void {
    this.tries++;
    if (!this.up) return listener.failed("the head-end is down");
    const wpdu = wpduDecode(octets);
    const keys = wpdu.destination === CONSUMER ? this.identity.keys.consumer! : this.identity.keys;
    const notification = new NotificationReader(keys).take(wpdu.apdu);
    if (notification?.apdu.kind !== "data-notification") return listener.failed("that is no DataNotification");
    this.heard.push({ destination, client: wpdu.destination, body: told(notification.apdu.body) as Told[] });
    listener.delivered();
  }

  close(): void {}

  drop(): void {}
}

export interface StoryOptions {
  /** When it begins, ISO text; default a Monday, 13:00 in the meter's winter. */
  at?: string;
  template?: Compiled;
  /** What is measured, in place of a house whose load the story sets. */
  source?: StepSource;
  /** What is to happen, its times counted from the beginning. */
  steps?: StepDocument[];
  /** The head-end cannot be reached at first. */
  headEndDown?: boolean;
}

export class Story {
  readonly identity: MeterIdentity;
  readonly headEnd: HeadEnd;
  readonly clock: ManualClock;
  /** What the host reports: a watchdog reset, a flash that failed. Empty at the end of a story that goes well. */
  readonly reports: string[] = [];
  private readonly house = new House();
  private readonly simulation: Simulation;
  private readonly meter: Pump;
  private readonly ports = new Map<PortUse, MeterPort>();
  private readonly compiled: Compiled;
  private management: Client | undefined;

  private constructor(options: StoryOptions) {
    this.compiled = options.template ?? template();
    this.identity = meterIdentity(this.compiled.model.parts.identity, 1, 0);
    this.headEnd = new HeadEnd(this.identity);
    this.clock = new ManualClock(Date.parse(options.at ?? "2026-01-05T12:00:00Z"));
    this.headEnd.up = options.headEndDown !== true;
    const scenario = scenarioFrom({ steps: options.steps ?? [] }, "story", this.clock.meter);
    this.simulation = new Simulation(options.source ?? this.house, 0, scenario);
    const bank = new Bank(core(), this.compiled.image, 1, {
      clock: this.clock,
      setup: (_, plan) => ({
        provision: provisionRecords(this.identity, this.compiled.model),
        flash: new MemoryFlash(plan.flashSize),
        metrology: this.simulation,
        courier: this.headEnd,
      }),
      entropy: seeded("story"),
      report: (_, text) => this.reports.push(text),
    });
    this.meter = bank.meters[0]!;
  }

  /** A meter that is switched on for the first time. */
  static async begin(options: StoryOptions = {}): Promise<Story> {
    const story = new Story(options);
    story.meter.boot();
    await story.settled();
    return story;
  }

  // --- what happens ---

  /** The house draws so many W on each phase from now on, or as many as are named on L1 to L3. */
  load(...watts: number[]): void {
    this.house.watts = watts.length === 3 ? watts : [watts[0]!, watts[0]!, watts[0]!];
    this.simulation.changed(this.clock.meter);
    this.meter.run();
  }

  /** A step of a scenario, from now on; lets the meter notice. */
  async happens(step: StepDocument): Promise<void> {
    this.simulation.inject(scenarioFrom({ steps: [step] }, "story", this.clock.meter), this.clock.meter);
    await this.pass(0);
  }

  /** Lets time pass. */
  async pass(span: Span): Promise<void> {
    this.clock.meter += spanMs(span);
    this.meter.run();
    await this.settled();
  }

  /** Lets time pass until an instant, ISO text. */
  async until(iso: string): Promise<void> {
    await this.pass(Date.parse(iso) - this.clock.meter);
  }

  /** The power is away, and comes back. */
  async outage(span: Span): Promise<void> {
    await this.happens({ do: "outage", for: spanMs(span) / 1000 });
    await this.pass(spanMs(span));
    this.management = undefined;
  }

  private async settled(): Promise<void> {
    while (this.meter.settling !== undefined) await this.meter.settling;
  }

  // --- the head-end ---

  /** A client on a new line: HDLC where its options say so, else the wrapper. */
  async client(options: ClientOptions): Promise<Client> {
    const use: PortUse = options.hdlc === undefined ? "wrapper" : "hdlc";
    const port = this.ports.get(use) ?? new MeterPort(this.meter, portFor(portsOf(this.compiled.image), use)!);
    this.ports.set(use, port);
    const peer = MemoryPeer.connect(port.accept);
    if (peer === undefined) throw new Error(`the meter takes no ${use} line`);
    const client = new Client(transportOf(peer), { timeOut: 2000, ...options });
    await client.connect();
    await client.associate();
    return client;
  }

  /** The management client of the head-end, whose association lasts until the power goes. */
  async manager(): Promise<Client> {
    return (this.management ??= await this.client(lls(this.identity)));
  }

  /** The head-end has done for now. */
  async leave(): Promise<void> {
    await this.management?.disconnect();
    this.management = undefined;
  }

  async read(place: string, selection?: Selection): Promise<Data> {
    return (await this.manager()).get(attribute(...placeOf(place)), selection);
  }

  async value(place: string): Promise<Told> {
    return told(await this.read(place));
  }

  /** A number, in the unit of its object. */
  async number(place: string): Promise<number> {
    return Number(await this.value(place));
  }

  /** Rows of a profile. */
  async rows(logicalName: string, selection?: Selection): Promise<Told[][]> {
    return told(await this.read(`7 ${logicalName}`, selection)) as Told[][];
  }

  /** Event codes of a log, the oldest first. */
  async events(logicalName: string): Promise<number[]> {
    return (await this.rows(logicalName)).map((row) => row[1] as number);
  }

  /** SET. @returns the Data-Access-Result, 0 = success */
  async set(place: string, value: Data): Promise<number> {
    return codeOf((await this.manager()).set(attribute(...placeOf(place)), value));
  }

  /** ACTION on a method. @returns the Action-Result, 0 = success */
  async act(place: string, parameter: Data = d.integer(0)): Promise<number> {
    return codeOf((await this.manager()).action(method(...placeOf(place)), parameter));
  }

  /** Says where a push goes: to the head-end over TCP. */
  async pushTo(logicalName: string, destination = "192.0.2.1:4059"): Promise<void> {
    const place = d.structure(d.enumerated(0), text(destination), d.enumerated(0));
    const results = [
      await this.set(`40 ${logicalName} 3`, place),
      await this.set(`40 ${logicalName} 5`, d.longUnsigned(0)),
    ];
    if (results.some((result) => result !== 0)) throw new Error(`${logicalName}: ${results.join(" ")}`);
  }

  /** What the meter's display shows in turn, or beside that (list 2): "logical name: value". */
  face(list = 0): string[] {
    return this.meter.face(list).map(({ logicalName, value }) => {
      return `${octetsTold(logicalName)}: ${String(told(decodeData(value)))}`;
    });
  }

  /** What the head-end has heard since the last look. */
  pushes(): Push[] {
    return this.headEnd.heard.splice(0);
  }
}

async function codeOf(done: Promise<unknown>): Promise<number> {
  try {
    await done;
    return 0;
  } catch (error) {
    if (error instanceof DataAccessError || error instanceof ActionError) return error.code;
    throw error;
  }
}

// --- values that stories program a meter with ---

export const text = (value: string): Data => d.octetString(Buffer.from(value, "latin1"));
export const name = (logicalName: string): Data => d.octetString(logicalNameParse(logicalName));
/** A script: its table and selector. */
export const script = (table: string, selector: number): Data => d.structure(name(table), d.longUnsigned(selector));
/** A time of the meter's clock, ISO text without an offset = local. */
export const instant = (iso: string): Data => d.octetString(dateTimeEmit(dateTimeFromIso(iso)));
/** Hours and minutes. */
export function time(hhmm: string): Data {
  const [hour, minute] = hhmm.split(":").map(Number);
  return d.octetString(Uint8Array.of(hour!, minute!, 0, 0));
}
/** A date such as "2026-05-01"; "*" = any. */
export function dateOctets(pattern: string): number[] {
  const [year, month, day] = pattern.split("-").map((part) => (part === "*" ? undefined : Number(part)));
  return [(year ?? 0xffff) >> 8, (year ?? 0xffff) & 0xff, month ?? 0xff, day ?? 0xff, 0xff];
}
export const date = (pattern: string): Data => d.octetString(Uint8Array.from(dateOctets(pattern)));
/** execution_time of a schedule: "hh:mm date" each. */
export const executions = (...instants: string[]): Data =>
  d.array(
    ...instants.map((each) => {
      const [at, on] = each.split(" ");
      return d.structure(time(at!), date(on!));
    }),
  );

/** A tariff contract: seasons that begin at dates of each year, weeks of seven day types, days of times and rates. */
export interface Contract {
  readonly name: string;
  readonly seasons: Readonly<Record<string, { begins: string; week: string }>>;
  /** day_id of Monday to Sunday. */
  readonly weeks: Readonly<Record<string, readonly number[]>>;
  /** By day_id: rate from a time on. */
  readonly days: Readonly<Record<number, Readonly<Record<string, number>>>>;
  /** Dates with a day_id of their own. */
  readonly special: Readonly<Record<string, number>>;
}

const TARIFFS = "0-0:10.0.100.255";
const CALENDAR = "20 0-0:13.0.0.255";

/** Brings a contract into the passive calendar, and its special days into their table. */
export async function contractSend(story: Story, contract: Contract): Promise<void> {
  const { seasons, weeks, days, special } = contract;
  const begins = (pattern: string): Data =>
    d.octetString(Uint8Array.from([...dateOctets(pattern), 0, 0, 0, 0, 0x80, 0, 0xff]));
  const values: [string, Data[]][] = [
    ["7", Object.entries(seasons).map(([id, s]) => d.structure(text(id), begins(s.begins), text(s.week)))],
    ["8", Object.entries(weeks).map(([id, week]) => d.structure(text(id), ...week.map((day) => d.unsigned(day))))],
    [
      "9",
      Object.entries(days).map(([id, actions]) => {
        const rates = Object.entries(actions).map(([at, rate]) => [time(at), script(TARIFFS, rate)] as const);
        const list = rates.map(([at, run]) => d.structure(at, ...(run as { value: Data[] }).value));
        return d.structure(d.unsigned(Number(id)), d.array(...list));
      }),
    ],
  ];
  const results = [await story.set(`${CALENDAR} 6`, text(contract.name))];
  for (const [id, list] of values) results.push(await story.set(`${CALENDAR} ${id}`, d.array(...list)));
  const entries = Object.entries(special).map(([on, day], i) =>
    d.structure(d.longUnsigned(i + 1), date(on), d.unsigned(day)),
  );
  results.push(await story.set("11 0-0:11.0.0.255", d.array(...entries)));
  if (results.some((result) => result !== 0)) throw new Error(`the meter refuses the contract: ${results.join(" ")}`);
}
