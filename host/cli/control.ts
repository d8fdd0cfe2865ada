/** `dlms-meter inject`, `time` and `status`: what happens to the meters of a running service, through its control socket. */
import { readFileSync } from "node:fs";
import { Command } from "commander";
import { complain } from "../client/command.ts";
import { ControlError, type Request } from "../control/operator.ts";
import { controlAsk } from "../control/socket.ts";
import { SCENARIO_EXAMPLES, ScenarioError, scenarioFrom, scenarioRead, STEP_SCHEMAS } from "../metrology/scenario.ts";
import { repeatableOption } from "./repeatable_option.ts";

interface InjectOptions {
  meter: string[];
  json?: boolean;
}

const PATH = "control socket of the service (serve --control PATH)";

/** Asks, and prints what was done. */
async function ask(path: string, request: Request, json: boolean | undefined): Promise<void> {
  try {
    const { text, ...facts } = await controlAsk(path, request);
    process.stdout.write(`${json === true ? JSON.stringify(facts) : text}\n`);
  } catch (error) {
    complain(error);
  }
}

/** The steps with their keys, as the schema has them. */
function stepsText(): string {
  const lines = [...STEP_SCHEMAS].map(([name, schema]) => {
    const keys = Object.entries(schema.properties)
      .filter(([key]) => key !== "do" && key !== "for")
      .map(([key, { default: value }]) => (value === undefined ? `${key}=` : `${key}=${String(value)}`));
    const lasts = "for" in schema.properties ? ["[for=…]"] : [];
    return `  ${name.padEnd(23)}${schema.description}${keys.length > 0 ? ` ${keys.join(" ")}` : ""} ${lasts.join("")}`.trimEnd();
  });
  return `
Steps (those with [for=…] last until an end is injected when it is left out):
${lines.join("\n")}
  ${"end [STEP]".padEnd(23)}Ends what lasts, and what is to come: all of it, or the steps of this name.
  ${"play FILE".padEnd(23)}Plays a scenario; its relative times count from now. Examples: ${SCENARIO_EXAMPLES.join(", ")}.
at, every, times, jitter and chance may be given as in a scenario (README, Scenarios).

  dlms-meter inject meter.sock sag phases=1,2 percent=60 for=30s
  dlms-meter inject meter.sock install`;
}

/** The value of KEY=VALUE: a number, a list of them, two durations, or text. */
function wordValue(key: string, text: string): unknown {
  const one = (word: string): unknown => (/^-?\d+(\.\d+)?$/.test(word) ? Number(word) : word);
  if (key === "phases" || key === "meters" || text.includes(","))
    return text.split(",").map((word) => one(word.trim()));
  return one(text);
}

function stepOf(name: string, words: readonly string[]): object {
  const pairs = words.map((word) => {
    const at = word.indexOf("=");
    if (at <= 0) throw new ControlError(`${name}: write "${word}" as KEY=VALUE; see inject --help`);
    return [word.slice(0, at), wordValue(word.slice(0, at), word.slice(at + 1))];
  });
  return { ...(Object.fromEntries(pairs) as object), do: name };
}

function playOf(words: readonly string[]): unknown {
  const [file, ...rest] = words;
  if (file === undefined || rest.length > 0) throw new ControlError("play: name one file");
  // Read for its errors; relative times are the service's to count.
  scenarioRead(file, 0);
  const path = SCENARIO_EXAMPLES.includes(file) ? new URL(`../metrology/examples/${file}.json`, import.meta.url) : file;
  return JSON.parse(readFileSync(path, "utf8"));
}

function requestOf(name: string, words: readonly string[], options: InjectOptions): Request {
  const meters = options.meter
    .flatMap((text) => text.split(","))
    .map((text) => (/^\d+$/.test(text) ? Number(text) : NaN));
  if (meters.some(Number.isNaN)) throw new ControlError("--meter: give numbers, counted from 0");
  const chosen = meters.length === 0 ? {} : { meters };
  if (name === "end") {
    const [step, ...rest] = words;
    if (rest.length > 0) throw new ControlError("end: name one step, or none for all");
    if (step !== undefined && !STEP_SCHEMAS.has(step))
      throw new ControlError(`there is no step "${step}"; see inject --help`);
    return { do: "end", ...(step === undefined ? {} : { step }), ...chosen };
  }
  if (name === "play") return { do: "inject", scenario: playOf(words), ...chosen };
  const scenario = { steps: [stepOf(name, words)] };
  scenarioFrom(scenario, "inject", 0);
  return { do: "inject", scenario, ...chosen };
}

/** The sub-command `inject`. */
export function injectCommand(): Command {
  const command = new Command("inject")
    .description("make something happen to the meters of a running service: steps of scenarios by name")
    .argument("<path>", PATH)
    .argument("<step>", "what happens; the list is below")
    .argument("[key=value...]", "more of it")
    .addOption(repeatableOption("--meter <n>", "meter it happens to, counted from 0", "all"))
    .option("--json", "print JSON")
    .addHelpText("after", stepsText);
  return command.action(async (path: string, step: string, words: string[], options: InjectOptions) => {
    let request: Request;
    try {
      request = requestOf(step, words, options);
    } catch (error) {
      if (!(error instanceof ControlError) && !(error instanceof ScenarioError)) throw error;
      return complain(error);
    }
    await ask(path, request, options.json);
  });
}

function timeCommandOf(name: string, description: string): Command {
  return new Command(name).description(description).argument("<path>", PATH).option("--json", "print JSON");
}

/** The sub-command `time`. */
export function timeCommand(): Command {
  type Options = { json?: boolean };
  const number = (text: string): number => (/^\d+(\.\d+)?$/.test(text) ? Number(text) : NaN);
  const speed = timeCommandOf("speed", "let meter time run so many times as fast as real time")
    .argument("<x>", "0.001 to 1000000")
    .action(async (path: string, x: string, options: Options) => {
      if (Number.isNaN(number(x))) return complain(new ControlError(`"${x}" is no speed; give a number such as 60`));
      await ask(path, { do: "speed", speed: number(x) }, options.json);
    });
  const jump = timeCommandOf("jump", "live through all that comes until then, at once")
    .argument("<to>", "how far, such as 90s, 15min, 1d 6h, or until when: 2026-03-01T12:00:00Z")
    .action(async (path: string, to: string, options: Options) => {
      const known =
        /^(\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)|(\d+(\.\d+)?(d|h|min|s|ms) ?)+)$/.test(to);
      if (!known) return complain(new ControlError(`"${to}" is no time; write 15min, 1d 6h or 2026-03-01T12:00:00Z`));
      await ask(path, { do: "jump", to }, options.json);
    });
  const pause = timeCommandOf("pause", "let meter time stand still; clients are served on");
  const resume = timeCommandOf("resume", "let meter time run on as before the pause");
  return new Command("time")
    .description("move the meter time of a running service: jump, pause, resume, speed")
    .addCommand(jump)
    .addCommand(pause.action((path: string, options: Options) => ask(path, { do: "pause" }, options.json)))
    .addCommand(resume.action((path: string, options: Options) => ask(path, { do: "resume" }, options.json)))
    .addCommand(speed);
}

/** The sub-command `status`. */
export function statusCommand(): Command {
  return new Command("status")
    .description("meter time of a running service, and what lasts on its meters")
    .argument("<path>", PATH)
    .option("--json", "print JSON")
    .action((path: string, options: { json?: boolean }) => ask(path, { do: "status" }, options.json));
}
