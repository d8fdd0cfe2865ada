/** The report as one JSON document. */
import type { Config } from "../config.ts";
import type { Run } from "../runner.ts";
import { checksOf, countsOf } from "./text.ts";

export function reportJson(run: Run, config: Config): unknown {
  const { target, hdlc, serial, quick } = config;
  return {
    started: run.started.toISOString(),
    milliseconds: run.milliseconds,
    meter: { target, hdlc, serial, associations: config.associations.map((a) => a.name) },
    quick,
    cases: countsOf(run.results),
    checks: checksOf(run),
    results: run.results,
  };
}
