/**
 * A meter on a grid that a test draws: voltages and powers that change at given times, outages, and values read by the client.
 *
 *   const world = await World.on([[0, { active: [600, 300, 100] }], [20 * MINUTE, { voltage: [230, 200, 230] }]]);
 *   await world.pass(15 * MINUTE);
 *   await world.number(5, "1-0:1.4.0.255", 3);
 */
import { attribute, type Client, method } from "../../host/client/index.ts";
import type { Data } from "../../host/client/axdr.ts";
import { integer } from "../../host/client/data.ts";
import { dateTimeParse, dateTimeToIso } from "../../host/client/date_time.ts";
import type { Step, StepSource } from "../../host/metrology/steps.ts";
import type { Compiled } from "../../host/template/compile.ts";
import { lls, Rig, START } from "./rig.ts";

export const SECOND = 1000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;

/** What holds from a time on; what is left out stays as it was. W, var, V, A. */
export interface Drawn {
  active?: number[];
  reactive?: number[];
  voltage?: number[];
  current?: number[];
}

const milli = (values: number[]): number[] => values.map((value) => Math.round(value * 1000));

/** Steps at times after START, ms; at first 230 V and nothing else. */
export class Grid implements StepSource {
  readonly steps: [number, Drawn][] = [];

  constructor(steps: [number, Drawn][]) {
    let whole: Drawn = { active: [0, 0, 0], reactive: [0, 0, 0], voltage: [230, 230, 230], current: [0, 0, 0] };
    for (const [at, drawn] of steps) {
      whole = { ...whole, ...drawn };
      this.steps.push([START + at, whole]);
    }
  }

  stepAt(time: number, step: Step): number {
    let index = 0;
    while (index + 1 < this.steps.length && this.steps[index + 1]![0] <= time) index++;
    const drawn = this.steps[index]![1];
    step.active.set(milli(drawn.active!));
    step.reactive.set(milli(drawn.reactive!));
    step.voltage.set(milli(drawn.voltage!));
    step.current.set(milli(drawn.current!));
    step.frequency = 50_000;
    return this.steps[index + 1]?.[0] ?? Infinity;
  }
}

/** A cell of a row, or a value: a stamp as ISO text, or a number. */
export type Shown = string | number;

function shown(value: Data): Shown {
  if (value.type !== "octet-string") return Number((value as { value: number | bigint }).value);
  return value.value.length === 12 && value.value[0] !== 0xff ? dateTimeToIso(dateTimeParse(value.value)) : "never";
}

export class World {
  readonly rig: Rig;
  client!: Client;

  private constructor(steps: [number, Drawn][], template?: Compiled) {
    this.rig = Rig.boot({ source: new Grid(steps), ...(template === undefined ? {} : { template }) });
  }

  static async on(steps: [number, Drawn][], template?: Compiled): Promise<World> {
    const world = new World(steps, template);
    await world.rig.settled();
    world.client = await world.rig.associated(0, lls(world.rig.identity(0)));
    return world;
  }

  /** Lets meter time pass. */
  async pass(ms: number): Promise<void> {
    await this.rig.advance(ms);
  }

  /** Lets meter time pass to `ms` after START. */
  async to(ms: number): Promise<void> {
    await this.rig.advance(START + ms - this.rig.clock.meter);
  }

  /** Fails the power for `ms`: with its last gasp, or cut. */
  async outage(ms: number, cut = false): Promise<void> {
    if (cut) this.rig.meter(0).powerCut();
    else await this.rig.meter(0).powerFail();
    this.rig.clock.meter += ms;
    this.rig.meter(0).boot();
    await this.rig.settled();
    this.client = await this.rig.associated(0, lls(this.rig.identity(0)));
  }

  async get(classId: number, logicalName: string, id = 2): Promise<Shown> {
    return shown(await this.client.get(attribute(classId, logicalName, id)));
  }

  /** Several attributes of an object. */
  async values(classId: number, logicalName: string, ...ids: number[]): Promise<Shown[]> {
    const found: Shown[] = [];
    for (const id of ids) found.push(await this.get(classId, logicalName, id));
    return found;
  }

  async rows(logicalName: string): Promise<Shown[][]> {
    const buffer = (await this.client.get(attribute(7, logicalName, 2))) as { value: { value: Data[] }[] };
    return buffer.value.map((row) => row.value.map(shown));
  }

  /** Event codes of a log with the local times of their rows. */
  async events(log: string): Promise<string[]> {
    return (await this.rows(log)).map(([at, code]) => `${code} ${String(at).slice(11, 19)}`);
  }

  async set(classId: number, logicalName: string, id: number, value: Data): Promise<void> {
    await this.client.set(attribute(classId, logicalName, id), value);
  }

  async act(classId: number, logicalName: string, id: number): Promise<void> {
    await this.client.action(method(classId, logicalName, id), integer(0));
  }
}
