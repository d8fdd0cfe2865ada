/** What `serve` says when it cannot go on. */
import { ControlError } from "../control/operator.ts";
import { PlanRefused } from "../core.ts";
import { CoreError } from "../core_kind.ts";
import { ShardError } from "../flash/shard.ts";
import { ProvisionError } from "../keys/provision.ts";
import { ReplayError } from "../metrology/replay.ts";
import { ScenarioError } from "../metrology/scenario.ts";
import { TemplateError } from "../template/error.ts";
import { planRefusalText } from "../template/limits.ts";
import { ServeError } from "./serve_options.ts";

const KNOWN = [
  ServeError,
  CoreError,
  TemplateError,
  ReplayError,
  ScenarioError,
  ControlError,
  ShardError,
  ProvisionError,
];

/** One line for what people can mend; a mistake of ours shows its stack. */
export function errorText(error: unknown): string {
  if (error instanceof PlanRefused)
    return `the core refuses the template: ${planRefusalText(error.limit, error.value)}`;
  const known = KNOWN.some((kind) => error instanceof kind);
  if (known || (error as NodeJS.ErrnoException).code !== undefined) return (error as Error).message;
  return (error as Error).stack ?? String(error);
}
