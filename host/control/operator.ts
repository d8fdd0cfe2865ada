/**
 * What a person or a program may do to running meters from outside: inject steps of scenarios, and move their time. The control socket and
 * the keyboard both come here; one request is served after the other.
 */
import type { RunningClock } from "../clock.ts";
import { durationMs, scenarioFrom } from "../metrology/scenario.ts";
import type { OperatedMeters, Seated } from "./meters.ts";

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

export interface Status extends Seated {
  /** Meter time, ISO 8601. */
  time: string;
  /** 0 = it stands still */
  speed: number;
}

/** What has been done, as facts for programs and a line for people. */
export interface Done {
  facts: object;
  text: string;
}

const iso = (time: number): string => new Date(time).toISOString();
const meterCount = (count: number): string => (count === 1 ? "1 meter" : `${count} meters`);

export class Operator {
  private readonly meters: OperatedMeters;
  private readonly clock: RunningClock;
  /** Told of everything that is done. */
  private readonly report: (done: Done) => void;
  private last: Promise<unknown> = Promise.resolve();

  constructor(meters: OperatedMeters, clock: RunningClock, report: (done: Done) => void = () => undefined) {
    this.meters = meters;
    this.clock = clock;
    this.report = report;
  }

  /** Serves a request when those before it are over. @throws ControlError, ScenarioError */
  ask(request: Request): Promise<Done> {
    const answer = this.last.then(() => this.serve(request));
    this.last = answer.catch(() => undefined);
    return answer;
  }

  /** Whether a step of this name lasts on the first meter. */
  async lasts(step: string): Promise<boolean> {
    return this.meters.lasts(step, this.clock.meterTime());
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

  private async act(request: Exclude<Request, { do: "status" }>): Promise<Done> {
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

  private metersCheck(meters: readonly number[] | undefined): void {
    const { count } = this.meters;
    const bad = meters?.find((meter) => !Number.isInteger(meter) || meter < 0 || meter >= count);
    if (bad !== undefined) throw new ControlError(`there is no meter ${bad}; ${meterCount(count)}, counted from 0`);
  }

  private async inject(json: unknown, meters: readonly number[] | undefined): Promise<Done> {
    const time = this.clock.meterTime();
    // All is read before anything is done.
    const scenario = scenarioFrom(json, "inject", time);
    this.metersCheck(meters);
    await this.meters.inject(json, time, meters);
    const steps = scenario.steps.map(({ document }) => document.do);
    const count = meters?.length ?? this.meters.count;
    const text = `${steps.join(", ")} on ${meterCount(count)} from ${iso(time)}`;
    return { facts: { did: "inject", steps, meters: count, time: iso(time) }, text };
  }

  private async end(step: string | undefined, meters: readonly number[] | undefined): Promise<Done> {
    const time = this.clock.meterTime();
    this.metersCheck(meters);
    const { ended, waiting } = await this.meters.end(step, time, meters);
    if (ended === 0 && waiting === 0) throw new ControlError(`no ${step ?? "step"} lasts or is to come`);
    const text = `${step ?? "all steps"} ended at ${iso(time)}`;
    return { facts: { did: "end", steps: ended, time: iso(time) }, text };
  }

  private instantOf(to: string | number): number {
    const now = this.clock.meterTime();
    if (typeof to === "string" && /^\d{4}-/.test(to)) return Date.parse(to);
    return now + durationMs(to);
  }

  /** Lives through all until `to`. */
  private async jump(to: number): Promise<Done> {
    const { clock, meters } = this;
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
        await meters.pass();
      }
    } finally {
      clock.speedSet(speed);
      await meters.rouse();
    }
    return { facts: { did: "jump", from: iso(from), time: iso(to) }, text: `time is ${iso(to)}, from ${iso(from)}` };
  }

  private async speed(speed: number): Promise<Done> {
    this.clock.speedSet(speed);
    await this.meters.rouse();
    const time = iso(this.clock.meterTime());
    return {
      facts: { did: "speed", speed, time },
      text: speed === 0 ? `time stands still at ${time}` : `time runs at ${speed} from ${time}`,
    };
  }

  private async status(): Promise<Done> {
    const time = this.clock.meterTime();
    const status: Status = { time: iso(time), speed: this.clock.speed, ...(await this.meters.status(time)) };
    return { facts: status, text: statusText(status) };
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
