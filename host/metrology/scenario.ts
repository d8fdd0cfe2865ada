/**
 * Scenarios: what happens to simulated meters and when, as JSON (scenario_schema.json). Every instant follows from the file, the seed and
 * the number of the meter alone, so any instant can be asked for in any order, and a run can be had again.
 */
import { readdirSync, readFileSync } from "node:fs";
import { Ajv2020, type ErrorObject, type ValidateFunction } from "ajv/dist/2020.js";
import { problemText, worstError } from "../schema_error.ts";

/** A scenario that cannot be played; the message names the file and the step. */
export class ScenarioError extends Error {}

/** A duration, or a time: seconds, or text such as "1h 30min". */
type Duration = number | string;

/** A step as it stands in a file. What the keys mean, their ranges and defaults: scenario_schema.json. */
export interface StepDocument {
  do: string;
  note?: string;
  at?: Duration;
  for?: Duration | [Duration, Duration];
  every?: Duration;
  times?: number;
  jitter?: Duration;
  chance?: number;
  meters?: number[];
  phases?: number[];
  percent?: number;
  hertz?: number;
  watts?: number;
  vars?: number;
  cover?: string;
  state?: string;
  fault?: string;
}

export interface ScenarioDocument {
  name?: string;
  seed?: number;
  steps: StepDocument[];
}

/** A step that can be played: durations in ms, defaults filled in. */
export interface ScenarioStep {
  readonly document: StepDocument;
  /** First begin, ms since 1970 UTC. */
  readonly at: number;
  /** ms from one begin to the next; Infinity = it happens once. */
  readonly every: number;
  readonly times: number;
  readonly jitter: number;
  readonly chance: number;
  /** Shortest and longest length, ms; Infinity = for ever. */
  readonly shortest: number;
  readonly longest: number;
}

export interface Scenario {
  readonly name: string;
  readonly seed: number;
  readonly steps: readonly ScenarioStep[];
}

interface StepSchema {
  description: string;
  properties: Record<
    string,
    { const?: string; default?: unknown; enum?: unknown[]; $ref?: string; description?: string }
  >;
}

/** JSON Schema 2020-12 of a scenario. */
export const SCENARIO_SCHEMA = JSON.parse(readFileSync(new URL("scenario_schema.json", import.meta.url), "utf8")) as {
  $id: string;
  $defs: { step: { oneOf: StepSchema[] } };
};

/** What the schema says of each step, by its name. */
export const STEP_SCHEMAS: ReadonlyMap<string, StepSchema> = new Map(
  SCENARIO_SCHEMA.$defs.step.oneOf.map((schema) => [schema.properties["do"]!.const!, schema]),
);

/** Compiled when first wanted. */
let compiled: ValidateFunction<ScenarioDocument> | undefined;

function validator(): ValidateFunction<ScenarioDocument> {
  const options = { allErrors: true, allowUnionTypes: true, discriminator: true, verbose: true };
  return (compiled ??= new Ajv2020(options).compile<ScenarioDocument>(SCENARIO_SCHEMA));
}

/** Scenarios of the package, known by their names. */
export const SCENARIO_EXAMPLES: readonly string[] = readdirSync(new URL("examples", import.meta.url))
  .map((file) => file.replace(/\.json$/, ""))
  .sort();

const UNITS_MS: Readonly<Record<string, number>> = { d: 86_400_000, h: 3_600_000, min: 60_000, s: 1000, ms: 1 };

/** Whole ms of a duration that the schema has passed. */
export function durationMs(duration: Duration): number {
  if (typeof duration === "number") return Math.round(duration * 1000);
  let sum = 0;
  for (const [, value, unit] of duration.matchAll(/(\d+(?:\.\d+)?)(d|h|min|s|ms)/g))
    sum += Number(value) * UNITS_MS[unit!]!;
  return Math.round(sum);
}

function timeMs(time: Duration, start: number): number {
  return typeof time === "string" && time.includes("T") ? Date.parse(time) : start + durationMs(time);
}

function stepMade(document: StepDocument, start: number): ScenarioStep {
  const { at = 0, every, times, jitter = 0, chance = 1 } = document;
  const defaults = Object.entries(STEP_SCHEMAS.get(document.do)!.properties)
    .filter(([, property]) => property.default !== undefined)
    .map(([key, property]) => [key, property.default]);
  const lasts = Array.isArray(document.for) ? document.for : [document.for, document.for];
  const [shortest, longest] = lasts.map((length) => (length === undefined ? Infinity : durationMs(length)));
  return {
    document: { ...(Object.fromEntries(defaults) as object), ...document },
    at: timeMs(at, start),
    every: every === undefined ? Infinity : durationMs(every),
    times: times ?? Infinity,
    jitter: durationMs(jitter),
    chance,
    shortest: shortest!,
    longest: longest!,
  };
}

/** What a step that follows the schema still has wrong. */
function stepProblem(step: ScenarioStep): string | undefined {
  const { document, at, every, times, jitter, shortest, longest } = step;
  const lasts = "for" in STEP_SCHEMAS.get(document.do)!.properties;
  if (Number.isNaN(at)) return "at: there is no such time";
  if (shortest > longest) return "for: the first duration is longer than the second";
  if (longest === 0) return "for: it must last";
  if (every === Infinity) return times !== Infinity && times > 1 ? "times needs every" : undefined;
  if (every < 1000) return "every: at least a second";
  if (lasts && longest === Infinity) return "for is missing: what begins again must end";
  if (jitter + (lasts ? longest : 0) > every)
    return "every: it would begin again before it ends (jitter and for are longer)";
  return undefined;
}

function placeText(json: unknown, path: string): string {
  const [steps, index, ...rest] = path.split("/").slice(1);
  if (steps !== "steps" || index === undefined) return path.slice(1).replaceAll("/", ".");
  const named = (json as { steps?: { do?: unknown }[] }).steps?.[Number(index)]?.do;
  const who = `step ${Number(index) + 1}${typeof named === "string" ? ` (${named})` : ""}`;
  return rest.length === 0 ? who : `${who}: ${rest.join(".")}`;
}

function errorText(error: ErrorObject): string {
  if (error.keyword === "discriminator")
    return `there is no such step; known are ${[...STEP_SCHEMAS.keys()].join(", ")}`;
  if (error.keyword !== "pattern") return problemText(error);
  const { description } = error.parentSchema as { description: string };
  return `"${String(error.data)}" is not understood; write: ${description}`;
}

/**
 * A scenario whose relative times count from `start`, ms since 1970 UTC.
 * @param what names it in messages
 * @throws ScenarioError
 */
export function scenarioFrom(json: unknown, what: string, start: number): Scenario {
  const validate = validator();
  if (!validate(json)) {
    const error = worstError(validate.errors!);
    const place = placeText(json, error.instancePath);
    throw new ScenarioError(`${what}: ${place === "" ? "" : `${place}: `}${errorText(error)}`);
  }
  const steps = json.steps.map((document, i) => {
    const step = stepMade(document, start);
    const problem = stepProblem(step);
    if (problem !== undefined) throw new ScenarioError(`${what}: step ${i + 1} (${document.do}): ${problem}`);
    return step;
  });
  return { name: json.name ?? what, seed: json.seed ?? 1, steps };
}

/** Reads the file, or the example of the package that the bare name names. @throws ScenarioError */
export function scenarioRead(name: string, start: number): Scenario {
  const path = SCENARIO_EXAMPLES.includes(name) ? new URL(`examples/${name}.json`, import.meta.url) : name;
  let json: unknown;
  try {
    json = JSON.parse(readFileSync(path, "utf8"));
  } catch (error) {
    throw new ScenarioError(`${name}: ${(error as Error).message.replace(/\s*\n\s*/g, " ")}`);
  }
  return scenarioFrom(json, name, start);
}
