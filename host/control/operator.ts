/**
 * What a person or a program may do to running meters from outside: inject steps of scenarios, and move their time. The control socket and
 * the keyboard both come here; one request is served after the other.
 */
import type { Bank } from "../bank.ts";
import type { RunningClock } from "../clock.ts";
import type { Simulation } from "../metrology/player.ts";
import type { Simulations } from "../metrology/simulations.ts";
import { durationMs, scenarioFrom } from "../metrology/scenario.ts";

/** Meter time that a jump passes between two looks at the sockets, ms. */
const STRIDE_MS = 86_400_000;
/** 10 years: further ahead nobody wants to wait for. */
const JUMP_MAX_MS = 10 * 365 * 86_400_000;
export const SPEED_MIN = 0.001;
export const SPEED_MAX = 1_000_000;

/** Something that cannot be done; the message is for the one who asked. */
export class ControlError extends Error {}

/** A request as it comes over the control socket, one JSON object a line. */
export type Request =
  | { do: "inject"; scenario: unknown; meters?: number[] }
  | { do: "end"; step?: string; meters?: number[] }
  | { do: "jump"; to: string | number }
  | { do: "speed"; speed: number }
  | { do: "pause" }
  | { do: "resume" }
  | { do: "status" };

export interface MeterStatus {
  meter: number;
  /** off, booting, running, outage, fault */
  state: string;
  /** Steps that last, with the instants between which they do. */
  lasting: { do: string; since: string; until?: string }[];
}

export interface Status {
  /** Meter time, ISO 8601. */
  time: string;
  /** 0 = it stands still */
  speed: number;
  /** Those that have a seat. */
  meters: MeterStatus[];
  /** How many nobody has reached yet. */
  waiting: number;
}

/** What has been done, as facts for programs and a line for people. */
export interface Done {
  facts: object;
  text: string;
}

const iso = (time: number): string => new Date(time).toISOString();
const meterCount = (count: number): string => (count === 1 ? "1 meter" : `${count} meters`);

export class Operator {
  private readonly bank: Bank;
  private readonly clock: RunningClock;
  private readonly surroundings: Simulations;
  /** Told of everything that is done. */
  private readonly report: (done: Done) => void;
  private last: Promise<unknown> = Promise.resolve();

  constructor(
    bank: Bank,
    clock: RunningClock,
    surroundings: Simulations,
    report: (done: Done) => void = () => undefined,
  ) {
    this.bank = bank;
    this.clock = clock;
    this.surroundings = surroundings;
    this.report = report;
  }

  /** Serves a request when those before it are over. @throws ControlError, ScenarioError */
  ask(request: Request): Promise<Done> {
    const answer = this.last.then(() => this.serve(request));
    this.last = answer.catch(() => undefined);
    return answer;
  }

  /** Whether a step of this name lasts on the first meter. */
  lasts(step: string): boolean {
    const { signals } = this.reached(0);
    return signals.lastingAt(this.clock.meterTime()).some((found) => found.do === step);
  }

  /** 0 = time stands still. */
  get clockSpeed(): number {
    return this.clock.speed;
  }

  private async serve(request: Request): Promise<Done> {
    if (request.do === "status") return this.status();
    const done = await this.act(request);
    this.report(done);
    return done;
  }

  private act(request: Exclude<Request, { do: "status" }>): Promise<Done> | Done {
    switch (request.do) {
      case "inject":
        return this.inject(request.scenario, request.meters);
      case "end":
        return this.end(request.step, request.meters);
      case "jump":
        return this.jump(this.instantOf(request.to));
      case "speed":
        return this.speed(speedOf(request.speed));
      case "pause":
        return this.speed(0);
      case "resume":
        return this.speed(this.clock.speedBefore);
      default:
        throw new ControlError(`"${String((request as { do?: unknown }).do)}" cannot be done`);
    }
  }

  /** The surroundings of a meter, which takes its seat now where it has none. */
  private reached(meter: number): Simulation {
    this.bank.reach(meter);
    return this.surroundings.of(meter)!;
  }

  /** Does something to the meters named, which take their seats for it, or to all there are. */
  private each(meters: readonly number[] | undefined, act: (simulation: Simulation) => void): void {
    const { count } = this.surroundings;
    const bad = meters?.find((meter) => !Number.isInteger(meter) || meter < 0 || meter >= count);
    if (bad !== undefined) throw new ControlError(`there is no meter ${bad}; ${meterCount(count)}, counted from 0`);
    if (meters === undefined) return this.surroundings.all(act);
    for (const meter of meters) act(this.reached(meter));
  }

  private inject(json: unknown, meters: readonly number[] | undefined): Done {
    const time = this.clock.meterTime();
    // All is read before anything is done.
    const scenario = scenarioFrom(json, "inject", time);
    this.each(meters, (simulation) => simulation.inject(scenario, time));
    this.bank.rouse();
    const steps = scenario.steps.map(({ document }) => document.do);
    const count = meters?.length ?? this.surroundings.count;
    const text = `${steps.join(", ")} on ${meterCount(count)} from ${iso(time)}`;
    return { facts: { did: "inject", steps, meters: count, time: iso(time) }, text };
  }

  private end(step: string | undefined, meters: readonly number[] | undefined): Done {
    const time = this.clock.meterTime();
    let count = 0;
    this.each(meters, (simulation) => (count += simulation.end(step, time)));
    if (count === 0 && this.surroundings.missing === 0)
      throw new ControlError(`no ${step ?? "step"} lasts or is to come`);
    this.bank.rouse();
    const text = `${step ?? "all steps"} ended at ${iso(time)}`;
    return { facts: { did: "end", steps: count, time: iso(time) }, text };
  }

  private instantOf(to: string | number): number {
    const now = this.clock.meterTime();
    if (typeof to === "string" && /^\d{4}-/.test(to)) return Date.parse(to);
    return now + durationMs(to);
  }

  /** Lives through all until `to`. */
  private async jump(to: number): Promise<Done> {
    const { clock, bank } = this;
    const from = clock.meterTime();
    if (Number.isNaN(to)) throw new ControlError("there is no such time");
    if (to < from) throw new ControlError(`meter time never goes back; it is ${iso(from)}`);
    if (to - from > JUMP_MAX_MS) throw new ControlError("at most 10 years at once");
    const { speed } = clock;
    clock.speedSet(0);
    try {
      for (let at = from; at < to;) {
        at = Math.min(to, at + STRIDE_MS);
        clock.jump(at);
        for (const meter of bank.meters) {
          meter.run();
          while (meter.settling !== undefined) await meter.settling;
        }
        await new Promise((resolve) => setImmediate(resolve));
      }
    } finally {
      clock.speedSet(speed);
      bank.rouse();
    }
    return { facts: { did: "jump", from: iso(from), time: iso(to) }, text: `time is ${iso(to)}, from ${iso(from)}` };
  }

  private speed(speed: number): Done {
    this.clock.speedSet(speed);
    this.bank.rouse();
    const time = iso(this.clock.meterTime());
    return {
      facts: { did: "speed", speed, time },
      text: speed === 0 ? `time stands still at ${time}` : `time runs at ${speed} from ${time}`,
    };
  }

  private status(): Done {
    const time = this.clock.meterTime();
    const status: Status = {
      time: iso(time),
      speed: this.clock.speed,
      meters: this.bank.meters.map(({ index, state }) => this.meter(index, state, time)),
      waiting: this.surroundings.missing,
    };
    return { facts: status, text: statusText(status) };
  }

  private meter(meter: number, state: string, time: number): MeterStatus {
    const lasting = this.surroundings
      .of(meter)!
      .signals.lastingAt(time)
      .map(({ do: step, since, until }) => ({
        do: step,
        since: iso(since),
        ...(until === undefined ? {} : { until: iso(until) }),
      }));
    return { meter, state, lasting };
  }
}

function speedOf(speed: number): number {
  if (speed >= SPEED_MIN && speed <= SPEED_MAX) return speed;
  throw new ControlError(`give a speed from ${SPEED_MIN} to ${SPEED_MAX}`);
}

/** Meters that are not as the others, or to which something happens, in lines of their own. */
function statusText({ time, speed, meters, waiting }: Status): string {
  const running = meters.filter(({ state }) => state === "running").length;
  const head = `${time}, ${speed === 0 ? "standing still" : `speed ${speed}`}, ${running} of ${meterCount(meters.length + waiting)} running${waiting > 0 ? `, ${waiting} not reached yet` : ""}`;
  const lines = meters
    .filter(({ state, lasting }) => state !== "running" || lasting.length > 0)
    .map(({ meter, state, lasting }) => {
      const steps = lasting.map(({ do: step, until }) => (until === undefined ? step : `${step} until ${until}`));
      return `  meter ${meter}: ${[state, ...steps].join(", ")}`;
    });
  return [head, ...lines].join("\n");
}
